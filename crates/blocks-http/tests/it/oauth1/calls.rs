//! Calls of the API with an OAuth 1.0a sign-in.

use std::sync::Arc;
use std::time::Duration;

use blocks_domain::{BlockingQuery, Failure, MaxResults, PageToken};
use blocks_fake::stores::ManualClock;
use blocks_http::HttpApi;
use blocks_http::oauth1::{Signer, Stamp, Unsigned};
use blocks_ports::{BlocksApi, Clock, Credential};
use jiff::{SignedDuration, Timestamp};
use wiremock::{MockServer, Request, ResponseTemplate};

use crate::support::{
    Recorder, account, address, answering, answering_first, header, id, json, oauth1, only_request,
    pair, read, requests,
};

const PAGE: &str = r#"{"meta":{"result_count":0}}"#;
const STATE: &str = r#"{"data":{"blocking":true}}"#;
const REFUSED: &str = r#"{"errors":[{"code":135,"message":"Timestamp out of bounds."}]}"#;

/// The local clock, at some noon.
fn noon() -> Timestamp {
    "2026-08-07T12:00:00Z".parse().expect("a time")
}

fn client(server: &MockServer, source: Arc<Recorder>, clock: Arc<dyn Clock>) -> HttpApi {
    let builder = HttpApi::builder(account(), source).api_url(server.uri()).clock(clock);
    builder.build().expect("a client")
}

fn at_noon(server: &MockServer) -> HttpApi {
    let source = Recorder::with(Credential::OAuth1(oauth1()));
    client(server, source, Arc::new(ManualClock::new(noon())))
}

/// A parameter of the header that a request was signed with.
fn parameter(request: &Request, name: &str) -> String {
    let header = header(request, "authorization").expect("a signature");
    let header = header.strip_prefix("OAuth ").expect("OAuth 1.0a");
    let mut pairs = header.split(", ").filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(found, _)| *found == name).expect(name);
    value.trim_matches('"').to_owned()
}

fn timestamp(request: &Request) -> Timestamp {
    let seconds = parameter(request, "oauth_timestamp").parse().expect("a number");
    Timestamp::from_second(seconds).expect("a time")
}

/// Signs what arrived once more, without its body, and holds it against how it arrived.
fn assert_signed(server: &MockServer, request: &Request) {
    let stamp = Stamp::new(parameter(request, "oauth_nonce"), timestamp(request));
    let (method, url) = (request.method.as_str(), address(server, request));
    let again = Signer::from(&oauth1()).sign(&Unsigned::new(method, &url), &stamp);
    assert_eq!(header(request, "authorization"), Some(again.header()));
}

#[tokio::test]
async fn each_call_is_signed_with_its_query_and_without_its_body() {
    let server = answering(json(200, PAGE)).await;
    let token = PageToken::new("a+b/c=d%20e&f~!*'()").expect("a token");
    let query = BlockingQuery::default()
        .with_max_results(MaxResults::new(7).expect("a size"))
        .with_pagination_token(token);
    at_noon(&server).blocking(id("12"), &query).await.expect("a page");
    let request = only_request(&server).await;
    assert!(request.url.query().is_some_and(|query| query.contains("pagination_token=a%2Bb")));
    assert_signed(&server, &request);
    assert_eq!(timestamp(&request), noon());

    let server = answering(json(200, STATE)).await;
    at_noon(&server).block(pair("12", "34")).await.expect("a state");
    at_noon(&server).unblock(pair("12", "34")).await.expect("a state");
    for request in requests(&server).await {
        assert_signed(&server, &request);
    }
}

#[tokio::test]
async fn no_two_requests_have_the_same_nonce() {
    let server = answering(json(200, PAGE)).await;
    let api = at_noon(&server);
    for _ in 0..2 {
        read(&api).await.expect("a page");
    }
    let [one, two] = <[_; 2]>::try_from(requests(&server).await).expect("two requests");
    assert_ne!(parameter(&one, "oauth_nonce"), parameter(&two, "oauth_nonce"));
}

