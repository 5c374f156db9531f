//! A read becomes the snapshot.
//!
//! Two bodies of a million users are compared for some seconds. That is done before the file is
//! locked, so that nobody waits for it: what can change meanwhile is known, and looked at again.

use blocks_domain::UserId;
use blocks_ports::{Fence, Finish, OpenRead, ReadId, ReadKind, Snapshot};
use jiff::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::member::{self, Member};
use super::reads::{self, Shown};
use crate::column::{Id, Moment, Number, Profile, Time};
use crate::error::Fault;

/// Finishes a read, on a connection that is used for nothing else.
pub(crate) fn finish(
    connection: &mut Connection,
    read: ReadId,
    fence: Fence,
    now: Timestamp,
) -> Result<Finish, Fault> {
    connection.execute_batch(
        "CREATE TEMP TABLE differing (user INTEGER PRIMARY KEY, added INTEGER NOT NULL)",
    )?;
    let looked = connection.transaction()?;
    let compared_with = match reads::to_finish(&looked, read, fence)? {
        Some(open) => compare(&looked, &open)?,
        None => return Ok(Finish::Stale),
    };
    looked.commit()?;

    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let Some(open) = reads::to_finish(&tx, read, fence)? else { return Ok(Finish::Stale) };
    let before = reads::shown(&tx, open.account)?;
    if !reads::is_whole(&open, before.as_ref()) {
        return Ok(Finish::Incomplete);
    }
    if before.as_ref().map(|before| before.snapshot.id) != compared_with {
        compare(&tx, &open)?;
    }
    let snapshot = replace(&tx, &open, before.as_ref(), now)?;
    tx.commit()?;
    Ok(Finish::Finished(snapshot))
}

/// Notes who is in the read alone, or in the snapshot alone; answers with which one it was
/// compared. What was told meanwhile plays no part yet.
fn compare(tx: &Transaction<'_>, open: &OpenRead) -> Result<Option<ReadId>, Fault> {
    let before = reads::shown(tx, open.account)?;
    tx.execute("DELETE FROM differing", [])?;
    // The first snapshot is compared with nothing: all were added, and none of them is a change.
    let Some(before) = before.filter(|before| reads::is_whole(open, Some(before))) else {
        return Ok(None);
    };
    let only_in = "INSERT INTO differing
         SELECT user, ?3 FROM member AS here INDEXED BY member_user
         WHERE body = ?1 AND NOT EXISTS (
             SELECT 1 FROM member AS there INDEXED BY member_user
             WHERE there.body = ?2 AND there.user = here.user)";
    let body = open.id.get().cast_signed();
    tx.execute(only_in, params![body, before.body, true])?;
    if open.covers() == ReadKind::Full {
        tx.execute(only_in, params![before.body, body, false])?;
    }
    Ok(Some(before.snapshot.id))
}

/// Puts the read in the place of the snapshot.
fn replace(
    tx: &Transaction<'_>,
    open: &OpenRead,
    before: Option<&Shown>,
    now: Timestamp,
) -> Result<Snapshot, Fault> {
    let body = open.id.get().cast_signed();
    let mut after = Snapshot::of(open, now);
    after.users = take_in_amended(tx, open, before)?;
    after.added = after.users;
    let mut shown_in = body;
    if let Some(before) = before {
        look_again(tx, open, before)?;
        (after.added, after.removed) = note_changes(tx, open, before, now)?;
        if after.kind == ReadKind::Head {
            tell_aside(tx, open, now)?;
            after.users = before.snapshot.users + after.added;
            after.full_at = before.snapshot.full_at;
            put_on_top(tx, body, before.body)?;
            shown_in = before.body;
        }
    }
    tx.execute("DELETE FROM amended WHERE read = ?", [body])?;
    reads::end(tx, open.account, &["snapshot"])?;
    tx.execute("UPDATE read SET state = 'snapshot' WHERE id = ?", [body])?;
    if after.kind == ReadKind::Full {
        reads::end(tx, open.account, &["aside"])?;
    }
    tx.execute(
        "UPDATE read SET body = ?, users = ?, finished_at = ?, full_at = ?, added = ?, removed = ?
         WHERE id = ?",
        params![
            shown_in,
            Number(after.users),
            Time(now),
            Time(after.full_at),
            Number(after.added),
            Number(after.removed),
            body
        ],
    )?;
    Ok(after)
}

