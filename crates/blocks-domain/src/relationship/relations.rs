//! The relationships among many accounts.

use std::collections::BTreeMap;

use super::{BlockPair, Refusal, Relationship, Side, Transition};
use crate::UserId;

/// Who blocks and who follows whom among any number of accounts.
///
/// Accounts about which nothing was said are strangers.
/// In each pair, [`Side::Source`] is the pair's source and [`Side::Target`] its target.
///
/// ```
/// use blocks_domain::{BlockPair, Change, Effect, Relations, Side};
///
/// let pair = BlockPair::new("12".parse()?, "34".parse()?)?;
/// let mut relations = Relations::new();
/// relations.follow(pair.reversed())?;
///
/// let effects = relations.block(pair).effects;
/// assert_eq!(effects[1], Effect::new(Side::Target, Change::Unfollowed));
/// assert!(relations.between(pair.reversed()).blocks(Side::Target));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Relations {
    /// One entry for two accounts, seen from the lower id, and none for strangers.
    acquainted: BTreeMap<(UserId, UserId), Relationship>,
}

impl Relations {
    /// Relations among strangers.
    ///
    /// ```
    /// use blocks_domain::{BlockPair, Relations, Relationship};
    ///
    /// let pair = BlockPair::new("12".parse()?, "34".parse()?)?;
    /// assert_eq!(Relations::new().between(pair), Relationship::between_strangers());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What stands between two accounts, seen from the pair's source.
    ///
    /// ```
    /// use blocks_domain::{BlockPair, Relations, Side};
    ///
    /// let pair = BlockPair::new("34".parse()?, "12".parse()?)?;
    /// let mut relations = Relations::new();
    /// relations.block(pair);
    /// assert!(relations.between(pair).blocks(Side::Source));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn between(&self, pair: BlockPair) -> Relationship {
        let (key, lower) = keyed(pair);
        let state = self.acquainted.get(&key).copied().unwrap_or_default();
        seen_from(state, lower)
    }

    /// The source blocks the target; see [`Relationship::block`].
    ///
    /// ```
    /// use blocks_domain::{BlockPair, Relations};
    ///
    /// let pair = BlockPair::new("12".parse()?, "34".parse()?)?;
    /// let mut relations = Relations::new();
    /// assert_eq!(relations.block(pair).effects.len(), 1);
    /// assert_eq!(relations.block(pair).effects.len(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn block(&mut self, pair: BlockPair) -> Transition {
        let transition = self.between(pair).block(Side::Source);
        self.settle(pair, transition)
    }

    /// The source unblocks the target; see [`Relationship::unblock`].
    ///
    /// ```
    /// use blocks_domain::{BlockPair, Relations};
    ///
    /// let pair = BlockPair::new("12".parse()?, "34".parse()?)?;
    /// let mut relations = Relations::new();
    /// relations.block(pair);
    /// relations.unblock(pair);
    /// assert_eq!(relations, Relations::new());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn unblock(&mut self, pair: BlockPair) -> Transition {
        let transition = self.between(pair).unblock(Side::Source);
        self.settle(pair, transition)
    }

    /// The source follows the target; see [`Relationship::follow`].
    ///
    /// # Errors
    /// [`Refusal`] while a block stands between the two; nothing changes then.
    ///
    /// ```
    /// use blocks_domain::{BlockPair, Relations};
    ///
    /// let pair = BlockPair::new("12".parse()?, "34".parse()?)?;
    /// let mut relations = Relations::new();
    /// relations.block(pair);
    /// assert!(relations.follow(pair.reversed()).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn follow(&mut self, pair: BlockPair) -> Result<Transition, Refusal> {
        let transition = self.between(pair).follow(Side::Source)?;
        Ok(self.settle(pair, transition))
    }

    /// The source no longer follows the target; see [`Relationship::unfollow`].
    ///
    /// ```
    /// use blocks_domain::{BlockPair, Relations};
    ///
    /// let pair = BlockPair::new("12".parse()?, "34".parse()?)?;
    /// let mut relations = Relations::new();
    /// relations.follow(pair)?;
    /// assert_eq!(relations.unfollow(pair).effects.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn unfollow(&mut self, pair: BlockPair) -> Transition {
        let transition = self.between(pair).unfollow(Side::Source);
        self.settle(pair, transition)
    }

    fn settle(&mut self, pair: BlockPair, transition: Transition) -> Transition {
        let (key, lower) = keyed(pair);
        if transition.state == Relationship::between_strangers() {
            self.acquainted.remove(&key);
        } else {
            self.acquainted.insert(key, seen_from(transition.state, lower));
        }
        transition
    }
}

/// The key of two accounts, and the side of the pair with the lower id.
fn keyed(pair: BlockPair) -> ((UserId, UserId), Side) {
    if pair.source() < pair.target() {
        ((pair.source(), pair.target()), Side::Source)
    } else {
        ((pair.target(), pair.source()), Side::Target)
    }
}

