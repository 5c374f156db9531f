//! Tokens and sign-ins, from the side of whoever holds the world in their hands.

use std::time::Duration;

use blocks_domain::{Scope, UserId};
use blocks_ports::{App, AuthorizationGrant, Consumer, OAuth1Credential, RequestToken, TokenGrant};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::authority::{Authority, Bearer, Client, Grant, IssuerFault, IssuerTally};
use super::people::Person;
use super::{World, WorldError, time};

impl World {
    /// An access token of the owner with every scope, which never ends; the same each time.
    ///
    /// It belongs to no sign-in: either app may revoke it, and it is not made anew after that.
    #[must_use]
    pub fn token(&self) -> SecretString {
        let owner = self.shared.owner;
        self.with_authority(|authority, _| authority.standing(Bearer::User(owner)))
    }

    /// The app's own bearer token, for its subscriptions and the stream of events; the calls of
    /// users refuse it. Like X's it begins with a row of the letter `A`.
    #[must_use]
    pub fn app_only_token(&self) -> SecretString {
        self.with_authority(|authority, _| authority.standing(Bearer::App))
    }

    /// A new access token of a user with some scopes; it ends after `lifetime`, or never.
    ///
    /// # Errors
    /// [`WorldError::NoSuchUser`].
    pub fn mint(
        &self,
        user: UserId,
        scopes: impl IntoIterator<Item = Scope>,
        lifetime: Option<Duration>,
    ) -> Result<SecretString, WorldError> {
        let bearer = Bearer::User(self.person(user)?);
        let scopes = scopes.into_iter().collect();
        Ok(self.with_authority(|authority, now| {
            let expires_at = lifetime.map(|lifetime| time::after(now, lifetime));
            authority.mint(Grant { bearer, scopes, expires_at, is_revoked: false })
        }))
    }

    /// Whether the API takes this access token now.
    #[must_use]
    pub fn accepts(&self, access_token: &SecretString) -> bool {
        let token = access_token.expose_secret();
        self.with_authority(|authority, now| authority.of_token(token, now).is_some())
    }

    /// The app of this world that has a client secret.
    #[must_use]
    pub fn app(&self) -> App {
        self.with_authority(|authority, _| authority.app(Client::Confidential))
    }

    /// The app of this world that has none.
    #[must_use]
    pub fn public_app(&self) -> App {
        self.with_authority(|authority, _| authority.app(Client::Public))
    }

    /// Registers a further redirect URI for both apps; it is compared to the letter.
    pub fn register_redirect_uri(&self, uri: impl Into<String>) {
        let uri = uri.into();
        self.with_authority(|authority, _| authority.register_redirect_uri(uri));
    }

    /// The tokens of a new OAuth 2.0 sign-in, with nobody at the authorize page.
    ///
    /// # Errors
    /// [`WorldError::NoSuchUser`] and [`WorldError::UnknownApp`].
    ///
    /// ```
    /// use blocks_domain::Scope;
    /// use blocks_fake::World;
    ///
    /// let world = World::builder().build();
    /// let tokens = world.sign_in(world.owner(), &world.public_app(), Scope::FOR_READING)?;
    /// assert!(world.accepts(&tokens.access_token));
    /// assert!(tokens.refresh_token.is_none(), "it takes the scope `offline.access`");
    /// # Ok::<(), blocks_fake::WorldError>(())
    /// ```
    pub fn sign_in(
        &self,
        user: UserId,
        app: &App,
        scopes: impl IntoIterator<Item = Scope>,
    ) -> Result<TokenGrant, WorldError> {
        let (person, client) = (self.person(user)?, self.client(app)?);
        let scopes = scopes.into_iter().collect();
        Ok(self.with_authority(|authority, now| authority.sign_in(client, person, scopes, now)))
    }

