//! The rules of the block relationship between two accounts.

mod pair;
mod permission;
mod relations;
mod side;
mod transition;

pub use pair::{BlockPair, SelfBlock};
pub use permission::{Action, BlockStanding, PERMISSIONS, Permission, Refusal, Verdict};
pub use relations::Relations;
pub use side::{Side, Sides};
pub use transition::{Change, Effect, Transition};

/// All that stands between two different accounts, the source and the target: who blocks whom
/// and who follows whom, in both directions.
///
/// While a block stands in either direction, no follow stands in any.
/// A value that breaks this rule cannot be built.
///
/// ```
/// use blocks_domain::{Action, Relationship, Side};
///
/// let strangers = Relationship::between_strangers();
/// let followed = strangers.follow(Side::Target)?.state;
/// let blocked = followed.block(Side::Source).state;
///
/// assert!(blocked.blocks(Side::Source));
/// assert!(!blocked.follows(Side::Target), "blocking a follower unfollows them");
/// assert!(blocked.may(Side::Target, Action::SendDirectMessage).is_err());
/// # Ok::<(), blocks_domain::Refusal>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Relationship {
    blocking: Sides,
    following: Sides,
}

impl Relationship {
    /// Nobody blocks and nobody follows.
    ///
    /// ```
    /// use blocks_domain::{Relationship, Side};
    ///
    /// assert!(!Relationship::between_strangers().blocks(Side::Source));
    /// ```
    #[must_use]
    pub const fn between_strangers() -> Self {
        Self { blocking: Sides::NEITHER, following: Sides::NEITHER }
    }

    /// The relationship in which `blocking` are the sides that block the other one, and
    /// `following` the sides that follow the other one.
    ///
    /// # Errors
    /// [`FollowAcrossBlock`] when somebody follows while somebody blocks.
    ///
    /// ```
    /// use blocks_domain::{Relationship, Sides};
    ///
    /// assert!(Relationship::new(Sides::NEITHER, Sides::BOTH).is_ok());
    /// assert!(Relationship::new(Sides::SOURCE, Sides::TARGET).is_err());
    /// ```
    pub const fn new(blocking: Sides, following: Sides) -> Result<Self, FollowAcrossBlock> {
        if blocking.any() && following.any() {
            Err(FollowAcrossBlock { blocking, following })
        } else {
            Ok(Self { blocking, following })
        }
    }

    /// Whether `side` blocks the other one.
    ///
    /// ```
    /// use blocks_domain::{Relationship, Side};
    ///
    /// let state = Relationship::between_strangers().block(Side::Source).state;
    /// assert!(state.blocks(Side::Source));
    /// assert!(!state.blocks(Side::Target));
    /// ```
    #[must_use]
    pub const fn blocks(self, side: Side) -> bool {
        self.blocking.contains(side)
    }

    /// Whether `side` follows the other one.
    ///
    /// ```
    /// use blocks_domain::{Relationship, Side};
    ///
    /// let state = Relationship::between_strangers().follow(Side::Target)?.state;
    /// assert!(state.follows(Side::Target));
    /// # Ok::<(), blocks_domain::Refusal>(())
    /// ```
    #[must_use]
    pub const fn follows(self, side: Side) -> bool {
        self.following.contains(side)
    }

    /// The same relationship with source and target exchanged.
    ///
    /// ```
    /// use blocks_domain::{Relationship, Side};
    ///
    /// let state = Relationship::between_strangers().block(Side::Source).state;
    /// assert!(state.reversed().blocks(Side::Target));
    /// ```
    #[must_use]
    pub const fn reversed(self) -> Self {
        Self { blocking: self.blocking.reversed(), following: self.following.reversed() }
    }

    /// Whether `actor` may do `action` to the other side, as [`PERMISSIONS`] says.
    ///
    /// # Errors
    /// [`Refusal`], with the block that stands in the way.
    /// When both sides block, it names the block by the other side: lifting one's own would not
    /// help.
    ///
    /// ```
    /// use blocks_domain::{Action, BlockStanding, Relationship, Side};
    ///
    /// let state = Relationship::between_strangers().block(Side::Source).state;
    /// let refusal = state.may(Side::Target, Action::SeePosts).unwrap_err();
    /// assert_eq!(refusal.standing, BlockStanding::Blocked);
    /// assert!(state.may(Side::Target, Action::SeePostsLoggedOut).is_ok());
    /// ```
    pub fn may(self, actor: Side, action: Action) -> Result<(), Refusal> {
        let stands = |standing| match standing {
            BlockStanding::Blocked => self.blocks(actor.other()),
            BlockStanding::Blocking => self.blocks(actor),
        };
        let permission = Permission::of(action);
        match BlockStanding::ALL
            .into_iter()
            .find(|&standing| stands(standing) && !permission.verdict(standing).permits())
        {
            Some(standing) => Err(Refusal { action, standing }),
            None => Ok(()),
        }
    }

    /// `by` blocks the other side; every follow between the two ends.
    ///
    /// Blocking twice is the same as blocking once.
    ///
    /// ```
    /// use blocks_domain::{Change, Effect, Relationship, Side};
    ///
    /// let followed = Relationship::between_strangers().follow(Side::Target)?.state;
    /// let transition = followed.block(Side::Source);
    /// assert_eq!(
    ///     transition.effects,
    ///     [Effect::new(Side::Source, Change::Blocked), Effect::new(Side::Target, Change::Unfollowed)]
    /// );
    /// assert_eq!(transition.state.block(Side::Source).effects, []);
    /// # Ok::<(), blocks_domain::Refusal>(())
    /// ```
    #[must_use]
    pub fn block(self, by: Side) -> Transition {
        let after = Self { blocking: self.blocking.with(by), following: Sides::NEITHER };
        Transition::between(self, after)
    }

