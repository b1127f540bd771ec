//! Layout of a legend: in the corner in which it covers least, or right of the frame.

use crate::font::{self, Weight};
use crate::{Colour, Legend, Mark};

use super::panel::{LegendPlan, PanelPlan};
use super::sizes::SMALL;
use crate::rect::Rect;

/// Line height, width of a symbol including the gap after it, and padding.
pub(crate) const LEGEND_LINE: f64 = 18.0;
pub(crate) const LEGEND_SYMBOL: f64 = 30.0;
pub(crate) const LEGEND_PAD: f64 = 7.0;
/// Distance of a legend from the frame around it.
const INSET: f64 = 8.0;

/// Places the legend of a panel, if it has one; the caller sets the position of legends outside the frame.
pub(super) fn place(plan: &PanelPlan<'_>) -> Option<LegendPlan> {
    let all = plan.panel.series.iter().enumerate();
    let series: Vec<usize> = all.filter(|(_, s)| !s.name.is_empty()).map(|(k, _)| k).collect();
    if series.is_empty() || plan.panel.legend == Legend::Hidden {
        return None;
    }
    let names = series.iter().map(|k| font::width(&plan.panel.series[*k].name, SMALL, Weight::Regular));
    let width = names.fold(0.0, f64::max) + LEGEND_SYMBOL + 2.0 * LEGEND_PAD;
    let height = series.len() as f64 * LEGEND_LINE + 2.0 * LEGEND_PAD - 4.0;
    let rect = Rect { x: 0.0, y: 0.0, width, height };
    let corner = if plan.panel.legend == Legend::Best { free_corner(plan, rect) } else { None };
    let dark = series.iter().any(|k| is_white(&plan.panel.series[*k].mark));
    Some(LegendPlan { dark, outside: corner.is_none(), rect: corner.unwrap_or(rect), series })
}

/// Returns whether a mark is a white line or symbol.
fn is_white(mark: &Mark) -> bool {
    match mark {
        Mark::Line { stroke, .. } | Mark::Rule { stroke, .. } => stroke.colour == Colour::WHITE,
        Mark::Points { marker, .. } => marker.colour == Colour::WHITE,
        _ => false,
    }
}

/// Returns the corner in which a rectangle of this size covers least, if it covers almost nothing.
fn free_corner(plan: &PanelPlan<'_>, rect: Rect) -> Option<Rect> {
    let frame = plan.frame;
    // Legends of 3-D panels, whose corners contain labels, and large legends are placed outside.
    if plan.z.is_some() || rect.width > 0.6 * frame.width || rect.height > 0.5 * frame.height {
        return None;
    }
    let drawn = drawn_pixels(plan);
    let (left, right) = (frame.x + INSET, frame.right() - INSET - rect.width);
    let (top, bottom) = (frame.y + INSET, frame.bottom() - INSET - rect.height);
    let corners = [[right, top], [left, top], [right, bottom], [left, bottom]];
    let counted = corners.map(|[x, y]| {
        let padded = Rect { x: x - 5.0, y: y - 5.0, width: rect.width + 10.0, height: rect.height + 10.0 };
        (drawn.iter().filter(|p| padded.contains(**p)).count(), Rect { x, y, ..rect })
    });
    let (count, corner) = counted.into_iter().min_by_key(|(count, _)| *count)?;
    (count <= drawn.len() / 400).then_some(corner)
}

/// Returns pixels of marks that a legend should not cover, sampled every few pixels. Fields and
/// areas may be covered.
fn drawn_pixels(plan: &PanelPlan<'_>) -> Vec<[f64; 2]> {
    let mut pixels = Vec::new();
    let mut add_segment = |from: [f64; 2], to: [f64; 2]| {
        let length = (to[0] - from[0]).hypot(to[1] - from[1]);
        let n = (length / 4.0).ceil().clamp(1.0, 1000.0);
        (0..=n as usize).map(|k| k as f64 / n).for_each(|t| {
            pixels.push([from[0] + (to[0] - from[0]) * t, from[1] + (to[1] - from[1]) * t]);
        });
    };
    let at = |x: &f64, y: &f64| plan.pixel(*x, *y);
    for series in &plan.panel.series {
        match &series.mark {
            Mark::Line { x, y, .. } => {
                let line: Vec<_> = x.iter().zip(y).map(|(x, y)| at(x, y)).collect();
                line.windows(2)
                    .filter(|w| w.iter().flatten().all(|v| v.is_finite()))
                    .for_each(|w| add_segment(w[0], w[1]));
            }
            Mark::Points { x, y, marker, .. } => x.iter().zip(y).for_each(|(x, y)| {
                let ([x, y], r) = (at(x, y), marker.size / 2.0);
                add_segment([x - r, y], [x + r, y]);
                add_segment([x, y - r], [x, y + r]);
            }),
            Mark::Bars { edges, heights, .. } => {
                for (k, h) in heights.iter().enumerate() {
                    let x = f64::midpoint(edges[k], edges[k + 1]);
                    add_segment([plan.x.map.pixel(x), plan.frame.bottom()], at(&x, h));
                }
            }
            Mark::Text { at: [x, y], text, .. } => {
                let [x, y] = at(x, y);
                let half = font::width(text, SMALL, Weight::Regular) / 2.0;
                add_segment([x - half, y], [x + half, y]);
            }
            Mark::Network { nodes, .. } => nodes.iter().for_each(|n| {
                let [x, y] = at(&n.at[0], &n.at[1]);
                add_segment([x - 15.0, y], [x + 15.0, y]);
            }),
            _ => {}
        }
    }
    pixels.retain(|p| plan.frame.contains(*p));
    pixels
}
