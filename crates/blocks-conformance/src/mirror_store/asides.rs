//! Whole reads that are not believed.

use std::sync::Arc;

use blocks_domain::User;
use blocks_ports::{Append, Difference, Finish, ReadId, SetAside};
use futures_util::TryStreamExt;

use super::{
    MirrorStoreHarness, Reading, append, aside, begin, differences, finish, hold, me, mirror_ids,
    page, page_of, read_head, read_whole, set_aside, shown, snapshot, unfinished,
};
use crate::support::user;

/// A read that is set aside is no longer unfinished; it is kept as it was, and is not the snapshot.
pub async fn a_read_set_aside_is_not_the_snapshot<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    let before = mirror_ids(&store, me(), &[1, 2, 3]).await;
    assert_eq!(aside(&store, me()).await, None, "nothing was set aside");
    let mut reading = Reading::begin(store.clone(), me()).await;
    reading.append(&page(&[4], Some(1))).await;
    reading.append(&page(&[1], None)).await;
    let whole = unfinished(&store, me()).await.expect("it is not finished");
    assert_eq!(aside(&store, me()).await, None, "it is not yet set aside");
    assert_eq!(reading.set_aside().await, whole);
    assert_eq!(aside(&store, me()).await, Some(whole));
    assert_eq!(unfinished(&store, me()).await, None, "it is unfinished and aside");
    assert_eq!(snapshot(&store, me()).await, Some(before), "it is the snapshot");
    assert_eq!(shown(&store, me()).await, [1, 2, 3]);
}

/// A read whose last page is missing is not set aside, and goes on.
pub async fn a_read_short_of_its_end_is_not_set_aside<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    let mut reading = Reading::begin(store.clone(), me()).await;
    let (read, fence) = (reading.read.id, reading.fence);
    assert_eq!(set_aside(&store, read, fence).await, SetAside::Incomplete, "no page was read");
    reading.append(&page(&[1], Some(1))).await;
    assert_eq!(set_aside(&store, read, fence).await, SetAside::Incomplete, "a page is missing");
    assert_eq!(aside(&store, me()).await, None, "an incomplete read is aside");
    reading.append(&page(&[2], None)).await;
    reading.finish().await;
    assert_eq!(shown(&store, me()).await, [1, 2]);
}

/// Setting aside with a fence that is not that of the last hold is stale and changes nothing.
pub async fn an_old_fence_sets_nothing_aside<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    let Reading { read, fence, guard, .. } = read_whole(&store, me(), &[1]).await;
    drop(guard);
    let _next = hold(&store, me()).await;
    assert_eq!(set_aside(&store, read.id, fence).await, SetAside::Stale);
    assert_eq!(aside(&store, me()).await, None, "an old fence set it aside");
    assert!(unfinished(&store, me()).await.is_some(), "an old fence ended the read");
}

/// Only an unfinished read can be set aside: not one that is aside or finished, nor one that never
/// was.
pub async fn a_read_is_set_aside_once<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    let reading = read_whole(&store, me(), &[1]).await;
    let (read, fence) = (reading.read.id, reading.fence);
    reading.set_aside().await;
    assert_eq!(set_aside(&store, read, fence).await, SetAside::Stale, "it is aside already");
    assert!(aside(&store, me()).await.is_some(), "it was aside");
    assert!(matches!(finish(&store, read, fence).await, Finish::Finished(_)), "it was whole");
    assert_eq!(set_aside(&store, read, fence).await, SetAside::Stale, "it is finished");
    let unknown = ReadId::new(read.get() + 1000);
    assert_eq!(set_aside(&store, unknown, fence).await, SetAside::Stale, "it never was");
    assert_eq!(shown(&store, me()).await, [1]);
}

/// A read that is set aside takes no page more, and another one takes none in its name.
pub async fn nothing_is_appended_to_a_read_set_aside<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    let reading = read_whole(&store, me(), &[1]).await;
    let whole = reading.set_aside().await;
    let (expected, more) = (&whole.checkpoint, page(&[2], None));
    let answer = append(&store, whole.id, reading.fence, expected, &more).await;
    assert_eq!(answer, Append::Stale);
    // Nor does another read take it that stands where the page expects.
    let open = begin(&store, me(), reading.fence).await;
    let answer = append(&store, whole.id, reading.fence, &open.checkpoint, &more).await;
    assert_eq!(answer, Append::Stale);
    assert_eq!(unfinished(&store, me()).await, Some(open));
    assert_eq!(aside(&store, me()).await, Some(whole));
}

