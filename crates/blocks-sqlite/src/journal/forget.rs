//! Erasing what is no longer to be kept, also from the pages of the file.

use blocks_domain::{User, UserId};
use blocks_ports::{Forget, Forgotten, StoreError, StoreFailure};
use jiff::Timestamp;
use rusqlite::{Transaction, params};

use crate::SqliteStore;
use crate::column::{Id, Moment, Time};
use crate::error::Fault;
use crate::mirror::member;
use crate::mirror::reads;

use super::traces;

/// How many profiles one transaction erases: so few that a writer who waits hardly notices.
const BATCH: u32 = 2_000;

impl SqliteStore {
    /// Erases, in small transactions; whoever is interrupted can do it again.
    pub(super) async fn erase(
        &self,
        account: UserId,
        what: Forget,
    ) -> Result<Forgotten, StoreError> {
        let before = match what {
            Forget::Profiles { before } => before,
            Forget::Everything => None,
            _ => {
                let message = "this version of the SQLite store does not know what to forget";
                return Err(StoreError::new(StoreFailure::Unsupported, message));
            }
        };
        let mut forgotten = Forgotten::default();
        for body in self.read(move |tx| bodies(tx, account)).await? {
            let mut behind = i64::MIN;
            while let Some(batch) =
                self.write(move |tx| forget_profiles(tx, body, before, behind)).await?
            {
                behind = batch.last;
                forgotten.profiles += batch.forgotten;
            }
        }
        loop {
            let names = self.write(move |tx| forget_names(tx, account, before)).await?;
            forgotten.names += names as u64;
            if names < BATCH as usize {
                break;
            }
        }
        if what == Forget::Everything {
            self.write(move |tx| forget_everything(tx, account)).await?;
            for of_ledger in [PAID, SETTLED] {
                while self.write(move |tx| forget_some(tx, of_ledger, account)).await? > 0 {}
            }
        }
        // What has ended is nobody's, and not to be left either.
        if self.has_to_sweep().await? {
            self.write(|tx| traces::note(tx, 1)).await?;
            self.sweep_all().await?;
        }
        if what == Forget::Everything {
            self.write(move |tx| forget_reads(tx, account)).await?;
        }
        self.erase_noted_traces().await?;
        Ok(forgotten)
    }
}

/// The bodies of an account that are somebody's, that of the snapshot last: what a read of the head
/// has may be put on top of it meanwhile.
fn bodies(tx: &Transaction<'_>, account: UserId) -> Result<Vec<i64>, Fault> {
    let mut bodies = tx.prepare(
        "SELECT body FROM read WHERE account = ? AND state <> 'ended'
         ORDER BY state = 'snapshot'",
    )?;
    Ok(bodies.query_map([Id(account)], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

struct Batch {
    /// The place of the last user that was looked at.
    last: i64,
    forgotten: u64,
}

/// Erases profiles of a body behind a place, if there are users.
fn forget_profiles(
    tx: &Transaction<'_>,
    body: i64,
    before: Option<Timestamp>,
    behind: i64,
) -> Result<Option<Batch>, Fault> {
    let mut members = tx.prepare_cached(
        "SELECT id, place, user, received_at, octet_length(json)
         FROM member JOIN profile ON profile.member = member.id
         WHERE body = ? AND place > ? ORDER BY place LIMIT ?",
    )?;
    let mut members = members.query(params![body, behind, BATCH])?;
    let mut batch = None;
    while let Some(row) = members.next()? {
        let batch = batch.get_or_insert(Batch { last: behind, forgotten: 0 });
        batch.last = row.get(1)?;
        let (Id(user), Time(received_at)) = (row.get(2)?, row.get(3)?);
        let bare = member::json(&User::new(user))?;
        let is_old = before.is_none_or(|moment| received_at < moment);
        if is_old && row.get::<_, i64>(4)? != bare.len() as i64 {
            forget_profile(tx, row.get(0)?, &bare)?;
            batch.forgotten += 1;
        }
    }
    traces::note(tx, batch.as_ref().map_or(0, |batch: &Batch| batch.forgotten as usize))?;
    Ok(batch)
}

fn forget_profile(tx: &Transaction<'_>, member: i64, bare: &str) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "UPDATE member SET username = NULL, name = NULL, username_key = NULL, name_key = NULL,
         followers = NULL, created = NULL WHERE id = ?",
    )?
    .execute([member])?;
    tx.prepare_cached("UPDATE profile SET json = ? WHERE member = ?")?
        .execute(params![bare, member])?;
    Ok(())
}

/// Erases names in changes, and what was told while a read was under way; answers how
/// many changes told any.
fn forget_names(
    tx: &Transaction<'_>,
    account: UserId,
    before: Option<Timestamp>,
) -> Result<usize, Fault> {
    let before = before.map(Moment);
    let told = tx.execute(
        "UPDATE amended SET json = NULL WHERE json IS NOT NULL
         AND read IN (SELECT id FROM read WHERE account = ?1) AND (?2 IS NULL OR at < ?2)",
        params![Id(account), before],
    )?;
    let forgotten = tx.execute(
        "UPDATE change SET username = NULL, name = NULL, username_before = NULL,
         name_before = NULL WHERE id IN (
             SELECT id FROM change WHERE account = ?1 AND (?2 IS NULL OR at < ?2)
             AND coalesce(username, name, username_before, name_before) IS NOT NULL LIMIT ?3)",
        params![Id(account), before, BATCH],
    )?;
    traces::note(tx, told + forgotten)?;
    Ok(forgotten)
}

/// Ends all that there is of an account, so that nobody sees it any more.
fn forget_everything(tx: &Transaction<'_>, account: UserId) -> Result<(), Fault> {
    let mut gone = reads::end(tx, account, &["open", "aside", "snapshot"])?;
    gone += tx.execute("DELETE FROM change WHERE account = ?", [Id(account)])?;
    gone += tx.execute("DELETE FROM event WHERE account = ?", [Id(account)])?;
    traces::note(tx, gone)
}

/// Who was paid for, for an account; how many they were stays. They are many.
const PAID: &str = "DELETE FROM paid WHERE (spending, user) IN (
     SELECT spending, user FROM spending CROSS JOIN paid ON paid.spending = spending.id
     WHERE account = ? LIMIT ?)";

/// The operations of an account that are settled: of the others somebody has yet to learn what
/// came of them.
const SETTLED: &str = "DELETE FROM operation WHERE id IN (
     SELECT id FROM operation WHERE account = ? AND outcome IS NOT NULL LIMIT ?)";

/// Deletes some of what the ledger has of an account; answers how many rows.
fn forget_some(tx: &Transaction<'_>, delete: &str, account: UserId) -> Result<usize, Fault> {
    let gone = tx.execute(delete, params![Id(account), BATCH])?;
    traces::note(tx, gone)?;
    Ok(gone)
}

/// Deletes the reads of an account that have ended, when their bodies are gone. Its last hold
/// stays: no fence is used again.
fn forget_reads(tx: &Transaction<'_>, account: UserId) -> Result<(), Fault> {
    tx.execute("DELETE FROM read WHERE account = ? AND state = 'ended'", [Id(account)])?;
    Ok(())
}
