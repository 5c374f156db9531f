//! A user on the way into a body.

use blocks_domain::{User, UserId};
use blocks_ports::{Names, StoreError, StoreFailure};
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

use crate::column::{Id, Time};

/// A user with what the users are sorted by, and the profile as JSON.
pub(crate) struct Member {
    pub(crate) user: UserId,
    pub(crate) names: Names,
    json: String,
    received_at: Timestamp,
    /// Counts beyond the largest signed number are sorted as equal.
    followers: Option<i64>,
    /// In microseconds since 1970; X tells milliseconds.
    created: Option<i64>,
}

/// What is known of a user who stands in a body.
pub(crate) struct Known {
    /// The row.
    pub(crate) id: i64,
    first_seen_at: Timestamp,
    pub(crate) names: Names,
}

impl Member {
    /// A profile that was received at a time.
    pub(crate) fn new(user: &User, received_at: Timestamp) -> Result<Self, StoreError> {
        let followers = user.public_metrics.as_ref().and_then(|known| known.followers_count);
        Ok(Self {
            user: user.id,
            names: Names::of(user),
            json: json(user)?,
            received_at,
            followers: followers.map(|count| i64::try_from(count).unwrap_or(i64::MAX)),
            created: user.created_at.map(Timestamp::as_microsecond),
        })
    }

    /// Puts the user into a body, at a place where nobody stands.
    ///
    /// `before` is what the snapshot knows of the user.
    pub(crate) fn insert(
        &self,
        tx: &Transaction<'_>,
        body: i64,
        place: i64,
        before: Option<&Known>,
    ) -> rusqlite::Result<()> {
        tx.prepare_cached(
            "INSERT INTO member (body, place, user, first_seen_at, renamed, username, name,
             username_key, name_key, followers, created)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            body,
            place,
            Id(self.user),
            self.first_seen_at(before),
            self.is_renamed(before),
            self.names.username,
            self.names.name,
            self.names.username.as_deref().map(str::to_lowercase),
            self.names.name.as_deref().map(str::to_lowercase),
            self.followers,
            self.created,
        ])?;
        tx.prepare_cached("INSERT INTO profile (member, received_at, json) VALUES (?, ?, ?)")?
            .execute(params![tx.last_insert_rowid(), Time(self.received_at), self.json])?;
        Ok(())
    }

    /// Puts the profile in the place of an older one; `before` as above.
    pub(crate) fn update(
        &self,
        tx: &Transaction<'_>,
        id: i64,
        before: Option<&Known>,
    ) -> rusqlite::Result<()> {
        tx.prepare_cached(
            "UPDATE member SET first_seen_at = ?, renamed = ?, username = ?, name = ?,
             username_key = ?, name_key = ?, followers = ?, created = ? WHERE id = ?",
        )?
        .execute(params![
            self.first_seen_at(before),
            self.is_renamed(before),
            self.names.username,
            self.names.name,
            self.names.username.as_deref().map(str::to_lowercase),
            self.names.name.as_deref().map(str::to_lowercase),
            self.followers,
            self.created,
            id
        ])?;
        tx.prepare_cached("UPDATE profile SET received_at = ?, json = ? WHERE member = ?")?
            .execute(params![Time(self.received_at), self.json, id])?;
        Ok(())
    }

    /// The profile as it is kept.
    pub(crate) fn json(&self) -> &str {
        &self.json
    }

    fn first_seen_at(&self, before: Option<&Known>) -> Time {
        Time(before.map_or(self.received_at, |known| known.first_seen_at))
    }

    fn is_renamed(&self, before: Option<&Known>) -> bool {
        before.is_some_and(|known| self.names.differ_from(&known.names))
    }
}

/// The row of a user in a body, if the user stands in it.
pub(crate) fn id_of(
    tx: &Transaction<'_>,
    body: i64,
    user: UserId,
) -> rusqlite::Result<Option<i64>> {
    tx.prepare_cached("SELECT id FROM member WHERE body = ? AND user = ?")?
        .query_row(params![body, Id(user)], |row| row.get(0))
        .optional()
}

/// What is known of a user in a body, if the user stands in it.
pub(crate) fn known(
    tx: &Transaction<'_>,
    body: i64,
    user: UserId,
) -> rusqlite::Result<Option<Known>> {
    tx.prepare_cached(
        "SELECT id, first_seen_at, username, name FROM member WHERE body = ? AND user = ?",
    )?
    .query_row(params![body, Id(user)], |row| {
        let Time(first_seen_at) = row.get(1)?;
        let names = Names::new(row.get(2)?, row.get(3)?);
        Ok(Known { id: row.get(0)?, first_seen_at, names })
    })
    .optional()
}

/// Notes that no read has met a user of a body: somebody told of them.
pub(crate) fn is_unmet(tx: &Transaction<'_>, body: i64, user: UserId) -> rusqlite::Result<()> {
    tx.prepare_cached("UPDATE member SET met = 0 WHERE body = ? AND user = ?")?
        .execute(params![body, Id(user)])?;
    Ok(())
}

/// The place before all others of a body.
pub(crate) fn place_on_top(tx: &Transaction<'_>, body: i64) -> rusqlite::Result<i64> {
    tx.prepare_cached("SELECT coalesce(min(place), 0) - 1 FROM member WHERE body = ?")?
        .query_row([body], |row| row.get(0))
}

/// A profile as it is kept.
pub(crate) fn json(user: &User) -> Result<String, StoreError> {
    serde_json::to_string(user).map_err(|error| {
        StoreError::new(StoreFailure::Other, "a profile cannot be written as JSON")
            .with_source(error)
    })
}

/// Whether a profile tells more than an id.
pub(crate) fn tells(user: &User) -> bool {
    *user != User::new(user.id)
}
