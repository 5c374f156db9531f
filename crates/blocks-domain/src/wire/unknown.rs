//! What this version does not know, kept as X sent it.

use std::fmt;

use serde::de::Deserializer;
use serde::ser::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::Wire;
use crate::Vocabulary;

/// The keys of an answer that this version does not know, with their values as raw text.
///
/// A key that is known stands here as well when its value has another type than its field.
///
/// They are kept in the order in which they came, written back as they were, and compared as
/// text.
///
/// ```
/// use blocks_domain::User;
///
/// let user: User = serde_json::from_str(r#"{"id":"7","mood":{"since":1e400}}"#)?;
/// assert_eq!(user.extra.get("mood"), Some(r#"{"since":1e400}"#));
/// assert_eq!(serde_json::to_string(&user)?, r#"{"id":"7","mood":{"since":1e400}}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Extra(Vec<(Box<str>, Box<RawValue>)>);

impl Extra {
    /// Whether there is nothing unknown.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many unknown keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The JSON text of an unknown key, as it came.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.iter().find_map(|(k, json)| (k == key).then_some(json))
    }

    /// All unknown keys with their JSON text, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, json)| (&**key, json.get()))
    }

    /// Adds a key with its JSON text; a key that is there already gets the new text.
    ///
    /// # Errors
    /// `json` is not one JSON value.
    pub fn insert(&mut self, key: &str, json: &str) -> Result<(), serde_json::Error> {
        let json = RawValue::from_string(json.to_owned())?;
        match self.0.iter_mut().find(|(k, _)| **k == *key) {
            Some((_, old)) => *old = json,
            None => self.0.push((key.into(), json)),
        }
        Ok(())
    }

    pub(super) fn raw(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        self.0.iter().map(|(key, json)| (&**key, &**json))
    }

    pub(crate) fn push(&mut self, key: &str, json: Box<RawValue>) {
        self.0.push((key.into(), json));
    }
}

impl PartialEq for Extra {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// A word that this version does not know, kept as X sent it.
///
/// It can only come from reading, so that no known word hides in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OtherWord(Box<str>);

impl OtherWord {
    pub(crate) fn new(word: &str) -> Self {
        Self(word.into())
    }

    /// The word itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// JSON that this version does not look into, kept as its text.
///
/// ```
/// use blocks_domain::RawJson;
///
/// let article = RawJson::new(r#"{"title":"On lists"}"#)?;
/// assert_eq!(article.get(), r#"{"title":"On lists"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone)]
pub struct RawJson(Box<RawValue>);

impl RawJson {
    /// Takes the text of one JSON value.
    ///
    /// # Errors
    /// `json` is not one JSON value.
    pub fn new(json: &str) -> Result<Self, serde_json::Error> {
        RawValue::from_string(json.to_owned()).map(Self)
    }

    /// The JSON text as it came.
    #[must_use]
    pub fn get(&self) -> &str {
        self.0.get()
    }
}

impl PartialEq for RawJson {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl fmt::Debug for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.get())
    }
}

impl Wire for RawJson {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::Deserialize::deserialize(deserializer).map(Self)
    }

    fn write<S: Serializer>(&self, _: Vocabulary, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for RawJson {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RawJson".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({})
    }
}
