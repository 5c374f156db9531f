//! Deleting the members of reads that have ended.

use rusqlite::Transaction;

use crate::SqliteStore;
use crate::error::Fault;

/// How many members one transaction deletes: so few that a writer who waits hardly notices.
const BATCH: usize = 2_000;

impl SqliteStore {
    /// Deletes the members of reads that have ended, profiles included, in small transactions.
    ///
    /// Nobody sees them any more, so a failure, or the death of the process, does no harm: the
    /// next sweep goes on.
    pub(crate) async fn sweep(&self) {
        while let Ok(BATCH) = self.write(sweep_batch).await {}
    }
}

fn sweep_batch(tx: &Transaction<'_>) -> Result<usize, Fault> {
    let mut delete = tx.prepare_cached(
        "DELETE FROM member WHERE id IN (
             SELECT member.id FROM read JOIN member ON member.read = read.id
             WHERE read.state = 'ended' LIMIT ?)",
    )?;
    Ok(delete.execute([BATCH.cast_signed()])?)
}
