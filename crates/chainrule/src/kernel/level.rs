//! Instruction set of the kernels, detected once or forced.

use std::sync::OnceLock;

use fearless_simd::Level;

/// Returns the SIMD level of the kernels: the best one that the machine supports, or the one
/// specified by the environment variable `CHAINRULE_SIMD`.
///
/// The names are `avx512`, `avx2`, `portable` (the minimum that the target guarantees) and, on ARM,
/// `neon`. An unknown name or a level that the machine does not support is ignored.
pub(crate) fn level() -> Level {
    static LEVEL: OnceLock<Level> = OnceLock::new();
    *LEVEL.get_or_init(|| {
        let forced = std::env::var("CHAINRULE_SIMD").ok().and_then(|name| named(&name, Level::new()));
        forced.unwrap_or_else(Level::new)
    })
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
