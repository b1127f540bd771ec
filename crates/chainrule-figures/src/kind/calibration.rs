//! `calibration`: whether what is said to be probable comes about as often.

use chainrule::registry::{Entry, Options};
use chainrule_experiment::Outcome;

use super::parts::{classes, line, probabilities};
use super::{Draw, Subject, option, unsuitable};
use crate::{Axis, Colour, Error, Figure, Fill, Legend, Mark, Marker, Panel, Series, Stroke, Symbol};

pub(super) const ENTRY: Entry<Draw> = Entry {
    name: "calibration",
    aliases: &[],
    summary: "the observed share of a class over its predicted probability, in ten bins, and how many samples each has",
    options: &[option::VARIANT],
    make: |_| draw,
};

const BINS: usize = 10;

fn draw(subject: &Subject<'_>, options: &Options) -> Result<Figure, Error> {
    let mut rows: [Vec<Panel>; 2] = Default::default();
    let (pairs, which) =
        subject.rows_held_back(options, |outcome| panels(outcome, &subject.title(outcome)))?;
    for pair in pairs {
        rows.iter_mut().zip(pair).for_each(|(row, panel)| row.push(panel));
    }
    let caption = format!(
        "Above: how often a class comes about where it is said to be so probable. Below: how many samples lie in each bin. {which}"
    );
    Ok(Figure::new("Calibration", rows.to_vec()).caption(caption))
}

fn panels(outcome: &Outcome, title: &str) -> Result<Vec<Panel>, Error> {
    let Some(classes) = classes(outcome) else {
        return unsuitable(ENTRY.name, outcome, "its targets are no classes; \"residuals\" shows numbers");
    };
    let y = outcome.network().predict(outcome.samples.dataset.x());
    let p = probabilities(outcome.architecture.n_outputs(), &y);
    let stroke = Stroke::new(Colour::Muted).width(1.0).dashed();
    let axis = || Axis::new("predicted probability").range(0.0, 1.0);
    let mut above = Panel::new(axis(), Axis::new("observed share").range(-0.03, 1.03))
        .sized(280.0, 260.0)
        .titled(title)
        .with(Series::new("as often as said", line(vec![0.0, 1.0], vec![0.0, 1.0], stroke)));
    let mut below = Panel::new(axis(), Axis::new("samples")).sized(280.0, 90.0).legend(Legend::Hidden);
    let shown = if p.len() == 2 { 1..2 } else { 0..p.len() };
    for k in shown {
        let colour = classes.colours[k];
        let mut bins = [[0.0; 3]; BINS];
        for (p, of) in p[k].iter().zip(&classes.of) {
            let [n, said, came] = &mut bins[((p * BINS as f64) as usize).min(BINS - 1)];
            *n += 1.0;
            *said += p;
            *came += f64::from(u8::from(*of == k));
        }
        let filled = || bins.iter().filter(|[n, ..]| *n > 0.0);
        let (x, y): (Vec<f64>, Vec<f64>) = filled().map(|[n, said, came]| (said / n, came / n)).unzip();
        let marker = Marker::new(Symbol::of_class(k), colour);
        above = above
            .with(Series::line(&classes.names[k], x.clone(), y.clone(), colour))
            .with(Series::points("", x, y, marker));
        let mark = Mark::Bars {
            edges: (0..=BINS).map(|b| b as f64 / BINS as f64).collect(),
            heights: bins.iter().map(|[n, ..]| *n).collect(),
            fill: Fill { colour, opacity: 0.5 },
        };
        below = below.with(Series::new("", mark));
    }
    Ok(vec![above, below])
}
