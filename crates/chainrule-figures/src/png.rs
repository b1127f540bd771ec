//! PNG output: the SVG rasterised by resvg with the embedded font, identical on every machine.

use resvg::usvg::Tree;

use crate::check::check;
use crate::raster::{render, tree};
use crate::svg::outlined;
use crate::{Error, Figure};

/// Renders the figure as a PNG with `scale` image pixels per figure pixel: 1 for thumbnails, 2 for
/// high-resolution screens and print.
///
/// # Errors
/// Returns an error if the figure is invalid, or [`Error::ImageSize`] if a side of the image would
/// have fewer than 1 or more than 20,000 pixels.
///
/// ```
/// use chainrule_figures::{Colour, Figure, Panel, Series, png};
///
/// let line = Series::line("", vec![0.0, 1.0], vec![1.0, 0.5], Colour::Palette(0));
/// let image = png(&Figure::new("", vec![vec![Panel::default().with(line)]]), 2.0)?;
/// assert_eq!(image[1..4], *b"PNG");
/// # Ok::<(), chainrule_figures::Error>(())
/// ```
pub fn png(figure: &Figure, scale: f64) -> Result<Vec<u8>, Error> {
    check(figure)?;
    let tree = tree(&outlined(figure));
    let [width, height] = size(&tree, scale)?;
    Ok(render(&tree, scale, [0.0, 0.0, width, height]).encode_png().expect("writing to memory succeeds"))
}

/// Returns the width and height of the image of a drawing.
pub(crate) fn size(tree: &Tree, scale: f64) -> Result<[f64; 2], Error> {
    let [width, height] = [tree.size().width(), tree.size().height()].map(|length| f64::from(length) * scale);
    let fits = |v: f64| (1.0..=20_000.0).contains(&v);
    if fits(width) && fits(height) {
        Ok([width, height])
    } else {
        Err(Error::ImageSize { scale, width, height })
    }
}
