//! As whom a run works, and where its credential comes from.

pub(crate) mod import;
pub(crate) mod oauth1;
pub(crate) mod oauth2;
pub(crate) mod redirect;
pub(crate) mod secrets;
pub(crate) mod summary;
pub(crate) mod xurl;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use async_trait::async_trait;
use blocks_app::Keeper;
use blocks_ports::{
    Account, AccountName, AccountStore, Credential, CredentialError, CredentialSource,
    FixedCredential, Revision, Versioned,
};
use blocks_sqlite::SqliteStore;

use crate::args::Globals;
use crate::environment::{self, ACCESS_TOKEN};
use crate::exit::{Exit, Failed};
use crate::output::Output;
use crate::server::{Address, Server, called};

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
        let address = Address::named(globals)?;
        if let Some(credential) = environment::credential()? {
            return Ok((Self::Ready(credential), address.url().map(str::to_owned)));
        }
        let account = chosen(globals, &address, store).await?;
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
        output: Output,
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
            credentials: Arc::new(Patient { keeper: keeper.clone(), output }),
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

/// A keeper that says so when others keep it waiting.
#[derive(Debug)]
struct Patient {
    keeper: Keeper,
    output: Output,
}

#[async_trait]
impl CredentialSource for Patient {
    async fn current(
        &self,
        account: &AccountName,
    ) -> Result<Versioned<Credential>, CredentialError> {
        /// A refresh takes less than this, unless somebody else is at it.
        const WORTH_A_WORD: Duration = Duration::from_secs(3);
        let mut current = self.keeper.current(account);
        match tokio::time::timeout(WORTH_A_WORD, &mut current).await {
            Ok(current) => current,
            Err(_) => {
                self.output.say(
                    "Waiting for the sign-in to be refreshed; a command that was killed while it \
                     did that delays this by a minute.",
                );
                current.await
            }
        }
    }

    async fn rejected(
        &self,
        account: &AccountName,
        revision: Revision,
    ) -> Result<(), CredentialError> {
        self.keeper.rejected(account, revision).await
    }
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
    address: &Address,
    store: &SqliteStore,
) -> anyhow::Result<Account> {
    let known = store.accounts().await?;
    let lives_there = |account: &&Account| address.admits(account.api_url.as_deref());
    if let Some(name) = &globals.account {
        let Some(account) = known.iter().find(|account| account.name == *name) else {
            return Err(not_signed_in(Some(name)).into());
        };
        if lives_there(&account) {
            return Ok(account.clone());
        }
        let (home, other) = (called(account.api_url.as_deref()), called(address.url()));
        let what = format!(
            "the account `{name}` is signed in at {home}, and its sign-in is not sent to {other}"
        );
        return Err(Failed::new(Exit::Usage, what)
            .remedy("Leave the address out, or name an account of that server.")
            .into());
    }
    let there: Vec<_> = known.iter().filter(lives_there).collect();
    let default = store.default_account().await?;
    let found = there.iter().find(|account| Some(&account.name) == default.as_ref());
    match (found, &there[..]) {
        (Some(account), _) | (None, [account]) => Ok((*account).clone()),
        (None, []) if known.is_empty() => Err(not_signed_in(None).into()),
        (None, []) => Err(nobody_at(address, &known).into()),
        (None, several) => Err(which_of(several).into()),
    }
}

/// The error of whoever names a server where no account lives.
fn nobody_at(address: &Address, known: &[Account]) -> Failed {
    let elsewhere =
        |account: &Account| format!("`{}` at {}", account.name, called(account.api_url.as_deref()));
    let elsewhere: Vec<_> = known.iter().map(elsewhere).collect();
    let at = called(address.url());
    Failed::new(Exit::NotSignedIn, format!("no account is signed in at {at}")).remedy(format!(
        "There is {}. `blocks login` with the same address signs in there.",
        elsewhere.join(", ")
    ))
}

/// The error of whoever has several accounts and names none.
pub(crate) fn which_of(several: &[&Account]) -> Failed {
    let names: Vec<_> = several.iter().map(|account| account.name.as_str()).collect();
    Failed::new(Exit::Usage, "there are several accounts and no default").remedy(format!(
        "Name one with --account: {}; or choose a default with `blocks accounts default`.",
        names.join(", ")
    ))
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
