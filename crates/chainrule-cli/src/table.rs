//! Tables on standard output: as wide as the terminal, plain where there is none.

use comfy_table::presets::UTF8_NO_BORDERS;
use comfy_table::{Attribute, Cell, ContentArrangement, LineStyle, Table};

/// The width where no terminal says one.
const WIDTH: u16 = 140;

/// Below this a table is no table any more; let the terminal wrap its lines.
const NARROWEST: u16 = 50;

/// A table with this header.
pub(crate) fn new(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(UTF8_NO_BORDERS.row_separator(LineStyle::none()))
        .set_content_arrangement(ContentArrangement::Dynamic);
    // A terminal that says nothing of its width says 0.
    if table.width().is_none_or(|width| width < NARROWEST) {
        table.set_width(WIDTH);
    }
    if !colourful() {
        table.force_no_tty();
    }
    table.set_header(header.iter().map(|name| Cell::new(name).add_attribute(Attribute::Bold)));
    table
}

/// Whether standard output takes colours.
fn colourful() -> bool {
    anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never
}
