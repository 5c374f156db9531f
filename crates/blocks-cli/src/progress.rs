//! What a person sees while the program works: all of it on stderr.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use blocks_app::{Choice, Progress, PullProgress};
use blocks_domain::Price;
use blocks_ports::{Clock, OpenRead};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;

use crate::output::{Output, clock_face, counted};

/// A bar on a terminal, a line now and then in a pipe, nothing when asked to be quiet.
pub(crate) struct PullBar {
    output: Output,
    bar: ProgressBar,
    lines: Option<Mutex<Instant>>,
    last: Mutex<PullProgress>,
}

impl PullBar {
    /// How far apart lines in a pipe are.
    const PAUSE: Duration = Duration::from_secs(10);

    /// Shows how many accounts were read, as long as nobody knows how many there are.
    pub(crate) fn new(output: Output) -> Self {
        let shown = !output.quiet && output.stderr_is_terminal;
        let target =
            if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        Self::style(&bar, "{spinner} {human_pos} accounts · {wide_msg}");
        bar.set_message("asking X");
        if shown {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        let lines =
            (!output.quiet && !output.stderr_is_terminal).then(|| Mutex::new(Instant::now()));
        Self { output, bar, lines, last: Mutex::default() }
    }

    /// Shows progress towards as many users as the last read held.
    pub(crate) fn expect(&self, users: u64) {
        if users > 0 {
            self.bar.set_length(users);
            Self::style(
                &self.bar,
                "{spinner} [{wide_bar}] {human_pos} of about {human_len} · {msg}",
            );
        }
    }

    fn style(bar: &ProgressBar, template: &str) {
        // Without this style the bar is plainer, and works all the same.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
    }

    /// Shows what an unfinished read holds already.
    pub(crate) fn go_on_from(&self, read: &OpenRead) {
        self.bar.set_position(read.users);
    }

    pub(crate) fn bar(&self) -> ProgressBar {
        self.bar.clone()
    }

    /// Where the pull stands, as far as it is known.
    pub(crate) fn last(&self) -> PullProgress {
        self.last.lock().map(|last| *last).unwrap_or_default()
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn line_is_due(&self) -> bool {
        let Some(Ok(mut last)) = self.lines.as_ref().map(Mutex::lock) else { return false };
        let due = last.elapsed() >= Self::PAUSE;
        if due {
            *last = Instant::now();
        }
        due
    }
}

impl Progress for PullBar {
    fn chosen(&self, _: &Choice) {
        // Lines in a pipe are for reads that take long, and this one only begins.
        if let Some(Ok(mut last)) = self.lines.as_ref().map(Mutex::lock) {
            *last = Instant::now();
        }
    }

    fn held(&self, holder: Option<&str>) {
        let holder = holder.map(|holder| format!(" ({holder})")).unwrap_or_default();
        self.bar.suspend(|| {
            self.output.say(format!("Another pull of this account is under way{holder}; waiting."));
        });
    }

    fn page(&self, progress: &PullProgress) {
        let pages = counted(progress.pages, "page", "pages");
        let cost = progress.cost();
        if let Ok(mut last) = self.last.lock() {
            *last = *progress;
        }
        self.bar.set_position(progress.users);
        self.bar.set_message(format!("{pages}, {cost}"));
        if self.line_is_due() {
            let users = counted(progress.users, "account", "accounts");
            anstream::eprintln!("{users} in {pages}, {cost}");
        }
    }

    fn token_expired(&self, progress: &PullProgress) {
        let users = counted(progress.users, "account", "accounts");
        let cost = Price::BLOCK_READ.cost_of(progress.users);
        self.bar.suspend(|| {
            self.output.say(format!(
                "The page token of the unfinished read has expired. Reading again from the top; \
                 X bills the {users} read before again, {cost}, unless they were paid for today."
            ));
        });
    }
}

impl fmt::Debug for PullBar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PullBar")
    }
}

/// Shows the waits that go through a clock, and counts them.
#[derive(Debug)]
pub(crate) struct ShownClock {
    inner: Arc<dyn Clock>,
    /// Whether the clock jumps over waits instead of sitting them out.
    jumps: bool,
    output: Output,
    bar: ProgressBar,
    waited_ms: AtomicU64,
}

impl ShownClock {
    /// Waits that are shorter are not worth a word.
    const WORTH_A_WORD: Duration = Duration::from_secs(5);

    pub(crate) fn new(
        inner: Arc<dyn Clock>,
        jumps: bool,
        output: Output,
        bar: ProgressBar,
    ) -> Self {
        Self { inner, jumps, output, bar, waited_ms: AtomicU64::new(0) }
    }

    /// The time spent waiting so far, as the clock tells it.
    pub(crate) fn waited(&self) -> Duration {
        Duration::from_millis(self.waited_ms.load(Ordering::Relaxed))
    }

    /// Says something beside the bar.
    pub(crate) fn say(&self, text: &str) {
        self.bar.suspend(|| self.output.say(text));
    }

    async fn count_down(&self, until: Timestamp) {
        let message = self.bar.message();
        loop {
            let left = length(self.inner.now(), until);
            if left.is_zero() {
                break;
            }
            self.bar.set_message(format!("waiting {} for X", clock_face(left)));
            let next = self.inner.now().saturating_add(left.min(Duration::from_secs(1)));
            self.inner.sleep_until(next.unwrap_or(until)).await;
        }
        self.bar.set_message(message);
    }
}

/// The time from one moment to a later one.
fn length(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

#[async_trait]
impl Clock for ShownClock {
    fn now(&self) -> Timestamp {
        self.inner.now()
    }

    async fn sleep_until(&self, until: Timestamp) {
        let begun = self.inner.now();
        let wait = length(begun, until);
        let worth_a_word = wait >= Self::WORTH_A_WORD;
        if worth_a_word && self.jumps {
            self.say(&format!(
                "X would wait {}; the sandbox moves its clock instead",
                clock_face(wait)
            ));
        } else if worth_a_word && !self.output.stderr_is_terminal {
            self.say(&format!("waiting {} for X", clock_face(wait)));
        }
        if worth_a_word && !self.jumps && self.output.stderr_is_terminal {
            self.count_down(until).await;
        } else {
            self.inner.sleep_until(until).await;
        }
        let waited = u64::try_from(length(begun, self.inner.now()).as_millis()).unwrap_or(u64::MAX);
        self.waited_ms.fetch_add(waited, Ordering::Relaxed);
    }
}
