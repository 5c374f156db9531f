//! Token issuers, each with one fault.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use blocks_conformance::token_issuer::{TokenIssuerHarness, rules};
use blocks_domain::Failure;
use blocks_ports::{ApiError, App, AuthorizationGrant, IssueError, TokenGrant, TokenIssuer};
use secrecy::{ExposeSecret, SecretString};

use crate::{Broken, Shared, assert_bites, dawdle};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    GrantsADeadToken,
    TellsNoScopes,
    CodesWorkTwice,
    TakesAnyVerifier,
    TakesAnyRedirectUri,
    RefreshKeepsTheRefreshToken,
    RefreshTokensWorkTwice,
    RefreshesAreNotAtomic,
    GarbageIsAFailedCall,
    RevokingTheAccessTokenKeepsTheOther,
    RevokingTheRefreshTokenDoesNothing,
    RevokingEndsEverything,
    TakesAnySecret,
    TakesAnyClient,
    SpendsBeforeItChecks,
}

const FAULTS: &[(&str, Fault)] = &[
    ("a_code_becomes_a_sign_in_that_works", Fault::GrantsADeadToken),
    ("the_scopes_and_the_lifetime_are_told", Fault::TellsNoScopes),
    ("a_code_works_once", Fault::CodesWorkTwice),
    ("a_code_is_good_with_its_verifier_only", Fault::TakesAnyVerifier),
    ("a_code_is_good_with_its_redirect_uri_only", Fault::TakesAnyRedirectUri),
    ("a_refresh_grants_new_tokens_that_work", Fault::RefreshKeepsTheRefreshToken),
    ("a_refresh_token_works_once", Fault::RefreshTokensWorkTwice),
    ("one_of_many_refreshes_is_granted", Fault::RefreshesAreNotAtomic),
    ("garbage_is_an_invalid_grant", Fault::GarbageIsAFailedCall),
    ("revoking_the_access_token_ends_the_sign_in", Fault::RevokingTheAccessTokenKeepsTheOther),
    ("revoking_the_refresh_token_ends_the_sign_in", Fault::RevokingTheRefreshTokenDoesNothing),
    ("revoking_what_is_unknown_is_no_failure", Fault::RevokingEndsEverything),
    ("a_wrong_client_secret_is_an_invalid_client", Fault::TakesAnySecret),
    ("an_unknown_client_is_an_invalid_client", Fault::TakesAnyClient),
    ("a_refused_client_spends_nothing", Fault::SpendsBeforeItChecks),
];

#[test]
fn every_rule_bites() {
    let sources = [include_str!("../../src/token_issuer.rs")];
    assert_bites(&rules(), FAULTS, &sources, Storage::default);
}

type Storage = Shared<Server>;

const SCOPES: &str = "block.read users.read offline.access";

#[derive(Debug, Default)]
struct Server {
    /// Codes with the verifier and the redirect URI that each is good with.
    codes: HashMap<String, (String, String)>,
    /// Tokens that work, with the number of their sign-in.
    access: HashMap<String, usize>,
    refresh: HashMap<String, usize>,
    issued: usize,
}

impl Server {
    fn next(&mut self, kind: &str) -> String {
        self.issued += 1;
        format!("{kind}-{}", self.issued)
    }

    fn grant(&mut self, sign_in: usize) -> TokenGrant {
        let (access, refresh) = (self.next("access"), self.next("refresh"));
        self.access.insert(access.clone(), sign_in);
        self.refresh.insert(refresh.clone(), sign_in);
        let mut grant = TokenGrant::new(access);
        grant.refresh_token = Some(refresh.into());
        grant.expires_in = Some(Duration::from_secs(7200));
        grant.scope = Some(SCOPES.to_owned());
        grant
    }

    fn end(&mut self, sign_in: usize) {
        self.access.retain(|_, of| *of != sign_in);
        self.refresh.retain(|_, of| *of != sign_in);
    }
}

impl TokenIssuerHarness for Broken<Storage, Fault> {
    async fn fresh() -> Self {
        Self { store: Storage::default(), fault: None }
    }

    fn issuer(&self) -> Arc<dyn TokenIssuer> {
        Arc::new(Issuer { server: self.store.clone(), fault: self.fault })
    }

    fn app(&self) -> App {
        let mut app = App::new("my app", "client-id");
        app.client_secret = Some("the secret".into());
        app
    }

    fn scopes(&self) -> BTreeSet<String> {
        SCOPES.split(' ').map(str::to_owned).collect()
    }

