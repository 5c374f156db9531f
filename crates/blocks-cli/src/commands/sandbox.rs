//! `blocks sandbox`: a server that behaves like X, for any client.

use anyhow::Context;
use blocks_domain::Scope;
use blocks_fake::{Sandbox, Tier, World};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use crate::args::{SandboxCommand, ServeArgs, Switch, TierArg};
use crate::embedded::lock;
use crate::exit::Exit;
use crate::home::Home;
use crate::output::Output;

pub(crate) async fn run(command: SandboxCommand, output: Output) -> anyhow::Result<Exit> {
    match command {
        SandboxCommand::Serve(args) => serve(&args, output).await,
        SandboxCommand::Reset => reset(output).await,
    }
}

/// How to reach the sandbox.
#[derive(Serialize)]
struct Reach {
    url: String,
    user_id: String,
    username: String,
    access_token: String,
    refresh_token: Option<String>,
    client_id: String,
    client_secret: Option<String>,
    /// The client id of the app that has no secret.
    public_client_id: String,
    redirect_uri: Option<String>,
    oauth1: ReachWithOAuth1,
}

#[derive(Serialize)]
struct ReachWithOAuth1 {
    consumer_key: String,
    consumer_secret: String,
    token: String,
    token_secret: String,
}

impl Reach {
    fn of(world: &World, url: String) -> anyhow::Result<Self> {
        let owner = world.owner();
        let app = world.app();
        let tokens = world.sign_in(owner, &app, Scope::ALL)?;
        let oauth1 = world.oauth1_credential(owner)?;
        let shown = |secret: &SecretString| secret.expose_secret().to_owned();
        Ok(Self {
            url,
            user_id: owner.to_string(),
            username: world.profile(owner).context("the world has no owner")?.username,
            access_token: shown(&world.token()),
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
        })
    }
}

async fn serve(args: &ServeArgs, output: Output) -> anyhow::Result<Exit> {
    let mut world = World::builder();
    if let Some(uri) = &args.redirect_uri {
        world = world.redirect_uri(uri);
    }
    let world = world
        .seed(args.seed)
        .blocks(args.blocks)
        .tier(match args.tier {
            TierArg::Enterprise => Tier::Enterprise,
            TierArg::PayPerUse => Tier::PayPerUse,
        })
        .limits(args.limits == Switch::On)
        .build();
    let server = Sandbox::bind(world.clone(), args.listen)
        .await
        .with_context(|| format!("cannot listen on {}", args.listen))?;
    // Before anybody is told that it runs, so that whoever is told can end it.
    let stop = Stop::listen()?;
    output.json_line(&Reach::of(&world, server.url())?)?;
    if !server.address().ip().is_loopback() {
        output.insist("Anybody who reaches this machine can use this sandbox.");
    }
    output.say("The sandbox is serving; Ctrl-C ends it.");
    stop.asked_for().await;
    server.shut_down().await?;
    Ok(Exit::Done)
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

async fn reset(output: Output) -> anyhow::Result<Exit> {
    let sandbox = Home::find()?.sandbox();
    let forgets = sandbox.exists();
    if forgets {
        let _alone = lock(&sandbox, output).await?;
        sandbox.forget()?;
    }
    if output.json {
        output.json_line(&serde_json::json!({ "reset": forgets }))?;
    } else if forgets {
        output.sentence("The sandbox begins anew with the next command.")?;
    } else {
        output.sentence("There was nothing to forget.")?;
    }
    Ok(Exit::Done)
}
