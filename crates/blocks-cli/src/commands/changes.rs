//! `blocks changes`: who came and went, and why.

use anyhow::Context;
use blocks_app::{Explained, ListChange, WhenSpent, changes, explain, unexplained};
use blocks_domain::{Absence, Price, User, Whereabouts, Witness};
use blocks_ports::{Account, ChangeKind, ChangeQuery, MirrorStore, Names, ReadKind};
use blocks_sqlite::SqliteStore;
use futures_util::TryStreamExt;
use indicatif::ProgressBar;
use serde::Serialize;

use super::until_interrupted;
use super::users::in_mirror;
use crate::args::{ChangesArgs, Globals, UserArg};
use crate::context::{Connection, Wishes, clock_at, home, mirrored, nothing_mirrored, who};
use crate::exit::{Exit, Failed};
use crate::home::Home;
use crate::output::{Output, counted, minute, visible};

pub(crate) async fn run(
    globals: &Globals,
    args: &ChangesArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let home = home(globals)?;
    let store = home.open_store()?;
    let account = mirrored(globals, &store).await?;
    if args.aside {
        return aside(&account, &store, output).await;
    }
    let snapshot = store.snapshot(account.user_id).await?.ok_or_else(nothing_mirrored)?;
    let query = query(globals, args, &account, &home, &store, output).await?;
    let missing = unexplained(&store, &store, account.user_id, query.clone()).await?;
    let missing = missing.len() as u64;
    if args.explain && missing > 0 {
        output.say(format!("Asking X about {}.", at_most(missing)));
        let asked = ask(globals, args, &account, &home, &store, query.clone(), output).await?;
        if !asked {
            return Ok(Exit::Interrupted);
        }
    }
    let is_of_all = query.since.is_none() && query.user.is_none();
    let mut changes = changes(&store, &store, account.user_id, query);
    let mut nobody = true;
    while let Some(change) = changes.try_next().await? {
        show(&change, output)?;
        nobody = false;
    }
    if nobody && !output.json {
        output.say(match is_of_all {
            true => "No change is known since the list was first read.",
            false => "No such change is known.",
        });
    }
    if missing > 0 && !args.explain && !output.json {
        output.say(format!(
            "Why an account is missing is not always known. `blocks changes --explain` asks X \
             about {}.",
            at_most(missing)
        ));
    }
    if snapshot.kind == ReadKind::Head && !output.json {
        output.say(format!(
            "The last read of the whole list began {}. Who was unblocked elsewhere since then is \
             not noticed yet.",
            minute(snapshot.full_at)
        ));
    }
    Ok(Exit::Done)
}

async fn query(
    globals: &Globals,
    args: &ChangesArgs,
    account: &Account,
    home: &Home,
    store: &SqliteStore,
    output: Output,
) -> anyhow::Result<ChangeQuery> {
    let mut query = ChangeQuery::default();
    if let Some(since) = args.since {
        let now = clock_at(globals, home, output).await?.now();
        query.since = Some(since.before(now).context("that is too long ago")?);
    }
    query.user = match &args.user {
        None => None,
        Some(UserArg::Id(id)) => Some(*id),
        Some(handle) => {
            let entry = in_mirror(store, account.user_id, handle).await?;
            let entry = entry.ok_or_else(|| {
                Failed::new(Exit::Failed, format!("{handle} is not in the mirror"))
                    .remedy("Name an account that has left it by its id.")
            })?;
            Some(entry.user.id)
        }
    };
    Ok(query)
}

/// So many accounts to ask about, with what that costs.
fn at_most(missing: u64) -> String {
    let cost = Price::USER_LOOKUP.cost_of(missing);
    format!("{}, for at most {cost}", counted(missing, "account", "accounts"))
}

/// Asks X about those who are missing without a cause; answers whether it came to its end.
async fn ask(
    globals: &Globals,
    args: &ChangesArgs,
    account: &Account,
    home: &Home,
    store: &SqliteStore,
    query: ChangeQuery,
    output: Output,
) -> anyhow::Result<bool> {
    let bar = ProgressBar::hidden();
    let wishes = Wishes { globals, when_spent: WhenSpent::Wait, bar, output };
    let connection = Connection::open(wishes, home, store).await?;
    let asking = async {
        let signed_in = connection.account(globals, store).await?;
        if signed_in.user_id != account.user_id {
            let what = "this sign-in belongs to another account than the mirror";
            let failed = Failed::new(Exit::Usage, what).remedy("Name it with --account.");
            return Err(anyhow::Error::from(failed));
        }
        let api = connection.lookups_within(account.user_id, args.budget);
        let clock = connection.clock();
        Ok(explain(&api, store, store, clock, account.user_id, query).await?)
    };
    let asked = until_interrupted(asking).await;
    connection.close().await?;
    let Some(asked) = asked else {
        output.say("Interrupted. What X has said until then is kept.");
        return Ok(false);
    };
    let explained: Explained = asked?;
    output.say(format!(
        "X bills {} for {} that are there.",
        Price::USER_LOOKUP.cost_of(explained.billed),
        counted(explained.billed, "account", "accounts"),
    ));
    Ok(true)
}

