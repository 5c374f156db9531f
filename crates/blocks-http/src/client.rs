//! The client: one call, one request.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use blocks_domain::{Endpoint, Failure, UserId};
use blocks_ports::{
    AccountName, ApiError, Credential, CredentialError, CredentialSource, Reply, Revision,
};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Method, StatusCode};
use secrecy::ExposeSecret;

use crate::HttpApiBuilder;
use crate::answer::{Answer, Shape};
use crate::url::ApiUrl;

/// The X API over HTTP, on behalf of one account.
///
/// It asks its [`CredentialSource`] before each request and tells it when X refuses what it got.
/// Connections are kept and used again. Nothing is retried, and no redirect is followed.
///
/// `Debug` shows no secret.
pub struct HttpApi {
    http: Client,
    api_url: ApiUrl,
    account: AccountName,
    credentials: Arc<dyn CredentialSource>,
    max_body: usize,
}

impl HttpApi {
    /// Begins a client that acts for `account` with what `credentials` hands out for it.
    pub fn builder(account: AccountName, credentials: Arc<dyn CredentialSource>) -> HttpApiBuilder {
        HttpApiBuilder::new(account, credentials)
    }

    pub(crate) fn new(
        http: Client,
        api_url: ApiUrl,
        account: AccountName,
        credentials: Arc<dyn CredentialSource>,
        max_body: usize,
    ) -> Self {
        Self { http, api_url, account, credentials, max_body }
    }

    /// Makes a call and reads its answer.
    pub(crate) async fn call<T: Shape>(&self, call: Call) -> Result<Reply<T::Value>, ApiError> {
        let credential = self.credentials.current(&self.account).await.map_err(no_credential)?;
        let token = access_token(&credential.value)?;
        let answer = self.send(call, token).await?;
        if answer.status == StatusCode::UNAUTHORIZED {
            self.reject(credential.revision).await;
        }
        answer.into_reply::<T>()
    }

    async fn send<'a>(&self, call: Call, token: &'a str) -> Result<Answer<'a>, ApiError> {
        let spec = call.endpoint.spec();
        let method = Method::from_bytes(spec.method.as_bytes()).expect("an HTTP method");
        let url = self.api_url.endpoint(spec.path, &call.ids, &call.query);
        let path = url.path().to_owned();
        let mut request = self
            .http
            .request(method, url)
            .header(ACCEPT, "application/json")
            .header(AUTHORIZATION, bearer(token)?);
        if let Some(json) = call.body {
            request = request.header(CONTENT_TYPE, "application/json").body(json);
        }
        let began = Instant::now();
        let response = request.send().await.map_err(|error| {
            let error = unanswered(error, self.api_url.host());
            let elapsed = began.elapsed();
            tracing::debug!(method = spec.method, path, ?elapsed, %error, "no answer");
            error
        })?;
        let answer = Answer::receive(response, self.max_body, token).await;
        tracing::debug!(
            method = spec.method,
            path,
            status = answer.status.as_u16(),
            elapsed = ?began.elapsed(),
            transaction_id = answer.transaction_id(),
            "answered"
        );
        Ok(answer)
    }

    /// Tells that X refused the credential; the refusal itself matters more than a failure here.
    async fn reject(&self, revision: Revision) {
        if let Err(error) = self.credentials.rejected(&self.account, revision).await {
            tracing::debug!(account = %self.account, %error, "a refused credential was not noted");
        }
    }
}

impl fmt::Debug for HttpApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpApi")
            .field("api_url", &self.api_url)
            .field("account", &self.account)
            .field("max_body", &self.max_body)
            .finish_non_exhaustive()
    }
}

/// What is to be sent.
pub(crate) struct Call {
    endpoint: Endpoint,
    ids: Vec<UserId>,
    query: Vec<(&'static str, String)>,
    body: Option<String>,
}

impl Call {
    /// A call of an endpoint, with the ids that its path names.
    pub(crate) fn new(endpoint: Endpoint, ids: impl Into<Vec<UserId>>) -> Self {
        Self { endpoint, ids: ids.into(), query: Vec::new(), body: None }
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

fn access_token(credential: &Credential) -> Result<&str, ApiError> {
    match credential {
        Credential::OAuth2(credential) => Ok(credential.access_token.expose_secret()),
        Credential::Bearer(token) => Ok(token.expose()),
        Credential::OAuth1(_) => Err(ApiError::new(Failure::Unsupported)
            .with_detail("requests are not signed with OAuth 1.0a; sign in with OAuth 2.0")
            .not_sent()),
        _ => Err(ApiError::new(Failure::Unsupported)
            .with_detail("this kind of sign-in is not known here")
            .not_sent()),
    }
}

/// The `Authorization` header, marked so that nothing shows it.
fn bearer(token: &str) -> Result<HeaderValue, ApiError> {
    let unusable = |detail| ApiError::new(Failure::Unauthenticated).with_detail(detail).not_sent();
    if token.is_empty() {
        return Err(unusable("the access token is empty, so nothing was sent"));
    }
    let mut value = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| {
        unusable("the access token holds line breaks or the like; nothing was sent")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// The failure of a call for which there was no credential.
fn no_credential(error: CredentialError) -> ApiError {
    let (kind, detail) = match &error {
        CredentialError::NotSignedIn { .. } | CredentialError::Ended { .. } => {
            (Failure::Unauthenticated, "nothing was sent, for there is no valid sign-in")
        }
        // Whoever retries must know whether a refresh that failed is worth another try.
        CredentialError::Refresh(cause) => {
            (cause.kind(), "nothing was sent, for the access token has to be refreshed first")
        }
        _ => (Failure::Backend, "nothing was sent, for the sign-in could not be read"),
    };
    ApiError::new(kind).with_detail(detail).with_source(error).not_sent()
}

/// The failure of a request to which no answer came.
fn unanswered(error: reqwest::Error, host: &str) -> ApiError {
    if error.is_builder() {
        return ApiError::new(Failure::InvalidRequest)
            .with_detail("the request cannot be put into HTTP")
            .with_source(error.without_url())
            .not_sent();
    }
    let (kind, detail) = match (error.is_timeout(), error.is_connect()) {
        (true, true) => (Failure::Timeout, format!("no connection to {host} in time")),
        (true, false) => (Failure::Timeout, format!("no answer from {host} in time")),
        (false, true) => (Failure::Transport, format!("no connection to {host}")),
        (false, false) => {
            (Failure::Transport, format!("the connection to {host} broke before an answer came"))
        }
    };
    let was_connected = !error.is_connect();
    let error = ApiError::new(kind).with_detail(detail).with_source(error.without_url());
    if was_connected { error } else { error.not_sent() }
}
