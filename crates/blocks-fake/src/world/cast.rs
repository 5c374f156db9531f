//! Who plays which part in a world, as the seed has it.

use super::absentees::Absentees;
use super::blocks::BlockList;
use super::line::Line;
use super::people::{Person, Shuffle};
use super::status::AccountStatus;

/// How many play which part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parts {
    /// How many available users the owner blocks.
    pub(crate) blocks: u32,
    /// How many of every thousand users are suspended or deactivated.
    pub(crate) unavailable: u16,
    /// How many users besides the owner have a block list.
    pub(crate) neighbours: u32,
    /// How many users each of them blocks.
    pub(crate) neighbour_blocks: u32,
}

/// Everybody's part, computed: the owner, in whose line come first those whom the owner blocks,
/// then the strangers, and last the neighbours.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cast {
    pub(crate) seed: u64,
    pub(crate) owner: Person,
    pub(crate) parts: Parts,
    line: Line,
    absentees: Absentees,
    /// How many of the line are available.
    available: u32,
    /// How many of the line the owner blocks, including who is unavailable.
    blocked: u32,
    /// The number at which the neighbours begin.
    neighbours_from: u32,
}

impl Cast {
    pub(crate) fn of(seed: u64, parts: Parts) -> Self {
        let owner = Person::new(Shuffle::of(seed, "owner", 0).at(0));
        let absentees = Absentees::of(seed, parts.unavailable);
        let available = absentees.available_up_to(Line::LENGTH);
        let blocked = match parts.blocks.min(available) {
            0 => 0,
            blocks => absentees.nth_available(blocks),
        };
        let neighbours = parts.neighbours.min(available);
        let neighbours_from = absentees.nth_available(available - neighbours + 1);
        let line = Line::of(seed, owner);
        Self { seed, owner, parts, line, absentees, available, blocked, neighbours_from }
    }

    /// Somebody whom the seed does not put on the owner's list, and who is available.
    pub(crate) fn stranger(self, number: u32) -> Option<Person> {
        let nth = self.parts.blocks.checked_add(number)?.checked_add(1)?;
        (nth <= self.available).then(|| self.line.person(self.absentees.nth_available(nth)))
    }

    /// One of those who have a list besides the owner.
    pub(crate) fn neighbour(self, number: u32) -> Option<Person> {
        let nth = self.available.checked_sub(number).filter(|nth| *nth > 0)?;
        let person = || self.line.person(self.absentees.nth_available(nth));
        (number < self.parts.neighbours).then(person)
    }

    /// What the seed has made of somebody's account.
    pub(crate) fn status(self, person: Person) -> AccountStatus {
        match self.line.number_of(person) {
            Some(number) => self.absentees.status(number),
            None => AccountStatus::Active,
        }
    }

    /// The list that the seed gives somebody; mostly an empty one.
    pub(crate) fn list_of(self, person: Person) -> BlockList {
        BlockList::seeded(Line::of(self.seed, person), self.blocks_of(person))
    }

    /// How many people the seed puts on somebody's list.
    pub(crate) fn blocks_of(self, person: Person) -> u32 {
        match self.line.number_of(person) {
            None => self.blocked,
            Some(number) if self.is_neighbour(number) => self.parts.neighbour_blocks,
            Some(_) => 0,
        }
    }

    fn is_neighbour(self, number: u32) -> bool {
        self.parts.neighbours > 0
            && number >= self.neighbours_from
            && self.absentees.status(number) == AccountStatus::Active
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn everybody_has_their_part(
            seed: u64,
            blocks in 0..3000_u32,
            unavailable in 0..=900_u16,
            neighbours in 0..50_u32,
        ) {
            let parts = Parts { blocks, unavailable, neighbours, neighbour_blocks: 7 };
            let cast = Cast::of(seed, parts);
            let list = cast.list_of(cast.owner);
            let is_active = |person: &Person| cast.status(*person) == AccountStatus::Active;
            prop_assert_eq!(list.newest().filter(is_active).count() as u64, u64::from(blocks));

            let mut seen = BTreeSet::from([cast.owner]);
            for number in 0..neighbours {
                let neighbour = cast.neighbour(number).expect("one of them");
                prop_assert!(is_active(&neighbour) && !list.contains(neighbour));
                prop_assert_eq!(cast.list_of(neighbour).len(), 7);
                prop_assert!(seen.insert(neighbour));
            }
            prop_assert_eq!(cast.neighbour(neighbours), None);
            for number in 0..50 {
                let stranger = cast.stranger(number).expect("one of many");
                prop_assert!(is_active(&stranger) && !list.contains(stranger));
                prop_assert_eq!(cast.blocks_of(stranger), 0);
                prop_assert!(seen.insert(stranger));
            }
        }
    }

    #[test]
    fn a_list_can_hold_everybody() {
        let parts = Parts { blocks: u32::MAX, unavailable: 0, neighbours: 0, neighbour_blocks: 0 };
        let cast = Cast::of(7, parts);
        assert_eq!(cast.list_of(cast.owner).len(), u64::from(Line::LENGTH));
        assert_eq!((cast.stranger(0), cast.neighbour(0)), (None, None));
    }
}
