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
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!(", did you mean \"{name}\"?"))
}

fn listed(choices: &[&str]) -> String {
    if choices.is_empty() { "it takes none".to_owned() } else { format!("it takes: {}", choices.join(", ")) }
}
