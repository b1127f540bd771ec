//! A progress bar on standard error for trainings that take more than a moment; nothing where it is no terminal.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chainrule::train::Epoch;
use chainrule_experiment::{Checkpoint, Progress};
use indicatif::{ProgressBar, ProgressStyle};

/// A bar for the training under way; it appears once the training has taken half a second.
pub(crate) struct Bar {
    drawn: Option<ProgressBar>,
    name: String,
    epochs: u64,
    shown: Instant,
    /// The samples of an epoch, where the rate is shown.
    samples: Option<usize>,
    /// How many epochs were done when it first came to something, and when that was.
    since: Option<(f64, Instant)>,
    /// The latest validation loss, and the least with its epoch.
    last: Option<f64>,
    best: Option<(u64, f64)>,
    /// Whether the latest checkpoint could not be written.
    unsaved: bool,
}

/// The bar's length: it counts fractions of epochs in thousandths.
const THOUSAND: f64 = 1000.0;

/// Until the bar appears, and between two of its states: formatting a message costs more than a small step.
const PATIENCE: Duration = Duration::from_millis(500);
const PAUSE: Duration = Duration::from_millis(100);

impl Bar {
    pub(crate) fn new() -> Bar {
        let now = Instant::now();
        Bar {
            drawn: None,
            name: String::new(),
            epochs: 0,
            shown: now,
            samples: None,
            since: None,
            last: None,
            best: None,
            unsaved: false,
        }
    }

    /// A bar that also says how many samples are trained in a second, of so many in an epoch.
    pub(crate) fn over(n_samples: usize) -> Bar {
        Bar { samples: Some(n_samples), ..Bar::new() }
    }

    /// What the line says besides how far it is.
    fn message(&self, epochs: f64, loss: f64) -> String {
        let mut message = format!("epoch {} of {}  loss {loss:.5}", epochs.ceil(), self.epochs);
        if let Some(validation) = self.last {
            message.push_str(&format!("  validation {validation:.5}"));
        }
        if let Some((epoch, best)) = self.best {
            message.push_str(&format!("  best {best:.5} ({epoch})"));
        }
        let Some((first, since)) = self.since.filter(|(first, _)| epochs > *first) else { return message };
        let seconds = since.elapsed().as_secs_f64();
        let rate = (epochs - first) / seconds.max(1e-9);
        if let Some(n) = self.samples {
            message.push_str(&format!("  {} samples/s", thousands(rate * n as f64)));
        }
        message + &format!("  {} left", duration((self.epochs as f64 - epochs) / rate))
    }

    fn make(&self) -> ProgressBar {
        let bar = ProgressBar::new((self.epochs as f64 * THOUSAND) as u64);
        let template = "{prefix:20} {bar:30} {percent:>3} %  {msg}";
        bar.set_style(ProgressStyle::with_template(template).expect("a valid template"));
        bar.set_prefix(self.name.clone());
        bar
    }
}

impl Progress for Bar {
    fn begin(&mut self, variant: &str, epochs: u64) {
        self.end();
        self.name = if variant.is_empty() { "training".to_owned() } else { variant.to_owned() };
        self.epochs = epochs;
        self.shown = Instant::now();
        (self.last, self.best, self.since) = (None, None, None);
    }

    fn finish_epoch(&mut self, epoch: &Epoch) {
        self.last = epoch.validation_loss;
        if let Some(loss) =
            epoch.validation_loss.filter(|loss| self.best.is_none_or(|(_, best)| *loss < best))
        {
            self.best = Some((epoch.epoch, loss));
        }
    }

    fn resumed(&mut self, from: &Checkpoint, changed: &[String]) {
        anstream::println!("going on after epoch {} from {}", from.epoch(), from.path.display());
        changed.iter().for_each(|change| anstream::println!("  {change}"));
    }

    fn checkpoint_saved(&mut self, failed: Option<&std::io::Error>) {
        if let Some(error) = failed.filter(|_| !self.unsaved) {
            let say = || {
                anstream::eprintln!("warning: no checkpoint can be written: {error}; the training goes on")
            };
            self.drawn.as_ref().map_or_else(say, |bar| bar.suspend(say));
        }
        self.unsaved = failed.is_some();
    }

    fn advance(&mut self, epochs: f64, loss: f64) {
        self.since.get_or_insert_with(|| (epochs, Instant::now()));
        if self.shown.elapsed() > if self.drawn.is_some() { PAUSE } else { PATIENCE } {
            self.shown = Instant::now();
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

/// Seconds in words that suit their size.
pub(crate) fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 1.0 => format!("{:.0} ms", 1000.0 * s),
        s if s < 100.0 => format!("{s:.1} s"),
        s => format!("{:.0} min {:.0} s", (s / 60.0).floor(), s % 60.0),
    }
}

/// A number of samples in thousands or millions.
fn thousands(v: f64) -> String {
    match v {
        v if v >= 1e6 => format!("{:.1} million", v / 1e6),
        v if v >= 1e4 => format!("{:.0} thousand", v / 1e3),
        v => format!("{v:.0}"),
    }
}

/// A bar for a file that is read, once that has taken half a second.
pub(crate) struct ReadingBar {
    drawn: Option<ProgressBar>,
    began: Instant,
    /// The file's length in bytes, where it is known.
    len: Option<u64>,
}

impl ReadingBar {
    pub(crate) fn new(file: Option<&Path>) -> ReadingBar {
        let len = file.and_then(|file| std::fs::metadata(file).ok()).map(|file| file.len());
        ReadingBar { drawn: None, began: Instant::now(), len }
    }

    /// So much of so much is read: bytes, or rows.
    pub(crate) fn show(&mut self, done: u64, of: u64) {
        let seconds = self.began.elapsed().as_secs_f64();
        if seconds < PATIENCE.as_secs_f64() || done == 0 {
            return;
        }
        let bar = self.drawn.get_or_insert_with(|| {
            let bar = ProgressBar::new(of);
            let template = "{prefix:20} {bar:30} {percent:>3} %  {msg}";
            bar.set_style(ProgressStyle::with_template(template).expect("a valid template"));
            bar.set_prefix("reading");
            bar
        });
        bar.set_position(done);
        let share = done as f64 / of.max(done) as f64;
        let rate = |len| format!("{:.0} MB a second  ", share * len as f64 / 1e6 / seconds);
        let rate = self.len.map_or_else(String::new, rate);
        bar.set_message(format!("{rate}{} left", duration(seconds * (1.0 - share) / share)));
    }
}

impl Drop for ReadingBar {
    fn drop(&mut self) {
        if let Some(bar) = self.drawn.take() {
            bar.finish_and_clear();
        }
    }
}

/// Says what is being done, as long as it lives, where nobody knows how long that takes.
pub(crate) struct Busy(ProgressBar);

impl Busy {
    pub(crate) fn new(what: &'static str) -> Busy {
        let bar = ProgressBar::new_spinner().with_message(what);
        bar.enable_steady_tick(PAUSE);
        Busy(bar)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A flag that Ctrl-C sets; a second Ctrl-C ends the program at once.
pub(crate) fn cancelled_by_ctrl_c() -> Arc<AtomicBool> {
    let cancel = Arc::new(AtomicBool::new(false));
    let flag = cancel.clone();
    let installed = ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    });
    // Without the handler Ctrl-C ends the program at once: worse, but no reason not to train.
    drop(installed);
    cancel
}
