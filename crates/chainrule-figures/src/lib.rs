//! Pictures: one description of a figure, drawn as SVG, PNG or interactive HTML.
//!
//! A [`Figure`] is plain data: rows of [`Panel`]s, each with [`Axis`] and [`Series`], each of which is drawn as a
//! [`Mark`]. It can be written as JSON and read again. Three functions draw it: [`svg`], [`png`] and [`html`]; with
//! [`animated_svg`] for its frames, and [`html_fragment`] for pages with several figures.
//!
//! ```
//! use chainrule_figures::{Axis, Colour, ColourMap, ColourScale, Figure, Grid, Mark, Panel, Series, Shading, Stroke};
//!
//! let loss = Grid::of([-2.0, 2.0], [-2.0, 2.0], 50, 50, |u, v| u * u + 3.0 * v * v);
//! let field = Mark::Field {
//!     grid: loss,
//!     colours: ColourScale::new(ColourMap::Magma).with_bar("loss"),
//!     shading: Shading::Bands,
//!     levels: vec![],
//!     lines: None,
//! };
//! let panel = Panel::new(Axis::new("$w_h$"), Axis::new("$b_o$"))
//!     .equal()
//!     .with(Series::new("", field))
//!     .with(Series::line("path", vec![1.5, 0.5, 0.0], vec![1.5, 0.1, 0.0], Colour::Paper));
//! let figure = Figure::new("Loss", vec![vec![panel]]).caption("The loss over two parameters.");
//! std::fs::write(std::env::temp_dir().join("loss.png"), chainrule_figures::png(&figure, 2.0)?)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Text notation
//!
//! Titles, labels, names and captions are plain text with formulas between dollar signs. In a formula single letters are
//! italic, names of several letters upright, and `_` and `^` set the next character, or all in braces, below or above the
//! line: `$w_h$`, `$b_{out}$`, `$10^{-3}$`, `$f(z) = tanh(z)$`. Greek letters and signs are written as themselves: ξ, ·.
//!
//! # Limits
//!
//! An SVG has at most [`SVG_LIMIT`] bytes; dense fields, surfaces and thousands of points are images in it. Text is in
//! DejaVu Sans, of which the crate embeds what labels need.

mod check;
mod colour;
mod contour;
mod error;
mod figure;
mod font;
mod html;
pub mod kind;
mod mark;
mod markup;
mod plan;
mod png;
mod report;
mod scale;
mod simplify;
mod svg;
mod ticks;

pub use colour::{Colour, ColourMap, ColourScale};
pub use error::Error;
pub use figure::{Aspect, Axis, Border, Change, Figure, Frame, Legend, Panel, Scale, Space, Spacing, Ticks};
pub use html::{html, html_fragment, html_head};
pub use kind::{Subject, draw, epochs};
pub use mark::{
    Anchor, Dash, Direction, Edge, Fill, Grid, Mark, Marker, Node, Series, Shading, Stroke, Symbol,
};
pub use png::png;
pub use report::{check_figures, figures, index, report};
pub use svg::{SVG_LIMIT, animated_svg, svg};
