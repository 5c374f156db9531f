//! A page on its way into the file.

use blocks_domain::{PageToken, User, UserId};
use blocks_ports::{MirrorPage, ReadId, StoreError, StoreFailure};
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

use crate::column::{Id, Number, Time};
use crate::error::Fault;

/// A page with its profiles as JSON.
pub(super) struct Prepared {
    pub(super) next_token: Option<PageToken>,
    received_at: Timestamp,
    members: Vec<Member>,
}

/// A user with what the users are sorted by.
struct Member {
    user: UserId,
    json: String,
    username_key: Option<String>,
    name_key: Option<String>,
    /// Counts beyond the largest signed number are sorted as equal.
    followers: Option<i64>,
    /// In microseconds since 1970; X tells milliseconds.
    created: Option<i64>,
}

impl Member {
    fn new(user: &User) -> Result<Self, serde_json::Error> {
        let folded = |text: &String| text.to_lowercase();
        let followers = user.public_metrics.as_ref().and_then(|known| known.followers_count);
        Ok(Self {
            user: user.id,
            json: serde_json::to_string(user)?,
            username_key: user.username.as_ref().map(folded),
            name_key: user.name.as_ref().map(folded),
            followers: followers.map(|count| i64::try_from(count).unwrap_or(i64::MAX)),
            created: user.created_at.map(Timestamp::as_microsecond),
        })
    }
}

impl Prepared {
    pub(super) fn new(page: &MirrorPage) -> Result<Self, StoreError> {
        let members = page.users.iter().map(Member::new).collect::<Result<_, _>>();
        let members = members.map_err(|error| {
            StoreError::new(StoreFailure::Other, "a profile cannot be written as JSON")
                .with_source(error)
        })?;
        let (next_token, received_at) = (page.next_token.clone(), page.received_at);
        Ok(Self { next_token, received_at, members })
    }

    /// Stores the users behind the `users` that the read has, and says how many it has then.
    pub(super) fn store(
        &self,
        tx: &Transaction<'_>,
        read: ReadId,
        mut users: u64,
    ) -> Result<u64, Fault> {
        for member in &self.members {
            match member.known(tx, read)? {
                Some(id) => member.update(tx, id, self.received_at)?,
                None => {
                    member.insert(tx, read, users, self.received_at)?;
                    users += 1;
                }
            }
        }
        Ok(users)
    }
}

impl Member {
    /// The row of the user, if the read has met the user before.
    fn known(&self, tx: &Transaction<'_>, read: ReadId) -> rusqlite::Result<Option<i64>> {
        tx.prepare_cached("SELECT id FROM member WHERE read = ? AND user = ?")?
            .query_row(params![Number(read.get()), Id(self.user)], |row| row.get(0))
            .optional()
    }

    fn insert(
        &self,
        tx: &Transaction<'_>,
        read: ReadId,
        position: u64,
        received_at: Timestamp,
    ) -> rusqlite::Result<()> {
        tx.prepare_cached(
            "INSERT INTO member
             (read, position, user, username_key, name_key, followers, created)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            Number(read.get()),
            Number(position),
            Id(self.user),
            self.username_key,
            self.name_key,
            self.followers,
            self.created,
        ])?;
        tx.prepare_cached("INSERT INTO profile (member, received_at, json) VALUES (?, ?, ?)")?
            .execute(params![tx.last_insert_rowid(), Time(received_at), self.json])?;
        Ok(())
    }

    fn update(
        &self,
        tx: &Transaction<'_>,
        id: i64,
        received_at: Timestamp,
    ) -> rusqlite::Result<()> {
        tx.prepare_cached(
            "UPDATE member SET username_key = ?, name_key = ?, followers = ?, created = ?
             WHERE id = ?",
        )?
        .execute(params![
            self.username_key,
            self.name_key,
            self.followers,
            self.created,
            id
        ])?;
        tx.prepare_cached("UPDATE profile SET received_at = ?, json = ? WHERE member = ?")?
            .execute(params![Time(received_at), self.json, id])?;
        Ok(())
    }
}
