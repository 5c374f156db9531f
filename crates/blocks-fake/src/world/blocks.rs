//! Whom one person blocks, in the order in which the blocks were made.

use std::collections::BTreeMap;
use std::iter;

use super::line::Line;
use super::people::Person;
use super::runs::Runs;

/// The block list of one person.
///
/// Each block has a number, and a later block a greater one; no number is ever given twice. The
/// oldest blocks, up to the number `seeded`, follow from the seed and are computed: they concern
/// the first people of the person's [`Line`]. The newer ones are stored.
#[derive(Debug, Clone)]
pub(crate) struct BlockList {
    line: Line,
    seeded: u32,
    /// The numbers of seeded blocks that were lifted.
    lifted: Runs,
    made: BTreeMap<u64, Person>,
    numbers: BTreeMap<Person, u64>,
    last: u64,
}

/// What of a block list does not follow from the seed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    pub(crate) lifted: Vec<u64>,
    pub(crate) made: Vec<(u64, Person)>,
    pub(crate) last: u64,
}

impl BlockList {
    /// A list on which the seed puts the first `count` people of its owner's line.
    pub(crate) fn seeded(line: Line, count: u32) -> Self {
        let seeded = count.min(Line::LENGTH);
        Self {
            line,
            seeded,
            lifted: Runs::default(),
            made: BTreeMap::new(),
            numbers: BTreeMap::new(),
            last: seeded.into(),
        }
    }

    /// The same with changes that were kept.
    pub(crate) fn with_changes(mut self, changes: Changes) -> Self {
        self.last = self.last.max(changes.last);
        self.lifted = changes.lifted.into_iter().collect();
        self.numbers = changes.made.iter().map(|&(number, person)| (person, number)).collect();
        self.made = changes.made.into_iter().collect();
        self
    }

    pub(crate) fn changes(&self) -> Changes {
        Changes {
            lifted: self.lifted.iter().collect(),
            made: self.made.iter().map(|(number, person)| (*number, *person)).collect(),
            last: self.last,
        }
    }

    pub(crate) fn len(&self) -> u64 {
        u64::from(self.seeded) - self.lifted.len() + self.made.len() as u64
    }

    pub(crate) fn contains(&self, person: Person) -> bool {
        self.numbers.contains_key(&person) || self.standing_number(person).is_some()
    }

    /// Adds a block that did not stand.
    pub(crate) fn add(&mut self, person: Person) {
        self.last += 1;
        self.made.insert(self.last, person);
        self.numbers.insert(person, self.last);
    }

    /// Takes a block away that stood.
    pub(crate) fn remove(&mut self, person: Person) {
        if let Some(number) = self.numbers.remove(&person) {
            self.made.remove(&number);
        } else if let Some(number) = self.standing_number(person) {
            self.lifted.insert(number);
        }
    }

    /// Everybody on the list, newest block first.
    pub(crate) fn newest(&self) -> impl Iterator<Item = Person> {
        self.below(u64::MAX).map(|(_, person)| person)
    }

    /// The people of one page, and where the pages beside it are.
    pub(crate) fn page(&self, position: Position, size: usize) -> Slice {
        let found: Vec<(u64, Person)> = match position {
            Position::Newest => self.below(u64::MAX).take(size).collect(),
            Position::OlderThan(number) => self.below(number).take(size).collect(),
            Position::NewerThan(number) => {
                let mut found: Vec<_> = self.above(number).take(size).collect();
                found.reverse();
                found
            }
        };
        // A page that everybody has left since still lies between its neighbours.
        let (newest, oldest) = match (found.first(), found.last(), position) {
            (Some((newest, _)), Some((oldest, _)), _) => (*newest, *oldest),
            (_, _, Position::OlderThan(number)) => (number.saturating_sub(1), number),
            (_, _, Position::NewerThan(number)) => (number, number.saturating_add(1)),
            (_, _, Position::Newest) => (u64::MAX, 0),
        };
        let has_newer = position != Position::Newest && self.above(newest).next().is_some();
        Slice {
            people: found.into_iter().map(|(_, person)| person).collect(),
            next: self.below(oldest).next().map(|_| Position::OlderThan(oldest)),
            previous: has_newer.then_some(Position::NewerThan(newest)),
        }
    }

    /// The number of the seeded block of somebody, if it has not been lifted.
    fn standing_number(&self, person: Person) -> Option<u64> {
        let number = self.line.number_of(person).filter(|number| *number <= self.seeded)?;
        (!self.lifted.contains(number.into())).then_some(number.into())
    }

    /// The blocks before a number, newest first.
    fn below(&self, number: u64) -> impl Iterator<Item = (u64, Person)> {
        let made = self.made.range(..number).rev().map(|(number, person)| (*number, *person));
        let newest = number.saturating_sub(1).min(self.seeded.into());
        let standing = iter::successors(self.standing_from(newest), |number| {
            self.standing_from(number.saturating_sub(1))
        });
        made.chain(self.seeded_blocks(standing))
    }

    /// The blocks after a number, oldest first.
    fn above(&self, number: u64) -> impl Iterator<Item = (u64, Person)> {
        let after = number.saturating_add(1);
        let made = self.made.range(after..).map(|(number, person)| (*number, *person));
        let standing = iter::successors(self.standing_up_from(after.max(1)), |number| {
            self.standing_up_from(number + 1)
        });
        self.seeded_blocks(standing).chain(made)
    }

