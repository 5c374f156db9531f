//! Other processes that hold the lease: dead ones, late ones, and ones that never finish.

use std::sync::Arc;
use std::time::Duration;

use blocks_app::{Keeper, KeeperPolicy};
use blocks_domain::Failure;
use blocks_ports::{
    ApiError, Claim, Clock, Credential, CredentialError, CredentialSource, IssueError,
    MockTokenIssuer, MockTokenStore, Revision, Swap, TokenGrant, TokenStore,
};
use futures_util::FutureExt;

use crate::support::{HesitantStore, Home, app, oauth2, work};

/// Takes the lease as a process that then dies.
async fn die_with_the_lease(home: &Home, ttl: Duration) {
    let base = home.stored().await.revision;
    let claim = home.store.claim(&work(), base, ttl, home.clock.now()).await.expect("a claim");
    assert!(matches!(claim, Claim::Granted(_)));
}

#[tokio::test]
async fn the_lease_of_a_dead_process_is_taken_over_when_it_ends() {
    let home = Home::with_delay(Duration::ZERO).await;
    home.expire();
    let KeeperPolicy { lease, poll, .. } = KeeperPolicy::default();
    die_with_the_lease(&home, lease).await;
    let begun = home.clock.now();
    home.drive(home.keeper().current(&work())).await.expect("still signed in");
    let waited = home.clock.now().duration_since(begun).unsigned_abs();
    assert!(waited >= lease && waited <= lease + poll, "{waited:?}");
    assert_eq!(home.issuer.tally().exchanges, 1);
}

#[tokio::test]
async fn nobody_waits_for_others_while_the_old_token_works() {
    let home = Home::new().await;
    let before = home.stored().await;
    home.enter_last_minute();
    die_with_the_lease(&home, Duration::from_secs(60)).await;
    let begun = home.clock.now();
    let found = home.keeper().current(&work()).await.expect("the old token");
    assert_eq!((found.revision, home.clock.now()), (before.revision, begun));
    assert_eq!(home.issuer.tally().calls, 0);
}

#[tokio::test]
async fn others_who_never_finish_are_not_waited_for_without_end() {
    let home = Home::new().await;
    home.expire();
    let stored = home.stored().await;
    let mut store = MockTokenStore::new();
    store.expect_load().returning(move |_| Ok(stored.clone()));
    store
        .expect_claim()
        .returning(|_, _, _, _| Ok(Claim::Busy { retry_in: Duration::from_secs(60) }));
    let (issuer, clock) = (Arc::new(home.issuer.clone()), Arc::new(home.clock.clone()));
    let keeper = Keeper::new(app(), issuer, Arc::new(store), clock);
    let begun = home.clock.now();
    let error = home.drive(keeper.current(&work())).await.expect_err("no turn");
    let CredentialError::Refresh(error) = error else { panic!("{error:?}") };
    assert_eq!((error.kind(), error.was_sent()), (Failure::Timeout, false));
    assert_eq!(home.clock.now().duration_since(begun).as_secs(), 120, "two leases");
    assert_eq!(home.issuer.tally().calls, 0);
}

#[tokio::test]
async fn a_lease_of_a_clock_that_was_ahead_is_not_waited_for() {
    let home = Home::with_delay(Duration::ZERO).await;
    home.expire();
    die_with_the_lease(&home, Duration::from_secs(86_400)).await;
    let begun = home.clock.now();
    home.keeper().current(&work()).await.expect("still signed in");
    assert_eq!(home.clock.now(), begun);
}

#[tokio::test]
async fn a_holder_who_is_late_still_stores_what_the_others_adopt() {
    let home = Home::with_delay(Duration::from_secs(90)).await;
    home.expire();
    let mut unreachable = MockTokenIssuer::new();
    unreachable
        .expect_refresh()
        .times(1)
        .returning(|_, _| Err(ApiError::new(Failure::Transport).into()));
    let (late, other) = (home.keeper(), home.keeper_with(Arc::new(unreachable)));
    let exchange = tokio::spawn(async move { late.current(&work()).await });
    while home.issuer.tally().calls == 0 {
        tokio::task::yield_now().await;
    }
    home.clock.advance(Duration::from_secs(61));
    let error = home.drive(other.current(&work())).await.expect_err("no connection");
    assert!(matches!(error, CredentialError::Refresh(_)), "{error:?}");

    let stored = home.drive(exchange).await.expect("no panic").expect("a credential");
    assert_eq!(other.current(&work()).await.expect("adopted"), stored);
    assert!(home.issuer.accepts(&oauth2(&stored).access_token));
    assert_eq!(home.issuer.tally().exchanges, 1);
}

/// An issuer during whose call somebody else stores a credential; then it answers.
fn overtaken(
    store: &HesitantStore,
    base: Revision,
    theirs: Option<Credential>,
    answer: fn() -> Result<TokenGrant, IssueError>,
) -> Arc<MockTokenIssuer> {
    let mut issuer = MockTokenIssuer::new();
    let store = store.in_memory();
    issuer.expect_refresh().times(1).returning(move |_, _| {
        let swap = store.swap(&work(), base, theirs.clone()).now_or_never();
        assert!(matches!(swap, Some(Ok(Swap::Done(_)))), "{swap:?}");
        answer()
    });
    Arc::new(issuer)
}

#[tokio::test]
async fn what_others_stored_meanwhile_is_adopted_after_a_refusal_and_after_a_grant() {
    let answers: [fn() -> Result<TokenGrant, IssueError>; 2] =
        [|| Err(IssueError::InvalidGrant), || Ok(TokenGrant::new("too late"))];
    for answer in answers {
        let home = Home::new().await;
        home.expire();
        let base = home.stored().await.revision;
        let theirs = Some(Credential::bearer("theirs"));
        let keeper = home.keeper_with(overtaken(&home.store, base, theirs.clone(), answer));
        let found = home.drive(keeper.current(&work())).await.expect("theirs");
        assert_eq!((found.revision, Some(found.value)), (base.next(), theirs));
    }
}

#[tokio::test]
async fn a_sign_out_meanwhile_stands() {
    let home = Home::new().await;
    home.expire();
    let base = home.stored().await.revision;
    let issuer = overtaken(&home.store, base, None, || Ok(TokenGrant::new("too late")));
    let keeper = home.keeper_with(issuer);
    let error = home.drive(keeper.current(&work())).await.expect_err("signed out");
    assert!(matches!(error, CredentialError::NotSignedIn { .. }), "{error:?}");
    assert_eq!(home.stored().await.value, None);
}
