//! Sizes of text and ticks.

/// Font sizes in pixels.
pub(crate) const TITLE: f64 = 16.0;
pub(crate) const PANEL_TITLE: f64 = 13.0;
pub(crate) const LABEL: f64 = 13.0;
pub(crate) const TICK: f64 = 11.0;
pub(crate) const SMALL: f64 = 11.5;
/// Line height relative to the font size.
pub(crate) const LEADING: f64 = 1.4;
/// Length of a tick, and distance of its label from the frame.
pub(crate) const TICK_LENGTH: f64 = 4.0;
pub(crate) const TICK_GAP: f64 = 7.0;
/// Space to the left of a colour bar, and its width.
pub(crate) const BAR_GAP: f64 = 14.0;
pub(crate) const BAR_WIDTH: f64 = 13.0;
