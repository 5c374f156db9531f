//! The rate window that an answer tells in its headers.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Allowance, RateLimit};

/// A rate window as an answer tells it, in the headers `x-rate-limit-limit`,
/// `x-rate-limit-remaining`, `x-rate-limit-reset` and `Date`.
///
/// The server tells the end of the window by its own clock, which may differ from the one here.
/// [`RateWindow::on_clock`] translates a window once, on arrival; [`left`](Self::left),
/// [`ready_at`](Self::ready_at), [`wait`](Self::wait) and [`allowance`](Self::allowance) then take
/// a `now` of that clock.
///
/// ```
/// use std::time::Duration;
/// use blocks_domain::RateWindow;
/// use jiff::Timestamp;
///
/// let at = |second| Timestamp::from_second(second).unwrap();
/// // The server's clock says 1000 and the window ends at 1300; the clock here is an hour ahead.
/// let arrived = at(4600);
/// let window = RateWindow::new(15, 0, at(1300), Some(at(1000))).on_clock(arrived);
///
/// assert_eq!(window.wait(arrived), Duration::from_secs(300));
/// assert_eq!(window.ready_at(arrived), at(4900));
/// assert_eq!(window.left(at(4900)), 15, "a window that has ended is full again");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RateWindow {
    limit: RateLimit,
    remaining: u32,
    reset: Timestamp,
    server_now: Option<Timestamp>,
}

impl RateWindow {
    /// A window with `remaining` of `limit` requests left until `reset`, told when the same clock
    /// said `server_now`.
    ///
    /// Headers can hold anything: a `limit` of 0 is taken as 1, and a `remaining` above the limit
    /// as the limit. A `reset` in the past is a window that has ended, and one in the far future
    /// is told as it stands.
    ///
    /// ```
    /// use blocks_domain::RateWindow;
    /// use jiff::Timestamp;
    ///
    /// let window = RateWindow::new(15, 99, Timestamp::MAX, None);
    /// assert_eq!(window.remaining(), 15);
    /// ```
    #[must_use]
    pub const fn new(
        limit: u32,
        remaining: u32,
        reset: Timestamp,
        server_now: Option<Timestamp>,
    ) -> Self {
        let limit = RateLimit::per_window(limit);
        let most = limit.requests.get();
        let remaining = if remaining < most { remaining } else { most };
        Self { limit, remaining, reset, server_now }
    }

    /// How many requests a full window takes.
    ///
    /// ```
    /// use blocks_domain::{RateLimit, RateWindow};
    /// use jiff::Timestamp;
    ///
    /// let window = RateWindow::new(15, 3, Timestamp::UNIX_EPOCH, None);
    /// assert_eq!(window.limit(), RateLimit::per_window(15));
    /// ```
    #[must_use]
    pub const fn limit(self) -> RateLimit {
        self.limit
    }

    /// How many requests were left when the window was told; see [`RateWindow::left`] for later.
    ///
    /// ```
    /// use blocks_domain::RateWindow;
    /// use jiff::Timestamp;
    ///
    /// assert_eq!(RateWindow::new(15, 3, Timestamp::UNIX_EPOCH, None).remaining(), 3);
    /// ```
    #[must_use]
    pub const fn remaining(self) -> u32 {
        self.remaining
    }

    /// When the window ends and is full again.
    ///
    /// ```
    /// use blocks_domain::RateWindow;
    /// use jiff::Timestamp;
    ///
    /// let end = Timestamp::from_second(1_785_000_000)?;
    /// assert_eq!(RateWindow::new(15, 3, end, None).reset(), end);
    /// # Ok::<(), jiff::Error>(())
    /// ```
    #[must_use]
    pub const fn reset(self) -> Timestamp {
        self.reset
    }

    /// What the clock of [`RateWindow::reset`] said when the window was told, where it is known.
    ///
    /// ```
    /// use blocks_domain::RateWindow;
    /// use jiff::Timestamp;
    ///
    /// assert_eq!(RateWindow::new(15, 3, Timestamp::MAX, None).server_now(), None);
    /// ```
    #[must_use]
    pub const fn server_now(self) -> Option<Timestamp> {
        self.server_now
    }

