//! The client: one call, one request, and a second one where the first was refused for its proof.

use std::fmt;
use std::sync::Arc;

use blocks_domain::{Endpoint, Failure, ForbiddenReason, UserId};
use blocks_ports::{
    AccountName, ApiError, Credential, CredentialError, CredentialSource, Reply, Revision,
    Versioned,
};
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};

use crate::HttpApiBuilder;
use crate::activity::LiveConnection;
use crate::connection::{Connection, unsendable};
use crate::oauth1::{ServerTime, Unsigned};
use crate::proof::Proof;
use crate::receive::{Receive, Received};

/// The X API over HTTP, on behalf of one account.
///
/// It asks its [`CredentialSource`] before each request and tells it when X refuses what it got.
/// Connections are kept and used again. No redirect is followed, and nothing is retried, with one
/// exception: where X refuses a credential (401) and the source then has a newer one, the same
/// request is sent once more with that. X did not carry out what it refused, nor bill it, so this
/// is safe for changes as well.
///
/// Requests of an OAuth 1.0a sign-in are signed by the server's time: where X refuses a signature
/// (401) and its `Date` says that the local clock is wrong, the request is signed anew by X's time,
/// and so are those after it. Where a user has to sign in, the token of an app alone is refused
/// here, before anything is sent, and so is a reference to secrets kept elsewhere.
///
/// The events of block lists come to the app: list and delete subscriptions and open the stream
/// with [its own token](HttpApiBuilder::app).
///
/// `Debug` shows no secret.
pub struct HttpApi {
    pub(crate) connection: Connection,
    pub(crate) live: LiveConnection,
    account: AccountName,
    sources: Sources,
    time: ServerTime,
}

/// Where the credentials of calls come from.
pub(crate) struct Sources {
    /// For the calls of the user.
    pub(crate) user: Arc<dyn CredentialSource>,
    /// For those of the app.
    pub(crate) app: Option<Arc<dyn CredentialSource>>,
}

impl Sources {
    fn of(&self, endpoint: Endpoint) -> Result<&dyn CredentialSource, ApiError> {
        if !endpoint.spec().is_for_app() {
            return Ok(&*self.user);
        }
        self.app.as_deref().ok_or_else(|| {
            ApiError::new(Failure::Forbidden(ForbiddenReason::UnsupportedAuthentication))
                .with_detail(format!(
                    "`{endpoint}` needs the app's own bearer token, and there is none; nothing was \
                     sent"
                ))
                .not_sent()
        })
    }
}

impl HttpApi {
    /// Begins a client that acts for `account` with what `credentials` hands out for it.
    pub fn builder(account: AccountName, credentials: Arc<dyn CredentialSource>) -> HttpApiBuilder {
        HttpApiBuilder::new(account, credentials)
    }

    pub(crate) fn new(
        (connection, live): (Connection, LiveConnection),
        account: AccountName,
        sources: Sources,
        time: ServerTime,
    ) -> Self {
        Self { connection, live, account, sources, time }
    }

    /// Makes a call and reads its answer.
    pub(crate) async fn call<T: Receive>(&self, call: Call) -> Result<Reply<T::Value>, ApiError> {
        let source = self.sources.of(call.endpoint)?;
        let first = source.current(&self.account).await.map_err(no_credential)?;
        let refusal = match self.attempt::<T>(&call, &first).await? {
            Attempt::Done(outcome) => return outcome,
            Attempt::WrongTime(_) => return self.last_attempt::<T>(&call, &first).await,
            Attempt::Refused(refusal) => refusal,
        };
        match source.current(&self.account).await {
            Ok(next) if next.revision > first.revision => {
                self.last_attempt::<T>(&call, &next).await
            }
            Ok(_) => Err(refusal),
            // No account's sign-in has ended: nobody signed in to make the calls of the app.
            Err(CredentialError::Ended { .. }) if call.endpoint.spec().is_for_app() => Err(refusal),
            Err(error) => Err(not_replaced(refusal, error)),
        }
    }

    /// Sends the request once more, and takes a refusal as the answer.
    async fn last_attempt<T: Receive>(
        &self,
        call: &Call,
        credential: &Versioned<Credential>,
    ) -> Result<Reply<T::Value>, ApiError> {
        match self.attempt::<T>(call, credential).await? {
            Attempt::Done(outcome) => outcome,
            Attempt::Refused(refusal) | Attempt::WrongTime(refusal) => Err(refusal),
        }
    }

