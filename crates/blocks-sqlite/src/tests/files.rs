//! Who may read the files, and which files are taken for ours.

use std::fs;
use std::path::Path;

use blocks_ports::{AccountName, Credential, Revision, StoreError, StoreFailure, TokenStore};
use rusqlite::Connection;

use super::*;
use crate::migrations;

fn refused(path: &Path) -> StoreError {
    let error = SqliteStore::open(path).expect_err("refused");
    let file = path.file_name().expect("a name").to_str().expect("text");
    assert!(error.message.contains(file), "names the file: {error}");
    error
}

/// A file with a snapshot of some pages of SQLite, closed again.
async fn filled(path: &Path) {
    let store = SqliteStore::open(path).expect("open");
    mirror(&store, id(1), users(0..200)).await;
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).expect("there").permissions().mode() & 0o777
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set");
}

/// A file of these bytes that the owner alone may read.
fn private_file(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).expect("written");
    #[cfg(unix)]
    set_mode(path, 0o600);
}

#[cfg(unix)]
#[tokio::test]
async fn everything_that_is_created_is_for_the_owner_alone() {
    let (dir, _) = place();
    let home = dir.path().join("share/blocks");
    let store = SqliteStore::open(home.join("blocks.db")).expect("open");
    let (_, _, _guard) = begin(&store, id(7)).await;

    assert_eq!(mode(&home), 0o700);
    assert_eq!(mode(&dir.path().join("share")), 0o700);
    let mut names = Vec::new();
    for entry in fs::read_dir(&home).expect("readable") {
        let entry = entry.expect("readable");
        assert_eq!(mode(&entry.path()), 0o600, "{entry:?}");
        names.push(entry.file_name().into_string().expect("text"));
    }
    names.sort();
    let beside = ["", "-shm", "-wal", ".lock-7", ".lock-open"];
    assert_eq!(names, beside.map(|suffix| format!("blocks.db{suffix}")));
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_others_can_read_or_write_is_refused() {
    let (_dir, path) = place();
    filled(&path).await;
    for shared in [0o640, 0o604, 0o620, 0o602, 0o666] {
        set_mode(&path, shared);
        let error = refused(&path);
        assert_eq!(error.kind, StoreFailure::Permission);
        assert!(error.message.contains(&format!("{shared:04o}")), "{error}");
        assert!(error.message.contains("chmod 600"), "{error}");
    }
    set_mode(&path, 0o600);
    SqliteStore::open(&path).expect("private again");
}

#[cfg(unix)]
#[tokio::test]
async fn a_log_that_others_can_read_is_refused() {
    let (dir, path) = place();
    filled(&path).await;
    let log = dir.path().join("blocks.db-wal");
    fs::write(&log, "").expect("written");
    set_mode(&log, 0o644);
    let error = refused(&path);
    assert_eq!(error.kind, StoreFailure::Permission);
    assert!(error.message.contains("blocks.db-wal"), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn what_may_not_be_written_is_a_matter_of_permission() {
    let (dir, path) = place();
    filled(&path).await;
    let new = dir.path().join("new.db");
    // Modes do not bind a privileged user, who can write all the same.
    set_mode(&path, 0o400);
    let modes_bind = fs::File::options().write(true).open(&path).is_err();
    let file_opens = SqliteStore::open(&path);
    set_mode(&path, 0o600);
    set_mode(dir.path(), 0o500);
    let new_opens = SqliteStore::open(&new);
    set_mode(dir.path(), 0o700);

    for (opens, path) in [(file_opens, &path), (new_opens, &new)] {
        assert_eq!(opens.is_err(), modes_bind, "{opens:?}");
        if let Err(error) = opens {
            assert_eq!(error.kind, StoreFailure::Permission);
            assert!(error.message.contains(path.to_str().expect("text")), "{error}");
        }
        SqliteStore::open(path).expect("writable again");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn two_ways_to_one_file_share_its_locks() {
    let (dir, path) = place();
    let there = SqliteStore::open(&path).expect("open");
    let link = dir.path().join("link.db");
    std::os::unix::fs::symlink(&path, &link).expect("linked");
    let linked = SqliteStore::open(&link).expect("open");

    let (_, _guard) = hold(&there, id(7)).await;
    let other = linked.hold(id(7)).await.expect("an answer");
    assert!(matches!(other, Hold::Busy { .. }), "{other:?}");
}

#[test]
fn many_can_create_one_file_at_once() {
    let (_dir, path) = place();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| SqliteStore::open(&path).expect("open"));
        }
    });
}

#[test]
fn a_directory_is_no_file() {
    let (dir, _) = place();
    let error = SqliteStore::open(dir.path()).expect_err("refused");
    assert!(error.message.ends_with("is no file"), "{error}");
}

#[tokio::test]
async fn what_is_no_database_or_was_cut_off_is_damaged() {
    let (dir, whole) = place();
    filled(&whole).await;
    let bytes = fs::read(&whole).expect("readable");
    let mut no_header = bytes.clone();
    no_header[..16].fill(0);
    let cases = [
        ("text", b"Dear diary, today I blocked nobody.\n".repeat(100)),
        ("no header", no_header),
        ("cut off", bytes[..bytes.len() / 2 / 4096 * 4096].to_vec()),
        ("cut off within a page", bytes[..bytes.len() / 2 + 17].to_vec()),
        ("one page", bytes[..4096].to_vec()),
    ];
    for (case, bytes) in cases {
        let path = dir.path().join(case);
        private_file(&path, &bytes);
        assert_eq!(refused(&path).kind, StoreFailure::Damaged, "{case}");
        assert_eq!(fs::read(&path).expect("readable"), bytes, "{case}: left as it is");
    }
}

#[tokio::test]
async fn a_check_finds_a_damaged_page_inside() {
    let (_dir, path) = place();
    filled(&path).await;
    SqliteStore::open(&path).expect("open").check().await.expect("whole");

    let mut bytes = fs::read(&path).expect("readable");
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 4096].fill(0xff);
    fs::write(&path, bytes).expect("written");

    let error = SqliteStore::open(&path).expect("the first pages are whole").check().await;
    assert_eq!(error.expect_err("damaged").kind, StoreFailure::Damaged);
}

