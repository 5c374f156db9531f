//! Many who need the sign-in at once: one exchange for each end of a token, and nobody is signed
//! out.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use blocks_app::{Keeper, KeeperPolicy};
use blocks_domain::Selection;
use blocks_fake::FakeIssuer;
use blocks_http::HttpApi;
use blocks_ports::{
    AccountName, Clock, Credential, CredentialError, CredentialSource, Revision, UsersApi,
    Versioned,
};
use futures_util::future::join_all;
use jiff::Timestamp;

use crate::process::{Process, order, say};
use crate::scene::{Place, Scene, app, work};

const ROUNDS: u64 = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_of_one_process_share_one_refresh() {
    race(1, 64).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_on_one_file_take_turns() {
    race(8, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_of_processes_on_one_file_share_one_refresh() {
    race(8, 8).await;
}

/// How the token of a round comes to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// It has expired.
    Expired,
    /// It still works for a minute, unless somebody refreshes it: then it ends at once.
    Near,
    /// It looks fresh, for everybody's clock is slow, and the server answers 401.
    Refused,
}

impl End {
    const fn of_round(round: u64) -> Self {
        match round % 4 {
            0 => Self::Near,
            2 => Self::Expired,
            _ => Self::Refused,
        }
    }

    /// Moves the time of the world, and tells the one that everybody else believes in, who
    /// believed in another before.
    async fn bring_about(self, scene: &Scene, believed: Timestamp) -> Timestamp {
        let expiry = scene.stored().await.expires_at.expect("an expiry");
        let (world_time, believed) = match self {
            Self::Expired => (expiry, expiry),
            Self::Near => {
                let last_minute = expiry - Duration::from_secs(60);
                (last_minute, last_minute)
            }
            Self::Refused => (scene.world.now() + FakeIssuer::LIFETIME, believed),
        };
        // Where clocks were slow before, the world may be there already.
        let advance = world_time.duration_since(scene.world.now());
        scene.world.advance(advance.try_into().unwrap_or_default());
        believed
    }
}

/// Lets so many tasks of so many processes ask X who they are, all at once, in each round.
async fn race(processes: usize, tasks: usize) {
    let scene = Scene::new().await;
    let start = |_| Process::start("races::a_process_of_the_race", &scene.place);
    let mut processes: Vec<_> = (0..processes).map(start).collect();
    for process in &mut processes {
        process.tell(&tasks.to_string());
        assert_eq!(process.answer(), "ready");
    }
    let mut now = scene.world.now();
    for round in 1..=ROUNDS {
        let end = End::of_round(round);
        now = end.bring_about(&scene, now).await;
        for process in &mut processes {
            process.tell(&now.to_string());
        }
        let refusals = processes.iter_mut().map(Process::answer);
        let refusals: u64 = refusals.map(|count| count.parse::<u64>().expect("a number")).sum();
        assert!(refusals > 0 || end != End::Refused, "round {round}: nobody was refused");

        assert!(scene.world.accepts(&scene.stored().await.access_token), "round {round}");
        let tally = scene.world.sign_in_tally();
        let seen = (tally.calls, tally.exchanges, tally.reuses);
        assert_eq!(seen, (round, round, 0), "round {round}, {end:?}");
    }
}

#[ignore = "the other tests start it, in processes of their own"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_of_the_race() {
    let Some(place) = Place::of_this_process() else { return };
    let tasks: usize = order().parse().expect("how many tasks");
    let clock = ToldClock::default();
    let (issuer, store) = (place.issuer(), Arc::new(place.store()));
    let mut policy = KeeperPolicy::default();
    policy.poll = Duration::from_millis(5);
    let keeper = Keeper::with_policy(app(), issuer, store, Arc::new(clock.clone()), policy);
    let source = Arc::new(Counted { keeper, refusals: AtomicU64::new(0) });
    let api = HttpApi::builder(work(), source.clone()).api_url(&place.url).build();
    let api = Arc::new(api.expect("a client"));
    say("ready");
    loop {
        clock.set(order().parse().expect("a time"));
        let ask = |_| {
            let api = Arc::clone(&api);
            tokio::spawn(async move { api.me(&Selection::default()).await })
        };
        for answer in join_all((0..tasks).map(ask)).await {
            answer.expect("no panic").expect("still signed in");
        }
        say(&source.refusals.swap(0, Ordering::Relaxed).to_string());
    }
}

/// A keeper, and how often it was told of a refusal.
#[derive(Debug)]
struct Counted {
    keeper: Keeper,
    refusals: AtomicU64,
}

#[async_trait]
impl CredentialSource for Counted {
    async fn current(
        &self,
        account: &AccountName,
    ) -> Result<Versioned<Credential>, CredentialError> {
        self.keeper.current(account).await
    }

    async fn rejected(
        &self,
        account: &AccountName,
        revision: Revision,
    ) -> Result<(), CredentialError> {
        self.refusals.fetch_add(1, Ordering::Relaxed);
        self.keeper.rejected(account, revision).await
    }
}

/// A clock that runs on from the time that it was told.
#[derive(Debug, Clone)]
struct ToldClock(Arc<Mutex<(Timestamp, Instant)>>);

impl Default for ToldClock {
    fn default() -> Self {
        Self(Arc::new(Mutex::new((Timestamp::UNIX_EPOCH, Instant::now()))))
    }
}

impl ToldClock {
    fn set(&self, now: Timestamp) {
        *self.0.lock().expect("a time") = (now, Instant::now());
    }
}

#[async_trait]
impl Clock for ToldClock {
    fn now(&self) -> Timestamp {
        let (told, at) = *self.0.lock().expect("a time");
        told + at.elapsed()
    }

    async fn sleep_until(&self, until: Timestamp) {
        let left = until.duration_since(self.now());
        tokio::time::sleep(left.try_into().unwrap_or_default()).await;
    }
}
