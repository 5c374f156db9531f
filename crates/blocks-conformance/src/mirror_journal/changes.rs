//! What the journal tells.

use blocks_domain::{User, Witness};
use blocks_ports::{
    Amended, Amendment, ChangeKind, ChangeQuery, MirrorChange, MirrorPage, Names, Source,
};

use super::{
    Journal, MirrorJournalHarness, added, amend, amended, block, both, changes, changes_of,
    removed, unblock,
};
use crate::mirror_store::{
    Reading, begin, finish, hold, me, mirror, mirror_ids, page, read_whole, shown, unfinished,
};
use crate::support::{at, id, user};

/// The first snapshot of an account is no change, whoever is in it.
pub async fn the_first_snapshot_is_no_change<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    mirror_ids(&store, me(), &[2, 1]).await;
    assert_eq!(changes(&journal).await, [], "nothing was known before");
}

/// A finished read is a change for each user who came or went, at the time when it was finished,
/// with its number and their names.
pub async fn a_read_tells_who_came_and_went<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    mirror_ids(&store, me(), &[3, 2, 1]).await;
    let one = Source::Read(mirror_ids(&store, me(), &[5, 4, 2]).await.id);
    let first = [removed(1, 20, one), removed(3, 20, one), added(4, 20, one), added(5, 20, one)];
    assert_eq!(changes(&journal).await, first);
    mirror_ids(&store, me(), &[5, 4, 2]).await;
    assert_eq!(changes(&journal).await, first, "the same list again");
    let open = read_whole(&store, me(), &[9]).await;
    assert_eq!(changes(&journal).await, first, "a read that is not finished");
    open.set_aside().await;
    assert_eq!(changes(&journal).await, first, "a read that is aside");
}

/// A user of both snapshots who has another handle or another name is a change, with both.
pub async fn other_names_are_a_change<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    mirror_ids(&store, me(), &[3, 2, 1]).await;
    let (mut handle, mut name) = (user(1), user(2));
    handle.username = Some("other".into());
    name.name = Some("Other".into());
    let mut bio = user(3);
    bio.description = Some("Other".into());
    mirror(&store, me(), vec![vec![bio, name.clone(), handle.clone()]]).await;
    let renamed = |now: &User| {
        let before = Names::of(&user(now.id.get()));
        MirrorChange::new(now.id, at(20), Names::of(now), ChangeKind::Renamed { before })
    };
    assert_eq!(changes(&journal).await, [renamed(&handle), renamed(&name)]);
}

/// A profile that does not tell a name is no change of it, nor is one that tells it for the first
/// time.
pub async fn names_that_are_not_told_are_no_change<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    let mut half = user(2);
    half.name = None;
    mirror(&store, me(), vec![vec![user(3), half.clone(), User::new(id(1))]]).await;
    mirror(&store, me(), vec![vec![User::new(id(3)), user(2), user(1)]]).await;
    mirror(&store, me(), vec![vec![User::new(id(3)), half, user(1)]]).await;
    assert_eq!(changes(&journal).await, []);
}

/// An amendment that changes who is in the snapshot is a change, at the time when it was told, with
/// who told it, and with the names that were told or else known.
pub async fn an_amendment_is_a_change<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    mirror_ids(&store, me(), &[3, 2, 1]).await;
    let mut half = user(2);
    half.name = None;
    let bare = User::new(id(5));
    for told in [
        block(4, 30),
        unblock(1, 31),
        Amendment::new(half.clone(), false, Witness::Event, at(32)),
        Amendment::new(bare.clone(), true, Witness::Operation, at(33)),
    ] {
        amended(&journal, &told).await;
    }
    let told = Amendment::new(user(3), true, Witness::Event, at(34));
    assert_eq!(amend(&journal, &told).await, Amended::Unchanged, "nobody came and nobody went");
    let (event, operation) = (Source::Told(Witness::Event), Source::Told(Witness::Operation));
    let mut parted = removed(2, 32, event);
    parted.names = Names::of(&half);
    let mut nameless = added(5, 33, operation);
    nameless.names = Names::of(&bare);
    let expected = [added(4, 30, event), removed(1, 31, operation), parted, nameless];
    assert_eq!(changes(&journal).await, expected);
}

