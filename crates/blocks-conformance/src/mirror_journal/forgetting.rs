//! What is erased, and what stays.

use blocks_domain::{User, Witness};
use blocks_ports::{
    Amendment, Append, ChangeKind, Finish, Forget, Forgotten, MirrorEntry, MirrorOrder, MirrorPage,
    MirrorQuery, Names, Source,
};

use super::{
    MirrorJournalHarness, PROFILES, added, amend, amended, block, both, changes, find, forget,
    unblock,
};
use crate::mirror_store::{
    Reading, append, aside, differences, finish, hold, me, mirror, mirror_ids, page, query,
    read_whole, shown, snapshot, unfinished,
};
use crate::support::{at, id, user};

/// Of a forgotten profile the id comes back, in its place and with its dates; the snapshot stays as
/// it was.
pub async fn forgotten_profiles_leave_ids_and_dates<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    mirror(&store, me(), vec![vec![user(2)], vec![user(1), User::new(id(3))]]).await;
    amended(&journal, &block(4, 30)).await;
    let made = snapshot(&store, me()).await;
    let mut expected = query(&store, me(), MirrorQuery::default()).await;
    for entry in &mut expected {
        entry.user = User::new(entry.user.id);
    }
    let forgotten = forget(&journal, PROFILES).await;
    assert_eq!(forgotten.profiles, 3, "of 3 nothing was known but the id");
    assert_eq!(query(&store, me(), MirrorQuery::default()).await, expected);
    assert_eq!(snapshot(&store, me()).await, made);
    assert_eq!(forget(&journal, PROFILES).await, Forgotten::default(), "nothing is left to forget");
    mirror_ids(&store, me(), &[2, 1]).await;
    let entry = store.entry(me(), id(1)).await.expect("`entry` failed");
    let again = MirrorEntry::new(1, user(1), at(10));
    assert_eq!(entry, Some(again), "a profile that is received again is kept");
}

/// Nobody is found by what was forgotten, and nobody is sorted by it.
pub async fn nobody_is_found_by_a_forgotten_profile<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    let mut known = user(2);
    (known.verified, known.created_at) = (Some(true), Some(at(0)));
    mirror(&store, me(), vec![vec![user(3), known, user(1)]]).await;
    forget(&journal, PROFILES).await;
    for order in
        [MirrorOrder::Username, MirrorOrder::Name, MirrorOrder::Followers, MirrorOrder::Created]
    {
        let mut asked = MirrorQuery::default();
        asked.order = order;
        let users: Vec<_> = query(&store, me(), asked).await;
        let users: Vec<_> = users.iter().map(|entry| entry.user.id.get()).collect();
        assert_eq!(users, [3, 2, 1], "{order:?} is not known of anybody");
    }
    let asks: [fn(&mut MirrorQuery); 3] = [
        |query| query.username = Some("user2".into()),
        |query| query.text = Some("user".into()),
        |query| query.verified = Some(true),
    ];
    for ask in asks {
        let mut asked = MirrorQuery::default();
        ask(&mut asked);
        assert_eq!(query(&store, me(), asked.clone()).await, [], "{asked:?}");
    }
}

/// The profiles of reads that are unfinished or aside are forgotten as well, and counted; the reads
/// go on.
pub async fn reads_that_are_not_finished_are_forgotten_too<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    let first = read_whole(&store, me(), &[3, 2, 1]).await;
    let whole = first.set_aside().await;
    drop(first);
    let mut reading = Reading::begin(store.clone(), me()).await;
    reading.append(&page(&[5, 4], Some(1))).await;
    let open = unfinished(&store, me()).await;
    let forgotten = forget(&journal, PROFILES).await;
    assert_eq!(forgotten, Forgotten::new(3 + 2, 0), "of the read aside, and of the unfinished");
    assert_eq!(unfinished(&store, me()).await, open);
    assert_eq!(aside(&store, me()).await.as_ref(), Some(&whole));
    assert!(matches!(finish(&store, whole.id, reading.fence).await, Finish::Finished(_)));
    let bare = |position: u64, number| MirrorEntry::new(position, User::new(id(number)), at(10));
    let entries = query(&store, me(), MirrorQuery::default()).await;
    assert_eq!(entries, [bare(0, 3), bare(1, 2), bare(2, 1)]);
    reading.append(&page(&[2], None)).await;
    reading.finish().await;
    let entries = query(&store, me(), MirrorQuery::default()).await;
    let again = MirrorEntry::new(2, user(2), at(10));
    assert_eq!(entries, [bare(0, 5), bare(1, 4), again], "2 was received afterwards");
}

