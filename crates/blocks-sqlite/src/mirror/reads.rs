//! The life of a read: begun, filled page by page, finished.

use blocks_domain::UserId;
use blocks_ports::{
    Append, Checkpoint, Fence, Finish, OpenRead, ReadId, ReadKind, Snapshot, StoreError,
    StoreFailure,
};
use jiff::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::page::Prepared;
use crate::column::{Id, Number, Time, Token};
use crate::error::Fault;

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
    let word = match kind {
        ReadKind::Full => FULL,
        _ => return Err(StoreError::new(StoreFailure::Unsupported, UNKNOWN_KIND).into()),
    };
    tx.execute(
        "UPDATE read SET state = 'ended' WHERE account = ? AND state = 'open'",
        [Id(account)],
    )?;
    tx.execute(
        "INSERT INTO read (account, kind, state, started_at) VALUES (?, ?, 'open', ?)",
        params![Id(account), word, Time(now)],
    )?;
    let id = ReadId::new(tx.last_insert_rowid().cast_unsigned());
    Ok(OpenRead::new(id, account, kind, now))
}

pub(super) fn unfinished(tx: &Transaction<'_>, account: UserId) -> Result<Option<OpenRead>, Fault> {
    let read = tx.query_row(
        "SELECT id, account, kind, started_at, users, pages, next_token FROM read
         WHERE account = ? AND state = 'open'",
        [Id(account)],
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
    let Some(open) = open(tx, read, fence)?.filter(goes_on) else {
        return Ok(Append::Stale);
    };
    let users = page.store(tx, read, open.users)?;
    let checkpoint = Checkpoint::new(expected.pages + 1, page.next_token.clone());
    let next_token = checkpoint.next_token.as_ref().map(blocks_domain::PageToken::as_str);
    tx.prepare_cached("UPDATE read SET users = ?, pages = ?, next_token = ? WHERE id = ?")?
        .execute(params![
            Number(users),
            Number(checkpoint.pages),
            next_token,
            Number(read.get())
        ])?;
    Ok(Append::Appended(checkpoint))
}

pub(super) fn finish(
    tx: &Transaction<'_>,
    read: ReadId,
    fence: Fence,
    now: Timestamp,
) -> Result<Finish, Fault> {
    let Some(open) = open(tx, read, fence)? else { return Ok(Finish::Stale) };
    if !open.checkpoint.is_at_end() {
        return Ok(Finish::Incomplete);
    }
    let before = snapshot(tx, open.account)?.map(|snapshot| Number(snapshot.id.get()));
    let mut after = Snapshot::of(&open, now);
    let id = Number(read.get());
    // With no snapshot before, `read = NULL` finds nobody: everybody was added.
    let came_or_went = "INSERT INTO change (read, user, added)
         SELECT ?1, user, ?4 FROM member AS here WHERE read = ?2 AND NOT EXISTS
         (SELECT 1 FROM member AS there WHERE there.read = ?3 AND there.user = here.user)";
    after.added = tx.execute(came_or_went, params![id, id, before, true])? as u64;
    after.removed = tx.execute(came_or_went, params![id, before, id, false])? as u64;
    tx.execute("UPDATE read SET state = 'ended' WHERE id = ?", [before])?;
    tx.execute(
        "UPDATE read SET state = 'snapshot', finished_at = ?, added = ?, removed = ?
         WHERE id = ?",
        params![Time(now), Number(after.added), Number(after.removed), id],
    )?;
    Ok(Finish::Finished(after))
}

pub(super) fn snapshot(tx: &Transaction<'_>, account: UserId) -> Result<Option<Snapshot>, Fault> {
    let snapshot = tx.query_row(
        "SELECT id, account, kind, started_at, users, pages, next_token, finished_at, added,
         removed FROM read WHERE account = ? AND state = 'snapshot'",
        [Id(account)],
        |row| {
            let Time(finished_at) = row.get(7)?;
            let mut snapshot = Snapshot::of(&open_read(row)?, finished_at);
            Number(snapshot.added) = row.get(8)?;
            Number(snapshot.removed) = row.get(9)?;
            Ok(snapshot)
        },
    );
    Ok(snapshot.optional()?)
}

/// The read, if it is open and the fence is that of the last hold.
fn open(tx: &Transaction<'_>, read: ReadId, fence: Fence) -> Result<Option<OpenRead>, Fault> {
    let open = tx
        .prepare_cached(
            "SELECT id, account, kind, started_at, users, pages, next_token
             FROM read JOIN hold USING (account) WHERE id = ? AND state = 'open' AND fence = ?",
        )?
        .query_row([Number(read.get()), Number(fence.get())], open_read);
    Ok(open.optional()?)
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
    Ok(read)
}

const FULL: &str = "full";

const UNKNOWN_KIND: &str = "this version of the SQLite store does not know this kind of read";

struct Kind(ReadKind);

impl FromSql for Kind {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_str()? {
            FULL => Ok(Self(ReadKind::Full)),
            _ => Err(FromSqlError::InvalidType),
        }
    }
}
