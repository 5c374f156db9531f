//! The keys that the answers of a file can have, and in which states they were made.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::openapi::{Kind, Schema, Schemas};

/// What became of a key in one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    /// It has a value.
    There,
    /// It is `null`.
    Null,
    /// It is left out.
    Missing,
}

/// Every key that some answers lead to, with the states that were met.
///
/// A key is known by the place of its schema in the file: two models that share a part share the
/// keys of that.
#[derive(Debug, Default)]
pub(super) struct Keys {
    met: BTreeMap<*const Value, (String, BTreeSet<State>)>,
}

impl Keys {
    /// The keys that these schemas lead to.
    pub(super) fn of<'a>(
        schemas: Schemas<'a>,
        answers: impl IntoIterator<Item = &'a Value>,
    ) -> Self {
        let mut keys = Self::default();
        for answer in answers {
            keys.gather(schemas, answer, "");
        }
        keys
    }

    fn gather<'a>(&mut self, schemas: Schemas<'a>, schema: &'a Value, path: &str) {
        for kind in schemas.mapping(schema).into_values() {
            self.gather_read(schemas, schemas.read(kind), path);
        }
        self.gather_read(schemas, schemas.read(schema), path);
    }

    fn gather_read<'a>(&mut self, schemas: Schemas<'a>, schema: Schema<'a>, path: &str) {
        match schema.kind {
            Kind::Array(items) => self.gather(schemas, items, &format!("{path}[]")),
            Kind::Either(kinds) => {
                kinds.into_iter().for_each(|kind| self.gather_read(schemas, kind, path));
            }
            Kind::Object { properties, .. } => {
                for (key, property) in properties {
                    let path = format!("{path}.{key}");
                    let place = std::ptr::from_ref(property.schema);
                    if self.met.insert(place, (path.clone(), BTreeSet::new())).is_none() {
                        self.gather(schemas, property.schema, &path);
                    }
                }
            }
            _ => {}
        }
    }

    /// Notes what became of a key, by its schema.
    pub(super) fn note(&mut self, schema: &Value, state: State) {
        if let Some((_, states)) = self.met.get_mut(&std::ptr::from_ref(schema)) {
            states.insert(state);
        }
    }

    /// How many keys there are.
    pub(super) fn count(&self) -> usize {
        self.met.len()
    }

    /// The keys that were never in a state, by their paths.
    pub(super) fn never(&self, state: State) -> Vec<&str> {
        let never = self.met.values().filter(|(_, states)| !states.contains(&state));
        never.map(|(path, _)| path.as_str()).collect()
    }
}
