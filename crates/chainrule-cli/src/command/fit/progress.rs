//! Progress bars of a fit, and what it reports meanwhile.

use std::path::Path;

use chainrule::train::Epoch;
use chainrule_experiment::{AssessmentStep, Checkpoint, FitProgress, Progress, Remark, TableProgress};

use crate::command::print_remarks;
use crate::command::table_bar::TableBar;
use crate::progress::{Bar, ItemBar, Spinner};

/// Format of standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OutputFormat {
    Text,
    Json,
}

/// Progress bars of a fit. Remarks are printed if the output is text.
pub(super) struct FitBars {
    output: OutputFormat,
    reading: TableBar,
    training: Bar,
    linear_model: Option<Spinner>,
    importance: Option<ItemBar>,
}

impl FitBars {
    /// Creates the bars with that of the training runs.
    pub(super) fn new(output: OutputFormat, training: Bar) -> FitBars {
        FitBars { output, reading: TableBar::default(), training, linear_model: None, importance: None }
    }
}

impl TableProgress for FitBars {
    fn reading(&mut self, path: &Path, done: u64, total: u64) {
        self.reading.reading(path, done, total);
    }

    fn note(&mut self, text: &str) {
        self.reading.note(text);
    }
}

impl FitProgress for FitBars {
    fn remark(&mut self, remark: &Remark) {
        self.reading.clear();
        if self.output == OutputFormat::Text {
            print_remarks("", std::slice::from_ref(remark));
        }
    }

    fn assessing(&mut self, step: AssessmentStep) {
        match step {
            AssessmentStep::LinearModel => self.linear_model = Some(Spinner::new("fitting the linear model")),
            AssessmentStep::Importance { done, total } => {
                self.linear_model = None;
                let bar = self.importance.get_or_insert_with(|| ItemBar::new("permutation importance"));
                bar.show(done, total);
            }
        }
    }
}

impl Progress for FitBars {
    fn begin(&mut self, name: &str, n_runs: usize, epochs: u64) {
        self.reading.clear();
        self.training.begin(name, n_runs, epochs);
    }

    fn advance(&mut self, epochs: f64, loss: f64) {
        self.training.advance(epochs, loss);
    }

    fn finish_epoch(&mut self, epoch: &Epoch) {
        self.training.finish_epoch(epoch);
    }

    fn finish_run(&mut self, loss: f64) {
        self.training.finish_run(loss);
    }

    fn resumed(&mut self, from: &Checkpoint, changed: &[String]) {
        self.reading.clear();
        self.training.resumed(from, changed);
    }

    fn checkpoint_saved(&mut self, error: Option<&std::io::Error>) {
        self.training.checkpoint_saved(error);
    }

    fn end(&mut self) {
        self.training.end();
    }
}
