//! Where the secrets of the sign-ins are kept: in this program's file, or in the keychain.

use std::sync::Arc;

#[cfg(feature = "keyring")]
use blocks_keyring::{Keychain, KeyringTokenStore};
#[cfg(feature = "keyring")]
use blocks_ports::StoreError;
use blocks_ports::{AccountName, Credential, TokenStore};
use blocks_sqlite::SqliteStore;

use crate::exit::{Exit, Failed};

/// Whether an account has a sign-in, wherever its secrets are.
pub(crate) async fn has_sign_in(
    store: &SqliteStore,
    account: &AccountName,
) -> anyhow::Result<bool> {
    Ok(store.load(account).await?.value.is_some())
}

/// The store that an account's sign-in is in.
pub(crate) async fn of_account(
    store: &SqliteStore,
    account: &AccountName,
) -> anyhow::Result<Arc<dyn TokenStore>> {
    match store.load(account).await {
        Ok(stored) if matches!(stored.value, Some(Credential::Reference(_))) => {
            keychain(store).await
        }
        // What cannot be read is told by the store to whoever needs it.
        _ => Ok(Arc::new(store.clone())),
    }
}

/// The store to forget an account's sign-in in: the file, where its keychain is not at hand.
pub(crate) async fn to_forget(store: &SqliteStore, account: &AccountName) -> Arc<dyn TokenStore> {
    match of_account(store, account).await {
        Ok(tokens) => tokens,
        Err(_) => Arc::new(store.clone()),
    }
}

/// The store that puts secrets into the keychain, which is tried out before it is trusted.
#[cfg(feature = "keyring")]
pub(crate) async fn tried_keychain(store: &SqliteStore) -> anyhow::Result<Arc<dyn TokenStore>> {
    let usable = async {
        let keychain = system_keychain(store).await?;
        keychain.probe().await?;
        Ok(keychain)
    };
    let keychain = usable.await.map_err(|error: StoreError| {
        let failed = Failed::new(Exit::Failed, "the sign-in cannot be kept in the keychain")
            .remedy("Leave --keyring out, and it is kept in this program's file.");
        anyhow::Error::new(error).context(failed)
    })?;
    Ok(Arc::new(KeyringTokenStore::new(Arc::new(store.clone()), keychain)))
}

#[cfg(feature = "keyring")]
async fn keychain(store: &SqliteStore) -> anyhow::Result<Arc<dyn TokenStore>> {
    let keychain = system_keychain(store).await.map_err(|error| {
        let failed = Failed::new(Exit::NotSignedIn, "this sign-in is in the keychain").remedy(
            "Start or unlock the keychain; or run `blocks logout --local`, and sign in again.",
        );
        anyhow::Error::new(error).context(failed)
    })?;
    Ok(Arc::new(KeyringTokenStore::new(Arc::new(store.clone()), keychain)))
}

/// The keychain belongs to the person, so the storages in it are told apart by their files.
#[cfg(feature = "keyring")]
async fn system_keychain(store: &SqliteStore) -> Result<Keychain, StoreError> {
    Keychain::system(format!("blocks: {}", store.path().display())).await
}

/// A program that was built without keychains says so.
#[cfg(not(feature = "keyring"))]
#[allow(clippy::unused_async, reason = "it stands in for a function that waits")]
async fn keychain(_: &SqliteStore) -> anyhow::Result<Arc<dyn TokenStore>> {
    let what = "the secrets of this sign-in are in the keychain, which this build cannot open";
    Err(Failed::new(Exit::NotSignedIn, what)
        .remedy("Use a build with the feature `keyring`, or sign in again.")
        .into())
}
