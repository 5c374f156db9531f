//! X's side of signing in: who may, through which app, and what the tokens are worth.
//!
//! It is pure state: it knows no HTTP, and `now` is an argument. The sandbox's pages and
//! [`FakeIssuer`](crate::FakeIssuer) are two faces of it.
//!
//! Every secret is a number, sealed: it follows from the seed, and none of them is stored.

mod clients;
mod codes;
mod consents;
mod families;
mod grants;
mod oauth1;
mod request_tokens;
mod scope_words;
mod sign_ins;
mod tally;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use blocks_domain::{Endpoint, Scope};
use blocks_ports::{AuthorizationGrant, TokenGrant};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::call::Denial;
use super::people::{Person, Population};
use crate::seal::Seal;
use codes::{Code, Codes};
use consents::Consents;
use families::{Families, Place, Refusal};
use request_tokens::RequestTokens;
use sign_ins::SignIns;

pub(crate) use clients::Client;
pub(crate) use codes::Challenge;
pub(crate) use consents::AuthorizationRequest;
#[cfg(feature = "server")]
pub(crate) use consents::Question;
pub(crate) use grants::{Bearer, Grant, Grants};
pub use tally::{IssuerFault, IssuerTally};

/// How long an access token lives, as at X.
pub(crate) const ACCESS_LIFETIME: Duration = Duration::from_secs(7200);

/// Gives out tokens, and says what they are worth.
#[derive(Debug)]
pub(crate) struct Authority {
    seal: Seal,
    people: Population,
    grants: Grants,
    records: Records,
    faults: VecDeque<IssuerFault>,
}

/// What has happened so far, as it is kept between runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Records {
    redirect_uris: Vec<String>,
    consents: Consents,
    codes: Codes,
    families: Families,
    request_tokens: RequestTokens,
    sign_ins: SignIns,
    oauth1_is_read_only: bool,
    tally: IssuerTally,
}

/// Who is calling, as far as the authority knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) bearer: Bearer,
    pub(crate) rights: Rights,
}

/// What somebody may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rights {
    /// What the scopes of an OAuth 2.0 token allow.
    Scopes(BTreeSet<Scope>),
    /// What the app's permission allows, as it is for OAuth 1.0a.
    OfTheApp { may_write: bool },
}

/// Why no token is given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenError {
    /// The client is not the one that it says.
    Client,
    /// The code is unknown, spent, too old, or of something else than it is used for.
    Code,
    /// The refresh token is unknown, spent, or another client's.
    Token,
    /// The token to revoke is another client's.
    Foreign,
    /// The call never arrived: an [`IssuerFault`].
    Unreachable,
    /// The answer is lost on its way: an [`IssuerFault`].
    AnswerLost,
}

const CODE: &[u8] = b"authorization code";
const VERIFIER: &[u8] = b"code verifier";
const ACCESS: &[u8] = b"access token of a family";
const REFRESH: &[u8] = b"refresh token";
#[cfg(feature = "server")]
const TICKET: &[u8] = b"consent ticket";

impl Authority {
    /// An authority that sends people back to one address.
    pub(super) fn new(seed: u64, redirect_uri: String) -> Self {
        Self {
            seal: Seal::of(seed),
            people: Population::of(seed),
            grants: Grants::default(),
            records: Records { redirect_uris: vec![redirect_uri], ..Records::default() },
            faults: VecDeque::new(),
        }
    }

    /// Everything but the grants, to be kept.
    pub(super) const fn records(&self) -> &Records {
        &self.records
    }

    pub(super) fn restore(&mut self, grants: Grants, records: Option<Records>) {
        self.grants = grants;
        if let Some(records) = records {
            self.records = records;
        }
    }

    pub(super) const fn grants(&self) -> &BTreeMap<u64, Grant> {
        self.grants.by_number()
    }

    /// A new access token that belongs to no sign-in.
    pub(super) fn mint(&mut self, grant: Grant) -> SecretString {
        self.grants.add(grant, &self.seal)
    }

