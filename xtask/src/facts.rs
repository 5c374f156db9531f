//! What a table must say, and how it is held against what a page says.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::finding::Finding;
use crate::markdown::{Page, Row, Table};

/// The facts that one table of a page must tell, all of them and no others.
///
/// A table may have further columns, for words that are nobody's fact.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    /// The heading above the table.
    pub(crate) heading: String,
    /// Where the facts are at home, such as `Endpoint::ALL`.
    pub(crate) home: &'static str,
    /// The names of the columns that are held.
    pub(crate) columns: Vec<&'static str>,
    /// How many columns from the first on make a row's key.
    pub(crate) key: usize,
    /// The rows; each has a cell for every column.
    pub(crate) rows: Vec<Vec<Cell>>,
}

/// What one cell must say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    /// These words, to the letter.
    Text(String),
    /// A list in any order, with commas between, after words that lead to it.
    List {
        /// The words before the list, such as `one of`; may be empty.
        lead: String,
        /// The list.
        words: Vec<String>,
    },
}

impl Cell {
    /// These words, to the letter.
    pub(crate) fn text(text: impl fmt::Display) -> Self {
        Self::Text(text.to_string())
    }

    /// A list in any order.
    pub(crate) fn list(words: impl IntoIterator<Item = impl fmt::Display>) -> Self {
        let words = words.into_iter().map(|word| word.to_string()).collect();
        Self::List { lead: String::new(), words }
    }

    /// What is wrong with a text that should say this; `None` if it does.
    fn disagreement(&self, column: &str, found: &str) -> Option<String> {
        let differs = || format!("`{column}` says \"{found}\" where \"{self}\" is right");
        match self {
            Self::Text(text) => (text != found).then(differs),
            Self::List { lead, words } => {
                let Some(list) = found.strip_prefix(lead.as_str()) else { return Some(differs()) };
                let wanted: BTreeSet<&str> = words.iter().map(String::as_str).collect();
                let said: BTreeSet<&str> =
                    list.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
                let lacks: Vec<_> = wanted.difference(&said).copied().collect();
                let more: Vec<_> = said.difference(&wanted).copied().collect();
                match (lacks.is_empty(), more.is_empty()) {
                    (true, true) => None,
                    (false, true) => Some(format!("`{column}` lacks {}", lacks.join(", "))),
                    (true, false) => {
                        Some(format!("`{column}` lists {}, which is not known", more.join(", ")))
                    }
                    (false, false) => Some(format!(
                        "`{column}` lists {} where {} is right",
                        more.join(", "),
                        lacks.join(", ")
                    )),
                }
            }
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::List { lead, words } => write!(f, "{lead}{}", words.join(", ")),
        }
    }
}

impl Facts {
    /// Everything in which a page and these facts disagree.
    pub(crate) fn held_against(&self, page: &Page) -> Vec<Finding> {
        let table = match page.table(&self.heading) {
            Ok(table) => table,
            Err(finding) => return vec![finding],
        };
        let at = match self.find_columns(page, table) {
            Ok(at) => at,
            Err(findings) => return findings,
        };
        let (mut said, mut findings) = self.rows_by_key(page, table, &at);
        for fact in &self.rows {
            let key = name_of(fact[..self.key].iter().map(Cell::to_string));
            match said.remove(&key) {
                Some(row) => findings.extend(self.differences(page, &at, fact, row, &key)),
                None => findings.push(self.missing(page, table, fact, &key)),
            }
        }
        findings.extend(said.into_iter().map(|(key, row)| {
            let what = format!("`{key}` stands below \"{}\" and is not known", self.heading);
            let remedy = format!("remove the row, or add it to {}", self.home);
            Finding::new(&page.file, row.line, what, remedy)
        }));
        findings
    }

    /// The rows of a table by their keys, and a finding for each row whose key stands there twice.
    fn rows_by_key<'t>(
        &self,
        page: &Page,
        table: &'t Table,
        at: &[usize],
    ) -> (BTreeMap<String, &'t Row>, Vec<Finding>) {
        let mut said = BTreeMap::new();
        let mut findings = Vec::new();
        for row in &table.rows {
            let key = name_of(at[..self.key].iter().map(|&at| row.cells[at].as_str()));
            match said.entry(key) {
                Entry::Vacant(place) => {
                    place.insert(row);
                }
                Entry::Occupied(place) => {
                    let what = format!("`{}` stands twice below \"{}\"", place.key(), self.heading);
                    let remedy = "remove one of the rows";
                    findings.push(Finding::new(&page.file, row.line, what, remedy));
                }
            }
        }
        (said, findings)
    }

    fn find_columns(&self, page: &Page, table: &Table) -> Result<Vec<usize>, Vec<Finding>> {
        let mut at = Vec::new();
        let mut findings = Vec::new();
        for column in &self.columns {
            match table.columns.iter().position(|name| name == column) {
                Some(index) => at.push(index),
                None => {
                    let what =
                        format!("the table below \"{}\" has no column `{column}`", self.heading);
                    let finding = Finding::new(&page.file, table.line, what, "add the column");
                    findings.push(finding);
                }
            }
        }
        if findings.is_empty() { Ok(at) } else { Err(findings) }
    }

    fn differences(
        &self,
        page: &Page,
        at: &[usize],
        fact: &[Cell],
        row: &Row,
        key: &str,
    ) -> Vec<Finding> {
        let cells = self.columns.iter().zip(at).zip(fact).skip(self.key);
        cells
            .filter_map(|((column, &at), fact)| fact.disagreement(column, &row.cells[at]))
            .map(|what| {
                let remedy = format!("correct the cell, or {}", self.home);
                Finding::new(&page.file, row.line, format!("`{key}`: {what}"), remedy)
            })
            .collect()
    }

    fn missing(&self, page: &Page, table: &Table, fact: &[Cell], key: &str) -> Finding {
        let cells: Vec<_> = self
            .columns
            .iter()
            .zip(fact)
            .map(|(column, cell)| format!("{column} \"{cell}\""))
            .collect();
        let what = format!("`{key}` is missing below \"{}\"", self.heading);
        let remedy =
            format!("add a row with {}, or take it out of {}", cells.join(", "), self.home);
        Finding::new(&page.file, table.line, what, remedy)
    }
}

