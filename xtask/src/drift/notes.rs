//! `xtask/drift.toml`: what X promises beyond our models, and the differences that are accepted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use blocks_domain::Vocabulary;
use serde::Deserialize;

use super::side::{Said, Side};

/// All notes.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AllNotes {
    #[serde(default)]
    promised: Vec<Promised>,
    #[serde(default)]
    kinds: Vec<Kinds>,
    #[serde(default)]
    accepted: Vec<Accepted>,
}

/// What an answer always has, or may say `null` for, where our models take it either way.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Promised {
    #[serde(default, rename = "in")]
    files: Vec<String>,
    #[serde(default)]
    always: Vec<String>,
    #[serde(default)]
    null: Vec<String>,
}

/// Kinds of a model that the file describes one by one, where ours is one for all.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kinds {
    #[serde(default, rename = "in")]
    files: Vec<String>,
    of: String,
    kinds: Vec<String>,
    /// The keys beyond those that every kind has.
    #[serde(default)]
    keys: Vec<String>,
}

/// Differences that are accepted.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Accepted {
    /// The vocabularies or versions that it is about; all where there are none.
    #[serde(default, rename = "in")]
    files: Vec<String>,
    /// The names of the differences.
    pub(super) what: Vec<String>,
    /// What the file says, where that is more than yes or no.
    pub(super) theirs: Option<String>,
    pub(super) reason: String,
    /// The day from which on it was known.
    pub(super) since: String,
}

/// The notes that are about one file.
#[derive(Debug, Clone, Default)]
pub(super) struct Notes<'a> {
    promised: Vec<&'a Promised>,
    kinds: Vec<&'a Kinds>,
    pub(super) accepted: Vec<&'a Accepted>,
}

impl AllNotes {
    /// Reads the file.
    ///
    /// # Errors
    /// It cannot be read, is not in its form, or an entry has no reason or no date.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("in {}", path.display()))
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        let notes: Self = toml::from_str(text)?;
        for accepted in &notes.accepted {
            let what = accepted.what.join(", ");
            ensure!(!accepted.reason.trim().is_empty(), "\"{what}\" is accepted without a reason");
            let date = accepted.since.parse::<jiff::civil::Date>();
            date.with_context(|| format!("`since` of \"{what}\" is no date such as 2026-08-07"))?;
        }
        Ok(notes)
    }

    /// Those that are about a file.
    pub(super) fn about(&self, words: Vocabulary, version: &str) -> Notes<'_> {
        let here = |files: &[String]| {
            files.is_empty() || files.iter().any(|file| file == words.name() || file == version)
        };
        Notes {
            promised: self.promised.iter().filter(|entry| here(&entry.files)).collect(),
            kinds: self.kinds.iter().filter(|entry| here(&entry.files)).collect(),
            accepted: self.accepted.iter().filter(|entry| here(&entry.files)).collect(),
        }
    }
}

impl Notes<'_> {
    /// The kinds of a model with the keys that each has beyond the common ones.
    pub(super) fn kinds_of(&self, model: &str) -> BTreeMap<&str, Vec<&str>> {
        let entries = self.kinds.iter().filter(|entry| entry.of == model);
        let pairs = entries.flat_map(|entry| {
            let keys: Vec<_> = entry.keys.iter().map(String::as_str).collect();
            entry.kinds.iter().map(move |kind| (kind.as_str(), keys.clone()))
        });
        pairs.collect()
    }

    /// Adds what is promised to what our models say.
    pub(super) fn add_promises(&self, side: &mut Side) {
        let names = names(side);
        let paths = |all: fn(&Promised) -> &[String]| -> BTreeSet<&String> {
            let all = self.promised.iter().flat_map(|entry| all(entry));
            all.filter_map(|name| names.get(name)).flatten().collect()
        };
        let (always, null) = (paths(|entry| &entry.always), paths(|entry| &entry.null));
        for (path, thing) in &mut side.things {
            if always.contains(path) {
                thing.aspects.insert("required", Said::Text("yes".to_owned()));
            }
            // Our models take `null` for whatever may be absent; what counts is what X says of it.
            if !null.contains(path) && thing.aspects.contains_key("nullable") {
                thing.aspects.insert("nullable", Said::Text("no".to_owned()));
            }
        }
    }

    /// The promises about things that do not exist.
    pub(super) fn idle_promises(&self, side: &Side) -> Vec<&str> {
        let names = names(side);
        let all = self.promised.iter().flat_map(|entry| entry.always.iter().chain(&entry.null));
        all.map(String::as_str).filter(|name| !names.contains_key(*name)).collect()
    }
}

/// The paths of all things, by path and by the name `Model.key`.
pub(super) fn names(side: &Side) -> BTreeMap<String, BTreeSet<String>> {
    let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, thing) in &side.things {
        names.entry(path.clone()).or_default().insert(path.clone());
        if !thing.owner.is_empty() {
            let name = format!("{}.{}", thing.owner, thing.key);
            names.entry(name).or_default().insert(path.clone());
        }
    }
    names
}
