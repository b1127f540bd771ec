//! A factor that wrong derivatives have in common, and its likely causes.

use std::fmt;

use crate::objective::Reduction;

/// Relative difference up to which two factors are considered equal. It is larger than the tolerance
/// of the check, because a factor is a quotient with a rounding error of its own.
const TOLERANCE: f64 = 1e-5;

/// The quotient of analytic and numeric derivative, if it is the same for all wrong derivatives.
/// `Display` gives one sentence that names the factor and its likely causes.
///
/// ```
/// use chainrule::gradcheck::{self, FactorCause};
///
/// let value = |p: &[f64]| p[0] * p[0] + p[1] * p[1];
/// let report = gradcheck::against(value, &[-2.0, -6.0], &[1.0, 3.0]);
/// let factor = report.common_factor.unwrap();
/// assert_eq!((factor.value, &factor.causes[..]), (-1.0, &[FactorCause::WrongSign][..]));
/// assert_eq!(
///     factor.to_string(),
///     "Each wrong derivative is -1 times the numeric derivative: the wrong sign?",
/// );
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct CommonFactor {
    /// Factor by which the numeric derivatives are multiplied to obtain the analytic ones; exactly
    /// that of the causes, if there are any.
    pub value: f64,
    /// Mistakes that lead to this factor: [`FactorCause::WrongSign`] first if it is negative, then
    /// alternative causes of its magnitude.
    pub causes: Vec<FactorCause>,
}

/// A mistake that multiplies a gradient by a factor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FactorCause {
    /// The factor is negative.
    WrongSign,
    /// The sum over the samples, although the objective is their mean. The factor is the sum of the
    /// weights.
    SampleSum(SampleTotals),
    /// The mean over the samples, although the objective is their sum. The factor is the reciprocal
    /// of the sum of the weights.
    SampleMean(SampleTotals),
    /// The mean over the samples, divided by the sum of the weights a second time. The factor is
    /// the reciprocal of that sum.
    RepeatedSampleMean(SampleTotals),
    /// The mean over the outputs of a sample instead of their sum. The factor is 1/n_outputs.
    OutputMean {
        /// Number of outputs.
        n_outputs: usize,
    },
    /// The sum over the outputs of a sample, multiplied by their number. The factor is n_outputs.
    OutputMultiple {
        /// Number of outputs.
        n_outputs: usize,
    },
    /// The factor 2 from differentiating a square, although the derivative of this loss has no such
    /// factor. The factor is 2.
    ExtraSquareFactor,
    /// The factor 2 from differentiating a square is missing. The factor is 1/2.
    MissingSquareFactor,
}

/// Number and total weight of samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampleTotals {
    /// Number of samples.
    pub n_samples: usize,
    /// Sum of their weights, `Σ w`; the number of samples if there are no weights.
    pub weight: f64,
}

/// Samples, reduction and number of outputs of a network's gradient.
#[derive(Clone, Copy, Debug)]
pub(super) struct CheckedBatch {
    pub(super) samples: SampleTotals,
    pub(super) reduction: Reduction,
    pub(super) n_outputs: usize,
}

impl CommonFactor {
    /// Finds the common factor of wrong derivatives, each given as index, analytic and numeric
    /// derivative.
    ///
    /// `is_wrong(index, g)` is the check of a derivative g with respect to a parameter. A factor c is
    /// common if every derivative divided by c passes this check. At least two of them must fail it
    /// again if 1 % is added or subtracted, so that derivatives smaller than the rounding error,
    /// which agree with every factor, are not sufficient. The factors 0 and 1 are not considered.
    pub(super) fn find(
        wrong: &[(usize, f64, f64)],
        batch: Option<CheckedBatch>,
        mut is_wrong: impl FnMut(usize, f64) -> bool,
    ) -> Option<CommonFactor> {
        // The largest numeric derivative has the smallest relative error.
        let (_, analytic, numeric) = wrong.iter().max_by(|a, b| a.2.abs().total_cmp(&b.2.abs()))?;
        let value = analytic / numeric;
        if !value.is_finite() || value == 0.0 || are_near(value, 1.0) {
            return None;
        }
        let mut n_significant = 0;
        for (index, analytic, _) in wrong {
            if is_wrong(*index, analytic / value) {
                return None;
            }
            let is_significant = [0.99, 1.01].iter().all(|scale| is_wrong(*index, scale * analytic / value));
            n_significant += usize::from(is_significant);
        }
        (n_significant >= 2).then(|| CommonFactor::explained(value, batch))
    }