/// Other names in a profile that is told of a user of the snapshot are a change, at the time when
/// it was told, whether it changes who is in the snapshot or not, and before the change that it is
/// besides. A name that is not told is no change, nor is one that is told for the first time.
pub async fn other_names_that_are_told_are_a_change<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    let mut handle = user(3);
    handle.username = None;
    mirror(&store, me(), vec![vec![user(4), handle, user(2), user(1)]]).await;
    let called = |number, name: &str| {
        let mut renamed = user(number);
        renamed.name = Some(name.into());
        renamed
    };
    let mut half = called(1, "Second");
    half.username = None;
    let mut silent = User::new(id(4));
    silent.description = Some("Tells no name".into());
    for (told, answer) in [
        (Amendment::new(half.clone(), true, Witness::Event, at(30)), Amended::Unchanged),
        (block(3, 31), Amended::Unchanged),
        (Amendment::new(silent, true, Witness::Event, at(31)), Amended::Unchanged),
        (block(1, 32), Amended::Unchanged),
        (block(1, 33), Amended::Unchanged),
        (Amendment::new(called(2, "Parting"), false, Witness::Operation, at(34)), Amended::Changed),
        (Amendment::new(called(2, "Gone"), false, Witness::Event, at(35)), Amended::Unchanged),
        (block(5, 36), Amended::Changed),
    ] {
        assert_eq!(amend(&journal, &told).await, answer, "{told:?}");
    }
    let renamed = |seconds, now: &User, before: &User| {
        let kind = ChangeKind::Renamed { before: Names::of(before) };
        MirrorChange::new(now.id, at(seconds), Names::of(now), kind)
    };
    let mut parted = removed(2, 34, Source::Told(Witness::Operation));
    parted.names = Names::of(&called(2, "Parting"));
    let expected = [
        renamed(30, &half, &user(1)),
        renamed(32, &user(1), &half),
        renamed(34, &called(2, "Parting"), &user(2)),
        parted,
        added(5, 36, Source::Told(Witness::Event)),
    ];
    assert_eq!(changes(&journal).await, expected);
}

/// Changes come oldest first, those of one moment in the order of ids as numbers, and those of one
/// user then as they were noticed, however late they were told.
pub async fn changes_come_oldest_first<H: MirrorJournalHarness>(h: H) {
    const GREAT: u64 = 9_999_999_999_999_999_999;
    let (store, journal) = both(&h);
    mirror_ids(&store, me(), &[1]).await;
    for told in [block(9, 32), block(GREAT, 31), block(10, 31), block(8, 31), unblock(8, 31)] {
        amended(&journal, &told).await;
    }
    amended(&journal, &block(8, 31)).await;
    amended(&journal, &block(7, 30)).await;
    let told: Vec<_> = changes(&journal)
        .await
        .iter()
        .map(|change| (change.at, change.user.get(), matches!(change.kind, ChangeKind::Added(_))))
        .collect();
    let expected = [
        (at(30), 7, true),
        (at(31), 8, true),
        (at(31), 8, false),
        (at(31), 8, true),
        (at(31), 10, true),
        (at(31), GREAT, true),
        (at(32), 9, true),
    ];
    assert_eq!(told, expected, "(at, user, added)");
}

/// Changes can be asked for by when they were noticed, by user, and by both.
pub async fn changes_of_a_time_or_a_user_can_be_asked_for<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    mirror_ids(&store, me(), &[1]).await;
    for told in [block(2, 30), block(3, 31), unblock(2, 32), unblock(3, 33)] {
        amended(&journal, &told).await;
    }
    let times = async |since: Option<i64>, user: Option<u64>| {
        let mut query = ChangeQuery::default();
        (query.since, query.user) = (since.map(at), user.map(id));
        let found = changes_of(&journal, me(), query).await;
        found.iter().map(|change| change.at).collect::<Vec<_>>()
    };
    assert_eq!(times(Some(32), None).await, [at(32), at(33)], "since then, or later");
    assert_eq!(times(None, Some(2)).await, [at(30), at(32)], "of one user");
    assert_eq!(times(Some(31), Some(3)).await, [at(31), at(33)], "both");
    assert_eq!(times(Some(34), None).await, [], "nothing since");
    assert_eq!(times(None, Some(1)).await, [], "nothing has happened to 1");
}

/// What was a change stays one, however many snapshots and reads come after it.
pub async fn changes_outlast_snapshots<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    mirror_ids(&store, me(), &[1]).await;
    let mut expected = Vec::new();
    for (number, seconds) in [(2, 11), (3, 12), (4, 13)] {
        let users: Vec<_> = (1..=number).collect();
        let mut reading = Reading::begin(store.clone(), me()).await;
        reading.append(&page(&users, None)).await;
        let (read, fence) = (reading.read.id, reading.fence);
        store.finish(read, fence, at(seconds)).await.expect("`finish` failed");
        expected.push(added(number, seconds, Source::Read(read)));
        begin(&store, me(), fence).await;
    }
    assert_eq!(changes(&journal).await, expected);
}

