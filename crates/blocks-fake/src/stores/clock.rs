//! Time that passes when it is told to.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use blocks_ports::Clock;
use jiff::Timestamp;

use super::Shared;

/// A [`Clock`] whose time stands still until [`advance`](Self::advance) moves it.
///
/// Sleepers wake as soon as their time has come; nobody really waits. A clone shows the same time.
///
/// ```
/// use std::time::Duration;
///
/// use blocks_fake::stores::ManualClock;
/// use blocks_ports::Clock;
/// use jiff::Timestamp;
///
/// # tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(async {
/// let clock = ManualClock::new(Timestamp::UNIX_EPOCH);
/// let tea = clock.now() + Duration::from_secs(180);
///
/// let sleeper = clock.clone();
/// let kettle = tokio::spawn(async move { sleeper.sleep_until(tea).await });
/// clock.advance(Duration::from_secs(180));
/// kettle.await.expect("it wakes at once");
/// # });
/// ```
#[derive(Clone)]
pub struct ManualClock {
    state: Shared<State>,
}

struct State {
    now: Timestamp,
    /// By wake-up time, then by the number that tells sleepers of one time apart.
    sleepers: BTreeMap<(Timestamp, u64), Waker>,
    last_sleeper: u64,
}

impl ManualClock {
    /// A clock that shows this time.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self { state: Shared::new(State { now, sleepers: BTreeMap::new(), last_sleeper: 0 }) }
    }

    /// Lets time pass, and wakes those whose time has come.
    pub fn advance(&self, by: Duration) {
        let woken = {
            let mut state = self.state.lock();
            state.now = state.now.saturating_add(by).unwrap_or(Timestamp::MAX);
            let due = (state.now, u64::MAX);
            let later = state.sleepers.split_off(&due);
            std::mem::replace(&mut state.sleepers, later)
        };
        // Outside of the lock, for a waker may run its task at once.
        woken.into_values().for_each(Waker::wake);
    }

    /// The earliest time that somebody sleeps until, for tests that let just enough time pass.
    #[must_use]
    pub fn next_wake_up(&self) -> Option<Timestamp> {
        self.state.lock().sleepers.keys().next().map(|(until, _)| *until)
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManualClock").field("now", &self.now()).finish_non_exhaustive()
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.state.lock().now
    }

    async fn sleep_until(&self, until: Timestamp) {
        Sleep { state: self.state.clone(), until, number: None }.await;
    }
}

struct Sleep {
    state: Shared<State>,
    until: Timestamp,
    number: Option<u64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let mut state = this.state.lock();
        if state.now >= this.until {
            return Poll::Ready(());
        }
        let number = *this.number.get_or_insert_with(|| {
            state.last_sleeper += 1;
            state.last_sleeper
        });
        state.sleepers.insert((this.until, number), context.waker().clone());
        Poll::Pending
    }
}

/// A sleeper who is cancelled is not waited for.
impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.state.lock().sleepers.remove(&(self.until, number));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::*;

    #[test]
    fn a_cancelled_sleeper_is_forgotten() {
        let clock = ManualClock::new(Timestamp::UNIX_EPOCH);
        let later = clock.now() + Duration::from_secs(1);
        {
            let mut sleep = pin!(clock.sleep_until(later));
            let poll = sleep.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(poll.is_pending());
            assert_eq!(clock.next_wake_up(), Some(later));
        }
        assert_eq!(clock.next_wake_up(), None);
    }
}
