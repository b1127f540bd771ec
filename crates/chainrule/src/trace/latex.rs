//! Rendering of a document as LaTeX with amsmath.

use super::document::{Cell, Term, TraceDocument, TraceFormat, TraceLine, TraceSection};
use super::layout::{ELLIPSIS, cells, lines, truncation_note};
use super::math::{Math, sign};
use super::number::number;

impl TraceDocument {
    /// Renders the document as a complete LaTeX document.
    pub fn latex(&self) -> String {
        format!(
            "\\documentclass{{article}}\n\\usepackage[a4paper,landscape,margin=2cm]{{geometry}}\n\
             \\usepackage{{amsmath,longtable}}\n\\allowdisplaybreaks\n\\setlength{{\\parindent}}{{0pt}}\n\
             \\begin{{document}}\n{}\\end{{document}}\n",
            self.latex_body()
        )
    }

    /// Renders the document as LaTeX without a preamble, for inclusion in a document that loads the
    /// packages `amsmath` and `longtable`.
    pub fn latex_body(&self) -> String {
        let sections = self.sections.iter().map(|part| section(part, self.format));
        // By default, amsmath limits matrices to ten columns.
        format!(
            "\\setcounter{{MaxMatrixCols}}{{{}}}\n\\section*{{{}}}\n{}",
            self.format.limit.max(1) + 1,
            prose(&self.title),
            sections.collect::<String>()
        )
    }
}

fn section(section: &TraceSection, format: TraceFormat) -> String {
    let line = |line: &TraceLine| match line {
        TraceLine::Prose(sentence) => format!("\n{}\n", prose(sentence)),
        TraceLine::Equation { formula, terms } => equation(&formula.latex, terms, format),
        TraceLine::Table { header, rows } => table(header, rows, format),
    };
    let lines: String = section.lines.iter().map(line).collect();
    format!("\n\\subsection*{{{}}}\n{lines}", prose(&section.title))
}

/// Renders the formula with the numbers below its first `=`. A name without a formula has the
/// numbers on the same line.
fn equation(formula: &str, terms: &[Term], format: TraceFormat) -> String {
    let (left, first) = match formula.split_once(" = ") {
        Some((left, right)) => (String::new(), vec![format!("{left} &= {right}")]),
        None => (format!("{formula} "), Vec::new()),
    };
    let width_of = |term: &Term| {
        let row = cells(&term.values, format).swap_remove(0);
        row.iter().map(|cell| cell.chars().count() + 2).sum::<usize>() + 4
    };
    // Lines are aligned at their first operator.
    let line = |terms: &[Term]| -> String {
        let aligned_at = if terms[0].operator == "=" { "&" } else { "&\\quad " };
        let terms: Vec<String> = terms
            .iter()
            .map(|term| format!("{} {}", operator(term.operator), matrix(term, format)))
            .collect();
        aligned_at.to_owned() + &terms.join(" ")
    };
    let numbers = if terms.is_empty() {
        Vec::new()
    } else {
        lines(terms, format.width, width_of).into_iter().map(line).collect()
    };
    let all = left + &[first, numbers].concat().join(" \\\\\n");
    let note =
        truncation_note(terms, format).map_or_else(String::new, |note| format!("\n{}\n", prose(&note)));
    format!("\\begin{{align*}}\n{all}\n\\end{{align*}}\n{note}")
}

fn operator(operator: &str) -> &str {
    operator.chars().next().and_then(sign).unwrap_or(operator).trim()
}

/// Renders the numbers as a `bmatrix`, and a single number without brackets.
fn matrix(term: &Term, format: TraceFormat) -> String {
    let cells = cells(&term.values, format);
    if term.values.values.len() == 1 {
        let v = entry(&cells[0][0]);
        return if term.operator != "=" && v.starts_with('-') { format!(r"\left({v}\right)") } else { v };
    }
    let row = |cells: &Vec<String>| cells.iter().map(|cell| entry(cell)).collect::<Vec<_>>().join(" & ");
    let rows = cells.iter().map(row).collect::<Vec<_>>().join(r" \\ ");
    format!(r"\begin{{bmatrix}} {rows} \end{{bmatrix}}")
}

fn table(header: &[Math], rows: &[Vec<Cell>], format: TraceFormat) -> String {
    let formula = |latex: &str| if latex.is_empty() { String::new() } else { format!("${latex}$") };
    let cell = |cell: &Cell| match cell {
        Cell::Word(word) if word.chars().count() == 1 => formula(operator(word)),
        Cell::Word(word) => prose(word),
        Cell::Number(v) => formula(&entry(&number(*v, format.digits))),
    };
    let line = |cells: Vec<String>| format!("{} \\\\\n", cells.join(" & "));
    let rows: String = rows.iter().map(|row| line(row.iter().map(cell).collect())).collect();
    let names = line(header.iter().map(|name| formula(&name.latex)).collect());
    let columns = "r".repeat(header.len() - 1);
    format!("\\begin{{longtable}}{{l{columns}}}\n{names}\\hline\n{rows}\\end{{longtable}}\n")
}

/// Renders a number in math mode.
fn entry(cell: &str) -> String {
    match (cell.trim(), cell.trim().split_once('e')) {
        (ELLIPSIS, _) => r"\dots".to_owned(),
        ("inf", _) => r"\infty".to_owned(),
        ("-inf", _) => r"-\infty".to_owned(),
        ("NaN", _) => r"\mathrm{NaN}".to_owned(),
        (_, Some((mantissa, exponent))) => format!(r"{mantissa} \cdot 10^{{{exponent}}}"),
        (plain, None) => plain.to_owned(),
    }
}

/// Renders a sentence, with its formulas in math mode and special characters escaped.
fn prose(text: &str) -> String {
    let part = |(k, part): (usize, &str)| match k % 2 {
        1 => format!("${}$", Math::from_text(part).latex),
        _ => part.replace("->", "→").chars().map(letter).collect(),
    };
    text.split('`').enumerate().map(part).collect()
}

/// Renders a character in text mode.
fn letter(c: char) -> String {
    match c {
        '_' | '%' | '&' | '#' | '$' | '{' | '}' => format!("\\{c}"),
        '\\' => "\\textbackslash{}".to_owned(),
        '~' => "\\textasciitilde{}".to_owned(),
        '^' => "\\textasciicircum{}".to_owned(),
        '<' | '>' | '|' => format!("${c}$"),
        '[' | ']' => c.to_string(),
        _ => sign(c).map_or_else(|| c.to_string(), |sign| format!("${}$", sign.trim())),
    }
}
