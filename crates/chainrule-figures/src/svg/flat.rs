//! Marks of 2-D panels.

use std::collections::BTreeMap;

use super::canvas::{Canvas, TextStyle};
use super::field;
use super::marker::markers;
use crate::contour::{boundaries, contour, contour_levels};
use crate::font::{self, Weight};
use crate::network_style::{NODE_GAP, NOTE_LINE, NOTE_SIZE, NetworkLayout, edge_stroke};
use crate::plan::{PanelPlan, SMALL};
use crate::raster;
use crate::rect::Rect;
use crate::simplify::simplified;
use crate::{
    Anchor, AxisScale, Colour, ColourScale, Direction, Edge, Fill, Grid, LabelSide, Mark, Marker, Node,
    Shading, Stroke, Symbol,
};

/// Series with more points are embedded as an image.
const MAX_VECTOR_POINTS: usize = 4000;
/// Number of steps to which the colours and widths of weights are rounded.
const N_SHADES: f64 = 64.0;

/// Draws a mark.
pub(super) fn draw_mark(canvas: &mut Canvas, plan: &PanelPlan<'_>, mark: &Mark) {
    match mark {
        Mark::Line { x, y, stroke, .. } => {
            let lines = segments(plan, x, y);
            canvas.clipped(plan.frame, |canvas| canvas.lines(&lines, *stroke));
        }
        Mark::Points { x, y, marker, .. } => draw_points(canvas, plan, x, y, *marker),
        Mark::Rug { at, along, stroke } => draw_rules(canvas, plan, at, *along, *stroke, 9.0),
        Mark::Rule { at, along, stroke } => draw_rules(canvas, plan, at, *along, *stroke, f64::INFINITY),
        Mark::Bars { edges, heights, fill } => draw_bars(canvas, plan, edges, heights, *fill),
        Mark::Area { x, low, high, fill } => {
            let mut corners: Vec<[f64; 2]> = x.iter().zip(high).map(|(x, y)| plan.pixel(*x, *y)).collect();
            corners.extend(x.iter().zip(low).rev().map(|(x, y)| pixel_or_low_end(plan, *x, *y)));
            corners.retain(|p| p.iter().all(|v| v.is_finite()));
            canvas.clipped(plan.frame, |canvas| canvas.polygons(&[corners], *fill));
        }
        Mark::Field { grid, colours, shading, levels, lines } => {
            let levels = &contour_levels(grid, colours, levels);
            if *shading != Shading::None {
                let (rect, uri) = field::field(plan, grid, colours, *shading, levels);
                canvas.image(rect, &uri);
            }
            if let Some(stroke) = lines {
                let all: Vec<_> =
                    levels.iter().flat_map(|level| contour_pixels(plan, grid, *level)).collect();
                canvas.clipped(plan.frame, |canvas| canvas.lines(&all, *stroke));
            }
        }
        Mark::Regions { probabilities, colours, boundary, .. } => {
            let (rect, uri) = field::regions(plan, probabilities, colours);
            canvas.image(rect, &uri);
            if let Some(stroke) = boundary {
                let all =
                    boundaries(probabilities).into_iter().flat_map(|grid| contour_pixels(plan, &grid, 0.0));
                let all: Vec<_> = all.collect();
                canvas.clipped(plan.frame, |canvas| canvas.lines(&all, *stroke));
            }
        }
        Mark::Matrix { n_columns, values, texts, colours } => {
            draw_matrix(canvas, plan, *n_columns, values, texts, colours);
        }
        Mark::Text { at: [x, y], text, anchor, colour } => {
            let style = TextStyle { size: SMALL, anchor: *anchor, colour: *colour, ..TextStyle::default() };
            canvas.text(within_frame(plan, plan.pixel(*x, *y), text, *anchor), text, style);
        }
        Mark::Network { nodes, edges, largest } => draw_network(canvas, plan, nodes, edges, *largest),
        Mark::Surface { .. } => {}
    }
}

