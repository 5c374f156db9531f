//! The handle on the file, and how work gets to SQLite and back.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use blocks_ports::{StoreError, StoreFailure};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::Mutex;

use crate::error::Fault;
use crate::file::DatabaseFile;

/// Every store port in one SQLite file.
///
/// A clone is a handle on the same connection. Handles that were opened apart, also by other
/// processes, share the file all the same.
#[derive(Clone)]
pub struct SqliteStore {
    pub(crate) file: Arc<DatabaseFile>,
    pub(crate) connection: Arc<Mutex<Connection>>,
}

impl SqliteStore {
    /// How long a call waits for another program that is writing.
    const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

    /// Opens the file, and brings it up to date; creates it, and its directory, where there is
    /// none.
    ///
    /// This blocks for as long as that takes: some milliseconds, or up to five seconds while
    /// another program is opening the file, and as long again while one is writing.
    ///
    /// # Errors
    /// The kind of the [`StoreError`] says what is in the way: the file may not be read or
    /// written, or others may (`Permission`), it is damaged or no database (`Damaged`), a newer
    /// version wrote it (`Newer`), another program keeps it (`Busy`), there is no room (`Full`),
    /// or it belongs to another program (`Other`).
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::open_within(path.as_ref(), Self::BUSY_TIMEOUT)
    }

    /// The file: an absolute path without links.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    pub(crate) fn open_within(path: &Path, busy_timeout: Duration) -> Result<Self, StoreError> {
        let (file, connection) = DatabaseFile::open(path, busy_timeout)?;
        Ok(Self { file: Arc::new(file), connection: Arc::new(Mutex::new(connection)) })
    }

    /// Reads the whole file and checks that its pages and indexes fit together.
    ///
    /// [`open`](Self::open) does not do so, because it takes about a second for each gigabyte.
    ///
    /// # Errors
    /// `Damaged`, with what was found; or the file could not be read.
    pub async fn check(&self) -> Result<(), StoreError> {
        let found: String = self
            .read(|tx| Ok(tx.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?))
            .await?;
        if found == "ok" {
            return Ok(());
        }
        let message = format!("`{}` is damaged: {}", self.file.path().display(), found.trim());
        Err(StoreError::new(StoreFailure::Damaged, message))
    }

    /// Does `work` in a transaction that may write: all of it is stored, or nothing.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        // A transaction that begins by reading could no longer wait for another writer.
        self.transact(TransactionBehavior::Immediate, work).await
    }

    /// Does `work` in a transaction that sees one state of the file.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.transact(TransactionBehavior::Deferred, work).await
    }

    /// Copies the log into the file, as far as nobody needs it. That it could not be done matters
    /// to nobody: the log is as good.
    pub(crate) async fn checkpoint(&self, checkpoint: Checkpoint) {
        let connection = Arc::clone(&self.connection).lock_owned().await;
        let done = off_runtime(move || {
            let pragma = match checkpoint {
                Checkpoint::Passive => "PRAGMA wal_checkpoint(PASSIVE)",
                Checkpoint::Truncate => "PRAGMA wal_checkpoint(TRUNCATE)",
            };
            Ok(connection.query_row(pragma, [], |_| Ok(()))?)
        });
        // Whoever reads or writes meanwhile keeps it from being done, now.
        let _ = done.await;
    }

    /// Writes the file anew without the pages that are free, which may still hold what was deleted,
    /// and empties the log.
    pub(crate) async fn erase_traces(&self) -> Result<(), StoreError> {
        let connection = Arc::clone(&self.connection).lock_owned().await;
        let done = off_runtime(move || {
            connection.execute_batch("VACUUM")?;
            let truncate = "PRAGMA wal_checkpoint(TRUNCATE)";
            Ok(connection.query_row(truncate, [], |row| row.get::<_, bool>(0))?)
        });
        let path = self.file.path();
        let untold = |mut error: StoreError| {
            let path = path.display();
            error.message = format!(
                "it is forgotten, but traces of it may be left in `{path}`, because {}; do it again",
                error.message
            );
            error
        };
        if done.await.map_err(|fault| untold(fault.at(path)))? {
            let message = "another program is reading it".to_owned();
            return Err(untold(StoreError::new(StoreFailure::Busy, message)));
        }
        Ok(())
    }

    async fn transact<T: Send + 'static>(
        &self,
        behavior: TransactionBehavior,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let mut connection = Arc::clone(&self.connection).lock_owned().await;
        let done = off_runtime(move || {
            let tx = connection.transaction_with_behavior(behavior)?;
            let value = work(&tx)?;
            tx.commit()?;
            Ok(value)
        });
        done.await.map_err(|fault| fault.at(self.file.path()))
    }
}

/// How thoroughly the log is copied into the file.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Checkpoint {
    /// As far as it goes without waiting for anybody.
    Passive,
    /// All of it, and then the log is emptied.
    Truncate,
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.file.path()).finish_non_exhaustive()
    }
}

/// Does blocking work where it holds nobody up.
pub(crate) async fn off_runtime<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(error) => {
            let message = "the program is ending, and the store with it";
            Err(StoreError::new(StoreFailure::Other, message).with_source(error).into())
        }
    }
}
