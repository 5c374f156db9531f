//! Mirrors of block lists in memory.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use blocks_domain::{User, UserId};
use blocks_ports::{
    Append, Checkpoint, Fence, Finish, Hold, HoldGuard, MirrorEntry, MirrorOrder, MirrorPage,
    MirrorQuery, MirrorStore, OpenRead, ReadId, ReadKind, Snapshot, StoreError, StoreFailure,
};
use futures_util::stream::{self, BoxStream, StreamExt};
use jiff::Timestamp;

use super::Shared;

/// A [`MirrorStore`] in memory.
///
/// A read: hold the list, begin, append each page behind the last checkpoint, finish.
///
/// ```
/// use blocks_domain::User;
/// use blocks_fake::stores::MemoryMirrorStore;
/// use blocks_ports::{
///     Append, Finish, Hold, MirrorPage, MirrorQuery, MirrorStore, ReadKind,
/// };
/// use futures_util::TryStreamExt;
/// use jiff::Timestamp;
///
/// # tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(async {
/// let store = MemoryMirrorStore::default();
/// let (me, other) = ("12".parse().expect("an id"), "34".parse().expect("an id"));
/// let now = Timestamp::UNIX_EPOCH;
///
/// let Hold::Held { fence, guard } = store.hold(me).await? else { panic!() };
/// let read = store.begin(me, fence, ReadKind::Full, now).await?;
/// let page = MirrorPage::new(vec![User::new(other)], None, now);
/// let appended = store.append(read.id, fence, &read.checkpoint, &page).await?;
/// let Append::Appended(checkpoint) = appended else { panic!() };
/// assert!(checkpoint.is_at_end());
/// assert_eq!(store.snapshot(me).await?, None, "an unfinished read is never shown");
///
/// let Finish::Finished(snapshot) = store.finish(read.id, fence, now).await? else { panic!() };
/// drop(guard);
/// assert_eq!((snapshot.users, snapshot.added), (1, 1));
/// let entries: Vec<_> = store.entries(me, MirrorQuery::default()).try_collect().await?;
/// assert_eq!(entries[0].user.id, other);
/// # Ok::<(), blocks_ports::StoreError>(())
/// # }).expect("no store fails in memory");
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemoryMirrorStore {
    state: Shared<State>,
}

#[derive(Debug, Default)]
struct State {
    accounts: HashMap<UserId, Mirror>,
    last_read: u64,
}

/// What is kept for one account.
#[derive(Debug, Default)]
struct Mirror {
    fence: Fence,
    held: bool,
    open: Option<Unfinished>,
    last: Option<Finished>,
}

#[derive(Debug)]
struct Unfinished {
    read: OpenRead,
    entries: Vec<MirrorEntry>,
    places: HashMap<UserId, usize>,
}

/// Readers share the entries, and so go on with theirs when a newer snapshot replaces them.
#[derive(Debug)]
struct Finished {
    snapshot: Snapshot,
    entries: Arc<Vec<MirrorEntry>>,
    places: HashMap<UserId, usize>,
}

impl Unfinished {
    fn store(&mut self, page: &MirrorPage) {
        for user in &page.users {
            let next = self.entries.len();
            let place = *self.places.entry(user.id).or_insert(next);
            let entry = MirrorEntry::new(place as u64, user.clone(), page.received_at);
            match self.entries.get_mut(place) {
                Some(known) => *known = entry,
                None => self.entries.push(entry),
            }
        }
        self.read.users = self.entries.len() as u64;
        self.read.checkpoint = self.read.checkpoint.behind(page);
    }

    fn finish(self, before: Option<&Finished>, now: Timestamp) -> Finished {
        let kept = before.map_or(0, |before| {
            self.places.keys().filter(|user| before.places.contains_key(user)).count() as u64
        });
        let mut snapshot = Snapshot::of(&self.read, now);
        snapshot.added = snapshot.users - kept;
        snapshot.removed = before.map_or(0, |before| before.snapshot.users) - kept;
        Finished { snapshot, entries: Arc::new(self.entries), places: self.places }
    }
}

impl State {
    /// The mirror whose unfinished read is `read`, if `fence` is that of its last hold.
    fn reading(&mut self, read: ReadId, fence: Fence) -> Option<&mut Mirror> {
        self.accounts.values_mut().find(|mirror| {
            mirror.fence == fence && mirror.open.as_ref().is_some_and(|open| open.read.id == read)
        })
    }
}

/// Ends a hold when it is dropped.
struct Release {
    state: Shared<State>,
    account: UserId,
}

impl Drop for Release {
    fn drop(&mut self) {
        if let Some(mirror) = self.state.lock().accounts.get_mut(&self.account) {
            mirror.held = false;
        }
    }
}

#[async_trait]
impl MirrorStore for MemoryMirrorStore {
    async fn hold(&self, account: UserId) -> Result<Hold, StoreError> {
        let mut state = self.state.lock();
        let mirror = state.accounts.entry(account).or_default();
        if mirror.held {
            return Ok(Hold::Busy { holder: Some("another handle of this program".into()) });
        }
        mirror.held = true;
        mirror.fence = Fence::new(mirror.fence.get() + 1);
        let guard = HoldGuard::new(Release { state: self.state.clone(), account });
        Ok(Hold::Held { fence: mirror.fence, guard })
    }

