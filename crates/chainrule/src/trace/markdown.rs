//! A document as Markdown: formulas as code, equations as tables with one column a number.

use super::document::{Cell, Document, Format, Line, Term};
use super::layout::{cells, what_is_left_out};
use super::number::number;

impl Document {
    /// The document as Markdown, in the dialect with tables (GitHub's, Jupyter's).
    ///
    /// An equation's terms stand side by side in one table, each below its name, with the operators between them.
    pub fn markdown(&self) -> String {
        let mut markdown = format!("# {}\n", prose(&self.title));
        for section in &self.sections {
            markdown += &format!("\n## {}\n", prose(&section.title));
            for line in &section.lines {
                markdown += "\n";
                match line {
                    Line::Prose(sentence) => markdown += &(prose(sentence) + "\n"),
                    Line::Equation { formula, terms } => {
                        markdown += &equation(&formula.text, terms, self.format)
                    }
                    Line::Table { header, rows } => {
                        let header: Vec<String> = header.iter().map(|math| code(&math.text)).collect();
                        let cell = |cell: &Cell| match cell {
                            Cell::Word(word) => code(word),
                            Cell::Number(v) => number(*v, self.format.digits),
                        };
                        let rows: Vec<Vec<String>> =
                            rows.iter().map(|row| row.iter().map(cell).collect()).collect();
                        markdown += &table(&header, &rows);
                    }
                }
            }
        }
        markdown
    }
}

/// The formula as code; numbers behind it where all terms are single numbers, else in a table below.
fn equation(formula: &str, terms: &[Term], format: Format) -> String {
    let mut markdown = code(formula);
    if terms.iter().all(|term| term.values.values.len() == 1) {
        for term in terms {
            let v = number(term.values.values[0], format.digits);
            let v = if term.operator != "=" && v.starts_with('-') { format!("({v})") } else { v };
            markdown += &format!(" {} {v}", term.operator);
        }
        return markdown + "\n";
    }
    let blocks: Vec<Vec<Vec<String>>> = terms.iter().map(|term| cells(&term.values, format)).collect();
    let height = blocks.iter().map(Vec::len).max().unwrap_or(0);
    let (mut header, mut rows) = (Vec::new(), vec![Vec::new(); height]);
    for (k, (term, block)) in terms.iter().zip(&blocks).enumerate() {
        let n_columns = block.first().map_or(0, Vec::len);
        if k > 0 {
            header.push(String::new());
        }
        header.push(code(&term.name.text));
        header.extend(vec![String::new(); n_columns - 1]);
        for (i, row) in rows.iter_mut().enumerate() {
            if k > 0 {
                row.push(if i == 0 { term.operator.to_owned() } else { String::new() });
            }
            match block.get(i) {
                Some(cells) => row.extend(cells.iter().map(|cell| cell.trim().to_owned())),
                None => row.extend(vec![String::new(); n_columns]),
            }
        }
    }
    markdown += "\n\n";
    markdown += &table(&header, &rows);
    if let Some(sentence) = what_is_left_out(terms, format) {
        markdown += &format!("\n{}\n", prose(&sentence));
    }
    markdown
}

fn table(header: &[String], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let rule = format!("|{}\n", "---:|".repeat(header.len()));
    line(header) + &rule + &rows.iter().map(|row| line(row)).collect::<String>()
}

/// Inline code, in which a bar would end a table's cell; nothing stays nothing.
fn code(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("`{}`", text.replace('|', "\\|")) }
}

/// A sentence in which nothing is taken for a mark.
fn prose(text: &str) -> String {
    text.chars().flat_map(|c| if "*_`<>[]|".contains(c) { vec!['\\', c] } else { vec![c] }).collect()
}
