//! Reading a snapshot, one user or many.

use std::sync::Arc;

use blocks_domain::UserId;
use blocks_ports::{MirrorEntry, MirrorOrder, MirrorQuery, StoreError, StoreFailure};
use futures_util::stream::BoxStream;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use crate::column::{Id, Profile, Time};
use crate::error::Fault;
use crate::file::DatabaseFile;
use crate::walk::{self, CHUNK, Walk};

/// The users that a query asks for, read chunk by chunk.
pub(super) fn stream(
    file: Arc<DatabaseFile>,
    account: UserId,
    query: MirrorQuery,
) -> BoxStream<'static, Result<MirrorEntry, StoreError>> {
    walk::stream(file, move |connection| Reading::begin(connection, account, query))
}

/// One user of the snapshot of an account.
pub(super) fn one(
    tx: &Transaction<'_>,
    account: UserId,
    user: UserId,
) -> Result<Option<MirrorEntry>, Fault> {
    let Some(body) = body(tx, account)? else { return Ok(None) };
    let Some(place) = place(tx, body, user)? else { return Ok(None) };
    let position = position(tx, body, place)?;
    let placed = found(tx, "member.place = ?2", body, place)?;
    Ok(placed.map(|placed| placed.at(position)))
}

/// Where users stand whom a read has met: their places, moved to where they are not negative.
pub(super) fn places(
    tx: &Transaction<'_>,
    account: UserId,
    users: &[UserId],
) -> Result<Vec<Option<u64>>, Fault> {
    const MIDDLE: u64 = 1 << 63;
    let Some(body) = body(tx, account)? else { return Ok(vec![None; users.len()]) };
    let unsigned = |place: i64| place.cast_unsigned() ^ MIDDLE;
    let mut met =
        tx.prepare_cached("SELECT place FROM member WHERE body = ? AND user = ? AND met = 1")?;
    let mut place = |user: &UserId| {
        Ok(met.query_row(params![body, Id(*user)], |row| row.get(0)).optional()?.map(unsigned))
    };
    users.iter().map(&mut place).collect()
}

/// The body that has the users of the last snapshot.
fn body(connection: &Connection, account: UserId) -> Result<Option<i64>, Fault> {
    let body = connection.query_row(
        "SELECT body FROM read WHERE account = ? AND state = 'snapshot'",
        [Id(account)],
        |row| row.get(0),
    );
    Ok(body.optional()?)
}

fn place(connection: &Connection, body: i64, user: UserId) -> Result<Option<i64>, Fault> {
    let place = connection
        .prepare_cached("SELECT place FROM member WHERE body = ? AND user = ?")?
        .query_row(params![body, Id(user)], |row| row.get(0));
    Ok(place.optional()?)
}

/// How many stand before a place.
fn position(connection: &Connection, body: i64, place: i64) -> Result<u64, Fault> {
    let before: i64 = connection
        .prepare_cached("SELECT count(*) FROM member WHERE body = ? AND place < ?")?
        .query_row([body, place], |row| row.get(0))?;
    Ok(before.cast_unsigned())
}

/// A user as the rows tell, and the place.
struct Placed {
    place: i64,
    entry: MirrorEntry,
}

impl Placed {
    fn at(mut self, position: u64) -> MirrorEntry {
        self.entry.position = position;
        self.entry
    }
}

/// The first user of a body whose place fits a condition on `?2`; it may end with an order.
fn found(
    connection: &Connection,
    condition: &str,
    body: i64,
    place: i64,
) -> Result<Option<Placed>, Fault> {
    let sql = format!(
        "SELECT place, first_seen_at, received_at, json
         FROM member JOIN profile ON profile.member = member.id
         WHERE member.body = ?1 AND {condition} LIMIT 1"
    );
    let placed = |row: &Row<'_>| {
        let (Time(first_seen_at), Time(received_at)) = (row.get(1)?, row.get(2)?);
        let Profile(user) = row.get(3)?;
        let entry = MirrorEntry::new(0, user, received_at).first_seen_at(first_seen_at);
        Ok(Placed { place: row.get(0)?, entry })
    };
    Ok(connection.prepare_cached(&sql)?.query_row([body, place], placed).optional()?)
}

/// A walk over a snapshot.
struct Reading {
    connection: Connection,
    body: i64,
    way: Way,
    query: MirrorQuery,
    /// How many users may still be shown.
    left: u64,
}

