//! The token endpoints of OAuth 2.0.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blocks_domain::Scope;
use blocks_fake::IssuerFault;
use blocks_ports::{App, AuthorizationGrant, TokenGrant};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::client::{Answer, Client};

const TOKEN: &str = "/2/oauth2/token";
const REVOKE: &str = "/2/oauth2/revoke";

/// The headers by which an app proves itself.
fn basic(id: &str, secret: &str) -> String {
    format!("authorization: Basic {}\r\n", STANDARD.encode(format!("{id}:{secret}")))
}

/// What an app says of itself: headers, and the end of a body.
fn said_by(app: &App) -> (String, String) {
    match &app.client_secret {
        Some(secret) => (basic(&app.client_id, secret.expose_secret()), String::new()),
        None => (String::new(), format!("&client_id={}", app.client_id)),
    }
}

async fn call(client: &Client, app: &App, path: &str, body: &str) -> Answer {
    let (headers, named) = said_by(app);
    client.send_form(path, &headers, &format!("{body}{named}")).await
}

fn sign_in(client: &Client, app: &App) -> TokenGrant {
    client.world.sign_in(client.world.owner(), app, Scope::ALL).expect("the owner")
}

fn code(client: &Client, app: &App) -> AuthorizationGrant {
    client.world.authorize(client.world.owner(), app, Scope::ALL).expect("the owner")
}

fn exchange(grant: &AuthorizationGrant) -> String {
    format!(
        "grant_type=authorization_code&code={}&code_verifier={}&redirect_uri={}",
        grant.code.expose_secret(),
        grant.code_verifier.expose_secret(),
        grant.redirect_uri
    )
}

fn refresh(grant: &TokenGrant) -> String {
    let token = grant.refresh_token.as_ref().expect("offline.access");
    format!("grant_type=refresh_token&refresh_token={}", token.expose_secret())
}

fn again(answer: &Answer) -> String {
    let token = answer.json()["refresh_token"].as_str().expect("offline.access").to_owned();
    format!("grant_type=refresh_token&refresh_token={token}")
}

async fn me(client: &Client, token: &str) -> u16 {
    let headers = format!("authorization: Bearer {token}\r\n");
    client.try_call("GET", "/2/users/me", &headers, "").await.expect("an answer").status
}

fn assert_refused(answer: &Answer, status: u16, error: &str, description: &str) {
    let body = json!({ "error": error, "error_description": description });
    assert_eq!((answer.status, answer.json()), (status, body));
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let challenge = (status == 401).then_some("Basic realm=\"sandbox\"");
    assert_eq!(answer.header("www-authenticate"), challenge);
}

fn assert_bad_token(answer: &Answer) {
    assert_refused(answer, 400, "invalid_request", "Value passed for the token was invalid.");
}

fn assert_bad_code(answer: &Answer) {
    let description = "Value passed for the authorization code was invalid.";
    assert_refused(answer, 400, "invalid_request", description);
}

#[tokio::test]
async fn a_code_is_traded_by_either_app_in_its_own_way() {
    let client = Client::new().await;
    for app in [client.world.app(), client.world.public_app()] {
        let answer = call(&client, &app, TOKEN, &exchange(&code(&client, &app))).await;
        let Value::Object(mut body) = answer.json() else { panic!("an object") };
        let access = body.remove("access_token").expect("a token");
        assert!(body.remove("refresh_token").is_some());
        let rest = json!({
            "token_type": "bearer",
            "expires_in": 7200,
            "scope": "block.read block.write users.read tweet.read offline.access",
        });
        assert_eq!((answer.status, Value::from(body)), (200, rest));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("date"), Some("Fri, 07 Aug 2026 12:00:00 GMT"));
        assert_eq!(answer.header("x-access-level"), None);
        assert_eq!(me(&client, access.as_str().expect("text")).await, 200);
    }
}

