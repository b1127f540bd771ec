//! Images embedded in a drawing, as data URIs.

use base64::Engine;
use png::{BitDepth, ColorType, Compression, Encoder};

/// Images of more bytes are rendered at a lower resolution, to keep an SVG below 500,000 bytes.
pub(crate) const IMAGE_LIMIT: usize = 330_000;

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
}
