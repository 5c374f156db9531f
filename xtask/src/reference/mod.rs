//! The facts that the pages of `docs/reference` tell.

mod endpoints;
mod errors;
mod fields;
mod relationship;
mod sandbox;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::facts::{Facts, Rows};
use crate::finding::Finding;
use crate::markdown::Page;
use crate::tree::Tree;

const ENDPOINTS: &str = "docs/reference/endpoints.md";

const ERRORS: &str = "docs/reference/errors.md";

const SANDBOX: &str = "docs/reference/sandbox.md";

/// Where a fact is not told, or a word does not exist.
const NONE: &str = "–";

/// Everything in which the reference and the domain disagree.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let models = fields::Models::of_the_domain();
    let mut findings = held(tree, ENDPOINTS, &endpoints::facts());
    findings.extend(held(tree, "docs/reference/fields.md", &fields::facts(&models)));
    findings.extend(held(tree, ERRORS, &errors::facts()));
    findings.extend(read(tree, ERRORS).iter().flat_map(errors::wrong_answers));
    findings.extend(held(tree, "docs/reference/relationship.md", &relationship::facts()));
    findings.extend(read(tree, SANDBOX).iter().flat_map(|page| sandbox::check(tree, page)));
    findings
}

/// The tables of calls, parameters, values and problem types, by their headings, as the code tells
/// them; those of the reference where there is a tree.
///
/// # Errors
/// A page of the reference, or a table of it, is missing.
pub(crate) fn tables(tree: Option<&Tree>) -> Result<BTreeMap<String, Rows>, Finding> {
    let mut tables = BTreeMap::new();
    for (file, facts) in [(ENDPOINTS, endpoints::facts()), (ERRORS, errors::facts())] {
        let page = match tree {
            Some(tree) => Some(read(tree, file).ok_or_else(|| missing(file))?),
            None => None,
        };
        for facts in facts {
            let rows = match &page {
                Some(page) => Rows::of_table(page.table(&facts.heading)?),
                None => Rows::of_facts(&facts),
            };
            tables.insert(facts.heading, rows);
        }
    }
    Ok(tables)
}

fn held(tree: &Tree, file: &str, facts: &[Facts]) -> Vec<Finding> {
    match read(tree, file) {
        Some(page) => facts.iter().flat_map(|facts| facts.held_against(&page)).collect(),
        None => vec![missing(file)],
    }
}

fn missing(file: &str) -> Finding {
    Finding::new(file, 1, "the page is missing", "write it")
}

fn read(tree: &Tree, file: &str) -> Option<Page> {
    tree.text(file).map(|text| Page::parse(file, text))
}
