//! Figures about a mirrored block list.

use std::collections::BTreeMap;

use blocks_domain::{UserId, VerifiedType, Vocabulary};
use blocks_ports::{MirrorQuery, MirrorStore, StoreError};
use futures_util::TryStreamExt;
use serde::Serialize;

/// Figures about the last snapshot of a block list.
///
/// Of a user whose answer left a field out, nothing is counted for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Stats {
    /// How many users the snapshot holds.
    pub users: u64,
    /// Of how many of them the profile is known, so that there is something to count; of the others
    /// it was forgotten, or never told. A profile is known where the handle is.
    pub profiles: u64,
    /// How many of them are verified, by kind.
    pub verified: BTreeMap<String, u64>,
    /// How many keep their posts private.
    pub protected: u64,
    /// How many have a bio.
    pub with_bio: u64,
    /// How many are withheld somewhere.
    pub withheld: u64,
    /// How many accounts were made in each year.
    pub created: BTreeMap<i16, u64>,
    /// How many have fewer than 10, 100, 1000, … followers, each counted once, at the bound.
    pub followers_below: BTreeMap<u64, u64>,
    /// How many followers they have together.
    pub followers: u64,
}

impl Stats {
    /// Counts the last snapshot of `account`.
    ///
    /// ```
    /// use blocks_app::{NoProgress, Pull, Stats};
    /// use blocks_domain::BlockingQuery;
    /// use blocks_fake::stores::{JumpingClock, MemoryMirrorStore};
    /// use blocks_fake::{FakeApi, World};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let world = World::builder().blocks(40).build();
    /// let api = FakeApi::new(world.clone());
    /// let (mirror, clock) = (MemoryMirrorStore::default(), JumpingClock::new(world.now()));
    /// let pull = Pull::new(&api, &mirror, &clock);
    /// pull.run(world.owner(), BlockingQuery::default(), &NoProgress).await?;
    ///
    /// let stats = Stats::of(&mirror, world.owner()).await?;
    /// assert_eq!((stats.users, stats.profiles), (40, 40));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The mirror failed.
    pub async fn of(mirror: &dyn MirrorStore, account: UserId) -> Result<Self, StoreError> {
        let mut stats = Self::default();
        let mut entries = mirror.entries(account, MirrorQuery::default());
        while let Some(entry) = entries.try_next().await? {
            stats.count(&entry.user);
        }
        Ok(stats)
    }

    fn count(&mut self, user: &blocks_domain::User) {
        self.users += 1;
        self.profiles += u64::from(user.username.is_some());
        self.protected += u64::from(user.protected == Some(true));
        self.withheld += u64::from(user.withheld.is_some());
        self.with_bio += u64::from(user.description.as_ref().is_some_and(|bio| !bio.is_empty()));
        if user.verified == Some(true) {
            let kind = user.verified_type.as_ref().map_or("unknown", kind_of);
            *self.verified.entry(kind.to_owned()).or_default() += 1;
        }
        if let Some(created) = user.created_at {
            let year = created.to_zoned(jiff::tz::TimeZone::UTC).year();
            *self.created.entry(year).or_default() += 1;
        }
        let metrics = user.public_metrics.as_ref();
        if let Some(followers) = metrics.and_then(|metrics| metrics.followers_count) {
            self.followers = self.followers.saturating_add(followers);
            *self.followers_below.entry(bound_above(followers)).or_default() += 1;
        }
    }
}

fn kind_of(kind: &VerifiedType) -> &str {
    kind.word(Vocabulary::default())
}

/// The smallest power of ten, from 10 on, that is greater than `followers`.
fn bound_above(followers: u64) -> u64 {
    let mut bound = 10_u64;
    while bound <= followers {
        match bound.checked_mul(10) {
            Some(next) => bound = next,
            None => return u64::MAX,
        }
    }
    bound
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_no_profile_is_counted_as_a_user_alone() {
        let mut stats = Stats::default();
        let mut known = blocks_domain::User::new(UserId::MAX);
        stats.count(&known);
        assert_eq!(stats, Stats { users: 1, ..Stats::default() });
        known.username = Some("known".into());
        stats.count(&known);
        assert_eq!(stats, Stats { users: 2, profiles: 1, ..Stats::default() });
    }

    #[test]
    fn a_bound_is_the_next_power_of_ten() {
        for (followers, bound) in
            [(0, 10), (9, 10), (10, 100), (99, 100), (100, 1000), (u64::MAX, u64::MAX)]
        {
            assert_eq!(bound_above(followers), bound);
        }
    }
}
