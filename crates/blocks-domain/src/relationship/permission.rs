//! What a block forbids, as one table.

use std::fmt;

/// What a block does to each action, one row an action.
///
/// This table is the only place that knows it: [`Relationship::may`](super::Relationship::may)
/// reads it, and the reference pages are held against it.
pub const PERMISSIONS: [Permission; 9] = {
    use Verdict::{Allowed, Refused, Undocumented};
    [
        Permission::row(Action::SeePosts, Refused, Refused),
        Permission::row(Action::SeePostsLoggedOut, Allowed, Undocumented),
        Permission::row(Action::Follow, Refused, Refused),
        Permission::row(Action::SendDirectMessage, Refused, Refused),
        Permission::row(Action::AddToList, Refused, Undocumented),
        Permission::row(Action::TagInPhoto, Refused, Undocumented),
        // One's own blocks and follows are one's own to make and to end, and both calls about
        // blocks are idempotent.
        Permission::row(Action::Block, Allowed, Allowed),
        Permission::row(Action::Unblock, Allowed, Allowed),
        Permission::row(Action::Unfollow, Allowed, Allowed),
    ]
};

/// One row of [`PERMISSIONS`]: what happens to an action when a block stands.
///
/// Without a block, every action is allowed as far as blocks are concerned.
///
/// ```
/// use blocks_domain::{Action, BlockStanding, Permission, Verdict};
///
/// let tagging = Permission::of(Action::TagInPhoto);
/// assert_eq!(tagging.verdict(BlockStanding::Blocked), Verdict::Refused);
/// assert_eq!(tagging.verdict(BlockStanding::Blocking), Verdict::Undocumented);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Permission {
    /// What somebody wants to do to another account.
    pub action: Action,
    /// The verdict when the other account blocks the one who acts.
    pub when_blocked: Verdict,
    /// The verdict when the one who acts blocks the other account.
    pub when_blocking: Verdict,
}

impl Permission {
    const fn row(action: Action, when_blocked: Verdict, when_blocking: Verdict) -> Self {
        Self { action, when_blocked, when_blocking }
    }

    /// The row of an action.
    ///
    /// ```
    /// use blocks_domain::{Action, Permission, Verdict};
    ///
    /// assert_eq!(Permission::of(Action::Follow).when_blocked, Verdict::Refused);
    /// ```
    #[must_use]
    pub const fn of(action: Action) -> Self {
        // The rows stand in the order of the actions, which a test holds.
        PERMISSIONS[action as usize]
    }

    /// The verdict of this row for one standing.
    ///
    /// ```
    /// use blocks_domain::{Action, BlockStanding, Permission, Verdict};
    ///
    /// let unblocking = Permission::of(Action::Unblock);
    /// assert_eq!(unblocking.verdict(BlockStanding::Blocking), Verdict::Allowed);
    /// ```
    #[must_use]
    pub const fn verdict(self, standing: BlockStanding) -> Verdict {
        match standing {
            BlockStanding::Blocked => self.when_blocked,
            BlockStanding::Blocking => self.when_blocking,
        }
    }
}

/// What one account can want to do to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// See the other's posts while signed in.
    SeePosts,
    /// See the other's public posts without being signed in.
    SeePostsLoggedOut,
    /// Follow the other.
    Follow,
    /// Send the other a direct message.
    SendDirectMessage,
    /// Add the other to a list.
    AddToList,
    /// Tag the other in a photo.
    TagInPhoto,
    /// Block the other.
    Block,
    /// Unblock the other.
    Unblock,
    /// Stop following the other.
    Unfollow,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SeePosts => "see posts",
            Self::SeePostsLoggedOut => "see posts logged out",
            Self::Follow => "follow",
            Self::SendDirectMessage => "send direct messages",
            Self::AddToList => "add to lists",
            Self::TagInPhoto => "tag in photos",
            Self::Block => "block",
            Self::Unblock => "unblock",
            Self::Unfollow => "unfollow",
        })
    }
}

/// What a block does to an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The action stays possible.
    Allowed,
    /// The block forbids the action.
    Refused,
    /// X does not document it; taken as allowed until it does.
    Undocumented,
}

impl Verdict {
    /// Whether the action can be done: it is not refused.
    ///
    /// ```
    /// use blocks_domain::Verdict;
    ///
    /// assert!(Verdict::Undocumented.permits());
    /// assert!(!Verdict::Refused.permits());
    /// ```
    #[must_use]
    pub const fn permits(self) -> bool {
        !matches!(self, Self::Refused)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allowed => "allowed",
            Self::Refused => "refused",
            Self::Undocumented => "not documented",
        })
    }
}

/// On which end of a block somebody stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BlockStanding {
    /// The other account blocks them.
    Blocked,
    /// They block the other account.
    Blocking,
}

impl BlockStanding {
    /// Both, and first the one that the person cannot change.
    pub const ALL: [Self; 2] = [Self::Blocked, Self::Blocking];
}

impl fmt::Display for BlockStanding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Blocked => "the other account blocks this one",
            Self::Blocking => "this account blocks the other one",
        })
    }
}

/// A block forbids an action.
///
/// ```
/// use blocks_domain::{Action, BlockStanding, Refusal};
///
/// let refusal = Refusal::new(Action::Follow, BlockStanding::Blocking);
/// assert_eq!(refusal.to_string(), "cannot follow: this account blocks the other one");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cannot {action}: {standing}")]
#[non_exhaustive]
pub struct Refusal {
    /// What was to be done.
    pub action: Action,
    /// The end of the block on which the one who acts stands.
    pub standing: BlockStanding,
}

impl Refusal {
    /// The refusal of an action to somebody who stands on that end of a block.
    ///
    /// ```
    /// use blocks_domain::{Action, BlockStanding, Refusal};
    ///
    /// let refusal = Refusal::new(Action::TagInPhoto, BlockStanding::Blocked);
    /// assert_eq!(refusal.action, Action::TagInPhoto);
    /// ```
    #[must_use]
    pub const fn new(action: Action, standing: BlockStanding) -> Self {
        Self { action, standing }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(standing: BlockStanding) -> Vec<Action> {
        let rows = PERMISSIONS.into_iter().filter(|row| !row.verdict(standing).permits());
        rows.map(|row| row.action).collect()
    }

    #[test]
    fn every_action_has_its_own_row() {
        for row in PERMISSIONS {
            assert_eq!(Permission::of(row.action), row);
        }
    }

    #[test]
    fn a_blocked_account_is_kept_out() {
        use Action::{AddToList, Follow, SeePosts, SendDirectMessage, TagInPhoto};
        let kept_out = [SeePosts, Follow, SendDirectMessage, AddToList, TagInPhoto];
        assert_eq!(refused(BlockStanding::Blocked), kept_out);
    }

    #[test]
    fn a_blocker_keeps_away_too() {
        use Action::{Follow, SeePosts, SendDirectMessage};
        assert_eq!(refused(BlockStanding::Blocking), [SeePosts, Follow, SendDirectMessage]);
    }
}
