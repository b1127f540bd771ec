//! The cells of target columns: their distinct values and the classes that they belong to.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::kind::{are_truth_values, truth_value};
use crate::{Column, Error, Problem, Table, Values};

/// Maximum number of distinct integers in a column that is inferred to contain classes.
pub(super) const MAX_DISTINCT: usize = 20;

/// Returns the distinct numbers if there are at most [`MAX_DISTINCT`].
pub(super) fn distinct_if_few(values: &[f64]) -> Option<Vec<f64>> {
    let mut distinct: Vec<f64> = Vec::new();
    for v in values.iter().filter(|v| !v.is_nan()) {
        if !distinct.contains(v) {
            // The sum is 0 for -0 too.
            distinct.push(v + 0.0);
            if distinct.len() > MAX_DISTINCT {
                return None;
            }
        }
    }
    Some(distinct)
}

/// Returns the distinct cells of a column: numbers in ascending order, then other texts in
/// alphabetical order. Truth values, if both occur and nothing else, are returned as false and true,
/// each in its most frequent spelling.
pub(super) fn distinct_cells(column: &Column) -> Vec<String> {
    match &column.values {
        Values::Strings(texts) => {
            let mut counts = vec![0_usize; texts.words.len()];
            texts.codes.iter().for_each(|code| {
                if let Some(count) = counts.get_mut(*code as usize) {
                    *count += 1;
                }
            });
            let words = || texts.words.iter().zip(&counts).filter(|(_, n)| **n > 0);
            if are_truth_values(words().map(|(word, _)| word.as_str())) {
                let spelling = |value| {
                    let spellings = words().filter(|(word, _)| truth_value(word) == Some(value));
                    spellings.reduce(|a, b| if b.1 > a.1 { b } else { a }).map(|(word, _)| word.clone())
                };
                return [false, true].into_iter().filter_map(spelling).collect();
            }
            let mut words: Vec<String> = words().map(|(word, _)| word.clone()).collect();
            let number = |word: &str| word.parse::<f64>().ok().filter(|v| v.is_finite());
            words.sort_by(|a, b| match (number(a), number(b)) {
                (Some(x), Some(y)) => x.total_cmp(&y).then_with(|| a.cmp(b)),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => a.cmp(b),
            });
            words
        }
        Values::Numbers(values) | Values::Dates(values) => {
            // Sorting all values would be slower if there are few distinct ones.
            let all = || values.iter().filter(|v| !v.is_nan()).map(|v| v + 0.0).collect();
            let mut numbers: Vec<f64> = distinct_if_few(values).unwrap_or_else(all);
            numbers.sort_by(f64::total_cmp);
            numbers.dedup();
            numbers.into_iter().map(|v| v.to_string()).collect()
        }
    }
}

/// Returns the index of each cell among the classes.
pub(super) fn class_indices(table: &Table, column: &Column, classes: &[String]) -> Result<Vec<usize>, Error> {
    let indices: HashMap<&str, usize> =
        classes.iter().enumerate().map(|(k, class)| (class.as_str(), k)).collect();
    let are_words = are_truth_values(classes.iter().map(String::as_str));
    let find = |row: usize, cell: &str| {
        let by_truth = || truth_value(cell).filter(|_| are_words).map(usize::from);
        indices.get(cell).copied().or_else(by_truth).ok_or_else(|| {
            let problem = Problem::UnknownClass { class: cell.to_owned(), known: classes.to_vec() };
            table.wrong(row, &column.name, problem)
        })
    };
    let missing = |row| table.wrong(row, &column.name, Problem::MissingTarget);
    match &column.values {
        Values::Strings(texts) => {
            let mut found: Vec<Option<usize>> = vec![None; texts.words.len()];
            let class = |(row, code): (usize, &u32)| {
                let k = *code as usize;
                match found.get(k) {
                    None => Err(missing(row)),
                    Some(Some(class)) => Ok(*class),
                    Some(None) => {
                        let class = find(row, &texts.words[k])?;
                        found[k] = Some(class);
                        Ok(class)
                    }
                }
            };
            texts.codes.iter().enumerate().map(class).collect()
        }
        Values::Numbers(values) | Values::Dates(values) => {
            let mut found: HashMap<u64, usize> = HashMap::new();
            let class = |(row, v): (usize, &f64)| {
                if v.is_nan() {
                    return Err(missing(row));
                }
                if let Some(class) = found.get(&v.to_bits()) {
                    return Ok(*class);
                }
                let class = find(row, &(v + 0.0).to_string())?;
                found.insert(v.to_bits(), class);
                Ok(class)
            };
            values.iter().enumerate().map(class).collect()
        }
    }
}
