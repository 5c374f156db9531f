//! Opening a stream, and every way in which it does not open.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use blocks_domain::{Failure, ForbiddenReason, ProblemType, SubscriptionId};
use blocks_http::{HttpApi, Timeouts};
use blocks_ports::{
    AccountName, ActivityFeed, ApiError, Credential, CredentialError, CredentialSource,
    OAuth2Credential, Revision, Versioned,
};
use futures_util::StreamExt;
use wiremock::ResponseTemplate;
use wiremock::matchers::any;

use crate::support::{
    APP_TOKEN, RawServer, Recorder, TOKEN, Then, account, answering, answering_first, builder,
    client, hasty, header, json, oauth1, only_request, requests,
};

async fn opening(answer: ResponseTemplate) -> Result<(), ApiError> {
    client(&answering(answer).await.uri()).events().await.map(drop)
}

async fn refused(answer: ResponseTemplate) -> ApiError {
    opening(answer).await.expect_err("a refusal")
}

#[tokio::test]
async fn a_stream_is_asked_for_once_and_uncompressed() {
    let server = answering(json(200, "\r\n")).await;
    let mut events = client(&server.uri()).events().await.expect("a stream").value;
    assert!(events.next().await.is_none());
    let request = only_request(&server).await;
    assert_eq!((request.method.as_str(), request.url.path()), ("GET", "/2/activity/stream"));
    assert_eq!(request.url.query(), None);
    assert_eq!(header(&request, "authorization"), Some(format!("Bearer {APP_TOKEN}").as_str()));
    assert_eq!(header(&request, "accept-encoding"), None, "an event waits for no other");
}