/// How a walk goes from one user to the next.
enum Way {
    /// From place to place: where it is, and how many stand before that.
    Down { behind: i64, next: u64 },
    /// The same from the oldest block on.
    Up { before: i64, left: u64 },
    /// Over places that were chosen; how many stand before each is counted.
    Counted(std::vec::IntoIter<i64>),
    /// Over all places in another order; how many stand before each tell all of them in theirs.
    Sorted { chosen: std::vec::IntoIter<i64>, places: Vec<i64> },
}

impl Reading {
    fn begin(connection: Connection, account: UserId, query: MirrorQuery) -> Result<Self, Fault> {
        // An account without a snapshot has no users; 0 is the number of no body.
        let body = body(&connection, account)?.unwrap_or(0);
        let way = if query.username.is_some() {
            Way::Counted(chosen(&connection, body, &query)?.into_iter())
        } else if query.order != MirrorOrder::Newest {
            let chosen = chosen(&connection, body, &query)?;
            let mut places = chosen.clone();
            places.sort_unstable();
            Way::Sorted { chosen: chosen.into_iter(), places }
        } else if query.reverse {
            let before = i64::MAX;
            Way::Up { before, left: position(&connection, body, before)? }
        } else {
            Way::Down { behind: i64::MIN, next: 0 }
        };
        let left = query.limit.unwrap_or(u64::MAX);
        Ok(Self { connection, body, way, query, left })
    }

    fn next_entry(&mut self) -> Result<Option<MirrorEntry>, Fault> {
        let found = |condition, place| found(&self.connection, condition, self.body, place);
        let (placed, position) = match &mut self.way {
            Way::Down { behind, next } => {
                let placed = found("member.place > ?2 ORDER BY member.place", *behind)?;
                *behind = placed.as_ref().map_or(*behind, |placed| placed.place);
                *next += 1;
                (placed, *next - 1)
            }
            Way::Up { before, left } => {
                let placed = found("member.place < ?2 ORDER BY member.place DESC", *before)?;
                *before = placed.as_ref().map_or(*before, |placed| placed.place);
                *left = left.saturating_sub(1);
                (placed, *left)
            }
            Way::Counted(chosen) => {
                let Some(place) = chosen.next() else { return Ok(None) };
                let position = position(&self.connection, self.body, place)?;
                (found("member.place = ?2", place)?, position)
            }
            Way::Sorted { chosen, places } => {
                let Some(place) = chosen.next() else { return Ok(None) };
                let position = places.partition_point(|other| *other < place) as u64;
                (found("member.place = ?2", place)?, position)
            }
        };
        Ok(placed.map(|placed| placed.at(position)))
    }
}

impl Walk for Reading {
    type Item = MirrorEntry;

    fn next_chunk(&mut self) -> Result<Vec<MirrorEntry>, Fault> {
        let mut chunk = Vec::new();
        while self.left > 0 && chunk.len() < CHUNK as usize {
            let Some(entry) = self.next_entry()? else { break };
            if self.query.admits(&entry.user) {
                chunk.push(entry);
                self.left -= 1;
            }
        }
        Ok(chunk)
    }
}

/// The places of a body that a query can mean, in its order: eight bytes for each.
///
/// Of the filters only the handle plays a part here: an index finds it, so that no profile is
/// read in vain.
fn chosen(connection: &Connection, body: i64, query: &MirrorQuery) -> Result<Vec<i64>, Fault> {
    let handle = query.username.as_deref().map(str::to_lowercase);
    let (key, ascending) = match query.order {
        MirrorOrder::Newest => ("place", true),
        MirrorOrder::Username => ("username_key", true),
        MirrorOrder::Name => ("name_key", true),
        MirrorOrder::Followers => ("followers", false),
        MirrorOrder::Created => ("created", true),
        _ => {
            let message = "this version of the SQLite store does not know this order";
            return Err(StoreError::new(StoreFailure::Unsupported, message).into());
        }
    };
    let direction = if ascending == query.reverse { "DESC" } else { "ASC" };
    let asked = if handle.is_some() { "username_key = ?2" } else { "?2 IS NULL" };
    let sql = format!(
        "SELECT place FROM member WHERE body = ?1 AND {asked}
         ORDER BY {key} IS NULL, {key} {direction}, place"
    );
    let mut sorted = connection.prepare(&sql)?;
    let places = sorted.query_map(params![body, handle], |row| row.get(0))?;
    Ok(places.collect::<Result<_, _>>()?)
}
