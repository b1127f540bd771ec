//! Rendering of a document as aligned text.

use super::document::{Cell, Term, TraceDocument, TraceFormat, TraceLine, TraceSection};
use super::layout::{cells, lines, truncation_note};
use super::number::{aligned, number, padded};

impl TraceDocument {
    /// Renders the document as aligned text, with formulas in Unicode and matrices in brackets.
    pub fn text(&self) -> String {
        let sections = self.sections.iter().map(|part| "\n".to_owned() + &section(part, self.format));
        underlined(&self.title, "=") + &sections.collect::<String>()
    }
}

fn section(section: &TraceSection, format: TraceFormat) -> String {
    let line = |line: &TraceLine| match line {
        TraceLine::Prose(prose) => wrapped(&prose.replace('`', ""), format.width),
        TraceLine::Equation { formula, terms } => equation(&formula.text, terms, format),
        TraceLine::Table { header, rows } => {
            let header: Vec<&str> = header.iter().map(|math| math.text.as_str()).collect();
            table(&header, rows, format)
        }
    };
    let lines = section.lines.iter().map(|content| "\n".to_owned() + &line(content));
    underlined(&section.title, "-") + &lines.collect::<String>()
}

fn underlined(title: &str, with: &str) -> String {
    format!("{title}\n{}\n", with.repeat(title.chars().count()))
}

/// Wraps a sentence into lines of at most `width` characters.
fn wrapped(prose: &str, width: usize) -> String {
    let (mut text, mut used) = (String::new(), 0);
    for word in prose.split(' ') {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            text += "\n";
            used = 0;
        } else if used > 0 {
            text += " ";
            used += 1;
        }
        text += word;
        used += length;
    }
    text + "\n"
}

/// Renders the formula with the numbers below its first `=`. A name without a formula has the
/// numbers on the same line.
fn equation(formula: &str, terms: &[Term], format: TraceFormat) -> String {
    if terms.is_empty() {
        return format!("  {formula}\n");
    }
    let (left, first) = match formula.split_once(" = ") {
        Some((left, _)) => (left, format!("  {formula}\n")),
        None => (formula, String::new()),
    };
    let indent = 2 + left.chars().count() + 1;
    let width_of = |term: &Term| block(term, format)[0].chars().count();
    let mut numbers = String::new();
    for terms in lines(terms, format.width.saturating_sub(indent), width_of) {
        for line in side_by_side(&terms.iter().map(|term| block(term, format)).collect::<Vec<_>>()) {
            numbers += (" ".repeat(indent) + &line).trim_end();
            numbers += "\n";
        }
    }
    if first.is_empty() {
        numbers.replace_range(..indent, &format!("  {left} "));
    }
    let note = truncation_note(terms, format)
        .map_or_else(String::new, |note| wrapped(&note.replace('`', ""), format.width));
    first + &numbers + &note
}

/// Renders a term as lines of equal width: its operator on the first line and its numbers in
/// brackets. A single number has no brackets.
fn block(term: &Term, format: TraceFormat) -> Vec<String> {
    let (operator, cells) = (term.operator, cells(&term.values, format));
    if term.values.values.len() == 1 {
        let v = &cells[0][0];
        let bare = operator == "=" || !v.starts_with('-');
        return vec![if bare { format!("{operator} {v} ") } else { format!("{operator} ({v}) ") }];
    }
    let line = |(i, cells): (usize, &Vec<String>)| {
        format!("{} [ {} ] ", if i == 0 { operator } else { " " }, cells.join("  "))
    };
    cells.iter().enumerate().map(line).collect()
}

/// Joins blocks horizontally, aligned at their first lines.
fn side_by_side(blocks: &[Vec<String>]) -> Vec<String> {
    let height = blocks.iter().map(Vec::len).max().unwrap_or(0);
    let line = |i: usize| -> String {
        let blank = |block: &Vec<String>| " ".repeat(block[0].chars().count());
        blocks.iter().map(|block| block.get(i).cloned().unwrap_or_else(|| blank(block))).collect()
    };
    (0..height).map(line).collect()
}

fn table(header: &[&str], rows: &[Vec<Cell>], format: TraceFormat) -> String {
    let column = |(j, name): (usize, &&str)| {
        let cells: Vec<String> = rows.iter().map(|row| cell(&row[j], format)).collect();
        let are_numbers = rows.iter().all(|row| matches!(row[j], Cell::Number(_)));
        let cells = if are_numbers { aligned(&cells) } else { cells };
        padded([(*name).to_owned()].into_iter().chain(cells).collect())
    };
    let columns: Vec<Vec<String>> = header.iter().enumerate().map(column).collect();
    let line = |i: usize| {
        let line = columns.iter().map(|column| column[i].as_str()).collect::<Vec<_>>().join("  ");
        format!("  {}\n", line.trim_end())
    };
    (0..=rows.len()).map(line).collect()
}

fn cell(cell: &Cell, format: TraceFormat) -> String {
    match cell {
        Cell::Word(word) => word.clone(),
        Cell::Number(v) => number(*v, format.digits),
    }
}
