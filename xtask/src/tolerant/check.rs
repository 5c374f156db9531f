//! Reading a document and writing it back.

use std::fmt::Debug;

use blocks_domain::{BlockStateReply, BlockingPage, FromJson, UserReply, UsersPage, Vocabulary};
use serde_json::Value;

use super::made::Made;

/// A model that reads documents and writes them back.
pub(super) trait Model: FromJson + PartialEq + Debug {
    /// The JSON in the words of a vocabulary.
    fn written(&self, words: Vocabulary) -> serde_json::Result<String>;
}

macro_rules! models {
    ($($name:ident),*) => {$(
        impl Model for $name {
            fn written(&self, words: Vocabulary) -> serde_json::Result<String> {
                serde_json::to_string(&self.spelled(words))
            }
        }
    )*};
}

models!(BlockStateReply, BlockingPage, UserReply, UsersPage);

/// Holds what a model makes of a document.
pub(super) type Check = fn(&Made, Vocabulary) -> Result<(), String>;

/// The check for the answer of a call; `None` where no model is for it.
pub(super) fn of_call(method: &str, path: &str) -> Option<Check> {
    Some(match (method, path) {
        ("GET", path) if path.ends_with("/blocking") => round_trip::<BlockingPage>,
        ("POST" | "DELETE", path) if path.contains("/blocking") => round_trip::<BlockStateReply>,
        ("GET", "/2/users/me") => round_trip::<UserReply>,
        ("GET", "/2/users" | "/2/users/by") => round_trip::<UsersPage>,
        _ => return None,
    })
}

/// Reads a document that came in the words of a vocabulary, writes it in both, and reads that.
///
/// # Errors
/// Something was lost or changed, and where.
pub(super) fn round_trip<M: Model>(made: &Made, sent: Vocabulary) -> Result<(), String> {
    let text = made.sent(sent).to_string();
    let (model, oddities) = M::from_json(&text).map_err(|error| format!("not read: {error}"))?;
    if oddities.count() != made.odd() {
        let (count, first) = (oddities.count(), oddities.first().unwrap_or("none"));
        return Err(format!("{count} odd values, not {}; the first: {first}", made.odd()));
    }
    for words in Vocabulary::ALL {
        let json = model.written(words).map_err(|error| format!("not written: {error}"))?;
        let value: Value =
            serde_json::from_str(&json).map_err(|error| format!("no JSON: {error}"))?;
        if let Some(difference) = difference("", &made.written(words, sent), &value) {
            return Err(difference);
        }
        // A key that stands twice would hide behind the last one of its name.
        if value.to_string().len() != json.len() {
            return Err("a key is written twice".to_owned());
        }
        let (again, _) = M::from_json(&json)
            .map_err(|error| format!("what was written is not read: {error}"))?;
        let twice = again.written(words).map_err(|error| format!("not written again: {error}"))?;
        if again != model || twice != json {
            return Err("what was written is read otherwise".to_owned());
        }
    }
    Ok(())
}

/// Where two documents differ first, and how.
pub(super) fn difference(path: &str, right: &Value, written: &Value) -> Option<String> {
    match (right, written) {
        (Value::Object(right), Value::Object(written)) => {
            let lost = right.iter().find_map(|(key, value)| match written.get(key) {
                Some(found) => difference(&format!("{path}.{key}"), value, found),
                None => Some(format!("{path}.{key}: {value} is lost")),
            });
            lost.or_else(|| {
                let more = written.iter().find(|(key, _)| !right.contains_key(*key));
                more.map(|(key, value)| format!("{path}.{key}: {value} is too much"))
            })
        }
        (Value::Array(right), Value::Array(written)) if right.len() == written.len() => {
            let mut pairs = right.iter().zip(written).enumerate();
            pairs.find_map(|(i, (right, written))| {
                difference(&format!("{path}[{i}]"), right, written)
            })
        }
        _ => (right != written).then(|| format!("{path}: {right} became {written}")),
    }
}
