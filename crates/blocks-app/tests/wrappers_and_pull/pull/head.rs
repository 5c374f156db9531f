//! Reading what is new, at the price of what is new.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};

use blocks_app::{NoProgress, Pull, PullError, PullPolicy, Wanted};
use blocks_ports::{MockBlocksApi, ReadKind};
use jiff::SignedDuration;

use super::bench::{Bench, CutOff};
use super::suspects::FailingFinish;
use crate::support::{answer, page, pages_of};

#[tokio::test]
async fn the_new_ones_are_read_and_a_little_known_ground() {
    let bench = Bench::of(2_500).mirrored().await;
    bench.world.advance(std::time::Duration::from_secs(3600));
    bench.block_strangers(0..3);
    let report = bench.run(Wanted::Whichever).await.expect("complete");
    assert_eq!((report.progress.reads, report.progress.requests), (40, 2));
    let snapshot = report.snapshot;
    assert_eq!((snapshot.kind, snapshot.added, snapshot.removed), (ReadKind::Head, 3, 0));
    assert_eq!(snapshot.started_at.duration_since(snapshot.full_at), SignedDuration::from_hours(1));
    assert_eq!(bench.shown().await, bench.list());
}

#[tokio::test]
async fn where_nobody_is_new_one_page_is_read() {
    let bench = Bench::of(2_500).mirrored().await;
    let report = bench.run(Wanted::Head).await.expect("complete");
    assert_eq!((report.progress.reads, report.progress.requests), (20, 1));
    assert_eq!(bench.shown().await, bench.list());
}

#[tokio::test]
async fn accounts_that_were_blocked_again_come_to_the_top() {
    let bench = Bench::of(500).mirrored().await;
    let list = bench.list();
    for user in [list[3], list[400], list[7], list[499]] {
        bench.unblock(user);
        bench.block(user);
    }
    let report = bench.run(Wanted::Head).await.expect("complete");
    assert_eq!((report.snapshot.added, report.snapshot.users), (0, 500));
    assert_eq!(bench.shown().await, bench.list());
}

#[tokio::test]
async fn gaps_in_known_ground_do_no_harm_and_nobody_is_removed() {
    let bench = Bench::of(500).mirrored().await;
    let before = bench.list();
    for place in [0, 2, 5, 6, 19] {
        bench.unblock(before[place]);
    }
    let report = bench.run(Wanted::Head).await.expect("complete");
    assert_eq!((report.progress.reads, report.snapshot.removed), (20, 0));
    let shown = bench.shown().await;
    assert!(before.iter().all(|user| shown.contains(user)), "until the whole list is read");
}

#[tokio::test]
async fn a_list_that_is_shorter_than_known_ground_is_read_whole() {
    let bench = Bench::of(12).mirrored().await;
    bench.unblock(bench.list()[4]);
    bench.block_strangers(0..1);
    let report = bench.run(Wanted::Whichever).await.expect("complete");
    assert_eq!((report.choice.kind, report.snapshot.kind), (ReadKind::Head, ReadKind::Full));
    assert_eq!((report.snapshot.added, report.snapshot.removed), (1, 1));
    assert_eq!(report.snapshot.full_at, report.snapshot.started_at);
    assert_eq!(bench.shown().await, bench.list());
}

#[tokio::test]
async fn ground_that_is_met_where_the_list_ends_makes_the_read_a_full_one() {
    let bench = Bench::of(20).mirrored().await;
    let report = bench.run(Wanted::Head).await.expect("complete");
    assert_eq!((report.snapshot.kind, report.progress.reads), (ReadKind::Full, 20));
}

#[tokio::test]
async fn a_head_of_nothing_but_new_ones_is_read_to_the_end() {
    let bench = Bench::of(5).mirrored().await;
    bench.block_strangers(0..95);
    let report = bench.run(Wanted::Head).await.expect("complete");
    assert_eq!((report.snapshot.kind, report.snapshot.added), (ReadKind::Full, 95));
    assert_eq!(report.progress.reads, 100);
}

