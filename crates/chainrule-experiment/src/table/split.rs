//! How the rows of a table are split into training rows and held-out rows.

use super::remarks::Remark;

/// The method by which rows are split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SplitPlan {
    /// Stratified by class for classification, random otherwise.
    Stratified,
    Random,
    Group(String),
    Time(String),
}

impl SplitPlan {
    /// Returns the column by which the rows are split, if there is one.
    pub(super) fn column(&self) -> Option<&str> {
        match self {
            SplitPlan::Group(name) | SplitPlan::Time(name) => Some(name),
            SplitPlan::Stratified | SplitPlan::Random => None,
        }
    }
}

/// Returns a warning if the held-out fraction of the rows differs from the requested one by half of
/// it or more, because rows of the same group or time stay together.
///
/// `fold` is the fold that is held out, counted from 0, and the number of folds.
pub(super) fn split_warning(
    split: &SplitPlan,
    fold: Option<[usize; 2]>,
    rows: &[Vec<usize>; 2],
    validation_fraction: Option<f64>,
) -> Option<Remark> {
    let unit = match split {
        SplitPlan::Group(_) => "group",
        SplitPlan::Time(_) => "time",
        SplitPlan::Stratified | SplitPlan::Random => return None,
    };
    let n = (rows[0].len() + rows[1].len()) as f64;
    let (subject, requested) = match (fold, split) {
        // Fold i by time validates on block i of n_folds + 1, and later blocks are not used.
        (Some([fold, _]), SplitPlan::Time(_)) => (format!("fold {} ", fold + 1), 1.0 / (fold + 2) as f64),
        (Some([fold, n_folds]), _) => (format!("fold {} ", fold + 1), 1.0 / n_folds as f64),
        (None, _) => (String::new(), validation_fraction?),
    };
    let achieved = rows[1].len() as f64 / n;
    let percent = |fraction: f64| format!("{} %", (1000.0 * fraction).round() / 10.0);
    let text = format!(
        "{subject}held out {} of the rows instead of {}, because rows of the same {unit} stay together",
        percent(achieved),
        percent(requested)
    );
    ((achieved / requested - 1.0).abs() >= 0.5).then_some(Remark { is_warning: true, text })
}
