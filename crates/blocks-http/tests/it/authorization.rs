//! The question to the person, and what their browser comes back with.

use std::collections::BTreeMap;

use blocks_domain::Scope;
use blocks_http::{AuthorizationError, AuthorizationRequest, HttpTokenIssuer, RedirectError};
use blocks_ports::App;
use secrecy::ExposeSecret;
use url::Url;

use crate::support::{REDIRECT_URI, issuer, public_app};

fn request() -> AuthorizationRequest {
    let issuer = issuer("http://127.0.0.1:9/proxy");
    issuer.authorization(&public_app(), &Scope::FOR_READING).expect("a request")
}

fn query(url: &Url) -> BTreeMap<String, String> {
    url.query_pairs().into_owned().collect()
}

fn state(request: &AuthorizationRequest) -> String {
    query(request.url())["state"].clone()
}

/// What comes of an answer with the right state.
fn answered(rest: &str) -> Result<String, RedirectError> {
    let request = request();
    let redirect = format!("{REDIRECT_URI}?state={}&{rest}", state(&request));
    let grant = request.read_redirect(&redirect)?;
    Ok(grant.code.expose_secret().to_owned())
}

#[test]
fn the_page_is_asked_for_as_the_rfcs_say() {
    let request = request();
    let url = request.url();
    assert_eq!((url.path(), url.port()), ("/proxy/i/oauth2/authorize", Some(9)));
    let mut query = query(url);
    assert!(query.remove("state").expect("a state").len() >= 22, "128 bits of chance");
    assert_eq!(query.remove("code_challenge").map(|challenge| challenge.len()), Some(43));
    let rest: Vec<_> = query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(
        rest,
        [
            ("client_id", "client/id"),
            ("code_challenge_method", "S256"),
            ("redirect_uri", REDIRECT_URI),
            ("response_type", "code"),
            ("scope", "block.read users.read tweet.read"),
        ]
    );
}

#[test]
fn x_itself_has_its_page_at_another_host_than_its_api() {
    for (api_url, page) in [
        ("https://api.x.com", "https://x.com/i/oauth2/authorize"),
        ("https://api.x.com/", "https://x.com/i/oauth2/authorize"),
        ("https://api.x.com/proxy", "https://api.x.com/proxy/i/oauth2/authorize"),
        ("https://api.x.com.example", "https://api.x.com.example/i/oauth2/authorize"),
        ("http://[::1]:8080", "http://[::1]:8080/i/oauth2/authorize"),
    ] {
        let issuer = HttpTokenIssuer::builder().api_url(api_url).build().expect("an issuer");
        let request = issuer.authorization(&public_app(), &[]).expect("a request");
        let mut url = request.url().clone();
        url.set_query(None);
        assert_eq!(url.as_str(), page);
        assert!(!query(request.url()).contains_key("scope"), "none was asked for");
    }
}

#[test]
fn no_two_requests_are_alike() {
    let [one, two] = [request(), request()].map(|request| query(request.url()));
    assert_ne!(one["state"], two["state"]);
    assert_ne!(one["code_challenge"], two["code_challenge"]);
}

#[test]
fn without_a_redirect_uri_nobody_is_asked() {
    let issuer = issuer("http://127.0.0.1:9");
    let mut app = App::new("my app", "client-id");
    let error = issuer.authorization(&app, &[]).expect_err("no redirect URI");
    assert_eq!(error, AuthorizationError::NoRedirectUri);
    app.redirect_uri = Some("no URL".to_owned());
    let error = issuer.authorization(&app, &[]).expect_err("no URL");
    assert_eq!(error, AuthorizationError::RedirectUri);
}

