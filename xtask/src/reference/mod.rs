//! The facts that the pages of `docs/reference` tell.

mod endpoints;
mod errors;
mod fields;
mod relationship;
mod sandbox;
#[cfg(test)]
mod tests;

use crate::facts::Facts;
use crate::finding::Finding;
use crate::markdown::Page;
use crate::tree::Tree;

const ERRORS: &str = "docs/reference/errors.md";

const SANDBOX: &str = "docs/reference/sandbox.md";

/// Where a fact is not told, or a word does not exist.
const NONE: &str = "–";

/// Everything in which the reference and the domain disagree.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let models = fields::Models::of_the_domain();
    let mut findings = held(tree, "docs/reference/endpoints.md", &endpoints::facts());
    findings.extend(held(tree, "docs/reference/fields.md", &fields::facts(&models)));
    findings.extend(held(tree, ERRORS, &errors::facts()));
    findings.extend(read(tree, ERRORS).iter().flat_map(errors::wrong_answers));
    findings.extend(held(tree, "docs/reference/relationship.md", &relationship::facts()));
    findings.extend(read(tree, SANDBOX).iter().flat_map(|page| sandbox::check(tree, page)));
    findings
}

fn held(tree: &Tree, file: &str, facts: &[Facts]) -> Vec<Finding> {
    match read(tree, file) {
        Some(page) => facts.iter().flat_map(|facts| facts.held_against(&page)).collect(),
        None => vec![Finding::new(file, 1, "the page is missing", "write it")],
    }
}

fn read(tree: &Tree, file: &str) -> Option<Page> {
    tree.text(file).map(|text| Page::parse(file, text))
}
