//! A block or an unblock is taken into the snapshot.

use blocks_domain::{UserId, Witness};
use blocks_ports::{Amended, Amendment, StoreError};
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
        match (known, self.blocked) {
            (None, false) => return Ok(Amended::Unchanged),
            (Some(known), true) => {
                if self.tells {
                    self.member.update(tx, known.id, Some(&known))?;
                }
                return Ok(Amended::Unchanged);
            }
            (None, true) => {
                let place = member::place_on_top(tx, shown.body)?;
                self.member.insert(tx, shown.body, place, None)?;
                member::is_unmet(tx, shown.body, self.member.user)?;
                self.note(tx, account, "added", &self.member.username, &self.member.name)?;
            }
            (Some(known), false) => self.remove(tx, account, &known)?,
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
                 at = iif(excluded.json IS NULL, at, excluded.at),
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

    fn remove(&self, tx: &Transaction<'_>, account: UserId, known: &Known) -> Result<(), Fault> {
        let (username, name) = if self.tells {
            (&self.member.username, &self.member.name)
        } else {
            (&known.username, &known.name)
        };
        self.note(tx, account, "removed", username, name)?;
        tx.prepare_cached("DELETE FROM member WHERE id = ?")?.execute([known.id])?;
        Ok(())
    }

    fn note(
        &self,
        tx: &Transaction<'_>,
        account: UserId,
        kind: &str,
        username: &Option<String>,
        name: &Option<String>,
    ) -> Result<(), Fault> {
        let witness = super::changes::word(self.witness);
        tx.prepare_cached(
            "INSERT INTO change (account, user, at, kind, witness, username, name)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            Id(account),
            Id(self.member.user),
            Moment(self.at),
            kind,
            witness,
            username,
            name
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
