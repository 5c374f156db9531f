//! Reads OpenAPI files as X writes them: OpenAPI 3.0, references into the file, inline schemas.
//!
//! [`OpenApi`] is a file, [`Operation`] a method of a path, and [`Schemas`] reads its schemas, one
//! level at a time. The schemas of our own models are read by [`Schemas`] too: there is one way of
//! reading schemas, whoever wrote them.

mod operation;
mod schema;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde_json::Value;

pub(crate) use self::operation::Operation;
pub(crate) use self::schema::{Kind, Property, Schema, Schemas};

/// An OpenAPI file.
#[derive(Debug, Clone)]
pub(crate) struct OpenApi {
    name: String,
    json: Value,
}

impl OpenApi {
    /// A file by what it says.
    ///
    /// # Errors
    /// It is no OpenAPI 3.0, or describes no path.
    pub(crate) fn new(name: impl Into<String>, json: Value) -> Result<Self> {
        let name = name.into();
        match json["openapi"].as_str().or(json["swagger"].as_str()) {
            Some(format) => ensure!(
                format == "3.0" || format.starts_with("3.0."),
                "{name} is written in OpenAPI {format}, and only 3.0 is read: other versions say \
                 `null` and ranges otherwise; convert it to 3.0, or teach xtask/src/openapi that \
                 version"
            ),
            None => bail!(
                "{name} is JSON, but no OpenAPI file, for it has no `openapi`; take the file that \
                 X publishes as openapi.json"
            ),
        }
        ensure!(
            json["paths"].is_object(),
            "{name} has no `paths`, so it describes no call; take the whole file that X publishes"
        );
        Ok(Self { name, json })
    }

    /// A file by its text.
    ///
    /// # Errors
    /// It is no JSON, no OpenAPI 3.0, or describes no path.
    pub(crate) fn parse(name: impl Into<String>, text: &str) -> Result<Self> {
        let name = name.into();
        let json = json_of(&name, text)?;
        Self::new(name, json)
    }

    /// Reads a file of the disk; its name is that of the file, without the extension.
    ///
    /// # Errors
    /// It cannot be read, is no JSON, no OpenAPI 3.0, or describes no path.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        Self::new(name, json_of(&path.display().to_string(), &text_of(path)?)?)
    }

    /// The OpenAPI files of a folder, by name; none where there is no such folder.
    ///
    /// # Errors
    /// A file with the extension `json` cannot be read, or is no JSON.
    pub(crate) fn all_in(dir: &Path) -> Result<Vec<Self>> {
        let mut files = Vec::new();
        if !dir.is_dir() {
            return Ok(files);
        }
        for entry in fs::read_dir(dir).with_context(|| format!("reading {}", dir.display()))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let json = json_of(&path.display().to_string(), &text_of(&path)?)?;
                if json["openapi"].is_string() {
                    let name = path.file_stem().unwrap_or_default().to_string_lossy();
                    files.push(Self::new(name, json)?);
                }
            }
        }
        files.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(files)
    }

    /// What the file is called.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// All that it says.
    pub(crate) const fn json(&self) -> &Value {
        &self.json
    }

    /// The same file with other words in it.
    pub(crate) fn with(&self, json: Value) -> Self {
        Self { name: self.name.clone(), json }
    }

    /// The version that it gives itself; empty where it gives none.
    pub(crate) fn version(&self) -> &str {
        self.json["info"]["version"].as_str().unwrap_or_default()
    }

    /// Its schemas.
    pub(crate) const fn schemas(&self) -> Schemas<'_> {
        Schemas::of(&self.json)
    }

    /// Every method of every path, in the order of the paths.
    pub(crate) fn operations(&self) -> Vec<Operation<'_>> {
        let mut operations = Vec::new();
        for (path, item) in self.json["paths"].as_object().into_iter().flatten() {
            let item = self.schemas().resolved(item);
            for (method, operation) in item.as_object().into_iter().flatten() {
                if operation["responses"].is_object() {
                    let shared = &item["parameters"];
                    operations.push(Operation::new(method, path, operation, shared, &self.json));
                }
            }
        }
        operations
    }

    /// The schemas that have a name and that these operations lead to, by their names.
    pub(crate) fn reachable<'a>(
        &'a self,
        operations: &[Operation<'a>],
    ) -> BTreeMap<&'a str, &'a Value> {
        let mut found = BTreeMap::new();
        for operation in operations {
            for schema in operation.schemas() {
                self.schemas().gather(schema, &mut found);
            }
        }
        found
    }
}

fn text_of(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}

/// Reads JSON, and says what the text is where it is none.
fn json_of(name: &str, text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(|error| {
        let start = text.trim_start();
        if start.is_empty() {
            anyhow!("{name} is empty; get the file once more")
        } else if start.starts_with('<') {
            anyhow!(
                "{name} is a page of HTML and no JSON, perhaps one that asks who you are; open it \
                 in a browser, and save the JSON"
            )
        } else if error.is_eof() {
            anyhow!("{name} is cut off ({error}); get the file once more")
        } else {
            anyhow!("{name} is no JSON ({error}); take the file that X publishes as openapi.json")
        }
    })
}
