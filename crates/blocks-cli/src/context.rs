//! What a command works with: the store, the API, the clock, and whose account it is.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use blocks_app::{Budgeted, Paced, Retried, RetryPolicy, SystemClock, WhenSpent};
use blocks_domain::{Selection, Usd, UserId};
use blocks_http::{HttpApi, Timeouts};
use blocks_ports::{
    Account, AccountName, AccountStore, BlocksApi, Clock, Credential, CredentialSource,
    FixedCredential, UsersApi,
};
use blocks_sqlite::SqliteStore;
use indicatif::ProgressBar;

use crate::args::Globals;
use crate::embedded::Embedded;
use crate::exit::{Exit, Failed};
use crate::home::Home;
use crate::output::{Output, visible};
use crate::progress::ShownClock;

/// The environment variable that holds a ready user token.
const ACCESS_TOKEN: &str = "BLOCKS_ACCESS_TOKEN";

/// The environment variable that names another server; `--sandbox` does not look at it.
const API_URL: &str = "BLOCKS_API_URL";

/// What an environment variable holds, if it holds anything.
fn from_environment(name: &str) -> anyhow::Result<Option<String>> {
    let Some(text) = std::env::var_os(name) else { return Ok(None) };
    let Ok(text) = text.into_string() else {
        return Err(Failed::new(Exit::Usage, format!("{name} is not UTF-8 text"))
            .remedy("Set it again, or unset it.")
            .into());
    };
    let text = text.trim();
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// The token that the environment holds.
fn signed_in() -> anyhow::Result<Credential> {
    let token = from_environment(ACCESS_TOKEN)?.ok_or_else(|| {
        Failed::new(Exit::NotSignedIn, "not signed in").remedy(format!(
            "Set {ACCESS_TOKEN} to a user's access token, or try everything with --sandbox."
        ))
    })?;
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        let what = format!(
            "{ACCESS_TOKEN} holds no access token: it has spaces or other characters inside"
        );
        return Err(Failed::new(Exit::NotSignedIn, what)
            .remedy("Copy the token again, on one line, and nothing else.")
            .into());
    }
    Ok(Credential::bearer(token))
}

/// The folder for this run: that of the sandbox, or the real one.
pub(crate) fn home(globals: &Globals) -> anyhow::Result<Home> {
    let home = Home::find()?;
    Ok(if globals.sandbox { home.sandbox() } else { home })
}

/// The connection to X, or to the sandbox, as one signed-in user.
#[derive(Debug)]
pub(crate) struct Connection {
    /// Every call goes through it, and so waits for its rate window.
    api: Paced<Arc<HttpApi>>,
    clock: Arc<ShownClock>,
    retries: RetryPolicy,
    /// The sandbox, where it runs inside this program; it lives as long as the connection.
    embedded: Option<Embedded>,
}

/// What a command says about its connection.
#[derive(Debug)]
pub(crate) struct Wishes<'a> {
    pub(crate) globals: &'a Globals,
    /// What to do when a rate window is spent.
    pub(crate) when_spent: WhenSpent,
    /// What shows the progress while there is something to wait for.
    pub(crate) bar: ProgressBar,
    pub(crate) output: Output,
}

impl Connection {
    /// Connects as the flags and the environment say.
    pub(crate) async fn open(
        wishes: Wishes<'_>,
        home: &Home,
        store: &SqliteStore,
    ) -> anyhow::Result<Self> {
        let Wishes { globals, when_spent, bar, output } = wishes;
        let (api, time, embedded): (_, Arc<dyn Clock>, _) = if globals.sandbox {
            let embedded = Embedded::start(home, output).await?;
            let api = connect(globals, Some(&embedded.url()), embedded.credential())?;
            let time = if globals.real_time { Arc::new(SystemClock) } else { embedded.clock() };
            (api, time, Some(embedded))
        } else {
            let url = match &globals.api_url {
                Some(url) => Some(url.clone()),
                None => from_environment(API_URL)?,
            };
            (connect(globals, url.as_deref(), signed_in()?)?, Arc::new(SystemClock), None)
        };
        let jumps = globals.sandbox && !globals.real_time;
        let clock = Arc::new(ShownClock::new(time, jumps, output, bar));
        let api = Paced::new(api, Arc::new(store.clone()), clock.clone(), when_spent);
        let retries = RetryPolicy::at_most(globals.retries.into());
        Ok(Self { api, clock, retries, embedded })
    }

    /// The API for reading with a budget, or without one.
    pub(crate) fn within(&self, budget: Option<Usd>) -> Retried<Arc<dyn BlocksApi>> {
        let api: Arc<dyn BlocksApi> = match budget {
            Some(budget) => Arc::new(Budgeted::new(self.api.clone(), budget)),
            None => Arc::new(self.api.clone()),
        };
        self.retried(api)
    }

    /// The API for looking users up on behalf of this user.
    pub(crate) fn lookups(&self, user: UserId) -> Retried<Paced<Arc<HttpApi>>> {
        self.retried(self.api.clone().for_user(user))
    }

