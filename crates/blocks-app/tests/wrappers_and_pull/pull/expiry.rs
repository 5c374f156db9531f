//! Page tokens that X no longer takes.

use std::sync::Arc;
use std::time::Duration;

use blocks_app::{NoProgress, Paced, Pull, PullError, Wanted, WhenSpent};
use blocks_domain::{BlockingPage, Failure, PageToken, Problem, ProblemType};
use blocks_fake::World;
use blocks_fake::stores::{JumpingClock, MemoryMirrorStore, MemoryWindowStore};
use blocks_ports::{ApiError, Clock, MirrorStore, MockBlocksApi, ReadKind, Reply};
use jiff::SignedDuration;

use super::bench::{Bench, CutOff, Heard};
use crate::support::{answer, failure, jumping, me, page, pages_of, scripted};

const SECOND: &str = "token-of-the-second-page";
const THIRD: &str = "token-of-the-third-page!";
const FOURTH: &str = "token-of-the-fourth-page";

/// A failure that names the page token.
fn about_the_token(kind: Failure) -> ApiError {
    let mut problem = Problem::new(ProblemType::InvalidRequest, "Invalid Request");
    problem.message = Some("The `pagination_token` query parameter value [x] is not valid".into());
    ApiError::new(kind).with_problems(vec![problem])
}

/// A mirror with an unfinished read of three users.
async fn cut_off() -> MemoryMirrorStore {
    let mirror = MemoryMirrorStore::default();
    let api = scripted([answer(page(0..3, Some(SECOND))), failure(Failure::Timeout)]);
    let clock = jumping();
    let pull = Pull::new(&api, &mirror, &clock);
    pull.run(me(), pages_of(10), &NoProgress).await.expect_err("cut off");
    mirror
}

type Answer = Result<Reply<BlockingPage>, ApiError>;

/// An API whose answers each come after a wait.
fn slow(clock: &JumpingClock, answers: Vec<(u64, Answer)>) -> MockBlocksApi {
    let mut api = MockBlocksApi::new();
    let (clock, mut answers) = (clock.clone(), answers.into_iter());
    api.expect_blocking().times(answers.len()).returning(move |_, _| {
        let (seconds, answer) = answers.next().expect("an answer for each call");
        let later = clock.now() + Duration::from_secs(seconds);
        futures_util::FutureExt::now_or_never(clock.sleep_until(later)).expect("it jumps");
        answer
    });
    api
}

#[tokio::test]
async fn an_expired_token_costs_one_reading_from_the_top() {
    let expired = Err(about_the_token(Failure::InvalidRequest));
    let api = scripted([expired, answer(page(0..3, Some(THIRD))), answer(page(3..6, None))]);
    let (mirror, clock, heard) = (cut_off().await, jumping(), Heard::default());
    let pull = Pull::new(&api, &mirror, &clock);
    let report = pull.run(me(), pages_of(10), &heard).await.expect("complete");
    assert!(report.progress.restarted && !report.progress.resumed);
    assert_eq!((report.snapshot.users, report.snapshot.pages), (6, 2));
    assert_eq!((report.progress.requests, report.progress.reads), (2, 6), "of this run");
    assert_eq!(heard.words()[1], "expired behind 3 users");
}

#[tokio::test]
async fn a_token_that_expires_while_the_run_waits_costs_one_reading_from_the_top() {
    let (mirror, clock, heard) = (MemoryMirrorStore::default(), jumping(), Heard::default());
    let expired = Err(about_the_token(Failure::InvalidRequest));
    let answers = vec![
        (1, answer(page(0..3, Some(SECOND)))),
        (900, expired),
        (1, answer(page(0..3, Some(THIRD)))),
        (900, answer(page(3..6, None))),
    ];
    let api = slow(&clock, answers);
    let pull = Pull::new(&api, &mirror, &clock);
    let report = pull.run(me(), pages_of(10), &heard).await.expect("complete");
    assert_eq!((report.snapshot.users, report.progress.restarted), (6, true));
    assert_eq!((report.progress.requests, report.progress.reads), (3, 9), "of both readings");
    let expected = ["page 1, 3 users", "expired behind 3 users", "page 1, 3 users"];
    assert_eq!(heard.words()[1..4], expected);
}

