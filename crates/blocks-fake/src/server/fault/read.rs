//! Faults from a file or from the control interface, read strictly.

use std::fmt;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::documented::{Documented, place};
use super::kinds::{COMMON_KEYS, KindOfFault};
use super::meet::STALL;
use super::{Fault, FaultKind, FaultyHeader, Place};

/// Why a text holds no list of faults.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidFaults {
    /// The line of the file, from 1 on; `None` where there are no lines.
    pub line: Option<usize>,
    /// What is wrong there.
    pub what: String,
}

impl fmt::Display for InvalidFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

impl std::error::Error for InvalidFaults {}

/// One table of a file, or one object.
struct Table {
    /// Where it begins.
    line: Option<usize>,
    entries: Vec<Entry>,
}

/// A key with its value.
struct Entry {
    line: Option<usize>,
    key: String,
    value: Value,
}

impl Fault {
    /// Reads a file of faults: TOML with a table `[[faults]]` for each, in the order in which
    /// they wait. [`KindOfFault`] lists the kinds and their keys.
    ///
    /// # Errors
    /// It is no TOML, or a key or a value is none that a fault takes.
    ///
    /// ```
    /// use blocks_fake::server::Fault;
    ///
    /// let faults = Fault::read_toml(r#"
    /// [[faults]]
    /// kind = "status"
    /// status = 503
    /// at = "GET /2/users/:id/blocking"
    /// times = 2
    /// "#)?;
    /// assert_eq!(faults.len(), 1);
    ///
    /// let error = Fault::read_toml("[[faults]]\nkind = \"delay\"\nsecs = 3\n").unwrap_err();
    /// assert_eq!(error.to_string(), "line 3: `secs` is no key of a fault of kind `delay`: \
    ///     it takes kind, ms, at, after, times, probability, from, until");
    /// # Ok::<(), blocks_fake::server::InvalidFaults>(())
    /// ```
    pub fn read_toml(text: &str) -> Result<Vec<Self>, InvalidFaults> {
        let lines = Lines(text);
        let document = DeTable::parse(text).map_err(|error| InvalidFaults {
            line: error.span().and_then(|span| lines.of(span.start)),
            what: error.message().to_owned(),
        })?;
        lines.tables(document.get_ref())?.into_iter().map(Table::fault).collect()
    }

    /// Reads `{"faults": [{"kind": …}, …]}`, in which each fault has the keys that it has in a
    /// file.
    ///
    /// # Errors
    /// It has another shape, or a key or a value is none that a fault takes.
    pub fn read_json(body: &Value) -> Result<Vec<Self>, InvalidFaults> {
        let shape = || wrong(None, "the body must be {\"faults\": [{\"kind\": …}, …]}");
        let body = body.as_object().filter(|body| body.len() == 1).ok_or_else(shape)?;
        let faults = body.get("faults").and_then(Value::as_array).ok_or_else(shape)?;
        let numbered = faults.iter().enumerate().map(|(at, fault)| {
            let entries = fault.as_object().ok_or_else(shape)?.iter();
            let entries = entries.map(|(key, value)| Entry::new(None, key, value.clone()));
            let table = Table { line: None, entries: entries.collect() };
            table.fault().map_err(|error| wrong(None, format!("fault {}: {error}", at + 1)))
        });
        numbered.collect()
    }
}

/// The text of a file, by which its parts are told their lines.
struct Lines<'a>(&'a str);

impl Lines<'_> {
    fn of(&self, at: usize) -> Option<usize> {
        Some(1 + self.0.bytes().take(at).filter(|byte| *byte == b'\n').count())
    }

    /// The tables of a document that has nothing else.
    fn tables(&self, document: &DeTable<'_>) -> Result<Vec<Table>, InvalidFaults> {
        let mut tables = Vec::new();
        for (key, value) in document {
            let line = self.of(key.span().start);
            if key.get_ref() != "faults" {
                let what = format!(
                    "`{}` is not known here: each fault is a table `[[faults]]`",
                    key.get_ref()
                );
                return Err(wrong(line, what));
            }
            let all = value.get_ref().as_array();
            for fault in all.ok_or_else(|| wrong(line, "each fault is a table `[[faults]]`"))? {
                let line = self.of(fault.span().start);
                let table = fault.get_ref().as_table();
                let table = table.ok_or_else(|| wrong(line, "a fault must be a table"))?;
                let entry = |(key, value): (&Spanned<DeString<'_>>, &Spanned<DeValue<'_>>)| {
                    Entry::new(self.of(key.span().start), key.get_ref(), json(value.get_ref()))
                };
                tables.push(Table { line, entries: table.iter().map(entry).collect() });
            }
        }
        Ok(tables)
    }
}

/// A value of a fault; no fault takes lists or tables, so that they are as good as nothing.
fn json(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or(Value::Null, Value::from)
        }
        DeValue::Float(number) => number.as_str().parse::<f64>().map_or(Value::Null, Value::from),
        DeValue::Boolean(flag) => Value::from(*flag),
        DeValue::Datetime(moment) => Value::from(moment.to_string()),
        DeValue::Array(_) | DeValue::Table(_) => Value::Null,
    }
}

