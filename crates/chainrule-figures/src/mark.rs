//! Series and their marks: lines, points, bars, fields, surfaces and diagrams, with strokes, fills
//! and grids.

use serde::{Deserialize, Serialize};

use crate::grid::Grid;
use crate::numbers;
use crate::{Colour, ColourScale};

/// A series of a panel: a mark with a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// Name in the legend; series with an empty name are not listed.
    #[serde(default)]
    pub name: String,
    /// The mark.
    pub mark: Mark,
}

/// Graphical representation of a series.
///
/// The vectors of a mark have equal lengths. Numbers that are not finite leave gaps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Mark {
    /// A line through points. In 3-D panels, parts behind a surface are drawn faint and dotted.
    Line {
        /// x coordinates.
        #[serde(with = "numbers")]
        x: Vec<f64>,
        /// y coordinates.
        #[serde(with = "numbers")]
        y: Vec<f64>,
        /// z coordinates in 3-D panels; empty in 2-D panels.
        #[serde(default, with = "numbers")]
        z: Vec<f64>,
        /// Stroke of the line.
        stroke: Stroke,
    },
    /// A symbol at each point.
    Points {
        /// x coordinates.
        #[serde(with = "numbers")]
        x: Vec<f64>,
        /// y coordinates.
        #[serde(with = "numbers")]
        y: Vec<f64>,
        /// z coordinates in 3-D panels; empty in 2-D panels.
        #[serde(default, with = "numbers")]
        z: Vec<f64>,
        /// Symbol, size and colours.
        marker: Marker,
    },
    /// A rug plot: a short tick on the edge of the frame for each number.
    Rug {
        /// The numbers.
        #[serde(with = "numbers")]
        at: Vec<f64>,
        /// Axis of the numbers.
        along: Direction,
        /// Stroke of the ticks.
        stroke: Stroke,
    },
    /// A line across the whole frame at each number.
    Rule {
        /// The numbers.
        #[serde(with = "numbers")]
        at: Vec<f64>,
        /// Axis of the numbers; lines at numbers on x are vertical.
        along: Direction,
        /// Stroke of the lines.
        stroke: Stroke,
    },
    /// Adjacent bars, as in a histogram, starting at 0 or, on a logarithmic axis, at its lower end.
    Bars {
        /// Edges of the bars in increasing order, one more than there are bars.
        #[serde(with = "numbers")]
        edges: Vec<f64>,
        /// Heights of the bars.
        #[serde(with = "numbers")]
        heights: Vec<f64>,
        /// Fill of the bars.
        fill: Fill,
    },
    /// The area between two curves.
    Area {
        /// x coordinates of both curves.
        #[serde(with = "numbers")]
        x: Vec<f64>,
        /// y coordinates of the lower curve.
        #[serde(with = "numbers")]
        low: Vec<f64>,
        /// y coordinates of the upper curve.
        #[serde(with = "numbers")]
        high: Vec<f64>,
        /// Fill of the area.
        fill: Fill,
    },
    /// A scalar field as a heat map, a filled contour plot or contour lines.
    Field {
        /// The numbers.
        grid: Grid,
        /// Colours of the numbers.
        colours: ColourScale,
        /// Fill of the plane.
        shading: Shading,
        /// Levels of bands and contour lines; round numbers by default.
        #[serde(default)]
        levels: Vec<f64>,
        /// Stroke of the contour lines, if drawn.
        #[serde(default)]
        lines: Option<Stroke>,
    },
    /// Decision regions: the colour of the most probable class, stronger with its probability.
    Regions {
        /// Probability of each class.
        probabilities: Vec<Grid>,
        /// Colour of each class.
        colours: Vec<Colour>,
        /// Names of the classes for hover text.
        #[serde(default)]
        classes: Vec<String>,
        /// Stroke of the decision boundary, if drawn.
        #[serde(default)]
        boundary: Option<Stroke>,
    },
    /// A matrix as coloured cells. Cell (i, j) is at x = j, y = i; the first row is at the top.
    Matrix {
        /// Number of columns.
        n_columns: usize,
        /// The numbers in row-major order.
        #[serde(with = "numbers")]
        values: Vec<f64>,
        /// Texts in the cells; may be empty.
        #[serde(default)]
        texts: Vec<String>,
        /// Colours of the numbers.
        colours: ColourScale,
    },
    /// Text at a point.
    Text {
        /// The point.
        at: [f64; 2],
        /// The text.
        text: String,
        /// Alignment of the text at the point.
        #[serde(default)]
        anchor: Anchor,
        /// Colour of the text.
        #[serde(default)]
        colour: Colour,
    },
    /// A surface in a 3-D panel, with the numbers as heights.
    Surface {
        /// The numbers.
        grid: Grid,
        /// Colours of the numbers.
        colours: ColourScale,
        /// Stroke of contour lines at round numbers, if drawn.
        #[serde(default)]
        lines: Option<Stroke>,
    },
    /// A network diagram: negative weights in blue, positive ones in orange, as in the diverging
    /// colour map; larger magnitudes are wider lines.
    Network {
        /// The units.
        nodes: Vec<Node>,
        /// The weights.
        edges: Vec<Edge>,
        /// Magnitude of a weight that is drawn as the widest line; by default the largest one.
        #[serde(default)]
        largest: Option<f64>,
    },
}

/// One unit of a [`Mark::Network`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Node {
    /// Position.
    pub at: [f64; 2],
    /// Label.
    pub label: String,
    /// Position of the label.
    pub side: LabelSide,
    /// Fill colour.
    pub colour: Colour,
    /// Lines of text below the node.
    pub notes: Vec<Note>,
}