/// A table as a comparison reads it, whoever wrote it: the code or a page.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Rows {
    /// The rows that the code tells.
    pub(crate) fn of_facts(facts: &Facts) -> Self {
        let columns = facts.columns.iter().map(|column| (*column).to_owned()).collect();
        let texts = |row: &Vec<Cell>| row.iter().map(Cell::to_string).collect();
        Self { columns, rows: facts.rows.iter().map(texts).collect() }
    }

    /// The rows that a page tells.
    pub(crate) fn of_table(table: &Table) -> Self {
        let rows = table.rows.iter().map(|row| row.cells.clone()).collect();
        Self { columns: table.columns.clone(), rows }
    }

    /// Of each row the cells of these columns; a column that is not there is empty.
    pub(crate) fn cells<'a, const N: usize>(
        &'a self,
        columns: [&str; N],
    ) -> impl Iterator<Item = [&'a str; N]> {
        let at = columns.map(|column| self.columns.iter().position(|name| name == column));
        let cell = |row: &'a [String], at: Option<usize>| at.and_then(|at| row.get(at));
        self.rows.iter().map(move |row| at.map(|at| cell(row, at).map_or("", String::as_str)))
    }
}

/// The name of a row: the cells of its key.
fn name_of(cells: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let cells: Vec<_> = cells.into_iter().map(|cell| cell.as_ref().to_owned()).collect();
    cells.join(" | ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        let row = |key: &str, kind: &str, words: &[&str]| {
            vec![Cell::text(key), Cell::text(kind), Cell::list(words)]
        };
        Facts {
            heading: "Words".into(),
            home: "the code",
            columns: vec!["word", "type", "values"],
            key: 1,
            rows: vec![row("a", "string", &[]), row("b", "enum", &["x", "y"])],
        }
    }

    fn told(rows: &str) -> Vec<String> {
        let text = format!("## Words\n| word | values | type | why |\n|---|---|---|---|\n{rows}");
        let findings = facts().held_against(&Page::parse("page.md", &text));
        findings.iter().map(ToString::to_string).collect()
    }

    const A: &str = "| a | | string | free words |\n";
    const B: &str = "| `b` | y, x | enum | |\n";

    #[test]
    fn order_of_rows_and_lists_and_further_columns_do_not_count() {
        assert_eq!(told(&format!("{B}{A}")), [""; 0]);
    }

    #[test]
    fn a_missing_row_says_what_to_add() {
        assert_eq!(
            told(A),
            [
                "page.md:2: `b` is missing below \"Words\"; add a row with word \"b\", type \"enum\", \
              values \"x, y\", or take it out of the code"
            ]
        );
    }

    #[test]
    fn an_unknown_row_and_a_double_one_are_found_where_they_stand() {
        assert_eq!(
            told(&format!("{A}{B}{A}| c | | string | |\n")),
            [
                "page.md:6: `a` stands twice below \"Words\"; remove one of the rows",
                "page.md:7: `c` stands below \"Words\" and is not known; \
                 remove the row, or add it to the code",
            ]
        );
    }

    #[test]
    fn a_wrong_cell_is_quoted_beside_the_right_one() {
        assert_eq!(
            told(&format!("| a | | number | |\n{B}")),
            ["page.md:4: `a`: `type` says \"number\" where \"string\" is right; \
              correct the cell, or the code"]
        );
    }

    #[test]
    fn lists_tell_what_they_lack_and_what_is_too_much() {
        let told = |list: &str| told(&format!("{A}| b | {list} | enum | |\n")).join("\n");
        assert!(told("x").contains("page.md:5: `b`: `values` lacks y; correct"), "{}", told("x"));
        assert!(told("x, y, z").contains("`values` lists z, which is not known"));
        assert!(told("x, z").contains("`values` lists z where y is right"));
    }

    #[test]
    fn a_missing_column_is_found_at_the_header() {
        let page = Page::parse("page.md", "## Words\n| word | type |\n|---|---|\n");
        let findings = facts().held_against(&page);
        assert_eq!(
            findings.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["page.md:2: the table below \"Words\" has no column `values`; add the column"]
        );
    }
}
