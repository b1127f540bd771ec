//! `regions`: what the network says everywhere. The most probable class with its probability as shading, the samples on
//! it, those classified wrongly ringed; numbers as a curve or a field. Of a table all is in the units of its columns.

use chainrule::landscape::Regions;
use chainrule::network::Network;
use chainrule::registry::{Entry, OptionKind, OptionSpec, Options};
use chainrule_experiment::Outcome;

use super::arrange::under_one_legend;
use super::parts::{
    Shown, around, by_class, classes, grid, grids, in_strips, line, marker, points, predicted, ring, shown,
    small_if_many, spaced, true_curves,
};
use super::units::{joined, left_out, numbers, over, target};
use super::{Draw, Subject, option, unsuitable};
use crate::{
    Axis, Change, Colour, ColourMap, ColourScale, Direction, Error, Figure, Frame, Mark, Panel, Series,
    Shading, Stroke,
};

pub(super) const ENTRY: Entry<Draw> = Entry {
    name: "regions",
    aliases: &[],
    summary: "the class predicted everywhere, the fuller the surer, with the samples; wrong ones ringed",
    options: &[
        option::VARIANT,
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
    summary: "of more than two inputs, the one along the horizontal axis; principal components when none is named",
};

const Y: OptionSpec = OptionSpec {
    name: "y",
    kind: OptionKind::Name,
    summary: "of more than two inputs, the one along the vertical axis",
};

/// The height of the shading under a curve over one input.
const HEIGHT: [f64; 2] = [-0.08, 1.08];

fn draw(subject: &Subject<'_>, options: &Options) -> Result<Figure, Error> {
    let mut captions: Vec<String> = Vec::new();
    let mut panels = Vec::new();
    let mut frames: Vec<Frame> = Vec::new();
    let mut refused = None;
    let chosen = subject.chosen(options)?;
    for outcome in &chosen {
        let map = match Map::new(outcome, options) {
            Ok(map) => map,
            Err(error @ Error::Unsuitable { .. }) => {
                refused = refused.or(Some(error));
                continue;
            }
            Err(error) => return Err(error),
        };
        let place = panels.len();
        panels.push(map.panel(&subject.title(outcome))?);
        let shown = option::frames(options, outcome.trajectory().len());
        for (f, record) in shown.into_iter().enumerate() {
            let (epoch, parameters) = &outcome.trajectory()[record];
            let network = Network::new(outcome.architecture.clone(), parameters.clone())?;
            let change = Change { panel: place, series: 0, mark: map.background(&network)? };
            option::add_frame(&mut frames, f, [*epoch, last(outcome)], vec![change]);
        }
        let left_out = left_out(&map.shown.units, &map.at, &map.ranges);
        captions.extend([map.shown.caption, left_out]);
    }
    if let Some(error) = refused.filter(|_| panels.is_empty()) {
        return Err(error);
    }
    let mut figure =
        Figure::new("What the network says everywhere", under_one_legend(panels)).caption(joined(captions));
    figure.frames = option::common(frames);
    Ok(figure)
}

/// The last epoch recorded.
fn last(outcome: &Outcome) -> u64 {
    outcome.trajectory().last().map_or(0, |(epoch, _)| *epoch)
}

/// The map of one network: what is shown, and where.
struct Map<'o> {
    outcome: &'o Outcome,
    shown: Shown,
    /// Where the samples are seen, and what is shown of each axis, in its unit.
    at: Vec<[f64; 2]>,
    ranges: [[f64; 2]; 2],
    resolution: usize,
}

