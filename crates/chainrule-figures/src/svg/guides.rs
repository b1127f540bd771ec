//! Guides of 2-D panels: grid lines, frame, ticks, labels, colour bars and the legend.

use super::canvas::{Canvas, TextStyle};
use super::field::band;
use super::marker::markers;
use crate::image::data_uri;
use crate::plan::{
    AxisPlan, BAR_WIDTH, BarPlan, LABEL, LEADING, LEGEND_LINE, LEGEND_PAD, LEGEND_SYMBOL, PanelPlan, SMALL,
    TICK, TICK_GAP, TICK_LENGTH,
};
use crate::rect::Rect;
use crate::{Anchor, Border, Colour, Fill, Mark, Marker, Series, Stroke};

const FRAME: Stroke =
    Stroke { colour: Colour::Rgb([0x55; 3]), width: 1.0, dash: crate::Dash::Solid, opacity: 1.0 };
/// Background of a legend that lists a white series.
const DARK: Colour = Colour::Rgb([0x4a; 3]);
const GRID: Stroke = Stroke { colour: Colour::Rgb([0xe4; 3]), width: 0.8, ..FRAME };

/// Draws grid lines at the ticks, below the series.
pub(super) fn draw_grid(canvas: &mut Canvas, plan: &PanelPlan<'_>) {
    if plan.panel.border == Border::None {
        return;
    }
    let frame = plan.frame;
    let pixels =
        |axis: &AxisPlan| axis.ticks.iter().map(|t| axis.map.pixel(t.at).round()).collect::<Vec<_>>();
    let vertical = pixels(&plan.x).into_iter().map(|x| vec![[x, frame.y], [x, frame.bottom()]]);
    let horizontal = pixels(&plan.y).into_iter().map(|y| vec![[frame.x, y], [frame.right(), y]]);
    canvas.lines(&vertical.chain(horizontal).collect::<Vec<_>>(), GRID);
}

/// Draws the frame, ticks and labels, above the series.
pub(super) fn draw_axes(canvas: &mut Canvas, plan: &PanelPlan<'_>) {
    if plan.panel.border == Border::None {
        return;
    }
    let frame = plan.frame;
    canvas.rect(frame, None, Some(FRAME));
    let below = |x: f64, length: f64| vec![[x, frame.bottom()], [x, frame.bottom() + length]];
    let x = &plan.x;
    let mut ticks: Vec<_> = x.ticks.iter().map(|t| below(x.map.pixel(t.at), TICK_LENGTH)).collect();
    ticks.extend(x.minor.iter().map(|v| below(x.map.pixel(*v), 0.6 * TICK_LENGTH)));
    ticks.extend(vertical_axis_ticks(&plan.y, frame.x, -1.0));
    canvas.lines(&ticks, FRAME);
    let y = frame.bottom() + TICK_GAP + 0.5 * TICK;
    for tick in &x.ticks {
        canvas.text([x.map.pixel(tick.at), y], &tick.label, TextStyle { size: TICK, ..TextStyle::default() });
    }
    let ticks_height = if x.ticks.is_empty() { 0.0 } else { TICK_GAP + 1.2 * TICK };
    let y = frame.bottom() + ticks_height + 3.0 + 0.5 * LABEL * LEADING;
    canvas.text([frame.centre()[0], y], &x.label, TextStyle { size: LABEL, ..TextStyle::default() });
    for tick in &plan.y.ticks {
        let at = [frame.x - TICK_GAP, plan.y.map.pixel(tick.at)];
        canvas.text(at, &tick.label, TextStyle { size: TICK, anchor: Anchor::End, ..TextStyle::default() });
    }
    let labels = plan.y.label_width();
    let labels = if labels > 0.0 { labels + TICK_GAP } else { 0.0 };
    let at = [frame.x - labels - 3.0 - 0.5 * LABEL * LEADING, frame.centre()[1]];
    canvas.text(at, &plan.y.label, TextStyle { size: LABEL, rotation: -90.0, ..TextStyle::default() });
}

/// Returns the ticks of a vertical axis, to the left (-1) or the right (1) of x.
fn vertical_axis_ticks(axis: &AxisPlan, x: f64, side: f64) -> impl Iterator<Item = Vec<[f64; 2]>> {
    let line =
        move |v: f64, length: f64| vec![[x, axis.map.pixel(v)], [x + side * length, axis.map.pixel(v)]];
    let major = axis.ticks.iter().map(move |t| line(t.at, TICK_LENGTH));
    major.chain(axis.minor.iter().map(move |v| line(*v, 0.6 * TICK_LENGTH)))
}

