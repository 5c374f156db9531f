//! The rules of [`Ledger`].

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;

use blocks_domain::{BillingDay, BlockPair, Charge, UserId};
use blocks_ports::{
    Ledger, Operation, OperationId, OperationKind, OperationOutcome, OperationQuery, Spending,
};
use futures_util::TryStreamExt;
use jiff::Timestamp;

use crate::support::{RACERS, ROUNDS, at, id, race};

/// Makes ledgers for the suite.
pub trait LedgerHarness: Sized + 'static {
    /// Whether what is stored lasts when all handles are gone.
    const DURABLE: bool;

    /// A storage of its own, with nothing in it.
    fn fresh() -> impl Future<Output = Self>;

    /// A new handle on the storage.
    fn handle(&self) -> Arc<dyn Ledger>;

    /// The storage after the program has ended and begun anew.
    fn reopen(self) -> impl Future<Output = Self>;
}

suite! {
    ($) ledger_suite, ledger::LedgerHarness:
    an_operation_is_known_before_it_is_settled,
    what_came_of_an_operation_is_kept,
    an_operation_is_settled_once,
    a_number_that_was_never_given_is_not_settled,
    numbers_grow,
    operations_come_oldest_first,
    operations_of_a_time_or_a_user_can_be_asked_for,
    a_user_is_charged_once_a_day,
    a_user_who_comes_twice_in_one_call_is_charged_once,
    a_user_is_charged_again_after_midnight,
    every_event_is_charged,
    a_day_cost_what_was_charged_on_it,
    a_day_of_which_nothing_is_known_has_cost_nothing,
    charges_do_not_touch_each_other,
    accounts_do_not_touch_each_other,
    handles_share_one_storage,
    many_can_be_billed_at_once,
    each_user_is_counted_for_one_of_many,
    one_of_many_settles,
    many_who_enter_at_once_get_numbers_of_their_own,
    the_book_outlasts_reopening,
}

/// The seconds from the suites' beginning, which is a midnight UTC, to the next.
const DAY: i64 = 24 * 60 * 60;

const BLOCKED: OperationOutcome = OperationOutcome::Answered { blocking: true };

type Book = Arc<dyn Ledger>;

fn me() -> UserId {
    id(12)
}

fn pair(source: UserId, target: u64) -> BlockPair {
    BlockPair::new(source, id(target)).expect("nobody here blocks themselves")
}

async fn enter(book: &Book, target: u64, seconds: i64) -> OperationId {
    let pair = pair(me(), target);
    book.enter(pair, OperationKind::Block, at(seconds)).await.expect("`enter` failed")
}

async fn settle(book: &Book, id: OperationId, outcome: OperationOutcome, seconds: i64) -> bool {
    book.settle(id, outcome, at(seconds)).await.expect("`settle` failed")
}

async fn operations(book: &Book, query: OperationQuery) -> Vec<Operation> {
    book.operations(me(), query).try_collect().await.expect("`operations` failed")
}

async fn all_operations(book: &Book) -> Vec<Operation> {
    operations(book, OperationQuery::default()).await
}

async fn bill(book: &Book, charge: Charge, users: &[u64], now: Timestamp) -> u64 {
    let users: Vec<_> = users.iter().copied().map(id).collect();
    book.bill(me(), charge, &users, now).await.expect("`bill` failed")
}

async fn spent(book: &Book, now: Timestamp) -> Spending {
    book.spent(me(), BillingDay::of(now)).await.expect("`spent` failed")
}

/// An operation is in the book from before it is sent, with whom, what and when.
pub async fn an_operation_is_known_before_it_is_settled<H: LedgerHarness>(h: H) {
    let book = h.handle();
    assert_eq!(all_operations(&book).await, [], "nothing was ever done");
    let pair = pair(me(), u64::MAX >> 1);
    let kind = OperationKind::Unblock;
    let entered = book.enter(pair, kind, at(3)).await.expect("`enter` failed");
    assert_eq!(all_operations(&book).await, [Operation::new(entered, pair, kind, at(3))]);
}

/// Whatever came of an operation comes back, with when that was.
pub async fn what_came_of_an_operation_is_kept<H: LedgerHarness>(h: H) {
    let book = h.handle();
    let outcomes = [
        BLOCKED,
        OperationOutcome::Answered { blocking: false },
        OperationOutcome::Refused,
        OperationOutcome::Lost,
    ];
    let mut expected = Vec::new();
    for (target, outcome) in (100..).zip(outcomes) {
        let entered = enter(&book, target, 1).await;
        assert!(settle(&book, entered, outcome, 2).await, "it was open");
        let mut operation =
            Operation::new(entered, pair(me(), target), OperationKind::Block, at(1));
        operation.outcome = Some((outcome, at(2)));
        expected.push(operation);
    }
    assert_eq!(all_operations(&book).await, expected);
}

