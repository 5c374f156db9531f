//! Loads the sandbox with many users on many connections, and holds every block list against what
//! the answers acknowledged.

mod control;
mod memory;
mod worker;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::task::JoinSet;

use self::control::{Control, User};
use self::memory::{Mebibytes, Resident};
use self::worker::{Done, Worker};
use crate::http::Http;
use crate::program::{Program, Sandbox, build};

/// How the sandbox is loaded.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How long each run lasts.
    #[arg(long, value_name = "S", default_value_t = 5)]
    seconds: u64,
    /// How many connections there are; more than one value gives more than one run.
    #[arg(long, value_name = "N", default_values_t = [16, 256])]
    connections: Vec<usize>,
    /// Where the random calls begin.
    #[arg(long, value_name = "NUMBER", default_value_t = rand::random())]
    seed: u64,
}

/// How many users call.
const USERS: usize = 200;

/// How many accounts each connection blocks and unblocks, for any of the users.
const TARGETS: usize = 20;

/// How much the memory may grow in the second half of a run beside what blocks take.
const GROWTH: u64 = 8 * 1024 * 1024;

/// What a block that was made through the API may take, in bytes.
const BYTES_PER_BLOCK: u64 = 64;

/// Runs with and without limits, for each number of connections.
///
/// # Errors
/// The sandbox ended, answered what it should not, lost a block or kept one too many, or its
/// memory grew.
pub(crate) fn run(root: &Path, options: &Options) -> Result<()> {
    let built = build(root, &["--release"])?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    for limits in ["off", "on"] {
        for connections in &options.connections {
            let home = tempfile::tempdir().context("making a folder")?;
            let program = Program { path: &built, home: home.path() };
            let sandbox = program.serve(&["--limits", limits, "--blocks", "1000"])?;
            let load = Load { connections: *connections, limits: limits == "on", options };
            let taken = runtime.block_on(load.put_on(&sandbox));
            println!("{}", taken.with_context(|| format!("{load} (seed {})", options.seed))?);
        }
    }
    Ok(())
}

/// One run.
struct Load<'a> {
    connections: usize,
    limits: bool,
    options: &'a Options,
}

impl Load<'_> {
    async fn put_on(&self, sandbox: &Sandbox) -> Result<String> {
        let url = sandbox.told("url")?;
        let control = Control::of(Http::to(url)?);
        let users: Arc<[User]> = control.users(USERS).await?.into();
        let targets = control.targets(self.connections * TARGETS).await?;
        let memory = Resident::of(sandbox.id());
        let began = Instant::now();
        let until = began + Duration::from_secs(self.options.seconds);
        let mut workers = JoinSet::new();
        for (number, targets) in targets.chunks(TARGETS).enumerate() {
            let dice = StdRng::seed_from_u64(self.options.seed.wrapping_add(number as u64));
            let http = Http::to(url)?;
            let worker = Worker::new(http, Arc::clone(&users), targets.to_vec(), dice);
            workers.spawn(worker.work(until, self.limits));
        }
        let half = Duration::from_secs(self.options.seconds) / 2;
        let growth = self.watch(&control, memory, began + half, until).await?;
        let done = workers.join_all().await.into_iter().collect::<Result<Vec<_>>>()?;
        let seconds = began.elapsed().as_secs_f64();
        let done = Done::together(done);
        control.end_windows().await?;
        let blocks = check(&control, &users, &done).await?;
        // What the sandbox keeps of a block is in the memory by right.
        let bound = GROWTH + done.changes * BYTES_PER_BLOCK;
        ensure!(
            growth.second_half <= bound,
            "the memory grew by {} in the second half, and not by {} at most",
            Mebibytes(growth.second_half),
            Mebibytes(bound),
        );
        Ok(format!(
            "{self}: {done} · {:.0}/s · {blocks} blocks as acknowledged · {growth}",
            done.answers() as f64 / seconds
        ))
    }

    /// Ends the windows every second where they are counted, and looks at the memory.
    async fn watch(
        &self,
        control: &Control,
        memory: Resident,
        half: Instant,
        until: Instant,
    ) -> Result<Growth> {
        let start = memory.now()?;
        let mut middle = start;
        while Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(500)).await;
            if self.limits {
                control.end_windows().await?;
            }
            if Instant::now() < half {
                middle = memory.now()?;
            }
        }
        let end = memory.now()?;
        Ok(Growth { start, end, second_half: end.saturating_sub(middle) })
    }
}

impl fmt::Display for Load<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limits = if self.limits { "on" } else { "off" };
        let Options { seconds, .. } = self.options;
        write!(f, "{} connections, limits {limits}, {seconds} s", self.connections)
    }
}

/// How the memory changed, in bytes.
struct Growth {
    start: u64,
    end: u64,
    second_half: u64,
}

impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [start, end, late] = [self.start, self.end, self.second_half].map(Mebibytes);
        write!(f, "memory {start} → {end}, {late} of it in the second half")
    }
}

/// Compares the list of every user with what the answers acknowledged; tells how many blocks
/// there are.
async fn check(control: &Control, users: &[User], done: &Done) -> Result<usize> {
    let mut count = 0;
    for (number, user) in users.iter().enumerate() {
        let listed = control.list(user).await?;
        let expected = done.blocked_by(number);
        let lost = expected.difference(&listed).count();
        let doubtful = listed.difference(&expected).count();
        ensure!(
            lost == 0 && doubtful == 0,
            "of {} blocks of user {}, {lost} are lost, and {doubtful} are there that should not be",
            expected.len(),
            user.id,
        );
        count += listed.len();
    }
    Ok(count)
}