/// The relationship with the account at `side` as its source.
fn seen_from(state: Relationship, side: Side) -> Relationship {
    match side {
        Side::Source => state,
        Side::Target => state.reversed(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::{Action, Change};

    #[derive(Debug, Clone, Copy)]
    enum Call {
        Block,
        Unblock,
        Follow,
        Unfollow,
    }

    /// The rules told a second time, over plain sets of who-to-whom.
    #[derive(Debug, Clone, Default, PartialEq)]
    struct Oracle {
        blocks: BTreeSet<BlockPair>,
        follows: BTreeSet<BlockPair>,
    }

    impl Oracle {
        fn blocked_either_way(&self, pair: BlockPair) -> bool {
            self.blocks.contains(&pair) || self.blocks.contains(&pair.reversed())
        }

        fn call(&mut self, call: Call, pair: BlockPair) {
            match call {
                Call::Block => {
                    self.blocks.insert(pair);
                    self.follows.remove(&pair);
                    self.follows.remove(&pair.reversed());
                }
                Call::Unblock => {
                    self.blocks.remove(&pair);
                }
                Call::Follow if self.blocked_either_way(pair) => {}
                Call::Follow => {
                    self.follows.insert(pair);
                }
                Call::Unfollow => {
                    self.follows.remove(&pair);
                }
            }
        }

        /// All that differs from an earlier state, as who, whom and what.
        fn changes_since(&self, before: &Self) -> BTreeSet<(BlockPair, Change)> {
            let kinds = [
                (&self.blocks - &before.blocks, Change::Blocked),
                (&before.blocks - &self.blocks, Change::Unblocked),
                (&self.follows - &before.follows, Change::Followed),
                (&before.follows - &self.follows, Change::Unfollowed),
            ];
            let told =
                |(pairs, change): (BTreeSet<_>, _)| pairs.into_iter().map(move |p| (p, change));
            kinds.into_iter().flat_map(told).collect()
        }
    }

    fn call(relations: &mut Relations, call: Call, pair: BlockPair) -> Result<Transition, Refusal> {
        Ok(match call {
            Call::Block => relations.block(pair),
            Call::Unblock => relations.unblock(pair),
            Call::Follow => relations.follow(pair)?,
            Call::Unfollow => relations.unfollow(pair),
        })
    }

    /// Every ordered pair among five accounts.
    fn pairs() -> Vec<BlockPair> {
        let user = |id| UserId::new(id).expect("a small id");
        let pair = |(a, b)| BlockPair::new(user(a), user(b)).ok();
        (1..=5).flat_map(|a| (1..=5).map(move |b| (a, b))).filter_map(pair).collect()
    }

    fn calls() -> impl Strategy<Value = Vec<(Call, BlockPair)>> {
        let kind = prop::sample::select(vec![
            Call::Block,
            Call::Unblock,
            Call::Follow,
            Call::Follow,
            Call::Unfollow,
        ]);
        prop::collection::vec((kind, prop::sample::select(pairs())), 0..80)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn the_rules_hold_after_every_call(calls in calls()) {
            let (mut relations, mut oracle) = (Relations::new(), Oracle::default());
            for (kind, pair) in calls {
                let (earlier, before) = (relations.clone(), oracle.clone());
                let blocked = oracle.blocked_either_way(pair);
                let answer = call(&mut relations, kind, pair);
                oracle.call(kind, pair);

                // Effects are exactly the difference of the states; only a follow is refused,
                // only across a block, and then nothing changes.
                match answer {
                    Ok(Transition { state, effects, .. }) => {
                        prop_assert_eq!(state, relations.between(pair));
                        let told = effects.iter().map(|e| (pair.seen_from(e.by), e.change));
                        prop_assert_eq!(told.clone().count(), oracle.changes_since(&before).len());
                        prop_assert_eq!(told.collect::<BTreeSet<_>>(), oracle.changes_since(&before));
                    }
                    Err(refusal) => {
                        prop_assert!(matches!(kind, Call::Follow) && blocked);
                        prop_assert_eq!(refusal.action, Action::Follow);
                        prop_assert_eq!(&relations, &earlier);
                    }
                }

                for any in pairs() {
                    let state = relations.between(any);
                    let either_blocks = Side::ALL.into_iter().any(|s| state.blocks(s));
                    let either_follows = Side::ALL.into_iter().any(|s| state.follows(s));
                    prop_assert!(!(either_blocks && either_follows));
                    prop_assert_eq!(state.blocks(Side::Source), oracle.blocks.contains(&any));
                    prop_assert_eq!(state.follows(Side::Source), oracle.follows.contains(&any));
                    prop_assert_eq!(relations.between(any.reversed()), state.reversed());
                    prop_assert_eq!(state.may(Side::Source, Action::Follow).is_ok(), !either_blocks);
                    if any != pair && any != pair.reversed() {
                        prop_assert_eq!(state, earlier.between(any), "another pair was touched");
                    }
                }
            }
        }

        #[test]
        fn a_call_repeated_changes_nothing(calls in calls()) {
            let mut relations = Relations::new();
            for (kind, pair) in calls {
                let first = call(&mut relations, kind, pair);
                let after = relations.clone();
                let again = call(&mut relations, kind, pair);
                prop_assert_eq!(&relations, &after);
                prop_assert_eq!(again.is_ok(), first.is_ok());
                prop_assert!(again.map_or(true, |transition| transition.effects.is_empty()));
            }
        }

        #[test]
        fn strangers_leave_no_trace(calls in calls()) {
            let mut relations = Relations::new();
            for (kind, pair) in calls {
                let _ = call(&mut relations, kind, pair);
            }
            for pair in pairs() {
                relations.unfollow(pair);
                relations.unblock(pair);
            }
            prop_assert_eq!(relations, Relations::new());
        }
    }
}
