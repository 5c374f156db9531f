//! Stores of accounts and sign-ins at whose calls something can happen.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use blocks_fake::stores::{MemoryAccountStore, MemoryTokenStore};
use blocks_ports::{
    Account, AccountName, AccountStore, App, Claim, Credential, Lease, Renamed, Revision,
    StoreError, StoreFailure, Swap, TokenStore, Versioned,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;

/// Both stores of a person, in memory. A clone is another handle, at which nothing happens.
#[derive(Default)]
pub(crate) struct Stores {
    accounts: MemoryAccountStore,
    tokens: MemoryTokenStore,
    damaged: Arc<Mutex<Option<AccountName>>>,
    calls: Mutex<Calls>,
}

#[derive(Default)]
struct Calls {
    made: usize,
    event: Option<(usize, Event)>,
}

/// What happens at a call.
pub(crate) enum Event {
    /// It fails, and does nothing.
    Fails,
    /// It does its work, and fails after that.
    FailsAfterwards,
    /// Somebody else does something first.
    Meanwhile(BoxFuture<'static, ()>),
}

impl Event {
    pub(crate) fn meanwhile(work: impl Future<Output = ()> + Send + 'static) -> Self {
        Self::Meanwhile(work.boxed())
    }
}

impl Stores {
    /// Lets this happen at one of the next calls, counted from zero.
    pub(crate) fn at(&self, call: usize, event: Event) {
        *self.calls.lock().expect("calls") = Calls { made: 0, event: Some((call, event)) };
    }

    /// Lets nothing happen any more, and counts from zero.
    pub(crate) fn calm_down(&self) {
        *self.calls.lock().expect("calls") = Calls::default();
    }

    /// How many calls there were.
    pub(crate) fn calls(&self) -> usize {
        self.calls.lock().expect("calls").made
    }

    /// Makes the sign-in of an account unreadable, until it is replaced.
    pub(crate) fn damage(&self, account: &AccountName) {
        *self.damaged.lock().expect("a name") = Some(account.clone());
    }

    async fn call<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let event = {
            let mut calls = self.calls.lock().expect("calls");
            let number = calls.made;
            calls.made += 1;
            calls.event.take_if(|(call, _)| *call == number)
        };
        let failure = || StoreError::new(StoreFailure::Full, "no room is left");
        match event.map(|(_, event)| event) {
            None => work.await,
            Some(Event::Fails) => Err(failure()),
            Some(Event::FailsAfterwards) => work.await.and_then(|_| Err(failure())),
            Some(Event::Meanwhile(event)) => {
                event.await;
                work.await
            }
        }
    }
}

impl Clone for Stores {
    fn clone(&self) -> Self {
        Self {
            accounts: self.accounts.clone(),
            tokens: self.tokens.clone(),
            damaged: Arc::clone(&self.damaged),
            calls: Mutex::default(),
        }
    }
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stores").finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenStore for Stores {
    async fn load(
        &self,
        account: &AccountName,
    ) -> Result<Versioned<Option<Credential>>, StoreError> {
        let stored = self.call(self.tokens.load(account)).await?;
        if self.damaged.lock().expect("a name").as_ref() == Some(account) {
            let error = StoreError::new(StoreFailure::Damaged, "it cannot be read");
            return Err(error.with_revision(stored.revision));
        }
        Ok(stored)
    }

    async fn claim(
        &self,
        account: &AccountName,
        base: Revision,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<Claim, StoreError> {
        self.call(self.tokens.claim(account, base, ttl, now)).await
    }

    async fn swap(
        &self,
        account: &AccountName,
        expected: Revision,
        credential: Option<Credential>,
    ) -> Result<Swap, StoreError> {
        let swap = self.call(self.tokens.swap(account, expected, credential)).await?;
        self.damaged.lock().expect("a name").take_if(|damaged| damaged == account);
        Ok(swap)
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        self.call(self.tokens.release(lease)).await
    }
}

#[async_trait]
impl AccountStore for Stores {
    async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        self.call(self.accounts.accounts()).await
    }

    async fn put_account(&self, account: &Account) -> Result<(), StoreError> {
        self.call(self.accounts.put_account(account)).await
    }

    async fn rename_account(
        &self,
        from: &AccountName,
        to: &AccountName,
    ) -> Result<Renamed, StoreError> {
        self.call(self.accounts.rename_account(from, to)).await
    }

    async fn remove_account(&self, name: &AccountName) -> Result<bool, StoreError> {
        self.call(self.accounts.remove_account(name)).await
    }

    async fn default_account(&self) -> Result<Option<AccountName>, StoreError> {
        self.call(self.accounts.default_account()).await
    }

    async fn set_default_account(&self, name: &AccountName) -> Result<bool, StoreError> {
        self.call(self.accounts.set_default_account(name)).await
    }

    async fn apps(&self) -> Result<Vec<App>, StoreError> {
        self.call(self.accounts.apps()).await
    }

    async fn put_app(&self, app: &App) -> Result<(), StoreError> {
        self.call(self.accounts.put_app(app)).await
    }

    async fn remove_app(&self, name: &str) -> Result<bool, StoreError> {
        self.call(self.accounts.remove_app(name)).await
    }
}
