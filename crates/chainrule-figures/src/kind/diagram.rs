//! Diagram of a network with its biases and the scale of its line widths; wide networks are drawn
//! as weight matrices.

use chainrule::network::Part;
use chainrule_experiment::Outcome;

use super::series::{classes, input};
use crate::font::{self, Weight};
use crate::network_style::edge_stroke;
use crate::scale::AxisScale;
use crate::ticks::{self, Tick};
use crate::{
    Anchor, Axis, Colour, ColourMap, ColourScale, Edge, LabelSide, Legend, Mark, Node, Note, Panel, Series,
};

/// Maximum number of units per layer in a diagram; wider networks are drawn as weight matrices.
const MAX_UNITS: usize = 32;

/// Maximum number of parameters whose values are written on the lines.
const MAX_WRITTEN: usize = 40;

/// Maximum number of characters of a name of an input or output.
const MAX_NAME: usize = 48;

/// Fill of inputs and of biases, which have no activation.
pub(super) const INPUT: Colour = Colour::Rgb([0xdd; 3]);

/// Space above and below the nodes, and the height of the layer names, in pixels.
const MARGIN: f64 = 24.0;
const NAME_HEIGHT: f64 = 22.0;

/// Returns the largest magnitude of the parameters, which is drawn as the widest line.
pub(super) fn largest(parameters: &[f64]) -> f64 {
    parameters.iter().map(|v| v.abs()).filter(|v| v.is_finite()).fold(0.0, f64::max).max(f64::MIN_POSITIVE)
}

/// Draws the diagram of a network, or its weight matrices if a layer has too many units.
///
/// `largest` is the magnitude of the widest line or the strongest colour.
pub(super) fn panels(outcome: &Outcome, largest: f64) -> Vec<Panel> {
    let architecture = &outcome.architecture;
    let n_layers = architecture.layers().len();
    let widest = architecture.layers().iter().map(|layer| layer.n_units).max().unwrap_or(1);
    if widest.max(architecture.n_inputs()) > MAX_UNITS {
        return (0..n_layers).map(|l| matrix(outcome, l, largest)).collect();
    }
    vec![diagram(outcome, largest)]
}

/// Returns the names of the outputs, if there are better ones than y1, y2 and so on.
fn output_names(outcome: &Outcome) -> Vec<String> {
    let n = outcome.architecture.n_outputs();
    let columns = outcome.samples.from_table.as_ref().map(|from| from.encoders.target.columns());
    match (classes(outcome), columns) {
        (Some(classes), _) if classes.names.len() == n => classes.names,
        (_, Some(columns)) if columns.len() == n => columns.iter().map(ToString::to_string).collect(),
        _ => vec![String::new(); n],
    }
}

/// Shortens a name to a width in pixels as an axis label.
pub(super) fn fitting(name: &str, width: f64) -> String {
    let fits = |text: &str| font::width(text, 13.0, Weight::Regular) <= width;
    if fits(name) {
        return name.to_owned();
    }
    let n = name.chars().count();
    let cut = |n: usize| name.chars().take(n).chain(['…']).collect::<String>();
    (1..n).rev().map(cut).find(|text| fits(text)).unwrap_or_else(|| cut(1))
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= MAX_NAME {
        return name.to_owned();
    }
    name.chars().take(MAX_NAME - 1).chain(['…']).collect()
}

