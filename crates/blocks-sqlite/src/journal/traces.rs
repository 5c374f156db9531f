//! What was forgotten may still stand in free pages of the file, until it is written anew.
//!
//! That is noted in the transaction that forgets, and taken back when it is done, so that whoever
//! dies in between, or finds that another program reads the file, leaves word to the next.

use blocks_ports::StoreError;
use rusqlite::Transaction;

use crate::SqliteStore;
use crate::error::Fault;

/// Notes that something was forgotten, if it was: `forgotten` counts the rows.
pub(super) fn note(tx: &Transaction<'_>, forgotten: usize) -> Result<(), Fault> {
    if forgotten > 0 {
        tx.prepare_cached("UPDATE forgotten SET times = times + 1")?.execute([])?;
    }
    Ok(())
}

impl SqliteStore {
    /// Erases the traces of all that was forgotten, by whomever; writes nothing if none are left.
    pub(super) async fn erase_noted_traces(&self) -> Result<(), StoreError> {
        let (times, erased): (i64, i64) = self
            .read(|tx| {
                let counts = "SELECT times, erased FROM forgotten";
                Ok(tx.query_row(counts, [], |row| Ok((row.get(0)?, row.get(1)?)))?)
            })
            .await?;
        if times == erased {
            return Ok(());
        }
        self.erase_traces().await?;
        let done = self.write(move |tx| {
            // What was forgotten meanwhile is not among it.
            tx.execute("UPDATE forgotten SET erased = max(erased, ?)", [times])?;
            Ok(())
        });
        // They are erased. Where that cannot be noted, the next one does it again, in vain.
        let _ = done.await;
        Ok(())
    }
}
