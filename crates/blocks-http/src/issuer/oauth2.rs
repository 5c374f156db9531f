//! OAuth 2.0: codes and refresh tokens become tokens.

use std::borrow::Cow;
use std::pin::Pin;

use async_trait::async_trait;
use blocks_domain::Failure;
use blocks_ports::{ApiError, App, AuthorizationGrant, IssueError, TokenGrant, TokenIssuer};
use oauth2::basic::{BasicClient, BasicErrorResponse, BasicTokenResponse};
use oauth2::http::Response;
use oauth2::{
    AsyncHttpClient, AuthorizationCode, ClientId, ClientSecret, EndpointNotSet, EndpointSet,
    HttpRequest, HttpResponse, PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError,
    TokenResponse, TokenUrl,
};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Method, Request};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::{HttpTokenIssuer, refusal};
use crate::answer::Answer;
use crate::connection::unsendable;
use crate::redact::Secrets;

/// What the protocol knows of an app: its token endpoint.
type Client =
    BasicClient<EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

#[async_trait]
impl TokenIssuer for HttpTokenIssuer {
    async fn exchange(
        &self,
        app: &App,
        grant: &AuthorizationGrant,
    ) -> Result<TokenGrant, IssueError> {
        let redirect_uri = RedirectUrl::new(grant.redirect_uri.clone()).map_err(|_| {
            ApiError::new(Failure::InvalidRequest)
                .with_detail("the redirect URI is no URL, so nothing was sent")
                .not_sent()
        })?;
        let [code, verifier] = [&grant.code, &grant.code_verifier].map(ExposeSecret::expose_secret);
        let secrets = secrets_of(app).and(code).and(verifier);
        let answer = self
            .client(app)
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.to_owned()))
            .set_redirect_uri(Cow::Owned(redirect_uri))
            .request_async(&Wire { issuer: self, secrets: &secrets })
            .await;
        granted(answer)
    }

    async fn refresh(
        &self,
        app: &App,
        refresh_token: &SecretString,
    ) -> Result<TokenGrant, IssueError> {
        let secrets = secrets_of(app).and(refresh_token.expose_secret());
        let answer = self
            .client(app)
            .exchange_refresh_token(&RefreshToken::new(refresh_token.expose_secret().to_owned()))
            .request_async(&Wire { issuer: self, secrets: &secrets })
            .await;
        granted(answer)
    }

    async fn revoke(&self, app: &App, token: &SecretString) -> Result<(), IssueError> {
        let secrets = secrets_of(app).and(token.expose_secret());
        let request = self.revocation(app, token)?;
        let answer = self.connection.send(request, &secrets).await?;
        if answer.status.is_success() {
            return Ok(());
        }
        match refusal::oauth2(answer) {
            // The token is worth nothing, which was the wish (RFC 7009, section 2.2).
            IssueError::InvalidGrant => Ok(()),
            error => Err(error),
        }
    }
}

impl HttpTokenIssuer {
    fn client(&self, app: &App) -> Client {
        let url = self.connection.api_url.path("/2/oauth2/token");
        let client = BasicClient::new(ClientId::new(app.client_id.clone()))
            .set_token_uri(TokenUrl::from_url(url));
        match &app.client_secret {
            None => client,
            Some(secret) => {
                client.set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()))
            }
        }
    }

    /// The request of RFC 7009, section 2.1; the `oauth2` crate makes none for a loopback address.
    fn revocation(&self, app: &App, token: &SecretString) -> Result<Request, ApiError> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("token", token.expose_secret());
        let url = self.connection.api_url.path("/2/oauth2/revoke");
        let mut request = self.connection.request(Method::POST, url);
        match &app.client_secret {
            None => {
                form.append_pair("client_id", &app.client_id);
            }
            Some(secret) => {
                // RFC 6749, section 2.3.1: both are encoded as in a form.
                let [id, secret] = [&app.client_id, secret.expose_secret()].map(|text| {
                    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>()
                });
                request = request.basic_auth(id, Some(secret));
            }
        }
        request
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.finish())
            .build()
            .map_err(unsendable)
    }
}

/// Carries what the protocol asks to the token endpoint, without its secrets getting lost.
struct Wire<'a> {
    issuer: &'a HttpTokenIssuer,
    secrets: &'a Secrets,
}

impl<'c> AsyncHttpClient<'c> for Wire<'_> {
    type Error = IssueError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, IssueError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.carry(request))
    }
}

impl Wire<'_> {
    /// Sends a request; the answer is one that the protocol can read.
    async fn carry(&self, request: HttpRequest) -> Result<HttpResponse, IssueError> {
        let mut request = Request::try_from(request).map_err(unsendable)?;
        if let Some(header) = request.headers_mut().get_mut(AUTHORIZATION) {
            header.set_sensitive(true);
        }
        let answer = self.issuer.connection.send(request, self.secrets).await?;
        if !answer.status.is_success() {
            return Err(refusal::oauth2(answer));
        }
        let tokens = plain_tokens(answer)?;
        Ok(Response::new(Value::Object(tokens).to_string().into_bytes()))
    }
}

/// What of an app must not show, be it sent back as it is or as HTTP Basic writes it.
fn secrets_of(app: &App) -> Secrets {
    match &app.client_secret {
        None => Secrets::default(),
        Some(secret) => Secrets::default().and_basic(&app.client_id, secret.expose_secret()),
    }
}

/// The members of a token answer that are of use, without the oddities that servers are known for.
///
/// Whoever loses an answer here loses a sign-in, for the refresh token is spent.
fn plain_tokens(answer: Answer<'_>) -> Result<Map<String, Value>, ApiError> {
    let answer = answer.whole()?;
    let Ok(Value::Object(mut told)) = serde_json::from_str(&answer.text()) else {
        return Err(answer.malformed("the answer of the token endpoint is no JSON object"));
    };
    let mut tokens = Map::new();
    for name in ["access_token", "refresh_token", "scope"] {
        let text = told.remove(name).filter(|value| value.as_str().is_some_and(|s| !s.is_empty()));
        tokens.extend(text.map(|text| (name.to_owned(), text)));
    }
    if !tokens.contains_key("access_token") {
        return Err(answer.malformed("the answer has no `access_token`"));
    }
    let lifetime = told.remove("expires_in").as_ref().and_then(seconds);
    tokens.extend(lifetime.map(|lifetime| ("expires_in".to_owned(), lifetime.into())));
    tokens.insert("token_type".to_owned(), "bearer".into());
    Ok(tokens)
}

/// A number of seconds, however it is written.
fn seconds(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number
            .as_u64()
            .or_else(|| number.as_f64().filter(|seconds| *seconds >= 0.0).map(|s| s as u64)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// What the protocol made of an answer, in our words.
fn granted(
    answer: Result<BasicTokenResponse, RequestTokenError<IssueError, BasicErrorResponse>>,
) -> Result<TokenGrant, IssueError> {
    let tokens = answer.map_err(|error| match error {
        RequestTokenError::Request(error) => error,
        // What else the crate says can quote the answer.
        _ => ApiError::new(Failure::Malformed)
            .with_detail("the answer of the token endpoint cannot be read")
            .into(),
    })?;
    let mut grant = TokenGrant::new(tokens.access_token().secret().as_str());
    grant.refresh_token = tokens.refresh_token().map(|token| token.secret().as_str().into());
    grant.expires_in = tokens.expires_in();
    grant.scope = tokens.scopes().map(|scopes| {
        let scopes: Vec<&str> = scopes.iter().map(AsRef::as_ref).collect();
        scopes.join(" ")
    });
    Ok(grant)
}