fn diagram(outcome: &Outcome, largest: f64) -> Panel {
    let architecture = &outcome.architecture;
    let n_layers = architecture.layers().len();
    let widths: Vec<usize> = (0..=n_layers)
        .map(|l| if l == 0 { architecture.n_inputs() } else { architecture.layers()[l - 1].n_units })
        .collect();
    let has_bias = |l: usize| l < n_layers && architecture.block(l, Part::Bias).is_some();
    let is_written = architecture.n_parameters() <= MAX_WRITTEN;
    let tallest = (0..=n_layers).map(|l| widths[l] + usize::from(has_bias(l))).max().unwrap_or(1) as f64;
    let widest_target = widths[1..].iter().copied().max().unwrap_or(1) as f64;
    let (spacing, gap) = if is_written {
        ((15.0 * (widest_target + 1.0)).clamp(54.0, 76.0), (90.0 + 30.0 * widest_target).max(150.0))
    } else {
        ((560.0 / tallest).clamp(17.0, 46.0), 150.0)
    };

    let inputs: Vec<String> = (0..widths[0]).map(|i| shortened(&input(outcome, i))).collect();
    let outputs: Vec<String> = output_names(outcome).iter().map(|name| shortened(name)).collect();
    let width = |names: &[String]| {
        names.iter().map(|name| font::width(name, 12.5, Weight::Regular)).fold(0.0, f64::max)
    };
    let is_symbol = |name: &str| name.starts_with('$') && font::width(name, 12.5, Weight::Regular) < 24.0;
    let left = if inputs.iter().all(|name| is_symbol(name)) { 30.0 } else { width(&inputs) + 34.0 };
    let right = width(&outputs) + 34.0;

    let mut nodes = Vec::new();
    let mut firsts = Vec::new();
    for (l, &n) in widths.iter().enumerate() {
        firsts.push(nodes.len());
        let x = left + gap * l as f64;
        let y = |i: f64| spacing * (i - (n as f64 - 1.0) / 2.0);
        let numbered = |letter: &str, i: usize| {
            if n == 1 { format!("${letter}$") } else { format!("${letter}_{{{}}}$", i + 1) }
        };
        for i in 0..n {
            let node = Node { at: [x, y(i as f64)], colour: Colour::Paper, ..Node::default() };
            nodes.push(match l {
                0 if is_symbol(&inputs[i]) => Node { label: inputs[i].clone(), colour: INPUT, ..node },
                0 => Node { label: inputs[i].clone(), side: LabelSide::Left, colour: INPUT, ..node },
                l if l == n_layers && outputs[i].is_empty() => Node { label: numbered("y", i), ..node },
                l if l == n_layers => Node { label: outputs[i].clone(), side: LabelSide::Right, ..node },
                _ => Node { label: numbered("h", i), ..node },
            });
        }
        if has_bias(l) {
            nodes.push(Node {
                at: [x, y(n as f64)],
                label: "1".to_owned(),
                colour: INPUT,
                ..Node::default()
            });
        }
    }
    let top = nodes.iter().map(|node| node.at[1]).fold(f64::INFINITY, f64::min) - MARGIN;
    nodes.iter_mut().for_each(|node| node.at[1] -= top);
    let bottom = nodes.iter().map(|node| node.at[1]).fold(0.0, f64::max) + MARGIN;
    let [width, height] = [left + gap * n_layers as f64 + right, bottom + NAME_HEIGHT];
    // One unit of the axes is one pixel; y increases downwards.
    let mut panel = Panel::new(Axis::new("").range(0.0, width), Axis::new("").range(height, 0.0))
        .bare()
        .sized(width, height)
        .legend(Legend::Right);

    let mut edges = Vec::new();
    for block in architecture.blocks() {
        let n_out = block.n_out;
        for (k, index) in block.range.clone().enumerate() {
            let weight = outcome.parameters[index];
            let from = if block.part == Part::Weights { k / n_out } else { widths[block.layer] };
            let note = Note { text: short_number(weight, 2), colour: Colour::Ink };
            edges.push(Edge {
                from: firsts[block.layer] + from,
                to: firsts[block.layer + 1] + k % n_out,
                weight,
                name: architecture.parameter_name(index),
                stroke: None,
                notes: if is_written { vec![note] } else { Vec::new() },
            });
        }
    }
    panel = panel.with(Series::new("", Mark::Network { nodes, edges, largest: Some(largest) }));
    for l in 0..=n_layers {
        let text = if l == 0 { "inputs".to_owned() } else { architecture.layer_name(l - 1) };
        let at = [left + gap * l as f64, height - 0.5 * NAME_HEIGHT];
        panel = panel
            .with(Series::new("", Mark::Text { at, text, anchor: Anchor::Middle, colour: Colour::Muted }));
    }
    panel.series.extend(scale(largest));
    panel
}

