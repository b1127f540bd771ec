//! Gradient checking: comparison of a gradient with central differences, parameter by parameter.
//!
//! For a small h, the derivative of the loss L with respect to a parameter p is
//! `(L(p + h) - L(p - h))/(2h)` up to an error of order h². A correct backward pass agrees with
//! this quotient. If it does not, the names of the failing parameters show which layer is affected.
//! All computations are in f64, since f32 rounding errors would mask small errors.
//!
//! - [`network`] checks the engine's own gradient of a network;
//! - [`against`] checks the gradient of an arbitrary function, for example that of a custom
//!   backward pass;
//! - [`slope`] checks the derivative of an activation, built-in or custom, against its values.
//!
//! An analytic derivative g agrees with the numeric derivative n if
//! `|g - n| <= 1e-6·max(|g|, |n|) + 20·eps·|L|/h`; the second term bounds the rounding error of the
//! quotient. If they differ, the check is repeated with two smaller values of h, since a step may
//! cross a kink (ReLU at 0, the absolute error at 0). If the quotients then converge as h², their
//! remaining distance from the limit is also tolerated: at the inflection point of p³, 0 is correct
//! although no quotient is 0. If p is exactly at a kink, the derivative does not exist; any g
//! between the left and the right derivative is then accepted, and the verdict is
//! [`Verdict::Kink`].
//!
//! If all wrong derivatives are the same multiple of the numeric ones, the report contains this
//! [`CommonFactor`] and its likely causes, for example a sum over the samples instead of their mean.

mod factor;

use std::fmt;

use self::factor::CheckedBatch;
pub use self::factor::{CommonFactor, FactorCause, SampleTotals};

use crate::Error;
use crate::network::activation::Activation;
use crate::objective::{Evaluate, Reduction};
use crate::random::RandomState;

/// Result of the check of one parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedParameter {
    /// Index of the parameter in the flat parameter vector.
    pub index: usize,
    /// Name of the parameter: `hidden.W[0][1]`, `output.b[0]`.
    pub name: String,
    /// Derivative under test.
    pub analytic: f64,
    /// Central difference, the quotient of [`difference`](CheckedParameter::difference).
    pub numeric: f64,
    /// Numbers of the central difference.
    pub difference: CentralDifference,
    /// Relative error, `|g - n| / max(|g|, |n|, tiny)`.
    pub error: f64,
    /// Whether the derivative is correct, wrong, or at a kink.
    pub verdict: Verdict,
}

/// Numbers of a central difference, `(L(p + h) - L(p - h))/(2·h)`.
///
/// ```
/// let report = chainrule::gradcheck::against(|p| p[0] * p[0], &[6.0], &[3.0]);
/// let d = report.checked[0].difference;
/// assert_eq!((d.p, d.above, d.below), (3.0, (3.0 + d.h) * (3.0 + d.h), (3.0 - d.h) * (3.0 - d.h)));
/// assert_eq!((d.above - d.below) / (2.0 * d.h), report.checked[0].numeric);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CentralDifference {
    /// Value p of the parameter.
    pub p: f64,
    /// Step h.
    pub h: f64,
    /// `L(p + h)`.
    pub above: f64,
    /// `L(p - h)`.
    pub below: f64,
}

impl CentralDifference {
    /// Returns `(L(p + h) - L(p - h))/(2·h)`.
    pub fn quotient(&self) -> f64 {
        (self.above - self.below) / (2.0 * self.h)
    }
}

/// Verdict on the derivative with respect to one parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The derivative agrees with the central difference.
    Agrees,
    /// The function has a kink at this point, and the derivative is between the one-sided
    /// derivatives.
    Kink,
    /// The derivative is wrong.
    Differs,
}

/// Result of a gradient check. `Display` gives the overall verdict, the parameters with the largest
/// errors, and the common factor of the wrong derivatives, if they have one.
#[derive(Clone, Debug, PartialEq)]
pub struct GradientReport {
    /// Results of all checked parameters, in order.
    pub checked: Vec<CheckedParameter>,
    /// Quotient of analytic and numeric derivative, if it is the same for all wrong derivatives and
    /// there are at least two; always `None` in a report of [`slope`].
    pub common_factor: Option<CommonFactor>,
}

