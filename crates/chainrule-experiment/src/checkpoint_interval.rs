//! When checkpoints are saved.

use std::fmt;
use std::str::FromStr;

/// Interval between checkpoints. The text form is seconds (`30`), epochs (`10 epochs`) or `never`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CheckpointInterval {
    /// No checkpoints.
    Never,
    /// A number of seconds; the checkpoint is saved at the end of the current step.
    Seconds(f64),
    /// A number of epochs.
    Epochs(u64),
}

impl Default for CheckpointInterval {
    /// Returns 30 seconds.
    fn default() -> CheckpointInterval {
        CheckpointInterval::Seconds(30.0)
    }
}

impl fmt::Display for CheckpointInterval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CheckpointInterval::Never => f.write_str("never"),
            CheckpointInterval::Seconds(seconds) => write!(f, "{seconds}"),
            CheckpointInterval::Epochs(n) => write!(f, "{n} epochs"),
        }
    }
}

impl FromStr for CheckpointInterval {
    type Err = String;

    fn from_str(text: &str) -> Result<CheckpointInterval, String> {
        let error = || "write seconds (30), epochs (10 epochs) or never".to_owned();
        let positive = |v: &f64| v.is_finite() && *v > 0.0;
        match text.trim().split_once(' ') {
            None if text.trim() == "never" => Ok(CheckpointInterval::Never),
            None => {
                // Longer than any training run, and short enough for the clock.
                const MAX_SECONDS: f64 = 1e9;
                let seconds = text.trim().trim_end_matches('s').parse().ok().filter(positive);
                let seconds = seconds.map(|seconds| seconds.min(MAX_SECONDS));
                seconds.map(CheckpointInterval::Seconds).ok_or_else(error)
            }
            Some((n, "epochs" | "epoch")) => {
                n.parse().ok().filter(|n| *n > 0).map(CheckpointInterval::Epochs).ok_or_else(error)
            }
            Some(_) => Err(error()),
        }
    }
}
