//! `blocks forecast`: what a pull would take, before anything is spent.

use std::time::Duration;

use blocks_app::{Choice, Forecast, Forecaster, Reason, Span};
use blocks_domain::{MaxResults, Price, RateLimit, Usd, UserId};
use blocks_ports::{Account, AccountStore, Clock, ReadKind};
use blocks_sqlite::SqliteStore;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::args::{ForecastArgs, Globals, ReadingArgs};
use crate::context::{clock_at, home, mirrored, who};
use crate::exit::Exit;
use crate::output::{Output, clock_face, counted, grouped, minute, usd};

pub(crate) async fn run(
    globals: &Globals,
    args: &ForecastArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let home = home(globals)?;
    let store = home.open_store()?;
    let clock = clock_at(globals, &home, output).await?;
    let given = Given { users: args.users, budget: args.budget };
    show(globals, &args.reading, given, &store, &*clock, output).await
}

/// What somebody says beside the flags of a pull.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Given {
    /// How many accounts the list holds.
    pub(crate) users: Option<u64>,
    /// What the pull may spend on reading.
    pub(crate) budget: Option<Usd>,
}

/// Shows what a pull would take.
pub(crate) async fn show(
    globals: &Globals,
    args: &ReadingArgs,
    given: Given,
    store: &SqliteStore,
    clock: &dyn Clock,
    output: Output,
) -> anyhow::Result<Exit> {
    let account = if store.accounts().await?.is_empty() && globals.account.is_none() {
        None
    } else {
        Some(mirrored(globals, store).await?)
    };
    // Whoever is not known yet has no mirror, no window and no bill: any id will do.
    let user = account.as_ref().map_or(UserId::MAX, |account| account.user_id);
    let policy = args.policy.policy();
    let choice = Choice::of(store, user, args.wanted(), &policy, clock.now()).await?;
    let forecaster = forecaster(args, store, clock);
    let forecaster = match given.users {
        Some(users) => forecaster.expecting(users),
        None => forecaster,
    };
    let forecast = forecaster.forecast(user, choice).await?;
    if output.json {
        output.json_line(&Told::of(&forecast, account.as_ref(), given.budget)?)?;
        return Ok(Exit::Done);
    }
    if let Some(account) = &account {
        output.line(format!("{:<10}{}", "Account", who(account)))?;
    }
    for (name, text) in rows(&forecast, args.page_size, given.budget) {
        output.hanging(&format!("{name:<10}"), &text)?;
    }
    Ok(Exit::Done)
}

/// What knows what a read with these flags takes.
pub(crate) fn forecaster<'a>(
    args: &ReadingArgs,
    store: &'a SqliteStore,
    clock: &'a dyn Clock,
) -> Forecaster<'a> {
    Forecaster::new(store, store, store, clock)
        .with_policy(args.policy.policy())
        .with_page_size(args.page_size)
}

/// What will be read, as the beginning of a sentence: `the whole list`, `what is new`.
pub(crate) fn what(choice: &Choice) -> &'static str {
    match (choice.kind, &choice.resumes) {
        (ReadKind::Head, Some(_)) => "the rest of what is new",
        (ReadKind::Head, None) => "what is new",
        (_, Some(_)) => "the rest of the whole list",
        (_, None) => "the whole list",
    }
}

/// The forecast as the sentences that a pull begins with.
pub(crate) fn announcement(forecast: &Forecast, page: MaxResults) -> String {
    let choice = &forecast.choice;
    let heading = format!("Reading {}{}.{}", what(choice), why(choice), given_up(choice));
    let Some(most) = forecast.requests.most else {
        return format!("{heading} {}", unknown_length(page));
    };
    if forecast.choice.kind == ReadKind::Head {
        let each = Price::BLOCK_READ.per_unit();
        return format!("{heading} Each new account costs {each}, and some known ones come along.");
    }
    let wait = match forecast.wait.most {
        None | Some(Duration::ZERO) => "without waiting".to_owned(),
        Some(wait) => format!("done in at most {}{}", clock_face(wait), at(forecast)),
    };
    let requests = match forecast.requests.least {
        least if least == most => counted(most, "request", "requests"),
        least => format!("{} to {}", grouped(least), counted(most, "request", "requests")),
    };
    format!("{heading} {requests}, {wait}; {}.", cost(forecast))
}

fn why(choice: &Choice) -> String {
    match choice.reason {
        Reason::Asked => String::new(),
        reason => format!(", {reason}"),
    }
}

/// What is lost by that choice.
fn given_up(choice: &Choice) -> String {
    match choice.gives_up.as_ref().map_or(0, |read| read.users) {
        0 => String::new(),
        lost => format!(
            " An unfinished read with {} is given up.",
            counted(lost, "account", "accounts")
        ),
    }
}

fn cost(forecast: &Forecast) -> String {
    let free = match forecast.paid_today {
        0 => String::new(),
        paid => format!(
            "; {} {} paid for earlier today",
            counted(paid, "account", "accounts"),
            if paid == 1 { "was" } else { "were" }
        ),
    };
    match (forecast.cost.least, forecast.cost.most) {
        (least, Some(most)) if least == most => format!("{most}{free}"),
        (least, Some(most)) => format!("{least} to {most}{free}"),
        (_, None) => "nobody knows how much".to_owned(),
    }
}

