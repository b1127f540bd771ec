//! Weight penalties: L1 and L2 terms in the loss, and decoupled weight decay.

use super::check;
use crate::Error;
use crate::kernel::Scalar;
use crate::registry::NumberRange;
use crate::sum::sum;

/// Weight penalty: `l1·Σ|w| + l2/2·Σw²` in the loss, and decoupled weight decay outside the loss.
///
/// All strengths are 0 by default.
///
/// ```
/// use chainrule::train::penalty::Penalty;
///
/// let penalty = Penalty { l1: 0.5, l2: 0.1, ..Penalty::default() };
/// let w = [2.0, -1.0, 0.0];
/// let mut dw = [0.0; 3];
/// let loss = penalty.add(1.0, &w, &mut dw);
/// assert_eq!(loss, 0.5 * 3.0 + 0.05 * 5.0);
/// assert_eq!(dw, [0.5 + 0.2, -0.5 - 0.1, 0.0]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Penalty {
    /// Strength of the L1 penalty `Σ|w|`, which drives weights to zero.
    pub l1: f64,
    /// Strength of the L2 penalty `Σw²/2`, which keeps weights small.
    pub l2: f64,
    /// Strength of decoupled weight decay, `w ← w·(1 - rate·decoupled)`, which is not part of the
    /// loss; see [`decay`].
    pub decoupled: f64,
    /// Divisor of the `l1` and `l2` terms if the loss is the mean over the batch.
    pub divisor: PenaltyDivisor,
    /// Parameters to which the penalty applies.
    pub applies_to: PenaltyTarget,
}

/// Divisor of the penalty if the loss is the mean over the batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PenaltyDivisor {
    /// The penalty is added to the mean loss and does not depend on the batch size, like
    /// `weight_decay` in PyTorch.
    #[default]
    None,
    /// The penalty is added to the sum of the sample losses, and both are divided by the total
    /// weight of the batch, like `alpha` in scikit-learn: the larger the batch, the smaller the
    /// penalty relative to the mean loss.
    BatchWeight,
}

/// Parameters to which a penalty applies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PenaltyTarget {
    /// Weights only; biases do not make the function steeper.
    #[default]
    Weights,
    /// Weights and biases.
    All,
}

impl Penalty {
    /// Adds the gradient `factor·(l1·sign(w) + l2·w)` of the penalty on one range of parameters to
    /// `gradient`, and returns its contribution to the loss, `factor·(l1·Σ|w| + l2/2·Σw²)`. The
    /// sign of 0 is 0.
    ///
    /// For a mean over the batch, `factor` is 1 with [`PenaltyDivisor::None`], and 1 over the
    /// weight of the batch with [`PenaltyDivisor::BatchWeight`].
    ///
    /// # Panics
    /// Panics if the two slices have different lengths.
    pub fn add<T: Scalar>(&self, factor: f64, parameters: &[T], gradient: &mut [T]) -> f64 {
        assert_eq!(parameters.len(), gradient.len(), "parameters and gradient must have the same length");
        let (l1, l2) = (T::from_f64(factor * self.l1), T::from_f64(factor * self.l2));
        for (dw, &w) in gradient.iter_mut().zip(parameters) {
            let sign = if w == T::ZERO { T::ZERO } else { T::ONE.copysign(w) };
            *dw += l1 * sign + l2 * w;
        }
        factor * sum(parameters, |w| self.l1 * w.abs() + self.l2 / 2.0 * (w * w))
    }

    /// Returns whether the penalty has a term in the loss.
    pub fn adds_to_loss(&self) -> bool {
        self.l1 > 0.0 || self.l2 > 0.0
    }

    /// Checks that the three strengths are non-negative numbers.
    ///
    /// # Errors
    /// Returns [`Error::OptionRange`] for the first one that is not.
    pub fn check(&self) -> Result<(), Error> {
        let strengths = [("l1", self.l1), ("l2", self.l2), ("decoupled", self.decoupled)];
        strengths.into_iter().try_for_each(|(key, v)| check("penalty", key, v, NumberRange::NON_NEGATIVE))
    }
}

/// Applies decoupled weight decay to one range of parameters, `w ← w·(1 - rate·strength)`, before
/// the optimizer's step.
///
/// The strength is the sum of [`Penalty::decoupled`] and the optimizer's own
/// [`decay`](super::optimizer::Optimizer::decay).
///
/// From I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", ICLR 2019.
///
/// ```
/// let mut w = [2.0, -4.0];
/// chainrule::train::penalty::decay(0.5, 0.5, &mut w);
/// assert_eq!(w, [1.5, -3.0]);
/// ```
pub fn decay<T: Scalar>(rate: f64, strength: f64, parameters: &mut [T]) {
    let factor = T::from_f64(1.0 - rate * strength);
    for w in parameters {
        *w *= factor;
    }
}

#[cfg(test)]
mod tests {
    use super::{Penalty, decay};
    use crate::Error;

    #[test]
    fn the_gradient_is_the_derivative_of_the_loss() {
        let penalty = Penalty { l1: 0.3, l2: 0.7, ..Penalty::default() };
        let w = [-1.5, -0.1, 0.2, 3.0, 0.9, -0.4, 2.2, 0.01, -7.0];
        let mut gradient = vec![1.0; w.len()];
        penalty.add(1.0, &w, &mut gradient);
        for i in 0..w.len() {
            let loss = |h: f64| {
                let mut shifted = w;
                shifted[i] += h;
                penalty.add(1.0, &shifted, &mut [0.0; 9])
            };
            let difference = (loss(1e-5) - loss(-1e-5)) / 2e-5;
            assert!((gradient[i] - 1.0 - difference).abs() < 1e-8, "{i}: {} {difference}", gradient[i]);
        }
    }

    #[test]
    fn the_gradient_at_zero_is_zero() {
        let penalty = Penalty { l1: 0.3, l2: 0.7, ..Penalty::default() };
        let mut gradient = [0.0_f32, 0.0];
        assert_eq!(penalty.add(1.0, &[0.0, -0.0], &mut gradient), 0.0);
        assert_eq!(gradient, [0.0, 0.0]);
    }

    #[test]
    fn the_default_penalty_does_nothing() {
        let mut w = [1.0_f32, -2.0];
        let mut gradient = [0.25, 0.5];
        assert_eq!(Penalty::default().add(1.0, &w, &mut gradient), 0.0);
        decay(0.1, Penalty::default().decoupled, &mut w);
        assert_eq!((w, gradient), ([1.0, -2.0], [0.25, 0.5]));
    }

    #[test]
    fn errors_name_the_invalid_strength() {
        let message = |penalty: Penalty| penalty.check().map_err(|e: Error| e.to_string());
        assert_eq!(message(Penalty { l1: 1.0, l2: 0.0, decoupled: 3.0, ..Penalty::default() }), Ok(()));
        for (penalty, expected) in [
            (
                Penalty { l1: -1.0, ..Penalty::default() },
                "l1 of penalty is -1, but must be a number of at least 0",
            ),
            (
                Penalty { l2: f64::NAN, ..Penalty::default() },
                "l2 of penalty is NaN, but must be a number of at least 0",
            ),
            (
                Penalty { decoupled: -0.5, ..Penalty::default() },
                "decoupled of penalty is -0.5, but must be a number of at least 0",
            ),
        ] {
            assert_eq!(message(penalty), Err(expected.to_owned()));
        }
    }
}