/// Names in changes are forgotten, those before a renaming included; what happened, when and to
/// whom stays. Changes that told a name are counted.
pub async fn names_in_changes_are_forgotten<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    mirror_ids(&store, me(), &[3, 2, 1]).await;
    let mut renamed = user(1);
    renamed.name = Some("Another".into());
    mirror(&store, me(), vec![vec![user(3), renamed]]).await;
    let nameless = Amendment::new(User::new(id(4)), true, Witness::Operation, at(30));
    amended(&journal, &nameless).await;
    find(&journal, 2, blocks_domain::Whereabouts::Suspended, 31).await;
    let mut expected = changes(&journal).await;
    assert_eq!(expected.len(), 3, "1 was renamed, 2 went and 4 came");
    for change in &mut expected {
        change.names = Names::default();
        if let ChangeKind::Renamed { before } = &mut change.kind {
            *before = Names::default();
        }
    }
    assert_eq!(forget(&journal, PROFILES).await.names, 2, "4 had no name to forget");
    assert_eq!(changes(&journal).await, expected);
    assert_eq!(forget(&journal, PROFILES).await, Forgotten::default(), "nothing is left to forget");
}

/// A name that was forgotten is not another than the one that comes next.
pub async fn forgotten_names_are_not_compared<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    mirror_ids(&store, me(), &[1]).await;
    forget(&journal, PROFILES).await;
    let mut renamed = user(1);
    renamed.name = Some("Another".into());
    mirror(&store, me(), vec![vec![renamed]]).await;
    assert_eq!(changes(&journal).await, [], "nobody knows what 1 was called");
}

/// With a moment, only profiles that were received and names that were noted before it are
/// forgotten.
pub async fn only_what_is_older_is_forgotten<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    let mut reading = Reading::begin(store.clone(), me()).await;
    for (number, seconds) in [(3, 13), (2, 12), (1, 11)] {
        let next = (number > 1).then(|| crate::mirror_store::token(number));
        reading.append(&MirrorPage::new(vec![user(number)], next, at(seconds))).await;
    }
    reading.finish().await;
    for told in [block(4, 30), block(5, 31), block(6, 32)] {
        amended(&journal, &told).await;
    }
    let before = |seconds| Forget::Profiles { before: Some(at(seconds)) };
    assert_eq!(forget(&journal, before(11)).await, Forgotten::default(), "nothing is older");
    assert_eq!(forget(&journal, before(13)).await, Forgotten::new(2, 0), "1 and 2 are older");
    assert_eq!(forget(&journal, before(32)).await, Forgotten::new(3, 2), "6 is left");
    let known: Vec<_> = query(&store, me(), MirrorQuery::default())
        .await
        .into_iter()
        .map(|entry| (entry.user.id.get(), entry.user.name.is_some()))
        .collect();
    let expected = [(6, true), (5, false), (4, false), (3, false), (2, false), (1, false)];
    assert_eq!(known, expected, "(user, known)");
    let named: Vec<_> = changes(&journal).await.into_iter().map(|change| change.names).collect();
    assert_eq!(named, [Names::default(), Names::default(), Names::of(&user(6))]);
}

/// When everything is forgotten the account has no snapshot and no changes, and begins as if it had
/// never been mirrored; what was erased is counted.
pub async fn forgetting_everything_leaves_nothing<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    mirror_ids(&store, me(), &[2, 1]).await;
    amended(&journal, &block(3, 30).by_event("one")).await;
    amended(&journal, &unblock(1, 31)).await;
    assert_eq!(forget(&journal, Forget::Everything).await, Forgotten::new(2, 2));
    assert_eq!(snapshot(&store, me()).await, None);
    assert_eq!(shown(&store, me()).await, [0; 0]);
    assert_eq!(store.entry(me(), id(2)).await.expect("`entry` failed"), None);
    assert_eq!(changes(&journal).await, []);
    assert_eq!(forget(&journal, Forget::Everything).await, Forgotten::default());
    let made = mirror_ids(&store, me(), &[2]).await;
    assert_eq!((made.added, made.removed), (1, 0), "compared with what was forgotten");
    assert_eq!(changes(&journal).await, [], "it is the first snapshot again");
    amended(&journal, &block(3, 32).by_event("one")).await;
    let told = [added(3, 32, Source::Told(Witness::Event))];
    assert_eq!(changes(&journal).await, told, "the event was forgotten");
}

