//! A keychain, and what goes wrong with one.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use blocks_ports::{StoreError, StoreFailure};
use keyring_core::{CredentialStore, Entry, Error};
use secrecy::{ExposeSecret, SecretString};

use crate::entry::EntryName;
use crate::system;

/// A keychain, and the service name under which one storage keeps its secrets there.
///
/// A clone is another handle on the same keychain. Every call that waits for the keychain waits on
/// a thread for blocking work, so it needs a tokio runtime.
#[derive(Clone)]
pub struct Keychain {
    store: Arc<CredentialStore>,
    service: Arc<str>,
}

/// What an entry holds.
pub(crate) enum Content {
    Text(SecretString),
    /// Bytes that are no text, so that nothing here wrote them.
    Garbled,
    /// There is no such entry.
    Missing,
}

impl Keychain {
    /// The keychain of the operating system: the Secret Service on Linux, the login keychain on
    /// macOS, the Credential Manager on Windows.
    ///
    /// `service` is shown to the person who looks into the keychain. Each storage needs a name of
    /// its own, such as one with the path of its file, for it erases what lies under that name and
    /// is needed no longer. [`probe`](Self::probe) the keychain before you trust it.
    ///
    /// # Errors
    /// `Unsupported`: no keychain is running, or this system has none.
    pub async fn system(service: impl Into<String>) -> Result<Self, StoreError> {
        let store = blocking(system::connect).await.map_err(unusable)?;
        Ok(Self::new(store, service))
    }

    /// A keychain that somebody else has opened, such as the mock of [`keyring_core`].
    ///
    /// What is left behind by a process that was killed is erased only if the store can search by
    /// the key `service`.
    pub fn new(store: Arc<CredentialStore>, service: impl Into<String>) -> Self {
        Self { store, service: service.into().into() }
    }

    /// Tries the keychain out: writes an entry, reads it and erases it.
    ///
    /// ```
    /// use blocks_keyring::{Keychain, keyring_core};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let keychain = Keychain::new(keyring_core::mock::Store::new()?, "blocks: an example");
    /// keychain.probe().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Unsupported`: it is locked, does not answer, or does not keep what it is given. Sign-ins
    /// are better kept elsewhere then; the source of the error says why.
    pub async fn probe(&self) -> Result<(), StoreError> {
        let user = format!("probe {:032x}", rand::random::<u128>());
        let kept = self.on_entry(&self.service, user, |entry| {
            entry.set_secret(PROBE)?;
            let kept = entry.get_secret();
            entry.delete_credential()?;
            kept
        });
        if kept.await.map_err(unusable)? == PROBE {
            Ok(())
        } else {
            Err(unusable("the keychain answers with something else than it was given"))
        }
    }

    pub(crate) fn service(&self) -> &str {
        &self.service
    }

    pub(crate) async fn write(
        &self,
        name: &EntryName,
        secret: SecretString,
    ) -> Result<(), StoreError> {
        let write = move |entry: &Entry| entry.set_secret(secret.expose_secret().as_bytes());
        self.on_entry(&name.service, name.user(), write)
            .await
            .map_err(|error| failed("written", error))
    }

    pub(crate) async fn read(&self, name: &EntryName) -> Result<Content, StoreError> {
        match self.on_entry(&name.service, name.user(), Entry::get_secret).await {
            Ok(bytes) => Ok(match String::from_utf8(bytes) {
                Ok(text) => Content::Text(text.into()),
                Err(_) => Content::Garbled,
            }),
            Err(Error::NoEntry) => Ok(Content::Missing),
            Err(Error::BadEncoding(_) | Error::BadDataFormat(..)) => Ok(Content::Garbled),
            Err(error) => Err(failed("read", error)),
        }
    }

    /// Erases an entry, if it is there.
    pub(crate) async fn erase(&self, name: &EntryName) -> Result<(), StoreError> {
        match self.on_entry(&name.service, name.user(), Entry::delete_credential).await {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(failed("erased", error)),
        }
    }

    /// The entries of this service; none where the keychain cannot be searched.
    pub(crate) async fn entries(&self) -> Result<Vec<EntryName>, StoreError> {
        let (store, service) = (Arc::clone(&self.store), Arc::clone(&self.service));
        let search = move || {
            // Windows searches by patterns; the service is compared below, whatever is found.
            let wanted = if cfg!(windows) { None } else { Some(("service", &*service)) };
            let found = store.search(&HashMap::from_iter(wanted))?;
            let specifiers = found.iter().filter_map(Entry::get_specifiers);
            let ours = specifiers.filter(|(of, _)| **of == *service);
            Ok(ours.filter_map(|(of, user)| EntryName::from_specifiers(&of, &user)).collect())
        };
        match blocking(search).await {
            Err(Error::NotSupportedByStore(_)) => Ok(Vec::new()),
            found => found.map_err(|error| failed("searched", error)),
        }
    }

    async fn on_entry<T: Send + 'static>(
        &self,
        service: &str,
        user: String,
        call: impl FnOnce(&Entry) -> keyring_core::Result<T> + Send + 'static,
    ) -> keyring_core::Result<T> {
        let (store, service) = (Arc::clone(&self.store), service.to_owned());
        blocking(move || call(&store.build(&service, &user, None)?)).await
    }
}

impl fmt::Debug for Keychain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let vendor = self.store.vendor();
        f.debug_struct("Keychain").field("vendor", &vendor).field("service", &self.service).finish()
    }
}

/// What a probe writes.
const PROBE: &[u8] = b"written by blocks to see whether this keychain works";

/// Runs what waits for a keychain; one that panics has failed.
async fn blocking<T: Send + 'static>(
    call: impl FnOnce() -> keyring_core::Result<T> + Send + 'static,
) -> keyring_core::Result<T> {
    let ended = tokio::task::spawn_blocking(call).await;
    ended.unwrap_or_else(|panic| Err(Error::PlatformFailure(panic.into())))
}

fn unusable(cause: impl Into<blocks_ports::BoxError>) -> StoreError {
    let message = "no keychain can be used here: none is running, or it is locked; \
                   sign-ins can be kept in the program's own file instead";
    StoreError::new(StoreFailure::Unsupported, message).with_source(cause)
}

/// A call to the keychain that failed, without the secrets that some errors carry.
fn failed(what: &str, error: Error) -> StoreError {
    let (kind, message) = match &error {
        Error::NoStorageAccess(_) => {
            (StoreFailure::Permission, "the keychain is locked, or refuses access".to_owned())
        }
        Error::TooLong(..) => {
            (StoreFailure::Unsupported, "the sign-in does not fit into the keychain".to_owned())
        }
        _ => (StoreFailure::Other, format!("the keychain could not be {what}")),
    };
    let told = StoreError::new(kind, message);
    match error {
        Error::BadEncoding(_) | Error::BadDataFormat(..) => told,
        error => told.with_source(error),
    }
}
