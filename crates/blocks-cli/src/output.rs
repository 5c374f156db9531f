//! Words for people and JSON for programs, safe to show on a terminal.

use std::borrow::Cow;
use std::fmt;
use std::io::{IsTerminal, Write};

use blocks_domain::{Usd, is_hidden};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::args::Globals;

/// Where results go, and in which form.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    pub(crate) json: bool,
    pub(crate) quiet: bool,
    /// Whether a person reads the results as they come.
    pub(crate) is_terminal: bool,
    /// Whether a person sees the progress.
    pub(crate) stderr_is_terminal: bool,
    /// Whether the commands that it names have to go to the sandbox, too.
    sandbox: bool,
}

/// `error`, in red where stderr shows colours.
pub(crate) const ERROR_WORD: &str = "\x1b[1;31merror\x1b[0m";

impl Output {
    pub(crate) fn new(globals: &Globals) -> Self {
        Self {
            json: globals.json,
            quiet: globals.quiet,
            sandbox: globals.sandbox,
            is_terminal: std::io::stdout().is_terminal(),
            stderr_is_terminal: std::io::stderr().is_terminal(),
        }
    }

    /// The columns of the terminal; `None` where the results go to a pipe or a file.
    pub(crate) fn width(self) -> Option<usize> {
        let (width, _) = self.is_terminal.then(terminal_size::terminal_size).flatten()?;
        Some(usize::from(width.0).max(40))
    }

    /// Writes a sentence of a result, on as many lines as the terminal needs.
    pub(crate) fn sentence(self, text: &str) -> anyhow::Result<()> {
        self.line(wrapped(&self.typed(text), self.width()))
    }

    /// Writes a heading and a sentence of a result beside it, whose further lines stand below it.
    pub(crate) fn hanging(self, heading: &str, text: &str) -> anyhow::Result<()> {
        let text = self.typed(text);
        let Some(width) = self.width() else { return self.line(format!("{heading}{text}")) };
        let indent = " ".repeat(heading.len());
        let options =
            textwrap::Options::new(width).initial_indent(heading).subsequent_indent(&indent);
        self.line(textwrap::fill(&text, options))
    }

    /// Writes one of many short results: who, and what is to be said of them.
    ///
    /// On a terminal what is said stands in a column; in a pipe it comes behind a tab.
    pub(crate) fn row(self, who: &str, what: &str) -> anyhow::Result<()> {
        self.line(match self.width() {
            Some(width) => in_columns(who, what, width),
            None => format!("{who}\t{what}"),
        })
    }

    /// Writes one line of a result as it is.
    pub(crate) fn line(self, text: impl fmt::Display) -> anyhow::Result<()> {
        write_out(&format!("{text}\n"))
    }

    /// Writes one JSON value as one line.
    pub(crate) fn json_line(self, value: &impl Serialize) -> anyhow::Result<()> {
        self.line(json_text(value)?)
    }

    /// Says something beside the results, on stderr, unless it was asked to be quiet.
    pub(crate) fn say(self, text: impl fmt::Display) {
        if !self.quiet {
            self.insist(text);
        }
    }

    /// Shows an address on stderr, on one line, so that it can be copied.
    pub(crate) fn address(self, url: &str) {
        anstream::eprintln!("\n{url}\n");
    }

    /// Says on stderr what a person must see before they are asked.
    pub(crate) fn insist(self, text: impl fmt::Display) {
        anstream::eprintln!("{}", wrapped(&self.typed(&text.to_string()), stderr_width()));
    }

    /// `cost`, or, of the money that nobody pays in the sandbox, `would have cost`.
    pub(crate) const fn has_cost(self) -> &'static str {
        if self.sandbox { "would have cost" } else { "cost" }
    }

    /// A text with its commands as a person would type them here.
    pub(crate) fn typed(self, text: &str) -> String {
        if !self.sandbox {
            return text.to_owned();
        }
        let mut parts = text.split("`blocks ");
        let mut typed = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let is_told = part.starts_with("--sandbox") || part.starts_with("sandbox");
            typed.push_str(if is_told { "`blocks " } else { "`blocks --sandbox " });
            typed.push_str(part);
        }
        typed
    }
}

/// A value as JSON on one line, in which nothing acts on a terminal.
pub(crate) fn json_text(value: &impl Serialize) -> anyhow::Result<String> {
    Ok(escaped(&serde_json::to_string(value)?).into_owned())
}

/// An amount as a number in JSON, digit by digit: money never passes through a float.
pub(crate) fn usd(amount: Usd) -> anyhow::Result<Box<RawValue>> {
    Ok(RawValue::from_string(amount.plain().to_string())?)
}

/// The columns of the terminal that stderr goes to, if it goes to one.
pub(crate) fn stderr_width() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(std::io::stderr())?;
    Some(usize::from(width.0).max(40))
}

/// Sentences broken between words to fit a terminal; as they are for anything else.
///
/// What is indented stays so on its further lines.
pub(crate) fn wrapped(text: &str, width: Option<usize>) -> String {
    let Some(width) = width else { return text.to_owned() };
    let fit = |line: &str| {
        let indent = &line[..line.len() - line.trim_start_matches(' ').len()];
        textwrap::fill(line, textwrap::Options::new(width).subsequent_indent(indent))
    };
    text.split('\n').map(fit).collect::<Vec<_>>().join("\n")
}

