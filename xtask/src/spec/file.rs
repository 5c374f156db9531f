//! An official OpenAPI file.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use jsonschema::Validator;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::Value;

use super::schema;
use crate::openapi::{self, OpenApi};

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
    /// What a file says of its calls.
    pub(super) fn read(file: &OpenApi) -> Result<Self> {
        let operations = file.operations();
        let operations = operations.iter().map(|operation| Operation::read(operation, file));
        Ok(Self { name: file.name().to_owned(), operations: operations.collect::<Result<_>>()? })
    }
}

impl Operation {
    fn read(operation: &openapi::Operation<'_>, file: &OpenApi) -> Result<Self> {
        let openapi::Operation { method, path, .. } = operation;
        let answer = operation.success().unwrap_or(&Value::Null);
        Ok(Self {
            method: method.clone(),
            path: (*path).to_owned(),
            takes_body: operation.body().is_some(),
            query: operation.parameters_in("query").cloned().collect(),
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
