//! The token endpoints without HTTP.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use blocks_domain::{Failure, ForbiddenReason, Scope};
use blocks_ports::{
    ApiError, App, AuthorizationGrant, Clock, Consumer, IssueError, OAuth1Credential, OAuth1Grant,
    RequestToken, RequestTokenIssuer, TokenGrant, TokenIssuer,
};
use secrecy::{ExposeSecret, SecretString};

use crate::world::{ACCESS_LIFETIME, Authority, Client, TokenError};
use crate::{IssuerFault, IssuerTally, World};

/// The sign-ins of a [`World`], without HTTP between.
///
/// A refresh token works once: whoever sends a spent one again ends the whole family of tokens
/// that came from one sign-in, as the strictest servers do; the [`tally`](Self::tally) counts it.
/// A clone is another handle on the same world.
///
/// ```
/// use blocks_fake::FakeIssuer;
/// use blocks_ports::{IssueError, TokenIssuer};
///
/// # tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(async {
/// let issuer = FakeIssuer::default();
/// let app = issuer.app();
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
#[derive(Debug, Clone)]
pub struct FakeIssuer {
    world: World,
    delay: Option<(Arc<dyn Clock>, Duration)>,
}

impl Default for FakeIssuer {
    /// The sign-ins of a small world of its own, always with the same app.
    fn default() -> Self {
        Self::new(World::builder().build())
    }
}

impl FakeIssuer {
    /// How long an access token lives, as at X.
    pub const LIFETIME: Duration = ACCESS_LIFETIME;

    /// The sign-ins of a world.
    #[must_use]
    pub const fn new(world: World) -> Self {
        Self { world, delay: None }
    }

    /// An issuer with a world of its own, whose answers take so long on their way back; a token is
    /// spent before that.
    #[must_use]
    pub fn delayed(clock: Arc<dyn Clock>, by: Duration) -> Self {
        Self { delay: Some((clock, by)), ..Self::default() }
    }

    /// The world behind it.
    #[must_use]
    pub const fn world(&self) -> &World {
        &self.world
    }

    /// The app that [`sign_in`](Self::sign_in) and [`authorized`](Self::authorized) go through.
    #[must_use]
    pub fn app(&self) -> App {
        self.world.app()
    }

    /// The tokens of a new sign-in of the world's owner, with nobody at an authorize page.
    #[must_use]
    pub fn sign_in(&self) -> TokenGrant {
        let tokens = self.world.sign_in(self.world.owner(), &self.app(), Self::scopes());
        tokens.expect("the world knows its owner and its app")
    }

    /// A code for the world's owner, with nobody at an authorize page.
    #[must_use]
    pub fn authorized(&self) -> AuthorizationGrant {
        let grant = self.world.authorize(self.world.owner(), &self.app(), Self::scopes());
        grant.expect("the world knows its owner and its app")
    }

    /// Lets a refresh go wrong: each call of this method spoils one, in this order.
    pub fn spoil_next(&self, fault: IssuerFault) {
        self.world.spoil_refresh(fault);
    }

    /// Whether the world accepts this access token at its own time.
    #[must_use]
    pub fn accepts(&self, access_token: &SecretString) -> bool {
        self.world.accepts(access_token)
    }

    /// What became of the refreshes so far.
    #[must_use]
    pub fn tally(&self) -> IssuerTally {
        self.world.sign_in_tally()
    }

    fn scopes() -> impl Iterator<Item = Scope> {
        Scope::FOR_READING.into_iter().chain([Scope::OfflineAccess])
    }

    /// What the authority says to an app, once the answer has arrived.
    async fn ask<T>(
        &self,
        app: &App,
        question: impl FnOnce(&mut Authority, Client, jiff::Timestamp) -> Result<T, TokenError>,
    ) -> Result<T, IssueError> {
        let secret = app.client_secret.as_ref().map(ExposeSecret::expose_secret);
        let answer = self.world.with_authority(|authority, now| {
            let client = authority.client(&app.client_id, secret).ok_or(TokenError::Client)?;
            question(authority, client, now)
        });
        self.travel().await;
        Ok(answer?)
    }

