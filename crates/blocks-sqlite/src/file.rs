//! The database file: finding or creating it, and connections to it.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use blocks_ports::{StoreError, StoreFailure};
use rusqlite::{Connection, OpenFlags};

use crate::error::{Fault, io_failure};
use crate::lock::FileLock;
use crate::migrations;
use crate::permissions::{create_private_dir, create_private_file, refuse_shared};

/// A database file that exists and is ours.
#[derive(Debug)]
pub(crate) struct DatabaseFile {
    path: PathBuf,
    busy_timeout: Duration,
}

impl DatabaseFile {
    /// Finds or creates the file, and brings it up to date.
    pub(crate) fn open(
        path: &Path,
        busy_timeout: Duration,
    ) -> Result<(Self, Connection), StoreError> {
        let file = Self { path: whole_path(path)?, busy_timeout };
        // Two who create the file at once would otherwise meet half-way: SQLite does not wait
        // for another one that switches the journal.
        let _opening = FileLock::take_within(&file.beside(".lock-open"), busy_timeout)?;
        file.create()?;
        let connection = file.connect_and_migrate().map_err(|fault| fault.at(&file.path))?;
        Ok((file, connection))
    }

    /// Where the file is, from the root on and without links.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a file beside it, whose name is longer by `suffix`.
    pub(crate) fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = OsString::from(&self.path);
        name.push(suffix);
        name.into()
    }

    /// A further connection, which cannot write.
    pub(crate) fn connect_to_read(&self) -> Result<Connection, Fault> {
        self.connect(OpenFlags::SQLITE_OPEN_READ_ONLY)
    }

    /// A further connection, for work that is not to hold up the others of this handle.
    pub(crate) fn connect_to_write(&self) -> Result<Connection, Fault> {
        let connection = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        set_up(&connection)?;
        Ok(connection)
    }

    /// Creates the file if there is none, and refuses one that others may see.
    ///
    /// A file that exists is not opened here: closing it would end the locks that SQLite holds
    /// on it for other connections of this process.
    fn create(&self) -> Result<(), StoreError> {
        match create_private_file(&self.path, true) {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                // SQLite gives the files beside it the mode of the database, but only when it
                // creates them.
                let wal = self.beside("-wal");
                let shm = self.beside("-shm");
                [&self.path, &wal, &shm].into_iter().try_for_each(|path| refuse_shared(path))
            }
            Err(error) => Err(io_failure(&self.path, "be created", error)),
        }
    }

    fn connect_and_migrate(&self) -> Result<Connection, Fault> {
        let mut connection = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        if connection.is_readonly(rusqlite::MAIN_DB)? {
            let message = format!("`{}` may only be read", self.path.display());
            return Err(StoreError::new(StoreFailure::Permission, message).into());
        }
        // Before anything is written: the file may be somebody else's.
        migrations::recognise(&connection, &self.path)?;
        let journal: String =
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
        if journal != "wal" {
            let path = self.path.display();
            let message = format!("the file system of `{path}` cannot hold a write-ahead log");
            return Err(StoreError::new(StoreFailure::Unsupported, message).into());
        }
        migrations::run(&mut connection, &self.path)?;
        set_up(&connection)?;
        Ok(connection)
    }

    fn connect(&self, access: OpenFlags) -> Result<Connection, Fault> {
        // A connection is behind a lock or in one hand, so SQLite's own mutex is not needed.
        let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(self.busy_timeout)?;
        connection.set_prepared_statement_cache_capacity(32);
        Ok(connection)
    }
}

/// What holds for each connection that writes.
///
/// The log is copied into the file when it has 16 MiB: a page of a long list touches some thousand
/// pages of the file, and the next one touches most of them again.
fn set_up(connection: &Connection) -> Result<(), Fault> {
    connection.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = FAST;
         PRAGMA wal_autocheckpoint = 4096;",
    )?;
    Ok(())
}

/// The path from the root on and without links, so that all handles on a file find the same
/// lock files. Creates the directory.
fn whole_path(path: &Path) -> Result<PathBuf, StoreError> {
    let looked_at = |error| io_failure(path, "be looked at", error);
    if let Ok(whole) = fs::canonicalize(path) {
        if whole.is_file() {
            return Ok(whole);
        }
        let message = format!("`{}` is no file", path.display());
        return Err(StoreError::new(StoreFailure::Other, message));
    }
    let absolute = std::path::absolute(path).map_err(looked_at)?;
    let (Some(dir), Some(name)) = (absolute.parent(), absolute.file_name()) else {
        let message = format!("`{}` is no path of a file", path.display());
        return Err(StoreError::new(StoreFailure::Other, message));
    };
    create_private_dir(dir).map_err(|error| io_failure(dir, "be created", error))?;
    Ok(fs::canonicalize(dir).map_err(looked_at)?.join(name))
}
