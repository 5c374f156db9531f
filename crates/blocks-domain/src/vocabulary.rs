//! The two vocabularies of the API, and the one table of their differences.

use std::fmt;
use std::str::FromStr;

use crate::InvalidValue;

/// How a request is spelt, and with it the answer.
///
/// In August 2026 (OpenAPI 2.167) X renamed every *tweet* to *post*.
/// The live server speaks both: the spelling of the request picks the spelling of the answer,
/// and a request that picks neither is answered in tweet words.
///
/// ```
/// use blocks_domain::{Choice, Expansion, Vocabulary};
///
/// assert_eq!(Expansion::PinnedPost.word(Vocabulary::Tweet), Some("pinned_tweet_id"));
/// assert_eq!(Expansion::PinnedPost.word(Vocabulary::Post), Some("pinned_post_id"));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Vocabulary {
    /// The words until 2.166: `tweet.fields`, `pinned_tweet_id`.
    #[default]
    Tweet,
    /// The words from 2.167 on: `post.fields`, `pinned_post_id`.
    Post,
}

impl Vocabulary {
    /// Both, the default first.
    pub const ALL: [Self; 2] = [Self::Tweet, Self::Post];

    /// The name under which people set it: `tweet` or `post`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tweet => "tweet",
            Self::Post => "post",
        }
    }

    /// The one that it is not.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Tweet => Self::Post,
            Self::Post => Self::Tweet,
        }
    }

    /// The one of the two words that belongs to this vocabulary.
    #[must_use]
    pub const fn pick(self, tweet: &'static str, post: &'static str) -> &'static str {
        match self {
            Self::Tweet => tweet,
            Self::Post => post,
        }
    }
}

impl fmt::Display for Vocabulary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// In which words to ask a server: in those of one vocabulary, or in those that it knows.
///
/// ```
/// use blocks_domain::{Vocabulary, Wording};
///
/// assert_eq!(Wording::default(), Wording::Fixed(Vocabulary::Tweet));
/// assert_eq!("auto".parse(), Ok(Wording::Auto));
/// assert_eq!(Wording::Fixed(Vocabulary::Post).to_string(), "post");
/// # Ok::<(), blocks_domain::InvalidValue>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wording {
    /// Always in the words of this vocabulary.
    Fixed(Vocabulary),
    /// In those that the server was found to know.
    Auto,
}

impl Wording {
    /// All of them, the default first.
    pub const ALL: [Self; 3] =
        [Self::Fixed(Vocabulary::Tweet), Self::Fixed(Vocabulary::Post), Self::Auto];

    /// The name under which people set it: `tweet`, `post` or `auto`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fixed(vocabulary) => vocabulary.name(),
            Self::Auto => "auto",
        }
    }
}

impl Default for Wording {
    fn default() -> Self {
        Self::Fixed(Vocabulary::default())
    }
}

impl fmt::Display for Wording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Wording {
    type Err = InvalidValue;

    fn from_str(name: &str) -> Result<Self, InvalidValue> {
        let found = Self::ALL.into_iter().find(|wording| wording.name() == name);
        found.ok_or_else(|| InvalidValue::new("words", name, "`tweet`, `post` or `auto`"))
    }
}

/// Where a renamed word stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Place {
    /// The name of a query parameter.
    Parameter,
    /// A value of the parameter `expansions`.
    Expansion,
    /// A value of the parameter `user.fields`.
    UserField,
    /// A value of the parameter `tweet.fields` (`post.fields`).
    PostField,
    /// A key of the named object in an answer, by the name of its model.
    Key(&'static str),
    /// A value of the named enum in an answer, by the name of its model.
    Value(&'static str),
}

/// One word that the two vocabularies spell differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rename {
    /// Where the word stands.
    pub place: Place,
    /// The word until 2.166, if that vocabulary has one.
    pub tweet: Option<&'static str>,
    /// The word from 2.167 on, if that vocabulary has one.
    pub post: Option<&'static str>,
}

const fn renamed(place: Place, tweet: &'static str, post: &'static str) -> Rename {
    Rename { place, tweet: Some(tweet), post: Some(post) }
}

const fn dropped(place: Place, tweet: &'static str) -> Rename {
    Rename { place, tweet: Some(tweet), post: None }
}

const fn added(place: Place, post: &'static str) -> Rename {
    Rename { place, tweet: None, post: Some(post) }
}

