//! `samples`: the data alone. One input as a rug by class, two as a scatter by class with the true curves where they are
//! known, more in the plane of their principal components. Of a table one or two inputs are in the units of their columns, as
//! is a number to predict.

use chainrule::registry::{Entry, Options};
use chainrule_experiment::Outcome;

use super::arrange::under_one_legend;
use super::parts::{by_class, classes, in_strips, input, marker, shown, small_if_many, true_curves};
use super::units::{Unit, left_out, numbers, target};
use super::{Draw, Subject, option};
use crate::{Axis, Direction, Error, Figure, Legend, Mark, Panel, Series, Stroke};

pub(super) const ENTRY: Entry<Draw> = Entry {
    name: "samples",
    aliases: &[],
    summary: "the samples by class: one input as a rug, two as a scatter with the true curves where known",
    options: &[option::VARIANT, option::X_RANGE, option::Y_RANGE],
    make: |_| draw,
};

fn draw(subject: &Subject<'_>, options: &Options) -> Result<Figure, Error> {
    let mut caption = String::new();
    // Variants that share their data share the picture.
    let mut drawn: Vec<(&Outcome, Vec<String>)> = Vec::new();
    for outcome in subject.chosen(options)? {
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
        under_one_legend(panels)
    } else {
        panels.into_iter().map(|p| vec![p]).collect()
    };
    Ok(Figure::new("Samples", rows).caption(caption))
}

/// Each class at a height of its own, and all of them as ticks on the axis; numbers to predict as heights.
fn strip(outcome: &Outcome, options: &Options, caption: &mut String) -> Result<Panel, Error> {
    let data = &outcome.samples.dataset;
    let unit = Unit::of(outcome, 0);
    let samples = unit.decoded(data.x());
    let x = unit.axis(input(outcome, 0));
    let x = between(x, unit, unit.range(options, "x_range")?, &samples);
    if let Some(range) = x.range {
        let at: Vec<[f64; 2]> = samples.iter().map(|v| [*v, 0.0]).collect();
        *caption = left_out(&[unit], &at, &[range]);
    }
    let Some(classes) = classes(outcome) else {
        let points = small_if_many(marker(0), data.n_samples());
        let t = numbers(outcome, data.t().to_vec());
        return Ok(Panel::new(x, Axis::new(target(outcome, "$t$")))
            .with(Series::points("samples", samples, t, points)));
    };
    let heights: Vec<[f64; 2]> = samples.iter().zip(&classes.of).map(|(x, k)| [*x, *k as f64]).collect();
    let mut panel = Panel::new(
        x,
        Axis::new("").names(classes.names.clone()).range(-0.8, classes.names.len() as f64 - 0.4),
    )
    .sized(520.0, 60.0 + 40.0 * classes.names.len() as f64)
    .legend(Legend::Hidden);
    panel.series = in_strips(&classes, &heights);
    for k in 0..classes.names.len() {
        let at =
            samples.iter().zip(&classes.of).filter(|(_, of)| **of == k).map(|(x, _)| *x).take(500).collect();
        let stroke = Stroke::new(classes.colours[k]).width(1.2).opacity(0.7);
        panel.series.push(Series::new("", Mark::Rug { at, along: Direction::X, stroke }));
    }
    Ok(panel)
}

fn scatter(outcome: &Outcome, options: &Options, caption: &mut String) -> Result<Panel, Error> {
    let shown = shown(outcome, "", "")?;
    let at = shown.seen(outcome);
    let axis = |k: usize, key| {
        let of: Vec<f64> = at.iter().map(|at| at[k]).collect();
        let given = shown.units[k].range(options, key)?;
        Ok::<_, Error>(between(shown.axis(k), shown.units[k], given, &of))
    };
    let (x, y) = (axis(0, "x_range")?, axis(1, "y_range")?);
    let everything = [f64::NEG_INFINITY, f64::INFINITY];
    let ranges = [&x, &y].map(|axis| axis.range.unwrap_or(everything));
    let left_out = left_out(&shown.units, &at, &ranges);
    let mut panel = Panel::new(x, y);
    if let Some(classes) = classes(outcome) {
        panel.series = true_curves(outcome, &classes, &at);
        if !panel.series.is_empty() {
            "The lines are the true curves.".clone_into(caption);
        }
        panel.series.extend(by_class(&classes, &at));
    } else {
        let (x, y) = at.iter().map(|at| (at[0], at[1])).unzip();
        panel = panel.with(Series::points("samples", x, y, small_if_many(marker(0), at.len())));
    }
    for said in [&shown.caption, &left_out] {
        if !said.is_empty() {
            caption.clone_from(said);
        }
    }
    Ok(panel)
}

/// The axis between the ends given; without any, of all samples but those far out.
fn between(axis: Axis, unit: Unit, given: Option<[f64; 2]>, samples: &[f64]) -> Axis {
    let is_far = samples.iter().any(|v| !unit.is_near(*v));
    match given.or_else(|| is_far.then(|| unit.ends(samples, 0.04))) {
        Some([low, high]) => axis.range(low, high),
        None => axis,
    }
}
