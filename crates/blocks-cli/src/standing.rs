//! How far the mirror can be trusted: what stands beside the last snapshot.

use blocks_ports::{MirrorStore, ReadKind, Snapshot};
use blocks_sqlite::SqliteStore;

use crate::output::{Output, counted, minute};

/// Says on stderr what whoever reads the mirror should know: a newer read is under way, or one was
/// set aside, or it is long ago that the whole list was read.
pub(crate) async fn tell(
    store: &SqliteStore,
    snapshot: &Snapshot,
    output: Output,
) -> anyhow::Result<()> {
    if output.json {
        return Ok(());
    }
    if let Some(read) = store.unfinished(snapshot.account).await? {
        output.say(format!(
            "A newer read is under way, {} so far; this is the last complete one.",
            counted(read.users, "account", "accounts")
        ));
    }
    if let Some(read) = store.aside(snapshot.account).await? {
        output.say(format!(
            "A read of {} with {} is set aside, because too many were missing from it. `blocks \
             changes --aside` shows them, `blocks pull --accept` believes it.",
            minute(read.started_at),
            counted(read.users, "account", "accounts")
        ));
    }
    if snapshot.kind == ReadKind::Head && output.is_terminal {
        output.say(format!("The whole list was last read {}.", minute(snapshot.full_at)));
    }
    Ok(())
}