    /// The token of a bearer that never ends; the same each time.
    pub(super) fn standing(&mut self, bearer: Bearer) -> SecretString {
        let scopes = Scope::ALL.into();
        match self.grants.standing(bearer, &scopes, &self.seal) {
            Some(token) => token,
            None => self.mint(Grant { bearer, scopes, expires_at: None, is_revoked: false }),
        }
    }

    /// Who an access token speaks for; `None` for one that is unknown or has ended.
    pub(crate) fn of_token(&self, token: &str, now: Timestamp) -> Option<Identity> {
        if let Some(grant) = self.grants.of_token(token, &self.seal, now) {
            let rights = Rights::Scopes(grant.scopes.clone());
            return Some(Identity { bearer: grant.bearer, rights });
        }
        let place = Place::from_number(self.seal.open_number(ACCESS, token)?);
        let family = self.records.families.of_access_token(place, now)?;
        let rights = Rights::Scopes(family.scopes.clone());
        Some(Identity { bearer: Bearer::User(family.user), rights })
    }

    /// The tokens of a new sign-in, with nobody at a page.
    pub(super) fn sign_in(
        &mut self,
        client: Client,
        user: Person,
        scopes: BTreeSet<Scope>,
        now: Timestamp,
    ) -> TokenGrant {
        let place = self.records.families.begin(client, user, scopes, now);
        self.granted(place)
    }

    /// A code for what was asked and approved.
    pub(crate) fn approve(
        &mut self,
        request: AuthorizationRequest,
        user: Person,
        now: Timestamp,
    ) -> SecretString {
        let number = self.records.codes.add(Code::new(request, user, now));
        self.seal.close_number(CODE, number).into()
    }

    /// A code, with a verifier for it and the address that it is bound to.
    pub(super) fn authorize(
        &mut self,
        client: Client,
        user: Person,
        scopes: BTreeSet<Scope>,
        redirect_uri: String,
        now: Timestamp,
    ) -> AuthorizationGrant {
        // As long as a verifier must be: 64 characters.
        let mut content = [0; 32];
        content[..8].copy_from_slice(&self.records.codes.count().to_be_bytes());
        let verifier = self.seal.close(VERIFIER, &content);
        let request = AuthorizationRequest {
            client,
            redirect_uri: redirect_uri.clone(),
            scopes,
            state: String::new().into(),
            challenge: Challenge::of_verifier(&verifier),
        };
        AuthorizationGrant::new(self.approve(request, user, now), verifier, redirect_uri)
    }

    /// Trades a code for tokens.
    ///
    /// Whoever sends a spent code again ends what it was traded for (RFC 6749, section 4.1.2).
    /// Stricter than X: a code is spent by the first who tries it in its client's name, even with
    /// a wrong verifier.
    pub(crate) fn exchange(
        &mut self,
        client: Client,
        grant: &AuthorizationGrant,
        now: Timestamp,
    ) -> Result<TokenGrant, TokenError> {
        let number = self.seal.open_number(CODE, grant.code.expose_secret());
        let Records { codes, families, .. } = &mut self.records;
        let code = number.and_then(|number| codes.of_client(number, client));
        let code = code.ok_or(TokenError::Code)?;
        if let Some(family) = code.traded_for() {
            families.end(family);
            return Err(TokenError::Code);
        }
        if !code.try_once(grant, now) {
            return Err(TokenError::Code);
        }
        let place = families.begin(client, code.user, code.scopes.clone(), now);
        code.was_traded_for(place.family);
        Ok(self.granted(place))
    }

    /// Trades a refresh token for new tokens, unless a fault waits.
    pub(crate) fn refresh(
        &mut self,
        client: Client,
        token: &SecretString,
        now: Timestamp,
    ) -> Result<TokenGrant, TokenError> {
        self.records.tally.calls += 1;
        match self.faults.pop_front() {
            None => self.spend(client, token, now),
            Some(IssuerFault::Unreachable) => Err(TokenError::Unreachable),
            Some(IssuerFault::AppRefused) => Err(TokenError::Client),
            Some(IssuerFault::AnswerLost) => {
                self.spend(client, token, now).and(Err(TokenError::AnswerLost))
            }
        }
    }

