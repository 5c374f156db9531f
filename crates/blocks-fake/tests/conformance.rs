//! The API on a world, held against the rules of its ports.

use std::sync::Arc;
use std::time::Duration;

use blocks_conformance::activity_feed::ActivityFeedHarness;
use blocks_conformance::blocks_api::BlocksApiHarness;
use blocks_conformance::clock::ClockHarness;
use blocks_conformance::users_api::UsersApiHarness;
use blocks_domain::{BlockPair, UserId, Username};
use blocks_fake::{FakeApi, World, WorldClock};
use blocks_ports::{ActivityFeed, BlocksApi, Clock, UsersApi};

struct Direct {
    world: World,
    blocked: Vec<UserId>,
}

impl Direct {
    fn new() -> Self {
        let world = World::builder().seed(11).blocks(23).limits(false).build();
        let blocked = world.blocks(world.owner(), 50);
        Self { world, blocked }
    }

    fn nobody() -> UserId {
        UserId::new(1).expect("an id")
    }
}

impl BlocksApiHarness for Direct {
    const WRITES: bool = true;

    async fn fresh() -> Self {
        Self::new()
    }

    fn handle(&self) -> Arc<dyn BlocksApi> {
        Arc::new(FakeApi::new(self.world.clone()))
    }

    fn account(&self) -> UserId {
        self.world.owner()
    }

    fn blocked(&self) -> Vec<UserId> {
        self.blocked.clone()
    }

    fn stranger(&self) -> UserId {
        self.world.stranger(0)
    }

    fn nobody(&self) -> UserId {
        Self::nobody()
    }
}

impl UsersApiHarness for Direct {
    async fn fresh() -> Self {
        Self::new()
    }

    fn handle(&self) -> Arc<dyn UsersApi> {
        Arc::new(FakeApi::new(self.world.clone()))
    }

    fn account(&self) -> UserId {
        self.world.owner()
    }

    fn known(&self) -> Vec<(UserId, Username)> {
        let known = (0..9).map(|number| self.world.stranger(number));
        let handle = |id| self.world.profile(id).expect("a stranger").username;
        known.map(|id| (id, handle(id).parse().expect("a handle"))).collect()
    }

    fn nobody(&self) -> (UserId, Username) {
        (Self::nobody(), "nobody_at_all".parse().expect("a handle"))
    }
}

impl Direct {
    fn pair(&self, target: UserId) -> BlockPair {
        BlockPair::new(self.world.owner(), target).expect("two users")
    }
}

impl ActivityFeedHarness for Direct {
    const SUBSCRIBES: bool = true;

    async fn fresh() -> Self {
        Self::new()
    }

    fn handle(&self) -> Arc<dyn ActivityFeed> {
        Arc::new(FakeApi::new(self.world.clone()))
    }

    fn account(&self) -> UserId {
        self.world.owner()
    }

    fn strangers(&self) -> Vec<UserId> {
        (0..50).map(|number| self.world.stranger(number)).collect()
    }

    async fn block(&self, target: UserId) {
        self.world.block(self.pair(target)).expect("they exist");
    }

    async fn unblock(&self, target: UserId) {
        self.world.unblock(self.pair(target)).expect("they exist");
    }

    async fn open_streams(&self) -> usize {
        self.world.open_streams()
    }

    async fn end_streams(&self) {
        self.world.restore(self.world.export()).expect("its own state");
    }

    async fn break_streams(&self) {
        // More than waits for a reader; none comes between.
        let target = self.pair(self.world.stranger(49));
        for _ in 0..5_001 {
            self.world.block(target).expect("they exist");
            self.world.unblock(target).expect("they exist");
        }
    }
}

struct Time(World);

impl ClockHarness for Time {
    async fn fresh() -> Self {
        Self(World::builder().build())
    }

    fn handle(&self) -> Arc<dyn Clock> {
        Arc::new(WorldClock::new(self.0.clone()))
    }

    async fn pass(&self, time: Duration) {
        self.0.advance(time);
    }
}

blocks_conformance::activity_feed_suite!(activity_feed, Direct);
blocks_conformance::blocks_api_suite!(blocks_api, Direct);
blocks_conformance::users_api_suite!(users_api, Direct);
blocks_conformance::clock_suite!(clock, Time);