impl Entry {
    fn new(line: Option<usize>, key: &str, value: Value) -> Self {
        Self { line, key: key.to_owned(), value }
    }
}

impl Table {
    fn fault(self) -> Result<Fault, InvalidFaults> {
        let (name, line) = self.required("kind", text)?;
        let kind = KindOfFault::named(&name).ok_or_else(|| {
            let names = KindOfFault::ALL.map(|kind| kind.name).join(", ");
            wrong(line, format!("`{name}` is no kind of fault: there are {names}"))
        })?;
        self.check_keys(kind)?;
        let mut fault = Fault::new(self.kind(kind.name)?);
        if let Some((at, line)) = self.optional("at", text)? {
            fault.place = place(&at).ok_or_else(|| wrong(line, no_place(&at)))?;
            let has_pages = fault.place != Place::TokenEndpoint;
            if fault.kind.is_of_pages() && !has_pages {
                return Err(wrong(line, format!("a fault of kind `{name}` needs pages")));
            }
        }
        fault.after = self.optional("after", count)?.map_or(0, |(after, _)| after);
        fault.times = self.optional("times", count)?.map(|(times, _)| times);
        fault.probability = self.optional("probability", probability)?.map(|(value, _)| value);
        fault.from = self.optional("from", moment)?.map(|(from, _)| from);
        fault.until = self.optional("until", moment)?.map(|(until, _)| until);
        Ok(fault)
    }

    fn kind(&self, name: &str) -> Result<FaultKind, InvalidFaults> {
        Ok(match name {
            "status" => return self.status(),
            "delay" => FaultKind::Delay(self.required("ms", duration)?.0),
            "drip" => FaultKind::Drip {
                bytes: self.optional("bytes", size)?.map_or(64, |(bytes, _)| bytes),
                pause: self
                    .optional("ms", duration)?
                    .map_or(Duration::from_millis(100), |(pause, _)| pause),
            },
            "stall" => FaultKind::Stall(self.optional("ms", duration)?.map_or(STALL, |(ms, _)| ms)),
            "truncate" => FaultKind::TruncatedBody,
            "reset" => FaultKind::Reset,
            "malformed-json" => FaultKind::MalformedJson,
            "oversized" => FaultKind::Oversized(self.required("bytes", size)?.0.into()),
            "missing-header" => FaultKind::MissingHeader(self.required("header", header)?.0),
            "wrong-header" => {
                let (value, line) = self.required("value", text)?;
                if axum::http::HeaderValue::from_str(&value).is_err() {
                    return Err(wrong(line, "`value` cannot stand in a header"));
                }
                FaultKind::WrongHeader(self.required("header", header)?.0, value)
            }
            "clock-off" => FaultKind::ClockOff(self.required("seconds", seconds)?.0),
            "without-meta" => FaultKind::WithoutMeta,
            "without-next-token" => FaultKind::WithoutNextToken,
            "repeated-token" => FaultKind::RepeatedToken,
            "duplicate-page" => FaultKind::DuplicatePage,
            "empty-page" => FaultKind::EmptyPage,
            _ => FaultKind::ResultCountOff(self.required("by", whole)?.0),
        })
    }

    fn status(&self) -> Result<FaultKind, InvalidFaults> {
        let (status, line) = self.required("status", status)?;
        let body = self.optional("body", text)?.map(|(body, _)| body);
        let format = self.optional("format", format)?.map_or(Format::Json, |(format, _)| format);
        let problem = self.optional("problem", text)?;
        let documented = match &problem {
            None => Documented::of_status(status),
            Some((problem, line)) => {
                let of_status = Documented::ALL.into_iter().filter(|d| d.status() == status);
                let problems: Vec<_> = of_status.map(|d| (d.problem(), d)).collect();
                let found = problems.iter().find(|(name, _)| name == problem);
                let names: Vec<_> = problems.iter().map(|(name, _)| *name).collect();
                Some(found.ok_or_else(|| wrong(*line, no_problem(problem, status, &names)))?.1)
            }
        };
        let title = || documented.map(Documented::title);
        match (format, body) {
            (Format::Json, None) => documented.map(FaultKind::Documented),
            (Format::Json, Some(body)) => Some(FaultKind::json(status, body)),
            (Format::Text, body) => {
                body.or_else(|| title().map(str::to_owned)).map(|b| FaultKind::plain(status, b))
            }
            (Format::Html, body) => {
                body.or_else(|| title().map(html)).map(|b| FaultKind::html(status, b))
            }
        }
        .ok_or_else(|| wrong(line, format!("status {status} has no documented body: add `body`")))
    }

