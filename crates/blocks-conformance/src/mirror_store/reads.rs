//! How a read begins, grows and goes on.

use blocks_ports::{Append, Checkpoint, Finish, OpenRead, ReadId, ReadKind};

use super::{
    MirrorStoreHarness, Reading, Store, append, appended, begin, finish, hold, me, mirror_ids,
    page, shown, snapshot, token, unfinished,
};
use crate::support::{RACERS, ROUNDS, at, id, race};

async fn assert_untouched(store: &Store, before: &OpenRead, what: &str) {
    let now = unfinished(store, before.account).await;
    assert_eq!(now.as_ref(), Some(before), "{what}, and it changed the unfinished read");
}

/// A read begins with no users, before the first page, and is the account's unfinished one.
pub async fn a_read_begins_at_the_first_page<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    assert_eq!(unfinished(&store, me()).await, None, "nobody has begun to read");
    let reading = Reading::begin(store, me()).await;
    let read = &reading.read;
    assert_eq!(*read, OpenRead::new(read.id, me(), ReadKind::Full, at(0)));
    assert_untouched(&reading.store, read, "the read has begun").await;
}

/// No two reads have the same number, over all accounts; later ones have greater numbers.
pub async fn read_ids_are_never_used_again<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    let mut last = None;
    for account in [me(), id(34), me(), me(), id(34)] {
        let mut reading = Reading::begin(store.clone(), account).await;
        let read = reading.read.id;
        assert!(last < Some(read), "{read:?} comes after {last:?}");
        last = Some(read);
        reading.append(&page(&[1], None)).await;
        reading.finish().await;
    }
}

/// Beginning anew gives up the unfinished read: there is at most one.
pub async fn beginning_gives_up_the_unfinished_read<H: MirrorStoreHarness>(h: H) {
    let mut reading = Reading::begin(h.handle(), me()).await;
    reading.append(&page(&[1, 2], Some(1))).await;
    let anew = begin(&reading.store, me(), reading.fence).await;
    assert_ne!(anew.id, reading.read.id);
    assert_eq!((anew.users, &anew.checkpoint), (0, &Checkpoint::default()), "it begins anew");
    assert_untouched(&reading.store, &anew, "a read has begun anew").await;
    reading.checkpoint = anew.checkpoint.clone();
    reading.read = anew;
    reading.append(&page(&[3], None)).await;
    let store = reading.store.clone();
    reading.finish().await;
    assert_eq!(shown(&store, me()).await, [3], "users of the read that was given up are shown");
}

/// Beginning with a fence that is not that of the last hold is an error and changes nothing.
pub async fn beginning_with_an_old_fence_changes_nothing<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    let (old, guard) = hold(&store, me()).await;
    drop(guard);
    let mut reading = Reading::begin(store.clone(), me()).await;
    reading.append(&page(&[1, 2], Some(1))).await;
    let before = unfinished(&store, me()).await.expect("a read has begun");
    let answer = store.begin(me(), old, ReadKind::Full, at(1)).await;
    assert!(answer.is_err(), "a read begun with an old fence: {answer:?}");
    assert_untouched(&store, &before, "the fence was old").await;
}

/// A page is stored together with the checkpoint behind it.
pub async fn a_page_moves_the_checkpoint<H: MirrorStoreHarness>(h: H) {
    let Reading { store, fence, read, guard: _guard, .. } = Reading::begin(h.handle(), me()).await;
    let one = appended(&store, read.id, fence, &read.checkpoint, &page(&[1, 2], Some(1))).await;
    assert_eq!(one, Checkpoint::new(1, Some(token(1))));
    let empty = appended(&store, read.id, fence, &one, &page(&[], Some(2))).await;
    assert_eq!(empty, Checkpoint::new(2, Some(token(2))), "an empty page is a page");
    let end = appended(&store, read.id, fence, &empty, &page(&[3], None)).await;
    assert_eq!(end, Checkpoint::new(3, None));
    let now = unfinished(&store, me()).await.expect("it is not finished");
    assert_eq!((now.id, now.users, now.checkpoint), (read.id, 3, end));
}

/// An append with a fence that is not that of the last hold is stale and stores nothing.
pub async fn an_old_fence_appends_nothing<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    let mut reading = Reading::begin(store.clone(), me()).await;
    reading.append(&page(&[1], Some(1))).await;
    let Reading { fence, read, checkpoint, guard, .. } = reading;
    drop(guard);
    let _next = hold(&store, me()).await;
    let before = unfinished(&store, me()).await.expect("the read goes on");
    let answer = append(&store, read.id, fence, &checkpoint, &page(&[2], None)).await;
    assert_eq!(answer, Append::Stale, "somebody else holds the list now");
    assert_untouched(&store, &before, "the fence was old").await;
}

