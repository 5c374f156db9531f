//! Asking in the words that the server knows.

mod learned;

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use blocks_domain::{
    BlockPair, BlockState, BlockingPage, BlockingQuery, Failure, InvalidValue, Selection,
    UnknownWord, UserId, UserReply, Username, UsersPage, Vocabulary, Wording,
};
use blocks_ports::{ApiError, BlocksApi, Reply, UsersApi, Warning};

pub use learned::LearnedWords;

/// Spells what the caller wants in the words of one vocabulary, or in those that the server knows.
///
/// With [`Wording::Fixed`] each request is spelt in that vocabulary, whatever the words of its
/// [`Selection`]. With [`Wording::Auto`] a request goes out as the caller spelt it, or in the words
/// that were [learned](LearnedWords). Where the server refuses it with a 400 that names a word of
/// one vocabulary alone, the request is sent once more in the other words, and those are
/// remembered: what is refused so was not done and is not billed, though it counts against the
/// rate window.
///
/// What the words to be used cannot say is an error that names it, unless
/// [`Unspellable::LeaveOut`] allows to ask for the rest; the first answer that lacks something
/// then carries a [`Warning::LeftOut`].
///
/// Blocking and unblocking are spelt alike in both vocabularies, and pass through.
///
/// ```
/// use blocks_app::{LearnedWords, Translated};
/// use blocks_domain::{BlockingPage, BlockingQuery, Expansion, Failure, Meta, Problem, Selection};
/// use blocks_domain::{UserId, Vocabulary, Wording};
/// use blocks_ports::{ApiError, BlocksApi, MockBlocksApi, Reply};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // A server that knows the post words alone.
/// let mut server = MockBlocksApi::new();
/// server.expect_blocking().returning(|_, query| {
///     if query.selection().vocabulary() == Vocabulary::Post {
///         return Ok(Reply::new(BlockingPage::new(Vec::new(), Meta::new(0))));
///     }
///     let mut problem = Problem::default();
///     let what = "The `expansions` query parameter value [pinned_tweet_id] is not one of […]";
///     problem.message = Some(what.into());
///     Err(ApiError::new(Failure::InvalidRequest).with_status(400).with_problems(vec![problem]))
/// });
///
/// let learned = LearnedWords::default();
/// let api = Translated::new(server, Wording::Auto).with_memory(learned.clone());
/// let wishes = Selection::default().with_expansions([Expansion::PinnedPost])?;
/// api.blocking(UserId::MAX, &BlockingQuery::new(wishes)).await?;
/// assert_eq!(learned.vocabulary(), Some(Vocabulary::Post));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Translated<A> {
    inner: A,
    wording: Wording,
    unspellable: Unspellable,
    learned: LearnedWords,
    /// What was told to be left out.
    told: Mutex<BTreeSet<&'static str>>,
}

/// What to do with wishes for which the words to be used have no word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Unspellable {
    /// Fail, and name the first of them.
    #[default]
    Refuse,
    /// Ask for the others.
    LeaveOut,
}

impl<A> Translated<A> {
    /// Asks `inner` in these words.
    pub fn new(inner: A, wording: Wording) -> Self {
        Self {
            inner,
            wording,
            unspellable: Unspellable::default(),
            learned: LearnedWords::default(),
            told: Mutex::default(),
        }
    }

    /// Does otherwise with what the words cannot say.
    #[must_use]
    pub const fn with_unspellable(mut self, unspellable: Unspellable) -> Self {
        self.unspellable = unspellable;
        self
    }

    /// Learns into a memory that others share, or that is kept between runs. It must be of the
    /// same server: what one knows says nothing of another.
    #[must_use]
    pub fn with_memory(mut self, learned: LearnedWords) -> Self {
        self.learned = learned;
        self
    }

    /// Asks in the words to be used, and in the others where the server does not know these.
    async fn ask<T, F>(
        &self,
        wishes: &Selection,
        call: impl Fn(Selection) -> F + Send + Sync,
    ) -> Result<Reply<T>, ApiError>
    where
        T: Send,
        F: Future<Output = Result<Reply<T>, ApiError>> + Send,
    {
        let asked = self.first_spelling(wishes)?;
        let refusal = match call(asked.selection.clone()).await {
            Ok(reply) => return Ok(self.answered(&asked, reply)),
            Err(error) => error,
        };
        let Some(other) = self.words_after(&refusal, &asked) else { return Err(refusal) };
        let second = match self.spelling(wishes, other) {
            Ok(second) => second,
            Err(unspellable) => return Err(refusal.with_source(unspellable)),
        };
        tracing::debug!(%refusal, words = %other, "asking once more in the other words");
        match call(second.selection.clone()).await {
            Ok(reply) => {
                self.learned.knows_only(other);
                Ok(self.answered(&second, reply))
            }
            // Neither vocabulary will do; what was said of the caller's words helps them most.
            Err(error) if names_a_word_of(&error, other) => Err(refusal),
            Err(error) => Err(error),
        }
    }

