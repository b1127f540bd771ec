//! `precision-recall`: precision against recall of each class, over all thresholds.

use chainrule::registry::{Entry, Options};
use chainrule_experiment::Outcome;

use super::arrange::in_rows;
use super::series::probabilities;
use super::subject::classes_for;
use super::{Draw, Subject, option, rows};
use crate::{Axis, Direction, Error, Figure, Mark, Panel, Series, Stroke};

pub(super) const ENTRY: Entry<Draw> = Entry {
    name: "precision-recall",
    aliases: &[],
    summary: "precision-recall curve with the average precision (AP); one-vs-rest for several classes",
    options: &[option::VARIANT, rows::ROWS],
    make: |_| draw,
};

fn draw(subject: &Subject<'_>, options: &Options) -> Result<Figure, Error> {
    let titled = |outcome: &Outcome| Ok(vec![panel(outcome)?.titled(subject.title(outcome))]);
    let panels = subject.rows(options, titled)?.concat();
    let caption =
        "Dashed: the fraction of the samples in a class, which is the precision of random predictions.";
    Ok(Figure::new("Precision-recall curve", in_rows(&panels)).caption(caption))
}

fn panel(outcome: &Outcome) -> Result<Panel, Error> {
    let classes = classes_for(ENTRY.name, outcome)?;
    let y = outcome.network().predict(outcome.samples.dataset.x());
    let p = probabilities(outcome.architecture.n_outputs(), &y);
    let mut panel =
        Panel::new(Axis::new("recall").range(-0.02, 1.02), Axis::new("precision").range(-0.02, 1.02))
            .equal()
            .sized(280.0, 280.0);
    let drawn_classes = if p.len() == 2 { 1..2 } else { 0..p.len() };
    for k in drawn_classes {
        let is_positive: Vec<bool> = classes.labels.iter().map(|label| *label == k).collect();
        let Some(PrecisionRecall { recall, precision, average }) = curve(&p[k], &is_positive) else {
            continue;
        };
        let frequency = is_positive.iter().filter(|is| **is).count() as f64 / is_positive.len() as f64;
        let stroke = Stroke::new(classes.colours[k]).width(1.0).opacity(0.6).dashed();
        let mark = Mark::Rule { at: vec![frequency], along: Direction::Y, stroke };
        let name = format!("{} (AP {average:.3})", classes.names[k]);
        panel =
            panel.with(Series::new("", mark)).with(Series::line(name, recall, precision, classes.colours[k]));
    }
    Ok(panel)
}

/// A precision-recall curve as steps.
#[derive(Debug, PartialEq)]
struct PrecisionRecall {
    recall: Vec<f64>,
    precision: Vec<f64>,
    /// Average precision: Σ (recall_k - recall_{k-1})·precision_k over the thresholds.
    average: f64,
}

/// Returns the curve of the probabilities `p` of a class, or `None` without positives.
///
/// Precision is not monotonous in the threshold, so the curve has steps instead of slopes, as in
/// scikit-learn.
fn curve(p: &[f64], is_positive: &[bool]) -> Option<PrecisionRecall> {
    let n_positive = is_positive.iter().filter(|is_positive| **is_positive).count();
    if n_positive == 0 {
        return None;
    }
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&i, &j| p[j].total_cmp(&p[i]));
    let mut found = PrecisionRecall { recall: Vec::new(), precision: Vec::new(), average: 0.0 };
    let (mut true_positives, mut previous) = (0, 0.0);
    for (rank, &i) in order.iter().enumerate() {
        true_positives += u32::from(is_positive[i]);
        // Samples with equal probabilities pass the threshold together.
        if order.get(rank + 1).is_some_and(|&next| p[next] == p[i]) {
            continue;
        }
        let precision = f64::from(true_positives) / (rank + 1) as f64;
        let recall = f64::from(true_positives) / n_positive as f64;
        found.average += (recall - previous) * precision;
        found.recall.extend([previous, recall]);
        found.precision.extend([precision, precision]);
        previous = recall;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::curve;

    #[test]
    fn average_precision_agrees_with_scikit_learn() {
        let is_positive = [false, false, true, true];
        // The example of sklearn.metrics.average_precision_score.
        let average = curve(&[0.1, 0.4, 0.35, 0.8], &is_positive).map(|curve| curve.average);
        assert!((average.unwrap() - 0.8333333333333333).abs() < 1e-15);
        // Equal probabilities are one threshold, at which all samples are positive.
        assert_eq!(curve(&[0.5; 4], &is_positive).map(|curve| curve.average), Some(0.5));
        assert_eq!(curve(&[0.5; 2], &[false; 2]), None);
    }

    #[test]
    fn the_curve_ends_at_full_recall() {
        let curve = curve(&[0.9, 0.8, 0.7], &[true, false, true]).unwrap();
        assert_eq!(curve.recall, [0.0, 0.5, 0.5, 0.5, 0.5, 1.0]);
        assert_eq!(curve.precision, [1.0, 1.0, 0.5, 0.5, 2.0 / 3.0, 2.0 / 3.0]);
    }
}