#[tokio::test]
async fn a_second_token_that_expires_is_left_to_the_next_run() {
    let (mirror, clock) = (cut_off().await, jumping());
    let expired = || Err(about_the_token(Failure::InvalidRequest));
    let answers = vec![(900, expired()), (1, answer(page(0..3, Some(FOURTH)))), (900, expired())];
    let api = slow(&clock, answers);
    let pull = Pull::new(&api, &mirror, &clock);
    let error = pull.run(me(), pages_of(10), &NoProgress).await.expect_err("once is enough");
    let PullError::Api { resume_from, progress, .. } = error else { panic!("{error:?}") };
    assert_eq!(resume_from.as_ref().map(PageToken::as_str), Some(FOURTH));
    assert!(progress.restarted);

    let api = scripted([expired(), answer(page(0..6, None))]);
    let report = Pull::new(&api, &mirror, &clock).run(me(), pages_of(10), &NoProgress).await;
    assert_eq!(report.expect("complete").snapshot.users, 6);
}

#[tokio::test]
async fn a_token_that_was_just_given_has_not_expired() {
    let (mirror, clock) = (cut_off().await, jumping());
    let refused = Err(about_the_token(Failure::InvalidRequest));
    let api = slow(&clock, vec![(900, answer(page(3..6, Some(THIRD)))), (59, refused)]);
    let pull = Pull::new(&api, &mirror, &clock);
    let error = pull.run(me(), pages_of(10), &NoProgress).await;
    let error = error.expect_err("no reason to read and pay again");
    let PullError::Api { resume_from, progress, .. } = error else { panic!("{error:?}") };
    assert_eq!(resume_from.as_ref().map(PageToken::as_str), Some(THIRD));
    assert_eq!((progress.users, progress.restarted), (6, false));
}

#[tokio::test]
async fn trouble_that_names_the_token_is_no_expiry_and_neither_is_another_bad_request() {
    for error in [about_the_token(Failure::Unavailable), ApiError::new(Failure::InvalidRequest)] {
        let (mirror, clock) = (cut_off().await, jumping());
        let api = scripted([Err(error)]);
        let pull = Pull::new(&api, &mirror, &clock);
        pull.run(me(), pages_of(10), &NoProgress).await.expect_err("refused");
        let unfinished = mirror.unfinished(me()).await.expect("a mirror").expect("it is kept");
        assert_eq!(unfinished.users, 3);
    }
}

#[tokio::test]
async fn tokens_that_expire_in_a_spent_window_lose_nothing_that_is_shown() {
    // Fifteen pages a window, and tokens that do not outlast it.
    let world = World::builder().blocks(180).page_token_lifetime(Duration::from_secs(600));
    let bench = Bench::in_world(world).mirrored().await;
    bench.world.advance(Duration::from_secs(900));
    let (windows, clock) = (MemoryWindowStore::default(), Arc::new(bench.clock.clone()));
    let api = Paced::new(bench.api.clone(), Arc::new(windows), clock, WhenSpent::Wait);
    let pull = Pull::new(&api, &bench.mirror, &bench.clock).wanting(Wanted::Full);

    let heard = Heard::default();
    let error = pull.run(bench.me(), pages_of(10), &heard).await.expect_err("18 pages");
    // The call whose token was refused was one of the fifteen.
    assert_eq!((error.progress().users, error.progress().restarted), (140, true));
    let expired = heard.words().iter().filter(|word| word.starts_with("expired")).count();
    assert_eq!(expired, 1);
    assert_eq!(bench.shown().await, bench.list(), "the snapshot before stays");

    let report = pull.run(bench.me(), pages_of(20), &NoProgress).await.expect("9 pages");
    assert_eq!((report.snapshot.users, report.progress.restarted), (180, true));
}

#[tokio::test]
async fn a_head_whose_token_has_expired_is_read_again_as_a_head() {
    let bench = Bench::of(500).mirrored().await;
    bench.block_strangers(0..60);
    let api = CutOff::behind(2, bench.api.clone());
    let pull = Pull::new(&api, &bench.mirror, &bench.clock);
    pull.run(bench.me(), pages_of(100), &NoProgress).await.expect_err("cut off");

    bench.clock.sleep_until(bench.clock.now() + SignedDuration::from_hours(25)).await;
    let report = bench.run(Wanted::Whichever).await.expect("complete");
    assert!(report.progress.restarted);
    assert_eq!((report.snapshot.kind, report.snapshot.added), (ReadKind::Head, 60));
    assert_eq!(report.progress.reads, 80, "60 new ones and known ground");
}
