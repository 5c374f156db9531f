//! A world: people, whom they block and follow, and an API that counts and charges.

mod absentees;
mod activity;
mod authority;
mod blocks;
mod builder;
mod bulk;
mod call;
mod cast;
mod clock;
mod crowd;
mod dice;
mod line;
mod meter;
mod page_token;
mod people;
mod profile;
mod restore;
mod runs;
mod settings;
mod sign_in;
mod snapshot;
mod status;
mod text;
mod time;
mod view;
mod windows;
mod words;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use blocks_domain::{BlockPair, Refusal, Relationship, Transition, Usd, UserId};
use jiff::Timestamp;

pub use authority::{IssuerFault, IssuerTally};
pub use builder::{Tier, WorldBuilder};
pub use clock::WorldClock;
pub use meter::MeterReading;
pub use profile::{Badge, Pin, PostCounts, Profile, ProfileCounts, ProfilePost};
pub use settings::Settings;
pub use snapshot::{InvalidWorldState, WorldState};
pub use status::AccountStatus;
pub use text::{Meaning, Span, Text};

pub(crate) use activity::{
    End, EventKind, NotSubscribed, Subscription, Told, TooManyStreams, USER_FIELDS,
};
#[cfg(feature = "server")]
pub(crate) use activity::{Ending, EventStream, LONGEST_BACKFILL};
pub(crate) use authority::{ACCESS_LIFETIME, Authority, Client, TokenError};
#[cfg(feature = "server")]
pub(crate) use authority::{AuthorizationRequest, Challenge, Question};
#[cfg(feature = "server")]
pub(crate) use blocks::Position;
pub(crate) use call::{Caller, Claim, Denial, Denied};
#[cfg(feature = "server")]
pub(crate) use dice::Dice;
pub(crate) use page_token::Bookmark;
pub(crate) use status::Absence;
pub(crate) use view::{Company, Missing, Unseen, View};

use crate::seal::Seal;
use call::State;
use people::{Person, Population};

/// A small world of people who block and follow each other, and the rules that X's API keeps
/// there: tokens and scopes, plans, rate windows, prices.
///
/// The same seed makes the same world. A clone is another handle on it.
///
/// ```
/// use blocks_domain::BlockPair;
/// use blocks_fake::World;
///
/// let world = World::builder().seed(7).blocks(2500).build();
/// let (owner, stranger) = (world.owner(), world.stranger(0));
/// world.block(BlockPair::new(owner, stranger)?)?;
/// assert_eq!(world.block_count(owner), 2501);
/// assert_eq!(world.blocks(owner, 1), [stranger], "the newest block comes first");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct World {
    shared: Arc<Shared>,
}

/// What the handles on a world share.
struct Shared {
    seed: u64,
    people: Population,
    owner: Person,
    seal: Seal,
    keep_alive: Duration,
    state: Mutex<State>,
    #[cfg(feature = "server")]
    faults: Mutex<crate::server::Faults>,
    #[cfg(feature = "server")]
    requests: Mutex<crate::server::Requests>,
    #[cfg(feature = "server")]
    nonces: Mutex<crate::server::Nonces>,
}

impl World {
    /// A world to be: seed 7, 100 blocks, Enterprise, limits on, unless told otherwise.
    #[must_use]
    pub fn builder() -> WorldBuilder {
        WorldBuilder::default()
    }

