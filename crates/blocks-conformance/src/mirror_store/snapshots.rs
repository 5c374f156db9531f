//! What a finished read becomes.

use blocks_domain::User;
use blocks_ports::{MirrorEntry, MirrorPage, MirrorQuery, OpenRead, Snapshot};
use futures_util::StreamExt;

use super::{
    MirrorStoreHarness, Reading, aside, hold, ids, me, mirror, mirror_ids, page, page_of, places,
    query, read_whole, shown, snapshot, token, unfinished,
};
use crate::support::{at, id, user};

/// Finishing makes the read the snapshot, with its number, its times and its counts.
pub async fn a_finished_read_is_the_snapshot<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    assert_eq!(snapshot(&store, me()).await, None, "nothing was ever finished");
    let mut reading = Reading::begin(store.clone(), me()).await;
    reading.append(&page(&[3, 1], Some(1))).await;
    reading.append(&page(&[2], None)).await;
    let mut read: OpenRead = reading.read.clone();
    (read.users, read.checkpoint) = (3, reading.checkpoint.clone());
    let mut expected = Snapshot::of(&read, at(20));
    expected.added = 3;
    assert_eq!(reading.finish().await, expected);
    assert_eq!(snapshot(&store, me()).await, Some(expected));
    assert_eq!(shown(&store, me()).await, [3, 1, 2]);
}

/// A snapshot says how many users the one before did not hold, and how many only it held.
pub async fn the_snapshot_counts_what_was_added_and_removed<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    let mut counts = Vec::new();
    for users in [&[1, 2, 3, 4][..], &[6, 5, 2, 4, 7], &[6, 5, 2, 4, 7], &[]] {
        let made = mirror_ids(&store, me(), users).await;
        assert_eq!(snapshot(&store, me()).await.as_ref(), Some(&made), "`finish` said otherwise");
        counts.push((made.added, made.removed));
    }
    assert_eq!(counts, [(4, 0), (3, 2), (0, 0), (0, 5)], "(added, removed) of each snapshot");
}

/// An unfinished read is never shown, whether there is a snapshot before it or not.
pub async fn an_unfinished_read_is_never_shown<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    for known in [&[][..], &[1, 2]] {
        if !known.is_empty() {
            mirror_ids(&store, me(), known).await;
        }
        let before = snapshot(&store, me()).await;
        let mut reading = Reading::begin(store.clone(), me()).await;
        reading.append(&page(&[8, 9], Some(1))).await;
        reading.append(&page(&[2], None)).await;
        assert_eq!(snapshot(&store, me()).await, before, "an unfinished read is the snapshot");
        assert_eq!(shown(&store, me()).await, known, "an unfinished read is shown");
        let entry = store.entry(me(), id(9)).await.expect("`entry` failed");
        assert_eq!(entry, None, "a user of an unfinished read is shown");
    }
}

/// A read of an empty list is a snapshot of nobody, and replaces the one before.
pub async fn an_empty_list_is_a_snapshot<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    mirror_ids(&store, me(), &[1]).await;
    let made = mirror(&store, me(), vec![vec![], vec![]]).await;
    assert_eq!((made.users, made.pages), (0, 2));
    assert_eq!(shown(&store, me()).await, [0; 0]);
}

/// A user who comes again within one read, on the same page or a later one, stands once, at the
/// first place.
pub async fn a_user_who_comes_again_keeps_the_first_place<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    let mut reading = Reading::begin(store.clone(), me()).await;
    reading.append(&page(&[5, 4, 5], Some(1))).await;
    reading.append(&page(&[4, 3, 5], Some(2))).await;
    reading.append(&page(&[2, 3], None)).await;
    let open = unfinished(&store, me()).await.expect("it is not finished");
    assert_eq!(open.users, 4, "users of the unfinished read");
    assert_eq!(reading.finish().await.users, 4, "users of the snapshot");
    let entries = query(&store, me(), MirrorQuery::default()).await;
    assert_eq!(ids(&entries), [5, 4, 3, 2]);
    let places: Vec<_> = entries.iter().map(|entry| entry.position).collect();
    assert_eq!(places, [0, 1, 2, 3], "the places of a list are without gaps");
}

/// A user who comes again within one read shows the profile that was received last.
pub async fn a_user_who_comes_again_shows_the_newer_profile<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    let mut renamed = user(5);
    renamed.name = Some("New name".into());
    renamed.username = None;
    let mut reading = Reading::begin(store.clone(), me()).await;
    reading.append(&MirrorPage::new(vec![user(5), user(4)], Some(token(1)), at(11))).await;
    reading.append(&MirrorPage::new(vec![renamed.clone()], None, at(12))).await;
    reading.finish().await;
    let entries = query(&store, me(), MirrorQuery::default()).await;
    let expected = [MirrorEntry::new(0, renamed, at(12)), MirrorEntry::new(1, user(4), at(11))];
    assert_eq!(entries, expected);
}