#[tokio::test]
async fn without_offline_access_there_is_no_refresh_token() {
    let client = Client::new().await;
    let app = client.world.public_app();
    let grant = client.world.authorize(client.world.owner(), &app, Scope::FOR_READING);
    let answer = call(&client, &app, TOKEN, &exchange(&grant.expect("the owner"))).await;
    assert_eq!(answer.json()["scope"], "block.read users.read tweet.read");
    assert!(answer.json().get("refresh_token").is_none());
}

#[tokio::test]
async fn a_code_is_refused_for_anything_but_what_it_was_asked_for() {
    let client = Client::new().await;
    let (app, other) = (client.world.app(), client.world.public_app());
    let foreign = exchange(&code(&client, &other));
    assert_bad_code(&call(&client, &app, TOKEN, &foreign).await);
    let mut grant = code(&client, &app);
    grant.code_verifier = "a".repeat(43).into();
    assert_bad_code(&call(&client, &app, TOKEN, &exchange(&grant)).await);
    let mut grant = code(&client, &app);
    grant.redirect_uri.push('x');
    assert_bad_code(&call(&client, &app, TOKEN, &exchange(&grant)).await);
    let grant = code(&client, &app);
    client.world.advance(Duration::from_secs(30));
    assert_bad_code(&call(&client, &app, TOKEN, &exchange(&grant)).await);
}

#[tokio::test]
async fn a_second_use_of_a_code_ends_what_it_gave() {
    let client = Client::new().await;
    let app = client.world.app();
    let grant = exchange(&code(&client, &app));
    let tokens = call(&client, &app, TOKEN, &grant).await;
    let access = tokens.json()["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(me(&client, &access).await, 200);
    assert_bad_code(&call(&client, &app, TOKEN, &grant).await);
    assert_eq!(me(&client, &access).await, 401);
    assert_bad_token(&call(&client, &app, TOKEN, &again(&tokens)).await);
}

#[tokio::test]
async fn a_refresh_token_works_once_and_a_reuse_ends_the_family() {
    let client = Client::new().await;
    let app = client.world.public_app();
    let first = sign_in(&client, &app);
    let second = call(&client, &app, TOKEN, &refresh(&first)).await;
    assert_eq!(second.status, 200);
    let access = second.json()["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(me(&client, first.access_token.expose_secret()).await, 401, "ended by the refresh");
    assert_eq!(me(&client, &access).await, 200);

    assert_bad_token(&call(&client, &app, TOKEN, &refresh(&first)).await);
    assert_eq!(me(&client, &access).await, 401);
    assert_bad_token(&call(&client, &app, TOKEN, &again(&second)).await);
    let tally = client.world.sign_in_tally();
    assert_eq!((tally.exchanges, tally.reuses, tally.calls), (1, 1, 3));
}

#[tokio::test]
async fn an_access_token_ends_after_two_hours_and_the_refresh_token_does_not() {
    let client = Client::new().await;
    let app = client.world.app();
    let grant = sign_in(&client, &app);
    client.world.advance(Duration::from_secs(7199));
    assert_eq!(me(&client, grant.access_token.expose_secret()).await, 200);
    client.world.advance(Duration::from_secs(1));
    assert_eq!(me(&client, grant.access_token.expose_secret()).await, 401);
    assert_eq!(call(&client, &app, TOKEN, &refresh(&grant)).await.status, 200);
}

#[tokio::test]
async fn a_refresh_token_belongs_to_its_client() {
    let client = Client::new().await;
    let (app, other) = (client.world.app(), client.world.public_app());
    let grant = sign_in(&client, &app);
    assert_bad_token(&call(&client, &other, TOKEN, &refresh(&grant)).await);
    assert_bad_token(&call(&client, &app, TOKEN, "grant_type=refresh_token&refresh_token=x").await);
    assert_eq!(call(&client, &app, TOKEN, &refresh(&grant)).await.status, 200);
    assert_eq!(client.world.sign_in_tally().reuses, 0);
}

#[tokio::test]
async fn a_client_proves_itself_in_its_own_way_and_in_no_other() {
    let client = Client::new().await;
    let (app, public) = (client.world.app(), client.world.public_app());
    let (id, secret) = (&app.client_id, app.client_secret.as_ref().expect("confidential"));
    let secret = secret.expose_secret();
    let public_id = &public.client_id;
    let unproven = ("unauthorized_client", "Missing valid authorization header");
    let unknown = ("invalid_client", "The client is unknown, or its secret is wrong.");
    let twice = format!("{0}{0}", basic(id, secret));
    for (headers, named, (error, description)) in [
        (String::new(), String::new(), unproven),
        (String::new(), format!("&client_id={id}"), unproven),
        (String::new(), format!("&client_id={id}&client_secret={secret}"), unproven),
        (String::new(), "&client_id=unheard-of".to_owned(), unknown),
        (basic(id, "guessed"), String::new(), unknown),
        (basic("unheard-of", secret), String::new(), unknown),
        (basic(public_id, ""), String::new(), unknown),
        ("authorization: Basic ???\r\n".to_owned(), String::new(), unproven),
        ("authorization: Bearer x\r\n".to_owned(), format!("&client_id={public_id}"), unproven),
        (twice, String::new(), unproven),
    ] {
        for (path, body) in [(TOKEN, refresh(&sign_in(&client, &app))), (REVOKE, "token=x".into())]
        {
            let answer = client.send_form(path, &headers, &format!("{body}{named}")).await;
            assert_refused(&answer, 401, error, description);
        }
    }
    let body = format!("{}&client_id={public_id}", refresh(&sign_in(&client, &app)));
    let answer = client.send_form(TOKEN, &basic(id, secret), &body).await;
    assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("invalid_request")));
    let body = format!("{}&client_id={id}", refresh(&sign_in(&client, &app)));
    assert_eq!(client.send_form(TOKEN, &basic(id, secret), &body).await.status, 200);
}

