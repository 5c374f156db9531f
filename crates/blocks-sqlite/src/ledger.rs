//! The book of what was done and what was paid.

use std::sync::Arc;

use async_trait::async_trait;
use blocks_domain::{BillingDay, BlockPair, Charge, UserId};
use blocks_ports::{
    Ledger, Operation, OperationId, OperationKind, OperationOutcome, OperationQuery, Spending,
    StoreError, StoreFailure,
};
use futures_util::stream::BoxStream;
use jiff::{Span, Timestamp};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, Type, ValueRef};
use rusqlite::{Connection, Row, Transaction, params};

use crate::SqliteStore;
use crate::column::{Id, Moment, Number, Time};
use crate::error::Fault;
use crate::walk::{self, CHUNK, Walk};

#[async_trait]
impl Ledger for SqliteStore {
    async fn enter(
        &self,
        pair: BlockPair,
        kind: OperationKind,
        now: Timestamp,
    ) -> Result<OperationId, StoreError> {
        self.write(move |tx| {
            tx.execute(
                "INSERT INTO operation (account, target, kind, entered_at) VALUES (?, ?, ?, ?)",
                params![Id(pair.source()), Id(pair.target()), kind.word(), Moment(now)],
            )?;
            Ok(OperationId::new(tx.last_insert_rowid().cast_unsigned()))
        })
        .await
    }

    async fn settle(
        &self,
        id: OperationId,
        outcome: OperationOutcome,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let outcome = word(outcome)?;
        self.write(move |tx| {
            let settled = tx.execute(
                "UPDATE operation SET outcome = ?, settled_at = ?
                 WHERE id = ? AND outcome IS NULL",
                params![outcome, Moment(now), Number(id.get())],
            )?;
            Ok(settled > 0)
        })
        .await
    }

    fn operations(
        &self,
        account: UserId,
        query: OperationQuery,
    ) -> BoxStream<'static, Result<Operation, StoreError>> {
        walk::stream(Arc::clone(&self.file), move |connection| {
            Ok(Operations { connection, account, query, last: 0 })
        })
    }

    async fn bill(
        &self,
        account: UserId,
        charge: Charge,
        users: &[UserId],
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let (users, day) = (users.to_vec(), BillingDay::of(now));
        self.write(move |tx| bill(tx, account, charge, &users, day)).await
    }

    async fn spent(&self, account: UserId, day: BillingDay) -> Result<Spending, StoreError> {
        self.read(move |tx| {
            let mut charges =
                tx.prepare("SELECT charge, units FROM spending WHERE account = ? AND day = ?")?;
            let mut charges = charges.query(params![Id(account), day.to_string()])?;
            let mut spent = Spending::default();
            while let Some(row) = charges.next()? {
                let (Charged(charge), Number(units)) = (row.get(0)?, row.get(1)?);
                spent = spent.with(charge, units);
            }
            Ok(spent)
        })
        .await
    }
}

/// Notes who was paid for, and answers how many had to be.
fn bill(
    tx: &Transaction<'_>,
    account: UserId,
    charge: Charge,
    users: &[UserId],
    day: BillingDay,
) -> Result<u64, Fault> {
    forget_paid(tx, day)?;
    let spending: i64 = tx.query_row(
        "INSERT INTO spending (account, day, charge, units) VALUES (?, ?, ?, 0)
         ON CONFLICT (account, day, charge) DO UPDATE SET units = units RETURNING id",
        params![Id(account), day.to_string(), charge.word()],
        |row| row.get(0),
    )?;
    let mut charged = users.len();
    if charge.is_paid_once_a_day() {
        let mut pay =
            tx.prepare_cached("INSERT OR IGNORE INTO paid (spending, user) VALUES (?, ?)")?;
        charged = 0;
        for user in users {
            charged += pay.execute(params![spending, Id(*user)])?;
        }
    }
    let charged = charged as u64;
    tx.execute(
        "UPDATE spending SET units = units + ? WHERE id = ?",
        params![Number(charged), spending],
    )?;
    Ok(charged)
}

