//! A document in the making: as X could send it, and as it is to be written.

use blocks_domain::{Place, RENAMES, Vocabulary, translate};
use serde_json::{Map, Value, json};

/// A value that was made up.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Made {
    /// `null`, which says as much as a key that is missing.
    Null,
    /// What is written as it was sent.
    Same(Value),
    /// What is sent in one form and written in another.
    Other {
        /// As X sends it, such as a number in quotes.
        sent: Value,
        /// As it is written.
        written: Value,
    },
    /// A word that the vocabularies spell differently, by its tweet word.
    Word(&'static str),
    /// An array.
    List(Vec<Made>),
    /// An object.
    Object(Vec<Member>),
}

/// A key of an object, with its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Member {
    pub(super) key: Key,
    pub(super) value: Made,
}

/// The key of a member.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Key {
    /// One that the file describes; it is written as the chosen vocabulary spells it.
    Known(String),
    /// A known one with a value that its field cannot have; key and value stay as they were sent.
    Odd(String),
    /// One that no version knows; it stays as it was sent.
    Unknown(String),
    /// One that is sent by another name than it is written.
    Alias {
        /// The name that is sent.
        sent: &'static str,
        /// The name that is written.
        written: &'static str,
    },
}

impl Made {
    /// The document as X sends it in the words of a vocabulary.
    pub(super) fn sent(&self, words: Vocabulary) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Same(value) | Self::Other { sent: value, .. } => value.clone(),
            Self::Word(tweet) => spelt_value(tweet, words),
            Self::List(list) => list.iter().map(|made| made.sent(words)).collect(),
            Self::Object(members) => {
                let mut object = Map::new();
                for Member { key, value } in members {
                    object.insert(key.sent(words), value.sent(words));
                }
                object.into()
            }
        }
    }

    /// The document in its normal form, in the words of a vocabulary, after it came in `sent` ones.
    pub(super) fn written(&self, words: Vocabulary, sent: Vocabulary) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Same(value) | Self::Other { written: value, .. } => value.clone(),
            Self::Word(tweet) => spelt_value(tweet, words),
            Self::List(list) => list.iter().map(|made| made.written(words, sent)).collect(),
            Self::Object(members) => {
                let mut object = Map::new();
                for Member { key, value } in members {
                    match key {
                        Key::Known(_) if *value == Self::Null => {}
                        Key::Known(key) => {
                            object.insert(spelt(key, words), value.written(words, sent));
                        }
                        Key::Odd(_) | Key::Unknown(_) => {
                            object.insert(key.sent(sent), value.sent(sent));
                        }
                        Key::Alias { written, .. } => {
                            object.insert((*written).to_owned(), value.written(words, sent));
                        }
                    }
                }
                object.into()
            }
        }
    }

    /// How many known keys, here and within, have a value that their fields cannot have.
    pub(super) fn odd(&self) -> u64 {
        match self {
            Self::List(list) => list.iter().map(Self::odd).sum(),
            Self::Object(members) => members
                .iter()
                .map(|member| match member.key {
                    Key::Odd(_) => 1,
                    Key::Unknown(_) => 0,
                    Key::Known(_) | Key::Alias { .. } => member.value.odd(),
                })
                .sum(),
            Self::Null | Self::Same(_) | Self::Other { .. } | Self::Word(_) => 0,
        }
    }
}

impl Key {
    fn sent(&self, words: Vocabulary) -> String {
        match self {
            Self::Known(key) | Self::Odd(key) => spelt(key, words),
            Self::Unknown(key) => key.clone(),
            Self::Alias { sent, .. } => (*sent).to_owned(),
        }
    }
}

/// A key of an answer in the words of a vocabulary.
pub(super) fn spelt(key: &str, words: Vocabulary) -> String {
    let renamed = RENAMES.iter().filter(|row| matches!(row.place, Place::Key(_)));
    let mut found = renamed.filter(|row| row.tweet == Some(key) || row.post == Some(key));
    let word = found.next().and_then(|row| translate(row.place, key, words));
    word.unwrap_or(key).to_owned()
}

/// A word of an enum in the words of a vocabulary.
fn spelt_value(tweet: &'static str, words: Vocabulary) -> Value {
    json!(translate(Place::Value("ResourceType"), tweet, words))
}
