//! `blocks show`: one mirrored account.

use blocks_domain::{User, Vocabulary};
use blocks_ports::{MirrorEntry, MirrorStore};
use serde::Serialize;

use super::users::in_mirror;
use crate::args::{Globals, ShowArgs};
use crate::context::{home, mirrored, nothing_mirrored};
use crate::exit::{Exit, Failed};
use crate::output::{Output, day, grouped, minute, visible, wrapped};

pub(crate) async fn run(
    globals: &Globals,
    args: &ShowArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let store = home(globals)?.open_store()?;
    let account = mirrored(globals, &store).await?;
    let snapshot = store.snapshot(account.user_id).await?.ok_or_else(nothing_mirrored)?;
    let Some(entry) = in_mirror(&store, account.user_id, &args.user).await? else {
        let when = minute(snapshot.finished_at);
        return Err(Failed::new(
            Exit::Failed,
            format!("{} was not on the block list when it was read, {when}", args.user),
        )
        .remedy("A newer pull may tell otherwise.")
        .into());
    };
    if output.json {
        output.json_line(&Shown::of(&entry))?;
        return Ok(Exit::Done);
    }
    for (name, value) in rows(&entry) {
        let indent = " ".repeat(15);
        let value = wrapped(&format!("{indent}{value}"), output.width());
        output.line(format!("{name:<15}{}", value.trim_start()))?;
    }
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct Shown<'a> {
    position: u64,
    received_at: String,
    user: &'a User,
}

impl<'a> Shown<'a> {
    fn of(entry: &'a MirrorEntry) -> Self {
        Self {
            position: entry.position,
            received_at: format!("{:.3}", entry.received_at),
            user: &entry.user,
        }
    }
}

/// What is known of an account, a row each.
fn rows(entry: &MirrorEntry) -> Vec<(&'static str, String)> {
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
        ("Read", Some(minute(entry.received_at))),
    ];
    rows.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}
