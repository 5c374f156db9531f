//! The official files at hand, each as it is, in another order, and changed in one thing at a time.

use std::path::Path;
use std::thread;

use anyhow::{Result, anyhow, ensure};
use serde_json::Value;

use super::notes::{AllNotes, Notes};
use super::ours::Known;
use super::side::Side;
use super::{judged, mutate};
use crate::openapi::OpenApi;

/// Holds every file of a folder against what we know; whether all is known and told.
///
/// # Errors
/// A file cannot be read, or there is none and one is required.
pub(super) fn compare(dir: &Path, notes: &AllNotes, require: bool) -> Result<bool> {
    let files = OpenApi::all_in(dir)?;
    if files.is_empty() {
        ensure!(
            !require,
            "{} holds no OpenAPI file; set BLOCKS_SPEC_DIR to the folder that holds them",
            dir.display()
        );
        println!("skipped: no file was compared, for {} holds no OpenAPI file", dir.display());
    }
    let mut all_is_known = true;
    for file in &files {
        let report = super::report(file, notes, None)?;
        let notes = notes.about(report.words, file.version());
        let ours = Known::of_the_domain(report.words)?.side(&notes)?;
        let (count, complaints) = untold(file, &ours, &notes)?;
        let untold = complaints.len();
        let name = file.name();
        println!("{name}: {}; of {count} changes {untold} are not told once", report.summary());
        for line in report.lines().iter().chain(&complaints) {
            eprintln!("{name}: {line}");
        }
        all_is_known &= report.new.is_empty() && complaints.is_empty();
    }
    Ok(all_is_known)
}

/// Changes a file in one thing at a time: how many changes there are, and which are not told once.
/// The same file in another order is one of them, and must not be told.
pub(super) fn untold(
    file: &OpenApi,
    ours: &Side,
    notes: &Notes<'_>,
) -> Result<(usize, Vec<String>)> {
    let before = judged(file, ours, notes)?;
    let mutations = mutate::mutations(file);
    let told = |mutation: &mutate::Mutation| {
        let changed = mutation.of(file);
        if changed.json() == file.json() {
            return Some(format!("{}: changes nothing", mutation.what));
        }
        match judged(&changed, ours, notes) {
            Ok(after) => mutation.complaint(&before, &after),
            Err(error) => Some(format!("{}: {error}", mutation.what)),
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let complaints = thread::scope(|scope| {
        let parts = mutations.chunks(mutations.len().div_ceil(threads).max(1));
        let parts: Vec<_> = parts
            .map(|part| scope.spawn(|| part.iter().filter_map(told).collect::<Vec<_>>()))
            .collect();
        parts
            .into_iter()
            .map(|part| part.join().map_err(|_| anyhow!("a change made it panic")))
            .collect::<Result<Vec<_>>>()
    })?;
    let mut complaints: Vec<_> = complaints.into_iter().flatten().collect();
    let other = file.with(turned(file.json()));
    if other.json() == file.json() || judged(&other, ours, notes)?.json() != before.json() {
        complaints.push("another order is no change, or is told as one".to_owned());
    }
    Ok((mutations.len() + 1, complaints))
}

/// The same JSON with every list from its end to its beginning.
fn turned(json: &Value) -> Value {
    match json {
        Value::Array(elements) => elements.iter().rev().map(turned).collect(),
        Value::Object(keys) => {
            keys.iter().map(|(key, value)| (key.clone(), turned(value))).collect()
        }
        plain => plain.clone(),
    }
}
