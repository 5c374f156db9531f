//! What goes wrong in SQLite and in the file system, told as a [`StoreError`].

use std::io;
use std::path::Path;

use blocks_ports::{StoreError, StoreFailure};
use rusqlite::ErrorCode;

/// A failure whose file is not named yet.
#[derive(Debug)]
pub(crate) enum Fault {
    /// SQLite failed, or what it holds cannot be understood.
    Sqlite(rusqlite::Error),
    /// Everything is said already.
    Told(StoreError),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Told(error)
    }
}

impl Fault {
    /// The failure, with the file that it befell.
    pub(crate) fn at(self, path: &Path) -> StoreError {
        match self {
            Self::Told(error) => error,
            Self::Sqlite(error) => {
                let kind = kind(&error);
                let path = path.display();
                let message = match kind {
                    StoreFailure::Busy => format!("another program keeps `{path}` busy"),
                    StoreFailure::Full => format!("there is no room left to write `{path}`"),
                    StoreFailure::Permission => format!("`{path}` may not be read or written"),
                    StoreFailure::Damaged => format!("`{path}` is damaged, or no database"),
                    _ => format!("SQLite could not work with `{path}`"),
                };
                StoreError::new(kind, message).with_source(error)
            }
        }
    }
}

fn kind(error: &rusqlite::Error) -> StoreFailure {
    use rusqlite::Error;
    match error {
        Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..)
        | Error::QueryReturnedNoRows
        | Error::Utf8Error(..) => StoreFailure::Damaged,
        _ if error.sqlite_error().is_some_and(has_no_room) => StoreFailure::Full,
        _ => match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreFailure::Busy,
            Some(ErrorCode::PermissionDenied | ErrorCode::ReadOnly | ErrorCode::CannotOpen) => {
                StoreFailure::Permission
            }
            // What is written fits to what is there, unless that does not fit together itself.
            Some(
                ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::ConstraintViolation,
            ) => StoreFailure::Damaged,
            _ => StoreFailure::Other,
        },
    }
}

/// Whether there was no room to write: SQLite has a word of its own for it where it cannot make the
/// index of its log.
fn has_no_room(error: &rusqlite::ffi::Error) -> bool {
    error.code == ErrorCode::DiskFull || error.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE
}

/// A failure of the file system; `tried` is what could not be done, such as `be created`.
pub(crate) fn io_failure(path: &Path, tried: &str, error: io::Error) -> StoreError {
    let kind = match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            StoreFailure::Permission
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreFailure::Full,
        _ => StoreFailure::Other,
    };
    StoreError::new(kind, format!("`{}` could not {tried}", path.display())).with_source(error)
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    #[test]
    fn a_full_disk_is_known_wherever_it_is_met() {
        let of_code = |code| kind(&rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
        assert_eq!(of_code(ffi::SQLITE_FULL), StoreFailure::Full);
        assert_eq!(of_code(ffi::SQLITE_IOERR_SHMSIZE), StoreFailure::Full);
        assert_eq!(of_code(ffi::SQLITE_IOERR_READ), StoreFailure::Other);
    }
}