    /// Sends the request of a call with a credential.
    async fn attempt<T: Receive>(
        &self,
        call: &Call,
        credential: &Versioned<Credential>,
    ) -> Result<Attempt<T::Value>, ApiError> {
        let spec = call.endpoint.spec();
        let method = Method::from_bytes(spec.method.as_bytes()).expect("an HTTP method");
        let url = self.connection.api_url.endpoint(spec.path, &call.ids, &call.query);
        let unsigned = Unsigned::new(spec.method, &url);
        let Proof { header, secrets, signed_at } =
            Proof::new(&credential.value, &spec, &unsigned, &self.time)?;
        let mut request = self.connection.request(method, url).header(AUTHORIZATION, header);
        if let Some(json) = &call.body {
            request = request.header(CONTENT_TYPE, "application/json").body(json.clone());
        }
        let request = request.build().map_err(unsendable)?;
        let answer = match T::receive(self, request, &secrets).await? {
            Received::Done(outcome) => return Ok(Attempt::Done(outcome)),
            Received::Unauthorized(answer) => answer,
        };
        let wrong_time = signed_at.and_then(|signed| self.time.learn(signed, answer.date()));
        if let Some(detail) = wrong_time {
            // The clock is refused here, and not the sign-in.
            return Ok(Attempt::WrongTime(answer.refusal().with_detail(detail)));
        }
        self.reject(call.endpoint, credential.revision).await;
        let refusal = answer.refusal();
        Ok(Attempt::Refused(if spec.is_for_app() {
            refusal.with_detail("it is the app's own bearer token that is refused")
        } else {
            refusal
        }))
    }

    /// Tells that X refused the credential; the refusal itself matters more than a failure here.
    async fn reject(&self, endpoint: Endpoint, revision: Revision) {
        let Ok(source) = self.sources.of(endpoint) else { return };
        if let Err(error) = source.rejected(&self.account, revision).await {
            tracing::debug!(account = %self.account, %error, "a refused credential was not noted");
        }
    }
}

/// What came of a request.
enum Attempt<V> {
    /// The call is over.
    Done(Result<Reply<V>, ApiError>),
    /// X refused the credential; another one may do.
    Refused(ApiError),
    /// X refused the time of a signature; the same credential may do, now that X's time is known.
    WrongTime(ApiError),
}

impl fmt::Debug for HttpApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpApi")
            .field("api_url", &self.connection.api_url)
            .field("account", &self.account)
            .field("max_body", &self.connection.max_body)
            .finish_non_exhaustive()
    }
}

/// What is to be sent.
pub(crate) struct Call {
    endpoint: Endpoint,
    ids: Vec<u64>,
    query: Vec<(&'static str, String)>,
    body: Option<String>,
}

impl Call {
    /// A call of an endpoint, with the users that its path names.
    pub(crate) fn new(endpoint: Endpoint, ids: impl Into<Vec<UserId>>) -> Self {
        let ids = ids.into().into_iter().map(UserId::get).collect();
        Self { endpoint, ids, query: Vec::new(), body: None }
    }

    /// The same with the id of something else than a user in its path.
    pub(crate) fn with_id(mut self, id: u64) -> Self {
        self.ids.push(id);
        self
    }

    pub(crate) fn with_query(mut self, pairs: Vec<(&'static str, String)>) -> Self {
        self.query.extend(pairs);
        self
    }

    pub(crate) fn with_json(mut self, json: String) -> Self {
        self.body = Some(json);
        self
    }
}

/// The failure of a call for which there was no credential.
fn no_credential(error: CredentialError) -> ApiError {
    let (kind, detail) = match &error {
        CredentialError::NotSignedIn { .. } | CredentialError::Ended { .. } => {
            (Failure::Unauthenticated, "nothing was sent, for there is no valid sign-in")
        }
        CredentialError::AppRefused { .. } => {
            (Failure::Unauthenticated, "nothing was sent, for the server refuses the app")
        }
        // Whoever retries must know whether a refresh that failed is worth another try.
        CredentialError::Refresh(cause) => {
            (cause.kind(), "nothing was sent, for the access token has to be refreshed first")
        }
        _ => (Failure::Backend, "nothing was sent, for the sign-in could not be read"),
    };
    ApiError::new(kind).with_detail(detail).with_source(error).not_sent()
}

/// The failure of a call whose credential X refused and for which there was no other.
fn not_replaced(refusal: ApiError, error: CredentialError) -> ApiError {
    let (kind, detail) = match &error {
        CredentialError::NotSignedIn { .. } | CredentialError::Ended { .. } => {
            return refusal.with_source(error);
        }
        CredentialError::AppRefused { .. } => (
            Failure::Unauthenticated,
            "X refused the access token, and refuses the app that could refresh it",
        ),
        CredentialError::Refresh(cause) => {
            (cause.kind(), "X refused the access token, and it could not be refreshed")
        }
        _ => (Failure::Backend, "X refused the access token, and no newer one could be read"),
    };
    ApiError::new(kind).with_detail(detail).with_source(error)
}
