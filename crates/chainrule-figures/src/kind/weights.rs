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
use super::{Draw, Subject, option};
use crate::{
    Anchor, Axis, Colour, ColourMap, ColourScale, Edge, Error, Figure, Fill, Grid, Mark, Node, Panel, Series,
    Shading, Stroke,
};

pub(super) const ENTRY: Entry<Draw> = Entry {
    name: "weights",
    aliases: &[],
    summary: "network diagram, activation maps of the first hidden units over two inputs, weight histograms per layer",
    options: &[option::VARIANT],
    make: |_| draw,
};

/// Maximum number of units per layer in a diagram; wider networks are drawn as a weight matrix.
const MAX_UNITS: usize = 24;

/// Maximum numbers of activation maps per layer, and of layers with maps.
const MAX_MAPS: usize = 8;
const MAX_MAPPED_LAYERS: usize = 2;

/// Number of histogram bars.
const BARS: usize = 24;

fn draw(subject: &Subject<'_>, options: &Options) -> Result<Figure, Error> {
    let (mut rows, mut has_maps) = (Vec::new(), false);
    for outcome in subject.selected(options)? {
        let mut row = vec![network(outcome).titled(subject.title(outcome))];
        row.extend(histograms(outcome));
        let mut maps = maps(outcome)?;
        has_maps |= !maps.is_empty();
        // A few maps fit next to the diagram.
        if maps.len() == 1 && row.len() + maps[0].len() <= 4 {
            row.extend(maps.remove(0));
        }
        rows.push(row);
        rows.extend(maps);
    }
    let mut caption =
        "Negative weights are blue, positive weights orange; line width shows their magnitude.".to_owned();
    if has_maps {
        caption.push_str(
            " Maps: activation of a hidden unit over the inputs, orange above and blue below its value at \
             pre-activation z = 0 (black line).",
        );
    }
    Ok(Figure::new("Weights", rows).caption(caption))
}

/// Draws a network diagram, or the weight matrix of the first layer if there are too many units.
fn network(outcome: &Outcome) -> Panel {
    let architecture = &outcome.architecture;
    let widths: Vec<usize> = [architecture.n_inputs()]
        .into_iter()
        .chain(architecture.layers().iter().map(|layer| layer.n_units))
        .collect();
    if widths.iter().any(|n| *n > MAX_UNITS) {
        return matrix(outcome);
    }
    let last = widths.len() - 1;
    let tallest = widths.iter().max().copied().unwrap_or(1) as f64;
    let mut nodes = Vec::new();
    for (l, &n) in widths.iter().enumerate() {
        for i in 0..n {
            let label = match l {
                0 if n > 9 => String::new(),
                0 => input(outcome, i),
                l if l == last && n == 1 => "$y$".to_owned(),
                l if l == last => format!("$y_{}$", i + 1),
                _ if n > 9 => String::new(),
                _ if n == 1 => "$h$".to_owned(),
                _ => format!("$h_{}$", i + 1),
            };
            let label = if label.chars().count() > 8 { format!("$x_{}$", i + 1) } else { label };
            let colour = if l == 0 { Colour::Rgb([0xdd; 3]) } else { Colour::Paper };
            let spread = if n > 1 { (tallest - 1.0).max(1.0) / (n as f64 - 1.0).max(1.0) } else { 1.0 };
            let gap = spread.min(1.6);
            nodes.push(Node { at: [l as f64, gap * ((n as f64 - 1.0) / 2.0 - i as f64)], label, colour });
        }
    }
    let mut edges = Vec::new();
    let mut first = 0;
    for l in 0..last {
        let w = architecture.weights(l, &outcome.parameters);
        let (n_in, n_out) = (widths[l], widths[l + 1]);
        for (k, &weight) in w.iter().enumerate() {
            edges.push(Edge { from: first + k / n_out, to: first + n_in + k % n_out, weight });
        }
        first += n_in;
    }
    let low = nodes.iter().map(|node| node.at[1]).fold(0.0, f64::min);
    let mut panel = Panel::new(
        Axis::new("").range(-0.35, last as f64 + 0.35),
        Axis::new("").range(low - 1.1, -low + 0.6),
    )
    .bare()
    .sized((130.0 * last as f64).clamp(220.0, 460.0), (26.0 * tallest + 60.0).clamp(150.0, 380.0))
    .with(Series::new("", Mark::Network { nodes, edges }));
    for l in 0..=last {
        let text = if l == 0 { "inputs".to_owned() } else { architecture.layer_name(l - 1) };
        let mark =
            Mark::Text { at: [l as f64, low - 0.85], text, anchor: Anchor::Middle, colour: Colour::Muted };
        panel = panel.with(Series::new("", mark));
    }
    panel
}

