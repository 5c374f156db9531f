//! What a command works with: the API, the clock, and whose account it is.

use std::sync::Arc;

use anyhow::Context as _;
use blocks_app::{Budgeted, Keeper, Paced, Retried, RetryPolicy, WhenSpent};
use blocks_domain::{Selection, Usd, User, UserId};
use blocks_http::HttpApi;
use blocks_ports::{Account, AccountName, AccountStore, BlocksApi, UsersApi};
use blocks_sqlite::SqliteStore;
use indicatif::ProgressBar;

use crate::args::Globals;
use crate::exit::{Exit, Failed};
use crate::home::Home;
use crate::output::{Output, visible};
use crate::progress::ShownClock;
use crate::server::{Server, called};
use crate::sign_in::{SignIn, which_of};

/// The folder for this run: that of the sandbox, or the real one.
pub(crate) fn home(globals: &Globals) -> anyhow::Result<Home> {
    let home = Home::find()?;
    Ok(if globals.sandbox { home.sandbox() } else { home })
}

/// The connection to X, or to the sandbox, as one signed-in user.
pub(crate) struct Connection {
    /// Every call goes through it, and so waits for its rate window.
    api: Paced<Arc<HttpApi>>,
    clock: Arc<ShownClock>,
    retries: RetryPolicy,
    server: Server,
    /// The account whose sign-in is used; with a credential from elsewhere, X has to be asked.
    signed_in: Option<Account>,
    keeper: Option<Keeper>,
    output: Output,
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
        let (server, sign_in) = if globals.sandbox {
            let stored = SignIn::stored(globals, store).await?;
            let server = Server::embedded(globals, home, output).await?;
            let sign_in = match stored {
                Some(stored) => stored,
                None => SignIn::ready_in(&server)?,
            };
            (server, sign_in)
        } else {
            let (sign_in, url) = SignIn::choose(globals, store).await?;
            (Server::remote(globals, url), sign_in)
        };
        let source = sign_in.source(store, &server, output).await?;
        let api = Arc::new(server.api(source.label, source.credentials)?);
        let jumps = globals.sandbox && !globals.real_time;
        let clock = Arc::new(ShownClock::new(server.clock(), jumps, output, bar));
        let api = Paced::new(api, Arc::new(store.clone()), clock.clone(), when_spent);
        let retries = RetryPolicy::at_most(globals.retries.into());
        let signed_in = match sign_in {
            SignIn::Stored(account) => Some(account),
            SignIn::Ready(_) => None,
        };
        Ok(Self { api, clock, retries, server, signed_in, keeper: source.keeper, output })
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

    /// The account that this connection works on: the one that is signed in, or the one whose
    /// token X says it is, which bills one user lookup.
    pub(crate) async fn account(
        &self,
        globals: &Globals,
        store: &SqliteStore,
    ) -> anyhow::Result<Account> {
        match &self.signed_in {
            Some(account) => Ok(account.clone()),
            None => self.ask_who(globals, store).await,
        }
    }

    /// How many lookups [`account`](Self::account) is billed for.
    pub(crate) fn lookups_for_account(&self) -> u64 {
        u64::from(self.signed_in.is_none())
    }

    /// Asks X who is signed in, and remembers the account. X bills one user lookup.
    pub(crate) async fn ask_who(
        &self,
        globals: &Globals,
        store: &SqliteStore,
    ) -> anyhow::Result<Account> {
        let me = me(&self.retried(self.api.clone())).await?;
        let known = store.accounts().await?;
        let url = self.server.lasting_url();
        let wanted = match &self.signed_in {
            Some(account) => Some(&account.name),
            None => globals.account.as_ref(),
        };
        let mut account = account_of(&me, wanted, url, &known)?;
        if wanted.is_some() && known.iter().all(|known| known.name != account.name) {
            let (name, id) = (&account.name, account.user_id);
            self.output.say(format!("The account `{name}` is new, and is user {id} from now on."));
        }
        account.username.clone_from(&me.username);
        store.put_account(&account).await?;
        if store.default_account().await?.is_none() {
            store.set_default_account(&account.name).await?;
        }
        Ok(account)
    }

    /// Lets a refresh end that is under way, and keeps the sandbox's world for the next run.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        if let Some(keeper) = self.keeper {
            keeper.settle().await;
        }
        self.server.close().await
    }
}

/// Asks X who is signed in, which bills one user lookup.
pub(crate) async fn me(api: &dyn UsersApi) -> anyhow::Result<User> {
    let reply = api.me(&Selection::default()).await;
    let reply = reply.context("cannot look up who is signed in")?;
    reply.value.data.context("X does not say who is signed in")
}

/// The account of a user at a server: the one that is wanted, the one that is known, or a new
/// one with a name of its own.
pub(crate) fn account_of(
    me: &User,
    wanted: Option<&AccountName>,
    url: Option<&str>,
    known: &[Account],
) -> anyhow::Result<Account> {
    let new = |name| {
        let mut account = Account::new(name, me.id);
        account.api_url = url.map(str::to_owned);
        account
    };
    let is_me = |account: &&Account| account.user_id == me.id && account.api_url.as_deref() == url;
    match wanted {
        Some(name) => match known.iter().find(|account| account.name == *name) {
            Some(account) if is_me(&account) => Ok(account.clone()),
            Some(account) => Err(somebody_else(account, me.id, url).into()),
            None => Ok(new(name.clone())),
        },
        None => Ok(known.iter().find(is_me).cloned().unwrap_or_else(|| new(name_for(me, known)))),
    }
}

fn somebody_else(account: &Account, me: UserId, url: Option<&str>) -> Failed {
    let (here, there) = (called(account.api_url.as_deref()), called(url));
    let at = |server: &str| if here == there { String::new() } else { format!(" at {server}") };
    let what = format!(
        "the account `{}` is user {}{}, and this sign-in belongs to user {me}{}",
        account.name,
        account.user_id,
        at(here),
        at(there),
    );
    Failed::new(Exit::Usage, what)
        .remedy("Sign in as that account's user, or give this one another name with --account.")
}

/// A new account is called by its handle, or by its id where the handle does not do or is the
/// name of another account: handles change hands.
fn name_for(user: &User, known: &[Account]) -> AccountName {
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
    let several: Vec<_> = known.iter().collect();
    Err(match (&globals.account, &several[..]) {
        (_, []) => nothing_mirrored(),
        (Some(name), _) => {
            let names: Vec<_> = known.iter().map(|account| account.name.as_str()).collect();
            Failed::new(Exit::Usage, format!("there is no account `{name}`"))
                .remedy(known_names(&names))
        }
        (None, several) => which_of(several),
    }
    .into())
}

/// The names that there are, as a remedy.
pub(crate) fn known_names(names: &[&str]) -> String {
    match names {
        [] => "There are none yet; `blocks login` adds one.".to_owned(),
        [name] => format!("There is {name}."),
        names => format!("There are {}.", names.join(", ")),
    }
}

/// The error of whoever reads the mirror before there is one.
pub(crate) fn nothing_mirrored() -> Failed {
    Failed::new(Exit::Failed, "nothing is mirrored yet").remedy("Run `blocks pull` first.")
}

/// Whose list it is, for people: the handle, or the id where no handle is known.
pub(crate) fn who(account: &Account) -> String {
    match &account.username {
        Some(handle) => format!("@{}", visible(handle)),
        None => format!("user {}", account.user_id),
    }
}
