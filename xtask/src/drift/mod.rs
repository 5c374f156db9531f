//! Holds an official OpenAPI file against what this project knows of the calls about blocks.
//!
//! Each side becomes a flat map of things and what is said of them, in the words of the file;
//! the comparison is the difference of two maps, so no order counts. What differs and is right all
//! the same stands in `xtask/drift.toml`.

mod compare;
mod mutate;
mod notes;
mod official;
mod ours;
mod report;
mod side;
mod source;
#[cfg(test)]
mod tests;
mod theirs;

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

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
    /// The OpenAPI file, or its address; the file that X publishes today where none is given.
    #[arg(long, value_name = "FILE|URL", default_value = LIVE)]
    spec: String,
    /// An earlier OpenAPI file to compare with, in place of what this project knows.
    #[arg(long, value_name = "FILE|URL", conflicts_with = "reference")]
    since: Option<String>,
    /// Compares with docs/reference and docs/schema in place of the domain.
    #[arg(long)]
    reference: bool,
    /// Compares every official file at hand, and each of them changed in one thing at a time.
    ///
    /// They are those of $BLOCKS_SPEC_DIR, then of ../shared/spec; where there are none it says
    /// `skipped` and succeeds.
    #[arg(long, conflicts_with_all = ["spec", "since", "reference", "json", "markdown"])]
    official: bool,
    /// Fails where the official files are missing.
    #[arg(long, requires = "official")]
    require: bool,
    /// The accepted differences [default: xtask/drift.toml].
    #[arg(long, value_name = "FILE", conflicts_with = "since")]
    notes: Option<PathBuf>,
    /// Tells the differences as JSON.
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Tells the differences as Markdown.
    #[arg(long)]
    markdown: bool,
}

/// Compares, and prints what differs: 0 where everything is known, 1 where something is new, 2
/// where nothing could be compared.
pub(crate) fn run(root: &Path, tree: &Tree, options: &Options) -> u8 {
    match compared(root, tree, options) {
        Ok(known) => u8::from(!known),
        Err(error) => {
            eprintln!("error: {error:#}");
            2
        }
    }
}

/// Whether everything is known.
fn compared(root: &Path, tree: &Tree, options: &Options) -> Result<bool> {
    let notes = || {
        let own = || root.join(NOTES);
        AllNotes::read(&options.notes.clone().unwrap_or_else(own))
    };
    if options.official {
        return official::compare(&spec::folder(root, None), &notes()?, options.require);
    }
    let file = source::load(&options.spec)?;
    let report = match &options.since {
        Some(since) => between(&source::load(since)?, &file)?,
        None => report(&file, &notes()?, options.reference.then_some(tree))?,
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

fn theirs_of(file: &OpenApi) -> Result<Side> {
    let side = theirs::side(file);
    let calls = file.json()["paths"].as_object().into_iter().flatten();
    ensure!(
        calls.into_iter().any(|(path, _)| path.starts_with("/2/")),
        "{} describes no call that begins with /2/, so it is of another API; take the file that X \
         publishes as openapi.json",
        file.name()
    );
    Ok(side)
}