/// A read that is set aside can be finished, later and under another hold, and once.
pub async fn a_read_set_aside_can_be_finished<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    mirror_ids(&store, me(), &[1, 2, 3]).await;
    let reading = read_whole(&store, me(), &[4, 1]).await;
    let whole = reading.set_aside().await;
    drop(reading);
    let store = h.handle();
    let (fence, _guard) = hold(&store, me()).await;
    let Finish::Finished(made) = finish(&store, whole.id, fence).await else {
        panic!("a read that was set aside is not finished");
    };
    assert_eq!((made.id, made.users, made.added, made.removed), (whole.id, 2, 1, 2));
    assert_eq!(made.started_at, whole.started_at);
    assert_eq!(snapshot(&store, me()).await, Some(made));
    assert_eq!(shown(&store, me()).await, [4, 1]);
    assert_eq!(aside(&store, me()).await, None, "it is the snapshot and aside");
    assert_eq!(finish(&store, whole.id, fence).await, Finish::Stale, "it was finished before");
}

/// Finishing a read that is aside with a fence that is not that of the last hold is stale.
pub async fn an_old_fence_does_not_finish_a_read_set_aside<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    let reading = read_whole(&store, me(), &[1]).await;
    let (whole, old) = (reading.set_aside().await, reading.fence);
    drop(reading);
    let _next = hold(&store, me()).await;
    assert_eq!(finish(&store, whole.id, old).await, Finish::Stale);
    assert_eq!(snapshot(&store, me()).await, None, "an old fence made a snapshot");
    assert_eq!(aside(&store, me()).await, Some(whole), "an old fence ended the read");
}

/// There is at most one read aside: another one replaces it for good.
pub async fn another_read_set_aside_replaces_it<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    let first = read_whole(&store, me(), &[1]).await;
    let given_up = first.set_aside().await;
    drop(first);
    let second = read_whole(&store, me(), &[2]).await;
    let kept = second.set_aside().await;
    assert_eq!(aside(&store, me()).await.as_ref(), Some(&kept));
    assert_eq!(finish(&store, given_up.id, second.fence).await, Finish::Stale);
    assert!(matches!(finish(&store, kept.id, second.fence).await, Finish::Finished(_)));
    assert_eq!(shown(&store, me()).await, [2]);
}

/// A snapshot of the whole list replaces the read that is aside for good.
pub async fn a_snapshot_replaces_the_read_set_aside<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    let first = read_whole(&store, me(), &[1]).await;
    let given_up = first.set_aside().await;
    drop(first);
    mirror_ids(&store, me(), &[2]).await;
    assert_eq!(aside(&store, me()).await, None, "a newer read is the snapshot");
    let (fence, _guard) = hold(&store, me()).await;
    assert_eq!(finish(&store, given_up.id, fence).await, Finish::Stale);
    assert_eq!(shown(&store, me()).await, [2]);
}

/// A finished head leaves the read that is aside, as it was.
pub async fn a_finished_head_leaves_the_read_set_aside<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    mirror_ids(&store, me(), &[3, 2, 1]).await;
    let first = read_whole(&store, me(), &[2, 1]).await;
    let kept = first.set_aside().await;
    drop(first);
    read_head(&store, me(), &[4, 3]).await.finish().await;
    assert_eq!(shown(&store, me()).await, [4, 3, 2, 1]);
    assert_eq!(aside(&store, me()).await.as_ref(), Some(&kept), "a head is no whole list");
    let (fence, _guard) = hold(&store, me()).await;
    assert!(matches!(finish(&store, kept.id, fence).await, Finish::Finished(_)));
    assert_eq!(aside(&store, me()).await, None, "it is the snapshot and aside");
}

/// The users of a head that was finished while a read was aside stand when that one is finished, in
/// their order and before its own.
pub async fn a_read_set_aside_removes_nobody_of_a_later_head<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    mirror_ids(&store, me(), &[4, 3, 2, 1]).await;
    let first = read_whole(&store, me(), &[2, 1]).await;
    let kept = first.set_aside().await;
    drop(first);
    assert_eq!(differences(&store, kept.id).await, [(4, false), (3, false)]);
    read_head(&store, me(), &[6, 5, 4]).await.finish().await;
    read_head(&store, me(), &[7, 6]).await.finish().await;
    assert_eq!(differences(&store, kept.id).await, [(3, false)], "4 was met later");
    let (fence, _guard) = hold(&store, me()).await;
    let Finish::Finished(made) = finish(&store, kept.id, fence).await else {
        panic!("a read that was set aside is not finished");
    };
    assert_eq!(shown(&store, me()).await, [7, 6, 5, 4, 2, 1]);
    assert_eq!((made.users, made.added, made.removed), (6, 0, 1), "as the differences said");
}

/// A read that begins gives up the unfinished one alone; either can be finished without the other.
pub async fn a_read_that_begins_leaves_the_one_set_aside<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    let mut reading = read_whole(&store, me(), &[1]).await;
    let kept = reading.set_aside().await;
    begin(&store, me(), reading.fence).await;
    let open = begin(&store, me(), reading.fence).await;
    assert_eq!(aside(&store, me()).await.as_ref(), Some(&kept), "a read has begun");
    (reading.checkpoint, reading.read) = (open.checkpoint.clone(), open);
    reading.append(&page(&[2], None)).await;
    let whole = unfinished(&store, me()).await;
    assert!(matches!(finish(&store, kept.id, reading.fence).await, Finish::Finished(_)));
    assert_eq!(shown(&store, me()).await, [1]);
    assert_eq!(unfinished(&store, me()).await, whole, "another read was finished");
    reading.finish().await;
    assert_eq!(shown(&store, me()).await, [2]);
}

