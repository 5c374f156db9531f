//! `blocks show`: one mirrored account.

use blocks_domain::{User, UserId, Vocabulary};
use blocks_ports::{
    ChangeKind, ChangeQuery, MirrorEntry, MirrorJournal, MirrorStore, Names, Snapshot,
};
use blocks_sqlite::SqliteStore;
use futures_util::TryStreamExt;
use jiff::Timestamp;
use serde::Serialize;

use super::users::in_mirror;
use crate::args::{Globals, ShowArgs, UserArg};
use crate::context::{home, mirrored, nothing_mirrored};
use crate::exit::{Exit, Failed};
use crate::output::{Output, counted, day, grouped, minute, visible, wrapped};
use crate::standing;

pub(crate) async fn run(
    globals: &Globals,
    args: &ShowArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let store = home(globals)?.open_store()?;
    let account = mirrored(globals, &store).await?;
    let snapshot = store.snapshot(account.user_id).await?.ok_or_else(nothing_mirrored)?;
    let Some(entry) = in_mirror(&store, account.user_id, &args.user).await? else {
        return Err(not_found(&store, &snapshot, &args.user).await?.into());
    };
    let earlier = earlier_names(&store, account.user_id, entry.user.id).await?;
    if output.json {
        output.json_line(&Shown::of(&entry, &earlier))?;
        return Ok(Exit::Done);
    }
    for (name, value) in rows(&entry, &earlier) {
        let indent = " ".repeat(15);
        let value = wrapped(&format!("{indent}{value}"), output.width());
        output.line(format!("{name:<15}{}", value.trim_start()))?;
    }
    standing::tell(&store, &snapshot, output).await?;
    Ok(Exit::Done)
}

/// What there is to say of somebody whom the mirror does not show.
async fn not_found(
    store: &SqliteStore,
    snapshot: &Snapshot,
    user: &UserArg,
) -> anyhow::Result<Failed> {
    let unknown = match user {
        UserArg::Id(_) => 0,
        UserArg::Handle(_) => standing::unknown_profiles(store, snapshot.account).await?,
    };
    let when = minute(snapshot.finished_at);
    if unknown == 0 {
        let what = format!("{user} was not on the block list when it was read, {when}");
        return Ok(Failed::new(Exit::Failed, what).remedy(
            "A newer pull may tell otherwise; `blocks changes` shows who has left the list.",
        ));
    }
    let of = counted(unknown, "account", "accounts");
    let what = format!("no mirrored profile is of {user}, and the profiles of {of} are not known");
    Ok(Failed::new(Exit::Failed, what).remedy(
        "They were forgotten, or X did not tell them. Name the account by its id, or let `blocks \
         pull --full` read the profiles again.",
    ))
}

/// The names that an account had before, and until when, the last first.
async fn earlier_names(
    store: &SqliteStore,
    account: UserId,
    user: UserId,
) -> anyhow::Result<Vec<(Names, Timestamp)>> {
    let mut query = ChangeQuery::default();
    query.user = Some(user);
    let changes: Vec<_> = store.changes(account, query).try_collect().await?;
    let renamed = changes.into_iter().rev().filter_map(|change| match change.kind {
        ChangeKind::Renamed { before } => Some((before, change.at)),
        _ => None,
    });
    Ok(renamed.collect())
}

#[derive(Serialize)]
struct Shown<'a> {
    position: u64,
    received_at: String,
    first_seen_at: String,
    earlier_names: Vec<Earlier<'a>>,
    user: &'a User,
}

#[derive(Serialize)]
struct Earlier<'a> {
    username: Option<&'a str>,
    name: Option<&'a str>,
    until: String,
}

impl<'a> Shown<'a> {
    fn of(entry: &'a MirrorEntry, earlier: &'a [(Names, Timestamp)]) -> Self {
        let earlier = earlier.iter().map(|(names, until)| Earlier {
            username: names.username.as_deref(),
            name: names.name.as_deref(),
            until: format!("{until:.3}"),
        });
        Self {
            position: entry.position,
            received_at: format!("{:.3}", entry.received_at),
            first_seen_at: format!("{:.3}", entry.first_seen_at),
            earlier_names: earlier.collect(),
            user: &entry.user,
        }
    }
}

/// What is known of an account, a row each.
fn rows(entry: &MirrorEntry, earlier: &[(Names, Timestamp)]) -> Vec<(&'static str, String)> {
    let user = &entry.user;
    let text = |text: &Option<String>| text.as_deref().map(visible);
    let yes_no = |flag: Option<bool>| flag.map(|yes| if yes { "yes" } else { "no" }.to_owned());
    let metrics = user.public_metrics.as_ref();
    let count = |count: Option<u64>| count.map(grouped);
    let verified = match (&user.verified_type, user.verified) {
        (Some(kind), Some(true)) => Some(format!("yes, {}", visible(kind.word(Vocabulary::Tweet)))),
        (_, verified) => yes_no(verified),
    };
    let rows = [
        ("Handle", user.username.as_deref().map(|handle| format!("@{}", visible(handle)))),
        ("Name", text(&user.name)),
        ("Id", Some(user.id.to_string())),
        ("Place in list", Some(format!("{} (1 is the newest block)", grouped(entry.position + 1)))),
        ("Bio", text(&user.description)),
        ("Location", text(&user.location)),
        ("Website", text(&user.url)),
        ("Created", user.created_at.map(day)),
        ("Followers", count(metrics.and_then(|m| m.followers_count))),
        ("Following", count(metrics.and_then(|m| m.following_count))),
        ("Posts", count(metrics.and_then(|m| m.post_count))),
        ("Verified", verified),
        ("Private", yes_no(user.protected)),
        ("On the list", Some(format!("since {} at least", minute(entry.first_seen_at)))),
        ("Read", Some(minute(entry.received_at))),
    ];
    let earlier = earlier.iter().map(|(names, until)| {
        let handle = names.username.as_deref().map(|handle| format!("@{} ", visible(handle)));
        let name = names.name.as_deref().map(|name| format!("({}) ", visible(name)));
        let (handle, name) = (handle.unwrap_or_default(), name.unwrap_or_default());
        ("Was", format!("{handle}{name}until {}", minute(*until)))
    });
    rows.into_iter().filter_map(|(name, value)| Some((name, value?))).chain(earlier).collect()
}
