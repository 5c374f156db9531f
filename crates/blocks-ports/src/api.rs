//! The API as a port.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use blocks_domain::{
    BlockPair, BlockState, BlockingPage, BlockingQuery, RateWindow, Selection, UserId, UserReply,
    Username, UsersPage, Vocabulary,
};
use jiff::Timestamp;

use crate::ApiError;

/// Reads and changes whom an account blocks.
///
/// An implementation acts for one signed-in user.
///
/// # Contract
/// - `blocking` answers the newest block first, within and across pages. A page may be shorter
///   than asked for, or empty, and not be the last; only a `meta` without `next_token` is the end.
///   A source that is not the signed-in user is refused.
/// - `block` and `unblock` are idempotent, and their answer says the state that then holds.
/// - A failure is an error and never a state: no error means "not blocked".
/// - What a backend cannot do it answers with [`Failure::Unsupported`](blocks_domain::Failure).
/// - A backend makes at most one request a call; a wrapper says what it adds. There is one
///   exception: what the server refused for its credential alone (a 401), and so did not do, may
///   be sent once more with a newer one.
///
/// # Example
/// A backend that keeps the list on a sheet of paper:
///
/// ```
/// use std::collections::BTreeSet;
/// use std::sync::Mutex;
///
/// use async_trait::async_trait;
/// use blocks_domain::{
///     BlockPair, BlockState, BlockingPage, BlockingQuery, Failure, Meta, User, UserId,
/// };
/// use blocks_ports::{ApiError, BlocksApi, BlocksApiExt, Reply};
/// use futures_util::TryStreamExt;
///
/// #[derive(Debug)]
/// struct Paper {
///     me: UserId,
///     blocked: Mutex<BTreeSet<UserId>>,
/// }
///
/// #[async_trait]
/// impl BlocksApi for Paper {
///     async fn blocking(
///         &self,
///         source: UserId,
///         query: &BlockingQuery,
///     ) -> Result<Reply<BlockingPage>, ApiError> {
///         if source != self.me || query.pagination_token().is_some() {
///             return Err(ApiError::new(Failure::InvalidRequest));
///         }
///         let blocked = self.blocked.lock().expect("no panic");
///         let users: Vec<_> = blocked.iter().copied().map(User::new).collect();
///         let meta = Meta::new(users.len() as u32);
///         Ok(Reply::new(BlockingPage::new(users, meta)))
///     }
///
///     async fn block(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
///         self.blocked.lock().expect("no panic").insert(pair.target());
///         Ok(Reply::new(BlockState::new(true)))
///     }
///
///     async fn unblock(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
///         self.blocked.lock().expect("no panic").remove(&pair.target());
///         Ok(Reply::new(BlockState::new(false)))
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let (me, other) = ("12".parse()?, "34".parse()?);
/// let api = Paper { me, blocked: Mutex::default() };
/// api.block(BlockPair::new(me, other)?).await?;
/// let users: Vec<_> = api.users(me, BlockingQuery::default()).try_collect().await?;
/// assert_eq!(users, [User::new(other)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait BlocksApi: fmt::Debug + Send + Sync + 'static {
    /// Reads one page of the accounts that `source` blocks.
    async fn blocking(
        &self,
        source: UserId,
        query: &BlockingQuery,
    ) -> Result<Reply<BlockingPage>, ApiError>;

    /// Makes `pair.source()` block `pair.target()`.
    async fn block(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError>;

    /// Makes `pair.source()` no longer block `pair.target()`.
    async fn unblock(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError>;
}

/// Looks users up.
///
/// # Contract
/// - A user who does not exist, or cannot be shown, is no failure of the call: the answer carries
///   a problem for them beside the others.
/// - More than [`LOOKUP_MAX`](blocks_domain::LOOKUP_MAX) names or ids, or none, are refused.
///
/// # Example
/// Code that works over any backend:
///
/// ```
/// use blocks_domain::{Selection, UserId};
/// use blocks_ports::{ApiError, UsersApi};
///
/// async fn known(api: &dyn UsersApi, ids: &[UserId]) -> Result<usize, ApiError> {
///     let reply = api.by_ids(ids, &Selection::default()).await?;
///     Ok(reply.value.users().len())
/// }
/// ```
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait UsersApi: fmt::Debug + Send + Sync + 'static {
    /// The signed-in user.
    async fn me(&self, selection: &Selection) -> Result<Reply<UserReply>, ApiError>;

    /// Users by handle.
    async fn by_usernames(
        &self,
        usernames: &[Username],
        selection: &Selection,
    ) -> Result<Reply<UsersPage>, ApiError>;

    /// Users by id.
    async fn by_ids(
        &self,
        ids: &[UserId],
        selection: &Selection,
    ) -> Result<Reply<UsersPage>, ApiError>;
}

