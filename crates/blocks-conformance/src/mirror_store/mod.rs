//! The rules of [`MirrorStore`].

mod holds;
mod queries;
mod reads;
mod snapshots;

use std::future::Future;
use std::sync::Arc;

use blocks_domain::{PageToken, User, UserId};
use blocks_ports::{
    Append, Checkpoint, Fence, Finish, Hold, HoldGuard, MirrorEntry, MirrorPage, MirrorQuery,
    MirrorStore, OpenRead, ReadId, ReadKind, Snapshot,
};
use futures_util::TryStreamExt;

use crate::support::{at, id, user};

pub use holds::*;
pub use queries::*;
pub use reads::*;
pub use snapshots::*;

/// Makes mirror stores for the suite.
pub trait MirrorStoreHarness: Sized + 'static {
    /// Whether what is stored lasts when all handles are gone.
    const DURABLE: bool;

    /// A storage of its own, with nothing in it.
    fn fresh() -> impl Future<Output = Self>;

    /// A new handle on the storage.
    fn handle(&self) -> Arc<dyn MirrorStore>;

    /// The storage after the program has ended and begun anew; all holds have ended with it.
    fn reopen(self) -> impl Future<Output = Self>;
}

suite! {
    ($) mirror_store_suite, mirror_store::MirrorStoreHarness:
    only_one_holds_an_account,
    a_dropped_hold_is_free,
    fences_grow,
    one_of_many_holds_wins,
    a_hold_is_of_one_account,
    a_read_begins_at_the_first_page,
    read_ids_are_never_used_again,
    beginning_gives_up_the_unfinished_read,
    beginning_with_an_old_fence_changes_nothing,
    a_page_moves_the_checkpoint,
    an_old_fence_appends_nothing,
    another_checkpoint_appends_nothing,
    nothing_follows_the_last_page,
    a_read_that_was_given_up_appends_nothing,
    a_finished_read_appends_nothing,
    an_unknown_read_is_stale,
    a_read_goes_on_under_the_next_hold,
    one_of_many_appends_wins,
    a_read_short_of_its_end_is_not_finished,
    an_old_fence_finishes_nothing,
    a_read_is_finished_once,
    a_finished_read_is_the_snapshot,
    the_snapshot_counts_what_was_added_and_removed,
    an_unfinished_read_is_never_shown,
    an_empty_list_is_a_snapshot,
    a_user_who_comes_again_keeps_the_first_place,
    a_user_who_comes_again_shows_the_newer_profile,
    profiles_come_back_as_they_were,
    one_user_can_be_looked_up,
    no_snapshot_shows_nobody,
    a_stream_shows_one_snapshot_or_fails,
    the_list_is_shown_newest_first,
    users_are_ordered_by_handle,
    users_are_ordered_by_name,
    users_are_ordered_by_followers,
    users_are_ordered_by_age,
    the_unknown_stand_last_either_way,
    equal_users_stand_in_the_order_of_the_list,
    filters_admit_as_the_query_says,
    a_handle_is_matched_whole_and_without_case,
    the_limit_is_taken_after_filter_and_order,
    accounts_do_not_touch_each_other,
    handles_share_one_storage,
    the_unfinished_read_outlasts_reopening,
    the_snapshot_outlasts_reopening,
    fences_grow_over_reopening,
}

type Store = Arc<dyn MirrorStore>;

fn me() -> UserId {
    id(12)
}

fn token(number: u64) -> PageToken {
    PageToken::new(&format!("page-token-number-{number:06}")).expect("a valid token")
}

/// The users of these ids as a page, with the number of the next page if there is one.
fn page(users: &[u64], next: Option<u64>) -> MirrorPage {
    page_of(users.iter().copied().map(user).collect(), next)
}

fn page_of(users: Vec<User>, next: Option<u64>) -> MirrorPage {
    MirrorPage::new(users, next.map(token), at(10))
}

async fn hold(store: &Store, account: UserId) -> (Fence, HoldGuard) {
    match store.hold(account).await.expect("`hold` failed") {
        Hold::Held { fence, guard } => (fence, guard),
        other => panic!("a hold that nothing stands against answered {other:?}"),
    }
}

async fn begin(store: &Store, account: UserId, fence: Fence) -> OpenRead {
    store.begin(account, fence, ReadKind::Full, at(0)).await.expect("`begin` failed")
}

async fn unfinished(store: &Store, account: UserId) -> Option<OpenRead> {
    store.unfinished(account).await.expect("`unfinished` failed")
}

async fn append(
    store: &Store,
    read: ReadId,
    fence: Fence,
    expected: &Checkpoint,
    page: &MirrorPage,
) -> Append {
    store.append(read, fence, expected, page).await.expect("`append` failed")
}

async fn appended(
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

async fn finish(store: &Store, read: ReadId, fence: Fence) -> Finish {
    store.finish(read, fence, at(20)).await.expect("`finish` failed")
}

async fn snapshot(store: &Store, account: UserId) -> Option<Snapshot> {
    store.snapshot(account).await.expect("`snapshot` failed")
}

async fn query(store: &Store, account: UserId, query: MirrorQuery) -> Vec<MirrorEntry> {
    store.entries(account, query).try_collect().await.expect("`entries` failed")
}

/// The ids that the last snapshot shows, newest block first.
async fn shown(store: &Store, account: UserId) -> Vec<u64> {
    ids(&query(store, account, MirrorQuery::default()).await)
}

fn ids(entries: &[MirrorEntry]) -> Vec<u64> {
    entries.iter().map(|entry| entry.user.id.get()).collect()
}

/// A read that has begun, under its hold.
struct Reading {
    store: Store,
    fence: Fence,
    read: OpenRead,
    checkpoint: Checkpoint,
    guard: HoldGuard,
}

impl Reading {
    async fn begin(store: Store, account: UserId) -> Self {
        let (fence, guard) = hold(&store, account).await;
        let read = begin(&store, account, fence).await;
        Self { store, fence, checkpoint: read.checkpoint.clone(), read, guard }
    }

    async fn append(&mut self, page: &MirrorPage) {
        let before = &self.checkpoint;
        self.checkpoint = appended(&self.store, self.read.id, self.fence, before, page).await;
    }

    async fn finish(self) -> Snapshot {
        match finish(&self.store, self.read.id, self.fence).await {
            Finish::Finished(snapshot) => snapshot,
            other => panic!("finishing a whole read answered {other:?}"),
        }
    }
}

/// Mirrors these pages, all but the last with a token behind them.
async fn mirror(store: &Store, account: UserId, pages: Vec<Vec<User>>) -> Snapshot {
    let mut reading = Reading::begin(Arc::clone(store), account).await;
    let last = pages.len() - 1;
    for (number, users) in pages.into_iter().enumerate() {
        let next = (number < last).then_some(number as u64 + 1);
        reading.append(&page_of(users, next)).await;
    }
    reading.finish().await
}

/// Mirrors users of these ids on one page.
async fn mirror_ids(store: &Store, account: UserId, users: &[u64]) -> Snapshot {
    mirror(store, account, vec![users.iter().copied().map(user).collect()]).await
}
