//! Callers who go away before they are answered.

use std::pin::pin;
use std::time::Duration;

use blocks_ports::CredentialSource;
use futures_util::future::poll_immediate;
use tokio::task::yield_now;

use crate::support::{Home, oauth2, pass_until_next_wake_up, work};

/// Asks, goes away after so many polls unless answered before, and says whether it was answered.
async fn ask_and_leave(home: &Home, source: &dyn CredentialSource, polls: usize) -> bool {
    let name = work();
    let mut call = pin!(source.current(&name));
    for polled in 0..polls {
        if poll_immediate(&mut call).await.is_some() {
            return true;
        }
        // Time passes now and then, so that the caller leaves at each stage of the issuer's call.
        if polled % 4 == 3 {
            pass_until_next_wake_up(&home.clock);
        }
        yield_now().await;
    }
    false
}

#[tokio::test]
async fn a_caller_may_leave_at_any_await_point() {
    let mut left = 0;
    for polls in 0.. {
        let home = Home::new().await;
        let keeper = home.keeper();
        home.expire();
        let answered = ask_and_leave(&home, &keeper, polls).await;
        let next = home.drive(keeper.current(&work())).await.expect("still signed in");
        assert!(home.issuer.accepts(&oauth2(&next).access_token), "after {polls} polls");
        let tally = home.issuer.tally();
        assert_eq!((tally.exchanges, tally.reuses), (1, 0), "after {polls} polls");
        if answered {
            break;
        }
        left += 1;
    }
    assert!(left > 10, "only {left} await points");
}

#[tokio::test]
async fn a_refresh_goes_on_when_its_caller_has_left_and_nobody_else_asks() {
    let home = Home::new().await;
    let keeper = home.keeper();
    home.expire();
    let before = home.stored().await;
    assert!(!ask_and_leave(&home, &keeper, 4).await);
    home.pass(Duration::from_secs(10)).await;
    assert!(home.stored().await.revision > before.revision);
}

#[tokio::test]
async fn what_a_caller_left_behind_is_stored_before_the_keeper_is_settled() {
    let home = Home::new().await;
    let keeper = home.keeper();
    home.expire();
    let before = home.stored().await;
    assert!(!ask_and_leave(&home, &keeper, 4).await);
    home.drive(keeper.settle()).await;
    assert_eq!(home.issuer.tally().exchanges, 1);
    assert!(home.stored().await.revision > before.revision);
}
