//! The rules of [`WindowStore`].

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use blocks_domain::{Allowance, CallOutcome, Endpoint, RateWindow, Ticket, UserId};
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
    what_a_late_answer_tells_of_the_present_window_counts,
    a_limit_that_the_server_tells_is_kept,
    the_end_of_a_window_is_told_by_the_servers_clock,
    calls_not_yet_answered_stay_counted,
    an_answer_ends_one_reservation,
    a_late_answer_ends_no_reservation_of_the_present_window,
    a_call_that_tells_nothing_counts_as_made,
    a_call_that_tells_nothing_ends_its_reservation,
    a_call_that_was_not_counted_is_given_back,
    a_refusal_is_obeyed_until_the_end_it_tells,
    a_refusal_without_an_end_lasts_until_the_known_one,
    a_refusal_of_which_no_end_is_known_lasts_15_minutes,
    a_window_that_has_ended_is_not_taken_over,
    a_window_that_ends_before_the_known_one_is_not_taken_over,
    an_end_that_no_window_can_have_is_not_believed,
    the_allowance_is_what_would_be_granted,
    looking_at_the_allowance_changes_nothing,
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

/// Reserves one call to [`READ`], of which there must be one left.
async fn ticket(store: &Store, now: Timestamp) -> Ticket {
    match reserve(store, me(), READ, now).await {
        Reservation::Granted(ticket) => ticket,
        other => panic!("`reserve` answered {other:?} where a call was left"),
    }
}

/// What [`READ`] still takes.
async fn allowance(store: &Store, now: Timestamp) -> Allowance {
    store.allowance(me(), READ, now).await.expect("`allowance` failed")
}

async fn settle(store: &Store, ticket: Ticket, outcome: CallOutcome, now: Timestamp) {
    store.settle(me(), READ, ticket, outcome, now).await.expect("`settle` failed");
}

/// Makes one call to [`READ`] that is answered at once.
async fn call(store: &Store, outcome: CallOutcome, now: Timestamp) {
    let ticket = ticket(store, now).await;
    settle(store, ticket, outcome, now).await;
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
            Reservation::Granted(_) => {}
            Reservation::Wait { until } => return (granted, until),
            other => panic!("`reserve` answered {other:?}"),
        }
    }
    panic!("{most} calls to {endpoint:?} were granted in one window");
}

/// A window as the server tells it, whose clock agrees with the local one.
fn window(limit: u32, remaining: u32, reset: i64) -> RateWindow {
    RateWindow::new(limit, remaining, at(reset), None)
}

/// The outcome of a call whose answer tells of a window of 15 calls.
fn told(remaining: u32, reset: i64) -> CallOutcome {
    CallOutcome::Told(window(15, remaining, reset))
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
    call(&store, told(2, 300), at(1)).await;
    let (granted, until) = drain(&store, me(), READ, at(1)).await;
    assert_eq!((granted, until), (2, at(300)), "the server said: 2 left until 300");
    // Of the next window, too, which began before the call that tells of it.
    call(&store, told(12, 200 + WINDOW), at(301)).await;
    let (granted, until) = drain(&store, me(), READ, at(301)).await;
    assert_eq!((granted, until), (12, at(200 + WINDOW)), "the server said: 12 left");
}

/// What an answer tells counts even where its own window has ended and nobody has reserved since.
pub async fn what_a_late_answer_tells_of_the_present_window_counts<H: WindowStoreHarness>(h: H) {
    let store = h.handle();
    let late = ticket(&store, at(0)).await;
    settle(&store, late, told(3, 1500), at(1000)).await;
    let (granted, until) = drain(&store, me(), READ, at(1001)).await;
    assert_eq!((granted, until), (3, at(1500)), "the server said: 3 left until 1500");
}

/// The limit that the server tells counts, where it is not the published one.
pub async fn a_limit_that_the_server_tells_is_kept<H: WindowStoreHarness>(h: H) {
    let store = h.handle();
    call(&store, CallOutcome::Told(window(40, 39, 300)), at(0)).await;
    let (granted, _) = drain(&store, me(), READ, at(0)).await;
    assert_eq!(granted, 39, "the server said: 39 of 40 left");
}

/// The wait is as long as the server's clock says, even where the local one is off.
pub async fn the_end_of_a_window_is_told_by_the_servers_clock<H: WindowStoreHarness>(h: H) {
    let store = h.handle();
    // The server is an hour ahead; its window ends in five minutes.
    let window = RateWindow::new(15, 0, at(3600 + 300), Some(at(3600)));
    call(&store, CallOutcome::Told(window), at(0)).await;
    let answer = reserve(&store, me(), READ, at(0)).await;
    assert_eq!(answer, Reservation::Wait { until: at(300) });
}

