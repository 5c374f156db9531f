//! The rate windows: how often each user has called each endpoint.

use std::collections::HashMap;

use blocks_domain::{Endpoint, RateLimit, RateWindow};
use jiff::Timestamp;

use super::people::Person;

/// The windows of all users at all endpoints.
///
/// A window begins with the first call in it, in whole seconds as the headers tell it, and lasts
/// 15 minutes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Windows {
    open: HashMap<(Person, Endpoint), Window>,
}

/// One window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    /// When it ends, in seconds since 1970.
    pub(crate) ends: i64,
    /// How many calls it has taken.
    pub(crate) used: u32,
}

/// The limit that is told when there is none: large enough that nobody paces themselves by it.
const NO_LIMIT: u32 = 1_000_000;

impl Windows {
    pub(crate) fn restored(open: impl IntoIterator<Item = ((Person, Endpoint), Window)>) -> Self {
        Self { open: open.into_iter().collect() }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = ((Person, Endpoint), Window)> {
        self.open.iter().map(|(key, window)| (*key, *window))
    }

    /// Counts a call, and tells the window behind it.
    ///
    /// # Errors
    /// The window is spent: the call is not counted and must be refused.
    pub(crate) fn take(
        &mut self,
        person: Person,
        endpoint: Endpoint,
        now: Timestamp,
    ) -> Result<RateWindow, RateWindow> {
        let limit = endpoint.spec().limit.requests().get();
        let begins = Window { ends: end_of_window(now), used: 0 };
        let window = self.open.entry((person, endpoint)).or_insert(begins);
        if now.as_second() >= window.ends {
            *window = begins;
        }
        let told = |used| told(limit, limit.saturating_sub(used), window.ends, now);
        if window.used >= limit {
            return Err(told(limit));
        }
        let taken = told(window.used + 1);
        window.used += 1;
        Ok(taken)
    }

    /// The window that is open, without counting a call.
    pub(crate) fn peek(
        &self,
        person: Person,
        endpoint: Endpoint,
        now: Timestamp,
    ) -> Option<RateWindow> {
        let window = self.open.get(&(person, endpoint))?;
        let limit = endpoint.spec().limit.requests().get();
        let is_open = now.as_second() < window.ends;
        is_open.then(|| told(limit, limit.saturating_sub(window.used), window.ends, now))
    }

    /// What is told where no window is counted.
    pub(crate) fn unlimited(now: Timestamp) -> RateWindow {
        told(NO_LIMIT, NO_LIMIT, end_of_window(now), now)
    }
}

fn end_of_window(now: Timestamp) -> i64 {
    let length = i64::try_from(RateLimit::WINDOW.as_secs()).unwrap_or(i64::MAX);
    now.as_second().saturating_add(length)
}

fn told(limit: u32, remaining: u32, ends: i64, now: Timestamp) -> RateWindow {
    let whole = |second| Timestamp::from_second(second).unwrap_or(Timestamp::MAX);
    RateWindow::new(limit, remaining, whole(ends), Some(whole(now.as_second())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    #[test]
    fn a_window_takes_its_limit_and_then_nothing_until_it_ends() {
        let (mut windows, me) = (Windows::default(), Person::new(1));
        let mut take = |second| windows.take(me, Endpoint::GetBlocking, at(second));
        for used in 1..=15 {
            let told = take(1000 + i64::from(used)).expect("left");
            assert_eq!((told.remaining(), told.reset()), (15 - used, at(1901)));
        }
        let refused = take(1900).expect_err("spent");
        assert_eq!((refused.remaining(), refused.reset()), (0, at(1901)));
        let fresh = take(1901).expect("a new window");
        assert_eq!((fresh.remaining(), fresh.reset()), (14, at(2801)));
    }

    #[test]
    fn users_and_endpoints_have_windows_of_their_own() {
        let mut windows = Windows::default();
        let mut left = |person, endpoint| {
            let taken = windows.take(Person::new(person), endpoint, at(0)).expect("left");
            taken.limit().requests().get() - taken.remaining()
        };
        assert_eq!(left(1, Endpoint::GetBlocking), 1);
        assert_eq!(left(1, Endpoint::GetBlocking), 2);
        assert_eq!(left(2, Endpoint::GetBlocking), 1);
        assert_eq!(left(1, Endpoint::PostBlocking), 1);
    }
}
