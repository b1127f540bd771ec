//! Instruction set of the kernels, detected once or forced.

use std::sync::OnceLock;

use fearless_simd::Level;

use crate::Error;

/// The environment variable that specifies the level.
const VARIABLE: &str = "CHAINRULE_SIMD";

/// Returns the SIMD level of the kernels: the best one that the machine supports, or the one
/// specified by the environment variable `CHAINRULE_SIMD`.
///
/// The names are `avx512`, `avx2`, `portable` (the minimum that the target guarantees) and, on ARM,
/// `neon`. An unknown name or a level that the machine does not support is ignored here;
/// [`check_simd_from_env`] reports it.
pub(crate) fn level() -> Level {
    static LEVEL: OnceLock<Level> = OnceLock::new();
    *LEVEL.get_or_init(|| {
        let forced = std::env::var(VARIABLE).ok().and_then(|name| named(&name, Level::new()));
        forced.unwrap_or_else(Level::new)
    })
}

/// Checks that the environment variable `CHAINRULE_SIMD`, if it is set, specifies a SIMD level that
/// the machine supports.
///
/// # Errors
/// Returns [`Error::Setting`] otherwise. The kernels then use the best level, so an application
/// should call this function once at start-up and report the error.
pub fn check_simd_from_env() -> Result<(), Error> {
    let Some(value) = std::env::var_os(VARIABLE) else { return Ok(()) };
    let name = value.to_string_lossy().into_owned();
    if named(&name, Level::new()).is_some() {
        return Ok(());
    }
    let all = ["avx512", "avx2", "neon", "portable"];
    let supported: Vec<&str> = all.into_iter().filter(|name| named(name, Level::new()).is_some()).collect();
    let allowed = format!("one of the levels that this machine supports: {}", supported.join(", "));
    Err(Error::Setting { setting: VARIABLE.to_owned(), value: name, allowed })
}

/// Returns the level called `name` if a machine of level `best` supports it.
fn named(name: &str, best: Level) -> Option<Level> {
    match name {
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        "avx512" => best.as_avx512().map(Level::Avx512),
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        "avx2" => best.as_avx2().map(Level::Avx2),
        #[cfg(target_arch = "aarch64")]
        "neon" => best.as_neon().map(Level::Neon),
        "portable" => Some(Level::baseline()),
        _ => None,
    }
}
