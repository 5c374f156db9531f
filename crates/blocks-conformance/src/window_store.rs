//! The rules of [`WindowStore`].

use std::future::Future;
use std::sync::Arc;

use blocks_domain::{Endpoint, RateWindow, UserId};
use blocks_ports::{Reservation, WindowStore};
use jiff::Timestamp;

use crate::support::{RACERS, ROUNDS, at, id, race};

/// Makes window stores for the suite.
pub trait WindowStoreHarness: Sized + 'static {
    /// Whether what is stored lasts when all handles are gone.
    const DURABLE: bool;

    /// A storage of its own, with nothing in it.
    fn fresh() -> impl Future<Output = Self>;

    /// A new handle on the storage.
    fn handle(&self) -> Arc<dyn WindowStore>;

    /// The storage after the program has ended and begun anew.
    fn reopen(self) -> impl Future<Output = Self>;
}

suite! {
    ($) window_store_suite, window_store::WindowStoreHarness:
    the_published_limit_is_assumed,
    an_assumed_window_lasts_15_minutes_from_the_first_reservation,
    a_new_window_is_assumed_when_one_has_ended,
    what_the_server_tells_overrides_what_was_assumed,
    what_the_server_tells_before_any_reservation_counts,
    a_limit_that_the_server_tells_is_kept,
    the_end_of_a_window_is_told_by_the_servers_clock,
    calls_not_yet_answered_stay_counted,
    an_answer_ends_one_reservation,
    a_window_that_has_ended_is_not_taken_over,
    a_window_that_ends_before_the_known_one_is_not_taken_over,
    users_do_not_touch_each_other,
    endpoints_do_not_touch_each_other,
    handles_share_one_storage,
    many_at_once_are_granted_no_more_than_there_is,
    windows_outlast_reopening,
}

const READ: Endpoint = Endpoint::GetBlocking;
const WINDOW: i64 = 15 * 60;

type Store = Arc<dyn WindowStore>;

fn me() -> UserId {
    id(12)
}

async fn reserve(store: &Store, user: UserId, endpoint: Endpoint, now: Timestamp) -> Reservation {
    store.reserve(user, endpoint, now).await.expect("`reserve` failed")
}

async fn observe(store: &Store, window: RateWindow, now: Timestamp) {
    store.observe(me(), READ, &window, now).await.expect("`observe` failed");
}

/// Reserves until there is nothing left; answers how often it was granted, and until when to wait.
async fn drain(
    store: &Store,
    user: UserId,
    endpoint: Endpoint,
    now: Timestamp,
) -> (u32, Timestamp) {
    let most = endpoint.spec().limit.requests().get() + 100;
    for granted in 0..most {
        match reserve(store, user, endpoint, now).await {
            Reservation::Granted => {}
            Reservation::Wait { until } => return (granted, until),
            other => panic!("`reserve` answered {other:?}"),
        }
    }
    panic!("{most} calls to {endpoint:?} were granted in one window");
}

/// A window as the server tells it, whose clock agrees with the local one.
fn told(limit: u32, remaining: u32, reset: i64) -> RateWindow {
    RateWindow::new(limit, remaining, at(reset), None)
}

/// Of a window that nobody has told of, the published limit of the endpoint is assumed.
pub async fn the_published_limit_is_assumed<H: WindowStoreHarness>(h: H) {
    let store = h.handle();
    for endpoint in [Endpoint::GetBlocking, Endpoint::PostBlocking, Endpoint::GetMe] {
        let (granted, _) = drain(&store, me(), endpoint, at(0)).await;
        assert_eq!(granted, endpoint.spec().limit.requests().get(), "calls to {endpoint:?}");
    }
}

/// The assumed window ends 15 minutes after its first reservation, whenever the others come.
pub async fn an_assumed_window_lasts_15_minutes_from_the_first_reservation<
    H: WindowStoreHarness,
