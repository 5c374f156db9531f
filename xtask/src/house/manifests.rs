//! What every manifest must say.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::members::{Dependency, Kind, Member};
use crate::finding::Finding;
use crate::markdown::Lines;
use crate::tree::Tree;

const ROOT: &str = "Cargo.toml";

/// The lints that the workspace sets for everybody, with their levels.
const LINTS: [(&str, &str, &str); 3] = [
    ("rust", "missing_docs", "deny"),
    ("rust", "unsafe_code", "forbid"),
    ("rustdoc", "broken_intra_doc_links", "deny"),
];

const DEPENDENCIES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// Everything that a manifest lacks or says for itself.
pub(super) fn check(tree: &Tree, members: &[Member]) -> Vec<Finding> {
    let root = workspace_lints(tree);
    root.into_iter().chain(members.iter().flat_map(|member| manifest(tree, member))).collect()
}

/// The line on which a manifest names a dependency; the first if it cannot be told.
pub(super) fn line_of_dependency(tree: &Tree, member: &Member, dependency: &Dependency) -> usize {
    let section = match dependency.kind {
        Kind::Normal | Kind::Optional => "dependencies",
        Kind::Dev => "dev-dependencies",
        Kind::Build => "build-dependencies",
    };
    let text = tree.text(&member.manifest).unwrap_or_default();
    let line = read(text, |table| {
        let sections = sections(table).into_iter().filter(|(name, _)| *name == section);
        let mut keys = sections.flat_map(|(_, table)| table.keys());
        let key = keys.find(|key| **key.get_ref() == *dependency.name)?;
        Some(Lines::of(text).at(key.span().start))
    });
    line.ok().flatten().unwrap_or(1)
}

fn workspace_lints(tree: &Tree) -> Vec<Finding> {
    let text = tree.text(ROOT).unwrap_or_default();
    let lacking = read(text, |table| {
        let set = |(group, lint, level): &(&str, &str, &str)| {
            at(table, &["workspace", "lints", group, lint]).is_some_and(|found| {
                let plain = found.get_ref().as_str();
                let nested = found.get_ref().as_table().and_then(|table| at(table, &["level"]));
                plain.or(nested.and_then(|value| value.get_ref().as_str())) == Some(*level)
            })
        };
        LINTS.iter().filter(|lint| !set(lint)).collect::<Vec<_>>()
    });
    match lacking {
        Err(finding) => vec![finding(ROOT)],
        Ok(lints) => lints
            .into_iter()
            .map(|(group, lint, level)| {
                let what = format!("the workspace does not set the lint `{lint}`");
                let remedy = format!("add `{lint} = \"{level}\"` to [workspace.lints.{group}]");
                Finding::new(ROOT, 1, what, remedy)
            })
            .collect(),
    }
}

fn manifest(tree: &Tree, member: &Member) -> Vec<Finding> {
    let text = tree.text(&member.manifest).unwrap_or_default();
    let found = read(text, |table| {
        let mut findings = Vec::new();
        let opted_in = at(table, &["lints", "workspace"]);
        if opted_in.and_then(|value| value.get_ref().as_bool()) != Some(true) {
            let what = format!("`{}` does not take the lints of the workspace", member.name);
            let remedy = "add `workspace = true` to [lints]";
            findings.push(Finding::new(&member.manifest, 1, what, remedy));
        }
        for (name, value) in sections(table).into_iter().flat_map(|(_, section)| section) {
            if !is_inherited(value) {
                let line = Lines::of(text).at(name.span().start);
                let name = name.get_ref();
                let what = format!("`{}` sets the version of `{name}` by itself", member.name);
                let remedy = format!(
                    "put the version into [workspace.dependencies] and write `{name}.workspace = true`"
                );
                findings.push(Finding::new(&member.manifest, line, what, remedy));
            }
        }
        findings
    });
    found.unwrap_or_else(|finding| vec![finding(&member.manifest)])
}

fn is_inherited(dependency: &Spanned<DeValue<'_>>) -> bool {
    let Some(table) = dependency.get_ref().as_table() else { return false };
    let workspace = at(table, &["workspace"]).and_then(|value| value.get_ref().as_bool());
    workspace == Some(true)
}

/// The tables of dependencies, those of single platforms included.
fn sections<'t, 'i>(table: &'t DeTable<'i>) -> Vec<(&'static str, &'t DeTable<'i>)> {
    let platforms = at(table, &["target"]).and_then(|target| target.get_ref().as_table());
    let platforms = platforms.into_iter().flat_map(|target| target.values());
    let everywhere = platforms.filter_map(|platform| platform.get_ref().as_table());
    std::iter::once(table)
        .chain(everywhere)
        .flat_map(|table| DEPENDENCIES.map(|name| (name, at(table, &[name]))))
        .filter_map(|(name, value)| Some((name, value?.get_ref().as_table()?)))
        .collect()
}

/// Reads a manifest; the error says where it is broken, once it is told the file.
fn read<T>(
    text: &str,
    with: impl FnOnce(&DeTable<'_>) -> T,
) -> Result<T, impl Fn(&str) -> Finding> {
    match DeTable::parse(text) {
        Ok(table) => Ok(with(table.get_ref())),
        Err(error) => {
            let line = Lines::of(text).at(error.span().map_or(0, |span| span.start));
            let what = format!("this is no TOML: {}", error.message());
            Err(move |file: &str| Finding::new(file, line, what.clone(), "correct it"))
        }
    }
}

/// The value behind a chain of keys.
fn at<'t, 'i>(table: &'t DeTable<'i>, keys: &[&str]) -> Option<&'t Spanned<DeValue<'i>>> {
    let (first, rest) = keys.split_first()?;
    let (_, value) = table.iter().find(|(key, _)| *key.get_ref() == *first)?;
    if rest.is_empty() { Some(value) } else { at(value.get_ref().as_table()?, rest) }
}
