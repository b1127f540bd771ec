//! Figures as plain data: rows of panels, axes, series and animation frames.

use serde::{Deserialize, Serialize};

use crate::scale::AxisScale;
use crate::{Mark, Series};

/// A figure: rows of panels with a title above and a caption below.
///
/// Sizes are in pixels of 1/96 inch and refer to the frames of the panels. Labels, legends and
/// colour bars are added outside the frames, so that they are never squeezed or cut off. Frames are
/// aligned in columns and rows.
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
    /// Title above all panels; may be empty. See [Text notation](crate#text-notation).
    pub title: String,
    /// Caption below the panels, wrapped to the width of the figure; may be empty.
    pub caption: String,
    /// The panels, in rows.
    pub rows: Vec<Vec<Panel>>,
    /// Spacing between panels.
    pub spacing: Spacing,
    /// Frames of an animation; empty in a static figure. Static drawings show the series in `rows`.
    pub frames: Vec<Frame>,
}

/// Spacing between panels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spacing {
    /// A gap between panels, each with its own axes.
    #[default]
    Apart,
    /// No gap, for panels that share axes.
    Joined,
}

/// One frame of an animation: marks that replace those of the figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frame {
    /// Label of the frame in the slider: `epoch 20`.
    pub label: String,
    /// The replaced marks. All frames of a figure change the same series, with marks of the same
    /// type.
    pub changes: Vec<Change>,
}

/// A mark that replaces the mark of a series in one frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Index of the panel, counted along the rows from 0.
    pub panel: usize,
    /// Index of the series in the panel, counted from 0.
    pub series: usize,
    /// The mark in this frame.
    pub mark: Mark,
}

/// A plot: a frame with axes and series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Panel {
    /// Title above the frame; may be empty.
    pub title: String,
    /// Width and height of the frame in pixels.
    pub size: [f64; 2],
    /// Aspect ratio of the axes. With [`Aspect::Equal`] the frame is reduced within `size` to fit.
    pub aspect: Aspect,
    /// Whether the frame and its axes are drawn.
    pub border: Border,
    /// The horizontal axis; in 3-D panels the first horizontal axis.
    pub x: Axis,
    /// The vertical axis; in 3-D panels the second horizontal axis.
    pub y: Axis,
    /// Third axis and view direction of a 3-D panel; `None` for a 2-D panel.
    pub space: Option<Space>,
    /// Position of the legend, which lists the series that have a name.
    pub legend: Legend,
    /// The series in drawing order.
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

/// Aspect ratio of the axes of a panel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aspect {
    /// The axes are scaled independently to fill the frame.
    #[default]
    Free,
    /// One unit has the same length on both axes.
    Equal,
}

/// Border of a panel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Border {
    /// Frame and axes.
    #[default]
    Box,
    /// No frame and no axes, for diagrams.
    None,
}

/// Third axis and view direction of a 3-D panel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Space {
    /// The vertical axis.
    pub z: Axis,
    /// Elevation of the camera above the xy plane in degrees, as in matplotlib: 90 looks down.
    pub elevation: f64,
    /// Azimuth of the camera in degrees, as in matplotlib: 0 looks along x from its upper end.
    pub azimuth: f64,
}

/// An axis.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Axis {
    /// The label; may be empty.
    pub label: String,
    /// Limits of the axis, the left or lower one first. By default these are the limits of the
    /// grids in the panel or, without grids, of all series with a small margin.
    pub range: Option<[f64; 2]>,
    /// Linear or logarithmic scale.
    pub scale: AxisScale,
    /// Ticks and tick labels.
    pub ticks: Ticks,
}

/// Ticks and tick labels of an axis.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ticks {
    /// Round numbers.
    #[default]
    Auto,
    /// Round dates; the numbers are milliseconds since 1970-01-01.
    Dates,
    /// No ticks.
    Hidden,
    /// These labels at 0, 1, 2 and so on.
    Names(Vec<String>),
}

