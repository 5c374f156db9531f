//! How credentials are asked for, sent, and given back when X refuses them.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use blocks_domain::{Failure, ForbiddenReason};
use blocks_http::HttpApi;
use blocks_ports::{
    AccountName, ApiError, Credential, CredentialError, CredentialReference, CredentialSource,
    IssueError, OAuth1Credential, OAuth2Credential, Revision, StoreError, StoreFailure, Versioned,
};
use wiremock::MockServer;

use crate::support::{Recorder, account, answering, json, only_request, read, requests};

const PAGE: &str = r#"{"meta":{"result_count":0}}"#;

fn client(server: &MockServer, credentials: Arc<dyn CredentialSource>) -> HttpApi {
    HttpApi::builder(account(), credentials).api_url(server.uri()).build().expect("a client")
}

#[tokio::test]
async fn the_source_is_asked_before_each_request() {
    let server = answering(json(200, PAGE)).await;
    let source = Recorder::with(Credential::OAuth2(OAuth2Credential::new("acc3ss")));
    let api = client(&server, source.clone());
    for _ in 0..3 {
        read(&api).await.expect("a page");
    }
    assert_eq!(source.asked.load(Ordering::Relaxed), 3);
    for request in server.received_requests().await.expect("recorded requests") {
        let sent = request.headers.get("authorization").expect("a token");
        assert_eq!(sent, "Bearer acc3ss");
    }
}

#[tokio::test]
async fn a_401_tells_the_source_which_revision_was_refused() {
    let server = answering(json(401, r#"{"title":"Unauthorized","status":401}"#)).await;
    let source = Recorder::with(Credential::bearer("acc3ss"));
    let error = read(&client(&server, source.clone())).await.expect_err("a refusal");
    assert_eq!(error.kind(), Failure::Unauthenticated);
    let rejected = source.rejected.lock().expect("a lock").clone();
    assert_eq!(rejected, [(account(), Recorder::REVISION)]);
    only_request(&server).await;
}

#[tokio::test]
async fn no_other_refusal_costs_the_sign_in() {
    for status in [200, 400, 402, 403, 404, 429, 500, 503] {
        let server = answering(json(status, PAGE)).await;
        let source = Recorder::with(Credential::bearer("acc3ss"));
        let outcome = read(&client(&server, source.clone())).await;
        assert_eq!(outcome.is_ok(), status == 200);
        assert!(source.rejected.lock().expect("a lock").is_empty(), "{status}");
    }
}

#[tokio::test]
async fn what_cannot_be_sent_is_not_sent() {
    let app_only = || "A".repeat(22) + "%2Facc3ss";
    let app_only_reason = Failure::Forbidden(ForbiddenReason::UnsupportedAuthentication);
    let no_signature = OAuth1Credential::new("k3y", "acc3ss", "t0ken", "");
    let elsewhere = CredentialReference::new("keychain", "entry 7");
    for (credential, kind, said) in [
        (Credential::bearer(""), Failure::Unauthenticated, "is empty"),
        (Credential::bearer("acc3ss\r\nx-evil: 1"), Failure::Unauthenticated, "line breaks"),
        (Credential::OAuth1(no_signature), Failure::Unauthenticated, "is empty"),
        (Credential::bearer(app_only()), app_only_reason, "no user signed in"),
        (
            Credential::OAuth2(OAuth2Credential::new(app_only())),
            app_only_reason,
            "no user signed in",
        ),
        (Credential::Reference(elsewhere), Failure::Unsupported, "kept in the keychain"),
    ] {
        let server = answering(json(200, PAGE)).await;
        let error = read(&client(&server, Recorder::with(credential))).await.expect_err("unsent");
        assert_eq!(error.kind(), kind);
        assert!(error.to_string().contains(said), "{error}");
        assert!(!format!("{error} {error:?}").contains("acc3ss"));
        assert!(!error.was_sent(), "{error:?}");
        assert!(requests(&server).await.is_empty());
    }
}

/// A source that has nothing to hand out.
#[derive(Debug)]
struct Empty(fn() -> CredentialError);

#[async_trait]
impl CredentialSource for Empty {
    async fn current(&self, _: &AccountName) -> Result<Versioned<Credential>, CredentialError> {
        Err((self.0)())
    }

    async fn rejected(&self, _: &AccountName, _: Revision) -> Result<(), CredentialError> {
        Ok(())
    }
}

#[tokio::test]
async fn without_a_credential_the_error_keeps_the_reason() {
    let reasons: [(fn() -> CredentialError, Failure); 5] = [
        (|| CredentialError::NotSignedIn { account: account() }, Failure::Unauthenticated),
        (|| CredentialError::Ended { account: account() }, Failure::Unauthenticated),
        (|| CredentialError::Store(StoreError::new(StoreFailure::Busy, "busy")), Failure::Backend),
        (|| CredentialError::Refresh(ApiError::new(Failure::Timeout)), Failure::Timeout),
        (
            || CredentialError::AppRefused {
                account: account(),
                source: IssueError::InvalidClient,
            },
            Failure::Unauthenticated,
        ),
    ];
    for (reason, kind) in reasons {
        let server = answering(json(200, PAGE)).await;
        let error = read(&client(&server, Arc::new(Empty(reason)))).await.expect_err("unsent");
        assert_eq!(error.kind(), kind);
        let source = error.source().expect("the reason");
        assert_eq!(source.to_string(), reason().to_string());
        assert!(!error.to_string().contains(&source.to_string()), "said once: {error}");
        assert!(!error.was_sent(), "{error:?}");
        assert!(requests(&server).await.is_empty());
    }
}

/// A source that cannot take note of a refusal.
#[derive(Debug)]
struct Forgetful;

#[async_trait]
impl CredentialSource for Forgetful {
    async fn current(&self, _: &AccountName) -> Result<Versioned<Credential>, CredentialError> {
        Ok(Versioned::new(Revision::new(1), Credential::bearer("acc3ss")))
    }

    async fn rejected(&self, _: &AccountName, _: Revision) -> Result<(), CredentialError> {
        Err(CredentialError::Store(StoreError::new(StoreFailure::Full, "full")))
    }
}

#[tokio::test]
async fn a_source_that_fails_to_take_note_does_not_hide_the_refusal() {
    let server = answering(json(401, r#"{"title":"Unauthorized","status":401}"#)).await;
    let error = read(&client(&server, Arc::new(Forgetful))).await.expect_err("a refusal");
    assert_eq!((error.kind(), error.status()), (Failure::Unauthenticated, Some(401)));
}
