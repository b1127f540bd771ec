//! Tables on standard output, as wide as the terminal.

use crate::output::{TextColour, bold, coloured, outln};
use chainrule_experiment::ScoreTable;
pub use chainrule_experiment::format_number as number;
use comfy_table::presets::UTF8_NO_BORDERS;
use comfy_table::{Cell, CellAlignment, ContentArrangement, LineStyle, Table};

/// Width of a table if standard output is not a terminal.
const DEFAULT_WIDTH: u16 = 140;

/// Minimum width of a table; a narrower terminal wraps its lines.
const MIN_WIDTH: u16 = 50;

/// The character of the line below the header.
const RULE: char = '═';

/// Returns an empty table with this header.
pub fn new(header: &[&str]) -> Table {
    let width = terminal_size::terminal_size().map_or(DEFAULT_WIDTH, |(width, _)| width.0);
    let mut table = Table::new();
    table
        .load_style(UTF8_NO_BORDERS.row_separator(LineStyle::none()))
        .set_content_arrangement(ContentArrangement::Dynamic)
        // Some terminals report a width of 0.
        .set_width(if width < MIN_WIDTH { DEFAULT_WIDTH } else { width })
        .set_header(header);
    table
}

/// Prints a table with its header in bold.
pub fn print(table: &Table) {
    print_coloured(table, &[]);
}

/// Prints a table with its header in bold, and each of these texts coloured where it starts a row.
pub fn print_coloured(table: &Table, colours: &[(&str, TextColour)]) {
    let mut is_header = true;
    for line in table.lines() {
        let text = line.trim_start();
        let start_colour = colours.iter().find(|(start, _)| text.starts_with(start));
        if is_header && !text.starts_with(RULE) {
            outln!("{}", bold(&line));
            continue;
        }
        is_header = false;
        if let Some((start, colour)) = start_colour {
            let (indent, rest) = (&line[..line.len() - text.len()], &text[start.len()..]);
            outln!("{indent}{}{rest}", coloured(start, *colour));
        } else {
            outln!("{line}");
        }
    }
}

/// Prints a table of metrics.
pub fn print_scores(scores: &ScoreTable) {
    let header: Vec<&str> = scores.header.iter().map(String::as_str).collect();
    let mut shown = new(&header);
    for (name, values) in &scores.rows {
        let values = values.iter().map(|v| Cell::new(number(*v)).set_alignment(CellAlignment::Right));
        shown.add_row(std::iter::once(Cell::new(name)).chain(values));
    }
    outln!();
    print(&shown);
}
