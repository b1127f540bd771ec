//! Is this gradient right? Central differences, parameter by parameter.
//!
//! The derivative of the loss L by one parameter p is, for a small h, `(L(p + h) - L(p - h))/(2h)` up to an error of
//! order h². A backward pass that is right agrees with it; one that is wrong is caught, and the parameters where it
//! is wrong say which layer to look at. Everything is in f64: in f32 rounding would hide what is looked for.
//!
//! - [`network`] checks the engine's own gradient of a network;
//! - [`against`] checks any gradient of any function: prove a backward pass of your own with it;
//! - [`slope`] checks an activation's slope against its value, a custom one too.
//!
//! A gradient g agrees with the numeric n when `|g - n| <= 1e-6·max(|g|, |n|) + 20·eps·|L|/h`; the second term is what
//! rounding in L leaves of a difference. Where the two differ, h is made smaller twice, since a step may reach over
//! a kink (ReLU at 0, the absolute error at 0). If then the differences shrink as h² does, what they still have ahead of
//! them is allowed for too: at the inflection of p³, 0 is right though no quotient is 0. Where p stands on a kink itself
//! there is no derivative; then any g between the slopes to the left and to the right is right, and the verdict is
//! [`Verdict::Kink`].

use std::fmt;

use crate::network::activation::Activation;
use crate::objective::{Objective, Reduction};
use crate::random::RandomState;

/// What came of one parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedParameter {
    /// The parameter's index in the flat vector.
    pub index: usize,
    /// Its name: `hidden.W[0][1]`, `output.b[0]`.
    pub name: String,
    /// The derivative under test.
    pub analytic: f64,
    /// The central difference.
    pub numeric: f64,
    /// `|g - n| / max(|g|, |n|, tiny)`.
    pub error: f64,
    /// Right, wrong, or on a kink.
    pub verdict: Verdict,
}

/// What the check says of one parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The derivative agrees with the difference.
    Agrees,
    /// The function has a kink here, and the derivative lies between the slopes on its two sides.
    Kink,
    /// The derivative is wrong.
    Differs,
}

/// The outcome of a check. Displayed as a verdict and the worst parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct GradientReport {
    /// Every parameter that was checked, in order.
    pub checked: Vec<CheckedParameter>,
}

/// Which parameters to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterSelection {
    /// All of them: two evaluations each.
    All,
    /// This many, drawn without repetition from this seed.
    Sample {
        /// How many.
        count: usize,
        /// The seed of the draw.
        seed: u32,
    },
}

impl ParameterSelection {
    /// The chosen among `candidates`, in order.
    fn choose(self, candidates: Vec<usize>) -> Vec<usize> {
        match self {
            ParameterSelection::All => candidates,
            ParameterSelection::Sample { count, seed } => {
                let order = RandomState::new(seed).permutation(candidates.len());
                let mut chosen: Vec<usize> =
                    order.into_iter().take(count).map(|place| candidates[place]).collect();
                chosen.sort_unstable();
                chosen
            }
        }
    }
}

/// Checks the engine's gradient of the loss over `rows` at `parameters`; frozen parameters are left out.
///
/// ```
/// use chainrule::gradcheck::{self, ParameterSelection};
/// use chainrule::network::{Architecture, Layer, activation::Activation, loss::Loss};
/// use chainrule::objective::{Objective, Reduction};
/// use chainrule::Dataset;
///
/// let layers = vec![Layer::new(2, Activation::tanh()), Layer::new(1, Activation::logistic())];
/// let architecture = Architecture::new(1, layers)?;
/// let data = Dataset::new(vec![-1.0, 0.5, 2.0], 1, vec![0.0, 1.0, 1.0], 1)?;
/// let mut objective = Objective::new(&architecture, &Loss::binary_cross_entropy(), &data)?;
/// let parameters = [0.3, -0.8, 0.1, 0.0, 1.5, -0.7, 0.2];
/// let report = gradcheck::network(&mut objective, &parameters, &[0, 1, 2], Reduction::Mean, ParameterSelection::All);
/// assert!(report.passed(), "{report}");
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Panics
/// When `parameters` do not have the architecture's length, or a row is not in the data.
pub fn network(
    objective: &mut Objective<'_, f64>,
    parameters: &[f64],
    rows: &[usize],
    reduction: Reduction,
    which: ParameterSelection,
) -> GradientReport {
    let mut gradient = vec![0.0; parameters.len()];
    let sums = objective.sums(parameters, rows, Some(&mut gradient), None);
    let divisor = reduction.divisor(sums);
    for g in &mut gradient {
        *g /= divisor;
    }
    network_against(objective, &gradient, parameters, rows, reduction, which)
}

/// Checks a `gradient` of a user's own of the loss over `rows` at `parameters`; frozen parameters are left out.
///
/// # Panics
/// When `gradient` or `parameters` do not have the architecture's length, or a row is not in the data.
pub fn network_against(
    objective: &mut Objective<'_, f64>,
    gradient: &[f64],
    parameters: &[f64],
    rows: &[usize],
    reduction: Reduction,
    which: ParameterSelection,
) -> GradientReport {
    let architecture = objective.architecture().clone();
    let chosen = which.choose(architecture.trainable().flat_map(|block| block.range.clone()).collect());
    let value = |p: &[f64]| objective.value(p, rows, reduction);
    check(value, 0.0, gradient, parameters, &chosen, |index| architecture.parameter_name(index))
}

