//! Exact amounts of money.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Price;
use crate::id::shortened;

/// An amount of US dollars: exact, never negative, with at most six decimals, and at most
/// [`Usd::MAX`].
///
/// It is shown as `USD 1.50`, with two decimals and as many more as it needs.
/// In JSON it is a string without the currency, `"1.50"`, because many readers of JSON turn
/// numbers into floats, which cannot hold it exactly.
///
/// ```
/// use blocks_domain::Usd;
///
/// let budget: Usd = "1.5".parse()?;
/// assert_eq!(budget, "$1.50".parse()?);
/// assert_eq!(budget.to_string(), "USD 1.50");
/// assert_eq!(serde_json::to_string(&budget).unwrap(), r#""1.50""#);
/// # Ok::<(), blocks_domain::InvalidUsd>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Usd(pub(super) Decimal);

impl Usd {
    /// Nothing.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// The largest amount, 100,000,000,000,000,000,000 dollars: far beyond any bill, and small
    /// enough that with six decimals it still fits a [`Decimal`], so that no sum is ever rounded.
    pub const MAX: Self = Self(Decimal::from_parts(0x6310_0000, 0x6bc7_5e2d, 0x5, false, 0));

    /// The most decimals that an amount may have.
    pub const DECIMALS: u32 = 6;

    /// The sum; `None` above [`Usd::MAX`].
    ///
    /// ```
    /// use blocks_domain::Usd;
    ///
    /// let (a, b): (Usd, Usd) = ("0.1".parse()?, "0.2".parse()?);
    /// assert_eq!(a.checked_add(b), Some("0.3".parse()?));
    /// assert_eq!(Usd::MAX.checked_add(a), None);
    /// # Ok::<(), blocks_domain::InvalidUsd>(())
    /// ```
    #[must_use]
    pub fn checked_add(self, more: Self) -> Option<Self> {
        self.0.checked_add(more.0).and_then(Self::bounded)
    }

    /// What remains after `less` is taken away; `None` below zero.
    ///
    /// ```
    /// use blocks_domain::Usd;
    ///
    /// let (a, b): (Usd, Usd) = ("0.3".parse()?, "0.1".parse()?);
    /// assert_eq!(a.checked_sub(b), Some("0.2".parse()?));
    /// assert_eq!(b.checked_sub(a), None);
    /// # Ok::<(), blocks_domain::InvalidUsd>(())
    /// ```
    #[must_use]
    pub fn checked_sub(self, less: Self) -> Option<Self> {
        self.0.checked_sub(less.0).and_then(Self::bounded)
    }

    /// The amount `count` times; `None` above [`Usd::MAX`].
    ///
    /// ```
    /// use blocks_domain::Usd;
    ///
    /// let each: Usd = "0.001".parse()?;
    /// assert_eq!(each.times(100_000), Some("100".parse()?));
    /// assert_eq!(Usd::MAX.times(2), None);
    /// # Ok::<(), blocks_domain::InvalidUsd>(())
    /// ```
    #[must_use]
    pub fn times(self, count: u64) -> Option<Self> {
        self.0.checked_mul(count.into()).and_then(Self::bounded)
    }

    /// How many units at `price` the amount pays for, the rest left over.
    ///
    /// ```
    /// use blocks_domain::{Price, Usd};
    ///
    /// let budget: Usd = "0.0509".parse()?;
    /// assert_eq!(budget.buys(Price::BLOCK_READ), 50);
    /// # Ok::<(), blocks_domain::InvalidUsd>(())
    /// ```
    #[must_use]
    pub fn buys(self, price: Price) -> u64 {
        let units = self.0.checked_div(price.per_unit().0).map(|units| units.trunc());
        units.and_then(|units| units.try_into().ok()).unwrap_or(u64::MAX)
    }

    /// Refuses what lies outside of the range.
    ///
    /// Inside of it, six decimals always fit, so whatever passes was never rounded.
    fn bounded(amount: Decimal) -> Option<Self> {
        (Decimal::ZERO..=Self::MAX.0).contains(&amount).then_some(Self(amount))
    }