/// When everything is forgotten the reads are given up, the unfinished one and the one aside.
pub async fn forgetting_everything_gives_up_the_reads<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    let first = read_whole(&store, me(), &[1]).await;
    let whole = first.set_aside().await;
    drop(first);
    let mut reading = Reading::begin(store.clone(), me()).await;
    reading.append(&page(&[3, 2], Some(1))).await;
    assert_eq!(forget(&journal, Forget::Everything).await, Forgotten::new(3, 0));
    assert_eq!(unfinished(&store, me()).await, None);
    assert_eq!(aside(&store, me()).await, None);
    let Reading { read, fence, checkpoint, guard: _guard, .. } = reading;
    let answer = append(&store, read.id, fence, &checkpoint, &page(&[], None)).await;
    assert_eq!(answer, Append::Stale, "the read was given up");
    for given_up in [read.id, whole.id] {
        assert_eq!(finish(&store, given_up, fence).await, Finish::Stale, "it was given up");
        assert_eq!(differences(&store, given_up).await, [], "it was given up");
    }
}

/// When everything is forgotten the numbers of reads and holds are not used again, and a hold goes
/// on.
pub async fn forgotten_numbers_are_not_used_again<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    let reading = read_whole(&store, me(), &[1]).await;
    let (old, fence) = (reading.read.id, reading.fence);
    forget(&journal, Forget::Everything).await;
    let answer = store.hold(me()).await.expect("`hold` failed");
    assert!(matches!(answer, blocks_ports::Hold::Busy { .. }), "somebody holds it: {answer:?}");
    let begun = crate::mirror_store::begin(&store, me(), fence).await;
    assert!(begun.id > old, "{:?} comes after {old:?}", begun.id);
    drop(reading);
    let (next, _guard) = hold(&store, me()).await;
    assert!(next > fence, "{next:?} comes after {fence:?}");
}

/// A text that was forgotten is nowhere in the storage, neither in what is shown nor beside it.
pub async fn what_is_forgotten_is_not_left_in_the_storage<H: MirrorJournalHarness>(h: H) {
    let mut secret = user(1);
    secret.name = Some("Zyzzogeton the Unmentioned".into());
    secret.username = Some("zyzzogeton_1".into());
    secret.description = Some("A bio full of Muhlenbergia".into());
    let texts = ["Zyzzogeton the", "zyzzogeton_1", "Muhlenbergia"];
    for what in [PROFILES, Forget::Everything] {
        let (store, journal) = both(&h);
        mirror(&store, me(), vec![vec![secret.clone(), user(2)]]).await;
        mirror(&store, me(), vec![vec![user(2), user(1)]]).await;
        amended(&journal, &unblock(1, 30)).await;
        amended(&journal, &Amendment::new(secret.clone(), true, Witness::Event, at(31))).await;
        let kept = mirror(&store, me(), vec![vec![secret.clone()]]).await;
        let first = Reading::begin(store.clone(), me()).await;
        amend(&journal, &Amendment::new(secret.clone(), true, Witness::Event, at(32))).await;
        drop(first);
        let mut reading = Reading::begin(store.clone(), me()).await;
        reading.append(&MirrorPage::new(vec![secret.clone()], None, at(33))).await;
        drop((reading, store, journal));
        for text in texts {
            assert!(h.holds_text(text).await, "{text:?} is stored, and the harness finds it not");
        }
        forget(&both(&h).1, what).await;
        for text in texts {
            assert!(!h.holds_text(text).await, "{text:?} is left after {what:?} of {:?}", kept.id);
        }
    }
}
