//! Money: what X charges, and for how long a resource stays paid for.

mod charge;
mod usd;

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use rust_decimal::Decimal;

pub use charge::Charge;
pub use usd::{InvalidUsd, Usd};

/// What X charges for one unit of something, pay-per-use.
///
/// A resource that was paid for is free again until midnight UTC; see [`BillingDay`].
///
/// ```
/// use blocks_domain::Price;
///
/// assert_eq!(Price::BLOCK_READ.cost_of(100_000).to_string(), "USD 100.00");
/// assert_eq!(Price::USER_LOOKUP.to_string(), "USD 0.01 per user looked up");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Price {
    /// A byte, so that no cost can come near [`Usd::MAX`].
    thousandths: u8,
    unit: &'static str,
}

impl Price {
    /// A page of a block list: USD 0.001 for each user returned.
    ///
    /// Source: X's price list for the API, August 2026.
    pub const BLOCK_READ: Self = Self { thousandths: 1, unit: "user read from a block list" };

    /// A lookup of users, by id or by handle, or of oneself: USD 0.010 for each user returned.
    ///
    /// Source: X's price list for the API, August 2026.
    pub const USER_LOOKUP: Self = Self { thousandths: 10, unit: "user looked up" };

    /// A `block.block` or `block.unblock` activity event: USD 0.001 for each event delivered.
    ///
    /// Source: X's price list for the API, August 2026.
    pub const BLOCK_EVENT: Self = Self { thousandths: 1, unit: "block event" };

    /// Every price that this project knows.
    pub const ALL: [Self; 3] = [Self::BLOCK_READ, Self::USER_LOOKUP, Self::BLOCK_EVENT];

    /// The price of one unit.
    ///
    /// ```
    /// use blocks_domain::Price;
    ///
    /// assert_eq!(Price::USER_LOOKUP.per_unit(), "0.010".parse()?);
    /// # Ok::<(), blocks_domain::InvalidUsd>(())
    /// ```
    #[must_use]
    pub fn per_unit(self) -> Usd {
        Usd(Decimal::new(self.thousandths.into(), 3))
    }

    /// What one unit is, as part of a sentence.
    ///
    /// ```
    /// use blocks_domain::Price;
    ///
    /// assert_eq!(Price::BLOCK_EVENT.unit(), "block event");
    /// ```
    #[must_use]
    pub const fn unit(self) -> &'static str {
        self.unit
    }

    /// The price of that many units, none of which was paid for already.
    ///
    /// ```
    /// use blocks_domain::{Price, Usd};
    ///
    /// assert_eq!(Price::BLOCK_READ.cost_of(1500).to_string(), "USD 1.50");
    /// assert_eq!(Price::BLOCK_READ.cost_of(0), Usd::ZERO);
    /// ```
    #[must_use]
    pub fn cost_of(self, units: u64) -> Usd {
        let thousandths = i128::from(self.thousandths) * i128::from(units);
        Usd(Decimal::from_i128_with_scale(thousandths, 3))
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} per {}", self.per_unit(), self.unit)
    }
}

/// A day of X's billing, from midnight to midnight UTC.
///
/// A resource that was paid for is not charged again on the same day; X calls this a soft
/// guarantee, so a forecast must not build on it.
///
/// ```
/// use blocks_domain::BillingDay;
/// use jiff::Timestamp;
///
/// let paid_at: Timestamp = "2026-08-07T23:59:59Z".parse()?;
/// let day = BillingDay::of(paid_at);
/// assert_eq!(day.to_string(), "2026-08-07");
/// assert_eq!(day.ends_at(), "2026-08-08T00:00:00Z".parse()?);
/// assert_ne!(day, BillingDay::of(day.ends_at()));
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BillingDay(Date);

impl BillingDay {
    /// The day on which `now` lies.
    ///
    /// ```
    /// use blocks_domain::BillingDay;
    ///
    /// let midnight = "2026-08-07T00:00:00Z".parse()?;
    /// assert_eq!(BillingDay::of(midnight).to_string(), "2026-08-07");
    /// # Ok::<(), jiff::Error>(())
    /// ```
    #[must_use]
    pub fn of(now: Timestamp) -> Self {
        Self(Offset::UTC.to_datetime(now).date())
    }

    /// The calendar date in UTC.
    ///
    /// ```
    /// use blocks_domain::BillingDay;
    /// use jiff::civil::date;
    ///
    /// let noon = "2026-08-07T12:00:00Z".parse()?;
    /// assert_eq!(BillingDay::of(noon).date(), date(2026, 8, 7));
    /// # Ok::<(), jiff::Error>(())
    /// ```
    #[must_use]
    pub const fn date(self) -> Date {
        self.0
    }

    /// The midnight with which the day ends, and the next one begins.
    ///
    /// ```
    /// use blocks_domain::BillingDay;
    ///
    /// let noon = "2026-12-31T12:00:00Z".parse()?;
    /// assert_eq!(BillingDay::of(noon).ends_at().to_string(), "2027-01-01T00:00:00Z");
    /// # Ok::<(), jiff::Error>(())
    /// ```
    #[must_use]
    pub fn ends_at(self) -> Timestamp {
        let midnight = |date: Date| Offset::UTC.to_timestamp(date.to_datetime(Time::midnight()));
        // The last day of all time has no end that a timestamp could tell.
        self.0.tomorrow().and_then(midnight).unwrap_or(Timestamp::MAX)
    }
}

impl fmt::Display for BillingDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn usd(text: &str) -> Usd {
        text.parse().expect(text)
    }

    #[test]
    fn prices_are_those_of_the_price_list() {
        assert_eq!(Price::BLOCK_READ.per_unit(), usd("0.001"));
        assert_eq!(Price::USER_LOOKUP.per_unit(), usd("0.010"));
        assert_eq!(Price::BLOCK_EVENT.per_unit(), usd("0.001"));
        assert_eq!(Price::BLOCK_READ.cost_of(100_000), usd("100"));
    }

    #[test]
    fn the_last_day_of_all_time_ends_with_it() {
        assert_eq!(BillingDay::of(Timestamp::MAX).ends_at(), Timestamp::MAX);
    }

    proptest! {
        #[test]
        fn every_cost_is_the_price_so_many_times(units: u64) {
            for price in Price::ALL {
                prop_assert_eq!(Some(price.cost_of(units)), price.per_unit().times(units));
                prop_assert_eq!(price.cost_of(units).buys(price), units);
            }
        }

        #[test]
        fn a_day_lasts_until_its_midnight(
            second in Timestamp::MIN.as_second()..Timestamp::MAX.as_second() - 86_400,
        ) {
            let now = Timestamp::from_second(second).expect("a time");
            let end = BillingDay::of(now).ends_at();
            prop_assert_eq!(end.as_second().rem_euclid(86_400), 0);
            prop_assert!((1..=86_400).contains(&(end.as_second() - second)));
            let last = Timestamp::from_second(end.as_second() - 1).expect("a time");
            prop_assert_eq!(BillingDay::of(last), BillingDay::of(now));
            prop_assert!(BillingDay::of(end) > BillingDay::of(now));
        }
    }
}
