//! Sets of people that can grow to everybody.

use std::collections::HashMap;
use std::fmt;

use super::people::Person;

/// A set of people, kept as bits: however many they are, they take about 8 MiB at most.
#[derive(Clone, Default)]
pub(crate) struct Crowd {
    /// Groups of people with neighbouring numbers, one bit for each of them.
    groups: HashMap<u32, Box<[u64; WORDS]>>,
}

/// How many words of 64 bits a group has.
const WORDS: usize = 128;
const WORD_BITS: u32 = u64::BITS;
const GROUP_BITS: u32 = WORDS as u32 * WORD_BITS;

impl Crowd {
    /// Adds somebody, and tells whether they were not there before.
    pub(crate) fn insert(&mut self, person: Person) -> bool {
        let (group, within) = (person.number() / GROUP_BITS, person.number() % GROUP_BITS);
        let words = self.groups.entry(group).or_insert_with(|| Box::new([0; WORDS]));
        let (word, bit) = (&mut words[(within / WORD_BITS) as usize], 1 << (within % WORD_BITS));
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    pub(crate) fn clear(&mut self) {
        self.groups.clear();
    }

    /// Everybody, in the order of their numbers.
    pub(crate) fn people(&self) -> Vec<Person> {
        let mut groups: Vec<_> = self.groups.iter().collect();
        groups.sort_unstable_by_key(|(group, _)| **group);
        let numbers = groups.into_iter().flat_map(|(group, words)| {
            let is_in = |within: &u32| {
                words[(within / WORD_BITS) as usize] & 1 << (within % WORD_BITS) != 0
            };
            (0..GROUP_BITS).filter(is_in).map(move |within| group * GROUP_BITS + within)
        });
        numbers.map(Person::new).collect()
    }
}

impl FromIterator<Person> for Crowd {
    fn from_iter<I: IntoIterator<Item = Person>>(people: I) -> Self {
        let mut crowd = Self::default();
        for person in people {
            crowd.insert(person);
        }
        crowd
    }
}

impl fmt::Debug for Crowd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crowd").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::world::people::Population;

    proptest! {
        #[test]
        fn it_holds_whom_a_set_holds(
            numbers in prop::collection::vec(prop_oneof![0..99_u32, 0..Population::SIZE], 0..60),
        ) {
            let (mut crowd, mut model) = (Crowd::default(), BTreeSet::new());
            for person in numbers.into_iter().map(Person::new) {
                prop_assert_eq!(crowd.insert(person), model.insert(person));
            }
            prop_assert!(crowd.people().into_iter().eq(model));
        }
    }
}
