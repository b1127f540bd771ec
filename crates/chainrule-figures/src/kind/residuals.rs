//! `residuals`: predicted numbers against the true ones, and how their differences are spread.

use chainrule::metrics::OutputKind;
use chainrule::registry::{Entry, Options};
use chainrule_experiment::Outcome;

use super::parts::{around, line, marker, small_if_many, spaced, step, task, thinned};
use super::units::numbers;
use super::{Draw, Subject, option, unsuitable};
use crate::{Axis, Colour, Error, Figure, Fill, Mark, Panel, Series, Stroke};

pub(super) const ENTRY: Entry<Draw> = Entry {
    name: "residuals",
    aliases: &[],
    summary: "predicted numbers over true ones, and the spread of their differences",
    options: &[option::VARIANT],
    make: |_| draw,
};

const BARS: usize = 30;

fn draw(subject: &Subject<'_>, options: &Options) -> Result<Figure, Error> {
    let (rows, which) =
        subject.rows_held_back(options, |outcome| panels(outcome, &subject.title(outcome)))?;
    Ok(Figure::new("Residuals", rows).caption(which))
}

fn panels(outcome: &Outcome, title: &str) -> Result<Vec<Panel>, Error> {
    if task(outcome) != OutputKind::Real {
        return unsuitable(
            ENTRY.name,
            outcome,
            "its outputs are probabilities; \"confusion\" and \"roc\" show those",
        );
    }
    let data = &outcome.samples.dataset;
    let n_outputs = outcome.architecture.n_outputs();
    let y = numbers(outcome, outcome.network().predict(data.x()));
    let t = numbers(outcome, data.t().to_vec());
    let ends = around(&[&t[..], &y].concat(), 0.04);
    let stroke = Stroke::new(Colour::Muted).width(1.0).dashed();
    let mut scatter =
        Panel::new(Axis::new("true").range(ends[0], ends[1]), Axis::new("predicted").range(ends[0], ends[1]))
            .equal()
            .sized(280.0, 280.0)
            .titled(title)
            .with(Series::new("", line(ends.to_vec(), ends.to_vec(), stroke)));
    let differences: Vec<f64> = y.iter().zip(&t).map(|(y, t)| y - t).collect();
    let spread = around(&differences, 0.02);
    let mut histogram = Panel::new(Axis::new("predicted - true"), Axis::new("samples")).sized(320.0, 280.0);
    for k in 0..n_outputs {
        let of = |v: &[f64]| v.iter().skip(k).step_by(n_outputs).copied().collect::<Vec<f64>>();
        let name = if n_outputs == 1 { String::new() } else { format!("output {}", k + 1) };
        let n = data.n_samples();
        let some = |v: &[f64]| of(v).into_iter().step_by(step(n)).collect::<Vec<f64>>();
        let shown = if step(n) == 1 { name.clone() } else { thinned(&name, n) };
        scatter = scatter.with(Series::points(shown, some(&t), some(&y), small_if_many(marker(k), n)));
        let mut heights = vec![0.0; BARS];
        for v in of(&differences) {
            let bar = ((v - spread[0]) / (spread[1] - spread[0]) * BARS as f64) as usize;
            heights[bar.min(BARS - 1)] += 1.0;
        }
        let fill = Fill { colour: Colour::Palette(k), opacity: 0.5 };
        histogram =
            histogram.with(Series::new(name, Mark::Bars { edges: spaced(spread, BARS + 1), heights, fill }));
    }
    Ok(vec![scatter, histogram])
}
