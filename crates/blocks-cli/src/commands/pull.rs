//! `blocks pull`: mirror the block list.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use blocks_app::{Budgeted, Paced, Pull, PullReport, Retried, RetryPolicy, WhenSpent};
use blocks_domain::{BlockingQuery, Price, Selection, Usd, UserField, Vocabulary};
use blocks_ports::{Account, BlocksApi, MirrorStore};
use blocks_sqlite::SqliteStore;
use serde::Serialize;
use serde_json::value::RawValue;

use super::until_interrupted;
use crate::args::{Globals, PullArgs};
use crate::context::{Session, home};
use crate::exit::Exit;
use crate::output::{Output, counted, grouped};
use crate::progress::{PullBar, ShownClock};

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
    let session = Session::open(globals, &home).await?;
    let result = match until_interrupted(pull(globals, args, output, &store, &session)).await {
        Some(result) => result,
        None => {
            output.say("Interrupted. What was read is kept; run the same command to go on.");
            Ok(Exit::Interrupted)
        }
    };
    session.close().await?;
    result
}

async fn pull(
    globals: &Globals,
    args: &PullArgs,
    output: Output,
    store: &SqliteStore,
    session: &Session,
) -> anyhow::Result<Exit> {
    let account = session.account(globals, store).await?;
    let before = store.snapshot(account.user_id).await?;
    let bar = PullBar::new(output, before.map(|snapshot| snapshot.users));
    let clock = Arc::new(ShownClock::new(session.clock.clone(), session.jumps, output, bar.bar()));

    let when_spent = if args.no_wait { WhenSpent::Fail } else { WhenSpent::Wait };
    let paced = Paced::new(session.api.clone(), Arc::new(store.clone()), clock.clone(), when_spent);
    let api: Arc<dyn BlocksApi> = match args.budget {
        Some(budget) => Arc::new(Budgeted::new(paced, budget)),
        None => Arc::new(paced),
    };
    let api = Retried::new(api, clock.clone(), RetryPolicy::at_most(globals.retries.into()));
    let retries = api.retries();

    let selection = Selection::in_words(Vocabulary::default()).with_user_fields(FIELDS)?;
    let query = BlockingQuery::new(selection).with_max_results(args.page_size);
    let result = Pull::new(&api, store, &*clock).run(account.user_id, query, &bar).await;
    bar.finish();
    let run =
        Run { retries: retries.load(Ordering::Relaxed), waited_s: clock.waited().as_secs_f64() };
    match result {
        Ok(report) => {
            show(&report, &run, &account, globals, output)?;
            Ok(Exit::Done)
        }
        Err(error) => Err(error.into()),
    }
}

/// What the wrappers around the API count.
struct Run {
    retries: u64,
    waited_s: f64,
}

#[derive(Serialize)]
struct Summary<'a> {
    snapshot: u64,
    account: &'a str,
    account_id: String,
    complete: bool,
    users: u64,
    added: u64,
    removed: u64,
    unavailable: u64,
    requests: u64,
    retries: u64,
    waited_s: f64,
    billed_reads: u64,
    cost_usd: Box<RawValue>,
    lookups: u64,
    resumed: bool,
}

fn show(
    report: &PullReport,
    run: &Run,
    account: &Account,
    globals: &Globals,
    output: Output,
) -> anyhow::Result<()> {
    let snapshot = &report.snapshot;
    for warning in &report.warnings {
        output.say(format!("note: {warning}"));
    }
    if output.json {
        return output.json_line(&Summary {
            snapshot: snapshot.id.get(),
            account: account.name.as_str(),
            account_id: account.user_id.to_string(),
            complete: true,
            users: snapshot.users,
            added: snapshot.added,
            removed: snapshot.removed,
            unavailable: report.unavailable,
            requests: report.requests,
            retries: run.retries,
            waited_s: run.waited_s,
            billed_reads: report.billed_reads,
            cost_usd: exact_number(report.cost)?,
            lookups: 1,
            resumed: report.resumed,
        });
    }
    output.sentence(&format!(
        "Mirrored {} that {} blocks ({} added, {} removed).",
        counted(snapshot.users, "account", "accounts"),
        who(account),
        grouped(snapshot.added),
        grouped(snapshot.removed),
    ))?;
    output.sentence(&format!(
        "{}, {}{}; X bills {} for them and {} for asking whose token this is.",
        counted(report.requests, "request", "requests"),
        counted(report.billed_reads, "account read", "accounts read"),
        if report.resumed { " (going on with an earlier run)" } else { "" },
        report.cost,
        Price::USER_LOOKUP.per_unit(),
    ))?;
    if report.restarted {
        output.sentence(
            "The page token of the unfinished read had expired, so it was read again from the top.",
        )?;
    }
    if report.unavailable > 0 {
        let count = counted(report.unavailable, "problem", "problems");
        output
            .line(format!("X named {count} beside the accounts: not everything could be shown."))?;
    }
    let flag = if globals.sandbox { " --sandbox" } else { "" };
    output.say(format!(
        "\nNext:\n  blocks{flag} list    the accounts\n  blocks{flag} stats   figures about them\n  \
         blocks sandbox serve{pad}   a server like X, for any client",
        pad = if globals.sandbox { "   " } else { "" },
    ));
    Ok(())
}

/// Money as a JSON number, digit by digit, never through a float.
fn exact_number(amount: Usd) -> anyhow::Result<Box<RawValue>> {
    let text = amount.to_string();
    let digits = text.trim_start_matches(|c: char| !c.is_ascii_digit());
    Ok(RawValue::from_string(digits.to_owned())?)
}

fn who(account: &Account) -> String {
    match &account.username {
        Some(handle) => format!("@{}", crate::output::visible(handle)),
        None => format!("user {}", account.user_id),
    }
}
