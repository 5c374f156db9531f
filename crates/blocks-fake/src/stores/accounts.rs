//! Accounts and apps in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use blocks_ports::{Account, AccountName, AccountStore, App, Renamed, StoreError};

use super::Shared;

/// An [`AccountStore`] in memory.
#[derive(Debug, Clone, Default)]
pub struct MemoryAccountStore {
    shelf: Shared<Shelf>,
}

#[derive(Debug, Default)]
struct Shelf {
    accounts: BTreeMap<AccountName, Account>,
    default: Option<AccountName>,
    apps: BTreeMap<String, App>,
}

#[async_trait]
impl AccountStore for MemoryAccountStore {
    async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        Ok(self.shelf.lock().accounts.values().cloned().collect())
    }

    async fn put_account(&self, account: &Account) -> Result<(), StoreError> {
        self.shelf.lock().accounts.insert(account.name.clone(), account.clone());
        Ok(())
    }

    async fn rename_account(
        &self,
        from: &AccountName,
        to: &AccountName,
    ) -> Result<Renamed, StoreError> {
        let mut shelf = self.shelf.lock();
        if !shelf.accounts.contains_key(from) {
            return Ok(Renamed::NotFound);
        }
        if from != to && shelf.accounts.contains_key(to) {
            return Ok(Renamed::Taken);
        }
        if let Some(mut account) = shelf.accounts.remove(from) {
            account.name = to.clone();
            shelf.accounts.insert(to.clone(), account);
        }
        if shelf.default.as_ref() == Some(from) {
            shelf.default = Some(to.clone());
        }
        Ok(Renamed::Done)
    }

    async fn remove_account(&self, name: &AccountName) -> Result<bool, StoreError> {
        let mut shelf = self.shelf.lock();
        shelf.default.take_if(|default| default == name);
        Ok(shelf.accounts.remove(name).is_some())
    }

    async fn default_account(&self) -> Result<Option<AccountName>, StoreError> {
        Ok(self.shelf.lock().default.clone())
    }

    async fn set_default_account(&self, name: &AccountName) -> Result<bool, StoreError> {
        let mut shelf = self.shelf.lock();
        let known = shelf.accounts.contains_key(name);
        if known {
            shelf.default = Some(name.clone());
        }
        Ok(known)
    }

    async fn apps(&self) -> Result<Vec<App>, StoreError> {
        Ok(self.shelf.lock().apps.values().cloned().collect())
    }

    async fn put_app(&self, app: &App) -> Result<(), StoreError> {
        self.shelf.lock().apps.insert(app.name.clone(), app.clone());
        Ok(())
    }

    async fn remove_app(&self, name: &str) -> Result<bool, StoreError> {
        Ok(self.shelf.lock().apps.remove(name).is_some())
    }
}
