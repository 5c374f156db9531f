//! Holds an official OpenAPI file against what this project knows of the calls about blocks.
//!
//! Each side becomes a flat map of things and what is said of them, in the words of the file;
//! the comparison is the difference of two maps, so no order counts. What differs and is right all
//! the same stands in `xtask/drift.toml`.

mod compare;
mod mutate;
mod notes;
mod ours;
mod report;
mod side;
#[cfg(test)]
mod tests;
mod theirs;

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};

use self::notes::{AllNotes, Notes};
use self::ours::Known;
use self::report::Report;
use self::side::Side;
use crate::openapi::OpenApi;
use crate::spec;
use crate::tree::Tree;

/// Where X publishes its file.
const LIVE: &str = "https://api.x.com/2/openapi.json";

/// Where the accepted differences stand.
const NOTES: &str = "xtask/drift.toml";

/// What to compare, and how to tell it.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The OpenAPI file, or its address.
    #[arg(long, value_name = "FILE|URL", default_value = LIVE)]
    spec: String,
    /// An earlier OpenAPI file to compare with, in place of what this project knows.
    #[arg(long, value_name = "FILE|URL", conflicts_with = "reference")]
    since: Option<String>,
    /// Compares with docs/reference and docs/schema in place of the domain.
    #[arg(long)]
    reference: bool,
    /// Compares every official file at hand ($BLOCKS_SPEC_DIR, then ../shared/spec), and each of
    /// them changed in one thing at a time; where there are none it says `skipped` and succeeds.
    #[arg(long, conflicts_with_all = ["spec", "since", "reference", "json", "markdown"])]
    official: bool,
    /// Fails where the official files are missing.
    #[arg(long, requires = "official")]
    require: bool,
    /// The accepted differences.
    #[arg(long, value_name = "FILE", default_value = NOTES)]
    notes: PathBuf,
    /// Tells the differences as JSON.
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Tells the differences as Markdown.
    #[arg(long)]
    markdown: bool,
}

/// Compares, and prints what differs; whether everything is known.
///
/// # Errors
/// A file cannot be had or read, or describes nothing about blocks.
pub(crate) fn run(root: &Path, tree: &Tree, options: &Options) -> Result<bool> {
    if options.official {
        let notes = AllNotes::read(&root.join(&options.notes))?;
        return officials(root, &notes, options.require);
    }
    let file = load(&options.spec)?;
    let report = match &options.since {
        Some(since) => between(&load(since)?, &file)?,
        None => {
            let notes = AllNotes::read(&root.join(&options.notes))?;
            report(&file, &notes, options.reference.then_some(tree))?
        }
    };
    if options.json {
        println!("{:#}", report.json());
    } else if options.markdown {
        print!("{}", report.markdown());
    } else {
        print!("{}", report.text());
    }
    Ok(report.new.is_empty())
}

/// Holds a file against what we know, or against what the reference says.
fn report(file: &OpenApi, notes: &AllNotes, reference: Option<&Tree>) -> Result<Report> {
    let words = theirs::vocabulary(file);
    let known = match reference {
        Some(tree) => Known::of_the_reference(tree, words)?,
        None => Known::of_the_domain(words)?,
    };
    let notes = notes.about(words, file.version());
    judged(file, &known.side(&notes)?, &notes)
}

/// Holds a file against an earlier one.
fn between(earlier: &OpenApi, file: &OpenApi) -> Result<Report> {
    judged(file, &theirs_of(earlier)?, &Notes::default())
}

fn judged(file: &OpenApi, ours: &Side, notes: &Notes<'_>) -> Result<Report> {
    let words = theirs::vocabulary(file);
    let theirs = theirs_of(file)?;
    let outcome = compare::compare(theirs.clone(), ours, words);
    let head = (file.name(), file.version(), words);
    Ok(Report::new(head, &theirs, ours, &outcome, notes))
}

/// Holds every official file at hand against what we know, and changes each in one thing at a time.
fn officials(root: &Path, notes: &AllNotes, require: bool) -> Result<bool> {
    let dir = spec::folder(root, None);
    let files = OpenApi::all_in(&dir)?;
    if files.is_empty() {
        ensure!(!require, "{} holds no OpenAPI file", dir.display());
        println!("skipped: no file was compared, for {} holds no OpenAPI file", dir.display());
    }
    let mut all_is_known = true;
    for file in &files {
        let report = report(file, notes, None)?;
        print!("{}: {}", file.name(), report.summary());
        all_is_known &= report.new.is_empty() && report.warnings.is_empty();
        let notes = notes.about(report.words, file.version());
        let ours = Known::of_the_domain(report.words)?.side(&notes)?;
        let (count, complaints) = untold(file, &ours, &notes)?;
        println!("; of {count} changes {} are not told once", complaints.len());
        for complaint in &complaints {
            eprintln!("{complaint}");
        }
        all_is_known &= complaints.is_empty();
    }
    Ok(all_is_known)
}

/// Changes a file in one thing at a time: how many changes there are, and which are not told once.
fn untold(file: &OpenApi, ours: &Side, notes: &Notes<'_>) -> Result<(usize, Vec<String>)> {
    let before = judged(file, ours, notes)?;
    let mutations = mutate::mutations(file);
    let told = |mutation: &mutate::Mutation| {
        let after = judged(&mutation.of(file), ours, notes).ok()?;
        mutation.complaint(&before, &after)
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
    let complaints: Vec<_> = complaints.into_iter().flatten().collect();
    Ok((mutations.len(), complaints))
}

fn theirs_of(file: &OpenApi) -> Result<Side> {
    let side = theirs::side(file);
    ensure!(
        !side.things.is_empty(),
        "{} describes no call about blocks; is it the whole file, or that of another API?",
        file.name()
    );
    Ok(side)
}

fn load(spec: &str) -> Result<OpenApi> {
    if spec.starts_with("http://") || spec.starts_with("https://") {
        let text = fetched(spec).with_context(|| {
            format!("{spec} could not be had; save the file elsewhere and name it with `--spec`")
        })?;
        let json = serde_json::from_str(&text).with_context(|| format!("{spec} is no JSON"))?;
        return OpenApi::new(spec, json);
    }
    OpenApi::read(Path::new(spec))
}

fn fetched(url: &str) -> Result<String> {
    // An error says that there is a provider already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(60)).build()?;
        let reply = client.get(url).send().await?;
        if !reply.status().is_success() {
            bail!("the server answered {}", reply.status());
        }
        Ok(reply.text().await?)
    })
}
