//! What was found out about the words of a server.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use blocks_domain::Vocabulary;

/// Which vocabulary a server was found to know, shared by all who ask it.
///
/// Clones are handles on the same memory. It lives as long as they do; a program that wants to
/// know more at its next start keeps [`vocabulary`](Self::vocabulary) and begins with
/// [`known`](Self::known).
///
/// ```
/// use blocks_app::LearnedWords;
/// use blocks_domain::Vocabulary;
///
/// assert_eq!(LearnedWords::default().vocabulary(), None);
/// assert_eq!(LearnedWords::known(Vocabulary::Post).vocabulary(), Some(Vocabulary::Post));
/// ```
#[derive(Debug, Clone, Default)]
pub struct LearnedWords(Arc<Mutex<Option<Known>>>);

/// What is known of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Known {
    vocabulary: Vocabulary,
    /// Whether it refused the other one.
    is_the_only_one: bool,
    /// Whether it took a request in these words, rather than answering in them by itself.
    is_proven: bool,
}

impl LearnedWords {
    /// A memory of a server that knew this vocabulary before.
    #[must_use]
    pub fn known(vocabulary: Vocabulary) -> Self {
        let learned = Self::default();
        learned.seems_to_know(vocabulary);
        learned
    }

    /// The vocabulary to ask in; `None` as long as nothing is learned.
    #[must_use]
    pub fn vocabulary(&self) -> Option<Vocabulary> {
        self.memory().map(|known| known.vocabulary)
    }

    /// Whether the server refused the other vocabulary.
    pub(super) fn is_the_only_one(&self) -> bool {
        self.memory().is_some_and(|known| known.is_the_only_one)
    }

    /// Notes an answer in these words to a request that left the choice to the server.
    pub(super) fn seems_to_know(&self, vocabulary: Vocabulary) {
        let mut memory = self.memory();
        if !memory.is_some_and(|known| known.is_proven) {
            *memory = Some(Known { vocabulary, is_the_only_one: false, is_proven: false });
        }
    }

    /// Notes that the server took a request in these words.
    pub(super) fn knows(&self, vocabulary: Vocabulary) {
        let mut memory = self.memory();
        let is_the_only_one =
            memory.is_some_and(|known| known.vocabulary == vocabulary && known.is_the_only_one);
        *memory = Some(Known { vocabulary, is_the_only_one, is_proven: true });
    }

    /// Notes that the server took a request in these words, after refusing it in the others.
    pub(super) fn knows_only(&self, vocabulary: Vocabulary) {
        *self.memory() = Some(Known { vocabulary, is_the_only_one: true, is_proven: true });
    }

    fn memory(&self) -> MutexGuard<'_, Option<Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_proven_outweighs_what_was_seen() {
        let learned = LearnedWords::known(Vocabulary::Tweet);
        learned.seems_to_know(Vocabulary::Post);
        assert_eq!(learned.vocabulary(), Some(Vocabulary::Post), "the newest sight counts");
        learned.knows(Vocabulary::Tweet);
        learned.seems_to_know(Vocabulary::Post);
        assert_eq!(learned.vocabulary(), Some(Vocabulary::Tweet));
    }

    #[test]
    fn the_only_vocabulary_stays_the_only_one_until_the_other_is_taken() {
        let learned = LearnedWords::default();
        learned.knows(Vocabulary::Post);
        assert!(!learned.is_the_only_one());
        learned.knows_only(Vocabulary::Post);
        learned.knows(Vocabulary::Post);
        assert!(learned.is_the_only_one());
        learned.knows(Vocabulary::Tweet);
        assert!(!learned.is_the_only_one(), "the server took both");
    }
}
