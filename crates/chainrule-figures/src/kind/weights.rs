//! `weights`: a network diagram, activation maps of hidden units over two inputs, and histograms of
//! the weights of each layer.
//!
//! Inputs from a table are in the units of their columns.

use chainrule::landscape::{Boundary, activations};
use chainrule::registry::{Entry, Options};
use chainrule_experiment::Outcome;

use super::axis::{grid_axis, linspace, padded_range};
use super::series::input;
use super::units::Unit;
use super::{Draw, Subject, animation, diagram, option};
use crate::{
    Axis, Colour, ColourMap, ColourScale, Error, Figure, Fill, Grid, Mark, Panel, Series, Shading, Stroke,
};

pub(super) const ENTRY: Entry<Draw> = Entry {
    name: "weights",
    aliases: &[],
    summary: "network diagram with biases, activation maps of the first hidden units over two inputs, weight histograms per layer",
    options: &[option::VARIANT, option::ANIMATE],
    make: |_| draw,
};

/// Maximum numbers of activation maps per layer, and of layers with maps.
const MAX_MAPS: usize = 8;
const MAX_MAPPED_LAYERS: usize = 2;

/// Size of a map in pixels, and number of grid points in each direction, also in animations.
const MAP_SIZE: [f64; 2] = [110.0, 110.0];
const MAP_POINTS: usize = 48;
const FRAME_MAP_POINTS: usize = 32;

/// Line at pre-activation 0: black in light and dark mode, because maps have the same colours in
/// both.
const ZERO: Stroke =
    Stroke { colour: Colour::Rgb([0x1a; 3]), width: 0.8, dash: crate::Dash::Solid, opacity: 1.0 };

/// Number of histogram bars.
const BARS: usize = 24;

fn draw(subject: &Subject<'_>, options: &Options) -> Result<Figure, Error> {
    let is_animated = option::is_animated(options);
    let (all, frames) = animation::rows(subject, options, |state, trained| {
        // All states of a training run have the same scale.
        let recorded = if is_animated { trained.trajectory() } else { &[] };
        let parameters = recorded.iter().map(|(_, parameters)| parameters).chain([&trained.parameters]);
        let largest = parameters.clone().map(|p| diagram::largest(p)).fold(0.0, f64::max);
        let ends = padded_range(&parameters.flatten().copied().collect::<Vec<f64>>(), 0.02);
        let mut panels = diagram::panels(state, largest);
        panels[0].title = [&subject.title(trained), &panels[0].title]
            .into_iter()
            .filter(|text| !text.is_empty())
            .cloned()
            .collect::<Vec<_>>()
            .join(": ");
        panels.extend(histograms(state, ends));
        panels.extend(maps(state, if is_animated { FRAME_MAP_POINTS } else { MAP_POINTS })?);
        Ok(panels)
    })?;
    let has_maps = all.iter().flatten().any(|panel| panel.size == MAP_SIZE);
    let has_diagram = all
        .iter()
        .flatten()
        .flat_map(|panel| &panel.series)
        .any(|series| matches!(series.mark, Mark::Network { .. }));
    let rows = all.into_iter().flat_map(arranged).collect();
    let mut caption = if has_diagram {
        "Lines: weights, and biases from the nodes 1; blue is negative, orange positive, and the width shows the magnitude."
    } else {
        "Weights and biases: blue is negative, orange positive."
    }
    .to_owned();
    if has_maps {
        caption.push_str(
            " Maps: activation of a hidden unit over the inputs, orange above and blue below its value at \
             pre-activation z = 0 (black line).",
        );
    }
    let mut figure = Figure::new("Weights", rows).caption(caption);
    figure.frames = frames;
    Ok(figure)
}

/// Arranges the panels of a network: matrices by two, a diagram with its histogram and a few maps,
/// and maps by four.
fn arranged(panels: Vec<Panel>) -> Vec<Vec<Panel>> {
    let (maps, others): (Vec<Panel>, Vec<Panel>) =
        panels.into_iter().partition(|panel| panel.size == MAP_SIZE);
    let mut rows: Vec<Vec<Panel>> = others.chunks(2).map(<[Panel]>::to_vec).collect();
    let n_others = rows[0].len();
    if rows.len() == 1 && n_others + maps.len() <= 4 {
        rows[0].extend(maps);
    } else {
        rows.extend(maps.chunks(4).map(<[Panel]>::to_vec));
    }
    rows
}

