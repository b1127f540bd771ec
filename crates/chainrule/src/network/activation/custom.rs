//! An activation of a user's own, from two closures over slices of f64.

use std::fmt;
use std::sync::Arc;

use super::{Activation, Formula, Function, Kind, Loops};
use crate::kernel::{Scalar, sample};
use crate::registry::{self, Entry, Options};

pub(super) const NAME: &str = "custom";

/// How many numbers a closure is given at a time, at most.
const PIECE: usize = 64;

impl Activation {
    /// An activation of your own: `value` writes `a = f(z)`, `slope` writes `f'(z)` given z and a.
    ///
    /// Each number must depend on its own z alone: the closures are called with pieces of a layer, of any length up to
    /// 64, from several threads. In an f32 network the numbers are converted. A custom activation has no formula
    /// and cannot be stored; it equals only its own clones. Whether slope belongs to value, `gradcheck` can tell.
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
        Activation { options: options(), kind: Kind::Elementwise(Arc::new(function)) }
    }
}

/// The name, and no options.
fn options() -> Options {
    let entry = Entry { name: NAME, aliases: &[], summary: "closures", options: &[], make: |_| () };
    registry::choose("activation", &[entry], NAME, &[]).expect("no option can be wrong where there is none").0
}

type Value = dyn Fn(&[f64], &mut [f64]) + Send + Sync;
type Slope = dyn Fn(&[f64], &[f64], &mut [f64]) + Send + Sync;

struct Custom {
    value: Box<Value>,
    slope: Box<Slope>,
}

impl fmt::Debug for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Custom")
    }
}

impl Custom {
    /// Calls `write` with each number of `out` and the slope at its place.
    fn each_slope<T: Scalar>(&self, z: &[T], a: &[T], out: &mut [T], write: impl Fn(&mut T, T)) {
        let (mut z_64, mut a_64, mut slope) = ([0.0; PIECE], [0.0; PIECE], [0.0; PIECE]);
        for ((z, a), out) in z.chunks(PIECE).zip(a.chunks(PIECE)).zip(out.chunks_mut(PIECE)) {
            (self.slope)(to_f64(z, &mut z_64), to_f64(a, &mut a_64), &mut slope[..z.len()]);
            for (out, &slope) in out.iter_mut().zip(&slope) {
                write(out, T::from_f64(slope));
            }
        }
    }
}

impl<T: Scalar> Loops<T> for Custom {
    fn values(&self, z: &[T], a: &mut [T]) {
        let (mut z_64, mut a_64) = ([0.0; PIECE], [0.0; PIECE]);
        for (z, a) in z.chunks(PIECE).zip(a.chunks_mut(PIECE)) {
            (self.value)(to_f64(z, &mut z_64), &mut a_64[..z.len()]);
            for (a, &a_64) in a.iter_mut().zip(&a_64) {
                *a = T::from_f64(a_64);
            }
        }
    }

    fn values_in_place(&self, a: &mut [T]) {
        let (mut z_64, mut a_64) = ([0.0; PIECE], [0.0; PIECE]);
        for a in a.chunks_mut(PIECE) {
            (self.value)(to_f64(a, &mut z_64), &mut a_64[..a.len()]);
            for (a, &a_64) in a.iter_mut().zip(&a_64) {
                *a = T::from_f64(a_64);
            }
        }
    }

    fn after_product(&self, x: &[T], rows: &[T], a: &mut [T]) {
        sample::forward(x, rows, a);
        self.values_in_place(a);
    }

    fn slopes(&self, z: &[T], a: &[T], slope: &mut [T]) {
        self.each_slope(z, a, slope, |out, slope| *out = slope);
    }

    fn backward(&self, z: &[T], a: &[T], da: &mut [T]) {
        self.each_slope(z, a, da, |da, slope| *da *= slope);
    }
}

impl Function for Custom {
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

/// `from` converted, in the front of `to`.
fn to_f64<'a, T: Scalar>(from: &[T], to: &'a mut [f64; PIECE]) -> &'a [f64] {
    for (to, from) in to.iter_mut().zip(from) {
        *to = from.to_f64();
    }
    &to[..from.len()]
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

    fn every_place<T: Scalar>() {
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
    fn pieces_of_any_length_are_converted_in_place() {
        every_place::<f32>();
        every_place::<f64>();
    }

    #[test]
    fn equals_its_clones_alone() {
        let f = square();
        assert_eq!(f, f.clone());
        assert_ne!(f, square());
        assert_ne!(f, Activation::tanh());
    }
}