/// Two texts beside each other, or the second one below the first where there is no room.
fn in_columns(left: &str, right: &str, width: usize) -> String {
    let column = (width * 5 / 8).saturating_sub(textwrap::core::display_width(left)).max(2);
    let line = format!("{left}{:column$}{right}", "");
    if textwrap::core::display_width(&line) <= width {
        return line;
    }
    let further = textwrap::Options::new(width).subsequent_indent("    ");
    textwrap::fill(&format!("{left}  {right}"), further)
}

/// The reader of a pipe, such as `head`, has seen enough.
#[derive(Debug)]
pub(crate) struct ReaderLeft;

impl fmt::Display for ReaderLeft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the reader of the output has left")
    }
}

impl std::error::Error for ReaderLeft {}

/// Goes on without a reader, for commands whose work matters more than their words.
pub(crate) fn even_if_nobody_reads(written: anyhow::Result<()>) -> anyhow::Result<()> {
    match written {
        Err(error) if error.is::<ReaderLeft>() => Ok(()),
        written => written,
    }
}

/// Writes to stdout.
pub(crate) fn write_out(text: &str) -> anyhow::Result<()> {
    let mut stdout = anstream::stdout();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Err(ReaderLeft.into()),
        result => Ok(result?),
    }
}

/// Text from outside, made fit to be shown: nothing in it can move the cursor, colour the
/// screen, start a new line or turn the direction of writing.
///
/// Names and bios are whatever their owners typed. Controls are shown as their pictures
/// (`␛` for escape), other invisible mischief as `�`; tabs and line ends become spaces.
pub(crate) fn visible(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' | '\n' | '\r' | '\u{2028}' | '\u{2029}' => ' ',
            '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
            '\x7f' => '\u{2421}',
            c if is_mischief(c) => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// Hidden characters but the controls of ASCII, which JSON escapes and a terminal has signs for.
fn is_mischief(c: char) -> bool {
    is_hidden(c) && !matches!(c, '\0'..='\x1f')
}

/// JSON in which nothing acts on a terminal: it means the same, and escapes what JSON leaves raw.
fn escaped(json: &str) -> Cow<'_, str> {
    if !json.chars().any(is_mischief) {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(json.len() + 16);
    let mut units = [0_u16; 2];
    for c in json.chars() {
        if is_mischief(c) {
            for unit in c.encode_utf16(&mut units) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

/// A text as the beginning of a sentence.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A count as people write it: `1,234,567`.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 page`, `2 pages`, `1,000 pages`.
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

/// A day, in UTC: `2026-08-07`.
pub(crate) fn day(time: jiff::Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

/// A minute, in UTC: `2026-08-07 12:00 UTC`.
pub(crate) fn minute(time: jiff::Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// A length of time as people read a countdown: `14:32`, or `1:14:32`.
pub(crate) fn clock_face(time: std::time::Duration) -> String {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes:02}:{seconds:02}")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn nothing_in_a_bio_reaches_the_terminal_as_a_command() {
        let bio = "a\x1b[31mred\x1b]0;title\x07 \u{9b}2J \u{202e}evil\r\nnext\tcell\0";
        let shown = visible(bio);
        assert!(!shown.chars().any(|c| c.is_control() || is_mischief(c)), "{shown:?}");
        assert_eq!(shown, "a␛[31mred␛]0;title␇ �2J �evil  next cell␀");
    }

    #[test]
    fn joined_emoji_and_every_script_stay_as_they_are() {
        for text in ["👩‍👩‍👧‍👦", "日本語", "مرحبا", "e\u{301}"] {
            assert_eq!(visible(text), text);
        }
    }

    #[test]
    fn escaped_json_means_the_same() {
        let value = serde_json::json!({ "bio": "\u{9b}2J\u{202e}\u{e0041}\x7fok\x1b" });
        let json = serde_json::to_string(&value).expect("json");
        let escaped = escaped(&json);
        assert!(!escaped.chars().any(|c| c.is_control() || is_mischief(c)), "{escaped:?}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).expect("json"), value);
    }

    #[test]
    fn in_the_sandbox_commands_are_named_with_its_flag() {
        let output = |sandbox| Output {
            json: false,
            quiet: false,
            is_terminal: false,
            stderr_is_terminal: false,
            sandbox,
        };
        let text = "Run `blocks login`, or `blocks sandbox reset`.";
        assert_eq!(output(false).typed(text), text);
        let typed = "Run `blocks --sandbox login`, or `blocks sandbox reset`.";
        assert_eq!(output(true).typed(text), typed);
        assert_eq!(output(true).typed(typed), typed);
    }

    #[test]
    fn sentences_break_between_words_and_keep_their_indent() {
        let text = "one two three\n  four five six";
        assert_eq!(wrapped(text, Some(10)), "one two\nthree\n  four\n  five six");
        assert_eq!(wrapped(text, None), text);
    }

    #[test]
    fn columns_line_up_and_fit() {
        assert_eq!(in_columns("+ @a", "blocked", 40), format!("{:25}blocked", "+ @a"));
        assert_eq!(in_columns("+ @日本", "blocked", 40), format!("{:23}blocked", "+ @日本"));
        let long = in_columns("2026-08-07  - @somebody (Some Body)", "missing, cause unknown", 40);
        assert_eq!(long, "2026-08-07  - @somebody (Some Body)\n    missing, cause unknown");
    }

    #[test]
    fn counts_are_grouped() {
        for (count, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(count), text);
        }
    }

    #[test]
    fn a_countdown_never_shows_less_than_is_left() {
        assert_eq!(clock_face(Duration::from_millis(871_001)), "14:32");
        assert_eq!(clock_face(Duration::from_secs(4472)), "1:14:32");
    }
}
