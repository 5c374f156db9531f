//! What reading costs.

use blocks_domain::{BillingDay, Price, Usd};
use jiff::Timestamp;

use super::crowd::Crowd;
use super::people::Person;

/// Counts what is read and what it costs.
///
/// A person who was paid for is free again until midnight UTC, for reads of the same kind.
#[derive(Debug, Clone)]
pub(crate) struct Meter {
    day: BillingDay,
    paid_blocks: Crowd,
    paid_lookups: Crowd,
    block_reads: u64,
    user_lookups: u64,
    month_reads: u64,
    free_reads: u64,
    block_events: u64,
    cost: Usd,
    credits: Option<Usd>,
}

/// What a [`World`](crate::World) has charged since it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MeterReading {
    /// How many users read from block lists were paid for.
    pub block_reads: u64,
    /// How many users looked up were paid for.
    pub user_lookups: u64,
    /// How many users were free, because they had been paid for on the same UTC day.
    pub free_reads: u64,
    /// How many block events were delivered and paid for.
    pub block_events: u64,
    /// What all of it cost.
    pub cost: Usd,
    /// What is left of the credits; `None` when there is no bound.
    pub credits: Option<Usd>,
}

/// A kind of read that is charged for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tariff {
    BlockRead,
    UserLookup,
}

impl Tariff {
    /// The tariff of a price; `None` for prices of what this world does not sell.
    pub(crate) fn of(price: Price) -> Option<Self> {
        [Self::BlockRead, Self::UserLookup].into_iter().find(|tariff| tariff.price() == price)
    }

    const fn price(self) -> Price {
        match self {
            Self::BlockRead => Price::BLOCK_READ,
            Self::UserLookup => Price::USER_LOOKUP,
        }
    }
}

/// A meter as it is kept between runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct MeterRecord {
    pub(crate) paid_blocks: Vec<Person>,
    pub(crate) paid_lookups: Vec<Person>,
    pub(crate) block_reads: u64,
    pub(crate) user_lookups: u64,
    pub(crate) month_reads: u64,
    pub(crate) free_reads: u64,
    pub(crate) block_events: u64,
    pub(crate) cost: Usd,
    pub(crate) credits: Option<Usd>,
}

