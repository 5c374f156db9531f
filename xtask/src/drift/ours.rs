//! What this project knows of the calls about blocks: from its models and data, or from the pages
//! and schemas that it publishes.

use std::collections::BTreeMap;

use anyhow::{Context, Result, anyhow};
use blocks_domain::{Scope, Vocabulary, schema};
use serde_json::Value;

use super::notes::Notes;
use super::side::{Side, Thing};
use crate::facts::Rows;
use crate::reference;
use crate::shape::{Field, Shapes};
use crate::tree::Tree;

/// The documents that describe what the calls about blocks take and answer.
const DOCUMENTS: [(&str, &str); 4] = [
    ("blocking-page", "BlockingPage"),
    ("block-request", "BlockRequest"),
    ("block-state", "BlockStateReply"),
    ("problem", "Problem"),
];

/// The models of a page that have fields of their own.
const ELSEWHERE: [&str; 8] =
    ["Includes", "User", "Post", "Media", "GeoPlace", "Poll", "Topic", "Problem"];

/// The keys that every kind of a model has.
const IN_EVERY_KIND: [(&str, &[&str]); 2] = [
    ("Problem", &["detail", "status", "title", "type"]),
    ("Media", &["height", "media_key", "type", "width"]),
];

/// The keys of a problem in its oldest form, which the files call an error.
const OF_AN_ERROR: [&str; 2] = ["code", "message"];

/// The tables and schemas that tell what is known.
pub(super) struct Known {
    words: Vocabulary,
    tables: BTreeMap<String, Rows>,
    documents: BTreeMap<&'static str, Value>,
}

impl Known {
    /// What the domain knows.
    pub(super) fn of_the_domain(words: Vocabulary) -> Result<Self> {
        let document = |name| schema::of(name, words).context("a model without a schema");
        Self::new(words, None, document)
    }

    /// What `docs/reference` and `docs/schema` say.
    pub(super) fn of_the_reference(tree: &Tree, words: Vocabulary) -> Result<Self> {
        let document = |name: &str| {
            let file = format!("docs/schema/{words}/{name}.json");
            let text = tree.text(&file).with_context(|| format!("{file} is missing"))?;
            serde_json::from_str(text).with_context(|| format!("{file} is no JSON"))
        };
        Self::new(words, Some(tree), document)
    }

