//! Layout shared by text, Markdown and LaTeX: truncated matrices and lines of terms.

use super::document::{Term, TraceFormat};
use super::matrix::Matrix;
use super::number::{aligned, number};

/// Placeholder for omitted rows and columns.
pub(super) const ELLIPSIS: &str = "...";

/// Formats the numbers of a matrix, aligned, with `...` for rows and columns beyond the limit.
pub(super) fn cells(matrix: &Matrix, format: TraceFormat) -> Vec<Vec<String>> {
    let limit = format.limit.max(1);
    let mut rows: Vec<Vec<String>> =
        matrix.rows().take(limit).map(|row| shown(row, limit, format.digits)).collect();
    if matrix.n_rows > limit {
        rows.push(vec![ELLIPSIS.to_owned(); rows.first().map_or(0, Vec::len)]);
    }
    let n_columns = rows.first().map_or(0, Vec::len);
    let columns: Vec<Vec<String>> =
        (0..n_columns).map(|j| aligned(&rows.iter().map(|row| row[j].clone()).collect::<Vec<_>>())).collect();
    (0..rows.len()).map(|i| columns.iter().map(|column| column[i].clone()).collect()).collect()
}

/// Returns a sentence on the omitted rows and columns of these terms, or `None` if none are
/// omitted.
pub(super) fn truncation_note(terms: &[Term], format: TraceFormat) -> Option<String> {
    let limit = format.limit.max(1);
    let mut truncated: Vec<String> = Vec::new();
    for Term { name, values, .. } in terms {
        let extents = [(values.n_rows, "rows"), (values.n_columns, "columns")];
        let extents =
            extents.iter().filter(|(n, _)| *n > limit).map(|(n, noun)| format!("{limit} of {n} {noun}"));
        let extents = extents.collect::<Vec<_>>().join(" and ");
        let description = format!("{extents} of `{}`", name.text);
        if !extents.is_empty() && !truncated.contains(&description) {
            truncated.push(description);
        }
    }
    (!truncated.is_empty()).then(|| format!("Shown: {}.", truncated.join("; ")))
}

/// Splits the terms into lines of at most `width` characters if possible: preferably before an `=`,
/// otherwise before another operator.
///
/// `width_of` returns the width of a term including its operator.
pub(super) fn lines(terms: &[Term], width: usize, width_of: impl Fn(&Term) -> usize) -> Vec<&[Term]> {
    let mut lines = Vec::new();
    let (mut start, mut used) = (0, 0);
    for (k, term) in terms.iter().enumerate() {
        // The terms between two `=` stay on one line if they fit.
        let needed = if term.operator == "=" {
            let end = terms[k + 1..]
                .iter()
                .position(|next| next.operator == "=")
                .map_or(terms.len(), |n| k + 1 + n);
            terms[k..end].iter().map(&width_of).sum()
        } else {
            width_of(term)
        };
        if k > start && used + needed > width {
            lines.push(&terms[start..k]);
            (start, used) = (k, 0);
        }
        used += width_of(term);
    }
    lines.push(&terms[start..]);
    lines
}

fn shown(row: &[f64], limit: usize, digits: usize) -> Vec<String> {
    let ellipsis = (row.len() > limit).then(|| ELLIPSIS.to_owned());
    row.iter().take(limit).map(|v| number(*v, digits)).chain(ellipsis).collect()
}
