//! `blocks list`: the mirrored accounts, filtered, sorted and searched.

use blocks_domain::User;
use blocks_ports::{MirrorQuery, MirrorStore};
use comfy_table::{
    Cell, CellAlignment, ColumnConstraint, ContentArrangement, Row, Table, Width, presets,
};
use futures_util::TryStreamExt;

use crate::args::{Globals, ListArgs};
use crate::context::{home, mirrored, nothing_mirrored, who};
use crate::exit::Exit;
use crate::output::{Output, counted, day, grouped, json_text, minute, visible, write_out};
use crate::standing;

pub(crate) async fn run(globals: &Globals, args: ListArgs, output: Output) -> anyhow::Result<Exit> {
    let store = home(globals)?.open_store()?;
    let account = mirrored(globals, &store).await?;
    let snapshot = store.snapshot(account.user_id).await?.ok_or_else(nothing_mirrored)?;
    let query = query(args);
    let is_of_all = query == MirrorQuery::default();
    let mut entries = store.entries(account.user_id, query);
    let mut view = View::new(output);
    let (mut shown, mut unknown) = (0_u64, 0_u64);
    while let Some(entry) = entries.try_next().await? {
        view.add(&entry.user)?;
        shown += 1;
        unknown += u64::from(entry.user.username.is_none());
    }
    view.flush()?;
    let all = counted(snapshot.users, "account", "accounts");
    if output.is_terminal && !output.json {
        let (who, when) = (who(&account), minute(snapshot.finished_at));
        output.say(format!("{} of {all} that {who} blocks, read {when}", grouped(shown)));
    }
    if !output.json && !output.quiet {
        // Who is not known passes no filter, and stands in no order.
        if !is_of_all {
            unknown = standing::unknown_profiles(&store, account.user_id).await?;
        }
        let meaning = "an id stands for each, and filters pass the others alone";
        standing::tell_unknown(unknown, snapshot.users, meaning, output);
    }
    standing::tell(&store, &snapshot, output).await?;
    Ok(Exit::Done)
}

fn query(args: ListArgs) -> MirrorQuery {
    let either = |yes: bool, no: bool| yes.then_some(true).or_else(|| no.then_some(false));
    let mut query = MirrorQuery::default();
    query.text = args.search;
    query.verified = either(args.verified, args.not_verified);
    query.protected = either(args.protected, args.public);
    query.min_followers = args.min_followers;
    query.max_followers = args.max_followers;
    query.order = args.sort.into();
    query.reverse = args.reverse;
    query.limit = args.limit;
    query
}

/// Shows users as they come: a table on a terminal, tab-separated lines in a pipe, or JSON.
struct View {
    output: Output,
    /// The columns of the terminal, if there is one.
    width: Option<usize>,
    /// The columns of the table, once its first piece is drawn.
    layout: Option<Layout>,
    rows: Vec<[String; 5]>,
    /// Lines for a pipe, written some at a time.
    lines: String,
}

impl View {
    /// A table is drawn in pieces, so that a long list shows at once and needs no memory.
    const PIECE: usize = 500;

    /// How many bytes of lines are written at once.
    const LINES: usize = 64 * 1024;

    fn new(output: Output) -> Self {
        let width = output.width();
        Self { output, width, layout: None, rows: Vec::new(), lines: String::new() }
    }

    fn add(&mut self, user: &User) -> anyhow::Result<()> {
        if self.output.json {
            self.lines.push_str(&json_text(user)?);
            self.lines.push('\n');
        } else if self.width.is_none() {
            self.lines.push_str(&cells(user, u64::to_string).join("\t"));
            self.lines.push('\n');
        } else {
            self.rows.push(cells(user, |count| grouped(*count)));
        }
        let enough = self.rows.len() == Self::PIECE || self.lines.len() >= Self::LINES;
        if enough { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        if !self.lines.is_empty() {
            write_out(&std::mem::take(&mut self.lines))?;
        }
        let Some(width) = self.width.filter(|_| !self.rows.is_empty()) else { return Ok(()) };
        let is_first = self.layout.is_none();
        let layout = self.layout.get_or_insert_with(|| Layout::of(width, &self.rows));
        let table = layout.table(std::mem::take(&mut self.rows), is_first);
        self.output.line(table.trim_fmt())
    }
}

/// Handle, name, followers, day of creation, bio; people and programs read counts differently.
fn cells(user: &User, written: impl Fn(&u64) -> String) -> [String; 5] {
    let text = |text: &Option<String>| text.as_deref().map(visible).unwrap_or_default();
    let handle = user.username.as_deref().map(visible);
    let followers = user.public_metrics.as_ref().and_then(|metrics| metrics.followers_count);
    [
        handle.map_or_else(|| user.id.to_string(), |handle| format!("@{handle}")),
        text(&user.name),
        followers.as_ref().map(written).unwrap_or_default(),
        user.created_at.map(day).unwrap_or_default(),
        text(&user.description),
    ]
}

/// How wide the columns are; a narrow terminal shows fewer of them.
struct Layout {
    widths: Vec<usize>,
}

impl Layout {
    const TITLES: [&str; 5] = ["Handle", "Name", "Followers", "Created", "Bio"];
    const GAP: usize = 2;

