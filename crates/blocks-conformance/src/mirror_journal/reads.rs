//! What is told while a read is under way.

use blocks_domain::{User, Witness};
use blocks_ports::{
    Amended, Amendment, ChangeKind, Finish, MirrorChange, MirrorEntry, MirrorPage, MirrorQuery,
    Names,
};

use super::{MirrorJournalHarness, amend, amended, block, both, changes, unblock};
use crate::mirror_store::{
    Reading, differences, finish, hold, me, mirror, mirror_ids, page, query, read_head, read_whole,
    shown, token,
};
use crate::support::{at, id, user};

/// Who was unblocked while a read was under way is not in the new snapshot, though the read has met
/// them, before it was told or after.
pub async fn an_unblock_told_during_a_read_stands<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    mirror_ids(&store, me(), &[3, 2, 1]).await;
    let mut reading = Reading::begin(store.clone(), me()).await;
    reading.append(&page(&[4, 3], Some(1))).await;
    amended(&journal, &unblock(3, 12)).await;
    amended(&journal, &unblock(1, 12)).await;
    assert_eq!(amend(&journal, &unblock(4, 12)).await, Amended::Unchanged, "it is not yet shown");
    reading.append(&page(&[2, 1], None)).await;
    let told = changes(&journal).await;
    let made = reading.finish().await;
    assert_eq!(shown(&store, me()).await, [2]);
    assert_eq!((made.users, made.added, made.removed), (1, 0, 0));
    assert_eq!(changes(&journal).await, told, "nobody came or went by the read");
}

/// Who was blocked while a read was under way is in the new snapshot: where the read has met them
/// as it has met them, else before its users, the last told first, as the snapshot had them.
pub async fn a_block_told_during_a_read_stands<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    mirror_ids(&store, me(), &[2, 1]).await;
    let mut reading = Reading::begin(store.clone(), me()).await;
    reading.append(&page(&[3], Some(1))).await;
    for told in [block(5, 11), block(4, 12), block(6, 13)] {
        amended(&journal, &told).await;
    }
    let users = [4, 2, 1].map(user).to_vec();
    reading.append(&MirrorPage::new(users, None, at(14))).await;
    let made = reading.finish().await;
    assert_eq!(shown(&store, me()).await, [6, 5, 3, 4, 2, 1], "4 was met, 5 and 6 were not");
    assert_eq!((made.users, made.added, made.removed), (6, 1, 0), "only 3 was not yet shown");
    let entries = query(&store, me(), MirrorQuery::default()).await;
    assert_eq!(entries[0], MirrorEntry::new(0, user(6), at(13)), "as it was told");
    let four = &entries[3];
    assert_eq!((four.received_at, four.first_seen_at), (at(14), at(12)), "as it was met");
}

/// A block of a user who was in the snapshot already stands as well: they come before the users of
/// a read that has not met them, with the profile of the snapshot.
pub async fn a_block_that_changed_nothing_stands_too<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    mirror_ids(&store, me(), &[3, 2, 1]).await;
    let reading = read_whole(&store, me(), &[4, 3]).await;
    let told = Amendment::new(User::new(id(1)), true, Witness::Operation, at(12));
    assert_eq!(amend(&journal, &told).await, Amended::Unchanged);
    let made = reading.finish().await;
    assert_eq!(shown(&store, me()).await, [1, 4, 3]);
    assert_eq!((made.users, made.added, made.removed), (3, 1, 1));
    let entry = store.entry(me(), id(1)).await.expect("`entry` failed");
    assert_eq!(entry, Some(MirrorEntry::new(0, user(1), at(10))), "as it was before");
}

/// What was told during the first read stands as well, as it was told, though there was no
/// snapshot to amend.
pub async fn a_block_told_during_the_first_read_stands<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    let mut reading = Reading::begin(store.clone(), me()).await;
    reading.append(&page(&[3, 2], Some(1))).await;
    for told in [block(4, 11), unblock(2, 12), block(5, 13)] {
        assert_eq!(amend(&journal, &told).await, Amended::Unchanged, "there is no snapshot");
    }
    reading.append(&page(&[1], None)).await;
    let made = reading.finish().await;
    assert_eq!(shown(&store, me()).await, [5, 4, 3, 1]);
    assert_eq!((made.users, made.added), (4, 4));
    let entry = store.entry(me(), id(5)).await.expect("`entry` failed");
    assert_eq!(entry, Some(MirrorEntry::new(0, user(5), at(13))), "as it was told");
}

