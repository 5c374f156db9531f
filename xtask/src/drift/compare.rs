//! Holds two flat maps against each other.

use std::collections::{BTreeMap, BTreeSet};

use blocks_domain::{Place, RENAMES, Vocabulary};

use super::side::{ANY, Said, Side, Thing};

/// One difference between two sides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Difference {
    /// The thing that it is about.
    pub(super) path: String,
    /// The last part of the path.
    pub(super) key: String,
    /// What of the thing it is about; nothing where it is the whole.
    pub(super) aspect: Option<&'static str>,
    /// The word of a list that it is about.
    pub(super) word: Option<String>,
    /// What kind of difference it is.
    pub(super) kind: Kind,
    /// What we say.
    pub(super) ours: String,
    /// What they say.
    pub(super) theirs: String,
}

/// A kind of difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// They have it and we do not.
    New,
    /// We have it and they do not.
    Gone,
    /// Both have it, and it is not the same.
    Changed,
}

/// What a comparison finds.
#[derive(Debug, Clone, Default)]
pub(super) struct Outcome {
    /// Every difference, in the order of the paths.
    pub(super) differences: Vec<Difference>,
    /// What stands below a difference or cannot be reached, and is not compared.
    pub(super) skipped: BTreeSet<String>,
    /// Words that they spell in the other vocabulary, as a known pair tells: theirs, and ours.
    pub(super) respelt: Vec<(String, String)>,
}

impl Difference {
    /// Its name in `drift.toml`: the path, then what of it.
    pub(super) fn name_of(&self, path: &str) -> String {
        let word = self.word.as_deref().map(|word| format!(" {word}")).unwrap_or_default();
        match self.aspect {
            Some(aspect) => format!("{path} · {aspect}{word}"),
            None => path.to_owned(),
        }
    }

    /// What a note must repeat of what they say; nothing where the name says it all.
    pub(super) fn detail(&self) -> Option<&str> {
        let told = match (self.kind, self.aspect) {
            (Kind::Gone, _) | (_, Some("required" | "nullable" | "explode")) => false,
            (_, _) => self.word.is_none(),
        };
        told.then_some(self.theirs.as_str())
    }
}

/// Compares what they say with what we say.
pub(super) fn compare(theirs: Side, ours: &Side, words: Vocabulary) -> Outcome {
    let mut outcome = Outcome::default();
    let theirs = respelt(theirs, ours, words, &mut outcome.respelt);
    let known = compared_models(&theirs, ours);
    let paths: BTreeSet<_> = theirs.things.keys().chain(ours.things.keys()).collect();
    // A part follows what it is a part of: its path is longer.
    for path in paths {
        let (them, us) = (theirs.things.get(path), ours.things.get(path));
        let parent = us.or(them).and_then(|thing| thing.parent.as_ref());
        if parent.is_some_and(|parent| outcome.skipped.contains(parent)) {
            outcome.skipped.insert(path.clone());
            continue;
        }
        match (them, us) {
            (Some(them), Some(us)) => {
                let whole = || theirs.shape(path, &known);
                differences_of(path, them, us, whole, &mut outcome);
            }
            (Some(thing), None) if !thing.led_to => {
                let shape = theirs.shape(path, &known);
                outcome.note_whole(path, thing, Kind::New, String::new(), shape);
            }
            (None, Some(thing)) if !thing.led_to => {
                let shape = ours.shape(path, &BTreeSet::new());
                outcome.note_whole(path, thing, Kind::Gone, shape, String::new());
            }
            _ => {
                outcome.skipped.insert(path.clone());
            }
        }
    }
    outcome.differences.sort();
    outcome
}

impl Outcome {
    fn note_whole(&mut self, path: &str, thing: &Thing, kind: Kind, ours: String, theirs: String) {
        self.skipped.insert(path.to_owned());
        let (path, key) = (path.to_owned(), thing.key.clone());
        let difference = Difference { path, key, aspect: None, word: None, kind, ours, theirs };
        self.differences.push(difference);
    }
}

