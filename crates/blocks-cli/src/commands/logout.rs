//! `blocks logout`: end a sign-in, and forget it.

use anyhow::Context;
use blocks_app::SignIns;
use blocks_http::HttpTokenIssuer;
use blocks_ports::{
    Account, AccountStore, App, Credential, IssueError, OAuth2Credential, RequestTokenIssuer,
    TokenIssuer,
};
use blocks_sqlite::SqliteStore;
use serde::Serialize;

use crate::args::{Globals, LogoutArgs};
use crate::context::{home, who};
use crate::environment::{self, ACCESS_TOKEN};
use crate::exit::{Exit, Failed};
use crate::output::Output;
use crate::server::{Address, Server, called};
use crate::sign_in::{chosen, secrets};

#[derive(Serialize)]
struct Line<'a> {
    account: Option<&'a str>,
    was_signed_in: bool,
    revoked: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dry_run: bool,
}

pub(crate) async fn run(
    globals: &Globals,
    args: &LogoutArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let home = home(globals)?;
    let store = home.open_store()?;
    if store.accounts().await?.is_empty() {
        return nobody(output);
    }
    let account = chosen(globals, &Address::named(globals)?, &store).await?;
    if args.dry_run {
        return show_only(&store, &account, args, output).await;
    }
    let server = if globals.sandbox {
        Server::embedded(globals, &home, output).await?
    } else {
        Server::remote(globals, account.api_url.clone())
    };
    let result = sign_out(&store, &server, &account, args).await;
    server.close().await?;
    let was_signed_in = result?;
    let revoked = was_signed_in && !args.local;
    if output.json {
        let account = Some(account.name.as_str());
        output.json_line(&Line { account, was_signed_in, revoked, dry_run: false })?;
    } else {
        output.sentence(&outcome(&account, was_signed_in, args.local))?;
    }
    if !globals.sandbox && environment::credential()?.is_some() {
        output.say(format!("The environment still holds a sign-in (such as {ACCESS_TOKEN})."));
    }
    Ok(Exit::Done)
}

/// Says that there is no account at all.
fn nobody(output: Output) -> anyhow::Result<Exit> {
    if output.json {
        let line = Line { account: None, was_signed_in: false, revoked: false, dry_run: false };
        output.json_line(&line)?;
    } else {
        output.sentence("Nobody is signed in.")?;
    }
    Ok(Exit::Done)
}

/// Answers whether there was a sign-in to end.
async fn sign_out(
    store: &SqliteStore,
    server: &Server,
    account: &Account,
    args: &LogoutArgs,
) -> anyhow::Result<bool> {
    let clock = server.clock();
    if args.local {
        let tokens = secrets::to_forget(store, &account.name).await;
        return Ok(SignIns::new(store, &*tokens, &*clock).forget(&account.name).await?);
    }
    let tokens = secrets::of_account(store, &account.name).await?;
    let sign_ins = SignIns::new(store, &*tokens, &*clock);
    let apps = store.apps().await?;
    let app = apps.into_iter().find(|app| Some(&app.name) == account.app.as_ref());
    let issuer = server.issuer()?;
    let revoke = async |credential| revoke(&issuer, app.as_ref(), credential).await;
    sign_ins.sign_out(&account.name, revoke).await.with_context(|| {
        format!("`{}` is still signed in, for X was not made to forget its tokens", account.name)
    })
}

/// Makes the server forget a sign-in.
async fn revoke(
    issuer: &HttpTokenIssuer,
    app: Option<&App>,
    credential: Credential,
) -> anyhow::Result<()> {
    let revoked = match credential {
        Credential::OAuth2(oauth2) => {
            let app = app.ok_or_else(|| cannot("its app is not known any more"))?;
            revoke_oauth2(issuer, app, oauth2).await
        }
        Credential::OAuth1(oauth1) => issuer.invalidate(&oauth1).await,
        _ => return Err(cannot("an access token alone can be revoked by its app only").into()),
    };
    match revoked {
        // What has ended needs no end.
        Ok(()) | Err(IssueError::InvalidGrant) => Ok(()),
        Err(error) => Err(anyhow::Error::new(error).context(cannot("X did not do it"))),
    }
}

/// Both tokens, since a server may end one without the other.
async fn revoke_oauth2(
    issuer: &HttpTokenIssuer,
    app: &App,
    oauth2: OAuth2Credential,
) -> Result<(), IssueError> {
    if let Some(refresh_token) = &oauth2.refresh_token {
        issuer.revoke(app, refresh_token).await?;
    }
    issuer.revoke(app, &oauth2.access_token).await
}

fn cannot(why: &str) -> Failed {
    Failed::new(Exit::Failed, format!("the sign-in cannot be revoked: {why}")).remedy(
        "Run it again, or forget the sign-in here alone with --local; X then lists the app among \
         the connected apps of the account until its access is withdrawn there.",
    )
}

async fn show_only(
    store: &SqliteStore,
    account: &Account,
    args: &LogoutArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let was_signed_in = secrets::has_sign_in(store, &account.name).await?;
    if output.json {
        let account = Some(account.name.as_str());
        output.json_line(&Line { account, was_signed_in, revoked: false, dry_run: true })?;
        return Ok(Exit::Done);
    }
    let (name, at) = (&account.name, called(account.api_url.as_deref()));
    output.sentence(&match (was_signed_in, args.local) {
        (false, _) => format!("`{name}` is not signed in; nothing would change."),
        (true, true) => format!("The sign-in of `{name}` would be forgotten here."),
        (true, false) => format!(
            "The sign-in of `{name}` ({}) would be revoked at {at} and forgotten here.",
            who(account)
        ),
    })?;
    Ok(Exit::Done)
}

fn outcome(account: &Account, was_signed_in: bool, local: bool) -> String {
    let (name, at) = (&account.name, called(account.api_url.as_deref()));
    match (was_signed_in, local) {
        (false, _) => format!("`{name}` was not signed in."),
        (true, false) => {
            format!(
                "Signed out: {at} no longer accepts the tokens of `{name}`, and they are gone here."
            )
        }
        (true, true) => {
            format!("The sign-in of `{name}` is forgotten here; {at} still accepts its tokens.")
        }
    }
}
