//! The two precisions, f32 and f64, with their vectors and kernels.

use fearless_simd::{Simd, f32x16, f64x8};

use super::compiled::Kernels;
use super::scalar::{InBothPrecisions, Scalar};
use super::{dense, dropout, gather, gradient, sample, slices};

// One body for both precisions.
macro_rules! scalar {
    ($float:ident, $vector:ident, $width:literal, $loops:ident) => {
        impl Scalar for $float {
            type Vector<S: Simd> = $vector<S>;
            const WIDTH: usize = $width;
            const NAME: &'static str = stringify!($float);
            const EPSILON: f64 = $float::EPSILON as f64;
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;

            #[inline(always)]
            fn from_f64(v: f64) -> Self {
                v as $float
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                self.is_finite()
            }
            fn kernels() -> &'static Kernels<Self> {
                static KERNELS: Kernels<$float> = kernels();
                &KERNELS
            }
            #[inline(always)]
            fn loops<F: InBothPrecisions + ?Sized>(function: &F) -> &F::Loops<Self> {
                function.$loops()
            }
        }
    };
}

scalar!(f32, f32x16, 16, single);
scalar!(f64, f64x8, 8, double);

/// Returns the kernels of `T`, which are compiled in the crate that calls this function.
const fn kernels<T: Scalar>() -> Kernels<T> {
    Kernels {
        forward: dense::forward_kernel,
        input_gradient: dense::input_gradient_kernel,
        gradients: gradient::gradients_kernel,
        sample: sample::forward_kernel,
        gather: gather::gather_kernel,
        drop: dropout::drop_kernel,
        add: slices::add_kernel,
        multiply: slices::multiply_kernel,
        divide: slices::divide_kernel,
        all_finite: slices::all_finite_kernel,
        weigh: slices::weigh_kernel,
    }
}