/// Selection of the parameters to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterSelection {
    /// All parameters, with two evaluations of the loss per parameter.
    All,
    /// A random sample without replacement.
    Sample {
        /// Number of parameters.
        count: usize,
        /// Seed of the random number generator.
        seed: u32,
    },
}

impl ParameterSelection {
    /// Returns the selected elements of `candidates`, in order.
    fn choose(self, candidates: Vec<usize>) -> Vec<usize> {
        match self {
            ParameterSelection::All => candidates,
            ParameterSelection::Sample { count, seed } => {
                let order = RandomState::new(seed).permutation(candidates.len());
                let mut chosen: Vec<usize> = order.into_iter().take(count).map(|i| candidates[i]).collect();
                chosen.sort_unstable();
                chosen
            }
        }
    }
}

/// Checks the engine's gradient of the loss over `rows` at `parameters`; frozen parameters are
/// skipped.
///
/// ```
/// use std::sync::Arc;
///
/// use chainrule::gradcheck::{self, ParameterSelection};
/// use chainrule::network::{Architecture, Layer, activation::Activation, loss::Loss};
/// use chainrule::objective::{Objective, Reduction};
/// use chainrule::Dataset;
///
/// let layers = vec![Layer::new(2, Activation::tanh()), Layer::new(1, Activation::logistic())];
/// let architecture = Architecture::new(1, layers)?;
/// let data = Dataset::new(vec![-1.0, 0.5, 2.0], 1, vec![0.0, 1.0, 1.0], 1)?;
/// let mut objective = Objective::new(&architecture, &Loss::binary_cross_entropy(), Arc::new(data))?;
/// let parameters = [0.3, -0.8, 0.1, 0.0, 1.5, -0.7, 0.2];
/// let report = gradcheck::network(&mut objective, &parameters, &[0, 1, 2], Reduction::Mean, ParameterSelection::All)?;
/// assert!(report.passed(), "{report}");
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// Returns [`Error::Unreadable`] if samples cannot be read.
///
/// # Panics
/// Panics if the length of `parameters` does not match the architecture or a row is out of range.
pub fn network(
    objective: &mut dyn Evaluate<f64>,
    parameters: &[f64],
    rows: &[u32],
    reduction: Reduction,
    selection: ParameterSelection,
) -> Result<GradientReport, Error> {
    let mut gradient = vec![0.0; parameters.len()];
    let sums = objective.sums(parameters, rows, Some(&mut gradient), None)?;
    let divisor = reduction.divisor(sums);
    for g in &mut gradient {
        *g /= divisor;
    }
    network_against(objective, &gradient, parameters, rows, reduction, selection)
}

/// Checks a given `gradient` of the loss over `rows` at `parameters`; frozen parameters are
/// skipped.
///
/// # Errors
/// Returns [`Error::Unreadable`] if samples cannot be read.
///
/// # Panics
/// Panics if the length of `gradient` or `parameters` does not match the architecture, or a row is
/// out of range.
pub fn network_against(
    objective: &mut dyn Evaluate<f64>,
    gradient: &[f64],
    parameters: &[f64],
    rows: &[u32],
    reduction: Reduction,
    selection: ParameterSelection,
) -> Result<GradientReport, Error> {
    let architecture = objective.architecture().clone();
    let chosen = selection.choose(architecture.trainable().flat_map(|block| block.range.clone()).collect());
    let weight = objective.sums(parameters, rows, None, None)?.weight;
    let samples = SampleTotals { n_samples: rows.len(), weight };
    let batch = CheckedBatch { samples, reduction, n_outputs: architecture.n_outputs() };
    let mut failure = None;
    let value = |p: &[f64]| {
        objective.value(p, rows, reduction).unwrap_or_else(|error| {
            failure = Some(error);
            f64::NAN
        })
    };
    let name = |index| architecture.parameter_name(index);
    let report = check(value, 0.0, gradient, parameters, &chosen, name, Some(batch));
    failure.map_or(Ok(report), Err)
}

