//! What a block or an unblock that is told does to the snapshot.

use std::collections::BTreeSet;

use blocks_domain::{User, UserId, Witness};
use blocks_ports::{Amended, Amendment, MirrorEntry, MirrorQuery};

use super::{
    Mirror, MirrorJournalHarness, amend, amended, block, both, changes, changes_of, unblock,
};
use crate::mirror_store::{me, mirror_ids, places, query, read_head, shown, snapshot};
use crate::support::{RACERS, ROUNDS, at, id, race, user};

/// A user who is told to be blocked comes before all others, as told.
pub async fn a_block_comes_before_all_others<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    mirror_ids(&store, me(), &[2, 1]).await;
    amended(&journal, &block(3, 30)).await;
    amended(&journal, &Amendment::new(User::new(id(4)), true, Witness::Operation, at(31))).await;
    assert_eq!(shown(&store, me()).await, [4, 3, 2, 1]);
    let entries = query(&store, me(), MirrorQuery::default()).await;
    let told = MirrorEntry::new(entries[1].position, user(3), at(30));
    assert_eq!(entries[1], told, "received and first seen when it was told");
    assert_eq!(entries[0], MirrorEntry::new(0, User::new(id(4)), at(31)), "only the id is known");
    let one = store.entry(me(), id(3)).await.expect("`entry` failed");
    assert_eq!(one, Some(told), "`entry` and `entries` differ");
}

/// A user who is told to be unblocked is no longer in the snapshot, and nobody else moves.
pub async fn an_unblock_leaves_the_list<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    mirror_ids(&store, me(), &[5, 4, 3, 2, 1]).await;
    for (gone, left) in [(3, &[5, 4, 2, 1][..]), (5, &[4, 2, 1]), (1, &[4, 2])] {
        amended(&journal, &unblock(gone, 30)).await;
        assert_eq!(shown(&store, me()).await, left, "{gone} was unblocked");
        let entry = store.entry(me(), id(gone)).await.expect("`entry` failed");
        assert_eq!(entry, None, "{gone} was unblocked");
        assert_eq!(places(&store, &[gone]).await, [None], "the place of {gone}");
    }
}

/// A block of a user who is in the snapshot, or an unblock of one who is not, changes neither it
/// nor the journal.
pub async fn what_is_so_already_is_unchanged<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    let made = mirror_ids(&store, me(), &[2, 1]).await;
    for told in [block(1, 30), unblock(3, 31), unblock(3, 32)] {
        assert_eq!(amend(&journal, &told).await, Amended::Unchanged, "{told:?}");
    }
    assert_eq!(shown(&store, me()).await, [2, 1], "1 has its place already");
    assert_eq!(snapshot(&store, me()).await, Some(made), "nobody came and nobody went");
    assert_eq!(changes(&journal).await, [], "nobody came and nobody went");
}

/// A profile that is told of a user of the snapshot replaces the one before, as received then; an
/// id alone replaces nothing. The user was first seen before, and stays in place.
pub async fn a_profile_that_is_told_is_taken_over<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    mirror_ids(&store, me(), &[2, 1]).await;
    let mut renamed = user(1);
    (renamed.name, renamed.description) = (None, Some("New bio".into()));
    let told = Amendment::new(renamed.clone(), true, Witness::Event, at(30));
    assert_eq!(amend(&journal, &told).await, Amended::Unchanged);
    let mut expected = MirrorEntry::new(1, renamed, at(30)).first_seen_at(at(10));
    for what in ["the profile was told", "and then the id alone"] {
        let entry = query(&store, me(), MirrorQuery::default()).await.pop();
        expected.position = entry.as_ref().map_or(1, |entry| entry.position);
        assert_eq!(entry.as_ref(), Some(&expected), "{what}");
        let alone = Amendment::new(User::new(id(1)), true, Witness::Operation, at(31));
        assert_eq!(amend(&journal, &alone).await, Amended::Unchanged);
    }
    let mut asked = MirrorQuery::default();
    asked.text = Some("new BIO".into());
    assert_eq!(query(&store, me(), asked).await, [expected], "found by the new profile");
}

/// Without a snapshot an amendment is `Unchanged`; it shows nobody, and is no change.
pub async fn without_a_snapshot_nothing_is_amended<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    for told in [block(1, 0), unblock(1, 1)] {
        assert_eq!(amend(&journal, &told).await, Amended::Unchanged, "{told:?}");
    }
    assert_eq!(snapshot(&store, me()).await, None);
    assert_eq!(shown(&store, me()).await, [0; 0]);
    assert_eq!(changes(&journal).await, []);
}

