//! Texts in which some parts have a meaning of their own.

use blocks_domain::UserId;

/// A text, and the parts of it that have a meaning of their own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    text: String,
    spans: Vec<Span>,
}

impl Text {
    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The parts with a meaning, in the order of the text.
    #[must_use]
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }
}

/// A part of a text that has a meaning of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Span {
    /// The first character, counted from zero.
    pub start: u64,
    /// The character behind the last one.
    pub end: u64,
    /// What it means.
    pub meaning: Meaning,
}

/// What a part of a text means.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Meaning {
    /// A hashtag, without its sign.
    Hashtag(String),
    /// A ticker symbol, without its sign.
    Cashtag(String),
    /// Somebody else.
    Mention {
        /// Their handle, without `@`.
        username: String,
        /// Their id.
        id: UserId,
    },
    /// A link.
    Link {
        /// As it stands in the text.
        url: String,
        /// The address behind it.
        expanded: String,
        /// As it is shown.
        display: String,
    },
}

/// Puts a text together, part by part, with a space between parts.
#[derive(Debug, Default)]
pub(super) struct TextBuilder(Text);

impl TextBuilder {
    pub(super) fn plain(&mut self, part: &str) {
        self.append(part);
    }

    pub(super) fn hashtag(&mut self, tag: &str) {
        self.meaningful(&format!("#{tag}"), Meaning::Hashtag(tag.to_owned()));
    }

    pub(super) fn cashtag(&mut self, symbol: &str) {
        self.meaningful(&format!("${symbol}"), Meaning::Cashtag(symbol.to_owned()));
    }

    pub(super) fn mention(&mut self, username: &str, id: UserId) {
        let meaning = Meaning::Mention { username: username.to_owned(), id };
        self.meaningful(&format!("@{username}"), meaning);
    }

    /// A shortened link whose target `number` decides.
    pub(super) fn link(&mut self, number: u64) {
        let url = format!("https://t.co/{:010x}", number & 0xff_ffff_ffff);
        let display = format!("example.com/{:06x}", number >> 40);
        let expanded = format!("https://{display}");
        self.meaningful(&url.clone(), Meaning::Link { url, expanded, display });
    }

    pub(super) fn done(self) -> Text {
        self.0
    }

    fn meaningful(&mut self, part: &str, meaning: Meaning) {
        let (start, end) = self.append(part);
        self.0.spans.push(Span { start, end, meaning });
    }

    /// Adds a part, and answers where it lies.
    fn append(&mut self, part: &str) -> (u64, u64) {
        let length = |text: &str| text.chars().count() as u64;
        if !self.0.text.is_empty() {
            self.0.text.push(' ');
        }
        let start = length(&self.0.text);
        self.0.text.push_str(part);
        (start, start + length(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_points_at_its_part_whatever_stands_before_it() {
        let mut text = TextBuilder::default();
        text.plain("日本 👩‍🚀");
        text.hashtag("maps");
        text.link(7);
        let text = text.done();
        let parts: Vec<String> = text
            .spans()
            .iter()
            .map(|s| {
                text.text()
                    .chars()
                    .skip(s.start as usize)
                    .take((s.end - s.start) as usize)
                    .collect()
            })
            .collect();
        assert_eq!(parts, ["#maps", "https://t.co/0000000007"]);
    }
}
