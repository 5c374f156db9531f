//! Mirrors of block lists in memory.

mod account;
mod journal;
mod list;
mod query;
mod reading;

use std::collections::HashMap;

use async_trait::async_trait;
use blocks_domain::{UserId, Whereabouts};
use blocks_ports::{
    Amended, Amendment, Append, ChangeQuery, Checkpoint, Difference, Fence, Finish, Forget,
    Forgotten, Hold, HoldGuard, MirrorChange, MirrorEntry, MirrorJournal, MirrorPage, MirrorQuery,
    MirrorStore, OpenRead, ReadId, ReadKind, SetAside, Snapshot, StoreError, StoreFailure,
};
use futures_util::stream::{self, BoxStream, StreamExt};
use jiff::Timestamp;

use self::account::Mirror;
use self::query::chosen;
use self::reading::Reading;
use super::Shared;

/// A [`MirrorStore`] and its [`MirrorJournal`] in memory.
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

impl State {
    /// The mirror whose read, unfinished or aside, is `read`, if `fence` is that of its last hold.
    fn reading(&mut self, read: ReadId, fence: Fence) -> Option<&mut Mirror> {
        let mut mirrors = self.accounts.values_mut();
        mirrors.find(|mirror| mirror.fence == fence && mirror.reading(read).is_some())
    }
}

impl MemoryMirrorStore {
    /// Looks at what is kept for an account.
    fn look<T>(&self, account: UserId, look: impl FnOnce(&Mirror) -> T) -> T {
        match self.state.lock().accounts.get(&account) {
            Some(mirror) => look(mirror),
            None => look(&Mirror::default()),
        }
    }

    /// Changes what is kept for an account.
    fn change<T>(&self, account: UserId, change: impl FnOnce(&mut Mirror) -> T) -> T {
        change(self.state.lock().accounts.entry(account).or_default())
    }
}

/// Ends a hold when it is dropped.
struct Release {
    store: MemoryMirrorStore,
    account: UserId,
}

impl Drop for Release {
    fn drop(&mut self) {
        self.store.change(self.account, |mirror| mirror.held = false);
    }
}

#[async_trait]
impl MirrorStore for MemoryMirrorStore {
    async fn hold(&self, account: UserId) -> Result<Hold, StoreError> {
        let fence = self.change(account, |mirror| {
            if mirror.held {
                return None;
            }
            mirror.held = true;
            mirror.fence = Fence::new(mirror.fence.get() + 1);
            Some(mirror.fence)
        });
        let Some(fence) = fence else {
            return Ok(Hold::Busy { holder: Some("another handle of this program".into()) });
        };
        let guard = HoldGuard::new(Release { store: self.clone(), account });
        Ok(Hold::Held { fence, guard })
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
        mirror.open = Some(Reading::new(read.clone()));
        state.last_read = id.get();
        Ok(read)
    }

    async fn unfinished(&self, account: UserId) -> Result<Option<OpenRead>, StoreError> {
        Ok(self.look(account, |mirror| mirror.open.as_ref().map(|open| open.read.clone())))
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
        let goes_on = |open: &&mut Reading| {
            open.read.id == read && open.read.checkpoint == *expected && !expected.is_at_end()
        };
        let Some(open) = open.filter(goes_on) else { return Ok(Append::Stale) };
        open.append(page);
        Ok(Append::Appended(open.read.checkpoint.clone()))
    }

    async fn finish(
        &self,
        read: ReadId,
        fence: Fence,
        now: Timestamp,
    ) -> Result<Finish, StoreError> {
        let mut state = self.state.lock();
        let mirror = state.reading(read, fence);
        Ok(mirror.map_or(Finish::Stale, |mirror| mirror.finish(read, now)))
    }

    async fn set_aside(&self, read: ReadId, fence: Fence) -> Result<SetAside, StoreError> {
        let mut state = self.state.lock();
        let mirror = state.reading(read, fence);
        Ok(mirror.map_or(SetAside::Stale, |mirror| mirror.set_aside(read)))
    }

    async fn aside(&self, account: UserId) -> Result<Option<OpenRead>, StoreError> {
        Ok(self.look(account, |mirror| mirror.aside.as_ref().map(|aside| aside.read.clone())))
    }

    fn differences(&self, read: ReadId) -> BoxStream<'static, Result<Difference, StoreError>> {
        let state = self.state.lock();
        let mut mirrors = state.accounts.values();
        let found = mirrors.find_map(|mirror| Some((mirror.reading(read)?, mirror.last.as_ref())));
        let whole = found.filter(|(reading, last)| reading.is_whole(*last));
        let differences = whole.map(|(reading, last)| reading.differences(last));
        stream::iter(differences.into_iter().flatten().map(Ok)).boxed()
    }

    async fn snapshot(&self, account: UserId) -> Result<Option<Snapshot>, StoreError> {
        Ok(self.look(account, |mirror| mirror.last.as_ref().map(|last| last.snapshot.clone())))
    }

    async fn places(
        &self,
        account: UserId,
        users: &[UserId],
    ) -> Result<Vec<Option<u64>>, StoreError> {
        Ok(self.look(account, |mirror| {
            let place = |user: &UserId| mirror.last.as_ref()?.list.place(*user);
            users.iter().map(place).collect()
        }))
    }

    fn entries(
        &self,
        account: UserId,
        query: MirrorQuery,
    ) -> BoxStream<'static, Result<MirrorEntry, StoreError>> {
        let chosen = self.look(account, |mirror| {
            mirror.last.as_ref().map(|last| chosen(&last.list, &query)).unwrap_or_default()
        });
        stream::iter(chosen.into_iter().map(|(position, entry)| {
            let mut entry = MirrorEntry::clone(&entry);
            entry.position = position;
            Ok(entry)
        }))
        .boxed()
    }

    async fn entry(
        &self,
        account: UserId,
        user: UserId,
    ) -> Result<Option<MirrorEntry>, StoreError> {
        Ok(self.look(account, |mirror| mirror.last.as_ref()?.list.shown(user)))
    }
}

#[async_trait]
impl MirrorJournal for MemoryMirrorStore {
    async fn amend(&self, account: UserId, amendment: &Amendment) -> Result<Amended, StoreError> {
        Ok(self.change(account, |mirror| mirror.amend(amendment)))
    }

    async fn find(
        &self,
        account: UserId,
        user: UserId,
        found: Whereabouts,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.change(account, |mirror| mirror.journal.find(user, found, now));
        Ok(())
    }

    fn changes(
        &self,
        account: UserId,
        query: ChangeQuery,
    ) -> BoxStream<'static, Result<MirrorChange, StoreError>> {
        let changes = self.look(account, |mirror| mirror.journal.changes(&query));
        stream::iter(changes.into_iter().map(Ok)).boxed()
    }

    async fn forget(&self, account: UserId, what: Forget) -> Result<Forgotten, StoreError> {
        self.change(account, |mirror| mirror.forget(what))
    }
}
