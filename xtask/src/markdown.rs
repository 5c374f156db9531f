//! Tables and links of Markdown pages, with the lines on which they stand.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::finding::Finding;

/// A Markdown page.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    /// The file, from the root of the project.
    pub(crate) file: String,
    /// Its headings in their order, each with its tables.
    pub(crate) sections: Vec<Section>,
    /// Where its links lead, with their lines.
    pub(crate) links: Vec<(usize, String)>,
}

/// A heading and what stands below it, up to the next heading of any level.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    /// The text of the heading, without its marks.
    pub(crate) heading: String,
    /// Its line, from 1.
    pub(crate) line: usize,
    /// The tables below it.
    pub(crate) tables: Vec<Table>,
}

/// A table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    /// The line of its header, from 1.
    pub(crate) line: usize,
    /// The names of its columns.
    pub(crate) columns: Vec<String>,
    /// Its rows.
    pub(crate) rows: Vec<Row>,
}

/// A row of a table; it has as many cells as the table has columns.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    /// Its line, from 1.
    pub(crate) line: usize,
    /// The texts of its cells, without their marks.
    pub(crate) cells: Vec<String>,
}

impl Page {
    /// Reads a page.
    pub(crate) fn parse(file: &str, text: &str) -> Self {
        let mut reader =
            Reader { lines: Lines::of(text), sections: vec![], links: vec![], words: None };
        for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
            reader.read(event, range);
        }
        Self { file: file.to_owned(), sections: reader.sections, links: reader.links }
    }

    /// The first table below a heading.
    ///
    /// # Errors
    /// There is no such heading, or no table below it.
    pub(crate) fn table(&self, heading: &str) -> Result<&Table, Finding> {
        let Some(section) = self.sections.iter().find(|section| section.heading == heading) else {
            let last = self.sections.last().map_or(1, |section| section.line);
            let what = format!("there is no heading \"{heading}\"");
            return Err(Finding::new(&self.file, last, what, "add it, with its table"));
        };
        section.tables.first().ok_or_else(|| {
            let what = format!("there is no table below \"{heading}\"");
            Finding::new(&self.file, section.line, what, "add it")
        })
    }
}

/// Gathers sections from the parser's events.
struct Reader {
    lines: Lines,
    sections: Vec<Section>,
    links: Vec<(usize, String)>,
    /// The text of the heading or cell that is being read.
    words: Option<String>,
}

impl Reader {
    fn read(&mut self, event: Event<'_>, range: Range<usize>) {
        let line = self.lines.at(range.start);
        match event {
            Event::Start(Tag::Heading { .. } | Tag::TableCell) => self.words = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                let heading = self.finished();
                self.sections.push(Section { heading, line, tables: Vec::new() });
            }
            Event::Start(Tag::Table(_)) => {
                if let Some(section) = self.sections.last_mut() {
                    section.tables.push(Table { line, ..Table::default() });
                }
            }
            Event::Start(Tag::TableRow) => {
                if let Some(table) = self.table() {
                    table.rows.push(Row { line, cells: Vec::new() });
                }
            }
            Event::End(TagEnd::TableCell) => {
                let cell = self.finished();
                if let Some(table) = self.table() {
                    match table.rows.last_mut() {
                        Some(row) => row.cells.push(cell),
                        None => table.columns.push(cell),
                    }
                }
            }
            Event::Start(Tag::Link { dest_url, .. }) => {
                self.links.push((line, dest_url.into_string()));
            }
            Event::Text(text) | Event::Code(text) => self.push(&text),
            Event::SoftBreak | Event::HardBreak => self.push(" "),
            _ => {}
        }
    }

    fn table(&mut self) -> Option<&mut Table> {
        self.sections.last_mut()?.tables.last_mut()
    }

    fn push(&mut self, text: &str) {
        if let Some(words) = &mut self.words {
            words.push_str(text);
        }
    }

    fn finished(&mut self) -> String {
        self.words.take().unwrap_or_default().trim().to_owned()
    }
}

/// Where the lines of a text begin.
#[derive(Debug)]
pub(crate) struct Lines(Vec<usize>);

impl Lines {
    /// The lines of this text.
    pub(crate) fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(at, _)| at + 1).collect())
    }

    /// The line of a byte, from 1.
    pub(crate) fn at(&self, offset: usize) -> usize {
        1 + self.0.partition_point(|start| *start <= offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "\
# Page

## The `first` table

Words.

| key | said |
|---|---|
| `a` | one, **two** and [three](x.md) |
| b \\| c |

## Nothing here
";

    #[test]
    fn a_table_is_read_without_its_marks_and_with_its_lines() {
        let page = Page::parse("page.md", PAGE);
        let table = page.table("The first table").expect("a table");
        assert_eq!((table.line, &table.columns[..]), (7, &["key".into(), "said".into()][..]));
        let rows: Vec<_> = table.rows.iter().map(|row| (row.line, row.cells.clone())).collect();
        assert_eq!(
            rows,
            [
                (9, vec!["a".into(), "one, two and three".into()]),
                (10, vec!["b | c".into(), String::new()])
            ]
        );
    }

    #[test]
    fn a_missing_heading_and_a_missing_table_are_told_apart() {
        let page = Page::parse("page.md", PAGE);
        let told = |heading: &str| page.table(heading).expect_err(heading).to_string();
        assert_eq!(
            told("Second"),
            "page.md:12: there is no heading \"Second\"; add it, with its table"
        );
        assert_eq!(
            told("Nothing here"),
            "page.md:12: there is no table below \"Nothing here\"; add it"
        );
    }
}
