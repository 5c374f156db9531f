//! What happened, oldest first.

use std::sync::Arc;

use blocks_domain::{UserId, Whereabouts, Witness};
use blocks_ports::{ChangeKind, ChangeQuery, MirrorChange, Names, ReadId, Source, StoreError};
use futures_util::stream::BoxStream;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{Connection, Row, params};

use crate::column::{Id, Moment, Number, Time};
use crate::error::Fault;
use crate::file::DatabaseFile;
use crate::walk::{self, CHUNK, Walk};

pub(super) fn stream(
    file: Arc<DatabaseFile>,
    account: UserId,
    query: ChangeQuery,
) -> BoxStream<'static, Result<MirrorChange, StoreError>> {
    walk::stream(file, move |connection| Changes::begin(connection, account, &query))
}

/// The word under which a witness is kept.
pub(super) const fn word(witness: Witness) -> &'static str {
    match witness {
        Witness::Event => "event",
        Witness::Operation => "operation",
    }
}

/// A walk over changes.
struct Changes {
    connection: Connection,
    /// The rows that are still to be shown: eight bytes for each.
    rows: std::vec::IntoIter<i64>,
}

impl Changes {
    fn begin(connection: Connection, account: UserId, query: &ChangeQuery) -> Result<Self, Fault> {
        let user = query.user.map(Id);
        let asked = if user.is_some() { "user = ?2" } else { "?2 IS NULL" };
        // Ids that look negative are the largest.
        let sql = format!(
            "SELECT id FROM change
             WHERE account = ?1 AND {asked} AND (?3 IS NULL OR at >= ?3)
             ORDER BY at, user < 0, user, id"
        );
        let rows: Vec<i64> = connection
            .prepare(&sql)?
            .query_map(params![Id(account), user, query.since.map(Moment)], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        Ok(Self { connection, rows: rows.into_iter() })
    }
}

impl Walk for Changes {
    type Item = MirrorChange;

    fn next_chunk(&mut self) -> Result<Vec<MirrorChange>, Fault> {
        let mut one = self.connection.prepare_cached(
            "SELECT user, at, kind, read, witness, username, name, username_before, name_before,
             found, found_at FROM change WHERE id = ?",
        )?;
        let rows = self.rows.by_ref().take(CHUNK as usize);
        Ok(rows.map(|row| one.query_row([row], change)).collect::<Result<_, _>>()?)
    }
}

fn change(row: &Row<'_>) -> rusqlite::Result<MirrorChange> {
    let (Id(user), Time(at), Kind(kind)) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let kind = match kind {
        Known::Added => ChangeKind::Added(source(row)?),
        Known::Removed => {
            let (found, found_at): (Option<Found>, Option<Time>) = (row.get(9)?, row.get(10)?);
            let found = found.zip(found_at).map(|(Found(found), Time(at))| (found, at));
            ChangeKind::Removed { by: source(row)?, found }
        }
        Known::Renamed => ChangeKind::Renamed { before: Names::new(row.get(7)?, row.get(8)?) },
    };
    Ok(MirrorChange::new(user, at, Names::new(row.get(5)?, row.get(6)?), kind))
}

fn source(row: &Row<'_>) -> rusqlite::Result<Source> {
    let witness: Option<Told> = row.get(4)?;
    Ok(match witness {
        Some(Told(witness)) => Source::Told(witness),
        None => {
            let Number(read) = row.get(3)?;
            Source::Read(ReadId::new(read))
        }
    })
}

enum Known {
    Added,
    Removed,
    Renamed,
}

struct Kind(Known);

impl FromSql for Kind {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_str()? {
            "added" => Ok(Self(Known::Added)),
            "removed" => Ok(Self(Known::Removed)),
            "renamed" => Ok(Self(Known::Renamed)),
            _ => Err(FromSqlError::InvalidType),
        }
    }
}

struct Told(Witness);

impl FromSql for Told {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let known = value.as_str()?;
        let witness =
            [Witness::Event, Witness::Operation].into_iter().find(|other| word(*other) == known);
        witness.map(Self).ok_or(FromSqlError::InvalidType)
    }
}

struct Found(Whereabouts);

impl FromSql for Found {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Whereabouts::of_word(value.as_str()?).map(Self).ok_or(FromSqlError::InvalidType)
    }
}
