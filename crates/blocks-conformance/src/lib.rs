//! The rules that every implementation of a port keeps, as tests for yours.
//!
//! Write a backend, tell the suite how to make a fresh one (a *harness*), and name the suite's
//! macro in your tests: it emits one `#[test]` for each rule of the port's contract, and a rule
//! that is added later reaches you with the next version. What a backend cannot do it declares in
//! its harness; the suite then demands that it says so when asked.
//!
//! | port | harness | macro |
//! |---|---|---|
//! | `BlocksApi` | [`BlocksApiHarness`](blocks_api::BlocksApiHarness) | [`blocks_api_suite!`] |
//! | `UsersApi` | [`UsersApiHarness`](users_api::UsersApiHarness) | [`users_api_suite!`] |
//! | `CredentialSource` | [`CredentialSourceHarness`](credential_source::CredentialSourceHarness) | [`credential_source_suite!`] |
//! | `TokenIssuer` | [`TokenIssuerHarness`](token_issuer::TokenIssuerHarness) | [`token_issuer_suite!`] |
//! | `RequestTokenIssuer` | [`RequestTokenIssuerHarness`](request_token_issuer::RequestTokenIssuerHarness) | [`request_token_issuer_suite!`] |
//! | `TokenStore` | [`TokenStoreHarness`](token_store::TokenStoreHarness) | [`token_store_suite!`] |
//! | `AccountStore` | [`AccountStoreHarness`](account_store::AccountStoreHarness) | [`account_store_suite!`] |
//! | `WindowStore` | [`WindowStoreHarness`](window_store::WindowStoreHarness) | [`window_store_suite!`] |
//! | `MirrorStore` | [`MirrorStoreHarness`](mirror_store::MirrorStoreHarness) | [`mirror_store_suite!`] |
//! | `MirrorJournal` | [`MirrorJournalHarness`](mirror_journal::MirrorJournalHarness) | [`mirror_journal_suite!`] |
//! | `Ledger` | [`LedgerHarness`](ledger::LedgerHarness) | [`ledger_suite!`] |
//! | `ActivityFeed` | [`ActivityFeedHarness`](activity_feed::ActivityFeedHarness) | [`activity_feed_suite!`] |
//! | `Clock` | [`ClockHarness`](clock::ClockHarness) | [`clock_suite!`] |
//!
//! A token store and its tests:
//!
//! ```
//! use std::sync::Arc;
//!
//! use blocks_conformance::token_store::TokenStoreHarness;
//! use blocks_fake::stores::MemoryTokenStore;
//! use blocks_ports::TokenStore;
//!
//! struct InMemory(MemoryTokenStore);
//!
//! impl TokenStoreHarness for InMemory {
//!     /// Memory is gone with its last handle.
//!     const DURABLE: bool = false;
//!
//!     async fn fresh() -> Self {
//!         Self(MemoryTokenStore::default())
//!     }
//!
//!     fn handle(&self) -> Arc<dyn TokenStore> {
//!         Arc::new(self.0.clone())
//!     }
//!
//!     async fn reopen(self) -> Self {
//!         Self::fresh().await
//!     }
//! }
//!
//! blocks_conformance::token_store_suite!(in_memory, InMemory);
//!
//! // The same rules as a table, for a runner of your own.
//! for rule in blocks_conformance::token_store::rules::<InMemory>() {
//!     blocks_conformance::run(async move { rule.check(InMemory::fresh().await).await });
//! }
//! ```

#[macro_use]
mod suite;
mod profile;
mod support;

pub mod account_store;
pub mod activity_feed;
pub mod blocks_api;
pub mod clock;
pub mod credential_source;
pub mod ledger;
pub mod mirror_journal;
pub mod mirror_store;
pub mod request_token_issuer;
pub mod token_issuer;
pub mod token_store;
pub mod users_api;
pub mod window_store;

pub use suite::{Rule, run};
