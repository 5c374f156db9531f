//! The rules of [`TokenIssuer`].

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use blocks_ports::{App, AuthorizationGrant, IssueError, TokenGrant, TokenIssuer};
use secrecy::{ExposeSecret, SecretString};

use crate::support::{ROUNDS, race};

/// Makes token issuers for the suite, with somebody who approves whatever is asked for.
pub trait TokenIssuerHarness: Sized + 'static {
    /// A server of its own, at which [`app`](Self::app) is registered.
    fn fresh() -> impl Future<Output = Self>;

    /// A new handle on the issuer.
    fn issuer(&self) -> Arc<dyn TokenIssuer>;

    /// A confidential client: one that has a secret.
    fn app(&self) -> App;

    /// The scopes that [`authorize`](Self::authorize) asks for, `offline.access` among them.
    fn scopes(&self) -> BTreeSet<String>;

    /// Lets a person approve, and answers a new code with what belongs to it.
    fn authorize(&self) -> impl Future<Output = AuthorizationGrant>;

    /// Whether the server takes this access token now.
    fn accepts(&self, access_token: &SecretString) -> impl Future<Output = bool>;
}

suite! {
    ($) token_issuer_suite, token_issuer::TokenIssuerHarness:
    a_code_becomes_a_sign_in_that_works,
    the_scopes_and_the_lifetime_are_told,
    a_code_works_once,
    a_code_is_good_with_its_verifier_only,
    a_code_is_good_with_its_redirect_uri_only,
    a_refresh_grants_new_tokens_that_work,
    a_refresh_token_works_once,
    one_of_many_refreshes_is_granted,
    garbage_is_an_invalid_grant,
    revoking_the_access_token_ends_the_sign_in,
    revoking_the_refresh_token_ends_the_sign_in,
    revoking_what_is_unknown_is_no_failure,
    a_wrong_client_secret_is_an_invalid_client,
    an_unknown_client_is_an_invalid_client,
    a_refused_client_spends_nothing,
}

type Issued = Result<TokenGrant, IssueError>;

/// The tokens of a new sign-in.
async fn sign_in<H: TokenIssuerHarness>(h: &H) -> TokenGrant {
    let grant = h.authorize().await;
    granted(h.issuer().exchange(&h.app(), &grant).await)
}

fn granted(answer: Issued) -> TokenGrant {
    answer.expect("nothing stands against a grant")
}

fn refresh_token(grant: &TokenGrant) -> &SecretString {
    grant.refresh_token.as_ref().expect("`offline.access` was asked for")
}

fn assert_invalid_grant(answer: &Issued, what: &str) {
    assert!(matches!(answer, Err(IssueError::InvalidGrant)), "{what}: {answer:?}");
}

async fn assert_ended<H: TokenIssuerHarness>(h: &H, tokens: &TokenGrant) {
    assert!(!h.accepts(&tokens.access_token).await, "the access token still works");
    let answer = h.issuer().refresh(&h.app(), refresh_token(tokens)).await;
    assert_invalid_grant(&answer, "the refresh token of a sign-in that was revoked");
}

/// The app as whoever guesses at its secret would write it.
fn with_wrong_secret<H: TokenIssuerHarness>(h: &H) -> App {
    let mut app = h.app();
    assert!(app.client_secret.is_some(), "the harness's app is a confidential client");
    app.client_secret = Some("not the secret".into());
    app
}

/// A code becomes an access token that the server takes, and a refresh token.
pub async fn a_code_becomes_a_sign_in_that_works<H: TokenIssuerHarness>(h: H) {
    let tokens = sign_in(&h).await;
    refresh_token(&tokens);
    assert!(h.accepts(&tokens.access_token).await, "what was granted does not work");
}