#[test]
fn the_answer_may_be_all_of_the_address_or_its_end() {
    let request = request();
    let query = format!("code=c0%2Bde&state={}", state(&request));
    for address in [
        format!("{REDIRECT_URI}?{query}"),
        format!("  {REDIRECT_URI}?{query}#_=_\n"),
        format!("HTTP://127.0.0.1:8080/callback?{query}"),
        format!("127.0.0.1:8080/callback?{query}"),
        format!("/callback?{query}"),
        format!("?{query}"),
        format!("{query}&iss=https%3A%2F%2Fx.com"),
    ] {
        let grant = request.read_redirect(&address).expect(&address);
        assert_eq!(grant.code.expose_secret(), "c0+de");
        assert_eq!(grant.redirect_uri, REDIRECT_URI);
        let length = grant.code_verifier.expose_secret().len();
        assert!((43..=128).contains(&length), "RFC 7636, section 4.1");
    }
}

#[test]
fn another_address_is_no_answer() {
    let request = request();
    let query = format!("code=c0de&state={}", state(&request));
    for address in [
        format!("https://127.0.0.1:8080/callback?{query}"),
        format!("http://127.0.0.1:8081/callback?{query}"),
        format!("http://localhost:8080/callback?{query}"),
        format!("http://127.0.0.1:8080/?{query}"),
        format!("http://127.0.0.1:8080/callback/?{query}"),
        format!("http://127.0.0.1:8080@evil.example/callback?{query}"),
        format!("/favicon.ico?{query}"),
        REDIRECT_URI.to_owned(),
        "c0de".to_owned(),
        String::new(),
    ] {
        let error = request.read_redirect(&address).expect_err(&address);
        assert_eq!(error, RedirectError::OtherAddress, "{address}");
    }
}

#[test]
fn an_answer_with_another_state_counts_for_nothing_whatever_it_says() {
    let request = request();
    let state = state(&request);
    for query in [
        "code=c0de".to_owned(),
        "code=c0de&state=".to_owned(),
        format!("code=c0de&state={}", &state[1..]),
        format!("code=c0de&state={state}x"),
        format!("code=c0de&state={}", state.to_uppercase()),
        "error=access_denied&state=guessed".to_owned(),
        "error=server_error".to_owned(),
    ] {
        let error = request.read_redirect(&query).expect_err(&query);
        assert_eq!(error, RedirectError::State, "{query}");
    }
}

#[test]
fn a_no_is_told_apart_from_an_error() {
    assert_eq!(answered("error=access_denied&error_description=x"), Err(RedirectError::Denied));
    assert_eq!(answered("error=access_denied&code=c0de"), Err(RedirectError::Denied));

    let error = answered("error=invalid_scope&error_description=a%1B[2J%0A+b").expect_err("a no");
    assert_eq!(error.to_string(), "the authorize page refused: invalid_scope: a [2J b");
    let RedirectError::Refused { error, description, .. } = error else { panic!("{error:?}") };
    assert_eq!((error.as_str(), description.as_deref()), ("invalid_scope", Some("a [2J b")));

    let error = answered("error=server_error&error_description=").expect_err("a no");
    assert_eq!(error.to_string(), "the authorize page refused: server_error");
}

#[test]
fn an_answer_without_a_code_or_with_two_is_none() {
    for rest in ["", "code=", "token=c0de"] {
        assert_eq!(answered(rest), Err(RedirectError::NoCode), "{rest}");
    }
    for (rest, parameter) in [
        ("code=a&code=b", "code"),
        ("code=a&code=a", "code"),
        ("code=a&state=b", "state"),
        ("error=access_denied&error=x", "error"),
    ] {
        let error = answered(rest).expect_err(rest).to_string();
        assert_eq!(error, format!("the address says `{parameter}` more than once"));
    }
    assert_eq!(answered("code=c0de").as_deref(), Ok("c0de"));
}

#[test]
fn neither_state_nor_verifier_nor_code_shows() {
    let request = request();
    let state = state(&request);
    let query = format!("code=c0de-s3cret&state={state}");
    let grant = request.read_redirect(&query).expect("a grant");
    let verifier = grant.code_verifier.expose_secret();
    let echo = format!("{query}&error={state}&error_description={verifier}+c0de-s3cret");
    let refused = request.read_redirect(&echo).expect_err("a no");
    let shown = format!("{request:?} {grant:?} {refused} {refused:?}");
    for secret in [state.as_str(), verifier, "c0de-s3cret"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(!request.url().as_str().contains(verifier));
}
