//! What a series is drawn as: lines, points, bars, fields, surfaces, diagrams, and the strokes and grids of them.

use serde::{Deserialize, Serialize};

use crate::{Colour, ColourScale};

/// A named thing in a panel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// What the legend calls it; with an empty name it is not listed.
    #[serde(default)]
    pub name: String,
    /// What it is drawn as.
    pub mark: Mark,
}

/// What a series is drawn as. Vectors of one mark have one length; a number that is not finite leaves a gap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Mark {
    /// A line through points. In a panel in space it has z, and is hidden where a surface lies before it.
    Line {
        /// Where the points are.
        #[serde(with = "numbers")]
        x: Vec<f64>,
        /// Where the points are.
        #[serde(with = "numbers")]
        y: Vec<f64>,
        /// The height in space; empty in a flat panel.
        #[serde(default, with = "numbers")]
        z: Vec<f64>,
        /// How it is drawn.
        stroke: Stroke,
    },
    /// A symbol at each point.
    Points {
        /// Where the points are.
        #[serde(with = "numbers")]
        x: Vec<f64>,
        /// Where the points are.
        #[serde(with = "numbers")]
        y: Vec<f64>,
        /// The height in space; empty in a flat panel.
        #[serde(default, with = "numbers")]
        z: Vec<f64>,
        /// The symbol and its colours.
        marker: Marker,
    },
    /// A short tick on the edge of the frame for each number.
    Rug {
        /// The numbers.
        #[serde(with = "numbers")]
        at: Vec<f64>,
        /// The axis that they are on.
        along: Direction,
        /// How the ticks are drawn.
        stroke: Stroke,
    },
    /// A line across the whole frame at each number.
    Rule {
        /// The numbers.
        #[serde(with = "numbers")]
        at: Vec<f64>,
        /// The axis that they are on: on x the lines are upright.
        along: Direction,
        /// How the lines are drawn.
        stroke: Stroke,
    },
    /// Bars side by side, as of a histogram; they stand on 0, on a logarithmic axis on its low end.
    Bars {
        /// The bars' edges, one more than there are bars, rising.
        #[serde(with = "numbers")]
        edges: Vec<f64>,
        /// The bars' heights.
        #[serde(with = "numbers")]
        heights: Vec<f64>,
        /// How they are filled.
        fill: Fill,
    },
    /// What lies between two curves.
    Area {
        /// Where the curves are known.
        #[serde(with = "numbers")]
        x: Vec<f64>,
        /// The one curve.
        #[serde(with = "numbers")]
        low: Vec<f64>,
        /// The other curve.
        #[serde(with = "numbers")]
        high: Vec<f64>,
        /// How it is filled.
        fill: Fill,
    },
    /// Numbers over a plane: as colours, as bands of colour between contour lines, as contour lines.
    Field {
        /// The numbers.
        grid: Grid,
        /// Their colours.
        colours: ColourScale,
        /// How the plane is filled.
        shading: Shading,
        /// At which numbers bands meet and lines run; round ones are chosen when empty.
        #[serde(default)]
        levels: Vec<f64>,
        /// How contour lines are drawn, if they are.
        #[serde(default)]
        lines: Option<Stroke>,
    },
    /// The most probable class of each point of a plane: its colour, the fuller the surer.
    Regions {
        /// For each class its probability.
        probabilities: Vec<Grid>,
        /// For each class its colour.
        colours: Vec<Colour>,
        /// What the classes are called, for those who point at them.
        #[serde(default)]
        classes: Vec<String>,
        /// How the boundary between classes is drawn, if it is.
        #[serde(default)]
        boundary: Option<Stroke>,
    },
    /// A table of numbers as coloured cells. Cell (i, j) lies at x = j, y = i; the first row is the upper one.
    Matrix {
        /// The length of a row.
        n_columns: usize,
        /// The numbers, row after row.
        #[serde(with = "numbers")]
        values: Vec<f64>,
        /// What is written in the cells; nothing when empty.
        #[serde(default)]
        texts: Vec<String>,
        /// Their colours.
        colours: ColourScale,
    },
    /// Words at a point.
    Text {
        /// Where they are.
        at: [f64; 2],
        /// The words.
        text: String,
        /// Which part of them is there.
        #[serde(default)]
        anchor: Anchor,
        /// Their colour.
        #[serde(default)]
        colour: Colour,
    },
    /// Numbers over the floor of a panel in space as heights.
    Surface {
        /// The numbers.
        grid: Grid,
        /// Their colours.
        colours: ColourScale,
        /// Contour lines on it at round numbers, if they are drawn.
        #[serde(default)]
        lines: Option<Stroke>,
    },
    /// Units joined by weights: negative in blue, positive in orange, as in the diverging map; the wider the larger.
    Network {
        /// The units.
        nodes: Vec<Node>,
        /// The weights.
        edges: Vec<Edge>,
    },
}

