//! Credentials that the server refused with a 401, and those that never expire.

use std::sync::Arc;
use std::time::Duration;

use blocks_app::Keeper;
use blocks_fake::stores::ManualClock;
use blocks_ports::{
    Clock, Credential, CredentialError, CredentialSource, OAuth1Credential, OAuth2Credential,
    TokenStore,
};
use secrecy::ExposeSecret;

use crate::support::{Home, app, oauth2, work};

/// A home at which this credential is stored instead.
async fn home_of(credential: Credential) -> Home {
    let home = Home::new().await;
    let base = home.stored().await.revision;
    home.store.swap(&work(), base, Some(credential)).await.expect("a write");
    home
}

#[tokio::test]
async fn a_refused_token_is_refreshed_once() {
    let home = Home::new().await;
    let keeper = home.keeper();
    let old = keeper.current(&work()).await.expect("signed in").revision;
    keeper.rejected(&work(), old).await.expect("noted");
    let new = home.drive(keeper.current(&work())).await.expect("a new token");
    assert!(new.revision > old);

    keeper.rejected(&work(), old).await.expect("old news");
    assert_eq!(keeper.current(&work()).await.expect("the same"), new);
    assert_eq!(home.issuer.tally().calls, 1);
}

#[tokio::test]
async fn a_token_that_another_process_has_refreshed_is_adopted_after_a_refusal() {
    let home = Home::new().await;
    let (one, two) = (home.keeper(), home.keeper());
    let old = one.current(&work()).await.expect("signed in").revision;
    for keeper in [&one, &two] {
        keeper.rejected(&work(), old).await.expect("noted");
    }
    let new = home.drive(one.current(&work())).await.expect("a new token");
    assert_eq!(two.current(&work()).await.expect("adopted"), new);
    assert_eq!(home.issuer.tally().calls, 1);
}

#[tokio::test]
async fn a_token_refused_while_its_refresh_failed_is_not_handed_out() {
    let home = Home::new().await;
    let keeper = home.keeper();
    let old = keeper.current(&work()).await.expect("signed in").revision;
    home.enter_last_minute();
    home.issuer.spoil_next(blocks_fake::IssuerFault::Unreachable);
    keeper.rejected(&work(), old).await.expect("noted");
    let error = home.drive(keeper.current(&work())).await.expect_err("refused and unreachable");
    assert!(matches!(error, CredentialError::Refresh(_)), "{error:?}");
}

#[tokio::test]
async fn what_cannot_be_refreshed_ends_when_it_is_refused() {
    let never_expires = Credential::OAuth2(OAuth2Credential::new("access"));
    let oauth1 = OAuth1Credential::new("key", "consumer", "token", "secret");
    for credential in [never_expires, Credential::OAuth1(oauth1), Credential::bearer("ready")] {
        let home = home_of(credential.clone()).await;
        let keeper = home.keeper();
        home.clock.advance(Duration::from_secs(86_400 * 365));
        let found = keeper.current(&work()).await.expect("as it is");
        assert_eq!(found.value, credential);
        keeper.rejected(&work(), found.revision).await.expect("noted");
        let error = keeper.current(&work()).await.expect_err("refused");
        assert!(matches!(error, CredentialError::Ended { .. }), "{error:?}");
        assert_eq!(home.stored().await.value, Some(credential), "nothing is deleted");
    }
}

#[tokio::test]
async fn without_a_refresh_token_a_sign_in_ends_with_its_expiry_and_not_before() {
    let home = Home::new().await;
    let mut credential = OAuth2Credential::new("access");
    credential.expires_at = Some(home.clock.now() + Duration::from_secs(10));
    let base = home.stored().await.revision;
    home.store.swap(&work(), base, Some(Credential::OAuth2(credential))).await.expect("a write");
    let keeper = home.keeper();
    keeper.current(&work()).await.expect("ten seconds are left");
    home.clock.advance(Duration::from_secs(10));
    let error = keeper.current(&work()).await.expect_err("expired");
    assert!(matches!(error, CredentialError::Ended { .. }), "{error:?}");
}

#[tokio::test]
async fn a_clock_set_back_is_put_right_by_a_refusal() {
    let home = Home::new().await;
    let yesterday = ManualClock::new(home.clock.now() - Duration::from_secs(86_400));
    let store = Arc::new(home.store.clone());
    let keeper =
        Keeper::new(app(), Arc::new(home.issuer.clone()), store, Arc::new(yesterday.clone()));
    yesterday.advance(Duration::from_secs(3 * 60 * 60));
    let expired = keeper.current(&work()).await.expect("it looks fresh");
    keeper.rejected(&work(), expired.revision).await.expect("noted");
    let found = home.drive(keeper.current(&work())).await.expect("a new token");
    assert!(found.revision > expired.revision);
}

#[tokio::test]
async fn no_secret_shows() {
    let home = Home::new().await;
    let keeper = home.keeper();
    let found = home.drive(keeper.current(&work())).await.expect("signed in");
    let tokens = oauth2(&found);
    let refresh_token = tokens.refresh_token.as_ref().expect("offline.access");
    let client_secret = app().client_secret.expect("a confidential client");
    let shown = format!("{keeper:?}");
    for secret in [&tokens.access_token, refresh_token, &client_secret] {
        assert!(!shown.contains(secret.expose_secret()), "{shown}");
    }
}
