//! The rows of a table that have a target and a positive weight.

use std::sync::Arc;

use chainrule_model::sample_weights;
use chainrule_table::{Column, Problem, Table};

use super::remarks::Remark;
use crate::Error;

/// Whether rows without a target are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UntargetedRows {
    /// They are left out.
    LeftOut,
    /// They are an error.
    Refused,
}

/// The rows of a table that have a target and a positive weight.
#[derive(Clone, Debug)]
pub(super) struct UsableRows {
    pub(super) table: Arc<Table>,
    /// Value of the weight column in each row, if there is one.
    pub(super) weights: Option<Arc<Vec<f64>>>,
    /// What was left out.
    pub(super) remarks: Vec<Remark>,
}

impl UsableRows {
    /// Selects the rows of a table that have all targets and a positive weight.
    pub(super) fn select(
        table: &Arc<Table>,
        targets: &[String],
        weight: Option<&str>,
        untargeted: UntargetedRows,
    ) -> Result<UsableRows, Error> {
        let has_target = table.complete_rows(targets)?;
        let weights = weight.map(|name| sample_weights(table, name)).transpose()?;
        let weighs = |i: usize| weights.as_ref().is_none_or(|weights| weights[i] > 0.0);
        let mut remarks = Vec::new();
        let mut left_out = |what: &str, is_left_out: &dyn Fn(usize) -> bool| {
            let mut rows = (0..table.n_rows()).filter(|i| is_left_out(*i));
            let Some(first) = rows.next() else { return };
            let n = 1 + rows.count();
            let (rows, verb) = if n == 1 { ("row", "is") } else { ("rows", "are") };
            let place = table.place(first);
            let text = format!("{n} {rows} without {what} {verb} left out (first: {place})");
            remarks.push(Remark { is_warning: false, text });
        };
        if let Some(first) = has_target.iter().position(|has_target| !has_target) {
            let columns = table.columns_named(targets.iter().map(String::as_str))?;
            let is_missing = |column: &&&Column| column.values.is_missing(first);
            let name = columns.iter().find(is_missing).map_or("", |column| &column.name);
            let n = has_target.iter().filter(|has_target| !**has_target).count();
            if untargeted == UntargetedRows::Refused || table.n_rows() - n < 2 {
                let n_rows = table.n_rows();
                return Err(table.wrong(first, name, Problem::MissingTargets { n, n_rows }).into());
            }
        }
        left_out(if targets.len() == 1 { "a target" } else { "all targets" }, &|i| !has_target[i]);
        left_out("a positive weight", &|i| has_target[i] && !weighs(i));
        let rows: Vec<usize> = (0..table.n_rows()).filter(|i| has_target[*i] && weighs(*i)).collect();
        if rows.is_empty() {
            let error = chainrule_table::Error::new(&table.path, Problem::NoWeight);
            return Err(error.column(weight.unwrap_or_default()).into());
        }
        let is_whole = rows.len() == table.n_rows();
        let weights = weights.map(|weights| Arc::new(rows.iter().map(|i| weights[*i]).collect()));
        let table = if is_whole { table.clone() } else { Arc::new(table.subset(&rows)) };
        Ok(UsableRows { table, weights, remarks })
    }
}