/// A grant tells the scopes that were granted, and how long the access token lives.
pub async fn the_scopes_and_the_lifetime_are_told<H: TokenIssuerHarness>(h: H) {
    let tokens = sign_in(&h).await;
    let told = tokens.scope.as_deref().unwrap_or_default();
    let told: BTreeSet<_> = told.split_whitespace().map(str::to_owned).collect();
    assert_eq!(told, h.scopes(), "not the scopes that were asked for and approved");
    assert!(tokens.expires_in.is_some_and(|life| life > Duration::ZERO), "{tokens:?}");
}

/// A code that was traded is worth nothing.
pub async fn a_code_works_once<H: TokenIssuerHarness>(h: H) {
    let (issuer, app, grant) = (h.issuer(), h.app(), h.authorize().await);
    granted(issuer.exchange(&app, &grant).await);
    assert_invalid_grant(&issuer.exchange(&app, &grant).await, "a spent code");
}

/// A code is not traded for another verifier than the one whose challenge was sent for it.
pub async fn a_code_is_good_with_its_verifier_only<H: TokenIssuerHarness>(h: H) {
    let (mut grant, another) = (h.authorize().await, h.authorize().await);
    grant.code_verifier = format!("{}x", another.code_verifier.expose_secret()).into();
    let answer = h.issuer().exchange(&h.app(), &grant).await;
    assert_invalid_grant(&answer, "a code with another verifier");
}

/// A code is not traded for another redirect URI than the one that it was sent to.
pub async fn a_code_is_good_with_its_redirect_uri_only<H: TokenIssuerHarness>(h: H) {
    let mut grant = h.authorize().await;
    grant.redirect_uri.push_str("elsewhere");
    let answer = h.issuer().exchange(&h.app(), &grant).await;
    assert_invalid_grant(&answer, "a code with another redirect URI");
}

/// A refresh answers tokens that differ from the ones before, work, and can be refreshed again.
pub async fn a_refresh_grants_new_tokens_that_work<H: TokenIssuerHarness>(h: H) {
    let (issuer, app) = (h.issuer(), h.app());
    let mut tokens = sign_in(&h).await;
    for refresh in 1..=3 {
        let next = granted(issuer.refresh(&app, refresh_token(&tokens)).await);
        for (kind, old, new) in [
            ("access", &tokens.access_token, &next.access_token),
            ("refresh", refresh_token(&tokens), refresh_token(&next)),
        ] {
            let same = old.expose_secret() == new.expose_secret();
            assert!(!same, "refresh {refresh} granted the {kind} token that was there");
        }
        assert!(h.accepts(&next.access_token).await, "what refresh {refresh} granted fails");
        tokens = next;
    }
}

/// A refresh token that was traded is worth nothing.
pub async fn a_refresh_token_works_once<H: TokenIssuerHarness>(h: H) {
    let (issuer, app, tokens) = (h.issuer(), h.app(), sign_in(&h).await);
    granted(issuer.refresh(&app, refresh_token(&tokens)).await);
    let answer = issuer.refresh(&app, refresh_token(&tokens)).await;
    assert_invalid_grant(&answer, "a spent refresh token");
}

/// Of many refreshes at once with one token exactly one is granted; for the others it is spent.
pub async fn one_of_many_refreshes_is_granted<H: TokenIssuerHarness>(h: H) {
    for round in 0..ROUNDS {
        let tokens = sign_in(&h).await;
        let answers = race(|_| {
            let (issuer, app) = (h.issuer(), h.app());
            let token = refresh_token(&tokens).clone();
            async move { issuer.refresh(&app, &token).await }
        })
        .await;
        let (winners, losers): (Vec<_>, Vec<_>) = answers.into_iter().partition(Issued::is_ok);
        assert_eq!(winners.len(), 1, "so many of the refreshes of round {round} were granted");
        for loser in &losers {
            assert_invalid_grant(loser, "a refresh token that another racer spent");
        }
    }
}