/// Profiles come back as they were stored, unknown fields included.
pub async fn profiles_come_back_as_they_were<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    let mut rich = user(9_999_999_999_999_999_999);
    rich.description = Some("quotes \"'`\nback\\slash \u{1b}[31m 🙈 مرحبا %_*".into());
    rich.created_at = Some(at(0));
    rich.protected = Some(false);
    rich.connection_status = Some(vec![]);
    rich.extra.insert("mood", r#"{"since":1e400,"deep":[1,{"a":null}]}"#).expect("valid JSON");
    rich.extra.insert("big", "123456789012345678901234567890").expect("valid JSON");
    let bare = User::new(id(0));
    mirror(&store, me(), vec![vec![rich.clone()], vec![bare.clone()]]).await;
    let entries = query(&store, me(), MirrorQuery::default()).await;
    let expected = [MirrorEntry::new(0, rich, at(10)), MirrorEntry::new(1, bare, at(10))];
    assert_eq!(entries, expected);
}

/// A user of the last snapshot can be looked up, and nobody else.
pub async fn one_user_can_be_looked_up<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    mirror_ids(&store, me(), &[1, 2]).await;
    mirror_ids(&store, me(), &[3, 2]).await;
    for (number, expected) in
        [(1, None), (2, Some(MirrorEntry::new(1, user(2), at(10)))), (4, None)]
    {
        let found = store.entry(me(), id(number)).await.expect("`entry` failed");
        assert_eq!(found, expected, "looking up {number}");
    }
}

/// An account without a snapshot shows nobody.
pub async fn no_snapshot_shows_nobody<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    assert_eq!(snapshot(&store, me()).await, None);
    assert_eq!(shown(&store, me()).await, [0; 0]);
    assert_eq!(store.entry(me(), id(1)).await.expect("`entry` failed"), None);
}

/// A user was first seen when the first profile of those in every snapshot since was received;
/// who left and came back is seen anew.
pub async fn first_seen_at_stays_from_snapshot_to_snapshot<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    let mut seen = Vec::new();
    for (time, users) in [(11, &[1, 2, 3][..]), (12, &[4, 1, 2]), (13, &[3, 1, 4]), (14, &[2, 1])] {
        let mut reading = Reading::begin(store.clone(), me()).await;
        let users = users.iter().copied().map(user).collect();
        reading.append(&MirrorPage::new(users, None, at(time))).await;
        reading.finish().await;
        for entry in query(&store, me(), MirrorQuery::default()).await {
            assert_eq!(entry.received_at, at(time), "when the profile was received");
            let one = store.entry(me(), entry.user.id).await.expect("`entry` failed");
            assert_eq!(one.as_ref(), Some(&entry), "`entry` and `entries` differ");
            seen.push((time, entry.user.id.get(), entry.first_seen_at));
        }
    }
    let expected = [
        (11, 1, at(11)),
        (11, 2, at(11)),
        (11, 3, at(11)),
        (12, 4, at(12)),
        (12, 1, at(11)),
        (12, 2, at(11)),
        (13, 3, at(13)),
        (13, 1, at(11)),
        (13, 4, at(12)),
        (14, 2, at(14)),
        (14, 1, at(11)),
    ];
    assert_eq!(seen, expected, "(snapshot, user, first seen)");
}

/// The places of the users of the last snapshot grow from the newest block to the oldest; there is
/// one answer for each who is asked for, and nothing for whoever is not in it.
pub async fn places_grow_from_the_newest_block_to_the_oldest<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    assert_eq!(places(&store, &[1, 2]).await, [None, None], "there is no snapshot");
    mirror_ids(&store, me(), &[8, 9]).await;
    mirror(&store, me(), vec![vec![user(5), user(9)], vec![user(1)], vec![user(7)]]).await;
    let _unfinished = read_whole(&store, me(), &[8]).await;
    let found = places(&store, &[7, 8, 5, 1, 9, 5]).await;
    let [Some(seven), None, Some(five), Some(one), Some(nine), again] = found[..] else {
        panic!("7, 5, 1, 9 and 5 are in the snapshot, 8 is not: {found:?}");
    };
    assert!(five < nine && nine < one && one < seven, "of the list 5, 9, 1, 7: {found:?}");
    assert_eq!(again, Some(five), "the same user, asked for twice");
    assert_eq!(places(&store, &[]).await, [], "nobody was asked for");
}

