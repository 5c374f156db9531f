//! Two different accounts, in order.

use super::Side;
use crate::UserId;

/// The account that acts, the source, and a different one that it acts upon, the target.
///
/// ```
/// use blocks_domain::{BlockPair, UserId};
///
/// let (me, them) = ("12".parse::<UserId>()?, "34".parse::<UserId>()?);
/// let pair = BlockPair::new(me, them)?;
/// assert_eq!((pair.source(), pair.target()), (me, them));
/// assert!(BlockPair::new(me, me).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockPair {
    source: UserId,
    target: UserId,
}

impl BlockPair {
    /// The pair in which `source` acts upon `target`.
    ///
    /// # Errors
    /// [`SelfBlock`] when both are the same account.
    ///
    /// ```
    /// use blocks_domain::{BlockPair, UserId};
    ///
    /// let me: UserId = "12".parse()?;
    /// let error = BlockPair::new(me, me).unwrap_err();
    /// assert_eq!(error.user, me);
    /// # Ok::<(), blocks_domain::InvalidId>(())
    /// ```
    pub fn new(source: UserId, target: UserId) -> Result<Self, SelfBlock> {
        if source == target { Err(SelfBlock { user: source }) } else { Ok(Self { source, target }) }
    }

    /// The account that acts.
    ///
    /// ```
    /// # use blocks_domain::{BlockPair, UserId};
    /// # let (me, them) = ("12".parse::<UserId>()?, "34".parse::<UserId>()?);
    /// assert_eq!(BlockPair::new(me, them)?.source(), me);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn source(self) -> UserId {
        self.source
    }

    /// The account that is acted upon.
    ///
    /// ```
    /// # use blocks_domain::{BlockPair, UserId};
    /// # let (me, them) = ("12".parse::<UserId>()?, "34".parse::<UserId>()?);
    /// assert_eq!(BlockPair::new(me, them)?.target(), them);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn target(self) -> UserId {
        self.target
    }

    /// The pair with source and target exchanged.
    ///
    /// ```
    /// # use blocks_domain::{BlockPair, UserId};
    /// # let (me, them) = ("12".parse::<UserId>()?, "34".parse::<UserId>()?);
    /// assert_eq!(BlockPair::new(me, them)?.reversed(), BlockPair::new(them, me)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn reversed(self) -> Self {
        Self { source: self.target, target: self.source }
    }

    /// The pair in which the account at `side` is the source: who acts upon whom, for an
    /// [`Effect`](super::Effect) `by` that side.
    ///
    /// ```
    /// # use blocks_domain::{BlockPair, Side, UserId};
    /// # let (me, them) = ("12".parse::<UserId>()?, "34".parse::<UserId>()?);
    /// let pair = BlockPair::new(me, them)?;
    /// assert_eq!(pair.seen_from(Side::Source), pair);
    /// assert_eq!(pair.seen_from(Side::Target), pair.reversed());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn seen_from(self, side: Side) -> Self {
        match side {
            Side::Source => self,
            Side::Target => self.reversed(),
        }
    }
}

/// Somebody was to block or unblock themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("user {user} cannot block or unblock themselves: source and target must be two accounts")]
#[non_exhaustive]
pub struct SelfBlock {
    /// The account that was both source and target.
    pub user: UserId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_blocks_themselves_and_the_error_says_who() {
        let me = UserId::new(2_244_994_945).expect("id");
        let error = BlockPair::new(me, me).expect_err("a self-pair");
        assert_eq!(
            error.to_string(),
            "user 2244994945 cannot block or unblock themselves: source and target must be two accounts"
        );
    }
}
