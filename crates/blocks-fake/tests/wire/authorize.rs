//! The authorize page of OAuth 2.0.

use std::time::Duration;

use blocks_fake::World;
use secrecy::ExposeSecret;

use crate::client::{Answer, Client};

const PATH: &str = "/i/oauth2/authorize";
const CALLBACK: &str = "http://127.0.0.1:8739/callback";
/// The example of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The parameters of a right request of the public app.
fn parameters(world: &World) -> Vec<(&'static str, String)> {
    vec![
        ("response_type", "code".to_owned()),
        ("client_id", world.public_app().client_id),
        ("redirect_uri", CALLBACK.to_owned()),
        ("scope", "block.read%20users.read%20tweet.read%20offline.access".to_owned()),
        ("state", "a%26b%20%C3%BC".to_owned()),
        ("code_challenge", CHALLENGE.to_owned()),
        ("code_challenge_method", "S256".to_owned()),
    ]
}

fn path_of(parameters: &[(&str, String)]) -> String {
    let all: Vec<_> = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{PATH}?{}", all.join("&"))
}

/// The path of a request that is right but for one parameter; `None` leaves it out.
fn path_with(world: &World, name: &'static str, value: Option<&str>) -> String {
    let mut parameters = parameters(world);
    parameters.retain(|(n, _)| *n != name);
    parameters.extend(value.map(|value| (name, value.to_owned())));
    path_of(&parameters)
}

async fn page(client: &Client) -> Answer {
    client.open(&path_of(&parameters(&client.world))).await
}

async fn exchange(client: &Client, code: &str, verifier: &str) -> Answer {
    let id = client.world.public_app().client_id;
    let body = format!(
        "grant_type=authorization_code&client_id={id}&code={code}&code_verifier={verifier}\
         &redirect_uri={CALLBACK}"
    );
    client.send_form("/2/oauth2/token", "", &body).await
}

#[tokio::test]
async fn the_page_says_who_asks_for_what_and_lets_nobody_else_in() {
    let client = Client::new().await;
    let page = page(&client).await;
    assert_eq!(page.status, 200);
    let owner = client.owner_name();
    for words in [
        "<b>sandbox-public</b> wants to use an account",
        "<li>see whom the account blocks (<code>block.read</code>)</li>",
        "<li>stay signed in with a refresh token (<code>offline.access</code>)</li>",
        &format!("name=\"username\" value=\"{owner}\""),
        "<button id=\"approve\" name=\"approve\"",
        "<button id=\"deny\" name=\"deny\"",
        CALLBACK,
    ] {
        assert!(page.text().contains(words), "{words} in {}", page.text());
    }
    assert!(!page.text().contains("block.write") && !page.text().contains("<script"));
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(policy.contains("form-action 'self' http://127.0.0.1:8739;"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-store"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
    ] {
        assert_eq!(page.header(name), Some(value), "{name}");
    }
}

#[tokio::test]
async fn approving_gives_a_code_for_the_account_that_was_named() {
    let client = Client::new().await;
    let them = client.world.stranger(2);
    let name = client.world.profile(them).expect("a stranger").username.to_uppercase();
    let answer = client.press(&page(&client).await, PATH, &name, "approve").await;
    assert_eq!(answer.redirect().0, CALLBACK);
    assert_eq!(answer.redirected("state"), "a%26b%20%C3%BC");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let tokens = exchange(&client, answer.redirected("code"), VERIFIER).await.json();
    assert_eq!(tokens["scope"], "block.read users.read tweet.read offline.access");
    let token = tokens["access_token"].as_str().expect("a token");
    let headers = format!("authorization: Bearer {token}\r\n");
    let me = client.try_call("GET", "/2/users/me", &headers, "").await.expect("an answer");
    assert_eq!(me.json()["data"]["id"], them.to_string());
}

#[tokio::test]
async fn the_method_plain_is_what_goes_without_saying() {
    let client = Client::new().await;
    for method in [None, Some("plain")] {
        let mut parameters = parameters(&client.world);
        parameters.retain(|(name, _)| !name.starts_with("code_challenge"));
        parameters.push(("code_challenge", VERIFIER.to_owned()));
        parameters.extend(method.map(|method| ("code_challenge_method", method.to_owned())));
        let page = client.open(&path_of(&parameters)).await;
        let answer = client.press(&page, PATH, &client.owner_name(), "approve").await;
        let tokens = exchange(&client, answer.redirected("code"), VERIFIER).await;
        assert_eq!(tokens.status, 200, "{}", tokens.text());
    }
}

#[tokio::test]
async fn denying_is_told_to_the_app_whoever_it_is() {
    let client = Client::new().await;
    let answer = client.press(&page(&client).await, PATH, "", "deny").await;
    let (address, told) = answer.redirect();
    assert_eq!(address, CALLBACK);
    assert_eq!(told, [("error", "access_denied"), ("state", "a%26b%20%C3%BC")]);
}

#[tokio::test]
async fn a_further_address_may_be_registered_and_has_its_place_in_the_policy() {
    let client = Client::new().await;
    client.world.register_redirect_uri("http://[::1]:9/cb?x=1");
    let address = "http://%5B::1%5D:9/cb?x%3D1";
    let page = client.open(&path_with(&client.world, "redirect_uri", Some(address))).await;
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("form-action 'self' http:;"), "{policy}");
    let answer = client.press(&page, PATH, &client.owner_name(), "approve").await;
    assert_eq!(answer.redirect().1[0], ("x", "1"));
    assert!(!answer.redirected("code").is_empty());
}