/// However many places are asked for at once, there is an answer for each.
pub async fn many_places_can_be_asked_for_at_once<H: MirrorStoreHarness>(h: H) {
    const MANY: u64 = 40_000;
    let store = h.handle();
    mirror_ids(&store, me(), &[MANY, 1]).await;
    let asked: Vec<u64> = (1..=MANY).collect();
    let found = places(&store, &asked).await;
    assert_eq!(found.len() as u64, MANY, "answers");
    let known: Vec<_> = (1..).zip(&found).filter(|(_, place)| place.is_some()).collect();
    assert!(matches!(known[..], [(1, one), (MANY, many)] if many < one), "{known:?}");
}

/// Whoever began to read a snapshot before a newer one replaced it goes on with it, or is told
/// that it fails; two snapshots are never mixed.
pub async fn a_stream_shows_one_snapshot_or_fails<H: MirrorStoreHarness>(h: H) {
    let store = h.handle();
    let old: Vec<u64> = (1..=3000).collect();
    let new: Vec<u64> = (2000..=6000).rev().collect();
    mirror_ids(&store, me(), &old).await;
    let mut stream = store.entries(me(), MirrorQuery::default());
    let mut seen = Vec::new();
    for _ in 0..10 {
        let entry = stream.next().await.expect("the snapshot has 3000 users");
        seen.push(entry.expect("nothing has replaced it yet").user.id.get());
    }
    mirror_ids(&h.handle(), me(), &new).await;
    loop {
        match stream.next().await {
            Some(Ok(entry)) => seen.push(entry.user.id.get()),
            Some(Err(_)) => {
                assert!(old.starts_with(&seen), "what came before the failure is another list");
                break;
            }
            None => {
                assert!(seen == old, "{} users came, not those of one snapshot", seen.len());
                break;
            }
        }
    }
    assert_eq!(shown(&store, me()).await, new, "a new stream shows the new snapshot");
}

/// Neither reads nor snapshots of one account touch another.
pub async fn accounts_do_not_touch_each_other<H: MirrorStoreHarness>(h: H) {
    let (store, other) = (h.handle(), id(34));
    mirror_ids(&store, me(), &[1, 2, 3]).await;
    assert_eq!(snapshot(&store, other).await, None, "the other account was never read");
    let first = mirror_ids(&store, other, &[3, 4]).await;
    assert_eq!((first.added, first.removed), (2, 0), "compared with another account's list");
    let mut reading = Reading::begin(store.clone(), me()).await;
    reading.append(&page_of(vec![user(9)], Some(1))).await;
    assert_eq!(unfinished(&store, other).await, None, "the unfinished read is another's");
    assert_eq!(places(&store, &[4]).await, [None], "the place is another's");
    let mut theirs = Reading::begin(store.clone(), other).await;
    theirs.append(&page(&[5], None)).await;
    theirs.finish().await;
    reading.append(&page(&[], None)).await;
    reading.set_aside().await;
    assert_eq!(aside(&store, other).await, None, "the read aside is another's");
    reading.finish().await;
    assert_eq!(shown(&store, me()).await, [9]);
    assert_eq!(shown(&store, other).await, [5]);
    assert_eq!(store.entry(other, id(9)).await.expect("`entry` failed"), None);
}

/// What one handle stores every other handle sees.
pub async fn handles_share_one_storage<H: MirrorStoreHarness>(h: H) {
    let mut reading = Reading::begin(h.handle(), me()).await;
    reading.append(&page(&[1], None)).await;
    let open = unfinished(&h.handle(), me()).await.map(|open| open.id);
    assert_eq!(open, Some(reading.read.id), "another handle began it");
    let made = reading.finish().await;
    assert_eq!(snapshot(&h.handle(), me()).await, Some(made));
    assert_eq!(shown(&h.handle(), me()).await, [1]);
}

/// The snapshot outlasts reopening, and the next read is compared with it; a store that does not
/// last says so and has none.
pub async fn the_snapshot_outlasts_reopening<H: MirrorStoreHarness>(h: H) {
    let made = mirror_ids(&h.handle(), me(), &[1, 2, 3]).await;
    let h = h.reopen().await;
    let store = h.handle();
    drop(hold(&store, me()).await);
    if !H::DURABLE {
        assert_eq!(snapshot(&store, me()).await, None, "DURABLE is false");
        return;
    }
    assert_eq!(snapshot(&store, me()).await.as_ref(), Some(&made), "DURABLE is true");
    assert_eq!(shown(&store, me()).await, [1, 2, 3]);
    let next = mirror_ids(&store, me(), &[3, 4]).await;
    assert_eq!((next.added, next.removed), (1, 2));
    assert!(next.id > made.id, "{:?} comes after {:?}", next.id, made.id);
}
