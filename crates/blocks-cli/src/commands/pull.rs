//! `blocks pull`: mirror the block list.

use std::sync::atomic::Ordering;
use std::time::Duration;

use blocks_app::{Forecast, Pull, PullError, PullProgress, PullReport, WhenSpent};
use blocks_domain::{BlockingQuery, MaxResults, Price, Selection, UserField, UserId, Vocabulary};
use blocks_ports::{
    Account, AccountStore, Clock, Forget, Forgotten, MirrorJournal, MirrorStore, ReadKind, Snapshot,
};
use blocks_sqlite::SqliteStore;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{forecast, until_interrupted};
use crate::args::{Globals, PullArgs, days};
use crate::context::{Connection, Wishes, clock_at, home, mirrored, who};
use crate::exit::{Exit, Failed};
use crate::home::Home;
use crate::output::{Output, counted, grouped, usd, visible};
use crate::progress::{PullBar, ShownClock};
use crate::trouble::left;

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
    if args.dry_run {
        let clock = clock_at(globals, &home, output).await?;
        let known = forecast::Given { users: None, budget: args.spending.budget };
        return forecast::show(globals, &args.reading, known, &store, &*clock, output).await;
    }
    if args.accept {
        return accept(globals, args, &home, &store, output).await;
    }
    let bar = PullBar::new(output);
    let when_spent = if args.spending.no_wait { WhenSpent::Fail } else { WhenSpent::Wait };
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
    let api = connection.within(account.user_id, args.spending.budget);
    let mut pull = Pull::new(&api, store, connection.clock())
        .wanting(args.reading.wanted())
        .with_policy(args.reading.policy.policy());
    if args.restart {
        pull = pull.starting_over();
    }
    if args.wait {
        pull = pull.waiting();
    }
    let forecaster = forecast::forecaster(&args.reading, store, connection.clock());
    let query = query(args.reading.page_size)?;
    let result = loop {
        let choice = pull.choose(account.user_id).await?;
        let forecast = forecaster.forecast(account.user_id, choice).await?;
        announce(&forecast, args.reading.page_size, bar, connection.clock());
        let announced = pull.expecting(&forecast.choice);
        match until_interrupted(announced.run(account.user_id, query.clone(), bar)).await {
            // Nothing is read, and paid, that was not announced.
            Some(Err(PullError::Otherwise)) => {}
            result => break result,
        }
    };
    bar.finish();
    let shown = show(globals, &account, result, bar, output, store, connection).await;
    forget_old(args, account.user_id, store, connection.clock().now(), output).await;
    shown
}

/// Shows what a pull has come to.
async fn show(
    globals: &Globals,
    account: &Account,
    result: Option<Result<PullReport, PullError>>,
    bar: &PullBar,
    output: Output,
    store: &SqliteStore,
    connection: &Connection,
) -> anyhow::Result<Exit> {
    let run = Run::of(account, &result, bar, connection);
    match result {
        Some(Ok(report)) => {
            let flags = hints(globals, store, account).await?;
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
            say_interrupted(account.user_id, &run.progress, store, output).await?;
            Ok(Exit::Interrupted)
        }
    }
}

/// What is asked for, in pages of this size.
pub(super) fn query(page_size: MaxResults) -> anyhow::Result<BlockingQuery> {
    let selection = Selection::in_words(Vocabulary::default()).with_user_fields(FIELDS)?;
    Ok(BlockingQuery::new(selection).with_max_results(page_size))
}

/// Says what is about to be read, why, and what it takes, and sets the bar up for it.
pub(super) fn announce(forecast: &Forecast, page: MaxResults, bar: &PullBar, clock: &ShownClock) {
    clock.say(&forecast::announcement(forecast, page));
    if forecast.choice.kind == ReadKind::Full {
        bar.expect(forecast.users.unwrap_or_default());
    }
    if let Some(read) = &forecast.choice.resumes {
        bar.go_on_from(read);
    }
}

/// Says what an interrupted read leaves, and what it has cost.
pub(super) async fn say_interrupted(
    account: UserId,
    progress: &PullProgress,
    store: &SqliteStore,
    output: Output,
) -> anyhow::Result<()> {
    let kept = store.unfinished(account).await?.map_or(0, |read| read.users);
    output.say(match left(kept, progress, output) {
        None => "Interrupted before anything was read.".to_owned(),
        Some(left) => format!("Interrupted. {left}"),
    });
    Ok(())
}

/// Keeps to the age that profiles may have. What the pull has come to does not hang on it.
async fn forget_old(
    args: &PullArgs,
    account: UserId,
    store: &SqliteStore,
    now: Timestamp,
    output: Output,
) {
    let Some(age) = args.reading.policy.max_age else { return };
    let before = Some(now.saturating_sub(days(age)).unwrap_or(Timestamp::MIN));
    match store.forget(account, Forget::Profiles { before }).await {
        Ok(Forgotten { profiles: 0, .. }) => {}
        Ok(Forgotten { profiles, .. }) => {
            let profiles = counted(profiles, "profile", "profiles");
            output.say(format!("{profiles} older than {age} days forgotten."));
        }
        Err(error) => output.say(format!(
            "note: profiles older than {age} days are not all forgotten yet: {}. The next pull \
             with --max-age tries again, or `blocks purge --older-than {age}`.",
            visible(&error.to_string())
        )),
    }
}

