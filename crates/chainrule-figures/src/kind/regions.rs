//! `regions`: decision regions shaded by class probability, with the samples and circles around
//! misclassified ones; for regression, the predictions as a curve or a contour plot.
//!
//! Inputs and targets from a table are in the units of their columns.

use chainrule::landscape::Regions;
use chainrule::network::Network;
use chainrule::registry::{Entry, OptionKind, OptionSpec, Options};
use chainrule_experiment::Outcome;

use super::arrange::with_shared_legend;
use super::axis::{grid_axis, linspace, padded_range};
use super::series::{
    InputPlane, SampleClasses, by_class, by_class_in_strips, coloured_classes, grid, grids, input_plane,
    line, marker, misclassified_marker, predicted, small_if_many, true_curves,
};
use super::subject::unsuitable;
use super::units::{decode_targets, evaluate, join_captions, outlier_caption, target_label};
use super::{Draw, Subject, option, rows};
use crate::{
    Axis, Change, Colour, ColourMap, ColourScale, Direction, Error, Figure, Frame, Mark, Panel, Series,
    Shading, Stroke,
};

pub(super) const ENTRY: Entry<Draw> = Entry {
    name: "regions",
    aliases: &[],
    summary: "decision regions shaded by class probability, with the samples; misclassified samples are circled",
    options: &[
        option::VARIANT,
        rows::ROWS,
        option::COLOURS,
        X,
        Y,
        option::X_RANGE,
        option::Y_RANGE,
        option::resolution(240.0),
        option::ANIMATE,
    ],
    make: |_| draw,
};

const X: OptionSpec = OptionSpec {
    name: "x",
    kind: OptionKind::Name,
    summary: "input on the horizontal axis if there are more than two; if empty, principal components are shown",
};

const Y: OptionSpec = OptionSpec {
    name: "y",
    kind: OptionKind::Name,
    summary: "input on the vertical axis if there are more than two",
};

/// Number of grid points of a frame of an animation, over all panels: thirty frames of a byte per
/// point are less than a megabyte in a page.
const FRAME_POINTS: f64 = 14_400.0;

/// Vertical range of the shading under a curve over one input.
const HEIGHT: [f64; 2] = [-0.08, 1.08];

fn draw(subject: &Subject<'_>, options: &Options) -> Result<Figure, Error> {
    let mut captions: Vec<String> = Vec::new();
    let mut panels = Vec::new();
    let mut frames: Vec<Frame> = Vec::new();
    let mut refused = None;
    let mut is_classification = false;
    let selected = subject.selected(options)?;
    let frame_resolution = (FRAME_POINTS / selected.len().max(1) as f64).sqrt() as usize;
    for outcome in selected {
        let map = match RegionMap::new(outcome, options) {
            Ok(map) => map,
            Err(error @ Error::Unsuitable { .. }) => {
                refused = refused.or(Some(error));
                continue;
            }
            Err(error) => return Err(error),
        };
        is_classification |= map.classes.is_some();
        let index = panels.len();
        panels.push(map.panel(&subject.title(outcome))?);
        let records = option::frame_indices(options, outcome.trajectory().len());
        for (f, record) in records.into_iter().enumerate() {
            let (epoch, parameters) = &outcome.trajectory()[record];
            let network = Network::new(outcome.architecture.clone(), parameters.clone())?;
            let change = Change {
                panel: index,
                series: 0,
                mark: map.background(&network, map.resolution.min(frame_resolution))?,
            };
            option::add_frame(&mut frames, f, [*epoch, last_epoch(outcome)], vec![change]);
        }
        let outliers = outlier_caption(&map.inputs.units, &map.at, &map.ranges);
        captions.extend([map.inputs.caption, outliers]);
    }
    if let Some(error) = refused.filter(|_| panels.is_empty()) {
        return Err(error);
    }
    let title = if is_classification { "Decision regions" } else { "Predictions" };
    let mut figure = Figure::new(title, with_shared_legend(panels)).caption(join_captions(captions));
    figure.frames = option::common_frames(frames);
    Ok(figure)
}

/// Returns the last recorded epoch.
fn last_epoch(outcome: &Outcome) -> u64 {
    outcome.trajectory().last().map_or(0, |(epoch, _)| *epoch)
}

/// Decision regions or predictions of one network over a plane of inputs.
struct RegionMap<'o> {
    outcome: &'o Outcome,
    classes: Option<SampleClasses>,
    inputs: InputPlane,
    /// Projected samples and limits of the axes, in their units.
    at: Vec<[f64; 2]>,
    ranges: [[f64; 2]; 2],
    resolution: usize,
}

