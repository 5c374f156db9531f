//! Showing a little of what a server said.

/// The most characters that an excerpt has.
const MOST: usize = 200;

/// The beginning of a text on one line, fit to be shown on a terminal: at most 200 characters,
/// without control characters and without those that change how the others are laid out.
pub(crate) fn excerpt(text: &str) -> String {
    let shown: String = text.chars().map(|c| if is_invisible(c) { ' ' } else { c }).collect();
    let mut words = String::new();
    for word in shown.split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
    }
    if words.chars().nth(MOST).is_none() {
        return words;
    }
    words.chars().take(MOST - 1).chain(['…']).collect()
}

/// Control characters, and the format characters that hide or reorder text.
fn is_invisible(c: char) -> bool {
    let format = ['\u{200B}'..='\u{200F}', '\u{2028}'..='\u{202E}', '\u{2060}'..='\u{206F}'];
    c.is_control() || c == '\u{FEFF}' || format.iter().any(|range| range.contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_one_short_line() {
        assert_eq!(excerpt("Service\r\n\tUnavailable\n"), "Service Unavailable");
        let long = excerpt(&"ä".repeat(201));
        assert_eq!(long.chars().count(), 200);
        assert!(long.ends_with('…'));
        assert_eq!(excerpt(&"ä".repeat(200)), "ä".repeat(200));
    }

    #[test]
    fn nothing_reaches_a_terminal_that_moves_or_hides_text() {
        assert_eq!(excerpt("\u{1b}[31mred\u{7}\u{9b}2J"), "[31mred 2J");
        assert_eq!(excerpt("\u{202e}gpj.exe\u{feff}"), "gpj.exe");
    }
}
