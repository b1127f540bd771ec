//! `gradients`: gradient norms of the layers over the epochs, and the gradient check.

use chainrule::gradcheck::{self, GradientReport, ParameterSelection, Verdict};
use chainrule::objective::Objective;
use chainrule::registry::{Entry, Options};
use chainrule_experiment::Outcome;

use super::axis::padded_range;
use super::series::line;
use super::{Draw, Subject, option};
use crate::{Axis, Colour, Error, Figure, Marker, Panel, Series, Stroke, Symbol};

pub(super) const ENTRY: Entry<Draw> = Entry {
    name: "gradients",
    aliases: &[],
    summary: "gradient norm of each layer over epochs; gradient check of analytic against numerical derivatives",
    options: &[option::VARIANT],
    make: |_| draw,
};

/// Maximum numbers of checked parameters, and of samples used for the check.
const MAX_CHECKED: usize = 300;
const MAX_SAMPLES: usize = 1000;

fn draw(subject: &Subject<'_>, options: &Options) -> Result<Figure, Error> {
    let mut rows = Vec::new();
    for outcome in subject.selected(options)? {
        let title = subject.title(outcome);
        let mut row = Vec::new();
        row.extend(norms(outcome, &title));
        row.push(check(outcome, if row.is_empty() { &title } else { "" })?);
        rows.push(row);
    }
    Ok(Figure::new("Gradients", rows).caption(
        "Left: gradient norm of each layer at the last step of each epoch. Right: derivatives from backpropagation and \
         from central differences after training.",
    ))
}

fn norms(outcome: &Outcome, title: &str) -> Option<Panel> {
    let epochs: Vec<_> =
        outcome.history.epochs.iter().filter(|epoch| !epoch.gradient_norm.is_empty()).collect();
    if epochs.is_empty() {
        return None;
    }
    let mut panel =
        Panel::new(Axis::new("epoch"), Axis::new("gradient norm").log()).sized(380.0, 280.0).titled(title);
    for l in 0..outcome.architecture.layers().len() {
        let x = epochs.iter().map(|epoch| epoch.epoch as f64).collect();
        let norm = |v: f64| if v > 0.0 && v.is_finite() { v } else { f64::NAN };
        let y: Vec<f64> = epochs.iter().map(|epoch| norm(epoch.gradient_norm[l])).collect();
        if y.iter().any(|v| v.is_finite()) {
            panel = panel.with(Series::line(outcome.architecture.layer_name(l), x, y, Colour::Palette(l)));
        }
    }
    (!panel.series.is_empty()).then_some(panel)
}

/// Runs the gradient check at the trained parameters on the first samples, and returns their
/// number.
pub(crate) fn checked(outcome: &Outcome) -> Result<(GradientReport, usize), Error> {
    let data = &outcome.samples.dataset;
    let mut objective = Objective::new(&outcome.architecture, &outcome.loss, data.clone())?;
    let rows: Vec<u32> = (0..data.n_samples().min(MAX_SAMPLES) as u32).collect();
    let selection = if outcome.architecture.n_parameters() > MAX_CHECKED {
        ParameterSelection::Sample { count: MAX_CHECKED, seed: 0 }
    } else {
        ParameterSelection::All
    };
    let report =
        gradcheck::network(&mut objective, &outcome.parameters, &rows, outcome.reduction, selection)?;
    Ok((report, rows.len()))
}

fn check(outcome: &Outcome, title: &str) -> Result<Panel, Error> {
    let (report, _) = checked(outcome)?;
    let derivatives = |verdict: Verdict| {
        let checked = report.checked.iter().filter(move |checked| checked.verdict == verdict);
        checked.map(|checked| (checked.analytic, checked.numeric)).unzip::<f64, f64, Vec<f64>, Vec<f64>>()
    };
    let all: Vec<f64> =
        report.checked.iter().flat_map(|checked| [checked.analytic, checked.numeric]).collect();
    // The range is widened so that rounding errors are not visible if all derivatives are close to
    // 0.
    let agreeing = report.checked.iter().filter(|checked| checked.verdict == Verdict::Agrees);
    let rounding = agreeing.map(|checked| (checked.analytic - checked.numeric).abs()).fold(0.0, f64::max);
    let (ends, half) = (padded_range(&all, 0.06), 50.0 * rounding);
    let middle = f64::midpoint(ends[0], ends[1]);
    let ends = if ends[1] - middle < half { [middle - half, middle + half] } else { ends };
    let stroke = Stroke::new(Colour::Muted).width(1.0).dashed();
    let mut panel = Panel::new(
        Axis::new("backpropagation").range(ends[0], ends[1]),
        Axis::new("central differences").range(ends[0], ends[1]),
    )
    .equal()
    .sized(280.0, 280.0)
    .titled(title)
    .with(Series::new("identity", line(ends.to_vec(), ends.to_vec(), stroke)));
    let verdicts = [
        (Verdict::Agrees, "agree", Symbol::Circle, Colour::Palette(0)),
        (Verdict::Kink, "at a kink", Symbol::Diamond, Colour::Palette(4)),
        (Verdict::Differs, "differ", Symbol::Cross, Colour::Palette(1)),
    ];
    for (verdict, name, symbol, colour) in verdicts {
        let (x, y) = derivatives(verdict);
        if !x.is_empty() {
            let marker = Marker { edge: None, opacity: 0.7, ..Marker::new(symbol, colour).size(5.5) };
            panel = panel.with(Series::points(format!("{name}: {}", x.len()), x, y, marker));
        }
    }
    Ok(panel)
}
