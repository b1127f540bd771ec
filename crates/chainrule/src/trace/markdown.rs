//! A document as Markdown: formulas as code, equations as tables with one column a number.

use super::document::{Cell, Document, Format, Line, Section, Term};
use super::layout::{cells, what_is_left_out};
use super::number::number;

impl Document {
    /// The document as Markdown, in the dialect with tables (GitHub's, Jupyter's).
    ///
    /// An equation's terms stand side by side in one table, each below its name, with the operators between them.
    pub fn markdown(&self) -> String {
        let sections = self.sections.iter().map(|part| section(part, self.format));
        format!("# {}\n{}", prose(&self.title), sections.collect::<String>())
    }
}

fn section(section: &Section, format: Format) -> String {
    let cell = |cell: &Cell| match cell {
        Cell::Word(word) => code(word),
        Cell::Number(v) => number(*v, format.digits),
    };
    let line = |line: &Line| match line {
        Line::Prose(sentence) => prose(sentence) + "\n",
        Line::Equation { formula, terms } => equation(&formula.text, terms, format),
        Line::Table { header, rows } => {
            let header: Vec<String> = header.iter().map(|math| code(&math.text)).collect();
            let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(cell).collect()).collect();
            table(&header, &rows)
        }
    };
    let lines = section.lines.iter().map(|said| "\n".to_owned() + &line(said));
    format!("\n## {}\n{}", prose(&section.title), lines.collect::<String>())
}

/// The formula as code; numbers behind it where all terms are single numbers, else in a table below.
fn equation(formula: &str, terms: &[Term], format: Format) -> String {
    if terms.iter().all(|term| term.values.values.len() == 1) {
        let in_line = |term: &Term| {
            let v = number(term.values.values[0], format.digits);
            let v = if term.operator != "=" && v.starts_with('-') { format!("({v})") } else { v };
            format!(" {} {v}", term.operator)
        };
        return code(formula) + &terms.iter().map(in_line).collect::<String>() + "\n";
    }
    let blocks: Vec<Vec<Vec<String>>> = terms.iter().map(|term| cells(&term.values, format)).collect();
    let height = blocks.iter().map(Vec::len).max().unwrap_or(0);
    let (mut header, mut rows) = (Vec::new(), vec![Vec::new(); height]);
    for (k, (term, block)) in terms.iter().zip(&blocks).enumerate() {
        let blanks = vec![String::new(); block[0].len()];
        if k > 0 {
            header.push(String::new());
        }
        header.push(code(&term.name.text));
        header.extend_from_slice(&blanks[1..]);
        for (i, row) in rows.iter_mut().enumerate() {
            if k > 0 {
                row.push(if i == 0 { term.operator.to_owned() } else { String::new() });
            }
            row.extend(block.get(i).unwrap_or(&blanks).iter().map(|cell| cell.trim().to_owned()));
        }
    }
    let said =
        what_is_left_out(terms, format).map_or_else(String::new, |said| format!("\n{}\n", prose(&said)));
    format!("{}\n\n{}{said}", code(formula), table(&header, &rows))
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

/// A sentence with its formulas as code and nothing else taken for a mark.
fn prose(text: &str) -> String {
    let escaped = |text: &str| text.replace('*', "\\*").replace('<', "\\<").replace('[', "\\[");
    let part = |(k, part): (usize, &str)| if k % 2 == 1 { code(part) } else { escaped(part) };
    text.split('`').enumerate().map(part).collect()
}