/// Draws the histogram of the weights of each layer between two ends.
fn histograms(outcome: &Outcome, ends: [f64; 2]) -> Option<Panel> {
    let architecture = &outcome.architecture;
    // A few weights are easier to read in the diagram.
    if architecture.n_parameters() < 30 {
        return None;
    }
    let layers: Vec<&[f64]> =
        (0..architecture.layers().len()).map(|l| architecture.weights(l, &outcome.parameters)).collect();
    let edges = linspace(ends, BARS + 1);
    let mut panel =
        Panel::new(Axis::new("weight"), Axis::new("fraction of the layer's weights")).sized(300.0, 200.0);
    for (l, w) in layers.iter().enumerate() {
        let mut heights = vec![0.0; BARS];
        for v in *w {
            let bar = ((v - ends[0]) / (ends[1] - ends[0]) * BARS as f64) as usize;
            heights[bar.min(BARS - 1)] += 1.0 / w.len() as f64;
        }
        let fill = Fill { colour: Colour::Palette(l), opacity: 0.45 };
        let mark = Mark::Bars { edges: edges.clone(), heights, fill };
        panel = panel.with(Series::new(architecture.layer_name(l), mark));
    }
    Some(panel)
}

/// Draws activation maps of the units of the first two hidden layers over two inputs, on a grid of
/// `n` points in each direction.
fn maps(outcome: &Outcome, n: usize) -> Result<Vec<Panel>, Error> {
    let (architecture, network, data) = (&outcome.architecture, outcome.network(), &outcome.samples.dataset);
    if data.n_inputs() != 2 {
        return Ok(Vec::new());
    }
    let units = [0, 1].map(|j| Unit::of_input(outcome, j));
    let samples =
        |j: usize| data.x().iter().skip(j).step_by(2).map(|u| units[j].decode(*u)).collect::<Vec<f64>>();
    let (x, y) = (units[0].limits(&samples(0), 0.1), units[1].limits(&samples(1), 0.1));
    let (u, v) = (units[0].encoded(&grid_axis(x, n)?.values()), units[1].encoded(&grid_axis(y, n)?.values()));
    let at: Vec<f64> = v.iter().flat_map(|v| u.iter().flat_map(|u| [*u, *v])).collect();
    let mut maps = Vec::new();
    for l in 0..(architecture.layers().len() - 1).min(MAX_MAPPED_LAYERS) {
        let layer = &architecture.layers()[l];
        let n_units = layer.n_units;
        let a = activations(&network, &architecture.layer_name(l), &at)?;
        let layer_input =
            if l == 0 { at.clone() } else { activations(&network, &architecture.layer_name(l - 1), &at)? };
        let mut middle = [0.0];
        layer.activation.values(&[0.0], &mut middle);
        for unit in 0..n_units.min(MAX_MAPS) {
            let grid = |values| Grid { x, y, n_x: n, n_y: n, values };
            let colours = ColourScale::new(ColourMap::Diverging).centred(middle[0]);
            let field = |grid, shading, lines| Mark::Field {
                grid,
                colours: colours.clone(),
                shading,
                levels: vec![0.0],
                lines,
            };
            let a = a.iter().skip(unit).step_by(n_units).copied().collect();
            let (w, b) =
                (architecture.weights(l, &outcome.parameters), architecture.bias(l, &outcome.parameters));
            let w = w[unit..].iter().step_by(n_units).copied().collect();
            let zero = Boundary { unit, against: None, w, b: b.map_or(0.0, |b| b[unit]) };
            let z = layer_input.chunks_exact(zero.w.len()).map(|x| zero.side(x)).collect();
            let title = format!("{}, unit {}", architecture.layer_name(l), unit + 1);
            let [x_axis, y_axis] =
                [0, 1].map(|j| units[j].axis(diagram::fitting(&input(outcome, j), MAP_SIZE[j] + 20.0)));
            let panel = Panel::new(x_axis, y_axis)
                .sized(MAP_SIZE[0], MAP_SIZE[1])
                .titled(title)
                .with(Series::new("", field(grid(a), Shading::Smooth, None)))
                .with(Series::new("", field(grid(z), Shading::None, Some(ZERO))));
            maps.push(panel);
        }
    }
    Ok(maps)
}