    fn new(
        words: Vocabulary,
        tree: Option<&Tree>,
        document: impl Fn(&'static str) -> Result<Value>,
    ) -> Result<Self> {
        let tables = reference::tables(tree).map_err(|finding| anyhow!("{finding}"))?;
        let documents = DOCUMENTS.map(|(name, model)| Ok((model, document(name)?)));
        Ok(Self { words, tables, documents: documents.into_iter().collect::<Result<_>>()? })
    }

    /// All of it as a flat map, with what the notes add of promises and kinds.
    pub(super) fn side(&self, notes: &Notes<'_>) -> Result<Side> {
        let mut side = Side::default();
        let columns = ["call", "caller", "scopes"];
        let calls = self.table("Calls")?.cells(columns);
        for [call, caller, scopes] in calls.filter(|[call, ..]| call.contains("/blocking")) {
            self.add_call(&mut side, call, caller, scopes)?;
        }
        for scope in Scope::ALL {
            side.add(format!("scope {scope}"), Thing::new(None, scope.word()));
        }
        for (model, document) in &self.documents {
            self.add_models(&mut side, model, document, notes)?;
        }
        self.add_body_limits(&mut side)?;
        notes.add_promises(&mut side);
        Ok(side)
    }

    fn table(&self, heading: &str) -> Result<&Rows> {
        self.tables.get(heading).with_context(|| format!("there is no table \"{heading}\""))
    }

    fn add_call(&self, side: &mut Side, call: &str, caller: &str, scopes: &str) -> Result<()> {
        let kinds = self.table("Sign-ins")?.cells(["kind", "caller"]);
        let accepted = kinds.filter(|[_, whose]| *whose == caller).map(|[kind, _]| kind);
        let thing = Thing::new(None, call)
            .listing("sign-ins", accepted)
            .listing("scopes", scopes.split(", "));
        side.add(call, thing);
        for [name, post, place, kind, range, required] in self.parameters(call)? {
            let name = if self.words == Vocabulary::Post && !post.is_empty() { post } else { name };
            if place != "body" {
                let thing = Thing::new(Some(call.to_owned()), name)
                    .saying("in", place)
                    .saying("required", required);
                let thing = self.with_range(thing, kind, range)?;
                side.add(format!("{call} · {name}"), thing);
            }
        }
        let get = call.starts_with("GET");
        let body = call.starts_with("POST").then_some(("body", "BlockRequest"));
        let answers = [
            ("200 application/json", if get { "BlockingPage" } else { "BlockStateReply" }),
            ("default application/json", "Error"),
            ("default application/problem+json", "Problem"),
        ];
        for (what, model) in answers.into_iter().chain(body) {
            let thing = Thing::new(Some(call.to_owned()), what).saying("type", model);
            side.add(format!("{call} · {what}"), thing);
        }
        Ok(())
    }

    fn parameters(&self, call: &str) -> Result<impl Iterator<Item = [&str; 6]>> {
        let columns = ["parameter", "in post words", "in", "type", "range", "required"];
        Ok(self.table(&format!("Parameters of {call}"))?.cells(columns))
    }

    /// Reads the cells of a type and a range, as the reference words them.
    fn with_range(&self, thing: Thing, kind: &str, range: &str) -> Result<Thing> {
        if let Some(parameter) = range.strip_prefix("values of ") {
            let columns =
                [["tweet word"], ["post word"]][usize::from(self.words == Vocabulary::Post)];
            let table = self.table(&format!("Values of {parameter}"))?;
            let words = table.cells(columns).map(|[word]| word).filter(|word| *word != "–");
            return Ok(thing
                .saying("type", "array of string")
                .saying("minItems", "1")
                .saying("uniqueItems", "true")
                .saying("explode", "no")
                .listing("values", words));
        }
        let thing = thing.saying("type", kind);
        let parts: Vec<_> = range.split(' ').collect();
        Ok(match (kind, &parts[..]) {
            ("integer", [least, "to", most]) => {
                thing.saying("minimum", *least).saying("maximum", *most)
            }
            (_, [least, "to", most, "digits"]) => {
                thing.saying("pattern", format!("^[0-9]{{{least},{most}}}$"))
            }
            (_, [least, "characters", "at", "least"]) => thing.saying("minLength", *least),
            _ => thing.saying("range", range),
        })
    }

    fn add_models(
        &self,
        side: &mut Side,
        model: &'static str,
        document: &Value,
        notes: &Notes<'_>,
    ) -> Result<()> {
        let shapes = Shapes { document, elsewhere: &ELSEWHERE };
        if model == "Problem" {
            let fields = shapes.fields(document, model);
            let error = |field: &Field| field.is_within(&OF_AN_ERROR);
            let error: Vec<_> = fields.iter().filter(|field| error(field)).cloned().collect();
            side.add_model("Error", &error, str::to_owned);
            let types =
                self.table("Problem types")?.cells(["type"]).map(|[word]| (word, Vec::new()));
            let kinds = types.chain(notes.kinds_of(model)).collect();
            add_kinds(side, model, &fields, kinds);
            return Ok(());
        }
        side.add_model(model, &shapes.fields(document, model), str::to_owned);
        if model == "BlockingPage" {
            for part in ELSEWHERE.into_iter().filter(|part| *part != "Problem") {
                add_kinds(side, part, &shapes.fields_of(part), notes.kinds_of(part));
            }
        }
        Ok(())
    }

    fn add_body_limits(&self, side: &mut Side) -> Result<()> {
        for [name, _, place, kind, range, _] in self.parameters("POST /2/users/:id/blocking")? {
            if let Some(thing) = side.things.get_mut(&format!("BlockRequest.{name}"))
                && place == "body"
            {
                let limits = self.with_range(Thing::default(), kind, range)?;
                thing.aspects.extend(limits.aspects);
            }
        }
        Ok(())
    }
}

/// Adds a model, kind by kind where it has kinds, each with its keys beyond the common ones.
fn add_kinds(side: &mut Side, model: &str, fields: &[Field], kinds: BTreeMap<&str, Vec<&str>>) {
    if kinds.is_empty() {
        return side.add_model(model, fields, str::to_owned);
    }
    side.add(model, Thing { led_to: true, ..Thing::new(None, model) });
    let every = IN_EVERY_KIND.iter().find(|(of, _)| *of == model).map(|(_, keys)| *keys);
    for (kind, keys) in kinds {
        let has =
            |field: &&Field| field.is_within(every.unwrap_or_default()) || field.is_within(&keys);
        let path = format!("{model}({kind})");
        let fields: Vec<_> = fields.iter().filter(has).cloned().collect();
        side.add_model(&path, &fields, str::to_owned);
        let thing = Thing::new(Some(model.to_owned()), kind);
        side.add(path, Thing { owner: model.to_owned(), ..thing });
    }
}