/// Position of the legend of a panel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Legend {
    /// The corner of the frame in which it covers least, or right of the frame if no corner is
    /// free.
    #[default]
    Best,
    /// Right of the frame.
    Right,
    /// Below the frame.
    Below,
    /// No legend.
    Hidden,
}

impl Figure {
    /// Creates a static figure from rows of panels.
    pub fn new(title: impl Into<String>, rows: Vec<Vec<Panel>>) -> Figure {
        Figure { title: title.into(), rows, ..Figure::default() }
    }

    /// Sets the caption.
    pub fn caption(mut self, caption: impl Into<String>) -> Figure {
        self.caption = caption.into();
        self
    }

    /// Serialises the figure as JSON; serde deserialises it.
    ///
    /// ```
    /// use chainrule_figures::{Figure, Panel};
    ///
    /// let figure = Figure::new("Empty", vec![vec![Panel::default()]]);
    /// assert_eq!(serde_json::from_str::<Figure>(&figure.to_json())?, figure);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("figures consist of strings and numbers")
    }

    /// Iterates over the panels, row by row, in the order of the indices in [`Change`].
    pub fn panels(&self) -> impl Iterator<Item = &Panel> {
        self.rows.iter().flatten()
    }

    /// Returns the static figure of one frame, with its changes applied.
    ///
    /// # Panics
    /// Panics if the frame, or a series that it changes, does not exist.
    pub fn at_frame(&self, frame: usize) -> Figure {
        let mut still = Figure { frames: Vec::new(), ..self.clone() };
        for change in &self.frames[frame].changes {
            let panel = still.rows.iter_mut().flatten().nth(change.panel).expect("the panel exists");
            panel.series[change.series].mark = change.mark.clone();
        }
        still
    }
}

impl Panel {
    /// Creates a 2-D panel of 400 by 300 pixels with these axes.
    pub fn new(x: Axis, y: Axis) -> Panel {
        Panel { x, y, ..Panel::default() }
    }

    /// Adds a series, drawn over the previous ones.
    pub fn with(mut self, series: Series) -> Panel {
        self.series.push(series);
        self
    }

    /// Sets the title.
    pub fn titled(mut self, title: impl Into<String>) -> Panel {
        self.title = title.into();
        self
    }

    /// Sets the width and height of the frame in pixels.
    pub fn sized(mut self, width: f64, height: f64) -> Panel {
        self.size = [width, height];
        self
    }

    /// Sets an equal aspect ratio.
    pub fn equal(mut self) -> Panel {
        self.aspect = Aspect::Equal;
        self
    }

    /// Makes the panel 3-D, viewed from `elevation` and `azimuth` in degrees as in matplotlib.
    pub fn in_space(mut self, z: Axis, elevation: f64, azimuth: f64) -> Panel {
        self.space = Some(Space { z, elevation, azimuth });
        self
    }

    /// Removes the frame and the axes.
    pub fn bare(mut self) -> Panel {
        self.border = Border::None;
        self
    }

    /// Sets the position of the legend.
    pub fn legend(mut self, legend: Legend) -> Panel {
        self.legend = legend;
        self
    }
}

impl Axis {
    /// Creates a linear axis whose limits are determined from the series.
    pub fn new(label: impl Into<String>) -> Axis {
        Axis { label: label.into(), ..Axis::default() }
    }

    /// Sets the limits: `low` at the left or bottom, `high` at the right or top.
    pub fn range(mut self, low: f64, high: f64) -> Axis {
        self.range = Some([low, high]);
        self
    }

    /// Makes the scale logarithmic.
    pub fn log(mut self) -> Axis {
        self.scale = AxisScale::Log;
        self
    }

    /// Labels the ticks with dates; the numbers are milliseconds since 1970-01-01.
    pub fn dates(mut self) -> Axis {
        self.ticks = Ticks::Dates;
        self
    }

    /// Hides the ticks.
    pub fn no_ticks(mut self) -> Axis {
        self.ticks = Ticks::Hidden;
        self
    }

    /// Sets tick labels at 0, 1, 2 and so on.
    pub fn names<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Axis {
        self.ticks = Ticks::Names(names.into_iter().map(Into::into).collect());
        self
    }
}
