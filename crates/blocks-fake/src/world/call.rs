//! What the API does with a call, whichever way it came in.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use blocks_domain::{
    BlockPair, Change, Effect, Endpoint, RateWindow, Refusal, Relationship, Side, Sides,
    Transition, UserId,
};
use jiff::Timestamp;

use super::World;
use super::activity::Activity;
use super::authority::{Authority, Bearer, Identity};
use super::blocks::{BlockList, Slice};
use super::builder::Tier;
use super::cast::Cast;
use super::meter::{Meter, Tariff};
use super::page_token::Bookmark;
use super::people::Person;
use super::status::{Absence, AccountStatus};
use super::time::{self, Time};
use super::view::View;
use super::windows::Windows;

/// Everything in a world that changes.
#[derive(Debug)]
pub(super) struct State {
    pub(super) cast: Cast,
    pub(super) tier: Tier,
    pub(super) limits: bool,
    pub(super) enrolled: bool,
    pub(super) monthly_cap: Option<u64>,
    pub(super) time: Time,
    pub(super) page_token_lifetime: Duration,
    /// The lists that are no longer as the seed made them.
    pub(super) lists: HashMap<Person, BlockList>,
    /// What has become of accounts by hand.
    pub(super) statuses: HashMap<Person, AccountStatus>,
    /// Who follows whom.
    pub(super) follows: BTreeSet<(Person, Person)>,
    pub(super) authority: Authority,
    pub(super) activity: Activity,
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
    /// The token speaks for no user, and the call is a user's.
    AppOnly,
    /// A user signed in, and the call is the app's.
    UserContext,
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

impl Denial {
    /// All of them.
    #[cfg(feature = "server")]
    pub(crate) const ALL: [Self; 9] = [
        Self::Unauthenticated,
        Self::AppOnly,
        Self::UserContext,
        Self::RateLimited,
        Self::NotEnrolled,
        Self::Forbidden,
        Self::OAuth1Permissions,
        Self::OutOfCredits,
        Self::Capped,
    ];
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
    ///
    /// What the app calls is called by the owner, whose app it is.
    pub(crate) fn admit(&self, claim: Claim<'_>, endpoint: Endpoint) -> Result<Caller, Denied> {
        let mut state = self.lock();
        let now = state.time.now();
        let unknown = |reason| Denied { reason, rate: None };
        let identity = state.identify(claim, now);
        let identity = identity.ok_or_else(|| unknown(Denial::Unauthenticated))?;
        let person = match (identity.bearer, endpoint.spec().is_for_app()) {
            // Inferred: the tokens of an account that is not there are worth nothing meanwhile.
            (Bearer::User(person), false) if !state.is_active(person) => {
                return Err(unknown(Denial::Unauthenticated));
            }
            (Bearer::User(person), false) => person,
            // The app is its owner's, in whose windows its calls count.
            (Bearer::App, true) => self.shared.owner,
            (Bearer::App, false) => return Err(unknown(Denial::AppOnly)),
            (Bearer::User(_), true) => return Err(unknown(Denial::UserContext)),
        };

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

    /// Reads a page of the caller's block list, and charges for those whom it shows.
    ///
    /// Whoever is not there drops out, and nobody takes their place, so that a page can be short,
    /// and even empty, without being the last.
    pub(crate) fn read_blocks(&self, caller: &Caller, at: Bookmark, size: usize) -> BlocksRead {
        let mut state = self.lock();
        let page = state.list(caller.person).page(at.position, size);
        let Slice { mut people, next, previous } = page;
        people.retain(|person| state.is_active(*person));
        state.charge(Endpoint::GetBlocking, &people);
        // Whoever is on the list is blocked: nobody needs to look them up there again.
        let relation = |person| (person, state.relation(caller.person, person, true));
        let standings = people.into_iter().map(relation).collect();
        drop(state);
        let people = self.views(caller, standings);
        let bookmark = |position: Option<_>| position.map(Bookmark::at);
        BlocksRead { people, next: bookmark(next), previous: bookmark(previous) }
    }

    /// Looks users up, and charges for those who are there.
    pub(crate) fn look_up(
        &self,
        caller: &Caller,
        endpoint: Endpoint,
        users: impl IntoIterator<Item = UserId>,
    ) -> Vec<View> {
        let users = users.into_iter();
        let mut people: Vec<_> = users.filter_map(|user| self.people().by_id(user)).collect();
        let mut state = self.lock();
        people.retain(|person| state.is_active(*person));
        state.charge(endpoint, &people);
        let standing = |person| (person, state.between(caller.person, person));
        let standings = people.into_iter().map(standing).collect();
        drop(state);
        self.views(caller, standings)
    }

    /// What the caller sees of a user, free of charge.
    ///
    /// # Errors
    /// The user is not there.
    pub(crate) fn view(&self, caller: &Caller, user: UserId) -> Result<View, Absence> {
        self.view_of(caller.person, user)
    }

    /// What somebody sees of a user, whoever calls.
    ///
    /// # Errors
    /// The user is not there.
    pub(super) fn view_of(&self, viewer: Person, user: UserId) -> Result<View, Absence> {
        let person = self.people().by_id(user).ok_or(Absence::NotFound)?;
        let state = self.lock();
        if let Some(absence) = state.status(person).absence() {
            return Err(absence);
        }
        let relationship = state.between(viewer, person);
        drop(state);
        Ok(self.seen(viewer, person, relationship))
    }

    /// Makes the profiles, which takes most of the time of a read and needs no lock.
    fn views(&self, caller: &Caller, standings: Vec<(Person, Relationship)>) -> Vec<View> {
        let view = |(person, relationship)| self.seen(caller.person, person, relationship);
        standings.into_iter().map(view).collect()
    }

    fn seen(&self, viewer: Person, person: Person, relationship: Relationship) -> View {
        let profile = self.people().profile(person);
        View { profile, is_self: viewer == person, relationship }
    }

    /// The id that belongs to a handle.
    pub(crate) fn id_of(&self, username: &str) -> Option<UserId> {
        let people = self.people();
        people.by_username(username).map(|person| people.id(person))
    }

    /// Blocks or unblocks, as far as the API lets one.
    ///
    /// What holds for users who are suspended or have left is inferred: nobody begins to block
    /// them, whoever blocks them goes on doing so, and everybody can let them go.
    ///
    /// # Errors
    /// Why the target cannot be blocked.
    pub(crate) fn set_blocking(&self, pair: BlockPair, blocking: bool) -> Result<(), Absence> {
        let (source, target) = self.both(pair).map_err(|_| Absence::NotFound)?;
        let mut state = self.lock();
        match state.status(target).absence() {
            Some(absence) if blocking && !state.blocks(source, target) => return Err(absence),
            _ if blocking => state.block(source, target),
            _ => state.unblock(source, target),
        };
        Ok(())
    }

    /// The token that leads a user to a bookmark.
    pub(crate) fn page_token(&self, bookmark: Bookmark, user: UserId) -> blocks_domain::PageToken {
        let state = self.lock();
        let expires_at = time::after(state.time.now(), state.page_token_lifetime);
        bookmark.token(user, expires_at, &self.shared.seal)
    }

    /// The bookmark that a user's token leads to, unless the token has expired.
    pub(crate) fn bookmark(&self, token: &str, user: UserId) -> Option<Bookmark> {
        Bookmark::read(token, user, self.now(), &self.shared.seal)
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
        let price = spec.price?;
        if self.meter.is_out_of_credits(price) {
            return Some(Denial::OutOfCredits);
        }
        // The cap is one of reads.
        Tariff::of(price)?;
        let read = self.meter.month_reads(now);
        self.monthly_cap.is_some_and(|cap| read >= cap).then_some(Denial::Capped)
    }

    fn charge(&mut self, endpoint: Endpoint, people: &[Person]) {
        if let Some(tariff) = endpoint.spec().price.and_then(Tariff::of) {
            let now = self.time.now();
            self.meter.charge(tariff, people.iter().copied(), now);
        }
    }

    /// The list of somebody; empty unless the seed or a call filled it.
    pub(super) fn list(&self, person: Person) -> Cow<'_, BlockList> {
        match self.lists.get(&person) {
            Some(list) => Cow::Borrowed(list),
            None => Cow::Owned(self.cast.list_of(person)),
        }
    }