/// Returns the segments of a line between gaps in pixels, simplified.
fn segments(plan: &PanelPlan<'_>, x: &[f64], y: &[f64]) -> Vec<Vec<[f64; 2]>> {
    let pixels: Vec<[f64; 2]> = x.iter().zip(y).map(|(x, y)| plan.pixel(*x, *y)).collect();
    let is_finite = |p: &[f64; 2]| p.iter().all(|v| v.is_finite());
    pixels.split(|p| !is_finite(p)).filter(|segment| segment.len() > 1).map(simplified).collect()
}

fn contour_pixels(plan: &PanelPlan<'_>, grid: &Grid, level: f64) -> Vec<Vec<[f64; 2]>> {
    let pixel = |[i, j]: [f64; 2]| plan.pixel(grid.x_at(i), grid.y_at(j));
    contour(grid, level)
        .into_iter()
        .map(|line| simplified(&line.into_iter().map(pixel).collect::<Vec<_>>()))
        .collect()
}

/// Returns the pixel of a point; if y is not positive on a logarithmic axis, at its lower end.
fn pixel_or_low_end(plan: &PanelPlan<'_>, x: f64, y: f64) -> [f64; 2] {
    let low_end = plan.y.map.scale == AxisScale::Log && y <= 0.0;
    if low_end { [plan.x.map.pixel(x), plan.y.map.pixels[0]] } else { plan.pixel(x, y) }
}

fn draw_points(canvas: &mut Canvas, plan: &PanelPlan<'_>, x: &[f64], y: &[f64], marker: Marker) {
    let visible = x.iter().zip(y).filter(|(x, y)| plan.shows(**x, **y));
    let pixels: Vec<[f64; 2]> = visible.map(|(x, y)| plan.pixel(*x, *y)).collect();
    match pixels.len() {
        0 => {}
        n if n > MAX_VECTOR_POINTS => canvas.raw(&raster::rasterised(&markers(&pixels, marker), plan.frame)),
        _ => canvas.raw(&markers(&pixels, marker)),
    }
}

/// Draws lines from the edge of the frame inwards, at most of this length.
fn draw_rules(
    canvas: &mut Canvas,
    plan: &PanelPlan<'_>,
    at: &[f64],
    along: Direction,
    stroke: Stroke,
    length: f64,
) {
    let Rect { x: left, y: top, width, height } = plan.frame;
    let bottom = top + height;
    let lines: Vec<_> = match along {
        Direction::X => {
            let inside = at.iter().filter(|v| plan.x.map.contains(**v)).map(|v| plan.x.map.pixel(*v));
            inside.map(|x| vec![[x, bottom], [x, bottom - length.min(height)]]).collect()
        }
        Direction::Y => {
            let inside = at.iter().filter(|v| plan.y.map.contains(**v)).map(|v| plan.y.map.pixel(*v));
            inside.map(|y| vec![[left, y], [left + length.min(width), y]]).collect()
        }
    };
    canvas.lines(&lines, stroke);
}

fn draw_bars(canvas: &mut Canvas, plan: &PanelPlan<'_>, edges: &[f64], heights: &[f64], fill: Fill) {
    let bars = heights.iter().enumerate().filter(|(_, h)| h.is_finite() && **h != 0.0).map(|(k, h)| {
        let [left, base] = pixel_or_low_end(plan, edges[k], 0.0);
        let [right, top] = plan.pixel(edges[k + 1], *h);
        // A thin gap between bars that are wide enough.
        let right = if right - left > 6.0 { right - 0.7 } else { right };
        vec![[left, base], [left, top], [right, top], [right, base]]
    });
    let bars: Vec<_> = bars.collect();
    canvas.clipped(plan.frame, |canvas| canvas.polygons(&bars, fill));
}

fn draw_matrix(
    canvas: &mut Canvas,
    plan: &PanelPlan<'_>,
    n_columns: usize,
    values: &[f64],
    texts: &[String],
    colours: &ColourScale,
) {
    let ends = colours.ends(values);
    for (k, v) in values.iter().enumerate().filter(|(_, v)| v.is_finite()) {
        let (i, j) = ((k / n_columns) as f64, (k % n_columns) as f64);
        let [a, b] = [plan.pixel(j - 0.5, i - 0.5), plan.pixel(j + 0.5, i + 0.5)];
        let rect = Rect {
            x: a[0].min(b[0]) + 0.5,
            y: a[1].min(b[1]) + 0.5,
            width: ((a[0] - b[0]).abs() - 1.0).max(0.5),
            height: ((a[1] - b[1]).abs() - 1.0).max(0.5),
        };
        let rgb = colours.at(*v, ends);
        canvas.rect(rect, Some(Fill { colour: Colour::Rgb(rgb), opacity: 1.0 }), None);
        if let Some(text) = texts.get(k) {
            let fits = (rect.width - 4.0) / font::width(text, 1.0, Weight::Regular).max(0.1);
            let size = fits.min(0.45 * rect.height).clamp(5.0, 15.0);
            canvas.text(
                rect.centre(),
                text,
                TextStyle { size, colour: Colour::Rgb(rgb).contrast(), ..TextStyle::default() },
            );
        }
    }
}