/// Settling an operation again answers that it was not open, and changes nothing.
pub async fn an_operation_is_settled_once<H: LedgerHarness>(h: H) {
    let book = h.handle();
    let entered = enter(&book, 100, 0).await;
    assert!(settle(&book, entered, OperationOutcome::Lost, 1).await, "it was open");
    assert!(!settle(&book, entered, BLOCKED, 2).await, "it was settled before");
    let outcome = all_operations(&book).await[0].outcome;
    assert_eq!(outcome, Some((OperationOutcome::Lost, at(1))), "the first word stands");
}

/// Settling a number that was never given answers that it was not open, and is no failure.
pub async fn a_number_that_was_never_given_is_not_settled<H: LedgerHarness>(h: H) {
    let book = h.handle();
    let entered = enter(&book, 100, 0).await;
    let unknown = OperationId::new(entered.get() + 1000);
    assert!(!settle(&book, unknown, BLOCKED, 1).await, "no operation has this number");
    let all = all_operations(&book).await;
    assert_eq!((all.len(), all[0].outcome), (1, None), "another operation was settled");
}

/// Each operation has a greater number than all before, over all accounts.
pub async fn numbers_grow<H: LedgerHarness>(h: H) {
    let (one, two) = (h.handle(), h.handle());
    let mut last = None;
    for (book, source) in [(&one, 12), (&two, 34), (&one, 12), (&two, 12), (&one, 34)] {
        let entered = book.enter(pair(id(source), 100), OperationKind::Block, at(0)).await;
        let entered = entered.expect("`enter` failed");
        assert!(last < Some(entered), "{entered:?} comes after {last:?}");
        last = Some(entered);
        settle(book, entered, BLOCKED, 1).await;
    }
}

/// Operations come oldest first, those that are settled among the others.
pub async fn operations_come_oldest_first<H: LedgerHarness>(h: H) {
    let book = h.handle();
    let mut entered = Vec::new();
    for (seconds, target) in [(1, 300), (1, 100), (2, 300), (3, 200)] {
        entered.push(enter(&book, target, seconds).await);
    }
    settle(&book, entered[3], BLOCKED, 4).await;
    settle(&book, entered[1], OperationOutcome::Refused, 5).await;
    let ids: Vec<_> = all_operations(&book).await.iter().map(|operation| operation.id).collect();
    assert_eq!(ids, entered);
}

/// Operations can be asked for by when they were entered, by whom they are about, and by both.
pub async fn operations_of_a_time_or_a_user_can_be_asked_for<H: LedgerHarness>(h: H) {
    let book = h.handle();
    for (seconds, target) in [(1, 100), (2, 200), (3, 100), (4, 200)] {
        enter(&book, target, seconds).await;
    }
    let times = async |since: Option<i64>, target: Option<u64>| -> Vec<Timestamp> {
        let mut query = OperationQuery::default();
        (query.since, query.target) = (since.map(at), target.map(id));
        operations(&book, query).await.iter().map(|operation| operation.entered_at).collect()
    };
    assert_eq!(times(Some(3), None).await, [at(3), at(4)], "since then, or later");
    assert_eq!(times(None, Some(100)).await, [at(1), at(3)], "of one user");
    assert_eq!(times(Some(2), Some(100)).await, [at(3)], "both");
    assert_eq!(times(Some(5), None).await, [], "nothing since");
    assert_eq!(times(None, Some(12)).await, [], "the account is not whom it is about");
}

/// A user who was paid for is free until midnight UTC, for each charge that is paid once a day.
pub async fn a_user_is_charged_once_a_day<H: LedgerHarness>(h: H) {
    let book = h.handle();
    for charge in Charge::ALL.into_iter().filter(|charge| charge.is_paid_once_a_day()) {
        let mut charged = Vec::new();
        for (seconds, users) in
            [(0, &[1, 2, 3][..]), (60, &[3, 4, 1]), (DAY - 1, &[4, 5]), (2, &[])]
        {
            charged.push(bill(&book, charge, users, at(seconds)).await);
        }
        assert_eq!(charged, [3, 1, 1, 0], "charged for as {charge:?}, call by call");
    }
}

