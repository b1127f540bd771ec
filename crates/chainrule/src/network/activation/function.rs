//! The trait that every elementwise activation implements, and its loops in both precisions.

use std::fmt;

use fearless_simd::{Simd, dispatch};

use super::formula::Formula;
use crate::kernel::level::level;
use crate::kernel::scalar::Vector;
use crate::kernel::{InBothPrecisions, Lanes, Scalar, dense, few, sample};

/// An elementwise activation, on one number or on a SIMD vector of numbers.
///
/// NaN propagates, so that a diverged training run is detected. Value and derivative are finite at
/// every finite z, unless the function itself overflows (`exp`).
pub(crate) trait Elementwise: fmt::Debug + Send + Sync + 'static {
    /// Computes `f(z)`.
    fn value<L: Lanes>(&self, z: L) -> L;
    /// Computes the derivative `f'(z)`, from z, from `a = f(z)`, or from both.
    fn slope<L: Lanes>(&self, z: L, a: L) -> L;
    /// Whether the derivative depends on z. If not, it can be computed from a alone, and z is not
    /// stored; `slope` then receives a for both arguments.
    fn needs_z(&self) -> bool {
        true
    }
    /// Points at which `f` or one of its first two derivatives is discontinuous.
    fn kinks(&self) -> Vec<f64> {
        Vec::new()
    }
    /// The function `f` as an expression in z.
    fn formula(&self) -> Formula;
}

/// The loops of an activation over slices, in one precision.
#[doc(hidden)]
pub trait ActivationLoops<T> {
    /// Computes `a = f(z)`; `a` is overwritten.
    fn values(&self, z: &[T], a: &mut [T]);
    /// Computes `a = f(x·W + b)` for a tile, with the arguments of [`dense::forward`]; `a` is
    /// overwritten.
    fn after_dense(&self, n: usize, x: &[T], w: &[T], b: Option<&[T]>, a: &mut [T]);
    /// Computes `a = f(x·W + b)` for one sample, with `rows` as in [`sample::forward`]; `a` is
    /// overwritten.
    fn after_product(&self, x: &[T], rows: &[T], a: &mut [T]);
    /// Computes `dz = da ∘ f'(z)`, given `a = f(z)`; `da` is overwritten with `dz`.
    fn backward(&self, z: &[T], a: &[T], da: &mut [T]);
    /// Computes `dz = (dz_next·Wᵀ) ∘ f'(z)` for a tile, with the arguments of
    /// [`dense::input_gradient`], given `a = f(z)`; `dz` is overwritten.
    fn before_dense(&self, n: usize, w: &[T], dz_next: &[T], z: &[T], a: &[T], dz: &mut [T]);
}

/// An elementwise activation in both precisions, with its properties.
#[doc(hidden)]
pub trait ActivationFunction: ActivationLoops<f32> + ActivationLoops<f64> + fmt::Debug + Send + Sync {
    /// Whether the derivative depends on z; if not, it can be computed from a alone.
    fn needs_z(&self) -> bool;
    /// Points at which the function or one of its first two derivatives is discontinuous.
    fn kinks(&self) -> Vec<f64>;
    /// The function as an expression in z; `None` for a custom activation.
    fn formula(&self) -> Option<Formula>;
}

impl InBothPrecisions for dyn ActivationFunction {
    type Loops<T: 'static> = dyn ActivationLoops<T>;

    fn single(&self) -> &Self::Loops<f32> {
        self
    }

    fn double(&self) -> &Self::Loops<f64> {
        self
    }
}

