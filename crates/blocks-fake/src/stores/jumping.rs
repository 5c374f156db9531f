//! Time that nobody has to wait for.

use std::time::Duration;

use async_trait::async_trait;
use blocks_ports::Clock;
use jiff::Timestamp;

use super::ManualClock;

/// A [`Clock`] that jumps: whoever sleeps moves it to the end of the sleep, at once.
///
/// For tests of one task that waits and goes on, such as a pull over many rate windows. Where
/// several tasks sleep, [`ManualClock`] keeps their order.
///
/// ```
/// use blocks_fake::stores::JumpingClock;
/// use blocks_ports::Clock;
/// use jiff::{SignedDuration, Timestamp};
///
/// # tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(async {
/// let clock = JumpingClock::new(Timestamp::UNIX_EPOCH);
/// let tomorrow = clock.now() + SignedDuration::from_hours(24);
/// clock.sleep_until(tomorrow).await;
/// assert_eq!(clock.now(), tomorrow);
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct JumpingClock(ManualClock);

impl JumpingClock {
    /// A clock that shows this time.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self(ManualClock::new(now))
    }
}

#[async_trait]
impl Clock for JumpingClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    async fn sleep_until(&self, until: Timestamp) {
        let sleep = until.duration_since(self.now());
        self.0.advance(Duration::try_from(sleep).unwrap_or_default());
    }
}
