//! What every test plays in: a served world, a database file, and the stack in between.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use blocks_app::{
    Budgeted, Metered, NoProgress, Paced, Progress, Pull, PullError, PullProgress, PullReport,
    Retried, RetryPolicy, Wanted, WhenSpent,
};
use blocks_domain::{
    BillingDay, BlockPair, BlockState, BlockingPage, BlockingQuery, Failure, MaxResults, PageToken,
    Usd, User, UserId,
};
use blocks_fake::{Sandbox, World, WorldBuilder, WorldClock};
use blocks_http::{HttpApi, Timeouts};
use blocks_ports::{
    ApiError, BlocksApi, Credential, FixedCredential, Ledger, MirrorQuery, MirrorStore, Reply,
};
use blocks_sqlite::SqliteStore;
use futures_util::TryStreamExt;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use tokio::sync::Notify;

/// A world that is served, and a folder with a database for its block lists.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) sandbox: Sandbox,
    folder: TempDir,
}

impl Scene {
    pub(crate) async fn of(world: WorldBuilder) -> Self {
        let world = world.build();
        let sandbox = Sandbox::bind(world.clone(), "127.0.0.1:0").await.expect("a port");
        Self { world, sandbox, folder: tempfile::tempdir().expect("a folder") }
    }

    /// A list of so many users, with no rate limit in the way.
    pub(crate) async fn with_blocks(blocks: u32) -> Self {
        Self::of(World::builder().blocks(blocks).limits(false)).await
    }

    pub(crate) fn owner(&self) -> UserId {
        self.world.owner()
    }

    pub(crate) fn clock(&self) -> WorldClock {
        WorldClock::new(self.world.clone())
    }

    /// The database, through a handle of its own.
    pub(crate) fn store(&self) -> SqliteStore {
        SqliteStore::open(self.database()).expect("a database")
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("blocks.sqlite")
    }

    /// The owner's client of the sandbox.
    pub(crate) fn client(&self) -> Client {
        Client::at(&self.sandbox.url(), Credential::bearer(self.world.token()))
    }

    /// The same, giving up on an answer after a second.
    pub(crate) fn hurried_client(&self) -> Client {
        let credential = Credential::bearer(self.world.token());
        Client::giving_up_after(Duration::from_secs(1), &self.sandbox.url(), credential)
    }

    /// Whom the world says that somebody blocks, newest block first.
    pub(crate) fn blocked(&self, account: UserId) -> Vec<UserId> {
        self.world.blocks(account, usize::MAX)
    }

    /// The owner and somebody whom they block or shall block.
    pub(crate) fn pair(&self, target: UserId) -> BlockPair {
        BlockPair::new(self.owner(), target).expect("two users")
    }

    /// Pulls the owner's whole list with these wrappers around the client.
    pub(crate) async fn pull(
        &self,
        client: &Client,
        wrappers: Wrappers,
        query: BlockingQuery,
    ) -> Result<PullReport, PullError> {
        let store = self.store();
        let api = self.wrapped(client, wrappers, &store);
        let clock = self.clock();
        let pull = Pull::new(&api, &store, &clock).wanting(Wanted::Full);
        pull.run(self.owner(), query, &NoProgress).await
    }

    /// How many users the ledger says were paid for between two days, both included.
    pub(crate) async fn billed_reads(&self, first: Timestamp, last: Timestamp) -> u64 {
        let (store, mut billed) = (self.store(), 0);
        let mut at = first;
        while BillingDay::of(at) <= BillingDay::of(last) {
            let spent = store.spent(self.owner(), BillingDay::of(at)).await.expect("a ledger");
            billed += spent.block_reads;
            at += SignedDuration::from_hours(24);
        }
        billed
    }

    /// The stack as the program builds it: retries around the budget around the ledger around the
    /// pace.
    pub(crate) fn wrapped(
        &self,
        client: &Client,
        wrappers: Wrappers,
        store: &SqliteStore,
    ) -> impl BlocksApi {
        let clock = Arc::new(self.clock());
        let store = Arc::new(store.clone());
        let paced = Paced::new(client.clone(), store.clone(), clock.clone(), wrappers.when_spent);
        let metered = Metered::new(paced, store, clock.clone());
        let budgeted = Budgeted::new(metered, wrappers.budget);
        Retried::new(budgeted, clock, RetryPolicy::at_most(wrappers.retries))
    }
}

