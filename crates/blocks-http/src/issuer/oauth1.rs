//! OAuth 1.0a: request tokens and their verifiers become sign-ins.

use async_trait::async_trait;
use blocks_domain::Failure;
use blocks_ports::{
    ApiError, Consumer, IssueError, OAuth1Credential, OAuth1Grant, RequestToken, RequestTokenIssuer,
};
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH};
use reqwest::{Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use url::form_urlencoded;

use super::{HttpTokenIssuer, refusal};
use crate::answer::Answer;
use crate::connection::unsendable;
use crate::oauth1::{Signer, Stamp, Unsigned};
use crate::proof::signed_header;
use crate::redact::Secrets;

#[async_trait]
impl RequestTokenIssuer for HttpTokenIssuer {
    async fn request_token(
        &self,
        consumer: &Consumer,
        callback: &str,
    ) -> Result<RequestToken, IssueError> {
        let call = Call {
            path: "/oauth/request_token",
            signer: Signer::new(consumer.clone()),
            protocol: Some(("oauth_callback", callback)),
        };
        let secrets = Secrets::default().and(consumer.secret.expose_secret());
        let answer = self.make(&call, secrets).await?;
        // Without it the server speaks OAuth 1.0, in which a stranger can slip in his own token.
        if answer.get("oauth_callback_confirmed") != Some("true") {
            return Err(malformed("the answer does not confirm the callback").into());
        }
        let (token, secret) = answer.token()?;
        Ok(RequestToken::new(token, secret))
    }

    async fn access_token(
        &self,
        consumer: &Consumer,
        request: &RequestToken,
        verifier: &SecretString,
    ) -> Result<OAuth1Grant, IssueError> {
        let verifier = verifier.expose_secret();
        let call = Call {
            path: "/oauth/access_token",
            signer: Signer::new(consumer.clone())
                .with_token(request.token.clone(), request.secret.clone()),
            protocol: Some(("oauth_verifier", verifier)),
        };
        let secrets = Secrets::default()
            .and(consumer.secret.expose_secret())
            .and(&request.token)
            .and(request.secret.expose_secret())
            .and(verifier);
        let answer = self.make(&call, secrets).await?;
        let (token, secret) = answer.token()?;
        let (key, consumer_secret) = (consumer.key.clone(), consumer.secret.clone());
        let credential = OAuth1Credential::new(key, consumer_secret, token, secret);
        let mut grant = OAuth1Grant::new(credential);
        grant.user_id = answer.get("user_id").and_then(|id| id.parse().ok());
        grant.screen_name = answer.get("screen_name").map(str::to_owned);
        Ok(grant)
    }

    async fn invalidate(&self, credential: &OAuth1Credential) -> Result<(), IssueError> {
        let call = Call {
            path: "/1.1/oauth/invalidate_token",
            signer: Signer::from(credential),
            protocol: None,
        };
        let secrets = Secrets::default()
            .and(credential.consumer_secret.expose_secret())
            .and(&credential.token)
            .and(credential.token_secret.expose_secret());
        match self.make(&call, secrets).await {
            // The token is worth nothing, which was the wish.
            Ok(_) | Err(IssueError::InvalidGrant) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// A call without a body; all that it says stands in its header.
struct Call<'a> {
    path: &'static str,
    signer: Signer,
    protocol: Option<(&'static str, &'a str)>,
}

impl HttpTokenIssuer {
    /// Makes a call, and once more by the server's time where that was told to be another one:
    /// what is refused for its time spends nothing.
    async fn make(&self, call: &Call<'_>, secrets: Secrets) -> Result<Form, IssueError> {
        match self.attempt(call, secrets.clone()).await? {
            Attempt::Done(outcome) => outcome,
            Attempt::WrongTime(_) => match self.attempt(call, secrets).await? {
                Attempt::Done(outcome) => outcome,
                Attempt::WrongTime(refusal) => Err(refusal.into()),
            },
        }
    }

    async fn attempt(&self, call: &Call<'_>, secrets: Secrets) -> Result<Attempt, ApiError> {
        let url = self.connection.api_url.path(call.path);
        let unsigned = Unsigned::new("POST", &url);
        let unsigned = match call.protocol {
            Some((name, value)) => unsigned.with_protocol(name, value),
            None => unsigned,
        };
        let now = self.time.now();
        let signed = call.signer.sign(&unsigned, &Stamp::at(now));
        let secrets = secrets.and(signed.signature());
        let request = self
            .connection
            .request(Method::POST, url.clone())
            .header(AUTHORIZATION, signed_header(&signed))
            // Some servers want to hear that there is no body.
            .header(CONTENT_LENGTH, 0)
            .build()
            .map_err(unsendable)?;
        let answer = self.connection.send(request, &secrets).await?;
        if answer.status.is_success() {
            return Ok(Attempt::Done(Ok(Form::read(&answer.whole()?))));
        }
        let is_refused = answer.status == StatusCode::UNAUTHORIZED;
        Ok(match is_refused.then(|| self.time.learn(now, answer.date())).flatten() {
            Some(detail) => Attempt::WrongTime(answer.discreet_refusal().with_detail(detail)),
            None => Attempt::Done(Err(refusal::oauth1(answer))),
        })
    }
}

/// What came of a request.
enum Attempt {
    /// The call is over.
    Done(Result<Form, IssueError>),
    /// The server refused the time of the signature.
    WrongTime(ApiError),
}

/// An answer in the way of a form, whatever it calls itself.
struct Form(Vec<(String, String)>);

impl Form {
    fn read(answer: &Answer<'_>) -> Self {
        Self(form_urlencoded::parse(answer.text().as_bytes()).into_owned().collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(found, _)| found == name)?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    fn token(&self) -> Result<(String, SecretString), ApiError> {
        match (self.get("oauth_token"), self.get("oauth_token_secret")) {
            (Some(token), Some(secret)) => Ok((token.to_owned(), secret.into())),
            (None, _) => Err(malformed("the answer has no `oauth_token`")),
            (_, None) => Err(malformed("the answer has no `oauth_token_secret`")),
        }
    }
}

fn malformed(detail: &str) -> ApiError {
    ApiError::new(Failure::Malformed).with_detail(detail)
}
