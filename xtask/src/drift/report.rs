//! What a comparison comes to: what is new, what is known, and how it is told.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use blocks_domain::{RENAMES, Vocabulary};
use serde_json::{Value, json};

use super::compare::{Difference, Kind, Outcome, bounds_a_type};
use super::notes::{Accepted, Notes, names};
use super::side::{Said, Side};

/// What a comparison comes to.
#[derive(Debug, Clone)]
pub(super) struct Report {
    pub(super) file: String,
    pub(super) version: String,
    pub(super) words: Vocabulary,
    /// How many things the file tells.
    pub(super) told: usize,
    /// What is not known yet.
    pub(super) new: Vec<Line>,
    /// Known pairs of words that the file spells as the post vocabulary does, or otherwise than it
    /// spells the rest.
    pub(super) renamed: Vec<String>,
    /// What is known and accepted.
    pub(super) accepted: Vec<Known>,
    /// What is wrong with the notes.
    pub(super) warnings: Vec<String>,
}

/// A difference, at all the places where it is found.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) kind: Kind,
    /// The key, parameter or model that it is about.
    pub(super) name: String,
    pub(super) said: String,
    pub(super) places: Vec<String>,
}

/// Differences that a note accepts.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) names: Vec<String>,
    pub(super) count: usize,
    pub(super) reason: String,
    pub(super) since: String,
}

impl Report {
    /// Parts the differences into new and known ones.
    pub(super) fn new(
        (file, version, words): (&str, &str, Vocabulary),
        theirs: &Side,
        ours: &Side,
        outcome: &Outcome,
        notes: &Notes<'_>,
    ) -> Self {
        let mut names = names(ours);
        for (name, paths) in self::names(theirs) {
            names.entry(name).or_default().extend(paths);
        }
        let by_name: BTreeMap<_, _> = outcome
            .differences
            .iter()
            .map(|difference| (difference.name_of(&difference.path), difference))
            .collect();
        let mut taken = BTreeSet::new();
        let mut warnings: Vec<_> = notes
            .idle_promises(ours)
            .into_iter()
            .map(|name| format!("the promise of `{name}` is about nothing that we know"))
            .collect();
        let mut accepted: Vec<Known> = Vec::new();
        let mut before = BTreeMap::new();
        for note in &notes.accepted {
            let mut known = Known::of(note);
            for what in &note.what {
                let found = matching(note, what, &names, &by_name, outcome);
                known.count += found.here.len();
                taken.extend(found.here);
                let said = note.theirs.as_deref().unwrap_or_default();
                before.extend(found.other.into_iter().map(|name| (name, said)));
                if let Some(warning) = found.warning {
                    warnings.push(warning);
                }
            }
            known.join(&mut accepted);
        }
        let new: Vec<_> = outcome
            .differences
            .iter()
            .filter(|difference| !taken.contains(&difference.name_of(&difference.path)))
            .collect();
        Self {
            file: file.to_owned(),
            version: version.to_owned(),
            words,
            told: theirs.things.len(),
            new: lines(&new, &before),
            renamed: renamed(theirs, words, &outcome.respelt),
            accepted,
            warnings,
        }
    }

    /// What somebody has to look at: what is new, and the warnings.
    pub(super) fn lines(&self) -> BTreeSet<String> {
        self.new.iter().map(|line| line.text("")).chain(self.warnings.iter().cloned()).collect()
    }

    /// In words, for a terminal.
    pub(super) fn text(&self) -> String {
        let mut text = format!("{}\n", self.head());
        for (title, kind) in TITLES {
            let lines: Vec<_> = self.new.iter().filter(|line| line.kind == kind).collect();
            if !lines.is_empty() {
                let _ = writeln!(text, "\n{title}:");
            }
            for line in lines {
                let _ = writeln!(text, "  {}", line.text(""));
            }
        }
        section(&mut text, "Renamed, a known pair", "  ", &self.renamed);
        let accepted: Vec<_> = self.accepted.iter().map(|known| known.text("")).collect();
        section(&mut text, "Known and accepted", "  ", &accepted);
        section(&mut text, "Warnings", "  ", &self.warnings);
        let _ = writeln!(text, "\n{}", self.summary());
        text
    }

