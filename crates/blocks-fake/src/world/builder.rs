//! How a world begins.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use blocks_domain::Availability;
use jiff::Timestamp;

use super::authority::Authority;
use super::blocks::BlockList;
use super::call::State;
use super::meter::Meter;
use super::people::{Person, Population, Shuffle};
use super::time::Time;
use super::windows::Windows;
use super::{Shared, World};
use crate::seal::Seal;

/// The plan that the app of a world has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tier {
    /// Everything, writes included.
    #[default]
    Enterprise,
    /// Reads alone: blocking and unblocking answer 403.
    PayPerUse,
}

impl Tier {
    /// The plan's name as a program takes it: `enterprise` or `pay-per-use`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enterprise => "enterprise",
            Self::PayPerUse => "pay-per-use",
        }
    }

    pub(super) const fn availability(self) -> Availability {
        match self {
            Self::Enterprise => Availability::Enterprise,
            Self::PayPerUse => Availability::PayPerUse,
        }
    }
}

/// Makes a [`World`].
///
/// ```
/// use blocks_fake::{Tier, World};
///
/// let world = World::builder().seed(3).blocks(10).tier(Tier::PayPerUse).limits(false).build();
/// assert_eq!(world.block_count(world.owner()), 10);
/// ```
#[derive(Debug, Clone)]
pub struct WorldBuilder {
    pub(super) seed: u64,
    pub(super) blocks: u32,
    pub(super) tier: Tier,
    pub(super) limits: bool,
    pub(super) time: Time,
    pub(super) redirect_uri: String,
}

impl Default for WorldBuilder {
    fn default() -> Self {
        Self {
            seed: 7,
            blocks: 100,
            tier: Tier::Enterprise,
            limits: true,
            time: Time::REAL,
            redirect_uri: Self::REDIRECT_URI.to_owned(),
        }
    }
}

impl WorldBuilder {
    /// Where the authorize page sends people back to, unless told otherwise.
    pub const REDIRECT_URI: &str = "http://127.0.0.1:8739/callback";

    /// The seed that everybody and everything follows from.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// How many users the owner blocks from the beginning: at most about 67 million.
    #[must_use]
    pub const fn blocks(mut self, blocks: u32) -> Self {
        self.blocks = blocks;
        self
    }

    /// The plan of the app.
    #[must_use]
    pub const fn tier(mut self, tier: Tier) -> Self {
        self.tier = tier;
        self
    }

    /// Whether rate windows are counted.
    ///
    /// Without limits the answers tell a window of a million calls that stays full, so that
    /// clients that pace themselves by the headers do not wait.
    #[must_use]
    pub const fn limits(mut self, limits: bool) -> Self {
        self.limits = limits;
        self
    }

    /// Lets the time stand still at a moment until somebody moves it; otherwise it runs.
    #[must_use]
    pub const fn still_at(mut self, now: Timestamp) -> Self {
        self.time = Time::Still(now);
        self
    }

    /// The redirect URI that both apps of the world have registered, to the letter: an absolute
    /// URI without a fragment.
    #[must_use]
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uri = uri.into();
        self
    }

    /// The world.
    #[must_use]
    pub fn build(self) -> World {
        let owner = Person::new(Shuffle::of(self.seed, "owner", 0).at(0));
        let people = Population::of(self.seed);
        let list = BlockList::seeded(self.seed, owner, self.blocks);
        let state = State {
            seed: self.seed,
            blocks: self.blocks,
            tier: self.tier,
            limits: self.limits,
            enrolled: true,
            monthly_cap: None,
            time: self.time,
            lists: HashMap::from([(owner, list)]),
            follows: BTreeSet::new(),
            authority: Authority::new(self.seed, self.redirect_uri),
            meter: Meter::new(self.time.now()),
            windows: Windows::default(),
        };
        World {
            shared: Arc::new(Shared {
                seed: self.seed,
                people,
                owner,
                seal: Seal::of(self.seed),
                state: Mutex::new(state),
                #[cfg(feature = "server")]
                faults: Mutex::default(),
                #[cfg(feature = "server")]
                nonces: Mutex::default(),
            }),
        }
    }
}