    fn explained(value: f64, batch: Option<CheckedBatch>) -> CommonFactor {
        let mut magnitudes = Vec::new();
        if let Some(CheckedBatch { samples, reduction, n_outputs }) = batch {
            match reduction {
                Reduction::Mean => {
                    magnitudes.push((samples.weight, FactorCause::SampleSum(samples)));
                    magnitudes.push((1.0 / samples.weight, FactorCause::RepeatedSampleMean(samples)));
                }
                Reduction::Sum => {
                    magnitudes.push((1.0 / samples.weight, FactorCause::SampleMean(samples)));
                }
            }
            magnitudes.push((n_outputs as f64, FactorCause::OutputMultiple { n_outputs }));
            magnitudes.push((1.0 / n_outputs as f64, FactorCause::OutputMean { n_outputs }));
        }
        magnitudes.push((2.0, FactorCause::ExtraSquareFactor));
        magnitudes.push((0.5, FactorCause::MissingSquareFactor));
        // The sum and the mean over one sample or one output are equal.
        magnitudes.retain(|(magnitude, _)| are_near(value.abs(), *magnitude) && !are_near(*magnitude, 1.0));

        let magnitude = match magnitudes.first() {
            Some((magnitude, _)) => *magnitude,
            None if are_near(value, -1.0) => 1.0,
            None => value.abs(),
        };
        let sign = (value < 0.0).then_some(FactorCause::WrongSign);
        let causes = sign.into_iter().chain(magnitudes.into_iter().map(|(_, cause)| cause)).collect();
        CommonFactor { value: magnitude.copysign(value), causes }
    }
}

impl fmt::Display for CommonFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Each wrong derivative is {} times the numeric derivative", shown(self.value))?;
        let (signs, others): (Vec<FactorCause>, Vec<FactorCause>) =
            self.causes.iter().copied().partition(|cause| *cause == FactorCause::WrongSign);
        let others = others.iter().map(ToString::to_string).collect::<Vec<_>>().join(", or ");
        match (signs.is_empty(), others.is_empty()) {
            (true, true) => write!(f, "."),
            (true, false) => write!(f, ": {others}?"),
            (false, true) => write!(f, ": {}?", FactorCause::WrongSign),
            (false, false) => write!(f, ": {}, and {others}?", FactorCause::WrongSign),
        }
    }
}

impl fmt::Display for FactorCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FactorCause::WrongSign => write!(f, "the wrong sign"),
            FactorCause::SampleSum(samples) => write!(f, "a sum over {samples} instead of their mean"),
            FactorCause::SampleMean(samples) => write!(f, "a mean over {samples} instead of their sum"),
            FactorCause::RepeatedSampleMean(samples) => {
                write!(f, "a mean over {samples} that is divided twice")
            }
            FactorCause::OutputMean { n_outputs } => {
                write!(f, "a mean over the {n_outputs} outputs instead of their sum")
            }
            FactorCause::OutputMultiple { n_outputs } => {
                write!(f, "an extra factor of the number of outputs ({n_outputs})")
            }
            FactorCause::ExtraSquareFactor => write!(f, "an extra factor 2 from the square"),
            FactorCause::MissingSquareFactor => write!(f, "a missing factor 2 from the square"),
        }
    }
}

impl fmt::Display for SampleTotals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} samples", self.n_samples)?;
        if self.weight == self.n_samples as f64 {
            Ok(())
        } else {
            write!(f, " (total weight {})", rounded(self.weight))
        }
    }
}

fn are_near(a: f64, b: f64) -> bool {
    (a / b - 1.0).abs() <= TOLERANCE
}

/// Formats a factor as an integer or the reciprocal of one, if it is one up to the tolerance.
fn shown(factor: f64) -> String {
    let is_integer = |v: f64| are_near(v, v.round());
    let sign = if factor < 0.0 { "-" } else { "" };
    if is_integer(factor) && factor.abs() < 1e5 {
        format!("{}", factor.round())
    } else if is_integer(1.0 / factor) && factor.abs() > 1e-5 {
        format!("{sign}1/{}", (1.0 / factor).abs().round())
    } else {
        rounded(factor)
    }
}

