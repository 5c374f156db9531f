//! Rate limits: what is left, when one may go on, and how long many requests take.

mod window;

use std::num::NonZeroU32;
use std::time::Duration;

pub use window::RateWindow;

/// How many requests an endpoint takes in each window of 15 minutes.
///
/// ```
/// use std::time::Duration;
/// use blocks_domain::RateLimit;
///
/// let limit = RateLimit::per_window(15);
/// let fresh = limit.fresh();
/// assert_eq!(limit.windows_for(100, fresh), 7);
/// assert_eq!(limit.wait_for(100, fresh), Duration::from_secs(90 * 60));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RateLimit {
    requests: NonZeroU32,
}

impl RateLimit {
    /// The length of a window: 15 minutes.
    pub const WINDOW: Duration = Duration::from_secs(15 * 60);

    /// So many requests in each window.
    ///
    /// A limit of 0 is taken as 1: no wait would ever get past a window that lets nothing through.
    ///
    /// ```
    /// use blocks_domain::RateLimit;
    ///
    /// assert_eq!(RateLimit::per_window(15).requests().get(), 15);
    /// assert_eq!(RateLimit::per_window(0), RateLimit::per_window(1));
    /// ```
    #[must_use]
    pub const fn per_window(requests: u32) -> Self {
        Self { requests: at_least_one(requests) }
    }

    /// How many requests a window takes.
    ///
    /// ```
    /// use blocks_domain::RateLimit;
    ///
    /// assert_eq!(RateLimit::per_window(900).requests().get(), 900);
    /// ```
    #[must_use]
    pub const fn requests(self) -> NonZeroU32 {
        self.requests
    }

    /// What is left when a window is about to begin: all of it, for its full length.
    ///
    /// ```
    /// use blocks_domain::{Allowance, RateLimit};
    ///
    /// assert_eq!(RateLimit::per_window(15).fresh(), Allowance::new(15, RateLimit::WINDOW));
    /// ```
    #[must_use]
    pub const fn fresh(self) -> Allowance {
        Allowance::new(self.requests.get(), Self::WINDOW)
    }

    /// In how many windows that many requests fit, the present one counted if it takes any.
    ///
    /// ```
    /// use blocks_domain::{Allowance, RateLimit};
    ///
    /// let limit = RateLimit::per_window(15);
    /// assert_eq!(limit.windows_for(15, limit.fresh()), 1);
    /// assert_eq!(limit.windows_for(16, limit.fresh()), 2);
    ///
    /// let spent = Allowance::new(0, RateLimit::WINDOW);
    /// assert_eq!(limit.windows_for(15, spent), 1, "only the next one is used");
    /// ```
    #[must_use]
    pub fn windows_for(self, requests: u64, present: Allowance) -> u64 {
        let uses_present = requests > 0 && present.left > 0;
        self.renewals_for(requests, present) + u64::from(uses_present)
    }

    /// The total time of waiting for windows until the last of that many requests may go: nothing
    /// while the present window lasts, then the rest of it, then a full window for each further one.
    ///
    /// The time that the requests themselves take is not counted, so this is the most that one
    /// waits. It stays at [`Duration::MAX`] when it would be longer.
    ///
    /// ```
    /// use std::time::Duration;
    /// use blocks_domain::{Allowance, RateLimit};
    ///
    /// let limit = RateLimit::per_window(15);
    /// let minutes = |n: u64| Duration::from_secs(n * 60);
    /// assert_eq!(limit.wait_for(15, limit.fresh()), Duration::ZERO);
    /// assert_eq!(limit.wait_for(20, Allowance::new(3, minutes(4))), minutes(4 + 15));
    /// ```
    #[must_use]
    pub fn wait_for(self, requests: u64, present: Allowance) -> Duration {
        match self.renewals_for(requests, present).checked_sub(1) {
            None => Duration::ZERO,
            Some(full) => {
                let full = Duration::from_secs(Self::WINDOW.as_secs().saturating_mul(full));
                present.renewed_in.saturating_add(full)
            }
        }
    }