#[tokio::test]
async fn an_empty_list_stays_empty_for_nothing() {
    let bench = Bench::of(0).mirrored().await;
    let report = bench.run(Wanted::Head).await.expect("complete");
    assert_eq!((report.snapshot.kind, report.snapshot.users), (ReadKind::Full, 0));
    assert_eq!((report.progress.requests, report.progress.reads), (1, 0));
}

#[tokio::test]
async fn pages_grow_with_what_is_new_and_stay_within_what_was_asked_for() {
    let bench = Bench::of(5_000).mirrored().await;
    bench.block_strangers(0..2_000);
    let report = bench.run(Wanted::Head).await.expect("complete");
    assert!(report.progress.requests < 25, "{} requests", report.progress.requests);
    assert!(report.progress.reads <= 2_540, "{} reads", report.progress.reads);
    assert_eq!(bench.shown().await, bench.list());

    bench.block_strangers(2_000..2_100);
    let policy = PullPolicy::default().with_overlap(NonZeroU32::new(50).expect("not zero"));
    let pull = bench.pull().wanting(Wanted::Head).with_policy(policy);
    let report = pull.run(bench.me(), pages_of(10), &NoProgress).await.expect("complete");
    assert_eq!((report.progress.requests, report.progress.reads), (15, 150));
}

#[tokio::test]
async fn a_head_that_was_cut_off_goes_on_and_finds_ground_anew() {
    let bench = Bench::of(500).mirrored().await;
    bench.block_strangers(0..30);
    // The second page ends with ten known users, who prove nothing to the next run.
    let api = CutOff::behind(2, bench.api.clone());
    let pull = Pull::new(&api, &bench.mirror, &bench.clock);
    let error = pull.run(bench.me(), pages_of(1000), &NoProgress).await.expect_err("cut off");
    assert_eq!((error.progress().users, error.progress().reads), (40, 40));
    let before = bench.shown().await;
    assert_eq!(before.len(), 500, "an unfinished read is not shown");

    let report = bench.run(Wanted::Whichever).await.expect("complete");
    assert!(report.progress.resumed);
    assert_eq!((report.choice.kind, report.snapshot.kind), (ReadKind::Head, ReadKind::Head));
    assert_eq!((report.progress.reads, report.snapshot.added), (20, 30));
    assert_eq!(bench.shown().await, bench.list());
}

#[tokio::test]
async fn a_head_that_was_whole_when_the_program_died_costs_nothing_more() {
    let bench = Bench::of(500).mirrored().await;
    bench.block_strangers(0..3);
    let api = FailingFinish::of(&bench);
    let pull = Pull::new(&bench.api, &api, &bench.clock);
    let error = pull.run(bench.me(), pages_of(100), &NoProgress).await.expect_err("no finish");
    assert!(matches!(error, PullError::Mirror { .. }), "{error:?}");

    let silent = MockBlocksApi::new();
    let pull = Pull::new(&silent, &bench.mirror, &bench.clock);
    let report = pull.run(bench.me(), pages_of(100), &NoProgress).await.expect("complete");
    assert_eq!((report.snapshot.kind, report.progress.reads), (ReadKind::Head, 0));
    assert_eq!(bench.shown().await, bench.list());
}

#[tokio::test]
async fn behind_empty_pages_larger_ones_are_asked_for() {
    let bench = Bench::of(500).mirrored().await;
    let sizes = Arc::new(Mutex::new(Vec::new()));
    let (mut api, asked) = (MockBlocksApi::new(), Arc::clone(&sizes));
    api.expect_blocking().returning(move |_, query| {
        let mut asked = asked.lock().expect("one thread");
        asked.push(query.max_results().get());
        let token = (asked.len() < 7).then(|| format!("token-of-page-number-{}", asked.len()));
        let users = if asked.len() == 6 { 1_000_000..1_000_001 } else { 0..0 };
        answer(page(users, token.as_deref()))
    });
    let limit = "100".parse().expect("a percentage");
    let policy = PullPolicy::default().with_loss_limit(limit);
    let pull = Pull::new(&api, &bench.mirror, &bench.clock).with_policy(policy);
    pull.run(bench.me(), pages_of(300), &NoProgress).await.expect("complete");
    assert_eq!(*sizes.lock().expect("one thread"), [20, 40, 80, 160, 300, 300, 20]);
}
