//! Layout of a figure, computed from the frames of the panels outwards, so that labels, legends and
//! colour bars always fit.
//!
//! Static and interactive drawings use the same layout. Lengths are in pixels; y increases
//! downwards.

mod axis;
mod legend;
mod panel;
mod sizes;

pub(crate) use axis::AxisPlan;
pub(crate) use legend::{LEGEND_LINE, LEGEND_PAD, LEGEND_SYMBOL};
pub(crate) use panel::{BarPlan, LegendPlan, PanelPlan};
pub(crate) use sizes::{
    BAR_GAP, BAR_WIDTH, LABEL, LEADING, PANEL_TITLE, SMALL, TICK, TICK_GAP, TICK_LENGTH, TITLE,
};

use panel::Margins;

use crate::contour::contour_levels;
use crate::font;
use crate::rect::Rect;
use crate::{Aspect, Axis, AxisScale, Border, Figure, Legend, Mark, Panel, Shading, Spacing};

const EDGE: f64 = 12.0;
const GAP: f64 = 22.0;

/// Layout of a figure.
pub(crate) struct Plan<'a> {
    pub(crate) width: f64,
    pub(crate) height: f64,
    /// Lines of the title and of the caption.
    pub(crate) title: Vec<String>,
    pub(crate) caption: Vec<String>,
    pub(crate) caption_top: f64,
    /// Vertical position of the label of a frame, on a line of its own below the title.
    pub(crate) frame_label: f64,
    pub(crate) panels: Vec<PanelPlan<'a>>,
}

/// Computes the layout of a validated figure.
pub(crate) fn plan(figure: &Figure) -> Plan<'_> {
    let mut rows: Vec<Vec<PanelPlan<'_>>> =
        figure.rows.iter().map(|r| r.iter().map(plan_panel).collect()).collect();
    let n_columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let n_rows = rows.len();
    // Joined panels have labels only on the outside of the figure.
    let joined = figure.spacing == Spacing::Joined;
    let gap = if joined { 0.0 } else { GAP };
    let max = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, f64::max);
    let column = |length: fn(&PanelPlan<'_>) -> f64| -> Vec<f64> {
        (0..n_columns).map(|c| max(&mut rows.iter().filter_map(|r| r.get(c)).map(length))).collect()
    };
    let row = |length: fn(&PanelPlan<'_>) -> f64| -> Vec<f64> {
        rows.iter().map(|r| max(&mut r.iter().map(length))).collect()
    };
    let (left, width, right) =
        (column(|p| p.margins.left), column(|p| p.frame.width), column(|p| p.margins.right));
    let (top, height, bottom) = (row(|p| p.margins.top), row(|p| p.frame.height), row(|p| p.margins.bottom));

    let margins = if joined {
        left.first().unwrap_or(&0.0) + right.last().unwrap_or(&0.0)
    } else {
        left.iter().chain(&right).sum::<f64>() + gap * (n_columns.max(1) - 1) as f64
    };
    let inner = margins + width.iter().sum::<f64>();
    let total = inner.max(280.0) + 2.0 * EDGE;
    let title = font::lines(&figure.title, TITLE * 1.06, total - 2.0 * EDGE);
    let caption = font::lines(&figure.caption, SMALL, total - 2.0 * EDGE);
    let title_height = title.len() as f64 * TITLE * LEADING + if title.is_empty() { 0.0 } else { 8.0 };

    let frame_label = EDGE + title_height + 0.5 * SMALL * LEADING;
    let label_height = if figure.frames.is_empty() { 0.0 } else { SMALL * LEADING };

    let mut y = EDGE + title_height + label_height;
    for (r, panels) in rows.iter_mut().enumerate() {
        y += if joined && r > 0 { 0.0 } else { top[r] };
        let mut x = EDGE + (total - 2.0 * EDGE - inner) / 2.0;
        for (c, panel) in panels.iter_mut().enumerate() {
            let inner_left = if joined && c > 0 { 0.0 } else { left[c] };
            x += inner_left;
            // Frames are centred in their column and row.
            let [dx, dy] = [(width[c] - panel.frame.width) / 2.0, (height[r] - panel.frame.height) / 2.0];
            panel.move_to(x + dx, y + dy);
            x += width[c] + gap + if joined && c + 1 < n_columns { 0.0 } else { right[c] };
        }
        y += height[r] + gap + if joined && r + 1 < n_rows { 0.0 } else { bottom[r] };
    }
    let caption_top = y - gap + 12.0;
    let caption_height = if caption.is_empty() { 0.0 } else { 12.0 + caption.len() as f64 * SMALL * LEADING };
    let height = y - gap + caption_height + EDGE;
    let panels = rows.into_iter().flatten().collect();
    Plan { width: total.ceil(), height: height.ceil(), title, caption, caption_top, frame_label, panels }
}

