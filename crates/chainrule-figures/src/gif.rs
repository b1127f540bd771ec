//! GIF output: the frames of an animation, each rasterised like a PNG.

use ::gif::{Encoder, Frame, Repeat};
use resvg::tiny_skia::Pixmap;

use crate::check::check;
use crate::png::size;
use crate::raster::{render, tree};
use crate::svg::{LAST_SECONDS, frame_seconds, outlined, outlined_frame};
use crate::{Error, Figure};

/// Speed of the quantiser for images of more than 256 colours, from 1 to 30: the default of the
/// crate, at which it takes less time than the rasteriser.
const QUANTISER_SPEED: i32 = 10;

/// Renders the figure as a GIF that plays its frames in a loop, with `scale` image pixels per
/// figure pixel; a figure without frames is a single image.
///
/// `on_frame` is called with the number of frames that are done. Each frame has a palette of 256
/// colours and contains only the rectangle that differs from the previous frame, so the rest does
/// not flicker.
///
/// # Errors
/// Returns an error if the figure is invalid, or [`Error::ImageSize`] if a side of the image would
/// have fewer than 1 or more than 20,000 pixels.
///
/// ```
/// use chainrule_figures::{Colour, Figure, Panel, Series, gif};
///
/// let line = Series::line("", vec![0.0, 1.0], vec![1.0, 0.5], Colour::Palette(0));
/// let image = gif(&Figure::new("", vec![vec![Panel::default().with(line)]]), 1.0, |_| ())?;
/// assert_eq!(image[..6], *b"GIF89a");
/// # Ok::<(), chainrule_figures::Error>(())
/// ```
pub fn gif(figure: &Figure, scale: f64, mut on_frame: impl FnMut(usize)) -> Result<Vec<u8>, Error> {
    check(figure)?;
    let n = figure.frames.len();
    let mut animation: Option<(Encoder<Vec<u8>>, Pixmap)> = None;
    for k in 0..n.max(1) {
        let tree = tree(&if n == 0 { outlined(figure) } else { outlined_frame(figure, k) });
        let [width, height] = size(&tree, scale)?;
        let image = render(&tree, scale, [0.0, 0.0, width, height]);
        let (mut encoder, region) = if let Some((encoder, previous)) = animation {
            (encoder, difference(&previous, &image))
        } else {
            let (width, height) = (image.width() as u16, image.height() as u16);
            let mut encoder = Encoder::new(Vec::new(), width, height, &[]).expect(IN_MEMORY);
            if n > 1 {
                encoder.set_repeat(Repeat::Infinite).expect(IN_MEMORY);
            }
            (encoder, [0, 0, usize::from(width), usize::from(height)])
        };
        let seconds = if k + 1 < n { frame_seconds(n) } else { LAST_SECONDS };
        encoder.write_frame(&frame(&image, region, seconds)).expect(IN_MEMORY);
        animation = Some((encoder, image));
        on_frame(k + 1);
    }
    let (encoder, _) = animation.expect("there is at least one frame");
    Ok(encoder.into_inner().expect(IN_MEMORY))
}

const IN_MEMORY: &str = "writing to memory succeeds";

/// Returns the smallest rectangle `[left, top, width, height]` outside which the images are equal;
/// of equal images the first pixel, because a frame is not empty.
fn difference(before: &Pixmap, after: &Pixmap) -> [usize; 4] {
    let width = after.width() as usize;
    let differing = before.pixels().iter().zip(after.pixels()).enumerate().filter(|(_, (a, b))| a != b);
    let bounds = differing.fold(None, |bounds, (p, _)| {
        let (x, y) = (p % width, p / width);
        let [left, top, right, bottom] = bounds.unwrap_or([x, y, x, y]);
        Some([left.min(x), top.min(y), right.max(x), bottom.max(y)])
    });
    let [left, top, right, bottom] = bounds.unwrap_or_default();
    [left, top, right - left + 1, bottom - top + 1]
}

fn frame(image: &Pixmap, [left, top, width, height]: [usize; 4], seconds: f64) -> Frame<'static> {
    let row = |y: usize| &image.pixels()[y * image.width() as usize + left..][..width];
    let pixels = (top..top + height).flat_map(row);
    // Drawings have an opaque background.
    let rgb: Vec<u8> = pixels.flat_map(|p| [p.red(), p.green(), p.blue()]).collect();
    let mut frame = Frame::from_rgb_speed(width as u16, height as u16, &rgb, QUANTISER_SPEED);
    (frame.left, frame.top) = (left as u16, top as u16);
    // In hundredths of a second.
    frame.delay = (100.0 * seconds).round() as u16;
    frame
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Change, Colour, Panel, Series};

    fn animated(n: usize) -> Figure {
        let line = |k: usize| Series::line("", vec![0.0, 1.0], vec![0.0, k as f64], Colour::Palette(0));
        let mut figure = Figure::new("", vec![vec![Panel::default().with(line(n))]]);
        let frame = |k: usize| crate::Frame {
            label: format!("step {k}"),
            changes: vec![Change { panel: 0, series: 0, mark: line(k).mark }],
        };
        figure.frames = (1..=n).map(frame).collect();
        figure
    }

    #[test]
    fn frames_play_in_a_loop_and_the_last_one_is_held() {
        let mut calls = Vec::new();
        let image = gif(&animated(3), 1.0, |k| calls.push(k)).unwrap();
        let mut decoder = ::gif::DecodeOptions::new().read_info(&image[..]).unwrap();
        let mut frames = Vec::new();
        while let Some(frame) = decoder.read_next_frame().unwrap() {
            frames.push((frame.delay, frame.width, frame.height));
        }
        assert_eq!(decoder.repeat(), Repeat::Infinite);
        assert_eq!(frames.iter().map(|frame| frame.0).collect::<Vec<_>>(), [150, 150, 200]);
        assert_eq!((frames[0].1, frames[0].2), (decoder.width(), decoder.height()));
        assert!(frames[1].1 < decoder.width() && frames[1].2 < decoder.height(), "{frames:?}");
        assert_eq!(calls, [1, 2, 3]);
    }

    #[test]
    fn figures_without_frames_are_one_image() {
        let image = gif(&Figure { frames: Vec::new(), ..animated(1) }, 0.5, |_| ()).unwrap();
        let mut decoder = ::gif::DecodeOptions::new().read_info(&image[..]).unwrap();
        assert!(decoder.read_next_frame().unwrap().is_some() && decoder.read_next_frame().unwrap().is_none());
    }
}