/// Whoever shares an implementation has one.
#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<A: BlocksApi + ?Sized> BlocksApi for Arc<A> {
    async fn blocking(
        &self,
        source: UserId,
        query: &BlockingQuery,
    ) -> Result<Reply<BlockingPage>, ApiError> {
        (**self).blocking(source, query).await
    }

    async fn block(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        (**self).block(pair).await
    }

    async fn unblock(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        (**self).unblock(pair).await
    }
}

/// Whoever shares an implementation has one.
#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<A: UsersApi + ?Sized> UsersApi for Arc<A> {
    async fn me(&self, selection: &Selection) -> Result<Reply<UserReply>, ApiError> {
        (**self).me(selection).await
    }

    async fn by_usernames(
        &self,
        usernames: &[Username],
        selection: &Selection,
    ) -> Result<Reply<UsersPage>, ApiError> {
        (**self).by_usernames(usernames, selection).await
    }

    async fn by_ids(
        &self,
        ids: &[UserId],
        selection: &Selection,
    ) -> Result<Reply<UsersPage>, ApiError> {
        (**self).by_ids(ids, selection).await
    }
}

/// An answer with what came along with it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Reply<T> {
    /// The answer itself.
    pub value: T,
    /// What came along with it.
    pub meta: ReplyMeta,
}

impl<T> Reply<T> {
    /// An answer of which nothing more is known.
    pub fn new(value: T) -> Self {
        Self { value, meta: ReplyMeta::default() }
    }

    /// The same with what came along.
    #[must_use]
    pub fn with_meta(mut self, meta: ReplyMeta) -> Self {
        self.meta = meta;
        self
    }

    /// Turns the answer into another, and keeps what came along.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Reply<U> {
        Reply { value: f(self.value), meta: self.meta }
    }
}

/// What comes along with an answer; a backend leaves empty what it does not know.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct ReplyMeta {
    /// The rate window, as the answer tells it.
    pub rate: Option<RateWindow>,
    /// The server's time.
    pub date: Option<Timestamp>,
    /// The id under which X's support finds the call.
    pub transaction_id: Option<String>,
    /// The vocabulary that the answer was written in, where its words tell.
    pub words: Option<Vocabulary>,
    /// What was odd about the answer, though it could be used.
    pub warnings: Vec<Warning>,
    /// How many of the users returned X charges for, as far as a ledger knows: those who were
    /// paid for today already are free. `None` where nobody keeps one.
    pub billed: Option<u64>,
}

/// Something odd about an answer that can be used all the same.
///
/// ```
/// use blocks_domain::Vocabulary;
/// use blocks_ports::Warning;
///
/// let names = vec!["affiliation", "pinned_tweet_id"];
/// let warning = Warning::LeftOut { names, words: Vocabulary::Post };
/// assert_eq!(
///     warning.to_string(),
///     "not asked for, since the post words have no name for it: affiliation, pinned_tweet_id"
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// `meta.result_count` is not the number of users on the page.
    ResultCount {
        /// What `meta.result_count` says.
        said: u64,
        /// How many users there are.
        found: u64,
    },
    /// Some optional fields have another type than they should; they are kept as unknown ones.
    OddFields {
        /// How many there are.
        count: u64,
        /// Where the first one stands and what is wrong with it, fit to be shown.
        first: String,
    },
    /// Some of what the caller wanted was not asked for, because the words that the server knows
    /// cannot say it.
    LeftOut {
        /// The fields and expansions, by the names that the caller's words give them.
        names: Vec<&'static str>,
        /// The words that were used.
        words: Vocabulary,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ResultCount { said, found } => {
                write!(f, "a page says that it holds {said} users, and holds {found}")
            }
            Self::OddFields { count: 1, first } => {
                write!(f, "a field of an answer could not be read and was kept as it came: {first}")
            }
            Self::OddFields { count, first } => {
                write!(
                    f,
                    "{count} fields of an answer could not be read and were kept as they came; \
                     the first: {first}"
                )
            }
            Self::LeftOut { names, words } => {
                let names = names.join(", ");
                write!(f, "not asked for, since the {words} words have no name for it: {names}")
            }
        }
    }
}
