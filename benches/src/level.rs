//! SIMD levels of the machine and of Chainrule's kernels.

use chainrule::kernel::simd_level;
use fearless_simd::Level;

/// The names of the levels that [`simd_level`] returns, from the best to the minimum.
const NAMES: [&str; 4] = ["avx512", "avx2", "neon", "portable"];

/// Returns the name of the best level that the machine supports.
pub(crate) fn best() -> &'static str {
    NAMES.into_iter().find(|name| named(name).is_some()).expect("every machine supports `portable`")
}

/// Returns the level of Chainrule's kernels, for the loops of this program.
pub(crate) fn of_kernels() -> Level {
    named(simd_level()).expect("the machine supports the level of the kernels")
}

/// Returns the name of a level in prose.
pub(crate) fn title(name: &str) -> &str {
    match name {
        "avx512" => "AVX-512",
        "avx2" => "AVX2",
        "neon" => "NEON",
        other => other,
    }
}

/// Returns the level called `name` if the machine supports it.
fn named(name: &str) -> Option<Level> {
    match name {
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        "avx512" => Level::new().as_avx512().map(Level::Avx512),
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        "avx2" => Level::new().as_avx2().map(Level::Avx2),
        #[cfg(target_arch = "aarch64")]
        "neon" => Level::new().as_neon().map(Level::Neon),
        "portable" => Some(Level::baseline()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_of_the_kernels_is_at_most_the_best_one() {
        let place = |name| NAMES.iter().position(|&n| n == name).unwrap();
        assert!(place(simd_level()) >= place(best()));
        of_kernels();
    }
}
