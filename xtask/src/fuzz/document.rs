//! The document of the sandbox, to hold answers against.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use jsonschema::Validator;
use reqwest::header::HeaderName;
use serde_json::{Value, json};

use crate::http::Reply;

/// What the sandbox says of itself.
pub(super) struct Document {
    pub(super) operations: Vec<Operation>,
}

/// A method of a path.
pub(super) struct Operation {
    pub(super) method: String,
    /// The path, with `{name}` for its parameters.
    pub(super) path: String,
    pub(super) parameters: Vec<Value>,
    /// The media type of the body that it takes, and its schema.
    pub(super) body: Option<(String, Value)>,
    responses: BTreeMap<u16, Response>,
}

/// What may come with one status.
struct Response {
    is_stream: bool,
    headers: BTreeMap<String, bool>,
    content: BTreeMap<String, Validator>,
}

impl Document {
    pub(super) fn read(document: &Value) -> Result<Self> {
        let mut operations = Vec::new();
        for (path, item) in document["paths"].as_object().context("the document has no paths")? {
            for (method, operation) in item.as_object().context("a path is no object")? {
                let read = Operation::read(method, path, operation, &document["components"]);
                operations.push(read.with_context(|| format!("{method} {path}"))?);
            }
        }
        Ok(Self { operations })
    }

    /// Says what of an answer is not as it should be.
    pub(super) fn judge(&self, method: &str, reply: &Reply) -> Result<(), String> {
        if reply.status >= 500 {
            return Err(format!("{} {}", reply.status, String::from_utf8_lossy(&reply.body)));
        }
        let here: Vec<_> = self.operations.iter().filter(|at| at.is_at(&reply.path)).collect();
        match here.iter().find(|operation| operation.method == method) {
            Some(operation) => operation.judge(reply),
            None if here.is_empty() => expect(reply, 404),
            None if reply.headers.contains_key("allow") => expect(reply, 405),
            None => Err("a wrong method is answered without `allow`".to_owned()),
        }
    }
}

fn expect(reply: &Reply, status: u16) -> Result<(), String> {
    if reply.status == status {
        return Ok(());
    }
    Err(format!("{} is answered {} in place of {status}", reply.path, reply.status))
}

impl Operation {
    fn read(method: &str, path: &str, operation: &Value, components: &Value) -> Result<Self> {
        let responses = operation["responses"].as_object().context("no responses")?;
        let read = |(status, response): (&String, &Value)| {
            let is_stream = status == "200" && operation["x-stream"].is_string();
            let response = Response::read(response, components, is_stream);
            Ok((status.parse()?, response.with_context(|| status.clone())?))
        };
        let content = operation["requestBody"]["content"].as_object();
        let body = content.and_then(|content| content.iter().next());
        Ok(Self {
            method: method.to_ascii_uppercase(),
            path: path.to_owned(),
            parameters: operation["parameters"].as_array().cloned().unwrap_or_default(),
            body: body.map(|(media, body)| (media.clone(), body["schema"].clone())),
            responses: responses.iter().map(read).collect::<Result<_>>()?,
        })
    }

    fn is_at(&self, path: &str) -> bool {
        let (template, path) = (self.path.split('/'), path.split('/'));
        template.clone().count() == path.clone().count()
            && template.zip(path).all(|(name, part)| name.starts_with('{') || name == part)
    }

    fn judge(&self, reply: &Reply) -> Result<(), String> {
        let here = format!("{} {}", self.method, self.path);
        let status = reply.status;
        let Some(response) = self.responses.get(&status) else {
            let body = String::from_utf8_lossy(&reply.body);
            return Err(format!("{here} does not document {status}: {body}"));
        };
        response.judge(reply).map_err(|why| format!("{here} {status}: {why}"))
    }
}

impl Response {
    fn read(response: &Value, components: &Value, is_stream: bool) -> Result<Self> {
        let headers = response["headers"].as_object().context("no headers")?;
        let header = |(name, header): (&String, &Value)| (name.clone(), header["required"] == true);
        let content = response["content"].as_object().context("no content")?;
        let content = content.iter().map(|(media, body)| {
            let schema = json!({ "allOf": [body["schema"]], "components": components });
            let validator = jsonschema::options().should_validate_formats(true).build(&schema)?;
            Ok((media.clone(), validator))
        });
        Ok(Self {
            is_stream,
            headers: headers.iter().map(header).collect(),
            content: content.collect::<Result<_>>()?,
        })
    }

    fn judge(&self, reply: &Reply) -> Result<(), String> {
        for (name, is_always_there) in &self.headers {
            if *is_always_there && !reply.headers.contains_key(name) {
                return Err(format!("the header {name} is missing"));
            }
        }
        for name in reply.headers.keys().map(HeaderName::as_str) {
            if name.starts_with("x-") && !self.headers.contains_key(name) {
                return Err(format!("the header {name} is not documented"));
            }
        }
        let media = reply.media_type();
        let validator = self.content.get(media);
        let validator = validator.ok_or_else(|| format!("{media:?} is not documented"))?;
        // Of a stream only the head is read.
        if !media.ends_with("json") || self.is_stream {
            return Ok(());
        }
        let body = reply.json().map_err(|error| format!("{error:#}"))?;
        let wrong = validator.iter_errors(&body).next();
        wrong.map_or(Ok(()), |error| Err(format!("{error} at {}: {body}", error.instance_path())))
    }
}
