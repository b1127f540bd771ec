//! Headings under which help groups the options of a subcommand.

pub(super) const DATA: &str = "Data";
pub(super) const NETWORK: &str = "Network";
pub(super) const TRAINING: &str = "Training";
pub(super) const OUTPUT: &str = "Output";
pub(super) const COMMON: &str = "Common options";
