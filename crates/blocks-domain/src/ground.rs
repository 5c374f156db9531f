//! Where new blocks end and known ground begins.

use std::num::NonZeroU32;

/// Finds known ground in a list that is read from its newest block on.
///
/// A list grows at its top. Whoever knows an older copy of it need not read all of it: once enough
/// users in a row are known, and stand in the order in which they are known, what comes behind
/// them is known as well. One known user is no proof, because an account that is unblocked and
/// blocked again comes to the top.
///
/// ```
/// use std::num::NonZeroU32;
///
/// use blocks_domain::KnownGround;
///
/// let depth = NonZeroU32::new(3).expect("not zero");
/// let mut ground = KnownGround::new(depth);
/// // A new block, one that was lifted and made again, and then what was on top before.
/// assert!(!ground.is_met_by(&[None, Some(40), Some(0), Some(1)]));
/// assert!(ground.is_met_by(&[Some(2), Some(3)]));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownGround {
    depth: NonZeroU32,
    /// How many users in a row were known and in their order so far.
    run: u32,
    /// The place of the last of them.
    last: Option<u64>,
}

impl KnownGround {
    /// Ground is known behind `depth` users in a row.
    #[must_use]
    pub const fn new(depth: NonZeroU32) -> Self {
        Self { depth, run: 0, last: None }
    }

    /// Looks at the next users of the list, by the places that they have in the older copy, which
    /// grow from the newest block to the oldest; answers whether they end on known ground.
    ///
    /// Once it is met it stays so.
    #[must_use]
    pub fn is_met_by(&mut self, places: &[Option<u64>]) -> bool {
        for place in places {
            if self.is_met() {
                break;
            }
            self.run = match (place, self.last) {
                (None, _) => 0,
                (Some(place), Some(last)) if *place > last && self.run > 0 => self.run + 1,
                (Some(_), _) => 1,
            };
            self.last = *place;
        }
        self.is_met()
    }

    const fn is_met(&self) -> bool {
        self.run >= self.depth.get()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ground(depth: u32) -> KnownGround {
        KnownGround::new(NonZeroU32::new(depth).expect("not zero"))
    }

    #[test]
    fn new_users_and_known_ones_out_of_order_are_no_ground() {
        assert!(!ground(1).is_met_by(&[None, None]));
        assert!(!ground(2).is_met_by(&[Some(5), None, Some(6), None]));
        assert!(!ground(2).is_met_by(&[Some(5), Some(4), Some(3)]));
        assert!(!ground(2).is_met_by(&[Some(5), Some(5)]));
        assert!(!ground(2).is_met_by(&[]));
    }

    #[test]
    fn gaps_in_the_known_order_do_no_harm() {
        assert!(ground(3).is_met_by(&[Some(0), Some(7), Some(9)]), "others were unblocked");
    }

    proptest! {
        #[test]
        fn however_the_list_is_cut_into_pages_ground_is_met_at_the_same_user(
            places in prop::collection::vec(prop::option::of(0..30_u64), 0..60),
            depth in 1..6_u32,
            size in 1..7_usize,
        ) {
            let met_at = |size: usize| {
                let mut ground = ground(depth);
                places.chunks(size).position(|page| ground.is_met_by(page))
            };
            let user = met_at(1);
            prop_assert_eq!(met_at(size), user.map(|user| user / size));
            // By counting back: the last `depth` users are known and in order, and none were before.
            let depth = depth as usize;
            let in_order = |end: usize| end >= depth && {
                let run = &places[end - depth..end];
                run.iter().all(Option::is_some) && run.windows(2).all(|two| two[0] < two[1])
            };
            prop_assert_eq!(user, (0..places.len()).find(|user| in_order(user + 1)));
        }
    }
}
