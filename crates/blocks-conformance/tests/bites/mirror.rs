//! Mirror stores, each with one fault.

mod twisted;

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use blocks_conformance::mirror_store::{MirrorStoreHarness, rules};
use blocks_domain::{User, UserId};
use blocks_fake::stores::MemoryMirrorStore;
use blocks_ports::{
    Append, Checkpoint, Fence, Finish, Hold, HoldGuard, MirrorEntry, MirrorPage, MirrorQuery,
    MirrorStore, OpenRead, ReadId, ReadKind, Snapshot, StoreError, StoreFailure,
};
use futures_util::stream::BoxStream;
use jiff::Timestamp;

use crate::{Broken, Shared, assert_bites, dawdle};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    HoldsAreShared,
    GuardsDoNothing,
    FencesStandStill,
    HoldsAreNotAtomic,
    OneHoldForAll,
    BeginsWithAUser,
    ReadIdsRepeat,
    BeginGoesOn,
    BeginTakesAnyFence,
    SkipsEmptyPages,
    AppendTakesAnyFence,
    AppendTakesAnyCheckpoint,
    GoesOnBehindTheEnd,
    AppendTakesAnyRead,
    PretendsToAppend,
    UnknownReadsFail,
    HoldGivesUpTheRead,
    AppendsAreNotAtomic,
    FinishesEarly,
    FinishTakesAnyFence,
    FinishesAgain,
    MiscountsPages,
    CountsAllAsAdded,
    ShowsTheUnfinished,
    EmptyListsNeverEnd,
    CountsUsersTwice,
    KeepsTheOlderProfile,
    LosesUnknownFields,
    EveryoneStandsFirst,
    NoSnapshotIsAFailure,
    MixesSnapshots,
    OldestFirst,
    SortsByCase,
    SortsNumbersAsTexts,
    YoungestFirst,
    ReversesEverything,
    IgnoresProtected,
    MatchesPartsOfHandles,
    LimitsBeforeItFilters,
    OneMirrorForAll,
    OneStorageAHandle,
    ForgetsOnReopening,
}