/// What there is to say where nobody knows how long a list is.
fn unknown_length(page: MaxResults) -> String {
    let a_window = u64::from(page.get()) * 15;
    format!(
        "Nobody knows yet how long the list is: every {} are one request and {}, and after each \
         {} X makes one wait for up to {} minutes.",
        counted(page.get().into(), "account", "accounts"),
        Price::BLOCK_READ.cost_of(page.get().into()),
        grouped(a_window),
        RateLimit::WINDOW.as_secs() / 60,
    )
}

/// When the last page is in at the latest, as far as is known.
fn at(forecast: &Forecast) -> String {
    forecast.finish().most.map(|end| format!(", at {}", minute(end))).unwrap_or_default()
}

/// How long the list is, as far as that is known.
fn accounts(forecast: &Forecast) -> String {
    let kept = forecast.choice.resumes.as_ref().map_or(0, |read| read.users);
    match (forecast.users, kept) {
        (Some(users), _) => grouped(users),
        (None, 0) => "nobody knows how many".to_owned(),
        (None, 1) => "at least 1, which is kept".to_owned(),
        (None, kept) => format!("at least {}, which are kept", grouped(kept)),
    }
}

/// What it costs, within a budget where it may cost more than that.
fn cost_within(forecast: &Forecast, budget: Option<Usd>) -> String {
    match budget.filter(|budget| forecast.cost.most.is_none_or(|most| most > *budget)) {
        Some(budget) => format!("at most {budget}, your budget; without it, {}", cost(forecast)),
        None => cost(forecast),
    }
}

fn rows(forecast: &Forecast, page: MaxResults, budget: Option<Usd>) -> Vec<(&'static str, String)> {
    let choice = &forecast.choice;
    let count = |span: &Span<u64>| match span.most {
        Some(most) if most == span.least => grouped(most),
        Some(most) => format!("{} to {}", grouped(span.least), grouped(most)),
        None if span.least == 0 => "nobody knows how many".to_owned(),
        None => format!("{} or more", grouped(span.least)),
    };
    let wait = |wait: Duration| if wait.is_zero() { "none".into() } else { clock_face(wait) };
    let waiting = match forecast.wait.most {
        Some(most) if most == forecast.wait.least => wait(most),
        Some(most) if forecast.wait.least.is_zero() => format!("at most {}", wait(most)),
        Some(most) => format!("{} to {}", wait(forecast.wait.least), wait(most)),
        None => "nobody knows how long".to_owned(),
    };
    let finished = match (forecast.wait.most, forecast.finish().most) {
        (Some(most), Some(_)) if most.is_zero() => "at once".to_owned(),
        (_, Some(end)) => format!("{} at the latest", minute(end)),
        (_, None) => "nobody knows when".to_owned(),
    };
    let mut rows = vec![
        ("Reads", format!("{}{}", what(choice), why(choice))),
        ("Accounts", accounts(forecast)),
        ("Requests", count(&forecast.requests)),
        ("Windows", count(&forecast.windows)),
        ("Waiting", waiting),
        ("Finished", finished),
        ("Billed", count(&forecast.billed_reads)),
        ("Cost", cost_within(forecast, budget)),
    ];
    if let Some(read) = &choice.gives_up {
        rows.push(("Gives up", counted(read.users, "account", "accounts") + " read before"));
    }
    if forecast.requests.most.is_none() {
        rows.push(("Note", unknown_length(page)));
    } else if choice.kind == ReadKind::Head {
        let each = Price::BLOCK_READ.per_unit();
        rows.push((
            "Note",
            format!(
                "It is close to the least unless much is new: it ends at the first accounts that \
                 are known, and each new one costs {each}."
            ),
        ));
    }
    rows
}

/// What `--json` prints.
#[derive(Serialize)]
struct Told<'a> {
    account: Option<&'a str>,
    account_id: Option<String>,
    reading: &'static str,
    reason: String,
    resumed: bool,
    users: Option<u64>,
    requests: ToldSpan<u64>,
    windows: ToldSpan<u64>,
    wait_s: ToldSpan<u64>,
    finished_at: ToldSpan<String>,
    billed_reads: ToldSpan<u64>,
    cost_usd: ToldSpan<Box<RawValue>>,
    budget_usd: Option<Box<RawValue>>,
    paid_today: u64,
}

#[derive(Serialize)]
struct ToldSpan<T> {
    least: T,
    most: Option<T>,
}

impl<T> ToldSpan<T> {
    fn of<S: Copy>(span: &Span<S>, told: impl Fn(S) -> T) -> Self {
        Self { least: told(span.least), most: span.most.map(told) }
    }
}

impl<'a> Told<'a> {
    fn of(
        forecast: &Forecast,
        account: Option<&'a Account>,
        budget: Option<Usd>,
    ) -> anyhow::Result<Self> {
        let cost = ToldSpan {
            least: usd(forecast.cost.least)?,
            most: forecast.cost.most.map(usd).transpose()?,
        };
        Ok(Self {
            account: account.map(|account| account.name.as_str()),
            account_id: account.map(|account| account.user_id.to_string()),
            reading: forecast.choice.kind.word(),
            reason: forecast.choice.reason.to_string(),
            resumed: forecast.choice.resumes.is_some(),
            users: forecast.users,
            requests: ToldSpan::of(&forecast.requests, |count| count),
            windows: ToldSpan::of(&forecast.windows, |count| count),
            wait_s: ToldSpan::of(&forecast.wait, |wait| wait.as_secs()),
            finished_at: ToldSpan::of(&forecast.finish(), |end| format!("{end:.3}")),
            billed_reads: ToldSpan::of(&forecast.billed_reads, |count| count),
            cost_usd: cost,
            budget_usd: budget.map(usd).transpose()?,
            paid_today: forecast.paid_today,
        })
    }
}
