//! What a token endpoint says when it grants nothing.

use blocks_ports::{ApiError, IssueError};
use serde::Deserialize;

use crate::answer::Answer;

/// Words of X about a code or a refresh token that is worth nothing.
///
/// X says them under `invalid_request`, which means much else besides; and whoever takes another
/// refusal for one of these gives up a sign-in that still lives.
const WORTHLESS: [&str; 2] = ["the token was invalid", "the authorization code was invalid"];

/// The error answer of RFC 6749, section 5.2.
#[derive(Deserialize)]
struct OAuth2Error {
    error: String,
    #[serde(default)]
    error_description: Option<String>,
}

impl OAuth2Error {
    /// Whether the code or the refresh token, and nothing else, is refused.
    fn refuses_grant(&self) -> bool {
        let said = self.error_description.as_deref().unwrap_or_default().to_ascii_lowercase();
        match self.error.as_str() {
            "invalid_grant" => true,
            "invalid_request" => WORTHLESS.iter().any(|words| said.contains(words)),
            _ => false,
        }
    }

    fn refuses_client(&self) -> bool {
        matches!(self.error.as_str(), "invalid_client" | "unauthorized_client")
    }
}

/// The error of an answer of OAuth 2.0 outside 2xx.
pub(super) fn oauth2(answer: Answer<'_>) -> IssueError {
    let error: Option<OAuth2Error> = serde_json::from_str(&answer.text()).ok();
    match (answer.status.as_u16(), error) {
        (400 | 401, Some(error)) if error.refuses_grant() => IssueError::InvalidGrant,
        (400 | 401, Some(error)) if error.refuses_client() => IssueError::InvalidClient,
        (_, Some(OAuth2Error { error, error_description: None })) => told(answer, &error),
        (_, Some(OAuth2Error { error, error_description: Some(said) })) => {
            told(answer, &format!("{error}: {said}"))
        }
        (_, None) => answer.discreet_refusal().into(),
    }
}

/// The errors of OAuth 1.0a, as X has numbered them since long ago.
#[derive(Deserialize)]
struct OAuth1Errors {
    errors: Vec<OAuth1Error>,
}

#[derive(Deserialize)]
struct OAuth1Error {
    code: u32,
    #[serde(default)]
    message: String,
}

/// The signature does not fit: one of the secrets, or the app's key, is wrong.
const NOT_AUTHENTICATED: u32 = 32;
/// The token is spent, revoked or was never given.
const INVALID_TOKEN: u32 = 89;

/// The error of an answer of OAuth 1.0a outside 2xx.
pub(super) fn oauth1(answer: Answer<'_>) -> IssueError {
    let errors: Result<OAuth1Errors, _> = serde_json::from_str(&answer.text());
    let first = errors.ok().and_then(|errors| errors.errors.into_iter().next());
    match (answer.status.as_u16(), first) {
        (400 | 401, Some(OAuth1Error { code: INVALID_TOKEN, .. })) => IssueError::InvalidGrant,
        (400 | 401, Some(OAuth1Error { code: NOT_AUTHENTICATED, .. })) => IssueError::InvalidClient,
        (_, Some(error)) if !error.message.is_empty() => told(answer, &error.message),
        // Not all of it is JSON: a wrong PIN is refused in plain words.
        (400 | 401, None) if refuses_verifier(&answer) => IssueError::InvalidGrant,
        _ => answer.discreet_refusal().into(),
    }
}

fn refuses_verifier(answer: &Answer<'_>) -> bool {
    answer.text().to_ascii_lowercase().contains("invalid oauth_verifier")
}

/// An error of the kind that the status names, with what the server said of it.
fn told(answer: Answer<'_>, said: &str) -> IssueError {
    let said = answer.secrets.excerpt(said);
    let error: ApiError = answer.discreet_refusal();
    error.with_detail(said).into()
}
