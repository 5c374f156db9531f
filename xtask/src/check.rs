//! Everything that `cargo xtask check` holds.

use crate::finding::Finding;
use crate::house::{self, Member};
use crate::tree::Tree;
use crate::{book, cli, reference, schema};

/// Every disagreement between the pages, the generated files, the manifests and the code.
pub(crate) fn everything(tree: &Tree, members: &[Member]) -> Vec<Finding> {
    let mut findings = reference::check(tree);
    findings.extend(schema::generated().stale(tree));
    findings.extend(cli::generated(blocks_cli::command()).stale(tree));
    findings.extend(book::check(tree));
    findings.extend(house::check(tree, members));
    findings
}
