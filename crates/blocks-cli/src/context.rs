//! What a command works with: the API, the clock, and whose account it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use blocks_app::{
    Budgeted, Keeper, LearnedWords, Metered, Paced, Recorded, Retried, RetryPolicy, SystemClock,
    Translated, Unspellable, WhenSpent,
};
use blocks_domain::{Charge, Selection, Usd, User, UserId, Wording};
use blocks_fake::stores::ManualClock;
use blocks_http::HttpApi;
use blocks_ports::{Account, AccountName, AccountStore, BlocksApi, Clock, Ledger, UsersApi};
use blocks_sqlite::SqliteStore;
use indicatif::ProgressBar;

use crate::args::Globals;
use crate::embedded;
use crate::environment::APP_TOKEN;
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

/// The clock of a run that sends nothing: the sandbox has a time of its own.
pub(crate) async fn clock_at(
    globals: &Globals,
    home: &Home,
    output: Output,
) -> anyhow::Result<Arc<dyn Clock>> {
    if globals.sandbox && !globals.real_time {
        return Ok(Arc::new(ManualClock::new(embedded::time(home, output).await?)));
    }
    Ok(Arc::new(SystemClock))
}

/// The connection to X, or to the sandbox, as one signed-in user.
pub(crate) struct Connection {
    http: Arc<HttpApi>,
    /// Whether the app's own token is at hand, which the stream of events needs.
    has_app: bool,
    /// Every call but those of the stream goes through it, and so waits for its rate window.
    api: Paced<Arc<HttpApi>>,
    store: SqliteStore,
    clock: Arc<ShownClock>,
    wording: Wording,
    /// What this run has found out about the words of the server.
    learned: LearnedWords,
    retries: RetryPolicy,
    /// How many calls were sent again.
    tries: Arc<AtomicU64>,
    /// How many lookups X bills for finding out whose token this is.
    lookups: AtomicU64,
    server: Server,
    /// The account whose sign-in is used; with a credential from elsewhere, X has to be asked.
    signed_in: Option<Account>,
    keeper: Option<Keeper>,
    output: Output,
}

/// An API in the words of the server, whose calls are sent again after trouble that may pass.
///
/// The words go outermost, so that each spelling is retried, budgeted and paced as a call of its
/// own.
pub(crate) type Asked<A> = Translated<Retried<A>>;

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
        // One that is no token matters to nobody who does not follow events.
        let app = server.app_token(globals).unwrap_or_default();
        let has_app = app.is_some();
        let http = Arc::new(server.api(source.label, source.credentials, app)?);
        let jumps = globals.sandbox && !globals.real_time;
        let clock = Arc::new(ShownClock::new(server.clock(), jumps, output, bar));
        let api = Paced::new(http.clone(), Arc::new(store.clone()), clock.clone(), when_spent);
        let retries = RetryPolicy::at_most(globals.retries.into());
        let signed_in = match sign_in {
            SignIn::Stored(account) => Some(account),
            SignIn::Ready(_) => None,
        };
        let (store, tries, keeper) = (store.clone(), Arc::default(), source.keeper);
        let lookups = AtomicU64::new(0);
        Ok(Self {
            http,
            has_app,
            api,
            store,
            clock,
            wording: globals.words.into(),
            learned: LearnedWords::default(),
            retries,
            tries,
            lookups,
            server,
            signed_in,
            keeper,
            output,
        })
    }

    /// The API for reading the list of a user, with a budget or without one.
    pub(crate) fn within(&self, user: UserId, budget: Option<Usd>) -> Asked<Arc<dyn BlocksApi>> {
        let api = self.metered(user);
        self.asked(match budget {
            Some(budget) => Arc::new(Budgeted::new(api, budget)),
            None => Arc::new(api),
        })
    }

    /// The API for looking users up on behalf of this user.
    pub(crate) fn lookups(&self, user: UserId) -> Asked<Arc<dyn UsersApi>> {
        self.lookups_within(user, None)
    }

    /// The same with a budget, or without one.
    pub(crate) fn lookups_within(
        &self,
        user: UserId,
        budget: Option<Usd>,
    ) -> Asked<Arc<dyn UsersApi>> {
        let api = self.metered(user);
        self.asked(match budget {
            Some(budget) => Arc::new(Budgeted::new(api, budget)),
            None => Arc::new(api),
        })
    }

    /// The API for blocking and unblocking: each attempt is an operation of its own in the ledger,
    /// before it is sent. The mirror hears what is known of the users.
    pub(crate) fn recorded(
        &self,
        user: UserId,
        known: impl IntoIterator<Item = User>,
    ) -> Asked<Recorded<Arc<dyn BlocksApi>>> {
        let store = Arc::new(self.store.clone());
        let api: Arc<dyn BlocksApi> = Arc::new(self.metered(user));
        let recorded = Recorded::new(api, store.clone(), store, self.clock.clone());
        self.asked(recorded.knowing(known))
    }

    /// The activity of this user, as it happens.
    ///
    /// # Errors
    /// There is no token of the app.
    pub(crate) fn feed(&self, globals: &Globals) -> anyhow::Result<&HttpApi> {
        if self.has_app {
            return Ok(&self.http);
        }
        self.server.app_token(globals)?;
        let server = self.server.name();
        let what = "the events come to the app, and its own bearer token is not at hand";
        Err(Failed::new(Exit::NotSignedIn, what).remedy(format!(
            "Set {APP_TOKEN} to the Bearer Token of the app that you signed in to; X shows it under \
             \"Keys and tokens\" in its developer portal. For another server than X, name that \
             with BLOCKS_API_URL as well; this run speaks to {server}."
        ))
        .into())
    }

    /// The number of calls sent again so far.
    pub(crate) fn retries(&self) -> &AtomicU64 {
        &self.tries
    }

    /// Every answer is noted in the ledger, and every call waits for its rate window.
    fn metered(&self, user: UserId) -> Metered<Paced<Arc<HttpApi>>> {
        let api = self.api.clone().for_user(user);
        Metered::new(api, Arc::new(self.store.clone()), self.clock.clone()).for_user(user)
    }

    /// The clock that all waits go through.
    pub(crate) fn clock(&self) -> &ShownClock {
        &self.clock
    }

    fn asked<A>(&self, api: A) -> Asked<A> {
        let retried = Retried::new(api, self.clock.clone(), self.retries);
        let retried = retried.counting_in(Arc::clone(&self.tries));
        // A profile without its pinned post is worth more than no profile; a warning tells.
        Translated::new(retried, self.wording)
            .with_unspellable(Unspellable::LeaveOut)
            .with_memory(self.learned.clone())
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

    /// How many lookups X bills for finding out whose token this is.
    pub(crate) fn lookups_for_account(&self) -> u64 {
        self.lookups.load(Ordering::Relaxed)
    }

    /// Asks X who is signed in, and remembers the account. X bills one user lookup.
    pub(crate) async fn ask_who(
        &self,
        globals: &Globals,
        store: &SqliteStore,
    ) -> anyhow::Result<Account> {
        let me = me(&self.asked(self.api.clone())).await?;
        self.bill_lookup(me.id).await;
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

    /// Notes the lookup of the signed-in user, who is paid for once a day. Where that fails, the
    /// price is told all the same.
    async fn bill_lookup(&self, me: UserId) {
        let now = self.clock.now();
        let billed = self.store.bill(me, Charge::UserLookup, &[me], now).await.unwrap_or(1);
        self.lookups.fetch_add(billed, Ordering::Relaxed);
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
