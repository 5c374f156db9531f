//! Ledgers, each with one fault.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use blocks_conformance::ledger::{LedgerHarness, rules};
use blocks_domain::{BillingDay, BlockPair, Charge, UserId};
use blocks_fake::stores::MemoryLedger;
use blocks_ports::{
    Ledger, Operation, OperationId, OperationKind, OperationOutcome, OperationQuery, Spending,
    StoreError, StoreFailure,
};
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt, TryStreamExt};
use jiff::Timestamp;

use crate::{Broken, Shared, assert_bites, dawdle};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    ShowsOnlyTheSettled,
    TakesLostForRefused,
    AlwaysSettles,
    UnknownNumbersFail,
    EachAccountHasItsNumbers,
    NewestFirst,
    SinceIsExclusive,
    ChargesEveryTime,
    AllTimeIsOneDay,
    OneChargeForAll,
    SpentNeverEnds,
    OneBookForAll,
    OneStorageAHandle,
    TakesAThousandAtMost,
    BillsAreNotAtomic,
    SettlesAreNotAtomic,
    NumbersAreNotAtomic,
    ForgetsOnReopening,
}

const FAULTS: &[(&str, Fault)] = &[
    ("an_operation_is_known_before_it_is_settled", Fault::ShowsOnlyTheSettled),
    ("what_came_of_an_operation_is_kept", Fault::TakesLostForRefused),
    ("an_operation_is_settled_once", Fault::AlwaysSettles),
    ("a_number_that_was_never_given_is_not_settled", Fault::AlwaysSettles),
    ("a_number_that_was_never_given_is_not_settled", Fault::UnknownNumbersFail),
    ("numbers_grow", Fault::EachAccountHasItsNumbers),
    ("operations_come_oldest_first", Fault::NewestFirst),
    ("operations_of_a_time_or_a_user_can_be_asked_for", Fault::SinceIsExclusive),
    ("a_user_is_charged_once_a_day", Fault::ChargesEveryTime),
    ("a_user_who_comes_twice_in_one_call_is_charged_once", Fault::ChargesEveryTime),
    ("a_user_is_charged_again_after_midnight", Fault::AllTimeIsOneDay),
    ("every_event_is_charged", Fault::OneChargeForAll),
    ("a_day_cost_what_was_charged_on_it", Fault::SpentNeverEnds),
    ("a_day_of_which_nothing_is_known_has_cost_nothing", Fault::SpentNeverEnds),
    ("charges_do_not_touch_each_other", Fault::OneChargeForAll),
    ("accounts_do_not_touch_each_other", Fault::OneBookForAll),
    ("handles_share_one_storage", Fault::OneStorageAHandle),
    ("many_can_be_billed_at_once", Fault::TakesAThousandAtMost),
    ("each_user_is_counted_for_one_of_many", Fault::BillsAreNotAtomic),
    ("one_of_many_settles", Fault::SettlesAreNotAtomic),
    ("many_who_enter_at_once_get_numbers_of_their_own", Fault::NumbersAreNotAtomic),
    ("the_book_outlasts_reopening", Fault::ForgetsOnReopening),
];

#[test]
fn every_rule_bites() {
    assert_bites(&rules(), FAULTS, &[include_str!("../../src/ledger.rs")], Storage::default);
}

#[derive(Debug, Default, Clone)]
struct Storage {
    book: MemoryLedger,
    notes: Shared<Notes>,
}

/// What the faults remember besides.
#[derive(Debug, Default)]
struct Notes {
    entered: HashMap<UserId, u64>,
    last: u64,
    settled: HashSet<OperationId>,
    paid: HashSet<(BillingDay, UserId)>,
    days: BTreeSet<BillingDay>,
}

faulty_store!(LedgerHarness, Ledger);

impl Store {
    fn inner(&self) -> &MemoryLedger {
        &self.storage.book
    }

    fn note<R>(&self, f: impl FnOnce(&mut Notes) -> R) -> R {
        self.storage.notes.with(f)
    }

    fn slot(&self, account: UserId) -> UserId {
        if self.has(Fault::OneBookForAll) { "1".parse().expect("an id") } else { account }
    }
}

