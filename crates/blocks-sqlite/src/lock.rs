//! Holding an account's list, over all handles and processes.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use blocks_ports::StoreError;

use crate::error::io_failure;
use crate::permissions::create_private_file;

/// A lock file that this handle holds.
///
/// The operating system ends the lock when its holder dies; the file stays, and says nothing by
/// being there.
#[derive(Debug)]
pub(crate) struct FileLock(File);

/// The answer to [`FileLock::try_take`].
#[derive(Debug)]
pub(crate) enum Taken {
    /// The lock is held until it is dropped.
    Here(FileLock),
    /// Another handle or process holds it: who, as it wrote into the file.
    Elsewhere(Option<String>),
}

impl FileLock {
    /// Takes the lock, or says who has it.
    pub(crate) fn try_take(path: &Path) -> Result<Taken, StoreError> {
        let mut file = create_private_file(path, false)
            .map_err(|error| io_failure(path, "be created", error))?;
        match file.try_lock() {
            Ok(()) => {
                let lock = Self(file);
                lock.sign().map_err(|error| io_failure(path, "be written", error))?;
                Ok(Taken::Here(lock))
            }
            Err(TryLockError::WouldBlock) => Ok(Taken::Elsewhere(holder(&mut file))),
            Err(TryLockError::Error(error)) => Err(io_failure(path, "be locked", error)),
        }
    }

    /// Writes into the file who holds it.
    fn sign(&self) -> std::io::Result<()> {
        let mut file = &self.0;
        file.set_len(0)?;
        file.rewind()?;
        write!(file, "process {}", std::process::id())
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // Closing the file would do, but for a child process that is just being started and
        // shares it for a moment. A failure leaves the lock to that closing.
        let _ = self.0.unlock();
    }
}

fn holder(file: &mut File) -> Option<String> {
    /// No more is read of a file that somebody else wrote.
    const MOST: u64 = 64;
    let mut name = String::new();
    file.take(MOST).read_to_string(&mut name).ok()?;
    (!name.is_empty()).then_some(name)
}
