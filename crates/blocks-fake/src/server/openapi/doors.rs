//! The pages and endpoints of signing in as operations.

use serde_json::{Value, json};

use super::component;
use super::outcome::{Outcome, responses};
use super::schema::{any, exactly, object, some, string};
use crate::server::answer::{Answer, Content};
use crate::server::consent::{notice, redirect};
use crate::server::door::Door;
use crate::server::form::FORM;

/// The schemas of what these endpoints answer, by name.
pub(super) fn schemas() -> [(String, Value); 5] {
    let tokens = object(
        [
            ("token_type", exactly("bearer")),
            ("expires_in", json!({ "type": "integer", "minimum": 1 })),
            ("access_token", string()),
            ("scope", string()),
        ],
        [("refresh_token", string())],
    );
    let error = object([("error", string()), ("error_description", string())], []);
    let code = object([("code", json!({ "type": "integer" })), ("message", string())], []);
    [
        ("tokens", tokens),
        ("revoked", object([("revoked", exactly(true))], [])),
        ("oauth2-error", error),
        ("invalidated", object([("access_token", string())], [])),
        ("oauth1-error", object([("errors", some(code))], [])),
    ]
    .map(|(name, schema)| (name.to_owned(), schema))
}

/// A place where somebody signs in or out as an operation.
pub(super) fn of(door: Door) -> Value {
    let mut operation = json!({
        "operationId": format!("{door:?}"),
        "summary": summary(door),
        "tags": ["Signing in"],
        "responses": responses(outcomes(door)),
        "security": [],
    });
    match door {
        Door::Authorize => operation["parameters"] = authorize_parameters(),
        Door::AuthorizeRequest => {
            operation["parameters"] = json!([in_query("oauth_token", string(), true)]);
        }
        Door::Token => operation["requestBody"] = form(any(vec![code_grant(), refresh_grant()])),
        Door::Revoke => {
            let parameters = [("token", string())];
            let body = object(parameters, [("client_id", string()), ("token_type_hint", string())]);
            operation["requestBody"] = form(body);
        }
        Door::Decide | Door::DecideRequest => operation["requestBody"] = form(decision()),
        Door::RequestToken | Door::AccessToken | Door::Invalidate => {}
    }
    operation
}

const fn summary(door: Door) -> &'static str {
    match door {
        Door::Authorize => "The consent page of OAuth 2.0.",
        Door::Decide => "Answers the consent page of OAuth 2.0.",
        Door::Token => "Trades a code or a refresh token for tokens.",
        Door::Revoke => "Ends what a token belongs to.",
        Door::AuthorizeRequest => "The consent page of OAuth 1.0a.",
        Door::DecideRequest => "Answers the consent page of OAuth 1.0a.",
        Door::RequestToken => "Gives out a request token; the request is signed.",
        Door::AccessToken => "Trades an authorized request token; the request is signed.",
        Door::Invalidate => "Ends the sign-in that the request is signed with.",
    }
}

fn outcomes(door: Door) -> Vec<Outcome> {
    let too_large = Outcome::of(
        Answer::new(413, Content::Problem(Value::Null)),
        "The body is over 64 KiB.",
        Some(component("payload-too-large")),
        None,
    );
    let mut all = match door {
        Door::Authorize | Door::AuthorizeRequest => pages(&[200, 303, 400]),
        Door::Decide | Door::DecideRequest => pages(&[200, 303, 400, 403]),
        Door::Token => oauth2("tokens"),
        Door::Revoke => oauth2("revoked"),
        Door::RequestToken | Door::AccessToken => {
            let body = Content::Raw { content_type: FORM, body: axum::body::Body::empty() };
            let done = Answer::new(200, body).not_to_be_stored();
            let mut all = vec![Outcome::of(done, "Done.", None, None)];
            all.extend([401, 403].map(|status| secret(status, "It is refused.", "oauth1-error")));
            all
        }
        Door::Invalidate => {
            vec![secret(200, "Done.", "invalidated"), secret(401, "It is refused.", "oauth1-error")]
        }
    };
    all.push(too_large);
    all
}

fn pages(statuses: &[u16]) -> Vec<Outcome> {
    let page = |status: &u16| {
        let what = match status {
            200 => "A page.",
            303 => "The browser is sent on.",
            400 => "A page that says why it cannot go on.",
            _ => "Another site sent the form.",
        };
        let answer = match status {
            303 => redirect(String::new()),
            _ => notice(*status, "", ""),
        };
        Outcome::of(answer, what, None, None)
    };
    statuses.iter().map(page).collect()
}

fn oauth2(done: &str) -> Vec<Outcome> {
    let unproven = Answer::new(401, Content::Json(Value::Null))
        .not_to_be_stored()
        .with_header("www-authenticate", "Basic".to_owned());
    let error = Some(component("oauth2-error"));
    vec![
        secret(200, "Done.", done),
        secret(400, "The request, or what it trades, is wrong.", "oauth2-error"),
        Outcome::of(unproven, "The app is unknown, or does not prove itself.", error, None),
    ]
}

/// An answer that no cache may keep.
fn secret(status: u16, what: &str, schema: &str) -> Outcome {
    let answer = Answer::new(status, Content::Json(Value::Null)).not_to_be_stored();
    Outcome::of(answer, what, Some(component(schema)), None)
}

fn authorize_parameters() -> Value {
    let challenge = json!({ "type": "string", "pattern": "^[A-Za-z0-9._~-]{43,128}$" });
    let state = json!({ "type": "string", "minLength": 1, "maxLength": 500 });
    json!([
        in_query("response_type", exactly("code"), true),
        in_query("client_id", string(), true),
        in_query("redirect_uri", string(), true),
        in_query("scope", string(), true),
        in_query("state", state, true),
        in_query("code_challenge", challenge, true),
        in_query("code_challenge_method", json!({ "enum": ["S256", "plain"] }), false),
    ])
}

fn in_query(name: &str, schema: Value, required: bool) -> Value {
    let mut parameter = json!({ "name": name, "in": "query", "required": required });
    parameter["schema"] = schema;
    parameter
}

fn form(schema: Value) -> Value {
    let mut body = json!({ "required": true, "content": {} });
    body["content"][FORM]["schema"] = schema;
    body
}

fn code_grant() -> Value {
    object(
        [
            ("grant_type", exactly("authorization_code")),
            ("code", string()),
            ("code_verifier", string()),
            ("redirect_uri", string()),
        ],
        [("client_id", string())],
    )
}

fn refresh_grant() -> Value {
    object(
        [("grant_type", exactly("refresh_token")), ("refresh_token", string())],
        [("client_id", string())],
    )
}

fn decision() -> Value {
    let answered =
        |verdict| object([("ticket", string()), (verdict, string())], [("username", string())]);
    any(vec![answered("approve"), answered("deny")])
}
