//! Trouble in the midst of what the mirror, the journal and the ledger do.
//!
//! Each kind of trouble befalls each step that writes. The step must fail as the port says, nothing
//! may be lost by it, and when the trouble is over it must succeed.

mod busy;
mod damaged;
mod full;
mod read_only;
mod torn;
mod waiting;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use blocks_domain::{BillingDay, BlockPair, Charge, Whereabouts, Witness};
use blocks_ports::{
    Amended, Amendment, ChangeQuery, Forget, Ledger, MirrorJournal, MirrorQuery, OperationId,
    OperationKind, OperationOutcome, OperationQuery, SetAside, StoreError, StoreFailure,
};
use futures_util::TryStreamExt;

use super::*;
use crate::mirror::finish::finish;
use crate::store::off_runtime;

/// The accounts, by the read that is under way: one that is short of its end, a whole one of the
/// whole list, a whole one of the head, and none.
const READING: u64 = 1;
const WHOLE: u64 = 2;
const HEAD: u64 = 3;
const QUIET: u64 = 4;
const ACCOUNTS: [u64; 4] = [READING, WHOLE, HEAD, QUIET];

/// Something that writes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    Begin,
    Append,
    SetAside,
    Finish,
    FinishHead,
    Block,
    Unblock,
    Rename,
    Find,
    Enter,
    Settle,
    Bill,
    Forget,
    ForgetEverything,
}

const STEPS: [Step; 14] = [
    Step::Append,
    Step::Begin,
    Step::Block,
    Step::Rename,
    Step::Unblock,
    Step::Find,
    Step::SetAside,
    Step::Finish,
    Step::FinishHead,
    Step::Enter,
    Step::Settle,
    Step::Bill,
    Step::Forget,
    Step::ForgetEverything,
];

/// A handle on a file in which each step has something to do.
struct Scene {
    store: SqliteStore,
    /// Of the accounts with a read, in their order.
    holds: Vec<(Fence, HoldGuard)>,
    /// What the connections are told as long as the trouble lasts.
    pragma: &'static str,
}

impl Scene {
    /// Makes the file, and closes it.
    async fn write(path: &Path) {
        let scene = Self::open(path).await.expect("open");
        for account in ACCOUNTS {
            mirror(&scene.store, id(account), users(100..140)).await;
        }
        drop(scene);
        let scene = Self::open_and_hold(path).await.expect("open");
        let pages = [
            page_before("the-second-page-is", users([1, 100, 101])),
            last_page(users(110..150)),
            last_page(users(90..105)).on_known_ground(),
        ];
        for ((account, page), (fence, _)) in ACCOUNTS.into_iter().zip(pages).zip(&scene.holds) {
            let read = scene.store.begin(id(account), *fence, ReadKind::Full, NOW).await;
            let read = read.expect("begun");
            let appended = scene.store.append(read.id, *fence, &read.checkpoint, &page).await;
            assert!(matches!(appended, Ok(Append::Appended(_))), "{appended:?}");
        }
        let gone = Amendment::new(user(120), false, Witness::Event, NOW).by_event("gone");
        scene.store.amend(id(QUIET), &gone).await.expect("amended");
        scene.take(Step::Enter).await.expect("entered");
        let billed = scene.store.bill(id(7), Charge::BlockRead, &[id(1)], NOW).await;
        assert_eq!(billed.expect("billed"), 1);
        scene.store.erase_traces().await.expect("no page is free");
    }

    async fn open(path: &Path) -> Result<Self, StoreError> {
        let store = SqliteStore::open_within(path, Duration::from_millis(5))?;
        Ok(Self { store, holds: Vec::new(), pragma: "" })
    }

    async fn open_and_hold(path: &Path) -> Result<Self, StoreError> {
        let mut scene = Self::open(path).await?;
        for account in [READING, WHOLE, HEAD] {
            match scene.store.hold(id(account)).await? {
                Hold::Held { fence, guard } => scene.holds.push((fence, guard)),
                busy => panic!("{busy:?}"),
            }
        }
        Ok(scene)
    }

    /// Tells the connection of the handle something, and those that a step opens.
    fn tell(&mut self, pragma: &'static str) {
        let connection = self.store.connection.try_lock().expect("nobody else");
        connection.execute_batch(pragma).expect("told");
        self.pragma = pragma;
    }

    /// Takes a step, as if for the first time.
    async fn take(&self, step: Step) -> Result<(), StoreError> {
        let (store, quiet, pair) = (&self.store, id(QUIET), BlockPair::new(id(7), id(8)));
        let pair = pair.expect("two users");
        let amend = async |user, blocked, expected| {
            let told = Amendment::new(user, blocked, Witness::Operation, NOW);
            let amended = store.amend(quiet, &told.by_event(format!("{step:?}"))).await?;
            as_expected(amended == expected, step)
        };
        match step {
            Step::Begin => {
                store.begin(id(READING), self.fence(READING), ReadKind::Head, NOW).await.map(drop)
            }
            Step::Append => {
                let Some(read) = store.unfinished(id(READING)).await? else {
                    return as_expected(false, step);
                };
                let (page, fence) = (last_page(users(102..140)), self.fence(READING));
                let answer = store.append(read.id, fence, &read.checkpoint, &page).await?;
                as_expected(matches!(answer, Append::Appended(_)), step)
            }
            Step::SetAside => {
                let Some(read) = store.unfinished(id(WHOLE)).await? else {
                    return as_expected(false, step);
                };
                let answer = store.set_aside(read.id, self.fence(WHOLE)).await?;
                as_expected(matches!(answer, SetAside::Aside(_)), step)
            }
            Step::Finish => self.finish(WHOLE).await,
            Step::FinishHead => self.finish(HEAD).await,
            Step::Block => amend(user(1), true, Amended::Changed).await,
            Step::Unblock => amend(user(139), false, Amended::Changed).await,
            Step::Rename => {
                let mut renamed = user(138);
                renamed.name = Some("Another".into());
                amend(renamed, true, Amended::Unchanged).await
            }
            Step::Find => store.find(quiet, id(120), Whereabouts::Suspended, NOW).await,
            Step::Enter => store.enter(pair, OperationKind::Block, NOW).await.map(drop),
            Step::Settle => {
                let settled =
                    store.settle(OperationId::new(1), OperationOutcome::Lost, NOW).await?;
                as_expected(settled, step)
            }
            Step::Bill => {
                let users: Vec<_> = (1..=100).map(id).collect();
                store.bill(id(7), Charge::BlockRead, &users, NOW).await.map(drop)
            }
            Step::Forget => store.forget(quiet, Forget::Profiles { before: None }).await.map(drop),
            Step::ForgetEverything => store.forget(quiet, Forget::Everything).await.map(drop),
        }
    }