    fn check_keys(&self, kind: &KindOfFault) -> Result<(), InvalidFaults> {
        let keys = ["kind"].into_iter().chain(kind.keys.iter().chain(COMMON_KEYS).map(|(k, _)| *k));
        let keys: Vec<_> = keys.collect();
        match self.entries.iter().find(|entry| !keys.contains(&entry.key.as_str())) {
            None => Ok(()),
            Some(Entry { line, key, .. }) => {
                let (name, keys) = (kind.name, keys.join(", "));
                let what =
                    format!("`{key}` is no key of a fault of kind `{name}`: it takes {keys}");
                Err(wrong(*line, what))
            }
        }
    }

    /// The value of a key, with its line.
    fn optional<T>(
        &self,
        key: &str,
        read: fn(&Value) -> Result<T, &'static str>,
    ) -> Result<Option<(T, Option<usize>)>, InvalidFaults> {
        let Some(entry) = self.entries.iter().find(|entry| entry.key == key) else {
            return Ok(None);
        };
        match read(&entry.value) {
            Ok(value) => Ok(Some((value, entry.line))),
            Err(must_be) => Err(wrong(entry.line, format!("`{key}` must be {must_be}"))),
        }
    }

    fn required<T>(
        &self,
        key: &str,
        read: fn(&Value) -> Result<T, &'static str>,
    ) -> Result<(T, Option<usize>), InvalidFaults> {
        self.optional(key, read)?
            .ok_or_else(|| wrong(self.line, format!("this fault lacks the key `{key}`")))
    }
}

/// What a body of a status is.
enum Format {
    Json,
    Text,
    Html,
}

fn wrong(line: Option<usize>, what: impl Into<String>) -> InvalidFaults {
    InvalidFaults { line, what: what.into() }
}

fn no_place(at: &str) -> String {
    use blocks_domain::Endpoint;
    let places = Endpoint::ALL.map(Place::Call).into_iter();
    let places = places.chain([Place::TokenEndpoint]).map(|place| place.to_string());
    let places: Vec<_> = places.collect();
    format!("no call is spelled `{at}`: there are all, {}", places.join(", "))
}

fn no_problem(problem: &str, status: u16, names: &[&str]) -> String {
    match names {
        [] => format!("status {status} has no documented problems"),
        names => {
            format!("`{problem}` is none of the problems of status {status}: {}", names.join(", "))
        }
    }
}

fn html(title: &str) -> String {
    format!("<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>")
}

fn text(value: &Value) -> Result<String, &'static str> {
    value.as_str().map(str::to_owned).ok_or("a text")
}

fn whole(value: &Value) -> Result<i64, &'static str> {
    value.as_i64().ok_or("a whole number")
}

fn count(value: &Value) -> Result<u32, &'static str> {
    let count = value.as_u64().and_then(|count| u32::try_from(count).ok());
    count.ok_or("a whole number from 0 to 4294967295")
}

fn size(value: &Value) -> Result<u32, &'static str> {
    let size = value.as_u64().and_then(|size| u32::try_from(size).ok());
    size.filter(|size| *size > 0).ok_or("a number of bytes from 1 to 4294967295")
}

fn status(value: &Value) -> Result<u16, &'static str> {
    let status = value.as_u64().and_then(|status| u16::try_from(status).ok());
    status.filter(|status| (200..=599).contains(status)).ok_or("a status from 200 to 599")
}

fn duration(value: &Value) -> Result<Duration, &'static str> {
    const A_DAY: u64 = 86_400_000;
    let ms = value.as_u64().filter(|ms| *ms <= A_DAY);
    ms.map(Duration::from_millis).ok_or("a number of milliseconds from 0 to 86400000")
}

fn seconds(value: &Value) -> Result<SignedDuration, &'static str> {
    const A_CENTURY: i64 = 3_155_760_000;
    let seconds = value.as_i64().filter(|seconds| (-A_CENTURY..=A_CENTURY).contains(seconds));
    seconds.map(SignedDuration::from_secs).ok_or("a whole number of seconds, a century at most")
}

fn probability(value: &Value) -> Result<f64, &'static str> {
    value.as_f64().filter(|p| (0.0..=1.0).contains(p)).ok_or("a number from 0 to 1")
}

fn moment(value: &Value) -> Result<Timestamp, &'static str> {
    let moment = value.as_str().and_then(|text| text.parse().ok());
    moment.ok_or("a time with its offset, such as 2026-08-07T12:00:00Z")
}

fn format(value: &Value) -> Result<Format, &'static str> {
    match value.as_str() {
        Some("json") => Ok(Format::Json),
        Some("text") => Ok(Format::Text),
        Some("html") => Ok(Format::Html),
        _ => Err("json, text or html"),
    }
}

fn header(value: &Value) -> Result<FaultyHeader, &'static str> {
    let named = |header: &FaultyHeader| value.as_str() == Some(header.name());
    FaultyHeader::ALL.into_iter().find(named).ok_or(
        "one of x-rate-limit-limit, x-rate-limit-remaining, x-rate-limit-reset, date, content-type",
    )
}

#[cfg(test)]
mod tests;