/// A code or a refresh token that was never given is an invalid grant, also where it is a token
/// of the other kind.
pub async fn garbage_is_an_invalid_grant<H: TokenIssuerHarness>(h: H) {
    let (issuer, app) = (h.issuer(), h.app());
    let mut grant = h.authorize().await;
    grant.code = "garbage".into();
    assert_invalid_grant(&issuer.exchange(&app, &grant).await, "a code that nobody gave");
    let access_token = sign_in(&h).await.access_token;
    for garbage in ["garbage".into(), access_token] {
        let answer = issuer.refresh(&app, &garbage).await;
        assert_invalid_grant(&answer, "a refresh token that nobody gave");
    }
}

/// Revoking the access token ends the sign-in: neither of its tokens works any longer.
pub async fn revoking_the_access_token_ends_the_sign_in<H: TokenIssuerHarness>(h: H) {
    let tokens = sign_in(&h).await;
    h.issuer().revoke(&h.app(), &tokens.access_token).await.expect("`revoke` failed");
    assert_ended(&h, &tokens).await;
}

/// Revoking the refresh token ends the sign-in: neither of its tokens works any longer.
pub async fn revoking_the_refresh_token_ends_the_sign_in<H: TokenIssuerHarness>(h: H) {
    let tokens = sign_in(&h).await;
    h.issuer().revoke(&h.app(), refresh_token(&tokens)).await.expect("`revoke` failed");
    assert_ended(&h, &tokens).await;
}

/// Revoking what was never given, or was revoked before, goes well and ends no sign-in.
pub async fn revoking_what_is_unknown_is_no_failure<H: TokenIssuerHarness>(h: H) {
    let (revoked, stays) = (sign_in(&h).await, sign_in(&h).await);
    let garbage = "garbage".into();
    for token in [&garbage, &revoked.access_token, &revoked.access_token] {
        let answer = h.issuer().revoke(&h.app(), token).await;
        assert!(answer.is_ok(), "the token is worth nothing then, which was the wish: {answer:?}");
    }
    assert!(h.accepts(&stays.access_token).await, "another sign-in has ended");
}

async fn assert_invalid_client<H: TokenIssuerHarness>(h: &H, app: &App) {
    let (issuer, grant, tokens) = (h.issuer(), h.authorize().await, sign_in(h).await);
    let answers = [
        ("exchange", issuer.exchange(app, &grant).await.map(drop)),
        ("refresh", issuer.refresh(app, refresh_token(&tokens)).await.map(drop)),
        ("revoke", issuer.revoke(app, &tokens.access_token).await),
    ];
    for (call, answer) in answers {
        assert!(matches!(answer, Err(IssueError::InvalidClient)), "`{call}`: {answer:?}");
    }
}

/// The app with another secret than its own is an invalid client, whatever it asks for.
pub async fn a_wrong_client_secret_is_an_invalid_client<H: TokenIssuerHarness>(h: H) {
    assert_invalid_client(&h, &with_wrong_secret(&h)).await;
}

/// An app that the server does not know is an invalid client, whatever it asks for.
pub async fn an_unknown_client_is_an_invalid_client<H: TokenIssuerHarness>(h: H) {
    let mut app = h.app();
    app.client_id = "nobody".to_owned();
    assert_invalid_client(&h, &app).await;
}

/// A call of an invalid client spends no code and no refresh token, and ends no sign-in.
pub async fn a_refused_client_spends_nothing<H: TokenIssuerHarness>(h: H) {
    let (issuer, app, wrong) = (h.issuer(), h.app(), with_wrong_secret(&h));
    let (grant, tokens) = (h.authorize().await, sign_in(&h).await);
    issuer.exchange(&wrong, &grant).await.expect_err("the secret is wrong");
    issuer.refresh(&wrong, refresh_token(&tokens)).await.expect_err("the secret is wrong");
    issuer.revoke(&wrong, refresh_token(&tokens)).await.expect_err("the secret is wrong");

    granted(issuer.exchange(&app, &grant).await);
    assert!(h.accepts(&tokens.access_token).await, "the sign-in has ended");
    granted(issuer.refresh(&app, refresh_token(&tokens)).await);
}
