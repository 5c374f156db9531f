//! What this store promises beyond the ports; the ports' own rules are in `tests/conformance.rs`.

mod files;
mod forgetting;
mod migrations;
mod mirror;
mod processes;
mod sign_ins;
mod trouble;

use std::path::PathBuf;

use blocks_domain::{PageToken, User, UserId};
use blocks_ports::{
    Append, Fence, Finish, Hold, HoldGuard, MirrorPage, MirrorStore, OpenRead, ReadKind, Snapshot,
};
use jiff::Timestamp;
use tempfile::TempDir;

use crate::SqliteStore;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

/// A directory for one test, and a file in it that does not exist yet.
fn place() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("blocks.db");
    (dir, path)
}

fn id(number: u64) -> UserId {
    UserId::new(number).expect("in range")
}

fn user(number: u64) -> User {
    let mut user = User::new(id(number));
    user.name = Some(format!("User {number}"));
    user.username = Some(format!("user{number}"));
    user.description = Some("Tells much about nothing. ".repeat(20));
    user
}

fn users(numbers: impl IntoIterator<Item = u64>) -> Vec<User> {
    numbers.into_iter().map(user).collect()
}

fn last_page(users: Vec<User>) -> MirrorPage {
    MirrorPage::new(users, None, NOW)
}

fn page_before(next: &str, users: Vec<User>) -> MirrorPage {
    MirrorPage::new(users, Some(PageToken::new(next).expect("a token")), NOW)
}

async fn hold(store: &SqliteStore, account: UserId) -> (Fence, HoldGuard) {
    match store.hold(account).await.expect("an answer") {
        Hold::Held { fence, guard } => (fence, guard),
        busy => panic!("{busy:?}"),
    }
}

async fn begin(store: &SqliteStore, account: UserId) -> (OpenRead, Fence, HoldGuard) {
    let (fence, guard) = hold(store, account).await;
    let read = store.begin(account, fence, ReadKind::Full, NOW).await.expect("begun");
    (read, fence, guard)
}

/// Makes a snapshot of one page.
async fn mirror(store: &SqliteStore, account: UserId, users: Vec<User>) -> Snapshot {
    let (read, fence, _guard) = begin(store, account).await;
    let appended = store.append(read.id, fence, &read.checkpoint, &last_page(users)).await;
    assert!(matches!(appended.expect("stored"), Append::Appended(_)));
    match store.finish(read.id, fence, NOW).await.expect("finished") {
        Finish::Finished(snapshot) => snapshot,
        other => panic!("{other:?}"),
    }
}