#[async_trait]
impl Ledger for Store {
    async fn enter(
        &self,
        pair: BlockPair,
        kind: OperationKind,
        now: Timestamp,
    ) -> Result<OperationId, StoreError> {
        if self.has(Fault::NumbersAreNotAtomic) {
            let next = self.note(|notes| notes.last) + 1;
            dawdle().await;
            self.note(|notes| notes.last = next);
            self.inner().enter(pair, kind, now).await?;
            return Ok(OperationId::new(next));
        }
        let entered = self.inner().enter(pair, kind, now).await?;
        Ok(self.note(|notes| {
            let number = notes.entered.entry(pair.source()).or_default();
            *number += 1;
            let own = OperationId::new(*number);
            if self.has(Fault::EachAccountHasItsNumbers) { own } else { entered }
        }))
    }

    async fn settle(
        &self,
        id: OperationId,
        outcome: OperationOutcome,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        if self.has(Fault::SettlesAreNotAtomic) {
            let open = self.note(|notes| !notes.settled.contains(&id));
            dawdle().await;
            self.inner().settle(id, outcome, now).await?;
            return Ok(self.note(|notes| notes.settled.insert(id)) || open);
        }
        let lost = outcome == OperationOutcome::Lost;
        let outcome = if self.has(Fault::TakesLostForRefused) && lost {
            OperationOutcome::Refused
        } else {
            outcome
        };
        let was_open = self.inner().settle(id, outcome, now).await?;
        if self.has(Fault::UnknownNumbersFail) && !was_open {
            return Err(StoreError::new(StoreFailure::Other, "there is no such operation"));
        }
        Ok(was_open || self.has(Fault::AlwaysSettles))
    }

    fn operations(
        &self,
        account: UserId,
        query: OperationQuery,
    ) -> BoxStream<'static, Result<Operation, StoreError>> {
        let since = query.since;
        let all = self.inner().operations(account, query).try_collect::<Vec<_>>().now_or_never();
        let mut all = all.expect("memory does not wait").expect("memory does not fail");
        match self.fault {
            Some(Fault::ShowsOnlyTheSettled) => all.retain(|one| one.outcome.is_some()),
            Some(Fault::NewestFirst) => all.reverse(),
            Some(Fault::SinceIsExclusive) => all.retain(|one| Some(one.entered_at) != since),
            _ => {}
        }
        stream::iter(all.into_iter().map(Ok)).boxed()
    }

    async fn bill(
        &self,
        account: UserId,
        charge: Charge,
        users: &[UserId],
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let account = self.slot(account);
        let charge = if self.has(Fault::OneChargeForAll) { Charge::BlockRead } else { charge };
        let now = if self.has(Fault::AllTimeIsOneDay) { Timestamp::UNIX_EPOCH } else { now };
        let most = if self.has(Fault::TakesAThousandAtMost) { 1000 } else { usize::MAX };
        let users = &users[..users.len().min(most)];
        let day = BillingDay::of(now);
        self.note(|notes| notes.days.insert(day));
        if self.has(Fault::BillsAreNotAtomic) {
            let new = |user: &&UserId| self.note(|notes| !notes.paid.contains(&(day, **user)));
            let new = users.iter().filter(new).count() as u64;
            dawdle().await;
            self.note(|notes| notes.paid.extend(users.iter().map(|user| (day, *user))));
            self.inner().bill(account, charge, users, now).await?;
            return Ok(new);
        }
        let charged = self.inner().bill(account, charge, users, now).await?;
        Ok(if self.has(Fault::ChargesEveryTime) { users.len() as u64 } else { charged })
    }

    async fn spent(&self, account: UserId, day: BillingDay) -> Result<Spending, StoreError> {
        let account = self.slot(account);
        if self.has(Fault::SpentNeverEnds) {
            let mut all = Spending::default();
            for day in self.note(|notes| notes.days.clone()) {
                let spent = self.inner().spent(account, day).await?;
                for charge in Charge::ALL {
                    all = all.with(charge, spent.units(charge));
                }
            }
            return Ok(all);
        }
        self.inner().spent(account, day).await
    }
}
