//! The rules of the ports, on one file: every handle is opened anew, as another program would.

use std::path::PathBuf;
use std::sync::Arc;

use blocks_conformance::account_store::AccountStoreHarness;
use blocks_conformance::ledger::LedgerHarness;
use blocks_conformance::mirror_journal::MirrorJournalHarness;
use blocks_conformance::mirror_store::MirrorStoreHarness;
use blocks_conformance::token_store::TokenStoreHarness;
use blocks_conformance::window_store::WindowStoreHarness;
use blocks_ports::{AccountName, AccountStore, Ledger, MirrorStore, TokenStore, WindowStore};
use blocks_sqlite::SqliteStore;
use rusqlite::Connection;
use tempfile::TempDir;

/// A file that goes when the test is over.
struct OneFile(TempDir);

impl OneFile {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("blocks.db")
    }

    fn open(&self) -> Arc<SqliteStore> {
        Arc::new(SqliteStore::open(self.path()).expect("the file opens"))
    }
}

/// Implements the harness of a store port: they differ in their names, and in what only one has.
macro_rules! harness {
    ($harness:ident, $port:ident $({ $($more:tt)+ })?) => {
        impl $harness for OneFile {
            const DURABLE: bool = true;

            async fn fresh() -> Self {
                Self::new()
            }

            fn handle(&self) -> Arc<dyn $port> {
                self.open()
            }

            async fn reopen(self) -> Self {
                // The test has dropped its handles; the next one opens the file that they left.
                self
            }

            $($($more)+)?
        }
    };
}

harness!(TokenStoreHarness, TokenStore {
    async fn damage(&self, account: &AccountName) -> bool {
        let file = Connection::open(self.path()).expect("the file opens");
        let cut_off = "UPDATE credential SET secret_json = substr(secret_json, 2)
             WHERE account = ? AND secret_json IS NOT NULL";
        file.execute(cut_off, [account.as_str()]).expect("cut off") == 1
    }
});
harness!(AccountStoreHarness, AccountStore);
harness!(WindowStoreHarness, WindowStore);
harness!(MirrorStoreHarness, MirrorStore);
harness!(LedgerHarness, Ledger);

impl MirrorJournalHarness for OneFile {
    const DURABLE: bool = true;

    type Store = SqliteStore;

    async fn fresh() -> Self {
        Self::new()
    }

    fn handle(&self) -> Arc<SqliteStore> {
        self.open()
    }

    async fn holds_text(&self, text: &str) -> bool {
        let files = std::fs::read_dir(self.0.path()).expect("the directory is readable");
        files.into_iter().any(|file| {
            let bytes = std::fs::read(file.expect("a file").path()).expect("the file is readable");
            bytes.windows(text.len()).any(|window| window == text.as_bytes())
        })
    }

    async fn reopen(self) -> Self {
        self
    }
}

blocks_conformance::token_store_suite!(token_store, OneFile);
blocks_conformance::account_store_suite!(account_store, OneFile);
blocks_conformance::window_store_suite!(window_store, OneFile);
blocks_conformance::mirror_store_suite!(mirror_store, OneFile);
blocks_conformance::mirror_journal_suite!(mirror_journal, OneFile);
blocks_conformance::ledger_suite!(ledger, OneFile);
