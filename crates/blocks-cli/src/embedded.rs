//! The sandbox inside this program, with a world that lasts between runs.

use std::fs::{File, TryLockError};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use blocks_fake::{Sandbox, StateFile, World, WorldClock};
use blocks_ports::Clock;
use jiff::Timestamp;

use crate::home::Home;
use crate::output::Output;

/// How many accounts the sandbox's user blocks, unless asked otherwise.
pub(crate) const BLOCKS: u32 = 2500;

/// The world that everybody gets, unless asked otherwise.
pub(crate) const SEED: u64 = 7;

/// A sandbox on loopback.
#[derive(Debug)]
pub(crate) struct Embedded {
    world: World,
    server: Sandbox,
    file: StateFile,
    /// Keeps other commands away from the world until this one has stored it.
    _lock: File,
}

impl Embedded {
    /// Starts the sandbox with the world of the last run, or a new one.
    pub(crate) async fn start(home: &Home, output: Output) -> anyhow::Result<Self> {
        let lock = lock(home, output).await?;
        let file = StateFile::open(home.world_file())?;
        let kept = file.load().context("`blocks sandbox reset` begins a new world")?;
        let world = kept.unwrap_or_else(|| World::builder().seed(SEED).blocks(BLOCKS).build());
        let server = Sandbox::bind(world.clone(), (Ipv4Addr::LOCALHOST, 0))
            .await
            .context("cannot start the sandbox")?;
        Ok(Self { world, server, file, _lock: lock })
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    /// The world that it serves.
    pub(crate) const fn world(&self) -> &World {
        &self.world
    }

    /// The world's clock, which jumps over waits.
    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(WorldClock::new(self.world.clone()))
    }

    /// Ends the sandbox and keeps its world.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.server.shut_down().await.context("the sandbox failed")?;
        self.file.save(&self.world.export()).context("cannot keep the sandbox's world")
    }
}

/// What time it is in the sandbox's world.
pub(crate) async fn time(home: &Home, output: Output) -> anyhow::Result<Timestamp> {
    let _lock = lock(home, output).await?;
    let kept = StateFile::open(home.world_file())?.load();
    let kept = kept.context("`blocks sandbox reset` begins a new world")?;
    Ok(kept.map_or_else(Timestamp::now, |world| world.now()))
}

/// Waits until no other command uses the sandbox: the one that stores its world last would undo
/// what the other did.
pub(crate) async fn lock(home: &Home, output: Output) -> anyhow::Result<File> {
    const WORTH_A_WORD: u32 = 10;
    home.create()?;
    let path = home.lock_file();
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let failed = || format!("cannot lock {}", path.display());
    let file = options.open(&path).with_context(failed)?;
    for turn in 0.. {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error).with_context(failed),
        }
        if turn == WORTH_A_WORD {
            output.say("Another command uses the sandbox; waiting until it is done.");
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(file)
}
