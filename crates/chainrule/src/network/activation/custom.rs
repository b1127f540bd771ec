//! User-defined activations from two closures over slices of f64.

use std::fmt;
use std::sync::Arc;

use super::activation::{ActivationKind, CUSTOM};
use super::{Activation, ActivationFunction, ActivationLoops, Formula};
use crate::kernel::{Scalar, dense, sample};
use crate::registry::{self, Entry, Options};

/// Maximum number of elements per call of a closure.
const CHUNK: usize = 64;

impl Activation {
    /// Creates a user-defined activation: `value` writes `a = f(z)`, and `slope` writes the
    /// derivative `f'(z)`, given z and a.
    ///
    /// Each element of the result must depend only on the element of z with the same index, because
    /// the closures are called with chunks of a layer, of any length up to 64, from several
    /// threads. In an f32 network the values are converted from and to f64. A custom activation has
    /// no formula and cannot be saved, and it is equal only to its own clones. `gradcheck` can
    /// verify that `slope` is the derivative of `value`.
    ///
    /// ```
    /// use chainrule::network::activation::Activation;
    ///
    /// let cube = Activation::custom(
    ///     |z, a| a.iter_mut().zip(z).for_each(|(a, z)| *a = z * z * z),
    ///     |z, _a, slope| slope.iter_mut().zip(z).for_each(|(slope, z)| *slope = 3.0 * z * z),
    /// );
    /// let mut a = [0.0_f32; 2];
    /// cube.values(&[2.0, -1.0], &mut a);
    /// assert_eq!(a, [8.0, -1.0]);
    /// ```
    pub fn custom(
        value: impl Fn(&[f64], &mut [f64]) + Send + Sync + 'static,
        slope: impl Fn(&[f64], &[f64], &mut [f64]) + Send + Sync + 'static,
    ) -> Activation {
        let function = Custom { value: Box::new(value), slope: Box::new(slope) };
        Activation { options: options(), kind: ActivationKind::Elementwise(Arc::new(function)) }
    }
}

/// Returns the options of a custom activation: its name only.
fn options() -> Options {
    let entry = Entry { name: CUSTOM, aliases: &[], summary: "closures", options: &[], make: |_| () };
    registry::choose("activation", &[entry], CUSTOM, &[]).expect("the entry exists and has no options").0
}

type ValueFn = dyn Fn(&[f64], &mut [f64]) + Send + Sync;
type SlopeFn = dyn Fn(&[f64], &[f64], &mut [f64]) + Send + Sync;

struct Custom {
    value: Box<ValueFn>,
    slope: Box<SlopeFn>,
}

impl fmt::Debug for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Custom")
    }
}

impl Custom {
    /// Calls `write` with each element of `out` and the derivative at the same index.
    fn each_slope<T: Scalar>(&self, z: &[T], a: &[T], out: &mut [T], write: impl Fn(&mut T, T)) {
        let (mut z_64, mut a_64, mut slope) = ([0.0; CHUNK], [0.0; CHUNK], [0.0; CHUNK]);
        for ((z, a), out) in z.chunks(CHUNK).zip(a.chunks(CHUNK)).zip(out.chunks_mut(CHUNK)) {
            (self.slope)(to_f64(z, &mut z_64), to_f64(a, &mut a_64), &mut slope[..z.len()]);
            for (out, &slope) in out.iter_mut().zip(&slope) {
                write(out, T::from_f64(slope));
            }
        }
    }

    fn values_in_place<T: Scalar>(&self, a: &mut [T]) {
        let (mut z_64, mut a_64) = ([0.0; CHUNK], [0.0; CHUNK]);
        for a in a.chunks_mut(CHUNK) {
            (self.value)(to_f64(a, &mut z_64), &mut a_64[..a.len()]);
            for (a, &a_64) in a.iter_mut().zip(&a_64) {
                *a = T::from_f64(a_64);
            }
        }
    }
}

impl<T: Scalar> ActivationLoops<T> for Custom {
    fn values(&self, z: &[T], a: &mut [T]) {
        let (mut z_64, mut a_64) = ([0.0; CHUNK], [0.0; CHUNK]);
        for (z, a) in z.chunks(CHUNK).zip(a.chunks_mut(CHUNK)) {
            (self.value)(to_f64(z, &mut z_64), &mut a_64[..z.len()]);
            for (a, &a_64) in a.iter_mut().zip(&a_64) {
                *a = T::from_f64(a_64);
            }
        }
    }

    fn after_dense(&self, n: usize, x: &[T], w: &[T], b: Option<&[T]>, a: &mut [T]) {
        dense::forward(n, x, w, b, a);
        self.values_in_place(a);
    }

    fn after_product(&self, x: &[T], rows: &[T], a: &mut [T]) {
        sample::forward(x, rows, a);
        self.values_in_place(a);
    }

    fn backward(&self, z: &[T], a: &[T], da: &mut [T]) {
        self.each_slope(z, a, da, |da, slope| *da *= slope);
    }

    fn before_dense(&self, n: usize, w: &[T], dz_next: &[T], z: &[T], a: &[T], dz: &mut [T]) {
        dense::input_gradient(n, w, dz_next, dz);
        self.backward(z, a, dz);
    }
}

impl ActivationFunction for Custom {
    fn needs_z(&self) -> bool {
        true
    }

    fn kinks(&self) -> Vec<f64> {
        Vec::new()
    }

    fn formula(&self) -> Option<Formula> {
        None
    }
}

/// Converts `source` into the first elements of `buffer` and returns those.
fn to_f64<'a, T: Scalar>(source: &[T], buffer: &'a mut [f64; CHUNK]) -> &'a [f64] {
    for (converted, v) in buffer.iter_mut().zip(source) {
        *converted = v.to_f64();
    }
    &buffer[..source.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square() -> Activation {
        Activation::custom(
            |z, a| a.iter_mut().zip(z).for_each(|(a, z)| *a = z * z),
            |z, _, slope| slope.iter_mut().zip(z).for_each(|(slope, z)| *slope = 2.0 * z),
        )
    }

    fn check_all_lengths<T: Scalar>() {
        let f = square();
        for n in [0, 1, 63, 64, 65, 200] {
            let z: Vec<T> = (0..n).map(|k| T::from_f64(f64::from(k) * 0.5 - 20.0)).collect();
            let (mut a, mut slope, mut da) =
                (vec![T::ZERO; z.len()], vec![T::ZERO; z.len()], vec![T::splat(3.0); z.len()]);
            f.values(&z, &mut a);
            f.slopes(&z, &a, &mut slope);
            f.backward(1, &z, &a, &mut da);
            for (k, &z) in z.iter().enumerate() {
                assert_eq!(a[k], z * z);
                assert_eq!(slope[k], z + z);
                assert_eq!(da[k], T::splat(6.0) * z);
            }
        }
    }

    #[test]
    fn layers_of_any_length_are_evaluated_in_chunks() {
        check_all_lengths::<f32>();
        check_all_lengths::<f64>();
    }

    #[test]
    fn a_custom_activation_equals_only_its_clones() {
        let f = square();
        assert_eq!(f, f.clone());
        assert_ne!(f, square());
        assert_ne!(f, Activation::tanh());
    }
}
