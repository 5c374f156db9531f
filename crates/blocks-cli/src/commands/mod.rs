//! The commands, one a file.

mod accounts;
mod change;
mod doctor;
mod generated;
mod list;
mod login;
mod logout;
mod pull;
mod sandbox;
mod show;
mod stats;
mod users;
mod whoami;

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
        Command::Whoami => whoami::run(&globals, *output).await,
        Command::Block(args) => change::run(change::Wish::Block, &globals, &args, *output).await,
        Command::Unblock(args) => {
            change::run(change::Wish::Unblock, &globals, &args, *output).await
        }
        Command::Sandbox(args) => sandbox::run(args, *output).await,
        Command::Schema(args) => generated::schema(&args, *output),
        Command::Completions(args) => generated::completions(&args),
        Command::Man(args) => generated::man(&args),
    }
}

/// Does some work until Ctrl-C; `None` says that it came.
async fn until_interrupted<T>(work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        signal = tokio::signal::ctrl_c() => match signal {
            Ok(()) => None,
            // Without a handler, Ctrl-C ends the program by itself.
            Err(_) => std::future::pending().await,
        },
        result = work => Some(result),
    }
}
