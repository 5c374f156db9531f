//! Journals, each with one fault.

mod mirror;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use blocks_conformance::mirror_journal::{MirrorJournalHarness, rules};
use blocks_domain::{User, UserId, Whereabouts};
use blocks_fake::stores::MemoryMirrorStore;
use blocks_ports::{
    Amended, Amendment, ChangeKind, ChangeQuery, Difference, Forget, Forgotten, MirrorChange,
    MirrorEntry, MirrorJournal, MirrorQuery, MirrorStore, Names, Source, StoreError,
};
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt, TryStreamExt};
use jiff::Timestamp;

use crate::{Broken, Shared, assert_bites, dawdle};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    PretendsToAmend,
    AlwaysChanged,
    KeepsTheOldProfile,
    IgnoresEventNames,
    HearsOnlyWhatChanges,
    HidesAmendments,
    PlacesAreIds,
    WhoeverIsShownHasAPlace,
    EventsAreNotAtomic,
    AmendmentsAreNotAtomic,
    ReadsOverrule,
    TheFirstWordCounts,
    AnIdReplacesAProfile,
    PagesAreAlwaysNewer,
    EveryWordCountsForEver,
    RemembersDifferences,
    TheFirstSnapshotIsAChange,
    TellsOnlyAmendments,
    TellsOnlyReads,
    IgnoresNames,
    IgnoresNamesThatAreTold,
    TakesSilenceForANewName,
    SortsByUser,
    IgnoresSince,
    ForgetsOldChanges,
    KeepsLookupsForLater,
    TheFirstLookupCounts,
    LookupsHaveNoEnd,
    ForgetsTooMuch,
    PretendsToForget,
    ForgetsSnapshotsAlone,
    IgnoresBefore,
    TakesEverythingForProfiles,
    NumbersBeginAnew,
    OneMirrorForAll,
    OneStorageAHandle,
    ForgetsOnReopening,
    ASecondRenamingIsLost,
}