/// Calls that are reserved and not yet settled stay counted when another's answer comes.
pub async fn calls_not_yet_answered_stay_counted<H: WindowStoreHarness>(h: H) {
    let store = h.handle();
    let first = ticket(&store, at(0)).await;
    for _ in 0..3 {
        ticket(&store, at(0)).await;
    }
    // The first of the four is answered; the server knows of no other yet.
    settle(&store, first, told(14, 300), at(1)).await;
    let (granted, _) = drain(&store, me(), READ, at(1)).await;
    assert_eq!(granted, 14 - 3, "three calls are on their way");
}

/// Each answer ends one reservation, so that calls which are counted by the server are not
/// counted twice.
pub async fn an_answer_ends_one_reservation<H: WindowStoreHarness>(h: H) {
    let store = h.handle();
    for left in (0..15).rev() {
        call(&store, told(left, 300), at(0)).await;
    }
    let answer = reserve(&store, me(), READ, at(0)).await;
    assert_eq!(answer, Reservation::Wait { until: at(300) });
}

/// An answer to a call of an earlier window leaves the reservations of the present one alone.
pub async fn a_late_answer_ends_no_reservation_of_the_present_window<H: WindowStoreHarness>(h: H) {
    let store = h.handle();
    let late = ticket(&store, at(0)).await;
    drain(&store, me(), READ, at(WINDOW)).await;
    settle(&store, late, CallOutcome::Uncounted, at(WINDOW + 1)).await;
    let answer = reserve(&store, me(), READ, at(WINDOW + 1)).await;
    assert_eq!(answer, Reservation::Wait { until: at(2 * WINDOW) }, "15 calls are on their way");
}

/// A call that tells nothing of the window has been made all the same.
pub async fn a_call_that_tells_nothing_counts_as_made<H: WindowStoreHarness>(h: H) {
    let store = h.handle();
    call(&store, CallOutcome::Untold, at(0)).await;
    let (granted, _) = drain(&store, me(), READ, at(0)).await;
    assert_eq!(granted, 14, "one call of 15 was made");
}

/// A call that tells nothing is no longer on its way: what is told later has counted it.
pub async fn a_call_that_tells_nothing_ends_its_reservation<H: WindowStoreHarness>(h: H) {
    let store = h.handle();
    for _ in 0..3 {
        call(&store, CallOutcome::Untold, at(0)).await;
    }
    call(&store, told(11, 300), at(1)).await;
    let (granted, _) = drain(&store, me(), READ, at(1)).await;
    assert_eq!(granted, 11, "the server has counted all four");
}

/// A call that the server has not counted leaves the window as it was.
pub async fn a_call_that_was_not_counted_is_given_back<H: WindowStoreHarness>(h: H) {
    let store = h.handle();
    for _ in 0..15 {
        call(&store, CallOutcome::Uncounted, at(0)).await;
    }
    let (granted, _) = drain(&store, me(), READ, at(0)).await;
    assert_eq!(granted, 15, "no call was counted");
}

/// A refusal spends the window until the end that it tells, though another one was known.
pub async fn a_refusal_is_obeyed_until_the_end_it_tells<H: WindowStoreHarness>(h: H) {
    let store = h.handle();
    call(&store, told(9, 900), at(0)).await;
    call(&store, CallOutcome::Refused(Some(window(15, 0, 300))), at(1)).await;
    let answer = reserve(&store, me(), READ, at(1)).await;
    assert_eq!(answer, Reservation::Wait { until: at(300) });
}

/// A refusal that tells no end spends the window that the server has told of.
pub async fn a_refusal_without_an_end_lasts_until_the_known_one<H: WindowStoreHarness>(h: H) {
    let store = h.handle();
    call(&store, told(9, 300), at(0)).await;
    call(&store, CallOutcome::Refused(None), at(1)).await;
    let answer = reserve(&store, me(), READ, at(1)).await;
    assert_eq!(answer, Reservation::Wait { until: at(300) });
}

/// A refusal spends a whole window where the server has never told of an end.
pub async fn a_refusal_of_which_no_end_is_known_lasts_15_minutes<H: WindowStoreHarness>(h: H) {
    let store = h.handle();
    let ticket = ticket(&store, at(0)).await;
    settle(&store, ticket, CallOutcome::Refused(None), at(100)).await;
    let answer = reserve(&store, me(), READ, at(100)).await;
    assert_eq!(answer, Reservation::Wait { until: at(100 + WINDOW) });
}

/// A window that has ended is not taken over from a late answer.
pub async fn a_window_that_has_ended_is_not_taken_over<H: WindowStoreHarness>(h: H) {
    let store = h.handle();
    call(&store, told(0, 900), at(1000)).await;
    let (granted, until) = drain(&store, me(), READ, at(1000)).await;
    assert_eq!((granted, until), (14, at(1000 + WINDOW)), "the told window ended at 900");
}

