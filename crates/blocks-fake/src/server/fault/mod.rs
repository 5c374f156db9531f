//! Faults on purpose: what goes wrong between a server and its client, when a test wants it to.

mod documented;
mod kinds;
mod meet;
mod read;
mod spoilt;
mod waiting;
mod written;

use std::fmt;
use std::time::Duration;

use blocks_domain::Endpoint;
use jiff::{SignedDuration, Timestamp};

pub use documented::Documented;
pub use kinds::KindOfFault;
pub use read::InvalidFaults;

pub(crate) use waiting::Faults;

pub(super) use meet::{Scene, meet};
pub(super) use waiting::Met;

use crate::World;

/// Something that goes wrong with a call.
///
/// Unless told otherwise the next call of the API meets it, and no further one. With a
/// probability or a moment it lasts, unless [`Fault::times`] says how often. What chance decides
/// follows from the seed: the same calls in the same order meet the same faults.
///
/// ```
/// use blocks_domain::Endpoint;
/// use blocks_fake::World;
/// use blocks_fake::server::{Fault, FaultKind};
///
/// let world = World::builder().build();
/// world.inject(Fault::new(FaultKind::plain(503, "Service Unavailable")).times(2));
/// world.inject(Fault::new(FaultKind::TruncatedBody).at(Endpoint::GetBlocking).after(3));
/// world.inject(Fault::new(FaultKind::Reset).with_probability(0.01));
/// assert_eq!(world.faults_waiting().len(), 3);
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Fault {
    kind: FaultKind,
    place: Place,
    after: u32,
    /// How many calls meet it; `None` where nobody said.
    times: Option<u32>,
    probability: Option<f64>,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

/// A way in which a call goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// Another answer comes, and the call is not made; see [`FaultKind::json`],
    /// [`FaultKind::plain`] and [`FaultKind::html`].
    #[non_exhaustive]
    Status {
        /// The status.
        status: u16,
        /// What the body claims to be.
        content_type: &'static str,
        /// The body.
        body: String,
    },
    /// The call is refused in the words that the API has for it, and is not made.
    Documented(Documented),
    /// The answer comes late, by the real clock.
    Delay(Duration),
    /// The body comes in small pieces.
    #[non_exhaustive]
    Drip {
        /// The size of a piece, in bytes.
        bytes: u32,
        /// The wait before each further piece, by the real clock.
        pause: Duration,
    },
    /// Half the body comes, and then nothing; after this time, by the real clock, the connection
    /// ends.
    Stall(Duration),
    /// The connection ends in the middle of the body.
    TruncatedBody,
    /// The connection is reset, and the call is not made.
    Reset,
    /// The body is JSON that breaks off.
    MalformedJson,
    /// The body is padded to this number of bytes.
    Oversized(u64),
    /// A header is missing.
    MissingHeader(FaultyHeader),
    /// A header holds something else.
    WrongHeader(FaultyHeader, String),
    /// The `Date` is off by this much.
    ClockOff(SignedDuration),
    /// The page has no `meta`.
    WithoutMeta,
    /// The page has lost its `next_token`, so that it looks like the last one.
    WithoutNextToken,
    /// The page names itself as the next one; only calls with a page token meet this.
    RepeatedToken,
    /// The page's `next_token` is a new one, and leads to the same page again.
    DuplicatePage,
    /// The page has no users but a `next_token`, behind which the users are.
    EmptyPage,
    /// `meta.result_count` is off by this number.
    ResultCountOff(i64),
}

/// A header of the API that a fault can touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultyHeader {
    /// `x-rate-limit-limit`
    RateLimit,
    /// `x-rate-limit-remaining`
    RateRemaining,
    /// `x-rate-limit-reset`
    RateReset,
    /// `date`
    Date,
    /// `content-type`
    ContentType,
}

impl FaultyHeader {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::RateLimit, Self::RateRemaining, Self::RateReset, Self::Date, Self::ContentType];

    /// The header's name, in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RateLimit => "x-rate-limit-limit",
            Self::RateRemaining => "x-rate-limit-remaining",
            Self::RateReset => "x-rate-limit-reset",
            Self::Date => "date",
            Self::ContentType => "content-type",
        }
    }
}

