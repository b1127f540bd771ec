//! `projection`: projection of one input by one hidden unit.
//!
//! Lines connect each sample on the input axis with the activation curve and the hidden axis. The
//! input is in the unit of its column if it comes from a table.

use chainrule::landscape::{activations, boundaries};
use chainrule::registry::{Entry, Options};
use chainrule_experiment::Outcome;

use super::axis::{linspace, padded_range};
use super::series::{coloured_classes, input, line, translucent};
use super::subject::unsuitable;
use super::units::Unit;
use super::{Draw, Subject, option, rows};
use crate::{Axis, Colour, Direction, Error, Figure, Mark, Panel, Series, Stroke};

pub(super) const ENTRY: Entry<Draw> = Entry {
    name: "projection",
    aliases: &[],
    summary: "projection of one input by one hidden unit, with lines from samples via the activation to the hidden axis",
    options: &[option::VARIANT, rows::ROWS, option::COLOURS, option::X_RANGE],
    make: |_| draw,
};

/// Approximate maximum number of samples with projection lines.
const MAX_PROJECTED: usize = 60;

fn draw(subject: &Subject<'_>, options: &Options) -> Result<Figure, Error> {
    let rows =
        subject.rows(options, |outcome| Ok(vec![panel(outcome, options)?.titled(subject.title(outcome))]))?;
    Ok(Figure::new("Projection of the input by the hidden unit", rows).caption(
        "Each sample is mapped from the input axis via the activation curve to the hidden axis, where a single threshold \
         (dashed) can separate classes that no single threshold on the input axis separates.",
    ))
}

fn panel(outcome: &Outcome, options: &Options) -> Result<Panel, Error> {
    let (architecture, network, data) = (&outcome.architecture, outcome.network(), &outcome.samples.dataset);
    let is_applicable =
        data.n_inputs() == 1 && architecture.layers().len() == 2 && architecture.layers()[0].n_units == 1;
    let Some(classes) = coloured_classes(outcome, options)?.filter(|_| is_applicable) else {
        return unsuitable(
            ENTRY.name,
            outcome,
            "one input, one hidden unit and class targets are required; use \"hidden\" for other hidden layers",
        );
    };
    let layer = architecture.layer_name(0);
    let unit = Unit::of_input(outcome, 0);
    let samples = unit.decoded(data.x());
    let range = unit.range(options, "x_range")?.unwrap_or_else(|| unit.limits(&samples, 0.12));
    let x = linspace(range, 401);
    let curve = activations(&network, &layer, &unit.encoded(&x))?;
    let h = activations(&network, &layer, data.x())?;
    let up = padded_range(&curve, 0.1);
    let mut panel = Panel::new(
        unit.axis(input(outcome, 0)).range(range[0], range[1]),
        Axis::new(format!("$h$ ({})", architecture.layers()[0].activation.options().short()))
            .range(up[0], up[1]),
    )
    .sized(460.0, 320.0);
    let step = data.n_samples().div_ceil(MAX_PROJECTED);
    for (i, (x, h)) in samples.iter().zip(&h).enumerate().step_by(step) {
        let stroke = Stroke::new(classes.colours[classes.labels[i]]).width(0.8).opacity(0.35);
        let projection = line(vec![*x, *x, range[0]], vec![up[0], *h, *h], stroke);
        panel = panel.with(Series::new("", projection));
    }
    panel = panel.with(Series::line("activation", x, curve, Colour::Ink));
    for (k, name) in classes.names.iter().enumerate() {
        let indices: Vec<usize> = (0..data.n_samples()).filter(|&i| classes.labels[i] == k).collect();
        let pick = |v: &[f64]| indices.iter().map(|&i| v[i]).collect::<Vec<f64>>();
        let offset = (up[1] - up[0]) * 0.03;
        let marker = translucent(classes.marker(k));
        panel = panel
            .with(Series::points(name, pick(&samples), vec![up[0] + offset; indices.len()], marker))
            .with(Series::points(
                "",
                vec![range[0] + (range[1] - range[0]) * 0.02; indices.len()],
                pick(&h),
                marker,
            ));
    }
    let cut: Vec<f64> =
        boundaries(&network, &layer)?.iter().map(|boundary| -boundary.b / boundary.w[0]).collect();
    let cut: Vec<f64> = cut.into_iter().filter(|h| h.is_finite()).collect();
    if !cut.is_empty() {
        let stroke = Stroke::new(Colour::Ink).width(1.3).dashed();
        panel =
            panel.with(Series::new("decision boundary", Mark::Rule { at: cut, along: Direction::Y, stroke }));
    }
    Ok(panel)
}