const FAULTS: &[(&str, Fault)] = &[
    ("a_block_comes_before_all_others", Fault::PretendsToAmend),
    ("an_unblock_leaves_the_list", Fault::PretendsToAmend),
    ("what_is_so_already_is_unchanged", Fault::AlwaysChanged),
    ("a_profile_that_is_told_is_taken_over", Fault::KeepsTheOldProfile),
    ("a_profile_that_is_told_is_taken_over", Fault::AnIdReplacesAProfile),
    ("without_a_snapshot_nothing_is_amended", Fault::AlwaysChanged),
    ("an_event_is_heard_once", Fault::IgnoresEventNames),
    ("an_event_is_heard_once_without_a_snapshot_too", Fault::HearsOnlyWhatChanges),
    ("a_snapshot_tells_that_it_was_amended", Fault::HidesAmendments),
    ("places_grow_after_amendments", Fault::PlacesAreIds),
    ("whom_no_read_has_met_has_no_place", Fault::WhoeverIsShownHasAPlace),
    ("an_amended_snapshot_is_what_the_next_is_compared_with", Fault::PretendsToAmend),
    ("one_of_many_who_tell_of_an_event_is_heard", Fault::EventsAreNotAtomic),
    ("no_amendment_is_lost_in_a_race", Fault::AmendmentsAreNotAtomic),
    ("an_unblock_told_during_a_read_stands", Fault::ReadsOverrule),
    ("a_block_told_during_a_read_stands", Fault::ReadsOverrule),
    ("a_block_that_changed_nothing_stands_too", Fault::ReadsOverrule),
    ("a_block_told_during_the_first_read_stands", Fault::ReadsOverrule),
    ("an_id_told_during_a_read_replaces_no_profile", Fault::AnIdReplacesAProfile),
    ("names_told_during_a_read_are_told_once", Fault::PagesAreAlwaysNewer),
    ("the_last_word_told_during_a_read_counts", Fault::TheFirstWordCounts),
    ("what_was_told_before_a_read_began_is_up_to_it", Fault::EveryWordCountsForEver),
    ("what_was_told_while_a_read_was_aside_stands", Fault::ReadsOverrule),
    ("a_finished_head_is_told_the_read_aside", Fault::ReadsOverrule),
    ("a_finished_head_is_told_the_read_aside", Fault::EveryWordCountsForEver),
    ("a_finished_head_is_told_the_read_aside", Fault::PagesAreAlwaysNewer),
    ("what_was_told_during_a_head_stands", Fault::ReadsOverrule),
    ("differences_heed_what_was_told", Fault::RemembersDifferences),
    ("the_first_snapshot_is_no_change", Fault::TheFirstSnapshotIsAChange),
    ("a_read_tells_who_came_and_went", Fault::TellsOnlyAmendments),
    ("other_names_are_a_change", Fault::IgnoresNames),
    ("names_that_are_not_told_are_no_change", Fault::TakesSilenceForANewName),
    ("an_amendment_is_a_change", Fault::TellsOnlyReads),
    ("other_names_that_are_told_are_a_change", Fault::IgnoresNamesThatAreTold),
    ("changes_come_oldest_first", Fault::SortsByUser),
    ("changes_of_a_time_or_a_user_can_be_asked_for", Fault::IgnoresSince),
    ("changes_outlast_snapshots", Fault::ForgetsOldChanges),
    ("a_lookup_belongs_to_the_removal_before_it", Fault::KeepsLookupsForLater),
    ("of_several_lookups_the_last_counts", Fault::TheFirstLookupCounts),
    ("an_addition_ends_what_lookups_belong_to", Fault::LookupsHaveNoEnd),
    ("forgotten_profiles_leave_ids_and_dates", Fault::ForgetsTooMuch),
    ("nobody_is_found_by_a_forgotten_profile", Fault::PretendsToForget),
    ("reads_that_are_not_finished_are_forgotten_too", Fault::ForgetsSnapshotsAlone),
    ("names_in_changes_are_forgotten", Fault::PretendsToForget),
    ("forgotten_names_are_not_compared", Fault::PretendsToForget),
    ("only_what_is_older_is_forgotten", Fault::IgnoresBefore),
    ("forgetting_everything_leaves_nothing", Fault::TakesEverythingForProfiles),
    ("forgetting_everything_gives_up_the_reads", Fault::TakesEverythingForProfiles),
    ("forgotten_numbers_are_not_used_again", Fault::NumbersBeginAnew),
    ("what_is_forgotten_is_not_left_in_the_storage", Fault::PretendsToForget),
    ("accounts_do_not_touch_each_other", Fault::OneMirrorForAll),
    ("handles_share_one_storage", Fault::OneStorageAHandle),
    ("the_journal_outlasts_reopening", Fault::ForgetsOnReopening),
    ("what_was_told_during_a_read_outlasts_reopening", Fault::ForgetsOnReopening),
    ("a_long_random_life_agrees_with_the_model", Fault::ASecondRenamingIsLost),
];