impl Map<'_> {
    fn new<'o>(outcome: &'o Outcome, options: &Options) -> Result<Map<'o>, Error> {
        let n_outputs = outcome.architecture.n_outputs();
        if n_outputs > 1 && classes(outcome).is_none() {
            let reason = format!(
                "it has {n_outputs} outputs that are not exclusive classes; \"residuals\" shows numbers"
            );
            return unsuitable(ENTRY.name, outcome, reason);
        }
        let shown = shown(outcome, options.text("x"), options.text("y"))?;
        let at = shown.seen(outcome);
        let of = |k: usize| shown.units[k].ends(&at.iter().map(|at| at[k]).collect::<Vec<f64>>(), 0.12);
        let x = shown.units[0].range(options, "x_range")?.unwrap_or_else(|| of(0));
        let y = shown.units[1].range(options, "y_range")?.unwrap_or_else(|| of(1));
        let resolution = options.number("resolution") as usize;
        Ok(Map { outcome, shown, at, ranges: [x, y], resolution })
    }

    fn is_line(&self) -> bool {
        self.shown.plane.n_dimensions() == 1
    }

    fn over(&self, network: &Network<f64>) -> Result<Regions<f64>, Error> {
        let [x, y] = self.ranges;
        let axes = if self.is_line() {
            vec![points(x, 3 * self.resolution)?]
        } else {
            vec![points(x, self.resolution)?, points(y, self.resolution)?]
        };
        Ok(over(network, &self.shown.plane, &self.shown.units, &axes))
    }

    /// What the first series of the panel shows of a network.
    fn background(&self, network: &Network<f64>) -> Result<Mark, Error> {
        let over = self.over(network)?;
        if let Some(classes) = classes(self.outcome) {
            return Ok(Mark::Regions {
                probabilities: grids(&over, HEIGHT),
                colours: classes.colours,
                classes: classes.names,
                boundary: (!self.is_line()).then(|| Stroke::new(Colour::Ink).width(1.4)),
            });
        }
        if self.is_line() {
            let x = over.axes[0].values();
            return Ok(line(x, numbers(self.outcome, over.y), Stroke::new(Colour::Ink)));
        }
        let ends = around(&numbers(self.outcome, self.outcome.samples.dataset.t().to_vec()), 0.0);
        let colours = ColourScale { range: Some(ends), ..ColourScale::new(ColourMap::Viridis) };
        Ok(Mark::Field {
            grid: grid(&over.axes, HEIGHT, numbers(self.outcome, over.y)),
            colours: colours.with_bar(target(self.outcome, "$y$")),
            shading: Shading::Bands,
            levels: spaced(ends, 11),
            lines: None,
        })
    }

    fn panel(&self, title: &str) -> Result<Panel, Error> {
        let (outcome, network) = (self.outcome, self.outcome.network());
        let data = &outcome.samples.dataset;
        let [x, y] = self.ranges;
        let (x_axis, y_axis) = (self.shown.axis(0).range(x[0], x[1]), self.shown.axis(1));
        let Some(classes) = classes(outcome) else {
            let (name, y_axis) = if self.is_line() {
                ("network", Axis::new(target(outcome, "$t$, $y$")))
            } else {
                ("", y_axis)
            };
            let (at_x, at_y): (Vec<f64>, Vec<f64>) = self.at.iter().map(|at| (at[0], at[1])).unzip();
            let at_y = if self.is_line() { numbers(outcome, data.t().to_vec()) } else { at_y };
            let samples = Series::points("samples", at_x, at_y, small_if_many(marker(0), data.n_samples()));
            let panel = Panel::new(x_axis, y_axis).titled(title);
            return Ok(panel.with(Series::new(name, self.background(&network)?)).with(samples));
        };
        let predicted = predicted(outcome);
        let wrong: Vec<usize> = (0..data.n_samples()).filter(|&i| predicted[i] != classes.of[i]).collect();
        let count = format!("{} of {} wrong", wrong.len(), data.n_samples());
        let title = if title.is_empty() { count } else { format!("{title}: {count}") };
        let mut panel = if self.is_line() {
            Panel::new(x_axis, Axis::new("probability").range(HEIGHT[0], HEIGHT[1])).sized(520.0, 240.0)
        } else {
            Panel::new(x_axis, y_axis.range(y[0], y[1])).sized(320.0, 300.0)
        };
        panel = panel.titled(title).with(Series::new("", self.background(&network)?));
        let mut at = self.at.clone();
        if self.is_line() {
            // Samples of class k where its certainty is; of two classes at 0 and 1.
            let n = classes.names.len() as f64 - 1.0;
            at.iter_mut().zip(&classes.of).for_each(|(at, k)| at[1] = *k as f64 / n);
            let over = self.over(&network)?;
            let curves = grids(&over, HEIGHT);
            let shown = if curves.len() == 2 { 1..2 } else { 0..curves.len() };
            for k in shown {
                let colour = if curves.len() == 2 { Colour::Ink } else { classes.colours[k] };
                let name = format!("probability of {}", classes.names[k]);
                panel =
                    panel.with(Series::line(name, over.axes[0].values(), curves[k].values.clone(), colour));
            }
            let borders = borders(&over);
            if (1..=20).contains(&borders.len()) {
                let stroke = Stroke::new(Colour::Muted).width(1.2).dashed();
                panel = panel
                    .with(Series::new("boundary", Mark::Rule { at: borders, along: Direction::X, stroke }));
            }
        }
        panel.series.extend(true_curves(outcome, &classes, &at));
        let samples = if self.is_line() { in_strips(&classes, &at) } else { by_class(&classes, &at) };
        panel.series.extend(samples);
        // Thousands of rings would hide what they ring.
        if (1..=200).contains(&wrong.len()) {
            let (x, y) = wrong.iter().map(|&i| (at[i][0], at[i][1])).unzip();
            panel = panel.with(Series::points("classified wrongly", x, y, ring(at.len())));
        }
        Ok(panel)
    }
}

/// Where the class predicted changes along a line of inputs.
fn borders(over: &Regions<f64>) -> Vec<f64> {
    let (Some(classes), x) = (over.classes(), over.axes[0].values()) else { return Vec::new() };
    (1..classes.len())
        .filter(|&i| classes[i] != classes[i - 1])
        .map(|i| f64::midpoint(x[i - 1], x[i]))
        .collect()
}