    /// `by` no longer blocks the other side; no earlier follow comes back.
    ///
    /// Unblocking twice is the same as unblocking once, and a block by the other side stays.
    ///
    /// ```
    /// use blocks_domain::{Relationship, Side};
    ///
    /// let followed = Relationship::between_strangers().follow(Side::Target)?.state;
    /// let after = followed.block(Side::Source).state.unblock(Side::Source).state;
    /// assert_eq!(after, Relationship::between_strangers());
    /// # Ok::<(), blocks_domain::Refusal>(())
    /// ```
    #[must_use]
    pub fn unblock(self, by: Side) -> Transition {
        Transition::between(self, Self { blocking: self.blocking.without(by), ..self })
    }

    /// `by` follows the other side.
    ///
    /// # Errors
    /// [`Refusal`] while a block stands in either direction.
    ///
    /// ```
    /// use blocks_domain::{Relationship, Side};
    ///
    /// let blocked = Relationship::between_strangers().block(Side::Source).state;
    /// assert!(blocked.follow(Side::Target).is_err());
    /// assert!(blocked.follow(Side::Source).is_err());
    /// ```
    pub fn follow(self, by: Side) -> Result<Transition, Refusal> {
        self.may(by, Action::Follow)?;
        Ok(Transition::between(self, Self { following: self.following.with(by), ..self }))
    }

    /// `by` no longer follows the other side.
    ///
    /// ```
    /// use blocks_domain::{Relationship, Side};
    ///
    /// let followed = Relationship::between_strangers().follow(Side::Source)?.state;
    /// assert_eq!(followed.unfollow(Side::Source).state, Relationship::between_strangers());
    /// # Ok::<(), blocks_domain::Refusal>(())
    /// ```
    #[must_use]
    pub fn unfollow(self, by: Side) -> Transition {
        Transition::between(self, Self { following: self.following.without(by), ..self })
    }
}

/// A follow and a block were said to stand between the same two accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "no follow stands between two accounts while a block does ({blocking} blocks, {following} follows)"
)]
#[non_exhaustive]
pub struct FollowAcrossBlock {
    /// The sides that were said to block.
    pub blocking: Sides,
    /// The sides that were said to follow.
    pub following: Sides,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every relationship that can be.
    fn all() -> impl Iterator<Item = Relationship> {
        let pairs = Sides::ALL.into_iter().flat_map(|b| Sides::ALL.map(|f| (b, f)));
        pairs.filter_map(|(blocking, following)| Relationship::new(blocking, following).ok())
    }

    #[test]
    fn a_follow_across_a_block_cannot_be_built() {
        assert_eq!(all().count(), 7, "four ways to follow without a block, three ways to block");
        let error = Relationship::new(Sides::SOURCE, Sides::BOTH).expect_err("illegal");
        assert_eq!(
            error.to_string(),
            "no follow stands between two accounts while a block does (source blocks, both follows)"
        );
    }

    #[test]
    fn reversed_twice_is_the_same() {
        for state in all() {
            assert_eq!(state.reversed().reversed(), state);
            for side in Side::ALL {
                assert_eq!(state.reversed().blocks(side), state.blocks(side.other()));
                assert_eq!(state.reversed().follows(side), state.follows(side.other()));
            }
        }
    }

    #[test]
    fn every_transition_is_the_same_from_both_ends() {
        for (state, side) in all().flat_map(|state| Side::ALL.map(|side| (state, side))) {
            let (mirror, other) = (state.reversed(), side.other());
            assert_eq!(state.block(side).state.reversed(), mirror.block(other).state);
            assert_eq!(state.unblock(side).state.reversed(), mirror.unblock(other).state);
            assert_eq!(state.unfollow(side).state.reversed(), mirror.unfollow(other).state);
            assert_eq!(
                state.follow(side).map(|t| t.state.reversed()),
                mirror.follow(other).map(|t| t.state)
            );
        }
    }

    #[test]
    fn a_block_ends_follows_in_both_directions() {
        let mutual = Relationship::new(Sides::NEITHER, Sides::BOTH).expect("legal");
        let Transition { state, effects, .. } = mutual.block(Side::Target);
        assert_eq!(Relationship::new(Sides::TARGET, Sides::NEITHER), Ok(state));
        assert_eq!(
            effects,
            [
                Effect::new(Side::Target, Change::Blocked),
                Effect::new(Side::Source, Change::Unfollowed),
                Effect::new(Side::Target, Change::Unfollowed),
            ]
        );
    }

    #[test]
    fn a_refusal_names_the_block_that_the_actor_cannot_lift() {
        let mutual = Relationship::new(Sides::BOTH, Sides::NEITHER).expect("legal");
        for actor in Side::ALL {
            let refusal = mutual.may(actor, Action::Follow).expect_err("blocked");
            assert_eq!(refusal.standing, BlockStanding::Blocked);
        }
        let own = Relationship::new(Sides::SOURCE, Sides::NEITHER).expect("legal");
        let refusal = own.may(Side::Source, Action::Follow).expect_err("blocking");
        assert_eq!(refusal.standing, BlockStanding::Blocking);
    }

    #[test]
    fn strangers_may_do_everything() {
        for (actor, permission) in Side::ALL.into_iter().flat_map(|s| PERMISSIONS.map(|p| (s, p))) {
            assert_eq!(Relationship::between_strangers().may(actor, permission.action), Ok(()));
        }
    }
}