/// Neither the changes nor the amendments, lookups and erasures of one account touch another.
pub async fn accounts_do_not_touch_each_other<H: MirrorJournalHarness>(h: H) {
    let ((store, journal), other) = (both(&h), id(34));
    for account in [me(), other] {
        mirror_ids(&store, account, &[2, 1]).await;
    }
    let reading = read_whole(&store, other, &[3, 2, 1]).await;
    for told in [unblock(2, 30), block(4, 31), block(3, 32), unblock(3, 33)] {
        amended(&journal, &told).await;
    }
    assert_eq!(shown(&store, other).await, [2, 1], "it was told of another account");
    assert_eq!(changes_of(&journal, other, ChangeQuery::default()).await, []);
    let made = reading.finish().await;
    assert_eq!(shown(&store, other).await, [3, 2, 1], "it was told of another account");
    let theirs = journal.amend(other, &unblock(2, 34)).await;
    assert_eq!(theirs.expect("`amend` failed"), Amended::Changed);
    super::find(&journal, 2, blocks_domain::Whereabouts::Suspended, 40).await;
    let _open = read_whole(&store, other, &[5]).await;
    super::forget(&journal, blocks_ports::Forget::Everything).await;
    let gone = removed(2, 34, Source::Told(Witness::Operation));
    let expected = [added(3, 20, Source::Read(made.id)), gone];
    let theirs = changes_of(&journal, other, ChangeQuery::default()).await;
    assert_eq!(theirs, expected, "the other account was looked up and erased");
    assert_eq!(shown(&store, other).await, [3, 1]);
    assert!(unfinished(&store, other).await.is_some(), "the other account was erased");
}

/// What one handle notes every other handle sees.
pub async fn handles_share_one_storage<H: MirrorJournalHarness>(h: H) {
    mirror_ids(&both(&h).0, me(), &[1]).await;
    amended(&both(&h).1, &block(2, 30).by_event("one")).await;
    assert_eq!(shown(&both(&h).0, me()).await, [2, 1]);
    let told = [added(2, 30, Source::Told(Witness::Event))];
    assert_eq!(changes(&both(&h).1).await, told);
    assert_eq!(amend(&both(&h).1, &block(2, 30).by_event("one")).await, Amended::Repeated);
}

/// Changes, amendments and the names of events outlast reopening; a store that does not last says
/// so and has none.
pub async fn the_journal_outlasts_reopening<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    mirror_ids(&store, me(), &[2, 1]).await;
    amended(&journal, &block(3, 30).by_event("one")).await;
    amended(&journal, &unblock(1, 31)).await;
    super::find(&journal, 1, blocks_domain::Whereabouts::NotFound, 32).await;
    let before = changes(&journal).await;
    drop((store, journal));
    let h = h.reopen().await;
    let (store, journal) = both(&h);
    if !H::DURABLE {
        assert_eq!(changes(&journal).await, [], "DURABLE is false");
        return;
    }
    assert_eq!(changes(&journal).await, before, "DURABLE is true");
    assert_eq!(shown(&store, me()).await, [3, 2]);
    assert_eq!(amend(&journal, &block(3, 30).by_event("one")).await, Amended::Repeated);
}

/// What was told while a read was under way stands though the program died meanwhile; a store that
/// does not last says so and has no such read.
pub async fn what_was_told_during_a_read_outlasts_reopening<H: MirrorJournalHarness>(h: H) {
    let (store, journal) = both(&h);
    let mut reading = Reading::begin(store.clone(), me()).await;
    reading.append(&page(&[2, 1], Some(1))).await;
    tell(&journal).await;
    drop((reading, store, journal));
    let h = h.reopen().await;
    let (store, _journal) = both(&h);
    let (fence, _guard) = hold(&store, me()).await;
    let open = unfinished(&store, me()).await;
    if !H::DURABLE {
        assert_eq!(open, None, "DURABLE is false");
        return;
    }
    let open = open.expect("DURABLE is true");
    let last = MirrorPage::new(vec![user(4)], None, at(10));
    crate::mirror_store::appended(&store, open.id, fence, &open.checkpoint, &last).await;
    finish(&store, open.id, fence).await;
    assert_eq!(shown(&store, me()).await, [3, 1, 4]);
}

async fn tell(journal: &Journal) {
    for told in [block(3, 11), unblock(2, 12)] {
        assert_eq!(amend(journal, &told).await, Amended::Unchanged, "there is no snapshot");
    }
}
