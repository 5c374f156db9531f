//! `blocks watch`: blocks and unblocks, followed into the mirror as they happen.

use blocks_app::{
    Choice, Interruption, Progress, Pull, PullProgress, PullReport, Told, Watch, Watcher, WhenSpent,
};
use blocks_domain::{
    ActivitySubscription, BlockEvent, BlockEventType, MaxResults, Price, Vocabulary,
};
use blocks_ports::{Account, Clock, ReadKind};
use blocks_sqlite::SqliteStore;
use jiff::Timestamp;
use serde::Serialize;

use super::forecast::what;
use super::pull::query;
use super::until_interrupted;
use crate::args::{Globals, WatchArgs};
use crate::context::{Connection, Wishes, home, who};
use crate::exit::Exit;
use crate::output::{Output, counted, minute, visible};
use crate::progress::{PullBar, ShownClock};

pub(crate) async fn run(
    globals: &Globals,
    args: &WatchArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let home = home(globals)?;
    let store = home.open_store()?;
    let bar = PullBar::new(output);
    bar.finish();
    let wishes = Wishes { globals, when_spent: WhenSpent::Wait, bar: bar.bar(), output };
    let connection = Connection::open(wishes, &home, &store).await?;
    let result = watch(globals, args, bar, output, &store, &connection).await;
    connection.close().await?;
    result
}

async fn watch(
    globals: &Globals,
    args: &WatchArgs,
    bar: PullBar,
    output: Output,
    store: &SqliteStore,
    connection: &Connection,
) -> anyhow::Result<Exit> {
    let feed = connection.feed(globals)?;
    let Some(account) = until_interrupted(connection.account(globals, store)).await else {
        return Ok(Exit::Interrupted);
    };
    let account = account?;
    let user = account.user_id;
    let api = connection.within(user, args.budget);
    let clock = connection.clock();
    let pull = Pull::new(&api, store, clock).with_policy(args.policy.policy()).waiting();
    let watch = Watch::new(feed, pull, store, store, clock);
    let window = Window { output, bar, account: &account, clock };
    let query = query(MaxResults::MAX)?;
    match until_interrupted(watch.run(user, query, &window)).await {
        Some(Err(error)) => Err(error.into()),
        Some(Ok(never)) => match never {},
        None => {
            output.say(
                "Stopped. The mirror has every event until now; `blocks watch` goes on, and \
                 closes the gap.",
            );
            Ok(Exit::Interrupted)
        }
    }
}

/// Shows what a watch tells.
#[derive(Debug)]
struct Window<'a> {
    output: Output,
    bar: PullBar,
    account: &'a Account,
    clock: &'a ShownClock,
}

impl Window<'_> {
    /// A result on stdout. Whether anybody reads on is no concern of the mirror.
    fn show(&self, shown: anyhow::Result<()>) {
        drop(shown);
    }
}

impl Progress for Window<'_> {
    fn held(&self, holder: Option<&str>) {
        self.bar.held(holder);
    }

    fn chosen(&self, choice: &Choice) {
        self.bar.chosen(choice);
        if choice.kind == ReadKind::Full {
            let (what, each) = (what(choice), Price::BLOCK_READ.per_unit());
            let reason = choice.reason;
            self.output.say(format!("Reading {what}, {reason}; X bills {each} for each account."));
        }
    }

    fn page(&self, progress: &PullProgress) {
        self.bar.page(progress);
    }

    fn token_expired(&self, progress: &PullProgress) {
        self.bar.token_expired(progress);
    }
}

impl Watcher for Window<'_> {
    fn subscribed(&self, subscription: &ActivitySubscription) {
        let what = subscription.event_type.word(Vocabulary::default());
        self.output.say(format!(
            "Subscribed to {} of {}; X bills {} for each event.",
            visible(what),
            who(self.account),
            Price::BLOCK_EVENT.per_unit(),
        ));
    }

    fn connected(&self) {
        self.output.say("Connected.");
    }

    fn caught_up(&self, report: &PullReport) {
        let PullReport { snapshot, progress, .. } = report;
        self.output.say(format!(
            "Up to date: {} ({} new, {}). Waiting for events; Ctrl-C ends it.",
            counted(snapshot.users, "account", "accounts"),
            snapshot.added,
            progress.cost(),
        ));
    }

    fn event(&self, event: &BlockEvent, told: Told) {
        let line = Line::of(event, told, self.clock.now());
        self.show(if self.output.json {
            self.output.json_line(&line)
        } else {
            let (who, what) = line.in_words();
            self.output.row(&who, &what)
        });
    }

    fn interrupted(&self, why: &Interruption, until: Timestamp) {
        let reason = std::error::Error::source(why).map(|source| format!(": {source}"));
        let reason = visible(&reason.unwrap_or_default());
        let wait = until.duration_since(self.clock.now()).as_secs().max(0).unsigned_abs();
        let wait = counted(wait, "second", "seconds");
        self.output.say(format!("{}{reason}. Trying again in {wait}.", capital(&why.to_string())));
    }
}

/// A text as the beginning of a sentence.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// An event, as `--json` prints it.
#[derive(Serialize)]
struct Line<'a> {
    at: String,
    event: &'a str,
    user_id: Option<String>,
    username: Option<&'a str>,
    name: Option<&'a str>,
    mirror: &'static str,
    #[serde(skip)]
    minute: String,
    #[serde(skip)]
    sign: &'static str,
}

impl<'a> Line<'a> {
    fn of(event: &'a BlockEvent, told: Told, at: Timestamp) -> Self {
        let target = event.payload.as_ref().map(|payload| &payload.target.data);
        Self {
            at: format!("{at:.3}"),
            event: event.event_type.word(Vocabulary::default()),
            user_id: target.map(|user| user.id.to_string()),
            username: target.and_then(|user| user.username.as_deref()),
            name: target.and_then(|user| user.name.as_deref()),
            mirror: match told {
                Told::Changed => "changed",
                Told::Unchanged => "unchanged",
                Told::Repeated => "repeated",
                _ => "ignored",
            },
            minute: minute(at),
            sign: match event.event_type {
                BlockEventType::Block => "+",
                BlockEventType::Unblock => "-",
                _ => "?",
            },
        }
    }

    /// Who it is about, and what happened to them.
    fn in_words(&self) -> (String, String) {
        let who = match (self.username, &self.user_id) {
            (Some(handle), _) => format!("@{}", visible(handle)),
            (None, Some(id)) => format!("user {id}"),
            (None, None) => "somebody".to_owned(),
        };
        let what = match self.sign {
            "+" => "blocked".to_owned(),
            "-" => "unblocked".to_owned(),
            _ => visible(self.event),
        };
        let mirror = match self.mirror {
            "changed" => "",
            "unchanged" => " (the mirror had it so)",
            "repeated" => " (told before)",
            _ => " (not for this mirror)",
        };
        (format!("{}  {} {who}", self.minute, self.sign), format!("{what}{mirror}"))
    }
}