/// Moves the point of some text so that all of the text is within the frame.
fn within_frame(plan: &PanelPlan<'_>, [x, y]: [f64; 2], text: &str, anchor: Anchor) -> [f64; 2] {
    let width = font::width(text, SMALL, Weight::Regular);
    let left = match anchor {
        Anchor::Start => x,
        Anchor::Middle => x - width / 2.0,
        Anchor::End => x - width,
    };
    let frame = plan.frame;
    let allowed = left.min(frame.right() - 4.0 - width).max(frame.x + 4.0);
    let half = 0.6 * SMALL;
    [x + allowed - left, y.clamp(frame.y + half, (frame.bottom() - half).max(frame.y + half))]
}

/// Draws weights as lines below the units that they connect.
fn draw_network(
    canvas: &mut Canvas,
    plan: &PanelPlan<'_>,
    nodes: &[Node],
    edges: &[Edge],
    largest: Option<f64>,
) {
    let layout = NetworkLayout::new(plan, nodes, edges, largest);
    let ends = |edge: &Edge| vec![layout.at[edge.from], layout.at[edge.to]];
    // Weights with the same appearance are one path; larger weights are drawn over smaller ones.
    let mut by_shade: BTreeMap<(u32, bool), Vec<Vec<[f64; 2]>>> = BTreeMap::new();
    for edge in edges {
        let fraction = layout.fraction(edge);
        match edge.stroke {
            Some(stroke) => canvas.lines(&[ends(edge)], stroke),
            None if fraction == 0.0 => {}
            None => {
                let shade = (fraction.abs() * N_SHADES).round() as u32;
                by_shade.entry((shade, fraction < 0.0)).or_default().push(ends(edge));
            }
        }
    }
    for ((shade, is_negative), lines) in by_shade {
        let fraction = f64::from(shade.max(1)) / N_SHADES;
        canvas.lines(&lines, edge_stroke(if is_negative { -fraction } else { fraction }));
    }
    for (point, note) in layout.notes.iter().filter(|(_, note)| !note.text.is_empty()) {
        let width = font::width(&note.text, NOTE_SIZE, Weight::Regular) + 4.0;
        let height = NOTE_LINE - 1.0;
        let strip = Rect { x: point[0] - width / 2.0, y: point[1] - height / 2.0, width, height };
        canvas.rect(strip, Some(Fill { colour: Colour::Paper, opacity: 0.85 }), None);
        let style = TextStyle { size: NOTE_SIZE, colour: note.colour, ..TextStyle::default() };
        canvas.text(*point, &note.text, style);
    }
    let size = layout.node_size;
    for ((node, at), label_size) in nodes.iter().zip(&layout.at).zip(&layout.label_sizes) {
        let marker = Marker { size, edge: Some(Colour::Ink), ..Marker::new(Symbol::Circle, node.colour) };
        canvas.raw(&markers(&[*at], marker));
        let offset = size / 2.0 + NODE_GAP;
        let (shift, anchor, colour) = match node.side {
            LabelSide::Inside => (0.0, Anchor::Middle, node.colour.contrast()),
            LabelSide::Left => (-offset, Anchor::End, Colour::Ink),
            LabelSide::Right => (offset, Anchor::Start, Colour::Ink),
        };
        if let Some(size) = label_size.filter(|_| !node.label.is_empty()) {
            canvas.text(
                [at[0] + shift, at[1]],
                &node.label,
                TextStyle { size, colour, anchor, ..TextStyle::default() },
            );
        }
    }
}