/// A window that ends before the one that the server has told of is not taken over.
pub async fn a_window_that_ends_before_the_known_one_is_not_taken_over<H: WindowStoreHarness>(
    h: H,
) {
    let store = h.handle();
    call(&store, told(9, 900), at(0)).await;
    call(&store, told(0, 300), at(0)).await;
    let (granted, until) = drain(&store, me(), READ, at(0)).await;
    assert_eq!((granted, until), (8, at(900)), "the window until 900 was known, with 9 left");
}

/// A window that was stored under a clock far ahead does not last until that time comes again.
pub async fn an_end_that_no_window_can_have_is_not_believed<H: WindowStoreHarness>(h: H) {
    let store = h.handle();
    drain(&store, me(), READ, at(100_000)).await;
    let (granted, until) = drain(&store, me(), READ, at(0)).await;
    assert_eq!((granted, until), (15, at(WINDOW)), "the clock was set back by a day");
}

/// The allowance is how often a reservation would be granted now, and how long the window lasts,
/// whatever is known of the window.
pub async fn the_allowance_is_what_would_be_granted<H: WindowStoreHarness>(h: H) {
    let store = h.handle();
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    assert_eq!(
        allowance(&store, at(0)).await,
        Allowance::new(15, minutes(15)),
        "nobody has called"
    );
    let first = ticket(&store, at(0)).await;
    ticket(&store, at(60)).await;
    assert_eq!(
        allowance(&store, at(120)).await,
        Allowance::new(13, minutes(13)),
        "two have called"
    );
    settle(&store, first, told(9, 300), at(180)).await;
    // One call is on its way, and the server does not know of it yet.
    assert_eq!(allowance(&store, at(240)).await, Allowance::new(8, minutes(1)), "9 are left");
    let (granted, until) = drain(&store, me(), READ, at(240)).await;
    assert_eq!((granted, until), (8, at(300)), "as the allowance said");
    assert_eq!(allowance(&store, at(240)).await, Allowance::new(0, minutes(1)), "it is spent");
    assert_eq!(allowance(&store, at(300)).await, Allowance::new(15, minutes(15)), "it has ended");
}

/// Looking at the allowance reserves nothing and begins no window, on whichever handle.
pub async fn looking_at_the_allowance_changes_nothing<H: WindowStoreHarness>(h: H) {
    let store = h.handle();
    for seconds in 0..20 {
        allowance(&h.handle(), at(seconds)).await;
    }
    let (granted, until) = drain(&store, me(), READ, at(100)).await;
    assert_eq!((granted, until), (15, at(100 + WINDOW)), "it began with the first reservation");
    for user in [me(), id(34)] {
        for endpoint in Endpoint::ALL {
            store.allowance(user, endpoint, at(100 + WINDOW)).await.expect("`allowance` failed");
        }
    }
    let answer = reserve(&store, me(), READ, at(101)).await;
    assert_eq!(answer, Reservation::Wait { until: at(100 + WINDOW) }, "it was only looked at");
}

/// One user's calls do not count for another.
pub async fn users_do_not_touch_each_other<H: WindowStoreHarness>(h: H) {
    let store = h.handle();
    call(&store, told(9, 300), at(0)).await;
    drain(&store, me(), READ, at(0)).await;
    let (granted, _) = drain(&store, id(34), READ, at(0)).await;
    assert_eq!(granted, 15, "the other user has called nothing");
}

/// Calls to one endpoint do not count for another.
pub async fn endpoints_do_not_touch_each_other<H: WindowStoreHarness>(h: H) {
    let store = h.handle();
    call(&store, told(9, 300), at(0)).await;
    drain(&store, me(), READ, at(0)).await;
    for endpoint in Endpoint::ALL.into_iter().filter(|endpoint| *endpoint != READ) {
        let answer = reserve(&store, me(), endpoint, at(0)).await;
        assert!(matches!(answer, Reservation::Granted(_)), "{endpoint:?} was not called");
    }
}

/// What is reserved and settled through one handle counts for every other.
pub async fn handles_share_one_storage<H: WindowStoreHarness>(h: H) {
    for _ in 0..15 {
        ticket(&h.handle(), at(0)).await;
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
        let granted = answers.iter().filter(|it| matches!(it, Reservation::Granted(_))).count();
        assert_eq!(granted, 15, "of {RACERS} calls at once in round {round}");
    }
}

/// What is spent outlasts reopening; a store that does not last says so and assumes a full window
/// then.
pub async fn windows_outlast_reopening<H: WindowStoreHarness>(h: H) {
    let store = h.handle();
    ticket(&store, at(0)).await;
    call(&store, told(9, 300), at(0)).await;
    drop(store);
    let (granted, until) = drain(&h.reopen().await.handle(), me(), READ, at(1)).await;
    let expected = if H::DURABLE { (8, at(300)) } else { (15, at(1 + WINDOW)) };
    assert_eq!((granted, until), expected, "after reopening, with DURABLE = {}", H::DURABLE);
}
