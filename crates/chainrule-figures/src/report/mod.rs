//! HTML reports of experiments, fits, evaluations and reproductions.

mod evaluation;
mod experiment;
mod fit;
mod index;
mod page;
mod result;

pub use evaluation::evaluation_report;
pub use experiment::{check_figures, figures, report};
pub use fit::fit_report;
pub use index::{ReportEntry, demonstrations_report, index};