/// A profile that was told during the first read is not replaced by an id that is told alone.
pub async fn an_id_told_during_a_read_replaces_no_profile<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    let reading = read_whole(&store, me(), &[1]).await;
    let alone = |number, seconds| {
        Amendment::new(User::new(id(number)), true, Witness::Operation, at(seconds))
    };
    for told in [block(2, 11), unblock(2, 12), alone(2, 13), alone(3, 14), alone(3, 15)] {
        assert_eq!(amend(&journal, &told).await, Amended::Unchanged, "there is no snapshot");
    }
    reading.finish().await;
    let entries = query(&store, me(), MirrorQuery::default()).await;
    assert_eq!(entries[0], MirrorEntry::new(0, User::new(id(3)), at(15)), "as it was told last");
    assert_eq!(entries[1], MirrorEntry::new(1, user(2), at(11)), "more than an id was told");
}

/// Other names that were told during a read are told once: they stand where the read has met the
/// user before, and where it meets the user later its names are compared with those that were told.
pub async fn names_told_during_a_read_are_told_once<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    mirror_ids(&store, me(), &[4, 3, 2, 1]).await;
    let called = |number, name: &str| {
        let mut renamed = user(number);
        renamed.name = Some(name.into());
        renamed
    };
    let mut reading = Reading::begin(store.clone(), me()).await;
    let early = vec![user(4), called(3, "New")];
    reading.append(&MirrorPage::new(early, Some(token(1)), at(11))).await;
    for number in 1..=4 {
        let told = Amendment::new(called(number, "New"), true, Witness::Event, at(12));
        assert_eq!(amend(&journal, &told).await, Amended::Unchanged, "all were blocked");
    }
    let late = vec![called(2, "New"), called(1, "Newest")];
    reading.append(&MirrorPage::new(late, None, at(13))).await;
    let told = changes(&journal).await;
    assert_eq!(told.len(), 4, "all have another name: {told:?}");
    reading.finish().await;
    let names = Names::of(&called(1, "Newest"));
    let kind = ChangeKind::Renamed { before: Names::of(&called(1, "New")) };
    let newest = MirrorChange::new(id(1), at(20), names, kind);
    let expected: Vec<_> = told.into_iter().chain([newest]).collect();
    assert_eq!(changes(&journal).await, expected, "the read has seen 1 alone anew");
    let shown = query(&store, me(), MirrorQuery::default()).await;
    let seen: Vec<_> = shown.into_iter().map(|entry| (entry.user, entry.received_at)).collect();
    let new = |number| called(number, "New");
    let expected =
        [(new(4), at(12)), (new(3), at(12)), (new(2), at(13)), (called(1, "Newest"), at(13))];
    assert_eq!(seen, expected, "the newest profile of each");
    mirror(&store, me(), vec![seen.into_iter().map(|(user, _)| user).collect()]).await;
    assert_eq!(changes(&journal).await.len(), 5, "the names were told");
}

/// Of a user of whom several things were told during a read the last stands.
pub async fn the_last_word_told_during_a_read_counts<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    mirror_ids(&store, me(), &[3, 2, 1]).await;
    let reading = read_whole(&store, me(), &[3, 2]).await;
    for told in [block(4, 11), unblock(4, 12), unblock(2, 13), block(2, 14), unblock(3, 15)] {
        amended(&journal, &told).await;
    }
    for told in [block(3, 16), block(5, 17), unblock(3, 18)] {
        amended(&journal, &told).await;
    }
    reading.finish().await;
    assert_eq!(shown(&store, me()).await, [5, 2]);
}

