//! How far the mirror can be trusted: what stands beside the last snapshot.

use blocks_domain::UserId;
use blocks_ports::{MirrorQuery, MirrorStore, ReadKind, Snapshot};
use blocks_sqlite::SqliteStore;
use futures_util::TryStreamExt;

use crate::output::{Output, counted, grouped, minute};

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

/// Says on stderr of how many profiles there is nothing to tell, if of any, and what that means.
pub(crate) fn tell_unknown(unknown: u64, all: u64, meaning: &str, output: Output) {
    if unknown > 0 && !output.json {
        output.say(format!(
            "{} of {} {} not known; {meaning}. `blocks pull --full` reads profiles again.",
            grouped(unknown),
            counted(all, "profile", "profiles"),
            if unknown == 1 { "is" } else { "are" },
        ));
    }
}

/// How many accounts of the snapshot have no profile in the mirror: it was forgotten, or X told
/// none.
pub(crate) async fn unknown_profiles(store: &SqliteStore, account: UserId) -> anyhow::Result<u64> {
    let (mut entries, mut unknown) = (store.entries(account, MirrorQuery::default()), 0);
    while let Some(entry) = entries.try_next().await? {
        unknown += u64::from(entry.user.username.is_none());
    }
    Ok(unknown)
}
