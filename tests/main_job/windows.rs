//! The rate windows are used up and never overrun.

use std::time::Duration;

use blocks_app::{NoProgress, Pull, PullError};
use blocks_domain::{Failure, RateLimit};
use blocks_fake::World;
use jiff::{SignedDuration, Timestamp};

use crate::scene::{Scene, Wrappers, mirrored_ids, pages_of};

/// Half a second off, because the headers tell whole ones.
fn noon() -> Timestamp {
    "2026-08-07T12:00:00.5Z".parse().expect("a time")
}

/// When the window that begins with a call at [`noon`] ends, in whole seconds.
fn next_window() -> Timestamp {
    "2026-08-07T12:15:00Z".parse().expect("a time")
}

#[tokio::test]
async fn thirty_one_pages_take_three_windows_and_no_refusal() {
    let scene = Scene::of(World::builder().blocks(31_000).still_at(noon())).await;
    let client = scene.client();
    let report = scene.pull(&client, Wrappers::PATIENT, pages_of(1000)).await.expect("everybody");

    let calls = client.calls();
    assert_eq!((report.progress.requests, calls.len()), (31, 31));
    assert!(calls.iter().all(|call| call.failure.is_none()), "{calls:?}");
    let waited = scene.world.now().duration_since(noon());
    let two_windows = SignedDuration::try_from(2 * RateLimit::WINDOW).expect("half an hour");
    let off = (waited - two_windows).abs();
    assert!(off <= SignedDuration::from_secs(2), "waited {waited:#} for two windows");
    assert_eq!(mirrored_ids(&scene.store(), scene.owner()).await, scene.blocked(scene.owner()));
}

#[tokio::test]
async fn a_window_that_somebody_else_spent_costs_one_refused_call() {
    let scene = Scene::of(World::builder().blocks(200).still_at(noon())).await;
    // Without a pace, the sixteenth page is refused, and the headers say until when.
    let (unpaced, store) = (scene.client(), scene.store());
    let clock = scene.clock();
    let pull = Pull::new(&unpaced, &store, &clock);
    let error = pull.run(scene.owner(), pages_of(10), &NoProgress).await.expect_err("refused");
    let PullError::Api { error, progress, .. } = error else { panic!("{error:?}") };
    assert_eq!((error.kind(), progress.pages), (Failure::RateLimited, 15));
    let told = error.rate().expect("the headers tell the window");
    assert_eq!((told.remaining(), told.reset()), (0, next_window()));

    let client = scene.client();
    let report = scene.pull(&client, Wrappers::PATIENT, pages_of(10)).await.expect("the rest");
    assert!(report.progress.resumed);
    let failures: Vec<_> = client.calls().into_iter().map(|call| call.failure).collect();
    assert_eq!(failures, [Some(Failure::RateLimited), None, None, None, None, None]);
    let late = scene.world.now().duration_since(next_window());
    assert!(late.unsigned_abs() < Duration::from_secs(1), "{late:#} after the window began");
}

#[tokio::test]
async fn a_spent_window_is_an_error_for_those_who_do_not_want_to_wait() {
    let scene = Scene::of(World::builder().blocks(200).still_at(noon())).await;
    let client = scene.client();
    let error = scene.pull(&client, Wrappers::HASTY, pages_of(10)).await.expect_err("spent");
    let PullError::Api { error, progress, .. } = error else { panic!("{error:?}") };
    assert_eq!((error.kind(), progress.users), (Failure::RateLimited, 150));
    assert!(client.calls().iter().all(|call| call.failure.is_none()), "nothing was sent in vain");

    scene.world.advance(RateLimit::WINDOW);
    let report = scene.pull(&client, Wrappers::HASTY, pages_of(10)).await.expect("the rest");
    assert_eq!(
        (report.progress.resumed, report.progress.requests, report.snapshot.users),
        (true, 5, 200)
    );
}
