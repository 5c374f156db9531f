//! Keeping the world before anybody is told what happened to it.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;

use crate::{StateFile, StateFileError, World};

/// Keeps a world in a file. Whoever waits for [`settle`](Self::settle) before they answer never
/// tells of anything that a kill could undo.
///
/// Requests that come at the same time share a write: while one is under way, the others wait for
/// the next, which holds the changes of all of them.
#[derive(Debug)]
pub(super) struct Kept {
    file: StateFile,
    /// How many have asked, each after their change.
    asked: AtomicU64,
    /// How many of them a finished write holds the changes of.
    settled: Mutex<u64>,
}

impl Kept {
    pub(super) fn new(file: StateFile) -> Self {
        Self { file, asked: AtomicU64::new(0), settled: Mutex::new(0) }
    }

    /// Waits until all that has happened to the world so far is on the disk.
    pub(super) async fn settle(&self, world: &World) -> Result<(), StateFileError> {
        let mine = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let mut settled = self.settled.lock().await;
        if *settled >= mine {
            return Ok(());
        }
        // Whoever has a number has made their change, so this state has all of them.
        let covers = self.asked.load(Ordering::SeqCst);
        let (file, state) = (self.file.clone(), world.export());
        let saved = tokio::task::spawn_blocking(move || file.save(&state)).await;
        match saved {
            Ok(Ok(())) => {
                *settled = covers;
                Ok(())
            }
            Ok(Err(error)) => Err(error),
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    }
}
