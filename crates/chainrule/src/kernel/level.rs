//! The instruction set that the kernels run on: found once, or forced.

use std::sync::OnceLock;

use fearless_simd::Level;

/// The best level of this machine, or the one that the environment variable `CHAINRULE_SIMD` names: `avx512`, `avx2`,
/// `portable` (the least that the target guarantees), or on ARM `neon`. A level that the machine lacks, or a word that
/// names none, is passed over for the best.
pub(crate) fn level() -> Level {
    static LEVEL: OnceLock<Level> = OnceLock::new();
    *LEVEL.get_or_init(|| {
        let forced = std::env::var("CHAINRULE_SIMD").ok().and_then(|name| named(&name, Level::new()));
        forced.unwrap_or_else(Level::new)
    })
}

/// The level called `name`, if a machine of the level `best` has it.
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
