//! The commands, one a file.

mod accounts;
pub(crate) mod browser;
mod change;
mod changes;
mod doctor;
mod forecast;
mod generated;
mod list;
mod login;
mod logout;
mod pull;
mod purge;
mod sandbox;
mod show;
mod stats;
mod users;
mod verify;
mod watch;
mod whoami;

#[cfg(unix)]
use futures_util::StreamExt;
#[cfg(unix)]
use futures_util::stream::FuturesUnordered;

use crate::args::{Cli, Command};
use crate::exit::Exit;
use crate::output::Output;

/// Does what was asked for. Ctrl-C ends it cleanly: what is stored stays whole.
pub(crate) async fn run(cli: Cli, output: &Output) -> anyhow::Result<Exit> {
    let Cli { globals, command } = cli;
    match command {
        Command::Login(args) => login::run(&globals, &args, *output).await,
        Command::Logout(args) => logout::run(&globals, &args, *output).await,
        Command::Accounts(args) => accounts::run(&globals, args, *output).await,
        Command::Doctor(args) => doctor::run(&globals, &args, *output).await,
        Command::Pull(args) => pull::run(&globals, &args, *output).await,
        Command::List(args) => list::run(&globals, args, *output).await,
        Command::Show(args) => show::run(&globals, &args, *output).await,
        Command::Stats => stats::run(&globals, *output).await,
        Command::Forecast(args) => forecast::run(&globals, &args, *output).await,
        Command::Changes(args) => changes::run(&globals, &args, *output).await,
        Command::Verify(args) => verify::run(&globals, &args, *output).await,
        Command::Watch(args) => watch::run(&globals, &args, *output).await,
        Command::Purge(args) => purge::run(&globals, &args, *output).await,
        Command::Whoami => whoami::run(&globals, *output).await,
        Command::Block(args) => change::run(change::Wish::Block, &globals, &args, *output).await,
        Command::Unblock(args) => {
            change::run(change::Wish::Unblock, &globals, &args, *output).await
        }
        Command::Sandbox(args) => sandbox::run(args, *output).await,
        Command::Schema(args) => generated::schema(globals.words, &args, *output),
        Command::Completions(args) => generated::completions(&args),
        Command::Man(args) => generated::man(&args),
        Command::OpenBrowser(args) => browser::open(&args),
    }
}

/// Does some work until Ctrl-C, or another wish to end; `None` says that it came.
async fn until_interrupted<T>(work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        () = interruption() => None,
        result = work => Some(result),
    }
}

/// The person presses Ctrl-C, closes the terminal, or the system shuts down.
async fn interruption() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};

        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        let listening = kinds.into_iter().filter_map(|kind| signal(kind).ok());
        let mut waits: FuturesUnordered<_> =
            listening.map(|mut signal| async move { signal.recv().await }).collect();
        if waits.next().await.is_some() {
            return;
        }
    }
    #[cfg(not(unix))]
    if tokio::signal::ctrl_c().await.is_ok() {
        return;
    }
    // Without a handler, such a signal ends the program by itself.
    std::future::pending::<()>().await;
}
