//! A full disk, and a file that others keep busy.

use std::time::Duration;

use blocks_ports::{AccountName, Credential, Revision, StoreFailure, Swap, TokenStore};
use rusqlite::Connection;

use super::*;
use crate::lock::FileLock;

#[tokio::test]
async fn a_full_disk_stores_nothing_and_loses_nothing() {
    let (_dir, path) = place();
    let store = SqliteStore::open(&path).expect("open");
    let (read, fence, _guard) = begin(&store, id(1)).await;
    let first = page_before("the-second-page-is", users(0..50));
    let Append::Appended(checkpoint) =
        store.append(read.id, fence, &read.checkpoint, &first).await.expect("stored")
    else {
        panic!("stale");
    };

    let limit = |pages: i64| {
        let connection = store.connection.try_lock().expect("nobody else");
        connection.pragma_update(None, "max_page_count", pages).expect("set");
    };
    // SQLite lowers the limit no further than to the present size.
    limit(1);
    let second = last_page(users(50..1_050));
    let error = store.append(read.id, fence, &checkpoint, &second).await.expect_err("full");
    assert_eq!(error.kind, StoreFailure::Full, "{error:?}");
    assert!(error.message.contains("blocks.db"), "{error}");
    let unfinished = store.unfinished(id(1)).await.expect("an answer").expect("still open");
    assert_eq!((unfinished.users, &unfinished.checkpoint), (50, &checkpoint));

    limit(1_000_000);
    let again = store.append(read.id, fence, &checkpoint, &second).await.expect("stored");
    assert_eq!(again, Append::Appended(checkpoint.behind(&second)));
    store.check().await.expect("whole");
}

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

#[tokio::test]
async fn a_file_that_may_only_be_read_is_a_matter_of_permission() {
    let (_dir, path) = place();
    let store = SqliteStore::open(&path).expect("open");
    store
        .connection
        .try_lock()
        .expect("nobody else")
        .pragma_update(None, "query_only", true)
        .expect("set");
    let work: AccountName = "work".parse().expect("a name");
    let error = store.swap(&work, Revision::NONE, None).await.expect_err("read only");
    assert_eq!(error.kind, StoreFailure::Permission);
    assert!(error.message.contains("blocks.db"), "{error}");
}
