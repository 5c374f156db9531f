//! The rules of the API's ports, kept through HTTP against the sandbox.

use std::sync::Arc;

use blocks_conformance::blocks_api::BlocksApiHarness;
use blocks_conformance::users_api::UsersApiHarness;
use blocks_domain::{UserId, Username};
use blocks_fake::{Sandbox, World};
use blocks_http::HttpApi;
use blocks_ports::{BlocksApi, Credential, FixedCredential, UsersApi};

use crate::support::{account, id};

/// A sandbox of its own, which ends with the test, and a client of it.
struct OverHttp {
    sandbox: Sandbox,
    api: Arc<HttpApi>,
    /// The block list as it was before a test changed it.
    blocked: Vec<UserId>,
}

impl OverHttp {
    async fn start() -> Self {
        let world = World::builder().blocks(37).limits(false).build();
        let blocked = world.blocks(world.owner(), usize::MAX);
        let token = Arc::new(FixedCredential::new(Credential::bearer(world.token())));
        let sandbox = Sandbox::bind(world, "127.0.0.1:0").await.expect("a port");
        let api = HttpApi::builder(account(), token).api_url(sandbox.url());
        Self { sandbox, api: Arc::new(api.build().expect("a client")), blocked }
    }

    fn world(&self) -> &World {
        self.sandbox.world()
    }

    fn nobody_id(&self) -> UserId {
        let nobody = id("9223372036854775807");
        assert!(self.world().profile(nobody).is_none(), "{nobody} is somebody");
        nobody
    }
}

impl BlocksApiHarness for OverHttp {
    const WRITES: bool = true;

    async fn fresh() -> Self {
        Self::start().await
    }

    fn handle(&self) -> Arc<dyn BlocksApi> {
        self.api.clone()
    }

    fn account(&self) -> UserId {
        self.world().owner()
    }

    fn blocked(&self) -> Vec<UserId> {
        self.blocked.clone()
    }

    fn stranger(&self) -> UserId {
        self.world().stranger(0)
    }

    fn nobody(&self) -> UserId {
        self.nobody_id()
    }
}

impl UsersApiHarness for OverHttp {
    async fn fresh() -> Self {
        Self::start().await
    }

    fn handle(&self) -> Arc<dyn UsersApi> {
        self.api.clone()
    }

    fn account(&self) -> UserId {
        self.world().owner()
    }

    fn known(&self) -> Vec<(UserId, Username)> {
        let strangers = (0..20).map(|number| self.world().stranger(number));
        let profiles = strangers.filter_map(|user| self.world().profile(user));
        profiles.map(|p| (p.id, p.username.parse().expect("a handle"))).collect()
    }

    fn nobody(&self) -> (UserId, Username) {
        (self.nobody_id(), "nobody_is_me_0".parse().expect("a handle"))
    }
}

blocks_conformance::blocks_api_suite!(blocks_api, OverHttp);
blocks_conformance::users_api_suite!(users_api, OverHttp);