    /// The amount without its currency, with two decimals or as many as it needs: `1.50`.
    ///
    /// It is a JSON number as it stands; a float would not hold it exactly.
    ///
    /// ```
    /// use blocks_domain::Usd;
    ///
    /// assert_eq!("$1.5".parse::<Usd>()?.plain().to_string(), "1.50");
    /// # Ok::<(), blocks_domain::InvalidUsd>(())
    /// ```
    #[must_use]
    pub fn plain(self) -> impl fmt::Display + use<> {
        let mut amount = self.0.normalize();
        if amount.scale() < 2 {
            amount.rescale(2);
        }
        amount
    }
}

impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "USD {}", self.plain())
    }
}

impl FromStr for Usd {
    type Err = InvalidUsd;

    /// Reads digits, with a point and one to six decimals if there are any: `2`, `1.50`, `0.001`.
    /// `$` or `USD ` may stand in front.
    ///
    /// # Errors
    /// [`InvalidUsd`] for anything else: signs, exponents, other spaces, separators of thousands.
    fn from_str(text: &str) -> Result<Self, InvalidUsd> {
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let told = || shortened(text);

        let amount = text.strip_prefix('$').or_else(|| text.strip_prefix("USD ")).unwrap_or(text);
        let (whole, decimals) = amount.split_once('.').unwrap_or((amount, "0"));
        if !all_digits(whole) || !all_digits(decimals) {
            return Err(InvalidUsd::NotAnAmount { text: told() });
        }
        if decimals.len() > Self::DECIMALS as usize {
            return Err(InvalidUsd::TooManyDecimals { text: told() });
        }
        Decimal::from_str_exact(amount)
            .ok()
            .and_then(Self::bounded)
            .ok_or_else(|| InvalidUsd::TooLarge { text: told() })
    }
}

/// Why a text is no amount of dollars.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidUsd {
    /// It is not spelt as an amount.
    #[error("{text:?} is not an amount of US dollars: write digits and a point, like 1.50")]
    #[non_exhaustive]
    NotAnAmount {
        /// The text that was refused, shortened to 40 characters.
        text: String,
    },
    /// It is finer than the millionth part of a dollar.
    #[error(
        "{text:?} is too fine for an amount of US dollars: it has at most {} decimals",
        Usd::DECIMALS
    )]
    #[non_exhaustive]
    TooManyDecimals {
        /// The text that was refused, shortened to 40 characters.
        text: String,
    },
    /// It is more than [`Usd::MAX`].
    #[error("{text:?} is too large for an amount of US dollars: the most is {}", Usd::MAX)]
    #[non_exhaustive]
    TooLarge {
        /// The text that was refused, shortened to 40 characters.
        text: String,
    },
}

impl Serialize for Usd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.plain())
    }
}

