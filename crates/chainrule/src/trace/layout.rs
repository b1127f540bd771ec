//! What text, Markdown and LaTeX share: the cells of a matrix with what is too much left out, and lines of terms.

use super::document::{Format, Term};
use super::matrix::Matrix;
use super::number::{aligned, number};

/// What stands for the rows and columns left out.
pub(super) const LEFT_OUT: &str = "...";

/// The numbers of a matrix as text, aligned, with `...` for what is beyond the limit.
pub(super) fn cells(matrix: &Matrix, format: Format) -> Vec<Vec<String>> {
    let limit = format.limit.max(1);
    let mut rows: Vec<Vec<String>> =
        matrix.rows().take(limit).map(|row| shown(row, limit, format.digits)).collect();
    if matrix.n_rows > limit {
        rows.push(vec![LEFT_OUT.to_owned(); rows.first().map_or(0, Vec::len)]);
    }
    let n_columns = rows.first().map_or(0, Vec::len);
    let columns: Vec<Vec<String>> =
        (0..n_columns).map(|j| aligned(&rows.iter().map(|row| row[j].clone()).collect::<Vec<_>>())).collect();
    (0..rows.len()).map(|i| columns.iter().map(|column| column[i].clone()).collect()).collect()
}

/// A sentence that says what is left out of these terms, if anything is.
pub(super) fn what_is_left_out(terms: &[Term], format: Format) -> Option<String> {
    let limit = format.limit.max(1);
    let mut left_out: Vec<String> = Vec::new();
    for Term { name, values, .. } in terms {
        let parts = [(values.n_rows, "rows"), (values.n_columns, "columns")];
        let parts =
            parts.iter().filter(|(n, _)| *n > limit).map(|(n, what)| format!("{limit} of {n} {what}"));
        let parts = parts.collect::<Vec<_>>().join(" and ");
        let said = format!("{parts} of `{}`", name.text);
        if !parts.is_empty() && !left_out.contains(&said) {
            left_out.push(said);
        }
    }
    (!left_out.is_empty()).then(|| format!("Shown are {}.", left_out.join("; ")))
}

/// The terms cut into lines of at most `width` characters where possible: before an `=`, else before any operator.
///
/// Each term is as wide as `width_of` says, its operator included.
pub(super) fn lines(terms: &[Term], width: usize, width_of: impl Fn(&Term) -> usize) -> Vec<&[Term]> {
    let mut lines = Vec::new();
    let (mut start, mut used) = (0, 0);
    for (k, term) in terms.iter().enumerate() {
        // Before an `=` all that follows to the next one counts: it is to stay together.
        let side = if term.operator == "=" {
            let end = terms[k + 1..]
                .iter()
                .position(|next| next.operator == "=")
                .map_or(terms.len(), |n| k + 1 + n);
            terms[k..end].iter().map(&width_of).sum()
        } else {
            width_of(term)
        };
        if k > start && used + side > width {
            lines.push(&terms[start..k]);
            (start, used) = (k, 0);
        }
        used += width_of(term);
    }
    lines.push(&terms[start..]);
    lines
}

fn shown(row: &[f64], limit: usize, digits: usize) -> Vec<String> {
    let left_out = (row.len() > limit).then(|| LEFT_OUT.to_owned());
    row.iter().take(limit).map(|v| number(*v, digits)).chain(left_out).collect()
}
