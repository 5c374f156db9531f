//! Everybody in a row, as the seed lines them up for one of them.

use super::people::{Person, Population, Shuffle};

/// Everybody but one person, its owner, in an order that follows from the seed.
///
/// Each person has a number in it: from 1 to [`Line::LENGTH`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    order: Shuffle,
    /// Where the owner stands in the order; this place has no number.
    owner_at: u32,
}

impl Line {
    /// How many people stand in a line.
    pub(crate) const LENGTH: u32 = Population::SIZE - 1;

    pub(crate) fn of(seed: u64, owner: Person) -> Self {
        let order = Shuffle::of(seed, "blocks", owner.number());
        Self { order, owner_at: order.place_of(owner.number()) }
    }

    /// Who has a number.
    pub(crate) fn person(self, number: u32) -> Person {
        let place = number.saturating_sub(1);
        let place = place.saturating_add(u32::from(place >= self.owner_at)) % Population::SIZE;
        Person::new(self.order.at(place))
    }

    /// The number of a person; `None` for the owner.
    pub(crate) fn number_of(self, person: Person) -> Option<u32> {
        let place = self.order.place_of(person.number());
        (place != self.owner_at).then(|| place - u32::from(place > self.owner_at) + 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn everybody_but_the_owner_has_a_number(
            seed: u64,
            owner in 0..Population::SIZE,
            number in 1..=Line::LENGTH,
        ) {
            let owner = Person::new(owner);
            let line = Line::of(seed, owner);
            prop_assert_ne!(line.person(number), owner);
            prop_assert_eq!(line.number_of(line.person(number)), Some(number));
            prop_assert_eq!(line.number_of(owner), None);
        }
    }
}
