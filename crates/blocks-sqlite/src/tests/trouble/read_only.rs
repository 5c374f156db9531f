//! A file or a directory that may only be read.

use super::*;

#[tokio::test]
async fn a_file_that_may_only_be_read_stores_nothing_and_loses_nothing() {
    let forbid = |scene: &mut Scene| {
        scene.tell("PRAGMA query_only = 1");
        None
    };
    let failure = StoreFailure::Permission;
    befall(failure, "may not be read or written", forbid, "PRAGMA query_only = 0").await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_directory_that_may_only_be_read_loses_nothing() {
    use std::os::unix::fs::PermissionsExt;

    let (dir, path) = place();
    Scene::write(&path).await;
    for lock in [".lock-1", ".lock-open"] {
        fs::remove_file(dir.path().join(format!("blocks.db{lock}"))).expect("it was there");
    }
    let set_mode = |mode| {
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(mode)).expect("set");
    };
    let store = Scene::open(&path).await.expect("open").store;
    fs::remove_file(dir.path().join("blocks.db.lock-open")).expect("it was there");
    set_mode(0o500);
    // Modes do not bind a privileged user, who can write all the same.
    let modes_bind = fs::write(dir.path().join("new"), "").is_err();
    let refused = [store.hold(id(READING)).await.err(), SqliteStore::open(&path).err()];
    set_mode(0o700);

    for (error, lock) in refused.into_iter().zip(["blocks.db.lock-1", "blocks.db.lock-open"]) {
        assert_eq!(error.is_some(), modes_bind, "{error:?}");
        if let Some(error) = error {
            assert_eq!(error.kind, StoreFailure::Permission, "{error:?}");
            assert!(error.message.contains(lock), "{error}");
            assert!(error.message.contains("could not be created"), "{error}");
        }
    }
    drop(store);
    let scene = Scene::open_and_hold(&path).await.expect("writable again");
    scene.take(Step::Append).await.expect("nothing is lost");
    scene.store.check().await.expect("whole");
}
