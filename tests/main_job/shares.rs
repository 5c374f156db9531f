//! Where one call in twenty goes wrong, the mirror is the world all the same, each fault costs one
//! request at most, and the ledger tells what the server bills.
//!
//! A page that has lost its `next_token` is not among these faults: it looks like the end of the
//! list, and what is not behind it is a matter of belief and not of trying again.

use std::sync::Mutex;
use std::time::Duration;

use blocks_app::{Progress, Pull, PullError, PullProgress, Wanted};
use blocks_domain::{Endpoint, Failure, RateLimit};
use blocks_fake::World;
use blocks_fake::server::{Fault, FaultKind, FaultyHeader};
use jiff::{SignedDuration, Timestamp};

use crate::scene::{Client, Scene, Wrappers, mirrored_ids, pages_of};
use crate::sweeps;

/// The share of calls that a fault meets.
const SHARE: f64 = 0.05;

/// How many pages the list has, where nobody says how long it is.
const PAGES: u32 = 200;

/// What each fault costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cost {
    Nothing,
    /// The call fails and is sent again.
    Call(Failure),
    /// A further page is asked for.
    Page,
    /// The run ends, and the next one goes on at the same page.
    Run,
}

/// A test of a short list for each fault, and a table of all of them.
macro_rules! shares {
    ($($name:ident: $kind:expr => $cost:expr;)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                let met = meet(PAGES, 10, $kind, $cost).await;
                assert!(met.faults >= PAGES as usize / 40, "{} are too few to learn from", met.faults);
            }
        )*

        /// Each fault with its name and its cost.
        fn all() -> Vec<(&'static str, FaultKind, Cost)> {
            vec![$((stringify!($name), $kind, $cost)),*]
        }
    };
}

