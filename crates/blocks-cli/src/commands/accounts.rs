//! `blocks accounts`: which there are, which is the default, other names, and away with them.

use blocks_app::{SignIns, SystemClock};
use blocks_ports::{Account, AccountName, AccountStore, Clock, Renamed, StoreFailure, TokenStore};
use blocks_sqlite::SqliteStore;
use comfy_table::{Cell, ContentArrangement, Table, presets};
use serde::Serialize;

use crate::args::{AccountsArgs, AccountsCommand, Globals, RemoveArgs};
use crate::consent::confirmed;
use crate::context::{home, known_names, who};
use crate::exit::{Exit, Failed};
use crate::output::{Output, visible};
use crate::server::called;
use crate::sign_in::import::refuse_slot;
use crate::sign_in::secrets;
use crate::sign_in::summary::Summary;

pub(crate) async fn run(
    globals: &Globals,
    args: AccountsArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let store = home(globals)?.open_store()?;
    match args.command.unwrap_or(AccountsCommand::List) {
        AccountsCommand::List => list(&store, output).await,
        AccountsCommand::Default { name } => set_default(&store, &name, output).await,
        AccountsCommand::Rename { from, to } => rename(&store, &from, &to, output).await,
        AccountsCommand::Remove(args) => remove(&store, &args, output).await,
    }
}

#[derive(Serialize)]
struct Line<'a> {
    account: &'a str,
    account_id: String,
    username: Option<&'a str>,
    default: bool,
    /// The address of another server than X.
    api_url: Option<&'a str>,
    /// Absent where the account is not signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    sign_in: Option<Summary>,
}

async fn list(store: &SqliteStore, output: Output) -> anyhow::Result<Exit> {
    let accounts = store.accounts().await?;
    let default = store.default_account().await?;
    let now = SystemClock.now();
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let servers = accounts.iter().any(|account| account.api_url.is_some());
    let columns = if servers { 5 } else { 4 };
    table.set_header(
        ["", "Account", "User", "Sign-in", "Server"].map(Cell::new).into_iter().take(columns),
    );
    if let Some(width) = output.width() {
        table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    for account in &accounts {
        let is_default = default.as_ref() == Some(&account.name);
        let sign_in = sign_in(store, account).await?;
        if output.json {
            output.json_line(&Line {
                account: account.name.as_str(),
                account_id: account.user_id.to_string(),
                username: account.username.as_deref(),
                default: is_default,
                api_url: account.api_url.as_deref(),
                sign_in: sign_in.ok().flatten(),
            })?;
            continue;
        }
        let words = match &sign_in {
            Ok(Some(summary)) => summary.in_words(now),
            Ok(None) => "not signed in".to_owned(),
            Err(unreadable) => unreadable.clone(),
        };
        let cells = [
            if is_default { "*".to_owned() } else { String::new() },
            account.name.to_string(),
            who(account),
            words,
            visible(called(account.api_url.as_deref())),
        ];
        table.add_row(cells.into_iter().take(columns));
    }
    if output.json {
        return Ok(Exit::Done);
    }
    if accounts.is_empty() {
        output.say("There are no accounts yet; `blocks login` adds one.");
        return Ok(Exit::Done);
    }
    for line in table.lines() {
        output.line(line.trim_end())?;
    }
    Ok(Exit::Done)
}

/// What an account's sign-in is; the inner error says that it cannot be read.
async fn sign_in(
    store: &SqliteStore,
    account: &Account,
) -> anyhow::Result<Result<Option<Summary>, String>> {
    let in_file = match store.load(&account.name).await {
        Ok(stored) => stored.value,
        Err(error) if error.kind == StoreFailure::Damaged => {
            return Ok(Err("damaged; sign in again".to_owned()));
        }
        Err(error) => return Err(error.into()),
    };
    let tokens = match secrets::of_account(store, &account.name).await {
        Ok(tokens) => tokens,
        Err(_) => return Ok(Err("in the keychain, which is not at hand".to_owned())),
    };
    match tokens.load(&account.name).await {
        Ok(stored) => Ok(Ok(stored.value.map(|found| Summary::of(&found, in_file.as_ref())))),
        Err(_) => Ok(Err("in the keychain, which cannot be read".to_owned())),
    }
}

#[derive(Serialize)]
struct Changed<'a> {
    account: &'a str,
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    new_name: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dry_run: bool,
}

