//! Penalties on large parameters: L1 and L2 in the loss, and decay beside it.

use super::check;
use super::sum::sum;
use crate::Error;
use crate::kernel::Scalar;
use crate::registry::NumberRange;

/// What large parameters cost: `l1·Σ|w| + l2/2·Σw²` in the loss, and a decay that is no part of the loss.
///
/// All strengths are 0 by default, so that nothing is penalised.
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
    /// The strength of `Σ|w|`, which drives weights to zero.
    pub l1: f64,
    /// The strength of `Σw²/2`, which keeps weights small.
    pub l2: f64,
    /// The strength of the decay that leaves the loss alone, `w ← w·(1 - rate·decoupled)`; see [`decay`].
    pub decoupled: f64,
    /// How `l1` and `l2` compare with the mean over the batch.
    pub share: PenaltyDivisor,
    /// What is penalised.
    pub on: PenaltyTarget,
}

/// How the penalty in the loss compares with the mean of the samples' losses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PenaltyDivisor {
    /// The penalty is added to the mean, as `weight_decay` is in PyTorch: the same for every batch.
    #[default]
    Constant,
    /// The penalty joins the sum of the samples' losses and is divided with it by the batch's weight, as `alpha` is in
    /// scikit-learn: in proportion, a batch of more samples is penalised less.
    PerWeight,
}

/// Which parameters are penalised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PenaltyTarget {
    /// The weights; biases cannot make a function steep, and stay free.
    #[default]
    Weights,
    /// Weights and biases.
    All,
}

impl Penalty {
    /// Adds the gradient `share·(l1·sign(w) + l2·w)` of one range of parameters to `gradient`, and returns the range's part
    /// of the loss, `share·(l1·Σ|w| + l2/2·Σw²)`. The sign of 0 is 0.
    ///
    /// Beside a mean over a batch, `share` is 1 with [`PenaltyDivisor::Constant`], and 1 over the batch's weight with
    /// [`PenaltyDivisor::PerWeight`].
    ///
    /// # Panics
    /// When the two slices differ in length.
    pub fn add<T: Scalar>(&self, share: f64, parameters: &[T], gradient: &mut [T]) -> f64 {
        assert_eq!(parameters.len(), gradient.len(), "the parameters and their gradient");
        let (l1, l2) = (T::from_f64(share * self.l1), T::from_f64(share * self.l2));
        for (dw, &w) in gradient.iter_mut().zip(parameters) {
            let sign = if w == T::ZERO { T::ZERO } else { T::ONE.copysign(w) };
            *dw += l1 * sign + l2 * w;
        }
        share * sum(parameters, |w| self.l1 * w.abs() + self.l2 / 2.0 * (w * w))
    }

    /// Whether it adds anything to the loss.
    pub fn costs(&self) -> bool {
        self.l1 > 0.0 || self.l2 > 0.0
    }

    /// Whether the three strengths are numbers of at least 0.
    ///
    /// # Errors
    /// [`Error::OptionRange`] for the first that is not.
    pub fn check(&self) -> Result<(), Error> {
        let strengths = [("l1", self.l1), ("l2", self.l2), ("decoupled", self.decoupled)];
        strengths.into_iter().try_for_each(|(key, v)| check("penalty", key, v, NumberRange::NON_NEGATIVE))
    }
}

/// Decays one range of parameters, `w ← w·(1 - rate·strength)`, to be done before the optimizer's step.
///
/// The strength is [`Penalty::decoupled`] and the optimizer's own
/// [`decay`](super::optimizer::Optimizer::decay) together.
///
/// From I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", ICLR 2019.
///
/// ```
/// let mut w = [2.0, -4.0];
/// chainrule::train::penalty::decay(0.5, 0.5, &mut w);
/// assert_eq!(w, [1.5, -3.0]);
/// ```
pub fn decay<T: Scalar>(rate: f64, strength: f64, parameters: &mut [T]) {
    let left = T::from_f64(1.0 - rate * strength);
    for w in parameters {
        *w *= left;
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
                let mut moved = w;
                moved[i] += h;
                penalty.add(1.0, &moved, &mut [0.0; 9])
            };
            let difference = (loss(1e-5) - loss(-1e-5)) / 2e-5;
            assert!((gradient[i] - 1.0 - difference).abs() < 1e-8, "{i}: {} {difference}", gradient[i]);
        }
    }

    #[test]
    fn a_zero_weight_is_pushed_nowhere() {
        let penalty = Penalty { l1: 0.3, l2: 0.7, ..Penalty::default() };
        let mut gradient = [0.0_f32, 0.0];
        assert_eq!(penalty.add(1.0, &[0.0, -0.0], &mut gradient), 0.0);
        assert_eq!(gradient, [0.0, 0.0]);
    }

    #[test]
    fn by_default_nothing_is_penalised() {
        let mut w = [1.0_f32, -2.0];
        let mut gradient = [0.25, 0.5];
        assert_eq!(Penalty::default().add(1.0, &w, &mut gradient), 0.0);
        decay(0.1, Penalty::default().decoupled, &mut w);
        assert_eq!((w, gradient), ([1.0, -2.0], [0.25, 0.5]));
    }

    #[test]
    fn the_fault_is_named() {
        let message = |penalty: Penalty| penalty.check().map_err(|e: Error| e.to_string());
        assert_eq!(message(Penalty { l1: 1.0, l2: 0.0, decoupled: 3.0, ..Penalty::default() }), Ok(()));
        for (penalty, fault) in [
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
            assert_eq!(message(penalty), Err(fault.to_owned()));
        }
    }
}
