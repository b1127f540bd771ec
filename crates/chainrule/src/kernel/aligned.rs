//! Numbers that begin where a line of the cache does.

use std::ops::{Deref, DerefMut};

use super::Scalar;

/// The bytes of a line of the cache, and of the widest vector.
const LINE: usize = 64;

/// A slice of numbers, as long as it was made, that begins at a multiple of [`LINE`] bytes.
///
/// A vector that is loaded from across two lines takes two loads; and from arrays that lie a few bytes askew of each
/// other, modulo a page, loads wait for stores that have nothing to do with them.
#[derive(Debug, Default)]
pub(crate) struct Aligned<T> {
    numbers: Vec<T>,
    begin: usize,
}

impl<T: Scalar> Aligned<T> {
    /// So many zeros.
    pub(crate) fn zeros(n: usize) -> Aligned<T> {
        let mut numbers = vec![T::ZERO; n + LINE / size_of::<T>() - 1];
        let begin = numbers.as_ptr().align_offset(LINE);
        numbers.truncate(begin + n);
        Aligned { numbers, begin }
    }
}

impl<T> Deref for Aligned<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.numbers[self.begin..]
    }
}

impl<T> DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.numbers[self.begin..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_as_long_as_asked_for_and_begins_with_a_line() {
        for n in [0, 1, 5, 64, 1000] {
            let mut numbers = Aligned::<f64>::zeros(n);
            numbers.iter_mut().enumerate().for_each(|(k, v)| *v = k as f64);
            assert_eq!((numbers.len(), numbers.as_ptr().align_offset(LINE)), (n, 0));
            assert_eq!(numbers.last().copied(), n.checked_sub(1).map(|k| k as f64));
        }
    }
}