/// An event whose name was told before is repeated and changes nothing, whatever it says now; one
/// of another name, or of another account, is another.
pub async fn an_event_is_heard_once<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    mirror_ids(&store, me(), &[1]).await;
    mirror_ids(&store, id(34), &[1]).await;
    amended(&journal, &block(2, 30).by_event("one")).await;
    let before = (snapshot(&store, me()).await, changes(&journal).await);
    let mut other_profile = user(2);
    other_profile.name = Some("Another".into());
    for again in [
        block(2, 30),
        unblock(2, 31),
        block(3, 32),
        Amendment::new(other_profile, true, Witness::Event, at(33)),
    ] {
        assert_eq!(amend(&journal, &again.by_event("one")).await, Amended::Repeated);
    }
    assert_eq!((snapshot(&store, me()).await, changes(&journal).await), before);
    let entry = store.entry(me(), id(2)).await.expect("`entry` failed");
    assert_eq!(entry, Some(MirrorEntry::new(0, user(2), at(30))), "it was told before");
    amended(&journal, &unblock(2, 34).by_event("One")).await;
    let theirs = journal.amend(id(34), &block(2, 35).by_event("one")).await;
    assert_eq!(theirs.expect("`amend` failed"), Amended::Changed, "of another account");
}

/// The name of an event is known also if there was no snapshot that it could have changed, or if
/// it was so already.
pub async fn an_event_is_heard_once_without_a_snapshot_too<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    assert_eq!(amend(&journal, &block(2, 0).by_event("early")).await, Amended::Unchanged);
    mirror_ids(&store, me(), &[1]).await;
    assert_eq!(amend(&journal, &block(1, 30).by_event("known")).await, Amended::Unchanged);
    assert_eq!(amend(&journal, &block(2, 31).by_event("early")).await, Amended::Repeated);
    assert_eq!(amend(&journal, &unblock(1, 32).by_event("known")).await, Amended::Repeated);
    assert_eq!(shown(&store, me()).await, [1]);
}

/// An amended snapshot counts its users anew and tells when it was amended last; the rest of it
/// stays, and the next snapshot is not amended.
pub async fn a_snapshot_tells_that_it_was_amended<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    let mut expected = mirror_ids(&store, me(), &[3, 2, 1]).await;
    assert_eq!(expected.amended_at, None, "nobody has told anything");
    for (told, users) in [(block(4, 30), 4), (block(5, 31), 5), (unblock(1, 32), 4)] {
        amended(&journal, &told).await;
        (expected.users, expected.amended_at) = (users, Some(told.at));
        assert_eq!(snapshot(&store, me()).await.as_ref(), Some(&expected), "{told:?}");
    }
    amend(&journal, &unblock(1, 33)).await;
    assert_eq!(snapshot(&store, me()).await, Some(expected), "it was so already");
    let next = mirror_ids(&store, me(), &[5, 4, 3, 2]).await;
    assert_eq!((next.users, next.amended_at), (4, None), "it was not amended since");
}

/// However a snapshot is amended, its places, where it has any, and the positions of its entries
/// grow from the newest block to the oldest, and the first position is 0.
pub async fn places_grow_after_amendments<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    mirror_ids(&store, me(), &[5, 4, 3, 2, 1]).await;
    let told = [block(6, 30), unblock(4, 31), block(7, 32), unblock(7, 33), block(4, 34)];
    let left = [unblock(4, 35), unblock(6, 36), unblock(5, 37)];
    for told in told.into_iter().chain(left) {
        amended(&journal, &told).await;
        assert_in_order(&store, me()).await;
    }
    assert_eq!(shown(&store, me()).await, [3, 2, 1]);
}