/// Forgets some of those who were paid for on days that are over; their number stays.
///
/// Of the last days they are still known: what is billed late, or by a clock that lags, is billed
/// all the same.
fn forget_paid(tx: &Transaction<'_>, day: BillingDay) -> Result<(), Fault> {
    /// Twice as many as a page brings, so that no day is left over.
    const BATCH: i64 = 2_000;
    const DAYS_KEPT: i64 = 2;
    let Ok(kept) = day.date().checked_sub(Span::new().days(DAYS_KEPT)) else { return Ok(()) };
    tx.prepare_cached(
        "DELETE FROM paid WHERE (spending, user) IN (
             SELECT spending, user FROM spending CROSS JOIN paid ON paid.spending = spending.id
             WHERE day < ? LIMIT ?)",
    )?
    .execute(params![kept.to_string(), BATCH])?;
    Ok(())
}

/// A walk over operations.
struct Operations {
    connection: Connection,
    account: UserId,
    query: OperationQuery,
    /// The number of the last one that was shown.
    last: i64,
}

impl Walk for Operations {
    type Item = Operation;

    fn next_chunk(&mut self) -> Result<Vec<Operation>, Fault> {
        let target = self.query.target.map(Id);
        let asked = if target.is_some() { "target = ?2" } else { "?2 IS NULL" };
        let sql = format!(
            "SELECT id, account, target, kind, entered_at, outcome, settled_at FROM operation
             WHERE account = ?1 AND {asked} AND id > ?3 AND (?4 IS NULL OR entered_at >= ?4)
             ORDER BY id LIMIT ?5"
        );
        let since = self.query.since.map(Moment);
        let mut found = self.connection.prepare_cached(&sql)?;
        let found = found
            .query_map(params![Id(self.account), target, self.last, since, CHUNK], operation)?
            .collect::<Result<Vec<_>, _>>()?;
        if let Some(last) = found.last() {
            self.last = last.id.get().cast_signed();
        }
        Ok(found)
    }
}

fn operation(row: &Row<'_>) -> rusqlite::Result<Operation> {
    let (Number(id), Id(account), Id(target)) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let (Kind(kind), Time(entered_at)) = (row.get(3)?, row.get(4)?);
    let pair = BlockPair::new(account, target).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(2, Type::Integer, error.into())
    })?;
    let mut operation = Operation::new(OperationId::new(id), pair, kind, entered_at);
    let (outcome, settled_at): (Option<Outcome>, Option<Time>) = (row.get(5)?, row.get(6)?);
    operation.outcome = outcome.zip(settled_at).map(|(Outcome(outcome), Time(at))| (outcome, at));
    Ok(operation)
}

struct Kind(OperationKind);

impl FromSql for Kind {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let word = value.as_str()?;
        let kinds = [OperationKind::Block, OperationKind::Unblock];
        let kind = kinds.into_iter().find(|kind| kind.word() == word);
        kind.map(Self).ok_or(FromSqlError::InvalidType)
    }
}

struct Charged(Charge);

impl FromSql for Charged {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Charge::of_word(value.as_str()?).map(Self).ok_or(FromSqlError::InvalidType)
    }
}

/// What came of an operation, as one word.
struct Outcome(OperationOutcome);

const OUTCOMES: [(&str, OperationOutcome); 4] = [
    ("blocking", OperationOutcome::Answered { blocking: true }),
    ("not_blocking", OperationOutcome::Answered { blocking: false }),
    ("refused", OperationOutcome::Refused),
    ("lost", OperationOutcome::Lost),
];

/// The word for an outcome.
fn word(outcome: OperationOutcome) -> Result<&'static str, StoreError> {
    let known = OUTCOMES.iter().find(|(_, known)| *known == outcome);
    known.map(|(word, _)| *word).ok_or_else(|| {
        let message = "this version of the SQLite store does not know this outcome";
        StoreError::new(StoreFailure::Unsupported, message)
    })
}

impl FromSql for Outcome {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let word = value.as_str()?;
        let known = OUTCOMES.iter().find(|(known, _)| *known == word);
        known.map(|(_, outcome)| Self(*outcome)).ok_or(FromSqlError::InvalidType)
    }
}
