//! Failures with their remedies, problem types, and the answers that X is known to give.

use blocks_domain::{Failure, ProblemType, Vocabulary};

use super::NONE;
use crate::facts::{Cell, Facts};
use crate::finding::Finding;
use crate::markdown::Page;

pub(super) fn facts() -> Vec<Facts> {
    vec![failures(), problem_types()]
}

fn failures() -> Facts {
    let row = |failure: Failure| {
        let statuses = failure.statuses();
        let statuses = if statuses.is_empty() { Cell::text(NONE) } else { Cell::list(statuses) };
        let again = if failure.is_retryable() { "yes" } else { "no" };
        vec![
            Cell::text(failure.name()),
            statuses,
            Cell::text(failure.meaning()),
            Cell::text(failure.remedy()),
            Cell::text(again),
        ]
    };
    Facts {
        heading: "Kinds of failure".into(),
        home: "`Failure`",
        columns: vec!["kind", "status", "meaning", "remedy", "worth repeating"],
        key: 1,
        rows: Failure::ALL.map(row).to_vec(),
    }
}

fn problem_types() -> Facts {
    let row = |problem: &ProblemType| {
        let failure = Failure::of_problem(problem).map_or(NONE, Failure::name);
        vec![Cell::text(problem.word(Vocabulary::Tweet)), Cell::text(failure)]
    };
    Facts {
        heading: "Problem types".into(),
        home: "`ProblemType::KNOWN` or `Failure::of_problem`",
        columns: vec!["type", "kind of failure"],
        key: 1,
        rows: ProblemType::KNOWN.iter().map(row).collect(),
    }
}

/// Rows of the table "Answers" whose status does not lead to the failure that they name.
///
/// The table tells what was seen and holds no fact of the code but this one.
pub(super) fn wrong_answers(page: &Page) -> Vec<Finding> {
    let table = match page.table("Answers") {
        Ok(table) => table,
        Err(finding) => return vec![finding],
    };
    let at = |name: &str| table.columns.iter().position(|column| column == name);
    let (Some(status), Some(kind)) = (at("status"), at("kind")) else {
        let what = "the table below \"Answers\" lacks a column `status` or `kind`";
        return vec![Finding::new(&page.file, table.line, what, "add the column")];
    };
    let mut findings = Vec::new();
    for row in &table.rows {
        let (statuses, name) = (&row.cells[status], &row.cells[kind]);
        let Some(failure) = Failure::ALL.into_iter().find(|failure| failure.name() == name) else {
            let what = format!("there is no failure `{name}`");
            let remedy = "name one of the table \"Kinds of failure\"";
            findings.push(Finding::new(&page.file, row.line, what, remedy));
            continue;
        };
        let known = |text: &str| failure.statuses().iter().any(|code| code.to_string() == text);
        for text in statuses.split(',').map(str::trim).filter(|text| !known(text)) {
            let what = format!("status {text} does not mean `{name}`");
            let remedy = "correct the row, or `Failure::statuses`";
            findings.push(Finding::new(&page.file, row.line, what, remedy));
        }
    }
    findings
}