#[tokio::test]
async fn while_the_app_is_not_certain_nobody_is_sent_anywhere() {
    let client = Client::new().await;
    let world = &client.world;
    let twice = format!("{}&redirect_uri=http://evil.example/", path_of(&parameters(world)));
    for path in [
        path_with(world, "client_id", None),
        path_with(world, "client_id", Some("unheard-of")),
        path_with(world, "redirect_uri", None),
        path_with(world, "redirect_uri", Some("http://127.0.0.1:8739/callback/")),
        path_with(world, "redirect_uri", Some("http://127.0.0.1:8739/Callback")),
        path_with(world, "redirect_uri", Some("http://127.0.0.1:8740/callback")),
        twice,
    ] {
        let page = client.open(&path).await;
        assert_eq!((page.status, page.header("location")), (400, None), "{path}");
        assert!(page.text().contains("This sign-in cannot go on"), "{}", page.text());
        assert_eq!(page.header("x-frame-options"), Some("DENY"));
    }
}

#[tokio::test]
async fn whatever_else_is_wrong_is_told_to_the_app() {
    let client = Client::new().await;
    let world = &client.world;
    let invalid = "invalid_request";
    for (name, value, error) in [
        ("response_type", None, invalid),
        ("response_type", Some("token"), "unsupported_response_type"),
        ("scope", None, "invalid_scope"),
        ("scope", Some("block.read%20dm.read"), "invalid_scope"),
        ("scope", Some("block.read%20%20users.read"), "invalid_scope"),
        ("code_challenge", None, invalid),
        ("code_challenge", Some(&CHALLENGE[1..]), invalid),
        ("code_challenge", Some(&"a".repeat(129)), invalid),
        ("code_challenge", Some(&format!("{}%3D", &CHALLENGE[1..])), invalid),
        ("code_challenge_method", Some("s256"), invalid),
    ] {
        let answer = client.open(&path_with(world, name, value)).await;
        assert_eq!(answer.redirect().0, CALLBACK);
        assert_eq!(answer.redirected("error"), error, "{name} {value:?}");
        assert_eq!(answer.redirected("state"), "a%26b%20%C3%BC", "{name} {value:?}");
    }
    let twice = format!("{}&scope=users.read", path_of(&parameters(world)));
    assert_eq!(client.open(&twice).await.redirected("error"), invalid);
}

