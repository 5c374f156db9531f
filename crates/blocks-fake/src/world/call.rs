//! What the API does with a call, whichever way it came in.

use std::collections::{BTreeSet, HashMap};

use blocks_domain::{
    BlockPair, Change, Effect, Endpoint, RateWindow, Refusal, Relationship, Side, Sides,
    Transition, UserId,
};
use jiff::Timestamp;

use super::World;
use super::authority::{Authority, Bearer, Identity};
use super::blocks::{BlockList, Slice};
use super::builder::Tier;
use super::meter::{Meter, Tariff};
use super::page_token::Bookmark;
use super::people::Person;
use super::time::Time;
use super::view::View;
use super::windows::Windows;

/// Everything in a world that changes.
#[derive(Debug)]
pub(super) struct State {
    pub(super) seed: u64,
    /// How many blocks the seed gives the owner.
    pub(super) blocks: u32,
    pub(super) tier: Tier,
    pub(super) limits: bool,
    pub(super) enrolled: bool,
    pub(super) monthly_cap: Option<u64>,
    pub(super) time: Time,
    pub(super) lists: HashMap<Person, BlockList>,
    /// Who follows whom.
    pub(super) follows: BTreeSet<(Person, Person)>,
    pub(super) authority: Authority,
    pub(super) meter: Meter,
    pub(super) windows: Windows,
}

/// Who a call comes from, as it says.
#[derive(Clone, Copy)]
pub(crate) enum Claim<'a> {
    /// It does not say, or cannot prove it.
    Nobody,
    /// Whoever holds this access token.
    Token(&'a str),
    /// The user of the OAuth 1.0a sign-in with this token, by whose secret the call is proven.
    SignIn(&'a str),
}

/// A call that was let in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller {
    pub(super) person: Person,
    /// On whose behalf it is made.
    pub(crate) user: UserId,
    /// The window behind it.
    pub(crate) rate: RateWindow,
}

/// A call that was not let in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Denied {
    pub(crate) reason: Denial,
    /// The window, where the caller is known.
    pub(crate) rate: Option<RateWindow>,
}

/// Why a call is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denial {
    /// The token is missing, unknown or has ended.
    Unauthenticated,
    /// The token speaks for no user.
    AppOnly,
    /// The window is spent.
    RateLimited,
    /// The app is not enrolled.
    NotEnrolled,
    /// A scope is missing, or the plan.
    Forbidden,
    /// The app may not write for those who signed in by OAuth 1.0a.
    OAuth1Permissions,
    /// The credits are used up.
    OutOfCredits,
    /// The month's cap is reached.
    Capped,
}

/// A page of a block list, with its neighbours.
#[derive(Debug)]
pub(crate) struct BlocksRead {
    pub(crate) people: Vec<View>,
    pub(crate) next: Option<Bookmark>,
    pub(crate) previous: Option<Bookmark>,
}

impl World {
    /// Lets a call in, or says why not; whoever proves who they are has it counted.
    pub(crate) fn admit(&self, claim: Claim<'_>, endpoint: Endpoint) -> Result<Caller, Denied> {
        let mut state = self.lock();
        let now = state.time.now();
        let unknown = |reason| Denied { reason, rate: None };
        let identity = state.identify(claim, now);
        let identity = identity.ok_or_else(|| unknown(Denial::Unauthenticated))?;
        let Bearer::User(person) = identity.bearer else { return Err(unknown(Denial::AppOnly)) };

        let taken = state.take_window(person, endpoint, now);
        let (Ok(rate) | Err(rate)) = taken;
        let denial = match taken {
            Err(_) => Some(Denial::RateLimited),
            Ok(_) => state.denial(endpoint, identity.rights.denial(endpoint), now),
        };
        match denial {
            Some(reason) => Err(Denied { reason, rate: Some(rate) }),
            None => Ok(Caller { person, user: self.people().id(person), rate }),
        }
    }

    /// Whether a caller may write.
    #[cfg(feature = "server")]
    pub(crate) fn may_write(&self, claim: Claim<'_>) -> bool {
        let state = self.lock();
        let identity = state.identify(claim, state.time.now());
        identity.is_some_and(|identity| identity.rights.may_write())
    }

    /// Reads a page of the caller's block list, and charges for it.
    pub(crate) fn read_blocks(&self, caller: &Caller, at: Bookmark, size: usize) -> BlocksRead {
        let mut state = self.lock();
        let Slice { people, next, previous } = state.list(caller.person).page(at.position, size);
        state.charge(Endpoint::GetBlocking, &people);
        let standings = state.standings(caller.person, people);
        drop(state);
        let people = self.views(caller, standings);
        let bookmark = |position: Option<_>| position.map(Bookmark::at);
        BlocksRead { people, next: bookmark(next), previous: bookmark(previous) }
    }

    /// Looks users up, and charges for those who exist.
    pub(crate) fn look_up(
        &self,
        caller: &Caller,
        endpoint: Endpoint,
        users: impl IntoIterator<Item = UserId>,
    ) -> Vec<View> {
        let users = users.into_iter();
        let people: Vec<_> = users.filter_map(|user| self.people().by_id(user)).collect();
        let mut state = self.lock();
        state.charge(endpoint, &people);
        let standings = state.standings(caller.person, people);
        drop(state);
        self.views(caller, standings)
    }

    /// What the caller sees of a user, free of charge.
    pub(crate) fn view(&self, caller: &Caller, user: UserId) -> Option<View> {
        let person = self.people().by_id(user)?;
        let standings = self.lock().standings(caller.person, vec![person]);
        self.views(caller, standings).pop()
    }