/// The differences of a whole read are whom its snapshot gains, newest block first, and then whom
/// it loses, each once, with the profile of whichever has the user; looking changes nothing.
pub async fn differences_are_what_finishing_would_change<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    mirror_ids(&store, me(), &[9, 1, 8, 2, 3]).await;
    let (mut met, mut new) = (user(1), user(6));
    (met.name, new.name) = (Some("Another".into()), Some("Newcomer".into()));
    let mut reading = Reading::begin(Arc::clone(&store), me()).await;
    let users: Vec<User> = vec![user(7), met, new.clone(), user(7), user(2), user(5)];
    reading.append(&page_of(users, None)).await;
    let expected: Vec<_> = [(user(7), true), (new, true), (user(5), true)]
        .into_iter()
        .chain([9, 8, 3].map(|gone| (user(gone), false)))
        .map(|(user, added)| Difference::new(user, added))
        .collect();
    for what in ["unfinished", "aside"] {
        let all: Result<Vec<_>, _> = store.differences(reading.read.id).try_collect().await;
        assert_eq!(all.expect("`differences` failed"), expected, "of the read that is {what}");
        if what == "unfinished" {
            reading.set_aside().await;
        }
    }
    assert_eq!(shown(&store, me()).await, [9, 1, 8, 2, 3], "it was only looked at");
    let made = reading.finish().await;
    assert_eq!((made.added, made.removed), (3, 3), "as the differences said");
}

/// A head differs from the snapshot by whom it adds, and by nobody else.
pub async fn a_head_differs_by_whom_it_adds<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    mirror_ids(&store, me(), &[3, 2, 1]).await;
    let reading = read_head(&store, me(), &[5, 4, 2]).await;
    assert_eq!(differences(&store, reading.read.id).await, [(5, true), (4, true)]);
}

/// Without a snapshot everybody of a whole read is added.
pub async fn without_a_snapshot_all_are_added<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    let reading = read_whole(&store, me(), &[3, 1, 2]).await;
    let all = differences(&store, reading.read.id).await;
    assert_eq!(all, [(3, true), (1, true), (2, true)]);
}

/// Of a read that is not whole there is nothing to say, nor of one that is finished, given up or
/// replaced, or never was.
pub async fn a_read_that_is_not_whole_has_no_differences<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    mirror_ids(&store, me(), &[1]).await;
    let replaced = read_whole(&store, me(), &[2]).await.set_aside().await.id;
    let mut reading = Reading::begin(store.clone(), me()).await;
    let given_up = reading.read.id;
    reading.append(&page(&[3], None)).await;
    assert_eq!(differences(&store, given_up).await, [(3, true), (1, false)], "it is whole");
    let anew = begin(&store, me(), reading.fence).await;
    (reading.checkpoint, reading.read) = (anew.checkpoint.clone(), anew);
    let read = reading.read.id;
    assert_eq!(differences(&store, read).await, [], "not a page was read");
    reading.append(&page(&[4], Some(1))).await;
    assert_eq!(differences(&store, read).await, [], "a page is missing");
    reading.append(&page(&[], None)).await;
    reading.finish().await;
    let unknown = ReadId::new(read.get() + 1000);
    for (ended, what) in [(given_up, "given up"), (replaced, "replaced"), (read, "finished")] {
        assert_eq!(differences(&store, ended).await, [], "it was {what}");
    }
    assert_eq!(differences(&store, unknown).await, [], "it never was");
}

/// A read that is aside outlasts reopening, with what it covers, and can be finished; a store that
/// does not last says so and has none.
pub async fn the_read_set_aside_outlasts_reopening<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    mirror_ids(&store, me(), &[2, 1]).await;
    let before = read_head(&store, me(), &[3, 2]).await.set_aside().await;
    drop(store);
    let h = h.reopen().await;
    let store = h.handle();
    let (fence, _guard) = hold(&store, me()).await;
    let after = aside(&store, me()).await;
    if !H::DURABLE {
        assert_eq!(after, None, "DURABLE is false");
        return;
    }
    assert_eq!(after.as_ref(), Some(&before), "DURABLE is true");
    assert!(before.meets_known, "its last page met known ground");
    assert_eq!(differences(&store, before.id).await, [(3, true)]);
    assert!(matches!(finish(&store, before.id, fence).await, Finish::Finished(_)));
    assert_eq!(shown(&store, me()).await, [3, 2, 1]);
}
