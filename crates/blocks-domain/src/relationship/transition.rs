//! What changes when one account blocks, unblocks, follows or unfollows another.

use super::{Relationship, Side};

/// A change of a relationship: the state after it, and what became different.
///
/// The effects are exactly the difference of the two states; a call that changes nothing has
/// none.
///
/// ```
/// use blocks_domain::{Change, Effect, Relationship, Side};
///
/// let transition = Relationship::between_strangers().block(Side::Source);
/// assert_eq!(transition.effects, [Effect::new(Side::Source, Change::Blocked)]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transition {
    /// The relationship afterwards.
    pub state: Relationship,
    /// What became different: blocks first, then follows; of each, the source's first.
    pub effects: Vec<Effect>,
}

impl Transition {
    /// The transition that leads from one state to another.
    ///
    /// ```
    /// use blocks_domain::{Relationship, Side, Transition};
    ///
    /// let before = Relationship::between_strangers();
    /// let after = before.block(Side::Source).state;
    /// assert_eq!(Transition::between(before, after), before.block(Side::Source));
    /// ```
    #[must_use]
    pub fn between(before: Relationship, after: Relationship) -> Self {
        let block = |by| match (before.blocks(by), after.blocks(by)) {
            (false, true) => Some(Effect::new(by, Change::Blocked)),
            (true, false) => Some(Effect::new(by, Change::Unblocked)),
            _ => None,
        };
        let follow = |by| match (before.follows(by), after.follows(by)) {
            (false, true) => Some(Effect::new(by, Change::Followed)),
            (true, false) => Some(Effect::new(by, Change::Unfollowed)),
            _ => None,
        };
        let blocks = Side::ALL.into_iter().filter_map(block);
        let follows = Side::ALL.into_iter().filter_map(follow);
        Self { state: after, effects: blocks.chain(follows).collect() }
    }
}

/// One thing that became different between two accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Effect {
    /// Whose block or follow it is; it points at the other side.
    ///
    /// That side need not have acted: a block ends the follow of the one who is blocked.
    pub by: Side,
    /// What became different.
    pub change: Change,
}

impl Effect {
    /// A change of the block or follow that `by` has on the other side.
    ///
    /// ```
    /// use blocks_domain::{Change, Effect, Side};
    ///
    /// assert_eq!(Effect::new(Side::Source, Change::Blocked).by, Side::Source);
    /// ```
    #[must_use]
    pub const fn new(by: Side, change: Change) -> Self {
        Self { by, change }
    }
}

/// What can become different in one direction of a relationship.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// A block began.
    Blocked,
    /// A block ended.
    Unblocked,
    /// A follow began.
    Followed,
    /// A follow ended.
    Unfollowed,
}
