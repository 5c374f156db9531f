//! What an event means for the mirror, and what it costs.

use blocks_app::{Told, WatchError};
use blocks_domain::{Absence, BlockEventType, User, Witness};
use blocks_ports::{Amended, MirrorStore, MockMirrorJournal, StoreFailure};

use super::script::{Notes, Script, event, is_end_of_script};
use crate::support::{Kept, store_failed, world};

#[tokio::test]
async fn blocks_and_unblocks_are_in_the_mirror_with_what_is_known_of_the_user() {
    let kept = Kept::of(world(5));
    let old = kept.world.blocks(kept.world.owner(), 1)[0];
    let mut block = kept.blocked_by_event(0, "one");
    let new = kept.world.stranger(0);
    if let Some(payload) = &mut block.payload {
        payload.target.data.username = Some("newcomer".to_owned());
    }
    let feed = Script::of([Ok(vec![Ok(block), Ok(kept.unblocked_by_event(old, "two"))])]);
    let notes = Notes::default();
    assert!(is_end_of_script(&kept.watch(&feed, &notes).await));
    assert_eq!(notes.told(), [Told::Changed, Told::Changed]);

    let owner = kept.world.owner();
    let entry = kept.mirror.entry(owner, new).await.expect("in memory").expect("it is there");
    assert_eq!((entry.position, entry.user.username.as_deref()), (0, Some("newcomer")));
    assert_eq!(kept.absences().await, [(old, Absence::Unblocked(Witness::Event))]);
    assert_eq!(kept.events_billed().await, 2);
}

#[tokio::test]
async fn an_event_that_comes_twice_is_told_and_paid_once() {
    let kept = Kept::of(world(5));
    let block = || Ok(kept.blocked_by_event(0, "one"));
    let user = kept.world.stranger(0);
    let feed = Script::of([
        Ok(vec![block(), block(), Ok(kept.unblocked_by_event(user, "two"))]),
        Ok(vec![block()]),
    ]);
    let notes = Notes::default();
    kept.watch(&feed, &notes).await;
    assert_eq!(notes.told(), [Told::Changed, Told::Repeated, Told::Changed, Told::Repeated]);
    assert!(!kept.mirrored().await.contains(&user), "the old event did not block them again");
    assert_eq!(kept.events_billed().await, 2);
}

#[tokio::test]
async fn an_event_without_a_name_counts_each_time() {
    let kept = Kept::of(world(5));
    let mut block = kept.blocked_by_event(0, "");
    block.event_uuid = None;
    let feed = Script::of([Ok(vec![Ok(block.clone()), Ok(block)])]);
    let notes = Notes::default();
    kept.watch(&feed, &notes).await;
    assert_eq!(notes.told(), [Told::Changed, Told::Unchanged]);
    assert_eq!(kept.events_billed().await, 2);
}

#[tokio::test]
async fn what_is_not_about_this_list_is_told_and_not_applied() {
    let kept = Kept::of(world(5));
    let (owner, other) = (kept.world.owner(), kept.world.stranger(0));
    let theirs = event(BlockEventType::Block, other, owner, "theirs");
    let mut pairless = kept.blocked_by_event(1, "pairless");
    pairless.payload = None;
    let itself = event(BlockEventType::Block, owner, owner, "itself");
    let of_another_kind = event(BlockEventType::from_word("follow.follow"), owner, other, "kind");
    let events = [theirs, pairless, itself, of_another_kind].map(Ok);
    let (feed, notes) = (Script::of([Ok(events.into())]), Notes::default());
    kept.watch(&feed, &notes).await;
    assert_eq!(notes.told(), [Told::Ignored; 4]);
    assert_eq!(kept.mirrored().await, crate::support::blocked(&kept.world));
    assert_eq!(kept.events_billed().await, 3, "all but the one of another account");
}

#[tokio::test]
async fn a_busy_journal_is_asked_again_and_one_that_fails_ends_the_watch() {
    for (kind, tries) in [(StoreFailure::Busy, 8), (StoreFailure::Full, 1)] {
        let kept = Kept::of(world(5));
        let mut journal = MockMirrorJournal::new();
        let failing = move |_, _: &_| Err(store_failed(kind));
        journal.expect_amend().times(tries).returning(failing);
        let feed = Script::of([Ok(vec![Ok(kept.blocked_by_event(0, "one"))])]);
        let notes = Notes::default();
        let end = kept.watch_over(&feed, &kept.api, &journal, &notes).await;
        assert!(matches!(&end, WatchError::Journal(error) if error.kind == kind), "{end:?}");
        assert_eq!(notes.waits().len(), tries - 1);
        assert!(notes.told().is_empty());
    }

    let kept = Kept::of(world(5));
    let mut busy = 3;
    let mut journal = MockMirrorJournal::new();
    journal.expect_amend().times(4).returning(move |_, amendment| {
        assert_eq!(amendment.user, User::new(amendment.user.id));
        if busy == 0 {
            return Ok(Amended::Changed);
        }
        busy -= 1;
        Err(store_failed(StoreFailure::Busy))
    });
    let feed = Script::of([Ok(vec![Ok(kept.blocked_by_event(0, "one"))])]);
    let notes = Notes::default();
    let end = kept.watch_over(&feed, &kept.api, &journal, &notes).await;
    assert!(is_end_of_script(&end));
    assert_eq!(notes.told(), [Told::Changed]);
}