    /// As a page of Markdown.
    pub(super) fn markdown(&self) -> String {
        let mut text = format!("# {}\n", self.head());
        for (title, kind) in TITLES {
            let lines = self.new.iter().filter(|line| line.kind == kind);
            let lines: Vec<_> = lines.map(|line| line.text("`")).collect();
            section(&mut text, &format!("## {title}"), "- ", &lines);
        }
        section(&mut text, "## Renamed, a known pair", "- ", &self.renamed);
        let accepted: Vec<_> = self.accepted.iter().map(|known| known.text("`")).collect();
        section(&mut text, "## Known and accepted", "- ", &accepted);
        section(&mut text, "## Warnings", "- ", &self.warnings);
        let _ = writeln!(text, "\n{}", self.summary());
        text
    }

    /// As JSON, for programs.
    pub(super) fn json(&self) -> Value {
        let of_kind = |kind| {
            let lines = self.new.iter().filter(move |line| line.kind == kind);
            let line = |line: &Line| json!({ "name": line.name, "said": line.said, "places": line.places });
            lines.map(line).collect::<Vec<_>>()
        };
        let known = |known: &Known| {
            json!({
                "what": known.names,
                "count": known.count,
                "reason": known.reason,
                "since": known.since,
            })
        };
        json!({
            "file": self.file,
            "version": self.version,
            "words": self.words.name(),
            "told": self.told,
            "new": of_kind(Kind::New),
            "gone": of_kind(Kind::Gone),
            "changed": of_kind(Kind::Changed),
            "renamed": self.renamed,
            "accepted": self.accepted.iter().map(known).collect::<Vec<_>>(),
            "warnings": self.warnings,
        })
    }

    fn head(&self) -> String {
        let Self { file, version, words, told, .. } = self;
        format!("{file}: version {version}, in {words} words, {told} things told of blocks")
    }

    pub(super) fn summary(&self) -> String {
        let accepted: usize = self.accepted.iter().map(|known| known.count).sum();
        let new = match self.new.len() {
            0 => "nothing is new".to_owned(),
            1 => "1 difference is new".to_owned(),
            count => format!("{count} differences are new"),
        };
        format!("{new}; {accepted} are known and accepted; {} warnings", self.warnings.len())
    }
}

const TITLES: [(&str, Kind); 3] =
    [("New there", Kind::New), ("Gone there", Kind::Gone), ("Changed there", Kind::Changed)];

impl Line {
    pub(super) fn text(&self, quote: &str) -> String {
        let Self { name, said, places, .. } = self;
        format!("{quote}{name}{quote}: {said} ({})", places.join(", "))
    }
}

impl Known {
    fn of(note: &Accepted) -> Self {
        Self {
            names: note.what.clone(),
            count: 0,
            reason: note.reason.clone(),
            since: note.since.clone(),
        }
    }

    /// Adds it to those of the same reason and day, if there are any.
    fn join(self, others: &mut Vec<Self>) {
        let same = |other: &&mut Self| (&other.reason, &other.since) == (&self.reason, &self.since);
        match others.iter_mut().find(same) {
            Some(other) => {
                other.names.extend(self.names);
                other.count += self.count;
            }
            None => others.push(self),
        }
    }

    fn text(&self, quote: &str) -> String {
        let names: Vec<_> = self.names.iter().map(|name| format!("{quote}{name}{quote}")).collect();
        let Self { count, reason, since, .. } = self;
        format!("{count} since {since}: {reason} ({})", names.join(", "))
    }
}

fn section(text: &mut String, title: &str, lead: &str, lines: &[String]) {
    if !lines.is_empty() {
        let space = if title.starts_with('#') { "\n" } else { "" };
        let colon = if title.starts_with('#') { "" } else { ":" };
        let _ = writeln!(text, "\n{title}{colon}{space}");
    }
    for line in lines {
        let _ = writeln!(text, "{lead}{line}");
    }
}

/// The differences that a name of a note stands for.
struct Matching {
    here: Vec<String>,
    /// Those that were accepted with other words than those of the file now.
    other: Vec<String>,
    warning: Option<String>,
}

