//! What one side says, as a flat map: each thing by its path, with what is said of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::shape::{Field, Kind};

/// The type of what may be any JSON.
pub(super) const ANY: &str = "any JSON";

/// Everything that one side says.
#[derive(Debug, Clone, Default)]
pub(super) struct Side {
    /// The things by their paths, such as `User.entities.url.urls[].start`.
    pub(super) things: BTreeMap<String, Thing>,
}

/// A call, a parameter, an answer, a model, a field, a kind of problem or a scope.
#[derive(Debug, Clone, Default)]
pub(super) struct Thing {
    /// The path of the thing that it is a part of.
    pub(super) parent: Option<String>,
    /// The model that has it, as this side calls that; empty for what has no name.
    pub(super) owner: String,
    /// Its own name, the last part of its path.
    pub(super) key: String,
    /// Whether it is there only because something else leads to it, which tells its absence.
    pub(super) led_to: bool,
    /// What is said of it.
    pub(super) aspects: BTreeMap<&'static str, Said>,
}

/// What is said of one aspect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// One text.
    Text(String),
    /// A set of words, whose order does not count.
    Words(BTreeSet<String>),
}

impl Side {
    /// Adds a thing.
    pub(super) fn add(&mut self, path: impl Into<String>, thing: Thing) {
        self.things.insert(path.into(), thing);
    }

    /// Adds a model, and its fields below it.
    pub(super) fn add_model(
        &mut self,
        model: &str,
        fields: &[Field],
        name_of: impl Fn(&str) -> String,
    ) {
        self.add(model, Thing { led_to: true, ..Thing::new(None, model) });
        for field in fields {
            let (path, parent) = paths(model, field);
            let Some(step) = field.steps.last() else { continue };
            let (kind, words) = type_of(&field.kind, &name_of);
            let mut thing =
                Thing { owner: step.model.clone(), ..Thing::new(Some(parent), &step.key) }
                    .saying("type", kind)
                    .saying("required", yes_or_no(field.required))
                    .saying("nullable", yes_or_no(field.nullable));
            if let Some(words) = words {
                thing = thing.listing("values", words);
            }
            self.add(path, thing);
        }
    }

    /// A thing and what is inside it in one line, such as `array of {id!: string, tag?: string}`.
    ///
    /// A `!` marks what is required, a `?` what may be null. A model of `known` is named alone.
    pub(super) fn shape(&self, path: &str, known: &BTreeSet<&str>) -> String {
        let Some(thing) = self.things.get(path) else { return "nothing".to_owned() };
        let kind = thing.text("type");
        let inside: Vec<_> = self.parts(path).collect();
        let mut text = match (kind.strip_suffix("object"), &inside[..]) {
            (Some(lead), [(_, first), ..]) if known.contains(first.owner.as_str()) => {
                format!("{lead}{}", first.owner)
            }
            (Some(lead), [_, ..]) => {
                let part = |(path, part): &(&String, &Thing)| {
                    let required = if part.text("required") == "yes" { "!" } else { "" };
                    let nullable = if part.text("nullable") == "yes" { "?" } else { "" };
                    format!("{}{required}{nullable}: {}", part.key, self.shape(path, known))
                };
                let parts: Vec<_> = inside.iter().map(part).collect();
                format!("{lead}{{{}}}", parts.join(", "))
            }
            _ => kind.to_owned(),
        };
        if let Some(words @ Said::Words(_)) = thing.aspects.get("values") {
            text.push_str(&format!(" (one of {words})"));
        }
        text
    }

    /// Moves a thing, and what is inside it, to another path.
    pub(super) fn move_to(&mut self, from: &str, to: &str, key: &str) {
        let inside = |path: &str| {
            path.strip_prefix(from)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', '(']))
        };
        let moved = |path: &str| format!("{to}{}", &path[from.len()..]);
        let paths: Vec<_> = self.things.keys().filter(|path| inside(path)).cloned().collect();
        for path in paths {
            let Some(mut thing) = self.things.remove(&path) else { continue };
            if path == from {
                key.clone_into(&mut thing.key);
            } else if let Some(parent) = &mut thing.parent {
                *parent = moved(parent);
            }
            self.things.insert(moved(&path), thing);
        }
    }

    /// What a thing is made of.
    pub(super) fn parts<'a>(
        &'a self,
        path: &'a str,
    ) -> impl Iterator<Item = (&'a String, &'a Thing)> {
        let below = self.things.range(path.to_owned()..);
        below
            .take_while(move |(other, _)| other.starts_with(path))
            .filter(move |(_, thing)| thing.parent.as_deref() == Some(path))
    }
}

impl Thing {
    pub(super) fn new(parent: Option<String>, key: &str) -> Self {
        Self { parent, key: key.to_owned(), ..Self::default() }
    }

    pub(super) fn saying(mut self, aspect: &'static str, text: impl Into<String>) -> Self {
        self.aspects.insert(aspect, Said::Text(text.into()));
        self
    }

    pub(super) fn listing(
        mut self,
        aspect: &'static str,
        words: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let words = words.into_iter().map(Into::into).collect();
        self.aspects.insert(aspect, Said::Words(words));
        self
    }

    /// One text that is said of it; empty where nothing is.
    pub(super) fn text(&self, aspect: &str) -> &str {
        match self.aspects.get(aspect) {
            Some(Said::Text(text)) => text,
            _ => "",
        }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Words(words) => {
                let words: Vec<_> = words.iter().map(String::as_str).collect();
                f.write_str(&words.join(", "))
            }
        }
    }
}

/// The path of a field below its model, and that of what it is a part of.
fn paths(model: &str, field: &Field) -> (String, String) {
    let (mut path, mut parent) = (model.to_owned(), String::new());
    let mut many = false;
    for step in &field.steps {
        parent.clone_from(&path);
        path.push_str(if many { "[]." } else { "." });
        path.push_str(&step.key);
        many = step.many;
    }
    (path, parent)
}

/// The type of a field in words, and the words that it takes.
///
/// A list of words is a text for whoever reads it; which words those are is told apart.
fn type_of(kind: &Kind, name_of: &impl Fn(&str) -> String) -> (String, Option<Vec<String>>) {
    match kind {
        Kind::OneOf { words, .. } => ("string".to_owned(), Some(words.clone())),
        Kind::Array(inner) => {
            let (inner, words) = type_of(inner, name_of);
            (format!("array of {inner}"), words)
        }
        Kind::Model(name) => (name_of(name), None),
        Kind::Either(kinds) => {
            let all: BTreeSet<_> = kinds.iter().map(|kind| type_of(kind, name_of).0).collect();
            (all.into_iter().collect::<Vec<_>>().join(" or "), None)
        }
        plain => (plain.to_string(), None),
    }
}

pub(super) const fn yes_or_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}
