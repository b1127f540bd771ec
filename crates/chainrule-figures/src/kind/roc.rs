//! `roc`: the share of a class that is found against the share of the others that is mistaken for it, over all thresholds.

use chainrule::registry::{Entry, Options};
use chainrule_experiment::Outcome;

use super::arrange::in_rows;
use super::parts::{classes, line, probabilities};
use super::{Draw, Subject, option, unsuitable};
use crate::{Axis, Colour, Error, Figure, Panel, Series, Stroke};

pub(super) const ENTRY: Entry<Draw> = Entry {
    name: "roc",
    aliases: &[],
    summary: "true positive rate over false positive rate, with the area under it; of several classes each against the rest",
    options: &[option::VARIANT],
    make: |_| draw,
};

fn draw(subject: &Subject<'_>, options: &Options) -> Result<Figure, Error> {
    let titled = |outcome: &Outcome| Ok(vec![panel(outcome)?.titled(subject.title(outcome))]);
    let (rows, which) = subject.rows_held_back(options, titled)?;
    let panels = rows.concat();
    Ok(Figure::new("Receiver operating characteristic", in_rows(&panels)).caption(which))
}

fn panel(outcome: &Outcome) -> Result<Panel, Error> {
    let Some(classes) = classes(outcome) else {
        return unsuitable(ENTRY.name, outcome, "its targets are no classes; \"residuals\" shows numbers");
    };
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
    let shown = if p.len() == 2 { 1..2 } else { 0..p.len() };
    for k in shown {
        let holds: Vec<bool> = classes.of.iter().map(|of| *of == k).collect();
        let Some((x, y, area)) = curve(&p[k], &holds) else { continue };
        let name = format!("{}: area {area:.3}", classes.names[k]);
        panel = panel.with(Series::line(name, x, y, classes.colours[k]));
    }
    Ok(panel)
}

/// The curve and the area under it; none where all samples are of one kind.
fn curve(p: &[f64], holds: &[bool]) -> Option<(Vec<f64>, Vec<f64>, f64)> {
    let n_positive = holds.iter().filter(|holds| **holds).count();
    let n_negative = holds.len() - n_positive;
    if n_positive == 0 || n_negative == 0 {
        return None;
    }
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&i, &j| p[j].total_cmp(&p[i]));
    let (mut x, mut y, mut area) = (vec![0.0], vec![0.0], 0.0);
    let (mut found, mut mistaken) = (0, 0);
    for (place, &i) in order.iter().enumerate() {
        if holds[i] {
            found += 1
        } else {
            mistaken += 1
        }
        // Samples of one score pass the threshold together.
        if order.get(place + 1).is_some_and(|&next| p[next] == p[i]) {
            continue;
        }
        let (u, v) = (f64::from(mistaken) / n_negative as f64, f64::from(found) / n_positive as f64);
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
    fn the_area_is_the_share_of_pairs_in_the_right_order() {
        let holds = [false, true, false, true];
        assert_eq!(curve(&[0.1, 0.9, 0.4, 0.8], &holds).map(|curve| curve.2), Some(1.0));
        assert_eq!(curve(&[0.1, 0.9, 0.4, 0.3], &holds).map(|curve| curve.2), Some(0.75));
        // Equal scores count half.
        assert_eq!(curve(&[0.5; 4], &holds).map(|curve| curve.2), Some(0.5));
        assert_eq!(curve(&[0.5; 2], &[true; 2]), None);
    }
}
