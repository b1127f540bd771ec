//! Buffers aligned to cache lines.

use std::ops::{Deref, DerefMut};

use super::Scalar;

/// Size in bytes of a cache line, and of the widest vector.
const LINE: usize = 64;

/// A buffer of fixed length that starts at a multiple of [`LINE`] bytes.
///
/// A vector load that crosses a cache-line boundary costs two loads. If the addresses of two arrays
/// differ by only a few bytes modulo the page size, loads from one also wait for unrelated stores
/// to the other (4K aliasing).
#[derive(Debug, Default)]
pub(crate) struct Aligned<T> {
    numbers: Vec<T>,
    start: usize,
}

impl<T: Scalar> Aligned<T> {
    /// Returns a buffer of `n` zeros.
    pub(crate) fn zeros(n: usize) -> Aligned<T> {
        let mut numbers = vec![T::ZERO; n + LINE / size_of::<T>() - 1];
        let start = numbers.as_ptr().align_offset(LINE);
        numbers.truncate(start + n);
        Aligned { numbers, start }
    }
}

impl<T> Deref for Aligned<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.numbers[self.start..]
    }
}

impl<T> DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.numbers[self.start..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_the_requested_length_and_alignment() {
        for n in [0, 1, 5, 64, 1000] {
            let mut numbers = Aligned::<f64>::zeros(n);
            numbers.iter_mut().enumerate().for_each(|(k, v)| *v = k as f64);
            assert_eq!((numbers.len(), numbers.as_ptr().align_offset(LINE)), (n, 0));
            assert_eq!(numbers.last().copied(), n.checked_sub(1).map(|k| k as f64));
        }
    }
}
