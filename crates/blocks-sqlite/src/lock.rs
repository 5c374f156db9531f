//! Locks over all handles and processes.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use blocks_ports::{StoreError, StoreFailure};

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

    /// Takes the lock, and waits for it so long; this blocks.
    ///
    /// # Errors
    /// `Busy`: somebody else held it all the time.
    pub(crate) fn take_within(path: &Path, patience: Duration) -> Result<Self, StoreError> {
        // No system that `File` runs on waits for a lock with a limit, so it is asked for anew.
        const PAUSE: Duration = Duration::from_millis(5);
        let begun = Instant::now();
        loop {
            match Self::try_take(path)? {
                Taken::Here(lock) => return Ok(lock),
                Taken::Elsewhere(holder) if begun.elapsed() >= patience => {
                    let holder = holder.as_deref().unwrap_or("another program");
                    let message = format!("{holder} keeps `{}` locked", path.display());
                    return Err(StoreError::new(StoreFailure::Busy, message));
                }
                Taken::Elsewhere(_) => thread::sleep(PAUSE),
            }
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