/// What was told since the read began stands: takes out who was unblocked then, and puts on top
/// who was blocked then and whom it has not met. Answers how many users it has now.
fn take_in_amended(
    tx: &Transaction<'_>,
    open: &OpenRead,
    before: Option<&Shown>,
) -> Result<u64, Fault> {
    let body = open.id.get().cast_signed();
    let gone = tx.execute(
        "DELETE FROM member INDEXED BY member_user WHERE body = ?1
         AND user IN (SELECT user FROM amended WHERE read = ?1 AND blocked = 0)",
        [body],
    )?;
    let mut blocked = tx.prepare(
        "SELECT user, at, coalesce(json, '') FROM amended WHERE read = ?1 AND blocked = 1
         AND NOT EXISTS (SELECT 1 FROM member WHERE body = ?1 AND user = amended.user)
         ORDER BY number",
    )?;
    if let Some(before) = before {
        keep_told_profiles(tx, body, before.body)?;
    }
    let mut unmet = blocked.query([body])?;
    let mut users = open.users.saturating_sub(gone as u64);
    while let Some(row) = unmet.next()? {
        let (Id(user), Time(at), json) = (row.get(0)?, row.get(1)?, row.get::<_, String>(2)?);
        let place = member::place_on_top(tx, body)?;
        let kept = before.map(|before| member::id_of(tx, before.body, user)).transpose()?;
        match kept.flatten() {
            Some(kept) => copy(tx, kept, body, place)?,
            None => {
                let told = if json.is_empty() {
                    blocks_domain::User::new(user)
                } else {
                    row.get(2).map(|Profile(user)| user)?
                };
                Member::new(&told, at)?.insert(tx, body, place, None)?;
            }
        }
        member::is_unmet(tx, body, user)?;
        users += 1;
    }
    Ok(users)
}

/// Keeps the profiles that were told after the read has met the users: the snapshot has them.
fn keep_told_profiles(tx: &Transaction<'_>, body: i64, before: i64) -> Result<(), Fault> {
    let mut told = tx.prepare(
        "SELECT here.id, met.received_at, told.received_at, told.json
         FROM amended
         CROSS JOIN member AS here ON here.body = ?1 AND here.user = amended.user
         CROSS JOIN profile AS met ON met.member = here.id
         CROSS JOIN member AS there ON there.body = ?2 AND there.user = amended.user
         CROSS JOIN profile AS told ON told.member = there.id
         WHERE amended.read = ?1",
    )?;
    let mut told = told.query([body, before])?;
    while let Some(row) = told.next()? {
        let (Time(met_at), Time(told_at), Profile(user)) = (row.get(1)?, row.get(2)?, row.get(3)?);
        if told_at > met_at && member::tells(&user) {
            let known = member::known(tx, before, user.id)?;
            Member::new(&user, told_at)?.update(tx, row.get(0)?, known.as_ref())?;
        }
    }
    Ok(())
}

/// Puts a user as another body has them into this one.
fn copy(tx: &Transaction<'_>, kept: i64, body: i64, place: i64) -> rusqlite::Result<()> {
    tx.execute(
        "INSERT INTO member (body, place, user, first_seen_at, username, name, username_key,
         name_key, followers, created)
         SELECT ?2, ?3, user, first_seen_at, username, name, username_key, name_key, followers,
             created
         FROM member WHERE id = ?1",
        params![kept, body, place],
    )?;
    tx.execute(
        "INSERT INTO profile SELECT ?2, received_at, json FROM profile WHERE member = ?1",
        [kept, tx.last_insert_rowid()],
    )?;
    Ok(())
}

