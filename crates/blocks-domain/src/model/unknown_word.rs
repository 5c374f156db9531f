//! What a server says when a request is spelt in words that it does not know.

use std::collections::BTreeMap;
use std::fmt;

use super::problem::Problem;
use crate::vocabulary::only_in;
use crate::{Choice, Expansion, Place, PostField, RawJson, UserField, Vocabulary};

/// A word of a request that the server does not know, and that one vocabulary alone has.
///
/// A server that refuses a tweet word may know the post words, and the other way round. Its
/// `Display` says so, in a few words without a full stop.
///
/// ```
/// use blocks_domain::{Problem, UnknownWord, Vocabulary};
///
/// let json = r#"{"parameters":{"tweet.fields":["text"]},"message":"The query parameter [tweet.fields] is not one of [id,post.fields]"}"#;
/// let problem: Problem = serde_json::from_str(json)?;
/// let unknown = UnknownWord::named_by(&problem).expect("a tweet word");
/// assert_eq!(unknown.try_instead(), Vocabulary::Post);
/// assert_eq!(
///     unknown.to_string(),
///     "`tweet.fields` is a tweet word, so try the post words (the vocabulary `post`)"
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownWord {
    /// Where it stands in a request.
    pub place: Place,
    /// The word.
    pub word: &'static str,
    /// The one vocabulary that has it.
    pub vocabulary: Vocabulary,
}

impl UnknownWord {
    /// The word that a problem of a refusal (400) names; `None` where the problem is another, or
    /// the word is none of either vocabulary, or one of both.
    ///
    /// X says ``The query parameter [p] is not one of […]`` of a name, and ``The `p` query
    /// parameter value [x] is not one of […]`` of a value. Where a problem has no words, its
    /// `parameters` decide.
    #[must_use]
    pub fn named_by(problem: &Problem) -> Option<Self> {
        match problem.message() {
            Some(message) => Self::in_message(message),
            None => problem.parameters.as_ref().and_then(Self::in_parameters),
        }
    }

    /// The first such word that any of the problems names.
    #[must_use]
    pub fn first_of(problems: &[Problem]) -> Option<Self> {
        problems.iter().find_map(Self::named_by)
    }

    /// The vocabulary that the server may know: the other one.
    #[must_use]
    pub const fn try_instead(&self) -> Vocabulary {
        self.vocabulary.other()
    }

    fn in_message(message: &str) -> Option<Self> {
        let (start, refused) = message.split_once("query parameter")?;
        let (refused, _) = refused.split_once("] is not one of")?;
        if let Some(name) = refused.strip_prefix(" [") {
            return Self::find(Place::Parameter, name);
        }
        let value = refused.strip_prefix(" value [")?;
        let parameter = start.split('`').nth(1)?;
        Self::find(place_of_values(parameter)?, value)
    }

    fn in_parameters(parameters: &RawJson) -> Option<Self> {
        let named: BTreeMap<String, Vec<String>> = serde_json::from_str(parameters.get()).ok()?;
        named.iter().find_map(|(name, values)| {
            Self::find(Place::Parameter, name).or_else(|| {
                let place = place_of_values(name)?;
                let mut words = values.iter().flat_map(|value| value.split(','));
                words.find_map(|word| Self::find(place, word))
            })
        })
    }

    fn find(place: Place, word: &str) -> Option<Self> {
        let (word, vocabulary) = only_in(place, word)?;
        Some(Self { place, word, vocabulary })
    }
}

/// Where the values of a parameter stand, whatever the vocabulary that names it.
fn place_of_values(parameter: &str) -> Option<Place> {
    fn of<C: Choice>(parameter: &str) -> Option<Place> {
        Vocabulary::ALL.iter().any(|words| C::parameter(*words) == parameter).then_some(C::PLACE)
    }
    of::<UserField>(parameter)
        .or_else(|| of::<PostField>(parameter))
        .or_else(|| of::<Expansion>(parameter))
}

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, known, other) = (self.word, self.vocabulary, self.try_instead());
        write!(f, "`{word}` is a {known} word, so try the {other} words (the vocabulary `{other}`)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(message: &str) -> Option<(&'static str, Vocabulary)> {
        let problem = Problem { message: Some(message.to_owned()), ..Problem::default() };
        UnknownWord::named_by(&problem).map(|unknown| (unknown.word, unknown.try_instead()))
    }

    #[test]
    fn a_word_of_one_vocabulary_points_to_the_other() {
        for (message, word, other) in [
            (
                "The query parameter [tweet.fields] is not one of [expansions,id,post.fields]",
                "tweet.fields",
                Vocabulary::Post,
            ),
            (
                "The query parameter [post.fields] is not one of [expansions,id,tweet.fields]",
                "post.fields",
                Vocabulary::Tweet,
            ),
            (
                "The `expansions` query parameter value [pinned_tweet_id] is not one of [affiliation,pinned_post_id]",
                "pinned_tweet_id",
                Vocabulary::Post,
            ),
            (
                "The `user.fields` query parameter value [subscribes_to_you] is not one of [id,name]",
                "subscribes_to_you",
                Vocabulary::Tweet,
            ),
            (
                "The `user.fields` query parameter value [affiliation] is not one of [id,name]",
                "affiliation",
                Vocabulary::Post,
            ),
            (
                "The `tweet.fields` query parameter value [note_post] is not one of [note_tweet]",
                "note_post",
                Vocabulary::Tweet,
            ),
        ] {
            assert_eq!(told(message), Some((word, other)), "{message}");
        }
    }

    #[test]
    fn what_is_no_matter_of_words_points_nowhere() {
        for message in [
            "The query parameter [cursor] is not one of [expansions,id,post.fields]",
            "The query parameter [user.fields] is not one of [id]",
            "The `user.fields` query parameter value [karma] is not one of [id,name]",
            "The `user.fields` query parameter value [verified] is not one of [id,name]",
            "The `expansions` query parameter value [subscribes_to_you] is not one of [id,name]",
            "The `tweet.fields` query parameter value [text] is given more than once",
            "The `id` query parameter value [affiliation] is not one of [1,2]",
            "The `max_results` query parameter value [0] is not between 1 and 1000",
            "Sorry, the query parameter",
            "",
        ] {
            assert_eq!(told(message), None, "{message}");
        }
    }

    #[test]
    fn where_nothing_is_said_the_parameters_decide() {
        let unknown = |parameters: &str| {
            let parameters = RawJson::new(parameters).expect("JSON");
            let problem = Problem { parameters: Some(parameters), ..Problem::default() };
            UnknownWord::first_of(&[Problem::default(), problem]).map(|unknown| unknown.word)
        };
        assert_eq!(unknown(r#"{"tweet.fields":["text"]}"#), Some("tweet.fields"));
        let expansions = r#"{"expansions":["x,affiliation.user_id"]}"#;
        assert_eq!(unknown(expansions), Some("affiliation.user_id"));
        assert_eq!(unknown(r#"{"id":["affiliation"],"user.fields":["id"]}"#), None);
        assert_eq!(unknown(r#"{"tweet.fields":"text"}"#), None, "another shape");
    }
}
