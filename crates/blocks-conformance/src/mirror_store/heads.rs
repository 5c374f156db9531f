//! Reads that end on known ground, and what stands behind them.

use blocks_domain::User;
use blocks_ports::{Finish, MirrorEntry, MirrorPage, MirrorQuery, ReadKind, SetAside};

use super::{
    MirrorStoreHarness, Reading, begin, differences, finish, hold, me, mirror_ids, page, query,
    read_head, read_whole, set_aside, shown, snapshot, token, unfinished,
};
use crate::support::{at, user};

/// The users of a head come first, in their order, and behind them those of the snapshot before,
/// in theirs.
pub async fn a_head_comes_before_what_was_known<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    mirror_ids(&store, me(), &[5, 3, 4, 1, 2]).await;
    let mut reading = Reading::begin(store.clone(), me()).await;
    reading.append(&page(&[6, 8], Some(1))).await;
    reading.append(&page(&[7, 5, 3], None).on_known_ground()).await;
    let made = reading.finish().await;
    assert_eq!(shown(&store, me()).await, [6, 8, 7, 5, 3, 4, 1, 2]);
    assert_eq!((made.kind, made.users, made.pages), (ReadKind::Head, 8, 2));
    assert_eq!((made.added, made.removed), (3, 0), "(added, removed)");
    assert_eq!(snapshot(&store, me()).await, Some(made), "`finish` said otherwise");
}

/// A user whom the head has met stands where it has met them, and nowhere else.
pub async fn a_user_of_the_head_leaves_the_former_place<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    mirror_ids(&store, me(), &[5, 4, 3, 2, 1]).await;
    let made = read_head(&store, me(), &[2, 6, 4]).await.finish().await;
    assert_eq!(shown(&store, me()).await, [2, 6, 4, 5, 3, 1]);
    assert_eq!((made.users, made.added, made.removed), (6, 1, 0));
}

/// A head removes nobody, not even who would have stood in it, and an empty one changes nothing.
pub async fn a_head_removes_nobody<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    mirror_ids(&store, me(), &[5, 4, 3]).await;
    let made = read_head(&store, me(), &[6, 4, 3]).await.finish().await;
    assert_eq!(shown(&store, me()).await, [6, 4, 3, 5], "5 was not met");
    assert_eq!((made.users, made.added, made.removed), (4, 1, 0));
    let made = read_head(&store, me(), &[]).await.finish().await;
    assert_eq!(shown(&store, me()).await, [6, 4, 3, 5], "nobody was met");
    assert_eq!((made.users, made.added, made.removed), (4, 0, 0));
}

/// Who was met shows the profile that was received now; the others show theirs as it was. All of
/// them were first seen when they were.
pub async fn a_head_brings_its_profiles_and_leaves_the_others<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    mirror_ids(&store, me(), &[2, 1]).await;
    let mut renamed: User = user(2);
    renamed.name = Some("New name".into());
    let mut reading = Reading::begin(store.clone(), me()).await;
    let head = MirrorPage::new(vec![user(3), renamed.clone()], None, at(15)).on_known_ground();
    reading.append(&head).await;
    reading.finish().await;
    let entries = query(&store, me(), MirrorQuery::default()).await;
    let met = MirrorEntry::new(1, renamed, at(15)).first_seen_at(at(10));
    let new = MirrorEntry::new(0, user(3), at(15));
    let mut left = MirrorEntry::new(2, user(1), at(10));
    left.position = entries.last().expect("there are three").position;
    assert_eq!(entries, [new, met, left]);
}

/// An unfinished read tells whether its last page met known ground.
pub async fn a_read_tells_that_it_met_known_ground<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    mirror_ids(&store, me(), &[2, 1]).await;
    let mut reading = Reading::begin(store.clone(), me()).await;
    reading.append(&page(&[3], Some(1))).await;
    let met = unfinished(&store, me()).await.expect("it is not finished").meets_known;
    assert!(!met, "a page is missing");
    reading.append(&page(&[2, 1], None).on_known_ground()).await;
    let met = unfinished(&store, me()).await.expect("it is not finished").meets_known;
    assert!(met, "its last page met known ground");
    reading.finish().await;
    let _end = read_whole(&store, me(), &[3]).await;
    let met = unfinished(&store, me()).await.expect("it is not finished").meets_known;
    assert!(!met, "its last page met the end of the list");
}

