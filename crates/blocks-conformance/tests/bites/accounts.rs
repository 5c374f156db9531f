//! Account stores, each with one fault.

use std::sync::Arc;

use async_trait::async_trait;
use blocks_conformance::account_store::{AccountStoreHarness, rules};
use blocks_fake::stores::MemoryAccountStore;
use blocks_ports::{Account, AccountName, AccountStore, App, Renamed, StoreError};

use crate::{Broken, Shared, assert_bites};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    ComesWithADefault,
    LosesUsernames,
    SortsWithoutCase,
    PutKeepsTheOld,
    RemoveAlwaysSaysYes,
    ForgetsTheDefault,
    TakesAnyDefault,
    DefaultOutlivesItsAccount,
    RemovingClearsTheDefault,
    RenamingLosesTheRest,
    RenamingClearsTheDefault,
    RenamingReplaces,
    RenamingToItselfIsTaken,
    RenamingNobodyIsDone,
    LosesSecrets,
    RemovingAnAccountRemovesItsApp,
    OneStorageAHandle,
    ForgetsOnReopening,
}

const FAULTS: &[(&str, Fault)] = &[
    ("a_fresh_store_is_empty", Fault::ComesWithADefault),
    ("accounts_come_back_as_they_were", Fault::LosesUsernames),
    ("accounts_are_sorted_by_name", Fault::SortsWithoutCase),
    ("putting_an_account_again_replaces_it", Fault::PutKeepsTheOld),
    ("removing_an_account_says_whether_there_was_one", Fault::RemoveAlwaysSaysYes),
    ("the_default_is_an_account_that_is_there", Fault::ForgetsTheDefault),
    ("setting_an_unknown_default_changes_nothing", Fault::TakesAnyDefault),
    ("removing_the_default_leaves_none", Fault::DefaultOutlivesItsAccount),
    ("removing_another_account_keeps_the_default", Fault::RemovingClearsTheDefault),
    ("renaming_moves_the_account", Fault::RenamingLosesTheRest),
    ("renaming_the_default_keeps_it", Fault::RenamingClearsTheDefault),
    ("renaming_never_replaces_another_account", Fault::RenamingReplaces),
    ("renaming_to_the_same_name_is_done", Fault::RenamingToItselfIsTaken),
    ("renaming_an_unknown_account_changes_nothing", Fault::RenamingNobodyIsDone),
    ("apps_come_back_as_they_were", Fault::LosesSecrets),
    ("apps_are_sorted_by_name", Fault::SortsWithoutCase),
    ("putting_an_app_again_replaces_it", Fault::PutKeepsTheOld),
    ("removing_an_app_says_whether_there_was_one", Fault::RemoveAlwaysSaysYes),
    ("accounts_and_apps_are_kept_apart", Fault::RemovingAnAccountRemovesItsApp),
    ("handles_share_one_storage", Fault::OneStorageAHandle),
    ("all_of_it_outlasts_reopening", Fault::ForgetsOnReopening),
];

#[test]
fn every_rule_bites() {
    let sources = [include_str!("../../src/account_store.rs")];
    assert_bites(&rules(), FAULTS, &sources, Storage::default);
}

#[derive(Debug, Default, Clone)]
struct Storage {
    accounts: MemoryAccountStore,
    /// The name that was last made the default.
    chosen: Shared<Option<AccountName>>,
}

faulty_store!(AccountStoreHarness, AccountStore);

impl Store {
    fn inner(&self) -> &MemoryAccountStore {
        &self.storage.accounts
    }

    async fn knows(&self, name: &AccountName) -> Result<bool, StoreError> {
        Ok(self.inner().accounts().await?.iter().any(|account| account.name == *name))
    }

    /// Makes an account the default that then goes.
    async fn clear_default(&self) -> Result<(), StoreError> {
        let name: AccountName = "passing-by".parse().expect("a name");
        let user_id = "1".parse().expect("an id");
        self.inner().put_account(&Account::new(name.clone(), user_id)).await?;
        self.inner().set_default_account(&name).await?;
        self.inner().remove_account(&name).await?;
        Ok(())
    }
}

