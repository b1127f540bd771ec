//! A progress bar on standard error for trainings that take more than a moment; nothing where it is no terminal.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chainrule_experiment::Progress;
use indicatif::{ProgressBar, ProgressStyle};

/// A bar for the training under way; it appears once the training has taken half a second.
pub(crate) struct Bar {
    drawn: Option<ProgressBar>,
    name: String,
    epochs: u64,
    shown: Instant,
}

/// The bar's length: it counts fractions of epochs in thousandths.
const THOUSAND: f64 = 1000.0;

/// Until the bar appears, and between two of its states: formatting a message costs more than a small step.
const PATIENCE: Duration = Duration::from_millis(500);
const PAUSE: Duration = Duration::from_millis(100);

impl Bar {
    pub(crate) fn new() -> Bar {
        Bar { drawn: None, name: String::new(), epochs: 0, shown: Instant::now() }
    }

    fn make(&self) -> ProgressBar {
        let bar = ProgressBar::new((self.epochs as f64 * THOUSAND) as u64).with_elapsed(PATIENCE);
        let template = "{prefix:20} {bar:30} {percent:>3} %  {msg}  {eta} left";
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
    }

    fn advance(&mut self, epochs: f64, loss: f64) {
        if self.shown.elapsed() > if self.drawn.is_some() { PAUSE } else { PATIENCE } {
            self.shown = Instant::now();
            let bar = self.drawn.take().unwrap_or_else(|| self.make());
            bar.set_position((epochs * THOUSAND) as u64);
            bar.set_message(format!("loss {loss:.5}"));
            self.drawn = Some(bar);
        }
    }

    fn end(&mut self) {
        if let Some(bar) = self.drawn.take() {
            bar.finish_and_clear();
        }
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
