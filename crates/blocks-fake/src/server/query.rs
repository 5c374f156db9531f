//! What a query string asks for, read strictly.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use blocks_domain::{Choice, Expansion, PostField, UserField, Vocabulary};

use super::refusal::Violation;

/// Reads the parameters of one request, and gathers what is wrong with them.
#[derive(Debug)]
pub(super) struct Reader {
    pairs: Vec<(String, String)>,
    spelling: Option<Vocabulary>,
    violations: Vec<Violation>,
}

/// What is asked for of the users, and in which words the answer is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) words: Vocabulary,
    pub(super) user_fields: BTreeSet<UserField>,
    pub(super) post_fields: BTreeSet<PostField>,
    pub(super) expansions: BTreeSet<Expansion>,
}

const TWEET_FIELDS: &str = "tweet.fields";
const POST_FIELDS: &str = "post.fields";

impl Reader {
    /// Reads a query string that may hold `names`, and what selects fields if `selects`.
    pub(super) fn new(query: &str, names: &[&'static str], selects: bool) -> Self {
        let pairs = pairs(query);
        let has = |name| pairs.iter().any(|(n, _)| n == name);
        let spelling = match (has(POST_FIELDS), has(TWEET_FIELDS)) {
            (true, _) => Some(Vocabulary::Post),
            (false, true) => Some(Vocabulary::Tweet),
            (false, false) => None,
        };
        let mut names = names.to_vec();
        if selects {
            let posts = spelling.unwrap_or_default().pick(TWEET_FIELDS, POST_FIELDS);
            names.extend(["expansions", "user.fields", posts]);
        }
        names.sort_unstable();

        let (mut violations, mut seen) = (Vec::new(), BTreeSet::new());
        for (name, value) in &pairs {
            if !names.contains(&name.as_str()) {
                violations.push(Violation::unknown_parameter(name, value, &names));
            } else if !seen.insert(name) {
                violations.push(Violation::given_twice(name, value));
            }
        }
        Self { pairs, spelling, violations }
    }

    /// The value of a parameter.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn refuse(&mut self, violation: Violation) {
        self.violations.push(violation);
    }

    /// The size of a page.
    pub(super) fn max_results(&mut self) -> usize {
        self.number("max_results", 100, 1..=1000)
    }

    /// A number within bounds, or what stands for it where it is left out.
    pub(super) fn number(
        &mut self,
        name: &str,
        unasked: usize,
        bounds: RangeInclusive<usize>,
    ) -> usize {
        let Some(text) = self.text(name) else { return unasked };
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(number) if digits && bounds.contains(&number) => number,
            _ => {
                let violation = Violation::not_between(name, text, *bounds.start(), *bounds.end());
                self.refuse(violation);
                unasked
            }
        }
    }

    /// Fields and expansions.
    pub(super) fn asked(&mut self) -> Asked {
        let words = self.spelling.unwrap_or_default();
        let posts = words.pick(TWEET_FIELDS, POST_FIELDS);
        // The server still takes the old names of a user's fields in a request in the new words.
        let old_names = self.spelling == Some(Vocabulary::Post);
        let user_fields = self.listed("user.fields", old_names);
        let post_fields = self.listed(posts, false);
        let expansions = self.listed("expansions", false);
        Asked { words, user_fields, post_fields, expansions }
    }

    /// Ends the reading: what was wrong, if anything was.
    pub(super) fn finish(self) -> Result<(), Vec<Violation>> {
        if self.violations.is_empty() { Ok(()) } else { Err(self.violations) }
    }

    /// The choices that a parameter lists; a request that has not settled on a spelling, and one
    /// that may use `old_names`, is read in both.
    fn listed<C: Choice>(&mut self, name: &str, old_names: bool) -> BTreeSet<C> {
        let Some(text) = self.text(name).map(str::to_owned) else { return BTreeSet::new() };
        let spellings = match self.spelling {
            Some(words) if !old_names => vec![words],
            Some(words) => vec![words, Vocabulary::Tweet],
            None => Vocabulary::ALL.to_vec(),
        };
        let mut chosen = BTreeSet::new();
        for word in text.split(',') {
            let named =
                |choice: &&C| spellings.iter().any(|words| choice.word(*words) == Some(word));
            match C::ALL.iter().find(named) {
                Some(choice) => {
                    chosen.insert(*choice);
                }
                None => {
                    let words = C::words(self.spelling.unwrap_or_default());
                    self.refuse(Violation::not_one_of(name, word, &words));
                }
            }
        }
        chosen
    }
}

/// The parameters of a query string, or of a form.
pub(super) fn pairs(query: &str) -> Vec<(String, String)> {
    let parts = query.split('&').filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (decoded(name, true), decoded(value, true))
        })
        .collect()
}

/// The value of one parameter of a query string.
pub(super) fn value(query: &str, name: &str) -> Option<String> {
    pairs(query).into_iter().find_map(|(n, value)| (n == name).then_some(value))
}

/// Takes the percent-encoding off a text, and in a query the `+` for a space.
pub(super) fn decoded(text: &str, is_query: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = match rest {
            [b'%', high, low, ..] => hex(*high).zip(hex(*low)).map(|(high, low)| high << 4 | low),
            _ => None,
        };
        match escaped {
            Some(byte) => {
                bytes.push(byte);
                rest = &rest[3..];
            }
            None => {
                bytes.push(if is_query && *first == b'+' { b' ' } else { *first });
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asked(query: &str) -> Result<Asked, Vec<Violation>> {
        let mut reader = Reader::new(query, &[], true);
        let asked = reader.asked();
        reader.finish().map(|()| asked)
    }

    #[test]
    fn percent_encoding_is_taken_off() {
        assert_eq!(decoded("a%2Cb+c%20d%", true), "a,b c d%");
        assert_eq!(decoded("a+b%zz", false), "a+b%zz");
    }

    #[test]
    fn the_spelling_of_the_request_is_that_of_the_answer() {
        let words = |query| asked(query).map(|asked| asked.words);
        assert_eq!(words(""), Ok(Vocabulary::Tweet));
        assert_eq!(words("tweet.fields=id"), Ok(Vocabulary::Tweet));
        assert_eq!(words("post.fields=id"), Ok(Vocabulary::Post));
        assert_eq!(words("expansions=pinned_post_id"), Ok(Vocabulary::Tweet));
        assert_eq!(words("post.fields=id&user.fields=pinned_tweet_id"), Ok(Vocabulary::Post));
    }

    #[test]
    fn a_settled_spelling_is_kept_to() {
        for query in [
            "post.fields=id&expansions=pinned_tweet_id",
            "tweet.fields=id&expansions=pinned_post_id",
            "tweet.fields=id&user.fields=subscribes_to_you",
            "post.fields=author_id",
            "post.fields=id&tweet.fields=id",
            "user.fields=",
            "user.fields=id,,name",
            "user.fields=id&user.fields=name",
        ] {
            assert_eq!(asked(query).map_err(|violations| violations.len()), Err(1), "{query}");
        }
    }

    proptest! {
        #[test]
        fn no_query_makes_it_panic(query in "\\PC{0,60}") {
            let _ = asked(&query);
        }
    }
}
