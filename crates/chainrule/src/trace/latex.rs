//! A document as LaTeX, for amsmath.

use super::document::{Cell, Document, Format, Line, Section, Term};
use super::layout::{LEFT_OUT, cells, lines, what_is_left_out};
use super::math::{Math, sign};
use super::number::number;

impl Document {
    /// The document as a LaTeX document that compiles as it is.
    pub fn latex(&self) -> String {
        format!(
            "\\documentclass{{article}}\n\\usepackage[a4paper,landscape,margin=2cm]{{geometry}}\n\
             \\usepackage{{amsmath,longtable}}\n\\allowdisplaybreaks\n\\setlength{{\\parindent}}{{0pt}}\n\
             \\begin{{document}}\n{}\\end{{document}}\n",
            self.latex_body()
        )
    }

    /// The document as LaTeX to be put into another, which loads the packages `amsmath` and `longtable`.
    pub fn latex_body(&self) -> String {
        let sections = self.sections.iter().map(|part| section(part, self.format));
        // amsmath's matrices have ten columns at most unless told otherwise.
        format!(
            "\\setcounter{{MaxMatrixCols}}{{{}}}\n\\section*{{{}}}\n{}",
            self.format.limit.max(1) + 1,
            prose(&self.title),
            sections.collect::<String>()
        )
    }
}

fn section(section: &Section, format: Format) -> String {
    let line = |line: &Line| match line {
        Line::Prose(sentence) => format!("\n{}\n", prose(sentence)),
        Line::Equation { formula, terms } => equation(&formula.latex, terms, format),
        Line::Table { header, rows } => table(header, rows, format),
    };
    let lines: String = section.lines.iter().map(line).collect();
    format!("\n\\subsection*{{{}}}\n{lines}", prose(&section.title))
}

/// The formula, and below its first `=` the numbers; a name without formula has them in the same line.
fn equation(formula: &str, terms: &[Term], format: Format) -> String {
    let (left, first) = match formula.split_once(" = ") {
        Some((left, right)) => (String::new(), vec![format!("{left} &= {right}")]),
        None => (format!("{formula} "), Vec::new()),
    };
    let width_of = |term: &Term| {
        let row = cells(&term.values, format).swap_remove(0);
        row.iter().map(|cell| cell.chars().count() + 2).sum::<usize>() + 4
    };
    // The first operator of a line is what the lines align at.
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
    let said =
        what_is_left_out(terms, format).map_or_else(String::new, |said| format!("\n{}\n", prose(&said)));
    format!("\\begin{{align*}}\n{all}\n\\end{{align*}}\n{said}")
}

fn operator(operator: &str) -> &str {
    operator.chars().next().and_then(sign).unwrap_or(operator).trim()
}

/// The numbers in a `bmatrix`, a lone number bare.
fn matrix(term: &Term, format: Format) -> String {
    let cells = cells(&term.values, format);
    if term.values.values.len() == 1 {
        let v = entry(&cells[0][0]);
        return if term.operator != "=" && v.starts_with('-') { format!(r"\left({v}\right)") } else { v };
    }
    let row = |cells: &Vec<String>| cells.iter().map(|cell| entry(cell)).collect::<Vec<_>>().join(" & ");
    let rows = cells.iter().map(row).collect::<Vec<_>>().join(r" \\ ");
    format!(r"\begin{{bmatrix}} {rows} \end{{bmatrix}}")
}

fn table(header: &[Math], rows: &[Vec<Cell>], format: Format) -> String {
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

/// A number in mathematics.
fn entry(cell: &str) -> String {
    match (cell.trim(), cell.trim().split_once('e')) {
        (LEFT_OUT, _) => r"\dots".to_owned(),
        ("inf", _) => r"\infty".to_owned(),
        ("-inf", _) => r"-\infty".to_owned(),
        ("NaN", _) => r"\mathrm{NaN}".to_owned(),
        (_, Some((mantissa, exponent))) => format!(r"{mantissa} \cdot 10^{{{exponent}}}"),
        (plain, None) => plain.to_owned(),
    }
}

/// A sentence with its formulas in mathematics and nothing else taken for a command.
fn prose(text: &str) -> String {
    let part = |(k, part): (usize, &str)| match k % 2 {
        1 => format!("${}$", Math::of(part).latex),
        _ => part.replace("->", "→").chars().map(letter).collect(),
    };
    text.split('`').enumerate().map(part).collect()
}

/// A letter outside of mathematics.
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
