//! The rules of [`RequestTokenIssuer`].

use std::future::Future;
use std::sync::Arc;

use blocks_ports::{
    Consumer, IssueError, OAuth1Credential, OAuth1Grant, OUT_OF_BAND, RequestToken,
    RequestTokenIssuer,
};
use secrecy::{ExposeSecret, SecretString};

use crate::support::{ROUNDS, race};

/// Makes issuers of OAuth 1.0a for the suite, with somebody who approves whatever is asked for.
pub trait RequestTokenIssuerHarness: Sized + 'static {
    /// A server of its own, at which [`consumer`](Self::consumer) is registered.
    fn fresh() -> impl Future<Output = Self>;

    /// A new handle on the issuer.
    fn issuer(&self) -> Arc<dyn RequestTokenIssuer>;

    /// The key of an app, and its secret.
    fn consumer(&self) -> Consumer;

    /// Lets a person approve, and answers the verifier that the page shows: a PIN.
    fn authorize(&self, request: &RequestToken) -> impl Future<Output = SecretString>;

    /// Whether the server takes this sign-in now.
    fn accepts(&self, credential: &OAuth1Credential) -> impl Future<Output = bool>;
}

suite! {
    ($) request_token_issuer_suite, request_token_issuer::RequestTokenIssuerHarness:
    an_authorized_request_token_becomes_a_sign_in_that_works,
    a_sign_in_carries_its_consumer,
    request_tokens_differ,
    a_request_token_works_once,
    one_of_many_trades_is_granted,
    a_wrong_verifier_is_an_invalid_grant,
    a_verifier_is_good_for_its_request_token_only,
    an_unauthorized_request_token_is_an_invalid_grant,
    an_unknown_request_token_is_an_invalid_grant,
    an_invalidated_sign_in_no_longer_works,
    a_wrong_consumer_secret_is_an_invalid_client,
    an_unknown_consumer_is_an_invalid_client,
    a_refused_consumer_spends_nothing,
}

type Issued = Result<OAuth1Grant, IssueError>;

async fn requested<H: RequestTokenIssuerHarness>(h: &H) -> RequestToken {
    let answer = h.issuer().request_token(&h.consumer(), OUT_OF_BAND).await;
    answer.expect("nothing stands against a request token")
}

/// A request token that a person has approved, and its verifier.
async fn authorized<H: RequestTokenIssuerHarness>(h: &H) -> (RequestToken, SecretString) {
    let request = requested(h).await;
    let verifier = h.authorize(&request).await;
    (request, verifier)
}

async fn trade<H: RequestTokenIssuerHarness>(
    h: &H,
    request: &RequestToken,
    verifier: &SecretString,
) -> Issued {
    h.issuer().access_token(&h.consumer(), request, verifier).await
}

async fn sign_in<H: RequestTokenIssuerHarness>(h: &H) -> OAuth1Credential {
    let (request, verifier) = authorized(h).await;
    granted(trade(h, &request, &verifier).await)
}

fn granted(answer: Issued) -> OAuth1Credential {
    answer.expect("nothing stands against a grant").credential
}

fn assert_invalid_grant(answer: &Issued, what: &str) {
    assert!(matches!(answer, Err(IssueError::InvalidGrant)), "{what}: {answer:?}");
}

/// The consumer as whoever guesses at its secret would write it.
fn with_wrong_secret<H: RequestTokenIssuerHarness>(h: &H) -> Consumer {
    Consumer::new(h.consumer().key, "not the secret")
}

/// A request token that a person approved becomes, with its verifier, a sign-in that the server
/// takes.
pub async fn an_authorized_request_token_becomes_a_sign_in_that_works<
    H: RequestTokenIssuerHarness,
>(
    h: H,
) {
    let credential = sign_in(&h).await;
    assert!(h.accepts(&credential).await, "what was granted does not work");
}

/// A sign-in carries the consumer that it was made with, since each request is signed with both.
pub async fn a_sign_in_carries_its_consumer<H: RequestTokenIssuerHarness>(h: H) {
    let (consumer, credential) = (h.consumer(), sign_in(&h).await);
    assert_eq!(credential.consumer_key, consumer.key);
    let (carried, own) = (&credential.consumer_secret, &consumer.secret);
    assert!(carried.expose_secret() == own.expose_secret(), "the secret of another consumer");
}

/// No two request tokens are the same.
pub async fn request_tokens_differ<H: RequestTokenIssuerHarness>(h: H) {
    let (one, two) = (requested(&h).await, requested(&h).await);
    assert_ne!(one.token, two.token);
}

