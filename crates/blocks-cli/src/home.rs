//! Where the program keeps its state.

use std::path::PathBuf;

use anyhow::Context;
use blocks_sqlite::SqliteStore;
use etcetera::BaseStrategy;

/// The folder that holds the program's state.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    folder: PathBuf,
}

impl Home {
    /// `BLOCKS_HOME`, or `blocks` in the platform's data folder.
    pub(crate) fn find() -> anyhow::Result<Self> {
        if let Some(folder) = std::env::var_os("BLOCKS_HOME").filter(|home| !home.is_empty()) {
            return Ok(Self { folder: folder.into() });
        }
        let platform = etcetera::choose_base_strategy()
            .context("there is no home folder; set BLOCKS_HOME to a folder to keep state in")?;
        Ok(Self { folder: platform.data_dir().join("blocks") })
    }

    /// The folder of the embedded sandbox, apart from everything real.
    pub(crate) fn sandbox(&self) -> Self {
        Self { folder: self.folder.join("sandbox") }
    }

    /// The file that keeps the embedded sandbox's world between runs.
    pub(crate) fn world_file(&self) -> PathBuf {
        self.folder.join("world.json")
    }

    /// The file that whoever uses the sandbox locks. It stands beside the folder, so that it
    /// outlives a reset.
    pub(crate) fn lock_file(&self) -> PathBuf {
        self.folder.with_extension("lock")
    }

    /// Makes the folder, for nobody else to look into.
    pub(crate) fn create(&self) -> anyhow::Result<()> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .create(&self.folder)
            .with_context(|| format!("cannot make the folder {}", self.folder.display()))
    }

    /// Whether the folder is there.
    pub(crate) fn exists(&self) -> bool {
        self.folder.exists()
    }

    /// Removes the folder and all that is in it.
    pub(crate) fn forget(&self) -> anyhow::Result<()> {
        std::fs::remove_dir_all(&self.folder)
            .with_context(|| format!("cannot remove {}", self.folder.display()))
    }

    /// Opens the database, which is made if need be.
    pub(crate) fn open_store(&self) -> anyhow::Result<SqliteStore> {
        self.create()?;
        let file = self.folder.join("blocks.sqlite");
        Ok(SqliteStore::open(&file)?)
    }
}
