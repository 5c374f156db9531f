//! Many users at once: naming them, what stands between them, and their tokens.

use std::time::Duration;

use blocks_domain::{BlockPair, Endpoint, RateWindow, Scope, UserId};
use secrecy::SecretString;

use super::authority::{Bearer, Grant};
use super::people::{Person, Population};
use super::{World, WorldError, time};

impl World {
    /// The user whom somebody means by an id, a handle with or without `@`, or a number below
    /// 67,108,864 (see [`World::user_at`]); `None` when there is no such user.
    ///
    /// Digits mean an id where one is made of them, and otherwise a number.
    ///
    /// ```
    /// use blocks_fake::World;
    ///
    /// let world = World::builder().build();
    /// let user = world.user_at(12).expect("a user");
    /// let handle = world.profile(user).expect("a user").username;
    /// for name in [user.to_string(), handle.clone(), format!("@{handle}"), "12".to_owned()] {
    ///     assert_eq!(world.user_named(&name), Some(user));
    /// }
    /// ```
    #[must_use]
    pub fn user_named(&self, name: &str) -> Option<UserId> {
        let by_id = || name.parse().ok().filter(|id| self.people().by_id(*id).is_some());
        let by_number = || name.parse().ok().and_then(|number| self.user_at(number));
        let by_handle = || self.id_of(name.strip_prefix('@').unwrap_or(name));
        if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit()) {
            by_id().or_else(by_number)
        } else {
            by_handle()
        }
    }

    /// The user with a number: everybody has one, from 0 to 67,108,863.
    #[must_use]
    pub fn user_at(&self, number: u32) -> Option<UserId> {
        (number < Population::SIZE).then(|| self.people().id(Person::new(number)))
    }

    /// The number of a user.
    #[must_use]
    pub fn number_of(&self, user: UserId) -> Option<u32> {
        self.people().by_id(user).map(Person::number)
    }

    /// Lifts blocks and then makes others, all of them or none; no call of the API.
    ///
    /// # Errors
    /// [`WorldError::NoSuchUser`]; then nothing is changed.
    ///
    /// ```
    /// use blocks_domain::BlockPair;
    /// use blocks_fake::World;
    ///
    /// let world = World::builder().blocks(0).build();
    /// let owner = world.owner();
    /// let pairs: Vec<_> = (0..100)
    ///     .map(|number| BlockPair::new(owner, world.stranger(number)))
    ///     .collect::<Result<_, _>>()?;
    /// world.change_blocks(&[], &pairs)?;
    /// assert_eq!(world.block_count(owner), 100);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn change_blocks(&self, lift: &[BlockPair], make: &[BlockPair]) -> Result<(), WorldError> {
        let (lift, make) = (self.people_of(lift)?, self.people_of(make)?);
        let mut state = self.lock();
        for (source, target) in lift {
            state.unblock(source, target);
        }
        for (source, target) in make {
            state.block(source, target);
        }
        Ok(())
    }

    /// Ends follows and then makes others, all of them or none.
    ///
    /// # Errors
    /// [`WorldError::NoSuchUser`], and [`WorldError::Refused`] across a block; then nothing is
    /// changed.
    pub fn change_follows(&self, end: &[BlockPair], make: &[BlockPair]) -> Result<(), WorldError> {
        let (end, make) = (self.people_of(end)?, self.people_of(make)?);
        let mut state = self.lock();
        // Only blocks stand in the way of a follow, and no follow changes a block.
        for (source, target) in &make {
            state.between(*source, *target).follow(blocks_domain::Side::Source)?;
        }
        for (source, target) in end {
            state.unfollow(source, target);
        }
        for (source, target) in make {
            state.follow(source, target)?;
        }
        Ok(())
    }

    /// Whom somebody follows, and who follows them, by number.
    #[must_use]
    pub fn follows(&self, user: UserId) -> (Vec<UserId>, Vec<UserId>) {
        let people = self.people();
        let Some(person) = people.by_id(user) else { return (Vec::new(), Vec::new()) };
        let state = self.lock();
        let id = |person: &Person| people.id(*person);
        let following = state.follows.iter().filter(|(by, _)| *by == person);
        let followers = state.follows.iter().filter(|(_, of)| *of == person);
        (following.map(|(_, of)| id(of)).collect(), followers.map(|(by, _)| id(by)).collect())
    }

    /// New access tokens, one for each of some users, with the same scopes; they end after
    /// `lifetime`, or never.
    ///
    /// # Errors
    /// [`WorldError::NoSuchUser`]; then no token is made.
    pub fn mint_for_all(
        &self,
        users: &[UserId],
        scopes: impl IntoIterator<Item = Scope>,
        lifetime: Option<Duration>,
    ) -> Result<Vec<SecretString>, WorldError> {
        let people = users.iter().map(|user| self.person(*user)).collect::<Result<Vec<_>, _>>()?;
        let scopes: std::collections::BTreeSet<_> = scopes.into_iter().collect();
        Ok(self.with_authority(|authority, now| {
            let expires_at = lifetime.map(|lifetime| time::after(now, lifetime));
            let mint = |person| {
                let (bearer, scopes) = (Bearer::User(person), scopes.clone());
                authority.mint(Grant { bearer, scopes, expires_at, is_revoked: false })
            };
            people.into_iter().map(mint).collect()
        }))
    }

    /// The rate windows of a user that are open now.
    #[must_use]
    pub fn windows(&self, user: UserId) -> Vec<(Endpoint, RateWindow)> {
        let Some(person) = self.people().by_id(user) else { return Vec::new() };
        let state = self.lock();
        let now = state.time.now();
        let window = |endpoint| Some((endpoint, state.windows.peek(person, endpoint, now)?));
        Endpoint::ALL.into_iter().filter_map(window).collect()
    }

    fn people_of(&self, pairs: &[BlockPair]) -> Result<Vec<(Person, Person)>, WorldError> {
        pairs.iter().map(|pair| self.both(*pair)).collect()
    }
}

