//! Generates the JSON schema and the references, and checks them and the arrows.
//!
//! `cargo xtask schema` writes `docs/schema`, and `cargo xtask check` holds every page against
//! the code. `cargo xtask measure` measures a pull, and `cargo xtask oracle` holds our signatures
//! against those of others. `cargo xtask fuzz`, `load`, `outside` and `spec` try the sandbox.

mod book;
mod browser;
mod check;
mod cli;
mod drift;
mod facts;
mod finding;
mod fuzz;
mod generated;
mod house;
mod http;
mod kill;
mod load;
mod markdown;
mod measure;
mod openapi;
mod oracle;
mod outside;
mod program;
mod reference;
mod schema;
mod shape;
mod spec;
mod sweep;
mod tolerant;
mod tree;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use crate::generated::Generated;
use crate::tree::Tree;

/// The chores of this workspace.
#[derive(Debug, Parser)]
enum Xtask {
    /// Writes the JSON schemas of the models to docs/schema.
    Schema {
        /// Changes nothing, and fails where something would change.
        #[arg(long)]
        check: bool,
    },
    /// Writes the command reference to docs/reference/cli.md.
    Cli {
        /// Changes nothing, and fails where something would change.
        #[arg(long)]
        check: bool,
    },
    /// Holds the references, the schemas and the arrows against the code.
    Check,
    /// Pulls a list from the sandbox with the release build, and fails when that takes too much.
    ///
    /// The peak of the memory is read from /proc, so this needs Linux.
    Measure {
        /// How many accounts the list holds.
        #[arg(long, value_name = "N", default_value_t = 20_000)]
        users: u32,
    },
    /// Sends random requests to the sandbox, and holds the answers against its own document.
    Fuzz(fuzz::Options),
    /// Holds an official OpenAPI file against the models and data, and tells what changed.
    ///
    /// It exits with 0 where xtask/drift.toml accepts every difference, with 1 where one is new,
    /// and with 2 where nothing could be compared.
    Drift(drift::Options),
    /// Holds the answers of the sandbox against the official OpenAPI files.
    ///
    /// Where those are missing it says `skipped` and succeeds.
    Spec(spec::Options),
    /// Makes up answers as the official OpenAPI files describe them, reads them and writes them back.
    ///
    /// It fails where something is lost or changed. Where the files are missing it says `skipped`
    /// and succeeds.
    Tolerant(tolerant::Options),
    /// Pulls long lists in virtual time, and fails where that takes more than the least it can.
    Sweep(sweep::Options),
    /// Runs clients that others wrote against the sandbox: tweepy, requests-oauthlib and curl.
    ///
    /// Where one is missing it says `skipped` and goes on.
    Outside(outside::Options),
    /// Kills the program at random moments, and fails where its mirror is not the world after it.
    ///
    /// It also lets its disk run full; where nothing may be mounted it says `skipped` and goes on.
    Kill(kill::Options),
    /// Loads the sandbox of the release build, and fails where it loses or doubles a block.
    ///
    /// The memory is read from /proc, so this needs Linux.
    Load(load::Options),
    /// Signs in through a real browser, Chromium without a window: approves, and denies.
    ///
    /// It needs `chromedriver`; where that is missing it says `skipped` and succeeds.
    Browser(browser::Options),
    /// Signs random requests with OAuth 1.0a, and fails where oauthlib signs them otherwise.
    ///
    /// It needs Python with oauthlib; where that is missing it says `skipped` and succeeds.
    Oracle(oracle::Options),
}

fn main() -> Result<ExitCode> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask has no workspace")?;
    let tree = Tree::load(root)?;
    let settled = |files: &Generated, check| files.settle(root, &tree, check);
    let mut findings = match Xtask::parse() {
        Xtask::Schema { check } => settled(&schema::generated(), check)?,
        Xtask::Cli { check } => settled(&cli::generated(blocks_cli::command()), check)?,
        Xtask::Check => check::everything(&tree, &house::members(root)?),
        Xtask::Measure { users } => {
            measure::pull(root, users)?;
            Vec::new()
        }
        Xtask::Fuzz(options) => {
            fuzz::run(&options)?;
            Vec::new()
        }
        Xtask::Sweep(options) => {
            sweep::run(root, &options)?;
            Vec::new()
        }
        Xtask::Outside(options) => {
            outside::run(root, &options)?;
            Vec::new()
        }
        Xtask::Kill(options) => {
            kill::run(root, &options)?;
            Vec::new()
        }
        Xtask::Load(options) => {
            load::run(root, &options)?;
            Vec::new()
        }
        Xtask::Drift(options) => {
            return Ok(ExitCode::from(drift::run(root, &tree, &options)));
        }
        Xtask::Spec(options) => {
            spec::compare(root, &options)?;
            Vec::new()
        }
        Xtask::Tolerant(options) => {
            tolerant::run(root, &options)?;
            Vec::new()
        }
        Xtask::Browser(options) => {
            browser::sign_in(root, &options)?;
            Vec::new()
        }
        Xtask::Oracle(options) => {
            oracle::compare(&options)?;
            Vec::new()
        }
    };
    findings.sort();
    for finding in &findings {
        eprintln!("{finding}");
    }
    Ok(match findings.len() {
        0 => ExitCode::SUCCESS,
        count => {
            eprintln!("{count} to mend");
            ExitCode::FAILURE
        }
    })
}
