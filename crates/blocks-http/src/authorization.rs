//! Asking a person for a sign-in with OAuth 2.0, and reading the answer.

use std::borrow::Cow;
use std::fmt;

use blocks_domain::Scope;
use blocks_ports::{App, AuthorizationGrant};
use oauth2::basic::BasicClient;
use oauth2::{AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl};
use url::{Url, form_urlencoded};

use crate::redact::Secrets;

/// A question to a person: may this app act for them? (RFC 6749, section 4.1.1; RFC 7636)
///
/// [`HttpTokenIssuer::authorization`](crate::HttpTokenIssuer::authorization) makes one for each
/// sign-in. The person's browser goes to [`url`](Self::url) and comes back to the redirect URI;
/// [`read_redirect`](Self::read_redirect) makes a grant of the address that it comes back with.
/// It is good for one answer, in the process that asked: the state and the verifier are random
/// and stay in memory.
///
/// `Debug` shows neither.
///
/// ```
/// use blocks_domain::Scope;
/// use blocks_http::{HttpTokenIssuer, RedirectError};
/// use blocks_ports::App;
///
/// let issuer = HttpTokenIssuer::builder().build()?;
/// let mut app = App::new("my app", "client-id");
/// app.redirect_uri = Some("http://127.0.0.1:8080/callback".to_owned());
///
/// // Without `offline.access` there is no refresh token, and the sign-in ends after two hours.
/// let scopes = [&Scope::FOR_READING[..], &[Scope::OfflineAccess]].concat();
/// let request = issuer.authorization(&app, &scopes)?;
/// assert!(request.url().as_str().starts_with("https://x.com/i/oauth2/authorize?"));
///
/// let forged = request.read_redirect("http://127.0.0.1:8080/callback?code=c0de&state=guessed");
/// assert_eq!(forged.unwrap_err(), RedirectError::State);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct AuthorizationRequest {
    url: Url,
    state: CsrfToken,
    verifier: PkceCodeVerifier,
    redirect_uri: RedirectUrl,
}

impl AuthorizationRequest {
    pub(crate) fn new(page: Url, app: &App, scopes: &[Scope]) -> Result<Self, AuthorizationError> {
        let redirect_uri = app.redirect_uri.clone().ok_or(AuthorizationError::NoRedirectUri)?;
        let redirect_uri =
            RedirectUrl::new(redirect_uri).map_err(|_| AuthorizationError::RedirectUri)?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let client = BasicClient::new(ClientId::new(app.client_id.clone()))
            .set_auth_uri(AuthUrl::from_url(page));
        let (url, state) = client
            .authorize_url(CsrfToken::new_random)
            .set_redirect_uri(Cow::Borrowed(&redirect_uri))
            .set_pkce_challenge(challenge)
            .add_scopes(scopes.iter().map(|scope| oauth2::Scope::new(scope.word().to_owned())))
            .url();
        Ok(Self { url, state, verifier, redirect_uri })
    }

    /// The authorize page, which asks the person.
    ///
    /// The address holds the state and the challenge: whoever sees it cannot sign in with it, but
    /// could forge an answer, so it belongs on the person's screen and not into a log.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// Where the person's browser comes back to, as the app has it registered.
    #[must_use]
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// Reads the address that the browser came back with: all of it, its path and query, or its
    /// query alone.
    ///
    /// # Errors
    /// It is no answer to this request, or the answer is no.
    pub fn read_redirect(&self, url_or_query: &str) -> Result<AuthorizationGrant, RedirectError> {
        let query = self.query_of(url_or_query.trim()).ok_or(RedirectError::OtherAddress)?;
        let answer = Answer::read(query)?;
        // The hidden texts are compared as hashes, so the time taken tells nothing of them.
        if answer.state.map(|state| CsrfToken::new(state.into_owned())) != Some(self.state.clone())
        {
            return Err(RedirectError::State);
        }
        match (answer.error, answer.code.filter(|code| !code.is_empty())) {
            (Some(error), _) if error == "access_denied" => Err(RedirectError::Denied),
            (Some(error), code) => {
                let secrets = Secrets::default()
                    .and(self.state.secret())
                    .and(self.verifier.secret())
                    .and(code.unwrap_or_default());
                let description = answer.description.map(|text| secrets.excerpt(&text));
                Err(RedirectError::Refused {
                    error: secrets.excerpt(&error),
                    description: description.filter(|text| !text.is_empty()),
                })
            }
            (None, None) => Err(RedirectError::NoCode),
            (None, Some(code)) => Ok(AuthorizationGrant::new(
                code.into_owned(),
                self.verifier.secret().as_str(),
                self.redirect_uri(),
            )),
        }
    }

