//! [`Paced`]: as many calls as the window gives, then a wait, and a 429 obeyed.

use std::sync::Arc;

use blocks_app::{Paced, WhenSpent};
use blocks_domain::{
    BlockPair, BlockState, BlockingPage, BlockingQuery, Endpoint, Failure, Selection, Ticket, User,
    UserId, UserReply,
};
use blocks_fake::stores::{JumpingClock, MemoryWindowStore};
use blocks_ports::{
    ApiError, BlocksApi, Clock, MockBlocksApi, MockUsersApi, MockWindowStore, Reply, Reservation,
    StoreError, StoreFailure, UsersApi, WindowStore,
};
use futures_util::FutureExt;
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

/// A store that grants every call and can keep nothing.
fn full_disk() -> Arc<MockWindowStore> {
    let mut windows = MockWindowStore::new();
    windows.expect_reserve().returning(|_, _, _| Ok(Reservation::Granted(Ticket::of_window(1))));
    windows
        .expect_settle()
        .returning(|_, _, _, _, _| Err(StoreError::new(StoreFailure::Full, "the disk is full")));
    Arc::new(windows)
}

#[tokio::test]
async fn a_store_that_fails_afterwards_takes_no_answer_away() {
    let clock = jumping();
    let refused = ApiError::new(Failure::NotFound).with_rate(Some(told(9, clock.now(), 4)));
    let script = [answer_with(page(0..3, None), told(9, clock.now(), 4)), Err(refused)];
    let api = Paced::new(scripted(script), full_disk(), Arc::new(clock.clone()), WhenSpent::Wait);
    let reply = api.blocking(me(), &pages_of(10)).await.expect("the answer was paid for");
    assert_eq!(reply.value.users().len(), 3);
    let error = api.blocking(me(), &pages_of(10)).await.expect_err("the server's own error");
    assert_eq!(error.kind(), Failure::NotFound);
}

#[tokio::test]
async fn a_429_is_obeyed_though_the_store_cannot_keep_it() {
    for (window, minutes) in [(true, 7), (false, 15)] {
        let clock = jumping();
        let begun = clock.now();
        let window = window.then(|| told(0, begun, minutes));
        let refused = ApiError::new(Failure::RateLimited).with_rate(window);
        let script = [Err(refused), answer(page(0..1, None))];
        let api =
            Paced::new(scripted(script), full_disk(), Arc::new(clock.clone()), WhenSpent::Wait);
        api.blocking(me(), &pages_of(10)).await.expect("the second answer");
        assert_eq!(minutes_since(begun, &clock), minutes);
    }
}

#[tokio::test]
async fn a_store_that_fails_beforehand_stops_a_call_that_is_not_sent() {
    let mut windows = MockWindowStore::new();
    windows
        .expect_reserve()
        .returning(|_, _, _| Err(StoreError::new(StoreFailure::Busy, "another program is at it")));
    let clock = Arc::new(jumping());
    let api = Paced::new(scripted([]), Arc::new(windows), clock, WhenSpent::Wait);
    let error = api.blocking(me(), &pages_of(10)).await.expect_err("no reservation");
    assert_eq!((error.kind(), error.was_sent()), (Failure::Backend, false));
}

#[tokio::test]
async fn a_429_is_obeyed_though_its_window_ends_before_the_known_one() {
    let clock = jumping();
    let begun = clock.now();
    let refused = ApiError::new(Failure::RateLimited).with_rate(Some(told(0, begun, 3)));
    let known = answer_with(page(0..1, None), told(9, begun, 10));
    let api =
        paced(scripted([known, Err(refused), answer(page(0..1, None))]), &clock, WhenSpent::Wait);
    api.blocking(me(), &pages_of(10)).await.expect("a page");
    api.blocking(me(), &pages_of(10)).await.expect("the answer after the wait");
    assert_eq!(minutes_since(begun, &clock), 3);
}

#[tokio::test]
async fn a_429_without_headers_waits_for_the_end_that_is_known() {
    let clock = jumping();
    let begun = clock.now();
    let known = answer_with(page(0..1, None), told(9, begun, 4));
    let script = [known, failure(Failure::RateLimited), answer(page(0..1, None))];
    let api = paced(scripted(script), &clock, WhenSpent::Wait);
    api.blocking(me(), &pages_of(10)).await.expect("a page");
    api.blocking(me(), &pages_of(10)).await.expect("the answer after the wait");
    assert_eq!(minutes_since(begun, &clock), 4);
}

