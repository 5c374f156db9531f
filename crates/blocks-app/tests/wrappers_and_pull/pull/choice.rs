//! Which read a pull makes, and why.

use std::time::Duration;

use blocks_app::{Choice, NoProgress, Pull, PullError, PullPolicy, Reason, Wanted};
use blocks_domain::PageToken;
use blocks_fake::stores::MemoryMirrorStore;
use blocks_ports::{
    Append, Finish, Hold, MirrorPage, MirrorStore, MockBlocksApi, OpenRead, ReadKind,
};
use jiff::{SignedDuration, Timestamp};

use super::bench::{Bench, Heard, noon};
use crate::support::{answer, jumping, me, page, pages_of, scripted};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A read with so many pages, whole or not.
async fn read(
    mirror: &MemoryMirrorStore,
    kind: ReadKind,
    at: Timestamp,
    pages: u64,
    is_whole: bool,
) -> OpenRead {
    let Hold::Held { fence, .. } = mirror.hold(me()).await.expect("a mirror") else { panic!() };
    let mut read = mirror.begin(me(), fence, kind, at).await.expect("a read");
    for number in 1..=pages {
        let token = PageToken::new(&format!("token-behind-page-{number:04}")).expect("a token");
        let next = (number < pages || !is_whole).then_some(token);
        let users = page(number * 10..number * 10 + 10, None).data.expect("users");
        let page = MirrorPage::new(users, next, at);
        let appended = mirror.append(read.id, fence, &read.checkpoint, &page).await;
        let Append::Appended(checkpoint) = appended.expect("a mirror") else { panic!() };
        read.checkpoint = checkpoint;
    }
    read
}

/// A snapshot of the whole list, of a time.
async fn mirrored(at: Timestamp) -> MemoryMirrorStore {
    let mirror = MemoryMirrorStore::default();
    let read = read(&mirror, ReadKind::Full, at, 3, true).await;
    let Hold::Held { fence, .. } = mirror.hold(me()).await.expect("a mirror") else { panic!() };
    let finished = mirror.finish(read.id, fence, at).await.expect("a mirror");
    assert!(matches!(finished, Finish::Finished(_)));
    mirror
}

async fn choice(mirror: &MemoryMirrorStore, wanted: Wanted) -> Choice {
    let choice = Choice::of(mirror, me(), wanted, &PullPolicy::default(), noon()).await;
    choice.expect("something to read")
}

#[tokio::test]
async fn where_nothing_is_mirrored_the_whole_list_is_read() {
    let chosen = choice(&MemoryMirrorStore::default(), Wanted::Whichever).await;
    assert_eq!((chosen.kind, chosen.reason), (ReadKind::Full, Reason::NothingMirrored));
    assert_eq!((chosen.resumes, chosen.gives_up), (None, None));
}

#[tokio::test]
async fn the_head_alone_needs_something_behind_it() {
    let mirror = MemoryMirrorStore::default();
    let policy = PullPolicy::default();
    let error = Choice::of(&mirror, me(), Wanted::Head, &policy, noon()).await.expect_err("no");
    assert!(matches!(error, PullError::NothingToGoOnFrom), "{error:?}");
    read(&mirror, ReadKind::Full, noon(), 1, false).await;
    let (api, clock) = (MockBlocksApi::new(), jumping());
    let pull = Pull::new(&api, &mirror, &clock).wanting(Wanted::Head);
    let error = pull.run(me(), pages_of(10), &NoProgress).await.expect_err("nothing is asked for");
    assert!(matches!(error, PullError::NothingToGoOnFrom), "{error:?}");
    let unfinished = mirror.unfinished(me()).await.expect("a mirror");
    assert_eq!(unfinished.expect("it stays").checkpoint.pages, 1);
}

#[tokio::test]
async fn the_whole_list_is_read_again_only_after_a_while() {
    for (age, kind) in [
        (DAY, ReadKind::Head),
        (DAY * 30, ReadKind::Head),
        (DAY * 30 + SignedDuration::from_secs(1), ReadKind::Full),
        // The clock was set back, which is no reason to pay.
        (DAY * -400, ReadKind::Head),
    ] {
        let since = noon() - age;
        let chosen = choice(&mirrored(since).await, Wanted::Whichever).await;
        let reason = match kind {
            ReadKind::Head => Reason::FullIsRecent { since },
            _ => Reason::FullIsOld { since },
        };
        assert_eq!((chosen.kind, chosen.reason), (kind, reason), "{age:#}");
    }
}

