//! What the headers of an answer tell.

use std::str::FromStr;

use blocks_domain::RateWindow;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap};

use crate::redact::Secrets;

/// What the headers tell; a header that is missing or holds nonsense is `None`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Head {
    pub(crate) rate: Option<RateWindow>,
    pub(crate) date: Option<Timestamp>,
    pub(crate) transaction_id: Option<String>,
    pub(crate) content_type: Option<String>,
}

impl Head {
    pub(crate) fn read(headers: &HeaderMap, secrets: &Secrets) -> Self {
        let date = text(headers, DATE.as_str()).and_then(http_date);
        Self {
            rate: rate_window(headers, date),
            date,
            transaction_id: text(headers, "x-transaction-id").map(|id| secrets.excerpt(id)),
            content_type: text(headers, CONTENT_TYPE.as_str()).map(|kind| secrets.excerpt(kind)),
        }
    }

    /// Whether the answer calls itself a page for people.
    pub(crate) fn says_page(&self) -> bool {
        self.content_type.as_deref().is_some_and(|content_type| {
            let essence = content_type.split(';').next().unwrap_or_default().trim_end();
            essence.to_ascii_lowercase().contains("html")
        })
    }

    /// Whether the answer calls itself JSON, `application/problem+json` included.
    pub(crate) fn says_json(&self) -> bool {
        self.content_type.as_deref().is_some_and(|content_type| {
            let essence = content_type.split(';').next().unwrap_or_default().trim_end();
            essence.to_ascii_lowercase().ends_with("json")
        })
    }
}

/// The rate window, if all three headers hold numbers.
fn rate_window(headers: &HeaderMap, server_now: Option<Timestamp>) -> Option<RateWindow> {
    let limit = number(headers, "x-rate-limit-limit")?;
    let remaining = number(headers, "x-rate-limit-remaining")?;
    let reset = Timestamp::from_second(number(headers, "x-rate-limit-reset")?).ok()?;
    Some(RateWindow::new(limit, remaining, reset, server_now))
}

fn number<T: FromStr>(headers: &HeaderMap, name: &str) -> Option<T> {
    text(headers, name)?.parse().ok()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let text = headers.get(name)?.to_str().ok()?.trim();
    (!text.is_empty()).then_some(text)
}

/// The date of an HTTP header, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn head(pairs: &[(&str, &str)]) -> Head {
        let pairs = pairs.iter().map(|(name, value)| {
            let name: HeaderName = name.parse().expect("a name");
            (name, HeaderValue::from_bytes(value.as_bytes()).expect("a value"))
        });
        Head::read(&pairs.collect(), &Secrets::default())
    }

    fn window(limit: &str, remaining: &str, reset: &str) -> Option<RateWindow> {
        let names = ["x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset"];
        head(&[(names[0], limit), (names[1], remaining), (names[2], reset)]).rate
    }

    #[test]
    fn a_window_is_told_in_the_time_of_the_server() {
        let told = head(&[
            ("X-Rate-Limit-Limit", "15"),
            ("x-rate-limit-remaining", " 3 "),
            ("x-rate-limit-reset", "784111800"),
            ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ]);
        let at = |second| Timestamp::from_second(second).expect("a time");
        assert_eq!(told.date, Some(at(784_111_777)));
        assert_eq!(told.rate, Some(RateWindow::new(15, 3, at(784_111_800), told.date)));
    }

    #[test]
    fn nonsense_tells_nothing() {
        assert!(window("15", "0", "1785000000").is_some());
        for (limit, remaining, reset) in [
            ("", "0", "1785000000"),
            ("fifteen", "0", "1785000000"),
            ("15", "-1", "1785000000"),
            ("15", "4294967296", "1785000000"),
            ("15", "0", "9223372036854775807"),
            ("15", "0", "-9223372036854775808"),
            ("15", "0", "1e9"),
            ("15", "0", "1785000000.5"),
            ("15", "é", "1785000000"),
        ] {
            assert_eq!(window(limit, remaining, reset), None, "{limit} {remaining} {reset}");
        }
        assert_eq!(head(&[("x-rate-limit-limit", "15")]).rate, None);
        for date in ["yesterday", "Mon, 06 Nov 1994 08:49:37 GMT", "06 Nov 999999 08:49:37 GMT"] {
            assert_eq!(head(&[("date", date)]).date, None, "{date}");
        }
    }

    #[test]
    fn json_is_known_by_any_of_its_names() {
        for name in
            ["application/json", "Application/JSON; charset=utf-8", "application/problem+json"]
        {
            assert!(head(&[("content-type", name)]).says_json(), "{name}");
        }
        for name in ["text/html; x=json", "text/plain", ""] {
            assert!(!head(&[("content-type", name)]).says_json(), "{name}");
        }
    }
}
