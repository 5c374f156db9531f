//! Tokens in a plain file.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use blocks_ports::{
    AccountName, Claim, Credential, Lease, LeaseId, Revision, StoreError, StoreFailure, Swap,
    TokenStore, Versioned,
};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tempfile::NamedTempFile;

/// A [`TokenStore`] in one JSON file that only its owner may read.
///
/// Every change is made under a lock on a second file beside it, which the system releases when
/// its holder dies, and replaces the first as a whole: a reader sees the state before or after a
/// change, also after a crash.
///
/// The file is small and each call takes milliseconds, so it is read and written in place. A
/// store on a slow disk would move the work to threads for blocking calls.
#[derive(Debug, Clone)]
pub struct FileTokenStore {
    path: PathBuf,
}

/// What the file holds, by account. An entry stays when its credential is forgotten, so that no
/// revision and no lease id is used again.
type Slots = BTreeMap<String, Slot>;

#[derive(Default, Serialize, Deserialize)]
struct Slot {
    revision: u64,
    credential: Option<Value>,
    last_lease: u64,
    leased_until: Option<Timestamp>,
}

impl Slot {
    fn stored(&self, who: &AccountName) -> Result<Versioned<Option<Credential>>, StoreError> {
        let json = self.credential.as_ref().map(|json| json.to_string().into());
        Versioned::from_secret_json(who, Revision::new(self.revision), json.as_ref())
    }
}

impl FileTokenStore {
    /// A store in the file at `path`, which is made with the first write.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Runs `change` while nobody else does, and writes what it has changed.
    fn changing<T>(
        &self,
        account: &AccountName,
        change: impl FnOnce(&mut Slot) -> Result<(T, Changed), StoreError>,
    ) -> Result<T, StoreError> {
        let lock = private_file(&self.path.with_extension("lock"))?;
        lock.lock().map_err(|error| failed("the lock of the token file cannot be taken", error))?;
        let mut slots = self.read()?;
        let (answer, changed) = change(slots.entry(account.to_string()).or_default())?;
        if changed == Changed::Yes {
            self.replace(&slots)?;
        }
        Ok(answer)
    }

    fn read(&self) -> Result<Slots, StoreError> {
        let json = match fs::read(&self.path) {
            Ok(json) => json,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Slots::new()),
            Err(error) => return Err(failed("the token file cannot be read", error)),
        };
        refuse_if_others_may_read(&self.path)?;
        // The parser's message can quote a token, so only the place of the damage is told.
        serde_json::from_slice(&json).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let message = format!("the token file is damaged at line {line}, column {column}");
            StoreError::new(StoreFailure::Damaged, message)
        })
    }

    fn replace(&self, slots: &Slots) -> Result<(), StoreError> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let write = || -> io::Result<()> {
            // A temporary file has mode 0600, and keeps it under its new name.
            let mut file = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
            file.write_all(&serde_json::to_vec_pretty(slots)?)?;
            file.as_file().sync_all()?;
            file.persist(&self.path)?;
            Ok(())
        };
        write().map_err(|error| failed("the token file cannot be written", error))
    }
}

#[derive(PartialEq)]
enum Changed {
    Yes,
    No,
}

fn private_file(path: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| failed("the lock of the token file cannot be opened", error))
}

#[cfg(unix)]
fn refuse_if_others_may_read(path: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::PermissionsExt;

    let metadata = fs::metadata(path);
    let metadata = metadata.map_err(|error| failed("the token file cannot be examined", error))?;
    match metadata.permissions().mode() & 0o077 {
        0 => Ok(()),
        _ => Err(StoreError::new(StoreFailure::Permission, "others may read the token file")),
    }
}

#[cfg(not(unix))]
fn refuse_if_others_may_read(_: &Path) -> Result<(), StoreError> {
    Ok(())
}

fn failed(what: &str, error: io::Error) -> StoreError {
    let kind = match error.kind() {
        io::ErrorKind::PermissionDenied => StoreFailure::Permission,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreFailure::Full,
        _ => StoreFailure::Other,
    };
    StoreError::new(kind, what).with_source(error)
}

#[async_trait]
impl TokenStore for FileTokenStore {
    async fn load(
        &self,
        account: &AccountName,
    ) -> Result<Versioned<Option<Credential>>, StoreError> {
        // The file is replaced as a whole, so reading takes no lock.
        self.read()?.remove(account.as_str()).unwrap_or_default().stored(account)
    }

    async fn claim(
        &self,
        account: &AccountName,
        base: Revision,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<Claim, StoreError> {
        self.changing(account, |slot| {
            if slot.revision != base.get() {
                return Ok((Claim::Moved(slot.stored(account)?), Changed::No));
            }
            let keeps_out = |until| Lease::keeps_out(until, ttl, now);
            if let Some(retry_in) = slot.leased_until.and_then(keeps_out) {
                return Ok((Claim::Busy { retry_in }, Changed::No));
            }
            let expires_at = now.saturating_add(ttl).unwrap_or(Timestamp::MAX);
            slot.last_lease += 1;
            slot.leased_until = Some(expires_at);
            let lease = Lease::new(account.clone(), LeaseId::new(slot.last_lease), expires_at);
            Ok((Claim::Granted(lease), Changed::Yes))
        })
    }

    async fn swap(
        &self,
        account: &AccountName,
        expected: Revision,
        credential: Option<Credential>,
    ) -> Result<Swap, StoreError> {
        self.changing(account, |slot| {
            if slot.revision != expected.get() {
                return Ok((Swap::Conflict(slot.stored(account)?), Changed::No));
            }
            let json = credential.map(|credential| credential.expose_as_json());
            slot.credential = json.map(|json| {
                serde_json::from_str(json.expose_secret()).expect("a credential becomes JSON")
            });
            slot.revision = expected.next().get();
            Ok((Swap::Done(expected.next()), Changed::Yes))
        })
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        self.changing(&lease.account, |slot| {
            if slot.last_lease != lease.id.get() || slot.leased_until.is_none() {
                return Ok(((), Changed::No));
            }
            slot.leased_until = None;
            Ok(((), Changed::Yes))
        })
    }
}