>(
    h: H,
) {
    let store = h.handle();
    reserve(&store, me(), READ, at(0)).await;
    let (_, until) = drain(&store, me(), READ, at(100)).await;
    assert_eq!(until, at(WINDOW), "the window began with the first reservation");
}

/// A spent window is spent until its very end; then a full one is assumed.
pub async fn a_new_window_is_assumed_when_one_has_ended<H: WindowStoreHarness>(h: H) {
    let store = h.handle();
    drain(&store, me(), READ, at(0)).await;
    let early = reserve(&store, me(), READ, at(WINDOW - 1)).await;
    assert_eq!(early, Reservation::Wait { until: at(WINDOW) }, "a second before the end");
    let (granted, until) = drain(&store, me(), READ, at(WINDOW)).await;
    assert_eq!((granted, until), (15, at(2 * WINDOW)), "the second window");
}

/// What the server tells overrides what was assumed, whether it is less or more.
pub async fn what_the_server_tells_overrides_what_was_assumed<H: WindowStoreHarness>(h: H) {
    let store = h.handle();
    reserve(&store, me(), READ, at(0)).await;
    observe(&store, told(15, 2, 300), at(1)).await;
    let (granted, until) = drain(&store, me(), READ, at(1)).await;
    assert_eq!((granted, until), (2, at(300)), "the server said: 2 left until 300");
    // Of the next window, too: it begins later than the one that is known.
    observe(&store, told(15, 12, 300 + WINDOW), at(301)).await;
    let (granted, until) = drain(&store, me(), READ, at(301)).await;
    assert!(granted > 2 && until == at(300 + WINDOW), "{granted} calls until {until}");
}

/// What the server tells counts even where nobody has reserved.
pub async fn what_the_server_tells_before_any_reservation_counts<H: WindowStoreHarness>(h: H) {
    let store = h.handle();
    observe(&store, told(15, 0, 300), at(0)).await;
    let answer = reserve(&store, me(), READ, at(0)).await;
    assert_eq!(answer, Reservation::Wait { until: at(300) });
}

/// The limit that the server tells counts, where it is not the published one.
pub async fn a_limit_that_the_server_tells_is_kept<H: WindowStoreHarness>(h: H) {
    let store = h.handle();
    reserve(&store, me(), READ, at(0)).await;
    observe(&store, told(40, 39, 300), at(0)).await;
    let (granted, _) = drain(&store, me(), READ, at(0)).await;
    assert_eq!(granted, 39, "the server said: 39 of 40 left");
}

/// The wait is as long as the server's clock says, even where the local one is off.
pub async fn the_end_of_a_window_is_told_by_the_servers_clock<H: WindowStoreHarness>(h: H) {
    let store = h.handle();
    // The server is an hour ahead; its window ends in five minutes.
    let window = RateWindow::new(15, 0, at(3600 + 300), Some(at(3600)));
    observe(&store, window, at(0)).await;
    let answer = reserve(&store, me(), READ, at(0)).await;
    assert_eq!(answer, Reservation::Wait { until: at(300) });
}

/// Calls that are reserved and not yet answered stay counted when another's answer comes.
pub async fn calls_not_yet_answered_stay_counted<H: WindowStoreHarness>(h: H) {
    let store = h.handle();
    for _ in 0..4 {
        reserve(&store, me(), READ, at(0)).await;
    }
    // The first of the four is answered; the server knows of no other yet.
    observe(&store, told(15, 14, 300), at(1)).await;
    let (granted, _) = drain(&store, me(), READ, at(1)).await;
    assert_eq!(granted, 14 - 3, "three calls are on their way");
}

/// Each answer ends one reservation, so that calls which are counted by the server are not
/// counted twice.
pub async fn an_answer_ends_one_reservation<H: WindowStoreHarness>(h: H) {
    let store = h.handle();
    for left in (0..15).rev() {
        let answer = reserve(&store, me(), READ, at(0)).await;
        assert_eq!(answer, Reservation::Granted, "with {} left", left + 1);
        observe(&store, told(15, left, 300), at(0)).await;
    }
    let answer = reserve(&store, me(), READ, at(0)).await;
    assert_eq!(answer, Reservation::Wait { until: at(300) });
}

