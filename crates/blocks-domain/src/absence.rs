//! Why somebody is no longer on a block list.

use std::fmt;

/// Why an account that was on a block list is on it no longer, as far as is known.
///
/// X does not list accounts that are suspended or deactivated, though the block stands and shows
/// again when they come back. So an account that is missing was not necessarily unblocked.
///
/// ```
/// use blocks_domain::{Absence, Whereabouts, Witness};
///
/// let told = Some(Witness::Event);
/// assert_eq!(Absence::of(told, Some(Whereabouts::Suspended)), Absence::Unblocked(Witness::Event));
/// assert_eq!(Absence::of(None, Some(Whereabouts::Suspended)), Absence::Gone(Whereabouts::Suspended));
/// assert_eq!(Absence::of(None, Some(Whereabouts::Present)), Absence::Unknown);
/// assert_eq!(Absence::of(None, None), Absence::Unknown);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Absence {
    /// The block was lifted: somebody who knows has told so.
    Unblocked(Witness),
    /// The account is gone, and the block may still stand: a lookup said so.
    Gone(Whereabouts),
    /// It is missing, and nobody told why.
    Unknown,
}

impl Absence {
    /// What follows from what is known: who told of an unblock, and what a lookup said.
    #[must_use]
    pub const fn of(unblock: Option<Witness>, lookup: Option<Whereabouts>) -> Self {
        match (unblock, lookup) {
            (Some(witness), _) => Self::Unblocked(witness),
            (None, Some(Whereabouts::Present) | None) => Self::Unknown,
            (None, Some(gone)) => Self::Gone(gone),
        }
    }
}

/// Who knows of a block that was made or lifted, besides a read of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Witness {
    /// An activity event of X.
    Event,
    /// An operation of this program, which X has answered or may have carried out.
    Operation,
}

/// What a lookup said of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Whereabouts {
    /// It is there.
    Present,
    /// It is suspended.
    Suspended,
    /// There is none: it was deactivated, or deleted.
    NotFound,
}

impl Whereabouts {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Present, Self::Suspended, Self::NotFound];

    /// The word for it: `present`, `suspended`, `not found`.
    ///
    /// ```
    /// use blocks_domain::Whereabouts;
    ///
    /// assert_eq!(Whereabouts::NotFound.to_string(), "not found");
    /// assert_eq!(Whereabouts::of_word("not found"), Some(Whereabouts::NotFound));
    /// ```
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Suspended => "suspended",
            Self::NotFound => "not found",
        }
    }

    /// The one of that word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|whereabouts| whereabouts.word() == word)
    }
}

impl fmt::Display for Whereabouts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
