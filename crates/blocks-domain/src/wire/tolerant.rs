//! The second reading of an answer, after the first came upon something odd.
//!
//! The first reading streams, and cannot go back once a value has another type than its field.
//! The second one takes an object apart into the texts of its members first, so that it can put
//! aside a member that it cannot read, and read the others.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Error;
use serde_json::value::RawValue;

use super::{Extra, Key, Wire, take};

/// What was odd about an answer that could be read all the same.
///
/// ```
/// use blocks_domain::{FromJson, User};
///
/// let (user, odd) = User::from_json(r#"{"id":"7","name":"Ada","verified":"yes"}"#)?;
/// assert_eq!((user.name.as_deref(), user.verified), (Some("Ada"), None));
/// assert_eq!(user.extra.get("verified"), Some(r#""yes""#));
/// assert_eq!(odd.count(), 1);
/// assert!(odd.first().unwrap().starts_with("verified: "));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Oddities {
    count: u64,
    first: Option<String>,
}

impl Oddities {
    /// How many fields were put aside.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Where the first one stands and what is wrong with it, such as `data[3].verified: …`.
    ///
    /// It can quote the answer; [`excerpt`](crate::excerpt) makes it fit to be shown.
    #[must_use]
    pub fn first(&self) -> Option<&str> {
        self.first.as_deref()
    }

    fn add(&mut self, more: Self) {
        self.count += more.count;
        self.first = self.first.take().or(more.first);
    }
}

/// A model that is read from the JSON text of an answer.
///
/// All models implement it, and serde's `Deserialize` reads in the same way; this one is quicker
/// and tells what was odd.
pub trait FromJson: Sized {
    /// Reads a model. An optional field that has another type than it should is left out and
    /// kept in the `extra` of its object, under its own key.
    ///
    /// # Errors
    /// The text is not one JSON value, or something without which there is no such model is
    /// missing or has another type; the error names it.
    fn from_json(json: &str) -> Result<(Self, Oddities), Error>;
}

/// Reads a model by streaming, and once more with patience if that fails.
pub(crate) fn read<T: Wire>(json: &str) -> Result<(T, Oddities), Error> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let streamed = T::read(&mut deserializer).and_then(|model| deserializer.end().map(|()| model));
    streamed.map(|model| (model, Oddities::default())).or_else(|error| {
        // What is no JSON, the second reading cannot mend; the first one knows the place.
        let whole: &RawValue = serde_json::from_str(json).map_err(|_| error)?;
        let mut patience = Patience::default();
        let model = T::read_patiently(whole.get(), &mut patience)?;
        Ok((model, patience.odd))
    })
}

/// serde's way into [`read`].
pub(crate) fn deserialize<'de, T: Wire, D: Deserializer<'de>>(d: D) -> Result<T, D::Error> {
    let json = Box::<RawValue>::deserialize(d)?;
    read(json.get()).map(|(model, _)| model).map_err(D::Error::custom)
}

/// What the second reading knows: where it is, and what was odd so far.
#[derive(Default)]
pub(crate) struct Patience {
    path: String,
    depth: u8,
    odd: Oddities,
}

/// How many members and elements may lie within each other; each is one more look at the same
/// text, and X nests no deeper than ten.
const DEEPEST: u8 = 32;

impl Patience {
    /// Reads a value that has no parts which could be put aside.
    pub(crate) fn leaf<T: Wire>(&self, json: &str) -> Result<T, Error> {
        T::read(&mut serde_json::Deserializer::from_str(json)).map_err(|error| {
            // The place is that in `json`, which nobody sees.
            let place = format!(" at line {} column {}", error.line(), error.column());
            let what = error.to_string();
            self.refusal(what.strip_suffix(&place).unwrap_or(&what))
        })
    }

    /// Reads a member of an object; an optional one that cannot be read goes to `extra`.
    pub(crate) fn member<T: Wire>(
        &mut self,
        (key, json): (&str, &RawValue),
        field: &mut Option<T>,
        is_essential: bool,
        extra: &mut Extra,
    ) -> Result<(), Error> {
        let before = std::mem::take(&mut self.odd);
        let dot = if self.path.is_empty() { "" } else { "." };
        let value = self.within(format_args!("{dot}{key}"), json.get());
        let within = std::mem::replace(&mut self.odd, before);
        match value {
            Ok(value) => {
                self.odd.add(within);
                take(field, value);
            }
            Err(error) if is_essential || T::missing().is_none() => return Err(error),
            Err(error) => {
                // What was odd within it is put aside along with the whole.
                self.odd.add(Oddities { count: 1, first: Some(error.to_string()) });
                extra.push(key, json.to_owned());
            }
        }
        Ok(())
    }

    /// Reads a part of what is being read.
    pub(crate) fn within<T: Wire>(
        &mut self,
        step: fmt::Arguments<'_>,
        json: &str,
    ) -> Result<T, Error> {
        let outer = self.path.len();
        self.path.push_str(&step.to_string());
        self.depth += 1;
        let value = if self.depth > DEEPEST {
            Err(self.refusal("nested too deep"))
        } else {
            T::read_patiently(json, self)
        };
        self.depth -= 1;
        self.path.truncate(outer);
        value
    }

    /// The value of a field after the last member, or the error that it is missing.
    pub(crate) fn found<T: Wire>(&self, field: Option<T>, key: &str) -> Result<T, Error> {
        field.or_else(T::missing).ok_or_else(|| self.refusal(&format!("missing field `{key}`")))
    }

    /// The members of an object, as text.
    pub(crate) fn members<'a>(
        &self,
        json: &'a str,
    ) -> Result<Vec<(Cow<'a, str>, &'a RawValue)>, Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(key) = map.next_key_seed(Key)? {
                    members.push((key, map.next_value()?));
                }
                Ok(members)
            }
        }

        let mut deserializer = serde_json::Deserializer::from_str(json);
        deserializer.deserialize_map(Members).map_err(|_| self.refusal("not an object"))
    }

    /// The elements of an array, as text.
    pub(crate) fn elements<'a>(&self, json: &'a str) -> Result<Vec<&'a RawValue>, Error> {
        serde_json::from_str(json).map_err(|_| self.refusal("not an array"))
    }

    fn refusal(&self, what: &str) -> Error {
        let place = if self.path.is_empty() { "" } else { ": " };
        Error::custom(format_args!("{}{place}{what}", self.path))
    }
}
