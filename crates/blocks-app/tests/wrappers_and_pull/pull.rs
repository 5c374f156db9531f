//! [`Pull`]: complete or nothing, and nothing lost.

mod amended;
mod bench;
mod choice;
mod expiry;
mod forecast;
mod head;
mod holds;
mod suspects;
mod verify;
mod worlds;

use std::sync::Mutex;

use blocks_app::{NoProgress, Progress, Pull, PullError, PullProgress, PullReport};
use blocks_domain::{BlockingPage, Failure, PageToken, Usd};
use blocks_fake::stores::MemoryMirrorStore;
use blocks_fake::{FakeApi, World};
use blocks_ports::{ApiError, BlocksApi, MirrorStore, MockBlocksApi, Reply};

use crate::support::{answer, failure, jumping, me, page, pages_of, scripted};

const SECOND: &str = "token-of-the-second-page";
const THIRD: &str = "token-of-the-third-page!";

async fn pull(api: &dyn BlocksApi, mirror: &MemoryMirrorStore) -> Result<PullReport, PullError> {
    let clock = jumping();
    Pull::new(api, mirror, &clock).run(me(), pages_of(10), &NoProgress).await
}

async fn users_shown(mirror: &MemoryMirrorStore) -> Option<u64> {
    mirror.snapshot(me()).await.expect("a mirror").map(|snapshot| snapshot.users)
}

#[tokio::test]
async fn a_whole_list_becomes_the_snapshot() {
    let world = World::builder().blocks(1_234).build();
    let (api, mirror, clock) =
        (FakeApi::new(world.clone()), MemoryMirrorStore::default(), jumping());
    let report = Pull::new(&api, &mirror, &clock)
        .run(world.owner(), pages_of(100), &NoProgress)
        .await
        .expect("the whole list");
    assert_eq!(
        (report.progress.requests, report.snapshot.users, report.snapshot.added),
        (13, 1_234, 1_234)
    );
    assert_eq!(report.progress.cost(), "1.234".parse::<Usd>().expect("an amount"));
    assert!(!report.progress.resumed);
}

#[tokio::test]
async fn short_and_empty_pages_do_not_end_a_read() {
    let api = scripted([
        answer(page(0..3, Some(SECOND))),
        answer(page(0..0, Some(THIRD))),
        answer(page(3..4, None)),
    ]);
    let mirror = MemoryMirrorStore::default();
    assert_eq!(pull(&api, &mirror).await.expect("complete").snapshot.users, 4);
}

#[tokio::test]
async fn a_read_that_was_cut_off_shows_nothing_and_goes_on_where_it_stopped() {
    let mirror = MemoryMirrorStore::default();
    let first = scripted([answer(page(0..10, Some(SECOND))), failure(Failure::Transport)]);
    let error = pull(&first, &mirror).await.expect_err("cut off");
    assert!(matches!(&error, PullError::Api { .. }), "{error:?}");
    assert_eq!((error.progress().users, error.progress().pages), (10, 1));
    assert_eq!(users_shown(&mirror).await, None, "an unfinished read is not shown");

    let mut second = MockBlocksApi::new();
    second
        .expect_blocking()
        .withf(|_, query| query.pagination_token().map(PageToken::as_str) == Some(SECOND))
        .once()
        .returning(|_, _| answer(page(10..15, None)));
    let report = pull(&second, &mirror).await.expect("the rest");
    assert!(report.progress.resumed);
    assert_eq!(
        (report.progress.requests, report.snapshot.users, report.progress.billed_reads),
        (1, 15, 5)
    );
}

#[tokio::test]
async fn an_older_snapshot_stays_until_the_newer_one_is_complete() {
    let mirror = MemoryMirrorStore::default();
    pull(&scripted([answer(page(0..7, None))]), &mirror).await.expect("complete");
    let cut_off = scripted([answer(page(0..3, Some(SECOND))), failure(Failure::Timeout)]);
    pull(&cut_off, &mirror).await.expect_err("cut off");
    assert_eq!(users_shown(&mirror).await, Some(7));
    let report = pull(&scripted([answer(page(3..5, None))]), &mirror).await.expect("complete");
    assert_eq!((report.snapshot.users, report.snapshot.removed), (5, 2));
}

#[tokio::test]
async fn an_unfinished_read_can_be_given_up() {
    let mirror = MemoryMirrorStore::default();
    let cut_off = scripted([answer(page(0..3, Some(SECOND))), failure(Failure::Timeout)]);
    pull(&cut_off, &mirror).await.expect_err("cut off");

    let (api, clock) = (scripted([answer(page(5..6, None))]), jumping());
    let pull = Pull::new(&api, &mirror, &clock).starting_over();
    let report = pull.run(me(), pages_of(10), &NoProgress).await.expect("complete");
    assert_eq!((report.snapshot.users, report.progress.resumed), (1, false));
}