const FAULTS: &[(&str, Fault)] = &[
    ("only_one_holds_an_account", Fault::HoldsAreShared),
    ("a_dropped_hold_is_free", Fault::GuardsDoNothing),
    ("fences_grow", Fault::FencesStandStill),
    ("one_of_many_holds_wins", Fault::HoldsAreNotAtomic),
    ("a_hold_is_of_one_account", Fault::OneHoldForAll),
    ("a_read_begins_at_the_first_page", Fault::BeginsWithAUser),
    ("read_ids_are_never_used_again", Fault::ReadIdsRepeat),
    ("beginning_gives_up_the_unfinished_read", Fault::BeginGoesOn),
    ("beginning_with_an_old_fence_changes_nothing", Fault::BeginTakesAnyFence),
    ("a_page_moves_the_checkpoint", Fault::SkipsEmptyPages),
    ("an_old_fence_appends_nothing", Fault::AppendTakesAnyFence),
    ("another_checkpoint_appends_nothing", Fault::AppendTakesAnyCheckpoint),
    ("nothing_follows_the_last_page", Fault::GoesOnBehindTheEnd),
    ("a_read_that_was_given_up_appends_nothing", Fault::AppendTakesAnyRead),
    ("a_finished_read_appends_nothing", Fault::PretendsToAppend),
    ("an_unknown_read_is_stale", Fault::UnknownReadsFail),
    ("a_read_goes_on_under_the_next_hold", Fault::HoldGivesUpTheRead),
    ("one_of_many_appends_wins", Fault::AppendsAreNotAtomic),
    ("a_read_short_of_its_end_is_not_finished", Fault::FinishesEarly),
    ("an_old_fence_finishes_nothing", Fault::FinishTakesAnyFence),
    ("a_read_is_finished_once", Fault::FinishesAgain),
    ("a_finished_read_is_the_snapshot", Fault::MiscountsPages),
    ("the_snapshot_counts_what_was_added_and_removed", Fault::CountsAllAsAdded),
    ("an_unfinished_read_is_never_shown", Fault::ShowsTheUnfinished),
    ("an_empty_list_is_a_snapshot", Fault::EmptyListsNeverEnd),
    ("a_user_who_comes_again_keeps_the_first_place", Fault::CountsUsersTwice),
    ("a_user_who_comes_again_shows_the_newer_profile", Fault::KeepsTheOlderProfile),
    ("profiles_come_back_as_they_were", Fault::LosesUnknownFields),
    ("one_user_can_be_looked_up", Fault::EveryoneStandsFirst),
    ("no_snapshot_shows_nobody", Fault::NoSnapshotIsAFailure),
    ("a_stream_shows_one_snapshot_or_fails", Fault::MixesSnapshots),
    ("the_list_is_shown_newest_first", Fault::OldestFirst),
    ("users_are_ordered_by_handle", Fault::SortsByCase),
    ("users_are_ordered_by_name", Fault::SortsByCase),
    ("users_are_ordered_by_followers", Fault::SortsNumbersAsTexts),
    ("users_are_ordered_by_age", Fault::YoungestFirst),
    ("the_unknown_stand_last_either_way", Fault::ReversesEverything),
    ("equal_users_stand_in_the_order_of_the_list", Fault::ReversesEverything),
    ("filters_admit_as_the_query_says", Fault::IgnoresProtected),
    ("a_handle_is_matched_whole_and_without_case", Fault::MatchesPartsOfHandles),
    ("the_limit_is_taken_after_filter_and_order", Fault::LimitsBeforeItFilters),
    ("accounts_do_not_touch_each_other", Fault::OneMirrorForAll),
    ("handles_share_one_storage", Fault::OneStorageAHandle),
    ("the_unfinished_read_outlasts_reopening", Fault::ForgetsOnReopening),
    ("the_snapshot_outlasts_reopening", Fault::ForgetsOnReopening),
    ("fences_grow_over_reopening", Fault::ForgetsOnReopening),
];

#[test]
fn every_rule_bites() {
    let sources = [
        include_str!("../../src/mirror_store/holds.rs"),
        include_str!("../../src/mirror_store/queries.rs"),
        include_str!("../../src/mirror_store/reads.rs"),
        include_str!("../../src/mirror_store/snapshots.rs"),
    ];
    assert_bites(&rules(), FAULTS, &sources, Storage::default);
}

#[derive(Debug, Default, Clone)]
struct Storage {
    mirror: MemoryMirrorStore,
    notes: Shared<Notes>,
}

/// What the faults remember besides.
#[derive(Debug, Default)]
struct Notes {
    fence: Fence,
    account: Option<UserId>,
    read: Option<ReadId>,
    held: bool,
    received: u64,
    profiles: HashMap<UserId, User>,
}

faulty_store!(MirrorStoreHarness, MirrorStore);

/// Takes the mark of a hold off when it is dropped.
struct Unmark(Shared<Notes>);

impl Drop for Unmark {
    fn drop(&mut self) {
        self.0.with(|notes| notes.held = false);
    }
}

impl Store {
    fn inner(&self) -> &MemoryMirrorStore {
        &self.storage.mirror
    }

    fn note<R>(&self, f: impl FnOnce(&mut Notes) -> R) -> R {
        self.storage.notes.with(f)
    }

    fn slot(&self, account: UserId) -> UserId {
        if self.has(Fault::OneMirrorForAll) { "1".parse().expect("an id") } else { account }
    }

    fn fence(&self, given: Fence, fault: Fault) -> Fence {
        if self.has(fault) { self.note(|notes| notes.fence) } else { given }
    }

    fn read(&self, given: ReadId) -> ReadId {
        let any = self.has(Fault::ReadIdsRepeat) || self.has(Fault::AppendTakesAnyRead);
        self.note(|notes| notes.read).filter(|_| any).unwrap_or(given)
    }

