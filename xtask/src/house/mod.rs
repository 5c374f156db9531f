//! The rooms of the house, the arrows between them, and what every manifest must say.

mod arrows;
mod manifests;
mod members;
#[cfg(test)]
mod tests;

pub(crate) use members::{Member, members};

use crate::finding::Finding;
use crate::tree::Tree;

/// Everything in which the house differs from its plan.
pub(crate) fn check(tree: &Tree, members: &[Member]) -> Vec<Finding> {
    let mut findings = arrows::check(tree, members);
    findings.extend(manifests::check(tree, members));
    findings
}