    /// The newest seeded block that stands, from a number towards older ones.
    fn standing_from(&self, number: u64) -> Option<u64> {
        let lifted = self.lifted.run_with(number);
        let number = lifted.map_or(number, |(first, _)| first.saturating_sub(1));
        (number > 0).then_some(number)
    }

    /// The oldest seeded block that stands, from a number towards newer ones.
    fn standing_up_from(&self, number: u64) -> Option<u64> {
        let lifted = self.lifted.run_with(number);
        let number = lifted.map_or(number, |(_, last)| last.saturating_add(1));
        (number <= self.seeded.into()).then_some(number)
    }

    fn seeded_blocks(
        &self,
        numbers: impl Iterator<Item = u64>,
    ) -> impl Iterator<Item = (u64, Person)> {
        let line = self.line;
        numbers.filter_map(move |n| Some((n, line.person(u32::try_from(n).ok()?))))
    }
}

/// A place between two blocks of a list, from which one reads on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Position {
    /// Before the newest block.
    Newest,
    /// Behind the block of this number, towards older ones.
    OlderThan(u64),
    /// Before the block of this number, towards newer ones.
    NewerThan(u64),
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slice {
    /// Newest block first.
    pub(crate) people: Vec<Person>,
    /// The page of older blocks, if there is one.
    pub(crate) next: Option<Position>,
    /// The page of newer blocks, if this is not the first page.
    pub(crate) previous: Option<Position>,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone, Copy)]
    enum Step {
        Page,
        Toggle(u32),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![Just(Step::Page), (0..60_u32).prop_map(Step::Toggle)];
        prop::collection::vec(step, 0..80)
    }

    fn toggle(list: &mut BlockList, person: Person) {
        if list.contains(person) {
            list.remove(person);
        } else {
            list.add(person);
        }
    }

    fn list(seed: u64, owner: u32, count: u32) -> BlockList {
        BlockList::seeded(Line::of(seed, Person::new(owner)), count)
    }

    fn everybody(list: &BlockList) -> Vec<Person> {
        list.newest().collect()
    }

    /// Seeded people for the first numbers, strangers for the others.
    fn someone(list: &BlockList, number: u32) -> Person {
        list.line.person(number + 1)
    }

    proptest! {
        /// Whoever is blocked from the beginning of a sweep to its end appears in it once, and
        /// nobody appears twice.
        #[test]
        fn a_sweep_is_stable_under_change(seed: u64, size in 1..7_usize, steps in steps()) {
            let mut list = list(seed, 5, 30);
            let mut always: BTreeSet<_> = everybody(&list).into_iter().collect();
            let mut seen = Vec::new();
            let mut position = Some(Position::Newest);
            for step in steps.into_iter().chain([Step::Page; 60]) {
                match (step, position) {
                    (Step::Page, Some(at)) => {
                        let page = list.page(at, size);
                        prop_assert!(page.people.len() <= size);
                        seen.extend(page.people);
                        position = page.next;
                    }
                    (Step::Page, None) => {}
                    (Step::Toggle(number), _) => {
                        let person = someone(&list, number);
                        always.remove(&person);
                        toggle(&mut list, person);
                    }
                }
            }
            prop_assert_eq!(position, None, "the sweep ends");
            let seen_once: BTreeSet<_> = seen.iter().copied().collect();
            prop_assert_eq!(seen_once.len(), seen.len(), "somebody appears twice");
            prop_assert!(always.is_subset(&seen_once), "somebody is missing");
        }

        #[test]
        fn there_and_back_is_the_same_list(seed: u64, count in 0..40_u32, size in 1..9_usize) {
            let list = list(seed, 9, count);
            let mut pages = vec![list.page(Position::Newest, size)];
            while let Some(next) = pages.last().and_then(|page| page.next) {
                pages.push(list.page(next, size));
            }
            prop_assert_eq!(pages[0].previous, None);
            for window in pages.windows(2) {
                let back = window[1].previous.expect("not the first page");
                prop_assert_eq!(&list.page(back, size).people, &window[0].people);
            }
            let listed: Vec<_> = pages.into_iter().flat_map(|page| page.people).collect();
            prop_assert_eq!(listed, everybody(&list));
        }

        #[test]
        fn the_newest_block_comes_first(seed: u64, toggled in prop::collection::vec(0..60_u32, 0..40)) {
            let mut list = list(seed, 1, 20);
            let mut model = everybody(&list);
            prop_assert_eq!(model.len(), 20);
            for number in toggled {
                let person = someone(&list, number);
                toggle(&mut list, person);
                match model.iter().position(|other| *other == person) {
                    Some(at) => drop(model.remove(at)),
                    None => model.insert(0, person),
                }
            }
            prop_assert_eq!(list.len(), model.len() as u64);
            let restored = self::list(seed, 1, 20).with_changes(list.changes());
            prop_assert_eq!(everybody(&restored), model.clone());
            prop_assert_eq!(everybody(&list), model);
        }
    }

    #[test]
    fn nobody_blocks_themselves_whatever_the_seed() {
        for seed in 0..50 {
            let owner = Person::new(seed);
            let list = list(seed.into(), seed, 1000);
            assert!(!list.contains(owner));
            assert!(!everybody(&list).contains(&owner));
        }
    }
}