    /// The unfinished read of the account that was begun last.
    async fn open(&self) -> Result<Option<OpenRead>, StoreError> {
        match self.note(|notes| notes.account) {
            Some(account) => self.inner().unfinished(account).await,
            None => Ok(None),
        }
    }

    /// A page as the fault stores it.
    fn stored(&self, page: &MirrorPage) -> MirrorPage {
        let mut page = page.clone();
        for user in &mut page.users {
            if self.has(Fault::LosesUnknownFields) {
                user.extra = User::new(user.id).extra;
            }
            let older =
                self.note(|notes| notes.profiles.entry(user.id).or_insert(user.clone()).clone());
            if self.has(Fault::KeepsTheOlderProfile) {
                *user = older;
            }
        }
        self.note(|notes| notes.received += page.users.len() as u64);
        page
    }

    fn told(&self, mut snapshot: Snapshot) -> Snapshot {
        match self.fault {
            Some(Fault::MiscountsPages) => snapshot.pages += 1,
            Some(Fault::CountsAllAsAdded) => snapshot.added = snapshot.users,
            _ => {}
        }
        snapshot
    }
}

#[async_trait]
impl MirrorStore for Store {
    async fn hold(&self, account: UserId) -> Result<Hold, StoreError> {
        let account = self.slot(account);
        let fence = self.note(|notes| notes.fence);
        if self.has(Fault::HoldsAreNotAtomic) {
            if self.note(|notes| notes.held) {
                return Ok(Hold::Busy { holder: None });
            }
            dawdle().await;
            self.note(|notes| notes.held = true);
            let guard = HoldGuard::new(Unmark(self.storage.notes.clone()));
            return Ok(Hold::Held { fence, guard });
        }
        let account =
            if self.has(Fault::OneHoldForAll) { "1".parse().expect("an id") } else { account };
        match self.inner().hold(account).await? {
            Hold::Held { fence, guard } => {
                self.note(|notes| notes.fence = fence);
                if self.has(Fault::HoldGivesUpTheRead)
                    && let Some(open) = self.inner().unfinished(account).await?
                {
                    self.inner().begin(account, fence, open.kind, open.started_at).await?;
                }
                match self.fault {
                    Some(Fault::FencesStandStill) => Ok(Hold::Held { fence: Fence::new(1), guard }),
                    Some(Fault::GuardsDoNothing) => {
                        std::mem::forget(guard);
                        Ok(Hold::Held { fence, guard: HoldGuard::new(()) })
                    }
                    _ => Ok(Hold::Held { fence, guard }),
                }
            }
            Hold::Busy { .. } if self.has(Fault::HoldsAreShared) => {
                Ok(Hold::Held { fence, guard: HoldGuard::new(()) })
            }
            busy => Ok(busy),
        }
    }

    async fn begin(
        &self,
        account: UserId,
        fence: Fence,
        kind: ReadKind,
        now: Timestamp,
    ) -> Result<OpenRead, StoreError> {
        let account = self.slot(account);
        if self.has(Fault::BeginGoesOn)
            && let Some(open) = self.inner().unfinished(account).await?
        {
            return Ok(open);
        }
        let fence = self.fence(fence, Fault::BeginTakesAnyFence);
        let mut read = self.inner().begin(account, fence, kind, now).await?;
        self.note(|notes| {
            (notes.account, notes.read, notes.received) = (Some(account), Some(read.id), 0);
        });
        match self.fault {
            Some(Fault::BeginsWithAUser) => read.users = 1,
            Some(Fault::ReadIdsRepeat) => read.id = ReadId::new(1),
            _ => {}
        }
        Ok(read)
    }

