//! `blocks purge`: forgetting what is stored of people.

use blocks_ports::{Forget, MirrorJournal, MirrorStore};
use futures_util::TryStreamExt;
use jiff::Timestamp;
use serde::Serialize;

use crate::args::{Globals, PurgeArgs, days};
use crate::consent::confirmed;
use crate::context::{clock_at, home, mirrored, who};
use crate::exit::Exit;
use crate::output::{Output, counted, minute};

pub(crate) async fn run(
    globals: &Globals,
    args: &PurgeArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let home = home(globals)?;
    let store = home.open_store()?;
    let account = mirrored(globals, &store).await?;
    let now = clock_at(globals, &home, output).await?.now();
    let before = args.older_than.map(|age| now.saturating_sub(days(age)).unwrap_or(Timestamp::MIN));
    let what = if args.all { Forget::Everything } else { Forget::Profiles { before } };
    let mut profiles = 0;
    let mut entries = store.entries(account.user_id, Default::default());
    while let Some(entry) = entries.try_next().await? {
        profiles += u64::from(before.is_none_or(|before| entry.received_at < before));
    }
    drop(entries);
    let shown = counted(profiles, "account", "accounts");
    let whose = who(&account);
    let announcement = announcement(args, before, &shown, &whose);
    if args.dry_run {
        if output.json {
            output.json_line(&Told { dry_run: true, ..Told::of(args, profiles, 0) })?;
        } else {
            output.sentence(&announcement)?;
        }
        return Ok(Exit::Done);
    }
    if args.yes {
        output.say(announcement);
    } else if !confirmed(announcement, output).await? {
        output.say("Nothing was forgotten.");
        return Ok(Exit::Refused);
    }
    let forgotten = store.forget(account.user_id, what).await?;
    if output.json {
        output.json_line(&Told::of(args, forgotten.profiles, forgotten.names))?;
        return Ok(Exit::Done);
    }
    if args.all {
        output
            .sentence(&format!("All that was kept of the block list of {whose} is forgotten."))?;
        return Ok(Exit::Done);
    }
    output.sentence(&format!(
        "Forgotten: {}, and {} in the list of changes.",
        counted(forgotten.profiles, "profile", "profiles"),
        counted(forgotten.names, "name", "names"),
    ))?;
    if forgotten.profiles > 0 {
        output.say("`blocks pull --full` reads the profiles again.");
    }
    Ok(Exit::Done)
}

/// What is about to be forgotten, in words.
fn announcement(args: &PurgeArgs, before: Option<Timestamp>, shown: &str, whose: &str) -> String {
    let will = if args.dry_run { "would" } else { "will" };
    match (args.all, before) {
        (true, _) => format!(
            "All that is kept of the block list of {whose} {will} be forgotten: {shown}, its reads \
             and its changes. Reading it again costs as much as the first time."
        ),
        (_, Some(before)) => format!(
            "All profiles that were read before {} {will} be forgotten, {shown} that {whose} blocks \
             among them; ids and dates stay.",
            minute(before)
        ),
        (_, None) => format!(
            "The profiles of {shown} that {whose} blocks {will} be forgotten, also in the list of \
             changes; ids and dates stay."
        ),
    }
}

#[derive(Serialize)]
struct Told {
    everything: bool,
    profiles: u64,
    names: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dry_run: bool,
}

impl Told {
    const fn of(args: &PurgeArgs, profiles: u64, names: u64) -> Self {
        Self { everything: args.all, profiles, names, dry_run: false }
    }
}
