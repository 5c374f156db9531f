//! [`Retried`]: what is sent again, how often, and how soon.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use blocks_app::{Retried, RetryPolicy};
use blocks_domain::{Failure, ForbiddenReason};
use blocks_ports::{BlocksApi, Clock};

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
