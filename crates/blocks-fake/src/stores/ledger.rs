//! What was done and what was paid, in memory.

use std::collections::{BTreeMap, HashMap, HashSet};

use async_trait::async_trait;
use blocks_domain::{BillingDay, BlockPair, Charge, UserId};
use blocks_ports::{
    Ledger, Operation, OperationId, OperationKind, OperationOutcome, OperationQuery, Spending,
    StoreError,
};
use futures_util::stream::{self, BoxStream, StreamExt};
use jiff::Timestamp;

use super::Shared;

/// A [`Ledger`] in memory.
///
/// An operation: enter it, send it, settle it with what came of it.
///
/// ```
/// use blocks_domain::{BillingDay, BlockPair, Charge};
/// use blocks_fake::stores::MemoryLedger;
/// use blocks_ports::{Ledger, OperationKind, OperationOutcome, OperationQuery};
/// use futures_util::TryStreamExt;
/// use jiff::Timestamp;
///
/// # tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(async {
/// let ledger = MemoryLedger::default();
/// let (me, other) = ("12".parse().expect("an id"), "34".parse().expect("an id"));
/// let (pair, now) = (BlockPair::new(me, other).expect("a pair"), Timestamp::UNIX_EPOCH);
///
/// let sent = ledger.enter(pair, OperationKind::Block, now).await?;
/// // A crash would leave it here, entered and not settled.
/// let blocked = OperationOutcome::Answered { blocking: true };
/// assert!(ledger.settle(sent, blocked, now).await?);
/// assert!(!ledger.settle(sent, OperationOutcome::Lost, now).await?, "it is settled");
/// let done: Vec<_> = ledger.operations(me, OperationQuery::default()).try_collect().await?;
/// assert_eq!(done[0].outcome, Some((blocked, now)));
///
/// assert_eq!(ledger.bill(me, Charge::BlockRead, &[me, other, other], now).await?, 2);
/// assert_eq!(ledger.bill(me, Charge::BlockRead, &[other], now).await?, 0, "paid today");
/// assert_eq!(ledger.spent(me, BillingDay::of(now)).await?.block_reads, 2);
/// # Ok::<(), blocks_ports::StoreError>(())
/// # }).expect("no store fails in memory");
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemoryLedger {
    book: Shared<Book>,
}

#[derive(Debug, Default)]
struct Book {
    operations: BTreeMap<OperationId, Operation>,
    /// Who was paid for, where one is paid for once a day.
    paid: HashSet<(UserId, BillingDay, Charge, UserId)>,
    spent: HashMap<(UserId, BillingDay), Spending>,
}

#[async_trait]
impl Ledger for MemoryLedger {
    async fn enter(
        &self,
        pair: BlockPair,
        kind: OperationKind,
        now: Timestamp,
    ) -> Result<OperationId, StoreError> {
        let mut book = self.book.lock();
        let last = book.operations.last_key_value().map_or(0, |(id, _)| id.get());
        let id = OperationId::new(last + 1);
        book.operations.insert(id, Operation::new(id, pair, kind, now));
        Ok(id)
    }

    async fn settle(
        &self,
        id: OperationId,
        outcome: OperationOutcome,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut book = self.book.lock();
        let open = book.operations.get_mut(&id).filter(|operation| operation.outcome.is_none());
        Ok(open.map(|operation| operation.outcome = Some((outcome, now))).is_some())
    }

    fn operations(
        &self,
        account: UserId,
        query: OperationQuery,
    ) -> BoxStream<'static, Result<Operation, StoreError>> {
        let asked = |operation: &&Operation| {
            operation.pair.source() == account
                && query.since.is_none_or(|since| operation.entered_at >= since)
                && query.target.is_none_or(|target| operation.pair.target() == target)
        };
        let book = self.book.lock();
        let asked: Vec<_> = book.operations.values().filter(asked).copied().map(Ok).collect();
        stream::iter(asked).boxed()
    }

    async fn bill(
        &self,
        account: UserId,
        charge: Charge,
        users: &[UserId],
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let day = BillingDay::of(now);
        let mut book = self.book.lock();
        let charged = users.iter().filter(|user| {
            !charge.is_paid_once_a_day() || book.paid.insert((account, day, charge, **user))
        });
        let charged = charged.count() as u64;
        let spent = book.spent.entry((account, day)).or_default();
        *spent = spent.with(charge, charged);
        Ok(charged)
    }

    async fn spent(&self, account: UserId, day: BillingDay) -> Result<Spending, StoreError> {
        Ok(self.book.lock().spent.get(&(account, day)).copied().unwrap_or_default())
    }
}