#[async_trait]
impl AccountStore for Store {
    async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        let mut accounts = self.inner().accounts().await?;
        if self.has(Fault::SortsWithoutCase) {
            accounts.sort_by_key(|account| account.name.as_str().to_lowercase());
        }
        Ok(accounts)
    }

    async fn put_account(&self, account: &Account) -> Result<(), StoreError> {
        if self.has(Fault::PutKeepsTheOld) && self.knows(&account.name).await? {
            return Ok(());
        }
        let mut account = account.clone();
        if self.has(Fault::LosesUsernames) {
            account.username = None;
        }
        self.inner().put_account(&account).await
    }

    async fn rename_account(
        &self,
        from: &AccountName,
        to: &AccountName,
    ) -> Result<Renamed, StoreError> {
        if self.has(Fault::RenamingToItselfIsTaken) && from == to {
            return Ok(Renamed::Taken);
        }
        if self.has(Fault::RenamingReplaces) {
            self.inner().remove_account(to).await?;
        }
        let answer = self.inner().rename_account(from, to).await?;
        if self.has(Fault::RenamingNobodyIsDone) {
            return Ok(Renamed::Done);
        }
        if self.has(Fault::RenamingLosesTheRest) {
            let accounts = self.inner().accounts().await?;
            for account in accounts.iter().filter(|account| account.name == *to) {
                self.inner().put_account(&Account::new(to.clone(), account.user_id)).await?;
            }
        }
        if self.has(Fault::RenamingClearsTheDefault) {
            self.clear_default().await?;
        }
        Ok(answer)
    }

    async fn remove_account(&self, name: &AccountName) -> Result<bool, StoreError> {
        let removed = self.inner().remove_account(name).await?;
        if self.has(Fault::RemovingClearsTheDefault) {
            self.clear_default().await?;
        }
        if self.has(Fault::RemovingAnAccountRemovesItsApp) {
            self.inner().remove_app(name.as_str()).await?;
        }
        Ok(removed || self.has(Fault::RemoveAlwaysSaysYes))
    }

    async fn default_account(&self) -> Result<Option<AccountName>, StoreError> {
        let default = self.inner().default_account().await?;
        Ok(match self.fault {
            Some(Fault::ComesWithADefault) => default.or_else(|| "main".parse().ok()),
            Some(Fault::DefaultOutlivesItsAccount) => self.storage.chosen.with(|name| name.clone()),
            _ => default,
        })
    }

    async fn set_default_account(&self, name: &AccountName) -> Result<bool, StoreError> {
        if self.has(Fault::ForgetsTheDefault) {
            return self.knows(name).await;
        }
        let known = self.inner().set_default_account(name).await?;
        if known {
            self.storage.chosen.with(|chosen| *chosen = Some(name.clone()));
        }
        Ok(known || self.has(Fault::TakesAnyDefault))
    }

    async fn apps(&self) -> Result<Vec<App>, StoreError> {
        let mut apps = self.inner().apps().await?;
        if self.has(Fault::SortsWithoutCase) {
            apps.sort_by_key(|app| app.name.to_lowercase());
        }
        Ok(apps)
    }

    async fn put_app(&self, app: &App) -> Result<(), StoreError> {
        let known = self.inner().apps().await?.iter().any(|known| known.name == app.name);
        if self.has(Fault::PutKeepsTheOld) && known {
            return Ok(());
        }
        let mut app = app.clone();
        if self.has(Fault::LosesSecrets) {
            app.client_secret = None;
        }
        self.inner().put_app(&app).await
    }

    async fn remove_app(&self, name: &str) -> Result<bool, StoreError> {
        let removed = self.inner().remove_app(name).await?;
        Ok(removed || self.has(Fault::RemoveAlwaysSaysYes))
    }
}
