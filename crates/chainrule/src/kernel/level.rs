//! Instruction set of the kernels, detected once or forced.

use std::sync::OnceLock;

use fearless_simd::Level;

use crate::Error;

/// The environment variable that specifies the level.
const VARIABLE: &str = "CHAINRULE_SIMD";
/// The names of all levels, from the best to the minimum.
const NAMES: [&str; 4] = ["avx512", "avx2", "neon", "portable"];

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

/// Returns the name of the SIMD level of the kernels: `avx512`, `avx2`, `neon` or `portable`, which
/// is also the value of the environment variable `CHAINRULE_SIMD` that specifies this level.
///
/// Results do not depend on the level, but training times do. On x86 processors without AVX2, the
/// name is `portable`.
///
/// ```
/// let level = chainrule::kernel::simd_level();
/// assert!(["avx512", "avx2", "neon", "portable"].contains(&level));
/// ```
pub fn simd_level() -> &'static str {
    name_of(level())
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
    let supported: Vec<&str> = NAMES.into_iter().filter(|name| named(name, Level::new()).is_some()).collect();
    let allowed = format!("one of the levels that this machine supports: {}", supported.join(", "));
    Err(Error::Setting { setting: VARIABLE.to_owned(), value: name, allowed })
}

/// Returns the best name that `level` supports.
fn name_of(level: Level) -> &'static str {
    NAMES.into_iter().find(|name| named(name, level).is_some()).expect("every level supports `portable`")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_level_selects_it() {
        for name in NAMES {
            if let Some(level) = named(name, Level::new()) {
                // Every 64-bit ARM processor has NEON, which is therefore the minimum there.
                let expected = if cfg!(target_arch = "aarch64") { "neon" } else { name };
                assert_eq!(name_of(level), expected);
            }
        }
        assert_eq!(named("sse9", Level::new()).map(name_of), None);
    }
}
