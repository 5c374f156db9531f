//! How much of a list may be missing before nobody believes it.

use std::fmt;
use std::str::FromStr;

use crate::InvalidValue;

/// The share of a list that may be gone when it is read again.
///
/// A page that has lost its `next_token` looks like the end of the list, and all that would have
/// come behind it like unblocked. People rarely unblock many at once; so a read that has lost
/// more than this is not to be believed without a word from the person whose list it is.
///
/// ```
/// use blocks_domain::LossLimit;
///
/// let limit: LossLimit = "10".parse()?;
/// assert!(!limit.is_exceeded(2_500, 250), "a tenth may be gone");
/// assert!(limit.is_exceeded(2_500, 251));
/// assert!(!limit.is_exceeded(20, 10), "ten accounts may always be gone");
/// assert!(limit.is_exceeded(3, 3), "all of them may not");
/// # Ok::<(), blocks_domain::InvalidValue>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LossLimit {
    percent: u8,
}

impl LossLimit {
    /// So few may always be gone: a short list is soon changed by a large share.
    pub const ALWAYS: u64 = 10;

    /// A limit in percent of the users that the list held before, 0 to 100; 100 lets everything
    /// be gone.
    ///
    /// # Errors
    /// It is more than 100.
    ///
    /// ```
    /// use blocks_domain::LossLimit;
    ///
    /// assert!(!LossLimit::percent(100)?.is_exceeded(2_500, 2_500));
    /// assert!(LossLimit::percent(101).is_err());
    /// # Ok::<(), blocks_domain::InvalidValue>(())
    /// ```
    pub fn percent(percent: u8) -> Result<Self, InvalidValue> {
        if percent <= 100 { Ok(Self { percent }) } else { Err(invalid(&percent.to_string())) }
    }

    /// Whether too many are gone: `lost` of `before` users.
    ///
    /// An empty list never stands for one that was not, unless the limit is 100.
    #[must_use]
    pub const fn is_exceeded(self, before: u64, lost: u64) -> bool {
        if self.percent == 100 || lost == 0 {
            return false;
        }
        let too_large = lost as u128 * 100 > before as u128 * self.percent as u128;
        lost >= before || (lost > Self::ALWAYS && too_large)
    }
}

/// A tenth.
impl Default for LossLimit {
    fn default() -> Self {
        Self { percent: 10 }
    }
}

impl fmt::Display for LossLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", self.percent)
    }
}

impl FromStr for LossLimit {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let percent = text.parse().ok().filter(|_| digits).ok_or_else(|| invalid(text))?;
        Self::percent(percent)
    }
}

fn invalid(value: &str) -> InvalidValue {
    InvalidValue::new("loss limit", value, "a percentage of 0 to 100".to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_limit_that_is_no_percentage_is_refused() {
        for text in ["", "-1", "+5", "101", "300", "ten", "1.5", "5 %"] {
            assert!(text.parse::<LossLimit>().is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn losing_more_is_never_easier(percent in 0..=100_u8, before: u64, lost: u64, more: u64) {
            let limit = LossLimit::percent(percent).expect("a percentage");
            let worse = limit.is_exceeded(before, lost.saturating_add(more));
            prop_assert!(worse || !limit.is_exceeded(before, lost));
        }

        #[test]
        fn a_list_that_has_lost_nobody_is_believed(percent in 0..=100_u8, before: u64) {
            prop_assert!(!LossLimit::percent(percent).expect("a percentage").is_exceeded(before, 0));
        }
    }
}