    fn fence(&self, account: u64) -> Fence {
        self.holds[account as usize - 1].0
    }

    /// Finishes the read of an account, on a connection that knows of the trouble.
    async fn finish(&self, account: u64) -> Result<(), StoreError> {
        let aside = self.store.aside(id(account)).await?;
        let Some(read) = self.store.unfinished(id(account)).await?.or(aside) else {
            return as_expected(false, Step::Finish);
        };
        let (file, fence) = (Arc::clone(&self.store.file), self.fence(account));
        let pragma = self.pragma;
        let finished = off_runtime(move || {
            let mut connection = file.connect_to_write()?;
            connection.execute_batch(pragma)?;
            finish(&mut connection, read.id, fence, NOW)
        });
        let finished = finished.await.map_err(|fault| fault.at(self.store.path()))?;
        self.store.sweep().await;
        as_expected(matches!(finished, Finish::Finished(_)), Step::Finish)
    }

    /// Everything that the file shows.
    async fn shown(&self) -> Result<String, StoreError> {
        let store = &self.store;
        let mut shown = String::new();
        for account in ACCOUNTS.map(id) {
            let mut newest = MirrorQuery::default();
            newest.order = blocks_ports::MirrorOrder::Username;
            let entries: Vec<_> = store.entries(account, newest).try_collect().await?;
            let changes = store.changes(account, ChangeQuery::default());
            let changes: Vec<_> = changes.try_collect().await?;
            let reads = [store.unfinished(account).await?, store.aside(account).await?];
            shown += &format!("{reads:?}\n");
            for read in reads.iter().flatten() {
                let differences: Vec<_> = store.differences(read.id).try_collect().await?;
                shown += &format!("{differences:?}\n");
            }
            let snapshot = store.snapshot(account).await?;
            shown += &format!("{snapshot:?} {entries:?} {changes:?}\n");
        }
        let operations = store.operations(id(7), OperationQuery::default());
        let operations: Vec<_> = operations.try_collect().await?;
        let spent = store.spent(id(7), BillingDay::of(NOW)).await?;
        Ok(format!("{shown}{operations:?} {spent:?}"))
    }
}

/// Fails unless a step was answered as it must be; a file that is damaged may answer otherwise.
fn as_expected(answered: bool, step: Step) -> Result<(), StoreError> {
    if answered {
        return Ok(());
    }
    let message = format!("`blocks.db` has another answer to {step:?}");
    Err(StoreError::new(StoreFailure::Damaged, message))
}

/// A copy of the file, with nothing beside it.
fn copy(from: &Path, dir: &TempDir, name: &str) -> PathBuf {
    let path = dir.path().join(name).join("blocks.db");
    fs::create_dir(path.parent().expect("a directory")).expect("new");
    fs::copy(from, &path).expect("copied");
    path
}

/// Lets trouble befall each step. Reading goes on all the while, and shows what it showed before.
async fn befall(
    failure: StoreFailure,
    said: &str,
    make_trouble: impl Fn(&mut Scene) -> Option<rusqlite::Connection>,
    end_trouble: &'static str,
) {
    let (dir, path) = place();
    Scene::write(&path).await;
    for step in STEPS {
        let path = copy(&path, &dir, &format!("{step:?}"));
        let mut scene = Scene::open_and_hold(&path).await.expect("open");
        let before = scene.shown().await.expect("shown");

        let other = make_trouble(&mut scene);
        let error = scene.take(step).await.expect_err("trouble");
        assert_eq!(error.kind, failure, "{step:?}: {error:?}");
        assert!(error.message.contains(said), "{step:?}: {error}");
        assert!(error.message.contains("blocks.db"), "{step:?} names the file: {error}");
        assert!(error.source.is_some(), "{step:?} tells the cause: {error:?}");
        assert!(scene.shown().await.expect("shown") == before, "{step:?}: before the trouble ends");

        drop(other);
        scene.tell(end_trouble);
        assert!(scene.shown().await.expect("shown") == before, "{step:?}: nothing is lost");
        scene.store.check().await.expect("whole");
        scene.take(step).await.unwrap_or_else(|error| panic!("{step:?} again: {error:?}"));
        assert!(scene.shown().await.expect("shown") != before, "{step:?}: it is done");
        scene.store.check().await.expect("whole");
        let after = scene.shown().await.expect("shown");
        drop(scene);
        let reopened = Scene::open(&path).await.expect("open");
        assert!(reopened.shown().await.expect("shown") == after, "{step:?}: it is stored");
    }
}
