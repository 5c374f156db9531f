//! A running world that is taken back to a state that was kept.

use std::sync::{Arc, PoisonError};

use super::{InvalidWorldState, World, WorldState};

impl World {
    /// Takes this world, with all handles on it, to a state that was exported from it or from
    /// another world of the same seed: all of it, or nothing where that is refused.
    ///
    /// # Errors
    /// [`InvalidWorldState`] when the state makes no world, or one of another seed.
    ///
    /// ```
    /// use blocks_domain::BlockPair;
    /// use blocks_fake::World;
    ///
    /// let world = World::builder().blocks(10).build();
    /// let before = world.export();
    /// world.block(BlockPair::new(world.owner(), world.stranger(0))?)?;
    /// world.restore(before)?;
    /// assert_eq!(world.block_count(world.owner()), 10);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn restore(&self, kept: WorldState) -> Result<(), InvalidWorldState> {
        let other = Self::import(kept)?;
        if other.seed() != self.seed() {
            return Err(InvalidWorldState::OtherSeed { found: other.seed(), seed: self.seed() });
        }
        // Nobody else has a handle on a world that was just made.
        if let Some(other) = Arc::into_inner(other.shared) {
            *self.lock() = other.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        }
        Ok(())
    }
}
