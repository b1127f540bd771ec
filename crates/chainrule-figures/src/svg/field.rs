//! Fields and decision regions as PNG images embedded in an SVG.

use crate::colour::{region, winner};
use crate::image::data_uri;
use crate::plan::PanelPlan;
use crate::rect::Rect;
use crate::{Colour, ColourScale, Grid, Shading};

/// Image pixels per figure pixel in images with sharp edges.
const SHARP: f64 = 2.0;

/// Renders a field over the part of the grid within the frame.
pub(super) fn field(
    plan: &PanelPlan<'_>,
    grid: &Grid,
    colours: &ColourScale,
    shading: Shading,
    levels: &[f64],
) -> (Rect, String) {
    let ends = colours.ends(&grid.values);
    paint(plan, grid, if shading == Shading::Bands { SHARP } else { 1.0 }, |i, j| {
        let v = grid.value_at(i, j);
        if !v.is_finite() {
            return [0; 4];
        }
        let [r, g, b] = colours.at(if shading == Shading::Bands { band(v, levels, ends) } else { v }, ends);
        [r, g, b, 255]
    })
}

/// Renders decision regions over the part of the grid within the frame.
pub(super) fn regions(plan: &PanelPlan<'_>, probabilities: &[Grid], colours: &[Colour]) -> (Rect, String) {
    paint(plan, &probabilities[0], SHARP, |i, j| {
        let (class, confidence) = winner(probabilities, i, j);
        let [r, g, b] = region(colours[class], confidence);
        [r, g, b, 255]
    })
}

/// Returns the middle of the band between two levels that contains a value.
pub(crate) fn band(v: f64, levels: &[f64], [low, high]: [f64; 2]) -> f64 {
    let above = levels.partition_point(|l| *l <= v);
    let from = if above == 0 { low } else { levels[above - 1] };
    let to = levels.get(above).copied().unwrap_or(high);
    f64::midpoint(from, to)
}

/// Renders a grid; `colour` takes the fractional grid index of the centre of a pixel.
fn paint(
    plan: &PanelPlan<'_>,
    grid: &Grid,
    sharpness: f64,
    colour: impl Fn(f64, f64) -> [u8; 4],
) -> (Rect, String) {
    let [a, b] = [plan.pixel(grid.x[0], grid.y[0]), plan.pixel(grid.x[1], grid.y[1])];
    // The image is limited to the frame.
    let frame = plan.frame;
    let (left, right) = (a[0].min(b[0]).max(frame.x), a[0].max(b[0]).min(frame.right()));
    let (top, bottom) = (a[1].min(b[1]).max(frame.y), a[1].max(b[1]).min(frame.bottom()));
    let rect = Rect { x: left, y: top, width: (right - left).max(1.0), height: (bottom - top).max(1.0) };
    let pixels = |length: f64| (length * sharpness).round().max(1.0) as usize;
    // A grid of one row is one pixel high.
    let (width, height) = (pixels(rect.width), if grid.n_y == 1 { 1 } else { pixels(rect.height) });
    let mut rgba = Vec::with_capacity(4 * width * height);
    for v in 0..height {
        for u in 0..width {
            let x = plan.x.map.number(rect.x + (u as f64 + 0.5) * rect.width / width as f64);
            let y = plan.y.map.number(rect.y + (v as f64 + 0.5) * rect.height / height as f64);
            let [i, j] = grid.index(x, y);
            rgba.extend(colour(i, if grid.n_y == 1 { 0.0 } else { j }));
        }
    }
    (rect, data_uri(width, height, &rgba))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_map_to_the_middle_of_their_band() {
        let (levels, ends) = ([1.0, 2.0], [0.0, 4.0]);
        assert_eq!([0.3, 1.0, 1.9, 3.0].map(|v| band(v, &levels, ends)), [0.5, 1.5, 1.5, 3.0]);
    }
}
