//! The size of a part: the possible number of rows that is nearest to the requested one.

/// Returns the size nearest to `requested`; of two equally near sizes, the larger one.
pub(super) fn nearest(sizes: impl Iterator<Item = usize>, requested: f64) -> Option<usize> {
    let distance = |size: usize| (size as f64 - requested).abs();
    sizes.min_by(|a, b| distance(*a).total_cmp(&distance(*b)).then(b.cmp(a)))
}
