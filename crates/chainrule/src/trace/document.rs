//! A trace laid out for reading: sections of lines, before it is known how they will be written.

use super::math::Math;
use super::matrix::Matrix;

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// Significant digits of each number; whole numbers that fit are written without decimals. At least 1.
    pub digits: usize,
    /// Of a matrix, the rows and the columns shown at most; of a batch, the samples whose own gradients are.
    pub limit: usize,
    /// The parameters shown in the table of the update at most.
    pub parameters: usize,
    /// The characters of a line from which an equation goes on in the next.
    pub width: usize,
}

impl Default for Format {
    fn default() -> Format {
        Format { digits: 4, limit: 8, parameters: 64, width: 100 }
    }
}

/// A trace laid out for reading, which [`text`](Document::text), [`markdown`](Document::markdown) and
/// [`latex`](Document::latex) write.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// How it is written.
    pub format: Format,
    /// What was traced.
    pub title: String,
    /// Its parts, from forward to update.
    pub sections: Vec<Section>,
}

/// One part of the chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// Its title.
    pub title: String,
    /// What it says.
    pub lines: Vec<Line>,
}

/// One thing that a section says.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// A sentence.
    Prose(String),
    /// A formula, and the same with numbers in the place of letters, one term after another.
    Equation {
        /// The formula: `z_1 = x·W_1 + b_1`.
        formula: Math,
        /// The terms, each behind its operator; none where the formula stands alone.
        terms: Vec<Term>,
    },
    /// Numbers in columns.
    Table {
        /// What stands in each column.
        header: Vec<Math>,
        /// The rows.
        rows: Vec<Vec<Cell>>,
    },
}

/// One term of an equation: `· W_1`.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// What stands before it: `=`, `·`, `∘`, `+` or `-`.
    pub operator: &'static str,
    /// Its name in the formula.
    pub name: Math,
    /// Its numbers.
    pub values: Matrix,
}

/// One cell of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A name or a sign.
    Word(String),
    /// A number.
    Number(f64),
}