#[tokio::test]
async fn how_long_a_while_is_can_be_told_and_profiles_may_not_become_older() {
    let mirror = mirrored(noon() - DAY * 8).await;
    let days = |days: u64| Duration::from_secs(days * 24 * 60 * 60);
    let policy = PullPolicy::default();
    for (policy, kind) in [
        (policy.with_full_every(days(9)), ReadKind::Head),
        (policy.with_full_every(days(7)), ReadKind::Full),
        (policy.with_max_age(Some(days(7))), ReadKind::Full),
        (policy.with_max_age(Some(days(9))), ReadKind::Head),
        (policy.with_full_every(days(7)).with_max_age(Some(days(9))), ReadKind::Full),
        (policy.with_full_every(Duration::MAX), ReadKind::Head),
    ] {
        let chosen = Choice::of(&mirror, me(), Wanted::Whichever, &policy, noon()).await;
        assert_eq!(chosen.expect("a choice").kind, kind, "{policy:?}");
    }
}

#[tokio::test]
async fn an_unfinished_read_is_gone_on_with_whatever_its_kind() {
    for kind in [ReadKind::Full, ReadKind::Head] {
        let mirror = mirrored(noon() - DAY * 90).await;
        let unfinished = read(&mirror, kind, noon(), 2, false).await;
        let chosen = choice(&mirror, Wanted::Whichever).await;
        assert_eq!((chosen.kind, chosen.reason), (kind, Reason::Unfinished));
        assert_eq!(chosen.resumes.map(|read| read.id), Some(unfinished.id));
    }
}

#[tokio::test]
async fn nothing_is_won_by_a_read_without_a_page() {
    let mirror = mirrored(noon()).await;
    read(&mirror, ReadKind::Full, noon(), 0, false).await;
    let chosen = choice(&mirror, Wanted::Whichever).await;
    assert_eq!((chosen.kind, chosen.resumes, chosen.gives_up), (ReadKind::Head, None, None));
}

#[tokio::test]
async fn what_is_wanted_is_read_and_an_unfinished_read_of_the_other_kind_is_given_up() {
    for (wanted, kind) in [(Wanted::Full, ReadKind::Full), (Wanted::Head, ReadKind::Head)] {
        for unfinished in [ReadKind::Full, ReadKind::Head] {
            let mirror = mirrored(noon()).await;
            let open = Some(read(&mirror, unfinished, noon(), 2, false).await.id);
            let chosen = choice(&mirror, wanted).await;
            assert_eq!((chosen.kind, chosen.reason), (kind, Reason::Asked));
            let id = |read: Option<OpenRead>| read.map(|read| read.id);
            let expected = if unfinished == kind { (open, None) } else { (None, open) };
            assert_eq!((id(chosen.resumes), id(chosen.gives_up)), expected);
        }
    }
}

#[tokio::test]
async fn after_a_read_was_set_aside_the_whole_list_is_read() {
    let mirror = mirrored(noon()).await;
    let doubtful = read(&mirror, ReadKind::Full, noon(), 1, true).await;
    let Hold::Held { fence, .. } = mirror.hold(me()).await.expect("a mirror") else { panic!() };
    mirror.set_aside(doubtful.id, fence).await.expect("a mirror");
    let chosen = choice(&mirror, Wanted::Whichever).await;
    assert_eq!((chosen.kind, chosen.reason), (ReadKind::Full, Reason::SetAside));
    assert_eq!(choice(&mirror, Wanted::Head).await.kind, ReadKind::Head, "as asked");
}

#[tokio::test]
async fn starting_over_chooses_as_if_nothing_were_unfinished() {
    let mirror = mirrored(noon()).await;
    let unfinished = read(&mirror, ReadKind::Full, noon(), 2, false).await;
    let (api, clock) = (MockBlocksApi::new(), jumping());
    let pull = Pull::new(&api, &mirror, &clock).starting_over();
    let chosen = pull.choose(me()).await.expect("a choice");
    assert_eq!((chosen.kind, chosen.resumes), (ReadKind::Head, None));
    assert_eq!(chosen.gives_up.map(|read| read.id), Some(unfinished.id));
    let chosen = pull.wanting(Wanted::Full).choose(me()).await.expect("a choice");
    assert_eq!((chosen.kind, chosen.resumes), (ReadKind::Full, None));
}

#[tokio::test]
async fn a_pull_tells_what_it_reads_and_why_before_it_asks() {
    let bench = Bench::of(30);
    let heard = Heard::default();
    bench.pull().run(bench.me(), pages_of(30), &heard).await.expect("complete");
    bench.pull().run(bench.me(), pages_of(30), &heard).await.expect("complete");
    let told = [
        "full because nothing is mirrored yet",
        "page 1, 30 users",
        "head because the whole list was read on 2026-08-07",
        "page 1, 20 users",
    ];
    assert_eq!(heard.words(), told);
}

#[tokio::test]
async fn a_report_tells_what_was_chosen() {
    let mirror = MemoryMirrorStore::default();
    let (api, clock) = (scripted([answer(page(0..3, None))]), jumping());
    let pull = Pull::new(&api, &mirror, &clock).wanting(Wanted::Full);
    let report = pull.run(me(), pages_of(10), &NoProgress).await.expect("complete");
    assert_eq!((report.choice.kind, report.choice.reason), (ReadKind::Full, Reason::Asked));
}
