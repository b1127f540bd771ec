//! The description of a figure: panels in rows, axes, series and frames; plain data, nothing drawn.

use serde::{Deserialize, Serialize};

use crate::{Mark, Series};

/// A figure: rows of panels under a title, with a caption below.
///
/// Sizes are in pixels of 1/96 inch and belong to the frames of the panels: labels, legends and colour bars are
/// added around them, so that nothing is ever squeezed or cut off. Panels of one column share its left and right
/// edge, panels of one row its top and bottom.
///
/// ```
/// use chainrule_figures::{Axis, Colour, Figure, Panel, Series};
///
/// let epochs: Vec<f64> = (0..100).map(f64::from).collect();
/// let loss = epochs.iter().map(|e| 2.0 * (-e / 20.0).exp() + 0.1).collect();
/// let panel = Panel::new(Axis::new("epoch"), Axis::new("loss").log())
///     .with(Series::line("training", epochs, loss, Colour::Palette(0)));
/// let figure = Figure::new("Training", vec![vec![panel]]);
/// let svg = chainrule_figures::svg(&figure)?;
/// assert!(svg.starts_with("<svg"));
/// # Ok::<(), chainrule_figures::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Figure {
    /// The title over all panels; may be empty. A text, see [`Text notation`](crate#text-notation).
    pub title: String,
    /// What the figure shows and how it came about, set below it in lines of its width; may be empty.
    pub caption: String,
    /// The panels, row after row.
    pub rows: Vec<Vec<Panel>>,
    /// How close panels stand to each other.
    pub spacing: Spacing,
    /// The frames of an animation; empty in a still figure. The series in `rows` are what still drawings show.
    pub frames: Vec<Frame>,
}

/// How close panels stand to each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spacing {
    /// Apart, each with its axes.
    #[default]
    Apart,
    /// Frame at frame, as for samples that are followed from one panel to the next.
    Joined,
}

/// One moment of an animation: series that it shows in place of the figure's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frame {
    /// What the slider shows: `epoch 20`.
    pub label: String,
    /// The series that change. Each frame of a figure changes the same ones, each by a mark of the same kind.
    pub changes: Vec<Change>,
}

/// A mark that a frame shows in place of a series' own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Which panel, counted along the rows from 0.
    pub panel: usize,
    /// Which of its series, counted from 0.
    pub series: usize,
    /// What it shows in this frame.
    pub mark: Mark,
}

/// A frame with axes and the series in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Panel {
    /// The title above the frame; may be empty.
    pub title: String,
    /// Width and height of the frame in pixels.
    pub size: [f64; 2],
    /// Whether both axes have one scale. The frame's height then follows from its width, within its size.
    pub aspect: Aspect,
    /// Whether the frame and its axes are drawn.
    pub border: Border,
    /// The horizontal axis; in space the first of the floor.
    pub x: Axis,
    /// The vertical axis; in space the second of the floor.
    pub y: Axis,
    /// Makes the panel three-dimensional.
    pub space: Option<Space>,
    /// Where the legend stands. It lists the series that have a name.
    pub legend: Legend,
    /// What is drawn, first to last.
    pub series: Vec<Series>,
}

impl Default for Panel {
    fn default() -> Panel {
        Panel {
            title: String::new(),
            size: [400.0, 300.0],
            aspect: Aspect::Free,
            border: Border::Box,
            x: Axis::default(),
            y: Axis::default(),
            space: None,
            legend: Legend::Best,
            series: Vec::new(),
        }
    }
}

/// Whether the axes of a panel have one scale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aspect {
    /// Each axis fills its side of the frame.
    #[default]
    Free,
    /// One unit is as long on x as on y.
    Equal,
}

/// Whether a panel's frame and axes are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Border {
    /// All four sides.
    #[default]
    Box,
    /// None, as for a diagram.
    None,
}

/// The third axis of a panel in space, and whence one looks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Space {
    /// The upright axis.
    pub z: Axis,
    /// Degrees above the floor, as matplotlib counts them: 90 looks straight down.
    pub elevation: f64,
    /// Degrees around the upright axis, as matplotlib counts them: 0 looks along x from its high end.
    pub azimuth: f64,
}

/// One axis.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Axis {
    /// The label; may be empty.
    pub label: String,
    /// The ends, the first at the left or below. When absent they are those of the grids in the panel, whatever else is
    /// in it; without grids all of the series is shown, with a little room around.
    pub range: Option<[f64; 2]>,
    /// Linear or logarithmic.
    pub scale: Scale,
    /// What stands at the ticks.
    pub ticks: Ticks,
}

