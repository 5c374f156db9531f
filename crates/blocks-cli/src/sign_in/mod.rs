//! As whom a run works, and where its credential comes from.

pub(crate) mod import;
pub(crate) mod oauth1;
pub(crate) mod oauth2;
pub(crate) mod redirect;
pub(crate) mod secrets;
pub(crate) mod summary;
pub(crate) mod xurl;

use std::sync::Arc;

use anyhow::Context;
use blocks_app::Keeper;
use blocks_ports::{
    Account, AccountName, AccountStore, Credential, CredentialSource, FixedCredential,
};
use blocks_sqlite::SqliteStore;

use crate::args::Globals;
use crate::environment::{self, ACCESS_TOKEN};
use crate::exit::{Exit, Failed};
use crate::server::{Server, called, named_url};

/// With what a run proves who it is.
pub(crate) enum SignIn {
    /// A credential that is at hand; whose it is, X says.
    Ready(Credential),
    /// The stored sign-in of an account.
    Stored(Account),
}

impl SignIn {
    /// What the environment holds, or the stored sign-in of the account that the flags choose;
    /// and the address of the server where it is good.
    pub(crate) async fn choose(
        globals: &Globals,
        store: &SqliteStore,
    ) -> anyhow::Result<(Self, Option<String>)> {
        let url = named_url(globals)?;
        if let Some(credential) = environment::credential()? {
            return Ok((Self::Ready(credential), url));
        }
        let account = chosen(globals, url.as_deref(), &store.accounts().await?, store).await?;
        if !secrets::has_sign_in(store, &account.name).await? {
            return Err(not_signed_in(Some(&account.name)).into());
        }
        let url = account.api_url.clone();
        Ok((Self::Stored(account), url))
    }

    /// The stored sign-in of the account that the flags choose, if there is one.
    pub(crate) async fn stored(
        globals: &Globals,
        store: &SqliteStore,
    ) -> anyhow::Result<Option<Self>> {
        let known = store.accounts().await?;
        let name = match &globals.account {
            Some(name) => Some(name.clone()),
            None => store.default_account().await?,
        };
        let Some(account) = known.into_iter().find(|account| Some(&account.name) == name.as_ref())
        else {
            return Ok(None);
        };
        let is_there = secrets::has_sign_in(store, &account.name).await?;
        Ok(is_there.then_some(Self::Stored(account)))
    }

    /// The user of the sandbox inside this program, who is always signed in.
    pub(crate) fn ready_in(server: &Server) -> anyhow::Result<Self> {
        let world = server.world().context("there is no sandbox inside this program")?;
        Ok(Self::Ready(Credential::bearer(world.token())))
    }

    /// What hands the credential out for each request, the name that it goes by there, and the
    /// keeper to wait for at the end, if there is one.
    pub(crate) async fn source(
        &self,
        store: &SqliteStore,
        server: &Server,
    ) -> anyhow::Result<Source> {
        let account = match self {
            // It serves whichever account asks, so the name is only a label here.
            Self::Ready(credential) => return Source::fixed("environment".parse()?, credential),
            Self::Stored(account) => account,
        };
        let tokens = secrets::of_account(store, &account.name).await?;
        let apps = store.apps().await?;
        let Some(app) = apps.into_iter().find(|app| Some(&app.name) == account.app.as_ref()) else {
            let stored = tokens.load(&account.name).await?.value;
            let credential = stored.ok_or_else(|| not_signed_in(Some(&account.name)))?;
            return Source::fixed(account.name.clone(), &credential);
        };
        let keeper = Keeper::new(app, Arc::new(server.issuer()?), tokens, server.clock());
        Ok(Source {
            label: account.name.clone(),
            credentials: Arc::new(keeper.clone()),
            keeper: Some(keeper),
        })
    }
}

/// What hands a credential out for each request.
pub(crate) struct Source {
    /// The account to ask it for.
    pub(crate) label: AccountName,
    pub(crate) credentials: Arc<dyn CredentialSource>,
    /// Whose refreshes have to end before the program does.
    pub(crate) keeper: Option<Keeper>,
}

impl Source {
    /// Hands out nothing that anybody accepts, for what needs no sign-in.
    pub(crate) fn nobody() -> anyhow::Result<Self> {
        Self::fixed("nobody".parse()?, &Credential::bearer(""))
    }

    /// Hands out one credential that cannot be refreshed.
    pub(crate) fn fixed(label: AccountName, credential: &Credential) -> anyhow::Result<Self> {
        let credentials = Arc::new(FixedCredential::new(credential.clone()));
        Ok(Self { label, credentials, keeper: None })
    }
}

/// The account that the flags choose among those of the server that they name, if they name one.
pub(crate) async fn chosen(
    globals: &Globals,
    url: Option<&str>,
    known: &[Account],
    store: &SqliteStore,
) -> anyhow::Result<Account> {
    let lives_there = |account: &&Account| url.is_none() || account.api_url.as_deref() == url;
    if let Some(name) = &globals.account {
        let Some(account) = known.iter().find(|account| account.name == *name) else {
            return Err(not_signed_in(Some(name)).into());
        };
        if !lives_there(&account) {
            let (home, other) = (called(account.api_url.as_deref()), called(url));
            let what = format!(
                "the account `{name}` is signed in at {home}, and its sign-in is not sent to {other}"
            );
            return Err(Failed::new(Exit::Usage, what)
                .remedy("Leave the address out, or name an account of that server.")
                .into());
        }
        return Ok(account.clone());
    }
    let there: Vec<_> = known.iter().filter(lives_there).collect();
    let default = store.default_account().await?;
    let found = there.iter().find(|account| Some(&account.name) == default.as_ref());
    match (found, &there[..]) {
        (Some(account), _) | (None, [account]) => Ok((*account).clone()),
        (None, []) => Err(not_signed_in(None).into()),
        (None, several) => Err(which_of(several).into()),
    }
}

/// The error of whoever has several accounts and names none.
pub(crate) fn which_of(several: &[&Account]) -> Failed {
    let names: Vec<_> = several.iter().map(|account| account.name.as_str()).collect();
    Failed::new(Exit::Usage, "there are several accounts and no default")
        .remedy(format!("Name one with --account: {}.", names.join(", ")))
}

/// The error of whoever is not signed in.
pub(crate) fn not_signed_in(account: Option<&AccountName>) -> Failed {
    let (what, command) = match account {
        Some(name) => (
            format!("the account `{name}` is not signed in"),
            format!("blocks login --account {name}"),
        ),
        None => ("not signed in".to_owned(), "blocks login".to_owned()),
    };
    Failed::new(Exit::NotSignedIn, what).remedy(format!(
        "Run `{command}`, set {ACCESS_TOKEN} to a user's access token, or try everything with \
         --sandbox."
    ))
}
