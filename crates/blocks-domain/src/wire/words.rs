//! Which vocabulary an answer is written in.

use crate::{Place, RENAMES, Vocabulary};

/// How much of an answer is looked at: its first user says as much as all of them.
const LOOKED_AT: usize = 64 << 10;

/// The vocabulary that an answer is written in, by the first of its keys that only one of them
/// has; `None` where the first 64 KiB hold no such key.
///
/// The texts of people are no keys, whatever they say. The answer need not be valid JSON.
///
/// ```
/// use blocks_domain::{Vocabulary, words_of_answer};
///
/// let answer = r#"{"data":[{"id":"7","public_metrics":{"post_count":3}}]}"#;
/// assert_eq!(words_of_answer(answer), Some(Vocabulary::Post));
/// assert_eq!(words_of_answer(r#"{"data":[{"id":"7","name":"tweets"}]}"#), None);
/// ```
#[must_use]
pub fn words_of_answer(json: &str) -> Option<Vocabulary> {
    let bytes = json.as_bytes();
    let mut rest = &bytes[..bytes.len().min(LOOKED_AT)];
    loop {
        let (text, after) = next_string(rest)?;
        if after.trim_ascii_start().first() == Some(&b':')
            && let Some(vocabulary) = vocabulary_of_key(text)
        {
            return Some(vocabulary);
        }
        rest = after;
    }
}

/// The next string literal, without its quotes and as it is written, and what follows it.
fn next_string(json: &[u8]) -> Option<(&[u8], &[u8])> {
    let start = json.iter().position(|byte| *byte == b'"')? + 1;
    let json = &json[start..];
    let mut is_escaped = false;
    let end = json.iter().position(|byte| {
        let ends = *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        ends
    })?;
    Some((&json[..end], &json[end + 1..]))
}

fn vocabulary_of_key(key: &[u8]) -> Option<Vocabulary> {
    let keys = RENAMES.iter().filter(|row| matches!(row.place, Place::Key(_)));
    keys.filter_map(|row| Some((row.tweet?, row.post?))).find_map(|(tweet, post)| match key {
        key if key == tweet.as_bytes() => Some(Vocabulary::Tweet),
        key if key == post.as_bytes() => Some(Vocabulary::Post),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::BlockingPage;
    use crate::model::arbitrary::any_model;

    #[test]
    fn no_key_is_of_one_vocabulary_here_and_of_the_other_there() {
        let keys = || RENAMES.iter().filter(|row| matches!(row.place, Place::Key(_)));
        let tweet: BTreeSet<_> = keys().filter_map(|row| row.tweet).collect();
        let post: BTreeSet<_> = keys().filter_map(|row| row.post).collect();
        assert!(tweet.is_disjoint(&post), "{tweet:?}, {post:?}");
    }

    #[test]
    fn a_text_is_no_key() {
        for json in [
            r#"{"name":"tweets"}"#,
            r#"{"description":"he said \"tweet_count\": 3"}"#,
            r#"{"description":"\\","name":"\"posts\":"}"#,
            r#"["tweets","posts"]"#,
            r#"{"tweets"#,
            "",
        ] {
            assert_eq!(words_of_answer(json), None, "{json}");
        }
        assert_eq!(words_of_answer("{\"a\\\\\":1, \"tweets\" :[]}"), Some(Vocabulary::Tweet));
        let long = format!(r#"{{"name":"{}","tweets":[]}}"#, "é".repeat(LOOKED_AT / 2));
        assert_eq!(words_of_answer(&long), None, "too far away");
    }

    proptest! {
        #[test]
        fn a_page_is_in_the_words_that_it_was_written_in(page in any_model::<BlockingPage>()) {
            let written = Vocabulary::ALL
                .map(|words| serde_json::to_string(&page.spelled(words)).expect("JSON"));
            match written.each_ref().map(|json| words_of_answer(json)) {
                [Some(Vocabulary::Tweet), Some(Vocabulary::Post)] | [None, None] => {}
                found => prop_assert!(false, "{found:?} in {written:?}"),
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "[\"\\\\:a-z{ ]{0,80}") {
            let _ = words_of_answer(&text);
        }
    }
}