    /// The same window told by another clock, which said `arrived` when the window was told.
    ///
    /// Without a `server_now` nothing is known of the server's clock, and both are taken to agree.
    ///
    /// ```
    /// use blocks_domain::RateWindow;
    /// use jiff::Timestamp;
    ///
    /// let at = |second| Timestamp::from_second(second).unwrap();
    /// let window = RateWindow::new(15, 0, at(1300), Some(at(1000)));
    /// assert_eq!(window.on_clock(at(5000)).reset(), at(5300));
    /// ```
    #[must_use]
    pub fn on_clock(self, arrived: Timestamp) -> Self {
        match self.server_now {
            None => self,
            Some(told) => Self {
                reset: later(arrived, self.reset.duration_since(told)),
                server_now: Some(arrived),
                ..self
            },
        }
    }

    /// When the window ends by the clock here, which says `arrived`; `None` when it has ended.
    ///
    /// No window lasts longer than [`RateLimit::WINDOW`] from now, whatever a broken header says.
    ///
    /// ```
    /// use blocks_domain::{RateLimit, RateWindow};
    /// use jiff::Timestamp;
    ///
    /// let at = |second| Timestamp::from_second(second).unwrap();
    /// let window = RateWindow::new(15, 0, at(1300), Some(at(1000)));
    /// assert_eq!(window.end_here(at(5000)), Some(at(5300)));
    ///
    /// let broken = RateWindow::new(15, 0, Timestamp::MAX, None);
    /// assert_eq!(broken.end_here(at(5000)), Some(at(5000) + RateLimit::WINDOW));
    /// assert_eq!(RateWindow::new(15, 0, at(4999), None).end_here(at(5000)), None);
    /// ```
    #[must_use]
    pub fn end_here(self, arrived: Timestamp) -> Option<Timestamp> {
        let end = self.on_clock(arrived).reset();
        let latest = arrived.saturating_add(RateLimit::WINDOW).unwrap_or(Timestamp::MAX);
        (arrived < end).then(|| end.min(latest))
    }

    /// How many requests may go at `now`, if none went since the window was told.
    ///
    /// ```
    /// use blocks_domain::RateWindow;
    /// use jiff::Timestamp;
    ///
    /// let at = |second| Timestamp::from_second(second).unwrap();
    /// let window = RateWindow::new(15, 2, at(1000), None);
    /// assert_eq!(window.left(at(999)), 2);
    /// assert_eq!(window.left(at(1000)), 15);
    /// ```
    #[must_use]
    pub fn left(self, now: Timestamp) -> u32 {
        if now < self.reset { self.remaining } else { self.limit.requests.get() }
    }

    /// When the next request may go: `now`, or the end of a window that is spent.
    ///
    /// ```
    /// use blocks_domain::RateWindow;
    /// use jiff::Timestamp;
    ///
    /// let at = |second| Timestamp::from_second(second).unwrap();
    /// assert_eq!(RateWindow::new(15, 0, at(1000), None).ready_at(at(400)), at(1000));
    /// assert_eq!(RateWindow::new(15, 1, at(1000), None).ready_at(at(400)), at(400));
    /// ```
    #[must_use]
    pub fn ready_at(self, now: Timestamp) -> Timestamp {
        if self.left(now) > 0 { now } else { self.reset }
    }

    /// How long until the next request may go; zero when it may go at once.
    ///
    /// ```
    /// use blocks_domain::RateWindow;
    /// use jiff::Timestamp;
    ///
    /// let at = |second| Timestamp::from_second(second).unwrap();
    /// assert_eq!(RateWindow::new(15, 0, at(1000), None).wait(at(400)).as_secs(), 600);
    /// ```
    #[must_use]
    pub fn wait(self, now: Timestamp) -> Duration {
        until(now, self.ready_at(now))
    }