async fn set_default(
    store: &SqliteStore,
    name: &AccountName,
    output: Output,
) -> anyhow::Result<Exit> {
    if !store.set_default_account(name).await? {
        return Err(unknown(store, name).await?.into());
    }
    let changed =
        Changed { account: name.as_str(), action: "default", new_name: None, dry_run: false };
    told(output, &changed, &format!("`{name}` is the default account now."))
}

async fn rename(
    store: &SqliteStore,
    from: &AccountName,
    to: &AccountName,
    output: Output,
) -> anyhow::Result<Exit> {
    refuse_slot(to)?;
    let tokens = secrets::of_account(store, from).await?;
    let sign_ins = SignIns::new(store, &*tokens, &SystemClock);
    match sign_ins.rename(from, to).await? {
        Renamed::Done => {}
        Renamed::Taken => {
            let what = format!("there is an account `{to}` already");
            return Err(Failed::new(Exit::Usage, what)
                .remedy("Choose another name, or rename or remove that one first.")
                .into());
        }
        _ => return Err(unknown(store, from).await?.into()),
    }
    let changed = Changed {
        account: from.as_str(),
        action: "rename",
        new_name: Some(to.as_str()),
        dry_run: false,
    };
    told(output, &changed, &format!("`{from}` is called `{to}` now."))
}

async fn remove(store: &SqliteStore, args: &RemoveArgs, output: Output) -> anyhow::Result<Exit> {
    let name = &args.name;
    let known = store.accounts().await?;
    let Some(account) = known.iter().find(|account| account.name == *name) else {
        return Err(unknown(store, name).await?.into());
    };
    let what = format!(
        "The account `{name}` ({}, user {}) and its sign-in {} forgotten here. {} is not told; \
         `blocks logout` does that.",
        who(account),
        account.user_id,
        if args.dry_run { "would be" } else { "will be" },
        called(account.api_url.as_deref()),
    );
    let changed =
        Changed { account: name.as_str(), action: "remove", new_name: None, dry_run: args.dry_run };
    if args.dry_run {
        return told(output, &changed, &what);
    }
    if !args.yes && !confirmed(what, output).await? {
        output.say("Nothing was changed.");
        return Ok(Exit::Refused);
    }
    let tokens = secrets::to_forget(store, name).await;
    SignIns::new(store, &*tokens, &SystemClock).remove(name).await?;
    forget_app(store, account.app.as_deref()).await?;
    told(output, &changed, &format!("`{name}` is forgotten."))
}

/// Forgets an app, and so its secret, when its last account has gone.
async fn forget_app(store: &SqliteStore, app: Option<&str>) -> anyhow::Result<()> {
    let Some(app) = app else { return Ok(()) };
    if store.accounts().await?.iter().all(|account| account.app.as_deref() != Some(app)) {
        store.remove_app(app).await?;
    }
    Ok(())
}

fn told(output: Output, changed: &Changed<'_>, sentence: &str) -> anyhow::Result<Exit> {
    if output.json {
        output.json_line(changed)?;
    } else {
        output.sentence(sentence)?;
    }
    Ok(Exit::Done)
}

async fn unknown(store: &SqliteStore, name: &AccountName) -> anyhow::Result<Failed> {
    let names: Vec<_> = store.accounts().await?.iter().map(|a| a.name.to_string()).collect();
    let failed = Failed::new(Exit::Usage, format!("there is no account `{name}`"));
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    Ok(failed.remedy(known_names(&names)))
}
