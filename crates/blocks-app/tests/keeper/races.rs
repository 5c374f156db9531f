//! Many who ask at once: one exchange for each expiry, and nobody is signed out.

use std::sync::Arc;
use std::time::Duration;

use blocks_app::Keeper;
use blocks_fake::FakeIssuer;
use blocks_fake::stores::ManualClock;
use blocks_ports::{Clock, Credential, CredentialSource, TokenStore, Versioned};
use blocks_sqlite::SqliteStore;
use futures_util::future::join_all;

use crate::support::{Home, app, clock, drive, long_lease, oauth2, sign_in, work};

const ROUNDS: u64 = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tasks_of_one_process_share_one_refresh() {
    let home = Home::new().await;
    let keeper = home.keeper();
    for round in 1..=ROUNDS {
        home.expire();
        let found = home.drive(ask_all([&keeper], 64)).await;
        let first = &found[0];
        assert!(found.iter().all(|other| other == first), "round {round}");
        assert!(home.issuer.accepts(&oauth2(first).access_token), "round {round}");
        assert_eq!(home.issuer.tally().exchanges, round);
    }
    assert_eq!(home.issuer.tally().reuses, 0);
}

/// Keepers that know nothing of each other, each on its own handle of one file.
struct Processes {
    keepers: Vec<Keeper>,
    store: SqliteStore,
    issuer: FakeIssuer,
    clock: ManualClock,
    _dir: tempfile::TempDir,
}

impl Processes {
    const COUNT: usize = 8;
    const TASKS: usize = 4;

    async fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let open = || SqliteStore::open(dir.path().join("blocks.db")).expect("it opens");
        let (store, clock) = (open(), clock());
        let issuer = FakeIssuer::delayed(Arc::new(clock.clone()), Duration::from_secs(1));
        sign_in(&store, &issuer, &clock).await;
        let keeper = |_| {
            let (issuer, clock) = (Arc::new(issuer.clone()), Arc::new(clock.clone()));
            Keeper::with_policy(app(), issuer, Arc::new(open()), clock, long_lease())
        };
        let keepers = (0..Self::COUNT).map(keeper).collect();
        Self { keepers, store, issuer, clock, _dir: dir }
    }

    async fn ask(&self) -> Vec<Versioned<Credential>> {
        drive(&self.clock, ask_all(&self.keepers, Self::TASKS)).await
    }

    async fn stored(&self) -> Versioned<Option<Credential>> {
        self.store.load(&work()).await.expect("it loads")
    }

    /// Lets the stored token come so close to its expiry.
    async fn pass_until(&self, before_expiry: Duration) {
        let Some(Credential::OAuth2(stored)) = self.stored().await.value else {
            panic!("signed out");
        };
        let until = stored.expires_at.expect("an expiry") - before_expiry;
        self.clock.advance(until.duration_since(self.clock.now()).unsigned_abs());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_on_one_file_take_turns() {
    let processes = Processes::new().await;
    for round in 1..=ROUNDS {
        processes.pass_until(Duration::ZERO).await;
        let found = processes.ask().await;
        assert!(found.iter().all(|other| *other == found[0]), "round {round}");
        assert!(processes.issuer.accepts(&oauth2(&found[0]).access_token), "round {round}");
        assert_eq!(processes.issuer.tally().exchanges, round);
    }
    assert_eq!(processes.issuer.tally().reuses, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_expiry_a_refusal_and_a_token_that_still_works_cost_one_exchange_each() {
    let processes = Processes::new().await;
    for round in 1..=ROUNDS {
        let before = processes.stored().await;
        match round % 3 {
            0 => processes.pass_until(Duration::ZERO).await,
            1 => processes.pass_until(Duration::from_secs(60)).await,
            _ => {
                for keeper in &processes.keepers {
                    keeper.rejected(&work(), before.revision).await.expect("noted");
                }
            }
        }
        let found = processes.ask().await;
        let works = |credential: &&Versioned<Credential>| {
            round % 3 == 1 && credential.revision == before.revision
                || processes.issuer.accepts(&oauth2(credential).access_token)
        };
        assert!(found.iter().all(|credential| works(&credential)), "round {round}");
        drive(&processes.clock, join_all(processes.keepers.iter().map(Keeper::settle))).await;
        assert_eq!(processes.issuer.tally().exchanges, round);
    }
    assert_eq!(processes.issuer.tally().reuses, 0);
}

/// Lets so many tasks ask each keeper, all at once.
async fn ask_all(
    keepers: impl IntoIterator<Item = &Keeper>,
    tasks: usize,
) -> Vec<Versioned<Credential>> {
    let callers = keepers.into_iter().flat_map(|keeper| std::iter::repeat_n(keeper, tasks));
    let tasks: Vec<_> = callers
        .cloned()
        .map(|keeper| tokio::spawn(async move { keeper.current(&work()).await }))
        .collect();
    let found = join_all(tasks).await.into_iter();
    found.map(|end| end.expect("no panic").expect("still signed in")).collect()
}