fn matching(
    note: &Accepted,
    what: &str,
    names: &BTreeMap<String, BTreeSet<String>>,
    by_name: &BTreeMap<String, &Difference>,
    outcome: &Outcome,
) -> Matching {
    // A parameter has the dot in its name; what of a thing is said after the last one.
    let parts = match names.get(what) {
        Some(paths) => Some((paths, String::new())),
        None => what
            .rsplit_once(" · ")
            .and_then(|(name, rest)| names.get(name).map(|paths| (paths, format!(" · {rest}")))),
    };
    let Some((paths, rest)) = parts else {
        return Matching {
            here: Vec::new(),
            other: Vec::new(),
            warning: Some(format!("`{what}` is accepted, and nothing has that name")),
        };
    };
    let (mut here, mut other, mut over) = (Vec::new(), Vec::new(), Vec::new());
    for path in paths {
        let name = format!("{path}{rest}");
        let difference = by_name.get(&name);
        let same = |difference: &&&Difference| {
            difference.detail().is_none_or(|said| note.theirs.as_deref() == Some(said))
        };
        if difference.filter(same).is_some() {
            here.push(name);
        } else if difference.is_some() {
            other.push(name);
        } else if is_compared(path, &rest, by_name, outcome) {
            over.push(path.clone());
        }
    }
    let warning = (!over.is_empty())
        .then(|| format!("`{what}` is accepted and no longer differs at {}", over.join(", ")));
    Matching { here, other, warning }
}

/// Whether both sides were heard on what a name of a note is about: nothing above it differs, and
/// neither does the thing itself as a whole, or its type.
fn is_compared(
    path: &str,
    rest: &str,
    by_name: &BTreeMap<String, &Difference>,
    outcome: &Outcome,
) -> bool {
    let whole = by_name.contains_key(path);
    let retyped = by_name.contains_key(&format!("{path} · type"));
    let above = outcome.skipped.contains(path) && !whole && !retyped;
    let aspect = rest.trim_start_matches(" · ").split(' ').next().unwrap_or_default();
    let own = !rest.is_empty() && (whole || (retyped && bounds_a_type(aspect)));
    !above && !own
}

/// Differences that say the same of the same key are one line, with all their places.
fn lines(differences: &[&Difference], before: &BTreeMap<String, &str>) -> Vec<Line> {
    let mut lines: BTreeMap<(Kind, String, String), Vec<String>> = BTreeMap::new();
    for difference in differences {
        let name = difference.word.clone().unwrap_or_else(|| difference.key.clone());
        let mut said = said(difference);
        if let Some(theirs) = before.get(&difference.name_of(&difference.path)) {
            let _ = write!(said, "; {theirs} was accepted");
        }
        let key = (difference.kind, name, said);
        lines.entry(key).or_default().push(difference.path.clone());
    }
    let line = |((kind, name, said), places)| Line { kind, name, said, places };
    lines.into_iter().map(line).collect()
}

fn said(difference: &Difference) -> String {
    let Difference { ours, theirs, .. } = difference;
    let of = difference.aspect.unwrap_or("the whole");
    match (difference.kind, &difference.word) {
        (Kind::New, Some(_)) => format!("a new word of `{of}`"),
        (Kind::Gone, Some(_)) => format!("no word of `{of}` any more"),
        (Kind::New, None) if theirs.is_empty() => "new".to_owned(),
        (Kind::New, None) => format!("new, {theirs}"),
        (Kind::Gone, None) if ours.is_empty() => "gone".to_owned(),
        (Kind::Gone, None) => format!("gone, was {ours}"),
        (Kind::Changed, _) => format!("`{of}` is {theirs} there and {ours} here"),
    }
}

/// The pairs of words, as far as the file has the newer one, and what it spells otherwise.
fn renamed(theirs: &Side, words: Vocabulary, respelt: &[(String, String)]) -> Vec<String> {
    let mut said = BTreeSet::new();
    for thing in theirs.things.values() {
        said.insert(thing.key.as_str());
        for words in thing.aspects.values() {
            if let Said::Words(words) = words {
                said.extend(words.iter().map(String::as_str));
            }
        }
    }
    let mut lines: Vec<_> = RENAMES
        .iter()
        .filter(|_| words == Vocabulary::Post)
        .filter_map(|row| Some((row.tweet?, row.post?)))
        .filter(|(_, post)| said.contains(post))
        .map(|(tweet, post)| format!("{tweet} is {post}"))
        .collect();
    lines.extend(respelt.iter().map(|(theirs, ours)| format!("{ours} is {theirs}")));
    lines.sort();
    lines.dedup();
    lines
}
