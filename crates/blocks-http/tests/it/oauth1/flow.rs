//! Request tokens and their verifiers over HTTP.

use std::sync::Arc;

use blocks_domain::Failure;
use blocks_fake::stores::ManualClock;
use blocks_http::HttpTokenIssuer;
use blocks_http::oauth1::{Signer, Stamp, Unsigned};
use blocks_ports::{
    Consumer, IssueError, OAuth1Grant, OUT_OF_BAND, RequestToken, RequestTokenIssuer,
};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use wiremock::{MockServer, Request, ResponseTemplate};

use crate::support::{
    address, answering, answering_first, header, id, issuer, json, oauth1, only_request,
};

const REQUEST_TOKEN: &str =
    "oauth_token=r3quest&oauth_token_secret=r3quest%2Bsecret&oauth_callback_confirmed=true";
const ACCESS_TOKEN: &str =
    "oauth_token=12-acc3ss&oauth_token_secret=acc3ss%2Fsecret&user_id=12&screen_name=ann";

fn consumer() -> Consumer {
    Consumer::new("k3y", "consum3r-secret")
}

fn request_token() -> RequestToken {
    RequestToken::new("r3quest", "r3quest-secret")
}

/// X calls these answers HTML.
fn form(body: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(body, "text/html;charset=utf-8")
}

async fn ask(answer: ResponseTemplate) -> Result<RequestToken, IssueError> {
    let server = answering(answer).await;
    issuer(&server.uri()).request_token(&consumer(), OUT_OF_BAND).await
}

async fn trade(answer: ResponseTemplate) -> Result<OAuth1Grant, IssueError> {
    let server = answering(answer).await;
    issuer(&server.uri()).access_token(&consumer(), &request_token(), &"123456".into()).await
}

async fn invalidate(answer: ResponseTemplate) -> Result<(), IssueError> {
    let server = answering(answer).await;
    issuer(&server.uri()).invalidate(&oauth1()).await
}

/// Holds the signature of the only request against one of our own at the same time.
async fn assert_signed(server: &MockServer, path: &str, signer: &Signer, extra: &[(&str, &str)]) {
    let request = only_request(server).await;
    assert_eq!((request.method.as_str(), request.url.path()), ("POST", path));
    assert!(request.body.is_empty() && request.url.query().is_none());
    let (nonce, second) =
        (parameter(&request, "oauth_nonce"), parameter(&request, "oauth_timestamp"));
    let now = Timestamp::from_second(second.parse().expect("a number")).expect("a time");
    let url = address(server, &request);
    let unsigned = Unsigned::new("POST", &url);
    let unsigned = extra.iter().fold(unsigned, |all, (name, value)| all.with_protocol(name, value));
    let expected = signer.sign(&unsigned, &Stamp::new(nonce, now));
    assert_eq!(header(&request, "authorization"), Some(expected.header()));
}

fn parameter(request: &Request, name: &str) -> String {
    let header = header(request, "authorization").expect("a signature");
    let (_, rest) = header.split_once(&format!("{name}=\"")).expect(name);
    rest.split('"').next().expect("a value").to_owned()
}

#[tokio::test]
async fn a_request_token_is_asked_for_in_the_name_of_the_app() {
    let server = answering(form(REQUEST_TOKEN)).await;
    let callback = "http://127.0.0.1:8080/a b?c";
    let issuer = issuer(&server.uri());
    let token = issuer.request_token(&consumer(), callback).await.expect("a token");
    assert_eq!((token.token.as_str(), token.secret.expose_secret()), ("r3quest", "r3quest+secret"));
    let signer = Signer::new(consumer());
    assert_signed(&server, "/oauth/request_token", &signer, &[("oauth_callback", callback)]).await;
}

#[tokio::test]
async fn a_verifier_becomes_a_sign_in() {
    let server = answering(form(ACCESS_TOKEN)).await;
    let issuer = issuer(&server.uri());
    let answer = issuer.access_token(&consumer(), &request_token(), &"12 34".into()).await;
    let grant = answer.expect("a sign-in");
    let credential = &grant.credential;
    assert_eq!(credential.consumer_key, "k3y");
    assert_eq!(credential.consumer_secret.expose_secret(), "consum3r-secret");
    assert_eq!(credential.token, "12-acc3ss");
    assert_eq!(credential.token_secret.expose_secret(), "acc3ss/secret");
    assert_eq!((grant.user_id, grant.screen_name.as_deref()), (Some(id("12")), Some("ann")));
    let signer = Signer::new(consumer()).with_token("r3quest", "r3quest-secret");
    assert_signed(&server, "/oauth/access_token", &signer, &[("oauth_verifier", "12 34")]).await;

    let anonymous = form("oauth_token=t&oauth_token_secret=s&user_id=ann");
    let grant = trade(anonymous).await.expect("a sign-in");
    assert_eq!((grant.user_id, grant.screen_name), (None, None));
}

