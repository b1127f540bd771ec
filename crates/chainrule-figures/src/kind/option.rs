//! Options shared by several kinds of figures.

use chainrule::Error as EngineError;
use chainrule::registry::{NumberRange, OptionKind, OptionSpec, OptionValue, Options};

pub(super) use super::class_colours::COLOURS;

use super::class_colours::ClassColours;
use crate::{Change, Error, Frame};

pub(super) const VARIANT: OptionSpec =
    OptionSpec { name: "variant", kind: OptionKind::Name, summary: "variant to show; all if empty" };

pub(super) const X_RANGE: OptionSpec = OptionSpec {
    name: "x_range",
    kind: OptionKind::List(&[], NumberRange::FINITE),
    summary: "limits of the horizontal axis, lower first; determined from the data if empty",
};

pub(super) const Y_RANGE: OptionSpec = OptionSpec {
    name: "y_range",
    kind: OptionKind::List(&[], NumberRange::FINITE),
    summary: "limits of the vertical axis, lower first; determined from the data if empty",
};

pub(super) const LAYER: OptionSpec = OptionSpec {
    name: "layer",
    kind: OptionKind::Name,
    summary: "hidden layer to show; the last one if empty",
};

/// Option for the number of grid points along each side.
pub(super) const fn resolution(default: f64) -> OptionSpec {
    const ALLOWED: NumberRange = NumberRange {
        text: "a whole number from 2 to 2000",
        test: |v| (2.0..=2000.0).contains(&v) && v.fract() == 0.0,
    };
    OptionSpec {
        name: "resolution",
        kind: OptionKind::Number(default, ALLOWED),
        summary: "number of grid points along each side",
    }
}

pub(super) const ANIMATE: OptionSpec = OptionSpec {
    name: "animate",
    kind: OptionKind::Choice(&["no", "yes"]),
    summary: "show the training as an animation: with a slider in HTML, as a loop in SVG and GIF",
};

/// Returns whether an animation is requested.
pub(super) fn is_animated(options: &Options) -> bool {
    options.text(ANIMATE.name) != "no"
}

/// Returns the limits given by the option `key`, if any.
pub(super) fn range(options: &Options, key: &'static str) -> Result<Option<[f64; 2]>, Error> {
    match options.list(key) {
        [] => Ok(None),
        &[low, high] if low < high => Ok(Some([low, high])),
        other => Err(Error::Engine(EngineError::OptionRange {
            of: options.name(),
            key,
            value: OptionValue::List(other.to_vec()).to_string(),
            allowed: "two numbers in increasing order".to_owned(),
        })),
    }
}

/// Returns an error if a range or the colours of classes are invalid, given the options of the
/// kind.
pub(super) fn check(options: &Options, specs: &[OptionSpec]) -> Result<(), Error> {
    specs.iter().try_for_each(|spec| match (spec.name, spec.kind) {
        (key, _) if key.ends_with("_range") => range(options, key).map(|_| ()),
        // The option of the same name of `loss-surface` is a choice.
        (key, OptionKind::Name) if key == COLOURS.name => ClassColours::of(options).map(|_| ()),
        _ => Ok(()),
    })
}

/// Adds the changes of one network to frame `k`.
///
/// The label is the epoch if it is the same for all networks, otherwise the progress in percent.
pub(super) fn add_frame(frames: &mut Vec<Frame>, k: usize, [epoch, epochs]: [u64; 2], changes: Vec<Change>) {
    let label = format!("epoch {epoch}");
    match frames.get_mut(k) {
        Some(frame) => {
            if frame.label != label {
                frame.label = format!("{:.0} % of training", 100.0 * epoch as f64 / epochs.max(1) as f64);
            }
            frame.changes.extend(changes);
        }
        None => frames.push(Frame { label, changes }),
    }
}

/// Returns the frames that all networks have, because all frames of a figure change the same
/// panels.
pub(super) fn common_frames(mut frames: Vec<Frame>) -> Vec<Frame> {
    let most = frames.iter().map(|frame| frame.changes.len()).max().unwrap_or(0);
    frames.retain(|frame| frame.changes.len() == most);
    frames
}

/// Maximum number of frames of an animation.
const MAX_FRAMES: usize = 30;

/// Returns the indices of the `n` recorded states that an animation shows, including the first and
/// the last; empty if no animation is requested.
pub(super) fn frame_indices(options: &Options, n: usize) -> Vec<usize> {
    if !is_animated(options) || n < 2 {
        return Vec::new();
    }
    let n_frames = n.min(MAX_FRAMES);
    (0..n_frames).map(|k| k * (n - 1) / (n_frames - 1)).collect()
}
