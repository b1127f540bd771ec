//! Options that several kinds of figures take, and how they are read.

use chainrule::Error as EngineError;
use chainrule::registry::{NumberRange, OptionKind, OptionSpec, OptionValue, Options};

use crate::{Change, Error, Frame};

pub(super) const VARIANT: OptionSpec = OptionSpec {
    name: "variant",
    kind: OptionKind::Name,
    summary: "which of the experiment's networks; all when none is named",
};

pub(super) const X_RANGE: OptionSpec = OptionSpec {
    name: "x_range",
    kind: OptionKind::List(&[], NumberRange::FINITE),
    summary: "the two ends of the horizontal axis, the lower first; found from the data when empty",
};

pub(super) const Y_RANGE: OptionSpec = OptionSpec {
    name: "y_range",
    kind: OptionKind::List(&[], NumberRange::FINITE),
    summary: "the two ends of the vertical axis, the lower first; found from the data when empty",
};

pub(super) const LAYER: OptionSpec = OptionSpec {
    name: "layer",
    kind: OptionKind::Name,
    summary: "the hidden layer; the last when none is named",
};

/// How many points a grid has along each side.
pub(super) const fn resolution(default: f64) -> OptionSpec {
    const ALLOWED: NumberRange = NumberRange {
        text: "a whole number from 2 to 2000",
        test: |v| (2.0..=2000.0).contains(&v) && v.fract() == 0.0,
    };
    OptionSpec {
        name: "resolution",
        kind: OptionKind::Number(default, ALLOWED),
        summary: "how many points the grid has along each side",
    }
}

pub(super) const ANIMATE: OptionSpec = OptionSpec {
    name: "animate",
    kind: OptionKind::Choice(&["no", "yes"]),
    summary: "the training in frames: a slider in HTML, a moving picture in SVG",
};

/// The two ends that the option `key` gives, if it gives any.
pub(super) fn range(options: &Options, key: &'static str) -> Result<Option<[f64; 2]>, Error> {
    match options.list(key) {
        [] => Ok(None),
        &[low, high] if low < high => Ok(Some([low, high])),
        other => Err(Error::Engine(EngineError::OptionRange {
            of: options.name(),
            key,
            value: OptionValue::List(other.to_vec()).to_string(),
            allowed: "two numbers, the lower first".to_owned(),
        })),
    }
}

/// Whether the options are such that a kind can read them.
pub(super) fn check(options: &Options) -> Result<(), Error> {
    let is_range = |(key, _): &(&'static str, &OptionValue)| key.ends_with("_range");
    options.iter().filter(is_range).try_for_each(|(key, _)| range(options, key).map(|_| ()))
}

/// Adds what one network shows in its frame number `k` to the others' of that number.
///
/// Networks of one length say the epoch; of several, how far each has come.
pub(super) fn add_frame(frames: &mut Vec<Frame>, k: usize, [epoch, epochs]: [u64; 2], changes: Vec<Change>) {
    let label = format!("epoch {epoch}");
    match frames.get_mut(k) {
        Some(frame) => {
            if frame.label != label {
                frame.label = format!("{:.0} % of the training", 100.0 * epoch as f64 / epochs.max(1) as f64);
            }
            frame.changes.extend(changes);
        }
        None => frames.push(Frame { label, changes }),
    }
}

/// The frames that all networks have: each frame of a figure changes the same panels.
pub(super) fn common(mut frames: Vec<Frame>) -> Vec<Frame> {
    let most = frames.iter().map(|frame| frame.changes.len()).max().unwrap_or(0);
    frames.retain(|frame| frame.changes.len() == most);
    frames
}

/// How many frames an animation has at most.
const FRAMES: usize = 30;

/// Which of `n` recorded states an animation shows: the first, the last, and some between; none where it is not asked for.
pub(super) fn frames(options: &Options, n: usize) -> Vec<usize> {
    if options.text(ANIMATE.name) == "no" || n < 2 {
        return Vec::new();
    }
    let shown = n.min(FRAMES);
    (0..shown).map(|k| k * (n - 1) / (shown - 1)).collect()
}
