//! The token endpoint in memory.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use blocks_domain::Failure;
use blocks_ports::{ApiError, App, AuthorizationGrant, Clock, IssueError, TokenGrant, TokenIssuer};
use secrecy::{ExposeSecret, SecretString};

/// A [`TokenIssuer`] in memory, at which a refresh token works once.
///
/// Whoever sends a spent refresh token again ends the whole family of tokens that came from one
/// sign-in, as the strictest servers do; the [`tally`](Self::tally) counts it. A clone is another
/// handle on the same issuer.
///
/// ```
/// use blocks_fake::FakeIssuer;
/// use blocks_ports::{App, IssueError, TokenIssuer};
///
/// # tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(async {
/// let (issuer, app) = (FakeIssuer::default(), App::new("my app", "client-id"));
/// let spent = issuer.sign_in().refresh_token.expect("offline.access");
/// let next = issuer.refresh(&app, &spent).await?;
/// assert!(issuer.accepts(&next.access_token));
///
/// let again = issuer.refresh(&app, &spent).await;
/// assert!(matches!(again, Err(IssueError::InvalidGrant)));
/// assert!(!issuer.accepts(&next.access_token), "the family has ended");
/// assert_eq!(issuer.tally().reuses, 1);
/// # Ok::<(), IssueError>(())
/// # }).expect("the first refresh is granted");
/// ```
#[derive(Debug, Clone, Default)]
pub struct FakeIssuer {
    state: Arc<Mutex<State>>,
    delay: Option<(Arc<dyn Clock>, Duration)>,
}

/// What a [`FakeIssuer`] has done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct IssuerTally {
    /// Refresh tokens traded for new tokens.
    pub exchanges: u64,
    /// Refresh tokens sent again after they were spent.
    pub reuses: u64,
    /// Calls to `refresh`, whatever came of them.
    pub calls: u64,
}

/// What can go wrong with a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IssuerFault {
    /// The call never arrives: the refresh token is not spent.
    Unreachable,
    /// The refresh token is spent, and the answer is lost on its way.
    AnswerLost,
    /// The app is refused; the refresh token is not spent.
    AppRefused,
}

#[derive(Debug, Default)]
struct State {
    families: Vec<Family>,
    codes: HashSet<String>,
    last_code: u64,
    faults: VecDeque<IssuerFault>,
    tally: IssuerTally,
}

/// The tokens of one sign-in; those of its latest generation are the ones that work.
#[derive(Debug, Default)]
struct Family {
    generation: u64,
    ended: bool,
}

/// Which token of a family a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    family: usize,
    generation: u64,
}

impl FakeIssuer {
    /// How long an access token lives, as at X.
    pub const LIFETIME: Duration = Duration::from_secs(7200);

    /// An issuer whose answers take so long on their way back; a token is spent before that.
    #[must_use]
    pub fn delayed(clock: Arc<dyn Clock>, by: Duration) -> Self {
        Self { state: Arc::default(), delay: Some((clock, by)) }
    }

    /// The tokens of a new sign-in, with nobody at an authorize page.
    #[must_use]
    pub fn sign_in(&self) -> TokenGrant {
        self.lock().sign_in()
    }

    /// An authorization code, which works once and with any verifier.
    #[must_use]
    pub fn code(&self) -> SecretString {
        let mut state = self.lock();
        state.last_code += 1;
        let code = format!("code-{}", state.last_code);
        state.codes.insert(code.clone());
        code.into()
    }

    /// Lets a refresh go wrong: each call of this method spoils one, in this order.
    pub fn spoil_next(&self, fault: IssuerFault) {
        self.lock().faults.push_back(fault);
    }

    /// Whether a server would accept this access token, were it not for its age.
    #[must_use]
    pub fn accepts(&self, access_token: &SecretString) -> bool {
        let state = self.lock();
        let place = Place::of("access", access_token);
        place.is_some_and(|place| state.latest(place.family) == Some(place))
    }

    /// What was done so far.
    #[must_use]
    pub fn tally(&self) -> IssuerTally {
        self.lock().tally
    }

    /// Nothing that is done under this lock can stop half-way, so a poisoned value is whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn travel(&self) {
        if let Some((clock, by)) = &self.delay {
            let arrival = clock.now().saturating_add(*by).unwrap_or(jiff::Timestamp::MAX);
            clock.sleep_until(arrival).await;
        }
    }
}

#[async_trait]
impl TokenIssuer for FakeIssuer {
    async fn exchange(
        &self,
        _: &App,
        grant: &AuthorizationGrant,
    ) -> Result<TokenGrant, IssueError> {
        let answer = {
            let mut state = self.lock();
            let known = state.codes.remove(grant.code.expose_secret());
            known.then(|| state.sign_in()).ok_or(IssueError::InvalidGrant)
        };
        self.travel().await;
        answer
    }

    async fn refresh(
        &self,
        _: &App,
        refresh_token: &SecretString,
    ) -> Result<TokenGrant, IssueError> {
        let answer = self.lock().refresh(refresh_token);
        self.travel().await;
        answer
    }