#[tokio::test]
async fn a_sign_in_is_ended_in_its_own_name() {
    let server = answering(json(200, r#"{"access_token":"us3r-token"}"#)).await;
    issuer(&server.uri()).invalidate(&oauth1()).await.expect("done");
    assert_signed(&server, "/1.1/oauth/invalidate_token", &Signer::from(&oauth1()), &[]).await;
}

#[test]
fn the_page_is_told_which_request_token_it_is_about() {
    for (api_url, page) in [
        ("https://api.x.com", "https://api.x.com/oauth/authorize?oauth_token=r3%26quest"),
        (
            "http://127.0.0.1:8080/proxy/",
            "http://127.0.0.1:8080/proxy/oauth/authorize?oauth_token=r3%26quest",
        ),
    ] {
        let issuer = HttpTokenIssuer::builder().api_url(api_url).build().expect("an issuer");
        let request = RequestToken::new("r3&quest", "s3cret");
        assert_eq!(issuer.authorize_page(&request).as_str(), page);
    }
}

#[tokio::test]
async fn an_answer_that_lacks_something_is_malformed() {
    for body in [
        "",
        "<html>oauth_token=r3quest",
        "oauth_token=r3quest&oauth_token_secret=r3quest-secret",
        "oauth_token=r3quest&oauth_token_secret=r3quest-secret&oauth_callback_confirmed=false",
        "oauth_token=r3quest&oauth_token_secret=&oauth_callback_confirmed=true",
        "oauth_token_secret=r3quest-secret&oauth_callback_confirmed=true",
    ] {
        let error = ask(form(body)).await.expect_err(body);
        assert!(!format!("{error:?}").contains("r3quest"), "{error:?}");
        let IssueError::Api(error) = error else { panic!("{body}: {error:?}") };
        assert_eq!(error.kind(), Failure::Malformed, "{body}");
    }
    for body in ["", "oauth_token=12-acc3ss", r#"{"oauth_token":"12-acc3ss"}"#] {
        let error = trade(form(body)).await.expect_err(body);
        assert!(!format!("{error:?}").contains("acc3ss"), "{error:?}");
        let IssueError::Api(error) = error else { panic!("{body}: {error:?}") };
        assert_eq!(error.kind(), Failure::Malformed, "{body}");
    }
}

/// What an answer means for a trade.
fn meaning(error: &IssueError) -> Result<Failure, &'static str> {
    match error {
        IssueError::InvalidGrant => Err("grant"),
        IssueError::InvalidClient => Err("client"),
        IssueError::Api(error) => Ok(error.kind()),
        _ => panic!("a new kind of error: {error:?}"),
    }
}

#[tokio::test]
async fn refusals_tell_the_app_from_the_token() {
    const ROWS: &[(u16, &str, Result<Failure, &str>)] = &[
        (401, r#"{"errors":[{"code":32,"message":"Could not authenticate you."}]}"#, Err("client")),
        (401, r#"{"errors":[{"code":89,"message":"Invalid or expired token."}]}"#, Err("grant")),
        (
            401,
            "Error processing your OAuth request: Invalid oauth_verifier parameter",
            Err("grant"),
        ),
        (
            401,
            r#"{"errors":[{"code":135,"message":"Timestamp out of bounds."}]}"#,
            Ok(Failure::Unauthenticated),
        ),
        (401, "", Ok(Failure::Unauthenticated)),
        (
            403,
            r#"{"errors":[{"code":415,"message":"Callback URL not approved."}]}"#,
            Ok(Failure::Forbidden(blocks_domain::ForbiddenReason::ScopeOrPlan)),
        ),
        (
            429,
            r#"{"errors":[{"code":88,"message":"Rate limit exceeded"}]}"#,
            Ok(Failure::RateLimited),
        ),
        (500, r#"{"errors":[{"code":89,"message":"Invalid token"}]}"#, Ok(Failure::Unavailable)),
        (503, "<html>Invalid oauth_verifier", Ok(Failure::Unavailable)),
    ];
    for (status, body, expected) in ROWS {
        for error in
            [ask(json(*status, body)).await.map(drop), trade(json(*status, body)).await.map(drop)]
        {
            assert_eq!(meaning(&error.expect_err(body)), *expected, "{status} {body}");
        }
        let ended = invalidate(json(*status, body)).await;
        let expected = Some(*expected).filter(|meaning| *meaning != Err("grant"));
        assert_eq!(ended.as_ref().err().map(meaning), expected, "{status} {body}");
    }
    let IssueError::Api(error) = ask(json(ROWS[5].0, ROWS[5].1)).await.expect_err("a refusal")
    else {
        panic!("an error of the call");
    };
    assert_eq!(error.detail(), Some("Callback URL not approved."));
}

#[tokio::test]
async fn a_wrong_clock_costs_one_request_and_spends_nothing() {
    let noon: Timestamp = "2026-08-07T12:00:00Z".parse().expect("a time");
    let granted = ResponseTemplate::new(200).set_body_string("oauth_token=t&oauth_token_secret=s");
    let server = answering(granted).await;
    let refused = json(401, r#"{"errors":[{"code":89,"message":"Invalid or expired token."}]}"#)
        .insert_header("date", "Fri, 07 Aug 2026 12:30:00 GMT");
    answering_first(&server, refused).await;
    let clock = Arc::new(ManualClock::new(noon));
    let issuer = HttpTokenIssuer::builder().api_url(server.uri()).clock(clock).build();
    let issuer = issuer.expect("an issuer");
    let traded = issuer.access_token(&consumer(), &request_token(), &"123456".into()).await;
    assert_eq!(traded.expect("a sign-in").credential.token, "t");
    assert_eq!(server.received_requests().await.expect("they are kept").len(), 2);
}
