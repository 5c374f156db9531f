//! Pulls long lists in virtual time, and shows what that takes.
//!
//! What must hold of it stands in two tests of `blocks-tests`: `sweeps::as_many_as_are_wanted`
//! where all goes well, and `shares::as_many_as_are_wanted` where one call in twenty meets a fault,
//! for each kind of fault.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};

use crate::program::cargo;

/// How long the lists are.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many accounts the longest list holds; of 1,000, 15,000, 100,000 and 1,000,000 those
    /// that are fewer come before it.
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    users: u32,
    /// Lists of 15,000 and more accounts, up to this number, are also pulled once for each kind of
    /// fault, which one call in twenty meets.
    #[arg(long, value_name = "N", default_value_t = 15_000)]
    faults: u32,
}

const SWEEP: &str = "sweeps::as_many_as_are_wanted";
const SHARES: &str = "shares::as_many_as_are_wanted";

/// Runs the tests, and prints what they tell.
///
/// # Errors
/// One fails, or tells nothing.
pub(crate) fn run(root: &Path, options: &Options) -> Result<()> {
    for users in lengths(options.users) {
        tell(root, SWEEP, users)?;
        // On fewer pages hardly any fault is met.
        if (15_000..=options.faults).contains(&users) {
            tell(root, SHARES, users)?;
        }
    }
    Ok(())
}

/// The lengths of the lists, the longest last.
fn lengths(longest: u32) -> Vec<u32> {
    let shorter = [1_000, 15_000, 100_000, 1_000_000].into_iter().filter(|users| *users < longest);
    shorter.chain([longest]).collect()
}

/// Runs a test for so many accounts, and prints each line that it tells as it comes.
fn tell(root: &Path, test: &str, users: u32) -> Result<()> {
    // Building in release takes longer than it saves on a list that is no longer than this; and
    // the tests of the whole workspace are built already where they were run.
    let is_long = users > 100_000;
    let built: &[_] =
        if is_long { &["--release", "--package", "blocks-tests"] } else { &["--workspace"] };
    let mut running = cargo()
        .args(["test", "--quiet", "--test", "main_job"])
        .args(built)
        .args(["--", "--ignored", "--exact", test, "--nocapture"])
        .env("BLOCKS_SWEEP_USERS", users.to_string())
        .current_dir(root)
        .stdout(Stdio::piped())
        .spawn()
        .context("starting cargo")?;
    let (mut is_told, mut said) = (false, String::new());
    let stdout = running.stdout.take().context("cargo has no output")?;
    for line in BufReader::new(stdout).lines() {
        let line = line?;
        if let Some(swept) = swept(&line) {
            println!("{swept}");
            is_told = true;
        } else {
            said.extend([&*line, "\n"]);
        }
    }
    ensure!(running.wait()?.success(), "a pull does not hold what it promises:\n{said}");
    ensure!(is_told, "no test `{test}` was run:\n{said}");
    Ok(())
}

/// What a line of the tests tells of a pull.
fn swept(line: &str) -> Option<&str> {
    line.split_once("swept: ").map(|(_, told)| told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_that_is_wanted_is_the_longest_and_comes_last() {
        assert_eq!(lengths(1_000_000), [1_000, 15_000, 100_000, 1_000_000]);
        assert_eq!(lengths(100_001), [1_000, 15_000, 100_000, 100_001]);
        assert_eq!(lengths(7), [7]);
    }

    #[test]
    fn only_lines_about_a_pull_are_shown() {
        let told = Some("5 accounts · requests 1");
        assert_eq!(swept("swept: 5 accounts · requests 1"), told);
        assert_eq!(swept("test sweeps::it ... swept: 5 accounts · requests 1"), told);
        assert_eq!(swept("test result: ok. 0 passed"), None);
    }
}