#[tokio::test]
async fn without_a_clock_of_its_own_it_signs_by_the_systems() {
    let server = answering(json(200, PAGE)).await;
    let source = Recorder::with(Credential::OAuth1(oauth1()));
    let api = HttpApi::builder(account(), source).api_url(server.uri()).build();
    let before = Timestamp::now();
    read(&api.expect("a client")).await.expect("a page");
    let signed = timestamp(&only_request(&server).await);
    assert!(before.as_second() <= signed.as_second() && signed <= Timestamp::now());
}

/// A refusal by a server whose clock is so far ahead of the local noon.
fn refused_at(ahead: SignedDuration) -> ResponseTemplate {
    let date =
        jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&(noon() + ahead));
    json(401, REFUSED).insert_header("date", date.expect("a date").as_str())
}

#[tokio::test]
async fn a_wrong_clock_costs_one_request_and_the_rest_goes_by_the_servers_time() {
    for minutes in [25, -90] {
        let ahead = SignedDuration::from_mins(minutes);
        let server = answering(json(200, PAGE)).await;
        answering_first(&server, refused_at(ahead)).await;
        let source = Recorder::with(Credential::OAuth1(oauth1()));
        let clock = Arc::new(ManualClock::new(noon()));
        let api = client(&server, source.clone(), clock.clone());

        read(&api).await.expect("a page, at the second try");
        assert!(source.rejected.lock().expect("a lock").is_empty(), "the sign-in is not to blame");
        clock.advance(Duration::from_secs(10));
        read(&api).await.expect("a page");
        let requests = requests(&server).await;
        assert_eq!(requests.len(), 3, "a wrong clock costs one request");
        assert_eq!(timestamp(&requests[1]), noon() + ahead);
        assert_eq!(timestamp(&requests[2]), noon() + ahead + SignedDuration::from_secs(10));
    }
}

#[tokio::test]
async fn a_sign_in_that_is_refused_at_the_right_time_too_is_to_blame() {
    let server = answering(refused_at(SignedDuration::from_mins(25))).await;
    let source = Recorder::with(Credential::OAuth1(oauth1()));
    let api = client(&server, source.clone(), Arc::new(ManualClock::new(noon())));
    let error = read(&api).await.expect_err("a refusal");
    assert_eq!((error.kind(), error.status()), (Failure::Unauthenticated, Some(401)));
    assert_eq!(requests(&server).await.len(), 2, "it is tried once more, and no oftener");
    assert_eq!(source.rejected.lock().expect("a lock").len(), 1);
}

#[tokio::test]
async fn a_server_whose_clock_runs_away_is_named() {
    let server = answering(refused_at(SignedDuration::from_mins(25))).await;
    answering_first(&server, refused_at(SignedDuration::from_mins(-90))).await;
    let source = Recorder::with(Credential::OAuth1(oauth1()));
    let api = client(&server, source.clone(), Arc::new(ManualClock::new(noon())));
    let error = read(&api).await.expect_err("a refusal");
    let detail = error.detail().expect("a detail");
    assert!(detail.contains("1h 55m behind") && detail.contains("clock"), "{detail}");
    assert!(source.rejected.lock().expect("a lock").is_empty());
}

#[tokio::test]
async fn a_clock_that_is_right_leaves_the_blame_with_the_sign_in() {
    let minute = SignedDuration::from_mins(1);
    for answer in [
        json(401, REFUSED).insert_header("date", "soon"),
        refused_at(-minute),
        refused_at(2 * minute),
    ] {
        let server = answering(answer).await;
        let source = Recorder::with(Credential::OAuth1(oauth1()));
        let api = client(&server, source.clone(), Arc::new(ManualClock::new(noon())));
        let error = read(&api).await.expect_err("a refusal");
        assert_eq!(error.detail(), Some("Timestamp out of bounds."));
        assert_eq!(source.rejected.lock().expect("a lock").len(), 1);
    }
}