    /// How the request goes out at first.
    fn first_spelling(&self, wishes: &Selection) -> Result<Spelling, ApiError> {
        match self.wording {
            Wording::Fixed(words) => self.spelling(wishes, words).map_err(never_sent),
            Wording::Auto => Ok(self.likely_spelling(wishes)),
        }
    }

    /// The words that were learned, if they can say it all or the server knows no others; else
    /// those of the caller, which can.
    fn likely_spelling(&self, wishes: &Selection) -> Spelling {
        let as_it_is = || Spelling { selection: wishes.clone(), left_out: Vec::new() };
        let Some(words) = self.learned.vocabulary() else { return as_it_is() };
        match self.spelling(wishes, words) {
            Ok(spelling) if spelling.left_out.is_empty() || self.learned.is_the_only_one() => {
                spelling
            }
            _ => as_it_is(),
        }
    }

    /// The wishes in the words of a vocabulary.
    fn spelling(&self, wishes: &Selection, words: Vocabulary) -> Result<Spelling, InvalidValue> {
        if wishes.vocabulary() == words {
            return Ok(Spelling { selection: wishes.clone(), left_out: Vec::new() });
        }
        match self.unspellable {
            Unspellable::Refuse => wishes
                .in_other_words(words)
                .map(|selection| Spelling { selection, left_out: Vec::new() }),
            Unspellable::LeaveOut => {
                let (selection, left_out) = wishes.as_far_as_spellable(words);
                Ok(Spelling { selection, left_out })
            }
        }
    }

    /// The words to try after a refusal.
    fn words_after(&self, refusal: &ApiError, asked: &Spelling) -> Option<Vocabulary> {
        let words = asked.selection.vocabulary();
        let another = self.wording == Wording::Auto && names_a_word_of(refusal, words);
        another.then(|| words.other())
    }

    /// Learns from an answer, and says what it lacks.
    fn answered<T>(&self, asked: &Spelling, mut reply: Reply<T>) -> Reply<T> {
        if self.wording == Wording::Auto {
            if asked.selection.tells_the_vocabulary() {
                self.learned.knows(asked.selection.vocabulary());
            } else if let Some(words) = reply.meta.words {
                self.learned.seems_to_know(words);
            }
        }
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let names: Vec<_> =
            asked.left_out.iter().copied().filter(|name| told.insert(name)).collect();
        drop(told);
        if !names.is_empty() {
            let words = asked.selection.vocabulary();
            reply.meta.warnings.push(Warning::LeftOut { names, words });
        }
        reply
    }
}

/// A request in certain words.
#[derive(Debug)]
struct Spelling {
    selection: Selection,
    left_out: Vec<&'static str>,
}

/// Whether a server refused a request for a word that `words` alone have.
fn names_a_word_of(error: &ApiError, words: Vocabulary) -> bool {
    error.kind() == Failure::InvalidRequest
        && UnknownWord::first_of(error.problems()).is_some_and(|word| word.vocabulary == words)
}

/// The failure of a call that the words to be used cannot say.
fn never_sent(unspellable: InvalidValue) -> ApiError {
    ApiError::new(Failure::InvalidRequest)
        .with_detail("nothing was sent, for the words to be used cannot say it")
        .with_source(unspellable)
        .not_sent()
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<A: BlocksApi> BlocksApi for Translated<A> {
    async fn blocking(
        &self,
        source: UserId,
        query: &BlockingQuery,
    ) -> Result<Reply<BlockingPage>, ApiError> {
        self.ask(query.selection(), |selection| async move {
            self.inner.blocking(source, &query.clone().with_selection(selection)).await
        })
        .await
    }

    async fn block(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        self.inner.block(pair).await
    }

    async fn unblock(&self, pair: BlockPair) -> Result<Reply<BlockState>, ApiError> {
        self.inner.unblock(pair).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<A: UsersApi> UsersApi for Translated<A> {
    async fn me(&self, selection: &Selection) -> Result<Reply<UserReply>, ApiError> {
        self.ask(selection, |selection| async move { self.inner.me(&selection).await }).await
    }

    async fn by_usernames(
        &self,
        usernames: &[Username],
        selection: &Selection,
    ) -> Result<Reply<UsersPage>, ApiError> {
        self.ask(selection, |selection| async move {
            self.inner.by_usernames(usernames, &selection).await
        })
        .await
    }

    async fn by_ids(
        &self,
        ids: &[UserId],
        selection: &Selection,
    ) -> Result<Reply<UsersPage>, ApiError> {
        self.ask(selection, |selection| async move { self.inner.by_ids(ids, &selection).await })
            .await
    }
}