shares! {
    too_many_requests_without_headers: FaultKind::json(429, r#"{"title":"Too Many Requests"}"#)
        => Cost::Call(Failure::RateLimited);
    internal_error: FaultKind::json(500, r#"{"title":"Internal Error","detail":"Oops"}"#)
        => Cost::Call(Failure::Unavailable);
    service_unavailable: FaultKind::plain(503, "Service Unavailable")
        => Cost::Call(Failure::Unavailable);
    reset: FaultKind::Reset => Cost::Call(Failure::Transport);
    truncated_body: FaultKind::TruncatedBody => Cost::Call(Failure::Transport);
    stalled_body: FaultKind::Stall(Duration::from_millis(20)) => Cost::Call(Failure::Transport);
    malformed_json: FaultKind::MalformedJson => Cost::Call(Failure::Malformed);
    page_without_meta: FaultKind::WithoutMeta => Cost::Call(Failure::Malformed);
    oversized_body: FaultKind::Oversized(Client::MAX_BODY as u64 + 1)
        => Cost::Call(Failure::Malformed);
    empty_page: FaultKind::EmptyPage => Cost::Page;
    duplicate_page: FaultKind::DuplicatePage => Cost::Page;
    page_that_names_itself: FaultKind::RepeatedToken => Cost::Run;
    late: FaultKind::Delay(Duration::from_millis(20)) => Cost::Nothing;
    dripping_body: FaultKind::drip(4096, Duration::from_millis(1)) => Cost::Nothing;
    count_that_is_off: FaultKind::ResultCountOff(-1) => Cost::Nothing;
    no_word_of_what_remains: FaultKind::MissingHeader(FaultyHeader::RateRemaining)
        => Cost::Nothing;
    no_word_of_the_reset: FaultKind::MissingHeader(FaultyHeader::RateReset) => Cost::Nothing;
    nonsense_of_what_remains: FaultKind::WrongHeader(FaultyHeader::RateRemaining, "many".into())
        => Cost::Nothing;
    clock_that_is_slow: FaultKind::ClockOff(SignedDuration::from_secs(-300)) => Cost::Nothing;
}

#[tokio::test]
async fn all_of_them_together() {
    let scene = scene(PAGES * 10).await;
    let ends = |cost| matches!(cost, Cost::Call(_) | Cost::Page);
    let kinds: Vec<_> = all().into_iter().filter(|(_, _, cost)| ends(*cost)).collect();
    // So few of each that hardly any call fails five times in a row, which would end the run.
    for (_, kind, _) in &kinds {
        strike(&scene, kind.clone(), SHARE / 3.0);
    }
    let met = pull(&scene, 10).await;
    assert!(met.faults > PAGES as usize / 10, "{} are too few to learn from", met.faults);
    assert_eq!(met.calls, PAGES as usize + met.faults, "each fault costs one request");
    is_mirrored_and_billed(&scene, met.billed).await;
}

#[tokio::test]
#[ignore = "`cargo xtask sweep` runs it, for as many accounts as it is told"]
async fn as_many_as_are_wanted() {
    let users = sweeps::users_wanted();
    let pages = users.div_ceil(1000);
    for (name, kind, cost) in all() {
        let Met { calls, faults, waited, .. } = meet(pages, 1000, kind, cost).await;
        println!(
            "swept: {users} accounts · requests {calls} · faults {faults} ({name}) · waits \
             {waited:.0}"
        );
    }
}

/// Pulls a list of so many pages while a share of the calls meets a fault.
async fn meet(pages: u32, page: u32, kind: FaultKind, cost: Cost) -> Met {
    let scene = scene(pages * page).await;
    strike(&scene, kind, SHARE);
    let met = pull(&scene, page).await;
    is_mirrored_and_billed(&scene, met.billed).await;

    let (faults, pages) = (met.faults, pages as usize);
    let (failures, more, runs) = match cost {
        Cost::Nothing => (Vec::new(), 0, 1),
        Cost::Call(failure) => (vec![failure; faults], faults, 1),
        Cost::Page => (Vec::new(), faults, 1),
        Cost::Run => (Vec::new(), faults, 1 + faults),
    };
    assert_eq!(met.failures, failures, "each fault costs one call at most");
    assert_eq!((met.calls, met.runs), (pages + more, runs), "each costs one request at most");
    met.waits_no_longer_than_it_must(cost);
    met
}

fn noon() -> Timestamp {
    "2026-08-07T12:00:00.5Z".parse().expect("a time")
}

async fn scene(blocks: u32) -> Scene {
    Scene::of(World::builder().blocks(blocks).still_at(noon())).await
}

fn strike(scene: &Scene, kind: FaultKind, share: f64) {
    let fault = Fault::new(kind).at(Endpoint::GetBlocking);
    scene.world.inject(fault.with_probability(share));
}

/// What the pull of a list met on its way.
#[derive(Debug)]
struct Met {
    faults: usize,
    calls: usize,
    /// What ended the calls that brought no page.
    failures: Vec<Failure>,
    /// How many runs it took.
    runs: usize,
    billed: u64,
    waited: SignedDuration,
}

impl Met {
    /// There is a wait for each window that is used up, a short one before a call is sent again,
    /// and one for a whole window after a refusal that does not say how long.
    fn waits_no_longer_than_it_must(&self, cost: Cost) {
        let windows =
            self.calls.div_ceil(Endpoint::GetBlocking.spec().limit.requests().get() as usize);
        let (refusals, repeats) = match cost {
            Cost::Call(Failure::RateLimited) => (self.faults, 0),
            Cost::Call(_) => (0, self.faults),
            Cost::Nothing | Cost::Page | Cost::Run => (0, 0),
        };
        let waits = u32::try_from(windows - 1 + refusals).expect("few windows");
        let short = Duration::from_secs(3) * u32::try_from(repeats).expect("few faults");
        let most = (RateLimit::WINDOW + Duration::from_secs(1)) * waits + short;
        let most = SignedDuration::try_from(most).expect("days");
        assert!(self.waited <= most, "{:#} is longer than {most:#}: {self:?}", self.waited);
    }
}

/// Pulls the list, in as many runs as it takes.
async fn pull(scene: &Scene, page: u32) -> Met {
    let (client, store, clock) = (scene.client(), scene.store(), scene.clock());
    let (api, faults) = (scene.wrapped(&client, Wrappers::PATIENT, &store), Faults::of(scene));
    let (mut runs, mut billed) = (0, 0);
    loop {
        let pull = Pull::new(&api, &store, &clock).wanting(Wanted::Full);
        let ended = pull.run(scene.owner(), pages_of(page), &faults).await;
        runs += 1;
        match ended {
            Ok(report) => {
                billed += report.progress.billed_reads;
                break;
            }
            Err(PullError::Api { error, progress, .. })
                if error.kind() == Failure::Malformed && error.status().is_none() =>
            {
                billed += progress.billed_reads;
            }
            Err(error) => panic!("{error:?}"),
        }
    }
    let (calls, faults) = (client.calls(), faults.counted());
    let waited = scene.world.now().duration_since(noon());
    let failures = calls.iter().filter_map(|call| call.failure).collect();
    Met { faults, calls: calls.len(), failures, runs, billed, waited }
}

async fn is_mirrored_and_billed(scene: &Scene, billed: u64) {
    let mirrored = mirrored_ids(&scene.store(), scene.owner()).await;
    assert!(mirrored == scene.blocked(scene.owner()), "the mirror is not the world");
    let meter = scene.world.meter();
    assert_eq!(billed, meter.block_reads);
    assert_eq!(scene.billed_reads(noon(), scene.world.now()).await, meter.block_reads);
}

/// Counts the faults that were met, page by page: the world remembers its last requests only.
#[derive(Debug)]
struct Faults {
    world: World,
    count: Mutex<usize>,
}

impl Faults {
    fn of(scene: &Scene) -> Self {
        Self { world: scene.world.clone(), count: Mutex::default() }
    }

    fn counted(&self) -> usize {
        let mut count = self.count.lock().expect("one thread");
        *count += self.world.requests().iter().filter(|request| request.fault.is_some()).count();
        self.world.forget_requests();
        *count
    }
}

impl Progress for Faults {
    fn page(&self, _: &PullProgress) {
        self.counted();
    }

    fn token_expired(&self, _: &PullProgress) {
        unreachable!("no token gets old");
    }
}
