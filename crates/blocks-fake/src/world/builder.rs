//! How a world begins.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use blocks_domain::Availability;
use jiff::Timestamp;

use super::activity::Activity;
use super::authority::Authority;
use super::call::State;
use super::cast::{Cast, Parts};
use super::meter::Meter;
use super::people::Population;
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
    pub(super) parts: Parts,
    pub(super) tier: Tier,
    pub(super) limits: bool,
    pub(super) time: Time,
    pub(super) page_token_lifetime: Duration,
    pub(super) redirect_uri: String,
    pub(super) keep_alive: Duration,
}

impl Default for WorldBuilder {
    fn default() -> Self {
        Self {
            seed: 7,
            parts: Parts { blocks: 100, unavailable: 0, neighbours: 0, neighbour_blocks: 0 },
            tier: Tier::Enterprise,
            limits: true,
            time: Time::REAL,
            page_token_lifetime: Self::PAGE_TOKEN_LIFETIME,
            redirect_uri: Self::REDIRECT_URI.to_owned(),
            keep_alive: Duration::from_secs(20),
        }
    }
}

impl WorldBuilder {
    /// Where the authorize page sends people back to, unless told otherwise.
    pub const REDIRECT_URI: &str = "http://127.0.0.1:8739/callback";

    /// How long a page token is good, unless told otherwise: a day.
    ///
    /// X says that page tokens can expire, and not when; the day is a guess.
    pub const PAGE_TOKEN_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

    /// The seed that everybody and everything follows from.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// How many users the owner blocks from the beginning: at most about 67 million.
    ///
    /// A read of the whole list shows so many. Where the seed makes users
    /// [unavailable](WorldBuilder::unavailable), the owner blocks more than these.
    #[must_use]
    pub const fn blocks(mut self, blocks: u32) -> Self {
        self.parts.blocks = blocks;
        self
    }

    /// How many of every thousand users are suspended or deactivated from the beginning, about as
    /// many of each: at most 900, and none unless told otherwise.
    ///
    /// They stay blocked but drop out of pages, which makes pages short. The owner, the neighbours
    /// and the [strangers](World::stranger) are never among them.
    ///
    /// ```
    /// use blocks_fake::World;
    ///
    /// let world = World::builder().blocks(1000).unavailable(20).build();
    /// assert_eq!(world.blocks(world.owner(), 2000).len(), 1000, "those whom a read shows");
    /// assert!(world.block_count(world.owner()) > 1000);
    /// ```
    #[must_use]
    pub const fn unavailable(mut self, of_thousand: u16) -> Self {
        self.parts.unavailable = of_thousand;
        self
    }

    /// How many users besides the owner have a block list from the beginning, and how many users
    /// are on each, unavailable ones included; see [`World::neighbour`].
    ///
    /// ```
    /// use blocks_fake::World;
    ///
    /// let world = World::builder().neighbours(100_000, 100).build();
    /// let last = world.neighbour(99_999).expect("there are so many");
    /// assert_eq!(world.block_count(last), 100);
    /// assert_eq!(world.neighbour(100_000), None);
    /// ```
    #[must_use]
    pub const fn neighbours(mut self, count: u32, blocks: u32) -> Self {
        self.parts.neighbours = count;
        self.parts.neighbour_blocks = blocks;
        self
    }

    /// How long a page token is good, in whole seconds of the world's time:
    /// [a day](WorldBuilder::PAGE_TOKEN_LIFETIME) unless told otherwise.
    #[must_use]
    pub const fn page_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.page_token_lifetime = lifetime;
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

    /// How often a stream that has nothing to tell gives a sign of life, by the real clock: every
    /// 20 seconds unless told otherwise.
    #[must_use]
    pub const fn keep_alive(mut self, every: Duration) -> Self {
        self.keep_alive = every;
        self
    }

    /// The world.
    #[must_use]
    pub fn build(self) -> World {
        let cast = Cast::of(self.seed, self.parts);
        let state = State {
            cast,
            tier: self.tier,
            limits: self.limits,
            enrolled: true,
            monthly_cap: None,
            time: self.time,
            page_token_lifetime: self.page_token_lifetime,
            lists: HashMap::new(),
            statuses: HashMap::new(),
            follows: BTreeSet::new(),
            authority: Authority::new(self.seed, self.redirect_uri),
            activity: Activity::default(),
            meter: Meter::new(self.time.now()),
            windows: Windows::default(),
        };
        World {
            shared: Arc::new(Shared {
                seed: self.seed,
                people: Population::of(self.seed),
                owner: cast.owner,
                seal: Seal::of(self.seed),
                keep_alive: self.keep_alive,
                state: Mutex::new(state),
                #[cfg(feature = "server")]
                faults: Mutex::default(),
                #[cfg(feature = "server")]
                requests: Mutex::default(),
                #[cfg(feature = "server")]
                nonces: Mutex::default(),
            }),
        }
    }
}
