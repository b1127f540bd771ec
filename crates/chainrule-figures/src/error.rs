//! Errors in drawing figures.

/// An error in drawing a figure.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An unknown kind or option, an option out of range, or an error of the engine.
    #[error(transparent)]
    Engine(#[from] chainrule::Error),
    /// A variant that the experiment does not define or that was not trained.
    #[error("no trained variant is named \"{name}\"{}; available: {}", hint(nearest.as_deref()), choices.join(", "))]
    UnknownVariant {
        /// The given name.
        name: String,
        /// The most similar name, if any is close.
        nearest: Option<String>,
        /// Names of the trained variants.
        choices: Vec<String>,
    },
    /// A figure requested by an experiment that cannot be drawn.
    #[error("{origin}: {source}")]
    Located {
        /// Location of the request in the file.
        origin: String,
        /// The cause.
        source: Box<Error>,
    },
    /// A kind of figure that is not applicable to the network.
    #[error("cannot draw {kind} for {network}: {reason}")]
    Unsuitable {
        /// The kind.
        kind: &'static str,
        /// The network.
        network: String,
        /// The unmet requirement and an alternative.
        reason: String,
    },
    /// A figure without panels.
    #[error("figure \"{title}\" has no panels; add at least one")]
    NoPanels {
        /// Title of the figure.
        title: String,
    },
    /// A vector of a series whose length does not match the other vectors.
    #[error("{series}: {vector} has length {got}, but must have length {expected}")]
    Lengths {
        /// The series.
        series: String,
        /// Name of the vector.
        vector: &'static str,
        /// Required length.
        expected: usize,
        /// Actual length.
        got: usize,
    },
    /// A length, size or count out of range.
    #[error("{place}: {quantity} is {got}, but must be {allowed}")]
    Range {
        /// The panel or series.
        place: String,
        /// Name of the quantity.
        quantity: &'static str,
        /// Actual value.
        got: f64,
        /// Allowed values.
        allowed: &'static str,
    },
    /// An axis range whose ends are equal, not finite, or not positive on a logarithmic axis.
    #[error(
        "{place}: the range of {axis} is [{low}, {high}], but its ends must be finite and different{}",
        if *log { ", and positive on a logarithmic axis" } else { "" }
    )]
    AxisRange {
        /// The panel or series.
        place: String,
        /// The axis.
        axis: &'static str,
        /// First end.
        low: f64,
        /// Second end.
        high: f64,
        /// Whether the axis is logarithmic.
        log: bool,
    },
    /// A mark for 2-D panels in a 3-D panel, or the reverse.
    #[error("{series}: {mark} requires a {required} panel; {hint}")]
    WrongPanel {
        /// The series.
        series: String,
        /// The mark.
        mark: &'static str,
        /// Required kind of panel.
        required: &'static str,
        /// The change to make.
        hint: &'static str,
    },
    /// A frame that changes a missing series, or gives a series another type of mark.
    #[error("frame \"{label}\" changes series {series} of panel {panel}, {problem}")]
    Frame {
        /// Label of the frame.
        label: String,
        /// Index of the panel.
        panel: usize,
        /// Index of the series in the panel.
        series: usize,
        /// The problem.
        problem: &'static str,
    },
    /// An SVG document above the size limit.
    #[error("the SVG has {got} bytes, but must have at most {limit}; reduce the number of points or use PNG")]
    SvgSize {
        /// Size in bytes.
        got: usize,
        /// Maximum size in bytes.
        limit: usize,
    },
    /// An image that is empty or too large.
    #[error(
        "at scale {scale} the image would have {width} by {height} pixels; choose a scale with 1 to 20000 pixels per side"
    )]
    ImageSize {
        /// Requested scale.
        scale: f64,
        /// Resulting width in pixels.
        width: f64,
        /// Resulting height in pixels.
        height: f64,
    },
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |nearest| format!(" (did you mean \"{nearest}\"?)"))
}