/// A request token that was traded is worth nothing, nor is its verifier.
pub async fn a_request_token_works_once<H: RequestTokenIssuerHarness>(h: H) {
    let (request, verifier) = authorized(&h).await;
    granted(trade(&h, &request, &verifier).await);
    assert_invalid_grant(&trade(&h, &request, &verifier).await, "a spent request token");
}

/// Of many trades at once of one request token exactly one is granted; for the others it is spent.
pub async fn one_of_many_trades_is_granted<H: RequestTokenIssuerHarness>(h: H) {
    for round in 0..ROUNDS {
        let (request, verifier) = authorized(&h).await;
        let answers = race(|_| {
            let (issuer, consumer) = (h.issuer(), h.consumer());
            let (request, verifier) = (request.clone(), verifier.clone());
            async move { issuer.access_token(&consumer, &request, &verifier).await }
        })
        .await;
        let (winners, losers): (Vec<_>, Vec<_>) = answers.into_iter().partition(Issued::is_ok);
        assert_eq!(winners.len(), 1, "so many of the trades of round {round} were granted");
        for loser in &losers {
            assert_invalid_grant(loser, "a request token that another racer spent");
        }
    }
}

/// A request token that was approved is not traded for a verifier that nobody gave.
pub async fn a_wrong_verifier_is_an_invalid_grant<H: RequestTokenIssuerHarness>(h: H) {
    let (request, verifier) = authorized(&h).await;
    for wrong in [format!("{}0", verifier.expose_secret()), "garbage".to_owned()] {
        let answer = trade(&h, &request, &wrong.into()).await;
        assert_invalid_grant(&answer, "a wrong verifier");
    }
}

/// The verifier of one request token is worth nothing with another.
pub async fn a_verifier_is_good_for_its_request_token_only<H: RequestTokenIssuerHarness>(h: H) {
    let ((request, _), (_, verifier)) = (authorized(&h).await, authorized(&h).await);
    let answer = trade(&h, &request, &verifier).await;
    assert_invalid_grant(&answer, "the verifier of another request token");
}

/// A request token that nobody approved is worth nothing.
pub async fn an_unauthorized_request_token_is_an_invalid_grant<H: RequestTokenIssuerHarness>(h: H) {
    let request = requested(&h).await;
    for guess in ["", "0000000"] {
        let answer = trade(&h, &request, &guess.into()).await;
        assert_invalid_grant(&answer, "a request token that nobody approved");
    }
}

/// A request token that the server never gave is worth nothing.
pub async fn an_unknown_request_token_is_an_invalid_grant<H: RequestTokenIssuerHarness>(h: H) {
    let (_, verifier) = authorized(&h).await;
    let garbage = RequestToken::new("garbage", "garbage");
    assert_invalid_grant(&trade(&h, &garbage, &verifier).await, "an unknown request token");
}

/// A sign-in works until it is invalidated, and not after.
pub async fn an_invalidated_sign_in_no_longer_works<H: RequestTokenIssuerHarness>(h: H) {
    let credential = sign_in(&h).await;
    h.issuer().invalidate(&credential).await.expect("`invalidate` failed");
    assert!(!h.accepts(&credential).await, "the server still takes it");
}

async fn assert_invalid_client<H: RequestTokenIssuerHarness>(h: &H, consumer: &Consumer) {
    let (issuer, (request, verifier)) = (h.issuer(), authorized(h).await);
    let answers = [
        ("request_token", issuer.request_token(consumer, OUT_OF_BAND).await.map(drop)),
        ("access_token", issuer.access_token(consumer, &request, &verifier).await.map(drop)),
    ];
    for (call, answer) in answers {
        assert!(matches!(answer, Err(IssueError::InvalidClient)), "`{call}`: {answer:?}");
    }
}

/// A consumer with another secret than its own is an invalid client.
pub async fn a_wrong_consumer_secret_is_an_invalid_client<H: RequestTokenIssuerHarness>(h: H) {
    assert_invalid_client(&h, &with_wrong_secret(&h)).await;
}

/// A consumer that the server does not know is an invalid client.
pub async fn an_unknown_consumer_is_an_invalid_client<H: RequestTokenIssuerHarness>(h: H) {
    let nobody = Consumer::new("nobody", h.consumer().secret);
    assert_invalid_client(&h, &nobody).await;
}

/// A trade of an invalid client does not spend the request token.
pub async fn a_refused_consumer_spends_nothing<H: RequestTokenIssuerHarness>(h: H) {
    let (request, verifier) = authorized(&h).await;
    let refused = h.issuer().access_token(&with_wrong_secret(&h), &request, &verifier).await;
    refused.expect_err("the secret is wrong");
    granted(trade(&h, &request, &verifier).await);
}
