//! The sandbox inside this program, with a world that lasts between runs.

use std::fs::File;
use std::io::Write;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use blocks_fake::{Sandbox, World, WorldClock, WorldState};
use blocks_ports::{Clock, Credential};

use crate::home::Home;

/// How many accounts the sandbox's user blocks, unless asked otherwise.
pub(crate) const BLOCKS: u32 = 2500;

/// The world that everybody gets, unless asked otherwise.
pub(crate) const SEED: u64 = 7;

/// A sandbox on loopback.
#[derive(Debug)]
pub(crate) struct Embedded {
    world: World,
    server: Sandbox,
    file: PathBuf,
    /// Keeps other commands away from the world until this one has stored it.
    _lock: File,
}

impl Embedded {
    /// Starts the sandbox with the world of the last run, or a new one.
    pub(crate) async fn start(home: &Home) -> anyhow::Result<Self> {
        home.create()?;
        let lock = lock(home.world_lock()).await?;
        let file = home.world_file();
        let world = match load(&file)? {
            Some(state) => World::import(state).with_context(|| {
                format!("the sandbox's world in {} cannot be used", file.display())
            })?,
            None => World::builder().seed(SEED).blocks(BLOCKS).build(),
        };
        let server = Sandbox::bind(world.clone(), (Ipv4Addr::LOCALHOST, 0))
            .await
            .context("cannot start the sandbox")?;
        Ok(Self { world, server, file, _lock: lock })
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    pub(crate) fn credential(&self) -> Credential {
        Credential::bearer(self.world.token())
    }

    /// The world's clock, which jumps over waits.
    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(WorldClock::new(self.world.clone()))
    }

    /// Ends the sandbox and keeps its world.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.server.shut_down().await.context("the sandbox failed")?;
        save(&self.file, &self.world.export())
            .with_context(|| format!("cannot keep the sandbox's world in {}", self.file.display()))
    }
}

/// Waits until no other command uses the world: the one that stores it last would undo the other.
async fn lock(path: PathBuf) -> anyhow::Result<File> {
    let failed = format!("cannot lock {}", path.display());
    let lock = move || -> std::io::Result<File> {
        let mut options = File::options();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path)?;
        file.lock()?;
        Ok(file)
    };
    tokio::task::spawn_blocking(lock).await?.context(failed)
}

fn load(file: &Path) -> anyhow::Result<Option<WorldState>> {
    let json = match std::fs::read(file) {
        Ok(json) => json,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(error).with_context(|| format!("cannot read {}", file.display()));
        }
    };
    let state = serde_json::from_slice(&json).with_context(|| {
        format!("{} is damaged; `blocks sandbox reset` begins a new world", file.display())
    })?;
    Ok(Some(state))
}

/// Writes the whole file or none of it.
fn save(file: &Path, state: &WorldState) -> anyhow::Result<()> {
    let folder = file.parent().context("the file has no folder")?;
    let mut whole = tempfile::NamedTempFile::new_in(folder)?;
    whole.write_all(&serde_json::to_vec(state)?)?;
    whole.as_file().sync_all()?;
    whole.persist(file)?;
    Ok(())
}
