//! A block or an unblock is taken into the snapshot.

use blocks_domain::{UserId, Witness};
use blocks_ports::{Amended, Amendment, Names, StoreError};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Transaction, params};

use crate::column::{Id, Moment, Time};
use crate::error::Fault;
use crate::mirror::member::{self, Known, Member};
use crate::mirror::reads::{self, Shown};

/// For how long the name of an event is known: X does not repeat one that is older.
const EVENTS_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// An amendment with its profile as JSON.
pub(super) struct Prepared {
    member: Member,
    /// Whether the profile tells more than an id.
    tells: bool,
    blocked: bool,
    witness: Witness,
    event: Option<String>,
    at: Timestamp,
}

impl Prepared {
    pub(super) fn new(amendment: &Amendment) -> Result<Self, StoreError> {
        Ok(Self {
            member: Member::new(&amendment.user, amendment.at)?,
            tells: member::tells(&amendment.user),
            blocked: amendment.blocked,
            witness: amendment.witness,
            event: amendment.event.clone(),
            at: amendment.at,
        })
    }

    pub(super) fn amend(&self, tx: &Transaction<'_>, account: UserId) -> Result<Amended, Fault> {
        if self.was_told(tx, account)? {
            return Ok(Amended::Repeated);
        }
        self.tell_reads(tx, account)?;
        let Some(shown) = reads::shown(tx, account)? else { return Ok(Amended::Unchanged) };
        let known = member::known(tx, shown.body, self.member.user)?;
        if let Some(known) = known.as_ref().filter(|_| self.tells) {
            self.note_names(tx, account, known)?;
            self.member.update(tx, known.id, Some(known))?;
        }
        match (known, self.blocked) {
            (None, false) | (Some(_), true) => return Ok(Amended::Unchanged),
            (None, true) => {
                let place = member::place_on_top(tx, shown.body)?;
                self.member.insert(tx, shown.body, place, None)?;
                member::is_unmet(tx, shown.body, self.member.user)?;
                self.note(tx, account, "added", &self.member.names, &Names::default())?;
            }
            (Some(known), false) => {
                let names = if self.tells { &self.member.names } else { &known.names };
                self.note(tx, account, "removed", names, &Names::default())?;
                tx.prepare_cached("DELETE FROM member WHERE id = ?")?.execute([known.id])?;
            }
        }
        self.count(tx, &shown)?;
        Ok(Amended::Changed)
    }

    /// Notes the name of the event; answers whether it was known.
    fn was_told(&self, tx: &Transaction<'_>, account: UserId) -> Result<bool, Fault> {
        let Some(event) = &self.event else { return Ok(false) };
        let oldest = self.at.saturating_sub(EVENTS_KEPT).unwrap_or(Timestamp::MIN);
        tx.prepare_cached("DELETE FROM event WHERE account = ? AND at < ?")?
            .execute(params![Id(account), Moment(oldest)])?;
        let new = tx
            .prepare_cached("INSERT OR IGNORE INTO event (account, name, at) VALUES (?, ?, ?)")?
            .execute(params![Id(account), event, Moment(self.at)])?;
        Ok(new == 0)
    }

    /// Notes what was told with each read that is under way; of a profile the last that tells.
    fn tell_reads(&self, tx: &Transaction<'_>, account: UserId) -> Result<(), Fault> {
        tx.prepare_cached(
            "INSERT INTO amended (read, user, number, blocked, at, json)
             SELECT id, ?2, 1 + coalesce((SELECT max(number) FROM amended WHERE read = id), 0),
                 ?3, ?4, ?5
             FROM read WHERE account = ?1 AND state IN ('open', 'aside')
             ON CONFLICT (read, user) DO UPDATE SET
                 number = excluded.number, blocked = excluded.blocked,
                 at = iif(excluded.json IS NULL AND json IS NOT NULL, at, excluded.at),
                 json = coalesce(excluded.json, json)",
        )?
        .execute(params![
            Id(account),
            Id(self.member.user),
            self.blocked,
            Moment(self.at),
            self.tells.then(|| self.member.json())
        ])?;
        Ok(())
    }

    /// Notes other names of a user of the snapshot.
    fn note_names(
        &self,
        tx: &Transaction<'_>,
        account: UserId,
        known: &Known,
    ) -> Result<(), Fault> {
        if self.member.names.differ_from(&known.names) {
            self.note(tx, account, "renamed", &self.member.names, &known.names)?;
        }
        Ok(())
    }

    /// Notes a change; the names before are those of one who was renamed.
    fn note(
        &self,
        tx: &Transaction<'_>,
        account: UserId,
        kind: &str,
        names: &Names,
        before: &Names,
    ) -> Result<(), Fault> {
        tx.prepare_cached(
            "INSERT INTO change (account, user, at, kind, witness, username, name,
             username_before, name_before) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            Id(account),
            Id(self.member.user),
            Moment(self.at),
            kind,
            super::changes::word(self.witness),
            names.username,
            names.name,
            before.username,
            before.name
        ])?;
        Ok(())
    }

    /// Counts one user more or less in the snapshot.
    fn count(&self, tx: &Transaction<'_>, shown: &Shown) -> Result<(), Fault> {
        let more = if self.blocked { 1 } else { -1 };
        tx.prepare_cached("UPDATE read SET users = users + ?, amended_at = ? WHERE id = ?")?
            .execute(params![more, Time(self.at), shown.snapshot.id.get().cast_signed()])?;
        Ok(())
    }
}
