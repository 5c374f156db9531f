//! The rules of the issuers' ports, kept through HTTP against the sandbox, and sign-ins that it
//! takes.

use std::collections::BTreeSet;
use std::sync::Arc;

use blocks_conformance::request_token_issuer::RequestTokenIssuerHarness;
use blocks_conformance::token_issuer::TokenIssuerHarness;
use blocks_domain::{BlockingQuery, Failure, Scope, Selection};
use blocks_fake::{Sandbox, World};
use blocks_http::{HttpApi, HttpTokenIssuer};
use blocks_ports::{
    ApiError, App, AuthorizationGrant, BlocksApi, Consumer, Credential, FixedCredential,
    OAuth1Credential, OUT_OF_BAND, RequestToken, RequestTokenIssuer, TokenIssuer, UsersApi,
};
use secrecy::SecretString;

use crate::support::{account, pair};

/// A sandbox of its own, which ends with the test, and an issuer that speaks to it.
struct OverHttp {
    sandbox: Sandbox,
    issuer: Arc<HttpTokenIssuer>,
}

impl OverHttp {
    async fn start() -> Self {
        let world = World::builder().blocks(3).limits(false).build();
        let sandbox = Sandbox::bind(world, "127.0.0.1:0").await.expect("a port");
        let issuer = HttpTokenIssuer::builder().api_url(sandbox.url()).build();
        Self { sandbox, issuer: Arc::new(issuer.expect("an issuer")) }
    }

    fn world(&self) -> &World {
        self.sandbox.world()
    }

    fn api(&self, credential: Credential) -> HttpApi {
        let source = Arc::new(FixedCredential::new(credential));
        let api = HttpApi::builder(account(), source).api_url(self.sandbox.url());
        api.build().expect("a client")
    }

    async fn takes(&self, credential: Credential) -> bool {
        match self.api(credential).me(&Selection::default()).await {
            Ok(_) => true,
            Err(error) if error.kind() == Failure::Unauthenticated => false,
            Err(error) => panic!("neither taken nor refused: {error:?}"),
        }
    }
}

impl TokenIssuerHarness for OverHttp {
    async fn fresh() -> Self {
        Self::start().await
    }

    fn issuer(&self) -> Arc<dyn TokenIssuer> {
        self.issuer.clone()
    }

    fn app(&self) -> App {
        self.world().app()
    }

    fn scopes(&self) -> BTreeSet<String> {
        Scope::ALL.iter().map(|scope| scope.word().to_owned()).collect()
    }

    async fn authorize(&self) -> AuthorizationGrant {
        let world = self.world();
        world.authorize(world.owner(), &world.app(), Scope::ALL).expect("an approval")
    }

    async fn accepts(&self, access_token: &SecretString) -> bool {
        self.takes(Credential::bearer(access_token.clone())).await
    }
}

impl RequestTokenIssuerHarness for OverHttp {
    async fn fresh() -> Self {
        Self::start().await
    }

    fn issuer(&self) -> Arc<dyn RequestTokenIssuer> {
        self.issuer.clone()
    }

    fn consumer(&self) -> Consumer {
        self.world().consumer()
    }

    async fn authorize(&self, request: &RequestToken) -> SecretString {
        let world = self.world();
        world.authorize_request_token(world.owner(), request).expect("an approval")
    }

    async fn accepts(&self, credential: &OAuth1Credential) -> bool {
        self.takes(Credential::OAuth1(credential.clone())).await
    }
}

blocks_conformance::token_issuer_suite!(token_issuer, OverHttp);
blocks_conformance::request_token_issuer_suite!(request_token_issuer, OverHttp);

#[tokio::test]
async fn a_public_client_signs_in_stays_signed_in_and_signs_out() {
    let home = OverHttp::start().await;
    let (world, app) = (home.world(), home.world().public_app());
    let grant = world.authorize(world.owner(), &app, Scope::ALL).expect("an approval");
    let first = home.issuer.exchange(&app, &grant).await.expect("tokens");
    let refresh_token = first.refresh_token.expect("offline.access");
    let next = home.issuer.refresh(&app, &refresh_token).await.expect("tokens");
    assert!(home.takes(Credential::bearer(next.access_token.clone())).await);
    home.issuer.revoke(&app, &next.access_token).await.expect("done");
    assert!(!home.takes(Credential::bearer(next.access_token)).await);
}

#[tokio::test]
async fn every_call_is_taken_with_a_signature() {
    let home = OverHttp::start().await;
    let (world, owner) = (home.world(), home.world().owner());
    let credential = world.oauth1_credential(owner).expect("a sign-in");
    let api = home.api(Credential::OAuth1(credential));
    let page = api.blocking(owner, &BlockingQuery::default()).await.expect("a page").value;
    let blocked = page.users()[0].id;
    let pair = pair(&owner.to_string(), &blocked.to_string());
    assert!(!api.unblock(pair).await.expect("a state").value.blocking);
    assert!(api.block(pair).await.expect("a state").value.blocking);
    let username = world.profile(blocked).expect("a profile").username;
    let names = [username.parse().expect("a handle")];
    let found = api.by_usernames(&names, &Selection::default()).await.expect("users").value;
    assert_eq!(found.users().len(), 1);
}

#[tokio::test]
async fn the_pages_know_what_they_are_asked() {
    let home = OverHttp::start().await;
    let app = home.world().public_app();
    let request = home.issuer.authorization(&app, &Scope::FOR_READING).expect("a request");
    let consumer = home.world().consumer();
    let token = home.issuer.request_token(&consumer, OUT_OF_BAND).await.expect("a token");
    for url in [request.url().clone(), home.issuer.authorize_page(&token)] {
        let page = reqwest::get(url).await.expect("an answer");
        assert_eq!(page.status(), 200);
        assert!(page.text().await.expect("a page").contains("<form"));
    }
}

#[tokio::test]
async fn an_app_only_token_is_known_before_the_sandbox_has_to_say_so() {
    let home = OverHttp::start().await;
    let api = home.api(Credential::bearer(home.world().app_only_token()));
    let error: ApiError = api.me(&Selection::default()).await.expect_err("no user");
    assert!(!error.was_sent(), "{error:?}");
}

#[tokio::test]
async fn a_probe_finds_the_sandbox() {
    let home = OverHttp::start().await;
    let probe = home.api(Credential::bearer("unused")).probe().await.expect("a server");
    assert_eq!(probe.status, 401);
    assert!(probe.date.is_some());
}
