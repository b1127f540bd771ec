//! What can be wrong with what the engine is given, each said in a sentence that tells what to change.

/// Everything the engine refuses.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name that is in no registry.
    #[error("there is no {what} called \"{name}\"{}; choose one of: {}", hint(*nearest), choices.join(", "))]
    UnknownName {
        /// The registry: `activation`.
        what: &'static str,
        /// The name given.
        name: String,
        /// What was probably meant.
        nearest: Option<&'static str>,
        /// All names of the registry.
        choices: Vec<&'static str>,
    },
    /// An option that the chosen thing does not take.
    #[error("{of} takes no option \"{key}\"{}; {}", hint(*nearest), listed(choices))]
    UnknownOption {
        /// The thing chosen: `leaky_relu`.
        of: &'static str,
        /// The option given.
        key: String,
        /// What was probably meant.
        nearest: Option<&'static str>,
        /// All options that it takes.
        choices: Vec<&'static str>,
    },
    /// An option's value of the wrong kind or out of its range.
    #[error("{key} of {of} is {value}, but must be {allowed}")]
    OptionRange {
        /// The thing chosen: `leaky_relu`.
        of: &'static str,
        /// The option.
        key: &'static str,
        /// The value given.
        value: String,
        /// What is allowed.
        allowed: String,
    },
    /// A state of a random generator that no generator can be in.
    #[error(
        "the state of a random generator says that {got} of its 624 words are used up; take the state from an \
         undamaged checkpoint, or start from a seed"
    )]
    RandomPosition {
        /// The position given.
        got: usize,
    },
    /// A list of starting values that is too short or too long for what it is to fill.
    #[error(
        "the initializer \"values\" has {got} values, but there are {expected} to set; give one for each"
    )]
    ValueCount {
        /// How many parameters there are to set.
        expected: usize,
        /// How many values are given.
        got: usize,
    },
    /// A dataset without samples.
    #[error("the dataset has no samples; give at least one row")]
    NoSamples,
    /// A dataset without inputs (x) or without targets (t).
    #[error("{what} has no columns; give at least one")]
    NoColumns {
        /// x or t.
        what: &'static str,
    },
    /// Values that do not make whole rows.
    #[error(
        "{what} has {n_values} values, which do not make whole rows of {n_columns} columns; check the number of columns"
    )]
    RaggedRows {
        /// x or t.
        what: &'static str,
        /// How many values are given.
        n_values: usize,
        /// How many columns there are to be.
        n_columns: usize,
    },
    /// Targets or weights for more or fewer rows than there are inputs for.
    #[error("{what} has {got} rows, but x has {expected}; give one for each row of x")]
    RowCount {
        /// t, weight or classes.
        what: &'static str,
        /// The rows of x.
        expected: usize,
        /// The rows given.
        got: usize,
    },
    /// A number of a dataset that is NaN or infinite.
    #[error(
        "{what} is {value} in row {row}, column {column} (both counted from 1); replace it by a finite number, or \
         leave the row out"
    )]
    NotFinite {
        /// x, t or weight.
        what: &'static str,
        /// The row, counted from 1.
        row: usize,
        /// The column, counted from 1.
        column: usize,
        /// The number.
        value: f64,
    },
    /// A finite number of a dataset that is infinite in the precision asked for.
    #[error(
        "{what} is {value:?} in row {row}, column {column} (both counted from 1), too large for {precision}; scale the \
         column, or use f64"
    )]
    TooLarge {
        /// x, t or weight.
        what: &'static str,
        /// The row, counted from 1.
        row: usize,
        /// The column, counted from 1.
        column: usize,
        /// The number.
        value: f64,
        /// The precision asked for.
        precision: &'static str,
    },
    /// A weight below zero.
    #[error(
        "the weight of row {row} (counted from 1) is {value}, but must be at least 0; 0 leaves a row out"
    )]
    NegativeWeight {
        /// The row, counted from 1.
        row: usize,
        /// The weight.
        value: f64,
    },
    /// A class that is not among the classes there are said to be.
    #[error(
        "the class of row {row} (counted from 1) is {class}, but with {n_classes} classes it must be at most {} \
         (classes are counted from 0); correct it, or raise the number of classes",
        n_classes - 1
    )]
    ClassIndex {
        /// The row, counted from 1.
        row: usize,
        /// The class, counted from 0.
        class: usize,
        /// How many classes there are.
        n_classes: usize,
    },
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!(", did you mean \"{name}\"?"))
}

fn listed(choices: &[&str]) -> String {
    if choices.is_empty() { "it takes none".to_owned() } else { format!("it takes: {}", choices.join(", ")) }
}
