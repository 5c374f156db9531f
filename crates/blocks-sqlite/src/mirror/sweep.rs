//! Deleting the bodies that no snapshot and no read has any more.

use rusqlite::Transaction;

use crate::SqliteStore;
use crate::error::Fault;

/// How many members one transaction deletes: so few that a writer who waits hardly notices.
const BATCH: usize = 2_000;

impl SqliteStore {
    /// Deletes bodies that have ended, profiles included, in small transactions.
    ///
    /// Nobody sees them any more, so a failure, or the death of the process, does no harm: the
    /// next sweep goes on.
    pub(crate) async fn sweep(&self) {
        while let Ok(BATCH) = self.write(sweep_batch).await {}
    }
}

/// Deletes some members, and says how many.
pub(crate) fn sweep_batch(tx: &Transaction<'_>) -> Result<usize, Fault> {
    let mut delete = tx.prepare_cached(
        "DELETE FROM member WHERE id IN (
             SELECT member.id FROM read CROSS JOIN member ON member.body = read.id
             WHERE read.state = 'ended'
             AND NOT EXISTS (
                 SELECT 1 FROM read AS heir WHERE heir.body = read.id AND heir.state <> 'ended')
             LIMIT ?)",
    )?;
    Ok(delete.execute([BATCH.cast_signed()])?)
}
