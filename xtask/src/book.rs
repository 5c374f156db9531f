//! The pages as a book: every link leads somewhere, and every page is in the summary.

use std::collections::BTreeSet;

use crate::finding::Finding;
use crate::markdown::Page;
use crate::tree::Tree;

const FOLDER: &str = "docs";
const SUMMARY: &str = "docs/SUMMARY.md";

/// Every link that leads nowhere, and every page that the summary does not name.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let pages = tree.below(FOLDER).filter(|file| file.ends_with(".md"));
    let pages: Vec<Page> =
        pages.filter_map(|file| Some(Page::parse(file, tree.text(file)?))).collect();
    let mut findings: Vec<_> = pages.iter().flat_map(|page| broken(tree, &pages, page)).collect();
    let summary = pages.iter().find(|page| page.file == SUMMARY);
    let links = summary.into_iter().flat_map(|page| &page.links);
    let named: BTreeSet<String> = links.map(|(_, link)| target(SUMMARY, link).0).collect();
    for page in &pages {
        if page.file != SUMMARY && !named.contains(&page.file) {
            let what = format!("the summary does not name {}", page.file);
            findings.push(Finding::new(SUMMARY, 1, what, "add a line for the page"));
        }
    }
    findings
}

fn broken(tree: &Tree, pages: &[Page], page: &Page) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, link) in page.links.iter().filter(|(_, link)| is_own(link)) {
        let (file, heading) = target(&page.file, link);
        let there = tree.text(&file).is_some() || tree.below(&file).next().is_some();
        let found = pages.iter().find(|page| page.file == file);
        let headings = found.into_iter().flat_map(|page| &page.sections);
        let mut anchors = headings.map(|section| anchor(&section.heading));
        let what = if !there {
            format!("the link {link} leads nowhere")
        } else if heading.is_some_and(|heading| !anchors.any(|anchor| anchor == heading)) {
            format!("{file} has no heading for the link {link}")
        } else {
            continue;
        };
        findings.push(Finding::new(&page.file, *line, what, "correct the link"));
    }
    findings
}

/// Whether a link leads to a page of this book; empty ones stand for chapters without a page.
fn is_own(link: &str) -> bool {
    !link.is_empty() && !link.contains("://")
}

/// The file to which a link of a page leads, and the heading in it.
fn target<'a>(page: &str, link: &'a str) -> (String, Option<&'a str>) {
    let (path, heading) = match link.split_once('#') {
        Some((path, heading)) => (path, Some(heading)),
        None => (link, None),
    };
    if path.is_empty() {
        return (page.to_owned(), heading);
    }
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in path.split('/').filter(|part| !matches!(*part, "" | ".")) {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    (parts.join("/"), heading)
}

/// The anchor that a heading gets in a book and on the web.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book() -> Tree {
        Tree::default()
            .with_file(SUMMARY, "[A](guide/a.md)\n[B](b.md)\n[Later]()\n")
            .with_file(
                "docs/guide/a.md",
                "# A\n\n[b](../b.md#two-words) and [x](https://x.com/#no)\n",
            )
            .with_file("docs/b.md", "# B\n\n## Two `words`\n\n[here](#b) [all](schema/)\n")
            .with_file("docs/schema/a.json", "{}")
    }

    fn told(tree: &Tree) -> Vec<String> {
        check(tree).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_whole_book_has_nothing_to_mend() {
        assert_eq!(told(&book()), [""; 0]);
    }

    #[test]
    fn a_link_that_leads_nowhere_is_found() {
        assert_eq!(
            told(&book().with("docs/guide/a.md", "../b.md#", "b.md#")),
            ["docs/guide/a.md:3: the link b.md#two-words leads nowhere; correct the link"]
        );
        assert_eq!(
            told(&book().with("docs/b.md", "Two", "Three")),
            ["docs/guide/a.md:3: docs/b.md has no heading for the link ../b.md#two-words; \
              correct the link"]
        );
    }

    #[test]
    fn a_page_that_the_summary_does_not_name_is_found() {
        assert_eq!(
            told(&book().with_file("docs/c.md", "# C\n")),
            ["docs/SUMMARY.md:1: the summary does not name docs/c.md; add a line for the page"]
        );
    }
}
