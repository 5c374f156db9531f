//! Cutting secrets out of what a server said.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use blocks_domain::{Problem, excerpt};
use secrecy::{ExposeSecret, SecretString};
use url::form_urlencoded::byte_serialize;

/// What stands where a secret stood.
const INSTEAD: &str = "[secret]";

/// What was sent or received and must not show, should a server send it back.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Vec<SecretString>);

impl Secrets {
    /// Adds a secret, and what a form makes of it where that is another text.
    pub(crate) fn and(mut self, secret: impl AsRef<str>) -> Self {
        let secret = secret.as_ref();
        let in_form: String = byte_serialize(secret.as_bytes()).collect();
        for spelling in [Some(secret), Some(in_form.as_str()).filter(|form| *form != secret)] {
            self.0.extend(spelling.filter(|text| !text.is_empty()).map(SecretString::from));
        }
        // The longest goes first, lest a part of it is cut out and the rest stays.
        self.0.sort_by_key(|secret| std::cmp::Reverse(secret.expose_secret().len()));
        self
    }

    /// Adds a password, and what HTTP Basic makes of it.
    pub(crate) fn and_basic(self, user: &str, password: &str) -> Self {
        let [user, in_form] =
            [user, password].map(|text| byte_serialize(text.as_bytes()).collect::<String>());
        self.and(password).and(BASE64_STANDARD.encode(format!("{user}:{in_form}")))
    }

    /// The beginning of a text without the secrets, fit to be shown.
    pub(crate) fn excerpt(&self, text: &str) -> String {
        excerpt(&self.cut_out_of(text))
    }

    /// Problems without the secrets, in whichever of their parts they stood.
    pub(crate) fn cut_out_of_problems(&self, problems: Vec<Problem>) -> Vec<Problem> {
        problems.into_iter().filter_map(|problem| self.cut_out_of_problem(problem)).collect()
    }

    /// A problem without the secrets; `None` where nothing readable is left of it.
    fn cut_out_of_problem(&self, problem: Problem) -> Option<Problem> {
        let json = serde_json::to_string(&problem).ok()?;
        let clean = self.cut_out_of(&json);
        if clean == json { Some(problem) } else { serde_json::from_str(&clean).ok() }
    }

    /// A text without the secrets, be it JSON or not.
    ///
    /// JSON can spell a secret with escapes, so its strings are looked at as what they mean.
    pub(crate) fn cut_out_of(&self, text: &str) -> String {
        let mut clean = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find('"') {
            let (before, quoted) = rest.split_at(start);
            clean.push_str(before);
            let (literal, after) = quoted.split_at(end_of_string(quoted));
            let meaning: Option<String> = serde_json::from_str(literal).ok();
            match meaning.map(|meaning| (self.replaced(&meaning), meaning)) {
                Some((clear, meaning)) if clear != meaning => clean.push_str(&as_json(&clear)),
                _ => clean.push_str(literal),
            }
            rest = after;
        }
        clean.push_str(rest);
        self.replaced(&clean)
    }

    fn replaced(&self, text: &str) -> String {
        let cut = |text: String, secret: &SecretString| without(&text, secret.expose_secret());
        self.0.iter().fold(text.to_owned(), cut)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} secrets", self.0.len())
    }
}

/// A text in which a secret is replaced, in whatever case: host names lose theirs.
fn without(text: &str, secret: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut end = 0;
    for (start, found) in lower(text).match_indices(&lower(secret)) {
        clean.push_str(&text[end..start]);
        clean.push_str(INSTEAD);
        end = start + found.len();
    }
    clean.push_str(&text[end..]);
    clean
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

    fn secrets() -> Secrets {
        Secrets::default().and("s3cret/T0ken")
    }

    #[test]
    fn a_secret_is_found_plain_and_escaped_and_in_either_case() {
        for (text, clean) in [
            ("Bearer s3cret/T0ken!", "Bearer [secret]!"),
            ("https://S3CRET/t0KEN", "https://[secret]"),
            ("refresh_token=s3cret%2FT0ken&x=1", "refresh_token=[secret]&x=1"),
            (r#"{"a":"s3cret\/T0ken","b":1}"#, r#"{"a":"[secret]","b":1}"#),
            (r#"{"\u00733cret/T0ken":["x\"s3cret/T0ken"]}"#, r#"{"[secret]":["x\"[secret]"]}"#),
            (r#"<p class="x">s3cret/T0ken</p>"#, r#"<p class="x">[secret]</p>"#),
            (r#"cut "off s3cret/T0ken"#, r#"cut "off [secret]"#),
        ] {
            assert_eq!(secrets().cut_out_of(text), clean);
        }
    }

    #[test]
    fn of_two_secrets_that_overlap_the_longer_leaves_nothing() {
        for secrets in [
            Secrets::default().and("s3cret").and("s3cret-and-m0re"),
            Secrets::default().and("s3cret-and-m0re").and("s3cret"),
        ] {
            assert_eq!(secrets.cut_out_of("s3cret-and-m0re, s3cret"), "[secret], [secret]");
        }
    }

    #[test]
    fn other_text_stays_as_it_is() {
        for text in ["", "\"", r#"{"a":"\u0041\/","n":1e400}"#, "s3cret/T0ke", "é\"\\"] {
            assert_eq!(secrets().cut_out_of(text), text);
        }
        assert_eq!(Secrets::default().and("").cut_out_of("abc"), "abc");
    }

    #[test]
    fn an_excerpt_does_not_end_within_a_secret() {
        let text = format!("{}s3cret/T0ken", "x".repeat(190));
        assert!(!secrets().excerpt(&text).contains("s3c"));
    }
}
