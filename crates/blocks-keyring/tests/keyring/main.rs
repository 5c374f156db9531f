//! Sign-ins whose secrets lie in a keychain: the contract, failures, races, and the real thing.

mod conformance;
mod failures;
mod flaky;
mod races;
mod reading;
mod secret_service;
mod vault;

use std::sync::Arc;

use blocks_keyring::{Keychain, KeyringTokenStore};
use blocks_ports::{AccountName, Credential, Revision, Swap, TokenStore};

use crate::vault::Vault;

const SERVICE: &str = "blocks: a test";

/// A store over `inner`, with its secrets in `vault`.
fn over(inner: impl TokenStore, vault: &Vault) -> KeyringTokenStore {
    KeyringTokenStore::new(Arc::new(inner), Keychain::new(Arc::new(vault.clone()), SERVICE))
}

fn work() -> AccountName {
    "work".parse().expect("a name")
}

fn bearer(token: &str) -> Option<Credential> {
    Some(Credential::bearer(token))
}

/// Stores on the current revision, and answers the next.
async fn put(store: &dyn TokenStore, credential: Option<Credential>) -> Revision {
    let current = store.load(&work()).await.expect("loads").revision;
    match store.swap(&work(), current, credential).await.expect("swaps") {
        Swap::Done(revision) => revision,
        other => panic!("nobody else writes, and: {other:?}"),
    }
}

async fn stored(store: &dyn TokenStore) -> Option<Credential> {
    store.load(&work()).await.expect("loads").value
}
