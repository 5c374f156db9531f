//! Reading a snapshot, one user or many.

use std::sync::Arc;

use blocks_domain::UserId;
use blocks_ports::{MirrorEntry, MirrorOrder, MirrorQuery, StoreError, StoreFailure};
use futures_util::stream::{self, BoxStream, Stream, StreamExt, TryStreamExt};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use crate::column::{Id, Number, Profile, Time};
use crate::error::Fault;
use crate::file::DatabaseFile;
use crate::store::off_runtime;

/// How many users are in memory at a time.
const CHUNK: usize = 256;

/// The users that a query asks for, read chunk by chunk.
pub(super) fn stream(
    file: Arc<DatabaseFile>,
    account: UserId,
    query: MirrorQuery,
) -> BoxStream<'static, Result<MirrorEntry, StoreError>> {
    let opened = Arc::clone(&file);
    stream::once(off_runtime(move || Reading::begin(&opened, account, query)))
        .map_ok(Reading::chunks)
        .try_flatten()
        .map_ok(|chunk| stream::iter(chunk.into_iter().map(Ok)))
        .try_flatten()
        .map_err(move |fault: Fault| fault.at(file.path()))
        .boxed()
}

/// One user of the snapshot of an account.
pub(super) fn one(
    tx: &Transaction<'_>,
    account: UserId,
    user: UserId,
) -> Result<Option<MirrorEntry>, Fault> {
    let found = tx.query_row(
        "SELECT position, received_at, json FROM read
         JOIN member ON member.read = read.id JOIN profile ON profile.member = member.id
         WHERE read.account = ? AND read.state = 'snapshot' AND member.user = ?",
        [Id(account), Id(user)],
        entry,
    );
    Ok(found.optional()?)
}

/// A walk over a snapshot, in a read transaction of its own that lasts as long as the walk.
struct Reading {
    connection: Connection,
    read: i64,
    /// The places that are still to be looked at, in the order that was asked for.
    places: Box<dyn Iterator<Item = i64> + Send>,
    query: MirrorQuery,
    /// How many users may still be shown.
    left: u64,
}

impl Reading {
    fn begin(file: &DatabaseFile, account: UserId, query: MirrorQuery) -> Result<Self, Fault> {
        let connection = file.connect_to_read()?;
        connection.execute_batch("BEGIN")?;
        let snapshot = connection
            .query_row(
                "SELECT id, users FROM read WHERE account = ? AND state = 'snapshot'",
                [Id(account)],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        // An account without a snapshot has no users.
        let (read, users) = snapshot.unwrap_or((0, 0));
        let places = places(&connection, read, users, &query)?;
        let left = query.limit.unwrap_or(u64::MAX);
        Ok(Self { connection, read, places, query, left })
    }

    /// The users in chunks that are not empty.
    fn chunks(self) -> impl Stream<Item = Result<Vec<MirrorEntry>, Fault>> + Send {
        stream::try_unfold(self, |mut reading| {
            off_runtime(move || {
                let chunk = reading.next_chunk()?;
                Ok((!chunk.is_empty()).then_some((chunk, reading)))
            })
        })
    }

    fn next_chunk(&mut self) -> Result<Vec<MirrorEntry>, Fault> {
        let mut at_place = self.connection.prepare_cached(
            "SELECT position, received_at, json
             FROM member JOIN profile ON profile.member = member.id
             WHERE member.read = ? AND member.position = ?",
        )?;
        let mut chunk = Vec::new();
        while self.left > 0 && chunk.len() < CHUNK {
            let Some(place) = self.places.next() else { break };
            let entry = at_place.query_row(params![self.read, place], entry)?;
            if self.query.admits(&entry.user) {
                chunk.push(entry);
                self.left -= 1;
            }
        }
        Ok(chunk)
    }
}

/// The places of a read that a query can mean, in its order; sorting holds eight bytes for each.
///
/// Of the filters only the handle plays a part here: an index finds it, so that no profile is
/// read in vain.
fn places(
    connection: &Connection,
    read: i64,
    users: i64,
    query: &MirrorQuery,
) -> Result<Box<dyn Iterator<Item = i64> + Send>, Fault> {
    let handle = query.username.as_deref().map(str::to_lowercase);
    let (key, ascending) = match query.order {
        MirrorOrder::Newest if handle.is_some() => ("position", true),
        MirrorOrder::Newest if query.reverse => return Ok(Box::new((0..users).rev())),
        MirrorOrder::Newest => return Ok(Box::new(0..users)),
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
        "SELECT position FROM member WHERE read = ?1 AND {asked}
         ORDER BY {key} IS NULL, {key} {direction}, position"
    );
    let mut sorted = connection.prepare(&sql)?;
    let places = sorted.query_map(params![read, handle], |row| row.get(0))?;
    let places: Vec<i64> = places.collect::<Result<_, _>>()?;
    Ok(Box::new(places.into_iter()))
}

fn entry(row: &Row<'_>) -> rusqlite::Result<MirrorEntry> {
    let (Number(position), Time(received_at), Profile(user)) =
        (row.get(0)?, row.get(1)?, row.get(2)?);
    Ok(MirrorEntry::new(position, user, received_at))
}