    /// The clock that all waits go through.
    pub(crate) fn clock(&self) -> &ShownClock {
        &self.clock
    }

    fn retried<A>(&self, api: A) -> Retried<A> {
        Retried::new(api, self.clock.clone(), self.retries)
    }

    /// Asks X whose token this is, and remembers the account. X bills one user lookup.
    pub(crate) async fn account(
        &self,
        globals: &Globals,
        store: &SqliteStore,
    ) -> anyhow::Result<Account> {
        let api = self.retried(self.api.clone());
        let me = api.me(&Selection::default()).await;
        let reply = me.context("cannot look up who is signed in")?;
        let me = reply.value.data.context("X does not say who is signed in")?;
        let known = store.accounts().await?;
        let mut account = match &globals.account {
            Some(name) => named(name, me.id, &known)?,
            None => known
                .iter()
                .find(|account| account.user_id == me.id)
                .cloned()
                .unwrap_or_else(|| Account::new(name_for(&me, &known), me.id)),
        };
        account.username.clone_from(&me.username);
        store.put_account(&account).await?;
        if store.default_account().await?.is_none() {
            store.set_default_account(&account.name).await?;
        }
        Ok(account)
    }

    /// Keeps the sandbox's world for the next run.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        match self.embedded {
            Some(embedded) => embedded.stop().await,
            None => Ok(()),
        }
    }
}

fn connect(
    globals: &Globals,
    url: Option<&str>,
    credential: Credential,
) -> anyhow::Result<Arc<HttpApi>> {
    let source: Arc<dyn CredentialSource> = Arc::new(FixedCredential::new(credential));
    // The one credential serves whichever account asks, so the name is only a label here.
    let label: AccountName = "environment".parse()?;
    let silence = Duration::from_secs(globals.timeout);
    let connect = silence.min(Timeouts::default().connect);
    let mut builder =
        HttpApi::builder(label, source).timeouts(Timeouts::new(connect, silence, 4 * silence));
    if let Some(url) = url {
        builder = builder.api_url(url);
    }
    let api = builder.build().map_err(|error| {
        anyhow::Error::new(error).context(Failed::new(Exit::Usage, "cannot use this address"))
    })?;
    Ok(Arc::new(api))
}

fn named(name: &AccountName, user: UserId, known: &[Account]) -> anyhow::Result<Account> {
    match known.iter().find(|account| account.name == *name) {
        Some(account) if account.user_id != user => Err(Failed::new(
            Exit::Usage,
            format!(
                "the account `{name}` is user {}, and this token belongs to user {user}",
                account.user_id
            ),
        )
        .remedy("Use that account's token, or another name for this one.")
        .into()),
        Some(account) => Ok(account.clone()),
        None => Ok(Account::new(name.clone(), user)),
    }
}

/// A new account is called by its handle, or by its id where the handle does not do or is the
/// name of another account: handles change hands.
fn name_for(user: &blocks_domain::User, known: &[Account]) -> AccountName {
    let handle = user.username.as_deref().and_then(|handle| handle.parse().ok());
    let free = |name: &AccountName| known.iter().all(|account| account.name != *name);
    handle.filter(free).or_else(|| user.id.to_string().parse().ok()).expect("digits are a name")
}

/// The account whose mirror to read: the one named, the default, or the only one.
pub(crate) async fn mirrored(globals: &Globals, store: &SqliteStore) -> anyhow::Result<Account> {
    let known = store.accounts().await?;
    let wanted = match &globals.account {
        Some(name) => Some(name.clone()),
        None => store.default_account().await?,
    };
    let found = match &wanted {
        Some(name) => known.iter().find(|account| account.name == *name),
        None => known.first().filter(|_| known.len() == 1),
    };
    if let Some(account) = found {
        return Ok(account.clone());
    }
    let names: Vec<_> = known.iter().map(|account| account.name.as_str()).collect();
    Err(match (&globals.account, names.is_empty()) {
        (Some(name), false) => Failed::new(Exit::Usage, format!("there is no account `{name}`"))
            .remedy(format!("There is {}.", names.join(", "))),
        (None, false) => Failed::new(Exit::Usage, "there are several accounts and no default")
            .remedy(format!("Name one with --account: {}.", names.join(", "))),
        (_, true) => nothing_mirrored(globals),
    }
    .into())
}

/// The error of whoever reads the mirror before there is one.
pub(crate) fn nothing_mirrored(globals: &Globals) -> Failed {
    let flag = if globals.sandbox { " --sandbox" } else { "" };
    Failed::new(Exit::Failed, "nothing is mirrored yet")
        .remedy(format!("Run `blocks{flag} pull` first."))
}

/// Whose list it is, for people: the handle, or the id where no handle is known.
pub(crate) fn who(account: &Account) -> String {
    match &account.username {
        Some(handle) => format!("@{}", visible(handle)),
        None => format!("user {}", account.user_id),
    }
}
