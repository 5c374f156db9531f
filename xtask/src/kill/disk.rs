//! The file of a program that was killed, as it lies there.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use blocks_domain::UserId;
use blocks_ports::MirrorStore;
use blocks_sqlite::SqliteStore;

/// What a file tells once it was found sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sound {
    /// The number of the last finished read, if there is one.
    pub(super) snapshot: Option<u64>,
}

/// Checks a copy of the database in a folder: whoever goes on must find what the killed program
/// left, and not what this check has mended.
///
/// # Errors
/// `PRAGMA integrity_check` finds something.
pub(super) async fn examine(home: &Path, account: UserId) -> Result<Sound> {
    let copy = tempfile::tempdir().context("making a folder")?;
    for entry in fs::read_dir(home)? {
        let entry = entry?;
        fs::copy(entry.path(), copy.path().join(entry.file_name()))?;
    }
    let file = copy.path().join("blocks.sqlite");
    if !file.exists() {
        // The program was killed before it had made the file.
        return Ok(Sound { snapshot: None });
    }
    let store = SqliteStore::open(file)?;
    store.check().await.context("the file is damaged")?;
    let snapshot = store.snapshot(account).await?;
    Ok(Sound { snapshot: snapshot.map(|snapshot| snapshot.id.get()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_damaged_file_is_found() {
        let (home, account) = (tempfile::tempdir().expect("a folder"), UserId::MAX);
        let nothing = examine(home.path(), account).await.expect("nothing is sound");
        assert_eq!(nothing.snapshot, None);
        let file = home.path().join("blocks.sqlite");
        drop(SqliteStore::open(&file).expect("a database"));
        examine(home.path(), account).await.expect("a new file is sound");
        let mut bytes = fs::read(&file).expect("a file");
        let tail = bytes.len() / 2;
        bytes[tail..].fill(0x5a);
        fs::write(&file, bytes).expect("written");
        examine(home.path(), account).await.expect_err("half of it is nonsense");
    }
}
