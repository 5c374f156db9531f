//! The life of a read: begun, filled page by page, set aside; how it is finished stands beside.

use blocks_domain::UserId;
use blocks_ports::{
    Append, Checkpoint, Fence, OpenRead, ReadId, ReadKind, SetAside, Snapshot, StoreError,
    StoreFailure,
};
use jiff::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::page::Prepared;
use crate::column::{Id, Number, Time, Token};
use crate::error::Fault;

/// The columns of an [`OpenRead`], in the order in which it is read.
macro_rules! select_read {
    ($more:literal) => {
        concat!(
            "SELECT id, account, kind, started_at, users, pages, next_token, meets_known",
            $more
        )
    };
}

/// The last snapshot of an account, and the body that has its users.
pub(crate) struct Shown {
    pub(crate) snapshot: Snapshot,
    pub(crate) body: i64,
}

/// Counts one hold more of an account.
pub(super) fn next_fence(tx: &Transaction<'_>, account: UserId) -> Result<Fence, Fault> {
    let fence = tx.query_row(
        "INSERT INTO hold (account, fence) VALUES (?, 1)
         ON CONFLICT (account) DO UPDATE SET fence = fence + 1 RETURNING fence",
        [Id(account)],
        |row| row.get(0).map(|Number(fence)| Fence::new(fence)),
    )?;
    Ok(fence)
}

pub(super) fn begin(
    tx: &Transaction<'_>,
    account: UserId,
    fence: Fence,
    kind: ReadKind,
    now: Timestamp,
) -> Result<OpenRead, Fault> {
    if !is_last_hold(tx, account, fence)? {
        let message = "somebody else has taken hold of this block list";
        return Err(StoreError::new(StoreFailure::Busy, message).into());
    }
    end(tx, account, &["open"])?;
    tx.execute(
        "INSERT INTO read (account, kind, state, started_at, compared)
         VALUES (?1, ?2, 'open', ?3, coalesce(
             (SELECT id FROM read WHERE account = ?1 AND state = 'snapshot'), 0))",
        params![Id(account), kind.word(), Time(now)],
    )?;
    let id = tx.last_insert_rowid();
    tx.execute("UPDATE read SET body = id WHERE id = ?", [id])?;
    Ok(OpenRead::new(ReadId::new(id.cast_unsigned()), account, kind, now))
}

/// The read of an account in a state of which there is at most one: `open` or `aside`.
pub(super) fn in_state(
    tx: &Connection,
    account: UserId,
    state: &str,
) -> Result<Option<OpenRead>, Fault> {
    let read = tx.query_row(
        select_read!(" FROM read WHERE account = ? AND state = ?"),
        params![Id(account), state],
        open_read,
    );
    Ok(read.optional()?)
}

pub(super) fn append(
    tx: &Transaction<'_>,
    read: ReadId,
    fence: Fence,
    expected: &Checkpoint,
    page: &Prepared,
) -> Result<Append, Fault> {
    let goes_on = |open: &OpenRead| open.checkpoint == *expected && !expected.is_at_end();
    let Some(open) = held(tx, read, fence, "open")?.filter(goes_on) else {
        return Ok(Append::Stale);
    };
    let before = shown(tx, open.account)?.map(|shown| shown.body);
    let users = page.store(tx, read.get().cast_signed(), before, open.users)?;
    let checkpoint = Checkpoint::new(expected.pages + 1, page.next_token.clone());
    let next_token = checkpoint.next_token.as_ref().map(blocks_domain::PageToken::as_str);
    tx.prepare_cached(
        "UPDATE read SET users = ?, pages = ?, next_token = ?, meets_known = ? WHERE id = ?",
    )?
    .execute(params![
        Number(users),
        Number(checkpoint.pages),
        next_token,
        page.meets_known,
        Number(read.get())
    ])?;
    Ok(Append::Appended(checkpoint))
}

pub(super) fn set_aside(
    tx: &Transaction<'_>,
    read: ReadId,
    fence: Fence,
) -> Result<SetAside, Fault> {
    let Some(open) = held(tx, read, fence, "open")? else { return Ok(SetAside::Stale) };
    if !is_whole(&open, shown(tx, open.account)?.as_ref()) {
        return Ok(SetAside::Incomplete);
    }
    end(tx, open.account, &["aside"])?;
    tx.execute("UPDATE read SET state = 'aside' WHERE id = ?", [Number(read.get())])?;
    Ok(SetAside::Aside(open))
}

