//! A keychain in memory that can be searched, and goes wrong when told to.

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use blocks_keyring::keyring_core::api::{CredentialApi, CredentialStoreApi};
use blocks_keyring::keyring_core::{Credential, Entry, Error, Result};

/// A keychain; a clone is another handle on it, as another process has one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Vault(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// What is kept, by service and user.
    entries: BTreeMap<(String, String), Vec<u8>>,
    calls: usize,
    trouble: Option<Trouble>,
    cannot_search: bool,
}

/// How a keychain goes wrong, and at which call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trouble {
    pub(crate) at_call: usize,
    pub(crate) how: How,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum How {
    /// Nothing is done.
    Refuses,
    /// It is done, and the answer is an error.
    LosesTheAnswer,
    Panics,
}

impl Vault {
    /// A keychain that cannot be searched.
    pub(crate) fn unsearchable() -> Self {
        let vault = Self::default();
        vault.lock().cannot_search = true;
        vault
    }

    /// Counts the calls anew, and goes wrong at one of them.
    pub(crate) fn expect(&self, trouble: Option<Trouble>) {
        let mut state = self.lock();
        (state.calls, state.trouble) = (0, trouble);
    }

    /// Whether as many calls came as it takes to go wrong.
    pub(crate) fn went_wrong(&self) -> bool {
        let state = self.lock();
        state.trouble.is_some_and(|trouble| state.calls > trouble.at_call)
    }

    pub(crate) fn users(&self) -> Vec<String> {
        self.lock().entries.keys().map(|(_, user)| user.clone()).collect()
    }

    pub(crate) fn put(&self, service: &str, user: &str, secret: &[u8]) {
        self.lock().entries.insert((service.to_owned(), user.to_owned()), secret.to_vec());
    }

    /// Changes, or with `None` erases, every entry of an account, and answers whether there is one.
    pub(crate) fn overwrite(&self, account: &str, with: Option<&[u8]>) -> bool {
        let mut state = self.lock();
        let of_account = |user: &str| user.split('/').next() == Some(account);
        let hit = state.entries.keys().any(|(_, user)| of_account(user));
        state.entries.retain(|(_, user), secret| match with {
            Some(bytes) if of_account(user) => {
                *secret = bytes.to_vec();
                true
            }
            Some(_) => true,
            None => !of_account(user),
        });
        hit
    }

    /// A test that panics on purpose leaves nothing half done.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call<T>(&self, act: impl FnOnce(&mut State) -> Result<T>) -> Result<T> {
        let mut state = self.lock();
        let trouble = state.trouble.filter(|trouble| trouble.at_call == state.calls);
        state.calls += 1;
        let broken = || Error::PlatformFailure("this keychain is broken".into());
        match trouble.map(|trouble| trouble.how) {
            None => act(&mut state),
            Some(How::Refuses) => Err(broken()),
            Some(How::LosesTheAnswer) => act(&mut state).and_then(|_| Err(broken())),
            Some(How::Panics) => panic!("this keychain panics"),
        }
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.entries.keys()).finish()
    }
}

impl CredentialStoreApi for Vault {
    fn vendor(&self) -> String {
        "a vault for tests".to_owned()
    }

    fn id(&self) -> String {
        "vault".to_owned()
    }

    fn build(
        &self,
        service: &str,
        user: &str,
        _modifiers: Option<&HashMap<&str, &str>>,
    ) -> Result<Entry> {
        let name = (service.to_owned(), user.to_owned());
        Ok(Entry::new_with_credential(Arc::new(Slot { vault: self.clone(), name })))
    }

    /// Finds everything, whatever was asked for: a search of Windows or of the mock finds too much.
    fn search(&self, _spec: &HashMap<&str, &str>) -> Result<Vec<Entry>> {
        let names: Vec<_> = self.call(|state| {
            if state.cannot_search {
                return Err(Error::NotSupportedByStore("search".to_owned()));
            }
            Ok(state.entries.keys().cloned().collect())
        })?;
        let slots = names.into_iter().map(|name| Slot { vault: self.clone(), name });
        Ok(slots.map(|slot| Entry::new_with_credential(Arc::new(slot))).collect())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn debug_fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self, f)
    }
}

#[derive(Debug)]
struct Slot {
    vault: Vault,
    name: (String, String),
}

impl CredentialApi for Slot {
    fn set_secret(&self, secret: &[u8]) -> Result<()> {
        self.vault.call(|state| {
            state.entries.insert(self.name.clone(), secret.to_vec());
            Ok(())
        })
    }

    fn get_secret(&self) -> Result<Vec<u8>> {
        self.vault.call(|state| state.entries.get(&self.name).cloned().ok_or(Error::NoEntry))
    }

    fn delete_credential(&self) -> Result<()> {
        self.vault.call(|state| state.entries.remove(&self.name).map(drop).ok_or(Error::NoEntry))
    }

    fn get_credential(&self) -> Result<Option<Arc<Credential>>> {
        self.get_secret().map(|_| None)
    }

    fn get_specifiers(&self) -> Option<(String, String)> {
        Some(self.name.clone())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn debug_fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self, f)
    }
}