/// Rounds to six significant digits.
fn rounded(value: f64) -> String {
    format!("{value:.5e}").parse::<f64>().map_or_else(|_| value.to_string(), |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMERIC: [f64; 3] = [-8.25, 0.3, 1e-3];

    fn sentence(factor: f64, reduction: Reduction, weight: f64, n_outputs: usize) -> String {
        let samples = SampleTotals { n_samples: 5, weight };
        let wrong: Vec<_> = NUMERIC.iter().enumerate().map(|(i, n)| (i, factor * n, *n)).collect();
        let is_wrong = |i: usize, g: f64| (g - NUMERIC[i]).abs() > 1e-6 * NUMERIC[i].abs();
        CommonFactor::find(&wrong, Some(CheckedBatch { samples, reduction, n_outputs }), is_wrong)
            .unwrap()
            .to_string()
    }

    #[test]
    fn each_cause_is_recognised_by_its_factor() {
        use Reduction::{Mean, Sum};
        let sentences = [
            sentence(5.0, Mean, 5.0, 3),
            sentence(0.2, Mean, 5.0, 3),
            sentence(0.2, Sum, 5.0, 3),
            sentence(5.0, Sum, 5.0, 3),
            sentence(7.5, Mean, 7.5, 1),
            sentence(2.0, Mean, 5.0, 1),
            sentence(0.5, Mean, 5.0, 1),
            sentence(-1.0, Mean, 5.0, 1),
            sentence(-5.0, Mean, 5.0, 1),
            sentence(3.0, Mean, 5.0, 3),
            sentence(1.0 / 3.0, Mean, 5.0, 3),
            sentence(2.0, Mean, 5.0, 2),
            sentence(2.345_678_912, Mean, 5.0, 3),
            sentence(1.0 + 1e-4, Mean, 5.0, 1),
        ];
        let shortened = |text: String| {
            text.replace("Each wrong derivative is ", "").replace(" times the numeric derivative", "")
        };
        assert_eq!(
            sentences.map(shortened),
            [
                "5: a sum over the 5 samples instead of their mean?",
                "1/5: a mean over the 5 samples that is divided twice?",
                "1/5: a mean over the 5 samples instead of their sum?",
                "5.",
                "7.5: a sum over the 5 samples (total weight 7.5) instead of their mean?",
                "2: an extra factor 2 from the square?",
                "1/2: a missing factor 2 from the square?",
                "-1: the wrong sign?",
                "-5: the wrong sign, and a sum over the 5 samples instead of their mean?",
                "3: an extra factor of the number of outputs (3)?",
                "1/3: a mean over the 3 outputs instead of their sum?",
                "2: an extra factor of the number of outputs (2), or an extra factor 2 from the square?",
                "2.34568.",
                "1.0001.",
            ]
        );
    }

    #[test]
    fn derivatives_without_a_common_factor_have_none() {
        let is_wrong = |numeric: &'static [f64]| {
            move |i: usize, g: f64| (g - numeric[i]).abs() > 1e-6 * numeric[i].abs() + 1e-9
        };
        let find = |numeric: &'static [f64], analytic: &[f64]| {
            let wrong: Vec<_> = (0..numeric.len()).map(|i| (i, analytic[i], numeric[i])).collect();
            CommonFactor::find(&wrong, None, is_wrong(numeric))
        };
        assert!(find(&[1.0, 3.0], &[2.0, 6.0]).is_some());
        assert_eq!(find(&[1.0, 3.0], &[2.0, 6.001]), None);
        // One derivative is not enough, and tiny ones agree with any factor.
        assert_eq!(find(&[1.0], &[2.0]), None);
        assert_eq!(find(&[1.0, 1e-12], &[2.0, 2e-9]), None);
        assert_eq!(find(&[1.0, 3.0], &[0.0, 0.0]), None);
        assert_eq!(find(&[0.0, 0.0], &[1.0, 1.0]), None);
        assert_eq!(find(&[], &[]), None);
    }
}