    /// How many times the window must be renewed before the last request may go.
    fn renewals_for(self, requests: u64, present: Allowance) -> u64 {
        let later = requests.saturating_sub(present.left.into());
        later.div_ceil(self.requests.get().into())
    }
}

/// What a window still takes, and how long until it takes everything again.
///
/// ```
/// use std::time::Duration;
/// use blocks_domain::Allowance;
///
/// let allowance = Allowance::new(3, Duration::from_secs(240));
/// assert_eq!((allowance.left, allowance.renewed_in.as_secs()), (3, 240));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Allowance {
    /// How many requests may go at once.
    pub left: u32,
    /// The time until the window is full again.
    pub renewed_in: Duration,
}

impl Allowance {
    /// `left` requests at once, and a full window after `renewed_in`.
    ///
    /// ```
    /// use blocks_domain::{Allowance, RateLimit};
    ///
    /// assert_eq!(Allowance::new(0, RateLimit::WINDOW).left, 0);
    /// ```
    #[must_use]
    pub const fn new(left: u32, renewed_in: Duration) -> Self {
        Self { left, renewed_in }
    }
}

const fn at_least_one(requests: u32) -> NonZeroU32 {
    match NonZeroU32::new(requests) {
        Some(requests) => requests,
        None => NonZeroU32::MIN,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_hundred_requests_take_seven_windows_and_ninety_minutes_of_waiting() {
        let limit = RateLimit::per_window(15);
        assert_eq!(limit.windows_for(100, limit.fresh()), 7);
        assert_eq!(limit.wait_for(100, limit.fresh()), 90 * MINUTE);
    }

    #[test]
    fn no_requests_take_no_window_and_no_time() {
        let limit = RateLimit::per_window(15);
        for present in [limit.fresh(), Allowance::new(0, 5 * MINUTE)] {
            assert_eq!(limit.windows_for(0, present), 0);
            assert_eq!(limit.wait_for(0, present), Duration::ZERO);
        }
    }

    #[test]
    fn a_spent_window_is_waited_out_and_not_counted() {
        let limit = RateLimit::per_window(15);
        let spent = Allowance::new(0, 5 * MINUTE);
        assert_eq!(limit.windows_for(16, spent), 2);
        assert_eq!(limit.wait_for(16, spent), 20 * MINUTE);
    }

    #[test]
    fn a_wait_beyond_all_bounds_stays_at_the_bound() {
        let limit = RateLimit::per_window(1);
        let present = Allowance::new(0, Duration::MAX);
        assert_eq!(limit.wait_for(u64::MAX, present), Duration::MAX);
        assert_eq!(limit.windows_for(u64::MAX, present), u64::MAX);
    }

    proptest! {
        #[test]
        fn windows_and_waits_agree_with_counting(
            requests in 0_u64..2_000,
            limit in 1_u32..50,
            left in 0_u32..50,
            seconds in 0_u64..900,
        ) {
            let limit = RateLimit::per_window(limit);
            let present = Allowance::new(left, Duration::from_secs(seconds));

            let (mut windows, mut waited) = (0, Duration::ZERO);
            let (mut open, mut used) = (present, false);
            for _ in 0..requests {
                if open.left == 0 {
                    waited += open.renewed_in;
                    (open, used) = (limit.fresh(), false);
                }
                windows += u64::from(!used);
                (open.left, used) = (open.left - 1, true);
            }

            prop_assert_eq!(limit.windows_for(requests, present), windows);
            prop_assert_eq!(limit.wait_for(requests, present), waited);
        }

        #[test]
        fn nothing_overflows(
            requests: u64,
            limit: u32,
            left: u32,
            seconds: u64,
        ) {
            let limit = RateLimit::per_window(limit);
            let present = Allowance::new(left, Duration::from_secs(seconds));
            let windows = limit.windows_for(requests, present);
            prop_assert!(windows <= requests);
            prop_assert_eq!(limit.wait_for(requests, present).is_zero(),
                requests <= u64::from(left) || (seconds == 0 && windows <= u64::from(left > 0) + 1));
        }
    }
}
