//! OAuth 1.0a on the wire: its signatures, its three legs, and the way back.

pub(super) mod authorize;
mod nonces;
mod signed;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::answer::{Answer, Content};
use super::form::{FORM, with_parameters};
use crate::World;
use crate::world::Authority;

pub(crate) use nonces::Nonces;
pub(super) use signed::Signed;

/// Why one of these calls is refused.
#[derive(Debug, Clone, Copy)]
enum Refusal {
    /// The consumer, the signature, the timestamp or the nonce.
    Unauthenticated,
    /// The request token, or its verifier.
    Token,
    /// The callback is not registered.
    Callback,
}

/// Gives out a request token.
pub(super) fn request_token(world: &World, signed: Option<&Signed>, now: Timestamp) -> Answer {
    let granted = by_consumer(world, signed, now).and_then(|signed| {
        let callback = signed.get("oauth_callback").unwrap_or_default();
        let token = world.with_authority(|authority, now| authority.request_token(callback, now));
        token.ok_or(Refusal::Callback)
    });
    match granted {
        Ok(token) => form(&[
            ("oauth_token", &token.token),
            ("oauth_token_secret", token.secret.expose_secret()),
            ("oauth_callback_confirmed", "true"),
        ]),
        Err(refusal) => refusal.answer(),
    }
}

/// Trades an authorized request token for a sign-in.
pub(super) fn access_token(world: &World, signed: Option<&Signed>, now: Timestamp) -> Answer {
    let granted = by_token(world, signed, now, Authority::request_secret).and_then(|by| {
        let verifier = by.signed.get("oauth_verifier").unwrap_or_default().into();
        let traded =
            world.with_authority(|authority, now| authority.access_token(by.token, &verifier, now));
        traded.ok_or(Refusal::Token)
    });
    match granted {
        Ok((person, credential)) => {
            let (user_id, screen_name) = world.known_as(person);
            form(&[
                ("oauth_token", &credential.token),
                ("oauth_token_secret", credential.token_secret.expose_secret()),
                ("user_id", &user_id.to_string()),
                ("screen_name", &screen_name),
            ])
        }
        Err(refusal) => refusal.answer(),
    }
}

/// Ends the sign-in that the call is signed with.
pub(super) fn invalidate(world: &World, signed: Option<&Signed>, now: Timestamp) -> Answer {
    match by_token(world, signed, now, Authority::sign_in_secret) {
        Ok(By { token, .. }) => {
            world.with_authority(|authority, _| authority.invalidate(token));
            let body = Content::Json(json!({ "access_token": token }));
            Answer::new(200, body).not_to_be_stored()
        }
        Err(refusal) => refusal.answer(),
    }
}

/// The token of the sign-in by which a call is signed, and rightly so.
pub(super) fn sign_in<'a>(
    world: &World,
    signed: Option<&'a Signed>,
    now: Timestamp,
) -> Option<&'a str> {
    by_token(world, signed, now, Authority::sign_in_secret).ok().map(|by| by.token)
}

/// A request whose signature is right, with the token that it is made with.
struct By<'a> {
    signed: &'a Signed,
    token: &'a str,
}

/// A request that is signed with the secret of its token.
fn by_token<'a>(
    world: &World,
    signed: Option<&'a Signed>,
    now: Timestamp,
    secret_of: impl FnOnce(&Authority, &str) -> Option<SecretString>,
) -> Result<By<'a>, Refusal> {
    let signed = signed.ok_or(Refusal::Unauthenticated)?;
    let token = signed.token().ok_or(Refusal::Unauthenticated)?;
    let secret = world.with_authority(|authority, _| secret_of(authority, token));
    let secret = secret.ok_or(Refusal::Token)?;
    let is_genuine = signed.is_genuine(world, Some(&secret), now);
    is_genuine.then_some(By { signed, token }).ok_or(Refusal::Unauthenticated)
}

/// A request that is signed with the secret of the app alone.
fn by_consumer<'a>(
    world: &World,
    signed: Option<&'a Signed>,
    now: Timestamp,
) -> Result<&'a Signed, Refusal> {
    let without_token = signed.filter(|signed| signed.token().is_none());
    let genuine = without_token.filter(|signed| signed.is_genuine(world, None, now));
    genuine.ok_or(Refusal::Unauthenticated)
}

fn form(pairs: &[(&str, &str)]) -> Answer {
    let body = with_parameters("", pairs).split_off(1);
    Answer::new(200, Content::Raw { content_type: FORM, body: body.into() }).not_to_be_stored()
}

impl Refusal {
    fn answer(self) -> Answer {
        let (status, code, message) = match self {
            Self::Unauthenticated => (401, 32, "Could not authenticate you."),
            Self::Token => (401, 89, "Invalid or expired token."),
            Self::Callback => (403, 415, "Callback URL not approved for this client application."),
        };
        let body = json!({ "errors": [{ "code": code, "message": message }] });
        Answer::new(status, Content::Json(body)).not_to_be_stored()
    }
}
