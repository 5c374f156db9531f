//! An official OpenAPI file.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use jsonschema::Validator;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::Value;

use super::schema;

/// What a file describes.
pub(super) struct File {
    pub(super) name: String,
    pub(super) operations: Vec<Operation>,
}

/// A method of a path, with its answer when all is well.
pub(super) struct Operation {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) takes_body: bool,
    query: Vec<Value>,
    answer: Validator,
}

impl File {
    /// The OpenAPI files of a folder, by name; none where there is no such folder.
    pub(super) fn all_in(dir: &Path) -> Result<Vec<Self>> {
        let mut files = Vec::new();
        if !dir.is_dir() {
            return Ok(files);
        }
        for entry in fs::read_dir(dir)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let json: Value = serde_json::from_str(&fs::read_to_string(&path)?)?;
                if json["openapi"].is_string() {
                    let name = path.file_stem().unwrap_or_default().to_string_lossy();
                    files.push(Self::read(name.into_owned(), &json)?);
                }
            }
        }
        files.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(files)
    }

    fn read(name: String, json: &Value) -> Result<Self> {
        let mut operations = Vec::new();
        for (path, item) in json["paths"].as_object().context("a file has no paths")? {
            for (method, operation) in item.as_object().context("a path is no object")? {
                if operation["responses"].is_object() {
                    operations.push(Operation::read(method, path, operation, json)?);
                }
            }
        }
        Ok(Self { name, operations })
    }
}

impl Operation {
    fn read(method: &str, path: &str, operation: &Value, file: &Value) -> Result<Self> {
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let parameters = parameters.iter().map(|parameter| schema::resolved(parameter, file));
        let answer = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        Ok(Self {
            method: method.to_ascii_uppercase(),
            path: path.to_owned(),
            takes_body: operation["requestBody"].is_object(),
            query: parameters.filter(|parameter| parameter["in"] == "query").cloned().collect(),
            answer: schema::validator(answer, file)
                .with_context(|| format!("the answer of {method} {path}"))?,
        })
    }

    /// The path with values for its parameters.
    pub(super) fn path_of(&self, value: impl Fn(&str) -> String) -> String {
        let parts = self.path.split('/').map(|part| {
            match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
                Some(name) => value(name),
                None => part.to_owned(),
            }
        });
        parts.collect::<Vec<_>>().join("/")
    }

    /// Some of the parameters, with values that they take.
    pub(super) fn random_query(
        &self,
        dice: &mut StdRng,
        page_tokens: &[String],
    ) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        for parameter in &self.query {
            let name = parameter["name"].as_str().unwrap_or_default();
            // Which words an answer is in follows from the parameter that names fields of posts.
            let always = name.ends_with(".fields") && name != "user.fields";
            if always || dice.random_ratio(2, 3) {
                let value = random_value(name, &parameter["schema"], dice, page_tokens);
                pairs.extend(value.map(|value| (name.to_owned(), value)));
            }
        }
        pairs
    }

    /// What of an answer is not as the file says, each difference once.
    pub(super) fn differences(&self, body: &Value) -> BTreeSet<String> {
        let all = self.answer.iter_errors(body);
        all.map(|error| {
            let path = error.instance_path().to_string();
            let parts = path.split('/').map(|part| match part.parse::<u32>() {
                Ok(_) => "*",
                Err(_) => part,
            });
            format!("{}: {}", parts.collect::<Vec<_>>().join("/"), error.masked())
        })
        .collect()
    }
}

fn random_value(
    name: &str,
    schema: &Value,
    dice: &mut StdRng,
    page_tokens: &[String],
) -> Option<String> {
    if name == "pagination_token" {
        return page_tokens.choose(dice).cloned();
    }
    if let Some(choices) = schema["items"]["enum"].as_array() {
        let count = dice.random_range(1..=choices.len());
        let words = choices.sample(dice, count).filter_map(Value::as_str);
        return Some(words.collect::<Vec<_>>().join(","));
    }
    let (least, most) = (schema["minimum"].as_u64()?, schema["maximum"].as_u64()?);
    Some(dice.random_range(least..=most).to_string())
}
