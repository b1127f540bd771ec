//! Rendering of a document as Markdown, with formulas as code and matrices as table columns.

use super::document::{Cell, Term, TraceDocument, TraceFormat, TraceLine, TraceSection};
use super::layout::{cells, truncation_note};
use super::number::number;

impl TraceDocument {
    /// Renders the document as Markdown with tables (GitHub, Jupyter).
    ///
    /// The terms of an equation are columns of one table, with the name of each term as the heading
    /// and the operators between the terms.
    pub fn markdown(&self) -> String {
        let sections = self.sections.iter().map(|part| section(part, self.format));
        format!("# {}\n{}", prose(&self.title), sections.collect::<String>())
    }
}

fn section(section: &TraceSection, format: TraceFormat) -> String {
    let cell = |cell: &Cell| match cell {
        Cell::Word(word) => code(word),
        Cell::Number(v) => number(*v, format.digits),
    };
    let line = |line: &TraceLine| match line {
        TraceLine::Prose(sentence) => prose(sentence) + "\n",
        TraceLine::Equation { formula, terms } => equation(&formula.text, terms, format),
        TraceLine::Table { header, rows } => {
            let header: Vec<String> = header.iter().map(|math| code(&math.text)).collect();
            let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(cell).collect()).collect();
            table(&header, &rows)
        }
    };
    let lines = section.lines.iter().map(|content| "\n".to_owned() + &line(content));
    format!("\n## {}\n{}", prose(&section.title), lines.collect::<String>())
}

/// Renders the formula as code, followed by the numbers if all terms are single numbers, and
/// otherwise by a table.
fn equation(formula: &str, terms: &[Term], format: TraceFormat) -> String {
    if terms.iter().all(|term| term.values.values.len() == 1) {
        let inline = |term: &Term| {
            let v = number(term.values.values[0], format.digits);
            let v = if term.operator != "=" && v.starts_with('-') { format!("({v})") } else { v };
            format!(" {} {v}", term.operator)
        };
        return code(formula) + &terms.iter().map(inline).collect::<String>() + "\n";
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
    let note =
        truncation_note(terms, format).map_or_else(String::new, |note| format!("\n{}\n", prose(&note)));
    format!("{}\n\n{}{note}", code(formula), table(&header, &rows))
}

fn table(header: &[String], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let rule = format!("|{}\n", "---:|".repeat(header.len()));
    line(header) + &rule + &rows.iter().map(|row| line(row)).collect::<String>()
}

/// Renders inline code with `|` escaped, since it would end a table cell. Empty text stays empty.
fn code(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("`{}`", text.replace('|', "\\|")) }
}

/// Renders a sentence, with its formulas as code and special characters escaped.
fn prose(text: &str) -> String {
    let escaped = |text: &str| text.replace('*', "\\*").replace('<', "\\<").replace('[', "\\[");
    let part = |(k, part): (usize, &str)| if k % 2 == 1 { code(part) } else { escaped(part) };
    text.split('`').enumerate().map(part).collect()
}