/// Adds what both sides say otherwise of one thing.
fn differences_of(
    path: &str,
    them: &Thing,
    us: &Thing,
    whole: impl Fn() -> String,
    outcome: &mut Outcome,
) {
    let aspects: BTreeSet<_> = them.aspects.keys().chain(us.aspects.keys()).copied().collect();
    let types_differ = them.aspects.get("type") != us.aspects.get("type");
    for aspect in aspects {
        let (theirs, ours) = (them.aspects.get(aspect), us.aspects.get(aspect));
        let whole_type = aspect == "type" && types_differ;
        // What bounds a type belongs to it: where the types differ, that is told alone.
        if theirs == ours || (types_differ && bounds_a_type(aspect)) {
            continue;
        }
        let difference = |word: Option<&String>, kind, ours: String, theirs: String| Difference {
            path: path.to_owned(),
            key: us.key.clone(),
            aspect: Some(aspect),
            word: word.cloned(),
            kind,
            ours,
            theirs,
        };
        if let (Some(Said::Words(theirs)), Some(Said::Words(ours))) = (theirs, ours) {
            let more = theirs.difference(ours).map(|word| (word, Kind::New));
            let fewer = ours.difference(theirs).map(|word| (word, Kind::Gone));
            outcome
                .differences
                .extend(more.chain(fewer).map(|(word, kind)| {
                    difference(Some(word), kind, String::new(), String::new())
                }));
            continue;
        }
        let text = |said: Option<&Said>| said.map_or_else(|| "nothing".to_owned(), Said::to_string);
        let theirs = if whole_type { whole() } else { text(theirs) };
        outcome.differences.push(difference(None, Kind::Changed, text(ours), theirs));
    }
    if types_differ {
        outcome.skipped.insert(path.to_owned());
    }
}

/// Whether an aspect is about the values of a type, and means nothing beside another type.
pub(super) fn bounds_a_type(aspect: &str) -> bool {
    !matches!(aspect, "type" | "in" | "required" | "nullable")
}

/// Their models that are compared somewhere, so that what else uses them may name them alone.
fn compared_models<'a>(theirs: &'a Side, ours: &Side) -> BTreeSet<&'a str> {
    let compared = |path: &&String| {
        let parent = theirs.things[*path].parent.as_ref();
        let parent = parent.and_then(|parent| ours.things.get(parent));
        parent.is_some_and(|parent| parent.text("type") != ANY)
    };
    let paths = theirs.things.keys().filter(|path| ours.things.contains_key(*path));
    let owners = paths.filter(compared).map(|path| theirs.things[path].owner.as_str());
    owners.filter(|owner| !owner.is_empty()).collect()
}

/// Their side with the words that the other vocabulary has, where ours has its own instead.
fn respelt(
    mut theirs: Side,
    ours: &Side,
    words: Vocabulary,
    pairs: &mut Vec<(String, String)>,
) -> Side {
    let owners: BTreeMap<_, _> = ours
        .things
        .values()
        .filter_map(|thing| Some((thing.parent.clone()?, thing.owner.clone())))
        .collect();
    let strangers: Vec<_> =
        theirs.things.keys().filter(|path| !ours.things.contains_key(*path)).cloned().collect();
    for path in strangers {
        let Some(thing) = theirs.things.get(&path) else { continue };
        let owner = thing.parent.as_ref().and_then(|parent| owners.get(parent));
        let Some(key) = owner.and_then(|owner| known_pair(owner, &thing.key, words)) else {
            continue;
        };
        let Some(lead) = path.strip_suffix(thing.key.as_str()) else { continue };
        let own = format!("{lead}{key}");
        if ours.things.contains_key(&own) && !theirs.things.contains_key(&own) {
            pairs.push((path.clone(), own.clone()));
            theirs.move_to(&path, &own, key);
        }
    }
    theirs
}

/// How the vocabulary spells a key or a parameter that the other spells so.
fn known_pair(owner: &str, key: &str, words: Vocabulary) -> Option<&'static str> {
    let here = |place: Place| match place {
        Place::Key(model) => model == owner,
        Place::Parameter => owner.is_empty(),
        _ => false,
    };
    let row =
        RENAMES.iter().find(|row| here(row.place) && [row.tweet, row.post].contains(&Some(key)))?;
    match words {
        Vocabulary::Tweet => row.tweet,
        Vocabulary::Post => row.post,
    }
}
