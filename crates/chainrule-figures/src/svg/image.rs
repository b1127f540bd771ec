//! Fields and decision regions as PNG images embedded in an SVG.

use base64::Engine;
use png::{BitDepth, ColorType, Compression, Encoder};

use crate::colour::{region, winner};
use crate::plan::{PanelPlan, Rect};
use crate::{Colour, ColourScale, Grid, Shading};

/// Image pixels per figure pixel in images with sharp edges.
const SHARP: f64 = 2.0;
/// Images of more bytes are rendered at a lower resolution, to keep an SVG below 500,000 bytes.
pub(crate) const IMAGE_LIMIT: usize = 330_000;

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

/// Encodes RGBA pixels as a data URI of a PNG.
pub(crate) fn data_uri(width: usize, height: usize, rgba: &[u8]) -> String {
    format!(
        "data:image/png;base64,{}",
        base64::engine::general_purpose::STANDARD.encode(png(width, height, rgba))
    )
}

/// Encodes RGBA pixels as a PNG, with a palette for at most 256 colours and without an alpha
/// channel if all pixels are opaque.
fn png(width: usize, height: usize, rgba: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, width as u32, height as u32);
    encoder.set_compression(Compression::High);
    encoder.set_depth(BitDepth::Eight);
    let opaque = rgba.iter().skip(3).step_by(4).all(|a| *a == 255);
    let data = match palette(rgba).filter(|_| opaque) {
        Some((colours, indices)) => {
            encoder.set_color(ColorType::Indexed);
            encoder.set_palette(colours);
            encoder.set_filter(png::Filter::NoFilter);
            indices
        }
        None if opaque => {
            encoder.set_color(ColorType::Rgb);
            rgba.chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect()
        }
        None => {
            encoder.set_color(ColorType::Rgba);
            rgba.to_vec()
        }
    };
    let mut writer = encoder.write_header().expect("writing to memory succeeds");
    writer.write_image_data(&data).expect("the data have the size of the image");
    writer.finish().expect("writing to memory succeeds");
    out
}

/// Returns the distinct colours of an image and their index for each pixel, if there are at most
/// 256 colours.
fn palette(rgba: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut known = std::collections::HashMap::new();
    let mut colours = Vec::new();
    let mut indices = Vec::with_capacity(rgba.len() / 4);
    for pixel in rgba.chunks_exact(4) {
        let next = known.len();
        let index = *known.entry([pixel[0], pixel[1], pixel[2]]).or_insert(next);
        if index == next {
            colours.extend(&pixel[..3]);
        }
        indices.push(u8::try_from(index).ok()?);
    }
    Some((colours, indices))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_of_few_colours_have_a_palette() {
        let rgba = [1, 2, 3, 255, 4, 5, 6, 255, 1, 2, 3, 255];
        assert_eq!(palette(&rgba), Some((vec![1, 2, 3, 4, 5, 6], vec![0, 1, 0])));
        let many: Vec<u8> = (0..300u16).flat_map(|i| [(i % 256) as u8, (i / 256) as u8, 0, 255]).collect();
        assert_eq!(palette(&many), None);
    }

    #[test]
    fn values_map_to_the_middle_of_their_band() {
        let (levels, ends) = ([1.0, 2.0], [0.0, 4.0]);
        assert_eq!([0.3, 1.0, 1.9, 3.0].map(|v| band(v, &levels, ends)), [0.5, 1.5, 1.5, 3.0]);
    }
}
