//! A store within whose swaps go wrong when told to.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use blocks_fake::stores::MemoryTokenStore;
use blocks_ports::{
    AccountName, Claim, Credential, Lease, Revision, StoreError, StoreFailure, Swap, TokenStore,
    Versioned,
};
use jiff::Timestamp;
use tokio::sync::Notify;

/// A store in memory; a clone is another handle on it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flaky {
    pub(crate) memory: MemoryTokenStore,
    next: Arc<Mutex<Option<Fate>>>,
    late: Arc<Mutex<Option<Written>>>,
    reached: Arc<Notify>,
}

type Written = (AccountName, Revision, Option<Credential>);

/// What becomes of a swap.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fate {
    /// Nothing is done.
    Fails,
    /// It is done, and the answer is an error.
    LosesTheAnswer,
    /// The answer is an error, and it is done only when [`Flaky::finish`] is called, as by a server
    /// that goes on when the connection is lost.
    FinishesLate,
    /// Somebody else is first.
    LosesTheRace,
    /// Somebody else is first, and the answer is an error.
    LosesTheRaceAndTheAnswer,
    /// It never comes to it: the process is stopped before.
    NeverBegins,
    /// It is done, and the process is stopped before the answer.
    NeverEnds,
}

impl Flaky {
    /// Decides what becomes of the next swap.
    pub(crate) fn decide(&self, fate: Fate) {
        *self.next.lock().expect("no test panics under this lock") = Some(fate);
    }

    /// Does what was put off.
    pub(crate) async fn finish(&self) {
        let late = self.late.lock().expect("no test panics under this lock").take();
        let (account, expected, credential) = late.expect("a swap was put off");
        self.memory.swap(&account, expected, credential).await.expect("in memory");
    }

    /// Waits until a swap has come to where it is stopped.
    pub(crate) async fn stopped(&self) {
        self.reached.notified().await;
    }

    async fn stop<T>(&self) -> T {
        self.reached.notify_one();
        std::future::pending().await
    }
}

#[async_trait]
impl TokenStore for Flaky {
    async fn load(
        &self,
        account: &AccountName,
    ) -> Result<Versioned<Option<Credential>>, StoreError> {
        self.memory.load(account).await
    }

    async fn claim(
        &self,
        account: &AccountName,
        base: Revision,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<Claim, StoreError> {
        self.memory.claim(account, base, ttl, now).await
    }

    async fn swap(
        &self,
        account: &AccountName,
        expected: Revision,
        credential: Option<Credential>,
    ) -> Result<Swap, StoreError> {
        let fate = self.next.lock().expect("no test panics under this lock").take();
        let failed = || StoreError::new(StoreFailure::Other, "this store is broken");
        match fate {
            None => self.memory.swap(account, expected, credential).await,
            Some(Fate::Fails) => Err(failed()),
            Some(Fate::LosesTheAnswer) => {
                self.memory.swap(account, expected, credential).await?;
                Err(failed())
            }
            Some(Fate::FinishesLate) => {
                let written = (account.clone(), expected, credential);
                *self.late.lock().expect("no test panics under this lock") = Some(written);
                Err(failed())
            }
            Some(Fate::LosesTheRace) => {
                self.memory.swap(account, expected, None).await?;
                self.memory.swap(account, expected, credential).await
            }
            Some(Fate::LosesTheRaceAndTheAnswer) => {
                self.memory.swap(account, expected, None).await?;
                Err(failed())
            }
            Some(Fate::NeverBegins) => self.stop().await,
            Some(Fate::NeverEnds) => {
                self.memory.swap(account, expected, credential).await?;
                self.stop().await
            }
        }
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        self.memory.release(lease).await
    }
}
