//! `blocks pull`: mirror the block list.

use std::sync::atomic::Ordering;
use std::time::Duration;

use blocks_app::{Pull, PullProgress, PullReport, WhenSpent};
use blocks_domain::{BlockingQuery, Price, Selection, UserField, Vocabulary};
use blocks_ports::{Account, AccountStore, MirrorStore, Snapshot};
use blocks_sqlite::SqliteStore;
use serde::Serialize;
use serde_json::value::RawValue;

use super::until_interrupted;
use crate::args::{Globals, PullArgs};
use crate::context::{Connection, Wishes, home, who};
use crate::exit::Exit;
use crate::output::{Output, counted, grouped};
use crate::progress::PullBar;

/// What is asked for of each account: everything that `list`, `show` and `stats` can use.
///
/// X charges for accounts, not for fields.
const FIELDS: [UserField; 12] = [
    UserField::CreatedAt,
    UserField::Description,
    UserField::Entities,
    UserField::Location,
    UserField::PinnedPost,
    UserField::ProfileImageUrl,
    UserField::Protected,
    UserField::PublicMetrics,
    UserField::Url,
    UserField::Verified,
    UserField::VerifiedType,
    UserField::Withheld,
];

pub(crate) async fn run(
    globals: &Globals,
    args: &PullArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let home = home(globals)?;
    let store = home.open_store()?;
    let bar = PullBar::new(output);
    let when_spent = if args.no_wait { WhenSpent::Fail } else { WhenSpent::Wait };
    let wishes = Wishes { globals, when_spent, bar: bar.bar(), output };
    let connection = Connection::open(wishes, &home, &store).await?;
    let result = pull(globals, args, &bar, output, &store, &connection).await;
    bar.finish();
    connection.close().await?;
    result
}

async fn pull(
    globals: &Globals,
    args: &PullArgs,
    bar: &PullBar,
    output: Output,
    store: &SqliteStore,
    connection: &Connection,
) -> anyhow::Result<Exit> {
    let Some(account) = until_interrupted(connection.account(globals, store)).await else {
        output.say("Interrupted before anything was read.");
        return Ok(Exit::Interrupted);
    };
    let account = account?;
    if let Some(before) = store.snapshot(account.user_id).await? {
        bar.expect(before.users);
    }
    if let Some(read) = store.unfinished(account.user_id).await?.filter(|_| !args.restart) {
        bar.go_on_from(&read);
    }
    let api = connection.within(args.budget);
    let retries = api.retries();
    let selection = Selection::in_words(Vocabulary::default()).with_user_fields(FIELDS)?;
    let query = BlockingQuery::new(selection).with_max_results(args.page_size);
    let mut pull = Pull::new(&api, store, connection.clock());
    if args.restart {
        pull = pull.starting_over();
    }
    let result = until_interrupted(pull.run(account.user_id, query, bar)).await;
    bar.finish();
    let progress = match &result {
        Some(Ok(report)) => report.progress,
        Some(Err(error)) => error.progress(),
        None => bar.last(),
    };
    let run = Run {
        account: &account,
        progress,
        retries: retries.load(Ordering::Relaxed),
        waited: connection.clock().waited(),
        lookups: connection.lookups_for_account(),
    };
    match result {
        Some(Ok(report)) => {
            let flags = hints(globals, store, &account).await?;
            run.show(&report, &flags, output)?;
            Ok(Exit::Done)
        }
        Some(Err(error)) => {
            if output.json {
                output.json_line(&run.summary(None)?)?;
            }
            Err(error.into())
        }
        None => {
            if output.json {
                output.json_line(&run.summary(None)?)?;
            }
            let users = counted(progress.users, "account", "accounts");
            output
                .say(format!("Interrupted. Kept so far: {users}. Run the same command to go on."));
            Ok(Exit::Interrupted)
        }
    }
}

/// The flags that further commands need to show this list.
async fn hints(
    globals: &Globals,
    store: &SqliteStore,
    account: &Account,
) -> anyhow::Result<String> {
    let mut flags = String::new();
    if globals.sandbox {
        flags.push_str(" --sandbox");
    }
    if store.default_account().await?.as_ref() != Some(&account.name) {
        flags.push_str(&format!(" --account {}", account.name));
    }
    Ok(flags)
}

/// What a run did, whether or not it came to its end.
struct Run<'a> {
    account: &'a Account,
    progress: PullProgress,
    retries: u64,
    waited: Duration,
    /// How often X was asked whose token it is.
    lookups: u64,
}

/// What `--json` prints; the guide for programs explains the keys.
#[derive(Serialize)]
struct Summary<'a> {
    snapshot: Option<u64>,
    account: &'a str,
    account_id: String,
    complete: bool,
    users: u64,
    added: Option<u64>,
    removed: Option<u64>,
    unavailable: u64,
    requests: u64,
    retries: u64,
    waited_s: f64,
    billed_reads: u64,
    cost_usd: Box<RawValue>,
    lookups: u64,
    resumed: bool,
}

impl Run<'_> {
    fn summary(&self, snapshot: Option<&Snapshot>) -> anyhow::Result<Summary<'_>> {
        let Self { account, progress, .. } = self;
        Ok(Summary {
            snapshot: snapshot.map(|snapshot| snapshot.id.get()),
            account: account.name.as_str(),
            account_id: account.user_id.to_string(),
            complete: snapshot.is_some(),
            users: snapshot.map_or(progress.users, |snapshot| snapshot.users),
            added: snapshot.map(|snapshot| snapshot.added),
            removed: snapshot.map(|snapshot| snapshot.removed),
            unavailable: progress.unavailable,
            requests: progress.requests,
            retries: self.retries,
            waited_s: self.waited.as_secs_f64(),
            billed_reads: progress.billed_reads,
            // Digit by digit: money never passes through a float.
            cost_usd: RawValue::from_string(progress.cost().plain().to_string())?,
            lookups: self.lookups,
            resumed: progress.resumed,
        })
    }

    fn show(&self, report: &PullReport, flags: &str, output: Output) -> anyhow::Result<()> {
        let (snapshot, progress) = (&report.snapshot, &self.progress);
        for warning in &report.warnings {
            output.say(format!("note: {warning}"));
        }
        if output.json {
            return output.json_line(&self.summary(Some(snapshot))?);
        }
        output.sentence(&format!(
            "Mirrored {} that {} blocks ({} added, {} removed).",
            counted(snapshot.users, "account", "accounts"),
            who(self.account),
            grouped(snapshot.added),
            grouped(snapshot.removed),
        ))?;
        output.sentence(&format!(
            "{}, {}{}; X {} {} for reading{}.",
            counted(progress.requests, "request", "requests"),
            counted(progress.billed_reads, "account read", "accounts read"),
            if progress.resumed { " (going on with an earlier run)" } else { "" },
            if flags.contains("--sandbox") { "would bill" } else { "bills" },
            progress.cost(),
            match self.lookups {
                0 => String::new(),
                _ => format!(" and {} for asking whose token this is", Price::USER_LOOKUP.per_unit()),
            },
        ))?;
        if progress.unavailable > 0 {
            let count = counted(progress.unavailable, "problem", "problems");
            output.sentence(&format!(
                "X named {count} beside the accounts: not everything could be shown."
            ))?;
        }
        let pad = " ".repeat(flags.len());
        output.say(format!(
            "\nNext:\n  blocks{flags} list    the accounts\n  blocks{flags} stats   figures about \
             them\n  blocks sandbox serve{}a server like X, for any client",
            pad.get(5..).unwrap_or(" "),
        ));
        Ok(())
    }
}
