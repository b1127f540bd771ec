//! Derivatives in their textbook form, each verified against the engine's numbers before it is
//! shown.

use super::derivative::derivative;
use super::math::Math;
use super::matrix::Matrix;
use crate::network::activation::Activation;
use crate::network::loss::Loss;

/// Derivative as a function of two variables: z and `a = f(z)` for an activation, y and t for a
/// loss.
struct DerivativeForm {
    text: &'static str,
    latex: &'static str,
    evaluate: fn(f64, f64) -> f64,
}

/// Derivatives of activations that are shorter in terms of `a`, or that the rules do not cover.
const SLOPES: &[DerivativeForm] = &[
    DerivativeForm { text: "a·(1 - a)", latex: r"a \cdot (1 - a)", evaluate: |_, a| a * (1.0 - a) },
    DerivativeForm { text: "1 - a²", latex: "1 - a^2", evaluate: |_, a| 1.0 - a * a },
    DerivativeForm { text: "a", latex: "a", evaluate: |_, a| a },
    DerivativeForm { text: "-2·z·a", latex: r"-2 \cdot z \cdot a", evaluate: |z, a| -2.0 * z * a },
    DerivativeForm { text: "cos(z)", latex: r"\cos(z)", evaluate: |z, _| z.cos() },
    DerivativeForm {
        text: "1/(1 + exp(-z))",
        latex: r"\frac{1}{1 + e^{-z}}",
        evaluate: |z, _| 1.0 / (1.0 + (-z).exp()),
    },
    DerivativeForm {
        text: "1/(1 + |z|)²",
        latex: r"\frac{1}{(1 + |z|)^2}",
        evaluate: |z, _| (1.0 + z.abs()).powi(-2),
    },
];

/// Derivatives of losses with respect to y.
const LOSS_DERIVATIVES: &[DerivativeForm] = &[
    DerivativeForm { text: "y - t", latex: "y - t", evaluate: |y, t| y - t },
    DerivativeForm {
        text: "(y - t)/(y·(1 - y))",
        latex: r"\frac{y - t}{y \cdot (1 - y)}",
        evaluate: |y, t| (y - t) / (y * (1.0 - y)),
    },
    DerivativeForm { text: "-t/y", latex: r"-\frac{t}{y}", evaluate: |y, t| -t / y },
    DerivativeForm { text: "1 - t/y", latex: r"1 - \frac{t}{y}", evaluate: |y, t| 1.0 - t / y },
    DerivativeForm {
        text: "sign(y - t)",
        latex: r"\operatorname{sign}(y - t)",
        evaluate: |y, t| (y - t).signum(),
    },
];

/// Returns `f'` of an activation; `None` for softmax and if no short form matches its derivative.
pub(super) fn slope(activation: &Activation) -> Option<Math> {
    if activation.is_softmax() {
        return None;
    }
    let z = [-3.1, -1.3, -0.4, 0.6, 1.7, 2.9];
    let (mut a, mut expected) = ([0.0; 6], [0.0; 6]);
    activation.values(&z, &mut a);
    activation.slopes(&z, &a, &mut expected);
    let matches = |f: &dyn Fn(f64, f64) -> f64| {
        z.iter().zip(&a).zip(&expected).all(|((&z, &a), &expected)| close(f(z, a), expected))
    };
    if let Some(form) = SLOPES.iter().find(|form| matches(&form.evaluate)) {
        return Some(Math::with_latex(form.text, form.latex));
    }
    let derived = activation.formula().as_ref().and_then(derivative)?;
    matches(&|z, _| derived.evaluate(z)).then(|| Math::with_latex(derived.to_string(), derived.latex()))
}

/// Returns `dl/dy` of a loss, including a constant factor; `None` if no short form matches.
///
/// The probes include values far from the target, since the Huber loss equals the squared error
/// near it.
pub(super) fn loss_derivative(loss: &Loss) -> Option<Math> {
    if loss.n_outputs(1) != 1 {
        return None;
    }
    let probes = [(0.2, 0.0), (0.2, 1.0), (0.8, 0.6), (40.0, 0.6), (1e6, 1.0)];
    let dy = probes.map(|(y, t)| loss.value_on_outputs(&[y], &[t]).1[0]);
    LOSS_DERIVATIVES.iter().find_map(|form| {
        let values = probes.map(|(y, t)| (form.evaluate)(y, t));
        let factor = rounded(dy[1] / values[1]);
        let matches = dy.iter().zip(values).all(|(dy, value)| close(factor * value, *dy));
        matches.then(|| times(factor, Math::with_latex(form.text, form.latex)))
    })
}

/// Simplified derivative of loss and output activation: `dl/dz = factor·(y - t')`, where t' are the
/// targets or smoothed targets.
#[derive(Clone, Debug, PartialEq)]
pub struct Simplification {
    /// 1 for the cross-entropies and Poisson, 2 for the squared error, times the scale of the loss.
    pub factor: f64,
    /// t', one row per sample: the targets, or the smoothed targets if the loss smooths them.
    pub t: Matrix,
}

