//! Showing text that strangers wrote.

/// The most characters that an excerpt has.
const EXCERPT: usize = 200;

/// Whether a character acts on a terminal, or on the text around it, without being seen.
///
/// These are the control characters, the breaks of lines and paragraphs that are none to a
/// terminal, and the formats that hide text or change the order in which it is laid out. The two
/// joiners (U+200C, U+200D) are not among them: Persian and composed emoji need them.
///
/// ```
/// use blocks_domain::is_hidden;
///
/// assert!(['\u{1b}', '\u{9b}', '\u{200b}', '\u{202e}', '\u{61c}'].into_iter().all(is_hidden));
/// assert!(!"a 日本 مرحبا e\u{301} 👩‍👩‍👧".chars().any(is_hidden));
/// ```
#[must_use]
pub const fn is_hidden(c: char) -> bool {
    matches!(c,
        '\0'..='\x1f' | '\x7f'..='\u{9f}'      // control characters
        | '\u{061c}' | '\u{200e}' | '\u{200f}' // marks of direction
        | '\u{200b}' | '\u{feff}'              // spaces without width
        | '\u{2028}'..='\u{202e}'              // breaks, embeddings and overrides of direction
        | '\u{2060}'..='\u{206f}'              // isolates and other invisible formats
        | '\u{fff9}'..='\u{fffb}'              // notes between the lines
        | '\u{e0000}'..='\u{e007f}') // letters that tag others
}

/// The beginning of a text on one line, fit to be shown: at most 200 characters, and none of them
/// [hidden](is_hidden).
///
/// ```
/// use blocks_domain::excerpt;
///
/// assert_eq!(excerpt("Service\r\n\tUnavailable\u{1b}[2J\n"), "Service Unavailable [2J");
/// ```
#[must_use]
pub fn excerpt(text: &str) -> String {
    let mut shown = String::new();
    for word in text.split(|c: char| c.is_whitespace() || is_hidden(c)) {
        if !shown.is_empty() && !word.is_empty() {
            shown.push(' ');
        }
        shown.push_str(word);
    }
    match shown.char_indices().nth(EXCERPT) {
        None => shown,
        Some(_) => shown.chars().take(EXCERPT - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_one_short_line() {
        assert_eq!(excerpt(" Service\r\n\tUnavailable\n"), "Service Unavailable");
        let long = excerpt(&"ä".repeat(201));
        assert_eq!(long.chars().count(), 200);
        assert!(long.ends_with('…'));
        assert_eq!(excerpt(&"ä".repeat(200)), "ä".repeat(200));
    }

    #[test]
    fn nothing_reaches_a_terminal_that_moves_or_hides_text() {
        assert_eq!(excerpt("\u{1b}[31mred\u{7}\u{9b}2J"), "[31mred 2J");
        assert_eq!(excerpt("\u{202e}gpj.exe\u{feff}\u{200b}\u{61c}"), "gpj.exe");
        let every_control = (char::MIN..=char::MAX).filter(|c| c.is_control());
        assert!(every_control.into_iter().all(is_hidden));
    }

    #[test]
    fn joined_letters_stay_as_they_are() {
        for text in ["👩‍👩‍👧‍👦", "می‌خواهم"] {
            assert_eq!(excerpt(text), text);
        }
    }
}
