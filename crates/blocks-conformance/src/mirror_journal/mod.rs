//! The rules of [`MirrorJournal`], and of what it does to the [`MirrorStore`] of its storage.

mod amendments;
mod changes;
mod finds;
mod forgetting;
mod life;
mod model;
mod reads;

use std::future::Future;
use std::sync::Arc;

use blocks_domain::{User, UserId, Witness};
use blocks_ports::{
    Amended, Amendment, ChangeKind, ChangeQuery, Forget, Forgotten, MirrorChange, MirrorJournal,
    MirrorStore, Names, Source,
};
use futures_util::TryStreamExt;

use crate::mirror_store::me;
use crate::support::{at, id, user};

pub use amendments::*;
pub use changes::*;
pub use finds::*;
pub use forgetting::*;
pub use life::*;
pub use reads::*;

/// Makes journals for the suite, each with the mirror that it belongs to.
pub trait MirrorJournalHarness: Sized + 'static {
    /// Whether what is stored lasts when all handles are gone.
    const DURABLE: bool;

    /// What keeps both.
    type Store: MirrorStore + MirrorJournal;

    /// A storage of its own, with nothing in it.
    fn fresh() -> impl Future<Output = Self>;

    /// A new handle on the storage.
    fn handle(&self) -> Arc<Self::Store>;

    /// Whether a text stands anywhere in the storage, in memory or in its files, also where no
    /// handle shows it.
    fn holds_text(&self, text: &str) -> impl Future<Output = bool>;

    /// The storage after the program has ended and begun anew; all holds have ended with it.
    fn reopen(self) -> impl Future<Output = Self>;
}

suite! {
    ($) mirror_journal_suite, mirror_journal::MirrorJournalHarness:
    a_block_comes_before_all_others,
    an_unblock_leaves_the_list,
    what_is_so_already_is_unchanged,
    a_profile_that_is_told_is_taken_over,
    without_a_snapshot_nothing_is_amended,
    an_event_is_heard_once,
    an_event_is_heard_once_without_a_snapshot_too,
    a_snapshot_tells_that_it_was_amended,
    places_grow_after_amendments,
    whom_no_read_has_met_has_no_place,
    an_amended_snapshot_is_what_the_next_is_compared_with,
    one_of_many_who_tell_of_an_event_is_heard,
    no_amendment_is_lost_in_a_race,
    an_unblock_told_during_a_read_stands,
    a_block_told_during_a_read_stands,
    a_block_that_changed_nothing_stands_too,
    a_block_told_during_the_first_read_stands,
    an_id_told_during_a_read_replaces_no_profile,
    names_told_during_a_read_are_told_once,
    the_last_word_told_during_a_read_counts,
    what_was_told_before_a_read_began_is_up_to_it,
    what_was_told_while_a_read_was_aside_stands,
    a_finished_head_is_told_the_read_aside,
    what_was_told_during_a_head_stands,
    differences_heed_what_was_told,
    the_first_snapshot_is_no_change,
    a_read_tells_who_came_and_went,
    other_names_are_a_change,
    names_that_are_not_told_are_no_change,
    an_amendment_is_a_change,
    other_names_that_are_told_are_a_change,
    changes_come_oldest_first,
    changes_of_a_time_or_a_user_can_be_asked_for,
    changes_outlast_snapshots,
    a_lookup_belongs_to_the_removal_before_it,
    of_several_lookups_the_last_counts,
    an_addition_ends_what_lookups_belong_to,
    forgotten_profiles_leave_ids_and_dates,
    nobody_is_found_by_a_forgotten_profile,
    reads_that_are_not_finished_are_forgotten_too,
    names_in_changes_are_forgotten,
    forgotten_names_are_not_compared,
    only_what_is_older_is_forgotten,
    forgetting_everything_leaves_nothing,
    forgetting_everything_gives_up_the_reads,
    forgotten_numbers_are_not_used_again,
    what_is_forgotten_is_not_left_in_the_storage,
    accounts_do_not_touch_each_other,
    handles_share_one_storage,
    the_journal_outlasts_reopening,
    what_was_told_during_a_read_outlasts_reopening,
    a_long_random_life_agrees_with_the_model,
}

type Mirror = Arc<dyn MirrorStore>;
type Journal = Arc<dyn MirrorJournal>;

/// A handle on the storage, as the mirror and as its journal.
fn both<H: MirrorJournalHarness>(h: &H) -> (Mirror, Journal) {
    let handle = h.handle();
    (handle.clone(), handle)
}

/// A block told by an event without a name.
fn block(number: u64, seconds: i64) -> Amendment {
    Amendment::new(user(number), true, Witness::Event, at(seconds))
}

/// An unblock told by an operation, which knows no more than the id.
fn unblock(number: u64, seconds: i64) -> Amendment {
    Amendment::new(User::new(id(number)), false, Witness::Operation, at(seconds))
}

async fn amend(journal: &Journal, amendment: &Amendment) -> Amended {
    journal.amend(me(), amendment).await.expect("`amend` failed")
}

/// Amends the snapshot, which must change by it.
async fn amended(journal: &Journal, amendment: &Amendment) {
    assert_eq!(amend(journal, amendment).await, Amended::Changed, "{amendment:?}");
}

async fn changes(journal: &Journal) -> Vec<MirrorChange> {
    changes_of(journal, me(), ChangeQuery::default()).await
}

async fn changes_of(journal: &Journal, account: UserId, query: ChangeQuery) -> Vec<MirrorChange> {
    journal.changes(account, query).try_collect().await.expect("`changes` failed")
}

async fn forget(journal: &Journal, what: Forget) -> Forgotten {
    journal.forget(me(), what).await.expect("`forget` failed")
}

/// All profiles and names.
const PROFILES: Forget = Forget::Profiles { before: None };

fn added(number: u64, seconds: i64, by: Source) -> MirrorChange {
    MirrorChange::new(id(number), at(seconds), Names::of(&user(number)), ChangeKind::Added(by))
}

fn removed(number: u64, seconds: i64, by: Source) -> MirrorChange {
    let kind = ChangeKind::Removed { by, found: None };
    MirrorChange::new(id(number), at(seconds), Names::of(&user(number)), kind)
}
