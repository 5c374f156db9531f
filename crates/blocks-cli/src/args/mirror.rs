//! The flags of the commands that fill, compare and empty the mirror.

use std::num::{NonZeroU16, NonZeroU32};
use std::str::FromStr;
use std::time::Duration;

use blocks_app::{PullPolicy, Wanted};
use blocks_domain::{LossLimit, MaxResults, Usd};
use clap::Args;
use jiff::{Span, Timestamp, civil::Date, tz::TimeZone};

use super::UserArg;
use super::numbers::{at_least_one, in_days, page_size, whole};

/// How to mirror.
#[derive(Debug, Args)]
pub(crate) struct PullArgs {
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,

    /// Give up an unfinished read, and begin anew
    #[arg(long, conflicts_with = "accept")]
    pub(crate) restart: bool,

    /// Take the read that was set aside for the mirror; nothing is sent
    #[arg(long, conflicts_with_all = ["full", "head", "budget", "no_wait", "dry_run"])]
    pub(crate) accept: bool,

    #[command(flatten)]
    pub(crate) spending: SpendingArgs,

    /// Wait while another pull reads this list, instead of ending
    #[arg(long)]
    pub(crate) wait: bool,

    /// Tell what it would take, and do nothing; as `forecast` does
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// How much of the list to read.
#[derive(Debug, Args)]
pub(crate) struct ReadingArgs {
    /// Read the whole list: go on with an unfinished read of it, or begin one
    #[arg(long, conflicts_with = "head")]
    pub(crate) full: bool,

    /// Read only what is new: from the newest block to the first that are known
    #[arg(long)]
    pub(crate) head: bool,

    /// How many accounts to ask for at once at most, 1 to 1000
    #[arg(long, value_name = "N", default_value = "1000", value_parser = page_size)]
    pub(crate) page_size: MaxResults,

    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
}

impl ReadingArgs {
    /// What the flags ask for.
    pub(crate) const fn wanted(&self) -> Wanted {
        match (self.full, self.head) {
            (true, _) => Wanted::Full,
            (_, true) => Wanted::Head,
            _ => Wanted::Whichever,
        }
    }
}

/// When a mirror is good enough.
#[derive(Debug, Args)]
pub(crate) struct PolicyArgs {
    /// Read the whole list again when the last time is longer ago than so many days
    #[arg(
        long,
        value_name = "DAYS",
        env = "BLOCKS_FULL_EVERY",
        hide_env_values = true,
        default_value = "30",
        value_parser = in_days
    )]
    pub(crate) full_every: NonZeroU16,

    /// Keep no profile longer than so many days: refresh older ones by reading the whole list, and
    /// forget those that are older still
    #[arg(
        long,
        value_name = "DAYS",
        env = "BLOCKS_MAX_AGE",
        hide_env_values = true,
        value_parser = in_days
    )]
    pub(crate) max_age: Option<NonZeroU16>,

    /// How many accounts in a row have to be known before the rest is taken as known
    #[arg(long, value_name = "N", default_value = "20", value_parser = at_least_one)]
    pub(crate) overlap: NonZeroU32,

    /// Set a whole read aside that has lost more than this share of the accounts, in percent
    #[arg(long, value_name = "PERCENT", default_value = "10")]
    pub(crate) max_loss: LossLimit,
}

impl PolicyArgs {
    /// As the pull takes it.
    pub(crate) fn policy(&self) -> PullPolicy {
        let mut policy = PullPolicy::default();
        policy.full_every = days(self.full_every);
        policy.max_age = self.max_age.map(days);
        policy.overlap = self.overlap;
        policy.loss_limit = self.max_loss;
        policy
    }
}

/// So many days as a length of time.
pub(crate) fn days(days: NonZeroU16) -> Duration {
    Duration::from_secs(u64::from(days.get()) * 24 * 60 * 60)
}

/// What a command may spend.
#[derive(Debug, Args)]
pub(crate) struct SpendingArgs {
    /// Spend no more than this on reading, such as 2.50; asking whose token it is costs 0.01 besides
    #[arg(long, value_name = "USD", allow_hyphen_values = true)]
    pub(crate) budget: Option<Usd>,

    /// Stop instead of waiting when the rate window is spent
    #[arg(long)]
    pub(crate) no_wait: bool,
}

/// What to forecast.
#[derive(Debug, Args)]
pub(crate) struct ForecastArgs {
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,

