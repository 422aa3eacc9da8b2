//! Columns without borders: two spaces between, the head dimmed, the widest text cut to fit.

use anstyle::Style;
use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::style::{DIM, Look, PLAIN};

/// What stands at the place of a number or text that is absent.
pub(super) const NONE: &str = "-";
const GAP: u16 = 2;
/// A column is never wider than this, also in a pipe; the renderer counts in 16 bits.
const MOST: usize = 10_000;
/// A column is never cut below this many characters.
const LEAST: usize = 8;
/// A spare column is left out rather than that others are cut below this many characters.
const COMFORT: usize = 24;

/// One cell: safe text and its colour.
#[derive(Clone)]
pub(super) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    pub(super) fn styled(text: impl Into<String>, style: Style) -> Cell {
        Cell { text: text.into(), style }
    }
}

impl<T: ToString> From<T> for Cell {
    fn from(text: T) -> Cell {
        Cell { text: text.to_string(), style: PLAIN }
    }
}

/// How a column behaves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    /// Text, never cut: what people select and paste.
    Whole,
    /// Text that gives way where the terminal is narrow.
    Text,
    /// Text that is left out altogether where there is little room.
    Spare,
    /// Numbers, flush right.
    Number,
}

pub(super) struct Table {
    columns: Vec<(&'static str, Column)>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    pub(super) fn new(columns: &[(&'static str, Column)]) -> Table {
        Table { columns: columns.to_vec(), rows: Vec::new() }
    }

    pub(super) fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// Whether the table has room without cutting more than texts.
    pub(super) fn fits(&self, look: &Look) -> bool {
        self.fits_with(look, LEAST)
    }

    /// Whether it has room with most of each text.
    pub(super) fn fits_well(&self, look: &Look) -> bool {
        self.fits_with(look, COMFORT)
    }

    fn fits_with(&self, look: &Look, least: usize) -> bool {
        let Some(limit) = look.width else { return true };
        let widths = self.columns.iter().zip(self.widths(None)).map(|((_, kind), width)| match kind {
            Column::Text | Column::Spare => width.min(least),
            _ => width,
        });
        widths.sum::<usize>() + usize::from(GAP) * self.columns.len().saturating_sub(1) <= limit
    }

    /// The table as lines, each ended; no spaces at the ends of lines.
    pub(super) fn render(&self, look: &Look) -> String {
        let spare = self.columns.iter().rposition(|(_, kind)| *kind == Column::Spare);
        if let Some(at) = spare.filter(|_| !self.fits_well(look)) {
            return self.without(at).render(look);
        }
        let widths = self.widths(look.width);
        let mut table = comfy_table::Table::new();
        table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(self.columns.iter().map(|(title, _)| look.paint(DIM, title)));
        for row in &self.rows {
            let cells = row.iter().zip(&widths);
            table.add_row(cells.map(|(cell, width)| look.paint(cell.style, &cut(&cell.text, *width))));
        }
        for (column, (_, kind)) in table.column_iter_mut().zip(&self.columns) {
            column.set_padding((0, GAP));
            if *kind == Column::Number {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table.trim_fmt() + "\n"
    }

    fn without(&self, column: usize) -> Table {
        let mut less = Table::new(&self.columns);
        less.columns.remove(column);
        for row in &self.rows {
            let cells = row.iter().enumerate().filter(|(at, _)| *at != column);
            less.row(cells.map(|(_, cell)| cell.clone()).collect());
        }
        less
    }

    /// How wide each column may be. This is decided here and not by the renderer, which would
    /// break long cells into several lines instead of cutting them, ids too.
    fn widths(&self, limit: Option<usize>) -> Vec<usize> {
        let mut widths: Vec<usize> = self.columns.iter().map(|(title, _)| title.width()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.text.width()).min(MOST);
            }
        }
        let Some(limit) = limit else { return widths };
        let gaps = usize::from(GAP) * widths.len().saturating_sub(1);
        // The widest gives way first, so that the cut is spread and short columns stay whole.
        while widths.iter().sum::<usize>() + gaps > limit {
            let widest = (0..widths.len())
                .filter(|at| {
                    matches!(self.columns[*at].1, Column::Text | Column::Spare) && widths[*at] > LEAST
                })
                .max_by_key(|at| widths[*at]);
            match widest {
                Some(at) => widths[at] -= 1,
                None => break,
            }
        }
        widths
    }
}

/// `text` in at most `width` columns, its end replaced by `…` where it is longer.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > width {
            break;
        }
        kept.push(c);
    }
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(&[("ID", Column::Whole), ("N", Column::Number), ("WHAT", Column::Text)]);
        table.row(vec!["one".into(), 7.into(), "a long text that gives way".into()]);
        table.row(vec!["twelve".into(), 100.into(), "日本語".into()]);
        table
    }

    #[test]
    fn columns_are_aligned_and_nothing_is_cut_in_a_pipe() {
        assert_eq!(
            table().render(&Look::plain()),
            "ID        N  WHAT\none       7  a long text that gives way\ntwelve  100  日本語\n"
        );
    }

    #[test]
    fn a_narrow_terminal_cuts_text_and_never_ids() {
        let look = Look { width: Some(30), ..Look::plain() };
        assert_eq!(
            table().render(&look),
            "ID        N  WHAT\none       7  a long text that…\ntwelve  100  日本語\n"
        );
    }

    #[test]
    fn colours_take_no_room() {
        let mut table = table();
        table.row(vec![Cell::styled("x", super::super::style::BAD), 1.into(), "y".into()]);
        let plain = table.render(&Look::plain());
        let painted = table.render(&Look { color: true, ..Look::plain() });
        assert!(painted.contains("\x1b[31mx\x1b[0m         1  y\n"), "{painted:?}");
        assert_eq!(anstream::adapter::strip_str(&painted).to_string(), plain);
    }

    #[test]
    fn a_cell_beyond_all_bounds_is_cut_even_in_a_pipe() {
        let mut table = Table::new(&[("WHAT", Column::Text)]);
        table.row(vec!["x".repeat(100_000).into()]);
        let text = table.render(&Look::plain());
        assert_eq!(text.lines().map(|line| line.width()).collect::<Vec<_>>(), [4, MOST]);
        assert!(text.ends_with("x…\n"));
    }

    #[test]
    fn cutting_counts_columns() {
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut("abc", 3), "abc");
    }
}
