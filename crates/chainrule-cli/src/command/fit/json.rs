//! JSON output of `chainrule fit`.

use chainrule_experiment::{FitSummary, Fitted, Named};
use chainrule_model::path_to_text;
use serde::Serialize;

use crate::command::{Written, json};

/// JSON output.
#[derive(Serialize)]
struct PrintedFit {
    /// Paths of the files that were written.
    files: Named<String>,
    #[serde(flatten)]
    fitted: FitSummary,
}

/// Prints the result of a fit as one JSON object.
pub(super) fn print(fitted: &Fitted, written: &[(&str, Written)]) {
    let files = written.iter().map(|(name, written)| ((*name).to_owned(), path_to_text(&written.path)));
    json::print(&PrintedFit { files: files.collect(), fitted: fitted.summary() });
}
