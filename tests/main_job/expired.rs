//! A page token that expires costs one reading from the top, and no more in one run.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use blocks_app::{Progress, Pull, PullError, PullProgress};
use blocks_domain::Failure;
use blocks_fake::World;
use blocks_ports::MirrorStore;
use jiff::Timestamp;

use crate::scene::{Behind, Client, Scene, Wrappers, mirrored_ids, pages_of};

const PAGES: u64 = 7;

/// Longer than a page token lives.
const LONG: Duration = Duration::from_secs(25 * 60 * 60);

fn noon() -> Timestamp {
    "2026-08-07T12:00:00Z".parse().expect("a time")
}

async fn scene() -> Scene {
    Scene::of(World::builder().blocks(70).limits(false).still_at(noon())).await
}

#[tokio::test]
async fn a_read_that_lay_too_long_is_read_again_from_the_top() {
    let scene = scene().await;
    {
        let (store, clock, behind) = (scene.store(), scene.clock(), Behind::pages(4));
        let api = scene.wrapped(&scene.client(), Wrappers::PATIENT, &store);
        let pull = Pull::new(&api, &store, &clock);
        let mut pull = pin!(pull.run(scene.owner(), pages_of(10), &behind));
        behind.stop(&mut pull).await;
    }
    scene.world.advance(LONG);
    let client = scene.client();
    let report = scene.pull(&client, Wrappers::PATIENT, pages_of(10)).await.expect("the list");
    assert!(report.progress.restarted && !report.progress.resumed);
    assert_eq!(report.progress.requests, PAGES);
    assert_eq!(client.calls().len() as u64, 1 + PAGES, "one call in vain");
    assert_eq!(readings_from_the_top(&client), 1);
    is_the_world_and_billed_as_it_is(&scene).await;
}

#[tokio::test]
async fn a_token_that_expires_in_the_middle_costs_one_reading_more() {
    let scene = scene().await;
    let (client, long_wait) = (scene.client(), LongWait::after(&scene.world, 3, 1));
    let report = pull(&scene, &client, &long_wait).await.expect("the list");
    assert!(report.restarted);
    assert_eq!(report.requests, 3 + PAGES);
    assert_eq!(client.calls().len() as u64, 3 + 1 + PAGES);
    assert_eq!(readings_from_the_top(&client), 2);
    is_the_world_and_billed_as_it_is(&scene).await;
}

#[tokio::test]
async fn a_second_one_ends_the_run_and_the_next_run_has_one_of_its_own() {
    let scene = scene().await;
    let (client, long_waits) = (scene.client(), LongWait::after(&scene.world, 3, 2));
    let error = pull(&scene, &client, &long_waits).await.expect_err("it expires twice");
    let PullError::Api { error, resume_from, progress } = error else { panic!("{error:?}") };
    assert_eq!(error.kind(), Failure::InvalidRequest);
    assert!(resume_from.is_some() && progress.restarted);
    assert_eq!(readings_from_the_top(&client), 2, "no reading from the top after the second");
    let unfinished = scene.store().unfinished(scene.owner()).await.expect("a mirror");
    assert_eq!(unfinished.expect("a read").checkpoint.pages, 3, "what was read is kept");

    let client = scene.client();
    let report = scene.pull(&client, Wrappers::PATIENT, pages_of(10)).await.expect("the list");
    assert!(report.progress.restarted);
    assert_eq!(client.calls().len() as u64, 1 + PAGES);
    is_the_world_and_billed_as_it_is(&scene).await;
}

async fn pull(
    scene: &Scene,
    client: &Client,
    progress: &LongWait,
) -> Result<PullProgress, PullError> {
    let (store, clock) = (scene.store(), scene.clock());
    let api = scene.wrapped(client, Wrappers::PATIENT, &store);
    let report = Pull::new(&api, &store, &clock).run(scene.owner(), pages_of(10), progress).await;
    report.map(|report| report.progress)
}

fn readings_from_the_top(client: &Client) -> usize {
    client.calls().iter().filter(|call| call.token.is_none()).count()
}

async fn is_the_world_and_billed_as_it_is(scene: &Scene) {
    let mirrored = mirrored_ids(&scene.store(), scene.owner()).await;
    assert_eq!(mirrored, scene.blocked(scene.owner()));
    let billed = scene.billed_reads(noon(), scene.world.now()).await;
    assert_eq!(billed, scene.world.meter().block_reads);
}

/// Lets a day and more pass each time that a read has so many pages.
#[derive(Debug)]
struct LongWait {
    world: World,
    pages: u64,
    left: AtomicU64,
}

impl LongWait {
    fn after(world: &World, pages: u64, times: u64) -> Self {
        Self { world: world.clone(), pages, left: times.into() }
    }
}

impl Progress for LongWait {
    fn page(&self, progress: &PullProgress) {
        let left = self.left.load(Ordering::Relaxed);
        if progress.pages == self.pages && left > 0 {
            self.left.store(left - 1, Ordering::Relaxed);
            self.world.advance(LONG);
        }
    }

    fn token_expired(&self, progress: &PullProgress) {
        assert_eq!(progress.pages, self.pages);
    }
}