impl<F: Elementwise, T: Scalar> ActivationLoops<T> for F {
    fn values(&self, z: &[T], a: &mut [T]) {
        dispatch!(level(), simd => map::<T, _>(simd, [z, z], a, #[inline(always)] |[z, _], _| self.value(z)));
    }

    fn after_dense(&self, n: usize, x: &[T], w: &[T], b: Option<&[T]>, a: &mut [T]) {
        if few::are_few(n, x) {
            dispatch!(level(), simd => few::forward::<T, _>(simd, n, x, w, b, a, #[inline(always)] |z| self.value(z)));
            return;
        }
        dense::forward(n, x, w, b, a);
        apply_in_place(self, a);
    }

    fn after_product(&self, x: &[T], rows: &[T], a: &mut [T]) {
        sample::forward(x, rows, a);
        apply_in_place(self, a);
    }

    fn backward(&self, z: &[T], a: &[T], da: &mut [T]) {
        dispatch!(level(), simd => map::<T, _>(simd, [z, a], da, #[inline(always)] |[z, a], da| da * self.slope(z, a)));
    }

    fn before_dense(&self, n: usize, w: &[T], dz_next: &[T], z: &[T], a: &[T], dz: &mut [T]) {
        if few::are_few(n, dz_next) {
            dispatch!(level(), simd => few::backward::<T, _>(simd, n, w, dz_next, [z, a], dz,
                #[inline(always)] |z, a| self.slope(z, a)));
            return;
        }
        dense::input_gradient(n, w, dz_next, dz);
        ActivationLoops::backward(self, z, a, dz);
    }
}

impl<F: Elementwise> ActivationFunction for F {
    fn needs_z(&self) -> bool {
        Elementwise::needs_z(self)
    }

    fn kinks(&self) -> Vec<f64> {
        Elementwise::kinks(self)
    }

    fn formula(&self) -> Option<Formula> {
        Some(Elementwise::formula(self))
    }
}

/// Computes `y ← f(x, y)` one SIMD vector at a time. The remainder is padded to a whole vector, so
/// that the bits of a result do not depend on its index.
#[inline(always)]
fn map<T: Scalar, S: Simd>(
    _: S,
    x: [&[T]; 2],
    y: &mut [T],
    f: impl Fn([T::Vector<S>; 2], T::Vector<S>) -> T::Vector<S>,
) {
    let [mut x0, mut x1] = x.map(
        #[inline(always)]
        |x| x.chunks_exact(T::WIDTH),
    );
    let mut y = y.chunks_exact_mut(T::WIDTH);
    for ((x0, x1), y) in (&mut x0).zip(&mut x1).zip(&mut y) {
        let x = [T::Vector::<S>::load(x0), T::Vector::<S>::load(x1)];
        f(x, T::Vector::<S>::load(y)).store(y);
    }
    let y = y.into_remainder();
    if !y.is_empty() {
        let x = [T::Vector::<S>::load_some(x0.remainder()), T::Vector::<S>::load_some(x1.remainder())];
        f(x, T::Vector::<S>::load_some(y)).store_some(y);
    }
}

/// Replaces the pre-activations `y` with `f(y)`.
fn apply_in_place<F: Elementwise, T: Scalar>(f: &F, y: &mut [T]) {
    dispatch!(level(), simd => map_in_place::<T, _>(simd, y, #[inline(always)] |z| f.value(z)));
}

/// Computes `y ← f(y)` in the same way as [`map`].
#[inline(always)]
fn map_in_place<T: Scalar, S: Simd>(_: S, y: &mut [T], f: impl Fn(T::Vector<S>) -> T::Vector<S>) {
    let mut y = y.chunks_exact_mut(T::WIDTH);
    for y in &mut y {
        f(T::Vector::<S>::load(y)).store(y);
    }
    let y = y.into_remainder();
    if !y.is_empty() {
        f(T::Vector::<S>::load_some(y)).store_some(y);
    }
}

/// Returns the gate `g(z) = a/z` of an activation `a = z·g(z)` with `g(0) = 1/2`; near 0, where the
/// quotient is inaccurate or undefined, returns 1/2.
#[inline(always)]
pub(super) fn gate<L: Lanes>(a: L, z: L) -> L {
    L::select(z.abs().lt(L::splat(1e-18)), L::splat(0.5), a / z)
}

#[cfg(test)]
mod tests {
    use crate::kernel::{Scalar, dense};
    use crate::network::activation::{Activation, REGISTRY};
    use crate::random::RandomState;

    /// A product that is fused with the activation, or its derivative, has the bits of the product
    /// followed by the function.
    fn assert_fused_like_two_loops<T: Scalar>(
        activation: &Activation,
        n_terms: usize,
        n_sums: usize,
        n: usize,
    ) {
        let mut random = RandomState::new(7);
        let mut draw =
            |len: usize| -> Vec<T> { (0..len).map(|_| T::from_f64(random.standard_normal())).collect() };
        let (x, w, b) = (draw(n_terms * n), draw(n_terms * n_sums), draw(n_sums));
        let same = |fused: &[T], expected: &[T]| {
            let bits = |v: &[T]| -> Vec<u64> { v.iter().map(|v| v.to_f64().to_bits()).collect() };
            assert_eq!(bits(fused), bits(expected), "{activation}, {n_terms} terms, {n} samples");
        };
        for b in [Some(&b[..]), None] {
            let [mut z, mut a, mut fused] = [0; 3].map(|_| vec![T::ONE; n_sums * n]);
            dense::forward(n, &x, &w, b, &mut z);
            activation.values(&z, &mut a);
            activation.after_dense(n, &x, &w, b, &mut [], &mut fused);
            same(&fused, &a);

            // The matrix of the next layer is (n_sums, n_terms), and x the derivative there.
            let (mut expected, mut dz) = (vec![T::ONE; n_sums * n], vec![T::ONE; n_sums * n]);
            dense::input_gradient(n, &w, &x, &mut expected);
            activation.backward(n_sums, &z, &a, &mut expected);
            activation.before_dense(n, &w, &x, &[], [&z, &a], &mut dz);
            same(&dz, &expected);
        }
    }

    #[test]
    fn fused_products_have_the_bits_of_two_loops() {
        let activations = REGISTRY.iter().map(|entry| Activation::new(entry.name, &[]).unwrap());
        for activation in activations.filter(|activation| !activation.is_softmax()) {
            for (n_terms, n_sums, vectors) in [(1, 1, 1), (1, 32, 4), (2, 5, 3), (3, 7, 2)] {
                assert_fused_like_two_loops::<f32>(&activation, n_terms, n_sums, vectors * f32::WIDTH);
                assert_fused_like_two_loops::<f64>(&activation, n_terms, n_sums, vectors * f64::WIDTH);
            }
        }
    }
}