    async fn unfinished(&self, account: UserId) -> Result<Option<OpenRead>, StoreError> {
        let mut open = self.inner().unfinished(self.slot(account)).await?;
        if let Some(read) = open.as_mut().filter(|_| self.has(Fault::CountsUsersTwice)) {
            read.users = self.note(|notes| notes.received);
        }
        Ok(open)
    }

    async fn append(
        &self,
        read: ReadId,
        fence: Fence,
        expected: &Checkpoint,
        page: &MirrorPage,
    ) -> Result<Append, StoreError> {
        if self.has(Fault::SkipsEmptyPages) && page.users.is_empty() {
            return Ok(Append::Appended(expected.clone()));
        }
        if self.has(Fault::UnknownReadsFail) && Some(read) > self.note(|notes| notes.read) {
            return Err(StoreError::new(StoreFailure::Other, "there is no such read"));
        }
        let open = self.open().await?;
        let mut expected = expected.clone();
        if let Some(open) = open.as_ref().filter(|_| self.has(Fault::AppendTakesAnyCheckpoint)) {
            expected = open.checkpoint.clone();
        }
        if self.has(Fault::AppendsAreNotAtomic)
            && open.as_ref().is_some_and(|open| open.checkpoint == expected)
        {
            dawdle().await;
            expected = self.open().await?.expect("nobody finishes it").checkpoint;
        }
        if self.has(Fault::GoesOnBehindTheEnd) && expected.is_at_end() {
            return Ok(Append::Appended(expected.behind(page)));
        }
        let fence = self.fence(fence, Fault::AppendTakesAnyFence);
        let page = self.stored(page);
        let answer = self.inner().append(self.read(read), fence, &expected, &page).await?;
        if self.has(Fault::PretendsToAppend) && open.is_none() {
            return Ok(Append::Appended(expected.behind(&page)));
        }
        Ok(answer)
    }

    async fn finish(
        &self,
        read: ReadId,
        fence: Fence,
        now: Timestamp,
    ) -> Result<Finish, StoreError> {
        let fence = self.fence(fence, Fault::FinishTakesAnyFence);
        let read = self.read(read);
        if let Some(open) = self.open().await? {
            if self.has(Fault::EmptyListsNeverEnd) && open.users == 0 {
                return Ok(Finish::Incomplete);
            }
            if self.has(Fault::FinishesEarly) {
                let end = MirrorPage::new(Vec::new(), None, now);
                self.inner().append(read, fence, &open.checkpoint, &end).await?;
            }
        } else if self.has(Fault::FinishesAgain)
            && let Some(account) = self.note(|notes| notes.account)
            && let Some(last) = self.inner().snapshot(account).await?
        {
            return Ok(Finish::Finished(last));
        }
        Ok(match self.inner().finish(read, fence, now).await? {
            Finish::Finished(snapshot) => Finish::Finished(self.told(snapshot)),
            other => other,
        })
    }

    async fn snapshot(&self, account: UserId) -> Result<Option<Snapshot>, StoreError> {
        let last = self.inner().snapshot(self.slot(account)).await?;
        Ok(last.map(|snapshot| self.told(snapshot)))
    }

    fn entries(
        &self,
        account: UserId,
        query: MirrorQuery,
    ) -> BoxStream<'static, Result<MirrorEntry, StoreError>> {
        twisted::entries(self.inner().clone(), self.slot(account), query, self.fault)
    }

    async fn entry(
        &self,
        account: UserId,
        user: UserId,
    ) -> Result<Option<MirrorEntry>, StoreError> {
        let mut found = self.inner().entry(self.slot(account), user).await?;
        if self.has(Fault::ShowsTheUnfinished) && found.is_none() {
            let profile = self.note(|notes| notes.profiles.get(&user).cloned());
            found = profile.map(|user| MirrorEntry::new(0, user, Timestamp::UNIX_EPOCH));
        }
        if let Some(entry) = found.as_mut().filter(|_| self.has(Fault::EveryoneStandsFirst)) {
            entry.position = 0;
        }
        Ok(found)
    }
}
