//! `roc`: the receiver operating characteristic of each class.

use chainrule::registry::{Entry, Options};
use chainrule_experiment::Outcome;

use super::arrange::in_rows;
use super::series::{line, probabilities};
use super::subject::classes_for;
use super::{Draw, Subject, option, rows};
use crate::{Axis, Colour, Error, Figure, Panel, Series, Stroke};

pub(super) const ENTRY: Entry<Draw> = Entry {
    name: "roc",
    aliases: &[],
    summary: "ROC curve with the area under it (AUC); one-vs-rest for several classes",
    options: &[option::VARIANT, rows::ROWS],
    make: |_| draw,
};

fn draw(subject: &Subject<'_>, options: &Options) -> Result<Figure, Error> {
    let titled = |outcome: &Outcome| Ok(vec![panel(outcome)?.titled(subject.title(outcome))]);
    let panels = subject.rows(options, titled)?.concat();
    Ok(Figure::new("ROC curve", in_rows(&panels)))
}

fn panel(outcome: &Outcome) -> Result<Panel, Error> {
    let classes = classes_for(ENTRY.name, outcome)?;
    let y = outcome.network().predict(outcome.samples.dataset.x());
    let p = probabilities(outcome.architecture.n_outputs(), &y);
    let stroke = Stroke::new(Colour::Muted).width(1.0).dashed();
    let mut panel = Panel::new(
        Axis::new("false positive rate").range(-0.02, 1.02),
        Axis::new("true positive rate").range(-0.02, 1.02),
    )
    .equal()
    .sized(280.0, 280.0)
    .with(Series::new("chance", line(vec![0.0, 1.0], vec![0.0, 1.0], stroke)));
    let drawn_classes = if p.len() == 2 { 1..2 } else { 0..p.len() };
    for k in drawn_classes {
        let is_positive: Vec<bool> = classes.labels.iter().map(|label| *label == k).collect();
        let Some((x, y, area)) = curve(&p[k], &is_positive) else { continue };
        let name = format!("{} (AUC {area:.3})", classes.names[k]);
        panel = panel.with(Series::line(name, x, y, classes.colours[k]));
    }
    Ok(panel)
}

/// Returns the ROC curve and the area under it, or `None` unless there are positives and negatives.
fn curve(p: &[f64], is_positive: &[bool]) -> Option<(Vec<f64>, Vec<f64>, f64)> {
    let n_positive = is_positive.iter().filter(|is_positive| **is_positive).count();
    let n_negative = is_positive.len() - n_positive;
    if n_positive == 0 || n_negative == 0 {
        return None;
    }
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&i, &j| p[j].total_cmp(&p[i]));
    let (mut x, mut y, mut area) = (vec![0.0], vec![0.0], 0.0);
    let (mut true_positives, mut false_positives) = (0, 0);
    for (rank, &i) in order.iter().enumerate() {
        if is_positive[i] {
            true_positives += 1
        } else {
            false_positives += 1
        }
        // Samples with equal scores pass the threshold together.
        if order.get(rank + 1).is_some_and(|&next| p[next] == p[i]) {
            continue;
        }
        let u = f64::from(false_positives) / n_negative as f64;
        let v = f64::from(true_positives) / n_positive as f64;
        area += (u - x[x.len() - 1]) * f64::midpoint(v, y[y.len() - 1]);
        x.push(u);
        y.push(v);
    }
    Some((x, y, area))
}

#[cfg(test)]
mod tests {
    use super::curve;

    #[test]
    fn the_area_is_the_fraction_of_pairs_in_the_right_order() {
        let is_positive = [false, true, false, true];
        assert_eq!(curve(&[0.1, 0.9, 0.4, 0.8], &is_positive).map(|curve| curve.2), Some(1.0));
        assert_eq!(curve(&[0.1, 0.9, 0.4, 0.3], &is_positive).map(|curve| curve.2), Some(0.75));
        // Pairs of equal scores count half.
        assert_eq!(curve(&[0.5; 4], &is_positive).map(|curve| curve.2), Some(0.5));
        assert_eq!(curve(&[0.5; 2], &[true; 2]), None);
    }
}
