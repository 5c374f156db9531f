//! Every store port in one SQLite file: the embedded default of `blocks`.
//!
//! [`SqliteStore`] implements `TokenStore`, `AccountStore`, `WindowStore`, `MirrorStore`,
//! `MirrorJournal` and `Ledger` over a single file, which any number of handles and processes may
//! share.
//!
//! ```
//! use blocks_ports::{AccountName, Credential, Revision, Swap, TokenStore};
//! use blocks_sqlite::SqliteStore;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("state/blocks.db");
//! let store = SqliteStore::open(&path)?;
//! let work: AccountName = "work".parse()?;
//! let credential = Credential::bearer("s3cret");
//! let swap = store.swap(&work, Revision::NONE, Some(credential.clone())).await?;
//! assert!(matches!(swap, Swap::Done(_)));
//!
//! let reopened = SqliteStore::open(&path)?;
//! assert_eq!(reopened.load(&work).await?.value, Some(credential));
//! # Ok(())
//! # }
//! ```
//!
//! # What it promises
//! - **Nobody else reads it.** The file holds sign-ins. It and the files beside it are created
//!   with mode 0600 from the first moment, a directory made for it with 0700, and a file that
//!   others can read or write is refused. (On Unix; elsewhere the system's defaults stand.)
//! - **What was acknowledged stays**, through the death of the process and through a loss of
//!   power: the journal is a write-ahead log that is synced at each commit (`synchronous=FULL`),
//!   because a refresh token that was spent and then lost costs a new sign-in.
//! - **Nobody waits for a reader.** A stream of entries reads on a connection of its own, in one
//!   read transaction: it shows one snapshot, whatever is written meanwhile. A stream that is
//!   kept open keeps the log from shrinking, so read it to its end or drop it.
//! - **Only its own file.** A database of another program is recognised by its `application_id`
//!   and left as it is; so is a file that a newer version wrote.
//!
//! # Files
//! Beside `blocks.db` stand SQLite's `blocks.db-wal` and `blocks.db-shm`, the lock file
//! `blocks.db.lock-open`, which is held while the file is opened, and one `blocks.db.lock-ID` for
//! each account whose list was read, which is held by whoever reads it.
//!
//! # Runtime
//! SQLite blocks, so its work is done on the blocking threads of tokio: all methods and streams
//! must be polled within a tokio runtime.

mod accounts;
mod column;
mod error;
mod file;
mod journal;
mod ledger;
mod lock;
mod migrations;
mod mirror;
mod permissions;
mod store;
mod tokens;
mod walk;
mod windows;

#[cfg(test)]
mod tests;

pub use store::SqliteStore;