    async fn authorize(&self) -> AuthorizationGrant {
        self.store.with(|server| {
            let (code, verifier) = (server.next("code"), server.next("verifier"));
            let redirect_uri = "http://127.0.0.1:8080/".to_owned();
            server.codes.insert(code.clone(), (verifier.clone(), redirect_uri.clone()));
            AuthorizationGrant::new(code, verifier, redirect_uri)
        })
    }

    async fn accepts(&self, access_token: &SecretString) -> bool {
        self.store.with(|server| server.access.contains_key(access_token.expose_secret()))
    }
}

#[derive(Debug)]
struct Issuer {
    server: Storage,
    fault: Option<Fault>,
}

impl Issuer {
    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn admit(&self, app: &App) -> Result<(), IssueError> {
        let secret = app.client_secret.as_ref().map(ExposeSecret::expose_secret);
        let known = app.client_id == "client-id" || self.has(Fault::TakesAnyClient);
        let proven = secret == Some("the secret") || self.has(Fault::TakesAnySecret);
        if known && proven { Ok(()) } else { Err(IssueError::InvalidClient) }
    }

    fn unknown(&self) -> IssueError {
        if self.has(Fault::GarbageIsAFailedCall) {
            return ApiError::new(Failure::InvalidRequest).into();
        }
        IssueError::InvalidGrant
    }
}

#[async_trait]
impl TokenIssuer for Issuer {
    async fn exchange(
        &self,
        app: &App,
        grant: &AuthorizationGrant,
    ) -> Result<TokenGrant, IssueError> {
        self.admit(app)?;
        let code = grant.code.expose_secret();
        self.server.with(|server| {
            let (verifier, uri) = server.codes.get(code).cloned().ok_or_else(|| self.unknown())?;
            let verified = grant.code_verifier.expose_secret() == verifier;
            let at_home = grant.redirect_uri == uri;
            if !(verified || self.has(Fault::TakesAnyVerifier))
                || !(at_home || self.has(Fault::TakesAnyRedirectUri))
            {
                return Err(IssueError::InvalidGrant);
            }
            if !self.has(Fault::CodesWorkTwice) {
                server.codes.remove(code);
            }
            let sign_in = server.issued;
            let mut tokens = server.grant(sign_in);
            if self.has(Fault::GrantsADeadToken) {
                server.access.clear();
            }
            tokens.scope.take_if(|_| self.has(Fault::TellsNoScopes));
            Ok(tokens)
        })
    }

    async fn refresh(
        &self,
        app: &App,
        refresh_token: &SecretString,
    ) -> Result<TokenGrant, IssueError> {
        let token = refresh_token.expose_secret();
        if !self.has(Fault::SpendsBeforeItChecks) {
            self.admit(app)?;
        }
        let known = |server: &mut Server| server.refresh.get(token).copied();
        let sign_in = self.server.with(known).ok_or_else(|| self.unknown())?;
        if self.has(Fault::RefreshesAreNotAtomic) {
            dawdle().await;
        }
        self.server.with(|server| {
            let spent = server.refresh.remove(token).is_none();
            if spent && !self.has(Fault::RefreshesAreNotAtomic) {
                return Err(IssueError::InvalidGrant);
            }
            self.admit(app)?;
            let mut tokens = server.grant(sign_in);
            if self.has(Fault::RefreshTokensWorkTwice) {
                server.refresh.insert(token.to_owned(), sign_in);
            }
            if self.has(Fault::RefreshKeepsTheRefreshToken) {
                server.refresh.insert(token.to_owned(), sign_in);
                tokens.refresh_token = Some(refresh_token.clone());
            }
            Ok(tokens)
        })
    }

    async fn revoke(&self, app: &App, token: &SecretString) -> Result<(), IssueError> {
        self.admit(app)?;
        let token = token.expose_secret();
        self.server.with(|server| {
            if self.has(Fault::RevokingEndsEverything) {
                server.access.clear();
                server.refresh.clear();
            }
            let (of_access, of_refresh) = (server.access.get(token), server.refresh.get(token));
            match (of_access.copied(), of_refresh.copied()) {
                (Some(_), _) if self.has(Fault::RevokingTheAccessTokenKeepsTheOther) => {
                    server.access.remove(token);
                }
                (_, Some(_)) if self.has(Fault::RevokingTheRefreshTokenDoesNothing) => {}
                (Some(sign_in), _) | (_, Some(sign_in)) => server.end(sign_in),
                (None, None) => {}
            }
        });
        Ok(())
    }
}
