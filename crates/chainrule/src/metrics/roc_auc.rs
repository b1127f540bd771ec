//! Area under the ROC curve: the probability that a sample of class 1 scores higher than one of
//! class 0, with ties counted as one half.
//!
//! For exclusive classes it is the unweighted mean over the classes, each against all others. It is
//! NaN if a class or label has no positive or no negative samples. It is computed as the
//! Mann-Whitney statistic (J. A. Hanley and B. J. McNeil, The meaning and use of the area under a
//! receiver operating characteristic (ROC) curve, 1982).

use super::definition::CLASSIFICATION;
use super::{Definition, MetricInput, OutputKind, arg_max, is_class_1};
use crate::registry::Entry;

pub(super) const ENTRY: Entry<Definition> = Entry {
    name: "roc_auc",
    aliases: &[],
    summary: "area under the ROC curve, ties counted as one half; for several classes the mean of one-vs-rest areas",
    options: &[],
    make: |_| Definition { value: roc_auc, higher_is_better: true, tasks: CLASSIFICATION },
};

fn roc_auc(p: &MetricInput) -> f64 {
    p.mean_over_outputs(|k| {
        let scored = p.samples().map(|(y, t, w)| {
            let is_positive =
                if p.task == OutputKind::Categorical { arg_max(t) == k } else { is_class_1(t[k]) };
            (y[k], if is_positive { (w, 0.0) } else { (0.0, w) })
        });
        area(scored.collect())
    })
}

/// Returns `Σ w_i w_j [s_i > s_j] / (Σ w_i · Σ w_j)` over positives i and negatives j, with ties
/// counted as one half.
///
/// Each sample is given by its score, its weight as a positive and its weight as a negative, one of
/// which is 0.
fn area(mut scored: Vec<(f64, (f64, f64))>) -> f64 {
    scored.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut pairs, mut positives, mut negatives) = (0.0, 0.0, 0.0);
    for tied in scored.chunk_by(|a, b| a.0 == b.0) {
        let positive: f64 = tied.iter().map(|(_, (w, _))| w).sum();
        let negative: f64 = tied.iter().map(|(_, (_, w))| w).sum();
        pairs += positive * (negatives + 0.5 * negative);
        positives += positive;
        negatives += negative;
    }
    // 0/0, which is NaN, if there are no positives or no negatives.
    pairs / (positives * negatives)
}
