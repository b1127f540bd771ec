//! A document as aligned text.

use super::document::{Cell, Document, Format, Line, Term};
use super::layout::{cells, lines, what_is_left_out};
use super::number::{aligned, number};

impl Document {
    /// The document as aligned text: formulas in Unicode, matrices in brackets.
    pub fn text(&self) -> String {
        let mut text = underlined(&self.title, '=');
        for section in &self.sections {
            text += "\n";
            text += &underlined(&section.title, '-');
            for line in &section.lines {
                text += "\n";
                match line {
                    Line::Prose(prose) => text += &filled(prose, self.format.width),
                    Line::Equation { formula, terms } => text += &equation(&formula.text, terms, self.format),
                    Line::Table { header, rows } => {
                        let header: Vec<&str> = header.iter().map(|math| math.text.as_str()).collect();
                        text += &table(&header, rows, self.format);
                    }
                }
            }
        }
        text
    }
}

fn underlined(title: &str, with: char) -> String {
    let line = with.to_string().repeat(title.chars().count());
    format!("{title}\n{line}\n")
}

/// The sentence in lines of at most `width` characters.
fn filled(prose: &str, width: usize) -> String {
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

/// The formula, and below its first `=` the numbers.
fn equation(formula: &str, terms: &[Term], format: Format) -> String {
    if terms.is_empty() {
        return format!("  {formula}\n");
    }
    let left = formula.split_once(" = ").map_or(formula, |(left, _)| left);
    let indent = 2 + left.chars().count() + 1;
    let width = format.width.saturating_sub(indent);
    let blocks = lines(terms, width, |term| block(term, format)[0].chars().count());
    let mut text = String::new();
    for (k, terms) in blocks.iter().enumerate() {
        let rows = side_by_side(&terms.iter().map(|term| block(term, format)).collect::<Vec<_>>());
        for (i, row) in rows.iter().enumerate() {
            // A name without formula has its numbers in the same line.
            let lead = if k + i == 0 && left == formula { format!("  {left} ") } else { " ".repeat(indent) };
            text += (lead + row).trim_end();
            text += "\n";
        }
    }
    if left != formula {
        text = format!("  {formula}\n{text}");
    }
    if let Some(sentence) = what_is_left_out(terms, format) {
        text += &format!("  ({sentence})\n");
    }
    text
}

/// A term in lines of the same width: its operator in the first, then its numbers in brackets, a lone number bare.
fn block(term: &Term, format: Format) -> Vec<String> {
    let cells = cells(&term.values, format);
    if let ([row], (1, 1)) = (&cells[..], (term.values.n_rows, term.values.n_columns)) {
        let bare = term.operator == "=" || !row[0].starts_with('-');
        return vec![if bare {
            format!("{} {} ", term.operator, row[0])
        } else {
            format!("{} ({}) ", term.operator, row[0])
        }];
    }
    let row = |(i, cells): (usize, &Vec<String>)| {
        let operator = if i == 0 { term.operator } else { " " };
        format!("{operator} [ {} ] ", cells.join("  "))
    };
    cells.iter().enumerate().map(row).collect()
}

/// Blocks beside each other, their first lines together.
fn side_by_side(blocks: &[Vec<String>]) -> Vec<String> {
    let height = blocks.iter().map(Vec::len).max().unwrap_or(0);
    let line = |i: usize| -> String {
        let part = |block: &Vec<String>| {
            block.get(i).cloned().unwrap_or_else(|| " ".repeat(block[0].chars().count()))
        };
        blocks.iter().map(part).collect()
    };
    (0..height).map(line).collect()
}

fn table(header: &[&str], rows: &[Vec<Cell>], format: Format) -> String {
    let columns: Vec<Vec<String>> = header
        .iter()
        .enumerate()
        .map(|(j, name)| {
            let cells = rows.iter().map(|row| cell(&row[j], format)).collect::<Vec<_>>();
            let mut column = aligned(&cells);
            let width = column.first().map_or(0, |cell| cell.chars().count()).max(name.chars().count());
            column.insert(0, (*name).to_owned());
            column.iter().map(|cell| format!("{cell:<width$}")).collect()
        })
        .collect();
    let line = |i: usize| {
        let line = columns.iter().map(|column| column[i].as_str()).collect::<Vec<_>>().join("  ");
        format!("  {}\n", line.trim_end())
    };
    (0..=rows.len()).map(line).collect()
}

fn cell(cell: &Cell, format: Format) -> String {
    match cell {
        Cell::Word(word) => word.clone(),
        Cell::Number(v) => number(*v, format.digits),
    }
}
