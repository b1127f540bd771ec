//! Progress bars on standard error, for work that takes longer than half a second; nothing is shown
//! if standard error is not a terminal.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use chainrule::train::Epoch;
use chainrule_experiment::{Checkpoint, Progress};
use indicatif::{ProgressBar, ProgressStyle};
use signal_hook::{consts, flag};

use crate::output::errln;

/// Progress bar of one training run, or of several side by side.
pub struct Bar {
    drawn: Option<ProgressBar>,
    prefix: String,
    name: String,
    /// Number of runs, of those that have ended, and the lowest loss of these.
    n_runs: usize,
    n_ended: usize,
    lowest: f64,
    /// Number of epochs of all runs.
    epochs: u64,
    updated: Instant,
    /// Number of samples of an epoch, if the rate is shown.
    samples: Option<usize>,
    /// The epochs done at the first report of a training, and its time.
    first: Option<(f64, Instant)>,
    validation_loss: Option<f64>,
    /// The lowest validation loss, with its epoch.
    best: Option<(u64, f64)>,
    /// Whether the last checkpoint could not be written.
    unsaved: bool,
}

/// Number of positions of a bar per epoch.
const THOUSAND: f64 = 1000.0;

/// Time until a bar appears, and between two updates: formatting its text takes longer than a small step.
const DELAY: Duration = Duration::from_millis(500);
const INTERVAL: Duration = Duration::from_millis(100);

const TEMPLATE: &str = "{prefix:20} {bar:30} {percent:>3} %  {msg}";

impl Bar {
    /// Returns a bar that appears once a training has taken half a second.
    #[expect(clippy::new_without_default, reason = "a bar starts a clock")]
    pub fn new() -> Bar {
        Bar {
            drawn: None,
            prefix: String::new(),
            name: String::new(),
            n_runs: 1,
            n_ended: 0,
            lowest: f64::INFINITY,
            epochs: 0,
            updated: Instant::now(),
            samples: None,
            first: None,
            validation_loss: None,
            best: None,
            unsaved: false,
        }
    }

    /// Returns a bar that also shows the number of samples per second, for `n_samples` samples per epoch.
    pub fn with_rate(n_samples: usize) -> Bar {
        Bar { samples: Some(n_samples), ..Bar::new() }
    }

    /// Returns a bar with a text in front of each training's name.
    pub fn with_prefix(prefix: String) -> Bar {
        Bar { prefix, ..Bar::new() }
    }

    fn message(&self, epochs: f64, loss: f64) -> String {
        let mut message = if self.n_runs == 1 {
            format!("epoch {} of {}  loss {loss:.5}", epochs.ceil(), self.epochs)
        } else {
            format!("{} of {} runs finished", self.n_ended, self.n_runs)
        };
        if self.n_runs > 1 && self.lowest.is_finite() {
            message.push_str(&format!("  lowest loss {:.5}", self.lowest));
        }
        if let (1, Some(loss)) = (self.n_runs, self.validation_loss) {
            message.push_str(&format!("  validation {loss:.5}"));
        }
        if let (1, Some((epoch, best))) = (self.n_runs, self.best) {
            message.push_str(&format!("  best {best:.5} (epoch {epoch})"));
        }
        let Some((first, since)) = self.first.filter(|(first, _)| epochs > *first) else { return message };
        let seconds = since.elapsed().as_secs_f64();
        let rate = (epochs - first) / seconds.max(1e-9);
        if let Some(n) = self.samples {
            message.push_str(&format!("  {} samples/s", short_count(rate * n as f64)));
        }
        message + &format!("  {} left", duration((self.epochs as f64 - epochs) / rate))
    }

    fn make(&self) -> ProgressBar {
        let bar = ProgressBar::new((self.epochs as f64 * THOUSAND) as u64);
        bar.set_style(ProgressStyle::with_template(TEMPLATE).expect("a valid template"));
        bar.set_prefix(match (self.prefix.as_str(), self.name.as_str()) {
            ("", "") => "training".to_owned(),
            (prefix, "") => prefix.to_owned(),
            ("", name) => name.to_owned(),
            (prefix, name) => format!("{prefix}, {name}"),
        });
        bar
    }
}

impl Progress for Bar {
    fn begin(&mut self, name: &str, n_runs: usize, epochs: u64) {
        self.end();
        name.clone_into(&mut self.name);
        (self.n_runs, self.n_ended, self.lowest) = (n_runs, 0, f64::INFINITY);
        self.epochs = epochs;
        self.updated = Instant::now();
        (self.validation_loss, self.best, self.first) = (None, None, None);
    }

    fn finish_epoch(&mut self, epoch: &Epoch) {
        self.validation_loss = epoch.validation_loss;
        let better = |loss: &f64| self.best.is_none_or(|(_, best)| *loss < best);
        if let Some(loss) = epoch.validation_loss.filter(better) {
            self.best = Some((epoch.epoch, loss));
        }
    }

    fn finish_run(&mut self, loss: f64) {
        self.n_ended += 1;
        self.lowest = self.lowest.min(loss);
    }

    fn resumed(&mut self, checkpoint: &Checkpoint, changed: &[String]) {
        errln!("resuming after epoch {} from {}", checkpoint.epoch(), checkpoint.path.display());
        changed.iter().for_each(|change| errln!("  {change}"));
    }

