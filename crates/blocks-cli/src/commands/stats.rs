//! `blocks stats`: figures about the mirrored list.

use blocks_app::Stats;
use blocks_ports::{MirrorStore, Snapshot};
use serde::Serialize;

use crate::args::Globals;
use crate::context::{home, mirrored, nothing_mirrored, who};
use crate::exit::Exit;
use crate::output::{Output, counted, grouped, minute, visible};
use crate::standing;

pub(crate) async fn run(globals: &Globals, output: Output) -> anyhow::Result<Exit> {
    let store = home(globals)?.open_store()?;
    let account = mirrored(globals, &store).await?;
    let snapshot = store.snapshot(account.user_id).await?.ok_or_else(nothing_mirrored)?;
    let stats = Stats::of(&store, account.user_id).await?;
    if output.json {
        output.json_line(&Report {
            snapshot: snapshot.id.get(),
            account_id: account.user_id.to_string(),
            kind: snapshot.kind.word(),
            finished_at: format!("{:.3}", snapshot.finished_at),
            full_at: format!("{:.3}", snapshot.full_at),
            stats: &stats,
        })?;
        return Ok(Exit::Done);
    }
    for line in lines(&stats, &snapshot, &who(&account)) {
        output.line(line)?;
    }
    let unknown = stats.users.saturating_sub(stats.profiles);
    let meaning = "the figures are of the others";
    standing::tell_unknown(unknown, stats.users, meaning, output);
    standing::tell(&store, &snapshot, output).await?;
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct Report<'a> {
    snapshot: u64,
    account_id: String,
    kind: &'static str,
    finished_at: String,
    full_at: String,
    #[serde(flatten)]
    stats: &'a Stats,
}

fn lines(stats: &Stats, snapshot: &Snapshot, who: &str) -> Vec<String> {
    let share = |count: u64| match stats.profiles {
        0 => String::new(),
        known => format!(" ({:.1} %)", count as f64 * 100.0 / known as f64),
    };
    let row = |name: &str, count: u64| format!("{name:<22}{:>12}{}", grouped(count), share(count));
    let when = minute(snapshot.finished_at);
    let verified: u64 = stats.verified.values().sum();
    let mut lines = vec![
        format!("{} that {who} blocks, read {when}", counted(stats.users, "account", "accounts")),
        String::new(),
        row("Verified", verified),
    ];
    lines.extend(stats.verified.iter().map(|(kind, n)| row(&format!("  {}", visible(kind)), *n)));
    lines.extend([
        row("Private posts", stats.protected),
        row("With a bio", stats.with_bio),
        row("Withheld somewhere", stats.withheld),
    ]);
    if !stats.followers_below.is_empty() {
        lines.extend([String::new(), "Followers".into()]);
        lines.extend(
            stats
                .followers_below
                .iter()
                .map(|(below, n)| row(&format!("  below {}", grouped(*below)), *n)),
        );
    }
    if !stats.created.is_empty() {
        lines.extend([String::new(), "Created in".into()]);
        lines.extend(stats.created.iter().map(|(year, n)| row(&format!("  {year}"), *n)));
    }
    lines
}
