//! The time of a world, as a port.

use async_trait::async_trait;
use blocks_ports::Clock;
use jiff::Timestamp;

use super::World;

/// The clock of a [`World`]: whoever waits by it moves the world's time forward instead.
///
/// ```
/// use blocks_fake::{World, WorldClock};
/// use blocks_ports::Clock;
/// use jiff::SignedDuration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let world = World::builder().build();
/// let clock = WorldClock::new(world.clone());
/// let later = clock.now() + SignedDuration::from_mins(15);
/// clock.sleep_until(later).await;
/// assert!(world.now() >= later);
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct WorldClock(World);

impl WorldClock {
    /// The clock of this world.
    #[must_use]
    pub const fn new(world: World) -> Self {
        Self(world)
    }
}

#[async_trait]
impl Clock for WorldClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    async fn sleep_until(&self, until: Timestamp) {
        // In one step: of two who wait for the same moment, the second finds it there.
        self.0.lock().time.advance_to(until);
    }
}
