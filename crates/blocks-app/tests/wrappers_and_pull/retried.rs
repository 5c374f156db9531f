//! [`Retried`]: what is sent again, how often, and how soon.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use blocks_app::{Budgeted, Retried, RetryPolicy};
use blocks_domain::{Failure, ForbiddenReason, Selection, User, UserReply};
use blocks_ports::{ApiError, BlocksApi, Clock, MockUsersApi, Reply, UsersApi};

use crate::support::{answer, failure, jumping, me, page, pages_of, scripted};

fn policy() -> RetryPolicy {
    RetryPolicy::at_most(3)
}

#[tokio::test]
async fn trouble_that_passes_is_outlasted() {
    for kind in [Failure::Unavailable, Failure::Transport, Failure::Timeout, Failure::Malformed] {
        let clock = jumping();
        let begun = clock.now();
        let script = [failure(kind), failure(kind), answer(page(0..3, None))];
        let api = Retried::new(scripted(script), Arc::new(clock.clone()), policy());
        let retries = api.retries();
        let reply = api.blocking(me(), &pages_of(10)).await.expect("the third answer");
        assert_eq!(reply.value.users().len(), 3);
        assert_eq!(retries.load(Ordering::Relaxed), 2);
        // One second and two, each lengthened by at most as much again.
        let waited = Duration::try_from(clock.now().duration_since(begun)).expect("forwards");
        assert!((Duration::from_secs(3)..=Duration::from_secs(6)).contains(&waited), "{waited:?}");
    }
}

#[tokio::test]
async fn trouble_that_stays_is_passed_on() {
    let script = (0..4).map(|_| failure(Failure::Unavailable));
    let api = Retried::new(scripted(script), Arc::new(jumping()), policy());
    let error = api.blocking(me(), &pages_of(10)).await.expect_err("no answer");
    assert_eq!(error.kind(), Failure::Unavailable);
}

#[tokio::test]
async fn what_will_not_change_is_not_sent_again() {
    for kind in [
        Failure::InvalidRequest,
        Failure::Unauthenticated,
        Failure::OutOfCredits,
        Failure::Forbidden(ForbiddenReason::ScopeOrPlan),
        Failure::NotFound,
        Failure::RateLimited,
        Failure::Capped,
        Failure::OverBudget,
        Failure::Unsupported,
    ] {
        let api = Retried::new(scripted([failure(kind)]), Arc::new(jumping()), policy());
        let error = api.blocking(me(), &pages_of(10)).await.expect_err("no answer");
        assert_eq!(error.kind(), kind);
    }
}

#[tokio::test]
async fn jitter_does_not_lengthen_the_longest_wait() {
    let mut policy = RetryPolicy::at_most(20);
    policy.longest = Duration::from_secs(2);
    let clock = jumping();
    let begun = clock.now();
    let script = (0..21).map(|_| failure(Failure::Unavailable));
    let api = Retried::new(scripted(script), Arc::new(clock.clone()), policy);
    api.blocking(me(), &pages_of(10)).await.expect_err("no answer");
    let waited = Duration::try_from(clock.now().duration_since(begun)).expect("forwards");
    assert!(waited <= 20 * policy.longest, "{waited:?}");
}

#[tokio::test]
async fn a_budget_that_stops_a_repeat_does_not_hide_why_it_was_needed() {
    let inner =
        Budgeted::new(scripted([failure(Failure::Timeout)]), "0.01".parse().expect("an amount"));
    let api = Retried::new(inner, Arc::new(jumping()), policy());
    let error = api.blocking(me(), &pages_of(10)).await.expect_err("the money is set aside");
    let earlier = error.source().and_then(|source| source.downcast_ref::<ApiError>());
    assert_eq!(error.kind(), Failure::OverBudget);
    assert_eq!(earlier.map(ApiError::kind), Some(Failure::Timeout));
}

#[tokio::test]
async fn lookups_are_sent_again_too() {
    let mut failures = 2;
    let mut inner = MockUsersApi::new();
    inner.expect_me().times(3).returning(move |_| {
        if failures == 0 {
            return Ok(Reply::new(UserReply::new(User::new(me()))));
        }
        failures -= 1;
        Err(ApiError::new(Failure::Unavailable))
    });
    let api = Retried::new(inner, Arc::new(jumping()), policy());
    api.me(&Selection::default()).await.expect("the third answer");
}
