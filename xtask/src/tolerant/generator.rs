//! Documents as an OpenAPI file describes them, and as X could send them all the same.

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};

use super::keys::{Keys, State};
use super::made::{Key, Made, Member};
use super::texts;
use crate::openapi::{Kind, Property, Schema, Schemas};

/// How many objects and arrays lie within each other at most.
const DEEPEST: usize = 14;

/// What an answer is worth nothing without; all else can be missing, or `null`.
const ESSENTIAL: [&str; 4] = ["blocking", "id", "meta", "result_count"];

/// What can be missing, but makes an answer worth nothing where it cannot be read.
const NEVER_ODD: [&str; 3] = ["data", "next_token", "previous_token"];

/// What no version looks into, so that it stays as it was sent.
const RAW: [&str; 9] = [
    "account_id",
    "article",
    "article_title",
    "matched_media_notes",
    "note_request_suggestions",
    "parameters",
    "properties",
    "suggested_source_links",
    "suggested_source_links_with_counts",
];

/// Makes documents of one file.
pub(super) struct Generator<'a> {
    schemas: Schemas<'a>,
    /// Texts for each pattern, made once.
    samples: RefCell<BTreeMap<&'a str, Vec<String>>>,
    pub(super) seen: RefCell<Seen>,
    pub(super) keys: RefCell<Keys>,
}

/// What was made so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Keys that the file describes, with a value.
    pub(super) fields: u64,
    /// `null`s in place of a value.
    pub(super) nulls: u64,
    /// Keys that the file does not describe.
    pub(super) unknown_fields: u64,
    /// Words that the file does not list.
    pub(super) unknown_words: u64,
    /// Whole numbers in quotes.
    pub(super) quoted_numbers: u64,
    /// Values of another type than the file says.
    pub(super) odd: u64,
}

/// How much of what can be left out is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fullness {
    /// All of it.
    All,
    /// Nothing but the `id`.
    Bare,
    /// `null` wherever the file allows it.
    Nulls,
    /// Some of it, and what the file does not foresee.
    Some,
}

impl Fullness {
    const EACH: [Self; 4] = [Self::All, Self::Bare, Self::Nulls, Self::Some];
}

/// Where a value stands.
#[derive(Debug, Clone, Copy)]
struct At<'k> {
    /// The key that it is the value of, or of which it is an element.
    key: &'k str,
    /// The key of the object around it.
    within: &'k str,
    depth: usize,
    fullness: Fullness,
    /// Whether it stays as it is sent.
    raw: bool,
}

impl<'a> Generator<'a> {
    /// For these answers of a file.
    pub(super) fn new(schemas: Schemas<'a>, answers: impl IntoIterator<Item = &'a Value>) -> Self {
        let keys = RefCell::new(Keys::of(schemas, answers));
        Self { schemas, samples: RefCell::default(), seen: RefCell::default(), keys }
    }

    /// A document of a schema.
    pub(super) fn document(&self, schema: &'a Value, dice: &mut StdRng) -> Made {
        let fullness = *[Fullness::All, Fullness::Nulls, Fullness::Some, Fullness::Some]
            .choose(dice)
            .unwrap_or(&Fullness::Some);
        self.value(schema, At { key: "", within: "", depth: 0, fullness, raw: false }, dice)
    }

    fn value(&self, schema: &'a Value, at: At<'_>, dice: &mut StdRng) -> Made {
        let kinds: Vec<_> = self.schemas.mapping(schema).into_iter().collect();
        if let Some((word, kind)) = kinds.choose(dice) {
            let property = self.schemas.resolved(schema)["discriminator"]["propertyName"].as_str();
            return named(self.read(&self.schemas.read(kind), at, dice), property, word);
        }
        self.read(&self.schemas.read(schema), at, dice)
    }

    fn read(&self, schema: &Schema<'a>, at: At<'_>, dice: &mut StdRng) -> Made {
        match &schema.kind {
            Kind::Any => Made::Same(texts::anything(dice, 2)),
            Kind::Boolean => Made::Same(json!(dice.random_bool(0.5))),
            Kind::Integer => self.integer(schema, at, dice),
            Kind::Number => texts::number(dice),
            Kind::String => self.string(schema, at, dice),
            Kind::Words { words, .. } => self.word(words, at, dice),
            Kind::Array(items) => self.list(schema, items, at, dice),
            Kind::Object { properties, others } => self.object(properties, *others, at, dice),
            Kind::Either(kinds) => match kinds.choose(dice) {
                Some(kind) => self.read(kind, at, dice),
                None => Made::Null,
            },
        }
    }