#[tokio::test]
async fn a_refusal_is_the_error_that_it_is_elsewhere() {
    for (status, kind) in [
        (400, Failure::InvalidRequest),
        (402, Failure::OutOfCredits),
        (403, Failure::Forbidden(ForbiddenReason::ScopeOrPlan)),
        (429, Failure::RateLimited),
        (503, Failure::Unavailable),
    ] {
        let error = refused(json(status, r#"{"title":"x","detail":"why"}"#)).await;
        assert_eq!(
            (error.kind(), error.status(), error.detail()),
            (kind, Some(status), Some("why"))
        );
    }
}

#[tokio::test]
async fn a_page_is_no_stream() {
    let page = "<html>Please wait.</html>";
    for status in [200, 404, 502] {
        let answer = ResponseTemplate::new(status).set_body_raw(page, "text/html; charset=utf-8");
        let error = refused(answer).await;
        let kind = if status == 502 { Failure::Unavailable } else { Failure::Malformed };
        assert_eq!((error.kind(), error.status()), (kind, Some(status)));
        assert!(error.to_string().contains("Please wait."), "{error}");
    }
    let redirect = ResponseTemplate::new(302).insert_header("location", "https://x.example/");
    let error = refused(redirect).await;
    assert_eq!(error.kind(), Failure::InvalidRequest);
    assert!(error.detail().is_some_and(|detail| detail.contains("x.example")), "{error}");
}

#[tokio::test]
async fn too_many_streams_are_told_from_a_spent_window() {
    let problem = r#"{"title":"ConnectionException","detail":"This stream is currently at the maximum allowed connection limit.","connection_issue":"TooManyConnections","type":"https://api.twitter.com/2/problems/streaming-connection"}"#;
    let answer = |remaining: u32| {
        json(429, problem)
            .insert_header("x-rate-limit-limit", "450")
            .insert_header("x-rate-limit-remaining", remaining.to_string())
            .insert_header("x-rate-limit-reset", "1785000900")
    };
    let error = refused(answer(448)).await;
    assert_eq!((error.kind(), error.status()), (Failure::RateLimited, Some(429)));
    assert_eq!(error.rate().map(|rate| rate.remaining()), Some(448));
    assert_eq!(error.problems()[0].problem_type(), Some(ProblemType::StreamingConnection));
    assert_eq!(error.problems()[0].connection_issue.as_deref(), Some("TooManyConnections"));
    let detail = error.detail().expect("words");
    assert!(
        detail.contains("448 calls are left") && detail.contains("maximum allowed"),
        "{detail}"
    );

    let spent = refused(answer(0)).await;
    assert!(!spent.to_string().contains("are left"), "{spent}");
    let unsaid = refused(json(429, problem)).await;
    assert!(unsaid.detail().is_some_and(|detail| detail.contains("end one of them")), "{unsaid}");
    let other = refused(json(429, r#"{"title":"Too Many Requests"}"#)).await;
    assert_eq!(other.detail(), Some("Too Many Requests"));
}

#[tokio::test]
async fn a_refused_credential_is_reported_and_is_not_used_again() {
    let server = answering(json(401, r#"{"title":"Unauthorized"}"#)).await;
    let credentials = Recorder::with(Credential::bearer("old"));
    let user = Recorder::with(Credential::bearer(TOKEN));
    let api = HttpApi::builder(account(), user.clone()).app(credentials.clone());
    let api = api.api_url(server.uri()).build();
    let error = api.expect("a client").events().await.map(drop).expect_err("a refusal");
    assert_eq!(error.kind(), Failure::Unauthenticated);
    assert!(error.to_string().contains("the app's own bearer token"), "{error}");
    assert_eq!(credentials.rejected.lock().expect("a lock").len(), 1);
    assert_eq!(credentials.asked.load(Ordering::Relaxed), 2, "whether there is a newer one");
    assert_eq!(user.asked.load(Ordering::Relaxed), 0, "the stream is none of the user's");
    only_request(&server).await;
}

#[tokio::test]
async fn without_the_token_of_the_app_nothing_is_sent() {
    let server = answering(json(200, "")).await;
    let user = || HttpApi::builder(account(), Recorder::with(Credential::bearer(TOKEN)));
    let of_user =
        [Credential::OAuth1(oauth1()), Credential::OAuth2(OAuth2Credential::new("acc3ss"))];
    let builders = of_user.map(|signed_in| user().app(Recorder::with(signed_in)));
    for builder in builders.into_iter().chain([user()]) {
        let api = builder.api_url(server.uri()).build().expect("a client");
        let number = SubscriptionId::new(7).expect("in range");
        for error in [
            api.events().await.map(drop).expect_err("no stream"),
            api.subscriptions(None).await.map(drop).expect_err("no page"),
            api.unsubscribe(number).await.map(drop).expect_err("no end"),
        ] {
            let reason = ForbiddenReason::UnsupportedAuthentication;
            assert_eq!(error.kind(), Failure::Forbidden(reason));
            assert!(error.to_string().contains("app's own bearer token"), "{error}");
            assert!(!error.was_sent());
        }
    }
    assert!(requests(&server).await.is_empty());
}

#[tokio::test]
async fn a_server_that_says_nothing_is_a_timeout() {
    let server = RawServer::answering("", Then::Stall).await;
    let short = Duration::from_millis(100);
    let long = Duration::from_secs(20);
    let timeouts = Timeouts::new(short, short, long).with_stream(long);
    let api = builder(&server.url).timeouts(timeouts).build().expect("a client");
    let opened = tokio::time::timeout(long / 2, api.events()).await.expect("no endless waiting");
    let error = opened.map(drop).expect_err("silence");
    assert_eq!(error.kind(), Failure::Timeout);
    assert_eq!(error.detail(), Some("no answer from 127.0.0.1 in time"));
    assert!(error.was_sent());
}

#[tokio::test]
async fn a_refusal_that_never_ends_meets_the_total_timeout() {
    let endless = "HTTP/1.1 503 No\r\ncontent-length: 400000\r\n\r\n{";
    let server = RawServer::answering(endless, Then::Drip).await;
    let (long, short) = (Duration::from_secs(20), Duration::from_millis(80));
    let api = builder(&server.url).timeouts(Timeouts::new(long, long, short)).build();
    let error = api.expect("a client").events().await.map(drop).expect_err("an endless refusal");
    assert_eq!((error.kind(), error.status()), (Failure::Timeout, Some(503)));
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_answer_is_broken() {
    let server = RawServer::answering("", Then::Close).await;
    let api = Arc::new(hasty(&server.url));
    let error = api.events().await.map(drop).expect_err("no answer");
    assert_eq!(error.kind(), Failure::Transport);
    assert_eq!(server.connections.load(Ordering::Relaxed), 1, "nothing is tried again");
}

/// A source that has a newer credential once the first is refused.
#[derive(Debug, Default)]
struct Renewed(AtomicU64);

#[async_trait]
impl CredentialSource for Renewed {
    async fn current(&self, _: &AccountName) -> Result<Versioned<Credential>, CredentialError> {
        let revision = self.0.load(Ordering::Relaxed);
        let credential = Credential::bearer(format!("token-{revision}"));
        Ok(Versioned::new(Revision::new(revision), credential))
    }

    async fn rejected(&self, _: &AccountName, _: Revision) -> Result<(), CredentialError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

#[tokio::test]
async fn a_refused_credential_is_replaced_once() {
    let refusal = || json(401, r#"{"title":"Unauthorized"}"#);
    let server = answering(json(200, "\r\n")).await;
    answering_first(&server, refusal()).await;
    let api = || {
        let source = Arc::new(Renewed::default());
        builder(&server.uri()).app(source).build().expect("a client")
    };
    api().events().await.expect("a stream");
    let sent = requests(&server).await;
    let tokens: Vec<_> = sent.iter().map(|request| header(request, "authorization")).collect();
    assert_eq!(tokens, [Some("Bearer token-0"), Some("Bearer token-1")]);

    server.reset().await;
    wiremock::Mock::given(any()).respond_with(refusal()).mount(&server).await;
    let error = api().events().await.map(drop).expect_err("refused twice");
    assert_eq!(error.kind(), Failure::Unauthenticated);
    assert_eq!(requests(&server).await.len(), 2);
}
