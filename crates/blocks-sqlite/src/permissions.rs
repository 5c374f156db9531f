//! Who may read the files: their owner alone.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::Path;

use blocks_ports::StoreError;

/// Creates a directory, and those above it, for the owner alone; one that exists stays as it is.
pub(crate) fn create_private_dir(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Opens a file for reading and writing, and creates it for the owner alone.
///
/// The mode is given to the call that creates the file: there is no moment before it holds.
pub(crate) fn create_private_file(path: &Path, must_be_new: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).create_new(must_be_new).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Refuses a file that others than its owner can read or write; one that is not there is fine.
#[cfg(unix)]
pub(crate) fn refuse_shared(path: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::PermissionsExt;

    use blocks_ports::StoreFailure;

    const OTHERS_READ_OR_WRITE: u32 = 0o066;
    let mode = match std::fs::metadata(path) {
        Ok(metadata) => metadata.permissions().mode() & 0o777,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(crate::error::io_failure(path, "be looked at", error)),
    };
    if mode & OTHERS_READ_OR_WRITE == 0 {
        return Ok(());
    }
    let path = path.display();
    let message = format!(
        "`{path}` holds secrets, and others can read or write it (mode {mode:04o}); \
         run `chmod 600 {path}`"
    );
    Err(StoreError::new(StoreFailure::Permission, message))
}

/// Elsewhere than on Unix a file has no mode to look at.
#[cfg(not(unix))]
pub(crate) fn refuse_shared(_: &Path) -> Result<(), StoreError> {
    Ok(())
}