/// Computes the layout of a panel with its frame at the origin.
fn plan_panel(panel: &Panel) -> PanelPlan<'_> {
    let [x_ends, y_ends, z_ends] = axis::ends(panel);
    let [width, height] = frame_size(panel, x_ends, y_ends);
    let frame = Rect { x: 0.0, y: 0.0, width, height };
    let space = panel.space.as_ref();
    let [x, y] = match space {
        None => [
            AxisPlan::horizontal(&panel.x, x_ends, [0.0, width]),
            AxisPlan::vertical(&panel.y, y_ends, [height, 0.0]),
        ],
        Some(_) => [AxisPlan::in_space(&panel.x, x_ends, 1.0), AxisPlan::in_space(&panel.y, y_ends, 1.0)],
    };
    // The vertical axis is foreshortened by the elevation.
    let z = space.map(|s| AxisPlan::in_space(&s.z, z_ends, s.elevation.to_radians().cos()));

    let framed = space.is_none() && panel.border == Border::Box;
    let mut margins = if framed { axis_margins(&x, &y) } else { Margins::default() };
    // The outermost tick labels may extend beyond the frame.
    let mut at = width + margins.right.min(4.0);
    let bars: Vec<BarPlan<'_>> = panel.series.iter().filter_map(|s| bar(&s.mark, height)).collect();
    let bars = bars.into_iter().map(|mut bar| {
        let bar_height = bar.frame.height;
        bar.frame = Rect { x: at + BAR_GAP, y: (height - bar_height) / 2.0, ..bar.frame };
        bar.axis.map.pixels = bar.axis.map.pixels.map(|p| p + bar.frame.y);
        at = bar.frame.x + bar.width;
        bar
    });
    let bars: Vec<BarPlan<'_>> = bars.collect();
    margins.right = margins.right.max(at - width);
    let title = font::lines(&panel.title, PANEL_TITLE * 1.06, (width + margins.left.min(24.0)).max(120.0));
    if !title.is_empty() {
        margins.top = margins.top.max(4.0) + title.len() as f64 * PANEL_TITLE * LEADING + 4.0;
    }
    let mut plan = PanelPlan { panel, frame, title, x, y, z, bars, legend: None, margins };
    plan.legend = legend::place(&plan);
    if let Some(legend) = plan.legend.as_mut().filter(|l| l.outside) {
        if panel.legend == Legend::Below {
            legend.rect.y = height + plan.margins.bottom + 6.0;
            // plotly.js draws legends a little higher than planned.
            plan.margins.bottom += 14.0 + 1.15 * legend.rect.height;
            return plan;
        }
        legend.rect.x = width + plan.margins.right + 10.0;
        plan.margins.right += 10.0 + legend.rect.width;
    }
    plan
}

/// Returns the width and height of the frame: the given size or, for an equal aspect ratio, the
/// largest size within it.
fn frame_size(panel: &Panel, x: [f64; 2], y: [f64; 2]) -> [f64; 2] {
    let [width, height] = panel.size;
    if panel.aspect == Aspect::Free || panel.space.is_some() {
        return [width, height];
    }
    let ratio = ((y[1] - y[0]) / (x[1] - x[0])).abs();
    let fitting = width.min(height / ratio);
    [fitting.round(), (fitting * ratio).round()]
}

/// Returns the margins for ticks, tick labels and axis labels on the left and at the bottom, and
/// for half a tick label on the other sides.
fn axis_margins(x: &AxisPlan, y: &AxisPlan) -> Margins {
    let line = |label: &str| if label.is_empty() { 0.0 } else { LABEL * LEADING + 3.0 };
    let overhang = x.overhang();
    let y_labels = y.label_width();
    let y_ticks = if y_labels > 0.0 { TICK_GAP + y_labels } else { 0.0 };
    let x_ticks = if x.ticks.is_empty() { 0.0 } else { TICK_GAP + TICK * 1.2 };
    Margins {
        left: (y_ticks + line(&y.label)).max(overhang[0]),
        right: overhang[1],
        top: if y.ticks.is_empty() { 0.0 } else { TICK * 0.6 },
        bottom: (x_ticks + line(&x.label)).max(if y.ticks.is_empty() { 0.0 } else { TICK * 0.6 }),
    }
}

/// Returns the layout of the colour bar of a mark, if it has one, with its frame at the origin.
fn bar(mark: &Mark, frame_height: f64) -> Option<BarPlan<'_>> {
    let (colours, values) = match mark {
        Mark::Field { colours, grid, .. } | Mark::Surface { colours, grid, .. } => (colours, &grid.values),
        Mark::Matrix { colours, values, .. } => (colours, values),
        _ => return None,
    };
    let label = colours.bar.as_deref()?;
    let levels = match mark {
        Mark::Field { grid, shading: Shading::Bands, levels, .. } => contour_levels(grid, colours, levels),
        _ => Vec::new(),
    };
    let ends = colours.ends(values);
    let height = frame_height.min(320.0);
    let axis = Axis { label: label.to_owned(), scale: colours.scale, ..Axis::default() };
    let axis = AxisPlan::vertical(&axis, ends, [height, 0.0]);
    let label_width = if label.is_empty() { 0.0 } else { LABEL * LEADING + 2.0 };
    let width = BAR_WIDTH + TICK_GAP + axis.label_width() + label_width;
    Some(BarPlan {
        colours,
        label,
        levels,
        axis,
        frame: Rect { x: 0.0, y: 0.0, width: BAR_WIDTH, height },
        width,
    })
}

/// Margin of an axis on both sides as a fraction of its range, so that no point is on the frame.
pub(crate) const PADDING: f64 = 0.04;

impl AxisScale {
    /// Widens a range by the margin of axes.
    pub(crate) fn with_margin(self, ends: [f64; 2]) -> [f64; 2] {
        self.padded(ends, PADDING)
    }
}
