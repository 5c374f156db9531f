//! The real time.

use std::time::Duration;

use async_trait::async_trait;
use blocks_ports::Clock;
use jiff::Timestamp;
use tokio::time::Instant;

/// The clock of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl SystemClock {
    /// A wait is cut into pieces of this length, so that it ends soon after its time though the
    /// machine slept or the clock was set forward.
    const PIECE: Duration = Duration::from_secs(10);
}

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn sleep_until(&self, until: Timestamp) {
        let begun = Instant::now();
        let Ok(whole) = Duration::try_from(until.duration_since(self.now())) else { return };
        while let Ok(left) = Duration::try_from(until.duration_since(self.now())) {
            // What has passed is measured, so that a clock that is set back lengthens nothing.
            let left = left.min(whole.saturating_sub(begun.elapsed()));
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(Self::PIECE)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_time_that_has_passed_is_not_waited_for() {
        SystemClock.sleep_until(Timestamp::UNIX_EPOCH).await;
    }

    #[tokio::test]
    async fn after_sleeping_the_time_has_come() {
        let until = SystemClock.now() + Duration::from_millis(15);
        SystemClock.sleep_until(until).await;
        assert!(SystemClock.now() >= until);
    }
}
