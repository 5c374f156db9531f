//! Sets of numbers that often follow each other.

use std::collections::BTreeMap;

/// A set of numbers, kept as runs of numbers without a gap.
///
/// Whoever passes over the set steps over a whole run at once, however long it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Runs {
    /// The first number of each run, and its last.
    runs: BTreeMap<u64, u64>,
    len: u64,
}

impl Runs {
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    pub(crate) fn contains(&self, number: u64) -> bool {
        self.run_with(number).is_some()
    }

    /// The first and the last number of the run that a number is in.
    pub(crate) fn run_with(&self, number: u64) -> Option<(u64, u64)> {
        let (first, last) = self.runs.range(..=number).next_back()?;
        (*last >= number).then_some((*first, *last))
    }

    pub(crate) fn insert(&mut self, number: u64) {
        if self.contains(number) {
            return;
        }
        let before = number.checked_sub(1).and_then(|before| self.run_with(before));
        let first = before.map_or(number, |(first, _)| first);
        let after = number.checked_add(1).and_then(|after| self.runs.remove(&after));
        self.runs.insert(first, after.unwrap_or(number));
        self.len += 1;
    }

    /// The numbers, in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u64> {
        self.runs.iter().flat_map(|(first, last)| *first..=*last)
    }
}

impl FromIterator<u64> for Runs {
    fn from_iter<I: IntoIterator<Item = u64>>(numbers: I) -> Self {
        let mut runs = Self::default();
        for number in numbers {
            runs.insert(number);
        }
        runs
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn they_hold_what_a_set_holds(numbers in prop::collection::vec(0..40_u64, 0..60)) {
            let model: BTreeSet<u64> = numbers.iter().copied().collect();
            let runs: Runs = numbers.into_iter().collect();
            prop_assert_eq!(runs.len(), model.len() as u64);
            prop_assert!(runs.iter().eq(model.iter().copied()));
            for number in 0..42 {
                prop_assert_eq!(runs.contains(number), model.contains(&number));
                if let Some((first, last)) = runs.run_with(number) {
                    prop_assert!((first..=last).all(|number| model.contains(&number)));
                    prop_assert!(!model.contains(&(last + 1)), "the run goes on");
                    prop_assert!(first == 0 || !model.contains(&(first - 1)), "it began before");
                }
            }
        }
    }

    #[test]
    fn a_million_in_a_row_are_one_run() {
        let runs: Runs = (1..=1_000_000).collect();
        assert_eq!((runs.runs.len(), runs.run_with(7)), (1, Some((1, 1_000_000))));
    }
}
