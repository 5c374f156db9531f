//! Random texts, numbers and times, as the keys of a file ask for them.

use jiff::{SignedDuration, Timestamp, tz};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Map, Number, Value, json};

use super::made::Made;

/// Pieces that texts are made of; some have a meaning in JSON, on a terminal, or in a query.
const PIECES: [&str; 14] = [
    "a",
    "Zürich",
    " ",
    "日本",
    "👩‍👩‍👧",
    "\"",
    "\\",
    "/",
    "\n",
    "\u{0}",
    "\u{7f}",
    "e\u{301}",
    "null",
    "\u{202e}",
];

/// Any text, at least so long.
pub(super) fn text(dice: &mut StdRng, at_least: usize) -> String {
    let pieces = at_least.max(dice.random_range(0..6));
    (0..pieces).filter_map(|_| PIECES.choose(dice).copied()).collect()
}

/// The digits of an id.
pub(super) fn id(dice: &mut StdRng) -> String {
    let most = *[9, 1 << 40, i64::MAX as u64].choose(dice).unwrap_or(&1);
    dice.random_range(1..=most).to_string()
}

/// A page token.
pub(super) fn token(dice: &mut StdRng) -> String {
    (0..dice.random_range(16..40)).map(|_| char::from(dice.random_range(b'a'..=b'z'))).collect()
}

/// A time in one of the forms that X has used, and in the one that it has today.
pub(super) fn time(dice: &mut StdRng) -> Made {
    let milliseconds = dice.random_range(1_142_899_200_000_i64..4_102_444_800_000);
    let exact = Timestamp::from_millisecond(milliseconds).unwrap_or_default();
    let whole = Timestamp::from_second(milliseconds / 1000).unwrap_or_default();
    let written = |time: Timestamp| json!(format!("{time:.3}"));
    let (sent, written) = match dice.random_range(0..5) {
        0 => (format!("{whole:.0}"), written(whole)),
        1 => (format!("{exact:.6}"), written(exact)),
        2 => (older(whole), written(whole)),
        3 => (with_offset(exact, dice), written(exact)),
        _ => (format!("{exact:.3}"), written(exact)),
    };
    Made::Other { sent: json!(sent), written }
}

fn older(time: Timestamp) -> String {
    time.strftime("%a %b %d %H:%M:%S +0000 %Y").to_string()
}

fn with_offset(time: Timestamp, dice: &mut StdRng) -> String {
    let hours = dice.random_range(-11..=14);
    let there = time + SignedDuration::from_hours(hours.into());
    let there = format!("{there:.3}");
    format!("{}{:+03}:00", there.trim_end_matches('Z'), tz::offset(hours).seconds() / 3600)
}

/// A whole number within bounds, at times in quotes.
pub(super) fn whole_number(dice: &mut StdRng, (least, most): (i64, i64), quoted: bool) -> Made {
    let near = least.saturating_add(9).min(most);
    let number = match dice.random_range(0..4) {
        0 => least,
        1 => most,
        2 => dice.random_range(least..=near),
        _ => dice.random_range(least..=most),
    };
    if quoted {
        return Made::Other { sent: json!(number.to_string()), written: json!(number) };
    }
    Made::Same(json!(number))
}

/// A number with a fraction, at times without one.
pub(super) fn number(dice: &mut StdRng) -> Made {
    if dice.random_ratio(1, 4) {
        let whole = dice.random_range(-180..=180_i32);
        return Made::Other { sent: json!(whole), written: json!(f64::from(whole)) };
    }
    let number = Number::from_f64(dice.random_range(-180.0..180.0));
    Made::Same(number.map_or(json!(0.5), Value::Number))
}

/// Any JSON.
pub(super) fn anything(dice: &mut StdRng, depth: usize) -> Value {
    match dice.random_range(0..if depth == 0 { 5 } else { 7 }) {
        0 => Value::Null,
        1 => json!(dice.random_bool(0.5)),
        2 => json!(dice.random::<i64>()),
        3 => json!(text(dice, 0)),
        4 => json!(dice.random_range(-1e300..1e300)),
        5 => (0..dice.random_range(0..3)).map(|_| anything(dice, depth - 1)).collect(),
        _ => Value::Object(unheard_of(dice, depth - 1)),
    }
}

/// Keys that nobody knows, with any values.
pub(super) fn unheard_of(dice: &mut StdRng, depth: usize) -> Map<String, Value> {
    let count = dice.random_range(0..3);
    let keys = (0..count).map(|number| {
        let key = format!("unheard_of_{number}{}", text(dice, 0));
        (key, anything(dice, depth))
    });
    keys.collect()
}
