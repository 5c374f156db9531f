//! Scopes as the words that stand for them.

use std::collections::BTreeSet;

use blocks_domain::Scope;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

/// The words, separated by spaces.
pub(super) fn joined(scopes: &BTreeSet<Scope>) -> String {
    scopes.iter().map(|scope| scope.word()).collect::<Vec<_>>().join(" ")
}

pub(super) fn serialize<S: Serializer>(
    scopes: &BTreeSet<Scope>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(scopes.iter().map(|scope| scope.word()))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeSet<Scope>, D::Error> {
    let words = Vec::<String>::deserialize(deserializer)?;
    words.iter().map(|word| word.parse().map_err(D::Error::custom)).collect()
}