#[test]
fn the_database_of_another_program_is_left_as_it_is() {
    let (_dir, path) = place();
    for (version, application) in [(0, 0), (2, 0), (0, 77), (2, 77), (-1, 0)] {
        let _ = fs::remove_file(&path);
        let foreign = Connection::open(&path).expect("open");
        foreign.execute_batch("CREATE TABLE moz_places (id INTEGER)").expect("theirs");
        foreign.pragma_update(None, "user_version", version).expect("set");
        foreign.pragma_update(None, "application_id", application).expect("set");
        drop(foreign);
        let before = fs::read(&path).expect("readable");
        private_file(&path, &before);

        let error = refused(&path);
        assert_eq!(error.kind, StoreFailure::Other);
        assert!(error.message.contains("another program"), "{error}");
        assert_eq!(fs::read(&path).expect("readable"), before);
    }
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_left_as_it_is() {
    let (_dir, path) = place();
    filled(&path).await;
    let newer = migrations::MIGRATIONS.len() + 1;
    migrations::mark(&Connection::open(&path).expect("open"), newer).expect("marked");
    let before = fs::read(&path).expect("readable");

    let error = refused(&path);
    assert_eq!(error.kind, StoreFailure::Newer);
    assert!(error.message.contains(&format!("format {newer}")), "{error}");
    assert_eq!(fs::read(&path).expect("readable"), before);
}

#[tokio::test]
async fn no_secret_shows_in_debug_or_in_errors() {
    let (_dir, path) = place();
    let store = SqliteStore::open(&path).expect("open");
    let work: AccountName = "work".parse().expect("a name");
    let credential = Credential::bearer("s3cret");
    store.swap(&work, Revision::NONE, Some(credential)).await.expect("stored");
    store
        .write(|tx| {
            let broken = r#"UPDATE credential SET secret_json = replace(secret_json, '"token"', '"s3cret"')"#;
            Ok(tx.execute(broken, [])?)
        })
        .await
        .expect("broken");

    let error = store.load(&work).await.expect_err("damaged");
    assert_eq!(error.kind, StoreFailure::Damaged);
    let shown = format!("{error} {error:?} {store:?}");
    assert!(!shown.contains("s3cret"), "{shown}");
}