    /// The query of an address, if that is the redirect URI; browsers like to hide its `http://`.
    fn query_of<'a>(&self, text: &'a str) -> Option<&'a str> {
        let text = text.split('#').next()?;
        let Some((address, query)) = text.split_once('?') else {
            return text.contains('=').then_some(text);
        };
        let expected = self.redirect_uri.url();
        let found = if address.is_empty() {
            expected.clone()
        } else if address.starts_with('/') {
            expected.join(address).ok()?
        } else if address.contains("://") {
            Url::parse(address).ok()?
        } else {
            Url::parse(&format!("{}://{address}", expected.scheme())).ok()?
        };
        let place = |url: &Url| (url.origin(), url.path().to_owned());
        (place(&found) == place(expected)).then_some(query)
    }
}

impl fmt::Debug for AuthorizationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let page = self.url.as_str().split('?').next();
        f.debug_struct("AuthorizationRequest")
            .field("page", &page.unwrap_or_default())
            .field("redirect_uri", &self.redirect_uri())
            .finish_non_exhaustive()
    }
}

/// What the query of a redirect says (RFC 6749, sections 4.1.2 and 4.1.2.1).
#[derive(Default)]
struct Answer<'a> {
    code: Option<Cow<'a, str>>,
    state: Option<Cow<'a, str>>,
    error: Option<Cow<'a, str>>,
    description: Option<Cow<'a, str>>,
}

impl<'a> Answer<'a> {
    fn read(query: &'a str) -> Result<Self, RedirectError> {
        let mut answer = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let (parameter, place) = match &*name {
                "code" => ("code", &mut answer.code),
                "state" => ("state", &mut answer.state),
                "error" => ("error", &mut answer.error),
                "error_description" => ("error_description", &mut answer.description),
                _ => continue,
            };
            if place.replace(value).is_some() {
                return Err(RedirectError::Repeated { parameter });
            }
        }
        Ok(answer)
    }
}

/// Why a person cannot be asked for a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorizationError {
    /// The app has no redirect URI.
    #[error("the app has no redirect URI; it needs the one that is registered with X")]
    NoRedirectUri,
    /// The redirect URI of the app is no URL.
    #[error("the redirect URI of the app is no URL; it looks like http://127.0.0.1:8080/callback")]
    RedirectUri,
}

/// Why the address that a browser came back with is no grant.
///
/// No variant quotes a code or a state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedirectError {
    /// It is not the redirect URI.
    #[error("this is not the address that the authorize page leads back to")]
    OtherAddress,
    /// The state is missing or another one, so it answers another question than was asked.
    #[error("this is the answer to another sign-in, or a forged one")]
    State,
    /// The person said no.
    #[error("the sign-in was denied on the authorize page")]
    Denied,
    /// The authorize page itself said no.
    #[error("the authorize page refused: {error}{}", reason(.description.as_deref()))]
    #[non_exhaustive]
    Refused {
        /// The kind of error, such as `invalid_scope`, fit to be shown.
        error: String,
        /// What the page says about it, fit to be shown.
        description: Option<String>,
    },
    /// There is no code.
    #[error("the address holds no authorization code")]
    NoCode,
    /// A parameter occurs more than once, so what it says is doubtful.
    #[error("the address says `{parameter}` more than once")]
    #[non_exhaustive]
    Repeated {
        /// Which one.
        parameter: &'static str,
    },
}

fn reason(description: Option<&str>) -> String {
    description.map(|text| format!(": {text}")).unwrap_or_default()
}
