//! Clients that others wrote, against the sandbox: unchanged but for the address.

use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use blocks_domain::Scope;
use blocks_fake::{Sandbox, World};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

/// Where the scripts are.
const SCRIPTS: &str = "tests/clients";

/// How many accounts the list holds: three pages.
const BLOCKS: u32 = 2500;

/// Which programs to run.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Fails where a client is missing.
    #[arg(long)]
    require: bool,
    /// The Python that has tweepy and requests-oauthlib.
    #[arg(long, value_name = "PROGRAM", default_value = "python3")]
    python: String,
}

/// A client, and what it takes to run it.
struct Client<'a> {
    name: &'static str,
    script: &'static str,
    interpreter: &'a str,
    /// Arguments with which the interpreter succeeds where everything is there.
    probe: &'static [&'static str],
}

/// Runs every client against a sandbox of its own.
///
/// # Errors
/// A client was not served as it expects, or is missing and required.
pub(crate) fn run(root: &Path, options: &Options) -> Result<()> {
    let clients = [
        Client {
            name: "tweepy",
            script: "tweepy_client.py",
            interpreter: &options.python,
            probe: &["-c", "import tweepy"],
        },
        Client {
            name: "requests-oauthlib",
            script: "requests_oauthlib_client.py",
            interpreter: &options.python,
            probe: &["-c", "import requests_oauthlib"],
        },
        Client {
            name: "curl",
            script: "curl.sh",
            interpreter: "sh",
            probe: &["-c", "command -v curl"],
        },
    ];
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    for client in clients {
        if client.is_there() {
            let (sandbox, reach) = runtime.block_on(serve())?;
            client.run(&root.join(SCRIPTS), &reach)?;
            runtime.block_on(sandbox.shut_down())?;
            continue;
        }
        let missing = format!("`{}` has no {}", client.interpreter, client.name);
        ensure!(!options.require, "{missing}");
        writeln!(io::stdout(), "skipped: {} was not run, for {missing}", client.name)?;
    }
    Ok(())
}

/// A sandbox, and how to reach it: in the words of `blocks sandbox serve`, and some more.
async fn serve() -> Result<(Sandbox, Value)> {
    let world = World::builder().blocks(BLOCKS).build();
    let sandbox = Sandbox::bind(world.clone(), "127.0.0.1:0").await?;
    let (owner, app) = (world.owner(), world.app());
    let oauth1 = world.oauth1_credential(owner)?;
    let token = world.mint(owner, Scope::ALL, None)?;
    let reach = json!({
        "url": sandbox.url(),
        "user_id": owner.to_string(),
        "access_token": token.expose_secret(),
        "app_only_token": world.app_only_token().expose_secret(),
        "client_id": app.client_id,
        "client_secret": app.client_secret.as_ref().map(ExposeSecret::expose_secret),
        "redirect_uri": app.redirect_uri,
        "oauth1": {
            "consumer_key": oauth1.consumer_key,
            "consumer_secret": oauth1.consumer_secret.expose_secret(),
            "token": oauth1.token,
            "token_secret": oauth1.token_secret.expose_secret(),
        },
        "blocks": BLOCKS,
        "target": world.stranger(0).to_string(),
    });
    Ok((sandbox, reach))
}

impl Client<'_> {
    fn is_there(&self) -> bool {
        let mut probe = Command::new(self.interpreter);
        let probe = probe.args(self.probe).stdout(Stdio::null()).stderr(Stdio::null());
        probe.status().is_ok_and(|status| status.success())
    }

    fn run(&self, scripts: &Path, reach: &Value) -> Result<()> {
        let mut process = Command::new(self.interpreter)
            .arg(scripts.join(self.script))
            .stdin(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {}", self.name))?;
        let mut input = process.stdin.take().context("the client has no input")?;
        // A client that ends before it reads says why itself.
        let told = writeln!(input, "{reach}");
        drop(input);
        let status = process.wait()?;
        ensure!(status.success() && told.is_ok(), "{} was not served as it expects", self.name);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is missing is said on stdout itself, so that a test run shows it.
    #[test]
    fn the_clients_of_others_are_served_where_they_are_at_hand() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
        let options = Options { require: false, python: "python3".to_owned() };
        run(root, &options).expect("every client that is at hand is served");
    }
}
