//! Breaks the house on purpose: one plank at a time, on a copy in memory.

use std::path::Path;

use super::*;
use crate::house::members::{Dependency, Kind};

const PAGE: &str = super::arrows::PAGE;
const HTTP: &str = "crates/blocks-http/Cargo.toml";

const PLAN: &str = "\
# Architecture

## Rooms

| crate | is | knows only |
|---|---|---|
| `blocks-domain` | the rules | – |
| `blocks-ports` | the contracts | `blocks-domain` |
| `blocks-http` | an adapter | `blocks-domain`, `blocks-ports` |
| `blocks-sqlite` | another | `blocks-domain`, `blocks-ports` |

## Direct dependencies

### `blocks-domain`

| dependency | kind | why |
|---|---|---|
| `jiff` | normal | timestamps |

### `blocks-ports`

| dependency | kind | why |
|---|---|---|
| `blocks-domain` | normal | what the ports talk about |

### `blocks-http`

| dependency | kind | why |
|---|---|---|
| `blocks-ports` | normal | the ports that it implements |
| `url` | normal | addresses |
| `wiremock` | dev | a server for the tests |

### `blocks-sqlite`

| dependency | kind | why |
|---|---|---|
| `blocks-ports` | normal | the ports that it implements |
";

const WORKSPACE: &str = "\
[workspace]
members = [\"crates/*\"]

[workspace.lints.rust]
missing_docs = \"deny\"
unsafe_code = { level = \"forbid\" }

[workspace.lints.rustdoc]
broken_intra_doc_links = \"deny\"
";

/// A small house in which everything is right.
fn house() -> (Tree, Vec<Member>) {
    let members = vec![
        member("blocks-domain", &[("jiff", Kind::Normal)]),
        member("blocks-ports", &[("blocks-domain", Kind::Normal)]),
        member(
            "blocks-http",
            &[("blocks-ports", Kind::Normal), ("url", Kind::Normal), ("wiremock", Kind::Dev)],
        ),
        member("blocks-sqlite", &[("blocks-ports", Kind::Normal)]),
    ];
    let tree = Tree::default().with_file(PAGE, PLAN).with_file("Cargo.toml", WORKSPACE);
    let tree = members.iter().fold(tree, |tree, member| {
        let of = |kind| {
            let lines = member.dependencies.iter().filter(move |found| found.kind == kind);
            lines.map(|found| format!("{}.workspace = true\n", found.name)).collect::<String>()
        };
        let text = format!(
            "[package]\nname = \"{}\"\n\n[dependencies]\n{}\n[dev-dependencies]\n{}\n[lints]\nworkspace = true\n",
            member.name,
            of(Kind::Normal),
            of(Kind::Dev),
        );
        tree.with_file(&member.manifest, &text)
    });
    (tree, members)
}

fn member(name: &str, dependencies: &[(&str, Kind)]) -> Member {
    let dependency = |(name, kind): &(&str, Kind)| Dependency { name: (*name).into(), kind: *kind };
    Member {
        name: name.to_owned(),
        manifest: format!("crates/{name}/Cargo.toml"),
        dependencies: dependencies.iter().map(dependency).collect(),
    }
}

/// The only finding, which must stand on a line that begins so.
fn only_finding(tree: &Tree, members: &[Member], file: &str, line: &str) -> String {
    let findings = check(tree, members);
    let [finding] = &findings[..] else { panic!("not one finding: {findings:#?}") };
    assert_eq!(finding.file, file);
    let text = tree.text(file).expect("the file");
    let found = text.lines().nth(finding.line - 1).expect("the line");
    assert!(found.starts_with(line), "{finding}\nstands on {found:?}, not on {line:?}");
    format!("{}; {}", finding.what, finding.remedy)
}

fn with_dependency(member: &str, name: &str, kind: Kind) -> Vec<Member> {
    let (_, mut members) = house();
    let member = members.iter_mut().find(|found| found.name == member).expect("a member");
    member.dependencies.push(Dependency { name: name.to_owned(), kind });
    members
}

/// The line number of the first line that begins so.
fn line(tree: &Tree, start: &str) -> usize {
    let text = tree.text(PAGE).expect("the page");
    1 + text.lines().position(|line| line.starts_with(start)).expect("the line")
}

#[test]
fn this_house_stands() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a root");
    let tree = Tree::load(root).expect("the tree");
    assert_eq!(check(&tree, &members(root).expect("the members")), []);
}

#[test]
fn the_small_house_stands() {
    let (tree, members) = house();
    assert_eq!(check(&tree, &members), []);
}

#[test]
fn an_arrow_between_adapters_is_forbidden() {
    let (tree, _) = house();
    let members = with_dependency("blocks-http", "blocks-sqlite", Kind::Normal);
    let tree = tree
        .with(
            HTTP,
            "blocks-ports.workspace",
            "blocks-sqlite.workspace = true\nblocks-ports.workspace",
        )
        .with(
            PAGE,
            "### `blocks-http`\n\n| dependency | kind | why |\n|---|---|---|\n",
            "### `blocks-http`\n\n| dependency | kind | why |\n|---|---|---|\n\
             | `blocks-sqlite` | normal | it seemed handy |\n",
        );
    let plan = line(&tree, "| `blocks-http` |");
    assert_eq!(
        only_finding(&tree, &members, HTTP, "blocks-sqlite.workspace"),
        format!(
            "`blocks-http` must not know `blocks-sqlite`; \
             remove the dependency, or change the plan in docs/architecture.md:{plan}"
        )
    );
}

#[test]
fn tests_may_know_anybody() {
    let (tree, _) = house();
    let members = with_dependency("blocks-ports", "blocks-sqlite", Kind::Dev);
    let findings = check(&tree, &members);
    assert!(findings.iter().all(|finding| !finding.what.contains("must not know")), "{findings:?}");
    assert_eq!(findings.len(), 1, "the row with its reason is missing all the same");
}

#[test]
fn a_dependency_without_a_row_is_found() {
    let (tree, _) = house();
    let members = with_dependency("blocks-domain", "regex", Kind::Build);
    assert_eq!(
        only_finding(&tree, &members, PAGE, "| dependency | kind | why |"),
        "`regex | build` is missing below \"blocks-domain\"; \
         add a row with dependency \"regex\", kind \"build\", \
         or take it out of the crate's `Cargo.toml`"
    );
}

#[test]
fn a_row_without_a_dependency_is_found() {
    let (tree, members) = house();
    let row = "| `jiff` | normal |";
    let tree = tree.with(PAGE, row, &format!("| `regex` | normal | words |\n{row}"));
    assert_eq!(
        only_finding(&tree, &members, PAGE, "| `regex`"),
        "`regex | normal` stands below \"blocks-domain\" and is not known; \
         remove the row, or add it to the crate's `Cargo.toml`"
    );
}

#[test]
fn a_dependency_says_why_it_is_there() {
    let (tree, members) = house();
    let tree = tree.with(PAGE, "| `jiff` | normal | timestamps |", "| `jiff` | normal | |");
    assert_eq!(
        only_finding(&tree, &members, PAGE, "| `jiff` | normal | |"),
        "`jiff` is there without a reason; say why, or do without it"
    );
}

#[test]
fn a_room_that_is_gone_and_a_room_without_a_row_are_found() {
    let (tree, members) = house();
    let told = |members: &[Member]| {
        check(&tree, members).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let without: Vec<_> =
        members.iter().filter(|member| member.name != "blocks-sqlite").cloned().collect();
    let row = line(&tree, "| `blocks-sqlite` |");
    let table = line(&tree, "### `blocks-sqlite`");
    assert_eq!(
        told(&without),
        format!(
            "{PAGE}:{row}: `blocks-sqlite` stands below \"Rooms\" and is not known; \
             remove the row, or add it to the workspace\n\
             {PAGE}:{table}: there is no crate `blocks-sqlite`; remove the heading and its table"
        )
    );
    let mut more = members.clone();
    more.push(Member { name: "blocks-new".into(), ..members[0].clone() });
    assert!(told(&more).contains("`blocks-new` is missing below \"Rooms\"; add a row"));
}

#[test]
fn the_plan_names_only_rooms() {
    let (tree, members) = house();
    let tree = tree.with(PAGE, "contracts | `blocks-domain` |", "contracts | `blocks-cellar` |");
    let told: Vec<_> = check(&tree, &members).iter().map(ToString::to_string).collect();
    let row = line(&tree, "| `blocks-ports` |");
    let cellar = format!(
        "{PAGE}:{row}: `blocks-ports` may know `blocks-cellar`, which is no room; correct the name"
    );
    assert!(told.contains(&cellar), "{told:#?}");
}

#[test]
fn every_manifest_takes_the_lints() {
    let (tree, members) = house();
    let tree = tree.with(HTTP, "[lints]\nworkspace = true", "[lints]\nworkspace = false");
    assert_eq!(
        only_finding(&tree, &members, HTTP, "[package]"),
        "`blocks-http` does not take the lints of the workspace; add `workspace = true` to [lints]"
    );
}

#[test]
fn the_workspace_denies_what_is_not_documented() {
    let (tree, members) = house();
    let tree = tree.with("Cargo.toml", "missing_docs = \"deny\"", "missing_docs = \"warn\"");
    assert_eq!(
        only_finding(&tree, &members, "Cargo.toml", "[workspace]"),
        "the workspace does not set the lint `missing_docs`; \
         add `missing_docs = \"deny\"` to [workspace.lints.rust]"
    );
}

#[test]
fn no_manifest_sets_a_version() {
    let (tree, members) = house();
    let inherited = "url.workspace = true";
    for own in ["url = \"2\"", "url = { version = \"2\", features = [] }", "url.path = \"../url\""]
    {
        let tree = tree.with(HTTP, inherited, own);
        assert_eq!(
            only_finding(&tree, &members, HTTP, "url"),
            "`blocks-http` sets the version of `url` by itself; \
             put the version into [workspace.dependencies] and write `url.workspace = true`"
        );
    }
    let platform = format!("{inherited}\n\n[target.'cfg(unix)'.dependencies]\nlibc = \"1\"");
    let tree = tree.with(HTTP, inherited, &platform);
    assert!(only_finding(&tree, &members, HTTP, "libc").contains("the version of `libc`"));
}

#[test]
fn a_broken_manifest_is_found_where_it_breaks() {
    let (tree, members) = house();
    let tree = tree.with(HTTP, "url.workspace = true", "url.workspace = ");
    let told = only_finding(&tree, &members, HTTP, "url.workspace");
    assert!(told.starts_with("this is no TOML: "), "{told}");
}
