//! `blocks sandbox serve`.

use anyhow::Context;
use blocks_domain::Scope;
use blocks_fake::{Sandbox, StateFile, Tier, World};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use crate::args::{ServeArgs, Switch, TierArg};
use crate::exit::Exit;
use crate::output::Output;

pub(super) async fn run(args: &ServeArgs, output: Output) -> anyhow::Result<Exit> {
    let faults = args.faults.as_deref().map(super::faults::read).transpose()?;
    let file = args.state.as_deref().map(StateFile::open).transpose()?;
    let world = match file.as_ref().map(StateFile::load).transpose()?.flatten() {
        Some(world) => {
            output.say("Going on with the world in the file; it keeps its seed and its plan.");
            world
        }
        None => world(args),
    };
    for fault in faults.into_iter().flatten() {
        world.inject(fault);
    }
    // Before the server begins, so that a reset leaves these sign-ins as they are.
    let reach = Reach::of(&world)?;
    let server = match file {
        Some(file) => Sandbox::bind_kept(world, args.listen, file).await,
        None => Sandbox::bind(world, args.listen).await,
    };
    let server = server.with_context(|| format!("cannot listen on {}", args.listen))?;
    // Before anybody is told that it runs, so that whoever is told can end it.
    let stop = Stop::listen()?;
    output.json_line(&reach.at(&server))?;
    if server.control_token().is_some() {
        output.insist(
            "Anybody who reaches this machine can use this sandbox; \
             only who has the control_token can control it.",
        );
    }
    output.say(format!("The sandbox is serving at {}; Ctrl-C ends it.", server.url()));
    stop.asked_for().await;
    server.shut_down().await?;
    Ok(Exit::Done)
}

fn world(args: &ServeArgs) -> World {
    let mut world = World::builder();
    if let Some(uri) = &args.redirect_uri {
        world = world.redirect_uri(uri);
    }
    let tier = match args.tier {
        TierArg::Enterprise => Tier::Enterprise,
        TierArg::PayPerUse => Tier::PayPerUse,
    };
    let world = world.seed(args.seed).blocks(args.blocks).unavailable(args.unavailable);
    world.tier(tier).limits(args.limits == Switch::On).build()
}

/// How to reach the sandbox.
#[derive(Serialize)]
struct Reach {
    url: String,
    user_id: String,
    username: String,
    access_token: String,
    app_token: String,
    refresh_token: Option<String>,
    client_id: String,
    client_secret: Option<String>,
    /// The client id of the app that has no secret.
    public_client_id: String,
    redirect_uri: Option<String>,
    oauth1: ReachWithOAuth1,
    /// What opens the control interface, where it is not open to everybody.
    control_token: Option<String>,
}

#[derive(Serialize)]
struct ReachWithOAuth1 {
    consumer_key: String,
    consumer_secret: String,
    token: String,
    token_secret: String,
}

impl Reach {
    fn at(self, server: &Sandbox) -> Self {
        let token = server.control_token().map(|token| token.expose_secret().to_owned());
        Self { url: server.url(), control_token: token, ..self }
    }

    /// Signs the owner in.
    fn of(world: &World) -> anyhow::Result<Self> {
        let owner = world.owner();
        let app = world.app();
        let tokens = world.sign_in(owner, &app, Scope::ALL)?;
        let oauth1 = world.oauth1_credential(owner)?;
        let shown = |secret: &SecretString| secret.expose_secret().to_owned();
        Ok(Self {
            url: String::new(),
            user_id: owner.to_string(),
            username: world.profile(owner).context("the world has no owner")?.username,
            access_token: shown(&world.token()),
            app_token: shown(&world.app_only_token()),
            refresh_token: tokens.refresh_token.as_ref().map(shown),
            client_id: app.client_id,
            client_secret: app.client_secret.as_ref().map(shown),
            public_client_id: world.public_app().client_id,
            redirect_uri: app.redirect_uri,
            oauth1: ReachWithOAuth1 {
                consumer_key: oauth1.consumer_key,
                consumer_secret: shown(&oauth1.consumer_secret),
                token: oauth1.token,
                token_secret: shown(&oauth1.token_secret),
            },
            control_token: None,
        })
    }
}

/// SIGINT and SIGTERM, or what the system has in their place.
struct Stop {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(not(unix))]
    interrupt: tokio::signal::windows::CtrlC,
}

#[cfg(unix)]
impl Stop {
    fn listen() -> anyhow::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let terminate = signal(SignalKind::terminate())?;
        Ok(Self { terminate, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn asked_for(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(not(unix))]
impl Stop {
    fn listen() -> anyhow::Result<Self> {
        Ok(Self { interrupt: tokio::signal::windows::ctrl_c()? })
    }

    async fn asked_for(mut self) {
        self.interrupt.recv().await;
    }
}
