//! Makes up answers as the official OpenAPI files describe them, and holds that the models read
//! them without loss and write them back in their normal form.

mod check;
mod generator;
mod keys;
mod made;
#[cfg(test)]
mod tests;
mod texts;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Result, anyhow, ensure};
use blocks_domain::Vocabulary;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;

use self::check::Check;
use self::generator::{Generator, Seen};
use self::keys::State;
use crate::openapi::OpenApi;
use crate::spec;

/// What to make up.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Where the official files are [default: $BLOCKS_SPEC_DIR, then ../shared/spec].
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// How many answers are made up of each call that a file describes.
    #[arg(long, value_name = "N", default_value_t = 500)]
    pages: u32,
    /// Where the random answers begin; the same number gives the same answers [default: any].
    #[arg(long, value_name = "NUMBER", default_value_t = rand::random(), hide_default_value = true)]
    seed: u64,
    /// Fails where the files are missing.
    #[arg(long)]
    require: bool,
}

/// Makes up answers of each file, and prints how many were read and written back as they should.
///
/// # Errors
/// Something was lost or changed, or the files are missing and required.
pub(crate) fn run(root: &Path, options: &Options) -> Result<()> {
    let dir = spec::folder(root, options.dir.as_deref());
    let files = OpenApi::all_in(&dir)?;
    if files.is_empty() {
        ensure!(!options.require, "{} holds no OpenAPI file", dir.display());
        println!("skipped: no answer was made up, for {} holds no OpenAPI file", dir.display());
        return Ok(());
    }
    let reports = thread::scope(|scope| {
        let start = |file| scope.spawn(move || campaign(file, options.pages, options.seed));
        let started: Vec<_> = files.iter().map(start).collect();
        let wait = started.into_iter().map(thread::ScopedJoinHandle::join);
        wait.collect::<Result<Vec<_>, _>>().map_err(|_| anyhow!("an answer made it panic"))
    })?;
    let mut kinds = 0;
    for (file, report) in files.iter().zip(reports) {
        let (name, report) = (file.name(), report?);
        for (difference, count) in &report.differences {
            eprintln!("{count} times: {name}: {difference}");
        }
        kinds += report.differences.len();
        println!("{name}: {} answers, {}", report.answers, told(&report));
        let never = &report.never_there;
        ensure!(
            never.is_empty(),
            "{} of {} keys of {name} were never made: {}; make more answers with --pages",
            never.len(),
            report.keys,
            never.join(", ")
        );
    }
    ensure!(kinds == 0, "{kinds} kinds of losses (seed {})", options.seed);
    println!(
        "all were read without loss, and written in their normal form (seed {})",
        options.seed
    );
    Ok(())
}

/// What came of the answers of one file.
#[derive(Debug, Default)]
struct Report {
    answers: u32,
    seen: Seen,
    /// How many keys the answers can have.
    keys: usize,
    /// How many of them were also `null`, and how many were also left out.
    also: [usize; 2],
    /// Those that never had a value, by their paths.
    never_there: Vec<String>,
    /// What was lost or changed, with the number of times.
    differences: BTreeMap<String, u32>,
}

/// Makes up so many answers of each call of a file.
fn campaign(file: &OpenApi, answers: u32, seed: u64) -> Result<Report> {
    let calls: Vec<(&Value, Check)> = file
        .operations()
        .iter()
        .filter_map(|call| Some((call.success()?, check::of_call(&call.method, call.path)?)))
        .collect();
    ensure!(!calls.is_empty(), "{} describes no answer that a model is for", file.name());
    let generator = Generator::new(file.schemas(), calls.iter().map(|(schema, _)| *schema));
    let mut dice = StdRng::seed_from_u64(seed);
    let mut report = Report::default();
    for (schema, check) in calls {
        for _ in 0..answers {
            let made = generator.document(schema, &mut dice);
            let words = Vocabulary::ALL[usize::from(dice.random_bool(0.5))];
            if let Err(difference) = check(&made, words) {
                *report.differences.entry(without_places(&difference)).or_default() += 1;
            }
            report.answers += 1;
        }
    }
    report.seen = generator.seen.take();
    let keys = generator.keys.take();
    report.keys = keys.count();
    report.also = [State::Null, State::Missing].map(|state| keys.count() - keys.never(state).len());
    report.never_there = keys.never(State::There).into_iter().map(str::to_owned).collect();
    Ok(report)
}

/// The same without the numbers of elements, so that a loss is told once, wherever it was seen.
fn without_places(difference: &str) -> String {
    let (path, what) = difference.split_once(": ").unwrap_or((difference, ""));
    let parts = path.split('[').map(|part| match part.split_once(']') {
        Some((number, rest)) if number.parse::<u32>().is_ok() => format!("]{rest}"),
        _ => part.to_owned(),
    });
    format!("{}: {}", parts.collect::<Vec<_>>().join("["), blocks_domain::excerpt(what))
}

fn told(Report { seen, keys, also: [null, missing], .. }: &Report) -> String {
    format!(
        "{keys} keys of which {null} were also null and {missing} also missing: \
         {} fields, {} nulls, {} unknown fields, {} unknown words, {} quoted numbers, {} odd values",
        seen.fields,
        seen.nulls,
        seen.unknown_fields,
        seen.unknown_words,
        seen.quoted_numbers,
        seen.odd,
    )
}
