//! The memory stores and the manual clock keep the contracts of their ports.

use std::sync::Arc;
use std::time::Duration;

use blocks_conformance::account_store::AccountStoreHarness;
use blocks_conformance::clock::ClockHarness;
use blocks_conformance::ledger::LedgerHarness;
use blocks_conformance::mirror_journal::MirrorJournalHarness;
use blocks_conformance::mirror_store::MirrorStoreHarness;
use blocks_conformance::token_store::TokenStoreHarness;
use blocks_conformance::window_store::WindowStoreHarness;
use blocks_fake::stores::{
    JumpingClock, ManualClock, MemoryAccountStore, MemoryLedger, MemoryMirrorStore,
    MemoryTokenStore, MemoryWindowStore,
};
use blocks_ports::{AccountStore, Clock, Ledger, MirrorStore, TokenStore, WindowStore};
use jiff::Timestamp;

/// Storage in memory: a clone is another handle, and nothing outlasts the last one.
#[derive(Default)]
struct InMemory<S>(S);

macro_rules! harness {
    ($harness:ident, $port:ident, $store:ty) => {
        impl $harness for InMemory<$store> {
            const DURABLE: bool = false;

            async fn fresh() -> Self {
                Self::default()
            }

            fn handle(&self) -> Arc<dyn $port> {
                Arc::new(self.0.clone())
            }

            async fn reopen(self) -> Self {
                Self::default()
            }
        }
    };
}

harness!(TokenStoreHarness, TokenStore, MemoryTokenStore);
harness!(AccountStoreHarness, AccountStore, MemoryAccountStore);
harness!(WindowStoreHarness, WindowStore, MemoryWindowStore);
harness!(MirrorStoreHarness, MirrorStore, MemoryMirrorStore);
harness!(LedgerHarness, Ledger, MemoryLedger);

impl MirrorJournalHarness for InMemory<MemoryMirrorStore> {
    const DURABLE: bool = false;

    type Store = MemoryMirrorStore;

    async fn fresh() -> Self {
        Self::default()
    }

    fn handle(&self) -> Arc<MemoryMirrorStore> {
        Arc::new(self.0.clone())
    }

    async fn holds_text(&self, text: &str) -> bool {
        format!("{:?}", self.0).contains(text)
    }

    async fn reopen(self) -> Self {
        Self::default()
    }
}

struct ByHand(ManualClock);

impl ClockHarness for ByHand {
    async fn fresh() -> Self {
        Self(ManualClock::new(Timestamp::UNIX_EPOCH))
    }

    fn handle(&self) -> Arc<dyn Clock> {
        Arc::new(self.0.clone())
    }

    async fn pass(&self, time: Duration) {
        self.0.advance(time);
    }
}

struct ByJumps(JumpingClock);

impl ClockHarness for ByJumps {
    async fn fresh() -> Self {
        Self(JumpingClock::new(Timestamp::UNIX_EPOCH))
    }

    fn handle(&self) -> Arc<dyn Clock> {
        Arc::new(self.0.clone())
    }

    async fn pass(&self, time: Duration) {
        self.0.sleep_until(self.0.now() + time).await;
    }
}

blocks_conformance::token_store_suite!(tokens, InMemory<MemoryTokenStore>);
blocks_conformance::account_store_suite!(accounts, InMemory<MemoryAccountStore>);
blocks_conformance::window_store_suite!(windows, InMemory<MemoryWindowStore>);
blocks_conformance::mirror_store_suite!(mirror, InMemory<MemoryMirrorStore>);
blocks_conformance::mirror_journal_suite!(journal, InMemory<MemoryMirrorStore>);
blocks_conformance::ledger_suite!(ledger, InMemory<MemoryLedger>);
blocks_conformance::clock_suite!(manual_clock, ByHand);
blocks_conformance::clock_suite!(jumping_clock, ByJumps);
