//! Cutting the access token out of what a server said.

use blocks_domain::{Problem, excerpt};

/// What stands where the token stood.
const INSTEAD: &str = "[access token]";

/// The token that was sent, which nothing may show should a server send it back.
#[derive(Clone, Copy)]
pub(crate) struct Token<'a>(pub(crate) &'a str);

impl Token<'_> {
    /// The beginning of a text without the token, fit to be shown.
    pub(crate) fn excerpt(self, text: &str) -> String {
        excerpt(&self.cut_out_of(text))
    }

    /// Problems without the token, in whichever of their parts it stood.
    pub(crate) fn cut_out_of_problems(self, problems: Vec<Problem>) -> Vec<Problem> {
        problems.into_iter().filter_map(|problem| self.cut_out_of_problem(problem)).collect()
    }

    /// A problem without the token; `None` where nothing readable is left of it.
    fn cut_out_of_problem(self, problem: Problem) -> Option<Problem> {
        let json = serde_json::to_string(&problem).ok()?;
        let clean = self.cut_out_of(&json);
        if clean == json { Some(problem) } else { serde_json::from_str(&clean).ok() }
    }

    /// A text without the token, be it JSON or not.
    ///
    /// JSON can spell the token with escapes, so its strings are looked at as what they mean.
    pub(crate) fn cut_out_of(self, text: &str) -> String {
        let mut clean = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find('"') {
            let (before, quoted) = rest.split_at(start);
            clean.push_str(before);
            let (literal, after) = quoted.split_at(end_of_string(quoted));
            let meaning: Option<String> = serde_json::from_str(literal).ok();
            match meaning.filter(|meaning| self.is_in(meaning)) {
                Some(meaning) => clean.push_str(&as_json(&self.replaced(&meaning))),
                None => clean.push_str(literal),
            }
            rest = after;
        }
        clean.push_str(rest);
        self.replaced(&clean)
    }

    fn is_in(self, text: &str) -> bool {
        !self.0.is_empty() && lower(text).contains(&lower(self.0))
    }

    /// A text in which the token is replaced, in whatever case: host names lose theirs.
    fn replaced(self, text: &str) -> String {
        if !self.is_in(text) {
            return text.to_owned();
        }
        let (lower_text, lower_token) = (lower(text), lower(self.0));
        let mut clean = String::with_capacity(text.len());
        let mut end = 0;
        for (start, token) in lower_text.match_indices(&lower_token) {
            clean.push_str(&text[end..start]);
            clean.push_str(INSTEAD);
            end = start + token.len();
        }
        clean.push_str(&text[end..]);
        clean
    }
}

/// The same text, byte for byte in the same places, with small letters from A to Z.
fn lower(text: &str) -> String {
    text.to_ascii_lowercase()
}

fn as_json(text: &str) -> String {
    serde_json::to_string(text).expect("a string always becomes JSON")
}

/// How long the JSON string is with which a text begins; all of the text if it does not end.
fn end_of_string(text: &str) -> usize {
    let mut is_escaped = false;
    for (i, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return i + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: Token<'_> = Token("s3cret/T0ken");

    #[test]
    fn the_token_is_found_plain_and_escaped_and_in_either_case() {
        for (text, clean) in [
            ("Bearer s3cret/T0ken!", "Bearer [access token]!"),
            ("https://S3CRET/t0KEN", "https://[access token]"),
            (r#"{"a":"s3cret\/T0ken","b":1}"#, r#"{"a":"[access token]","b":1}"#),
            (
                r#"{"\u00733cret/T0ken":["x\"s3cret/T0ken"]}"#,
                r#"{"[access token]":["x\"[access token]"]}"#,
            ),
            (r#"<p class="x">s3cret/T0ken</p>"#, r#"<p class="x">[access token]</p>"#),
            (r#"cut "off s3cret/T0ken"#, r#"cut "off [access token]"#),
        ] {
            assert_eq!(TOKEN.cut_out_of(text), clean);
        }
    }

    #[test]
    fn other_text_stays_as_it_is() {
        for text in ["", "\"", r#"{"a":"\u0041\/","n":1e400}"#, "s3cret/T0ke", "é\"\\"] {
            assert_eq!(TOKEN.cut_out_of(text), text);
        }
        assert_eq!(Token("").cut_out_of("abc"), "abc");
    }

    #[test]
    fn an_excerpt_does_not_end_within_the_token() {
        let text = format!("{}s3cret/T0ken", "x".repeat(190));
        assert!(!TOKEN.excerpt(&text).contains("s3c"));
    }
}
