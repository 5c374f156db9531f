//! `blocks verify`: the mirror, held against a fresh read.

use blocks_app::{Forecaster, PullProgress, Verification, Verified, Verify, WhenSpent};
use blocks_ports::{Account, MirrorStore};
use blocks_sqlite::SqliteStore;
use futures_util::TryStreamExt;
use serde::Serialize;

use super::changes::{Differing, show_difference};
use super::{pull, until_interrupted};
use crate::args::{Globals, VerifyArgs};
use crate::context::{Connection, Wishes, home, who};
use crate::exit::Exit;
use crate::output::{Output, counted, grouped, minute, usd};
use crate::progress::PullBar;

pub(crate) async fn run(
    globals: &Globals,
    args: &VerifyArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let home = home(globals)?;
    let store = home.open_store()?;
    let bar = PullBar::new(output);
    let when_spent = if args.spending.no_wait { WhenSpent::Fail } else { WhenSpent::Wait };
    let wishes = Wishes { globals, when_spent, bar: bar.bar(), output };
    let connection = Connection::open(wishes, &home, &store).await?;
    let result = verify(globals, args, &bar, output, &store, &connection).await;
    bar.finish();
    connection.close().await?;
    result
}

async fn verify(
    globals: &Globals,
    args: &VerifyArgs,
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
    let clock = connection.clock();
    let api = connection.within(account.user_id, args.spending.budget);
    let verify = Verify::new(&api, store, clock);
    let choice = verify.choose(account.user_id).await?;
    let forecaster = Forecaster::new(store, store, store, clock).with_page_size(args.page_size);
    let forecast = forecaster.forecast(account.user_id, choice).await?;
    pull::announce(&forecast, args.page_size, bar, clock);
    let query = pull::query(args.page_size)?;
    let result = until_interrupted(verify.run(account.user_id, query, bar)).await;
    bar.finish();
    let Some(result) = result else {
        pull::say_interrupted(account.user_id, &bar.last(), store, output).await?;
        return Ok(Exit::Interrupted);
    };
    report(&result?, &account, store, output).await
}

/// Shows each difference, and then what follows from all of them.
async fn report(
    verification: &Verification,
    account: &Account,
    store: &SqliteStore,
    output: Output,
) -> anyhow::Result<Exit> {
    for warning in &verification.warnings {
        output.say(format!("note: {warning}"));
    }
    let Verified::Differs { read, added, removed } = &verification.outcome else {
        if output.json {
            output.json_line(&Told::of(verification, account)?)?;
        } else {
            output.sentence(&format!(
                "The mirror is as X tells: {} that {} blocks. {}",
                counted(verification.before.users, "account", "accounts"),
                who(account),
                cost(&verification.progress),
            ))?;
        }
        return Ok(Exit::Done);
    };
    let mut differences = store.differences(read.id);
    while let Some(difference) = differences.try_next().await? {
        if output.json {
            output.json_line(&Differing::of(&difference.user, difference.added))?;
        } else {
            show_difference(&difference.user, difference.added, output)?;
        }
    }
    if output.json {
        output.json_line(&Told::of(verification, account)?)?;
    } else {
        output.sentence(&format!(
            "The mirror of {} differs from X: {} not in the mirror, {} no longer on the list at X \
             (unblocked, suspended or gone). {}",
            minute(verification.before.finished_at),
            grouped(*added),
            grouped(*removed),
            cost(&verification.progress),
        ))?;
    }
    output.say("What was read is set aside. `blocks pull --accept` takes it for the mirror.");
    Ok(Exit::Incomplete)
}

fn cost(progress: &PullProgress) -> String {
    let requests = counted(progress.requests, "request", "requests");
    format!("{requests}, {}.", progress.cost())
}

/// The last line of `--json`; those before it are the differences.
#[derive(Serialize)]
struct Told<'a> {
    account: &'a str,
    account_id: String,
    same: bool,
    set_aside: bool,
    only_on_x: u64,
    only_in_mirror: u64,
    requests: u64,
    billed_reads: u64,
    cost_usd: Box<serde_json::value::RawValue>,
}

impl<'a> Told<'a> {
    fn of(verification: &Verification, account: &'a Account) -> anyhow::Result<Self> {
        let (only_on_x, only_in_mirror) = match verification.outcome {
            Verified::Differs { added, removed, .. } => (added, removed),
            _ => (0, 0),
        };
        let progress = &verification.progress;
        Ok(Self {
            account: account.name.as_str(),
            account_id: account.user_id.to_string(),
            set_aside: matches!(verification.outcome, Verified::Differs { .. }),
            same: only_on_x + only_in_mirror == 0,
            only_on_x,
            only_in_mirror,
            requests: progress.requests,
            billed_reads: progress.billed_reads,
            cost_usd: usd(progress.cost())?,
        })
    }
}
