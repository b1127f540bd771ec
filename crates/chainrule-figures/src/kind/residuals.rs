//! `residuals`: predicted against true values, and a histogram of the residuals.

use chainrule::metrics::OutputKind;
use chainrule::registry::{Entry, Options};
use chainrule_experiment::Outcome;

use super::axis::{linspace, padded_range};
use super::series::{line, marker, name_with_stride, small_if_many, stride, task};
use super::subject::unsuitable;
use super::units::decode_targets;
use super::{Draw, Subject, option, rows};
use crate::{Axis, Colour, Error, Figure, Fill, Mark, Panel, Series, Stroke};

pub(super) const ENTRY: Entry<Draw> = Entry {
    name: "residuals",
    aliases: &[],
    summary: "predicted against true values, and a histogram of the residuals",
    options: &[option::VARIANT, rows::ROWS],
    make: |_| draw,
};

const BARS: usize = 30;

fn draw(subject: &Subject<'_>, options: &Options) -> Result<Figure, Error> {
    let rows = subject.rows(options, |outcome| panels(outcome, &subject.title(outcome)))?;
    Ok(Figure::new("Residuals", rows))
}

fn panels(outcome: &Outcome, title: &str) -> Result<Vec<Panel>, Error> {
    if task(outcome) != OutputKind::Real {
        return unsuitable(
            ENTRY.name,
            outcome,
            "its outputs are probabilities; use \"confusion\" or \"roc\" for classification",
        );
    }
    let data = &outcome.samples.dataset;
    let n_outputs = outcome.architecture.n_outputs();
    let y = decode_targets(outcome, outcome.network().predict(data.x()));
    let t = decode_targets(outcome, data.t().to_vec());
    let ends = padded_range(&[&t[..], &y].concat(), 0.04);
    let stroke = Stroke::new(Colour::Muted).width(1.0).dashed();
    let mut scatter =
        Panel::new(Axis::new("true").range(ends[0], ends[1]), Axis::new("predicted").range(ends[0], ends[1]))
            .equal()
            .sized(280.0, 280.0)
            .titled(title)
            .with(Series::new("", line(ends.to_vec(), ends.to_vec(), stroke)));
    let residuals: Vec<f64> = y.iter().zip(&t).map(|(y, t)| y - t).collect();
    let range = padded_range(&residuals, 0.02);
    let mut histogram = Panel::new(Axis::new("predicted - true"), Axis::new("samples")).sized(320.0, 280.0);
    for k in 0..n_outputs {
        let output = |v: &[f64]| v.iter().skip(k).step_by(n_outputs).copied().collect::<Vec<f64>>();
        let name = if n_outputs == 1 { String::new() } else { format!("output {}", k + 1) };
        let n = data.n_samples();
        let drawn = |v: &[f64]| output(v).into_iter().step_by(stride(n)).collect::<Vec<f64>>();
        let label = if stride(n) == 1 { name.clone() } else { name_with_stride(&name, n) };
        scatter = scatter.with(Series::points(label, drawn(&t), drawn(&y), small_if_many(marker(k), n)));
        let mut heights = vec![0.0; BARS];
        for v in output(&residuals) {
            let bar = ((v - range[0]) / (range[1] - range[0]) * BARS as f64) as usize;
            heights[bar.min(BARS - 1)] += 1.0;
        }
        let fill = Fill { colour: Colour::Palette(k), opacity: 0.5 };
        histogram =
            histogram.with(Series::new(name, Mark::Bars { edges: linspace(range, BARS + 1), heights, fill }));
    }
    Ok(vec![scatter, histogram])
}
