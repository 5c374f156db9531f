//! Whom one person blocks, in the order in which the blocks were made.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::people::{Person, Population, Shuffle};

/// The block list of one person.
///
/// Each block has a number, and a later block a greater one; no number is ever given twice. The
/// oldest blocks, up to the number [`Seeded::count`], follow from the seed and are computed. The
/// newer ones are stored.
#[derive(Debug, Clone)]
pub(crate) struct BlockList {
    seeded: Seeded,
    /// The numbers of seeded blocks that were lifted.
    lifted: BTreeSet<u64>,
    made: BTreeMap<u64, Person>,
    numbers: HashMap<Person, u64>,
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
    /// A list on which the seed puts `count` people.
    pub(crate) fn seeded(seed: u64, owner: Person, count: u32) -> Self {
        let seeded = Seeded::of(seed, owner, count);
        Self {
            last: seeded.count.into(),
            seeded,
            lifted: BTreeSet::new(),
            made: BTreeMap::new(),
            numbers: HashMap::new(),
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
            lifted: self.lifted.iter().copied().collect(),
            made: self.made.iter().map(|(number, person)| (*number, *person)).collect(),
            last: self.last,
        }
    }

    pub(crate) fn len(&self) -> u64 {
        u64::from(self.seeded.count) - self.lifted.len() as u64 + self.made.len() as u64
    }

    pub(crate) fn contains(&self, person: Person) -> bool {
        self.number_of(person).is_some()
    }

    /// Adds a block that did not stand.
    pub(crate) fn add(&mut self, person: Person) {
        self.last += 1;
        self.made.insert(self.last, person);
        self.numbers.insert(person, self.last);
    }

    /// Takes a block away that stood.
    pub(crate) fn remove(&mut self, person: Person) {
        match self.numbers.remove(&person) {
            Some(number) => {
                self.made.remove(&number);
            }
            None => self.lifted.extend(self.seeded.number_of(person)),
        }
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

    fn number_of(&self, person: Person) -> Option<u64> {
        let made = self.numbers.get(&person).copied();
        made.or_else(|| self.seeded.number_of(person).filter(|n| !self.lifted.contains(n)))
    }

    /// The blocks before a number, newest first.
    fn below(&self, number: u64) -> impl Iterator<Item = (u64, Person)> {
        let made = self.made.range(..number).rev().map(|(number, person)| (*number, *person));
        let seeded = 1..number.min(u64::from(self.seeded.count) + 1).max(1);
        made.chain(self.standing(seeded.rev()))
    }

    /// The blocks after a number, oldest first.
    fn above(&self, number: u64) -> impl Iterator<Item = (u64, Person)> {
        let after = number.saturating_add(1);
        let made = self.made.range(after..).map(|(number, person)| (*number, *person));
        self.standing(after.max(1)..u64::from(self.seeded.count) + 1).chain(made)
    }

    /// The seeded blocks of some numbers, without those that were lifted.
    fn standing(&self, numbers: impl Iterator<Item = u64>) -> impl Iterator<Item = (u64, Person)> {
        numbers.filter(|number| !self.lifted.contains(number)).map(|n| (n, self.seeded.person(n)))
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

/// The blocks that follow from the seed: number 1 is the oldest, [`Seeded::count`] the newest.
#[derive(Debug, Clone, Copy)]
struct Seeded {
    count: u32,
    order: Shuffle,
    /// Where the owner stands in the order; nobody blocks themselves, so this place is skipped.
    owner_at: u32,
}

impl Seeded {
    fn of(seed: u64, owner: Person, count: u32) -> Self {
        let order = Shuffle::of(seed, "blocks", owner.number());
        let count = count.min(Population::SIZE - 1);
        Self { count, order, owner_at: order.place_of(owner.number()) }
    }

    /// Whom the block of a number concerns; numbers beyond the count name strangers.
    fn person(self, number: u64) -> Person {
        let place = u32::try_from(number.saturating_sub(1)).unwrap_or(u32::MAX);
        let place = place.saturating_add(u32::from(place >= self.owner_at)) % Population::SIZE;
        Person::new(self.order.at(place))
    }

    fn number_of(self, person: Person) -> Option<u64> {
        let place = self.order.place_of(person.number());
        if place == self.owner_at {
            return None;
        }
        let number = place - u32::from(place > self.owner_at) + 1;
        (number <= self.count).then_some(number.into())
    }
}

impl BlockList {
    /// Somebody whom the seed does not put on the list, and who is not its owner.
    pub(crate) fn stranger_at(&self, place: u32) -> Option<Person> {
        let number = self.seeded.count.checked_add(place)?.checked_add(1)?;
        (number < Population::SIZE).then(|| self.seeded.person(number.into()))
    }
}

#[cfg(test)]
mod tests {
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

    fn everybody(list: &BlockList) -> Vec<Person> {
        list.page(Position::Newest, usize::MAX).people
    }

    /// Seeded people for the first numbers, strangers for the others.
    fn someone(list: &BlockList, number: u32) -> Person {
        list.seeded.person(u64::from(number) + 1)
    }

    proptest! {
        /// Whoever is blocked from the beginning of a sweep to its end appears in it once, and
        /// nobody appears twice.
        #[test]
        fn a_sweep_is_stable_under_change(seed: u64, size in 1..7_usize, steps in steps()) {
            let mut list = BlockList::seeded(seed, Person::new(5), 30);
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
            let list = BlockList::seeded(seed, Person::new(9), count);
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
            let mut list = BlockList::seeded(seed, Person::new(1), 20);
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
            let restored = BlockList::seeded(seed, Person::new(1), 20).with_changes(list.changes());
            prop_assert_eq!(everybody(&restored), model.clone());
            prop_assert_eq!(everybody(&list), model);
        }
    }

    #[test]
    fn nobody_blocks_themselves_whatever_the_seed() {
        for seed in 0..50 {
            let owner = Person::new(seed);
            let list = BlockList::seeded(seed.into(), owner, 1000);
            assert!(!list.contains(owner));
            assert!(!everybody(&list).contains(&owner));
        }
    }
}