/// What was told before a read began is the read's to say, also if another read was under way then.
pub async fn what_was_told_before_a_read_began_is_up_to_it<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    mirror_ids(&store, me(), &[2, 1]).await;
    amended(&journal, &block(3, 11)).await;
    let given_up = read_whole(&store, me(), &[9]).await;
    amended(&journal, &unblock(1, 12)).await;
    amended(&journal, &block(4, 13)).await;
    drop(given_up);
    let made = read_whole(&store, me(), &[2, 1]).await.finish().await;
    assert_eq!(shown(&store, me()).await, [2, 1]);
    assert_eq!((made.added, made.removed), (1, 2));
}

/// What was told while a read was aside stands when it is finished, as what was told before did.
pub async fn what_was_told_while_a_read_was_aside_stands<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    mirror_ids(&store, me(), &[5, 4, 3, 2, 1]).await;
    let reading = read_whole(&store, me(), &[2, 1]).await;
    amended(&journal, &block(6, 11)).await;
    let whole = reading.set_aside().await;
    drop(reading);
    // Another read, which began later, need not know what the one aside does.
    let (fence, _guard) = hold(&store, me()).await;
    crate::mirror_store::begin(&store, me(), fence).await;
    amended(&journal, &unblock(2, 12)).await;
    amended(&journal, &block(7, 13)).await;
    assert!(matches!(finish(&store, whole.id, fence).await, Finish::Finished(_)));
    assert_eq!(shown(&store, me()).await, [7, 6, 1]);
}

/// The users of a head that was finished while a read was aside are told it like blocks: it is the
/// last word on each, with the profile that the head brought, until something else is told.
pub async fn a_finished_head_is_told_the_read_aside<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    mirror_ids(&store, me(), &[4, 3, 2, 1]).await;
    let reading = read_whole(&store, me(), &[2, 1]).await;
    let whole = reading.set_aside().await;
    drop(reading);
    amended(&journal, &unblock(4, 11)).await;
    let mut renamed = user(2);
    renamed.name = Some("New".into());
    let mut head = Reading::begin(store.clone(), me()).await;
    let users = vec![user(6), user(4), user(3), renamed.clone()];
    head.append(&MirrorPage::new(users, None, at(15)).on_known_ground()).await;
    let made = head.finish().await;
    assert_eq!((made.added, made.removed), (2, 0), "6, and 4 who was unblocked before");
    amended(&journal, &unblock(6, 21)).await;
    assert_eq!(differences(&store, whole.id).await, []);
    let told = changes(&journal).await;
    let (fence, _guard) = hold(&store, me()).await;
    assert!(matches!(finish(&store, whole.id, fence).await, Finish::Finished(_)));
    assert_eq!(shown(&store, me()).await, [4, 3, 2, 1]);
    assert_eq!(changes(&journal).await, told, "nobody came, went or has another name");
    let entry = store.entry(me(), id(2)).await.expect("`entry` failed").expect("there");
    assert_eq!((entry.user, entry.received_at), (renamed, at(15)), "as the head has met them");
}

/// What was told during a read of the head stands: who was unblocked is neither met nor known, and
/// who was blocked comes first if they were not met.
pub async fn what_was_told_during_a_head_stands<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    mirror_ids(&store, me(), &[4, 3, 2, 1]).await;
    let reading = read_head(&store, me(), &[5, 4, 3]).await;
    for told in [unblock(3, 11), unblock(1, 12), block(6, 13)] {
        amended(&journal, &told).await;
    }
    let made = reading.finish().await;
    assert_eq!(shown(&store, me()).await, [6, 5, 4, 2]);
    assert_eq!((made.users, made.added, made.removed), (4, 1, 0));
}

/// The differences of a read are what finishing it would change, what was told since included.
pub async fn differences_heed_what_was_told<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    mirror_ids(&store, me(), &[3, 2, 1]).await;
    let reading = read_whole(&store, me(), &[5, 4, 2]).await;
    let read = reading.read.id;
    let before = [(5, true), (4, true), (3, false), (1, false)];
    assert_eq!(differences(&store, read).await, before, "nothing was told");
    amend(&journal, &unblock(4, 11)).await;
    amend(&journal, &unblock(3, 12)).await;
    amend(&journal, &block(6, 13)).await;
    assert_eq!(differences(&store, read).await, [(5, true), (1, false)]);
    let made = reading.finish().await;
    assert_eq!((made.added, made.removed), (1, 1), "as the differences said");
}
