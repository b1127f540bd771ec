//! Layout of a drawn network, the same in static and interactive drawings: strokes of the weights,
//! sizes of the units, and positions of labels and notes.

use crate::font::{self, Weight};
use crate::plan::PanelPlan;
use crate::rect::Rect;
use crate::{Colour, ColourMap, Edge, LabelSide, Node, Note, Stroke};

/// Font size of labels, if there is enough space, and the smallest legible one.
const LABEL_SIZE: f64 = 12.5;
const MIN_LABEL_SIZE: f64 = 7.5;
/// Font size and line height of notes.
pub(crate) const NOTE_SIZE: f64 = 10.0;
pub(crate) const NOTE_LINE: f64 = 12.0;
/// Distance of a label or note from its node.
pub(crate) const NODE_GAP: f64 = 5.0;
/// Diameter of nodes that are not close to each other.
const NODE_SIZE: f64 = 34.0;
/// Maximum number of edges with notes; with more, the notes of some layer do not fit.
const MAX_NOTED_EDGES: usize = 80;

/// Layout of a network in pixels.
pub(crate) struct NetworkLayout {
    /// Centre of each node.
    pub(crate) at: Vec<[f64; 2]>,
    /// Diameter of the nodes.
    pub(crate) node_size: f64,
    /// Font size of the label of each node; `None` if it would be illegible.
    pub(crate) label_sizes: Vec<Option<f64>>,
    /// Notes with their centre.
    pub(crate) notes: Vec<([f64; 2], Note)>,
    largest: f64,
}

impl NetworkLayout {
    /// Computes the layout of a network in a panel.
    pub(crate) fn new(
        plan: &PanelPlan<'_>,
        nodes: &[Node],
        edges: &[Edge],
        largest: Option<f64>,
    ) -> NetworkLayout {
        let at: Vec<[f64; 2]> = nodes.iter().map(|node| plan.pixel(node.at[0], node.at[1])).collect();
        let node_size = (0.8 * closest(&at)).clamp(5.0, NODE_SIZE);
        let spacing = node_size / 0.8;
        let label_size = |node: &Node| {
            let available = match node.side {
                LabelSide::Inside => {
                    (node_size - 6.0) / font::width(&node.label, 1.0, Weight::Regular).max(0.1)
                }
                LabelSide::Left | LabelSide::Right => 0.9 * spacing,
            };
            Some(available.min(LABEL_SIZE)).filter(|size| *size >= MIN_LABEL_SIZE)
        };
        let mut notes = Vec::new();
        for (node, [x, y]) in nodes.iter().zip(&at) {
            let top = y + node_size / 2.0 + NODE_GAP;
            notes.extend(lines(&node.notes, [*x, top + 0.5 * NOTE_LINE * node.notes.len() as f64]));
        }
        for (edge, point) in edges.iter().zip(note_points(nodes, edges, &at, node_size)) {
            // Notes without a position keep a point without text, because all frames of an
            // animation have the same number of notes.
            let hidden = |note: &Note| Note { text: String::new(), ..note.clone() };
            match point {
                Some(point) => notes.extend(lines(&edge.notes, point)),
                None => notes.extend(edge.notes.iter().map(|note| (at[edge.from], hidden(note)))),
            }
        }
        let weights = edges.iter().map(|edge| edge.weight.abs());
        let largest = largest.unwrap_or_else(|| weights.fold(0.0, f64::max)).max(f64::MIN_POSITIVE);
        NetworkLayout { label_sizes: nodes.iter().map(label_size).collect(), at, node_size, notes, largest }
    }

    /// Returns a weight as a signed fraction of the weight that is drawn as the widest line.
    pub(crate) fn fraction(&self, edge: &Edge) -> f64 {
        (edge.weight / self.largest).clamp(-1.0, 1.0)
    }
}

/// Returns the stroke of a weight, given as a signed fraction of the largest magnitude.
pub(crate) fn edge_stroke(fraction: f64) -> Stroke {
    let position = 0.5 + 0.5 * fraction.signum() * (0.35 + 0.5 * fraction.abs());
    let colour = Colour::Rgb(ColourMap::Diverging.at(position));
    Stroke::new(colour).width(0.5 + 5.5 * fraction.abs()).opacity(0.9)
}

/// Returns the width of the widest of these notes.
pub(crate) fn note_width(notes: &[Note]) -> f64 {
    notes.iter().map(|note| font::width(&note.text, NOTE_SIZE, Weight::Regular)).fold(0.0, f64::max)
}

