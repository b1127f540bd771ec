//! Rasterising of drawings with resvg.

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};

use crate::image::{IMAGE_LIMIT, data_uri};
use crate::rect::Rect;

/// Parses a drawing; it must not contain text elements, which are ignored.
pub(crate) fn tree(svg: &str) -> Tree {
    Tree::from_str(svg, &Options::default()).expect("the generated SVG is well formed")
}

/// Rasterises elements into an embedded image of the rectangle, at two pixels per figure pixel
/// unless the image becomes too large. For thousands of elements this reduces the size of the SVG.
pub(crate) fn rasterised(elements: &str, frame: Rect) -> String {
    // Symbols at the border extend beyond the frame.
    let rect =
        Rect { x: frame.x - 8.0, y: frame.y - 8.0, width: frame.width + 16.0, height: frame.height + 16.0 };
    let Rect { x, y, width, height } = rect;
    let tree = tree(&format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\">{elements}</svg>",
        x + width,
        y + height
    ));
    let sharp = uri(&tree, 2.0, rect);
    let uri = if sharp.len() > IMAGE_LIMIT { uri(&tree, 1.0, rect) } else { sharp };
    format!(
        "<image x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" preserveAspectRatio=\"none\" href=\"{uri}\"/>\n"
    )
}

/// Renders a region of a drawing as a data URI.
fn uri(tree: &Tree, scale: f64, region: Rect) -> String {
    let pixmap = render(tree, scale, [region.x, region.y, region.width, region.height].map(|v| v * scale));
    let rgba = pixmap.pixels().iter().flat_map(|p| {
        let p = p.demultiply();
        [p.red(), p.green(), p.blue(), p.alpha()]
    });
    data_uri(pixmap.width() as usize, pixmap.height() as usize, &rgba.collect::<Vec<_>>())
}

/// Renders a region of a drawing, given in pixels of the image.
pub(crate) fn render(tree: &Tree, scale: f64, [x, y, width, height]: [f64; 4]) -> Pixmap {
    let mut pixmap = Pixmap::new(width.round().max(1.0) as u32, height.round().max(1.0) as u32)
        .expect("the image has pixels");
    let transform = Transform::from_scale(scale as f32, scale as f32).post_translate(-x as f32, -y as f32);
    resvg::render(tree, transform, &mut pixmap.as_mut());
    pixmap
}