/// An append that expects another checkpoint than the read's is stale and stores nothing.
pub async fn another_checkpoint_appends_nothing<H: MirrorStoreHarness>(h: H) {
    let mut reading = Reading::begin(h.handle(), me()).await;
    reading.append(&page(&[1], Some(1))).await;
    let store = &reading.store;
    let before = unfinished(store, me()).await.expect("a read has begun");
    for other in [
        Checkpoint::default(),
        Checkpoint::new(1, Some(token(2))),
        Checkpoint::new(1, None),
        Checkpoint::new(2, Some(token(1))),
    ] {
        let answer = append(store, reading.read.id, reading.fence, &other, &page(&[2], None)).await;
        assert_eq!(answer, Append::Stale, "the read stands elsewhere than at {other:?}");
        assert_untouched(store, &before, "the checkpoint was another").await;
    }
}

/// An append behind the last page is stale and stores nothing, though it expects the checkpoint
/// where the read stands: a list has one end.
pub async fn nothing_follows_the_last_page<H: MirrorStoreHarness>(h: H) {
    let mut reading = Reading::begin(h.handle(), me()).await;
    reading.append(&page(&[1], None)).await;
    let Reading { store, fence, read, checkpoint, guard: _guard } = reading;
    let before = unfinished(&store, me()).await.expect("it is not finished");
    for late in [page(&[2], None), page(&[2], Some(1)), page(&[], None)] {
        let answer = append(&store, read.id, fence, &checkpoint, &late).await;
        assert_eq!(answer, Append::Stale, "{late:?} came behind the last page");
        assert_untouched(&store, &before, "the last page was stored before").await;
    }
    assert!(matches!(finish(&store, read.id, fence).await, Finish::Finished(_)), "it is whole");
    assert_eq!(shown(&store, me()).await, [1]);
}

/// A read that was given up for another takes no more pages, and neither does the other get them.
pub async fn a_read_that_was_given_up_appends_nothing<H: MirrorStoreHarness>(h: H) {
    let Reading { store, fence, read, guard: _guard, .. } = Reading::begin(h.handle(), me()).await;
    let anew = begin(&store, me(), fence).await;
    let answer = append(&store, read.id, fence, &read.checkpoint, &page(&[1], None)).await;
    assert_eq!(answer, Append::Stale, "the read was given up");
    assert_untouched(&store, &anew, "the page was of another read").await;
}

/// A finished read takes no more pages, and the snapshot stays as it is.
pub async fn a_finished_read_appends_nothing<H: MirrorStoreHarness>(h: H) {
    let mut reading = Reading::begin(h.handle(), me()).await;
    reading.append(&page(&[1], None)).await;
    let Reading { store, fence, read, checkpoint, guard: _guard } = reading;
    assert!(matches!(finish(&store, read.id, fence).await, Finish::Finished(_)), "it was whole");
    let before = snapshot(&store, me()).await;
    for expected in [checkpoint, Checkpoint::default()] {
        let answer = append(&store, read.id, fence, &expected, &page(&[2], None)).await;
        assert_eq!(answer, Append::Stale, "the read was finished");
    }
    assert_eq!(snapshot(&store, me()).await, before, "a finished read changed");
    assert_eq!(shown(&store, me()).await, [1], "a finished read changed");
}

/// A read that never was is stale to append to and to finish.
pub async fn an_unknown_read_is_stale<H: MirrorStoreHarness>(h: H) {
    let Reading { store, fence, read, guard: _guard, .. } = Reading::begin(h.handle(), me()).await;
    let unknown = ReadId::new(read.id.get() + 1000);
    let answer = append(&store, unknown, fence, &read.checkpoint, &page(&[1], None)).await;
    assert_eq!(answer, Append::Stale);
    assert_eq!(finish(&store, unknown, fence).await, Finish::Stale);
    assert_untouched(&store, &read, "the number was of no read").await;
}

/// Whoever holds the list next can go on with the unfinished read where it stopped.
pub async fn a_read_goes_on_under_the_next_hold<H: MirrorStoreHarness>(h: H) {
    let mut reading = Reading::begin(h.handle(), me()).await;
    reading.append(&page(&[1, 2], Some(1))).await;
    drop(reading);
    let store = h.handle();
    let (fence, _guard) = hold(&store, me()).await;
    let read = unfinished(&store, me()).await.expect("the read was not finished");
    let last = page(&[3], None);
    appended(&store, read.id, fence, &read.checkpoint, &last).await;
    assert!(matches!(finish(&store, read.id, fence).await, Finish::Finished(_)));
    assert_eq!(shown(&store, me()).await, [1, 2, 3]);
}

