//! `samples`: the data by class.
//!
//! One input is shown as a rug plot, two as a scatter plot with the true class curves if known, and
//! more in the plane of their first two principal components. One or two inputs from a table, and
//! regression targets, are in the units of their columns.

use chainrule::registry::{Entry, Options};
use chainrule_experiment::Outcome;

use super::arrange::with_shared_legend;
use super::series::{
    by_class, by_class_in_strips, coloured_classes, input, input_plane, marker, small_if_many, true_curves,
};
use super::units::{Unit, decode_targets, outlier_caption, target_label};
use super::{Draw, Subject, option, rows};
use crate::{Axis, Direction, Error, Figure, Legend, Mark, Panel, Series, Stroke};

pub(super) const ENTRY: Entry<Draw> = Entry {
    name: "samples",
    aliases: &[],
    summary: "samples by class: a rug plot for one input, a scatter plot for two or more, with the true curves if known",
    options: &[option::VARIANT, rows::ALL_ROWS, option::COLOURS, option::X_RANGE, option::Y_RANGE],
    make: |_| draw,
};

fn draw(subject: &Subject<'_>, options: &Options) -> Result<Figure, Error> {
    let mut caption = String::new();
    // Variants with the same data share a panel.
    let mut drawn: Vec<(&Outcome, Vec<String>)> = Vec::new();
    for outcome in subject.selected(options)? {
        match drawn.iter_mut().find(|(other, _)| other.samples.dataset == outcome.samples.dataset) {
            Some((_, names)) => names.push(subject.title(outcome)),
            None => drawn.push((outcome, vec![subject.title(outcome)])),
        }
    }
    let mut panels = Vec::new();
    for (outcome, names) in &drawn {
        let panel = if outcome.samples.dataset.n_inputs() == 1 {
            strip(outcome, options, &mut caption)?
        } else {
            scatter(outcome, options, &mut caption)?
        };
        panels.push(if drawn.len() > 1 { panel.titled(names.join(", ")) } else { panel });
    }
    let rows = if drawn.len() > 1 {
        with_shared_legend(panels)
    } else {
        panels.into_iter().map(|p| vec![p]).collect()
    };
    Ok(Figure::new("Samples", rows).caption(caption))
}

/// Draws samples of one input: classes at different heights with a rug plot on the axis, regression
/// targets as heights.
fn strip(outcome: &Outcome, options: &Options, caption: &mut String) -> Result<Panel, Error> {
    let data = &outcome.samples.dataset;
    let unit = Unit::of_input(outcome, 0);
    let samples = unit.decoded(data.x());
    let x = unit.axis(input(outcome, 0));
    let x = with_limits(x, unit, unit.range(options, "x_range")?, &samples);
    if let Some(range) = x.range {
        let at: Vec<[f64; 2]> = samples.iter().map(|v| [*v, 0.0]).collect();
        *caption = outlier_caption(&[unit], &at, &[range]);
    }
    let Some(classes) = coloured_classes(outcome, options)? else {
        let points = small_if_many(marker(0), data.n_samples());
        let t = decode_targets(outcome, data.t().to_vec());
        return Ok(Panel::new(x, Axis::new(target_label(outcome, "$t$")))
            .with(Series::points("samples", samples, t, points)));
    };
    let heights: Vec<[f64; 2]> = samples.iter().zip(&classes.labels).map(|(x, k)| [*x, *k as f64]).collect();
    let mut panel = Panel::new(
        x,
        Axis::new("").names(classes.names.clone()).range(-0.8, classes.names.len() as f64 - 0.4),
    )
    .sized(520.0, 60.0 + 40.0 * classes.names.len() as f64)
    .legend(Legend::Hidden);
    panel.series = by_class_in_strips(&classes, &heights);
    for k in 0..classes.names.len() {
        let at = samples
            .iter()
            .zip(&classes.labels)
            .filter(|(_, label)| **label == k)
            .map(|(x, _)| *x)
            .take(500)
            .collect();
        let stroke = Stroke::new(classes.colours[k]).width(1.2).opacity(0.7);
        panel.series.push(Series::new("", Mark::Rug { at, along: Direction::X, stroke }));
    }
    Ok(panel)
}

fn scatter(outcome: &Outcome, options: &Options, caption: &mut String) -> Result<Panel, Error> {
    let inputs = input_plane(outcome, "", "")?;
    let at = inputs.project_samples(outcome);
    let axis = |k: usize, key| {
        let samples: Vec<f64> = at.iter().map(|at| at[k]).collect();
        let given = inputs.units[k].range(options, key)?;
        Ok::<_, Error>(with_limits(inputs.axis(k), inputs.units[k], given, &samples))
    };
    let (x, y) = (axis(0, "x_range")?, axis(1, "y_range")?);
    let unlimited = [f64::NEG_INFINITY, f64::INFINITY];
    let ranges = [&x, &y].map(|axis| axis.range.unwrap_or(unlimited));
    let outliers = outlier_caption(&inputs.units, &at, &ranges);
    let mut panel = Panel::new(x, y);
    if let Some(classes) = coloured_classes(outcome, options)? {
        panel.series = true_curves(outcome, &classes, &at);
        if !panel.series.is_empty() {
            "Lines: true class curves.".clone_into(caption);
        }
        panel.series.extend(by_class(&classes, &at));
    } else {
        let (x, y) = at.iter().map(|at| (at[0], at[1])).unzip();
        panel = panel.with(Series::points("samples", x, y, small_if_many(marker(0), at.len())));
    }
    for text in [&inputs.caption, &outliers] {
        if !text.is_empty() {
            caption.clone_from(text);
        }
    }
    Ok(panel)
}

/// Sets the limits of an axis: the given ones or, if there are outliers, those of the inliers.
fn with_limits(axis: Axis, unit: Unit, given: Option<[f64; 2]>, samples: &[f64]) -> Axis {
    let has_outliers = samples.iter().any(|v| !unit.is_inlier(*v));
    match given.or_else(|| has_outliers.then(|| unit.limits(samples, 0.04))) {
        Some([low, high]) => axis.range(low, high),
        None => axis,
    }
}