    async fn begin(
        &self,
        account: UserId,
        fence: Fence,
        kind: ReadKind,
        now: Timestamp,
    ) -> Result<OpenRead, StoreError> {
        let mut state = self.state.lock();
        let id = ReadId::new(state.last_read + 1);
        let mirror = state.accounts.entry(account).or_default();
        if mirror.fence != fence {
            let message = "somebody else has taken hold of this block list";
            return Err(StoreError::new(StoreFailure::Busy, message));
        }
        let read = OpenRead::new(id, account, kind, now);
        mirror.open =
            Some(Unfinished { read: read.clone(), entries: Vec::new(), places: HashMap::new() });
        state.last_read = id.get();
        Ok(read)
    }

    async fn unfinished(&self, account: UserId) -> Result<Option<OpenRead>, StoreError> {
        let state = self.state.lock();
        let open = state.accounts.get(&account).and_then(|mirror| mirror.open.as_ref());
        Ok(open.map(|open| open.read.clone()))
    }

    async fn append(
        &self,
        read: ReadId,
        fence: Fence,
        expected: &Checkpoint,
        page: &MirrorPage,
    ) -> Result<Append, StoreError> {
        let mut state = self.state.lock();
        let open = state.reading(read, fence).and_then(|mirror| mirror.open.as_mut());
        Ok(match open {
            Some(open) if open.read.checkpoint == *expected && !expected.is_at_end() => {
                open.store(page);
                Append::Appended(open.read.checkpoint.clone())
            }
            _ => Append::Stale,
        })
    }

    async fn finish(
        &self,
        read: ReadId,
        fence: Fence,
        now: Timestamp,
    ) -> Result<Finish, StoreError> {
        let mut state = self.state.lock();
        let Some(mirror) = state.reading(read, fence) else { return Ok(Finish::Stale) };
        let Some(whole) = mirror.open.take_if(|open| open.read.checkpoint.is_at_end()) else {
            return Ok(Finish::Incomplete);
        };
        let finished = whole.finish(mirror.last.as_ref(), now);
        let snapshot = finished.snapshot.clone();
        mirror.last = Some(finished);
        Ok(Finish::Finished(snapshot))
    }

    async fn snapshot(&self, account: UserId) -> Result<Option<Snapshot>, StoreError> {
        let state = self.state.lock();
        let last = state.accounts.get(&account).and_then(|mirror| mirror.last.as_ref());
        Ok(last.map(|last| last.snapshot.clone()))
    }

    fn entries(
        &self,
        account: UserId,
        query: MirrorQuery,
    ) -> BoxStream<'static, Result<MirrorEntry, StoreError>> {
        let state = self.state.lock();
        let last = state.accounts.get(&account).and_then(|mirror| mirror.last.as_ref());
        let entries = last.map(|last| Arc::clone(&last.entries)).unwrap_or_default();
        let chosen = chosen(&entries, &query);
        stream::iter(chosen.into_iter().map(move |place| Ok(entries[place].clone()))).boxed()
    }

    async fn entry(
        &self,
        account: UserId,
        user: UserId,
    ) -> Result<Option<MirrorEntry>, StoreError> {
        let state = self.state.lock();
        let last = state.accounts.get(&account).and_then(|mirror| mirror.last.as_ref());
        Ok(last.and_then(|last| Some(last.entries[*last.places.get(&user)?].clone())))
    }
}

/// The places of the users that a query asks for, in its order.
fn chosen(entries: &[MirrorEntry], query: &MirrorQuery) -> Vec<usize> {
    let admitted = (0..entries.len()).filter(|place| query.admits(&entries[*place].user));
    let mut places: Vec<_> = admitted.collect();
    let user = |place: usize| &entries[place].user;
    match query.order {
        MirrorOrder::Username => sort(&mut places, query.reverse, |place| {
            user(place).username.as_deref().map(str::to_lowercase)
        }),
        MirrorOrder::Name => sort(&mut places, query.reverse, |place| {
            user(place).name.as_deref().map(str::to_lowercase)
        }),
        MirrorOrder::Followers => {
            sort(&mut places, query.reverse, |place| followers(user(place)).map(Reverse));
        }
        MirrorOrder::Created => sort(&mut places, query.reverse, |place| user(place).created_at),
        _ if query.reverse => places.reverse(),
        _ => {}
    }
    if let Some(limit) = query.limit {
        places.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    }
    places
}

fn followers(user: &User) -> Option<u64> {
    user.public_metrics.as_ref()?.followers_count
}

/// Sorts those of whom the value is known, and puts the others behind them.
///
/// The sort is stable, so users who are equal in it stay in the order of the list.
fn sort<K: Ord>(places: &mut Vec<usize>, reverse: bool, value: impl Fn(usize) -> Option<K>) {
    let valued = places.drain(..).map(|place| (value(place), place));
    let (mut known, unknown): (Vec<_>, Vec<_>) = valued.partition(|(value, _)| value.is_some());
    known.sort_by(|(a, _), (b, _)| if reverse { b.cmp(a) } else { a.cmp(b) });
    places.extend(known.into_iter().chain(unknown).map(|(_, place)| place));
}