impl RegionMap<'_> {
    fn new<'o>(outcome: &'o Outcome, options: &Options) -> Result<RegionMap<'o>, Error> {
        let n_outputs = outcome.architecture.n_outputs();
        let classes = coloured_classes(outcome, options)?;
        if n_outputs > 1 && classes.is_none() {
            let reason = format!(
                "its {n_outputs} outputs are not mutually exclusive classes; use \"residuals\" for regression"
            );
            return unsuitable(ENTRY.name, outcome, reason);
        }
        let inputs = input_plane(outcome, options.text("x"), options.text("y"))?;
        let at = inputs.project_samples(outcome);
        let limits =
            |k: usize| inputs.units[k].limits(&at.iter().map(|at| at[k]).collect::<Vec<f64>>(), 0.12);
        let x = inputs.units[0].range(options, "x_range")?.unwrap_or_else(|| limits(0));
        let y = inputs.units[1].range(options, "y_range")?.unwrap_or_else(|| limits(1));
        let resolution = options.number("resolution") as usize;
        Ok(RegionMap { outcome, classes, inputs, at, ranges: [x, y], resolution })
    }

    fn is_line(&self) -> bool {
        self.inputs.plane.n_dimensions() == 1
    }

    fn evaluate(&self, network: &Network<f64>, resolution: usize) -> Result<Regions<f64>, Error> {
        let [x, y] = self.ranges;
        let axes = if self.is_line() {
            vec![grid_axis(x, 3 * resolution)?]
        } else {
            vec![grid_axis(x, resolution)?, grid_axis(y, resolution)?]
        };
        Ok(evaluate(network, &self.inputs.plane, &self.inputs.units, &axes))
    }

    /// Returns the mark of the first series of the panel: the regions or predictions of a network.
    fn background(&self, network: &Network<f64>, resolution: usize) -> Result<Mark, Error> {
        let outputs = self.evaluate(network, resolution)?;
        if let Some(classes) = &self.classes {
            return Ok(Mark::Regions {
                probabilities: grids(&outputs, HEIGHT),
                colours: classes.colours.clone(),
                classes: classes.names.clone(),
                boundary: (!self.is_line()).then(|| Stroke::new(Colour::Ink).width(1.4)),
            });
        }
        if self.is_line() {
            let x = outputs.axes[0].values();
            return Ok(line(x, decode_targets(self.outcome, outputs.y), Stroke::new(Colour::Ink)));
        }
        let ends =
            padded_range(&decode_targets(self.outcome, self.outcome.samples.dataset.t().to_vec()), 0.0);
        let colours = ColourScale { range: Some(ends), ..ColourScale::new(ColourMap::Viridis) };
        Ok(Mark::Field {
            grid: grid(&outputs.axes, HEIGHT, decode_targets(self.outcome, outputs.y)),
            colours: colours.with_bar(target_label(self.outcome, "$y$")),
            shading: Shading::Bands,
            levels: linspace(ends, 11),
            lines: None,
        })
    }

    fn panel(&self, title: &str) -> Result<Panel, Error> {
        let (outcome, network) = (self.outcome, self.outcome.network());
        let data = &outcome.samples.dataset;
        let [x, y] = self.ranges;
        let (x_axis, y_axis) = (self.inputs.axis(0).range(x[0], x[1]), self.inputs.axis(1));
        let Some(classes) = &self.classes else {
            let (name, y_axis) = if self.is_line() {
                ("prediction", Axis::new(target_label(outcome, "$t$, $y$")))
            } else {
                ("", y_axis)
            };
            let (at_x, at_y): (Vec<f64>, Vec<f64>) = self.at.iter().map(|at| (at[0], at[1])).unzip();
            let at_y = if self.is_line() { decode_targets(outcome, data.t().to_vec()) } else { at_y };
            let samples = Series::points("samples", at_x, at_y, small_if_many(marker(0), data.n_samples()));
            let panel = Panel::new(x_axis, y_axis).titled(title);
            return Ok(panel
                .with(Series::new(name, self.background(&network, self.resolution)?))
                .with(samples));
        };
        let predicted = predicted(outcome);
        let misclassified: Vec<usize> =
            (0..data.n_samples()).filter(|&i| predicted[i] != classes.labels[i]).collect();
        let count = format!("{} of {} misclassified", misclassified.len(), data.n_samples());
        let title = if title.is_empty() { count } else { format!("{title}: {count}") };
        let mut panel = if self.is_line() {
            Panel::new(x_axis, Axis::new("probability").range(HEIGHT[0], HEIGHT[1])).sized(520.0, 240.0)
        } else {
            Panel::new(x_axis, y_axis.range(y[0], y[1])).sized(320.0, 300.0)
        };
        panel = panel.titled(title).with(Series::new("", self.background(&network, self.resolution)?));
        let mut at = self.at.clone();
        if self.is_line() {
            // Classes are at evenly spaced heights; two classes at probability 0 and 1.
            let n = classes.names.len() as f64 - 1.0;
            at.iter_mut().zip(&classes.labels).for_each(|(at, k)| at[1] = *k as f64 / n);
            let outputs = self.evaluate(&network, self.resolution)?;
            let curves = grids(&outputs, HEIGHT);
            let drawn_classes = if curves.len() == 2 { 1..2 } else { 0..curves.len() };
            for k in drawn_classes {
                let colour = if curves.len() == 2 { Colour::Ink } else { classes.colours[k] };
                let name = format!("probability of {}", classes.names[k]);
                panel = panel.with(Series::line(
                    name,
                    outputs.axes[0].values(),
                    curves[k].values.clone(),
                    colour,
                ));
            }
            let thresholds = thresholds(&outputs);
            if (1..=20).contains(&thresholds.len()) {
                let stroke = Stroke::new(Colour::Muted).width(1.2).dashed();
                let mark = Mark::Rule { at: thresholds, along: Direction::X, stroke };
                panel = panel.with(Series::new("decision boundary", mark));
            }
        }
        panel.series.extend(true_curves(outcome, classes, &at));
        let samples = if self.is_line() { by_class_in_strips(classes, &at) } else { by_class(classes, &at) };
        panel.series.extend(samples);
        // Too many rings would hide the samples.
        if (1..=200).contains(&misclassified.len()) {
            let (x, y) = misclassified.iter().map(|&i| (at[i][0], at[i][1])).unzip();
            panel = panel.with(Series::points("misclassified", x, y, misclassified_marker(at.len())));
        }
        Ok(panel)
    }
}

/// Returns the inputs at which the predicted class changes along a line.
fn thresholds(outputs: &Regions<f64>) -> Vec<f64> {
    let (Some(classes), x) = (outputs.classes(), outputs.axes[0].values()) else { return Vec::new() };
    (1..classes.len())
        .filter(|&i| classes[i] != classes[i - 1])
        .map(|i| f64::midpoint(x[i - 1], x[i]))
        .collect()
}
