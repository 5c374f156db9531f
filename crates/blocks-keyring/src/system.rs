//! The keychain of each operating system.

use std::sync::Arc;

use keyring_core::{CredentialStore, Result};

/// Connects to the Secret Service, such as GNOME Keyring, KWallet or KeePassXC.
#[cfg(target_os = "linux")]
pub(crate) fn connect() -> Result<Arc<CredentialStore>> {
    Ok(zbus_secret_service_keyring_store::Store::new()?)
}

/// Opens the login keychain.
#[cfg(target_os = "macos")]
pub(crate) fn connect() -> Result<Arc<CredentialStore>> {
    Ok(apple_native_keyring_store::keychain::Store::new()?)
}

/// Opens the Credential Manager.
///
/// It knows an entry by one text, in which a search has to find the end of the user and the
/// beginning of the service: no account name and no path holds a `|`.
#[cfg(target_os = "windows")]
pub(crate) fn connect() -> Result<Arc<CredentialStore>> {
    let configuration = [("divider", "|")].into();
    Ok(windows_native_keyring_store::Store::new_with_configuration(&configuration)?)
}

#[cfg(not(any(target_os = "linux", target_os = "macos", target_os = "windows")))]
pub(crate) fn connect() -> Result<Arc<CredentialStore>> {
    Err(keyring_core::Error::NotSupportedByStore("this system has no keychain".to_owned()))
}
