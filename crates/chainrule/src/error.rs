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
    /// A setting out of its range.
    #[error("{setting} is {value}, but must be {allowed}")]
    Setting {
        /// The setting, as an experiment's file calls it.
        setting: String,
        /// The value given.
        value: String,
        /// What is allowed.
        allowed: String,
    },
    /// Softmax in a hidden layer.
    #[error(
        "layer \"{layer}\" has softmax units, but softmax couples the outputs of a network: use it in the output layer, and another activation here"
    )]
    HiddenSoftmax {
        /// The layer's name.
        layer: String,
    },
    /// A network of another number of parameters.
    #[error(
        "{got} parameters were given, but the network has {expected}: each layer's W (n_in, n_out), then its b"
    )]
    ParameterCount {
        /// What the architecture needs.
        expected: usize,
        /// What was given.
        got: usize,
    },
    /// A parameter that is infinite or NaN.
    #[error("the parameter {name} is {value}; give it a finite number")]
    ParameterNotFinite {
        /// The parameter.
        name: String,
        /// Its value.
        value: f64,
    },
    /// Data with another number of inputs than the network has.
    #[error(
        "the data have {got} inputs, but the network takes {expected}; make the first layer fit the data"
    )]
    InputWidth {
        /// What the network takes.
        expected: usize,
        /// What the data have.
        got: usize,
    },
    /// A sample that the data do not have.
    #[error("sample {sample} was asked for, but the data have samples 1 to {n_samples}; name one of these")]
    NoSuchSample {
        /// The sample, counted from 1.
        sample: usize,
        /// How many there are.
        n_samples: usize,
    },
    /// A network with another number of outputs than the targets and the loss need.
    #[error(
        "the network has {got} outputs, but {loss} on {targets} target column(s) needs {needed}; make the output layer fit, or leave its units out"
    )]
    OutputWidth {
        /// The loss.
        loss: &'static str,
        /// The targets' columns.
        targets: usize,
        /// The outputs needed.
        needed: usize,
        /// The network's outputs.
        got: usize,
    },
    /// A target that the loss has no meaning for.
    #[error(
        "the target in row {row}, column {column} (both counted from 1) is {value}, but for {loss} it must be {allowed}"
    )]
    TargetDomain {
        /// The loss.
        loss: &'static str,
        /// The row, counted from 1.
        row: usize,
        /// The target's column, counted from 1.
        column: usize,
        /// The target.
        value: f64,
        /// What the loss accepts.
        allowed: &'static str,
    },
    /// A training whose loss or parameters are no longer finite.
    #[error(
        "the training diverged: in epoch {epoch} (step {step}) the loss is {loss} at a learning rate of {learning_rate:?}; the last finite weights are kept. Lower the learning rate, clip the gradient (clip.norm = 1), scale the inputs, or start from smaller weights"
    )]
    Diverged {
        /// The epoch, counted from 1.
        epoch: u64,
        /// The step, counted from 1.
        step: u64,
        /// The loss, infinite or NaN.
        loss: f64,
        /// The learning rate of the step.
        learning_rate: f64,
    },
    /// A state of another training.
    #[error(
        "the state does not fit this training: it has {got} for {what}, where {expected} are expected; restore a state of the same network, data and settings"
    )]
    StateMismatch {
        /// What is compared.
        what: &'static str,
        /// This training's number.
        expected: usize,
        /// The state's number.
        got: usize,
    },
    /// A name that is no parameter of the network.
    #[error(
        "the network has no parameter called \"{name}\"{}; its parameters are called {} to {}",
        hint(nearest.as_deref()), ends[0], ends[1]
    )]
    UnknownParameter {
        /// The name given.
        name: String,
        /// What was probably meant.
        nearest: Option<String>,
        /// The first parameter's name and the last one's.
        ends: [String; 2],
    },
    /// A name that is no hidden layer of the network.
    #[error(
        "the network has no hidden layer called \"{name}\"{}; {}",
        hint(nearest.as_deref()), hidden_layers(choices)
    )]
    UnknownLayer {
        /// The name given.
        name: String,
        /// What was probably meant.
        nearest: Option<String>,
        /// The names of all hidden layers.
        choices: Vec<String>,
    },
    /// Directions that span less than they should.
    #[error(
        "the {n_directions} directions given do not span {n_directions} dimensions: one of them is 0, not finite, or a \
         combination of the others; choose others, two parameters by name, say"
    )]
    DependentDirections {
        /// How many there are.
        n_directions: usize,
    },
    /// A path on which less than two parameters change.
    #[error(
        "{moved} parameter(s) change along the {n_records} record(s) of the path, but its principal directions need at \
         least 2; record more steps, or choose two parameters by name"
    )]
    StillPath {
        /// How many records there are.
        n_records: usize,
        /// How many parameters change.
        moved: usize,
    },
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!(" (did you mean \"{name}\"?)"))
}

fn listed(choices: &[&str]) -> String {
    if choices.is_empty() { "it takes none".to_owned() } else { format!("it takes: {}", choices.join(", ")) }
}

fn hidden_layers(choices: &[String]) -> String {
    if choices.is_empty() {
        "it has none".to_owned()
    } else {
        format!("choose one of: {}", choices.join(", "))
    }
}