    /// What the authorize page gives an app that a user approves of: a code that lives 30 seconds,
    /// with a verifier for it, at the app's redirect URI.
    ///
    /// # Errors
    /// [`WorldError::NoSuchUser`], [`WorldError::UnknownApp`], and
    /// [`WorldError::UnknownRedirectUri`] where the app has none that is registered.
    pub fn authorize(
        &self,
        user: UserId,
        app: &App,
        scopes: impl IntoIterator<Item = Scope>,
    ) -> Result<AuthorizationGrant, WorldError> {
        let (person, client) = (self.person(user)?, self.client(app)?);
        let scopes = scopes.into_iter().collect();
        let redirect_uri = app.redirect_uri.clone().unwrap_or_default();
        self.with_authority(|authority, now| {
            if !authority.is_redirect_uri(&redirect_uri) {
                return Err(WorldError::UnknownRedirectUri);
            }
            Ok(authority.authorize(client, person, scopes, redirect_uri, now))
        })
    }

    /// Lets a refresh go wrong: each call of this method spoils one, in this order.
    ///
    /// Over HTTP, a call that is [unreachable](IssuerFault::Unreachable), or whose [answer is
    /// lost](IssuerFault::AnswerLost), ends with a reset connection.
    pub fn spoil_refresh(&self, fault: IssuerFault) {
        self.with_authority(|authority, _| authority.spoil_refresh(fault));
    }

    /// What became of the refreshes so far.
    #[must_use]
    pub fn sign_in_tally(&self) -> IssuerTally {
        self.with_authority(|authority, _| authority.tally())
    }

    /// The app's key and secret for OAuth 1.0a.
    #[must_use]
    pub fn consumer(&self) -> Consumer {
        self.with_authority(|authority, _| authority.consumer())
    }

    /// The OAuth 1.0a sign-in of a user; the same each time, until it is invalidated.
    ///
    /// # Errors
    /// [`WorldError::NoSuchUser`].
    pub fn oauth1_credential(&self, user: UserId) -> Result<OAuth1Credential, WorldError> {
        let person = self.person(user)?;
        Ok(self.with_authority(|authority, _| authority.oauth1_credential(person)))
    }

    /// Lets a user authorize a request token, with nobody at the authorize page, and tells the
    /// verifier: a PIN of seven digits, where the token was asked for out of band.
    ///
    /// # Errors
    /// [`WorldError::NoSuchUser`], and [`WorldError::UnknownRequestToken`] where there is nothing
    /// to decide.
    pub fn authorize_request_token(
        &self,
        user: UserId,
        token: &RequestToken,
    ) -> Result<SecretString, WorldError> {
        let person = self.person(user)?;
        self.with_authority(|authority, now| {
            let number = authority.request_number(&token.token);
            number.and_then(|number| authority.authorize_request(number, person, now))
        })
        .ok_or(WorldError::UnknownRequestToken)
    }

    /// Says whether the app may write for those who signed in by OAuth 1.0a, as it may at first;
    /// while it may not, blocking and unblocking answer them 403.
    pub fn set_oauth1_may_write(&self, may_write: bool) {
        self.with_authority(|authority, _| authority.set_oauth1_may_write(may_write));
    }

    /// Turns to the authority, at the time of the world.
    pub(crate) fn with_authority<T>(&self, turn: impl FnOnce(&mut Authority, Timestamp) -> T) -> T {
        let mut state = self.lock();
        let now = state.time.now();
        turn(&mut state.authority, now)
    }

    /// The person with a handle.
    #[cfg(feature = "server")]
    pub(crate) fn person_named(&self, username: &str) -> Option<Person> {
        self.people().by_username(username)
    }

    /// The id and the handle of a person.
    pub(crate) fn known_as(&self, person: Person) -> (UserId, String) {
        (self.people().id(person), self.people().username(person))
    }

    /// The handle of the owner.
    #[cfg(feature = "server")]
    pub(crate) fn owner_name(&self) -> String {
        self.people().username(self.shared.owner)
    }

    fn client(&self, app: &App) -> Result<Client, WorldError> {
        let secret = app.client_secret.as_ref().map(ExposeSecret::expose_secret);
        let client = self.with_authority(|authority, _| authority.client(&app.client_id, secret));
        client.ok_or(WorldError::UnknownApp)
    }
}