    fn integer(&self, schema: &Schema<'_>, at: At<'_>, dice: &mut StdRng) -> Made {
        // Files that bound nothing describe counts and positions, which are never below zero.
        let limit = |name| schema.limits.get(name).and_then(|limit| limit.as_i64());
        let most = match (limit("maximum"), schema.limits.get("format").and_then(|f| f.as_str())) {
            (Some(most), _) => most,
            (None, _) if at.key == "status" => 599,
            (None, Some("int64")) => i64::MAX,
            (None, _) => i32::MAX.into(),
        };
        let bounds = (limit("minimum").unwrap_or(0), most);
        if at.raw {
            return Made::Same(texts::whole_number(dice, bounds, false).sent(Default::default()));
        }
        let quoted = at.fullness == Fullness::Some && dice.random_ratio(1, 4);
        self.seen.borrow_mut().quoted_numbers += u64::from(quoted);
        texts::whole_number(dice, bounds, quoted)
    }

    fn string(&self, schema: &Schema<'a>, at: At<'_>, dice: &mut StdRng) -> Made {
        let limit = |name| schema.limits.get(name).copied();
        let is_time = limit("format").is_some_and(|format| format == "date-time")
            || ["created_at", "editable_until", "end_datetime"].contains(&at.key);
        if is_time && !at.raw {
            return texts::time(dice);
        }
        if ["resource_type", "scope"].contains(&at.key) && dice.random_ratio(1, 2) {
            return Made::Word("tweet");
        }
        let is_id = |key: &str| key == "id" || key.ends_with("_id") || key.ends_with("_ids");
        let pattern = limit("pattern").and_then(Value::as_str);
        let text = match pattern {
            _ if at.key.ends_with("_token") => texts::token(dice),
            _ if is_id(at.key) => texts::id(dice),
            Some(pattern) => self.sample(pattern, dice),
            None => {
                let at_least = limit("minLength").and_then(Value::as_u64).unwrap_or(0);
                texts::text(dice, usize::try_from(at_least).unwrap_or(0))
            }
        };
        Made::Same(json!(text))
    }

    /// A text that a pattern describes.
    fn sample(&self, pattern: &'a str, dice: &mut StdRng) -> String {
        let mut samples = self.samples.borrow_mut();
        let texts = samples.entry(pattern).or_insert_with(|| {
            let mut runner = TestRunner::deterministic();
            let plain = pattern.trim_start_matches('^').trim_end_matches('$');
            let strategy = proptest::string::string_regex(plain);
            let new = |_| strategy.as_ref().ok()?.new_tree(&mut runner).ok().map(|t| t.current());
            (0..64).filter_map(new).collect()
        });
        texts.choose(dice).cloned().unwrap_or_default()
    }

    fn word(&self, words: &[&str], at: At<'_>, dice: &mut StdRng) -> Made {
        if at.fullness == Fullness::Some && dice.random_ratio(1, 6) {
            self.seen.borrow_mut().unknown_words += 1;
            return Made::Same(json!(format!("word_of_tomorrow{}", texts::text(dice, 0))));
        }
        match words.choose(dice) {
            Some(&("tweet" | "post")) => Made::Word("tweet"),
            Some(word) => Made::Same(json!(word)),
            None => Made::Null,
        }
    }

    fn list(&self, schema: &Schema<'_>, items: &'a Value, at: At<'_>, dice: &mut StdRng) -> Made {
        let limit = |name| schema.limits.get(name).and_then(|limit| limit.as_u64());
        let least = limit("minItems").unwrap_or(u64::from(at.fullness == Fullness::All));
        let most = limit("maxItems").unwrap_or(2).max(least).min(least + 3);
        let count = if at.depth > DEEPEST { least } else { dice.random_range(least..=most) };
        let is_whole = at.within.is_empty() || at.within == "includes";
        let element = |dice: &mut StdRng| {
            // Each user, post and the like is as full as it likes.
            let fullness = if is_whole && at.key != "errors" {
                *Fullness::EACH.choose(dice).unwrap_or(&at.fullness)
            } else {
                at.fullness
            };
            self.value(items, At { fullness, depth: at.depth + 1, ..at }, dice)
        };
        Made::List((0..count).map(|_| element(dice)).collect())
    }

