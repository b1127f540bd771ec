//! Structure of an explained trace, independent of the output format.

use super::math::Math;
use super::matrix::Matrix;

/// Options for rendering a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceFormat {
    /// Significant digits of each number, at least 1. Whole numbers that fit are written without
    /// decimals.
    pub digits: usize,
    /// Maximum number of rows and of columns shown per matrix, and of samples whose gradients are
    /// shown separately.
    pub limit: usize,
    /// Maximum number of parameters in the table of the update.
    pub parameters: usize,
    /// Number of characters after which text and equations are wrapped.
    pub width: usize,
}

impl Default for TraceFormat {
    fn default() -> TraceFormat {
        TraceFormat { digits: 4, limit: 8, parameters: 64, width: 100 }
    }
}

/// Explained trace, rendered with [`text`](TraceDocument::text),
/// [`markdown`](TraceDocument::markdown) or [`latex`](TraceDocument::latex).
#[derive(Clone, Debug, PartialEq)]
pub struct TraceDocument {
    /// Rendering options.
    pub format: TraceFormat,
    /// Title: network, loss and traced samples.
    pub title: String,
    /// Sections, from the forward pass to the update.
    pub sections: Vec<TraceSection>,
}

/// Section of a [`TraceDocument`].
#[derive(Clone, Debug, PartialEq)]
pub struct TraceSection {
    /// Title of the section.
    pub title: String,
    /// Content of the section.
    pub lines: Vec<TraceLine>,
}

/// Sentence, equation or table of a [`TraceSection`].
#[derive(Clone, Debug, PartialEq)]
pub enum TraceLine {
    /// Sentence, with formulas between backticks.
    Prose(String),
    /// Formula, followed by the same formula with numbers.
    Equation {
        /// The formula: `z_1 = x·W_1 + b_1`.
        formula: Math,
        /// Terms with their numbers, each preceded by its operator; empty for a formula only.
        terms: Vec<Term>,
    },
    /// Table of names and numbers.
    Table {
        /// Heading of each column.
        header: Vec<Math>,
        /// Rows of the table.
        rows: Vec<Vec<Cell>>,
    },
}

/// Term of an equation, for example `· W_1`.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// Operator before the term: `=`, `·`, `∘`, `+` or `-`.
    pub operator: &'static str,
    /// Name of the term in the formula.
    pub name: Math,
    /// Numbers of the term.
    pub values: Matrix,
}

/// Cell of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A name or an operator.
    Word(String),
    /// A number.
    Number(f64),
}