    fn checkpoint_saved(&mut self, failed: Option<&std::io::Error>) {
        if let Some(error) = failed.filter(|_| !self.unsaved) {
            let warn = || errln!("warning: cannot write checkpoints: {error}; training continues");
            self.drawn.as_ref().map_or_else(warn, |bar| bar.suspend(warn));
        }
        self.unsaved = failed.is_some();
    }

    fn advance(&mut self, epochs: f64, loss: f64) {
        self.first.get_or_insert_with(|| (epochs, Instant::now()));
        if self.updated.elapsed() > if self.drawn.is_some() { INTERVAL } else { DELAY } {
            self.updated = Instant::now();
            let bar = self.drawn.take().unwrap_or_else(|| self.make());
            bar.set_position((epochs * THOUSAND) as u64);
            bar.set_message(self.message(epochs, loss));
            self.drawn = Some(bar);
        }
    }

    fn end(&mut self) {
        if let Some(bar) = self.drawn.take() {
            bar.finish_and_clear();
        }
    }
}

/// Formats a number of seconds: `850 ms`, `12.3 s`, `4 min 5 s`.
pub fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 1.0 => format!("{:.0} ms", 1000.0 * s),
        s if s < 100.0 => format!("{s:.1} s"),
        s => format!("{:.0} min {:.0} s", (s / 60.0).floor(), s % 60.0),
    }
}

/// Formats a count in thousands or millions.
fn short_count(v: f64) -> String {
    match v {
        v if v >= 1e6 => format!("{:.1} million", v / 1e6),
        v if v >= 1e4 => format!("{:.0} thousand", v / 1e3),
        v => format!("{v:.0}"),
    }
}

/// Progress bar of reading a file.
pub struct ReadingBar {
    bar: Option<ProgressBar>,
    began: Instant,
    /// Length of the file in bytes, if known.
    len: Option<u64>,
}

impl ReadingBar {
    /// Returns a bar that appears once reading has taken half a second.
    pub fn new(file: Option<&Path>) -> ReadingBar {
        let len = file.and_then(|file| std::fs::metadata(file).ok()).map(|file| file.len());
        ReadingBar { bar: None, began: Instant::now(), len }
    }

    /// Shows that `done` of `total` bytes or rows have been read.
    pub fn show(&mut self, done: u64, total: u64) {
        let seconds = self.began.elapsed().as_secs_f64();
        if seconds < DELAY.as_secs_f64() || done == 0 {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::new(total);
            bar.set_style(ProgressStyle::with_template(TEMPLATE).expect("a valid template"));
            bar.set_prefix("reading");
            bar
        });
        bar.set_position(done);
        let fraction = done as f64 / total.max(done) as f64;
        let rate = |len| format!("{:.0} MB/s  ", fraction * len as f64 / 1e6 / seconds);
        let rate = self.len.map_or_else(String::new, rate);
        bar.set_message(format!("{rate}{} left", duration(seconds * (1.0 - fraction) / fraction)));
    }
}

impl Drop for ReadingBar {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// Bar for a known number of items; it is shown after a second and disappears when dropped.
pub struct ItemBar {
    bar: Option<ProgressBar>,
    began: Instant,
    text: &'static str,
}

impl ItemBar {
    /// Creates a bar with this text.
    pub fn new(text: &'static str) -> ItemBar {
        ItemBar { bar: None, began: Instant::now(), text }
    }

    /// Shows that `done` of `total` items are done.
    pub fn show(&mut self, done: usize, total: usize) {
        if self.began.elapsed() < DELAY {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::new(total as u64);
            bar.set_style(ProgressStyle::with_template(TEMPLATE).expect("a valid template"));
            bar.set_prefix(self.text);
            bar
        });
        bar.set_position(done as u64);
    }
}

impl Drop for ItemBar {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// Spinner for work of unknown length; it disappears when dropped.
pub struct Spinner(ProgressBar);

impl Spinner {
    /// Shows a spinner with this text.
    pub fn new(text: &'static str) -> Spinner {
        let bar = ProgressBar::new_spinner().with_message(text);
        bar.enable_steady_tick(INTERVAL);
        Spinner(bar)
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// The signal that cancelled the command, or 0.
static SIGNAL: LazyLock<Arc<AtomicUsize>> = LazyLock::new(Arc::default);

/// Returns a flag that Ctrl-C, SIGTERM and SIGHUP set; a second signal ends the process.
///
/// A signal that is ignored, as SIGHUP is under `nohup`, stays ignored.
pub fn cancelled_by_signal() -> Arc<AtomicBool> {
    let cancel = Arc::new(AtomicBool::new(false));
    #[cfg(unix)]
    let signals = [consts::SIGINT, consts::SIGTERM, consts::SIGHUP];
    #[cfg(not(unix))]
    let signals = [consts::SIGINT, consts::SIGTERM];
    for signal in signals.into_iter().filter(|signal| !is_ignored(*signal)) {
        // Without the handlers a signal ends the process at once, which is no reason to refuse to train.
        let _ = flag::register_conditional_shutdown(signal, 128 + signal, cancel.clone());
        let _ = flag::register_usize(signal, SIGNAL.clone(), signal as usize);
        let _ = flag::register(signal, cancel.clone());
    }
    cancel
}

/// Returns the number of the signal that cancelled the command, by default that of Ctrl-C.
pub(crate) fn cancelling_signal() -> u8 {
    match SIGNAL.load(Ordering::Relaxed) {
        0 => consts::SIGINT as u8,
        signal => signal as u8,
    }
}

/// Whether the process was started with a signal ignored, according to the mask that Linux shows.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask >> (signal - 1) & 1 == 1
}