/// How the wrappers around a client behave.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wrappers {
    pub(crate) retries: usize,
    pub(crate) when_spent: WhenSpent,
    pub(crate) budget: Usd,
}

impl Wrappers {
    /// They wait and try again, as often as it takes.
    pub(crate) const PATIENT: Self =
        Self { retries: 4, when_spent: WhenSpent::Wait, budget: Usd::MAX };

    /// They pass on the first trouble.
    pub(crate) const HASTY: Self =
        Self { retries: 0, when_spent: WhenSpent::Fail, budget: Usd::MAX };

    pub(crate) const fn with_budget(mut self, budget: Usd) -> Self {
        self.budget = budget;
        self
    }
}

/// A client over HTTP that remembers which pages it asked for, and what came of it.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: Arc<HttpApi>,
    calls: Arc<Mutex<Vec<Call>>>,
}

/// One request for a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) token: Option<PageToken>,
    pub(crate) failure: Option<Failure>,
}

impl Client {
    /// The largest body that the clients of these tests read, in bytes.
    pub(crate) const MAX_BODY: usize = 4 << 20;

    pub(crate) fn at(url: &str, credential: Credential) -> Self {
        Self::giving_up_after(Duration::from_secs(60), url, credential)
    }

    fn giving_up_after(silence: Duration, url: &str, credential: Credential) -> Self {
        let account = "main".parse().expect("a name");
        let minute = Duration::from_secs(60);
        let http = HttpApi::builder(account, Arc::new(FixedCredential::new(credential)))
            .api_url(url)
            .max_body(Self::MAX_BODY)
            .timeouts(Timeouts::new(minute, silence, minute))
            .build()
            .expect("a client");
        Self { http: Arc::new(http), calls: Arc::default() }
    }

    /// The requests so far.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().expect("calls").clone()
    }
}

#[async_trait]
impl BlocksApi for Client {
    async fn blocking(
        &self,
        source: UserId,
        query: &BlockingQuery,
    ) -> Result<Reply<BlockingPage>, ApiError> {
        let result = self.http.blocking(source, query).await;
        let token = query.pagination_token().cloned();
        let failure = result.as_ref().err().map(ApiError::kind);
        self.calls.lock().expect("calls").push(Call { token, failure });
        result
    }

    async fn block(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        self.http.block(pair).await
    }

    async fn unblock(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        self.http.unblock(pair).await
    }
}

/// Pages of so many users, with the fields that come unasked.
pub(crate) fn pages_of(users: u32) -> BlockingQuery {
    BlockingQuery::default().with_max_results(MaxResults::new(users).expect("in range"))
}

/// The users of the last snapshot, in the order of the list.
pub(crate) async fn mirrored(store: &SqliteStore, account: UserId) -> Vec<User> {
    let entries = store.entries(account, MirrorQuery::default());
    let users = entries.map_ok(|entry| entry.user).try_collect();
    users.await.expect("a snapshot")
}

/// The ids of the last snapshot, in the order of the list.
pub(crate) async fn mirrored_ids(store: &SqliteStore, account: UserId) -> Vec<UserId> {
    let entries = store.entries(account, MirrorQuery::default());
    entries.map_ok(|entry| entry.user.id).try_collect().await.expect("a snapshot")
}

/// Tells when so many pages are stored.
#[derive(Debug)]
pub(crate) struct Behind {
    pages: u64,
    stored: Notify,
}

impl Behind {
    pub(crate) fn pages(pages: u64) -> Self {
        Self { pages, stored: Notify::new() }
    }

    /// Lets a pull run until the pages are stored, and leaves it there.
    pub(crate) async fn stop<F>(&self, pull: &mut F)
    where
        F: Future<Output = Result<PullReport, PullError>> + Unpin,
    {
        tokio::select! {
            biased;
            () = self.stored.notified() => {}
            ended = pull => panic!("the pull ended: {ended:?}"),
        }
    }
}

impl Progress for Behind {
    fn page(&self, progress: &PullProgress) {
        if progress.pages == self.pages {
            self.stored.notify_one();
        }
    }

    fn token_expired(&self, _: &PullProgress) {
        unreachable!("nothing was read before");
    }
}