    fn object(
        &self,
        properties: &BTreeMap<&'a str, Property<'a>>,
        others: Option<&'a Value>,
        at: At<'_>,
        dice: &mut StdRng,
    ) -> Made {
        let mut members = Vec::new();
        for (key, property) in properties {
            self.add(&mut members, key, property, at, dice);
        }
        if let Some(schema) = others {
            let at = At { depth: at.depth + 1, ..at };
            let value = self.value(schema, at, dice).sent(Default::default());
            members
                .push(Member { key: Key::Unknown("another".to_owned()), value: Made::Same(value) });
        }
        // An object without keys of its own has any.
        if at.fullness == Fullness::Some || properties.is_empty() {
            for (key, value) in texts::unheard_of(dice, 2) {
                self.seen.borrow_mut().unknown_fields += 1;
                members.push(Member { key: Key::Unknown(key), value: Made::Same(value) });
            }
        }
        let object = Made::Object(members);
        if at.raw { Made::Same(object.sent(Default::default())) } else { object }
    }

    /// Adds a key of an object, unless it is left out.
    fn add(
        &self,
        members: &mut Vec<Member>,
        key: &'a str,
        property: &Property<'a>,
        at: At<'_>,
        dice: &mut StdRng,
    ) {
        let schema = self.schemas.read(property.schema);
        let is_essential = ESSENTIAL.contains(&key) && !schema.nullable;
        let optional = !property.required && !is_essential;
        // Where the file says nothing of `null`, it stands for a missing key all the same.
        let has_null = schema.nullable || optional;
        let known = || Key::Known(key.to_owned());
        let note = |state| self.keys.borrow_mut().note(property.schema, state);
        let add_null = |members: &mut Vec<Member>| {
            note(State::Null);
            self.seen.borrow_mut().nulls += 1;
            members.push(Member { key: known(), value: Made::Null });
        };
        match at.fullness {
            Fullness::Bare if is_essential && key == "id" => {}
            Fullness::Bare => return note(State::Missing),
            Fullness::Nulls if schema.nullable => return add_null(members),
            Fullness::All | Fullness::Nulls => {}
            Fullness::Some if optional && dice.random_ratio(1, 3) => return note(State::Missing),
            Fullness::Some if has_null && dice.random_ratio(1, 6) => return add_null(members),
            Fullness::Some if optional && !at.raw && self.is_odd(key, &schema, dice) => {
                self.seen.borrow_mut().odd += 1;
                let value = Made::Same(json!({ "odd": [key] }));
                return members.push(Member { key: Key::Odd(key.to_owned()), value });
            }
            Fullness::Some => {}
        }
        if at.depth > DEEPEST && optional {
            return;
        }
        note(State::There);
        self.seen.borrow_mut().fields += 1;
        let raw = at.raw || RAW.contains(&key);
        let inside = At { key, within: at.key, depth: at.depth + 1, raw, ..at };
        let value = self.value(property.schema, inside, dice);
        let key = match (key, at.key) {
            ("tag", "hashtags") if dice.random_ratio(1, 3) => {
                Key::Alias { sent: "hashtag", written: "tag" }
            }
            ("tag", "cashtags") if dice.random_ratio(1, 3) => {
                Key::Alias { sent: "cashtag", written: "tag" }
            }
            _ => known(),
        };
        members.push(Member { key, value });
    }

    /// Whether a scalar shall have another type than the file says.
    fn is_odd(&self, key: &str, schema: &Schema<'_>, dice: &mut StdRng) -> bool {
        let scalar = matches!(
            schema.kind,
            Kind::Boolean | Kind::Integer | Kind::String | Kind::Words { .. }
        );
        scalar && !RAW.contains(&key) && !NEVER_ODD.contains(&key) && dice.random_ratio(1, 40)
    }
}

/// An object of the kind that a word names.
fn named(made: Made, property: Option<&str>, word: &str) -> Made {
    match (made, property) {
        (Made::Object(mut members), Some(property)) => {
            members.retain(
                |member| !matches!(&member.key, Key::Known(key) | Key::Odd(key) if key == property),
            );
            let value = Made::Same(json!(word));
            members.push(Member { key: Key::Known(property.to_owned()), value });
            Made::Object(members)
        }
        (made, _) => made,
    }
}
