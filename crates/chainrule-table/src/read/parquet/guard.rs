//! Conversion of panics in the Parquet library, which damaged files can cause, to errors.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use crate::Problem;

thread_local! {
    /// Whether this thread is inside [`guarded`].
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Calls `read` and converts a panic to an error, without printing it. Panics outside `read` and in
/// other threads are reported as usual.
pub(super) fn guarded<T>(read: impl FnOnce() -> Result<T, Problem>) -> Result<T, Problem> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let report = take_hook();
        set_hook(Box::new(move |panic| {
            if !GUARDED.get() {
                report(panic);
            }
        }));
    });
    let before = GUARDED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(read));
    GUARDED.set(before);
    result.unwrap_or_else(|_| Err(damaged("inconsistent data".to_owned())))
}

pub(super) fn damaged(reason: String) -> Problem {
    Problem::Corrupt { format: "Parquet", reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error() {
        let result = guarded(|| -> Result<(), Problem> { panic!("damaged file") });
        assert!(matches!(result, Err(Problem::Corrupt { format: "Parquet", .. })));
        assert!(guarded(|| Ok(1)).is_ok() && !GUARDED.get());
    }
}
