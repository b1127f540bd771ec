//! A progress bar on standard error for trainings that take more than a moment; nothing where it is no terminal.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chainrule_experiment::Progress;
use indicatif::{ProgressBar, ProgressStyle};

/// A bar for the training under way.
pub(crate) struct Bar {
    bar: ProgressBar,
    shown: Instant,
}

/// The bar's length: it counts fractions of epochs in thousandths.
const THOUSAND: f64 = 1000.0;

impl Bar {
    pub(crate) fn new() -> Bar {
        Bar { bar: ProgressBar::hidden(), shown: Instant::now() }
    }
}

impl Progress for Bar {
    fn begin(&mut self, variant: &str, epochs: u64) {
        self.end();
        self.bar = ProgressBar::new((epochs as f64 * THOUSAND) as u64);
        let template = "{prefix:20} {bar:30} {percent:>3} %  {msg}  {eta} left";
        self.bar.set_style(ProgressStyle::with_template(template).expect("a valid template"));
        self.bar.set_prefix(if variant.is_empty() { "training".to_owned() } else { variant.to_owned() });
        self.shown = Instant::now();
    }

    fn advance(&mut self, epochs: f64, loss: f64) {
        // Formatting a message for each step would cost more than the step.
        if self.shown.elapsed() > Duration::from_millis(100) {
            self.shown = Instant::now();
            self.bar.set_position((epochs * THOUSAND) as u64);
            self.bar.set_message(format!("loss {loss:.5}"));
        }
    }

    fn end(&mut self) {
        self.bar.finish_and_clear();
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
