//! The progress bar of reading tables.

use std::path::Path;

use chainrule_experiment::TableProgress;

use crate::output::errln;
use crate::progress::ReadingBar;

/// Progress bar of reading a table; notes about the table are printed to standard error.
#[derive(Default)]
pub(super) struct TableBar(Option<ReadingBar>);

impl TableBar {
    /// Removes the bar, before something else is printed.
    pub(super) fn clear(&mut self) {
        self.0 = None;
    }
}

impl TableProgress for TableBar {
    fn reading(&mut self, path: &Path, done: u64, total: u64) {
        let file = Some(path).filter(|path| !path.as_os_str().is_empty());
        self.0.get_or_insert_with(|| ReadingBar::new(file)).show(done, total);
    }

    fn note(&mut self, text: &str) {
        self.clear();
        errln!("note: {text}");
    }
}
