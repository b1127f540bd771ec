//! Figures as data, rendered as SVG, PNG or interactive HTML.
//!
//! A [`Figure`] is plain data: rows of [`Panel`]s with [`Axis`] and [`Series`] values; each series
//! is drawn as a [`Mark`]. Figures can be serialised to JSON and deserialised. They are rendered by
//! [`svg`], [`png`], [`gif`] and [`html`]; [`animated_svg`] and [`gif`] play the frames of an
//! animation, and [`html_fragment`] is for pages with several figures.
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
//! let figure = Figure::new("Loss", vec![vec![panel]]).caption("Loss as a function of two parameters.");
//! std::fs::write(std::env::temp_dir().join("loss.png"), chainrule_figures::png(&figure, 2.0)?)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Text notation
//!
//! Titles, labels, names and captions are plain text with formulas between dollar signs. In
//! formulas, single letters are italic and longer names upright; `_` and `^` make the next
//! character, or a group in braces, a subscript or superscript: `$w_h$`, `$b_{out}$`, `$10^{-3}$`,
//! `$f(z) = tanh(z)$`. Greek letters and symbols are written as Unicode characters: ξ, ·.
//!
//! # Limits
//!
//! An SVG has at most [`SVG_LIMIT`] bytes; dense fields, surfaces and series of thousands of points
//! are embedded as images. Text is set in DejaVu Sans; the crate embeds the subset of the font that
//! labels use.

mod check;
mod colour;
mod contour;
mod error;
mod figure;
mod font;
mod gif;
mod grid;
mod html;
mod image;
pub mod kind;
mod mark;
mod markup;
mod network_style;
mod numbers;
mod plan;
mod png;
mod raster;
mod rect;
mod report;
mod scale;
mod simplify;
mod svg;
mod ticks;

pub use colour::{Colour, ColourMap, ColourScale};
pub use error::Error;
pub use figure::{Aspect, Axis, Border, Change, Figure, Frame, Legend, Panel, Space, Spacing, Ticks};
pub use gif::gif;
pub use grid::Grid;
pub use html::{PlotlyScript, html, html_fragment, html_head, plotly_js};
pub use kind::{Subject, draw, epochs};
pub use mark::{
    Anchor, Dash, Direction, Edge, Fill, LabelSide, Mark, Marker, Node, Note, Series, Shading, Stroke, Symbol,
};
pub use png::png;
pub use report::{
    ReportEntry, check_figures, demonstrations_report, evaluation_report, figures, fit_report, index, report,
};
pub use scale::AxisScale;
pub use svg::{SVG_LIMIT, animated_svg, outlined, svg};