    /// The list of somebody, to be changed.
    fn list_mut(&mut self, person: Person) -> &mut BlockList {
        let cast = self.cast;
        self.lists.entry(person).or_insert_with(|| cast.list_of(person))
    }

    fn blocks(&self, by: Person, other: Person) -> bool {
        match self.lists.get(&by) {
            Some(list) => list.contains(other),
            None => self.cast.blocks_of(by) > 0 && self.cast.list_of(by).contains(other),
        }
    }

    /// What stands between two people; nothing between somebody and themselves.
    pub(super) fn between(&self, source: Person, target: Person) -> Relationship {
        self.relation(source, target, self.blocks(source, target))
    }

    /// The same, where it is known whether the source blocks the target.
    fn relation(&self, source: Person, target: Person, is_blocked: bool) -> Relationship {
        let follows = |by, other| self.follows.contains(&(by, other));
        let blocking = sides(is_blocked, self.blocks(target, source));
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
                Change::Blocked => self.list_mut(by).add(other),
                Change::Unblocked => self.list_mut(by).remove(other),
                Change::Followed => {
                    self.follows.insert((by, other));
                }
                Change::Unfollowed => {
                    self.follows.remove(&(by, other));
                }
            }
            self.activity.publish(by, other, *change, self.time.now());
        }
        transition
    }
}

fn sides(source: bool, target: bool) -> Sides {
    let with = |sides: Sides, side, is_in| if is_in { sides.with(side) } else { sides };
    with(with(Sides::NEITHER, Side::Source, source), Side::Target, target)
}
