//! How many threads to use: what was set, else what the environment says, else one for each core.

use std::sync::OnceLock;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;

use super::MAX_THREADS;
use crate::Error;

/// The environment variable that says how many threads to use.
const VARIABLE: &str = "CHAINRULE_THREADS";

/// The number of threads that a training uses, from 1 to 64.
///
/// It is what [`set_threads`] has set, else what the environment variable `CHAINRULE_THREADS` says, else the number of
/// cores that the process may use. Results do not depend on it.
pub fn threads() -> usize {
    static DEFAULT: OnceLock<usize> = OnceLock::new();
    match WANTED.load(Relaxed) {
        // A bad value is for the front doors to report, by `threads_from_env`.
        0 => {
            *DEFAULT.get_or_init(|| threads_from_env().ok().flatten().unwrap_or_else(cores).min(MAX_THREADS))
        }
        n => n,
    }
}

/// Sets the number of threads that trainings started from now on use: at most 64, or 0 to choose as if never set.
///
/// ```
/// chainrule::set_threads(3);
/// assert_eq!(chainrule::threads(), 3);
/// chainrule::set_threads(0);
/// assert!((1..=64).contains(&chainrule::threads()));
/// ```
pub fn set_threads(n: usize) {
    WANTED.store(n.min(MAX_THREADS), Relaxed);
}

/// The number of threads that the environment variable `CHAINRULE_THREADS` asks for, if it is set.
///
/// # Errors
///
/// [`Error::Setting`] where it is no whole number of at least 1. [`threads`] then takes no notice of it: a front door
/// is to ask here once and show the error.
pub fn threads_from_env() -> Result<Option<usize>, Error> {
    std::env::var_os(VARIABLE).map(|value| threads_of(&value.to_string_lossy())).transpose()
}

/// How many cores the process may use.
pub(super) fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| thread::available_parallelism().map_or(1, std::num::NonZero::get))
}

/// What `set_threads` has set, 0 if nothing.
static WANTED: AtomicUsize = AtomicUsize::new(0);

fn threads_of(value: &str) -> Result<usize, Error> {
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
    fn the_variable_is_a_whole_number_of_at_least_1() {
        assert_eq!(threads_of("12"), Ok(12));
        for value in ["0", "-1", "", "two", "1.5"] {
            let error = threads_of(value).unwrap_err().to_string();
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
