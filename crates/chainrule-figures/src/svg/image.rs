//! Images within an SVG: fields and decision regions as embedded PNGs.

use base64::Engine;
use png::{BitDepth, ColorType, Compression, Encoder};

use crate::colour::{region, winner};
use crate::plan::{PanelPlan, Rect};
use crate::{Colour, ColourScale, Grid, Shading};

/// How many pixels of an image with sharp edges lie along one of the drawing.
const SHARP: f64 = 2.0;
/// From how many bytes on an image is drawn less sharp, so that an SVG of at most 500,000 has room for it.
pub(crate) const IMAGE_LIMIT: usize = 330_000;

/// A field's image over the grid's rectangle, which may reach beyond the frame.
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

/// The regions' image over the grid's rectangle.
pub(super) fn regions(plan: &PanelPlan<'_>, probabilities: &[Grid], colours: &[Colour]) -> (Rect, String) {
    paint(plan, &probabilities[0], SHARP, |i, j| {
        let (class, sure) = winner(probabilities, i, j);
        let [r, g, b] = region(colours[class], sure);
        [r, g, b, 255]
    })
}

/// The middle of the band between two levels that a value lies in.
pub(crate) fn band(v: f64, levels: &[f64], [low, high]: [f64; 2]) -> f64 {
    let above = levels.partition_point(|l| *l <= v);
    let from = if above == 0 { low } else { levels[above - 1] };
    let to = levels.get(above).copied().unwrap_or(high);
    f64::midpoint(from, to)
}

/// An image of a grid's rectangle, each pixel by the place of its middle in the grid.
fn paint(
    plan: &PanelPlan<'_>,
    grid: &Grid,
    sharpness: f64,
    colour: impl Fn(f64, f64) -> [u8; 4],
) -> (Rect, String) {
    let [a, b] = [plan.pixel(grid.x[0], grid.y[0]), plan.pixel(grid.x[1], grid.y[1])];
    // Only what lies in the frame is painted, however far the grid reaches.
    let frame = plan.frame;
    let (left, right) = (a[0].min(b[0]).max(frame.x), a[0].max(b[0]).min(frame.right()));
    let (top, bottom) = (a[1].min(b[1]).max(frame.y), a[1].max(b[1]).min(frame.bottom()));
    let rect = Rect { x: left, y: top, width: (right - left).max(1.0), height: (bottom - top).max(1.0) };
    let pixels = |length: f64| (length * sharpness).round().max(1.0) as usize;
    // A strip of one row needs no more than that.
    let (width, height) = (pixels(rect.width), if grid.n_y == 1 { 1 } else { pixels(rect.height) });
    let mut rgba = Vec::with_capacity(4 * width * height);
    for v in 0..height {
        for u in 0..width {
            let x = plan.x.map.number(rect.x + (u as f64 + 0.5) * rect.width / width as f64);
            let y = plan.y.map.number(rect.y + (v as f64 + 0.5) * rect.height / height as f64);
            let [i, j] = grid.place(x, y);
            rgba.extend(colour(i, if grid.n_y == 1 { 0.0 } else { j }));
        }
    }
    (rect, data_uri(width, height, &rgba))
}

/// A PNG of red, green, blue and opacity as a URI of data.
pub(crate) fn data_uri(width: usize, height: usize, rgba: &[u8]) -> String {
    format!(
        "data:image/png;base64,{}",
        base64::engine::general_purpose::STANDARD.encode(png(width, height, rgba))
    )
}

/// A PNG: of at most 256 colours with a palette, of more without, and without opacity if all is opaque.
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
    let mut writer = encoder.write_header().expect("writing to memory");
    writer.write_image_data(&data).expect("the data fill the image");
    writer.finish().expect("writing to memory");
    out
}

/// The colours of an image and for each pixel which it has, if there are at most 256 of them.
fn palette(rgba: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut places = std::collections::HashMap::new();
    let mut colours = Vec::new();
    let mut indices = Vec::with_capacity(rgba.len() / 4);
    for pixel in rgba.chunks_exact(4) {
        let next = places.len();
        let place = *places.entry([pixel[0], pixel[1], pixel[2]]).or_insert(next);
        if place == next {
            colours.extend(&pixel[..3]);
        }
        indices.push(u8::try_from(place).ok()?);
    }
    Some((colours, indices))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_colours_make_a_palette() {
        let rgba = [1, 2, 3, 255, 4, 5, 6, 255, 1, 2, 3, 255];
        assert_eq!(palette(&rgba), Some((vec![1, 2, 3, 4, 5, 6], vec![0, 1, 0])));
        let many: Vec<u8> = (0..300u16).flat_map(|i| [(i % 256) as u8, (i / 256) as u8, 0, 255]).collect();
        assert_eq!(palette(&many), None);
    }

    #[test]
    fn a_value_has_the_middle_of_its_band() {
        let (levels, ends) = ([1.0, 2.0], [0.0, 4.0]);
        assert_eq!([0.3, 1.0, 1.9, 3.0].map(|v| band(v, &levels, ends)), [0.5, 1.5, 1.5, 3.0]);
    }
}
