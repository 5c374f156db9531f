//! The rules of a token store, over each store within and each kind of keychain.

use std::path::PathBuf;
use std::sync::Arc;

use blocks_conformance::token_store::TokenStoreHarness;
use blocks_fake::stores::MemoryTokenStore;
use blocks_keyring::{Keychain, KeyringTokenStore, keyring_core};
use blocks_ports::{AccountName, TokenStore};
use blocks_sqlite::SqliteStore;
use tempfile::TempDir;

use crate::vault::Vault;
use crate::{SERVICE, over};

/// Revisions in memory, where damage is an entry that holds something else.
struct InMemory {
    revisions: MemoryTokenStore,
    vault: Vault,
}

impl TokenStoreHarness for InMemory {
    /// The keychain lasts, but what tells its entries apart is gone.
    const DURABLE: bool = false;

    async fn fresh() -> Self {
        Self { revisions: MemoryTokenStore::default(), vault: Vault::default() }
    }

    fn handle(&self) -> Arc<dyn TokenStore> {
        Arc::new(over(self.revisions.clone(), &self.vault))
    }

    async fn damage(&self, account: &AccountName) -> bool {
        self.vault.overwrite(account.as_str(), Some(b"{ s3cret"))
    }

    async fn reopen(self) -> Self {
        Self { revisions: MemoryTokenStore::default(), vault: self.vault }
    }
}

blocks_conformance::token_store_suite!(in_memory, InMemory);

/// Revisions in a file, where damage is an entry that is gone; every handle opens it anew.
struct OnDisk {
    folder: TempDir,
    vault: Vault,
}

impl OnDisk {
    fn path(&self) -> PathBuf {
        self.folder.path().join("blocks.db")
    }
}

impl TokenStoreHarness for OnDisk {
    const DURABLE: bool = true;

    async fn fresh() -> Self {
        Self { folder: tempfile::tempdir().expect("a directory"), vault: Vault::default() }
    }

    fn handle(&self) -> Arc<dyn TokenStore> {
        Arc::new(over(SqliteStore::open(self.path()).expect("the file opens"), &self.vault))
    }

    async fn damage(&self, account: &AccountName) -> bool {
        self.vault.overwrite(account.as_str(), None)
    }

    async fn reopen(self) -> Self {
        self
    }
}

blocks_conformance::token_store_suite!(on_disk, OnDisk);

/// Revisions in memory, over the mock of `keyring-core`.
struct Mocked(MemoryTokenStore, Keychain);

impl TokenStoreHarness for Mocked {
    const DURABLE: bool = false;

    async fn fresh() -> Self {
        let mock = keyring_core::mock::Store::new().expect("a mock");
        Self(MemoryTokenStore::default(), Keychain::new(mock, SERVICE))
    }

    fn handle(&self) -> Arc<dyn TokenStore> {
        Arc::new(KeyringTokenStore::new(Arc::new(self.0.clone()), self.1.clone()))
    }

    async fn reopen(self) -> Self {
        Self(MemoryTokenStore::default(), self.1)
    }
}

blocks_conformance::token_store_suite!(mocked, Mocked);
