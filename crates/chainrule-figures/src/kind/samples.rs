//! `samples`: the data alone. One input as a rug by class, two as a scatter by class with the true curves where they are
//! known, more in the plane of their principal components.

use chainrule::registry::{Entry, Options};
use chainrule_experiment::Outcome;

use super::arrange::under_one_legend;
use super::parts::{by_class, classes, in_strips, marker, seen, shown, small_if_many, true_curves};
use super::{Draw, Subject, option};
use crate::{Axis, Direction, Error, Figure, Legend, Mark, Panel, Series, Stroke};

pub(super) const ENTRY: Entry<Draw> = Entry {
    name: "samples",
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
            strip(outcome, options)?
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
fn strip(outcome: &Outcome, options: &Options) -> Result<Panel, Error> {
    let data = &outcome.samples.dataset;
    let x = Axis::new(super::parts::input(outcome, 0));
    let x = option::range(options, "x_range")?.map_or(x.clone(), |[low, high]| x.range(low, high));
    let Some(classes) = classes(outcome) else {
        let points = small_if_many(marker(0), data.n_samples());
        return Ok(Panel::new(x, Axis::new("$t$")).with(Series::points(
            "samples",
            data.x().to_vec(),
            data.t().to_vec(),
            points,
        )));
    };
    let heights: Vec<[f64; 2]> = data.x().iter().zip(&classes.of).map(|(x, k)| [*x, *k as f64]).collect();
    let mut panel = Panel::new(
        x,
        Axis::new("").names(classes.names.clone()).range(-0.8, classes.names.len() as f64 - 0.4),
    )
    .sized(520.0, 60.0 + 40.0 * classes.names.len() as f64)
    .legend(Legend::Hidden);
    panel.series = in_strips(&classes, &heights);
    for k in 0..classes.names.len() {
        let at =
            data.x().iter().zip(&classes.of).filter(|(_, of)| **of == k).map(|(x, _)| *x).take(500).collect();
        let stroke = Stroke::new(classes.colours[k]).width(1.2).opacity(0.7);
        panel.series.push(Series::new("", Mark::Rug { at, along: Direction::X, stroke }));
    }
    Ok(panel)
}

fn scatter(outcome: &Outcome, options: &Options, caption: &mut String) -> Result<Panel, Error> {
    let shown = shown(outcome, "", "")?;
    let at = seen(outcome, &shown.plane);
    let [x, y] = shown.labels.map(Axis::new);
    let x = option::range(options, "x_range")?.map_or(x.clone(), |[low, high]| x.range(low, high));
    let y = option::range(options, "y_range")?.map_or(y.clone(), |[low, high]| y.range(low, high));
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
    if !shown.caption.is_empty() {
        caption.clone_from(&shown.caption);
    }
    Ok(panel)
}
