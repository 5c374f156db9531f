//! `blocks watch`: blocks and unblocks, followed into the mirror as they happen.

use std::sync::Mutex;

use blocks_app::{
    Choice, Interruption, Progress, Pull, PullError, PullProgress, PullReport, Told, Watch,
    WatchError, Watcher, WhenSpent,
};
use blocks_domain::{
    ActivitySubscription, BlockEvent, BlockEventType, MaxResults, Price, Vocabulary,
};
use blocks_ports::{Account, Clock, MirrorStore, OpenRead, ReadKind};
use blocks_sqlite::SqliteStore;
use jiff::Timestamp;
use serde::Serialize;

use super::forecast::what;
use super::pull::query;
use super::until_interrupted;
use crate::args::{Globals, WatchArgs};
use crate::context::{Connection, Wishes, home, who};
use crate::exit::{Exit, Failed};
use crate::output::{Output, capital, counted, grouped, minute, visible};
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
    if let Some(read) = store.aside(user).await? {
        return Err(in_doubt(&read).into());
    }
    let api = connection.within(user, args.budget);
    let clock = connection.clock();
    let pull = Pull::new(&api, store, clock).with_policy(args.policy.policy()).waiting();
    let watch = Watch::new(feed, pull, store, store, clock);
    let tally = Mutex::default();
    let window = Window { output, bar, account: &account, clock, tally };
    let query = query(MaxResults::MAX)?;
    match until_interrupted(watch.run(user, query, &window)).await {
        Some(Err(error)) => {
            if let WatchError::CatchUp(error) = &error {
                window.count(|tally| tally.cut_off(error));
            }
            if window.has_cost() {
                output.say(window.come_to("Ended"));
            }
            Err(error.into())
        }
        Some(Ok(never)) => match never {},
        None => {
            output.say(format!(
                "{} The mirror has every event until now; `blocks watch` goes on, and closes the \
                 gap.",
                window.come_to("Stopped")
            ));
            Ok(Exit::Interrupted)
        }
    }
}

/// Why nothing is followed while a read is set aside: each start would read, and pay for, the whole
/// list, and come to the same.
fn in_doubt(read: &OpenRead) -> Failed {
    let when = minute(read.started_at);
    let what = format!(
        "a read of {when} is set aside, so that it is not known which list to follow: the mirror's \
         or that read's"
    );
    Failed::new(Exit::Refused, what).remedy(
        "`blocks changes --aside` shows by whom they differ. `blocks pull --accept` takes the read \
         for the mirror; `blocks pull` reads, and pays for, the whole list again. After either, \
         `blocks watch` follows the list.",
    )
}

/// What a watch has come to so far.
#[derive(Debug, Default)]
struct Tally {
    /// How many events X bills.
    events: u64,
    /// How many accounts X bills for the reads before the last one.
    before: u64,
    /// How many it bills for the last one.
    last: u64,
}

impl Tally {
    /// Another read begins.
    const fn begun(&mut self) {
        self.before += self.last;
        self.last = 0;
    }

    const fn read(&mut self, progress: &PullProgress) {
        self.last = progress.billed_reads;
    }

    /// A read did not come to its end; one that did not begin has no progress to tell of.
    fn cut_off(&mut self, error: &PullError) {
        let progress = error.progress();
        if progress.requests > 0 {
            self.read(&progress);
        }
    }

    /// As the end of a sentence.
    fn in_words(&self) -> String {
        let events = counted(self.events, "event", "events");
        let billed = Price::BLOCK_EVENT.cost_of(self.events);
        let reads = Price::BLOCK_READ.cost_of(self.before + self.last);
        format!("after {events} ({billed}) and reads for {reads}")
    }
}

/// Shows what a watch tells.
#[derive(Debug)]
struct Window<'a> {
    output: Output,
    bar: PullBar,
    account: &'a Account,
    clock: &'a ShownClock,
    tally: Mutex<Tally>,
}

impl Window<'_> {
    fn count(&self, note: impl FnOnce(&mut Tally)) {
        if let Ok(mut tally) = self.tally.lock() {
            note(&mut tally);
        }
    }

    fn has_cost(&self) -> bool {
        let has_cost = |tally: &Tally| tally.events + tally.before + tally.last > 0;
        self.tally.lock().is_ok_and(|tally| has_cost(&tally))
    }

    /// How the watch came to its end, and what it has cost.
    fn come_to(&self, end: &str) -> String {
        let tally = self.tally.lock().map(|tally| tally.in_words());
        format!("{end} {}.", tally.unwrap_or_default())
    }

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
        self.count(Tally::begun);
        self.bar.chosen(choice);
        if choice.kind == ReadKind::Full {
            let (what, each) = (what(choice), Price::BLOCK_READ.per_unit());
            let reason = choice.reason;
            self.output.say(format!("Reading {what}, {reason}; X bills {each} for each account."));
        }
    }

    fn page(&self, progress: &PullProgress) {
        self.count(|tally| tally.read(progress));
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
        self.count(|tally| tally.read(progress));
        self.output.say(format!(
            "Up to date: {} ({} new, {}). Waiting for events; Ctrl-C ends it.",
            counted(snapshot.users, "account", "accounts"),
            grouped(snapshot.added),
            progress.cost(),
        ));
    }

    fn event(&self, event: &BlockEvent, told: Told) {
        if told != Told::Repeated {
            self.count(|tally| tally.events += 1);
        }
        let line = Line::of(event, told, self.clock.now());
        self.show(if self.output.json {
            self.output.json_line(&line)
        } else {
            let (who, what) = line.in_words();
            self.output.row(&who, &what)
        });
    }

    fn interrupted(&self, why: &Interruption, until: Timestamp) {
        if let Interruption::Behind(error) = why {
            self.count(|tally| tally.cut_off(error));
        }
        let reason = std::error::Error::source(why).map(|source| format!(": {source}"));
        let reason = visible(&reason.unwrap_or_default());
        let wait = until.duration_since(self.clock.now()).as_secs().max(0).unsigned_abs();
        let wait = counted(wait, "second", "seconds");
        self.output.say(format!("{}{reason}. Trying again in {wait}.", capital(&why.to_string())));
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_read_is_counted_once_however_often_it_tells() {
        let mut tally = Tally { events: 25, ..Tally::default() };
        for pages in [&[10, 20][..], &[10], &[10]] {
            tally.begun();
            for users in pages {
                tally.read(&PullProgress::new(*users, 1));
            }
        }
        let progress = PullProgress::new(15, 2);
        tally.cut_off(&PullError::LostHold { progress });
        tally.cut_off(&PullError::Busy { holder: None });
        assert_eq!(tally.in_words(), "after 25 events (USD 0.025) and reads for USD 0.045");
    }
}
