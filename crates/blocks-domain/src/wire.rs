//! How the models are read from and written to X's JSON.
//!
//! serde's derive reads a struct fast but drops what it does not know, and its `flatten` keeps
//! the unknown at four times the price. The macros here write the same code that the derive
//! would, and put an unknown key aside as its raw text. They also know both vocabularies: every
//! spelling is read, and writing takes the vocabulary to write in. What has another type than it
//! should is read a second time, with patience.

mod macros;
mod tolerant;
mod unknown;
mod values;
mod words;

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, DeserializeSeed, Deserializer, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::Vocabulary;
pub(crate) use macros::{
    essential, object, open_enum, second, serde_through_wire, serialize_through_wire,
};
pub use tolerant::{FromJson, Oddities};
pub(crate) use tolerant::{Patience, deserialize, read};
pub use unknown::{Extra, OtherWord, RawJson};
pub use words::words_of_answer;

/// A value as X sends it: read in either vocabulary, written in a chosen one.
pub(crate) trait Wire: Sized {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;

    /// Reads a value from its text, and puts aside the parts of it that cannot be read.
    fn read_patiently(json: &str, patience: &mut Patience) -> serde_json::Result<Self> {
        patience.leaf(json)
    }

    fn write<S: Serializer>(&self, words: Vocabulary, serializer: S) -> Result<S::Ok, S::Error>;

    /// What a missing key means; `None` makes it an error.
    fn missing() -> Option<Self> {
        None
    }

    /// Whether the key is left out when the value is written.
    fn is_left_out(&self) -> bool {
        false
    }
}

/// A value together with the vocabulary to write it in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spelled<'a, T>(pub(crate) &'a T, pub(crate) Vocabulary);

impl<T: Wire> Serialize for Spelled<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(self.1, serializer)
    }
}

/// Reads a [`Wire`] value where serde wants a seed.
pub(crate) struct Read<T>(PhantomData<T>);

impl<T> Read<T> {
    pub(crate) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<'de, T: Wire> DeserializeSeed<'de> for Read<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        T::read(deserializer)
    }
}

/// The key of an object, borrowed from the text where it holds no escapes.
pub(crate) struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        text(deserializer)
    }
}

/// A string, borrowed where it can be.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'de, str>, D::Error> {
    struct Text;

    impl<'de> Visitor<'de> for Text {
        type Value = Cow<'de, str>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }

        fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
            Ok(Cow::Borrowed(text))
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Cow::Owned(text.to_owned()))
        }

        fn visit_string<E: de::Error>(self, text: String) -> Result<Self::Value, E> {
            Ok(Cow::Owned(text))
        }
    }

    deserializer.deserialize_str(Text)
}

/// Takes over a value for a field; a `null` never replaces what the other spelling brought.
pub(crate) fn take<T: Wire>(field: &mut Option<T>, value: T) {
    if field.is_none() || !value.is_left_out() {
        *field = Some(value);
    }
}

/// The value of a field after the last key, or the error that it is missing.
pub(crate) fn found<T: Wire, E: de::Error>(field: Option<T>, name: &'static str) -> Result<T, E> {
    field.or_else(T::missing).ok_or_else(|| E::missing_field(name))
}

/// Writes one key of an object, unless it is left out.
pub(crate) fn entry<T: Wire, M: SerializeMap>(
    map: &mut M,
    key: &'static str,
    value: &T,
    words: Vocabulary,
) -> Result<(), M::Error> {
    if value.is_left_out() {
        return Ok(());
    }
    map.serialize_entry(key, &Spelled(value, words))
}

/// Writes the unknown keys of an object.
pub(crate) fn extras<M: SerializeMap>(map: &mut M, extra: &Extra) -> Result<(), M::Error> {
    extra.raw().try_for_each(|(key, json)| map.serialize_entry(key, json))
}
