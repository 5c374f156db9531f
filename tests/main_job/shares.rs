//! Where one call in twenty goes wrong, the mirror is the world all the same, each fault costs one
//! request at most, and the ledger tells what the server bills.

use std::time::Duration;

use blocks_domain::{Endpoint, Failure};
use blocks_fake::World;
use blocks_fake::server::{Fault, FaultKind};
use jiff::Timestamp;

use crate::scene::{Scene, Wrappers, mirrored_ids, pages_of};

/// The share of calls that a fault meets.
const SHARE: f64 = 0.05;

const PAGES: usize = 200;

/// One test for each fault: what is met, and as what the client knows it.
macro_rules! shares {
    ($($name:ident: $kind:expr => $failure:expr;)*) => {$(
        #[tokio::test]
        async fn $name() {
            costs_one_request_each($kind, $failure).await;
        }
    )*};
}

shares! {
    too_many_requests_without_headers: FaultKind::json(429, r#"{"title":"Too Many Requests"}"#)
        => Some(Failure::RateLimited);
    internal_error: FaultKind::json(500, r#"{"title":"Internal Error","detail":"Oops"}"#)
        => Some(Failure::Unavailable);
    service_unavailable: FaultKind::plain(503, "Service Unavailable")
        => Some(Failure::Unavailable);
    reset: FaultKind::Reset
        => Some(Failure::Transport);
    truncated_body: FaultKind::TruncatedBody
        => Some(Failure::Transport);
    malformed_json: FaultKind::MalformedJson
        => Some(Failure::Malformed);
    late: FaultKind::Delay(Duration::from_millis(20))
        => None;
    dripping: FaultKind::drip(4096, Duration::from_millis(1))
        => None;
}

#[tokio::test]
async fn all_of_them_together() {
    let scene = scene().await;
    let ends = [
        FaultKind::json(429, r#"{"title":"Too Many Requests"}"#),
        FaultKind::plain(503, "Service Unavailable"),
        FaultKind::Reset,
        FaultKind::TruncatedBody,
        FaultKind::MalformedJson,
    ];
    for kind in ends {
        strike_a_share(&scene, kind);
    }
    let met = pull(&scene).await;
    assert!(met.failures.len() > PAGES / 10, "more than one kind is met: {:?}", met.failures);
    assert_eq!(met.failures.len(), met.faults, "each fault costs one request");
}

async fn costs_one_request_each(kind: FaultKind, failure: Option<Failure>) {
    let scene = scene().await;
    strike_a_share(&scene, kind);
    let met = pull(&scene).await;
    assert!(met.faults >= PAGES / 40, "{} faults are too few to learn from", met.faults);
    let cost = if failure.is_some() { met.faults } else { 0 };
    assert_eq!(met.failures, vec![failure; cost], "each fault costs one request at most");
}

fn noon() -> Timestamp {
    "2026-08-07T12:00:00.5Z".parse().expect("a time")
}

async fn scene() -> Scene {
    let blocks = u32::try_from(PAGES).expect("few pages") * 10;
    Scene::of(World::builder().blocks(blocks).still_at(noon())).await
}

fn strike_a_share(scene: &Scene, kind: FaultKind) {
    let fault = Fault::new(kind).at(Endpoint::GetBlocking);
    scene.world.inject(fault.with_probability(SHARE));
}

/// What a pull met on its way.
struct Met {
    /// How many calls met a fault.
    faults: usize,
    /// What ended the calls that brought no page.
    failures: Vec<Option<Failure>>,
}

/// Pulls the list, which must be mirrored as it is, and billed as the server bills it.
async fn pull(scene: &Scene) -> Met {
    let client = scene.client();
    let pulled = scene.pull(&client, Wrappers::PATIENT, pages_of(10)).await.expect("the list");
    assert_eq!(pulled.progress.requests, PAGES as u64, "each page is answered once");
    let mirrored = mirrored_ids(&scene.store(), scene.owner()).await;
    assert_eq!(mirrored, scene.blocked(scene.owner()));

    let meter = scene.world.meter();
    assert_eq!(pulled.progress.billed_reads, meter.block_reads);
    assert_eq!(scene.billed_reads(noon(), scene.world.now()).await, meter.block_reads);

    let requests = scene.world.requests();
    let faults = requests.iter().filter(|request| request.fault.is_some()).count();
    let failures: Vec<_> =
        client.calls().iter().map(|call| call.failure).filter(Option::is_some).collect();
    assert_eq!(client.calls().len(), PAGES + failures.len());
    Met { faults, failures }
}
