//! Progress of a fit.

use crate::run::Progress;
use crate::table::Remark;
use crate::table_source::TableProgress;

/// Receives the progress of a fit: of reading tables, of training, and of the assessment.
pub trait FitProgress: Progress + TableProgress {
    /// A fold has this remark on the table, which the preparation of the first network has not
    /// found.
    fn remark(&mut self, _remark: &Remark) {}
    /// A step of the assessment has started or advanced.
    fn assessing(&mut self, _step: AssessmentStep) {}
}

/// Ignores all progress.
impl FitProgress for () {}

/// A step of the assessment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssessmentStep {
    /// The linear model is fitted.
    LinearModel,
    /// The permutation importance of `done` of `total` columns has been computed.
    Importance {
        /// Number of columns done.
        done: usize,
        /// Number of columns.
        total: usize,
    },
}