#[tokio::test]
async fn a_request_that_is_not_as_the_standard_has_it_is_refused() {
    let client = Client::new().await;
    let app = client.world.public_app();
    let named = said_by(&app).1;
    let missing = "Missing required parameter.";
    let exchange = exchange(&code(&client, &app));
    let without = |name: &str| {
        let kept = exchange.split('&').filter(|part| !part.starts_with(&format!("{name}=")));
        kept.collect::<Vec<_>>().join("&")
    };
    let twice = refresh(&sign_in(&client, &app)) + "&refresh_token=x";
    for (body, error, description) in [
        (without("grant_type"), "invalid_request", missing),
        (without("code"), "invalid_request", missing),
        (without("code_verifier"), "invalid_request", missing),
        (without("redirect_uri"), "invalid_request", missing),
        ("grant_type=refresh_token".to_owned(), "invalid_request", missing),
        ("grant_type=refresh_token&refresh_token=".to_owned(), "invalid_request", missing),
        (
            "grant_type=client_credentials".to_owned(),
            "unsupported_grant_type",
            "This grant type is not offered.",
        ),
        (
            refresh(&sign_in(&client, &app)) + "&scope=users.read",
            "invalid_scope",
            "A refresh keeps the scopes that it has.",
        ),
        (twice, "invalid_request", "A parameter is given more than once."),
    ] {
        let answer = client.send_form(TOKEN, "", &format!("{body}{named}")).await;
        assert_refused(&answer, 400, error, description);
    }
    let json = client.post(TOKEN, r#"{"grant_type":"refresh_token"}"#).await;
    let description = "The body must be application/x-www-form-urlencoded.";
    assert_refused(&json, 400, "invalid_request", description);
    let long = "a".repeat(64 * 1024);
    assert_eq!(client.send_form(TOKEN, "", &format!("token={long}")).await.status, 413);
    assert_eq!(client.get(TOKEN).await.status, 405);
}

#[tokio::test]
async fn a_refresh_may_repeat_the_scopes_that_it_has() {
    let client = Client::new().await;
    let app = client.world.app();
    let grant = sign_in(&client, &app);
    let mut scopes: Vec<_> = grant.scope.as_deref().expect("scopes").split(' ').collect();
    scopes.reverse();
    let body = format!("{}&scope={}", refresh(&grant), scopes.join("+"));
    assert_eq!(call(&client, &app, TOKEN, &body).await.status, 200);
}

#[tokio::test]
async fn either_token_revokes_its_sign_in() {
    let client = Client::new().await;
    let app = client.world.app();
    let revoked = json!({ "revoked": true });
    for hint in ["", "&token_type_hint=access_token", "&token_type_hint=refresh_token"] {
        for by_refresh_token in [false, true] {
            let grant = sign_in(&client, &app);
            let token = match &grant.refresh_token {
                Some(token) if by_refresh_token => token.expose_secret(),
                _ => grant.access_token.expose_secret(),
            };
            let answer = call(&client, &app, REVOKE, &format!("token={token}{hint}")).await;
            assert_eq!((answer.status, answer.json()), (200, revoked.clone()));
            assert_eq!(me(&client, grant.access_token.expose_secret()).await, 401);
            assert_bad_token(&call(&client, &app, TOKEN, &refresh(&grant)).await);
        }
    }
    let unknown = call(&client, &app, REVOKE, "token=unheard-of").await;
    assert_eq!((unknown.status, unknown.json()), (200, revoked));
    let nothing = call(&client, &app, REVOKE, "token_type_hint=access_token").await;
    assert_refused(&nothing, 400, "invalid_request", "Missing required parameter.");
}

#[tokio::test]
async fn a_token_of_another_client_is_not_revoked() {
    let client = Client::new().await;
    let grant = sign_in(&client, &client.world.app());
    let body = format!("token={}", grant.access_token.expose_secret());
    let answer = call(&client, &client.world.public_app(), REVOKE, &body).await;
    let description = "The token belongs to another client.";
    assert_refused(&answer, 400, "unauthorized_client", description);
    assert_eq!(me(&client, grant.access_token.expose_secret()).await, 200);
}

#[tokio::test]
async fn the_standing_token_can_be_revoked_and_stays_so() {
    let client = Client::new().await;
    let token = client.world.token();
    let body = format!("token={}", token.expose_secret());
    assert_eq!(me(&client, token.expose_secret()).await, 200);
    assert_eq!(call(&client, &client.world.public_app(), REVOKE, &body).await.status, 200);
    assert_eq!(me(&client, client.world.token().expose_secret()).await, 401);
}

#[tokio::test]
async fn a_refresh_goes_wrong_when_a_test_wants_it_to() {
    let client = Client::new().await;
    let app = client.world.app();
    let grant = refresh(&sign_in(&client, &app));
    let (headers, _) = said_by(&app);
    let headers = format!("{headers}content-type: application/x-www-form-urlencoded\r\n");
    client.world.spoil_refresh(IssuerFault::Unreachable);
    client.world.spoil_refresh(IssuerFault::AppRefused);
    client.world.spoil_refresh(IssuerFault::AnswerLost);
    let unreachable = client.try_call("POST", TOKEN, &headers, &grant).await;
    assert!(unreachable.is_err(), "{unreachable:?}");
    let description = "The client is unknown, or its secret is wrong.";
    let refused = call(&client, &app, TOKEN, &grant).await;
    assert_refused(&refused, 401, "invalid_client", description);
    assert_eq!(client.world.sign_in_tally().exchanges, 0);
    let lost = client.try_call("POST", TOKEN, &headers, &grant).await;
    assert!(lost.is_err(), "{lost:?}");
    assert_eq!(client.world.sign_in_tally().exchanges, 1);
    assert_bad_token(&call(&client, &app, TOKEN, &grant).await);
}