/// Checks the `gradient` of an arbitrary function `value` at the point `at`; the parameters are
/// named `p[0]`, `p[1]`, ...
///
/// ```
/// use chainrule::gradcheck::{self, Verdict};
///
/// let value = |p: &[f64]| p[0] * p[0] * p[1];
/// let correct = gradcheck::against(value, &[12.0, 4.0], &[2.0, 3.0]);
/// assert!(correct.passed());
/// let wrong = gradcheck::against(value, &[12.0, 5.0], &[2.0, 3.0]);
/// assert_eq!(wrong.worst(1)[0].name, "p[1]");
/// assert_eq!(wrong.checked[1].verdict, Verdict::Differs);
/// ```
///
/// # Panics
/// Panics if `gradient` and `at` have different lengths.
pub fn against(value: impl FnMut(&[f64]) -> f64, gradient: &[f64], at: &[f64]) -> GradientReport {
    let all: Vec<usize> = (0..at.len()).collect();
    check(value, 0.0, gradient, at, &all, |index| format!("p[{index}]"), None)
}

/// Checks the derivative of an activation against its values at each of the points `at`.
///
/// ```
/// use chainrule::gradcheck;
/// use chainrule::network::activation::Activation;
///
/// let report = gradcheck::slope(&Activation::relu(), &[-1.0, 0.0, 2.0]);
/// assert!(report.passed());
/// assert_eq!(report.kinks(), 1);
/// ```
///
/// # Panics
/// Panics for softmax, whose derivative is a matrix.
pub fn slope(activation: &Activation, at: &[f64]) -> GradientReport {
    let value = |z: f64| {
        let mut a = [0.0];
        activation.values(&[z], &mut a);
        a[0]
    };
    let check_point = |(index, &z): (usize, &f64)| {
        let mut slope = [0.0];
        activation.slopes(&[z], &[value(z)], &mut slope);
        // Activations that are nearly 0 in their tails, such as gelu, are often computed as the
        // difference of two numbers of magnitude z.
        let mut report = check(|p| value(p[0]), z.abs(), &slope, &[z], &[0], |_| format!("f'({z})"), None);
        CheckedParameter { index, ..report.checked.remove(0) }
    };
    GradientReport { checked: at.iter().enumerate().map(check_point).collect(), common_factor: None }
}

impl GradientReport {
    /// Returns whether no derivative is wrong.
    pub fn passed(&self) -> bool {
        self.faults() == 0
    }

    /// Returns the number of wrong derivatives.
    pub fn faults(&self) -> usize {
        self.count(Verdict::Differs)
    }

    /// Returns the number of parameters that are at a kink.
    pub fn kinks(&self) -> usize {
        self.count(Verdict::Kink)
    }

    /// Returns the `n` parameters with the largest relative errors, wrong ones first.
    pub fn worst(&self, n: usize) -> Vec<&CheckedParameter> {
        let mut by_error: Vec<&CheckedParameter> = self.checked.iter().collect();
        by_error.sort_by(|a, b| {
            let wrong = |c: &CheckedParameter| c.verdict == Verdict::Differs;
            wrong(b).cmp(&wrong(a)).then(b.error.total_cmp(&a.error))
        });
        by_error.truncate(n);
        by_error
    }

    fn count(&self, verdict: Verdict) -> usize {
        self.checked.iter().filter(|checked| checked.verdict == verdict).count()
    }
}

impl fmt::Display for GradientReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (n, faults, kinks) = (self.checked.len(), self.faults(), self.kinks());
        if self.passed() {
            write!(f, "PASSED: all {n} derivatives agree with central differences")?;
        } else {
            write!(f, "FAILED: {faults} of {n} derivatives differ from central differences")?;
        }
        match kinks {
            0 => writeln!(f)?,
            1 => writeln!(
                f,
                " (1 is at a kink, where any value between the one-sided derivatives is correct)"
            )?,
            _ => writeln!(
                f,
                " ({kinks} are at kinks, where any value between the one-sided derivatives is correct)"
            )?,
        }
        let shown = self.worst(if self.passed() { 3 } else { 10 });
        let width = shown.iter().map(|checked| checked.name.len()).max().unwrap_or(0).max("parameter".len());
        writeln!(
            f,
            "  {:width$}  {:>17}  {:>17}  {:>14}",
            "parameter", "analytic", "numeric", "relative error"
        )?;
        for checked in shown {
            let mark = match checked.verdict {
                Verdict::Agrees => "",
                Verdict::Kink => "  kink",
                Verdict::Differs => "  WRONG",
            };
            writeln!(
                f,
                "  {:width$}  {:>17.10e}  {:>17.10e}  {:>14.2e}{mark}",
                checked.name, checked.analytic, checked.numeric, checked.error
            )?;
        }
        if let Some(factor) = &self.common_factor {
            writeln!(f, "  {factor}")?;
        }
        Ok(())
    }
}