impl Simplification {
    /// Returns the simplification of `loss` with its link for targets `t`, or `None` if its
    /// derivatives at several z do not have that form.
    ///
    /// The factor is `(dz - dz')/(y - y')`, from the outputs and derivatives at two z. It implies
    /// `t' = y - dz/factor`, which must be the same at every z.
    pub(super) fn find(loss: &Loss, t: &Matrix) -> Option<Simplification> {
        let n_outputs = loss.n_outputs(t.n_columns);
        let link = loss.link().activation();
        let probes: Vec<Vec<f64>> = [0.3, 1.0, 6.0, 20.0]
            .iter()
            .map(|size| (0..n_outputs).map(|k| size * (k as f64 * 2.3 + 0.7).sin()).collect())
            .collect();
        let outputs: Vec<Vec<f64>> = probes
            .iter()
            .map(|z| {
                let mut y = vec![0.0; n_outputs];
                link.apply(n_outputs, z, &mut y);
                y
            })
            .collect();
        let mut factor = None;
        let mut targets = Vec::new();
        for t in t.rows() {
            let dz: Vec<Vec<f64>> = probes.iter().map(|z| loss.value_on_link(z, t).1).collect();
            let factor =
                *factor.get_or_insert(rounded((dz[1][0] - dz[0][0]) / (outputs[1][0] - outputs[0][0])));
            if !(factor > 0.0 && factor < f64::INFINITY) {
                return None;
            }
            let implied = |p: usize| outputs[p].iter().zip(&dz[p]).map(move |(y, dz)| y - dz / factor);
            let first: Vec<f64> = implied(0).collect();
            let largest = |p: usize| outputs[p].iter().fold(1.0, |m: f64, y| m.max(y.abs()));
            let agrees = |p| implied(p).zip(&first).all(|(t, first)| (t - first).abs() <= 1e-12 * largest(p));
            if !(1..probes.len()).all(agrees) {
                return None;
            }
            let are_targets =
                first.len() == t.len() && first.iter().zip(t).all(|(first, t)| close(*first, *t));
            targets.extend_from_slice(if are_targets { t } else { &first });
        }
        Some(Simplification { factor: factor?, t: Matrix::new(t.n_rows, n_outputs, targets) })
    }

    /// Returns the formula `factor·(y - t)`, with t' instead of t if the targets are smoothed.
    pub(super) fn formula(&self, t: &Matrix) -> Math {
        times(self.factor, Math::from_text(if self.t == *t { "y - t" } else { "y - t'" }))
    }
}

/// Returns `factor·(math)`, or `math` if the factor is 1.
fn times(factor: f64, math: Math) -> Math {
    if factor == 1.0 {
        return math;
    }
    Math::with_latex(
        format!("{factor}·({})", math.text),
        format!(r"{factor} \cdot \left({}\right)", math.latex),
    )
}

/// Rounds to nine decimals, which restores a short factor from a quotient of rounded numbers.
fn rounded(v: f64) -> f64 {
    (v * 1e9).round() / 1e9
}

fn close(v: f64, expected: f64) -> bool {
    (v - expected).abs() <= 1e-12 * expected.abs().max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_have_their_textbook_form() {
        let text = |activation: &Activation| slope(activation).map(|math| math.text);
        let named = |name| text(&Activation::new(name, &[]).unwrap()).unwrap_or_default();
        let cases = [
            ("identity", "1"),
            ("logistic", "a·(1 - a)"),
            ("tanh", "1 - a²"),
            ("relu", "z > 0 ? 1 : 0"),
            ("exp", "a"),
            ("rbf", "-2·z·a"),
            ("sine", "cos(z)"),
            ("softplus", "1/(1 + exp(-z))"),
            ("softsign", "1/(1 + |z|)²"),
            ("softmax", ""),
        ];
        for (name, expected) in cases {
            assert_eq!(named(name), expected, "{name}");
        }
        let cube = Activation::custom(
            |z, a| a.iter_mut().zip(z).for_each(|(a, z)| *a = z * z * z),
            |z, _a, slope| slope.iter_mut().zip(z).for_each(|(slope, z)| *slope = 3.0 * z * z),
        );
        assert_eq!(text(&cube), None);
    }

    #[test]
    fn loss_derivatives_have_a_form_only_if_it_matches() {
        let text = |loss: Loss| loss_derivative(&loss).map(|math| math.text);
        assert_eq!(text(Loss::squared_error()).unwrap(), "2·(y - t)");
        assert_eq!(text(Loss::squared_error().scaled(0.5)).unwrap(), "y - t");
        assert_eq!(text(Loss::binary_cross_entropy()).unwrap(), "(y - t)/(y·(1 - y))");
        assert_eq!(text(Loss::cross_entropy()).unwrap(), "-t/y");
        assert_eq!(text(Loss::poisson().scaled(3.0)).unwrap(), "3·(1 - t/y)");
        assert_eq!(text(Loss::new("absolute_error", &[]).unwrap()).unwrap(), "sign(y - t)");
        assert_eq!(text(Loss::huber(100.0)), None);
        assert_eq!(text(Loss::quantile(&[0.5])).unwrap(), "0.5·(sign(y - t))");
        assert_eq!(text(Loss::quantile(&[0.3])), None);
    }

    #[test]
    fn simplifications_are_found_only_if_they_are_exact() {
        let t = Matrix::new(2, 3, vec![1.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
        let find = |loss: Loss| Simplification::find(&loss, &t);
        let with = |factor: f64| Some(Simplification { factor, t: t.clone() });
        assert_eq!(find(Loss::binary_cross_entropy()), with(1.0));
        assert_eq!(find(Loss::cross_entropy()), with(1.0));
        assert_eq!(find(Loss::poisson().scaled(0.3)), with(0.3));
        assert_eq!(find(Loss::squared_error()), with(2.0));
        assert_eq!(find(Loss::huber(1.0)), None);
        assert_eq!(find(Loss::new("absolute_error", &[]).unwrap()), None);
        assert_eq!(find(Loss::quantile(&[0.1, 0.9])), None);

        let smoothed = Loss::new("cross_entropy", &[("label_smoothing", 0.3.into())]).unwrap();
        let found = find(smoothed).unwrap();
        assert_eq!(found.factor, 1.0);
        assert!(found.t.row(0).iter().zip([0.8, 0.1, 0.1]).all(|(t, expected)| close(*t, expected)));
        assert_eq!(found.formula(&t).text, "y - t'");
    }
}