/// Whether all pages are stored, and what the read continues is there.
pub(super) fn is_whole(read: &OpenRead, before: Option<&Shown>) -> bool {
    read.checkpoint.is_at_end() && (read.covers() == ReadKind::Full || before.is_some())
}

/// Ends the reads of an account that are in one of these states; answers how many there were.
pub(crate) fn end(tx: &Transaction<'_>, account: UserId, states: &[&str]) -> Result<usize, Fault> {
    let mut ended = 0;
    for state in states {
        tx.prepare_cached(
            "DELETE FROM amended WHERE read IN
             (SELECT id FROM read WHERE account = ? AND state = ?)",
        )?
        .execute(params![Id(account), state])?;
        ended += tx
            .prepare_cached("UPDATE read SET state = 'ended' WHERE account = ? AND state = ?")?
            .execute(params![Id(account), state])?;
    }
    Ok(ended)
}

/// The last snapshot of an account.
pub(crate) fn shown(tx: &Connection, account: UserId) -> Result<Option<Shown>, Fault> {
    let snapshot = tx
        .prepare_cached(select_read!(
            ", finished_at, full_at, amended_at, added, removed, body FROM read
             WHERE account = ? AND state = 'snapshot'"
        ))?
        .query_row([Id(account)], |row| {
            let (Time(finished_at), Time(full_at)) = (row.get(8)?, row.get(9)?);
            let mut snapshot = Snapshot::of(&open_read(row)?, finished_at);
            snapshot.full_at = full_at;
            let amended_at: Option<Time> = row.get(10)?;
            snapshot.amended_at = amended_at.map(|Time(at)| at);
            Number(snapshot.added) = row.get(11)?;
            Number(snapshot.removed) = row.get(12)?;
            Ok(Shown { snapshot, body: row.get(13)? })
        });
    Ok(snapshot.optional()?)
}

/// The read, if it is unfinished or aside; nobody asks who holds it.
pub(super) fn unfinished(tx: &Connection, read: ReadId) -> Result<Option<OpenRead>, Fault> {
    let read = tx.query_row(
        select_read!(" FROM read WHERE id = ? AND state IN ('open', 'aside')"),
        [Number(read.get())],
        open_read,
    );
    Ok(read.optional()?)
}

/// The read, if it is in this state and the fence is that of the last hold.
fn held(
    tx: &Transaction<'_>,
    read: ReadId,
    fence: Fence,
    state: &str,
) -> Result<Option<OpenRead>, Fault> {
    let read = tx
        .prepare_cached(select_read!(
            " FROM read JOIN hold USING (account) WHERE id = ? AND fence = ? AND state = ?"
        ))?
        .query_row(params![Number(read.get()), Number(fence.get()), state], open_read);
    Ok(read.optional()?)
}

/// The read, if it is unfinished or aside and the fence is that of the last hold.
pub(super) fn to_finish(
    tx: &Transaction<'_>,
    read: ReadId,
    fence: Fence,
) -> Result<Option<OpenRead>, Fault> {
    Ok(match held(tx, read, fence, "open")? {
        None => held(tx, read, fence, "aside")?,
        open => open,
    })
}

fn is_last_hold(tx: &Transaction<'_>, account: UserId, fence: Fence) -> Result<bool, Fault> {
    let found = "SELECT EXISTS (SELECT 1 FROM hold WHERE account = ? AND fence = ?)";
    Ok(tx.query_row(found, params![Id(account), Number(fence.get())], |row| row.get(0))?)
}

fn open_read(row: &Row<'_>) -> rusqlite::Result<OpenRead> {
    let (Number(id), Id(account), Kind(kind)) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let Time(started_at) = row.get(3)?;
    let mut read = OpenRead::new(ReadId::new(id), account, kind, started_at);
    Number(read.users) = row.get(4)?;
    let Number(pages) = row.get(5)?;
    let next_token: Option<Token> = row.get(6)?;
    read.checkpoint = Checkpoint::new(pages, next_token.map(|Token(token)| token));
    read.meets_known = row.get(7)?;
    Ok(read)
}

struct Kind(ReadKind);

impl FromSql for Kind {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        ReadKind::of_word(value.as_str()?).map(Self).ok_or(FromSqlError::InvalidType)
    }
}