    /// What the authority says to a consumer, once the answer has arrived.
    async fn ask_as<T>(
        &self,
        consumer: &Consumer,
        question: impl FnOnce(&mut Authority, jiff::Timestamp) -> Result<T, IssueError>,
    ) -> Result<T, IssueError> {
        let answer = self.world.with_authority(|authority, now| {
            if authority.knows(consumer) {
                question(authority, now)
            } else {
                Err(IssueError::InvalidClient)
            }
        });
        self.travel().await;
        answer
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
        app: &App,
        grant: &AuthorizationGrant,
    ) -> Result<TokenGrant, IssueError> {
        self.ask(app, |authority, client, now| authority.exchange(client, grant, now)).await
    }

    async fn refresh(
        &self,
        app: &App,
        refresh_token: &SecretString,
    ) -> Result<TokenGrant, IssueError> {
        self.ask(app, |authority, client, now| authority.refresh(client, refresh_token, now)).await
    }

    async fn revoke(&self, app: &App, token: &SecretString) -> Result<(), IssueError> {
        self.ask(app, |authority, client, _| authority.revoke(client, token)).await
    }
}

#[async_trait]
impl RequestTokenIssuer for FakeIssuer {
    async fn request_token(
        &self,
        consumer: &Consumer,
        callback: &str,
    ) -> Result<RequestToken, IssueError> {
        let refused = || {
            let kind = Failure::Forbidden(ForbiddenReason::Other);
            ApiError::new(kind).with_status(403).with_detail("the callback is not registered")
        };
        self.ask_as(consumer, |authority, now| {
            authority.request_token(callback, now).ok_or_else(|| refused().into())
        })
        .await
    }

    async fn access_token(
        &self,
        consumer: &Consumer,
        request: &RequestToken,
        verifier: &SecretString,
    ) -> Result<OAuth1Grant, IssueError> {
        let (person, credential) = self
            .ask_as(consumer, |authority, now| {
                proven(authority.request_secret(&request.token), &request.secret)?;
                let traded = authority.access_token(&request.token, verifier, now);
                traded.ok_or(IssueError::InvalidGrant)
            })
            .await?;
        let (user_id, screen_name) = self.world.known_as(person);
        let mut grant = OAuth1Grant::new(credential);
        grant.user_id = Some(user_id);
        grant.screen_name = Some(screen_name);
        Ok(grant)
    }

    async fn invalidate(&self, credential: &OAuth1Credential) -> Result<(), IssueError> {
        let OAuth1Credential { consumer_key, consumer_secret, token, token_secret, .. } =
            credential;
        let consumer = Consumer::new(consumer_key, consumer_secret.clone());
        self.ask_as(&consumer, |authority, _| {
            match proven(authority.sign_in_secret(token), token_secret) {
                // The token is worth nothing already, which was the wish.
                Err(IssueError::InvalidGrant) => Ok(()),
                proven => proven.map(|()| authority.invalidate(token)),
            }
        })
        .await
    }
}

/// Holds the secret of a token against the one that is known, as a signature would show it.
fn proven(known: Option<SecretString>, given: &SecretString) -> Result<(), IssueError> {
    let known = known.ok_or(IssueError::InvalidGrant)?;
    let is_same = known.expose_secret() == given.expose_secret();
    is_same.then_some(()).ok_or(IssueError::InvalidClient)
}

impl From<TokenError> for IssueError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Client | TokenError::Foreign => Self::InvalidClient,
            TokenError::Code | TokenError::Token => Self::InvalidGrant,
            TokenError::Unreachable => ApiError::new(Failure::Transport).into(),
            TokenError::AnswerLost => ApiError::new(Failure::Timeout).into(),
        }
    }
}

#[cfg(test)]
mod tests;
