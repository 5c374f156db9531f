//! `blocks block` and `blocks unblock`: shown, confirmed, and answered truthfully.

use blocks_app::WhenSpent;
use blocks_domain::{BlockPair, Failure, Price, User};
use blocks_ports::{Account, ApiError, BlocksApi, MirrorStore};
use blocks_sqlite::SqliteStore;
use indicatif::ProgressBar;
use serde::Serialize;

use super::until_interrupted;
use super::users::{Target, targets};
use crate::args::{ChangeArgs, Globals, UserArg};
use crate::consent::confirmed;
use crate::context::{Connection, Wishes, home, who};
use crate::exit::{Exit, Failed};
use crate::output::{Output, counted, even_if_nobody_reads, visible};

/// What is wished for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    Block,
    Unblock,
}

impl Wish {
    const fn verb(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Unblock => "unblock",
        }
    }

    const fn wants_blocking(self) -> bool {
        matches!(self, Self::Block)
    }
}

pub(crate) async fn run(
    wish: Wish,
    globals: &Globals,
    args: &ChangeArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let home = home(globals)?;
    let store = home.open_store()?;
    let when_spent = if args.no_wait { WhenSpent::Fail } else { WhenSpent::Wait };
    let wishes = Wishes { globals, when_spent, bar: ProgressBar::hidden(), output };
    let connection = Connection::open(wishes, &home, &store).await?;
    let result = change(wish, globals, args, output, &store, &connection).await;
    connection.close().await?;
    result
}

async fn change(
    wish: Wish,
    globals: &Globals,
    args: &ChangeArgs,
    output: Output,
    store: &SqliteStore,
    connection: &Connection,
) -> anyhow::Result<Exit> {
    let wanted = until_interrupted(agree(wish, globals, args, output, store, connection)).await;
    let Some(wanted) = wanted else {
        output.say("\nInterrupted. Nothing was changed.");
        return Ok(Exit::Interrupted);
    };
    let wanted = match wanted? {
        Agreed::To(wanted) => wanted,
        Agreed::NotTo(exit) => return Ok(exit),
    };
    let done = until_interrupted(carry_out(wish, &wanted, store, connection, output)).await;
    done.unwrap_or_else(|| {
        output.say(
            "Interrupted. What is reported above was done; of the rest, one call may have been.",
        );
        Ok(Exit::Interrupted)
    })
}

/// What the person wants done, after they have seen it.
enum Agreed {
    To(Vec<(BlockPair, Target)>),
    NotTo(Exit),
}

/// Finds the accounts, shows them and asks. It changes nothing.
async fn agree(
    wish: Wish,
    globals: &Globals,
    args: &ChangeArgs,
    output: Output,
    store: &SqliteStore,
    connection: &Connection,
) -> anyhow::Result<Agreed> {
    let account = connection.account(globals, store).await?;
    let handles = args.users.iter().filter(|user| matches!(user, UserArg::Handle(_))).count();
    if handles > 0 {
        // Not the mirror is asked: a handle may belong to somebody else by now.
        output.say(format!(
            "Asking X who has {} now; it bills {} for each, once a day.",
            if handles == 1 { "this handle" } else { "these handles" },
            Price::USER_LOOKUP.per_unit(),
        ));
    }
    let targets =
        targets(&connection.lookups(account.user_id), store, account.user_id, &args.users).await?;
    let pairs = targets
        .iter()
        .map(|target| BlockPair::new(account.user_id, target.id))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| Failed::new(Exit::Refused, error.to_string()))?;
    if args.dry_run {
        show_only(wish, &account, &targets, output)?;
        return Ok(Agreed::NotTo(Exit::Done));
    }
    let announcement = announcement(wish, "will", &account, &targets);
    if args.yes {
        output.say(announcement);
    } else if !confirmed(announcement, output).await? {
        output.say("Nothing was changed.");
        return Ok(Agreed::NotTo(Exit::Refused));
    }
    Ok(Agreed::To(pairs.into_iter().zip(targets).collect()))
}

