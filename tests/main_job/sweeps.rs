//! A list of any length takes the fewest requests and the fewest windows that there can be.

use std::fmt;
use std::time::{Duration, Instant};

use blocks_domain::{Endpoint, RateLimit};
use blocks_fake::World;
use jiff::{SignedDuration, Timestamp};

use crate::scene::{Scene, Wrappers, mirrored_ids, pages_of};

#[tokio::test]
async fn one_page() {
    assert_eq!(sweep(1_000).await.windows, 1);
}

#[tokio::test]
async fn one_window() {
    assert_eq!(sweep(15_000).await.windows, 1);
}

#[tokio::test]
async fn a_page_beyond_a_window() {
    assert_eq!(sweep(15_001).await.windows, 2);
}

#[tokio::test]
async fn seven_windows() {
    assert_eq!(sweep(100_000).await.windows, 7);
}

/// The number of accounts that `cargo xtask sweep` wants; it reads what is printed.
const USERS: &str = "BLOCKS_SWEEP_USERS";

#[tokio::test]
#[ignore = "`cargo xtask sweep` runs it, for as many accounts as it is told"]
async fn as_many_as_are_wanted() {
    println!("{}", sweep(users_wanted()).await);
}

pub(crate) fn users_wanted() -> u32 {
    let users = std::env::var(USERS).expect("a number of accounts");
    users.parse().expect("a number")
}

/// What the pull of a list took.
struct Swept {
    users: u32,
    requests: u32,
    windows: u32,
    waited: SignedDuration,
    took: Duration,
}

impl fmt::Display for Swept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { users, requests, windows, waited, took } = self;
        let seconds = took.as_secs_f64();
        write!(
            f,
            "swept: {users} accounts · requests {requests} · windows {windows} · waits \
             {waited:.0} · took {seconds:.1} s"
        )
    }
}

/// Pulls a list of so many users, and holds what that takes against the least that it can take.
async fn sweep(users: u32) -> Swept {
    // Half a second off, because the headers tell whole ones.
    let noon: Timestamp = "2026-08-07T12:00:00.5Z".parse().expect("a time");
    let scene = Scene::of(World::builder().blocks(users).still_at(noon)).await;
    let (client, began) = (scene.client(), Instant::now());
    let report = scene.pull(&client, Wrappers::PATIENT, pages_of(1000)).await.expect("everybody");
    let took = began.elapsed();

    let requests = users.div_ceil(1000);
    let windows = requests.div_ceil(Endpoint::GetBlocking.spec().limit.requests().get());
    let calls = client.calls();
    assert!(calls.iter().all(|call| call.failure.is_none()), "nothing was sent in vain");
    assert_eq!((report.progress.requests, calls.len()), (requests.into(), requests as usize));
    let waited = scene.world.now().duration_since(noon);
    let waits = i32::try_from(windows).expect("few windows") - 1;
    let least = SignedDuration::try_from(RateLimit::WINDOW).expect("minutes") * waits;
    let off = (waited - least).abs();
    assert!(off <= SignedDuration::from_secs(1) * waits, "{waits} waits took {waited:#}");

    assert!(
        mirrored_ids(&scene.store(), scene.owner()).await == scene.blocked(scene.owner()),
        "the mirror is not the world"
    );
    let meter = scene.world.meter();
    assert_eq!(report.progress.billed_reads, meter.block_reads);
    assert_eq!(scene.billed_reads(noon, scene.world.now()).await, meter.block_reads);
    Swept { users, requests, windows, waited, took }
}
