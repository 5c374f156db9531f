//! Who is suspended or deactivated from the beginning.

use super::dice::Dice;
use super::status::AccountStatus;

/// Which numbers of a line the seed makes unavailable: so many of every thousand, spread over it.
///
/// Because it is so many of every thousand, the available ones can be counted without being
/// looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Absentees {
    seed: u64,
    of_thousand: u32,
}

impl Absentees {
    const THOUSAND: u32 = 1000;
    /// The most of every thousand that can be unavailable.
    const MOST: u32 = 900;
    /// No divisor of it divides a thousand, so that it spreads the numbers over all slots.
    const SPREAD: u32 = 389;

    pub(crate) fn of(seed: u64, of_thousand: u16) -> Self {
        Self { seed, of_thousand: u32::from(of_thousand).min(Self::MOST) }
    }

    /// What has become of the account with a number.
    pub(crate) fn status(self, number: u32) -> AccountStatus {
        if self.of_thousand == 0 {
            return AccountStatus::Active;
        }
        let (thousand, at) = Self::place(number);
        self.status_at(at, self.shift(thousand))
    }

    /// How many of the numbers up to this one are available.
    pub(crate) fn available_up_to(self, number: u32) -> u32 {
        let (thousand, rest) = (number / Self::THOUSAND, number % Self::THOUSAND);
        let shift = self.shift(thousand);
        let within = (0..rest).filter(|at| self.is_available(*at, shift)).count();
        thousand * self.available_of_thousand() + u32::try_from(within).unwrap_or(rest)
    }

    /// The number of the available account that is the `nth`, counted from 1.
    pub(crate) fn nth_available(self, nth: u32) -> u32 {
        let before = nth.saturating_sub(1);
        let each = self.available_of_thousand();
        let (thousand, skipped) = (before / each, before % each);
        let shift = self.shift(thousand);
        let mut available = (0..Self::THOUSAND).filter(|at| self.is_available(*at, shift));
        let at = available.nth(skipped as usize).unwrap_or_default();
        (thousand.saturating_mul(Self::THOUSAND)).saturating_add(at).saturating_add(1)
    }

    const fn available_of_thousand(self) -> u32 {
        Self::THOUSAND - self.of_thousand
    }

    /// In which thousand a number is, and at which place of it.
    const fn place(number: u32) -> (u32, u32) {
        let place = number.saturating_sub(1);
        (place / Self::THOUSAND, place % Self::THOUSAND)
    }

    fn shift(self, thousand: u32) -> u32 {
        let shift = Dice::of(self.seed, "unavailable", thousand).below(Self::THOUSAND.into());
        u32::try_from(shift).unwrap_or_default()
    }

    fn is_available(self, at: u32, shift: u32) -> bool {
        self.status_at(at, shift) == AccountStatus::Active
    }

    const fn status_at(self, at: u32, shift: u32) -> AccountStatus {
        let slot = (at * Self::SPREAD + shift) % Self::THOUSAND;
        if slot >= self.of_thousand {
            AccountStatus::Active
        } else if slot.is_multiple_of(2) {
            AccountStatus::Suspended
        } else {
            AccountStatus::Deactivated
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_available_are_counted_without_being_looked_at(
            seed: u64,
            of_thousand in 0..1000_u16,
            number in 0..5000_u32,
        ) {
            let absentees = Absentees::of(seed, of_thousand);
            let is_available = |number: &u32| absentees.status(*number) == AccountStatus::Active;
            let available: Vec<u32> = (1..=number).filter(is_available).collect();
            prop_assert_eq!(absentees.available_up_to(number) as usize, available.len());
            if let Some(last) = available.last() {
                let nth = u32::try_from(available.len()).expect("few");
                prop_assert_eq!(absentees.nth_available(nth), *last);
            }
        }

        #[test]
        fn the_share_is_kept_in_every_thousand(seed: u64, of_thousand in 0..=900_u16, at in 0..50_u32) {
            let absentees = Absentees::of(seed, of_thousand);
            let numbers = at * 1000 + 1..=at * 1000 + 1000;
            let away = numbers.filter(|number| absentees.status(*number) != AccountStatus::Active);
            prop_assert_eq!(away.count(), usize::from(of_thousand));
        }
    }
}
