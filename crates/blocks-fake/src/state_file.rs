//! A world in a file.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::{InvalidWorldState, World, WorldState};

/// A file that holds a world between runs, and is nobody else's as long as this value lives.
///
/// The file is replaced as a whole, once what replaces it is on the disk, so that a crash leaves
/// the old state or the new one. The lock is a file beside it, whose name is longer by `.lock`;
/// the system gives it up when its holder dies.
///
/// ```
/// use blocks_fake::{StateFile, World};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("world.json");
/// let file = StateFile::open(&path)?;
/// assert!(file.load()?.is_none(), "nothing was kept yet");
/// assert!(StateFile::open(&path).is_err(), "somebody else has it");
///
/// let world = World::builder().seed(7).blocks(10).build();
/// world.unblock(blocks_domain::BlockPair::new(world.owner(), world.blocks(world.owner(), 1)[0])?)?;
/// file.save(&world.export())?;
/// let again = file.load()?.expect("it was kept");
/// assert_eq!(again.block_count(again.owner()), 9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct StateFile {
    path: Arc<Path>,
    _lock: Arc<File>,
}

/// Why a file gives no world.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateFileError {
    /// Another sandbox keeps its world in it.
    #[error("another sandbox keeps its world in {}", path.display())]
    #[non_exhaustive]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be read or written.
    #[error("{} cannot be {done}", path.display())]
    #[non_exhaustive]
    Io {
        /// The file.
        path: PathBuf,
        /// What could not be done to it, as part of a sentence.
        done: &'static str,
        /// Why.
        source: io::Error,
    },
    /// What stands in it is no state of a world, or it is damaged.
    #[error("{} holds no world; begin anew with another file", path.display())]
    #[non_exhaustive]
    NoWorld {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// It is the state of a world that this version cannot use.
    #[error("the world in {} cannot be used", path.display())]
    #[non_exhaustive]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Why.
        source: InvalidWorldState,
    },
}

impl StateFile {
    /// Takes a file, which need not be there yet; its folder must be.
    ///
    /// # Errors
    /// [`StateFileError::InUse`], and [`StateFileError::Io`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StateFileError> {
        let path: Arc<Path> = path.as_ref().into();
        let mut lock = path.as_os_str().to_owned();
        lock.push(".lock");
        let mut options = File::options();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let lock = options.open(lock).map_err(failed(&path, "locked"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, _lock: Arc::new(lock) }),
            Err(TryLockError::WouldBlock) => {
                Err(StateFileError::InUse { path: path.to_path_buf() })
            }
            Err(TryLockError::Error(error)) => Err(failed(&path, "locked")(error)),
        }
    }

    /// The world that was kept last; `None` where the file is not there yet.
    ///
    /// # Errors
    /// The file cannot be read, or holds no world that this version can use.
    pub fn load(&self) -> Result<Option<World>, StateFileError> {
        let json = match fs::read(&self.path) {
            Ok(json) => json,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(&self.path, "read")(error)),
        };
        let path = || self.path.to_path_buf();
        let state = serde_json::from_slice(&json)
            .map_err(|source| StateFileError::NoWorld { path: path(), source })?;
        let world = World::import(state)
            .map_err(|source| StateFileError::Invalid { path: path(), source })?;
        Ok(Some(world))
    }

    /// Replaces what was kept; when it returns, the new state is on the disk. It blocks for that
    /// long.
    ///
    /// # Errors
    /// The file cannot be written; what was kept before still is.
    pub fn save(&self, state: &WorldState) -> Result<(), StateFileError> {
        self.replace(state).map_err(failed(&self.path, "written"))
    }

    fn replace(&self, state: &WorldState) -> io::Result<()> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let mut whole = tempfile::NamedTempFile::new_in(folder)?;
        whole.write_all(&serde_json::to_vec(state)?)?;
        whole.as_file().sync_all()?;
        whole.persist(&self.path)?;
        // The new name is part of the folder, which has to reach the disk as well.
        #[cfg(unix)]
        File::open(folder)?.sync_all()?;
        Ok(())
    }
}

fn failed(path: &Path, done: &'static str) -> impl FnOnce(io::Error) -> StateFileError {
    let path = path.to_path_buf();
    move |source| StateFileError::Io { path, done, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_damaged_or_of_another_version_is_told_and_left_as_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("world.json");
        let file = StateFile::open(&path).expect("a file");
        for text in ["{", "[]", "{\"version\":1}"] {
            fs::write(&path, text).expect("written");
            let error = file.load().expect_err(text);
            assert!(matches!(error, StateFileError::NoWorld { .. }), "{error:?}");
            assert_eq!(fs::read_to_string(&path).expect("still there"), text);
        }
    }

    #[test]
    fn a_state_that_cannot_be_written_leaves_the_one_before() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("world.json");
        let file = StateFile::open(&path).expect("a file");
        let world = World::builder().seed(3).blocks(5).build();
        file.save(&world.export()).expect("saved");
        drop(folder);
        assert!(matches!(file.save(&world.export()), Err(StateFileError::Io { .. })));
    }

    #[test]
    fn a_file_is_free_when_its_holder_has_gone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("world.json");
        let first = StateFile::open(&path).expect("a file");
        assert!(matches!(StateFile::open(&path), Err(StateFileError::InUse { .. })));
        drop(first);
        StateFile::open(&path).expect("it is free");
    }
}
