//! Pulls a long list in virtual time, in release, and shows what that takes.
//!
//! What must hold of it stands in the test `sweeps::as_many_as_are_wanted` of `blocks-tests`.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// How long a list is pulled.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many accounts the list holds.
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    users: u32,
}

const TEST: &str = "sweeps::as_many_as_are_wanted";

/// Runs the test, and prints what it tells.
///
/// # Errors
/// It fails, or tells nothing.
pub(crate) fn run(root: &Path, options: &Options) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let test = Command::new(cargo)
        .args(["test", "--quiet", "--release", "--package", "blocks-tests", "--test", "main_job"])
        .args(["--", "--ignored", "--exact", TEST, "--nocapture"])
        .env("BLOCKS_SWEEP_USERS", options.users.to_string())
        .current_dir(root)
        .stderr(Stdio::inherit())
        .output()
        .context("starting cargo")?;
    let said = String::from_utf8_lossy(&test.stdout);
    ensure!(test.status.success(), "the pull does not hold what it promises:\n{said}");
    println!("{}", told(&said).with_context(|| format!("no test `{TEST}` was run:\n{said}"))?);
    Ok(())
}

/// What the test tells of the pull.
fn told(said: &str) -> Option<&str> {
    said.lines().find_map(|line| line.split_once("swept: ").map(|(_, told)| told))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_without_the_test_tells_nothing() {
        let said = "\nrunning 1 test\nswept: 5 accounts · 1 request\n.\n";
        assert_eq!(told(said), Some("5 accounts · 1 request"));
        assert_eq!(told("\nrunning 0 tests\n\ntest result: ok. 0 passed\n"), None);
    }
}