#[tokio::test]
async fn what_the_server_does_not_count_spends_no_window() {
    let not_sent = || Err(ApiError::new(Failure::Backend).not_sent());
    let unauthenticated = || Err(ApiError::new(Failure::Unauthenticated).with_status(401));
    let unavailable = || Err(ApiError::new(Failure::Unavailable).with_status(502));
    let script = (0..10).flat_map(|_| [not_sent(), unauthenticated(), unavailable()]);
    let clock = jumping();
    let begun = clock.now();
    let api = paced(scripted(script.chain([answer(page(0..1, None))])), &clock, WhenSpent::Fail);
    for _ in 0..30 {
        api.blocking(me(), &pages_of(10)).await.expect_err("as the script has it");
    }
    api.blocking(me(), &pages_of(10)).await.expect("the window is whole");
    assert_eq!(clock.now(), begun);
}

#[tokio::test]
async fn a_call_that_nobody_waits_for_counts_until_its_window_ends() {
    let clock = jumping();
    let windows = Arc::new(MemoryWindowStore::default());
    let api = Paced::new(Stalling, windows.clone(), Arc::new(clock.clone()), WhenSpent::Wait);
    assert!(api.blocking(me(), &pages_of(10)).now_or_never().is_none(), "it is cancelled");
    for left in (0..14).rev() {
        let granted = windows.reserve(me(), Endpoint::GetBlocking, clock.now()).await;
        let granted = matches!(granted.expect("an answer"), Reservation::Granted(_));
        assert!(granted, "with {left} left after it");
    }
    let until = clock.now() + SignedDuration::from_mins(15);
    let spent = windows.reserve(me(), Endpoint::GetBlocking, clock.now()).await;
    assert_eq!(spent.expect("an answer"), Reservation::Wait { until });
}

/// An API whose answers never come.
#[derive(Debug)]
struct Stalling;

#[async_trait::async_trait]
impl BlocksApi for Stalling {
    async fn blocking(
        &self,
        _: UserId,
        _: &BlockingQuery,
    ) -> Result<Reply<BlockingPage>, ApiError> {
        std::future::pending().await
    }

    async fn block(&self, _: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        std::future::pending().await
    }

    async fn unblock(&self, _: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        std::future::pending().await
    }
}

/// An API that says who is signed in, so many times, after these errors.
fn lookups(errors: Vec<ApiError>, answers: usize) -> MockUsersApi {
    let mut api = MockUsersApi::new();
    let mut errors = errors.into_iter();
    api.expect_me().times(errors.len() + answers).returning(move |_| {
        let reply = Reply::new(UserReply::new(User::new(me())));
        errors.next().map_or(Ok(reply), Err)
    });
    api
}

#[tokio::test]
async fn lookups_are_paced_for_the_user_who_is_signed_in() {
    let clock = jumping();
    let begun = clock.now();
    let windows = Arc::new(MemoryWindowStore::default());
    let api =
        Paced::new(lookups(Vec::new(), 76), windows, Arc::new(clock.clone()), WhenSpent::Wait)
            .for_user(me());
    for _ in 0..75 {
        api.me(&Selection::default()).await.expect("an answer");
    }
    assert_eq!(clock.now(), begun, "75 lookups wait for nothing");
    api.me(&Selection::default()).await.expect("an answer");
    assert_eq!(minutes_since(begun, &clock), 15);
}

#[tokio::test]
async fn lookups_of_nobody_known_are_not_paced_and_obey_a_429() {
    let clock = jumping();
    let begun = clock.now();
    let refused = ApiError::new(Failure::RateLimited).with_rate(Some(told(0, begun, 2)));
    let windows = Arc::new(MockWindowStore::new());
    let api =
        Paced::new(lookups(vec![refused], 80), windows, Arc::new(clock.clone()), WhenSpent::Wait);
    for _ in 0..80 {
        api.me(&Selection::default()).await.expect("an answer");
    }
    assert_eq!(minutes_since(begun, &clock), 2);
}