impl<'de> Deserialize<'de> for Usd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Usd;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an amount of US dollars as a string, like \"1.50\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Usd, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Text)
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
    fn what_is_no_amount_is_refused() {
        for text in [
            "", "$", ".", ".5", "5.", "-1", "+1", "-0", "1e3", "1E-3", "NaN", "inf", "1,50",
            "1_000", " 1", "1 ", "$$1", "$ 1", "USD1", "USD $1", "٣", "1.2.3",
        ] {
            let error = text.parse::<Usd>().expect_err(text);
            assert!(matches!(error, InvalidUsd::NotAnAmount { .. }), "{error}");
        }
    }

    #[test]
    fn what_is_too_fine_or_too_large_is_refused_by_name() {
        let fine = "0.0000001".parse::<Usd>().expect_err("seven decimals");
        assert!(fine.to_string().ends_with("at most 6 decimals"), "{fine}");
        for text in ["100000000000000000000.000001", &"9".repeat(400)] {
            let large = text.parse::<Usd>().expect_err(text);
            assert!(matches!(large, InvalidUsd::TooLarge { .. }), "{large}");
            assert!(large.to_string().ends_with("USD 100000000000000000000.00"), "{large}");
        }
        assert_eq!(usd("100000000000000000000"), Usd::MAX);
    }

    #[test]
    fn an_amount_shows_as_many_decimals_as_it_needs() {
        for (text, shown) in [
            ("0", "USD 0.00"),
            ("007", "USD 7.00"),
            ("1.5", "USD 1.50"),
            ("$1.500000", "USD 1.50"),
            ("0.001", "USD 0.001"),
            ("USD 12.345678", "USD 12.345678"),
            ("99999999999999999999.999999", "USD 99999999999999999999.999999"),
        ] {
            assert_eq!(usd(text).to_string(), shown);
        }
    }

    #[test]
    fn json_holds_a_string_and_takes_no_number() {
        assert_eq!(serde_json::to_string(&usd("100")).expect("json"), r#""100.00""#);
        assert_eq!(serde_json::from_str::<Usd>(r#""0.1""#).expect("usd"), usd("0.1"));
        assert!(serde_json::from_str::<Usd>("0.1").is_err());
        assert!(serde_json::from_str::<Usd>(r#""-0.1""#).is_err());
    }

    #[test]
    fn a_sum_too_large_is_refused_and_not_rounded() {
        let least = usd("0.000001");
        assert_eq!(Usd::MAX.checked_add(least), None);
        assert_eq!(Usd::MAX.checked_add(Usd::MAX), None);
        assert_eq!(Usd::MAX.times(u64::MAX), None);
        assert_eq!(usd("99999999999999999999.999999").times(u64::MAX), None);
        let below = Usd::MAX.checked_sub(least).expect("below the bound");
        assert_eq!(below, usd("99999999999999999999.999999"));
        assert_eq!(below.checked_add(least), Some(Usd::MAX));
        assert_eq!(Usd::MAX.buys(Price::BLOCK_READ), u64::MAX);
    }

    /// An amount in millionths of a dollar, by arithmetic of whole numbers.
    fn millionths(count: u128) -> Usd {
        usd(&format!("{}.{:06}", count / 1_000_000, count % 1_000_000))
    }

    const MOST: u128 = 100_000_000_000_000_000_000_000_000;

    proptest! {
        #[test]
        fn an_amount_comes_back_from_its_text_and_its_json(count in 0..=MOST) {
            let amount = millionths(count);
            prop_assert_eq!(amount.to_string().parse(), Ok(amount));
            let json = serde_json::to_string(&amount).expect("json");
            prop_assert_eq!(serde_json::from_str::<Usd>(&json).expect("usd"), amount);
        }

        #[test]
        fn arithmetic_is_that_of_whole_millionths(a in 0..=MOST, b in 0..=MOST, times: u64) {
            let (x, y) = (millionths(a), millionths(b));
            let within = |count: Option<u128>| count.filter(|c| *c <= MOST).map(millionths);
            prop_assert_eq!(x.checked_add(y), within(a.checked_add(b)));
            prop_assert_eq!(x.checked_sub(y), within(a.checked_sub(b)));
            prop_assert_eq!(x.times(times), within(a.checked_mul(times.into())));
            prop_assert_eq!(x.cmp(&y), a.cmp(&b));
        }

        #[test]
        fn a_product_within_bounds_is_exact(a in 0..10_000_000_000_u128, times in 0..=1_000_000_000_000_u64) {
            let product = millionths(a).times(times).expect("within bounds");
            prop_assert_eq!(product, millionths(a * u128::from(times)));
        }

        #[test]
        fn what_an_amount_buys_is_the_most_it_pays_for(count in 0..10_000_000_000_u128) {
            let amount = millionths(count);
            for price in Price::ALL {
                let units = amount.buys(price);
                prop_assert!(price.cost_of(units) <= amount);
                prop_assert!(price.cost_of(units + 1) > amount);
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,60}") {
            let _ = text.parse::<Usd>();
        }
    }
}