fn closest(at: &[[f64; 2]]) -> f64 {
    let mut closest = f64::INFINITY;
    for (k, a) in at.iter().enumerate() {
        for b in &at[..k] {
            closest = closest.min((a[0] - b[0]).hypot(a[1] - b[1]));
        }
    }
    closest
}

/// Returns notes below each other around a centre.
fn lines(notes: &[Note], [x, y]: [f64; 2]) -> impl Iterator<Item = ([f64; 2], Note)> {
    let top = y - 0.5 * NOTE_LINE * notes.len() as f64;
    notes.iter().enumerate().map(move |(k, note)| ([x, top + (k as f64 + 0.5) * NOTE_LINE], note.clone()))
}

/// Returns the centre of the notes of each edge; `None` if they have none or do not fit.
///
/// Notes of the edges between two columns of nodes are at the same fraction of their edges: the one
/// at which they are furthest from each other and from the nodes.
fn note_points(nodes: &[Node], edges: &[Edge], at: &[[f64; 2]], node_size: f64) -> Vec<Option<[f64; 2]>> {
    let mut points = vec![None; edges.len()];
    let noted = edges.iter().filter(|edge| !edge.notes.is_empty()).count();
    if noted > MAX_NOTED_EDGES {
        return points;
    }
    let mut obstacles: Vec<Rect> =
        at.iter().map(|at| centred(*at, node_size + 2.0, node_size + 2.0)).collect();
    for (node, [x, y]) in nodes.iter().zip(at) {
        let height = NOTE_LINE * node.notes.len() as f64;
        let centre = [*x, y + node_size / 2.0 + NODE_GAP + height / 2.0];
        obstacles.push(centred(centre, note_width(&node.notes).max(24.0), height));
    }
    let mut is_done = vec![false; edges.len()];
    for first in 0..edges.len() {
        if is_done[first] || edges[first].notes.is_empty() {
            continue;
        }
        let columns = |edge: &Edge| [at[edge.from][0], at[edge.to][0]];
        let group: Vec<usize> = (first..edges.len())
            .filter(|&k| !edges[k].notes.is_empty() && columns(&edges[k]) == columns(&edges[first]))
            .collect();
        group.iter().for_each(|k| is_done[*k] = true);
        let rects = |fraction: f64| -> Vec<Rect> {
            let rect = |k: &usize| {
                let (from, to) = (at[edges[*k].from], at[edges[*k].to]);
                let point = [0, 1].map(|i| from[i] + fraction * (to[i] - from[i]));
                // Numbers of different lengths have the same width, so that positions are the same
                // in all frames of an animation.
                let width = note_width(&edges[*k].notes).max(44.0);
                centred(point, width, NOTE_LINE * edges[*k].notes.len() as f64)
            };
            group.iter().map(rect).collect()
        };
        let distance = |rects: &[Rect]| {
            let others = |k: usize| rects[..k].iter().chain(&obstacles);
            let all =
                rects.iter().enumerate().flat_map(|(k, rect)| others(k).map(|other| separation(rect, other)));
            all.fold(f64::INFINITY, f64::min)
        };
        let candidates =
            (10..=42).map(|k| f64::from(k) * 0.02).map(|fraction| (distance(&rects(fraction)), fraction));
        // Of equal distances the first, which is closest to the source.
        let best = candidates.reduce(|best, other| if other.0 > best.0 + 0.02 { other } else { best });
        if let Some((distance, fraction)) = best.filter(|(distance, _)| *distance >= 1.0) {
            debug_assert!(distance.is_finite());
            group.iter().zip(rects(fraction)).for_each(|(k, rect)| points[*k] = Some(rect.centre()));
        }
    }
    points
}

fn centred([x, y]: [f64; 2], width: f64, height: f64) -> Rect {
    Rect { x: x - width / 2.0, y: y - height / 2.0, width, height }
}

/// Returns the distance of two rectangles: 1 if they touch, less if they overlap.
fn separation(a: &Rect, b: &Rect) -> f64 {
    let ([ax, ay], [bx, by]) = (a.centre(), b.centre());
    let horizontal = (ax - bx).abs() / (0.5 * (a.width + b.width));
    let vertical = (ay - by).abs() / (0.5 * (a.height + b.height)).max(f64::MIN_POSITIVE);
    horizontal.max(vertical).min(1.5)
}