    /// Whether these words are the scopes of a refresh token, in any order; an unknown token is
    /// refused for a better reason than these.
    #[cfg(feature = "server")]
    pub(crate) fn has_scopes(&self, token: &SecretString, words: &str) -> bool {
        let number = self.seal.open_number(REFRESH, token.expose_secret());
        let place = number.map(Place::from_number);
        let family = place.and_then(|place| self.records.families.get(place.family));
        let asked: Option<BTreeSet<Scope>> =
            words.split(' ').map(|word| word.parse().ok()).collect();
        family.is_none_or(|family| asked.as_ref() == Some(&family.scopes))
    }

    fn spend(
        &mut self,
        client: Client,
        token: &SecretString,
        now: Timestamp,
    ) -> Result<TokenGrant, TokenError> {
        let number = self.seal.open_number(REFRESH, token.expose_secret());
        let place = Place::from_number(number.ok_or(TokenError::Token)?);
        match self.records.families.refresh(place, client, now) {
            Ok(next) => {
                self.records.tally.exchanges += 1;
                Ok(self.granted(next))
            }
            Err(refusal) => {
                if refusal == Refusal::Reused {
                    self.records.tally.reuses += 1;
                }
                Err(TokenError::Token)
            }
        }
    }

    /// Ends the sign-in that an access or a refresh token belongs to; an unknown token ends
    /// nothing (RFC 7009, section 2.2).
    pub(crate) fn revoke(
        &mut self,
        client: Client,
        token: &SecretString,
    ) -> Result<(), TokenError> {
        let token = token.expose_secret();
        if self.grants.revoke(token, &self.seal) {
            return Ok(());
        }
        let number = [ACCESS, REFRESH].iter().find_map(|of| self.seal.open_number(of, token));
        let Some(Place { family, .. }) = number.map(Place::from_number) else { return Ok(()) };
        match self.records.families.get(family) {
            Some(found) if found.client != client => Err(TokenError::Foreign),
            _ => {
                self.records.families.end(family);
                Ok(())
            }
        }
    }

    pub(super) fn spoil_refresh(&mut self, fault: IssuerFault) {
        self.faults.push_back(fault);
    }

    pub(super) const fn tally(&self) -> IssuerTally {
        self.records.tally
    }

    fn granted(&self, place: Place) -> TokenGrant {
        let family = self.records.families.get(place.family);
        let scopes = family.map(|family| &family.scopes);
        let mut grant = TokenGrant::new(self.seal.close_number(ACCESS, place.number()));
        if scopes.is_some_and(|scopes| scopes.contains(&Scope::OfflineAccess)) {
            grant.refresh_token = Some(self.seal.close_number(REFRESH, place.number()).into());
        }
        grant.expires_in = Some(ACCESS_LIFETIME);
        grant.scope = scopes.map(scope_words::joined);
        grant
    }
}

/// What happens at the authorize pages.
#[cfg(feature = "server")]
impl Authority {
    /// A ticket for one answer of a person to a question.
    pub(crate) fn ask(&mut self, question: Question, now: Timestamp) -> String {
        let number = self.records.consents.ask(question, now);
        self.seal.close_number(TICKET, number)
    }

    /// What a ticket was given out for; it is good for one answer.
    pub(crate) fn take_ticket(&mut self, ticket: &str, now: Timestamp) -> Option<Question> {
        let number = self.seal.open_number(TICKET, ticket)?;
        self.records.consents.take(number, now)
    }
}

impl Rights {
    /// Why an endpoint is not within these rights, if it is not.
    pub(super) fn denial(&self, endpoint: Endpoint) -> Option<Denial> {
        let spec = endpoint.spec();
        match self {
            Self::Scopes(held) if spec.scopes.iter().all(|scope| held.contains(scope)) => None,
            Self::Scopes(_) => Some(Denial::Forbidden),
            Self::OfTheApp { may_write } if *may_write || spec.method == "GET" => None,
            Self::OfTheApp { .. } => Some(Denial::OAuth1Permissions),
        }
    }

    #[cfg(feature = "server")]
    pub(super) fn may_write(&self) -> bool {
        match self {
            Self::Scopes(scopes) => scopes.contains(&Scope::BlockWrite),
            Self::OfTheApp { may_write } => *may_write,
        }
    }
}

#[cfg(test)]
mod tests;