/// A user who comes twice in one call is paid for once.
pub async fn a_user_who_comes_twice_in_one_call_is_charged_once<H: LedgerHarness>(h: H) {
    let book = h.handle();
    assert_eq!(bill(&book, Charge::BlockRead, &[1, 2, 1, 1, 2], at(0)).await, 2);
    assert_eq!(spent(&book, at(0)).await.block_reads, 2);
}

/// With midnight UTC a user is charged again, even if the day before is billed afterwards.
pub async fn a_user_is_charged_again_after_midnight<H: LedgerHarness>(h: H) {
    let book = h.handle();
    let mut charged = Vec::new();
    for seconds in [-1, 0, DAY - 1, DAY, -2, DAY + 1] {
        charged.push(bill(&book, Charge::UserLookup, &[7], at(seconds)).await);
    }
    assert_eq!(charged, [1, 1, 0, 1, 0, 0], "over three days");
}

/// Every event is charged, though it is about the same user on the same day, or in the same call.
pub async fn every_event_is_charged<H: LedgerHarness>(h: H) {
    let book = h.handle();
    assert_eq!(bill(&book, Charge::BlockEvent, &[1, 1, 2], at(0)).await, 3);
    assert_eq!(bill(&book, Charge::BlockEvent, &[1], at(0)).await, 1);
    assert_eq!(spent(&book, at(0)).await.block_events, 4);
}

/// What was spent on a day is what the calls of that day were answered.
pub async fn a_day_cost_what_was_charged_on_it<H: LedgerHarness>(h: H) {
    let book = h.handle();
    bill(&book, Charge::BlockRead, &[1, 2, 3], at(0)).await;
    bill(&book, Charge::UserLookup, &[1], at(60)).await;
    bill(&book, Charge::BlockRead, &[3, 4], at(DAY - 1)).await;
    bill(&book, Charge::BlockEvent, &[5, 5], at(DAY - 1)).await;
    bill(&book, Charge::BlockRead, &[1], at(DAY)).await;
    let first = Spending::default()
        .with(Charge::BlockRead, 4)
        .with(Charge::UserLookup, 1)
        .with(Charge::BlockEvent, 2);
    assert_eq!(spent(&book, at(5)).await, first, "the first day");
    let second = Spending::default().with(Charge::BlockRead, 1);
    assert_eq!(spent(&book, at(DAY)).await, second, "the second day");
}

/// A day of which nothing is known has cost nothing.
pub async fn a_day_of_which_nothing_is_known_has_cost_nothing<H: LedgerHarness>(h: H) {
    let book = h.handle();
    assert_eq!(spent(&book, at(0)).await, Spending::default(), "nothing was ever billed");
    bill(&book, Charge::BlockRead, &[1], at(0)).await;
    for day in [at(-1), at(DAY)] {
        assert_eq!(spent(&book, day).await, Spending::default(), "it was the day between");
    }
}

/// A user who was paid for as one charge is not free as another.
pub async fn charges_do_not_touch_each_other<H: LedgerHarness>(h: H) {
    let book = h.handle();
    for charge in Charge::ALL {
        assert_eq!(bill(&book, charge, &[1, 2], at(0)).await, 2, "as {charge:?}");
    }
    for charge in Charge::ALL {
        assert_eq!(spent(&book, at(0)).await.units(charge), 2, "as {charge:?}");
    }
}

/// Neither operations nor charges of one account touch another.
pub async fn accounts_do_not_touch_each_other<H: LedgerHarness>(h: H) {
    let (book, other) = (h.handle(), id(34));
    enter(&book, 34, 0).await;
    let theirs: Vec<_> = book
        .operations(other, OperationQuery::default())
        .try_collect()
        .await
        .expect("`operations` failed");
    assert_eq!(theirs, [], "it was done to them, not by them");
    assert_eq!(bill(&book, Charge::BlockRead, &[1, 2], at(0)).await, 2);
    let charged = book.bill(other, Charge::BlockRead, &[id(2), id(3)], at(0)).await;
    assert_eq!(charged.expect("`bill` failed"), 2, "another account has paid for 2");
    let day = BillingDay::of(at(0));
    let theirs = book.spent(id(56), day).await.expect("`spent` failed");
    assert_eq!(theirs, Spending::default(), "a third account has done nothing");
    assert_eq!(spent(&book, at(0)).await.block_reads, 2);
}

