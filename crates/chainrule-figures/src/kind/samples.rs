//! `samples`: the data alone. One input as a rug by class, two as a scatter by class with the true curves where they are
//! known, more in the plane of their principal components.

use chainrule::registry::{Entry, Options};
use chainrule_experiment::Outcome;

use super::parts::{around, by_class, classes, line, marker, seen, shown, small_if_many, spaced};
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
    let mut drawn: Vec<&Outcome> = Vec::new();
    for outcome in subject.chosen(options)? {
        if drawn.iter().all(|other| other.samples.dataset != outcome.samples.dataset) {
            drawn.push(outcome);
        }
    }
    let mut row = Vec::new();
    for outcome in &drawn {
        let panel = if outcome.samples.dataset.n_inputs() == 1 {
            strip(outcome, options)?
        } else {
            scatter(outcome, options, &mut caption)?
        };
        row.push(if drawn.len() > 1 { panel.titled(subject.title(outcome)) } else { panel });
    }
    Ok(Figure::new("Samples", vec![row]).caption(caption))
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
    panel.series = by_class(&classes, &heights);
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
    let x_range = option::range(options, "x_range")?;
    let [x, y] = shown.labels.map(Axis::new);
    let x = x_range.map_or(x.clone(), |[low, high]| x.range(low, high));
    let y = option::range(options, "y_range")?.map_or(y.clone(), |[low, high]| y.range(low, high));
    let mut panel = Panel::new(x, y);
    if let Some(classes) = classes(outcome) {
        let ends = x_range.unwrap_or_else(|| around(&at.iter().map(|at| at[0]).collect::<Vec<_>>(), 0.05));
        for (k, curve) in outcome.samples.curves.iter().enumerate() {
            let x = spaced(ends, 200);
            let y = x.iter().map(|x| curve(*x)).collect();
            let stroke = Stroke::new(classes.colours[k]).opacity(0.5);
            panel =
                panel.with(Series::new(format!("true curve of {}", classes.names[k]), line(x, y, stroke)));
        }
        panel.series.extend(by_class(&classes, &at));
    } else {
        let (x, y) = at.iter().map(|at| (at[0], at[1])).unzip();
        panel = panel.with(Series::points("samples", x, y, small_if_many(marker(0), at.len())));
    }
    caption.clone_from(&shown.caption);
    Ok(panel)
}
