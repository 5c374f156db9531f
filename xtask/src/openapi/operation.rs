//! What an OpenAPI file says of one call.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Schemas;

/// A method of a path.
#[derive(Debug, Clone)]
pub(crate) struct Operation<'a> {
    /// The method in capital letters, such as `GET`.
    pub(crate) method: String,
    /// The path, with `{name}` for its parameters.
    pub(crate) path: &'a str,
    /// The parameters, those that are given by reference resolved.
    pub(crate) parameters: Vec<&'a Value>,
    /// What the file says, in its own words.
    pub(crate) json: &'a Value,
    document: &'a Value,
}

impl<'a> Operation<'a> {
    pub(super) fn new(
        method: &str,
        path: &'a str,
        json: &'a Value,
        shared: &'a Value,
        document: &'a Value,
    ) -> Self {
        let schemas = Schemas::of(document);
        let mut parameters: Vec<&Value> = Vec::new();
        // The parameters of the operation itself come first: they stand for those of its path.
        for parameter in elements(&json["parameters"]).chain(elements(shared)) {
            let parameter = schemas.resolved(parameter);
            let same = |other: &&Value| {
                other["name"] == parameter["name"] && other["in"] == parameter["in"]
            };
            if !parameters.iter().any(same) {
                parameters.push(parameter);
            }
        }
        Self { method: method.to_ascii_uppercase(), path, parameters, json, document }
    }

    /// The parameters that stand at one place: `query`, `path`, `header` or `cookie`.
    pub(crate) fn parameters_in(&self, place: &str) -> impl Iterator<Item = &'a Value> {
        self.parameters.iter().copied().filter(move |parameter| parameter["in"] == place)
    }

    /// The schema of the JSON that it takes, if it takes any.
    pub(crate) fn body(&self) -> Option<&'a Value> {
        let body = Schemas::of(self.document).resolved(self.json.get("requestBody")?);
        body["content"].get("application/json")?.get("schema")
    }

    /// The schemas of its answers, by status (`200`, `default`) and content type.
    pub(crate) fn answers(&self) -> BTreeMap<(&'a str, &'a str), &'a Value> {
        let schemas = Schemas::of(self.document);
        let mut answers = BTreeMap::new();
        for (status, answer) in self.json["responses"].as_object().into_iter().flatten() {
            let contents = schemas.resolved(answer)["content"].as_object();
            for (kind, content) in contents.into_iter().flatten() {
                if let Some(schema) = content.get("schema") {
                    answers.insert((status.as_str(), kind.as_str()), schema);
                }
            }
        }
        answers
    }

    /// The JSON answer when all is well.
    pub(crate) fn success(&self) -> Option<&'a Value> {
        self.answers().remove(&("200", "application/json"))
    }

    /// The ways to sign in, each with its scopes, in the order of the file.
    pub(crate) fn security(&self) -> Vec<(&'a str, Vec<&'a str>)> {
        let own = self.json.get("security").unwrap_or(&self.document["security"]);
        let ways = elements(own).filter_map(Value::as_object).flatten();
        ways.map(|(name, scopes)| {
            (name.as_str(), elements(scopes).filter_map(Value::as_str).collect())
        })
        .collect()
    }

    /// Every schema that it names: of its parameters, its body and its answers.
    pub(crate) fn schemas(&self) -> Vec<&'a Value> {
        let parameters = self.parameters.iter().filter_map(|parameter| parameter.get("schema"));
        let mut schemas: Vec<_> = parameters.chain(self.body()).collect();
        schemas.extend(self.answers().into_values());
        schemas
    }
}

fn elements(array: &Value) -> impl Iterator<Item = &Value> {
    array.as_array().into_iter().flatten()
}