#[test]
fn every_rule_bites() {
    let sources = [
        include_str!("../../src/mirror_journal/amendments.rs"),
        include_str!("../../src/mirror_journal/changes.rs"),
        include_str!("../../src/mirror_journal/finds.rs"),
        include_str!("../../src/mirror_journal/forgetting.rs"),
        include_str!("../../src/mirror_journal/life.rs"),
        include_str!("../../src/mirror_journal/reads.rs"),
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
    account: Option<UserId>,
    /// All that was told, and how much of it when the last read began.
    told: Vec<Amendment>,
    before_read: usize,
    events: HashSet<String>,
    busy: bool,
    found: HashMap<UserId, (Whereabouts, Timestamp)>,
    differences: Option<Vec<Difference>>,
    forgot: bool,
}

#[derive(Debug)]
struct Store {
    storage: Storage,
    fault: Option<Fault>,
}

impl MirrorJournalHarness for Broken<Storage, Fault> {
    const DURABLE: bool = true;

    type Store = Store;

    async fn fresh() -> Self {
        Self { store: Storage::default(), fault: None }
    }

    fn handle(&self) -> Arc<Store> {
        let apart = self.fault == Some(Fault::OneStorageAHandle);
        let storage = if apart { Storage::default() } else { self.store.clone() };
        Arc::new(Store { storage, fault: self.fault })
    }

    async fn holds_text(&self, text: &str) -> bool {
        format!("{:?}", self.store.mirror).contains(text)
    }

    async fn reopen(mut self) -> Self {
        if self.fault == Some(Fault::ForgetsOnReopening) {
            self.store = Storage::default();
        }
        self
    }
}

impl Store {
    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn inner(&self) -> &MemoryMirrorStore {
        &self.storage.mirror
    }

    fn note<R>(&self, f: impl FnOnce(&mut Notes) -> R) -> R {
        self.storage.notes.with(f)
    }

    fn slot(&self, account: UserId) -> UserId {
        if self.has(Fault::OneMirrorForAll) { "1".parse().expect("an id") } else { account }
    }

    fn entries(&self, account: UserId) -> Vec<MirrorEntry> {
        let all = self.inner().entries(account, MirrorQuery::default()).try_collect();
        all.now_or_never().expect("memory does not wait").expect("memory does not fail")
    }

    /// What the inner journal is told before a read is finished, so that the fault comes out.
    fn last_words(&self) -> Vec<Amendment> {
        self.note(|notes| {
            let of_read = notes.told[notes.before_read..].iter().cloned();
            let contrary =
                |told: Amendment| Amendment::new(told.user, !told.blocked, told.witness, told.at);
            match self.fault {
                Some(Fault::ReadsOverrule) => of_read.map(contrary).collect(),
                Some(Fault::TheFirstWordCounts) => of_read.rev().collect(),
                Some(Fault::EveryWordCountsForEver) => notes.told.clone(),
                _ => Vec::new(),
            }
        })
    }

    /// Whether an amendment would change the snapshot.
    async fn would_change(
        &self,
        account: UserId,
        amendment: &Amendment,
    ) -> Result<bool, StoreError> {
        let entry = self.inner().entry(account, amendment.user.id).await?;
        let mirrored = self.inner().snapshot(account).await?.is_some();
        Ok(mirrored && entry.is_some() != amendment.blocked)
    }

    /// The amendment as the fault hears it.
    async fn heard(&self, account: UserId, amendment: &Amendment) -> Result<Amendment, StoreError> {
        let mut heard = amendment.clone();
        let changes = self.would_change(account, amendment).await?;
        if self.has(Fault::KeepsTheOldProfile) && !changes {
            heard.user = User::new(heard.user.id);
        }
        let deaf = self.has(Fault::HearsOnlyWhatChanges) && !changes;
        if deaf || self.has(Fault::IgnoresEventNames) {
            heard.event = None;
        }
        Ok(heard)
    }

    /// The changes as the fault tells them.
    fn told(&self, account: UserId, mut changes: Vec<MirrorChange>) -> Vec<MirrorChange> {
        let by_read = |change: &MirrorChange| match change.kind {
            ChangeKind::Added(by) | ChangeKind::Removed { by, .. } => {
                Some(by).filter(|by| matches!(by, Source::Read(_)))
            }
            _ => None,
        };
        let renamed = |change: &MirrorChange| matches!(change.kind, ChangeKind::Renamed { .. });
        match self.fault {
            Some(Fault::TheFirstSnapshotIsAChange) if changes.is_empty() => {
                for MirrorEntry { user, received_at, .. } in self.entries(account) {
                    let kind = ChangeKind::Added(Source::Told(blocks_domain::Witness::Event));
                    changes.push(MirrorChange::new(user.id, received_at, Names::of(&user), kind));
                }
            }
            Some(Fault::TellsOnlyAmendments) => changes.retain(|change| by_read(change).is_none()),
            Some(Fault::TellsOnlyReads) => changes.retain(|change| by_read(change).is_some()),
            Some(Fault::IgnoresNamesThatAreTold) => {
                let told = self.note(|notes| notes.told.clone());
                let is_of = |change: &MirrorChange, told: &Amendment| {
                    (told.user.id, told.at) == (change.user, change.at)
                };
                changes.retain(|change| {
                    !renamed(change) || !told.iter().any(|told| is_of(change, told))
                });
            }
            Some(Fault::IgnoresNames) => changes.retain(|change| !renamed(change)),
            Some(Fault::SortsByUser) => changes.sort_by_key(|change| change.user),
            Some(Fault::ForgetsOldChanges) => {
                let last = changes.iter().filter_map(by_read).next_back();
                changes.retain(|change| by_read(change) == last);
            }
            Some(Fault::ASecondRenamingIsLost) => {
                let mut seen = HashSet::new();
                changes.retain(|change| !renamed(change) || seen.insert(change.user));
            }
            Some(Fault::KeepsLookupsForLater | Fault::LookupsHaveNoEnd) => {
                self.look_up(&mut changes);
            }
            _ => {}
        }
        changes
    }

    fn look_up(&self, changes: &mut [MirrorChange]) {
        for change in changes {
            let last = self.note(|notes| notes.found.get(&change.user).copied());
            if let ChangeKind::Removed { found, .. } = &mut change.kind
                && (found.is_none() || self.has(Fault::LookupsHaveNoEnd))
            {
                *found = last;
            }
        }
    }
}

#[async_trait]
impl MirrorJournal for Store {
    async fn amend(&self, account: UserId, amendment: &Amendment) -> Result<Amended, StoreError> {
        let account = self.slot(account);
        self.note(|notes| notes.told.push(amendment.clone()));
        if self.has(Fault::PretendsToAmend) {
            return Ok(Amended::Changed);
        }
        let mut heard = self.heard(account, amendment).await?;
        if self.has(Fault::AnIdReplacesAProfile) && heard.user == User::new(heard.user.id) {
            self.inner().forget(account, Forget::Profiles { before: None }).await?;
        }
        if let Some(event) = heard.event.take_if(|_| self.has(Fault::EventsAreNotAtomic)) {
            if self.note(|notes| notes.events.contains(&event)) {
                return Ok(Amended::Repeated);
            }
            dawdle().await;
            self.note(|notes| notes.events.insert(event));
        }
        if self.has(Fault::AmendmentsAreNotAtomic) {
            if self.note(|notes| std::mem::replace(&mut notes.busy, true)) {
                // Whoever came first writes what it has read over this.
                return Ok(Amended::Changed);
            }
            dawdle().await;
            self.note(|notes| notes.busy = false);
        }
        Ok(match self.inner().amend(account, &heard).await? {
            Amended::Unchanged if self.has(Fault::AlwaysChanged) => Amended::Changed,
            answer => answer,
        })
    }

    async fn find(
        &self,
        account: UserId,
        user: UserId,
        found: Whereabouts,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let known = self.note(|notes| notes.found.insert(user, (found, now)).is_some());
        if known && self.has(Fault::TheFirstLookupCounts) {
            return Ok(());
        }
        self.inner().find(self.slot(account), user, found, now).await
    }

    fn changes(
        &self,
        account: UserId,
        mut query: ChangeQuery,
    ) -> BoxStream<'static, Result<MirrorChange, StoreError>> {
        let account = self.slot(account);
        query.since.take_if(|_| self.has(Fault::IgnoresSince));
        let all = self.inner().changes(account, query).try_collect().now_or_never();
        let all = all.expect("memory does not wait").expect("memory does not fail");
        stream::iter(self.told(account, all).into_iter().map(Ok)).boxed()
    }

    async fn forget(&self, account: UserId, what: Forget) -> Result<Forgotten, StoreError> {
        let account = self.slot(account);
        self.note(|notes| notes.forgot = true);
        let mirrored = self.inner().snapshot(account).await?.is_some();
        let all = Forget::Profiles { before: None };
        let what = match (self.fault, what) {
            (Some(Fault::PretendsToForget), _) => return Ok(Forgotten::default()),
            (Some(Fault::ForgetsSnapshotsAlone), _) if !mirrored => {
                return Ok(Forgotten::default());
            }
            (Some(Fault::ForgetsTooMuch), _) => Forget::Everything,
            (Some(Fault::IgnoresBefore), Forget::Profiles { .. }) => all,
            (Some(Fault::TakesEverythingForProfiles), Forget::Everything) => all,
            _ => what,
        };
        self.inner().forget(account, what).await
    }
}