/// One unit of a [`Mark::Network`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Where it is.
    pub at: [f64; 2],
    /// What is written in it.
    pub label: String,
    /// What it is filled with.
    pub colour: Colour,
}

/// One weight of a [`Mark::Network`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edge {
    /// The unit that it comes from, by its place among the nodes.
    pub from: usize,
    /// The unit that it goes to.
    pub to: usize,
    /// The weight.
    pub weight: f64,
}

/// Numbers at the points of a grid: `values[j * n_x + i]` belongs to the i-th of `n_x` points from one end of `x`
/// to the other, ends included, and the j-th of `n_y` of `y`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grid {
    /// The ends along x.
    pub x: [f64; 2],
    /// The ends along y.
    pub y: [f64; 2],
    /// How many points along x.
    pub n_x: usize,
    /// How many points along y; with one the values hold over all of `y`.
    pub n_y: usize,
    /// The numbers, n_x · n_y of them.
    #[serde(with = "numbers")]
    pub values: Vec<f64>,
}

impl Grid {
    /// The values of `f(x, y)` at the points of a grid.
    ///
    /// ```
    /// let grid = chainrule_figures::Grid::of([0.0, 2.0], [0.0, 1.0], 3, 2, |x, y| x + 10.0 * y);
    /// assert_eq!(grid.values, [0.0, 1.0, 2.0, 10.0, 11.0, 12.0]);
    /// ```
    pub fn of(x: [f64; 2], y: [f64; 2], n_x: usize, n_y: usize, f: impl Fn(f64, f64) -> f64) -> Grid {
        let mut grid = Grid { x, y, n_x, n_y, values: Vec::with_capacity(n_x * n_y) };
        for j in 0..n_y {
            for i in 0..n_x {
                grid.values.push(f(grid.x_at(i as f64), grid.y_at(j as f64)));
            }
        }
        grid
    }

    /// The x of the point i, which may lie between two.
    pub fn x_at(&self, i: f64) -> f64 {
        along(self.x, self.n_x, i)
    }

    /// The y of the point j, which may lie between two.
    pub fn y_at(&self, j: f64) -> f64 {
        along(self.y, self.n_y, j)
    }

    /// The value at the point (i, j), which may lie between four; outside the grid that of its edge.
    pub(crate) fn value_at(&self, i: f64, j: f64) -> f64 {
        let i = i.clamp(0.0, (self.n_x - 1) as f64);
        let j = j.clamp(0.0, (self.n_y - 1) as f64);
        let (i0, j0) = (i as usize, j as usize);
        let (i1, j1) = ((i0 + 1).min(self.n_x - 1), (j0 + 1).min(self.n_y - 1));
        let (u, v) = (i - i0 as f64, j - j0 as f64);
        let at = |i: usize, j: usize| self.values[j * self.n_x + i];
        (1.0 - v) * ((1.0 - u) * at(i0, j0) + u * at(i1, j0)) + v * ((1.0 - u) * at(i0, j1) + u * at(i1, j1))
    }

    /// The place (i, j) of a point (x, y).
    pub(crate) fn place(&self, x: f64, y: f64) -> [f64; 2] {
        let part = |v: f64, [low, high]: [f64; 2], n: usize| (v - low) / (high - low) * (n - 1) as f64;
        [part(x, self.x, self.n_x), part(y, self.y, self.n_y)]
    }
}