/// Draws a colour bar with its ticks and label.
pub(super) fn draw_bar(canvas: &mut Canvas, bar: &BarPlan<'_>) {
    let axis = &bar.axis;
    // From top to bottom; each pixel of the image is one colour of the map.
    let ends = axis.map.ends;
    let colours = (0..256).rev().flat_map(|i| {
        let v = bar.colours.scale.at((f64::from(i) + 0.5) / 256.0, ends);
        let [r, g, b] =
            bar.colours.at(if bar.levels.is_empty() { v } else { band(v, &bar.levels, ends) }, ends);
        [r, g, b, 255]
    });
    canvas.image(bar.frame, &data_uri(1, 256, &colours.collect::<Vec<_>>()));
    canvas.rect(bar.frame, None, Some(FRAME));
    let right = bar.frame.right();
    canvas.lines(&vertical_axis_ticks(axis, right, 1.0).collect::<Vec<_>>(), FRAME);
    for tick in &axis.ticks {
        let style = TextStyle { size: TICK, anchor: Anchor::Start, ..TextStyle::default() };
        canvas.text([right + TICK_GAP, axis.map.pixel(tick.at)], &tick.label, style);
    }
    let x = bar.frame.x + BAR_WIDTH + TICK_GAP + axis.label_width() + 2.0 + 0.5 * LABEL * LEADING;
    canvas.text(
        [x, bar.frame.centre()[1]],
        bar.label,
        TextStyle { size: LABEL, rotation: -90.0, ..TextStyle::default() },
    );
}

/// Draws the legend.
pub(super) fn draw_legend(canvas: &mut Canvas, plan: &PanelPlan<'_>) {
    let Some(legend) = &plan.legend else { return };
    let rect = legend.rect;
    let dark = legend.dark;
    let paper = if dark {
        Fill { colour: DARK, opacity: 0.8 }
    } else {
        Fill { colour: Colour::Paper, opacity: 0.88 }
    };
    let ink = if dark { Colour::WHITE } else { Colour::Ink };
    canvas.rect(rect, Some(paper), Some(Stroke { colour: Colour::Rgb([0xcc; 3]), ..GRID }));
    for (k, s) in legend.series.iter().enumerate() {
        let series = &plan.panel.series[*s];
        let y = rect.y + LEGEND_PAD - 2.0 + (k as f64 + 0.5) * LEGEND_LINE;
        let x = rect.x + LEGEND_PAD;
        draw_legend_symbol(canvas, series, Rect { x, y: y - 5.0, width: LEGEND_SYMBOL - 8.0, height: 10.0 });
        let style = TextStyle { size: SMALL, anchor: Anchor::Start, colour: ink, ..TextStyle::default() };
        canvas.text([x + LEGEND_SYMBOL, y], &series.name, style);
    }
}

/// Draws the legend symbol of a series.
fn draw_legend_symbol(canvas: &mut Canvas, series: &Series, rect: Rect) {
    let [x, y] = rect.centre();
    let line = |canvas: &mut Canvas, stroke: Stroke| {
        canvas.line([rect.x, y], [rect.right(), y], Stroke { width: stroke.width.clamp(1.0, 7.0), ..stroke });
    };
    match &series.mark {
        Mark::Line { stroke, .. } | Mark::Rule { stroke, .. } => line(canvas, *stroke),
        Mark::Rug { stroke, .. } => {
            let ticks = [-6.0, -1.0, 4.0].map(|dx| vec![[x + dx, rect.y], [x + dx, rect.bottom()]]);
            canvas.lines(&ticks, *stroke);
        }
        Mark::Points { marker, .. } => {
            let symbol =
                Marker { size: marker.size.clamp(6.0, 12.0), opacity: marker.opacity.max(0.6), ..*marker };
            canvas.raw(&markers(&[[x, y]], symbol));
        }
        Mark::Bars { fill, .. } | Mark::Area { fill, .. } => canvas.rect(rect, Some(*fill), None),
        Mark::Field { lines: Some(stroke), .. } | Mark::Regions { boundary: Some(stroke), .. } => {
            line(canvas, *stroke)
        }
        Mark::Field { colours, .. } | Mark::Matrix { colours, .. } | Mark::Surface { colours, .. } => {
            canvas.rect(rect, Some(Fill { colour: Colour::Rgb(colours.map.at(0.6)), opacity: 1.0 }), None);
        }
        Mark::Regions { .. } | Mark::Text { .. } | Mark::Network { .. } => {}
    }
}
