//! How a whole read differs from the snapshot, before it is finished.

use std::sync::Arc;

use blocks_domain::User;
use blocks_ports::{Difference, OpenRead, ReadId, ReadKind, StoreError};
use futures_util::stream::BoxStream;
use rusqlite::{Connection, params};

use super::reads;
use crate::column::{Id, Profile};
use crate::error::Fault;
use crate::file::DatabaseFile;
use crate::walk::{self, CHUNK, Walk};

pub(super) fn stream(
    file: Arc<DatabaseFile>,
    read: ReadId,
) -> BoxStream<'static, Result<Difference, StoreError>> {
    walk::stream(file, move |connection| Comparing::begin(connection, read))
}

/// A walk over two bodies.
struct Comparing {
    connection: Connection,
    /// That of the read.
    new: i64,
    /// That of the snapshot; 0 is the number of no body.
    old: i64,
    covers: ReadKind,
    stage: Stage,
    /// The place that was looked at last in this stage.
    last: i64,
}

/// What is looked for; the stages come one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Who was blocked since the read began, and neither has met.
    Told,
    /// Whom the read alone has.
    Added,
    /// Whom the snapshot alone has.
    Removed,
    Over,
}

impl Comparing {
    fn begin(connection: Connection, read: ReadId) -> Result<Self, Fault> {
        let open = reads::unfinished(&connection, read)?;
        let before = match &open {
            Some(open) => reads::shown(&connection, open.account)?,
            None => None,
        };
        let whole = open.filter(|open| reads::is_whole(open, before.as_ref()));
        let covers = whole.as_ref().map_or(ReadKind::Full, OpenRead::covers);
        let stage = if whole.is_some() { Stage::Told } else { Stage::Over };
        let old = before.map_or(0, |before| before.body);
        Ok(Self { connection, new: read.get().cast_signed(), old, covers, stage, last: i64::MIN })
    }

    /// Who comes next in this stage, with the places by which they follow each other.
    fn found(&self) -> Result<Vec<(i64, User)>, Fault> {
        let sql = match self.stage {
            Stage::Told => TOLD,
            Stage::Added => ADDED,
            Stage::Removed => REMOVED,
            Stage::Over => return Ok(Vec::new()),
        };
        let mut found = self.connection.prepare_cached(sql)?;
        let found = found.query_map(params![self.new, self.old, self.last, CHUNK], |row| {
            let Id(user) = row.get(1)?;
            let profile: Option<Profile> = row.get(2)?;
            Ok((row.get(0)?, profile.map_or_else(|| User::new(user), |Profile(user)| user)))
        })?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    fn next_stage(&mut self) {
        self.last = i64::MIN;
        self.stage = match self.stage {
            Stage::Told => Stage::Added,
            Stage::Added if self.covers == ReadKind::Full => Stage::Removed,
            Stage::Added | Stage::Removed | Stage::Over => Stage::Over,
        };
    }
}

impl Walk for Comparing {
    type Item = Difference;

    fn next_chunk(&mut self) -> Result<Vec<Difference>, Fault> {
        while self.stage != Stage::Over {
            let found = self.found()?;
            if let Some((last, _)) = found.last() {
                self.last = *last;
                let added = self.stage != Stage::Removed;
                let difference = |(_, user)| Difference::new(user, added);
                return Ok(found.into_iter().map(difference).collect());
            }
            self.next_stage();
        }
        Ok(Vec::new())
    }
}

/// The last told first: they come on top one after the other.
const TOLD: &str = "SELECT -number, user, json FROM amended
     WHERE read = ?1 AND blocked = 1 AND -number > ?3
     AND NOT EXISTS (SELECT 1 FROM member WHERE body = ?1 AND user = amended.user)
     AND NOT EXISTS (SELECT 1 FROM member WHERE body = ?2 AND user = amended.user)
     ORDER BY -number LIMIT ?4";

const ADDED: &str = "SELECT place, user, json
     FROM member AS here JOIN profile ON profile.member = here.id
     WHERE here.body = ?1 AND here.place > ?3
     AND NOT EXISTS (SELECT 1 FROM member AS there
         WHERE there.body = ?2 AND there.user = here.user)
     AND NOT EXISTS (SELECT 1 FROM amended
         WHERE read = ?1 AND amended.user = here.user AND blocked = 0)
     ORDER BY here.place LIMIT ?4";

const REMOVED: &str = "SELECT place, user, json
     FROM member AS here JOIN profile ON profile.member = here.id
     WHERE here.body = ?2 AND here.place > ?3
     AND NOT EXISTS (SELECT 1 FROM member AS there
         WHERE there.body = ?1 AND there.user = here.user)
     AND NOT EXISTS (SELECT 1 FROM amended
         WHERE read = ?1 AND amended.user = here.user AND blocked = 1)
     ORDER BY here.place LIMIT ?4";
