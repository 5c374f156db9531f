//! The sandbox that is called: with everybody's tokens, and with trouble of all kinds.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use blocks_domain::{BlockPair, Scope, UserId};
use blocks_fake::{Sandbox, World};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::request::{Request, Trouble, Who};
use crate::http::{self, Http, Reply, bearer};

/// Values that mean something in this world, by the name of the parameter that takes them.
pub(super) type Words = BTreeMap<&'static str, Vec<String>>;

/// A sandbox, and somebody who calls it.
pub(super) struct Scene {
    world: World,
    _sandbox: Sandbox,
    http: Http,
    pub(super) tokens: Vec<SecretString>,
    pub(super) words: Words,
}

impl Scene {
    pub(super) async fn new(seed: u64) -> Result<Self> {
        let world = World::builder().seed(seed).blocks(300).build();
        let (owner, other) = (world.owner(), world.stranger(0));
        for number in 1..20 {
            world.block(BlockPair::new(owner, world.stranger(number))?)?;
        }
        let sandbox = Sandbox::bind(world.clone(), "127.0.0.1:0").await?;
        let http = Http::to(&sandbox.url())?;
        let brief = Some(Duration::from_secs(1));
        let tokens = vec![
            world.token(),
            world.mint(other, Scope::ALL, None)?,
            world.mint(owner, Scope::FOR_READING, None)?,
            world.mint(owner, [Scope::OfflineAccess], None)?,
            world.mint(owner, Scope::ALL, brief)?,
            world.app_only_token(),
        ];
        let mut scene = Self { words: Words::new(), world, _sandbox: sandbox, http, tokens };
        scene.words = scene.find_words(owner, other).await?;
        Ok(scene)
    }

    /// The document that the sandbox serves.
    pub(super) async fn document(&self) -> Result<Value> {
        let target = "/sandbox/openapi.json";
        let ask = http::Request { method: "GET", target, ..http::Request::default() };
        self.http.send(ask).await?.json()
    }

    pub(super) async fn send(&self, request: &Request) -> Result<Reply> {
        self.make(request.trouble);
        let mut headers = Vec::new();
        match &request.who {
            Who::Nobody => {}
            Who::Holder(token) => {
                headers.push(bearer(self.tokens[*token].expose_secret()));
            }
            Who::Says(header) => headers.push(("authorization", header.clone())),
        }
        headers.extend(request.content_type.clone().map(|said| ("content-type", said)));
        let (method, target) = (&*request.method, &*request.target);
        self.http.send(http::Request { method, target, headers, body: request.body.clone() }).await
    }

    fn make(&self, trouble: Trouble) {
        let no_money = (trouble == Trouble::NoCredits).then(Default::default);
        self.world.set_credits(no_money);
        self.world.set_enrolled(trouble != Trouble::NotEnrolled);
        self.world.set_monthly_cap((trouble == Trouble::Capped).then_some(0));
        self.world.set_oauth1_may_write(trouble != Trouble::MayNotWrite);
        if trouble == Trouble::WindowEnds {
            self.world.advance(Duration::from_secs(15 * 60));
        }
    }

    async fn find_words(&self, owner: UserId, other: UserId) -> Result<Words> {
        let app = self.world.app();
        let public = self.world.public_app();
        let signed_in = self.world.sign_in(owner, &public, Scope::ALL)?;
        let refresh_token = signed_in.refresh_token.context("no refresh token")?;
        let handle = self.world.profile(other).context("a stranger has no profile")?.username;
        let redirect_uri = app.redirect_uri.clone().context("the app has no redirect URI")?;
        let ids = [owner, other, self.world.stranger(5)].map(|id| id.to_string());
        let mut all: Words = ["id", "source_user_id", "target_user_id", "ids"]
            .map(|name| (name, ids.to_vec()))
            .into();
        all.insert("usernames", vec![handle.clone(), format!("@{handle}"), "nobody_here".into()]);
        all.insert("username", vec![handle]);
        all.insert("user_id", vec![owner.to_string()]);
        all.insert("subscription_id", vec!["1".into(), "2".into(), "3".into()]);
        all.insert("pagination_token", self.page_tokens(owner).await?);
        all.insert("client_id", vec![app.client_id, public.client_id]);
        all.insert("redirect_uri", vec![redirect_uri]);
        all.insert("scope", vec!["block.read users.read tweet.read offline.access".into()]);
        all.insert("refresh_token", vec![refresh_token.expose_secret().to_owned()]);
        Ok(all)
    }

    /// Tokens that lead to pages of the owner's list, forward and back.
    async fn page_tokens(&self, owner: UserId) -> Result<Vec<String>> {
        let mut tokens = Vec::new();
        let mut target = format!("/2/users/{owner}/blocking?max_results=50");
        for _ in 0..4 {
            let headers = vec![bearer(self.world.token().expose_secret())];
            let ask = http::Request { method: "GET", target: &target, headers, body: Vec::new() };
            let page = self.http.send(ask).await?.json()?;
            let meta = ["next_token", "previous_token"].map(|key| page["meta"][key].as_str());
            tokens.extend(meta.into_iter().flatten().map(str::to_owned));
            let next = meta[0].context("the list is longer than these pages")?;
            target = format!("/2/users/{owner}/blocking?max_results=50&pagination_token={next}");
        }
        Ok(tokens)
    }
}
