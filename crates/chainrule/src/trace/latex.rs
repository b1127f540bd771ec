//! A document as LaTeX, for amsmath.

use super::document::{Cell, Document, Format, Line, Term};
use super::layout::{LEFT_OUT, cells, lines, what_is_left_out};
use super::math::sign;
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
        // amsmath's matrices have ten columns at most unless told otherwise.
        let columns = format!("\\setcounter{{MaxMatrixCols}}{{{}}}\n", self.format.limit + 1);
        let mut latex = columns + &format!("\\section*{{{}}}\n", prose(&self.title));
        for section in &self.sections {
            latex += &format!("\n\\subsection*{{{}}}\n", prose(&section.title));
            for line in &section.lines {
                latex += &match line {
                    Line::Prose(sentence) => format!("\n{}\n", prose(sentence)),
                    Line::Equation { formula, terms } => equation(&formula.latex, terms, self.format),
                    Line::Table { header, rows } => {
                        let header: Vec<String> =
                            header.iter().map(|math| format!("${}$", math.latex)).collect();
                        table(&header, rows, self.format)
                    }
                };
            }
        }
        latex
    }
}

fn equation(formula: &str, terms: &[Term], format: Format) -> String {
    // The numbers stand below the first `=`; a name without formula has them in the same line.
    let (mut latex, left_alone) = match formula.split_once(" = ") {
        Some((left, right)) => (format!("{left} &= {right}"), false),
        None => (formula.to_owned(), true),
    };
    let width_of = |term: &Term| {
        let row = cells(&term.values, format).swap_remove(0);
        row.iter().map(|cell| cell.chars().count() + 2).sum::<usize>() + 4
    };
    if !terms.is_empty() {
        for (k, terms) in lines(terms, format.width, width_of).into_iter().enumerate() {
            latex += if k == 0 && left_alone { " " } else { " \\\\\n" };
            for (j, term) in terms.iter().enumerate() {
                // The line's first operator is what the lines align at.
                latex += if j == 0 && term.operator != "=" {
                    "&\\quad"
                } else if j == 0 {
                    "&"
                } else {
                    ""
                };
                latex += operator(term.operator);
                latex += &matrix(term, format);
            }
        }
    }
    let said =
        what_is_left_out(terms, format).map_or_else(String::new, |said| format!("\n{}\n", prose(&said)));
    format!("\\begin{{align*}}\n{latex}\n\\end{{align*}}\n{said}")
}

fn operator(operator: &str) -> &str {
    operator.chars().next().and_then(sign).unwrap_or(operator)
}

/// The numbers in a `bmatrix`, a lone number bare.
fn matrix(term: &Term, format: Format) -> String {
    let cells = cells(&term.values, format);
    if term.values.values.len() == 1 {
        let v = entry(&cells[0][0]);
        return if term.operator != "=" && v.starts_with('-') {
            format!(r"\left({v}\right)")
        } else {
            format!(" {v}")
        };
    }
    let row = |cells: &Vec<String>| cells.iter().map(|cell| entry(cell)).collect::<Vec<_>>().join(" & ");
    let rows = cells.iter().map(row).collect::<Vec<_>>().join(r" \\ ");
    format!(r"\begin{{bmatrix}} {rows} \end{{bmatrix}}")
}

fn table(header: &[String], rows: &[Vec<Cell>], format: Format) -> String {
    let cell = |cell: &Cell| match cell {
        Cell::Word(word) => prose(word),
        Cell::Number(v) => format!("${}$", entry(&number(*v, format.digits))),
    };
    let line = |cells: Vec<String>| format!("{} \\\\\n", cells.join(" & "));
    let rows: String = rows.iter().map(|row| line(row.iter().map(cell).collect())).collect();
    let columns = "r".repeat(header.len() - 1);
    format!(
        "\\begin{{longtable}}{{l{columns}}}\n{}\\hline\n{rows}\\end{{longtable}}\n",
        line(header.to_vec())
    )
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

/// A sentence in which nothing is taken for a command.
fn prose(text: &str) -> String {
    let mut latex = String::new();
    for c in text.chars() {
        match c {
            '_' | '%' | '&' | '#' | '$' | '{' | '}' => latex += &format!("\\{c}"),
            '\\' => latex += "\\textbackslash{}",
            '~' => latex += "\\textasciitilde{}",
            '^' => latex += "\\textasciicircum{}",
            '<' | '>' | '|' => latex += &format!("${c}$"),
            '[' | ']' => latex.push(c),
            _ => match sign(c) {
                Some(sign) => latex += &format!("${sign}$"),
                None => latex.push(c),
            },
        }
    }
    latex
}