/// A user of whom somebody told has no place before a read has met them, however many snapshots
/// they are in.
pub async fn whom_no_read_has_met_has_no_place<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    mirror_ids(&store, me(), &[3, 2, 1]).await;
    for told in [block(4, 30), block(5, 31), unblock(1, 32), block(1, 33), block(2, 34)] {
        amend(&journal, &told).await;
    }
    let has_place = async |user| places(&store, &[user]).await[0].is_some();
    assert!(has_place(3).await && has_place(2).await, "the read has met them");
    assert!(!has_place(4).await && !has_place(5).await, "no read has met them");
    assert!(!has_place(1).await, "not since they were blocked anew");

    let head = read_head(&store, me(), &[6, 4, 3]).await;
    amended(&journal, &block(7, 35)).await;
    head.finish().await;
    assert_eq!(shown(&store, me()).await, [7, 6, 4, 3, 1, 5, 2]);
    assert!(has_place(6).await && has_place(4).await, "the head has met them");
    assert!(!has_place(7).await, "the head has not met them");
    assert!(!has_place(5).await && !has_place(1).await, "nobody has met them yet");

    mirror_ids(&store, me(), &[7, 6, 5, 4, 3, 2, 1]).await;
    let whole = places(&store, &[7, 6, 5, 4, 3, 2, 1]).await;
    assert!(whole.iter().all(Option::is_some), "the read has met them all: {whole:?}");
}

/// Asserts that the places of users grow in the order in which they are shown.
pub(super) async fn assert_in_order(store: &Mirror, account: UserId) {
    let entries = query(store, account, MirrorQuery::default()).await;
    let positions: Vec<_> = entries.iter().map(|entry| entry.position).collect();
    let users: Vec<_> = entries.iter().map(|entry| entry.user.id).collect();
    let places = store.places(account, &users).await.expect("`places` failed");
    assert!(positions.is_sorted_by(|a, b| a < b), "positions in the order shown: {positions:?}");
    assert!(positions.first().is_none_or(|first| *first == 0), "the first of {positions:?}");
    let met: Vec<u64> = places.iter().copied().flatten().collect();
    assert!(met.is_sorted_by(|a, b| a < b), "places in the order shown: {places:?}");
    for entry in entries.iter().rev().take(2) {
        let one = store.entry(account, entry.user.id).await.expect("`entry` failed");
        assert_eq!(one.as_ref(), Some(entry), "`entry` and `entries` differ");
    }
}

/// The next read is compared with the snapshot as amended, so that nothing is told twice.
pub async fn an_amended_snapshot_is_what_the_next_is_compared_with<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    mirror_ids(&store, me(), &[3, 2, 1]).await;
    amended(&journal, &block(4, 30)).await;
    amended(&journal, &unblock(1, 31)).await;
    let told = changes(&journal).await;
    let made = mirror_ids(&store, me(), &[4, 3, 2]).await;
    assert_eq!((made.users, made.added, made.removed), (3, 0, 0), "it is as it was told");
    assert_eq!(changes(&journal).await, told, "it is as it was told");
}

/// Of many who tell of the same event at once exactly one is heard.
pub async fn one_of_many_who_tell_of_an_event_is_heard<H: MirrorJournalHarness>(h: H) {
    let store = both(&h).0;
    mirror_ids(&store, me(), &[1]).await;
    for round in 0..ROUNDS {
        let told = block(100 + round as u64, 30).by_event(format!("event {round}"));
        let answers = race(|_| {
            let (journal, told) = (both(&h).1, told.clone());
            async move { amend(&journal, &told).await }
        })
        .await;
        let heard = answers.iter().filter(|answer| **answer == Amended::Changed).count();
        let repeated = answers.iter().filter(|answer| **answer == Amended::Repeated).count();
        assert_eq!((heard, repeated), (1, RACERS - 1), "(heard, repeated) in round {round}");
    }
    assert_eq!(shown(&store, me()).await.len(), 1 + ROUNDS);
}

/// Of many amendments at once each is in the snapshot, and in the journal.
pub async fn no_amendment_is_lost_in_a_race<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    let known: Vec<_> = (1..=RACERS as u64 / 2).collect();
    mirror_ids(&store, me(), &known).await;
    let answers = race(|racer| {
        let (journal, racer) = (both(&h).1, racer as u64);
        let told =
            if racer % 2 == 0 { block(1000 + racer, 30) } else { unblock(racer / 2 + 1, 30) };
        async move { amend(&journal, &told).await }
    })
    .await;
    assert!(answers.iter().all(|answer| *answer == Amended::Changed), "{answers:?}");
    let users: BTreeSet<_> = shown(&store, me()).await.into_iter().collect();
    let expected = (0..RACERS as u64).step_by(2).map(|racer| 1000 + racer).collect();
    assert_eq!(users, expected, "those who were blocked, and none of those who were unblocked");
    let count = snapshot(&store, me()).await.expect("there is one").users;
    assert_eq!(count, RACERS as u64 / 2, "users of the snapshot");
    assert_eq!(changes_of(&journal, me(), Default::default()).await.len(), RACERS, "changes");
}
