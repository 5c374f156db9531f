//! Both backends keep the contracts of their ports.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use blocks_conformance::blocks_api::BlocksApiHarness;
use blocks_conformance::token_store::TokenStoreHarness;
use blocks_domain::UserId;
use blocks_ports::{AccountName, BlocksApi, Credential, Revision, TokenStore};
use custom_backend::{FileTokenStore, JsonFileApi};
use serde_json::Value;
use tempfile::TempDir;

struct InAFile {
    folder: TempDir,
}

impl InAFile {
    fn path(&self) -> PathBuf {
        self.folder.path().join("tokens.json")
    }

    fn store(&self) -> FileTokenStore {
        FileTokenStore::new(self.path())
    }
}

impl TokenStoreHarness for InAFile {
    const DURABLE: bool = true;

    async fn fresh() -> Self {
        Self { folder: TempDir::new().expect("a temporary folder") }
    }

    fn handle(&self) -> Arc<dyn TokenStore> {
        Arc::new(self.store())
    }

    /// What a newer version may write: a kind of sign-in that this one does not know.
    async fn damage(&self, account: &AccountName) -> bool {
        let json = fs::read_to_string(self.path()).expect("it was written");
        let mut slots: Value = serde_json::from_str(&json).expect("it is JSON");
        slots[account.as_str()]["credential"]["type"] = "s3cret handshake".into();
        fs::write(self.path(), slots.to_string()).expect("it is ours");
        true
    }

    /// No handle keeps anything open, so a new one is like a new program.
    async fn reopen(self) -> Self {
        self
    }
}

blocks_conformance::token_store_suite!(file_token_store, InAFile);

struct OutOfAFile(JsonFileApi);

fn id(number: u64) -> UserId {
    UserId::new(number).expect("in range")
}

impl BlocksApiHarness for OutOfAFile {
    /// The suite demands `Unsupported` of `block` and `unblock` then.
    const WRITES: bool = false;

    async fn fresh() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/blocks.json");
        Self(JsonFileApi::open(path).expect("the file is there"))
    }

    fn handle(&self) -> Arc<dyn BlocksApi> {
        Arc::new(self.0.clone())
    }

    fn account(&self) -> UserId {
        id(12)
    }

    fn blocked(&self) -> Vec<UserId> {
        (0..7).map(|number| id(1000 + number * 7)).collect()
    }

    fn stranger(&self) -> UserId {
        id(34)
    }

    fn nobody(&self) -> UserId {
        id(56)
    }
}

blocks_conformance::blocks_api_suite!(json_file_api, OutOfAFile);

fn write_one(store: &FileTokenStore) {
    let store = store.clone();
    blocks_conformance::run(async move {
        let account = "work".parse().expect("a name");
        let credential = Some(Credential::bearer("s3cret"));
        store.swap(&account, Revision::NONE, credential).await.expect("it can be written");
    });
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_the_tokens() {
    use std::os::unix::fs::PermissionsExt;

    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("tokens.json");
    let store = FileTokenStore::new(&path);
    write_one(&store);
    let mode = fs::metadata(&path).expect("it was written").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).expect("it is ours");
    blocks_conformance::run(async move {
        let answer = store.load(&"work".parse().expect("a name")).await;
        let error = answer.expect_err("others may read it");
        assert_eq!(error.kind, blocks_ports::StoreFailure::Permission);
    });
}

#[test]
fn a_damaged_file_is_told_without_its_tokens() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("tokens.json");
    let store = FileTokenStore::new(&path);
    write_one(&store);
    let json = fs::read_to_string(&path).expect("it was written");
    let damaged = json.replace(r#""revision": 1"#, r#""revision": "s3cret""#);
    assert_ne!(damaged, json, "nothing was damaged");
    fs::write(&path, damaged).expect("it is ours");
    blocks_conformance::run(async move {
        let answer = store.load(&"work".parse().expect("a name")).await;
        let error = answer.expect_err("it is damaged");
        assert_eq!(error.kind, blocks_ports::StoreFailure::Damaged);
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
    });
}