impl Meter {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self::restored(MeterRecord::default(), now)
    }

    pub(crate) fn restored(record: MeterRecord, now: Timestamp) -> Self {
        Self {
            day: BillingDay::of(now),
            paid_blocks: record.paid_blocks.into_iter().collect(),
            paid_lookups: record.paid_lookups.into_iter().collect(),
            block_reads: record.block_reads,
            user_lookups: record.user_lookups,
            month_reads: record.month_reads,
            free_reads: record.free_reads,
            block_events: record.block_events,
            cost: record.cost,
            credits: record.credits,
        }
    }

    pub(crate) fn record(&self) -> MeterRecord {
        MeterRecord {
            paid_blocks: self.paid_blocks.people(),
            paid_lookups: self.paid_lookups.people(),
            block_reads: self.block_reads,
            user_lookups: self.user_lookups,
            month_reads: self.month_reads,
            free_reads: self.free_reads,
            block_events: self.block_events,
            cost: self.cost,
            credits: self.credits,
        }
    }

    pub(crate) const fn reading(&self) -> MeterReading {
        MeterReading {
            block_reads: self.block_reads,
            user_lookups: self.user_lookups,
            free_reads: self.free_reads,
            block_events: self.block_events,
            cost: self.cost,
            credits: self.credits,
        }
    }

    pub(crate) const fn set_credits(&mut self, credits: Option<Usd>) {
        self.credits = credits;
    }

    /// Whether the credits no longer pay for one unit.
    pub(crate) fn is_out_of_credits(&self, price: Price) -> bool {
        self.credits.is_some_and(|left| left < price.per_unit())
    }

    /// How many reads were paid for in the month of `now`.
    pub(crate) fn month_reads(&mut self, now: Timestamp) -> u64 {
        self.turn_to(now);
        self.month_reads
    }

    /// Charges for people who are read, and answers how many of them were not free.
    ///
    /// A read that takes the last credits is still answered.
    pub(crate) fn charge(
        &mut self,
        tariff: Tariff,
        people: impl IntoIterator<Item = Person>,
        now: Timestamp,
    ) -> u64 {
        self.turn_to(now);
        let (paid, total) = match tariff {
            Tariff::BlockRead => (&mut self.paid_blocks, &mut self.block_reads),
            Tariff::UserLookup => (&mut self.paid_lookups, &mut self.user_lookups),
        };
        let (mut billed, mut read) = (0, 0);
        for person in people {
            read += 1;
            billed += u64::from(paid.insert(person));
        }
        *total += billed;
        self.month_reads += billed;
        self.free_reads += read - billed;
        self.spend(tariff.price().cost_of(billed));
        billed
    }

    /// Charges for a block event; says whether the credits paid for it.
    pub(crate) fn charge_event(&mut self) -> bool {
        if self.is_out_of_credits(Price::BLOCK_EVENT) {
            return false;
        }
        self.block_events += 1;
        self.spend(Price::BLOCK_EVENT.per_unit());
        true
    }

    fn spend(&mut self, cost: Usd) {
        self.cost = self.cost.checked_add(cost).unwrap_or(Usd::MAX);
        self.credits = self.credits.map(|left| left.checked_sub(cost).unwrap_or(Usd::ZERO));
    }

    fn turn_to(&mut self, now: Timestamp) {
        let today = BillingDay::of(now);
        if today == self.day {
            return;
        }
        let month = |day: BillingDay| (day.date().year(), day.date().month());
        if month(today) != month(self.day) {
            self.month_reads = 0;
        }
        self.day = today;
        self.paid_blocks.clear();
        self.paid_lookups.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(text: &str) -> Usd {
        text.parse().expect("an amount")
    }

    fn people(numbers: std::ops::Range<u32>) -> impl Iterator<Item = Person> {
        numbers.map(Person::new)
    }

    #[test]
    fn a_person_is_paid_for_once_a_day_and_kind() {
        let noon: Timestamp = "2026-08-07T12:00:00Z".parse().expect("a time");
        let midnight: Timestamp = "2026-08-08T00:00:00Z".parse().expect("a time");
        let mut meter = Meter::new(noon);
        assert_eq!(meter.charge(Tariff::BlockRead, people(0..100), noon), 100);
        assert_eq!(meter.charge(Tariff::BlockRead, people(50..150), noon), 50);
        assert_eq!(meter.charge(Tariff::UserLookup, people(0..1), noon), 1);
        assert_eq!(meter.charge(Tariff::BlockRead, people(0..10), midnight), 10);
        let reading = meter.reading();
        assert_eq!((reading.block_reads, reading.user_lookups, reading.free_reads), (160, 1, 50));
        assert_eq!(reading.cost, usd("0.17"));
    }

    #[test]
    fn the_month_begins_anew() {
        let july: Timestamp = "2026-07-31T23:59:59Z".parse().expect("a time");
        let august: Timestamp = "2026-08-01T00:00:00Z".parse().expect("a time");
        let mut meter = Meter::new(july);
        meter.charge(Tariff::BlockRead, people(0..10), july);
        assert_eq!(meter.month_reads(july), 10);
        assert_eq!(meter.month_reads(august), 0);
    }

    #[test]
    fn credits_run_out() {
        let now = Timestamp::UNIX_EPOCH;
        let mut meter = Meter::new(now);
        meter.set_credits(Some(usd("0.005")));
        assert!(!meter.is_out_of_credits(Price::BLOCK_READ));
        assert!(meter.is_out_of_credits(Price::USER_LOOKUP));
        meter.charge(Tariff::BlockRead, people(0..100), now);
        assert_eq!(meter.reading().credits, Some(Usd::ZERO));
        assert!(meter.is_out_of_credits(Price::BLOCK_READ));
    }
}