/// The calls that can meet a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Every call of the API.
    Anywhere,
    /// The calls of one endpoint.
    Call(Endpoint),
    /// The token endpoint of OAuth 2.0.
    TokenEndpoint,
}

/// The token endpoint as the reference spells it.
const TOKEN_ENDPOINT: &str = "POST /2/oauth2/token";

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anywhere => f.write_str("all"),
            Self::Call(endpoint) => endpoint.fmt(f),
            Self::TokenEndpoint => f.write_str(TOKEN_ENDPOINT),
        }
    }
}

const JSON: &str = "application/json; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

impl FaultKind {
    /// An answer with a JSON body.
    #[must_use]
    pub fn json(status: u16, body: impl Into<String>) -> Self {
        Self::Status { status, content_type: JSON, body: body.into() }
    }

    /// An answer in plain text.
    #[must_use]
    pub fn plain(status: u16, body: impl Into<String>) -> Self {
        Self::Status { status, content_type: TEXT, body: body.into() }
    }

    /// An answer with a page for a browser.
    #[must_use]
    pub fn html(status: u16, body: impl Into<String>) -> Self {
        Self::Status { status, content_type: HTML, body: body.into() }
    }

    /// A body that comes in pieces of some bytes, with a pause before each further one.
    #[must_use]
    pub const fn drip(bytes: u32, pause: Duration) -> Self {
        Self::Drip { bytes, pause }
    }

    /// Whether only a page of a block list can meet it.
    const fn is_of_pages(&self) -> bool {
        matches!(
            self,
            Self::WithoutMeta
                | Self::WithoutNextToken
                | Self::RepeatedToken
                | Self::DuplicatePage
                | Self::EmptyPage
                | Self::ResultCountOff(_)
        )
    }
}

impl Fault {
    /// A fault that the next call meets, whichever it is.
    #[must_use]
    pub const fn new(kind: FaultKind) -> Self {
        Self {
            kind,
            place: Place::Anywhere,
            after: 0,
            times: None,
            probability: None,
            from: None,
            until: None,
        }
    }

    /// Only calls of this endpoint meet it.
    #[must_use]
    pub const fn at(mut self, endpoint: Endpoint) -> Self {
        self.place = Place::Call(endpoint);
        self
    }

    /// Only calls of the OAuth 2.0 token endpoint meet it.
    #[must_use]
    pub const fn at_token_endpoint(mut self) -> Self {
        self.place = Place::TokenEndpoint;
        self
    }

    /// So many calls that would meet it go well first.
    #[must_use]
    pub const fn after(mut self, calls: u32) -> Self {
        self.after = calls;
        self
    }

    /// So many calls meet it, and none where it is 0.
    #[must_use]
    pub const fn times(mut self, calls: u32) -> Self {
        self.times = Some(calls);
        self
    }

    /// Each call meets it with this probability, from 0 to 1; what is beyond counts as the nearer
    /// of the two.
    #[must_use]
    pub const fn with_probability(mut self, probability: f64) -> Self {
        self.probability = Some(probability.clamp(0.0, 1.0));
        self
    }

    /// Only calls at or after this time of the world meet it.
    #[must_use]
    pub const fn from(mut self, moment: Timestamp) -> Self {
        self.from = Some(moment);
        self
    }

    /// Only calls before this time of the world meet it.
    #[must_use]
    pub const fn until(mut self, moment: Timestamp) -> Self {
        self.until = Some(moment);
        self
    }

    /// How many calls meet it; `None` for every one.
    const fn most(&self) -> Option<u32> {
        let lasts = self.probability.is_some() || self.from.is_some() || self.until.is_some();
        match self.times {
            None if !lasts => Some(1),
            times => times,
        }
    }
}

impl World {
    /// Lets something go wrong with calls that come over HTTP.
    ///
    /// Faults wait in the order in which they were injected; a call meets the first that strikes
    /// it.
    pub fn inject(&self, fault: Fault) {
        self.faults().add(fault, self.seed());
    }

    /// The faults that wait, with what is left of their counts.
    #[must_use]
    pub fn faults_waiting(&self) -> Vec<Fault> {
        self.faults().waiting()
    }

    /// Lets nothing go wrong any more.
    pub fn clear_faults(&self) {
        *self.faults() = Faults::default();
    }
}
