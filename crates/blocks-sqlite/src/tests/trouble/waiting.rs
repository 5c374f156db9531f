//! How long others are waited for.

use blocks_ports::{AccountName, Credential, Revision, Swap, TokenStore};
use rusqlite::Connection;

use super::*;
use crate::lock::FileLock;

#[tokio::test]
async fn a_writer_waits_for_another_one_only_so_long() {
    let (_dir, path) = place();
    let store = SqliteStore::open_within(&path, Duration::from_millis(5)).expect("open");
    let work: AccountName = "work".parse().expect("a name");
    let other = Connection::open(&path).expect("open");
    other.execute_batch("BEGIN EXCLUSIVE").expect("locked");

    let swap = || store.swap(&work, Revision::NONE, Some(Credential::bearer("s3cret")));
    let error = swap().await.expect_err("busy");
    assert_eq!(error.kind, StoreFailure::Busy);
    assert!(error.message.contains("another program keeps"), "{error}");
    assert_eq!(store.load(&work).await.expect("readers do not wait").value, None);

    other.execute_batch("ROLLBACK").expect("unlocked");
    assert!(matches!(swap().await.expect("stored"), Swap::Done(_)));
}

#[tokio::test]
async fn whoever_opens_waits_for_another_one_only_so_long() {
    let (_dir, path) = place();
    let store = SqliteStore::open(&path).expect("open");
    let patience = Duration::from_millis(5);
    let lock = FileLock::take_within(&store.file.beside(".lock-open"), patience).expect("free");

    let error = SqliteStore::open_within(&path, patience).expect_err("busy");
    assert_eq!(error.kind, StoreFailure::Busy);
    let holder = format!("process {} keeps", std::process::id());
    assert!(error.message.starts_with(&holder), "{error}");
    assert!(error.message.contains("blocks.db.lock-open"), "{error}");

    drop(lock);
    SqliteStore::open_within(&path, patience).expect("free again");
}
