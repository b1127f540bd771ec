//! Errors of the engine, each with a message that explains how to fix the problem.

/// Error returned by the engine.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name that is not in the registry.
    #[error("there is no {what} called \"{name}\"{}; choose one of: {}", hint(*nearest), choices.join(", "))]
    UnknownName {
        /// Kind of entry: `activation`.
        what: &'static str,
        /// Given name.
        name: String,
        /// Most similar name in the registry, if any is close.
        nearest: Option<&'static str>,
        /// All names in the registry.
        choices: Vec<&'static str>,
    },
    /// An option that the chosen entry does not have.
    #[error("{of} has no option \"{key}\"{}; {}", hint(*nearest), option_list(choices))]
    UnknownOption {
        /// Name of the entry: `leaky_relu`.
        of: &'static str,
        /// Given option.
        key: String,
        /// Most similar option, if any is close.
        nearest: Option<&'static str>,
        /// All options of the entry.
        choices: Vec<&'static str>,
    },
    /// An option value of the wrong type or out of range.
    #[error("{key} of {of} is {value}, but must be {allowed}")]
    OptionRange {
        /// Name of the entry: `leaky_relu`.
        of: &'static str,
        /// Name of the option.
        key: &'static str,
        /// Given value.
        value: String,
        /// Description of the allowed values.
        allowed: String,
    },
    /// A random number generator state with an invalid position.
    #[error(
        "the position in the state of a random number generator is {got}, but must be at most 624; \
         restore the state from an undamaged checkpoint, or start from a seed"
    )]
    RandomPosition {
        /// Given position.
        got: usize,
    },
    /// A list of initial values with the wrong length.
    #[error(
        "the initializer \"values\" has {got} values for {expected} parameters; give one value per parameter"
    )]
    ValueCount {
        /// Number of parameters to initialise.
        expected: usize,
        /// Number of given values.
        got: usize,
    },
    /// Rows of initial values with the wrong shape.
    #[error(
        "the initializer \"values\" has the shape ({}, {}), but the parameters have the shape ({}, {}); give one row \
         per input with one value per unit, or for a bias a single list",
        got[0], got[1], expected[0], expected[1]
    )]
    ValueShape {
        /// Number of rows and columns of the parameters to initialise.
        expected: [usize; 2],
        /// Number of rows and columns of the given values.
        got: [usize; 2],
    },
    /// A dataset without samples.
    #[error("the dataset has no samples; at least one row is required")]
    NoSamples,
    /// A dataset without inputs (x) or targets (t).
    #[error("{what} has no columns; at least one is required")]
    NoColumns {
        /// Name of the array, such as x or t.
        what: &'static str,
    },
    /// A number of values that is not a multiple of the number of columns.
    #[error(
        "{what} has {n_values} values, which is not a multiple of its {n_columns} columns; check \
         the number of columns"
    )]
    RaggedRows {
        /// Name of the array, such as x or t.
        what: &'static str,
        /// Number of given values.
        n_values: usize,
        /// Number of columns.
        n_columns: usize,
    },
    /// A number of inputs that cannot be divided evenly among the samples.
    #[error(
        "x has {n_values} values, which cannot be divided into {n_rows} rows of equal length, one per \
         sample; check the lengths of x and of the targets"
    )]
    UnequalRows {
        /// Number of values of x.
        n_values: usize,
        /// Number of samples, from the number of targets.
        n_rows: usize,
    },
    /// Rows with a different number of columns than in training.
    #[error("{what} has {got} columns, but {expected} in training; give the same columns in the same order")]
    ColumnCount {
        /// Name of the array: x.
        what: &'static str,
        /// Number of columns in training.
        expected: usize,
        /// Number of given columns.
        got: usize,
    },
    /// Labels that are all equal.
    #[error("all labels are equal; classification requires samples of at least two classes")]
    SingleClass,
    /// Targets or weights whose number of rows differs from that of x.
    #[error("{what} has {got} rows, but x has {expected}; the numbers of rows must match")]
    RowCount {
        /// Name of the array: t or weight.
        what: &'static str,
        /// Number of rows of x.
        expected: usize,
        /// Number of given rows.
        got: usize,
    },
    /// A NaN or infinite value in a dataset.
    #[error(
        "{what} is {value} in row {row}, column {column} (both counted from 1); replace it with a \
         finite number, or remove the row"
    )]
    NotFinite {
        /// Name of the array, such as x, t or weight.
        what: &'static str,
        /// Row, counted from 1.
        row: usize,
        /// Column, counted from 1.
        column: usize,
        /// NaN or infinite value.
        value: f64,
    },
    /// A finite value in a dataset that overflows in the target precision.
    #[error(
        "{what} is {value:?} in row {row}, column {column} (both counted from 1), which is too \
         large for {precision}; scale the column, or use f64"
    )]
    TooLarge {
        /// Name of the array: x, t or weight.
        what: &'static str,
        /// Row, counted from 1.
        row: usize,
        /// Column, counted from 1.
        column: usize,
        /// Value before the conversion.
        value: f64,
        /// Target precision.
        precision: &'static str,
    },
    /// A negative sample weight.
    #[error(
        "the weight of row {row} (counted from 1) is {value}, but must be at least 0; a weight of \
         0 excludes the row"
    )]
    NegativeWeight {
        /// Row, counted from 1.
        row: usize,
        /// Given weight.
        value: f64,
    },
    /// A class index that is not below the number of classes.
    #[error(
        "the class of row {row} (counted from 1) is {class}, but with {n_classes} classes it must \
         be at most {} (classes are counted from 0); correct it, or increase the number of \
         classes",
        n_classes - 1
    )]
    ClassIndex {
        /// Row, counted from 1.
        row: usize,
        /// Class, counted from 0.
        class: usize,
        /// Number of classes.
        n_classes: usize,
    },
    /// A setting that is out of range.
    #[error("{setting} is {value}, but must be {allowed}")]
    Setting {
        /// Name of the setting, such as its key in experiment files.
        setting: String,
        /// Given value.
        value: String,
        /// Description of the allowed values.
        allowed: String,
    },
    /// Softmax in a hidden layer.
    #[error(
        "layer \"{layer}\" uses softmax, which is only supported in the output layer; choose \
         another activation"
    )]
    HiddenSoftmax {
        /// Name of the layer.
        layer: String,
    },
    /// A parameter vector whose length does not match the architecture.
    #[error(
        "{got} parameters were given, but the network has {expected}: for each layer W (n_in, \
         n_out), then b"
    )]
    ParameterCount {
        /// Number of parameters of the architecture.
        expected: usize,
        /// Number of given parameters.
        got: usize,
    },
    /// A parameter that is infinite or NaN.
    #[error("the parameter {name} is {value}, but must be a finite number")]
    ParameterNotFinite {
        /// Name of the parameter.
        name: String,
        /// Value of the parameter.
        value: f64,
    },
    /// Data whose number of inputs does not match the network.
    #[error(
        "the data have {got} inputs, but the network expects {expected}; set its number of inputs to {got}"
    )]
    InputWidth {
        /// Number of inputs of the network.
        expected: usize,
        /// Number of inputs of the data.
        got: usize,
    },
    /// A sample index that is out of range.
    #[error("there is no sample {sample}; choose a sample from 1 to {n_samples}")]
    NoSuchSample {
        /// Sample, counted from 1.
        sample: usize,
        /// Number of samples.
        n_samples: usize,
    },
    /// A network whose number of outputs does not match the targets and the loss.
    #[error(
        "the network has {got} outputs, but {loss} with {targets} target column(s) requires \
         {needed}; set the units of the output layer to {needed}, or omit them"
    )]
    OutputWidth {
        /// Name of the loss.
        loss: &'static str,
        /// Number of target columns.
        targets: usize,
        /// Number of outputs that the loss requires.
        needed: usize,
        /// Number of outputs of the network.
        got: usize,
    },
    /// A target outside the domain of the loss.
    #[error(
        "the target in row {row}, column {column} (both counted from 1) is {value}, but for {loss} \
         it must be {allowed}"
    )]
    TargetDomain {
        /// Name of the loss.
        loss: &'static str,
        /// Row, counted from 1.
        row: usize,
        /// Target column, counted from 1.
        column: usize,
        /// Given target.
        value: f64,
        /// Description of the domain of the loss.
        allowed: &'static str,
    },
    /// A training run whose loss or parameters are no longer finite.
    #[error(
        "training diverged: in epoch {epoch} (step {step}) the loss is {loss} at a learning \
         rate of {:?}; the last finite parameters were restored. Lower the learning \
         rate, clip the gradient (clip.norm = 1), scale the inputs, or initialise with smaller \
         weights",
        // Rounding to f32 hides the rounding error of the product with the schedule's factor.
        *learning_rate as f32
    )]
    Diverged {
        /// Epoch, counted from 1.
        epoch: u64,
        /// Step, counted from 1.
        step: u64,
        /// Loss, infinite or NaN.
        loss: f64,
        /// Learning rate of the step.
        learning_rate: f64,
    },
    /// Samples that a source could not read.
    #[error("sample {row} cannot be read: {reason}; restore its source and resume from the last checkpoint")]
    Unreadable {
        /// First sample that was requested, counted from 1.
        row: usize,
        /// Reason given by the source.
        reason: String,
    },
    /// Samples that are not in this process.
    #[error("the samples are distributed over several machines; use data that can be read on this one")]
    DistributedData,
    /// More samples than the engine can number.
    #[error("there are {got} samples, but at most 4294967295 are supported; train on a subset")]
    TooManySamples {
        /// Number of samples.
        got: usize,
    },
    /// A training state that belongs to a different training run.
    #[error(
        "the state does not match this training run ({what}: expected {expected}, got {got}); \
         restore a state of a run with the same network, data and settings"
    )]
    StateMismatch {
        /// Description of the compared quantity.
        what: &'static str,
        /// Value in this training run.
        expected: usize,
        /// Value in the given state.
        got: usize,
    },
    /// A training state without one of its parts.
    #[error(
        "the training state is incomplete: \"{name}\" is missing or damaged; restore a complete state, or train \
         from the start"
    )]
    MissingState {
        /// Name of the part.
        name: String,
    },
    /// A name that does not match any parameter of the network.
    #[error(
        "the network has no parameter called \"{name}\"{}; its parameters range from {} to {}",
        hint(nearest.as_deref()), ends[0], ends[1]
    )]
    UnknownParameter {
        /// Given name.
        name: String,
        /// Most similar parameter name, if any is close.
        nearest: Option<String>,
        /// Names of the first and the last parameter.
        ends: [String; 2],
    },
    /// A name that does not match any hidden layer of the network.
    #[error(
        "the network has no hidden layer called \"{name}\"{}; {}",
        hint(nearest.as_deref()), layer_list(choices)
    )]
    UnknownLayer {
        /// Given name.
        name: String,
        /// Most similar layer name, if any is close.
        nearest: Option<String>,
        /// Names of all hidden layers.
        choices: Vec<String>,
    },
    /// Directions that are not linearly independent.
    #[error(
        "the {n_directions} directions are not linearly independent: one of them is 0, not finite, \
         or a linear combination of the others; choose other directions, for example two \
         parameters by name"
    )]
    DependentDirections {
        /// Number of directions.
        n_directions: usize,
    },
    /// A path along which fewer than two parameters change.
    #[error(
        "only {moved} parameter(s) change along the {n_records} recorded point(s) of the path, but \
         principal directions require at least 2; record more steps, or choose two parameters by \
         name"
    )]
    StillPath {
        /// Number of recorded points.
        n_records: usize,
        /// Number of parameters that change.
        moved: usize,
    },
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!(" (did you mean \"{name}\"?)"))
}

fn option_list(choices: &[&str]) -> String {
    if choices.is_empty() {
        "it has none".to_owned()
    } else {
        format!("its options are: {}", choices.join(", "))
    }
}

fn layer_list(choices: &[String]) -> String {
    if choices.is_empty() {
        "it has none".to_owned()
    } else {
        format!("choose one of: {}", choices.join(", "))
    }
}