/// Position of the label of a [`Node`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelSide {
    /// Inside the node, in a font size that fits.
    #[default]
    Inside,
    /// Left of the node.
    Left,
    /// Right of the node.
    Right,
}

/// One weight of a [`Mark::Network`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Edge {
    /// Index of the source node.
    pub from: usize,
    /// Index of the target node.
    pub to: usize,
    /// The weight.
    pub weight: f64,
    /// Name of the weight in hover text.
    pub name: String,
    /// Stroke of the line; by default that of the weight.
    pub stroke: Option<Stroke>,
    /// Lines of text on the edge, which are omitted if they do not fit between the other edges.
    pub notes: Vec<Note>,
}

/// A line of text in a [`Mark::Network`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// The text; an empty one leaves its line free.
    pub text: String,
    /// Colour of the text.
    pub colour: Colour,
}

/// Colour, width and dash pattern of a line.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stroke {
    /// Colour.
    pub colour: Colour,
    /// Width in pixels.
    pub width: f64,
    /// Dash pattern.
    pub dash: Dash,
    /// Opacity from 0, invisible, to 1.
    pub opacity: f64,
}

impl Default for Stroke {
    fn default() -> Stroke {
        Stroke { colour: Colour::Ink, width: 1.8, dash: Dash::Solid, opacity: 1.0 }
    }
}

impl Stroke {
    /// Creates a solid stroke of 1.8 pixels.
    pub fn new(colour: Colour) -> Stroke {
        Stroke { colour, ..Stroke::default() }
    }

    /// Sets the width in pixels.
    pub fn width(self, width: f64) -> Stroke {
        Stroke { width, ..self }
    }

    /// Makes the stroke dashed.
    pub fn dashed(self) -> Stroke {
        Stroke { dash: Dash::Dashed, ..self }
    }

    /// Sets the opacity, from 0, invisible, to 1.
    pub fn opacity(self, opacity: f64) -> Stroke {
        Stroke { opacity, ..self }
    }
}

/// Dash pattern of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dash {
    /// Solid.
    #[default]
    Solid,
    /// Dashed.
    Dashed,
    /// Dotted.
    Dotted,
}

/// Fill of an area.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fill {
    /// Colour.
    pub colour: Colour,
    /// Opacity from 0, invisible, to 1.
    pub opacity: f64,
}

/// Symbol, size and colours of points.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Marker {
    /// Symbol.
    pub symbol: Symbol,
    /// Diameter in pixels.
    pub size: f64,
    /// Fill colour.
    pub colour: Colour,
    /// Edge colour, if the symbol has an edge.
    pub edge: Option<Colour>,
    /// Opacity from 0, invisible, to 1.
    pub opacity: f64,
}

impl Default for Marker {
    fn default() -> Marker {
        Marker {
            symbol: Symbol::Circle,
            size: 7.5,
            colour: Colour::Ink,
            edge: Some(Colour::Paper),
            opacity: 1.0,
        }
    }
}

impl Marker {
    /// Creates a marker of 7.5 pixels with an edge in the background colour.
    pub fn new(symbol: Symbol, colour: Colour) -> Marker {
        Marker { symbol, colour, ..Marker::default() }
    }

    /// Sets the diameter in pixels.
    pub fn size(self, size: f64) -> Marker {
        Marker { size, ..self }
    }
}

/// Symbol of a point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Symbol {
    /// Filled circle.
    #[default]
    Circle,
    /// Open circle, for marking another symbol.
    Ring,
    /// Square.
    Square,
    /// Triangle pointing up.
    Triangle,
    /// Diamond.
    Diamond,
    /// Thick plus sign.
    Plus,
    /// Thick diagonal cross.
    Cross,
    /// Five-pointed star.
    Star,
}

impl Symbol {
    /// Returns the symbol of class `i`, so that classes differ by more than their colour.
    pub fn of_class(i: usize) -> Symbol {
        use Symbol::{Circle, Cross, Diamond, Plus, Square, Star, Triangle};
        [Circle, Square, Triangle, Diamond, Plus, Star, Cross][i % 7]
    }
}

/// An axis of a 2-D panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The horizontal axis.
    X,
    /// The vertical axis.
    Y,
}

/// Fill of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shading {
    /// No fill.
    None,
    /// Continuous colours.
    Smooth,
    /// One colour between two levels: a filled contour plot.
    Bands,
}

/// Horizontal alignment of text at its point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// The point is at the left end of the text.
    Start,
    /// The point is at the middle of the text.
    #[default]
    Middle,
    /// The point is at the right end of the text.
    End,
}

impl Series {
    /// Creates a series; with an empty name it is not listed in the legend.
    pub fn new(name: impl Into<String>, mark: Mark) -> Series {
        Series { name: name.into(), mark }
    }

    /// Creates a solid line of 1.8 pixels in a 2-D panel.
    pub fn line(name: impl Into<String>, x: Vec<f64>, y: Vec<f64>, colour: Colour) -> Series {
        Series::new(name, Mark::Line { x, y, z: Vec::new(), stroke: Stroke::new(colour) })
    }

    /// Creates points in a 2-D panel.
    pub fn points(name: impl Into<String>, x: Vec<f64>, y: Vec<f64>, marker: Marker) -> Series {
        Series::new(name, Mark::Points { x, y, z: Vec::new(), marker })
    }

    /// Creates text centred at a point of a 2-D panel.
    pub fn text(at: [f64; 2], text: impl Into<String>) -> Series {
        let mark = Mark::Text { at, text: text.into(), anchor: Anchor::Middle, colour: Colour::Ink };
        Series::new("", mark)
    }
}