/// A page with a token behind it is not the last, and does not meet known ground.
pub async fn known_ground_counts_on_the_last_page_alone<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    mirror_ids(&store, me(), &[2, 1]).await;
    let mut reading = Reading::begin(store.clone(), me()).await;
    let mut early = page(&[3], None).on_known_ground();
    early.next_token = Some(token(1));
    reading.append(&early).await;
    let open = unfinished(&store, me()).await.expect("it is not finished");
    assert!(!open.meets_known, "a page is to come");
    reading.append(&page(&[2], None)).await;
    let made = reading.finish().await;
    assert_eq!((made.kind, made.removed), (ReadKind::Full, 1));
    assert_eq!(shown(&store, me()).await, [3, 2], "the last page was the end of the list");
}

/// A read covers what its last page says, whatever it set out to cover.
pub async fn the_last_page_says_what_a_read_covers<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    mirror_ids(&store, me(), &[2, 1]).await;
    let (fence, guard) = hold(&store, me()).await;
    let read = store.begin(me(), fence, ReadKind::Head, at(0)).await.expect("`begin` failed");
    assert_eq!(read.kind, ReadKind::Head);
    let checkpoint = read.checkpoint.clone();
    let mut reading = Reading { store: store.clone(), fence, read, checkpoint, guard };
    reading.append(&page(&[3, 1], None)).await;
    let kind = unfinished(&store, me()).await.expect("it is not finished").kind;
    assert_eq!(kind, ReadKind::Head, "what it set out to cover");
    let made = reading.finish().await;
    assert_eq!((made.kind, made.users, made.removed), (ReadKind::Full, 2, 1));
    assert_eq!(shown(&store, me()).await, [3, 1], "it met no known ground");
    // And a full one that met known ground is a head.
    let made = read_head(&store, me(), &[4]).await.finish().await;
    assert_eq!((made.kind, made.users, made.removed), (ReadKind::Head, 3, 0));
}

/// Without a snapshot there is no known ground: a head is neither finished nor set aside, and says
/// of nobody that they were added.
pub async fn a_head_without_a_snapshot_is_not_whole<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    let reading = read_head(&store, me(), &[1, 2]).await;
    let (read, fence) = (reading.read.id, reading.fence);
    assert_eq!(differences(&store, read).await, [], "it is compared with nothing");
    assert_eq!(set_aside(&store, read, fence).await, SetAside::Incomplete);
    assert_eq!(finish(&store, read, fence).await, Finish::Incomplete);
    assert_eq!(snapshot(&store, me()).await, None, "the head is shown as a whole list");
    begin(&store, me(), fence).await;
    drop(reading);
    read_whole(&store, me(), &[1]).await.finish().await;
    assert_eq!(shown(&store, me()).await, [1]);
}

/// A snapshot tells when the last read of the whole list began, however many heads came since.
pub async fn a_snapshot_tells_when_the_last_full_read_began<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    let mut told = Vec::new();
    for (begun, is_head) in [(1, false), (2, true), (3, true), (4, false), (5, true)] {
        let (fence, guard) = hold(&store, me()).await;
        let read = store.begin(me(), fence, ReadKind::Full, at(begun)).await;
        let read = read.expect("`begin` failed");
        let checkpoint = read.checkpoint.clone();
        let mut reading = Reading { store: store.clone(), fence, read, checkpoint, guard };
        let last = page(&[1], None);
        reading.append(&if is_head { last.on_known_ground() } else { last }).await;
        let made = reading.finish().await;
        assert_eq!(snapshot(&store, me()).await.as_ref(), Some(&made), "`finish` said otherwise");
        told.push((made.started_at, made.full_at));
    }
    let expected = [(1, 1), (2, 1), (3, 1), (4, 4), (5, 4)];
    assert_eq!(told, expected.map(|(begun, full)| (at(begun), at(full))), "(began, full)");
}