/// A window that has ended is not taken over from a late answer.
pub async fn a_window_that_has_ended_is_not_taken_over<H: WindowStoreHarness>(h: H) {
    let store = h.handle();
    reserve(&store, me(), READ, at(1000)).await;
    observe(&store, told(15, 0, 900), at(1000)).await;
    let (granted, until) = drain(&store, me(), READ, at(1000)).await;
    assert_eq!((granted, until), (15, at(1000 + WINDOW)), "the told window ended at 900");
}

/// A window that ends before the one that the server has told of is not taken over.
pub async fn a_window_that_ends_before_the_known_one_is_not_taken_over<H: WindowStoreHarness>(
    h: H,
) {
    let store = h.handle();
    observe(&store, told(15, 9, 900), at(0)).await;
    observe(&store, told(15, 0, 300), at(0)).await;
    let (granted, until) = drain(&store, me(), READ, at(0)).await;
    assert_eq!((granted, until), (9, at(900)), "the window until 900 was known");
}

/// One user's calls do not count for another.
pub async fn users_do_not_touch_each_other<H: WindowStoreHarness>(h: H) {
    let store = h.handle();
    drain(&store, me(), READ, at(0)).await;
    observe(&store, told(15, 0, 300), at(0)).await;
    let (granted, _) = drain(&store, id(34), READ, at(0)).await;
    assert_eq!(granted, 15, "the other user has called nothing");
}

/// Calls to one endpoint do not count for another.
pub async fn endpoints_do_not_touch_each_other<H: WindowStoreHarness>(h: H) {
    let store = h.handle();
    drain(&store, me(), READ, at(0)).await;
    observe(&store, told(15, 0, 300), at(0)).await;
    for endpoint in Endpoint::ALL.into_iter().filter(|endpoint| *endpoint != READ) {
        let answer = reserve(&store, me(), endpoint, at(0)).await;
        assert_eq!(answer, Reservation::Granted, "{endpoint:?} was not called");
    }
}

/// What is reserved and observed through one handle counts for every other.
pub async fn handles_share_one_storage<H: WindowStoreHarness>(h: H) {
    for _ in 0..15 {
        assert_eq!(reserve(&h.handle(), me(), READ, at(0)).await, Reservation::Granted);
    }
    let answer = reserve(&h.handle(), me(), READ, at(0)).await;
    assert_eq!(answer, Reservation::Wait { until: at(WINDOW) });
}

/// However many ask at once, no more are granted than the window has calls left, and no fewer.
pub async fn many_at_once_are_granted_no_more_than_there_is<H: WindowStoreHarness>(h: H) {
    for round in 0..ROUNDS {
        let user = id(100 + round as u64);
        let answers = race(|_| {
            let store = h.handle();
            async move { reserve(&store, user, READ, at(0)).await }
        })
        .await;
        let granted = answers.iter().filter(|answer| **answer == Reservation::Granted).count();
        assert_eq!(granted, 15, "of {RACERS} calls at once in round {round}");
    }
}

/// What is spent outlasts reopening; a store that does not last says so and assumes a full window
/// then.
pub async fn windows_outlast_reopening<H: WindowStoreHarness>(h: H) {
    let store = h.handle();
    reserve(&store, me(), READ, at(0)).await;
    reserve(&store, me(), READ, at(0)).await;
    observe(&store, told(15, 9, 300), at(0)).await;
    drop(store);
    let (granted, until) = drain(&h.reopen().await.handle(), me(), READ, at(1)).await;
    let expected = if H::DURABLE { (8, at(300)) } else { (15, at(1 + WINDOW)) };
    assert_eq!((granted, until), expected, "after reopening, with DURABLE = {}", H::DURABLE);
}
