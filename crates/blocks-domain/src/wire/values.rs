//! The plain values that models are made of.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeSeq, Serializer};

use super::{Patience, Read, Spelled, Wire, text};
use crate::Vocabulary;

impl<T: Wire> Wire for Option<T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Maybe<T>(PhantomData<T>);

        impl<'de, T: Wire> Visitor<'de> for Maybe<T> {
            type Value = Option<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value or null")
            }

            fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
                Ok(None)
            }

            fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
                Ok(None)
            }

            fn visit_some<D: Deserializer<'de>>(self, d: D) -> Result<Self::Value, D::Error> {
                T::read(d).map(Some)
            }
        }

        deserializer.deserialize_option(Maybe(PhantomData))
    }

    fn read_patiently(json: &str, patience: &mut Patience) -> serde_json::Result<Self> {
        if json == "null" { Ok(None) } else { T::read_patiently(json, patience).map(Some) }
    }

    fn write<S: Serializer>(&self, words: Vocabulary, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(value) => value.write(words, serializer),
            None => serializer.serialize_none(),
        }
    }

    fn missing() -> Option<Self> {
        Some(None)
    }

    fn is_left_out(&self) -> bool {
        self.is_none()
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List<T>(PhantomData<T>);

        impl<'de, T: Wire> Visitor<'de> for List<T> {
            type Value = Vec<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
                let mut list = Vec::new();
                while let Some(value) = seq.next_element_seed(Read::new())? {
                    list.push(value);
                }
                Ok(list)
            }
        }

        deserializer.deserialize_seq(List(PhantomData))
    }

    fn read_patiently(json: &str, patience: &mut Patience) -> serde_json::Result<Self> {
        let elements = patience.elements(json)?.into_iter().enumerate();
        elements.map(|(i, json)| patience.within(format_args!("[{i}]"), json.get())).collect()
    }

    fn write<S: Serializer>(&self, words: Vocabulary, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.len()))?;
        for value in self {
            seq.serialize_element(&Spelled(value, words))?;
        }
        seq.end()
    }
}

/// Types whose JSON is the same in both vocabularies and is what serde makes of them.
macro_rules! plain {
    ($($ty:ty),*) => {$(
        impl Wire for $ty {
            fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                serde::Deserialize::deserialize(deserializer)
            }

            fn write<S: Serializer>(&self, _: Vocabulary, serializer: S) -> Result<S::Ok, S::Error> {
                self.serialize(serializer)
            }
        }
    )*};
}

plain!(bool, f64, String, crate::UserId, crate::PostId, crate::SubscriptionId);

/// Whole numbers, which X has sent as strings at times; written as numbers.
macro_rules! number {
    ($($ty:ty),*) => {$(
        impl Wire for $ty {
            fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Number;

                impl Visitor<'_> for Number {
                    type Value = $ty;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("a whole number")
                    }

                    fn visit_u64<E: de::Error>(self, n: u64) -> Result<$ty, E> {
                        n.try_into().map_err(|_| E::invalid_value(de::Unexpected::Unsigned(n), &self))
                    }

                    fn visit_i64<E: de::Error>(self, n: i64) -> Result<$ty, E> {
                        n.try_into().map_err(|_| E::invalid_value(de::Unexpected::Signed(n), &self))
                    }

                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$ty, E> {
                        text.parse().map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
                    }
                }

                deserializer.deserialize_any(Number)
            }

            fn write<S: Serializer>(&self, _: Vocabulary, serializer: S) -> Result<S::Ok, S::Error> {
                self.serialize(serializer)
            }
        }
    )*};
}

number!(u16, u32, u64, i64);

/// Times are read in RFC 3339, and in the older form that some documented examples hold;
/// they are written with milliseconds and `Z`, as X does.
impl Wire for jiff::Timestamp {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const OLDER: &str = "%a %b %d %H:%M:%S %z %Y";
        let text = text(deserializer)?;
        text.parse().or_else(|error| {
            Self::strptime(OLDER, &*text)
                .map_err(|_| de::Error::custom(format_args!("{text:?} is not a time: {error}")))
        })
    }

    fn write<S: Serializer>(&self, _: Vocabulary, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{self:.3}"))
    }
}
