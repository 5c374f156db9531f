//! Deleting the bodies that no snapshot and no read has any more.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use blocks_ports::StoreError;
use rusqlite::{Connection, TransactionBehavior};

use crate::SqliteStore;
use crate::error::Fault;
use crate::store::off_runtime;

/// How many members the first transaction deletes.
const FIRST: u32 = 2_000;
/// How many members a transaction deletes at most.
const MOST: u32 = 50_000;
/// How long the file is to be locked for a transaction: another writer waits for seconds.
const LOCKED: Duration = Duration::from_millis(300);

impl SqliteStore {
    /// Deletes bodies that have ended, profiles included, in small transactions.
    ///
    /// Nobody sees them any more, so a failure, or the death of the process, does no harm: the
    /// next sweep goes on.
    pub(crate) async fn sweep(&self) {
        // That it could not be done matters to nobody, see above.
        let _ = self.sweep_all().await;
    }

    /// The same, and says why if it could not be done.
    pub(crate) async fn sweep_all(&self) -> Result<(), StoreError> {
        if !self.has_to_sweep().await? {
            return Ok(());
        }
        let file = Arc::clone(&self.file);
        let swept = off_runtime(move || sweep(&mut file.connect_to_write()?));
        swept.await.map_err(|fault| fault.at(self.file.path()))
    }

    /// Whether there is a body that has ended.
    pub(crate) async fn has_to_sweep(&self) -> Result<bool, StoreError> {
        self.read(|tx| Ok(tx.prepare(ENDED)?.exists([1])?)).await
    }
}

/// Deletes on a connection of its own. What is lost when the power goes is deleted again, so no
/// transaction waits for the disk; and the cache has room for the indexes of a long list, of which
/// each transaction touches pages everywhere.
fn sweep(connection: &mut Connection) -> Result<(), Fault> {
    connection.execute_batch("PRAGMA synchronous = NORMAL; PRAGMA cache_size = -24576;")?;
    let delete = format!("DELETE FROM member WHERE id IN ({ENDED})");
    let mut batch = FIRST;
    loop {
        let begun = Instant::now();
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let deleted = tx.prepare_cached(&delete)?.execute([batch])?;
        tx.commit()?;
        if deleted < batch as usize {
            return Ok(());
        }
        let took = begun.elapsed();
        batch = next_batch(batch, took);
        // Whoever waits does not queue, but looks again every tenth of a second: the file must be
        // free for a good part of the time.
        thread::sleep(took / 2);
    }
}

/// How many members to delete next, after so many took so long, the wait for other writers
/// included. A large batch touches each page of the indexes fewer times than small ones.
fn next_batch(batch: u32, took: Duration) -> u32 {
    let better = if took < LOCKED / 2 {
        batch * 2
    } else if took > LOCKED {
        batch / 2
    } else {
        batch
    };
    better.clamp(FIRST, MOST)
}

/// So many members of bodies that have ended.
const ENDED: &str = "SELECT member.id FROM read CROSS JOIN member ON member.body = read.id
     WHERE read.state = 'ended'
     AND NOT EXISTS (
         SELECT 1 FROM read AS heir WHERE heir.body = read.id AND heir.state <> 'ended')
     LIMIT ?";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_grow_as_long_as_nobody_waits_for_them() {
        let mut batch = FIRST;
        let mut batches = Vec::new();
        for millis in [10, 10, 200, 10, 400, 10, 10, 10, 10, 900] {
            batch = next_batch(batch, Duration::from_millis(millis));
            batches.push(batch);
        }
        let expected = [4_000, 8_000, 8_000, 16_000, 8_000, 16_000, 32_000, 50_000, 50_000, 25_000];
        assert_eq!(batches, expected);
        assert_eq!(next_batch(FIRST, Duration::from_secs(9)), FIRST);
    }
}
