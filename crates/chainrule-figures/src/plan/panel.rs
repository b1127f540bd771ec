//! Layout of a panel, with its colour bars and its legend.

use super::axis::AxisPlan;
use crate::rect::Rect;
use crate::{ColourScale, Panel};

/// Layout of a panel.
pub(crate) struct PanelPlan<'a> {
    pub(crate) panel: &'a Panel,
    pub(crate) frame: Rect,
    pub(crate) title: Vec<String>,
    pub(crate) x: AxisPlan,
    pub(crate) y: AxisPlan,
    /// The vertical axis of a 3-D panel.
    pub(crate) z: Option<AxisPlan>,
    pub(crate) bars: Vec<BarPlan<'a>>,
    pub(crate) legend: Option<LegendPlan>,
    pub(super) margins: Margins,
}

/// Layout of a colour bar.
pub(crate) struct BarPlan<'a> {
    pub(crate) colours: &'a ColourScale,
    pub(crate) label: &'a str,
    /// Levels between bands of constant colour; empty for continuous colours.
    pub(crate) levels: Vec<f64>,
    pub(crate) axis: AxisPlan,
    pub(crate) frame: Rect,
    pub(crate) width: f64,
}

/// Layout of a legend, with the indices of the series that it lists.
pub(crate) struct LegendPlan {
    pub(crate) rect: Rect,
    pub(crate) series: Vec<usize>,
    pub(crate) outside: bool,
    /// Whether the background is dark because a listed series is white.
    pub(crate) dark: bool,
}

/// Space that a panel requires around its frame.
#[derive(Clone, Copy, Default)]
pub(super) struct Margins {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
}

impl PanelPlan<'_> {
    /// Moves the panel, whose frame is at the origin, to a position of the upper left corner.
    pub(super) fn move_to(&mut self, x: f64, y: f64) {
        self.frame = Rect { x, y, ..self.frame };
        self.x.map.pixels = self.x.map.pixels.map(|p| p + x);
        self.y.map.pixels = self.y.map.pixels.map(|p| p + y);
        for bar in &mut self.bars {
            bar.frame = Rect { x: bar.frame.x + x, y: bar.frame.y + y, ..bar.frame };
            bar.axis.map.pixels = bar.axis.map.pixels.map(|p| p + y);
        }
        if let Some(legend) = &mut self.legend {
            legend.rect = Rect { x: legend.rect.x + x, y: legend.rect.y + y, ..legend.rect };
        }
    }

    /// Returns the pixel of a point.
    pub(crate) fn pixel(&self, x: f64, y: f64) -> [f64; 2] {
        [self.x.map.pixel(x), self.y.map.pixel(y)]
    }

    /// Returns whether a point is within the axis ranges.
    pub(crate) fn shows(&self, x: f64, y: f64) -> bool {
        self.x.map.contains(x) && self.y.map.contains(y)
    }
}
