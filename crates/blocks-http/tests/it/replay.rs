//! A token that X refuses is replaced once within the call.

use std::error::Error;
use std::sync::Arc;
use std::sync::Mutex;

use async_trait::async_trait;
use blocks_domain::{Failure, ForbiddenReason};
use blocks_http::HttpApi;
use blocks_ports::{
    AccountName, ApiError, BlocksApi, Credential, CredentialError, CredentialSource, IssueError,
    Revision, StoreError, StoreFailure, Versioned,
};
use wiremock::matchers::{any, header};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{account, answering, json, pair, read, requests};

const PAGE: &str = r#"{"meta":{"result_count":0}}"#;
const STATE: &str = r#"{"data":{"blocking":true}}"#;
const UNAUTHORIZED: &str = r#"{"title":"Unauthorized","type":"about:blank","status":401}"#;

type Answer = Result<Versioned<Credential>, CredentialError>;

/// A source that answers what a test has laid out, in that order.
#[derive(Debug)]
struct Script {
    answers: Mutex<Vec<Answer>>,
    rejected: Mutex<Vec<Revision>>,
}

impl Script {
    fn of(mut answers: Vec<Answer>) -> Arc<Self> {
        answers.reverse();
        Arc::new(Self { answers: Mutex::new(answers), rejected: Mutex::default() })
    }

    fn rejected(&self) -> Vec<Revision> {
        self.rejected.lock().expect("a lock").clone()
    }

    fn is_over(&self) -> bool {
        self.answers.lock().expect("a lock").is_empty()
    }
}

#[async_trait]
impl CredentialSource for Script {
    async fn current(&self, _: &AccountName) -> Answer {
        self.answers.lock().expect("a lock").pop().expect("it is asked no more often")
    }

    async fn rejected(&self, _: &AccountName, revision: Revision) -> Result<(), CredentialError> {
        self.rejected.lock().expect("a lock").push(revision);
        Ok(())
    }
}

fn token(revision: u64, token: &str) -> Answer {
    Ok(Versioned::new(Revision::new(revision), Credential::bearer(token.to_owned())))
}

fn client(server: &MockServer, script: Arc<Script>) -> HttpApi {
    HttpApi::builder(account(), script).api_url(server.uri()).build().expect("a client")
}

/// A server that takes the token `fresh` alone, and answers it so.
async fn taking_fresh(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    let fresh = Mock::given(header("authorization", "Bearer fresh")).respond_with(answer);
    fresh.with_priority(1).mount(&server).await;
    Mock::given(any()).respond_with(json(401, UNAUTHORIZED)).mount(&server).await;
    server
}

#[tokio::test]
async fn a_newer_token_is_sent_with_the_same_request() {
    let server = taking_fresh(json(200, PAGE)).await;
    let script = Script::of(vec![token(7, "stale"), token(8, "fresh")]);
    read(&client(&server, script.clone())).await.expect("a page");
    assert_eq!(script.rejected(), [Revision::new(7)]);
    let [first, second] = <[_; 2]>::try_from(requests(&server).await).expect("two requests");
    assert_eq!((&first.method, &first.url), (&second.method, &second.url));
}

#[tokio::test]
async fn changes_are_sent_again_as_well_with_their_body() {
    let server = taking_fresh(json(200, STATE)).await;
    let stale_then_fresh = || Script::of(vec![token(7, "stale"), token(8, "fresh")]);
    client(&server, stale_then_fresh()).block(pair("12", "34")).await.expect("a state");
    client(&server, stale_then_fresh()).unblock(pair("12", "34")).await.expect("a state");
    let requests = requests(&server).await;
    let sent: Vec<_> = requests.iter().map(|sent| (sent.method.as_str(), &sent.body[..])).collect();
    let body: &[u8] = br#"{"target_user_id":"34"}"#;
    assert_eq!(sent, [("POST", body), ("POST", body), ("DELETE", b""), ("DELETE", b"")]);
}

#[tokio::test]
async fn a_token_that_is_not_newer_is_not_sent() {
    for revision in [6, 7] {
        let server = taking_fresh(json(200, PAGE)).await;
        let script = Script::of(vec![token(7, "stale"), token(revision, "fresh")]);
        let error = read(&client(&server, script.clone())).await.expect_err("a refusal");
        assert_eq!((error.kind(), error.status()), (Failure::Unauthenticated, Some(401)));
        assert_eq!((requests(&server).await.len(), script.rejected().len()), (1, 1));
    }
}

#[tokio::test]
async fn there_is_no_third_request() {
    let server = answering(json(401, UNAUTHORIZED)).await;
    let script = Script::of(vec![token(7, "stale"), token(8, "stale-too")]);
    let error = read(&client(&server, script.clone())).await.expect_err("a refusal");
    assert_eq!((error.kind(), error.status()), (Failure::Unauthenticated, Some(401)));
    assert_eq!(script.rejected(), [Revision::new(7), Revision::new(8)]);
    assert_eq!(requests(&server).await.len(), 2);
    assert!(script.is_over());
}

#[tokio::test]
async fn whatever_the_second_answer_is_it_is_the_answer() {
    for status in [403, 429, 503] {
        let server = taking_fresh(json(status, "")).await;
        let script = Script::of(vec![token(7, "stale"), token(8, "fresh")]);
        let error = read(&client(&server, script.clone())).await.expect_err("a refusal");
        assert_eq!(error.status(), Some(status));
        assert_eq!(script.rejected(), [Revision::new(7)]);
    }
    let server = taking_fresh(json(200, PAGE)).await;
    let script = Script::of(vec![token(7, "stale"), token(8, &"A".repeat(30))]);
    let error = read(&client(&server, script)).await.expect_err("no token of a user");
    assert_eq!(error.kind(), Failure::Forbidden(ForbiddenReason::UnsupportedAuthentication));
    assert_eq!(requests(&server).await.len(), 1);
}

#[tokio::test]
async fn a_sign_in_that_has_ended_leaves_the_refusal_with_its_reason() {
    let reasons: [fn() -> CredentialError; 2] = [
        || CredentialError::Ended { account: account() },
        || CredentialError::NotSignedIn { account: account() },
    ];
    for reason in reasons {
        let server = answering(json(401, UNAUTHORIZED)).await;
        let script = Script::of(vec![token(7, "stale"), Err(reason())]);
        let error = read(&client(&server, script)).await.expect_err("a refusal");
        assert_eq!((error.kind(), error.status()), (Failure::Unauthenticated, Some(401)));
        assert!(error.was_sent());
        let source = error.source().and_then(|source| source.downcast_ref::<CredentialError>());
        assert_eq!(source.map(ToString::to_string), Some(reason().to_string()));
    }
}

#[tokio::test]
async fn a_source_that_fails_is_the_failure() {
    let refresh = ApiError::new(Failure::Unavailable).with_status(503);
    let store = StoreError::new(StoreFailure::Busy, "busy");
    for (reason, kind) in [
        (CredentialError::Refresh(refresh), Failure::Unavailable),
        (CredentialError::Store(store), Failure::Backend),
        (
            CredentialError::AppRefused { account: account(), source: IssueError::InvalidClient },
            Failure::Unauthenticated,
        ),
    ] {
        let server = answering(json(401, UNAUTHORIZED)).await;
        let said = reason.to_string();
        let script = Script::of(vec![token(7, "stale"), Err(reason)]);
        let error = read(&client(&server, script)).await.expect_err("a failure");
        assert_eq!((error.kind(), error.status()), (kind, None));
        assert!(error.was_sent(), "the first request was");
        assert_eq!(error.source().map(ToString::to_string), Some(said));
    }
}
