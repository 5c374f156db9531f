//! Who may know whom, and why every direct dependency is there.

use std::collections::{BTreeMap, BTreeSet};

use super::manifests::line_of_dependency;
use super::members::{Kind, Member};
use crate::facts::{Cell, Facts};
use crate::finding::Finding;
use crate::markdown::{Page, Row};
use crate::tree::Tree;

/// The page that holds the plan of the house.
pub(super) const PAGE: &str = "docs/architecture.md";

const ROOMS: &str = "Rooms";

/// The heading above the tables of the single crates.
const DEPENDENCIES: &str = "Direct dependencies";

/// Everything in which the dependencies differ from the plan.
pub(super) fn check(tree: &Tree, members: &[Member]) -> Vec<Finding> {
    let Some(text) = tree.text(PAGE) else {
        return vec![Finding::new(PAGE, 1, "the page is missing", "write it")];
    };
    let page = Page::parse(PAGE, text);
    let mut findings = rooms(members).held_against(&page);
    findings.extend(forbidden(tree, &page, members));
    for member in members {
        findings.extend(dependencies(member).held_against(&page));
        findings.extend(without_reason(&page, member));
    }
    findings.extend(left_over(&page, members));
    findings
}

fn rooms(members: &[Member]) -> Facts {
    Facts {
        heading: ROOMS.into(),
        home: "the workspace",
        columns: vec!["crate"],
        key: 1,
        rows: members.iter().map(|member| vec![Cell::text(&member.name)]).collect(),
    }
}

fn dependencies(member: &Member) -> Facts {
    let row = |(name, kind): (&str, Kind)| vec![Cell::text(name), Cell::text(kind.word())];
    let all = member.dependencies.iter().map(|dependency| (&*dependency.name, dependency.kind));
    Facts {
        heading: member.name.clone(),
        home: "the crate's `Cargo.toml`",
        columns: vec!["dependency", "kind"],
        key: 2,
        rows: all.map(row).collect(),
    }
}

/// Rows that name a dependency and do not say why it is there.
fn without_reason(page: &Page, member: &Member) -> Vec<Finding> {
    // A missing table is found when its rows are held.
    let Ok(table) = page.table(&member.name) else { return Vec::new() };
    let Some(why) = table.columns.iter().position(|column| column == "why") else {
        let what = format!("the table below \"{}\" has no column `why`", member.name);
        return vec![Finding::new(&page.file, table.line, what, "add the column")];
    };
    let silent = table.rows.iter().filter(|row| row.cells[why].is_empty());
    let told = silent.map(|row| {
        let what = format!("`{}` is there without a reason", row.cells[0]);
        Finding::new(&page.file, row.line, what, "say why, or do without it")
    });
    told.collect()
}

/// Tables of dependencies of crates that are gone.
fn left_over(page: &Page, members: &[Member]) -> Vec<Finding> {
    let sections = page.sections.iter().skip_while(|section| section.heading != DEPENDENCIES);
    let tables = sections.skip(1).filter(|section| !section.tables.is_empty());
    let strangers =
        tables.filter(|section| members.iter().all(|member| member.name != section.heading));
    let told = strangers.map(|section| {
        let what = format!("there is no crate `{}`", section.heading);
        Finding::new(&page.file, section.line, what, "remove the heading and its table")
    });
    told.collect()
}

/// Arrows between rooms that the plan does not have.
///
/// Tests may know anybody.
fn forbidden(tree: &Tree, page: &Page, members: &[Member]) -> Vec<Finding> {
    // A missing table is found when its rows are held.
    let Ok(table) = page.table(ROOMS) else { return Vec::new() };
    let Some(column) = table.columns.iter().position(|column| column == "knows only") else {
        let what = format!("the table below \"{ROOMS}\" has no column `knows only`");
        return vec![Finding::new(&page.file, table.line, what, "add the column")];
    };
    let names: BTreeSet<&str> = members.iter().map(|member| &*member.name).collect();
    let plan: BTreeMap<&str, &Row> =
        table.rows.iter().map(|row| (row.cells[0].as_str(), row)).collect();
    let mut findings = strangers(page, table.rows.iter(), column, &names);
    for member in members {
        let Some(row) = plan.get(&*member.name) else { continue };
        let known: BTreeSet<&str> = known(row, column).collect();
        for dependency in &member.dependencies {
            let name = dependency.name.as_str();
            let arrow = dependency.kind != Kind::Dev && names.contains(name);
            if arrow && !known.contains(name) {
                let line = line_of_dependency(tree, member, dependency);
                let what = format!("`{}` must not know `{name}`", member.name);
                let remedy =
                    format!("remove the dependency, or change the plan in {PAGE}:{}", row.line);
                findings.push(Finding::new(&member.manifest, line, what, remedy));
            }
        }
    }
    findings
}

/// Names in the plan that no room has.
fn strangers<'a>(
    page: &Page,
    rows: impl Iterator<Item = &'a Row>,
    column: usize,
    names: &BTreeSet<&str>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for row in rows {
        for name in known(row, column).filter(|name| !names.contains(name)) {
            let what = format!("`{}` may know `{name}`, which is no room", row.cells[0]);
            findings.push(Finding::new(&page.file, row.line, what, "correct the name"));
        }
    }
    findings
}

fn known(row: &Row, column: usize) -> impl Iterator<Item = &str> {
    row.cells[column].split(',').map(str::trim).filter(|name| !matches!(*name, "" | "–"))
}
