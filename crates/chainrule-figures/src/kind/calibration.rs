//! `calibration`: observed frequencies of classes against predicted probabilities.

use chainrule::registry::{Entry, Options};
use chainrule_experiment::Outcome;

use super::series::{line, probabilities};
use super::subject::classes_for;
use super::{Draw, Subject, option, rows};
use crate::{Axis, Colour, Error, Figure, Fill, Legend, Mark, Marker, Panel, Series, Stroke, Symbol};

pub(super) const ENTRY: Entry<Draw> = Entry {
    name: "calibration",
    aliases: &[],
    summary: "observed frequency of a class against its predicted probability in ten bins, and samples per bin",
    options: &[option::VARIANT, rows::ROWS],
    make: |_| draw,
};

const BINS: usize = 10;

fn draw(subject: &Subject<'_>, options: &Options) -> Result<Figure, Error> {
    let mut rows: [Vec<Panel>; 2] = Default::default();
    for pair in subject.rows(options, |outcome| panels(outcome, &subject.title(outcome)))? {
        rows.iter_mut().zip(pair).for_each(|(row, panel)| row.push(panel));
    }
    let caption = "Top: observed frequency of a class against its predicted probability. Bottom: number of samples per bin.";
    Ok(Figure::new("Calibration curve", rows.to_vec()).caption(caption))
}

fn panels(outcome: &Outcome, title: &str) -> Result<Vec<Panel>, Error> {
    let classes = classes_for(ENTRY.name, outcome)?;
    let y = outcome.network().predict(outcome.samples.dataset.x());
    let p = probabilities(outcome.architecture.n_outputs(), &y);
    let stroke = Stroke::new(Colour::Muted).width(1.0).dashed();
    let axis = || Axis::new("predicted probability").range(0.0, 1.0);
    let mut curve = Panel::new(axis(), Axis::new("observed frequency").range(-0.03, 1.03))
        .sized(280.0, 260.0)
        .titled(title)
        .with(Series::new("perfectly calibrated", line(vec![0.0, 1.0], vec![0.0, 1.0], stroke)));
    let mut histogram = Panel::new(axis(), Axis::new("samples")).sized(280.0, 90.0).legend(Legend::Hidden);
    let drawn_classes = if p.len() == 2 { 1..2 } else { 0..p.len() };
    for k in drawn_classes {
        let colour = classes.colours[k];
        let mut bins = [[0.0; 3]; BINS];
        for (p, label) in p[k].iter().zip(&classes.labels) {
            let [n, predicted, observed] = &mut bins[((p * BINS as f64) as usize).min(BINS - 1)];
            *n += 1.0;
            *predicted += p;
            *observed += f64::from(u8::from(*label == k));
        }
        let filled = bins.iter().filter(|[n, ..]| *n > 0.0);
        let (x, y): (Vec<f64>, Vec<f64>) =
            filled.map(|[n, predicted, observed]| (predicted / n, observed / n)).unzip();
        let marker = Marker::new(Symbol::of_class(k), colour);
        curve = curve
            .with(Series::line(&classes.names[k], x.clone(), y.clone(), colour))
            .with(Series::points("", x, y, marker));
        let mark = Mark::Bars {
            edges: (0..=BINS).map(|b| b as f64 / BINS as f64).collect(),
            heights: bins.iter().map(|[n, ..]| *n).collect(),
            fill: Fill { colour, opacity: 0.5 },
        };
        histogram = histogram.with(Series::new("", mark));
    }
    Ok(vec![curve, histogram])
}
