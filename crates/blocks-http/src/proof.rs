//! What a request carries to prove who is calling.

use blocks_domain::{EndpointSpec, Failure, ForbiddenReason};
use blocks_ports::{ApiError, Credential, OAuth1Credential};
use jiff::Timestamp;
use reqwest::header::HeaderValue;
use secrecy::ExposeSecret;

use crate::oauth1::{ServerTime, Signed, Signer, Stamp, Unsigned};
use crate::redact::Secrets;

/// The `Authorization` header of one request, and what of it must not show.
pub(crate) struct Proof {
    pub(crate) header: HeaderValue,
    pub(crate) secrets: Secrets,
    /// The time that is part of it, if one is.
    pub(crate) signed_at: Option<Timestamp>,
}

impl Proof {
    /// Proves with a credential who makes this request; fails where it cannot, before anything
    /// is sent.
    pub(crate) fn new(
        credential: &Credential,
        endpoint: &EndpointSpec,
        request: &Unsigned<'_>,
        time: &ServerTime,
    ) -> Result<Self, ApiError> {
        if let Some(why) = unsupported(credential, endpoint) {
            let reason = ForbiddenReason::UnsupportedAuthentication;
            return Err(unusable(Failure::Forbidden(reason), why));
        }
        match credential {
            Credential::OAuth2(credential) => Self::bearer(credential.access_token.expose_secret()),
            Credential::Bearer(token) => Self::bearer(token.expose()),
            Credential::OAuth1(credential) => Self::signature(credential, request, time),
            Credential::Reference(reference) => {
                let place = blocks_domain::excerpt(&reference.place);
                let detail = format!(
                    "the secrets of this sign-in are kept in the {place}, which is not at hand here"
                );
                Err(unusable(Failure::Unsupported, detail))
            }
            _ => Err(unusable(Failure::Unsupported, "this kind of sign-in is not known here")),
        }
    }

    fn bearer(token: &str) -> Result<Self, ApiError> {
        let invalid = |detail| unusable(Failure::Unauthenticated, detail);
        if token.is_empty() {
            return Err(invalid("the access token is empty, so nothing was sent"));
        }
        let mut header = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| {
            invalid("the access token holds line breaks or the like; nothing was sent")
        })?;
        header.set_sensitive(true);
        Ok(Self { header, secrets: Secrets::default().and(token), signed_at: None })
    }

    fn signature(
        credential: &OAuth1Credential,
        request: &Unsigned<'_>,
        time: &ServerTime,
    ) -> Result<Self, ApiError> {
        let parts = [&credential.consumer_key, &credential.token].map(String::as_str);
        let secrets = [&credential.consumer_secret, &credential.token_secret]
            .map(ExposeSecret::expose_secret);
        if parts.iter().chain(&secrets).any(|part| part.is_empty()) {
            let detail = "a part of the OAuth 1.0a sign-in is empty, so nothing was sent";
            return Err(unusable(Failure::Unauthenticated, detail));
        }
        let now = time.now();
        let signed = Signer::from(credential).sign(request, &Stamp::at(now));
        Ok(Self {
            header: signed_header(&signed),
            secrets: Secrets::default()
                .and(&credential.token)
                .and(secrets[0])
                .and(secrets[1])
                .and(signed.signature()),
            signed_at: Some(now),
        })
    }
}

/// The `Authorization` header of a signed request, marked so that nothing shows it.
pub(crate) fn signed_header(signed: &Signed) -> HeaderValue {
    let mut header =
        HeaderValue::try_from(signed.header()).expect("percent-encoded text fits into a header");
    header.set_sensitive(true);
    header
}

/// Why a call does not accept this kind of credential, as far as can be known before it is sent.
fn unsupported(credential: &Credential, endpoint: &EndpointSpec) -> Option<&'static str> {
    let of_user = matches!(credential, Credential::OAuth1(_) | Credential::OAuth2(_));
    match (endpoint.is_for_app(), credential.is_app_only()) {
        (false, true) => {
            Some("it is an app-only token, which no user signed in with; nothing was sent")
        }
        (true, false) if of_user => Some(
            "this call needs the app's own bearer token, and this is the sign-in of a user; \
             nothing was sent",
        ),
        _ => None,
    }
}

fn unusable(kind: Failure, detail: impl Into<String>) -> ApiError {
    ApiError::new(kind).with_detail(detail).not_sent()
}