/// By whom the read that was set aside differs from the mirror.
async fn aside(account: &Account, store: &SqliteStore, output: Output) -> anyhow::Result<Exit> {
    let Some(read) = store.aside(account.user_id).await? else {
        return Err(Failed::new(Exit::Failed, "no read of this list is set aside").into());
    };
    let mut differences = store.differences(read.id);
    while let Some(difference) = differences.try_next().await? {
        if output.json {
            output.json_line(&Differing::of(&difference.user, difference.added))?;
        } else {
            show_difference(&difference.user, difference.added, output)?;
        }
    }
    output.say(format!(
        "The read of {} holds {} that {} blocks. `blocks pull --accept` takes it for the mirror.",
        minute(read.started_at),
        counted(read.users, "account", "accounts"),
        who(account),
    ));
    Ok(Exit::Done)
}

/// Shows a user by whom a read and the mirror differ to a person.
pub(super) fn show_difference(user: &User, added: bool, output: Output) -> anyhow::Result<()> {
    let (sign, what) = match added {
        true => ("+", "on the list at X, not in the mirror"),
        false => ("-", "in the mirror, not on the list at X"),
    };
    output.row(&format!("{sign} {}", called(&Names::of(user), &user.id.to_string())), what)
}

/// A user by whom a read and the mirror differ, as `--json` prints it.
#[derive(Serialize)]
pub(super) struct Differing<'a> {
    difference: &'static str,
    user: &'a User,
}

impl<'a> Differing<'a> {
    pub(super) fn of(user: &'a User, added: bool) -> Self {
        Self { difference: if added { "only_on_x" } else { "only_in_mirror" }, user }
    }
}

fn show(change: &ListChange, output: Output) -> anyhow::Result<()> {
    if output.json {
        return output.json_line(&Told::of(change));
    }
    let ListChange { change, absence, .. } = change;
    let who = called(&change.names, &change.user.to_string());
    let (sign, what) = match &change.kind {
        ChangeKind::Added(_) => ("+", "blocked".to_owned()),
        ChangeKind::Removed { found, .. } => {
            ("-", why(absence.unwrap_or(Absence::Unknown), found.map(|(found, _)| found)))
        }
        ChangeKind::Renamed { before } => {
            ("~", format!("was {}", called(before, &change.user.to_string())))
        }
        _ => ("?", "changed in a way that this version does not know".to_owned()),
    };
    output.row(&format!("{}  {sign} {who}", minute(change.at)), &what)
}

/// Why somebody is on the list no longer, in words.
fn why(absence: Absence, found: Option<Whereabouts>) -> String {
    match (absence, found) {
        (Absence::Unblocked(Witness::Operation), _) => "unblocked with this program".into(),
        (Absence::Unblocked(Witness::Event), _) => "unblocked, as X told".into(),
        (Absence::Gone(found), _) => format!("gone: {found}"),
        (Absence::Unknown, Some(Whereabouts::Present)) => {
            "missing, cause unknown; the account is there".into()
        }
        (Absence::Unknown, _) => "missing, cause unknown".into(),
    }
}

/// A user by handle and name, or by what is known.
fn called(names: &Names, id: &str) -> String {
    let handle = names.username.as_deref().map(|handle| format!("@{}", visible(handle)));
    let name = names.name.as_deref().map(|name| format!(" ({})", visible(name)));
    match handle {
        Some(handle) => handle + &name.unwrap_or_default(),
        None => format!("user {id}{}", name.unwrap_or_default()),
    }
}

/// A change as `--json` prints it; the guide for programs explains the keys.
#[derive(Serialize)]
struct Told<'a> {
    at: String,
    change: &'static str,
    user_id: String,
    username: Option<&'a str>,
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seen_by: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    found_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Before<'a>>,
}

#[derive(Serialize)]
struct Before<'a> {
    username: Option<&'a str>,
    name: Option<&'a str>,
}

impl<'a> Told<'a> {
    fn of(ListChange { change, absence, .. }: &'a ListChange) -> Self {
        let mut told = Self {
            at: format!("{:.3}", change.at),
            change: "added",
            user_id: change.user.to_string(),
            username: change.names.username.as_deref(),
            name: change.names.name.as_deref(),
            state: absence.map(state),
            seen_by: None,
            snapshot: None,
            found: None,
            found_at: None,
            before: None,
        };
        match &change.kind {
            ChangeKind::Added(source) => told.seen_by(*source),
            ChangeKind::Removed { by, found } => {
                told.change = "removed";
                told.found = found.map(|(found, _)| found.word());
                told.found_at = found.map(|(_, at)| format!("{at:.3}"));
                told.seen_by(*by);
            }
            ChangeKind::Renamed { before } => {
                told.change = "renamed";
                let (username, name) = (before.username.as_deref(), before.name.as_deref());
                told.before = Some(Before { username, name });
            }
            _ => told.change = "unknown",
        }
        told
    }

    fn seen_by(&mut self, source: blocks_ports::Source) {
        use blocks_ports::Source;
        (self.seen_by, self.snapshot) = match source {
            Source::Read(id) => (Some("read"), Some(id.get())),
            Source::Told(Witness::Event) => (Some("event"), None),
            Source::Told(Witness::Operation) => (Some("operation"), None),
        };
    }
}

const fn state(absence: Absence) -> &'static str {
    match absence {
        Absence::Unblocked(_) => "unblocked",
        Absence::Gone(_) => "gone",
        Absence::Unknown => "unknown",
    }
}
