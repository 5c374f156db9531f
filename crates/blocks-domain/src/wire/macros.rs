//! The macros that define a model once, for reading, writing and the schema.

/// A struct that mirrors a JSON object of the API.
///
/// `= "tweet word" / "post word"` gives a key's spellings (one word where both agree);
/// `also "word"` reads a further spelling that is never written. An optional field whose value
/// has another type is put aside in `extra`; `else fail` makes it an error, for fields that an
/// answer is worth nothing without.
macro_rules! object {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $(
                $(#[$field_meta:meta])*
                pub $field:ident: $ty:ty = $tweet:literal $(/ $post:literal)? $(also $alias:literal)* $(else $fail:ident)?,
            )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[non_exhaustive]
        pub struct $name {
            $(
                $(#[$field_meta])*
                #[cfg_attr(feature = "schema", schemars(rename = $tweet))]
                pub $field: $ty,
            )*
            /// What X sent beyond the fields that this version knows, or in another type.
            #[cfg_attr(feature = "schema", schemars(skip))]
            pub extra: $crate::Extra,
        }

        impl $name {
            /// The keys of this object: the tweet word, then the post word.
            #[cfg(test)]
            pub(crate) const KEYS: &'static [(&'static str, &'static str)] =
                &[$(($tweet, $crate::wire::second!($tweet $(, $post)?))),*];

            /// This value, to be written in the words of a vocabulary.
            ///
            /// Plain serialization writes tweet words.
            pub fn spelled(&self, words: $crate::Vocabulary) -> impl serde::Serialize + use<'_> {
                $crate::wire::Spelled(self, words)
            }
        }

        impl $crate::wire::Wire for $name {
            fn read<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Object;

                impl<'de> serde::de::Visitor<'de> for Object {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("an object (", stringify!($name), ")"))
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(
                        self,
                        mut map: A,
                    ) -> Result<$name, A::Error> {
                        $(let mut $field: Option<$ty> = None;)*
                        let mut extra = $crate::Extra::default();
                        while let Some(key) = map.next_key_seed($crate::wire::Key)? {
                            match &*key {
                                $(
                                    $tweet $(| $post)? $(| $alias)* => $crate::wire::take(
                                        &mut $field,
                                        map.next_value_seed($crate::wire::Read::new())?,
                                    ),
                                )*
                                _ => extra.push(&key, map.next_value()?),
                            }
                        }
                        Ok($name {
                            $($field: $crate::wire::found($field, $tweet)?,)*
                            extra,
                        })
                    }
                }

                deserializer.deserialize_map(Object)
            }

            fn read_patiently(
                json: &str,
                patience: &mut $crate::wire::Patience,
            ) -> serde_json::Result<Self> {
                $(let mut $field: Option<$ty> = None;)*
                let mut extra = $crate::Extra::default();
                for (key, json) in patience.members(json)? {
                    match &*key {
                        $(
                            $tweet $(| $post)? $(| $alias)* => patience.member(
                                (&key, json),
                                &mut $field,
                                $crate::wire::essential!($($fail)?),
                                &mut extra,
                            )?,
                        )*
                        _ => extra.push(&key, json.to_owned()),
                    }
                }
                Ok($name {
                    $($field: patience.found($field, $tweet)?,)*
                    extra,
                })
            }

            fn write<S: serde::Serializer>(
                &self,
                words: $crate::Vocabulary,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap as _;

                let mut map = serializer.serialize_map(None)?;
                $(
                    let key = words.pick($tweet, $crate::wire::second!($tweet $(, $post)?));
                    $crate::wire::entry(&mut map, key, &self.$field, words)?;
                )*
                $crate::wire::extras(&mut map, &self.extra)?;
                map.end()
            }
        }

        impl $crate::FromJson for $name {
            fn from_json(json: &str) -> serde_json::Result<(Self, $crate::Oddities)> {
                $crate::wire::read(json)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::wire::deserialize(deserializer)
            }
        }

        $crate::wire::serialize_through_wire!($name);

        #[cfg(test)]
        impl $crate::model::arbitrary::Arbitrary for $name {
            fn arbitrary(source: &mut $crate::model::arbitrary::Source<'_>) -> Self {
                Self {
                    $($field: $crate::model::arbitrary::Arbitrary::arbitrary(source),)*
                    extra: $crate::model::arbitrary::Arbitrary::arbitrary(source),
                }
            }
        }
    };
}

/// An enum that mirrors a set of words which X may add to.
///
/// A word that is not listed is kept as `Other`; `"tweet word" / "post word"` as for objects.
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $(
                $(#[$variant_meta:meta])*
                $variant:ident = $tweet:literal $(/ $post:literal)?,
            )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)*
            /// A word that this version does not know, as X sent it.
            Other($crate::OtherWord),
        }

        impl $name {
            /// The values that this version knows.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant),*];

            /// Reads a word of either vocabulary; one that is not known is kept.
            #[must_use]
            pub fn from_word(word: &str) -> Self {
                match word {
                    $($tweet $(| $post)? => Self::$variant,)*
                    _ => Self::Other($crate::OtherWord::new(word)),
                }
            }

            /// The word in the given vocabulary.
            #[must_use]
            pub fn word(&self, words: $crate::Vocabulary) -> &str {
                match self {
                    $(
                        Self::$variant => {
                            words.pick($tweet, $crate::wire::second!($tweet $(, $post)?))
                        }
                    )*
                    Self::Other(word) => word.as_str(),
                }
            }
        }

        impl $crate::wire::Wire for $name {
            fn read<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::wire::text(deserializer).map(|word| Self::from_word(&word))
            }

            fn write<S: serde::Serializer>(
                &self,
                words: $crate::Vocabulary,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.word(words))
            }
        }

        $crate::wire::serde_through_wire!($name);

        #[cfg(test)]
        impl $crate::model::arbitrary::Arbitrary for $name {
            fn arbitrary(source: &mut $crate::model::arbitrary::Source<'_>) -> Self {
                match source.below(Self::KNOWN.len() + 1).checked_sub(1) {
                    Some(known) => Self::KNOWN[known].clone(),
                    None => Self::from_word("a word of tomorrow"),
                }
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                // Any string is valid; the first branch says which ones are known.
                schemars::json_schema!({
                    "anyOf": [{ "enum": [$($tweet),*] }, { "type": "string" }]
                })
            }
        }
    };
}

macro_rules! second {
    ($only:literal) => {
        $only
    };
    ($first:literal, $second:literal) => {
        $second
    };
}

/// Whether a field is marked with `else fail`.
macro_rules! essential {
    () => {
        false
    };
    (fail) => {
        true
    };
}

/// serde's traits for a [`Wire`] type that is no object.
macro_rules! serde_through_wire {
    ($name:ident) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <Self as $crate::wire::Wire>::read(deserializer)
            }
        }

        $crate::wire::serialize_through_wire!($name);
    };
}

/// serde's `Serialize` for a [`Wire`] type: writes tweet words.
macro_rules! serialize_through_wire {
    ($name:ident) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                <Self as $crate::wire::Wire>::write(self, $crate::Vocabulary::default(), serializer)
            }
        }
    };
}

pub(crate) use {essential, object, open_enum, second, serde_through_wire, serialize_through_wire};
