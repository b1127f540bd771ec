//! The plotly.js traces of a network diagram: weights as lines, notes, hover text and units.

use serde_json::{Value, json};

use super::paint::{colour, line, numbers};
use crate::font::{self, Weight};
use crate::markup::html;
use crate::network_style::{NOTE_SIZE, NetworkLayout, edge_stroke};
use crate::plan::PanelPlan;
use crate::{Colour, Edge, LabelSide, Node, Note, Stroke};

/// Maximum number of weights that are traces of their own. More are drawn in a fixed number of
/// widths and colours, because plotly.js is slow with hundreds of traces.
const MAX_TRACES: usize = 64;
/// Number of widths for each sign.
const N_WIDTHS: usize = 8;
/// Position of the hover text of a weight as a fraction of its line; lines cross in the middle.
const HOVER: f64 = 0.34;

/// Returns the traces of a network, whose number depends only on the number of weights.
pub(super) fn network(
    plan: &PanelPlan<'_>,
    nodes: &[Node],
    edges: &[Edge],
    largest: Option<f64>,
) -> Vec<Value> {
    let layout = NetworkLayout::new(plan, nodes, edges, largest);
    let mut traces = lines(nodes, edges, &layout);
    let hover = |k: usize| {
        let between = |e: &Edge| (1.0 - HOVER) * nodes[e.from].at[k] + HOVER * nodes[e.to].at[k];
        edges.iter().map(between).collect::<Vec<f64>>()
    };
    let weights: Vec<f64> = edges.iter().map(|edge| edge.weight).collect();
    let names: Vec<&str> =
        edges.iter().map(|edge| if edge.name.is_empty() { "weight" } else { &edge.name }).collect();
    traces.push(json!({
        "type": "scatter", "mode": "markers", "x": hover(0), "y": hover(1), "text": names,
        "customdata": numbers(&weights), "showlegend": false, "marker": { "opacity": 0, "size": 10 },
        "hovertemplate": "%{text} = %{customdata:.4g}<extra></extra>",
    }));
    traces.push(notes(plan, &layout.notes));
    traces.push(units(nodes, &layout));
    traces
}

fn lines(nodes: &[Node], edges: &[Edge], layout: &NetworkLayout) -> Vec<Value> {
    let (own, weights): (Vec<&Edge>, Vec<&Edge>) = edges.iter().partition(|edge| edge.stroke.is_some());
    let mut groups: Vec<(Vec<&Edge>, Stroke)> = Vec::new();
    if weights.len() <= MAX_TRACES {
        groups.extend(weights.iter().map(|edge| (vec![*edge], edge_stroke(layout.fraction(edge)))));
    } else {
        // Larger weights are drawn over smaller ones.
        for width in 1..=N_WIDTHS {
            for sign in [-1.0, 1.0] {
                let is_drawn = |edge: &&Edge| {
                    let fraction = sign * layout.fraction(edge);
                    fraction > 0.0 && (fraction * N_WIDTHS as f64).ceil() as usize == width
                };
                let group = weights.iter().copied().filter(is_drawn).collect();
                groups.push((group, edge_stroke(sign * width as f64 / N_WIDTHS as f64)));
            }
        }
    }
    groups.extend(own.iter().map(|edge| (vec![*edge], edge.stroke.unwrap_or_default())));
    let trace = |(edges, stroke): (Vec<&Edge>, Stroke)| {
        let along = |k: usize| {
            let ends = |edge: &&Edge| [nodes[edge.from].at[k], nodes[edge.to].at[k], f64::NAN];
            edges.iter().flat_map(ends).collect::<Vec<f64>>()
        };
        let mut trace = line(&along(0), &along(1), &[], stroke);
        trace["hoverinfo"] = "skip".into();
        trace["showlegend"] = false.into();
        trace
    };
    groups.into_iter().map(trace).collect()
}

/// Returns notes over strips in the background colour, so that lines do not cross them.
fn notes(plan: &PanelPlan<'_>, notes: &[([f64; 2], Note)]) -> Value {
    let x: Vec<f64> = notes.iter().map(|([x, _], _)| plan.x.map.number(*x)).collect();
    let y: Vec<f64> = notes.iter().map(|([_, y], _)| plan.y.map.number(*y)).collect();
    // plotly.js removes the elements of empty texts, and then changes others in frames.
    let text = |note: &Note| if note.text.is_empty() { "\u{a0}".to_owned() } else { html(&note.text) };
    let texts: Vec<String> = notes.iter().map(|(_, note)| text(note)).collect();
    let colours: Vec<String> = notes.iter().map(|(_, note)| colour(note.colour, 1.0)).collect();
    // The symbol is 1.4 times as long as its size.
    let width =
        |text: &str| if text.is_empty() { 0.0 } else { font::width(text, NOTE_SIZE, Weight::Regular) + 2.0 };
    let sizes: Vec<f64> = notes.iter().map(|(_, note)| (width(&note.text) / 1.4).round()).collect();
    json!({
        "type": "scatter", "mode": "markers+text", "x": x, "y": y, "text": texts, "hoverinfo": "skip", "showlegend": false,
        "textfont": { "size": NOTE_SIZE, "color": colours },
        "marker": { "symbol": "line-ew", "size": sizes, "opacity": 1, "line": { "color": "@paper/0.85", "width": 11 } },
    })
}

fn units(nodes: &[Node], layout: &NetworkLayout) -> Value {
    let along = |k: usize| nodes.iter().map(|node| node.at[k]).collect::<Vec<f64>>();
    let labels = nodes.iter().zip(&layout.label_sizes);
    let labels: Vec<String> =
        labels.map(|(node, size)| size.map_or_else(String::new, |_| html(&node.label))).collect();
    let sizes: Vec<f64> = layout.label_sizes.iter().map(|size| size.unwrap_or(1.0)).collect();
    let position = |node: &Node| match node.side {
        LabelSide::Inside => "middle center",
        LabelSide::Left => "middle left",
        LabelSide::Right => "middle right",
    };
    let ink = |node: &Node| match (node.side, node.colour) {
        (LabelSide::Inside, Colour::Palette(_) | Colour::Rgb(_)) => colour(node.colour.contrast(), 1.0),
        _ => colour(Colour::Ink, 1.0),
    };
    json!({
        "type": "scatter", "mode": "markers+text", "x": along(0), "y": along(1), "text": labels, "hoverinfo": "skip",
        "textposition": nodes.iter().map(position).collect::<Vec<_>>(), "showlegend": false,
        "textfont": { "size": sizes, "color": nodes.iter().map(ink).collect::<Vec<_>>() },
        "marker": {
            "size": layout.node_size, "color": nodes.iter().map(|node| colour(node.colour, 1.0)).collect::<Vec<_>>(),
            "line": { "color": "@ink", "width": 1.2 }, "opacity": 1,
        },
    })
}
