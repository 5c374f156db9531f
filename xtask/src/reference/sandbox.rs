//! How the sandbox behaves, and the tests that show it.

use crate::finding::Finding;
use crate::markdown::{Page, Row};
use crate::tree::Tree;

/// The package that has the tests.
const SANDBOX: &str = "crates/blocks-fake";

/// The words for where a behaviour is known from.
const SOURCES: [&str; 5] = ["seed", "official", "reported", "inferred", "own"];

/// Rows that name a source that is none, or a test that does not exist.
pub(super) fn check(tree: &Tree, page: &Page) -> Vec<Finding> {
    let table = match page.table("How it behaves") {
        Ok(table) => table,
        Err(finding) => return vec![finding],
    };
    let at = |name: &str| table.columns.iter().position(|column| column == name);
    let (Some(source), Some(test)) = (at("source"), at("test")) else {
        let what = "the table below \"How it behaves\" lacks a column `source` or `test`";
        return vec![Finding::new(&page.file, table.line, what, "add the column")];
    };
    let finding =
        |row: &Row, what: String, remedy: &str| Finding::new(&page.file, row.line, what, remedy);
    let mut findings = Vec::new();
    for row in &table.rows {
        let sources = row.cells[source].split(',').map(str::trim);
        for word in sources.filter(|word| !SOURCES.contains(word)) {
            let remedy = format!("name one of {}", SOURCES.join(", "));
            findings.push(finding(row, format!("`{word}` is no source"), &remedy));
        }
        let name = &row.cells[test];
        if !exists(tree, name) {
            let what = format!("{SANDBOX} has no test `{name}`");
            findings.push(finding(row, what, "correct the name, or write the test"));
        }
    }
    findings
}

/// Whether a test of this path stands in a file that its modules name.
fn exists(tree: &Tree, path: &str) -> bool {
    let Some((modules, name)) = path.rsplit_once("::") else { return false };
    let module = modules.trim_end_matches("::tests").rsplit("::").next().unwrap_or(modules);
    let is_its_file = |file: &str| {
        let file = file.trim_end_matches(".rs").trim_end_matches("/mod").trim_end_matches("/tests");
        file.rsplit('/').next() == Some(module)
    };
    let (plain, waiting) = (format!(" fn {name}("), format!("\nfn {name}("));
    tree.below(SANDBOX).filter(|file| file.ends_with(".rs") && is_its_file(file)).any(|file| {
        tree.text(file).is_some_and(|text| text.contains(&plain) || text.contains(&waiting))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "docs/reference/sandbox.md";

    fn tree() -> Tree {
        let page = "## How it behaves\n\n| behaviour | source | test |\n|---|---|---|\n\
                    | a | official, own | `errors::a_is_refused` |\n\
                    | b | inferred | `world::blocks::tests::b_holds` |\n";
        Tree::default()
            .with_file(FILE, page)
            .with_file("crates/blocks-fake/tests/wire/errors.rs", "async fn a_is_refused() {}")
            .with_file("crates/blocks-fake/src/world/blocks.rs", "mod tests {\n    fn b_holds() {}")
    }

    fn found(tree: &Tree) -> Vec<String> {
        let page = Page::parse(FILE, tree.text(FILE).expect("the page"));
        check(tree, &page).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_row_names_its_sources_and_a_test_that_exists() {
        assert_eq!(found(&tree()), [""; 0]);
        let renamed = tree().with(FILE, "a_is_refused", "a_is_taken");
        assert!(found(&renamed)[0].contains("no test `errors::a_is_taken`"));
        let elsewhere = tree().with(FILE, "errors::", "words::");
        assert_eq!(found(&elsewhere).len(), 1);
        let guessed = tree().with(FILE, "inferred", "guessed");
        assert!(found(&guessed)[0].contains("`guessed` is no source"));
    }
}