/// Draws the weight matrix of the first layer as coloured cells.
fn matrix(outcome: &Outcome) -> Panel {
    let architecture = &outcome.architecture;
    let w = architecture.weights(0, &outcome.parameters);
    let n_columns = architecture.layers()[0].n_units;
    let mark = Mark::Matrix {
        n_columns,
        values: w.to_vec(),
        texts: Vec::new(),
        colours: ColourScale::new(ColourMap::Diverging).centred(0.0).with_bar("weight"),
    };
    let n_inputs = architecture.n_inputs();
    let inputs = if n_inputs <= MAX_UNITS {
        Axis::new("").names((0..n_inputs).map(|j| input(outcome, j)))
    } else {
        Axis::new("input")
    };
    Panel::new(Axis::new(format!("{} unit", architecture.layer_name(0))), inputs)
        .sized(360.0, (40.0 * n_inputs as f64).clamp(60.0, 280.0))
        .with(Series::new("", mark))
}

fn histograms(outcome: &Outcome) -> Option<Panel> {
    let architecture = &outcome.architecture;
    // A few weights are easier to read in the diagram.
    if architecture.n_parameters() < 30 {
        return None;
    }
    let layers: Vec<&[f64]> =
        (0..architecture.layers().len()).map(|l| architecture.weights(l, &outcome.parameters)).collect();
    let ends = padded_range(&layers.concat(), 0.02);
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

/// Draws activation maps of the units of the first two hidden layers over two inputs.
fn maps(outcome: &Outcome) -> Result<Vec<Vec<Panel>>, Error> {
    let (architecture, network, data) = (&outcome.architecture, outcome.network(), &outcome.samples.dataset);
    if data.n_inputs() != 2 {
        return Ok(Vec::new());
    }
    let units = [0, 1].map(|j| Unit::of_input(outcome, j));
    let samples =
        |j: usize| data.x().iter().skip(j).step_by(2).map(|u| units[j].decode(*u)).collect::<Vec<f64>>();
    let (x, y) = (units[0].limits(&samples(0), 0.1), units[1].limits(&samples(1), 0.1));
    let n = 48;
    let (u, v) = (units[0].encoded(&grid_axis(x, n)?.values()), units[1].encoded(&grid_axis(y, n)?.values()));
    let at: Vec<f64> = v.iter().flat_map(|v| u.iter().flat_map(|u| [*u, *v])).collect();
    let mut rows = Vec::new();
    for l in 0..(architecture.layers().len() - 1).min(MAX_MAPPED_LAYERS) {
        let layer = &architecture.layers()[l];
        let n_units = layer.n_units;
        let a = activations(&network, &architecture.layer_name(l), &at)?;
        let layer_input =
            if l == 0 { at.clone() } else { activations(&network, &architecture.layer_name(l - 1), &at)? };
        let mut middle = [0.0];
        layer.activation.values(&[0.0], &mut middle);
        let mut row = Vec::new();
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
            let [x_axis, y_axis] = [0, 1].map(|j| units[j].axis(input(outcome, j)));
            let panel = Panel::new(x_axis, y_axis)
                .sized(110.0, 110.0)
                .titled(title)
                .with(Series::new("", field(grid(a), Shading::Smooth, None)))
                .with(Series::new("", field(grid(z), Shading::None, Some(Stroke::default().width(0.8)))));
            row.push(panel);
        }
        rows.extend(row.chunks(4).map(<[Panel]>::to_vec));
    }
    Ok(rows)
}
