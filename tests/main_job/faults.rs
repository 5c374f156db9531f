//! Whatever goes wrong at a page in the middle: nothing is half-written, nothing is lost, and
//! nothing is read twice but the page that failed.

use blocks_app::PullError;
use blocks_domain::{Endpoint, Failure, PageToken};
use blocks_fake::server::{Fault, FaultKind};
use blocks_ports::{ApiError, MirrorStore, Warning};

use crate::scene::{Call, Client, Scene, Wrappers, mirrored, mirrored_ids, pages_of};

const PAGE: u32 = 10;
const PAGES: u32 = 7;
/// How many pages come before the one that fails.
const BEFORE: u32 = 3;

/// One module for each fault that ends a read: what it is without retries, and with them.
macro_rules! faults {
    ($($name:ident: $kind:expr => $failure:expr, $status:expr;)*) => {$(
        mod $name {
            use super::*;

            #[tokio::test]
            async fn the_read_ends_and_the_next_one_goes_on() {
                ends_and_goes_on($kind, Wrappers::HASTY, $failure, $status).await;
            }

            #[tokio::test]
            async fn trying_again_costs_one_request() {
                costs_one_request($kind, $failure).await;
            }
        }
    )*};
}

faults! {
    json_500: FaultKind::json(500, r#"{"title":"Internal Error","detail":"Oops"}"#)
        => Failure::Unavailable, Some(500);
    html_502: FaultKind::html(502, "<html><h1>Bad Gateway</h1></html>")
        => Failure::Unavailable, Some(502);
    plain_503: FaultKind::plain(503, "Service Unavailable")
        => Failure::Unavailable, Some(503);
    json_that_is_none_504: FaultKind::json(504, "upstream timed out")
        => Failure::Unavailable, Some(504);
    html_200: FaultKind::html(200, "<html><h1>Something went wrong</h1></html>")
        => Failure::Malformed, Some(200);
    empty_200: FaultKind::json(200, "")
        => Failure::Malformed, Some(200);
    too_many_requests_without_headers: FaultKind::json(429, r#"{"title":"Too Many Requests"}"#)
        => Failure::RateLimited, Some(429);
    truncated_body: FaultKind::TruncatedBody
        => Failure::Transport, Some(200);
    reset: FaultKind::Reset
        => Failure::Transport, None;
    malformed_json: FaultKind::MalformedJson
        => Failure::Malformed, Some(200);
    page_without_meta: FaultKind::WithoutMeta
        => Failure::Malformed, Some(200);
    oversized_body: FaultKind::Oversized(Client::MAX_BODY as u64 + 1)
        => Failure::Malformed, Some(200);
    silence: FaultKind::Delay(std::time::Duration::from_secs(3600))
        => Failure::Timeout, None;
}

#[tokio::test]
async fn a_page_that_names_itself_ends_the_read_however_often_one_tries() {
    let kind = || FaultKind::RepeatedToken;
    ends_and_goes_on(kind(), Wrappers::HASTY, Failure::Malformed, None).await;
    // The answer by itself is sound; only who reads on sees that it would never end.
    ends_and_goes_on(kind(), Wrappers::PATIENT, Failure::Malformed, None).await;
}

#[tokio::test]
async fn an_empty_page_with_a_token_is_read_over() {
    let scene = troubled(FaultKind::EmptyPage).await;
    let client = scene.client();
    let report = scene.pull(&client, Wrappers::HASTY, pages_of(PAGE)).await.expect("the list");
    assert_eq!(report.progress.requests, u64::from(PAGES) + 1);
    assert_eq!(report.warnings, []);
    is_mirrored(&scene).await;
}

#[tokio::test]
async fn a_count_that_is_off_is_a_warning() {
    for (off, said) in [(-3, 7), (5, 15)] {
        let scene = troubled(FaultKind::ResultCountOff(off)).await;
        let client = scene.client();
        let report = scene.pull(&client, Wrappers::HASTY, pages_of(PAGE)).await.expect("the list");
        assert_eq!(report.progress.requests, u64::from(PAGES));
        assert_eq!(report.warnings, [Warning::ResultCount { said, found: u64::from(PAGE) }]);
        is_mirrored(&scene).await;
    }
}

#[tokio::test]
async fn an_answer_that_is_late_and_in_time_is_an_answer() {
    let scene = troubled(FaultKind::Delay(std::time::Duration::from_millis(5))).await;
    let client = scene.client();
    let report = scene.pull(&client, Wrappers::HASTY, pages_of(PAGE)).await.expect("the list");
    assert_eq!(report.progress.requests, u64::from(PAGES));
    is_mirrored(&scene).await;
}

/// The read ends with `failure` at the page; what was shown stays, and a patient pull goes on.
async fn ends_and_goes_on(
    kind: FaultKind,
    wrappers: Wrappers,
    failure: Failure,
    status: Option<u16>,
) {
    let scene = troubled(kind).await;
    let store = scene.store();
    let before = store.snapshot(scene.owner()).await.expect("a mirror").expect("the first pull");
    let shown = mirrored(&store, scene.owner()).await;

    let client = client(&scene, failure);
    let stopped = scene.pull(&client, wrappers, pages_of(PAGE)).await.expect_err("a fault");
    let (error, resume_from) = at_the_page(stopped);
    assert_eq!((error.kind(), error.status()), (failure, status), "{error:?}");
    let calls = client.calls();
    assert_eq!(calls.len(), BEFORE as usize + 1);
    assert_eq!(resume_from, calls[BEFORE as usize].token, "the page that failed");
    let unfinished = store.unfinished(scene.owner()).await.expect("a mirror").expect("a read");
    assert_eq!(unfinished.users, u64::from(BEFORE * PAGE), "whole pages and no more");
    assert_eq!(store.snapshot(scene.owner()).await.expect("a mirror"), Some(before));
    assert_eq!(mirrored(&store, scene.owner()).await, shown);

    let client = scene.client();
    let report = scene.pull(&client, Wrappers::PATIENT, pages_of(PAGE)).await.expect("the rest");
    assert!(report.progress.resumed && !report.progress.restarted);
    assert_eq!(client.calls()[0].token, resume_from, "it begins with the page that failed");
    assert_eq!(report.progress.requests, u64::from(PAGES - BEFORE));
    assert_eq!(client.calls().len(), (PAGES - BEFORE) as usize);
    is_mirrored(&scene).await;
}

async fn costs_one_request(kind: FaultKind, failure: Failure) {
    let scene = troubled(kind).await;
    let client = client(&scene, failure);
    let report = scene.pull(&client, Wrappers::PATIENT, pages_of(PAGE)).await.expect("the list");
    let calls = client.calls();
    let failed: Vec<_> = calls.iter().filter(|call| call.failure.is_some()).collect();
    let again = &calls[BEFORE as usize + 1];
    assert_eq!(failed, [&Call { failure: Some(failure), ..again.clone() }], "the same page again");
    assert_eq!((calls.len(), report.progress.requests), (PAGES as usize + 1, u64::from(PAGES)));
    is_mirrored(&scene).await;
}

/// A list that was mirrored and has changed since, and a fault at a page in the middle of it.
async fn troubled(kind: FaultKind) -> Scene {
    let scene = Scene::with_blocks(PAGE * PAGES).await;
    scene.pull(&scene.client(), Wrappers::HASTY, pages_of(100)).await.expect("the list");
    let blocked = scene.blocked(scene.owner());
    for (number, old) in (0..).zip(blocked.iter().step_by(9)) {
        scene.world.unblock(scene.pair(*old)).expect("no longer blocked");
        scene.world.block(scene.pair(scene.world.stranger(number))).expect("blocked");
    }
    // A page can name itself only when it has a token, so the first call does not count.
    let before = BEFORE - u32::from(kind == FaultKind::RepeatedToken);
    scene.world.inject(Fault::new(kind).at(Endpoint::GetBlocking).after(before));
    scene
}

/// A client that does not wait long where it would wait for nothing.
fn client(scene: &Scene, failure: Failure) -> Client {
    if failure == Failure::Timeout { scene.hurried_client() } else { scene.client() }
}

fn at_the_page(stopped: PullError) -> (ApiError, Option<PageToken>) {
    match stopped {
        PullError::Api { error, resume_from, progress } => {
            assert_eq!((progress.users, progress.pages), ((BEFORE * PAGE).into(), BEFORE.into()));
            (error, resume_from)
        }
        other => panic!("{other:?}"),
    }
}

async fn is_mirrored(scene: &Scene) {
    let mirrored = mirrored_ids(&scene.store(), scene.owner()).await;
    assert_eq!(mirrored, scene.blocked(scene.owner()));
}