#[cfg(feature = "server")]
impl World {
    /// Who a call comes from, if it can prove it now.
    pub(crate) fn user_of(&self, claim: super::Claim<'_>) -> Option<UserId> {
        use super::Claim;
        let identity = self.with_authority(|authority, now| match claim {
            Claim::Nobody => None,
            Claim::Token(token) => authority.of_token(token, now),
            Claim::SignIn(token) => authority.of_sign_in(token),
        });
        match identity?.bearer {
            Bearer::User(person) => Some(self.people().id(person)),
            Bearer::App => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> World {
        World::builder().blocks(3).build()
    }

    fn pair(source: UserId, target: UserId) -> BlockPair {
        BlockPair::new(source, target).expect("two users")
    }

    #[test]
    fn all_pairs_are_changed_or_none() {
        let world = world();
        let (owner, one, two) = (world.owner(), world.stranger(0), world.stranger(1));
        let nobody = UserId::new(5).expect("an id");
        let make = [pair(owner, one), pair(owner, nobody)];
        assert_eq!(world.change_blocks(&[], &make), Err(WorldError::NoSuchUser { user: nobody }));
        assert_eq!(world.block_count(owner), 3);
        let lift = [pair(owner, world.blocks(owner, 1)[0])];
        world.change_blocks(&lift, &[pair(owner, one), pair(two, owner)]).expect("all exist");
        assert_eq!((world.block_count(owner), world.block_count(two)), (3, 1));
    }

    #[test]
    fn no_follow_of_a_call_stands_when_one_is_refused() {
        let world = world();
        let (owner, one, two) = (world.owner(), world.stranger(0), world.stranger(1));
        world.block(pair(owner, two)).expect("users");
        let make = [pair(one, owner), pair(two, owner)];
        assert!(matches!(world.change_follows(&[], &make), Err(WorldError::Refused(_))));
        assert_eq!(world.follows(owner), (vec![], vec![]));
        world.change_follows(&[], &make[..1]).expect("nothing in the way");
        assert_eq!(world.follows(owner), (vec![], vec![one]));
        world.change_follows(&make[..1], &[pair(owner, one)]).expect("nothing in the way");
        assert_eq!(world.follows(owner), (vec![one], vec![]));
    }

    #[test]
    fn each_user_gets_a_token_of_their_own() {
        let world = world();
        let users: Vec<_> = (0..50).map(|number| world.stranger(number)).collect();
        let hour = Some(Duration::from_secs(3600));
        let tokens = world.mint_for_all(&users, Scope::FOR_READING, hour).expect("users");
        assert_eq!(tokens.len(), 50);
        assert!(tokens.iter().all(|token| world.accepts(token)));
        world.advance(Duration::from_secs(3600));
        assert!(!tokens.iter().any(|token| world.accepts(token)), "the hour is over");
    }

    #[test]
    fn digits_are_an_id_before_they_are_a_number() {
        let world = world();
        let first = world.user_at(0).expect("a user");
        assert_eq!(world.user_named(&first.to_string()), Some(first));
        assert_eq!(world.user_named("67108863"), world.user_at(67_108_863));
        for name in ["", "@", "67108864", "-1", "99999999999999999999", "no such handle"] {
            assert_eq!(world.user_named(name), None, "{name}");
        }
    }
}
