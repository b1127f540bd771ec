//! `projection`: how one hidden unit projects one input. The input axis below, the activation in the middle, the hidden axis
//! at the side, and lines that take each sample from the one to the other. The input of a table is in its column's unit.

use chainrule::landscape::{activations, boundaries};
use chainrule::registry::{Entry, Options};
use chainrule_experiment::Outcome;

use super::parts::{around, classes, input, line, on_a_line, spaced};
use super::units::Unit;
use super::{Draw, Subject, option, unsuitable};
use crate::{Axis, Colour, Direction, Error, Figure, Mark, Panel, Series, Stroke};

pub(super) const ENTRY: Entry<Draw> = Entry {
    name: "projection",
    aliases: &[],
    summary: "one input through one hidden unit: samples joined from the input axis over the curve to the hidden axis",
    options: &[option::VARIANT, option::X_RANGE],
    make: |_| draw,
};

/// So many samples are joined by lines at most.
const JOINED: usize = 60;

fn draw(subject: &Subject<'_>, options: &Options) -> Result<Figure, Error> {
    let rows =
        subject.rows(options, |outcome| Ok(vec![panel(outcome, options)?.titled(subject.title(outcome))]))?;
    Ok(Figure::new("How the hidden unit projects the input", rows).caption(
        "Each sample goes up from the input axis to the curve and across to the hidden axis, on which one boundary (dashed) \
         tells apart what no single one does below.",
    ))
}

fn panel(outcome: &Outcome, options: &Options) -> Result<Panel, Error> {
    let (architecture, network, data) = (&outcome.architecture, outcome.network(), &outcome.samples.dataset);
    let suits =
        data.n_inputs() == 1 && architecture.layers().len() == 2 && architecture.layers()[0].n_units == 1;
    let Some(classes) = classes(outcome).filter(|_| suits) else {
        return unsuitable(
            ENTRY.name,
            outcome,
            "it shows one input, one hidden unit and classes; \"hidden\" shows any hidden layer",
        );
    };
    let layer = architecture.layer_name(0);
    let unit = Unit::of(outcome, 0);
    let samples = unit.decoded(data.x());
    let range = unit.range(options, "x_range")?.unwrap_or_else(|| unit.ends(&samples, 0.12));
    let x = spaced(range, 401);
    let curve = activations(&network, &layer, &unit.encoded(&x))?;
    let h = activations(&network, &layer, data.x())?;
    let up = around(&curve, 0.1);
    let mut panel = Panel::new(
        unit.axis(input(outcome, 0)).range(range[0], range[1]),
        Axis::new(format!("$h$ ({})", architecture.layers()[0].activation.options().short()))
            .range(up[0], up[1]),
    )
    .sized(460.0, 320.0);
    let step = data.n_samples().div_ceil(JOINED);
    for (i, (x, h)) in samples.iter().zip(&h).enumerate().step_by(step) {
        let stroke = Stroke::new(classes.colours[classes.of[i]]).width(0.8).opacity(0.35);
        let joined = line(vec![*x, *x, range[0]], vec![up[0], *h, *h], stroke);
        panel = panel.with(Series::new("", joined));
    }
    panel = panel.with(Series::line("activation", x, curve, Colour::Ink));
    for (k, name) in classes.names.iter().enumerate() {
        let own: Vec<usize> = (0..data.n_samples()).filter(|&i| classes.of[i] == k).collect();
        let pick = |v: &[f64]| own.iter().map(|&i| v[i]).collect::<Vec<f64>>();
        let inside = (up[1] - up[0]) * 0.03;
        let marker = on_a_line(classes.marker(k));
        panel = panel
            .with(Series::points(name, pick(&samples), vec![up[0] + inside; own.len()], marker))
            .with(Series::points(
                "",
                vec![range[0] + (range[1] - range[0]) * 0.02; own.len()],
                pick(&h),
                marker,
            ));
    }
    let cut: Vec<f64> =
        boundaries(&network, &layer)?.iter().map(|boundary| -boundary.b / boundary.w[0]).collect();
    let cut: Vec<f64> = cut.into_iter().filter(|h| h.is_finite()).collect();
    if !cut.is_empty() {
        let stroke = Stroke::new(Colour::Ink).width(1.3).dashed();
        panel = panel.with(Series::new("boundary", Mark::Rule { at: cut, along: Direction::Y, stroke }));
    }
    Ok(panel)
}
