//! The stores and the clock in memory: for tests, and for programs that keep nothing.
//!
//! A clone of a store is another handle on the same storage.

mod accounts;
mod clock;
mod jumping;
mod ledger;
mod mirror;
mod tokens;
mod windows;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use accounts::MemoryAccountStore;
pub use clock::ManualClock;
pub use jumping::JumpingClock;
pub use ledger::MemoryLedger;
pub use mirror::MemoryMirrorStore;
pub use tokens::MemoryTokenStore;
pub use windows::MemoryWindowStore;

/// A value that all handles on one storage share.
#[derive(Debug, Default)]
struct Shared<T>(Arc<Mutex<T>>);

impl<T> Shared<T> {
    fn new(value: T) -> Self {
        Self(Arc::new(Mutex::new(value)))
    }

    /// Nothing that the stores do under this lock can panic half-way, so a poisoned value is whole.
    fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}