/// Compares those anew whom the comparison so far may have missed: of whom was told meanwhile, or
/// all of them if it was with another snapshot that their first sight and their names were
/// compared as they came.
fn look_again(tx: &Transaction<'_>, open: &OpenRead, before: &Shown) -> Result<(), Fault> {
    let body = open.id.get().cast_signed();
    tx.execute(
        "DELETE FROM differing WHERE user IN (SELECT user FROM amended WHERE read = ?)",
        [body],
    )?;
    let only_in = "INSERT INTO differing
         SELECT user, ?4 FROM amended WHERE read = ?1
         AND EXISTS (SELECT 1 FROM member WHERE body = ?2 AND user = amended.user)
         AND NOT EXISTS (SELECT 1 FROM member WHERE body = ?3 AND user = amended.user)";
    tx.execute(only_in, params![body, body, before.body, true])?;
    if open.covers() == ReadKind::Full {
        tx.execute(only_in, params![body, before.body, body, false])?;
    }
    let compared: i64 =
        tx.query_row("SELECT compared FROM read WHERE id = ?", [body], |row| row.get(0))?;
    let whom = if compared.cast_unsigned() == before.snapshot.id.get() {
        "user IN (SELECT user FROM amended WHERE read = ?1)"
    } else {
        "true"
    };
    let again = format!(
        "UPDATE member INDEXED BY member_user SET renamed = 1, first_seen_at = coalesce(
             (SELECT there.first_seen_at FROM member AS there
              WHERE there.body = ?2 AND there.user = member.user),
             (SELECT received_at FROM profile WHERE profile.member = member.id))
         WHERE body = ?1 AND {whom}"
    );
    tx.execute(&again, [body, before.body])?;
    Ok(())
}

/// Writes into the journal who came, who went, and who has other names; answers how many came and
/// went.
fn note_changes(
    tx: &Transaction<'_>,
    open: &OpenRead,
    before: &Shown,
    now: Timestamp,
) -> Result<(u64, u64), Fault> {
    let body = open.id.get().cast_signed();
    let came_or_went = "INSERT INTO change (account, user, at, kind, read, username, name)
         SELECT ?1, member.user, ?2, ?3, ?4, username, name
         FROM differing CROSS JOIN member ON member.body = ?5 AND member.user = differing.user
         WHERE differing.added = ?6";
    let note = |kind, of, added| -> rusqlite::Result<u64> {
        let account: UserId = open.account;
        let noted = params![Id(account), Moment(now), kind, body, of, added];
        Ok(tx.execute(came_or_went, noted)? as u64)
    };
    let added = note("added", body, true)?;
    let removed = note("removed", before.body, false)?;
    tx.execute(
        "INSERT INTO change (account, user, at, kind, read, username, name, username_before,
         name_before)
         SELECT ?1, here.user, ?2, 'renamed', ?3, here.username, here.name, there.username,
             there.name
         FROM member AS here INDEXED BY member_renamed
         CROSS JOIN member AS there ON there.body = ?4 AND there.user = here.user
         WHERE here.body = ?3 AND here.renamed = 1
         AND (here.username <> there.username OR here.name <> there.name)",
        params![Id(open.account), Moment(now), body, before.body],
    )?;
    Ok((added, removed))
}

/// Notes with the read that is aside that the users of a head are blocked: it is older than the
/// head, and has not met them, or not as they are now. The newest block is told last.
fn tell_aside(tx: &Transaction<'_>, head: &OpenRead, now: Timestamp) -> Result<(), Fault> {
    tx.execute(
        "INSERT INTO amended (read, user, number, blocked, at)
         SELECT aside.id, member.user,
             row_number() OVER (ORDER BY member.place DESC) + coalesce(
                 (SELECT max(number) FROM amended WHERE amended.read = aside.id), 0), 1, ?3
         FROM read AS aside CROSS JOIN member ON member.body = ?1
         WHERE aside.account = ?2 AND aside.state = 'aside' AND aside.id <> ?1
         ON CONFLICT (read, user) DO UPDATE SET
             number = excluded.number, blocked = 1, at = iif(json IS NULL, excluded.at, at)",
        params![head.id.get().cast_signed(), Id(head.account), Moment(now)],
    )?;
    Ok(())
}

/// Puts the users of one body on top of another one, where they take the place of themselves.
fn put_on_top(tx: &Transaction<'_>, top: i64, body: i64) -> Result<(), Fault> {
    tx.execute(
        "DELETE FROM member INDEXED BY member_user WHERE body = ?2
         AND user IN (SELECT user FROM member WHERE body = ?1)",
        [top, body],
    )?;
    let last: i64 =
        tx.query_row("SELECT coalesce(max(place), 0) FROM member WHERE body = ?", [top], |row| {
            row.get(0)
        })?;
    let up = last - member::place_on_top(tx, body)?;
    tx.execute("UPDATE member SET body = ?2, place = place - ?3 WHERE body = ?1", [top, body, up])?;
    Ok(())
}