/// Checks the derivatives with respect to the `chosen` parameters.
///
/// `size` is the magnitude of the intermediate results that determine the rounding error, if it is
/// larger than that of the value itself. `batch` describes the samples of a network's gradient.
fn check(
    mut value: impl FnMut(&[f64]) -> f64,
    size: f64,
    gradient: &[f64],
    at: &[f64],
    chosen: &[usize],
    name: impl Fn(usize) -> String,
    batch: Option<CheckedBatch>,
) -> GradientReport {
    assert_eq!(gradient.len(), at.len(), "gradient and parameters must have the same length");
    let mut point = at.to_vec();
    let center = value(&point);
    let checked = chosen.iter().map(|&index| {
        let analytic = gradient[index];
        let (difference, verdict) = judge(&mut value, size, &mut point, index, center, analytic);
        let numeric = difference.quotient();
        let error = (analytic - numeric).abs() / analytic.abs().max(numeric.abs()).max(f64::MIN_POSITIVE);
        CheckedParameter { index, name: name(index), analytic, numeric, difference, error, verdict }
    });
    let checked: Vec<CheckedParameter> = checked.collect();
    let wrong = checked.iter().filter(|checked| checked.verdict == Verdict::Differs);
    let wrong: Vec<_> = wrong.map(|checked| (checked.index, checked.analytic, checked.numeric)).collect();
    let common_factor = CommonFactor::find(&wrong, batch, |index, g| {
        judge(&mut value, size, &mut point, index, center, g).1 == Verdict::Differs
    });
    GradientReport { checked, common_factor }
}

/// Returns the central difference with respect to parameter `i` and the verdict on the derivative
/// `g`.
fn judge(
    value: &mut impl FnMut(&[f64]) -> f64,
    size: f64,
    point: &mut [f64],
    i: usize,
    center: f64,
    g: f64,
) -> (CentralDifference, Verdict) {
    let p = point[i];
    // The cube root of eps balances the truncation error, h²·L'''/6, against the rounding error,
    // eps·L/h.
    let max_step = f64::EPSILON.cbrt() * p.abs().max(1.0);
    let (mut quotients, mut first_jump) = ([f64::NAN; 3], f64::NAN);
    let mut first = None;
    for (k, shrink) in [1.0, 8.0, 64.0].into_iter().enumerate() {
        // Uses the h that remains after p + h is rounded, so that the quotient is divided by the
        // actual step.
        let h = (p + max_step / shrink) - p;
        point[i] = p + h;
        let above = value(point);
        point[i] = p - h;
        let below = value(point);
        point[i] = p;
        let rounding = 20.0 * f64::EPSILON * above.abs().max(below.abs()).max(size) / h;
        let difference = CentralDifference { p, h, above, below };
        first.get_or_insert(difference);
        let n = difference.quotient();
        quotients[k] = n;
        if (g - n).abs() <= 1e-6 * g.abs().max(n.abs()) + rounding {
            return (difference, Verdict::Agrees);
        }
        let (left, right) = ((center - below) / h, (above - center) / h);
        if k == 0 {
            first_jump = (right - left).abs();
        } else if k == 2 {
            if (g - n).abs() <= 2.0 * remaining_error(quotients) {
                return (difference, Verdict::Agrees);
            }
            // As h shrinks, the one-sided difference quotients converge at a smooth point but not
            // at a kink.
            let is_kink = (right - left).abs() > first_jump / 32.0 && (right - left).abs() > 4.0 * rounding;
            // One-sided quotients have an error of order h.
            let slack = 1e-6 * left.abs().max(right.abs()) + rounding;
            if is_kink && left.min(right) - slack <= g && g <= left.max(right) + slack {
                return (difference, Verdict::Kink);
            }
        }
    }
    (first.expect("the loop computes a difference"), Verdict::Differs)
}

/// Estimates the error of the last of three quotients, where each step h is an eighth of the
/// previous one.
///
/// With an error of c·h², the last two quotients differ by 63 times the error of the last one.
/// Returns 0 if the quotients do not converge at that rate.
fn remaining_error([first, second, third]: [f64; 3]) -> f64 {
    let ratio = (first - second) / (second - third);
    if (ratio / 64.0 - 1.0).abs() < 0.1 { (second - third).abs() / 63.0 } else { 0.0 }
}