/// What one handle writes down every other handle sees.
pub async fn handles_share_one_storage<H: LedgerHarness>(h: H) {
    let entered = enter(&h.handle(), 100, 0).await;
    assert!(settle(&h.handle(), entered, BLOCKED, 1).await, "another handle entered it");
    assert_eq!(all_operations(&h.handle()).await[0].outcome, Some((BLOCKED, at(1))));
    bill(&h.handle(), Charge::BlockRead, &[1], at(0)).await;
    assert_eq!(bill(&h.handle(), Charge::BlockRead, &[1], at(0)).await, 0);
    assert_eq!(spent(&h.handle(), at(0)).await.block_reads, 1);
}

/// However many users one call returned, each is counted.
pub async fn many_can_be_billed_at_once<H: LedgerHarness>(h: H) {
    const MANY: u64 = 40_000;
    let book = h.handle();
    let users: Vec<_> = (1..=MANY).collect();
    assert_eq!(bill(&book, Charge::BlockRead, &users, at(0)).await, MANY);
    assert_eq!(bill(&book, Charge::BlockRead, &users, at(0)).await, 0, "all of them are paid for");
    assert_eq!(spent(&book, at(0)).await.block_reads, MANY);
}

/// Of many who bill the same users at once, each user is counted for exactly one.
pub async fn each_user_is_counted_for_one_of_many<H: LedgerHarness>(h: H) {
    for round in 0..ROUNDS {
        let now = at(DAY * round as i64);
        let charged = race(|racer| {
            let book = h.handle();
            // Each begins with another, so that nobody is last everywhere.
            let users: Vec<_> = (0..50).map(|user| (user + racer as u64) % 50 + 1).collect();
            async move { bill(&book, Charge::BlockRead, &users, now).await }
        })
        .await;
        assert_eq!(charged.iter().sum::<u64>(), 50, "users counted in round {round}");
        assert_eq!(spent(&h.handle(), now).await.block_reads, 50, "spent in round {round}");
    }
}

/// Of many who settle one operation at once exactly one does.
pub async fn one_of_many_settles<H: LedgerHarness>(h: H) {
    for round in 0..ROUNDS {
        let entered = enter(&h.handle(), 100, 0).await;
        let settled = race(|racer| {
            let book = h.handle();
            async move { settle(&book, entered, BLOCKED, 1 + racer as i64).await }
        })
        .await;
        let winners: Vec<_> = (1..).zip(&settled).filter_map(|(n, won)| won.then_some(n)).collect();
        assert_eq!(winners.len(), 1, "of {RACERS} who settled in round {round}");
        let outcome = all_operations(&h.handle()).await.pop().and_then(|last| last.outcome);
        assert_eq!(outcome, Some((BLOCKED, at(winners[0]))), "the winner's word stands");
    }
}

/// However many enter operations at once, each gets a number of its own, and all are known.
pub async fn many_who_enter_at_once_get_numbers_of_their_own<H: LedgerHarness>(h: H) {
    let entered = race(|racer| {
        let book = h.handle();
        async move { enter(&book, 100 + racer as u64, 0).await }
    })
    .await;
    let numbers: BTreeSet<_> = entered.iter().copied().collect();
    assert_eq!(numbers.len(), RACERS, "numbers of {RACERS} operations");
    for operation in all_operations(&h.handle()).await {
        let target = operation.pair.target().get();
        let told = target.checked_sub(100).and_then(|racer| entered.get(racer as usize));
        assert_eq!(told, Some(&operation.id), "the number of the operation on {target}");
    }
    assert_eq!(all_operations(&h.handle()).await.len(), RACERS, "operations are known");
}

/// Operations, charges and numbers outlast reopening; a store that does not last says so and begins
/// anew.
pub async fn the_book_outlasts_reopening<H: LedgerHarness>(h: H) {
    let book = h.handle();
    let settled = enter(&book, 100, 0).await;
    settle(&book, settled, BLOCKED, 1).await;
    let open = enter(&book, 200, 2).await;
    bill(&book, Charge::BlockRead, &[1, 2], at(0)).await;
    let before = (all_operations(&book).await, spent(&book, at(0)).await);
    drop(book);
    let h = h.reopen().await;
    let book = h.handle();
    let after = (all_operations(&book).await, spent(&book, at(0)).await);
    if !H::DURABLE {
        assert_eq!(after, (Vec::new(), Spending::default()), "DURABLE is false");
        return;
    }
    assert_eq!(after, before, "DURABLE is true");
    assert_eq!(bill(&book, Charge::BlockRead, &[2, 3], at(60)).await, 1, "2 was paid for");
    assert!(settle(&book, open, OperationOutcome::Lost, 3).await, "the program died meanwhile");
    let next = enter(&book, 300, 4).await;
    assert!(next > open, "{next:?} comes after {open:?}");
}