/// Of many appends at once behind one checkpoint exactly one is stored.
pub async fn one_of_many_appends_wins<H: MirrorStoreHarness>(h: H) {
    for round in 0..ROUNDS {
        let Reading { store, fence, read, guard: _guard, .. } =
            Reading::begin(h.handle(), me()).await;
        let answers = race(|racer| {
            let (store, expected, id) = (h.handle(), read.checkpoint.clone(), read.id);
            let page = page(&[racer as u64 + 1], Some(1));
            async move { append(&store, id, fence, &expected, &page).await }
        })
        .await;
        let winners: Vec<_> = (1..)
            .zip(&answers)
            .filter_map(|(id, answer)| (*answer != Append::Stale).then_some(id))
            .collect();
        assert_eq!(winners.len(), 1, "of {RACERS} pages behind one checkpoint in round {round}");
        let behind = Checkpoint::new(1, Some(token(1)));
        appended(&store, read.id, fence, &behind, &page(&[], None)).await;
        assert!(matches!(finish(&store, read.id, fence).await, Finish::Finished(_)));
        assert_eq!(shown(&store, me()).await, winners, "only the winner's page is stored");
    }
}

/// A read whose last page is missing is not finished, and goes on.
pub async fn a_read_short_of_its_end_is_not_finished<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    mirror_ids(&store, me(), &[9]).await;
    let mut reading = Reading::begin(store.clone(), me()).await;
    let (read, fence) = (reading.read.id, reading.fence);
    assert_eq!(finish(&store, read, fence).await, Finish::Incomplete, "not a page was read");
    reading.append(&page(&[1], Some(1))).await;
    assert_eq!(finish(&store, read, fence).await, Finish::Incomplete, "a page is missing");
    assert_eq!(shown(&store, me()).await, [9], "an incomplete read is shown");
    reading.append(&page(&[2], None)).await;
    reading.finish().await;
    assert_eq!(shown(&store, me()).await, [1, 2]);
}

/// Finishing with a fence that is not that of the last hold is stale and changes nothing.
pub async fn an_old_fence_finishes_nothing<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    let mut reading = Reading::begin(store.clone(), me()).await;
    reading.append(&page(&[1], None)).await;
    let Reading { fence, read, guard, .. } = reading;
    drop(guard);
    let _next = hold(&store, me()).await;
    assert_eq!(finish(&store, read.id, fence).await, Finish::Stale);
    assert_eq!(snapshot(&store, me()).await, None, "an old fence made a snapshot");
    assert!(unfinished(&store, me()).await.is_some(), "an old fence ended the read");
}

/// A finished read is no longer unfinished, and finishing it again is stale.
pub async fn a_read_is_finished_once<H: MirrorStoreHarness>(h: H) {
    let mut reading = Reading::begin(h.handle(), me()).await;
    reading.append(&page(&[1], None)).await;
    let Reading { store, fence, read, guard: _guard, .. } = reading;
    assert!(matches!(finish(&store, read.id, fence).await, Finish::Finished(_)), "it was whole");
    assert_eq!(unfinished(&store, me()).await, None, "a finished read is unfinished");
    assert_eq!(finish(&store, read.id, fence).await, Finish::Stale, "it was finished before");
}

/// An unfinished read outlasts reopening, pages and checkpoint, and can be gone on with; a store
/// that does not last says so and has none.
pub async fn the_unfinished_read_outlasts_reopening<H: MirrorStoreHarness>(h: H) {
    let mut reading = Reading::begin(h.handle(), me()).await;
    reading.append(&page(&[1, 2], Some(1))).await;
    let before = unfinished(&reading.store, me()).await;
    drop(reading);
    let h = h.reopen().await;
    let store = h.handle();
    let (fence, _guard) = hold(&store, me()).await;
    let after = unfinished(&store, me()).await;
    if !H::DURABLE {
        assert_eq!(after, None, "DURABLE is false");
        return;
    }
    assert_eq!(after, before, "DURABLE is true");
    let read = after.expect("it was just compared with one");
    appended(&store, read.id, fence, &read.checkpoint, &page(&[2, 3], None)).await;
    assert!(matches!(finish(&store, read.id, fence).await, Finish::Finished(_)));
    assert_eq!(shown(&store, me()).await, [1, 2, 3]);
}