/// The i-th of n points between two ends.
fn along([low, high]: [f64; 2], n: usize, i: f64) -> f64 {
    if n < 2 { f64::midpoint(low, high) } else { low + (high - low) * i / (n - 1) as f64 }
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stroke {
    /// Its colour.
    pub colour: Colour,
    /// Its width in pixels.
    pub width: f64,
    /// Whether it is broken.
    pub dash: Dash,
    /// From 0, unseen, to 1.
    pub opacity: f64,
}

impl Default for Stroke {
    fn default() -> Stroke {
        Stroke { colour: Colour::Ink, width: 1.8, dash: Dash::Solid, opacity: 1.0 }
    }
}

impl Stroke {
    /// A solid line of 1.8 pixels.
    pub fn new(colour: Colour) -> Stroke {
        Stroke { colour, ..Stroke::default() }
    }

    /// The same of this width in pixels.
    pub fn width(self, width: f64) -> Stroke {
        Stroke { width, ..self }
    }

    /// The same, broken.
    pub fn dashed(self) -> Stroke {
        Stroke { dash: Dash::Dashed, ..self }
    }

    /// The same, from 0, unseen, to 1.
    pub fn opacity(self, opacity: f64) -> Stroke {
        Stroke { opacity, ..self }
    }
}

/// Whether a line is broken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dash {
    /// In one piece.
    #[default]
    Solid,
    /// In dashes.
    Dashed,
    /// In dots.
    Dotted,
}

/// How a surface of the plane is filled.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fill {
    /// Its colour.
    pub colour: Colour,
    /// From 0, unseen, to 1.
    pub opacity: f64,
}

/// A symbol and its colours.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Marker {
    /// The symbol.
    pub symbol: Symbol,
    /// Its diameter in pixels.
    pub size: f64,
    /// Its colour.
    pub colour: Colour,
    /// The colour of its edge, if it has one.
    pub edge: Option<Colour>,
    /// From 0, unseen, to 1.
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
    /// A symbol of 7.5 pixels with an edge in the colour of the paper.
    pub fn new(symbol: Symbol, colour: Colour) -> Marker {
        Marker { symbol, colour, ..Marker::default() }
    }

    /// The same of this diameter in pixels.
    pub fn size(self, size: f64) -> Marker {
        Marker { size, ..self }
    }
}

/// A symbol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Symbol {
    /// A disc.
    #[default]
    Circle,
    /// A circle with nothing in it, to put around another symbol.
    Ring,
    /// A square.
    Square,
    /// A triangle on its base.
    Triangle,
    /// A square on its corner.
    Diamond,
    /// Two thick bars, upright and level.
    Plus,
    /// Two thick bars, slanting.
    Cross,
    /// A star of five points.
    Star,
}

impl Symbol {
    /// The symbol for class number `i`, so that classes differ by more than their colour.
    pub fn of_class(i: usize) -> Symbol {
        use Symbol::{Circle, Cross, Diamond, Plus, Square, Star, Triangle};
        [Circle, Square, Triangle, Diamond, Plus, Star, Cross][i % 7]
    }
}

/// One of the two axes of a flat panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The horizontal one.
    X,
    /// The vertical one.
    Y,
}

/// How a field fills the plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shading {
    /// Not at all.
    None,
    /// With colours that run into each other.
    Smooth,
    /// With one colour between two levels: a filled contour.
    Bands,
}

/// Which part of a text is at its point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// Its left end.
    Start,
    /// Its middle.
    #[default]
    Middle,
    /// Its right end.
    End,
}

impl Series {
    /// A series of any mark; with an empty name the legend does not list it.
    pub fn new(name: impl Into<String>, mark: Mark) -> Series {
        Series { name: name.into(), mark }
    }

    /// A solid line of 1.8 pixels in a flat panel.
    pub fn line(name: impl Into<String>, x: Vec<f64>, y: Vec<f64>, colour: Colour) -> Series {
        Series::new(name, Mark::Line { x, y, z: Vec::new(), stroke: Stroke::new(colour) })
    }

    /// Points in a flat panel.
    pub fn points(name: impl Into<String>, x: Vec<f64>, y: Vec<f64>, marker: Marker) -> Series {
        Series::new(name, Mark::Points { x, y, z: Vec::new(), marker })
    }

    /// Words centred at a point of a flat panel.
    pub fn text(at: [f64; 2], text: impl Into<String>) -> Series {
        let mark = Mark::Text { at, text: text.into(), anchor: Anchor::Middle, colour: Colour::Ink };
        Series::new("", mark)
    }
}

/// Numbers in JSON, where what is not finite is `null`.
mod numbers {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(numbers: &[f64], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(numbers.iter().map(|v| v.is_finite().then_some(*v)))
    }

    pub(super) fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Vec<f64>, D::Error> {
        let numbers = Vec::<Option<f64>>::deserialize(from)?;
        Ok(numbers.into_iter().map(|v| v.unwrap_or(f64::NAN)).collect())
    }
}
