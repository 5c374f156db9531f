//! The schema, as the steps in which it grew.
//!
//! A step that was released is never changed; a change is a further step. `user_version` counts
//! the steps that a file has taken. They are run under one write lock, together with the look at
//! that number, so that several programs can open an old file at once.

use std::path::Path;

use blocks_ports::{StoreError, StoreFailure};
use rusqlite::{Connection, TransactionBehavior};

use crate::error::Fault;

/// The steps, oldest first.
pub(crate) const MIGRATIONS: &[&str] = &[
    include_str!("migrations/01_sign_ins.sql"),
    include_str!("migrations/02_rate_windows.sql"),
    include_str!("migrations/03_mirror.sql"),
    include_str!("migrations/04_handles.sql"),
    include_str!("migrations/05_window_numbers.sql"),
    include_str!("migrations/06_servers.sql"),
    include_str!("migrations/07_bodies.sql"),
    include_str!("migrations/08_journal.sql"),
    include_str!("migrations/09_ledger.sql"),
];

/// What marks a file as ours, in SQLite's `application_id`: `blks`.
const APPLICATION_ID: i64 = 0x626c_6b73;

/// How many steps the file has taken; 0 for an empty one.
///
/// # Errors
/// It is no database, it belongs to another program, or a newer version wrote it.
pub(crate) fn recognise(connection: &Connection, path: &Path) -> Result<usize, Fault> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (application, version) = (number("application_id")?, number("user_version")?);
    let is_empty: bool =
        connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))?;
    let path = path.display();
    match usize::try_from(version) {
        Ok(0) if application == 0 && is_empty => Ok(0),
        Ok(version) if application == APPLICATION_ID && version <= MIGRATIONS.len() => Ok(version),
        Ok(version) if application == APPLICATION_ID => {
            let known = MIGRATIONS.len();
            let message = format!(
                "a newer version wrote `{path}`: it has format {version}, and this version \
                 knows formats up to {known}"
            );
            Err(StoreError::new(StoreFailure::Newer, message).into())
        }
        _ => {
            let message =
                format!("`{path}` is the database of another program; choose another file");
            Err(StoreError::new(StoreFailure::Other, message).into())
        }
    }
}

/// Takes the steps that are missing, all or none.
///
/// A step may put another table in the place of one that others refer to. SQLite would delete what
/// refers to it, so foreign keys are not enforced here, and looked at when all is done.
pub(crate) fn run(connection: &mut Connection, path: &Path) -> Result<(), Fault> {
    if recognise(connection, path)? == MIGRATIONS.len() {
        return Ok(());
    }
    connection.pragma_update(None, "foreign_keys", false)?;
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for step in &MIGRATIONS[recognise(&tx, path)?..] {
        tx.execute_batch(step)?;
    }
    mark(&tx, MIGRATIONS.len())?;
    if tx.prepare("PRAGMA foreign_key_check")?.exists([])? {
        let message = format!("parts of `{}` refer to others that are missing", path.display());
        return Err(StoreError::new(StoreFailure::Damaged, message).into());
    }
    tx.commit()?;
    Ok(())
}

/// Marks a file as ours, with so many steps taken.
pub(crate) fn mark(connection: &Connection, version: usize) -> Result<(), rusqlite::Error> {
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", version.cast_signed())
}