/// How numbers become lengths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Equal differences are equal lengths.
    #[default]
    Linear,
    /// Equal ratios are equal lengths; numbers must be above 0.
    Log,
}

/// What stands at an axis' ticks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ticks {
    /// Round numbers.
    #[default]
    Auto,
    /// Round dates; the numbers are milliseconds since 1970-01-01.
    Dates,
    /// Nothing; there are no ticks.
    Hidden,
    /// These names at 0, 1, 2 and so on.
    Names(Vec<String>),
}

/// Where a panel's legend stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Legend {
    /// In the corner of the frame where it covers least, or to the right of the frame if each corner is taken.
    #[default]
    Best,
    /// To the right of the frame.
    Right,
    /// Nowhere.
    Hidden,
}

impl Figure {
    /// A still figure with these rows of panels.
    pub fn new(title: impl Into<String>, rows: Vec<Vec<Panel>>) -> Figure {
        Figure { title: title.into(), rows, ..Figure::default() }
    }

    /// The same figure with this caption.
    pub fn caption(mut self, caption: impl Into<String>) -> Figure {
        self.caption = caption.into();
        self
    }

    /// The figure as JSON, which serde reads again.
    ///
    /// ```
    /// use chainrule_figures::{Figure, Panel};
    ///
    /// let figure = Figure::new("Nothing yet", vec![vec![Panel::default()]]);
    /// assert_eq!(serde_json::from_str::<Figure>(&figure.to_json())?, figure);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("texts and numbers alone")
    }

    /// The panels, along the rows; the order in which [`Change`] counts them.
    pub fn panels(&self) -> impl Iterator<Item = &Panel> {
        self.rows.iter().flatten()
    }

    /// The figure as it is in one frame: its changes put in place, no frames left.
    ///
    /// # Panics
    /// If there is no such frame or a change names a series that is not there.
    pub fn at_frame(&self, frame: usize) -> Figure {
        let mut still = Figure { frames: Vec::new(), ..self.clone() };
        for change in &self.frames[frame].changes {
            let panel = still.rows.iter_mut().flatten().nth(change.panel).expect("checked");
            panel.series[change.series].mark = change.mark.clone();
        }
        still
    }
}

impl Panel {
    /// A flat panel with these axes, 400 by 300 pixels.
    pub fn new(x: Axis, y: Axis) -> Panel {
        Panel { x, y, ..Panel::default() }
    }

    /// The same panel with one more series, drawn over those before.
    pub fn with(mut self, series: Series) -> Panel {
        self.series.push(series);
        self
    }

    /// The same panel with this title.
    pub fn titled(mut self, title: impl Into<String>) -> Panel {
        self.title = title.into();
        self
    }

    /// The same panel with a frame of this width and height in pixels.
    pub fn sized(mut self, width: f64, height: f64) -> Panel {
        self.size = [width, height];
        self
    }

    /// The same panel with one scale on both axes.
    pub fn equal(mut self) -> Panel {
        self.aspect = Aspect::Equal;
        self
    }

    /// The same panel in space, seen from `elevation` and `azimuth` degrees as matplotlib counts them.
    pub fn in_space(mut self, z: Axis, elevation: f64, azimuth: f64) -> Panel {
        self.space = Some(Space { z, elevation, azimuth });
        self
    }

    /// The same panel with no frame and no axes.
    pub fn bare(mut self) -> Panel {
        self.border = Border::None;
        self
    }

    /// The same panel with its legend there.
    pub fn legend(mut self, legend: Legend) -> Panel {
        self.legend = legend;
        self
    }
}

impl Axis {
    /// A linear axis over what the series need.
    pub fn new(label: impl Into<String>) -> Axis {
        Axis { label: label.into(), ..Axis::default() }
    }

    /// The same axis from `low`, at the left or below, to `high`.
    pub fn range(mut self, low: f64, high: f64) -> Axis {
        self.range = Some([low, high]);
        self
    }

    /// The same axis, logarithmic.
    pub fn log(mut self) -> Axis {
        self.scale = Scale::Log;
        self
    }

    /// The same axis for moments, in milliseconds since 1970-01-01.
    pub fn dates(mut self) -> Axis {
        self.ticks = Ticks::Dates;
        self
    }

    /// The same axis without ticks.
    pub fn no_ticks(mut self) -> Axis {
        self.ticks = Ticks::Hidden;
        self
    }

    /// The same axis with these names at 0, 1, 2 and so on.
    pub fn names<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Axis {
        self.ticks = Ticks::Names(names.into_iter().map(Into::into).collect());
        self
    }
}
