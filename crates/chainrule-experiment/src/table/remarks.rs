//! Remarks on what was assumed, converted or left out when a table was prepared.

use std::collections::HashSet;

use chainrule_table::{ColumnKinds, Encoders, Ignored, NoteReason, Table, Task};

/// What was assumed, converted or left out when a table was prepared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Whether it concerns a probable mistake.
    pub is_warning: bool,
    /// The text, which begins with the name of a column if it concerns one.
    pub text: String,
}

impl Remark {
    /// Returns the kind of the remark: `warning` or `note`.
    pub fn kind(&self) -> &'static str {
        if self.is_warning { "warning" } else { "note" }
    }
}

/// Returns remarks on the columns that are used, or would be if they had been read otherwise: their
/// notation if it is unusual, and cells that were not read as they are written. `order` is the column
/// by which the rows are split, if there is one.
pub(super) fn column_remarks(
    table: &Table,
    encoders: &Encoders,
    kinds: &ColumnKinds,
    order: Option<&str>,
) -> Vec<Remark> {
    let inputs = encoders.inputs.iter().map(|input| input.column.as_str());
    let targets = encoders.target.columns().iter().map(String::as_str);
    let unique = kinds.ignored.iter().filter(|(_, reason)| *reason == Ignored::Unique);
    let unique = unique.map(|(name, _)| name.as_str());
    let used: HashSet<&str> = targets.clone().chain(inputs).chain(order).chain(unique).collect();
    let targets: HashSet<&str> = targets.collect();
    let mut remarks = Vec::new();
    for column in table.columns.iter().filter(|column| used.contains(&*column.name)) {
        let name = &column.name;
        let note = |is_warning, text: String| Remark { is_warning, text: format!("{name}: {text}") };
        remarks.extend(column.format.describe().map(|text| note(false, format!("read as {text}"))));
        // Classes may mix numbers and other texts.
        let are_classes = encoders.target.task() != Task::Regression && targets.contains(&**name);
        let notes = column.notes.iter();
        let notes = notes.filter(|found| !are_classes || !matches!(found.reason, NoteReason::Mixed(_)));
        remarks.extend(notes.map(|found| note(found.is_warning(), found.text(name))));
    }
    remarks
}
