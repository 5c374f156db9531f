//! The two ends of a relationship.

use std::fmt;

/// One of the two accounts in a relationship.
///
/// ```
/// use blocks_domain::Side;
///
/// assert_eq!(Side::Source.other(), Side::Target);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The account from which one looks; in a call, the one that acts.
    Source,
    /// The account that is looked at; in a call, the one acted upon.
    Target,
}

impl Side {
    /// Both sides, the source first.
    pub const ALL: [Self; 2] = [Self::Source, Self::Target];

    /// The side across.
    ///
    /// ```
    /// use blocks_domain::Side;
    ///
    /// assert_eq!(Side::Target.other(), Side::Source);
    /// ```
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Source => Self::Target,
            Self::Target => Self::Source,
        }
    }
}

/// Some, all or none of the two sides.
///
/// ```
/// use blocks_domain::{Side, Sides};
///
/// assert_eq!(Sides::NEITHER.with(Side::Source), Sides::SOURCE);
/// assert_eq!(Sides::BOTH.without(Side::Source), Sides::TARGET);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Sides {
    source: bool,
    target: bool,
}

impl Sides {
    /// No side.
    pub const NEITHER: Self = Self { source: false, target: false };
    /// The source alone.
    pub const SOURCE: Self = Self { source: true, target: false };
    /// The target alone.
    pub const TARGET: Self = Self { source: false, target: true };
    /// The source and the target.
    pub const BOTH: Self = Self { source: true, target: true };
    /// Every value there is.
    pub const ALL: [Self; 4] = [Self::NEITHER, Self::SOURCE, Self::TARGET, Self::BOTH];

    /// Whether `side` is one of them.
    ///
    /// ```
    /// use blocks_domain::{Side, Sides};
    ///
    /// assert!(Sides::SOURCE.contains(Side::Source));
    /// assert!(!Sides::SOURCE.contains(Side::Target));
    /// ```
    #[must_use]
    pub const fn contains(self, side: Side) -> bool {
        match side {
            Side::Source => self.source,
            Side::Target => self.target,
        }
    }

    /// Whether there is at least one.
    ///
    /// ```
    /// use blocks_domain::Sides;
    ///
    /// assert!(Sides::TARGET.any());
    /// assert!(!Sides::NEITHER.any());
    /// ```
    #[must_use]
    pub const fn any(self) -> bool {
        self.source || self.target
    }

    /// These and `side`.
    ///
    /// ```
    /// use blocks_domain::{Side, Sides};
    ///
    /// assert_eq!(Sides::SOURCE.with(Side::Target), Sides::BOTH);
    /// ```
    #[must_use]
    pub const fn with(self, side: Side) -> Self {
        match side {
            Side::Source => Self { source: true, ..self },
            Side::Target => Self { target: true, ..self },
        }
    }

    /// These but not `side`.
    ///
    /// ```
    /// use blocks_domain::{Side, Sides};
    ///
    /// assert_eq!(Sides::SOURCE.without(Side::Source), Sides::NEITHER);
    /// ```
    #[must_use]
    pub const fn without(self, side: Side) -> Self {
        match side {
            Side::Source => Self { source: false, ..self },
            Side::Target => Self { target: false, ..self },
        }
    }

    /// Source and target exchanged.
    ///
    /// ```
    /// use blocks_domain::Sides;
    ///
    /// assert_eq!(Sides::SOURCE.reversed(), Sides::TARGET);
    /// ```
    #[must_use]
    pub const fn reversed(self) -> Self {
        Self { source: self.target, target: self.source }
    }
}

impl fmt::Display for Sides {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.source, self.target) {
            (false, false) => "neither",
            (true, false) => "source",
            (false, true) => "target",
            (true, true) => "both",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adding_and_taking_away_touch_one_side_only() {
        for (sides, side) in Sides::ALL.into_iter().flat_map(|s| Side::ALL.map(|side| (s, side))) {
            assert!(sides.with(side).contains(side));
            assert!(!sides.without(side).contains(side));
            for changed in [sides.with(side), sides.without(side)] {
                assert_eq!(changed.contains(side.other()), sides.contains(side.other()));
            }
        }
    }
}