/// Returns legend entries for the widths and colours of the lines at round numbers.
fn scale(largest: f64) -> Vec<Series> {
    let ticks = ticks::ticks([0.0, largest], AxisScale::Linear, 4);
    let positive: Vec<Tick> = ticks.into_iter().filter(|tick| tick.at > 0.0 && tick.at <= largest).collect();
    let step = positive.len().div_ceil(3).max(1);
    let positive: Vec<(f64, String)> =
        positive.into_iter().rev().step_by(step).map(|tick| (tick.at, tick.label)).collect();
    let negative = positive.iter().rev().map(|(v, label)| (-v, format!("−{label}")));
    let entry = |(v, name): (f64, String)| {
        // plotly.js does not list traces without points.
        let [x, y, z] = [vec![f64::NAN], vec![f64::NAN], Vec::new()];
        Series::new(name, Mark::Line { x, y, z, stroke: edge_stroke(v / largest) })
    };
    positive.iter().cloned().chain(negative).map(entry).collect()
}

/// Draws the weights and the bias of a layer as coloured cells, the bias in the last row.
fn matrix(outcome: &Outcome, l: usize, largest: f64) -> Panel {
    let architecture = &outcome.architecture;
    let (n_in, n_columns) = (architecture.n_in(l), architecture.layers()[l].n_units);
    let mut values = architecture.weights(l, &outcome.parameters).to_vec();
    let bias = architecture.bias(l, &outcome.parameters);
    values.extend(bias.unwrap_or_default());
    let is_last = l + 1 == architecture.layers().len();
    let colours = ColourScale { range: Some([-largest, largest]), ..ColourScale::new(ColourMap::Diverging) };
    let colours = if is_last { colours.with_bar("weight") } else { colours };
    let mark = Mark::Matrix { n_columns, values, texts: Vec::new(), colours };
    let source = if l == 0 { "input".to_owned() } else { format!("{} unit", architecture.layer_name(l - 1)) };
    let rows = if n_in <= MAX_UNITS {
        let name = |i: usize| if l == 0 { shortened(&input(outcome, i)) } else { i.to_string() };
        let names = (0..n_in).map(name).chain(bias.map(|_| "bias".to_owned()));
        Axis::new(if l == 0 { String::new() } else { source }).names(names)
    } else {
        Axis::new(if bias.is_some() { format!("{source}, bias in the last row") } else { source })
    };
    let name = architecture.layer_name(l);
    let columns = Axis::new(format!("{name} unit, from 0"));
    let columns = if n_columns <= 8 { columns.names((0..n_columns).map(|k| k.to_string())) } else { columns };
    let cell = |n: usize| if n <= 8 { 26.0 } else { 10.0 };
    let n_rows = n_in + usize::from(bias.is_some());
    Panel::new(columns, rows)
        .titled(name)
        .sized(
            (cell(n_columns) * n_columns as f64).clamp(60.0, 330.0),
            (cell(n_rows) * n_rows as f64).clamp(60.0, 330.0),
        )
        .with(Series::new("", mark))
}

/// Formats a number with a minus sign and at least this many significant digits, whole numbers
/// without decimals.
pub(super) fn short_number(v: f64, digits: usize) -> String {
    let magnitude = v.abs();
    let text = match magnitude {
        m if m.fract() == 0.0 && m < 99_999.5 => format!("{:.0}", v + 0.0),
        m if !(9.5e-4..99_999.5).contains(&m) => {
            let text = format!("{v:.1e}");
            let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            format!("{digits}·$10^{{{exponent}}}$")
        }
        m if m < 0.0995 => format!("{v:.*}", digits + 1),
        m if m < 0.9995 => format!("{v:.digits$}"),
        m if m < 9.995 => format!("{v:.2}"),
        m if m < 99.95 => format!("{v:.1}"),
        _ => format!("{v:.0}"),
    };
    text.replacen('-', if text.starts_with('-') { "−" } else { "-" }, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let texts = [-0.0, 1.2345, -0.0123, 12.34, -1234.4, 3.21e-5, -1e6].map(|v| short_number(v, 2));
        assert_eq!(texts, ["0", "1.23", "−0.012", "12.3", "−1234", "3.2·$10^{-5}$", "−1.0·$10^{6}$"]);
        assert_eq!([0.123456, -0.0123456, 2.0].map(|v| short_number(v, 3)), ["0.123", "−0.0123", "2"]);
    }

    #[test]
    fn the_scale_has_round_numbers_of_both_signs() {
        let names: Vec<String> = scale(2.3).into_iter().map(|series| series.name).collect();
        assert_eq!(names.len() % 2, 0, "{names:?}");
        assert!(
            names.iter().any(|name| name.starts_with('2')) && names.iter().any(|name| name.starts_with("−2")),
            "{names:?}"
        );
    }
}
