//! The rules of the port, kept through HTTP against the sandbox.

use std::sync::Arc;
use std::time::Duration;

use blocks_conformance::activity_feed::ActivityFeedHarness;
use blocks_domain::{BlockEventType, BlockPair, Failure, SubscriptionRequest, UserId};
use blocks_fake::server::{Fault, FaultKind};
use blocks_fake::{Sandbox, World};
use blocks_http::{HttpApi, Timeouts};
use blocks_ports::{ActivityFeed, Credential, FixedCredential};
use tokio::time::sleep;

use super::server::{failure, next};
use crate::support::account;

/// A sandbox of its own, which ends with the test, and a client of it.
struct OverHttp {
    sandbox: Sandbox,
    api: Arc<HttpApi>,
}

impl OverHttp {
    async fn start(world: World, timeouts: Timeouts) -> Self {
        let [token, app] = [world.token(), world.app_only_token()]
            .map(|token| Arc::new(FixedCredential::new(Credential::bearer(token))));
        let sandbox = Sandbox::bind(world, "127.0.0.1:0").await.expect("a port");
        let api = HttpApi::builder(account(), token).app(app);
        let api = api.api_url(sandbox.url()).timeouts(timeouts);
        Self { sandbox, api: Arc::new(api.build().expect("a client")) }
    }

    fn world(&self) -> &World {
        self.sandbox.world()
    }

    fn pair(&self, target: UserId) -> BlockPair {
        BlockPair::new(self.world().owner(), target).expect("two users")
    }

    async fn subscribe(&self) {
        let request = SubscriptionRequest::new(BlockEventType::Block, self.world().owner());
        self.api.subscribe(&request).await.expect("a subscription");
    }
}

impl ActivityFeedHarness for OverHttp {
    const SUBSCRIBES: bool = true;

    async fn fresh() -> Self {
        Self::start(World::builder().limits(false).build(), Timeouts::default()).await
    }

    fn handle(&self) -> Arc<dyn ActivityFeed> {
        self.api.clone()
    }

    fn account(&self) -> UserId {
        self.world().owner()
    }

    fn strangers(&self) -> Vec<UserId> {
        (0..50).map(|number| self.world().stranger(number)).collect()
    }

    async fn block(&self, target: UserId) {
        self.world().block(self.pair(target)).expect("they exist");
    }

    async fn unblock(&self, target: UserId) {
        self.world().unblock(self.pair(target)).expect("they exist");
    }

    async fn open_streams(&self) -> usize {
        self.world().open_streams()
    }

    async fn end_streams(&self) {
        self.world().restore(self.world().export()).expect("its own state");
    }

    async fn break_streams(&self) {
        self.world().set_credits(Some("0".parse().expect("an amount")));
        self.block(self.world().stranger(49)).await;
        while self.world().open_streams() > 0 {
            sleep(Duration::from_millis(1)).await;
        }
        self.world().set_credits(None);
    }
}

blocks_conformance::activity_feed_suite!(over_http, OverHttp);

#[tokio::test]
async fn a_quiet_stream_lives_by_its_signs_of_life_and_dies_without() {
    let (often, silence) = (Duration::from_millis(10), Duration::from_millis(200));
    let timeouts = Timeouts::default().with_stream(silence);
    let world = World::builder().keep_alive(often).build();
    let http = OverHttp::start(world, timeouts).await;
    http.subscribe().await;
    let mut events = http.api.events().await.expect("a stream").value;
    let quiet = tokio::time::timeout(3 * silence, next(&mut events)).await;
    assert!(quiet.is_err(), "signs of life are no events");

    let world = World::builder().keep_alive(Duration::from_secs(20)).build();
    let http = OverHttp::start(world, timeouts).await;
    let mut events = http.api.events().await.expect("a stream").value;
    assert_eq!(failure(&mut events).await.kind(), Failure::Timeout);
}

#[tokio::test]
async fn an_app_has_two_streams_at_once_and_no_third() {
    let http = OverHttp::start(World::builder().build(), Timeouts::default()).await;
    let open = [http.api.events().await, http.api.events().await];
    let error = http.api.events().await.map(drop).expect_err("a third");
    assert_eq!(error.kind(), Failure::RateLimited);
    assert!(error.rate().is_some_and(|rate| rate.remaining() > 0), "{error:?}");
    assert!(error.to_string().contains("calls are left"), "{error}");
    drop(open);
    while http.world().open_streams() > 0 {
        sleep(Duration::from_millis(1)).await;
    }
    http.api.events().await.expect("room again");
}

#[tokio::test]
async fn a_stream_that_is_cut_within_a_line_is_broken() {
    let http = OverHttp::start(World::builder().build(), Timeouts::default()).await;
    http.subscribe().await;
    let cut = Fault::new(FaultKind::TruncatedBody).at(blocks_domain::Endpoint::GetActivityStream);
    http.world().inject(cut);
    let mut events = http.api.events().await.expect("a stream").value;
    http.block(http.world().stranger(0)).await;
    assert_eq!(failure(&mut events).await.kind(), Failure::Transport);
}

#[tokio::test]
async fn the_end_of_the_sandbox_ends_its_streams() {
    let http = OverHttp::start(World::builder().build(), Timeouts::default()).await;
    let mut events = http.api.events().await.expect("a stream").value;
    http.sandbox.shut_down().await.expect("no error");
    assert!(next(&mut events).await.is_none());
}
