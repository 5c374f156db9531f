//! The steps of a read, each of which must be answered.

use std::sync::Arc;

use blocks_domain::{PageToken, User, UserId};
use blocks_ports::{
    Append, Checkpoint, Fence, Finish, Hold, HoldGuard, MirrorEntry, MirrorPage, MirrorQuery,
    MirrorStore, OpenRead, ReadId, ReadKind, SetAside, Snapshot,
};
use futures_util::TryStreamExt;

use crate::support::{at, id, user};

pub(crate) type Store = Arc<dyn MirrorStore>;

pub(crate) fn me() -> UserId {
    id(12)
}

pub(crate) fn token(number: u64) -> PageToken {
    PageToken::new(&format!("page-token-number-{number:06}")).expect("a valid token")
}

/// The users of these ids as a page, with the number of the next page if there is one.
pub(crate) fn page(users: &[u64], next: Option<u64>) -> MirrorPage {
    page_of(users.iter().copied().map(user).collect(), next)
}

pub(crate) fn page_of(users: Vec<User>, next: Option<u64>) -> MirrorPage {
    MirrorPage::new(users, next.map(token), at(10))
}

pub(crate) async fn hold(store: &Store, account: UserId) -> (Fence, HoldGuard) {
    match store.hold(account).await.expect("`hold` failed") {
        Hold::Held { fence, guard } => (fence, guard),
        other => panic!("a hold that nothing stands against answered {other:?}"),
    }
}

pub(crate) async fn begin(store: &Store, account: UserId, fence: Fence) -> OpenRead {
    store.begin(account, fence, ReadKind::Full, at(0)).await.expect("`begin` failed")
}

pub(crate) async fn unfinished(store: &Store, account: UserId) -> Option<OpenRead> {
    store.unfinished(account).await.expect("`unfinished` failed")
}

pub(crate) async fn append(
    store: &Store,
    read: ReadId,
    fence: Fence,
    expected: &Checkpoint,
    page: &MirrorPage,
) -> Append {
    store.append(read, fence, expected, page).await.expect("`append` failed")
}

pub(crate) async fn appended(
    store: &Store,
    read: ReadId,
    fence: Fence,
    expected: &Checkpoint,
    page: &MirrorPage,
) -> Checkpoint {
    match append(store, read, fence, expected, page).await {
        Append::Appended(checkpoint) => checkpoint,
        other => panic!("an append that nothing stands against answered {other:?}"),
    }
}

pub(crate) async fn finish(store: &Store, read: ReadId, fence: Fence) -> Finish {
    store.finish(read, fence, at(20)).await.expect("`finish` failed")
}

pub(crate) async fn set_aside(store: &Store, read: ReadId, fence: Fence) -> SetAside {
    store.set_aside(read, fence).await.expect("`set_aside` failed")
}

pub(crate) async fn aside(store: &Store, account: UserId) -> Option<OpenRead> {
    store.aside(account).await.expect("`aside` failed")
}

/// By whom a read and the last snapshot differ, and whether the read has them.
pub(crate) async fn differences(store: &Store, read: ReadId) -> Vec<(u64, bool)> {
    let all: Vec<_> = store.differences(read).try_collect().await.expect("`differences` failed");
    all.iter().map(|difference| (difference.user.id.get(), difference.added)).collect()
}

pub(crate) async fn places(store: &Store, users: &[u64]) -> Vec<Option<u64>> {
    let users: Vec<_> = users.iter().copied().map(id).collect();
    store.places(me(), &users).await.expect("`places` failed")
}

pub(crate) async fn snapshot(store: &Store, account: UserId) -> Option<Snapshot> {
    store.snapshot(account).await.expect("`snapshot` failed")
}

pub(crate) async fn query(store: &Store, account: UserId, query: MirrorQuery) -> Vec<MirrorEntry> {
    store.entries(account, query).try_collect().await.expect("`entries` failed")
}

/// The ids that the last snapshot shows, newest block first.
pub(crate) async fn shown(store: &Store, account: UserId) -> Vec<u64> {
    ids(&query(store, account, MirrorQuery::default()).await)
}

pub(crate) fn ids(entries: &[MirrorEntry]) -> Vec<u64> {
    entries.iter().map(|entry| entry.user.id.get()).collect()
}

/// A read that has begun, under its hold.
pub(crate) struct Reading {
    pub(crate) store: Store,
    pub(crate) fence: Fence,
    pub(crate) read: OpenRead,
    pub(crate) checkpoint: Checkpoint,
    pub(crate) guard: HoldGuard,
}

impl Reading {
    pub(crate) async fn begin(store: Store, account: UserId) -> Self {
        let (fence, guard) = hold(&store, account).await;
        let read = begin(&store, account, fence).await;
        Self { store, fence, checkpoint: read.checkpoint.clone(), read, guard }
    }

    pub(crate) async fn append(&mut self, page: &MirrorPage) {
        let before = &self.checkpoint;
        self.checkpoint = appended(&self.store, self.read.id, self.fence, before, page).await;
    }

    /// Keeps the whole read aside, and goes on holding the list.
    pub(crate) async fn set_aside(&self) -> OpenRead {
        match set_aside(&self.store, self.read.id, self.fence).await {
            SetAside::Aside(read) => read,
            other => panic!("setting a whole read aside answered {other:?}"),
        }
    }

    pub(crate) async fn finish(self) -> Snapshot {
        match finish(&self.store, self.read.id, self.fence).await {
            Finish::Finished(snapshot) => snapshot,
            other => panic!("finishing a whole read answered {other:?}"),
        }
    }
}

/// Mirrors these pages, all but the last with a token behind them.
pub(crate) async fn mirror(store: &Store, account: UserId, pages: Vec<Vec<User>>) -> Snapshot {
    let mut reading = Reading::begin(Arc::clone(store), account).await;
    let last = pages.len() - 1;
    for (number, users) in pages.into_iter().enumerate() {
        let next = (number < last).then_some(number as u64 + 1);
        reading.append(&page_of(users, next)).await;
    }
    reading.finish().await
}

/// Begins a read of one page, which meets known ground.
pub(crate) async fn read_head(store: &Store, account: UserId, users: &[u64]) -> Reading {
    let mut reading = Reading::begin(Arc::clone(store), account).await;
    reading.append(&page(users, None).on_known_ground()).await;
    reading
}

/// Begins a read of one page, which is the whole list.
pub(crate) async fn read_whole(store: &Store, account: UserId, users: &[u64]) -> Reading {
    let mut reading = Reading::begin(Arc::clone(store), account).await;
    reading.append(&page(users, None)).await;
    reading
}

/// Mirrors users of these ids on one page.
pub(crate) async fn mirror_ids(store: &Store, account: UserId, users: &[u64]) -> Snapshot {
    mirror(store, account, vec![users.iter().copied().map(user).collect()]).await
}
