//! The memory of a process, as Linux tells it.

use std::fmt;
use std::fs;

use anyhow::{Context, Result};

/// The resident memory of a process.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resident {
    process: u32,
}

impl Resident {
    pub(super) const fn of(process: u32) -> Self {
        Self { process }
    }

    /// How much it is now, in bytes.
    pub(super) fn now(self) -> Result<u64> {
        let path = format!("/proc/{}/status", self.process);
        let status = fs::read_to_string(path).context("the sandbox has ended")?;
        read(&status).context("the system does not tell the memory of a process in /proc")
    }
}

fn read(status: &str) -> Option<u64> {
    let value = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = value.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}

/// So many bytes, for people.
pub(super) struct Mebibytes(pub(super) u64);

impl fmt::Display for Mebibytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} MiB", self.0 as f64 / (1024.0 * 1024.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_is_found_in_the_status_of_a_process() {
        assert_eq!(read("VmHWM:\t   18724 kB\nVmRSS:\t   100 kB\n"), Some(102_400));
        assert_eq!(read("Name:\tblocks\n"), None);
        assert_eq!(Mebibytes(1_572_864).to_string(), "1.5 MiB");
    }
}