    /// Makes the profiles, which takes most of the time of a read and needs no lock.
    fn views(&self, caller: &Caller, standings: Vec<(Person, Relationship)>) -> Vec<View> {
        let population = self.people();
        let view = |(person, relationship)| View {
            profile: population.profile(person),
            is_self: caller.person == person,
            relationship,
        };
        standings.into_iter().map(view).collect()
    }

    /// Whether there is such a user.
    pub(crate) fn has(&self, user: UserId) -> bool {
        self.people().by_id(user).is_some()
    }

    /// The id that belongs to a handle.
    pub(crate) fn id_of(&self, username: &str) -> Option<UserId> {
        let people = self.people();
        people.by_username(username).map(|person| people.id(person))
    }

    /// Blocks or unblocks, unless one of the two does not exist; answers whether both do.
    pub(crate) fn set_blocking(&self, pair: BlockPair, blocking: bool) -> bool {
        let change = if blocking { Self::block } else { Self::unblock };
        change(self, pair).is_ok()
    }

    /// The token that leads a user to a bookmark.
    pub(crate) fn page_token(&self, bookmark: Bookmark, user: UserId) -> blocks_domain::PageToken {
        bookmark.token(user, &self.shared.seal)
    }

    /// The bookmark that a user's token leads to.
    pub(crate) fn bookmark(&self, token: &str, user: UserId) -> Option<Bookmark> {
        Bookmark::read(token, user, &self.shared.seal)
    }
}

impl State {
    fn identify(&self, claim: Claim<'_>, now: Timestamp) -> Option<Identity> {
        match claim {
            Claim::Nobody => None,
            Claim::Token(token) => self.authority.of_token(token, now),
            Claim::SignIn(token) => self.authority.of_sign_in(token),
        }
    }

    fn take_window(
        &mut self,
        person: Person,
        endpoint: Endpoint,
        now: Timestamp,
    ) -> Result<RateWindow, RateWindow> {
        if self.limits {
            self.windows.take(person, endpoint, now)
        } else {
            Ok(Windows::unlimited(now))
        }
    }

    fn denial(
        &mut self,
        endpoint: Endpoint,
        lacking: Option<Denial>,
        now: Timestamp,
    ) -> Option<Denial> {
        let spec = endpoint.spec();
        if !self.enrolled {
            return Some(Denial::NotEnrolled);
        }
        if lacking.is_some() {
            return lacking;
        }
        if !spec.availability.contains(&self.tier.availability()) {
            return Some(Denial::Forbidden);
        }
        let tariff = spec.price.and_then(Tariff::of)?;
        if self.meter.is_out_of_credits(tariff) {
            return Some(Denial::OutOfCredits);
        }
        let read = self.meter.month_reads(now);
        self.monthly_cap.is_some_and(|cap| read >= cap).then_some(Denial::Capped)
    }

    fn charge(&mut self, endpoint: Endpoint, people: &[Person]) {
        if let Some(tariff) = endpoint.spec().price.and_then(Tariff::of) {
            let now = self.time.now();
            self.meter.charge(tariff, people.iter().copied(), now);
        }
    }

    /// What stands between somebody and each of some people.
    fn standings(&self, viewer: Person, people: Vec<Person>) -> Vec<(Person, Relationship)> {
        people.into_iter().map(|person| (person, self.between(viewer, person))).collect()
    }

    /// The list of somebody; empty unless the seed or a call filled it.
    pub(super) fn list(&mut self, person: Person) -> &mut BlockList {
        let seed = self.seed;
        self.lists.entry(person).or_insert_with(|| BlockList::seeded(seed, person, 0))
    }

    /// What stands between two people; nothing between somebody and themselves.
    pub(super) fn between(&self, source: Person, target: Person) -> Relationship {
        let blocks = |by, other| self.lists.get(&by).is_some_and(|list| list.contains(other));
        let follows = |by, other| self.follows.contains(&(by, other));
        let blocking = sides(blocks(source, target), blocks(target, source));
        let following = sides(follows(source, target), follows(target, source));
        // A block that the seed made is never joined by a follow: following is refused across it.
        Relationship::new(blocking, following).unwrap_or_default()
    }

    pub(super) fn block(&mut self, source: Person, target: Person) -> Transition {
        let transition = self.between(source, target).block(Side::Source);
        self.settle(source, target, transition)
    }

    pub(super) fn unblock(&mut self, source: Person, target: Person) -> Transition {
        let transition = self.between(source, target).unblock(Side::Source);
        self.settle(source, target, transition)
    }

    pub(super) fn follow(&mut self, source: Person, target: Person) -> Result<Transition, Refusal> {
        let transition = self.between(source, target).follow(Side::Source)?;
        Ok(self.settle(source, target, transition))
    }

    pub(super) fn unfollow(&mut self, source: Person, target: Person) -> Transition {
        let transition = self.between(source, target).unfollow(Side::Source);
        self.settle(source, target, transition)
    }

    /// Makes the effects of a transition true.
    fn settle(&mut self, source: Person, target: Person, transition: Transition) -> Transition {
        for Effect { by, change, .. } in &transition.effects {
            let (by, other) = match by {
                Side::Source => (source, target),
                Side::Target => (target, source),
            };
            match change {
                Change::Blocked => self.list(by).add(other),
                Change::Unblocked => self.list(by).remove(other),
                Change::Followed => {
                    self.follows.insert((by, other));
                }
                Change::Unfollowed => {
                    self.follows.remove(&(by, other));
                }
            }
        }
        transition
    }
}

fn sides(source: bool, target: bool) -> Sides {
    let with = |sides: Sides, side, is_in| if is_in { sides.with(side) } else { sides };
    with(with(Sides::NEITHER, Side::Source, source), Side::Target, target)
}