    /// Shares the columns of a terminal out: the bio takes what is left, and goes first.
    ///
    /// Whoever has no handle is told by the id, which is longer, and worth nothing when it is cut.
    fn of(width: usize, rows: &[[String; 5]]) -> Self {
        let (followers, created) = (11, 10);
        let handle = rows.iter().map(|[handle, ..]| handle.chars().count()).max();
        let handle = handle.unwrap_or_default().clamp(16, 20);
        let rest = |taken: &[usize]| {
            width.saturating_sub(taken.iter().map(|column| column + Self::GAP).sum())
        };
        let bio_and_name = rest(&[handle, followers, created, 0]);
        let widths = match bio_and_name {
            30.. => {
                let name = (bio_and_name / 3).min(24);
                vec![handle, name, followers, created, bio_and_name - name]
            }
            12.. => vec![handle, rest(&[handle, followers, created]), followers, created],
            _ => vec![handle, rest(&[handle, followers]), followers],
        };
        Self { widths }
    }

    fn table(&self, rows: Vec<[String; 5]>, with_header: bool) -> Table {
        let columns = self.widths.len();
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_truncation_indicator("…");
        if with_header {
            table.set_header(Self::TITLES.iter().take(columns).map(Cell::new));
        }
        for cells in rows {
            // A cell far too long is cut before the table breaks it into lines that nobody sees.
            let cut = |(cell, width): (String, &usize)| match cell.char_indices().nth(4 * width) {
                Some((end, _)) => cell[..end].to_owned(),
                None => cell,
            };
            let cells: Vec<_> = cells.into_iter().zip(&self.widths).map(cut).collect();
            let mut row = Row::from(cells);
            row.max_height(1);
            table.add_row(row);
        }
        for (index, width) in self.widths.iter().enumerate() {
            let gap = if index + 1 < columns { Self::GAP } else { 0 };
            let (Some(column), Ok(gap), Ok(width)) =
                (table.column_mut(index), u16::try_from(gap), u16::try_from(*width))
            else {
                continue;
            };
            column.set_padding((0, gap));
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width + gap)));
            if Self::TITLES[index] == "Followers" {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;

    fn lines(width: usize) -> Vec<String> {
        let hostile = [
            ["@abcdefghijklmno", "日本語日本語日本語日本語日本語", "123456789", "2020-01-01"],
            ["@b", "👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦", "1", ""],
            ["@c", "", "", ""],
        ];
        let rows = hostile
            .map(|[handle, name, followers, created]| {
                [
                    handle,
                    name,
                    followers,
                    created,
                    "a long bio that goes on and on and on and on and on",
                ]
            })
            .map(|cells| cells.map(str::to_owned));
        Layout::of(width, &rows).table(rows.to_vec(), true).lines().collect()
    }

    #[test]
    fn an_endless_name_is_shown_at_once() {
        let endless = std::array::from_fn(|_| "x ".repeat(1 << 20));
        let rows = vec![endless];
        let table = Layout::of(80, &rows).table(rows, true);
        assert_eq!(table.lines().count(), 2);
    }

    #[test]
    fn an_id_in_the_place_of_a_handle_is_whole() {
        let id = u64::MAX.to_string();
        let rows = vec![std::array::from_fn(
            |column| if column == 0 { id.clone() } else { String::new() },
        )];
        for width in [40, 80] {
            let lines: Vec<_> =
                Layout::of(width, &rows).table(rows.clone(), true).lines().collect();
            assert!(lines[1].contains(&id), "{lines:#?}");
            assert!(lines.iter().all(|line| line.trim_end().width() <= width), "{lines:#?}");
        }
    }

    #[test]
    fn every_account_is_one_line_that_fits() {
        for width in [40, 60, 80, 120, 200] {
            let lines = lines(width);
            assert_eq!(lines.len(), 4, "{lines:#?}");
            for line in lines {
                assert!(line.trim_end().width() <= width, "{width}: {line:?} is {}", line.width());
            }
        }
    }
}
