//! Number of threads: set by the program, by the environment, or one per core.

use std::sync::OnceLock;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;

use crate::Error;

/// Maximum number of threads. A step is cut into at most 64 chunks, so more threads would be idle.
pub(crate) const MAX_THREADS: usize = 64;

/// Environment variable for the number of threads.
const VARIABLE: &str = "CHAINRULE_THREADS";

/// Returns the number of threads that the engine uses, from 1 to 64.
///
/// It is the number set by [`set_threads`], else the value of the environment variable
/// `CHAINRULE_THREADS`, else the number of cores available to the process. Results do not depend on
/// it.
pub fn threads() -> usize {
    static DEFAULT: OnceLock<usize> = OnceLock::new();
    match REQUESTED.load(Relaxed) {
        // An invalid value is ignored here; `threads_from_env` reports it.
        0 => {
            *DEFAULT.get_or_init(|| threads_from_env().ok().flatten().unwrap_or_else(cores).min(MAX_THREADS))
        }
        n => n,
    }
}

/// Sets the number of threads, at most 64; 0 restores the default. Takes effect immediately, also
/// for training runs that have already started.
///
/// ```
/// chainrule::set_threads(3);
/// assert_eq!(chainrule::threads(), 3);
/// chainrule::set_threads(0);
/// assert!((1..=64).contains(&chainrule::threads()));
/// ```
pub fn set_threads(n: usize) {
    REQUESTED.store(n.min(MAX_THREADS), Relaxed);
}

/// Returns the number of threads that the environment variable `CHAINRULE_THREADS` specifies, if it
/// is set.
///
/// # Errors
///
/// Returns [`Error::Setting`] if the value is not a whole number of at least 1. [`threads`] ignores
/// such a value, so an application should call this function once at start-up and report the
/// error.
pub fn threads_from_env() -> Result<Option<usize>, Error> {
    std::env::var_os(VARIABLE).map(|value| parse_threads(&value.to_string_lossy())).transpose()
}

/// Returns the number of cores available to the process.
pub(super) fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| thread::available_parallelism().map_or(1, std::num::NonZero::get))
}

/// Number set by `set_threads`, 0 if none.
static REQUESTED: AtomicUsize = AtomicUsize::new(0);

fn parse_threads(value: &str) -> Result<usize, Error> {
    value.parse().ok().filter(|&n| n > 0).ok_or_else(|| Error::Setting {
        setting: VARIABLE.to_owned(),
        value: format!("\"{value}\""),
        allowed: "a whole number of at least 1; leave it unset to use all cores".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_must_be_a_whole_number_of_at_least_1() {
        assert_eq!(parse_threads("12"), Ok(12));
        for value in ["0", "-1", "", "two", "1.5"] {
            let error = parse_threads(value).unwrap_err().to_string();
            assert_eq!(
                error,
                format!(
                    "CHAINRULE_THREADS is \"{value}\", but must be a whole number of at least 1; \
                     leave it unset to use all cores"
                )
            );
        }
    }
}