/// Every word that is not the same in both vocabularies, by place.
///
/// Source: the official OpenAPI files 2.166 and 2.167.
/// Requests are spelt from this table; the keys that the models read and write, and the words
/// that the references print, are held against it by tests.
pub const RENAMES: &[Rename] = &[
    renamed(Place::Parameter, "tweet.fields", "post.fields"),
    renamed(Place::Expansion, "affiliation.user_id", "affiliation"),
    renamed(Place::Expansion, "most_recent_tweet_id", "most_recent_post_id"),
    renamed(Place::Expansion, "pinned_tweet_id", "pinned_post_id"),
    dropped(Place::UserField, "affiliation"),
    dropped(Place::UserField, "most_recent_tweet_id"),
    dropped(Place::UserField, "pinned_tweet_id"),
    added(Place::UserField, "subscribes_to_you"),
    added(Place::PostField, "article_title"),
    dropped(Place::PostField, "author_id"),
    dropped(Place::PostField, "edit_history_tweet_ids"),
    dropped(Place::PostField, "in_reply_to_user_id"),
    renamed(Place::PostField, "note_tweet", "note_post"),
    dropped(Place::PostField, "referenced_tweets"),
    renamed(Place::Key("User"), "most_recent_tweet_id", "most_recent_post_id"),
    renamed(Place::Key("User"), "pinned_tweet_id", "pinned_post_id"),
    renamed(Place::Key("UserMetrics"), "tweet_count", "post_count"),
    renamed(Place::Key("Includes"), "tweets", "posts"),
    renamed(Place::Key("Post"), "edit_history_tweet_ids", "edit_history_post_ids"),
    renamed(Place::Key("Post"), "note_tweet", "note_post"),
    renamed(Place::Key("Post"), "referenced_tweets", "referenced_posts"),
    renamed(Place::Key("PostMetrics"), "retweet_count", "repost_count"),
    renamed(Place::Value("ResourceType"), "tweet", "post"),
    renamed(Place::Value("WithheldScope"), "tweet", "post"),
];

/// The word that `vocabulary` uses for what the other may spell differently.
///
/// `word` may come from either vocabulary; `None` says that `vocabulary` has no such word.
///
/// ```
/// use blocks_domain::{Place, Vocabulary, translate};
///
/// let place = Place::Key("UserMetrics");
/// assert_eq!(translate(place, "tweet_count", Vocabulary::Post), Some("post_count"));
/// assert_eq!(translate(place, "listed_count", Vocabulary::Post), Some("listed_count"));
/// assert_eq!(translate(Place::PostField, "author_id", Vocabulary::Post), None);
/// ```
#[must_use]
pub fn translate(place: Place, word: &str, vocabulary: Vocabulary) -> Option<&str> {
    let row = RENAMES
        .iter()
        .find(|row| row.place == place && (row.tweet == Some(word) || row.post == Some(word)));
    match (row, vocabulary) {
        (None, _) => Some(word),
        (Some(row), Vocabulary::Tweet) => row.tweet,
        (Some(row), Vocabulary::Post) => row.post,
    }
}

/// The word as it stands in [`RENAMES`], where one vocabulary alone has it at a place, and which.
pub(crate) fn only_in(place: Place, word: &str) -> Option<(&'static str, Vocabulary)> {
    RENAMES.iter().filter(|row| row.place == place).find_map(|row| {
        let has = |own: Option<&'static str>| own.filter(|own| *own == word);
        let tweet = has(row.tweet).map(|word| (word, Vocabulary::Tweet));
        tweet.or_else(|| has(row.post).map(|word| (word, Vocabulary::Post)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wording_is_known_by_its_name_and_by_no_other() {
        for wording in Wording::ALL {
            assert_eq!(wording.name().parse(), Ok(wording));
        }
        let error = "Tweet".parse::<Wording>().expect_err("a capital letter");
        let said = "`words` does not take \"Tweet\"; it takes `tweet`, `post` or `auto`";
        assert_eq!(error.to_string(), said);
    }

    #[test]
    fn no_word_stands_twice_at_one_place() {
        for (i, row) in RENAMES.iter().enumerate() {
            for other in &RENAMES[i + 1..] {
                if row.place == other.place {
                    assert!(row.tweet.is_none() || row.tweet != other.tweet, "{row:?}");
                    assert!(row.post.is_none() || row.post != other.post, "{row:?}");
                }
            }
        }
    }

    #[test]
    fn translating_there_and_back_is_the_same_word() {
        for row in RENAMES {
            if let (Some(tweet), Some(post)) = (row.tweet, row.post) {
                assert_eq!(translate(row.place, tweet, Vocabulary::Post), Some(post));
                assert_eq!(translate(row.place, post, Vocabulary::Tweet), Some(tweet));
            }
        }
    }
}