/// Checks any `gradient` of any function `value` at the point `at`; parameters are called `p[0]`, `p[1]`, ...
///
/// ```
/// use chainrule::gradcheck::{self, Verdict};
///
/// let value = |p: &[f64]| p[0] * p[0] * p[1];
/// let right = gradcheck::against(value, &[12.0, 4.0], &[2.0, 3.0]);
/// assert!(right.passed());
/// let wrong = gradcheck::against(value, &[12.0, 5.0], &[2.0, 3.0]);
/// assert_eq!(wrong.worst(1)[0].name, "p[1]");
/// assert_eq!(wrong.checked[1].verdict, Verdict::Differs);
/// ```
///
/// # Panics
/// When `gradient` and `at` differ in length.
pub fn against(value: impl FnMut(&[f64]) -> f64, gradient: &[f64], at: &[f64]) -> GradientReport {
    let all: Vec<usize> = (0..at.len()).collect();
    check(value, 0.0, gradient, at, &all, |index| format!("p[{index}]"))
}

/// Checks an activation's slope against its value at each of the points `at`.
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
/// For softmax, which has no slope but a matrix of them.
pub fn slope(activation: &Activation, at: &[f64]) -> GradientReport {
    let value = |z: f64| {
        let mut a = [0.0];
        activation.values(&[z], &mut a);
        a[0]
    };
    let one = |(index, &z): (usize, &f64)| {
        let mut slope = [0.0];
        activation.slopes(&[z], &[value(z)], &mut slope);
        // A tail that is nearly 0 is often a difference of numbers of the size of z (gelu's is).
        let mut report = check(|p| value(p[0]), z.abs(), &slope, &[z], &[0], |_| format!("f'({z})"));
        CheckedParameter { index, ..report.checked.remove(0) }
    };
    GradientReport { checked: at.iter().enumerate().map(one).collect() }
}

impl GradientReport {
    /// Whether no derivative is wrong.
    pub fn passed(&self) -> bool {
        self.faults() == 0
    }

    /// How many derivatives are wrong.
    pub fn faults(&self) -> usize {
        self.count(Verdict::Differs)
    }

    /// How many parameters stand on a kink.
    pub fn kinks(&self) -> usize {
        self.count(Verdict::Kink)
    }

    /// The `n` parameters of the greatest relative error; wrong ones first.
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
            1 => writeln!(f, " (1 stands on a kink, where any slope between its two sides is right)")?,
            _ => writeln!(f, " ({kinks} stand on kinks, where any slope between the two sides is right)")?,
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
        Ok(())
    }
}

/// `size` is at least how large the numbers are whose rounding is in the value; the value's own size counts anyway.
fn check(
    mut value: impl FnMut(&[f64]) -> f64,
    size: f64,
    gradient: &[f64],
    at: &[f64],
    chosen: &[usize],
    name: impl Fn(usize) -> String,
) -> GradientReport {
    assert_eq!(gradient.len(), at.len(), "a gradient has as many entries as there are parameters");
    let mut point = at.to_vec();
    let here = value(&point);
    let checked = chosen.iter().map(|&index| {
        let analytic = gradient[index];
        let (numeric, verdict) = judge(&mut value, size, &mut point, index, here, analytic);
        let error = (analytic - numeric).abs() / analytic.abs().max(numeric.abs()).max(f64::MIN_POSITIVE);
        CheckedParameter { index, name: name(index), analytic, numeric, error, verdict }
    });
    GradientReport { checked: checked.collect() }
}

/// The central difference by parameter `i` and the verdict on the derivative `g`.
fn judge(
    value: &mut impl FnMut(&[f64]) -> f64,
    size: f64,
    point: &mut [f64],
    i: usize,
    here: f64,
    g: f64,
) -> (f64, Verdict) {
    let p = point[i];
    // The cube root of eps balances the difference's own error, h²·L'''/6, against rounding, eps·L/h.
    let widest = f64::EPSILON.cbrt() * p.abs().max(1.0);
    let (mut quotients, mut jump_at_first) = ([f64::NAN; 3], f64::NAN);
    for (k, shrink) in [1.0, 8.0, 64.0].into_iter().enumerate() {
        // h as it comes out after rounding of p + h, so that the quotient divides by the true distance.
        let h = (p + widest / shrink) - p;
        point[i] = p + h;
        let above = value(point);
        point[i] = p - h;
        let below = value(point);
        point[i] = p;
        let rounding = 20.0 * f64::EPSILON * above.abs().max(below.abs()).max(size) / h;
        let n = (above - below) / (2.0 * h);
        quotients[k] = n;
        if (g - n).abs() <= 1e-6 * g.abs().max(n.abs()) + rounding {
            return (n, Verdict::Agrees);
        }
        let (left, right) = ((here - below) / h, (above - here) / h);
        if k == 0 {
            jump_at_first = (right - left).abs();
        } else if k == 2 {
            if (g - n).abs() <= 2.0 * ahead(quotients) {
                return (n, Verdict::Agrees);
            }
            // A bend's one-sided slopes close up as h shrinks; a kink's stay apart.
            let stays_apart =
                (right - left).abs() > jump_at_first / 32.0 && (right - left).abs() > 4.0 * rounding;
            // One-sided slopes are off by a share of h themselves.
            let slack = 1e-6 * left.abs().max(right.abs()) + rounding;
            if stays_apart && left.min(right) - slack <= g && g <= left.max(right) + slack {
                return (n, Verdict::Kink);
            }
        }
    }
    (quotients[0], Verdict::Differs)
}

/// How far the last of three quotients, each with an eighth of the step before, is from their limit: their error is c·h², so
/// that the last two differ by 63 times the last one's. None where they do not converge like that.
fn ahead([first, second, third]: [f64; 3]) -> f64 {
    let as_squares = (first - second) / (second - third);
    if (as_squares / 64.0 - 1.0).abs() < 0.1 { (second - third).abs() / 63.0 } else { 0.0 }
}
