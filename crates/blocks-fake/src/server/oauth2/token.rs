//! The endpoints for tokens (RFC 6749, sections 4.1.3 and 6; RFC 7009).

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blocks_ports::{AuthorizationGrant, TokenGrant};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::World;
use crate::server::Incoming;
use crate::server::answer::{Answer, Content};
use crate::server::connection::Peer;
use crate::server::form::Form;
use crate::server::query::decoded;
use crate::world::{Authority, Client, TokenError};

/// Why a request for a token, or to revoke one, is refused.
#[derive(Debug)]
enum Refusal {
    /// Something is wrong with the request itself.
    Request(&'static str),
    GrantType,
    Scope,
    /// Who is calling is not said in the way that their kind of client has to.
    Unproven,
    Token(TokenError),
}

/// Gives out tokens for a code or a refresh token.
pub(crate) fn token(world: &World, incoming: &Incoming, peer: &Peer) -> Answer {
    match granted(world, incoming) {
        Ok(grant) => Answer::new(200, Content::Json(encoded(&grant))).not_to_be_stored(),
        Err(refusal) => refusal.answer(peer),
    }
}

/// Ends what a token belongs to.
pub(crate) fn revoke(world: &World, incoming: &Incoming, peer: &Peer) -> Answer {
    match revoked(world, incoming) {
        Ok(()) => Answer::new(200, Content::Json(json!({ "revoked": true }))).not_to_be_stored(),
        Err(refusal) => refusal.answer(peer),
    }
}

fn granted(world: &World, incoming: &Incoming) -> Result<TokenGrant, Refusal> {
    let form = form(incoming)?;
    let grant_type = form.get("grant_type").ok_or(MISSING)?;
    world.with_authority(|authority, now| {
        let client = client(authority, &incoming.head.headers, &form)?;
        match grant_type {
            "authorization_code" => {
                let code = form.get("code").ok_or(MISSING)?;
                let verifier = form.get("code_verifier").ok_or(MISSING)?;
                let redirect_uri = form.get("redirect_uri").ok_or(MISSING)?;
                let grant = AuthorizationGrant::new(code, verifier, redirect_uri);
                Ok(authority.exchange(client, &grant, now)?)
            }
            "refresh_token" => {
                let token = SecretString::from(form.get("refresh_token").ok_or(MISSING)?);
                // The standard lets a refresh ask for less. Some clients repeat what they have, and
                // nobody asks for less, so whoever asks for anything else has made a mistake.
                if form.get("scope").is_some_and(|words| !authority.has_scopes(&token, words)) {
                    return Err(Refusal::Scope);
                }
                Ok(authority.refresh(client, &token, now)?)
            }
            _ => Err(Refusal::GrantType),
        }
    })
}

fn revoked(world: &World, incoming: &Incoming) -> Result<(), Refusal> {
    let form = form(incoming)?;
    let token = SecretString::from(form.get("token").ok_or(MISSING)?);
    world.with_authority(|authority, _| {
        let client = client(authority, &incoming.head.headers, &form)?;
        Ok(authority.revoke(client, &token)?)
    })
}

const MISSING: Refusal = Refusal::Request("Missing required parameter.");

fn form(incoming: &Incoming) -> Result<Form, Refusal> {
    let not_a_form = "The body must be application/x-www-form-urlencoded.";
    let form = Form::of_body(incoming).ok_or(Refusal::Request(not_a_form))?;
    match form.repeated() {
        Some(_) => Err(Refusal::Request("A parameter is given more than once.")),
        None => Ok(form),
    }
}

/// The client that calls: by HTTP Basic where it has a secret, by `client_id` in the body where
/// it has none, and in no other way.
fn client(authority: &Authority, headers: &HeaderMap, form: &Form) -> Result<Client, Refusal> {
    const UNKNOWN: Refusal = Refusal::Token(TokenError::Client);
    let named = form.get("client_id");
    if headers.contains_key(header::AUTHORIZATION) {
        let (id, secret) = basic(headers).ok_or(Refusal::Unproven)?;
        if named.is_some_and(|named| named != id) {
            return Err(Refusal::Request("The body and the header name different clients."));
        }
        return authority.client(&id, Some(&secret)).ok_or(UNKNOWN);
    }
    let id = named.ok_or(Refusal::Unproven)?;
    authority.client_named(id).ok_or(UNKNOWN)?;
    authority.client(id, None).ok_or(Refusal::Unproven)
}

/// Id and secret of HTTP Basic, both form-encoded as RFC 6749, section 2.3.1 has it.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (values.next()?.to_str().ok()?, values.next()) else { return None };
    let (scheme, encoded) = value.split_once(' ')?;
    let bytes = STANDARD.decode(encoded.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (id, secret) = text.split_once(':')?;
    scheme.eq_ignore_ascii_case("basic").then(|| (decoded(id, true), decoded(secret, true)))
}

fn encoded(grant: &TokenGrant) -> Value {
    let mut json = json!({
        "token_type": "bearer",
        "expires_in": grant.expires_in.map(|lifetime| lifetime.as_secs()),
        "access_token": grant.access_token.expose_secret(),
        "scope": grant.scope,
    });
    if let Some(token) = &grant.refresh_token {
        json["refresh_token"] = token.expose_secret().into();
    }
    json
}

impl Refusal {
    fn answer(self, peer: &Peer) -> Answer {
        let (status, error, description) = match self {
            Self::Request(why) => (400, "invalid_request", why),
            Self::GrantType => (400, "unsupported_grant_type", "This grant type is not offered."),
            Self::Scope => (400, "invalid_scope", "A refresh keeps the scopes that it has."),
            Self::Unproven => (401, "unauthorized_client", "Missing valid authorization header"),
            Self::Token(TokenError::Client) => {
                (401, "invalid_client", "The client is unknown, or its secret is wrong.")
            }
            Self::Token(TokenError::Code) => {
                (400, "invalid_request", "Value passed for the authorization code was invalid.")
            }
            Self::Token(TokenError::Token) => {
                (400, "invalid_request", "Value passed for the token was invalid.")
            }
            Self::Token(TokenError::Foreign) => {
                (400, "unauthorized_client", "The token belongs to another client.")
            }
            Self::Token(TokenError::Unreachable | TokenError::AnswerLost) => {
                peer.reset();
                return Answer::new(500, Content::Json(Value::Null));
            }
        };
        let body = json!({ "error": error, "error_description": description });
        let answer = Answer::new(status, Content::Json(body)).not_to_be_stored();
        match status {
            401 => answer.with_header("www-authenticate", "Basic realm=\"sandbox\"".to_owned()),
            _ => answer,
        }
    }
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        Self::Token(error)
    }
}