#[tokio::test]
async fn a_token_that_comes_again_ends_the_read_with_an_error() {
    let mirror = MemoryMirrorStore::default();
    let api = scripted([answer(page(0..3, Some(SECOND))), answer(page(3..6, Some(SECOND)))]);
    let error = pull(&api, &mirror).await.expect_err("it would never end");
    let PullError::Api { error, .. } = &error else { panic!("{error:?}") };
    assert_eq!(error.kind(), Failure::Malformed);
    assert_eq!(users_shown(&mirror).await, None);
}

#[tokio::test]
async fn a_page_that_has_lost_its_users_is_an_error_and_no_empty_page() {
    let mut lost = page(3..6, Some(THIRD));
    lost.data = None;
    let api = scripted([answer(page(0..3, Some(SECOND))), answer(lost)]);
    let mirror = MemoryMirrorStore::default();
    let error = pull(&api, &mirror).await.expect_err("three users are missing");
    let PullError::Api { error, .. } = &error else { panic!("{error:?}") };
    assert!(error.to_string().contains("holds 3 users"), "{error}");
    assert_eq!(users_shown(&mirror).await, None);
    let read = mirror.unfinished(me()).await.expect("a mirror").expect("a read");
    assert_eq!((read.users, read.checkpoint.pages), (3, 1), "the page will be asked for again");
}

#[tokio::test]
async fn what_was_not_expected_is_not_read() {
    let mirror = MemoryMirrorStore::default();
    let (api, clock) = (scripted([]), jumping());
    let announced = Pull::new(&api, &mirror, &clock).choose(me()).await.expect("a choice");
    let first = scripted([answer(page(0..3, None))]);
    pull(&first, &mirror).await.expect("somebody else has read it meanwhile");

    let expecting = Pull::new(&api, &mirror, &clock).expecting(&announced);
    let error = expecting.run(me(), pages_of(3), &NoProgress).await.expect_err("a head by now");
    assert!(matches!(error, PullError::Otherwise), "{error}");
    let now = expecting.choose(me()).await.expect("a choice");
    let api = scripted([answer(page(0..3, None))]);
    let pull = Pull::new(&api, &mirror, &clock).expecting(&now);
    pull.run(me(), pages_of(3), &NoProgress).await.expect("as expected");
}

#[tokio::test]
async fn progress_tells_of_each_page_once_it_is_stored() {
    #[derive(Debug, Default)]
    struct Seen(Mutex<Vec<u64>>);

    impl Progress for Seen {
        fn page(&self, progress: &PullProgress) {
            self.0.lock().expect("one thread").push(progress.users);
        }

        fn token_expired(&self, _: &PullProgress) {
            panic!("no token expires here");
        }
    }

    let (mirror, clock, seen) = (MemoryMirrorStore::default(), jumping(), Seen::default());
    let api = scripted([answer(page(0..3, Some(SECOND))), answer(page(3..5, None))]);
    let pull = Pull::new(&api, &mirror, &clock);
    pull.run(me(), pages_of(10), &seen).await.expect("complete");
    assert_eq!(*seen.0.lock().expect("one thread"), [3, 5]);
}

#[tokio::test]
async fn a_run_tells_what_it_returned_and_what_of_it_is_charged() {
    let mut first = Reply::new(page(0..10, Some(SECOND)));
    first.meta.billed = Some(3);
    let api = scripted([Ok(first), answer(page(10..15, None))]);
    let progress = pull(&api, &MemoryMirrorStore::default()).await.expect("complete").progress;
    assert_eq!((progress.reads, progress.billed_reads), (15, 8), "nobody told of the second page");
    assert_eq!(progress.cost(), "0.008".parse::<Usd>().expect("an amount"));
}

/// Pages of nobody, each with a token of its own.
fn empty_pages(count: usize) -> impl Iterator<Item = Result<Reply<BlockingPage>, ApiError>> {
    (0..count).map(|number| answer(page(0..0, Some(&format!("token-of-empty-page-{number:04}")))))
}

#[tokio::test]
async fn a_list_of_nothing_but_empty_pages_ends_with_an_error_that_can_be_gone_on_from() {
    let mirror = MemoryMirrorStore::default();
    let error = pull(&scripted(empty_pages(50)), &mirror).await.expect_err("it would never end");
    let PullError::Api { error, resume_from, progress } = &error else { panic!("{error:?}") };
    assert_eq!((error.kind(), progress.requests), (Failure::Malformed, 50));
    assert_eq!(resume_from.as_ref().map(PageToken::as_str), Some("token-of-empty-page-0049"));

    let report = pull(&scripted([answer(page(0..3, None))]), &mirror).await.expect("the rest");
    assert_eq!((report.snapshot.users, report.snapshot.pages), (3, 51));
}

#[tokio::test]
async fn empty_pages_that_somebody_follows_are_borne() {
    let pages = empty_pages(49).chain([answer(page(0..1, Some(SECOND)))]);
    let again = (50..90).map(|n| answer(page(0..0, Some(&format!("token-of-empty-page-{n:04}")))));
    let pages = pages.chain(again).chain([answer(page(1..2, None))]);
    let report = pull(&scripted(pages), &MemoryMirrorStore::default()).await.expect("complete");
    assert_eq!((report.snapshot.users, report.progress.requests), (2, 91));
}