/// Makes the calls, one after the other, and reports each as soon as it is answered.
async fn carry_out(
    wish: Wish,
    wanted: &[(BlockPair, Target)],
    store: &SqliteStore,
    connection: &Connection,
    output: Output,
) -> anyhow::Result<Exit> {
    let Some((first, _)) = wanted.first() else { return Ok(Exit::Done) };
    let known = unknown_to_the_mirror(wanted, store).await?;
    let api = connection.recorded(first.source(), known);
    let mut exit = Exit::Done;
    for (pair, target) in wanted {
        let result = match wish {
            Wish::Block => api.block(*pair).await,
            Wish::Unblock => api.unblock(*pair).await,
        };
        match result {
            Ok(reply) => {
                let as_wished = reply.value.blocking == wish.wants_blocking();
                even_if_nobody_reads(answered(wish, target, reply.value.blocking, output))?;
                if !as_wished {
                    exit = Exit::Failed;
                }
            }
            Err(error) if error.kind() == Failure::NotFound => {
                even_if_nobody_reads(refused(wish, target, &error, output))?;
                exit = Exit::Failed;
            }
            Err(error) => {
                let what = format!("could not {} {target}", wish.verb());
                return Err(anyhow::Error::new(error).context(what));
            }
        }
    }
    Ok(exit)
}

/// What is known of those whose names the mirror does not know, so that they are listed by name.
async fn unknown_to_the_mirror(
    wanted: &[(BlockPair, Target)],
    store: &SqliteStore,
) -> anyhow::Result<Vec<User>> {
    let mut unknown = Vec::new();
    for (pair, target) in wanted {
        let known = store.entry(pair.source(), target.id).await?;
        if known.is_none_or(|entry| entry.user.username.is_none()) {
            let mut user = User::new(target.id);
            (user.username, user.name) = (target.username.clone(), target.name.clone());
            unknown.push(user);
        }
    }
    Ok(unknown)
}

/// What is about to be done, in words.
fn announcement(wish: Wish, mood: &str, account: &Account, targets: &[Target]) -> String {
    let count = counted(targets.len() as u64, "account", "accounts");
    let heading = format!("{} {mood} {} {count}:", who(account), wish.verb());
    let row = |target: &Target| match target.username {
        Some(_) => format!("\n  {target}, user {}", target.id),
        None => format!("\n  {target}"),
    };
    heading + &targets.iter().map(row).collect::<String>()
}

fn show_only(
    wish: Wish,
    account: &Account,
    targets: &[Target],
    output: Output,
) -> anyhow::Result<()> {
    if !output.json {
        return output.sentence(&announcement(wish, "would", account, targets));
    }
    let line = |target| output.json_line(&Line { dry_run: true, ..Line::of(wish, target) });
    targets.iter().try_for_each(line)
}

#[derive(Serialize)]
struct Line<'a> {
    action: &'static str,
    user_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    /// What X answered; absent where nothing was asked or X refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    blocking: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dry_run: bool,
}

impl<'a> Line<'a> {
    fn of(wish: Wish, target: &'a Target) -> Self {
        Self {
            action: wish.verb(),
            user_id: target.id.to_string(),
            username: target.username.as_deref(),
            blocking: None,
            error: None,
            dry_run: false,
        }
    }
}

fn answered(wish: Wish, target: &Target, blocking: bool, output: Output) -> anyhow::Result<()> {
    if output.json {
        return output.json_line(&Line { blocking: Some(blocking), ..Line::of(wish, target) });
    }
    let state = if blocking { "blocked" } else { "not blocked" };
    if blocking == wish.wants_blocking() {
        output.sentence(&format!("{target} is {state} now."))
    } else {
        output
            .line(format!("X did not {} {target}: it answers that they are {state}.", wish.verb()))
    }
}

fn refused(wish: Wish, target: &Target, error: &ApiError, output: Output) -> anyhow::Result<()> {
    if output.json {
        return output
            .json_line(&Line { error: Some(error.to_string()), ..Line::of(wish, target) });
    }
    output.sentence(&format!("{target}: {}", visible(&error.to_string())))
}