    /// What may go at `now` and when there is more, for [`RateLimit::wait_for`].
    ///
    /// A window that has ended leaves a fresh one, which begins with the next request.
    ///
    /// ```
    /// use std::time::Duration;
    /// use blocks_domain::{Allowance, RateWindow};
    /// use jiff::Timestamp;
    ///
    /// let at = |second| Timestamp::from_second(second).unwrap();
    /// let window = RateWindow::new(15, 2, at(1000), None);
    /// assert_eq!(window.allowance(at(940)), Allowance::new(2, Duration::from_secs(60)));
    /// assert_eq!(window.allowance(at(1001)), window.limit().fresh());
    /// ```
    #[must_use]
    pub fn allowance(self, now: Timestamp) -> Allowance {
        if now < self.reset {
            Allowance::new(self.remaining, until(now, self.reset))
        } else {
            self.limit.fresh()
        }
    }
}

/// `time` moved by a length that may be negative; stops at the ends of time.
fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    let end = if by.is_negative() { Timestamp::MIN } else { Timestamp::MAX };
    time.checked_add(by).unwrap_or(end)
}

/// The length from `now` to `then`; zero when `then` has passed.
fn until(now: Timestamp, then: Timestamp) -> Duration {
    then.duration_since(now).try_into().unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    #[test]
    fn the_clock_here_does_not_change_the_wait() {
        let told = RateWindow::new(15, 0, at(1300), Some(at(1000)));
        for arrived in [0, 1000, 1_000_000].map(at) {
            assert_eq!(told.on_clock(arrived).wait(arrived), 5 * MINUTE);
        }
    }

    #[test]
    fn a_window_that_ended_before_it_was_told_needs_no_wait() {
        let window = RateWindow::new(15, 0, at(0), Some(at(1_785_000_000))).on_clock(at(50));
        assert_eq!(window.wait(at(50)), Duration::ZERO);
        assert_eq!(window.left(at(50)), 15);
    }

    #[test]
    fn a_spent_window_opens_the_moment_it_ends() {
        let window = RateWindow::new(15, 0, at(1000), None);
        assert_eq!(window.left(at(999)), 0);
        assert_eq!(window.left(at(1000)), 15);
        assert_eq!(window.allowance(at(1000)), window.limit().fresh());
    }

    #[test]
    fn a_limit_of_nothing_still_ends() {
        let window = RateWindow::new(0, 0, at(1000), None);
        assert_eq!(window.ready_at(at(1)), at(1000));
        assert_eq!(window.ready_at(at(1000)), at(1000));
    }

    fn any_time() -> impl Strategy<Value = Timestamp> {
        let bounds = Timestamp::MIN.as_second()..=Timestamp::MAX.as_second();
        prop_oneof![
            bounds.prop_map(at),
            (0_i64..4_000_000_000).prop_map(at),
            Just(Timestamp::MIN),
            Just(Timestamp::MAX),
        ]
    }

    fn any_window() -> impl Strategy<Value = RateWindow> {
        let remaining = prop_oneof![Just(0), 0..=25_u32, any::<u32>()];
        (0..=20_u32, remaining, any_time(), proptest::option::of(any_time())).prop_map(
            |(limit, remaining, reset, told)| RateWindow::new(limit, remaining, reset, told),
        )
    }

    proptest! {
        #[test]
        fn any_header_is_answered_soundly(window in any_window(), now in any_time()) {
            for window in [window, window.on_clock(now)] {
                let (ready, left) = (window.ready_at(now), window.left(now));
                prop_assert!(left <= window.limit().requests().get());
                prop_assert!(ready >= now);
                prop_assert!(window.left(ready) > 0, "one may go when it is ready");
                prop_assert_eq!(left > 0, window.wait(now).is_zero());
                prop_assert_eq!(window.allowance(now).left, left);
                prop_assert_eq!(
                    window.limit().wait_for(1, window.allowance(now)),
                    window.wait(now)
                );
            }
        }

        #[test]
        fn a_translated_window_stays_as_long(window in any_window(), here in 0_i64..4_000_000_000) {
            let moved = window.on_clock(at(here));
            prop_assert_eq!(moved.on_clock(at(here)), moved);
            if let Some(told) = window.server_now() {
                let length = window.reset().duration_since(told);
                if moved.reset() > Timestamp::MIN && moved.reset() < Timestamp::MAX {
                    prop_assert_eq!(moved.reset().duration_since(at(here)), length);
                }
            }
        }
    }
}
