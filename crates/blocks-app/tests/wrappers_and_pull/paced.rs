//! [`Paced`]: as many calls as the window gives, then a wait, and a 429 obeyed.

use std::sync::Arc;

use blocks_app::{Paced, WhenSpent};
use blocks_domain::Failure;
use blocks_fake::stores::{JumpingClock, MemoryWindowStore};
use blocks_ports::{ApiError, BlocksApi, Clock, MockBlocksApi};
use jiff::{SignedDuration, Timestamp};

use crate::support::{answer, answer_with, failure, jumping, me, page, pages_of, scripted, told};

fn paced(
    inner: MockBlocksApi,
    clock: &JumpingClock,
    when_spent: WhenSpent,
) -> Paced<MockBlocksApi> {
    let windows = Arc::new(MemoryWindowStore::default());
    Paced::new(inner, windows, Arc::new(clock.clone()), when_spent)
}

fn minutes_since(begun: Timestamp, clock: &JumpingClock) -> i64 {
    clock.now().duration_since(begun).as_mins()
}

#[tokio::test]
async fn a_window_is_used_up_at_once_and_the_next_one_waited_for() {
    let clock = jumping();
    let begun = clock.now();
    let api = paced(scripted((0..16).map(|_| answer(page(0..1, None)))), &clock, WhenSpent::Wait);
    for _ in 0..15 {
        api.blocking(me(), &pages_of(10)).await.expect("a page");
    }
    assert_eq!(clock.now(), begun, "fifteen calls wait for nothing");
    api.blocking(me(), &pages_of(10)).await.expect("a page");
    assert_eq!(minutes_since(begun, &clock), 15);
}

#[tokio::test]
async fn what_the_server_tells_counts_more_than_what_was_assumed() {
    let clock = jumping();
    let begun = clock.now();
    let script = [answer_with(page(0..1, None), told(0, begun, 4)), answer(page(0..1, None))];
    let api = paced(scripted(script), &clock, WhenSpent::Wait);
    api.blocking(me(), &pages_of(10)).await.expect("a page");
    api.blocking(me(), &pages_of(10)).await.expect("a page");
    assert_eq!(minutes_since(begun, &clock), 4);
}

#[tokio::test]
async fn a_429_is_obeyed_with_and_without_its_headers() {
    let clock = jumping();
    let begun = clock.now();
    let with_headers = ApiError::new(Failure::RateLimited).with_rate(Some(told(0, begun, 7)));
    let script = [Err(with_headers), answer(page(0..1, None))];
    let api = paced(scripted(script), &clock, WhenSpent::Wait);
    api.blocking(me(), &pages_of(10)).await.expect("the second answer");
    assert_eq!(minutes_since(begun, &clock), 7);

    let begun = clock.now();
    let script = [failure(Failure::RateLimited), answer(page(0..1, None))];
    let api = paced(scripted(script), &clock, WhenSpent::Wait);
    api.blocking(me(), &pages_of(10)).await.expect("the second answer");
    assert_eq!(minutes_since(begun, &clock), 15, "a whole window where nothing is told");
}

#[tokio::test]
async fn a_429_that_never_ends_is_passed_on_after_a_few_windows() {
    let clock = jumping();
    let script = (0..4).map(|_| failure(Failure::RateLimited));
    let api = paced(scripted(script), &clock, WhenSpent::Wait);
    let error = api.blocking(me(), &pages_of(10)).await.expect_err("no answer");
    assert_eq!(error.kind(), Failure::RateLimited);
}

#[tokio::test]
async fn a_cap_is_not_waited_for() {
    let clock = jumping();
    let begun = clock.now();
    let api = paced(scripted([failure(Failure::Capped)]), &clock, WhenSpent::Wait);
    let error = api.blocking(me(), &pages_of(10)).await.expect_err("capped");
    assert_eq!((error.kind(), clock.now()), (Failure::Capped, begun));
}

#[tokio::test]
async fn without_waiting_a_spent_window_is_an_error_that_says_when_to_go_on() {
    let clock = jumping();
    let begun = clock.now();
    let script = [answer_with(page(0..1, None), told(0, begun, 4))];
    let api = paced(scripted(script), &clock, WhenSpent::Fail);
    api.blocking(me(), &pages_of(10)).await.expect("a page");
    let error = api.blocking(me(), &pages_of(10)).await.expect_err("spent");
    assert_eq!(error.kind(), Failure::RateLimited);
    assert_eq!(clock.now(), begun, "nothing was waited for");
    let reset = begun + SignedDuration::from_mins(4);
    assert_eq!(error.rate().map(|window| window.reset()), Some(reset));
}
