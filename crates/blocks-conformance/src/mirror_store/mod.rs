//! The rules of [`MirrorStore`].

mod asides;
mod heads;
mod holds;
mod queries;
mod reads;
mod snapshots;
mod steps;

use std::future::Future;
use std::sync::Arc;

use blocks_ports::MirrorStore;

pub use asides::*;
pub use heads::*;
pub use holds::*;
pub use queries::*;
pub use reads::*;
pub use snapshots::*;
pub(crate) use steps::*;

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
    first_seen_at_stays_from_snapshot_to_snapshot,
    places_grow_from_the_newest_block_to_the_oldest,
    many_places_can_be_asked_for_at_once,
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
    a_head_comes_before_what_was_known,
    a_user_of_the_head_leaves_the_former_place,
    a_head_removes_nobody,
    a_head_brings_its_profiles_and_leaves_the_others,
    a_read_tells_that_it_met_known_ground,
    known_ground_counts_on_the_last_page_alone,
    the_last_page_says_what_a_read_covers,
    a_head_without_a_snapshot_is_not_whole,
    a_snapshot_tells_when_the_last_full_read_began,
    a_read_set_aside_is_not_the_snapshot,
    a_read_short_of_its_end_is_not_set_aside,
    an_old_fence_sets_nothing_aside,
    a_read_is_set_aside_once,
    nothing_is_appended_to_a_read_set_aside,
    a_read_set_aside_can_be_finished,
    an_old_fence_does_not_finish_a_read_set_aside,
    another_read_set_aside_replaces_it,
    a_snapshot_replaces_the_read_set_aside,
    a_finished_head_leaves_the_read_set_aside,
    a_read_set_aside_removes_nobody_of_a_later_head,
    a_read_that_begins_leaves_the_one_set_aside,
    differences_are_what_finishing_would_change,
    a_head_differs_by_whom_it_adds,
    without_a_snapshot_all_are_added,
    a_read_that_is_not_whole_has_no_differences,
    accounts_do_not_touch_each_other,
    handles_share_one_storage,
    the_unfinished_read_outlasts_reopening,
    the_snapshot_outlasts_reopening,
    the_read_set_aside_outlasts_reopening,
    fences_grow_over_reopening,
}
