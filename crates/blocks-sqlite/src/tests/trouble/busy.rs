//! A file that another program keeps locked, or reads.

use futures_util::StreamExt;
use rusqlite::Connection;

use super::*;

#[tokio::test]
async fn a_locked_file_stores_nothing_and_loses_nothing() {
    let lock = |scene: &mut Scene| {
        let other = Connection::open(scene.store.path()).expect("open");
        other.execute_batch("BEGIN IMMEDIATE").expect("locked");
        Some(other)
    };
    befall(StoreFailure::Busy, "another program keeps", lock, "").await;
}

#[tokio::test]
async fn what_somebody_still_reads_is_forgotten_and_leaves_traces() {
    let (dir, path) = place();
    Scene::write(&path).await;
    let scene = Scene::open(&path).await.expect("open");
    let mut reader = scene.store.entries(id(QUIET), MirrorQuery::default());
    reader.next().await.expect("one").expect("an entry");

    let error = scene.store.forget(id(QUIET), Forget::Everything).await.expect_err("traces");
    assert_eq!(error.kind, StoreFailure::Busy, "{error:?}");
    for said in ["it is forgotten, but traces", "another program is reading it", "do it again"] {
        assert!(error.message.contains(said), "{error}");
    }
    assert_eq!(scene.store.snapshot(id(QUIET)).await.expect("an answer"), None, "forgotten");
    let left = reader.try_collect::<Vec<_>>().await.expect("the snapshot that it began with");
    assert_eq!(left.len(), 38, "without the first, and the one who left");

    let told = Amendment::new(user(4711), true, Witness::Event, NOW);
    scene.store.amend(id(WHOLE), &told).await.expect("amended");
    for account in ACCOUNTS {
        scene.store.forget(id(account), Forget::Everything).await.expect("no traces");
    }
    let files = fs::read_dir(dir.path()).expect("readable");
    for file in files.map(|file| file.expect("a file").path()) {
        let bytes = fs::read(&file).expect("readable");
        let found = bytes.windows(5).any(|window| window == b"Tells" || window == b"user4");
        assert!(!found, "{file:?}");
    }
}
