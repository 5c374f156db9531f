//! Time as a port.

use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;

/// The time, and waiting for it.
///
/// Every wait goes through this port, so that time is virtual in tests.
///
/// # Contract
/// - `now` never runs backwards within one process by more than the system clock is set back.
/// - After `sleep_until(t)` has returned, `now() >= t`; a `t` that has passed returns at once. A
///   clock that is set back meanwhile does not lengthen the wait, and only then `now() < t`.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// Waits until a time.
    async fn sleep_until(&self, until: Timestamp);
}
