//! Tests of the models.

mod activity;
mod answers;
mod hostile;
mod odd;
mod round_trip;
#[cfg(feature = "schema")]
mod schema;
mod words;

use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::*;
use crate::Vocabulary;

/// Reads a model; the test fails with the reason otherwise.
fn read<T: DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}\n{json}"))
}

/// The reason why a text is no such model.
fn refusal<T: DeserializeOwned + Debug>(json: &str) -> String {
    serde_json::from_str::<T>(json).expect_err(json).to_string()
}

/// JSON without regard to the order of keys.
fn value(json: &str) -> Value {
    serde_json::from_str(json).expect("JSON")
}

/// The JSON of a page, in both vocabularies.
fn written(page: &BlockingPage) -> [String; 2] {
    Vocabulary::ALL.map(|words| serde_json::to_string(&page.spelled(words)).expect("JSON"))
}
