//! `kill -9` at every step of a refresh: afterwards the account is signed in, or the process died
//! between the exchange and the write, which costs the sign-in and nothing else.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use blocks_app::Keeper;
use blocks_fake::stores::{JumpingClock, ManualClock};
use blocks_fake::{FakeIssuer, IssuerFault};
use blocks_http::HttpTokenIssuer;
use blocks_ports::{
    AccountName, App, AuthorizationGrant, Claim, Credential, CredentialError, CredentialSource,
    IssueError, Lease, Revision, StoreError, Swap, TokenGrant, TokenIssuer, TokenStore, Versioned,
};
use blocks_sqlite::SqliteStore;
use jiff::Timestamp;
use secrecy::SecretString;

use crate::process::{Process, order, say};
use crate::scene::{Place, Scene, app, oauth2, work};

/// What is left after a death.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// A sign-in that works, with nothing to do for the person.
    SignedIn,
    /// A spent refresh token: the case that nobody can avoid.
    Ended,
}

use Left::{Ended, SignedIn};

/// A call of a port, with what is left by a death just before it and just after it.
type Call = (&'static str, Left, Left);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_death_between_the_exchange_and_the_write_costs_the_sign_in() {
    let calls = [
        ("load", SignedIn, SignedIn),
        ("load", SignedIn, SignedIn),
        ("claim", SignedIn, SignedIn),
        ("load", SignedIn, SignedIn),
        ("refresh", SignedIn, Ended),
        ("swap", Ended, SignedIn),
        ("release", SignedIn, SignedIn),
    ];
    for step in all_steps_of(&calls, None).await {
        step.die(None).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_death_after_an_answer_was_lost_costs_no_more_than_the_loss() {
    let calls = [
        ("load", SignedIn, SignedIn),
        ("load", SignedIn, SignedIn),
        ("claim", SignedIn, SignedIn),
        ("load", SignedIn, SignedIn),
        ("refresh", SignedIn, Ended),
        ("load", Ended, Ended),
        ("release", Ended, Ended),
    ];
    let lost = Some(IssuerFault::AnswerLost);
    let steps = all_steps_of(&calls, lost).await;
    // Up to the request it is a refresh like any other.
    for step in steps.iter().skip_while(|step| step.name != "after refresh") {
        step.die(lost).await;
    }
}

/// A place at which a process can die.
struct Step {
    number: usize,
    name: String,
    left: Left,
}

/// The steps of a refresh that makes these calls, after making sure that it makes no others.
async fn all_steps_of(calls: &[Call], fault: Option<IssuerFault>) -> Vec<Step> {
    let names = calls.iter().flat_map(|(call, before, after)| {
        [(format!("before {call}"), *before), (format!("after {call}"), *after)]
    });
    let steps = names.enumerate().map(|(number, (name, left))| Step { number, name, left });
    let steps: Vec<_> = steps.collect();
    let mut dying = Dying::begin(usize::MAX, fault).await;
    let made: Vec<_> = std::iter::repeat_with(|| dying.process.answer())
        .take_while(|step| step != "done")
        .collect();
    assert!(made.iter().eq(steps.iter().map(|step| &step.name)), "it makes {made:?}");
    steps
}

impl Step {
    /// Kills a process at this step, and looks at what is left.
    async fn die(&self, fault: Option<IssuerFault>) {
        let mut dying = Dying::begin(self.number, fault).await;
        let steps: Vec<_> = (0..=self.number).map(|_| dying.process.answer()).collect();
        assert_eq!(steps.last(), Some(&self.name));
        dying.process.kill();
        if let Err(found) = find(self.left, &dying.scene).await {
            panic!("{} is left {:?}, but {found}", self.name, self.left);
        }
    }
}

/// A process in the middle of a refresh.
struct Dying {
    scene: Scene,
    process: Process,
}

impl Dying {
    /// A process that finds an expired token and stops at a step of its refresh, by number.
    async fn begin(step: usize, fault: Option<IssuerFault>) -> Self {
        let scene = Scene::new().await;
        scene.world.advance(FakeIssuer::LIFETIME);
        if let Some(fault) = fault {
            scene.world.spoil_refresh(fault);
        }
        let mut process = Process::start("killed::a_process_that_stops", &scene.place);
        process.tell(&step.to_string());
        process.tell(&scene.world.now().to_string());
        Self { scene, process }
    }
}

/// Asks for the sign-in as the next process does, until the lease of the dead one has ended.
async fn find(left: Left, scene: &Scene) -> Result<(), String> {
    let store = Arc::new(scene.place.store());
    store.check().await.map_err(|error| format!("the database is damaged: {error}"))?;
    let before = store.load(&work()).await.expect("it loads");
    let clock = Arc::new(JumpingClock::new(scene.world.now()));
    let keeper = Keeper::new(app(), scene.place.issuer(), store.clone(), clock);
    let found = keeper.current(&work()).await;
    match left {
        SignedIn => works(scene, found)?,
        Ended => {
            let Err(CredentialError::Ended { .. }) = found else {
                return Err(format!("{found:?}"));
            };
            let after = store.load(&work()).await.expect("it loads");
            assert_eq!(after, before, "nothing is deleted");
            scene.sign_in().await;
            works(scene, keeper.current(&work()).await)?;
        }
    }
    let tally = scene.world.sign_in_tally();
    let reuses = if left == Ended { 1 } else { 0 };
    assert_eq!((tally.exchanges, tally.reuses), (1, reuses));
    Ok(())
}

fn works(
    scene: &Scene,
    found: Result<Versioned<Credential>, CredentialError>,
) -> Result<(), String> {
    match found {
        Ok(found) if scene.world.accepts(&oauth2(&found).access_token) => Ok(()),
        found => Err(format!("{found:?}")),
    }
}

#[ignore = "the other tests start it, in a process of its own"]
#[tokio::test]
async fn a_process_that_stops() {
    let Some(place) = Place::of_this_process() else { return };
    let stop_at = order().parse().expect("the number of a step");
    let now = order().parse().expect("a time");
    let steps = Arc::new(Steps { stop_at, reached: AtomicUsize::new(0) });
    let store = Watched { inner: place.store(), steps: Arc::clone(&steps) };
    let issuer = Watched { inner: place.issuer(), steps };
    let clock = Arc::new(ManualClock::new(now));
    let keeper = Keeper::new(app(), Arc::new(issuer), Arc::new(store), clock);
    // What it comes to is found out by the next process.
    let _ = keeper.current(&work()).await;
    say("done");
}

/// The steps of a process, of which one is its last.
#[derive(Debug)]
struct Steps {
    stop_at: usize,
    reached: AtomicUsize,
}

impl Steps {
    fn reach(&self, step: fmt::Arguments<'_>) {
        say(&step.to_string());
        if self.reached.fetch_add(1, Ordering::SeqCst) == self.stop_at {
            // Nobody gives another order, so this waits for the end.
            order();
        }
    }

    async fn around<T>(&self, call: &str, work: impl Future<Output = T>) -> T {
        self.reach(format_args!("before {call}"));
        let done = work.await;
        self.reach(format_args!("after {call}"));
        done
    }
}

/// A port whose calls are steps.
#[derive(Debug)]
struct Watched<P> {
    inner: P,
    steps: Arc<Steps>,
}

#[async_trait]
impl TokenStore for Watched<SqliteStore> {
    async fn load(
        &self,
        account: &AccountName,
    ) -> Result<Versioned<Option<Credential>>, StoreError> {
        self.steps.around("load", self.inner.load(account)).await
    }

    async fn claim(
        &self,
        account: &AccountName,
        base: Revision,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<Claim, StoreError> {
        self.steps.around("claim", self.inner.claim(account, base, ttl, now)).await
    }

    async fn swap(
        &self,
        account: &AccountName,
        expected: Revision,
        credential: Option<Credential>,
    ) -> Result<Swap, StoreError> {
        self.steps.around("swap", self.inner.swap(account, expected, credential)).await
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        self.steps.around("release", self.inner.release(lease)).await
    }
}

#[async_trait]
impl TokenIssuer for Watched<Arc<HttpTokenIssuer>> {
    async fn exchange(
        &self,
        app: &App,
        grant: &AuthorizationGrant,
    ) -> Result<TokenGrant, IssueError> {
        self.steps.around("exchange", self.inner.exchange(app, grant)).await
    }

    async fn refresh(
        &self,
        app: &App,
        refresh_token: &SecretString,
    ) -> Result<TokenGrant, IssueError> {
        self.steps.around("refresh", self.inner.refresh(app, refresh_token)).await
    }

    async fn revoke(&self, app: &App, token: &SecretString) -> Result<(), IssueError> {
        self.steps.around("revoke", self.inner.revoke(app, token)).await
    }
}
