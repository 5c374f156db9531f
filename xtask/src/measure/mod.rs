//! Measures a pull: the release build of the program against its own sandbox, over loopback.

mod proxy;

use std::fmt;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{ChildStdout, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use self::proxy::Proxy;
use crate::program::{Program, build};

/// The most memory that a pull may take, in KiB: well below the 100 MiB that are promised for a
/// list of a million.
const MOST_MEMORY: u64 = 64 * 1024;

/// How many accounts a page holds.
const PAGE: u64 = 1000;

/// What a pull took.
#[derive(Debug, PartialEq, Eq)]
struct Taken {
    users: u64,
    requests: u64,
    connections: u64,
    time: Duration,
    /// The peak of the resident memory, in KiB.
    memory: u64,
}

/// Pulls a list of so many accounts twice, first into nothing and then over what is mirrored, and
/// prints what that took.
///
/// # Errors
/// It took more than it may, or it did not work.
pub(crate) fn pull(root: &Path, users: u32) -> Result<()> {
    let built = build(root, &["--release"])?;
    let home = tempfile::tempdir().context("making a folder")?;
    let program = Program { path: &built, home: home.path() };
    let sandbox = program.serve(&["--limits", "off", "--blocks", &users.to_string()])?;
    let url = sandbox.told("url")?;
    for which in ["the first pull", "a whole one again"] {
        let proxy = Proxy::to(url.strip_prefix("http://").unwrap_or(url))?;
        let taken = run(program, &proxy, sandbox.told("access_token")?)?;
        println!("{which}: {taken}");
        taken.holds(users.into())?;
    }
    Ok(())
}

impl Taken {
    /// Whether it is no more than it may be.
    fn holds(&self, users: u64) -> Result<()> {
        ensure!(self.users == users, "{users} accounts are on the list");
        let pages = users.div_ceil(PAGE).max(1);
        ensure!(self.requests == pages, "{pages} requests are enough");
        ensure!(self.connections == 1, "one connection is enough");
        ensure!(self.memory <= MOST_MEMORY, "{} is the most it may take", Mebibytes(MOST_MEMORY));
        Ok(())
    }
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [
            counted(self.users, "account"),
            counted(self.requests, "request"),
            counted(self.connections, "connection"),
        ];
        let (seconds, memory) = (self.time.as_secs_f64(), Mebibytes(self.memory));
        write!(f, "{} · {seconds:.1} s · {memory} at the peak", counts.join(" · "))
    }
}

fn counted(count: u64, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

/// So many KiB, for people.
struct Mebibytes(u64);

impl fmt::Display for Mebibytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = (self.0 * 10).div_ceil(1024);
        write!(f, "{}.{} MiB", tenths / 10, tenths % 10)
    }
}

/// Pulls the whole list through the proxy, with an eye on the memory.
fn run(program: Program<'_>, proxy: &Proxy, token: &str) -> Result<Taken> {
    let began = Instant::now();
    let mut process = program
        .command()
        .args(["pull", "--full", "--json", "--quiet"])
        .env("BLOCKS_API_URL", proxy.url())
        .env("BLOCKS_ACCESS_TOKEN", token)
        .stdout(Stdio::piped())
        .spawn()
        .context("starting the pull")?;
    let mut memory = 0;
    let status = loop {
        if let Some(status) = process.try_wait()? {
            break status;
        }
        memory = peak_memory(process.id()).unwrap_or(0).max(memory);
        std::thread::sleep(Duration::from_millis(2));
    };
    let time = began.elapsed();
    ensure!(status.success(), "the pull failed");
    ensure!(memory > 0, "the system does not tell the memory of a process in /proc");
    let summary = summary(process.stdout.take())?;
    let count = |key| summary[key].as_u64().with_context(|| format!("the pull tells no {key}"));
    Ok(Taken {
        users: count("users")?,
        requests: count("requests")?,
        connections: proxy.accepted(),
        time,
        memory,
    })
}

fn summary(stdout: Option<ChildStdout>) -> Result<Value> {
    let mut text = String::new();
    stdout.context("the pull has no output")?.read_to_string(&mut text)?;
    serde_json::from_str(&text).context("the pull ends without a summary")
}

/// The highest resident memory of a process so far, in KiB; `None` once it has ended.
///
/// The kernel keeps the peak, so that looking now and then misses only what a process takes
/// after the last look.
fn peak_memory(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    high_water(&status)
}

fn high_water(status: &str) -> Option<u64> {
    let value = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    value.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Taken = Taken {
        users: 2500,
        requests: 3,
        connections: 1,
        time: Duration::from_millis(1234),
        memory: MOST_MEMORY,
    };

    #[test]
    fn each_bound_is_held() {
        GOOD.holds(2500).expect("as much as it may");
        for (taken, said) in [
            (Taken { users: 2499, ..GOOD }, "2500 accounts are on the list"),
            (Taken { requests: 4, ..GOOD }, "3 requests are enough"),
            (Taken { connections: 2, ..GOOD }, "one connection is enough"),
            (Taken { memory: MOST_MEMORY + 1, ..GOOD }, "64.0 MiB is the most it may take"),
        ] {
            assert_eq!(taken.holds(2500).expect_err("too much").to_string(), said);
        }
        Taken { users: 0, requests: 1, ..GOOD }.holds(0).expect("an empty list is one page");
    }

    #[test]
    fn what_was_taken_is_told_in_a_line() {
        let told = "2500 accounts · 3 requests · 1 connection · 1.2 s · 64.0 MiB at the peak";
        assert_eq!(GOOD.to_string(), told);
    }

    #[test]
    fn the_peak_is_found_in_the_status_of_a_process() {
        let status =
            "Name:\tblocks\nVmPeak:\t  900000 kB\nVmHWM:\t   18724 kB\nVmRSS:\t   100 kB\n";
        assert_eq!(high_water(status), Some(18_724));
        assert_eq!(high_water("Name:\tblocks\n"), None);
    }
}
