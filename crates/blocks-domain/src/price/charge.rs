//! What X charges for, as a ledger counts it.

use super::Price;

/// Something that X charges for.
///
/// ```
/// use blocks_domain::{Charge, Price};
///
/// assert_eq!(Charge::BlockRead.price(), Price::BLOCK_READ);
/// assert!(Charge::BlockRead.is_paid_once_a_day());
/// assert!(!Charge::BlockEvent.is_paid_once_a_day());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Charge {
    /// A user on a page of a block list.
    BlockRead,
    /// A user looked up, by id or by handle, or oneself.
    UserLookup,
    /// A block event delivered.
    BlockEvent,
}

impl Charge {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::BlockRead, Self::UserLookup, Self::BlockEvent];

    /// What one costs.
    #[must_use]
    pub const fn price(self) -> Price {
        match self {
            Self::BlockRead => Price::BLOCK_READ,
            Self::UserLookup => Price::USER_LOOKUP,
            Self::BlockEvent => Price::BLOCK_EVENT,
        }
    }

    /// Whether the same user is free again until midnight UTC; see
    /// [`BillingDay`](crate::BillingDay). Every event is charged.
    #[must_use]
    pub const fn is_paid_once_a_day(self) -> bool {
        !matches!(self, Self::BlockEvent)
    }

    /// The word under which it is kept: `block_read`, `user_lookup`, `block_event`.
    ///
    /// ```
    /// use blocks_domain::Charge;
    ///
    /// for charge in Charge::ALL {
    ///     assert_eq!(Charge::of_word(charge.word()), Some(charge));
    /// }
    /// ```
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::BlockRead => "block_read",
            Self::UserLookup => "user_lookup",
            Self::BlockEvent => "block_event",
        }
    }

    /// The one of that word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|charge| charge.word() == word)
    }
}
