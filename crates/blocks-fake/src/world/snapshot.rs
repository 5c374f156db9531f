//! A world as it is kept between runs.

use std::collections::BTreeMap;
use std::time::Duration;

use blocks_domain::{Endpoint, Scope, Usd};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::activity::{Activity, ActivityRecord};
use super::authority::{Bearer, Grant, Grants, Records};
use super::blocks::Changes;
use super::builder::{Tier, WorldBuilder};
use super::call::State;
use super::cast::Parts;
use super::meter::{Meter, MeterRecord};
use super::people::Person;
use super::status::AccountStatus;
use super::time::Time;
use super::windows::{Window, Windows};
use super::{Shared, World};

/// Everything in a [`World`] that does not follow from its seed.
///
/// It is written and read as JSON; what stands in it is no promise, but every version reads what
/// it wrote, and refuses what another one wrote.
///
/// Tokens and other secrets are not in it: they follow from the seed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldState {
    version: u32,
    seed: u64,
    blocks: u32,
    #[serde(default)]
    unavailable: u16,
    #[serde(default)]
    neighbours: u32,
    #[serde(default)]
    neighbour_blocks: u32,
    enterprise: bool,
    limits: bool,
    enrolled: bool,
    monthly_cap: Option<u64>,
    clock: ClockState,
    /// Absent where a version wrote it whose page tokens never expired.
    #[serde(default)]
    page_token_seconds: Option<u64>,
    lists: Vec<ListState>,
    /// What has become of accounts by hand, by number.
    #[serde(default)]
    statuses: Vec<(u32, AccountStatus)>,
    /// Who follows whom, by number.
    follows: Vec<(u32, u32)>,
    grants: Vec<GrantState>,
    /// Absent where a version wrote it that nobody could sign in to.
    #[serde(default)]
    signing_in: Option<Records>,
    /// Absent where a version wrote it that told nobody of anything.
    #[serde(default)]
    activity: ActivityRecord,
    meter: MeterState,
    windows: Vec<WindowState>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum ClockState {
    AheadMs(i64),
    StillAtMs(i64),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListState {
    owner: u32,
    lifted: Vec<u64>,
    made: Vec<(u64, u32)>,
    last: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GrantState {
    number: u64,
    user: Option<u32>,
    scopes: Vec<String>,
    expires_at: Option<Timestamp>,
    #[serde(default)]
    is_revoked: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MeterState {
    /// When it was written: what was paid for on that day is free until the day ends.
    at: Timestamp,
    paid_blocks: Vec<u32>,
    paid_lookups: Vec<u32>,
    block_reads: u64,
    user_lookups: u64,
    month_reads: u64,
    free_reads: u64,
    #[serde(default)]
    block_events: u64,
    cost: Usd,
    credits: Option<Usd>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowState {
    user: u32,
    endpoint: String,
    ends: i64,
    used: u32,
}

/// Why a state makes no world.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidWorldState {
    /// Another version wrote it.
    #[error("the state is of version {found}, and this program reads version {}", VERSION)]
    #[non_exhaustive]
    Version {
        /// The version that it says.
        found: u32,
    },
    /// It is of a world with another seed, in which other people live.
    #[error("the state is of seed {found}, and this world is of seed {seed}")]
    #[non_exhaustive]
    OtherSeed {
        /// The seed of the state.
        found: u64,
        /// The seed of the world.
        seed: u64,
    },
    /// It names a scope or an endpoint that does not exist.
    #[error("the state names {word:?}, which does not exist")]
    #[non_exhaustive]
    UnknownWord {
        /// What it names.
        word: String,
    },
}

const VERSION: u32 = 1;

impl World {
    /// Everything that does not follow from the seed, to be kept.
    #[must_use]
    pub fn export(&self) -> WorldState {
        let state = self.lock();
        WorldState {
            version: VERSION,
            seed: state.cast.seed,
            blocks: state.cast.parts.blocks,
            unavailable: state.cast.parts.unavailable,
            neighbours: state.cast.parts.neighbours,
            neighbour_blocks: state.cast.parts.neighbour_blocks,
            enterprise: state.tier == Tier::Enterprise,
            limits: state.limits,
            enrolled: state.enrolled,
            monthly_cap: state.monthly_cap,
            clock: ClockState::of(state.time),
            page_token_seconds: Some(state.page_token_lifetime.as_secs()),
            lists: lists(&state),
            statuses: statuses(&state),
            follows: state.follows.iter().map(|(by, of)| (by.number(), of.number())).collect(),
            grants: grants(state.authority.grants()),
            signing_in: Some(state.authority.records().clone()),
            activity: state.activity.record(),
            meter: MeterState::of(&state.meter, state.time.now()),
            windows: windows(&state.windows),
        }
    }

    /// A world from what was kept of it.
    ///
    /// # Errors
    /// [`InvalidWorldState`] when another version wrote it, or it is damaged.
    ///
    /// ```
    /// use blocks_domain::BlockPair;
    /// use blocks_fake::World;
    ///
    /// let world = World::builder().seed(7).blocks(10).build();
    /// world.block(BlockPair::new(world.owner(), world.stranger(0))?)?;
    ///
    /// let kept = serde_json::to_string(&world.export())?;
    /// let again = World::import(serde_json::from_str(&kept)?)?;
    /// assert_eq!(again.blocks(again.owner(), 20), world.blocks(world.owner(), 20));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn import(kept: WorldState) -> Result<Self, InvalidWorldState> {
        if kept.version != VERSION {
            return Err(InvalidWorldState::Version { found: kept.version });
        }
        let tier = if kept.enterprise { Tier::Enterprise } else { Tier::PayPerUse };
        let time = kept.clock.time();
        let builder = WorldBuilder {
            seed: kept.seed,
            parts: kept.parts(),
            tier,
            limits: kept.limits,
            time,
            page_token_lifetime: kept.page_token_lifetime(),
            ..WorldBuilder::default()
        };
        let world = builder.build();
        world.shared.restore(kept)?;
        Ok(world)
    }
}

impl WorldState {
    const fn parts(&self) -> Parts {
        Parts {
            blocks: self.blocks,
            unavailable: self.unavailable,
            neighbours: self.neighbours,
            neighbour_blocks: self.neighbour_blocks,
        }
    }

    fn page_token_lifetime(&self) -> Duration {
        let kept = self.page_token_seconds.map(Duration::from_secs);
        kept.unwrap_or(WorldBuilder::PAGE_TOKEN_LIFETIME)
    }
}

impl Shared {
    fn restore(&self, kept: WorldState) -> Result<(), InvalidWorldState> {
        let grants = kept.grants.into_iter().map(GrantState::grant).collect::<Result<_, _>>()?;
        let windows =
            kept.windows.into_iter().map(WindowState::window).collect::<Result<Vec<_>, _>>()?;
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for list in kept.lists {
            let (owner, changes) = list.changes();
            let list = state.cast.list_of(owner).with_changes(changes);
            state.lists.insert(owner, list);
        }
        let person = Person::new;
        state.statuses = kept.statuses.into_iter().map(|(p, status)| (person(p), status)).collect();
        state.follows = kept.follows.into_iter().map(|(by, of)| (person(by), person(of))).collect();
        state.enrolled = kept.enrolled;
        state.monthly_cap = kept.monthly_cap;
        state.authority.restore(Grants::restored(grants), kept.signing_in);
        state.activity = Activity::restored(kept.activity);
        state.meter = kept.meter.meter();
        state.windows = Windows::restored(windows);
        Ok(())
    }
}

impl ClockState {
    fn of(time: Time) -> Self {
        match time {
            Time::Running { ahead } => {
                Self::AheadMs(i64::try_from(ahead.as_millis()).unwrap_or(i64::MAX))
            }
            Time::Still(now) => Self::StillAtMs(now.as_millisecond()),
        }
    }

    fn time(&self) -> Time {
        match *self {
            Self::AheadMs(ms) => Time::Running { ahead: SignedDuration::from_millis(ms) },
            Self::StillAtMs(ms) => {
                Time::Still(Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX))
            }
        }
    }
}

fn lists(state: &State) -> Vec<ListState> {
    let mut lists: Vec<_> = state
        .lists
        .iter()
        .map(|(owner, list)| {
            let Changes { lifted, made, last } = list.changes();
            let made = made.into_iter().map(|(number, person)| (number, person.number())).collect();
            ListState { owner: owner.number(), lifted, made, last }
        })
        .collect();
    lists.sort_unstable_by_key(|list| list.owner);
    lists
}

fn statuses(state: &State) -> Vec<(u32, AccountStatus)> {
    let statuses = state.statuses.iter().map(|(person, status)| (person.number(), *status));
    let mut statuses: Vec<_> = statuses.collect();
    statuses.sort_unstable_by_key(|(person, _)| *person);
    statuses
}

impl ListState {
    fn changes(self) -> (Person, Changes) {
        let made = self.made.into_iter().map(|(number, person)| (number, Person::new(person)));
        let changes = Changes { lifted: self.lifted, made: made.collect(), last: self.last };
        (Person::new(self.owner), changes)
    }
}

fn grants(grants: &BTreeMap<u64, Grant>) -> Vec<GrantState> {
    let kept = |(number, grant): (&u64, &Grant)| GrantState {
        number: *number,
        user: match grant.bearer {
            Bearer::User(person) => Some(person.number()),
            Bearer::App => None,
        },
        scopes: grant.scopes.iter().map(ToString::to_string).collect(),
        expires_at: grant.expires_at,
        is_revoked: grant.is_revoked,
    };
    grants.iter().map(kept).collect::<Vec<_>>()
}

impl GrantState {
    fn grant(self) -> Result<(u64, Grant), InvalidWorldState> {
        let scope = |word: String| {
            let found = Scope::ALL.into_iter().find(|scope| scope.word() == word);
            found.ok_or(InvalidWorldState::UnknownWord { word })
        };
        let grant = Grant {
            bearer: self.user.map_or(Bearer::App, |user| Bearer::User(Person::new(user))),
            scopes: self.scopes.into_iter().map(scope).collect::<Result<_, _>>()?,
            expires_at: self.expires_at,
            is_revoked: self.is_revoked,
        };
        Ok((self.number, grant))
    }
}

impl MeterState {
    fn of(meter: &Meter, now: Timestamp) -> Self {
        let record = meter.record();
        let numbers = |people: Vec<Person>| people.into_iter().map(Person::number).collect();
        Self {
            at: now,
            paid_blocks: numbers(record.paid_blocks),
            paid_lookups: numbers(record.paid_lookups),
            block_reads: record.block_reads,
            user_lookups: record.user_lookups,
            month_reads: record.month_reads,
            free_reads: record.free_reads,
            block_events: record.block_events,
            cost: record.cost,
            credits: record.credits,
        }
    }

    fn meter(self) -> Meter {
        let people = |numbers: Vec<u32>| numbers.into_iter().map(Person::new).collect();
        let record = MeterRecord {
            paid_blocks: people(self.paid_blocks),
            paid_lookups: people(self.paid_lookups),
            block_reads: self.block_reads,
            user_lookups: self.user_lookups,
            month_reads: self.month_reads,
            free_reads: self.free_reads,
            block_events: self.block_events,
            cost: self.cost,
            credits: self.credits,
        };
        Meter::restored(record, self.at)
    }
}

fn windows(windows: &Windows) -> Vec<WindowState> {
    let mut kept: Vec<_> = windows
        .iter()
        .map(|((person, endpoint), window)| WindowState {
            user: person.number(),
            endpoint: endpoint.to_string(),
            ends: window.ends,
            used: window.used,
        })
        .collect();
    kept.sort_unstable_by(|a, b| (a.user, &a.endpoint).cmp(&(b.user, &b.endpoint)));
    kept
}

impl WindowState {
    fn window(self) -> Result<((Person, Endpoint), Window), InvalidWorldState> {
        let endpoint = Endpoint::ALL.into_iter().find(|e| e.to_string() == self.endpoint);
        let endpoint = endpoint.ok_or(InvalidWorldState::UnknownWord { word: self.endpoint })?;
        let window = Window { ends: self.ends, used: self.used };
        Ok(((Person::new(self.user), endpoint), window))
    }
}
