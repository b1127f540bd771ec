//! What can be wrong with a figure, each said in a sentence that tells what to change.

/// Everything that drawing a figure refuses.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An unknown kind of figure or option, an option outside its range, or what the engine refuses.
    #[error(transparent)]
    Engine(#[from] chainrule::Error),
    /// A variant that the experiment does not have, or that was not trained.
    #[error("no network called \"{name}\" was trained{}; there are: {}", hint(nearest.as_deref()), choices.join(", "))]
    UnknownVariant {
        /// The name given.
        name: String,
        /// What was probably meant.
        nearest: Option<String>,
        /// The names of those that were.
        choices: Vec<String>,
    },
    /// A figure that an experiment asks for and that cannot be drawn.
    #[error("{origin}: {source}")]
    Placed {
        /// Where it is asked for.
        origin: String,
        /// Why.
        source: Box<Error>,
    },
    /// A kind of figure that does not suit the network.
    #[error("{kind} does not suit {network}: {reason}")]
    Unsuitable {
        /// The kind.
        kind: &'static str,
        /// The network.
        network: String,
        /// Why, and what would.
        reason: String,
    },
    /// A figure with no panels.
    #[error("the figure \"{title}\" has no panels; give it at least one")]
    NoPanels {
        /// The figure's title.
        title: String,
    },
    /// Vectors of one series that belong together and differ in length.
    #[error("{series}: {what} has {got} values where {expected} are needed; give one for each")]
    Lengths {
        /// Which series.
        series: String,
        /// Which of its vectors.
        what: &'static str,
        /// How many values there have to be.
        expected: usize,
        /// How many there are.
        got: usize,
    },
    /// A length, a size or a share that is outside what makes sense.
    #[error("{place}: {what} is {got}, but must be {allowed}")]
    Range {
        /// Which panel or series.
        place: String,
        /// Which of its numbers.
        what: &'static str,
        /// What it is.
        got: f64,
        /// What it may be.
        allowed: &'static str,
    },
    /// An axis whose ends are equal, not finite, or not above 0 where it is logarithmic.
    #[error(
        "{place}: the range of {axis} goes from {low} to {high}; its ends must be finite and differ{}",
        if *log { ", and on a logarithmic axis lie above 0" } else { "" }
    )]
    AxisRange {
        /// Which panel or series.
        place: String,
        /// Which axis.
        axis: &'static str,
        /// One end.
        low: f64,
        /// The other end.
        high: f64,
        /// Whether the axis is logarithmic.
        log: bool,
    },
    /// A mark that needs a flat panel in one in space, or the other way round.
    #[error("{series}: {mark} is for a panel {suits}; give the panel {change}")]
    WrongPanel {
        /// Which series.
        series: String,
        /// Which mark.
        mark: &'static str,
        /// Where it can be drawn.
        suits: &'static str,
        /// What to change.
        change: &'static str,
    },
    /// A frame that changes what is not there, or into what is of another kind.
    #[error("frame \"{label}\" changes series {series} of panel {panel}, {problem}")]
    Frame {
        /// The frame's label.
        label: String,
        /// Which panel.
        panel: usize,
        /// Which of its series.
        series: usize,
        /// What is wrong.
        problem: &'static str,
    },
    /// A drawing that is larger than an SVG should be.
    #[error("the SVG has {got} bytes, more than {limit}; give the figure fewer points, or draw it as PNG")]
    SvgSize {
        /// Its size in bytes.
        got: usize,
        /// The largest allowed.
        limit: usize,
    },
    /// An image without pixels or with far too many.
    #[error(
        "a PNG {scale} times the figure's size would be {width} by {height} pixels; choose another scale"
    )]
    PngSize {
        /// The scale asked for.
        scale: f64,
        /// Its width.
        width: f64,
        /// Its height.
        height: f64,
    },
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |nearest| format!(" (did you mean \"{nearest}\"?)"))
}
