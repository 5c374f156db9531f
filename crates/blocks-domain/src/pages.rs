//! Page arithmetic: how large a page may be, and what a whole list takes.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::{Allowance, InvalidValue, Price, RateLimit, Usd};

/// How many users a page may hold, the parameter `max_results`: 1 to 1000, 100 by default.
///
/// ```
/// use blocks_domain::MaxResults;
///
/// assert_eq!(MaxResults::default().get(), 100);
/// assert_eq!(MaxResults::new(1000)?, MaxResults::MAX);
///
/// let error = MaxResults::new(1001).unwrap_err();
/// assert!(error.to_string().contains("1 to 1000"));
/// # Ok::<(), blocks_domain::InvalidValue>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MaxResults(u16);

impl MaxResults {
    /// The smallest page: 1 user.
    pub const MIN: Self = Self(1);
    /// The largest page: 1000 users.
    pub const MAX: Self = Self(1000);
    /// What the server takes when nothing is asked for: 100 users.
    pub const DEFAULT: Self = Self(100);
    /// The name of the query parameter.
    pub const PARAMETER: &str = "max_results";

    /// A page of that many users.
    ///
    /// # Errors
    /// [`InvalidValue`] outside of 1 to 1000.
    ///
    /// ```
    /// use blocks_domain::MaxResults;
    ///
    /// assert_eq!(MaxResults::new(250)?.get(), 250);
    /// assert!(MaxResults::new(0).is_err());
    /// # Ok::<(), blocks_domain::InvalidValue>(())
    /// ```
    pub fn new(users: u32) -> Result<Self, InvalidValue> {
        match u16::try_from(users) {
            Ok(users) if (Self::MIN.0..=Self::MAX.0).contains(&users) => Ok(Self(users)),
            _ => Err(Self::invalid(&users.to_string())),
        }
    }

    /// The number of users.
    ///
    /// ```
    /// use blocks_domain::MaxResults;
    ///
    /// assert_eq!(MaxResults::MAX.get(), 1000);
    /// ```
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// How many pages a list of that many users takes, when each page is full.
    ///
    /// Even an empty list takes one. The server may send pages that are not full, and then it is
    /// more.
    ///
    /// ```
    /// use blocks_domain::MaxResults;
    ///
    /// assert_eq!(MaxResults::MAX.pages_for(100_000), 100);
    /// assert_eq!(MaxResults::MAX.pages_for(1001), 2);
    /// assert_eq!(MaxResults::MAX.pages_for(0), 1);
    /// ```
    #[must_use]
    pub fn pages_for(self, users: u64) -> u64 {
        users.div_ceil(self.0.into()).max(1)
    }

    fn invalid(value: &str) -> InvalidValue {
        let range = format!("a number of {} to {}", Self::MIN, Self::MAX);
        InvalidValue::new(Self::PARAMETER, value, range)
    }
}

impl Default for MaxResults {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl fmt::Display for MaxResults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for MaxResults {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        match text.parse() {
            Ok(users) if digits => Self::new(users),
            _ => Err(Self::invalid(text)),
        }
    }
}

/// What reading a whole block list takes, when every page is full.
///
/// ```
/// use blocks_domain::{MaxResults, RateLimit, SweepCost};
///
/// let limit = RateLimit::per_window(15);
/// let sweep = SweepCost::of(100_000, MaxResults::MAX, limit, limit.fresh());
/// assert_eq!((sweep.requests, sweep.windows), (100, 7));
/// assert_eq!(sweep.wait.as_secs(), 90 * 60);
/// assert_eq!(sweep.cost.to_string(), "USD 100.00");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SweepCost {
    /// Requests, one a page.
    pub requests: u64,
    /// Rate windows in which the requests fit.
    pub windows: u64,
    /// The total time of waiting for windows.
    pub wait: Duration,
    /// Users that are paid for, if none of them was paid for today.
    pub billed_reads: u64,
    /// The price of those users.
    pub cost: Usd,
}

impl SweepCost {
    /// What it takes to read `users` blocked accounts in pages of `max_results`, under `limit`,
    /// when the present window is as `present` says.
    ///
    /// ```
    /// use blocks_domain::{MaxResults, RateLimit, SweepCost};
    ///
    /// let limit = RateLimit::per_window(15);
    /// let nothing = SweepCost::of(0, MaxResults::MAX, limit, limit.fresh());
    /// assert_eq!((nothing.requests, nothing.billed_reads), (1, 0));
    /// ```
    #[must_use]
    pub fn of(users: u64, max_results: MaxResults, limit: RateLimit, present: Allowance) -> Self {
        let requests = max_results.pages_for(users);
        Self {
            requests,
            windows: limit.windows_for(requests, present),
            wait: limit.wait_for(requests, present),
            billed_reads: users,
            cost: Price::BLOCK_READ.cost_of(users),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_bad_size_is_refused_with_value_parameter_and_range() {
        for text in ["0", "1001", "-1", "+5", "", " 5", "ten", "1e2", "99999999999999999999"] {
            let said = text.parse::<MaxResults>().expect_err(text).to_string();
            for part in ["`max_results`", &format!("{text:?}"), "1 to 1000"] {
                assert!(said.contains(part), "{said} does not say {part}");
            }
        }
        assert_eq!(MaxResults::new(70_000), "70000".parse(), "no number is cut off");
    }

    #[test]
    fn an_empty_list_still_takes_a_request_to_see_that() {
        let limit = RateLimit::per_window(15);
        let sweep = SweepCost::of(0, MaxResults::DEFAULT, limit, limit.fresh());
        assert_eq!((sweep.requests, sweep.windows, sweep.wait), (1, 1, Duration::ZERO));
        assert_eq!((sweep.billed_reads, sweep.cost), (0, Usd::ZERO));
    }

    #[test]
    fn a_partly_spent_window_is_used_first() {
        let limit = RateLimit::per_window(15);
        let present = Allowance::new(2, Duration::from_secs(60));
        let sweep = SweepCost::of(18_000, MaxResults::MAX, limit, present);
        assert_eq!((sweep.requests, sweep.windows), (18, 3));
        assert_eq!(sweep.wait, Duration::from_secs(60 + 900));
        assert_eq!(sweep.cost, "18".parse().expect("an amount"));
    }

    proptest! {
        #[test]
        fn every_size_in_range_comes_back(users in 1..=1000_u32) {
            let size = MaxResults::new(users).expect("in range");
            prop_assert_eq!(u32::from(size.get()), users);
            prop_assert_eq!(size.to_string().parse(), Ok(size));
        }

        #[test]
        fn the_pages_hold_all_users_and_none_is_spare(users in 1..u64::MAX / 1000, size in 1..=1000_u32) {
            let pages = MaxResults::new(size).expect("in range").pages_for(users);
            let size = u64::from(size);
            prop_assert!(pages * size >= users);
            prop_assert!((pages - 1) * size < users);
        }

        #[test]
        fn no_list_is_too_long_to_reckon(users: u64, size in 1..=1000_u32, limit: u32) {
            let limit = RateLimit::per_window(limit);
            let size = MaxResults::new(size).expect("in range");
            let sweep = SweepCost::of(users, size, limit, limit.fresh());
            prop_assert_eq!(sweep.billed_reads, users);
            prop_assert!(sweep.requests >= 1 && sweep.windows >= 1);
        }
    }
}