/// Takes the read that was set aside for the mirror.
async fn accept(
    globals: &Globals,
    args: &PullArgs,
    home: &Home,
    store: &SqliteStore,
    output: Output,
) -> anyhow::Result<Exit> {
    let account = mirrored(globals, store).await?;
    let clock = clock_at(globals, home, output).await?;
    let accepted = blocks_app::accept(store, &*clock, account.user_id).await?;
    let Some(snapshot) = accepted else {
        let failed = Failed::new(Exit::Failed, "no read of this list is set aside");
        return Err(failed.remedy("There is nothing to accept; the mirror is as it was.").into());
    };
    let progress = PullProgress::default();
    let run = Run {
        account: &account,
        progress,
        is_set_aside: false,
        retries: 0,
        waited: Duration::ZERO,
        lookups: 0,
    };
    if output.json {
        output.json_line(&run.summary(Some(&snapshot))?)?;
    } else {
        output.sentence(&run.mirrored(&snapshot))?;
    }
    forget_old(args, account.user_id, store, clock.now(), output).await;
    Ok(Exit::Done)
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

/// How many accounts were read, and how many of them were paid for already.
fn read_and_paid(progress: &PullProgress) -> String {
    let read = counted(progress.reads, "account read", "accounts read");
    match progress.reads.saturating_sub(progress.billed_reads) {
        0 => read,
        free => format!("{read}, {} of them paid for earlier today", grouped(free)),
    }
}

/// What a run did, whether or not it came to its end.
struct Run<'a> {
    account: &'a Account,
    progress: PullProgress,
    /// Whether the read came to its end, and is not believed.
    is_set_aside: bool,
    retries: u64,
    waited: Duration,
    /// How often X was asked whose token it is.
    lookups: u64,
}

/// What `--json` prints; the guide for programs explains the keys.
#[derive(Serialize)]
struct Summary<'a> {
    snapshot: Option<u64>,
    kind: Option<&'static str>,
    account: &'a str,
    account_id: String,
    complete: bool,
    set_aside: bool,
    users: u64,
    added: Option<u64>,
    removed: Option<u64>,
    unavailable: u64,
    requests: u64,
    retries: u64,
    waited_s: f64,
    reads: u64,
    billed_reads: u64,
    cost_usd: Box<RawValue>,
    lookups: u64,
    resumed: bool,
}

impl<'a> Run<'a> {
    fn of(
        account: &'a Account,
        result: &Option<Result<PullReport, PullError>>,
        bar: &PullBar,
        connection: &Connection,
    ) -> Self {
        let progress = match result {
            Some(Ok(report)) => report.progress,
            Some(Err(error)) => error.progress(),
            None => bar.last(),
        };
        Self {
            account,
            progress,
            is_set_aside: matches!(result, Some(Err(PullError::SetAside { .. }))),
            retries: connection.retries().load(Ordering::Relaxed),
            waited: connection.clock().waited(),
            lookups: connection.lookups_for_account(),
        }
    }

    fn summary(&self, snapshot: Option<&Snapshot>) -> anyhow::Result<Summary<'_>> {
        let Self { account, progress, .. } = self;
        Ok(Summary {
            snapshot: snapshot.map(|snapshot| snapshot.id.get()),
            kind: snapshot.map(|snapshot| snapshot.kind.word()),
            account: account.name.as_str(),
            account_id: account.user_id.to_string(),
            complete: snapshot.is_some(),
            set_aside: self.is_set_aside,
            users: snapshot.map_or(progress.users, |snapshot| snapshot.users),
            added: snapshot.map(|snapshot| snapshot.added),
            removed: snapshot.map(|snapshot| snapshot.removed),
            unavailable: progress.unavailable,
            requests: progress.requests,
            retries: self.retries,
            waited_s: self.waited.as_secs_f64(),
            reads: progress.reads,
            billed_reads: progress.billed_reads,
            cost_usd: usd(progress.cost())?,
            lookups: self.lookups,
            resumed: progress.resumed,
        })
    }

    /// What the mirror holds now.
    fn mirrored(&self, snapshot: &Snapshot) -> String {
        let came_and_went = match snapshot.kind {
            ReadKind::Head => format!("{} new", grouped(snapshot.added)),
            _ => {
                let (added, removed) = (grouped(snapshot.added), grouped(snapshot.removed));
                format!("{added} added, {removed} removed")
            }
        };
        format!(
            "Mirrored {} that {} blocks ({came_and_went}).",
            counted(snapshot.users, "account", "accounts"),
            who(self.account),
        )
    }

    fn show(&self, report: &PullReport, flags: &str, output: Output) -> anyhow::Result<()> {
        let (snapshot, progress) = (&report.snapshot, &self.progress);
        for warning in &report.warnings {
            output.say(format!("note: {warning}"));
        }
        if output.json {
            return output.json_line(&self.summary(Some(snapshot))?);
        }
        output.sentence(&self.mirrored(snapshot))?;
        output.sentence(&format!(
            "{}, {}{}; X {} {} for reading{}.",
            counted(progress.requests, "request", "requests"),
            read_and_paid(progress),
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
        output.say(next_steps(flags, snapshot));
        Ok(())
    }
}

/// What a person may want to do now.
fn next_steps(flags: &str, snapshot: &Snapshot) -> String {
    let mut steps = vec![
        (format!("blocks{flags} list"), "the accounts"),
        (format!("blocks{flags} stats"), "figures about them"),
    ];
    if snapshot.id.get() > 1 {
        steps.push((format!("blocks{flags} changes"), "who came and went"));
    } else if flags.contains("--sandbox") {
        steps.push(("blocks sandbox serve".to_owned(), "a server like X, for any client"));
    }
    let width = steps.iter().map(|(command, _)| command.len()).max().unwrap_or_default();
    let lines = steps.iter().map(|(command, what)| format!("\n  {command:width$}  {what}"));
    format!("\nNext:{}", lines.collect::<String>())
}