    /// How many accounts the list holds, where you know better than the mirror
    #[arg(long, value_name = "N", value_parser = whole)]
    pub(crate) users: Option<u64>,

    /// What the pull may spend on reading, such as 2.50; as its --budget
    #[arg(long, value_name = "USD", allow_hyphen_values = true)]
    pub(crate) budget: Option<Usd>,
}

/// What to compare.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) spending: SpendingArgs,

    /// How many accounts to ask for at once, 1 to 1000
    #[arg(long, value_name = "N", default_value = "1000", value_parser = page_size)]
    pub(crate) page_size: MaxResults,
}

/// What to follow.
#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    /// Spend no more than this on reading when gaps are closed; events are not counted
    #[arg(long, value_name = "USD", allow_hyphen_values = true)]
    pub(crate) budget: Option<Usd>,

    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
}

/// Which changes to show.
#[derive(Debug, Args)]
pub(crate) struct ChangesArgs {
    /// Only those since then: a day such as 2026-08-07, a time, or a span such as 7d or 12h
    #[arg(long, value_name = "WHEN")]
    pub(crate) since: Option<Since>,

    /// Only those of this account: an id, or a handle that the mirror knows
    #[arg(long, value_name = "USER")]
    pub(crate) user: Option<UserArg>,

    /// Ask X for accounts that are missing without a known cause whether they are suspended or
    /// gone, at USD 0.01 for each that is there
    #[arg(long)]
    pub(crate) explain: bool,

    /// With --explain: spend no more than this
    #[arg(long, value_name = "USD", allow_hyphen_values = true, requires = "explain")]
    pub(crate) budget: Option<Usd>,

    /// Show by whom the read that was set aside differs from the mirror instead
    #[arg(long, conflicts_with_all = ["since", "user", "explain"])]
    pub(crate) aside: bool,
}

/// What to forget.
#[derive(Debug, Args)]
pub(crate) struct PurgeArgs {
    /// Only profiles that were read more than so many days ago
    #[arg(long, value_name = "DAYS", conflicts_with = "all", value_parser = in_days)]
    pub(crate) older_than: Option<NonZeroU16>,

    /// Ids and dates too: the mirror, its reads and its changes
    #[arg(long)]
    pub(crate) all: bool,

    /// Do it without asking
    #[arg(long, short)]
    pub(crate) yes: bool,

    /// Show what would be forgotten, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// A moment in the past, as people name it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Since {
    /// A moment.
    Moment(Timestamp),
    /// So long ago.
    Ago(Span),
}

impl Since {
    /// The moment, seen from `now`.
    pub(crate) fn before(self, now: Timestamp) -> anyhow::Result<Timestamp> {
        match self {
            Self::Moment(moment) => Ok(moment),
            // Days and longer spans need a calendar: that of UTC, as X's days.
            Self::Ago(span) => Ok(now.to_zoned(TimeZone::UTC).checked_sub(span)?.timestamp()),
        }
    }
}

impl FromStr for Since {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let moment = text.parse::<Timestamp>().ok();
        let midnight = |day: Date| day.to_zoned(TimeZone::UTC).ok().map(|day| day.timestamp());
        let day = || text.parse::<Date>().ok().and_then(midnight);
        if let Some(moment) = moment.or_else(day) {
            return Ok(Self::Moment(moment));
        }
        match text.parse::<Span>() {
            Ok(span) if !span.is_negative() => Ok(Self::Ago(span)),
            _ => {
                Err("say a day such as 2026-08-07, a time such as 2026-08-07T12:00:00Z, or a span \
                      such as 7d"
                    .into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_day_a_time_or_a_span() {
        let now: Timestamp = "2026-08-07T12:00:00Z".parse().expect("a time");
        for (text, moment) in [
            ("2026-08-01", "2026-08-01T00:00:00Z"),
            ("2026-08-01T10:00:00Z", "2026-08-01T10:00:00Z"),
            ("7d", "2026-07-31T12:00:00Z"),
            ("12h", "2026-08-07T00:00:00Z"),
            ("1 month", "2026-07-07T12:00:00Z"),
        ] {
            let since: Since = text.parse().expect(text);
            assert_eq!(since.before(now).expect(text), moment.parse().expect("a time"), "{text}");
        }
        for text in ["", "yesterday", "-7d", "2026-13-01"] {
            assert!(text.parse::<Since>().is_err(), "{text}");
        }
    }
}
