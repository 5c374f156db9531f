//! The rules of [`Clock`].

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use blocks_ports::Clock;
use futures_util::FutureExt;

use crate::support::race;

/// Makes clocks for the suite.
pub trait ClockHarness: Sized + 'static {
    /// A clock of its own.
    fn fresh() -> impl Future<Output = Self>;

    /// A new handle on the clock.
    fn handle(&self) -> Arc<dyn Clock>;

    /// Lets that much time pass: really, or, where time is virtual, at once.
    fn pass(&self, time: Duration) -> impl Future<Output = ()>;
}

suite! {
    ($) clock_suite, clock::ClockHarness:
    time_does_not_run_backwards,
    time_passes,
    nobody_wakes_early,
    a_time_that_has_passed_is_not_waited_for,
    every_sleeper_wakes,
    a_sleeper_can_be_given_up,
}

/// Short, for a real clock really waits.
const NAP: Duration = Duration::from_millis(20);

/// Later readings are not earlier times, whichever handle they come from.
pub async fn time_does_not_run_backwards<H: ClockHarness>(h: H) {
    let (one, two) = (h.handle(), h.handle());
    let mut last = one.now();
    for clock in [&two, &one, &two, &one] {
        h.pass(Duration::from_millis(1)).await;
        let now = clock.now();
        assert!(now >= last, "{now} was read after {last}");
        last = now;
    }
}

/// The clock shows the time that passes.
pub async fn time_passes<H: ClockHarness>(h: H) {
    let clock = h.handle();
    let before = clock.now();
    h.pass(NAP).await;
    let now = clock.now();
    assert!(now >= before + NAP, "{NAP:?} after {before} the clock shows {now}");
}

/// After a sleep it is at least the time that was slept until.
///
/// A sleep may end at once only where sleeping itself moves the time.
pub async fn nobody_wakes_early<H: ClockHarness>(h: H) {
    let clock = h.handle();
    let until = clock.now() + NAP;
    let mut sleep = clock.sleep_until(until);
    if sleep.as_mut().now_or_never().is_none() {
        h.pass(NAP).await;
        sleep.await;
    }
    let woken = clock.now();
    assert!(woken >= until, "slept until {until}, and woke at {woken}");
}

/// Sleeping until a time that has passed returns at once, though no time passes.
pub async fn a_time_that_has_passed_is_not_waited_for<H: ClockHarness>(h: H) {
    let clock = h.handle();
    for back in [Duration::ZERO, NAP, Duration::from_secs(1_000_000)] {
        let sleep = clock.sleep_until(clock.now() - back);
        let ended = tokio::time::timeout(Duration::from_secs(5), sleep).await;
        assert!(ended.is_ok(), "still asleep, until {back:?} ago");
    }
}

/// All who sleep wake, however many they are.
pub async fn every_sleeper_wakes<H: ClockHarness>(h: H) {
    let until = h.handle().now() + NAP;
    let (_, woken) = tokio::join!(
        async {
            tokio::task::yield_now().await;
            h.pass(NAP + NAP).await;
        },
        race(|racer| {
            let clock = h.handle();
            let until = until + Duration::from_micros(racer as u64);
            async move {
                clock.sleep_until(until).await;
                clock.now() >= until
            }
        })
    );
    assert!(woken.iter().all(|on_time| *on_time), "somebody woke early");
}

/// A sleep that is dropped disturbs no other.
pub async fn a_sleeper_can_be_given_up<H: ClockHarness>(h: H) {
    let clock = h.handle();
    let until = clock.now() + NAP;
    let given_up = tokio::spawn({
        let clock = h.handle();
        async move { clock.sleep_until(until).await }
    });
    tokio::task::yield_now().await;
    given_up.abort();
    let _ = given_up.await;
    h.pass(NAP).await;
    clock.sleep_until(until).await;
    assert!(clock.now() >= until, "woke early");
}