    async fn revoke(&self, _: &App, token: &SecretString) -> Result<(), IssueError> {
        let place = Place::of("access", token).or_else(|| Place::of("refresh", token));
        if let Some(place) = place {
            self.lock().end(place.family);
        }
        self.travel().await;
        Ok(())
    }
}

impl State {
    fn sign_in(&mut self) -> TokenGrant {
        self.families.push(Family::default());
        Place { family: self.families.len() - 1, generation: 0 }.grant()
    }

    fn refresh(&mut self, token: &SecretString) -> Result<TokenGrant, IssueError> {
        self.tally.calls += 1;
        match self.faults.pop_front() {
            None => self.spend(token),
            Some(IssuerFault::Unreachable) => Err(ApiError::new(Failure::Transport).into()),
            Some(IssuerFault::AppRefused) => Err(IssueError::InvalidClient),
            Some(IssuerFault::AnswerLost) => {
                self.spend(token)?;
                Err(ApiError::new(Failure::Timeout).into())
            }
        }
    }

    fn spend(&mut self, token: &SecretString) -> Result<TokenGrant, IssueError> {
        let place = Place::of("refresh", token).ok_or(IssueError::InvalidGrant)?;
        let latest = self.latest(place.family).ok_or(IssueError::InvalidGrant)?;
        if place != latest {
            self.tally.reuses += 1;
            self.end(place.family);
            return Err(IssueError::InvalidGrant);
        }
        let next = Place { generation: place.generation + 1, ..place };
        self.families[next.family].generation = next.generation;
        self.tally.exchanges += 1;
        Ok(next.grant())
    }

    /// The place of the tokens that work; `None` if the family has ended or never was.
    fn latest(&self, family: usize) -> Option<Place> {
        let found = self.families.get(family).filter(|found| !found.ended)?;
        Some(Place { family, generation: found.generation })
    }

    fn end(&mut self, family: usize) {
        if let Some(family) = self.families.get_mut(family) {
            family.ended = true;
        }
    }
}

impl Place {
    fn of(kind: &str, token: &SecretString) -> Option<Self> {
        let mut parts = token.expose_secret().split('-');
        let (named, family, generation) = (parts.next()?, parts.next()?, parts.next()?);
        (named == kind).then_some(())?;
        Some(Self { family: family.parse().ok()?, generation: generation.parse().ok()? })
    }

    fn grant(self) -> TokenGrant {
        let Self { family, generation } = self;
        let mut grant = TokenGrant::new(format!("access-{family}-{generation}"));
        grant.refresh_token = Some(format!("refresh-{family}-{generation}").into());
        grant.expires_in = Some(FakeIssuer::LIFETIME);
        grant.scope = Some("block.read users.read tweet.read offline.access".to_owned());
        grant
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app() -> App {
        App::new("my app", "client-id")
    }

    fn refresh_token(grant: TokenGrant) -> SecretString {
        grant.refresh_token.expect("offline.access")
    }

    #[tokio::test]
    async fn a_code_works_once() {
        let issuer = FakeIssuer::default();
        let grant = AuthorizationGrant::new(issuer.code(), "verifier", "http://127.0.0.1/");
        let tokens = issuer.exchange(&app(), &grant).await.expect("a new code");
        assert!(issuer.accepts(&tokens.access_token));
        let again = issuer.exchange(&app(), &grant).await;
        assert!(matches!(again, Err(IssueError::InvalidGrant)), "{again:?}");
    }

    #[tokio::test]
    async fn either_token_revokes_its_own_sign_in_alone() {
        let issuer = FakeIssuer::default();
        let (one, two, three) = (issuer.sign_in(), issuer.sign_in(), issuer.sign_in());
        issuer.revoke(&app(), &one.access_token).await.expect("revoked");
        issuer.revoke(&app(), &refresh_token(two.clone())).await.expect("revoked");
        issuer.revoke(&app(), &"unheard of".into()).await.expect("nothing to revoke");
        let accepted = [one, two, three].map(|grant| issuer.accepts(&grant.access_token));
        assert_eq!(accepted, [false, false, true]);
    }

    #[tokio::test]
    async fn faults_come_in_order_and_only_a_lost_answer_spends_the_token() {
        let issuer = FakeIssuer::default();
        let token = refresh_token(issuer.sign_in());
        for fault in [IssuerFault::Unreachable, IssuerFault::AppRefused, IssuerFault::AnswerLost] {
            issuer.spoil_next(fault);
        }
        let unreachable = issuer.refresh(&app(), &token).await;
        assert!(matches!(unreachable, Err(IssueError::Api(_))), "{unreachable:?}");
        let refused = issuer.refresh(&app(), &token).await;
        assert!(matches!(refused, Err(IssueError::InvalidClient)), "{refused:?}");
        assert_eq!(issuer.tally().exchanges, 0);
        let lost = issuer.refresh(&app(), &token).await;
        assert!(matches!(lost, Err(IssueError::Api(_))), "{lost:?}");
        let spent = issuer.refresh(&app(), &token).await;
        assert!(matches!(spent, Err(IssueError::InvalidGrant)), "{spent:?}");
        assert_eq!(issuer.tally(), IssuerTally { exchanges: 1, reuses: 1, calls: 4 });
    }
}