    /// The seed that the world follows from.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.shared.seed
    }

    /// The user whose block list the seed fills, and who is signed in unless told otherwise.
    #[must_use]
    pub fn owner(&self) -> UserId {
        self.people().id(self.shared.owner)
    }

    /// A user whom the seed does not put on the owner's block list, and who is there: a different
    /// one for each number.
    ///
    /// # Panics
    /// There are not that many: the owner, those blocked from the beginning and the strangers are
    /// about 67 million together.
    #[must_use]
    pub fn stranger(&self, number: u32) -> UserId {
        let stranger = self.lock().cast.stranger(number);
        self.people().id(stranger.expect("this world has that many strangers"))
    }

    /// A user besides the owner to whom the seed gives a block list; `None` where there are not
    /// that [many](WorldBuilder::neighbours).
    #[must_use]
    pub fn neighbour(&self, number: u32) -> Option<UserId> {
        let neighbour = self.lock().cast.neighbour(number);
        neighbour.map(|person| self.people().id(person))
    }

    /// What a user shows; `None` when there is no such user.
    #[must_use]
    pub fn profile(&self, user: UserId) -> Option<Profile> {
        let people = self.people();
        people.by_id(user).map(|person| people.profile(person))
    }

    /// How often a stream that has nothing to tell gives a sign of life, by the real clock.
    #[must_use]
    pub fn keep_alive(&self) -> Duration {
        self.shared.keep_alive
    }

    /// The time of the world.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.lock().time.now()
    }

    /// Moves the time on.
    pub fn advance(&self, by: Duration) {
        self.lock().time.advance(by);
    }

    /// What stands between two users.
    ///
    /// # Errors
    /// [`WorldError::NoSuchUser`].
    pub fn relationship(&self, pair: BlockPair) -> Result<Relationship, WorldError> {
        let (source, target) = self.both(pair)?;
        Ok(self.lock().between(source, target))
    }

    /// Makes the source block the target: no call of the API, not counted and not charged.
    ///
    /// # Errors
    /// [`WorldError::NoSuchUser`].
    pub fn block(&self, pair: BlockPair) -> Result<Transition, WorldError> {
        let (source, target) = self.both(pair)?;
        Ok(self.lock().block(source, target))
    }

    /// Makes the source no longer block the target.
    ///
    /// # Errors
    /// [`WorldError::NoSuchUser`].
    pub fn unblock(&self, pair: BlockPair) -> Result<Transition, WorldError> {
        let (source, target) = self.both(pair)?;
        Ok(self.lock().unblock(source, target))
    }

    /// Makes the source follow the target.
    ///
    /// # Errors
    /// [`WorldError::NoSuchUser`], and [`WorldError::Refused`] across a block.
    pub fn follow(&self, pair: BlockPair) -> Result<Transition, WorldError> {
        let (source, target) = self.both(pair)?;
        Ok(self.lock().follow(source, target)?)
    }

    /// Makes the source no longer follow the target.
    ///
    /// # Errors
    /// [`WorldError::NoSuchUser`].
    pub fn unfollow(&self, pair: BlockPair) -> Result<Transition, WorldError> {
        let (source, target) = self.both(pair)?;
        Ok(self.lock().unfollow(source, target))
    }

    /// How many users somebody blocks, those included who are suspended or deactivated; nobody
    /// blocks anybody who does not exist.
    #[must_use]
    pub fn block_count(&self, user: UserId) -> u64 {
        self.people().by_id(user).map_or(0, |person| self.lock().list(person).len())
    }

    /// Whom somebody blocks, newest block first, at most so many: those whom reading the list
    /// shows.
    #[must_use]
    pub fn blocks(&self, user: UserId, at_most: usize) -> Vec<UserId> {
        let people = self.people();
        let Some(person) = people.by_id(user) else { return Vec::new() };
        let state = self.lock();
        let list = state.list(person);
        let shown = list.newest().filter(|person| state.is_active(*person)).take(at_most);
        shown.map(|person| people.id(person)).collect()
    }

    /// What has been charged so far.
    #[must_use]
    pub fn meter(&self) -> MeterReading {
        self.lock().meter.reading()
    }

    /// Bounds what reading may cost from now on; `None` lifts the bound.
    ///
    /// When the credits no longer pay for a single read, every read answers 402.
    pub fn set_credits(&self, credits: Option<Usd>) {
        self.lock().meter.set_credits(credits);
    }

    /// Bounds how many reads a month may be paid for; `None` lifts the bound.
    ///
    /// When the cap is reached, every read answers 429 with the problem `usage-capped`.
    pub fn set_monthly_cap(&self, reads: Option<u64>) {
        self.lock().monthly_cap = reads;
    }

    /// Says whether the app is enrolled for the API; while it is not, every call answers 403.
    pub fn set_enrolled(&self, enrolled: bool) {
        self.lock().enrolled = enrolled;
    }

    fn both(&self, pair: BlockPair) -> Result<(Person, Person), WorldError> {
        Ok((self.person(pair.source())?, self.person(pair.target())?))
    }

    fn person(&self, user: UserId) -> Result<Person, WorldError> {
        self.people().by_id(user).ok_or(WorldError::NoSuchUser { user })
    }

    fn people(&self) -> Population {
        self.shared.people
    }

    /// No call under this lock stops half-way through a change, so a poisoned state is whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(feature = "server")]
    pub(crate) fn faults(&self) -> MutexGuard<'_, crate::server::Faults> {
        self.shared.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(feature = "server")]
    pub(crate) fn recorded(&self) -> MutexGuard<'_, crate::server::Requests> {
        self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(feature = "server")]
    pub(crate) fn nonces(&self) -> MutexGuard<'_, crate::server::Nonces> {
        self.shared.nonces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("seed", &self.shared.seed).finish_non_exhaustive()
    }
}

/// Why something cannot be done in a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WorldError {
    /// There is no such user.
    #[error("this world has no user {user}")]
    #[non_exhaustive]
    NoSuchUser {
        /// The id that leads nowhere.
        user: UserId,
    },
    /// A block stands in the way.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// No client has this id and this secret.
    #[error("this world has no app with this client id and client secret")]
    UnknownApp,
    /// The redirect URI of the app is not registered.
    #[error("the app's redirect URI is not registered in this world")]
    UnknownRedirectUri,
    /// The request token is unknown or too old, or somebody has decided about it.
    #[error("this request token cannot be authorized: it is unknown, decided about or too old")]
    UnknownRequestToken,
}

#[cfg(test)]
mod tests;