#[tokio::test]
async fn a_state_has_one_to_five_hundred_characters() {
    let client = Client::new().await;
    let long = "%C3%BC".repeat(500);
    assert_eq!(client.open(&path_with(&client.world, "state", Some(&long))).await.status, 200);
    for state in [None, Some(""), Some(&*format!("{long}a"))] {
        let answer = client.open(&path_with(&client.world, "state", state)).await;
        assert_eq!(answer.redirected("error"), "invalid_request");
        let has_state = answer.redirect().1.iter().any(|(name, _)| *name == "state");
        assert_eq!(has_state, state.is_some_and(|state| !state.is_empty()));
    }
}

#[tokio::test]
async fn a_ticket_is_good_for_one_answer_within_its_time() {
    let client = Client::new().await;
    let owner = client.owner_name();
    let first = page(&client).await;
    assert_eq!(client.press(&first, PATH, &owner, "deny").await.status, 303);
    let again = client.press(&first, PATH, &owner, "approve").await;
    assert_eq!(again.status, 400);
    assert!(again.text().contains("This question is closed"), "{}", again.text());

    let late = page(&client).await;
    client.world.advance(Duration::from_secs(15 * 60));
    assert_eq!(client.press(&late, PATH, &owner, "approve").await.status, 400);
    let body = format!("ticket=guessed&username={owner}&approve=yes");
    assert_eq!(client.submit(PATH, &body).await.status, 400);
    let elsewhere = page(&client).await;
    assert_eq!(client.press(&elsewhere, "/oauth/authorize", &owner, "approve").await.status, 400);
}

#[tokio::test]
async fn a_form_of_another_site_approves_nothing() {
    let client = Client::new().await;
    let ticket = page(&client).await.ticket();
    let body = format!("ticket={ticket}&username={}&approve=yes", client.owner_name());
    for site in ["cross-site", "same-site", "none"] {
        let headers = format!("sec-fetch-site: {site}\r\n");
        assert_eq!(client.send_form(PATH, &headers, &body).await.status, 403, "{site}");
    }
    let answer = client.send_form(PATH, "", &body).await;
    assert_eq!(answer.status, 303, "a browser that does not say so, and a ticket not yet spent");
}

#[tokio::test]
async fn a_form_that_is_not_complete_decides_nothing() {
    let client = Client::new().await;
    let page = page(&client).await;
    let ticket = page.ticket();
    for body in [
        "approve=yes".to_owned(),
        format!("ticket={ticket}"),
        format!("ticket={ticket}&approve=yes&deny=yes"),
        format!("ticket={ticket}&approve=yes&approve=yes"),
    ] {
        assert_eq!(client.submit(PATH, &body).await.status, 400, "{body}");
    }
    let json = client.post(PATH, &format!(r#"{{"ticket":"{ticket}"}}"#)).await;
    assert_eq!(json.status, 400);
    assert_eq!(client.press(&page, PATH, "", "deny").await.status, 303, "still open");
}

#[tokio::test]
async fn a_handle_that_nobody_has_is_asked_for_again() {
    let client = Client::new().await;
    let handle = "%3Cscript%3Ealert(1)%3C%2Fscript%3E%22";
    let again = client.press(&page(&client).await, PATH, handle, "approve").await;
    assert_eq!(again.status, 400);
    assert!(!again.text().contains("<script"), "{}", again.text());
    let shown = "value=\"&lt;script&gt;alert(1)&lt;/script&gt;&quot;\"";
    assert!(again.text().contains(shown), "{}", again.text());
    let answer = client.press(&again, PATH, &client.owner_name(), "approve").await;
    assert!(!answer.redirected("code").is_empty());
}

#[tokio::test]
async fn the_page_takes_no_other_method() {
    let client = Client::new().await;
    let answer = client.call("PUT", PATH, "", "").await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD, POST")));
}

#[tokio::test]
async fn the_confidential_app_asks_by_its_own_name() {
    let client = Client::new().await;
    let app = client.world.app();
    let page = client.open(&path_with(&client.world, "client_id", Some(&app.client_id))).await;
    assert!(page.text().contains("<b>sandbox</b> wants"), "{}", page.text());
    let secret = app.client_secret.expect("a confidential client");
    assert!(!page.text().contains(secret.expose_secret()));
}
