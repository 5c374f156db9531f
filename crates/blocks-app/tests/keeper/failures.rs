//! Issuers and stores that fail.

use std::time::Duration;

use blocks_domain::Failure;
use blocks_fake::IssuerFault;
use blocks_ports::{ApiError, CredentialError, CredentialSource, IssueError, StoreFailure};
use futures_util::future::join_all;

use crate::support::{Home, oauth2, work};

fn refresh_failure(error: CredentialError) -> ApiError {
    match error {
        CredentialError::Refresh(error) => error,
        other => panic!("no failed refresh: {other:?}"),
    }
}

#[tokio::test]
async fn a_refused_refresh_ends_the_sign_in_and_deletes_nothing() {
    let home = Home::new().await;
    let before = home.stored().await;
    home.expire();
    home.issuer.spoil_next(IssuerFault::AnswerLost);
    let keeper = home.keeper();
    let error = home.drive(keeper.current(&work())).await.expect_err("no answer");
    assert_eq!(refresh_failure(error).kind(), Failure::Timeout);
    for _ in 0..2 {
        let error = home.drive(keeper.current(&work())).await.expect_err("spent");
        assert!(matches!(error, CredentialError::Ended { .. }), "{error:?}");
    }
    assert_eq!(home.issuer.tally().calls, 2, "a refused refresh token is not sent again");
    assert_eq!(home.stored().await, before);
}

#[tokio::test]
async fn a_sign_in_after_the_end_is_adopted() {
    let home = Home::new().await;
    home.expire();
    home.issuer.spoil_next(IssuerFault::AnswerLost);
    let keeper = home.keeper();
    for _ in 0..2 {
        home.drive(keeper.current(&work())).await.expect_err("lost");
    }
    home.sign_in_again().await;
    let found = keeper.current(&work()).await.expect("signed in again");
    assert!(home.issuer.accepts(&oauth2(&found).access_token));
}

#[tokio::test]
async fn a_token_that_still_works_is_handed_out_while_the_issuer_is_unreachable() {
    let home = Home::new().await;
    let before = home.stored().await;
    let keeper = home.keeper();
    for fault in [IssuerFault::Unreachable, IssuerFault::AppRefused] {
        home.issuer.spoil_next(fault);
    }
    home.enter_last_minute();
    for tries in 1..=2 {
        for _ in 0..3 {
            let found = home.drive(keeper.current(&work())).await.expect("the old token");
            assert_eq!(found.revision, before.revision);
        }
        assert_eq!(home.issuer.tally().calls, tries, "the issuer is left alone for a while");
        home.clock.advance(blocks_app::KeeperPolicy::default().rest);
    }
    let found = home.drive(keeper.current(&work())).await.expect("a new token");
    assert!(found.revision > before.revision);
}

#[tokio::test]
async fn tasks_share_the_failure_of_a_refresh_and_the_next_caller_tries_again() {
    let home = Home::new().await;
    let keeper = home.keeper();
    home.expire();
    home.issuer.spoil_next(IssuerFault::Unreachable);
    let name = work();
    let all = join_all((0..64).map(|_| keeper.current(&name)));
    for result in home.drive(all).await {
        let error = refresh_failure(result.expect_err("no connection"));
        assert_eq!(error.kind(), Failure::Transport);
    }
    assert_eq!(home.issuer.tally().calls, 1);
    home.drive(keeper.current(&name)).await.expect("the same refresh token still works");
    assert_eq!(home.issuer.tally().exchanges, 1);
}

#[tokio::test]
async fn a_refused_app_is_told_as_such_and_ends_no_sign_in() {
    let home = Home::new().await;
    let keeper = home.keeper();
    home.expire();
    home.issuer.spoil_next(IssuerFault::AppRefused);
    let error = home.drive(keeper.current(&work())).await.expect_err("refused");
    let CredentialError::AppRefused { account, source } = error else { panic!("{error:?}") };
    assert_eq!(account, work());
    assert!(matches!(source, IssueError::InvalidClient), "{source:?}");

    home.drive(keeper.current(&work())).await.expect("the same refresh token still works");
    assert_eq!(home.issuer.tally().exchanges, 1);
}

#[tokio::test]
async fn a_grant_that_cannot_be_stored_at_once_is_stored_by_the_same_refresh() {
    let home = Home::new().await;
    home.expire();
    home.store.fail_swaps(2);
    let found = home.drive(home.keeper().current(&work())).await.expect("the third write");
    assert_eq!(home.stored().await.value.as_ref(), Some(&found.value));
}

#[tokio::test]
async fn a_grant_that_cannot_be_stored_is_kept_and_stored_by_the_next_caller() {
    let home = Home::new().await;
    home.expire();
    let before = home.stored().await;
    let (keeper, other) = (home.keeper(), home.keeper());
    home.store.fail_swaps(3);
    let error = home.drive(keeper.current(&work())).await.expect_err("no room");
    let CredentialError::Store(error) = error else { panic!("{error:?}") };
    assert_eq!(error.kind, StoreFailure::Full);
    assert_eq!(home.stored().await, before, "nothing unstored is handed out");

    let waiting = tokio::spawn(async move { other.current(&work()).await });
    home.pass(Duration::from_secs(5)).await;
    let found = home.drive(keeper.current(&work())).await.expect("room again");
    assert_eq!(home.drive(waiting).await.expect("no panic").expect("adopted"), found);
    assert_eq!(home.stored().await.value.as_ref(), Some(&found.value));
    let tally = home.issuer.tally();
    assert_eq!((tally.calls, tally.reuses), (1, 0), "the lease was kept meanwhile");
}
