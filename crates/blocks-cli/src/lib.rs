//! The program `blocks`: arguments in, words and progress out, and the one place where the
//! adapters are chosen.
//!
//! It is a library so that the command reference can be generated from [`command`].
//!
//! ```
//! let program = blocks_cli::command();
//! assert!(program.get_subcommands().any(|command| command.get_name() == "pull"));
//! ```

mod args;
mod commands;
mod consent;
mod context;
mod embedded;
mod environment;
mod exit;
mod home;
mod output;
mod progress;
mod server;
mod sign_in;
mod standing;
mod trouble;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use crate::args::Cli;
use crate::exit::Exit;
use crate::output::Output;

/// The program's commands and flags.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs the program with the arguments of this process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match parse() {
        Ok(cli) => cli,
        Err(error) => {
            if error.use_stderr() {
                let text = error.render().ansi().to_string();
                anstream::eprint!("{}", output::wrapped(&text, output::stderr_width()));
                return Exit::Usage.into();
            }
            // The text goes nowhere when the reader of a pipe has left.
            let _ = error.print();
            return Exit::Done.into();
        }
    };
    let output = Output::new(&cli.globals);
    let words = cli.globals.words;
    log_to_stderr(cli.globals.verbose);
    match run(cli, &output) {
        Ok(exit) => exit.into(),
        Err(error) => trouble::report(&error, words, output).into(),
    }
}

/// Reads the arguments, and the variables that stand in for some of them.
fn parse() -> Result<Cli, clap::Error> {
    let matches = environment::without_empty_variables(Cli::command()).try_get_matches()?;
    Cli::from_arg_matches(&matches)
}

fn run(cli: Cli, output: &Output) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let exit = runtime.block_on(commands::run(cli, output));
    // What other threads still do is a question that nobody will answer, or a transaction, which
    // is whole or does not count; neither is worth waiting for.
    runtime.shutdown_background();
    exit
}

/// Shows what the crates log, on stderr, as far as it was asked for.
fn log_to_stderr(verbose: u8) {
    use tracing_subscriber::EnvFilter;

    let level = match verbose {
        0 => "off",
        1 => "debug",
        _ => "trace",
    };
    let crates = ["blocks_app", "blocks_cli", "blocks_fake", "blocks_http", "blocks_sqlite"];
    let ours = crates.map(|name| format!("{name}={level}")).join(",");
    let filter = EnvFilter::try_from_env("BLOCKS_LOG").unwrap_or_else(|_| EnvFilter::new(ours));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
        .with_writer(std::io::stderr)
        .init();
}
