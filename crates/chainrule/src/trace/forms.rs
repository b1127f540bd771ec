//! The derivatives as a textbook writes them, each checked against the engine's numbers before it is shown.

use super::derivative::derivative;
use super::math::Math;
use super::matrix::Matrix;
use crate::network::activation::Activation;
use crate::network::loss::Loss;

/// A derivative in two letters: of an activation in z and `a = f(z)`, of a loss in y and t.
struct Form {
    text: &'static str,
    latex: &'static str,
    at: fn(f64, f64) -> f64,
}

/// Slopes that are shorter in `a`, or that no rule gives.
const SLOPES: &[Form] = &[
    Form { text: "a·(1 - a)", latex: r"a \cdot (1 - a)", at: |_, a| a * (1.0 - a) },
    Form { text: "1 - a²", latex: "1 - a^2", at: |_, a| 1.0 - a * a },
    Form { text: "a", latex: "a", at: |_, a| a },
    Form { text: "-2·z·a", latex: r"-2 \cdot z \cdot a", at: |z, a| -2.0 * z * a },
    Form { text: "cos(z)", latex: r"\cos(z)", at: |z, _| z.cos() },
    Form { text: "1/(1 + exp(-z))", latex: r"\frac{1}{1 + e^{-z}}", at: |z, _| 1.0 / (1.0 + (-z).exp()) },
    Form { text: "1/(1 + |z|)²", latex: r"\frac{1}{(1 + |z|)^2}", at: |z, _| (1.0 + z.abs()).powi(-2) },
];

/// Derivatives of losses by y.
const DERIVATIVES: &[Form] = &[
    Form { text: "y - t", latex: "y - t", at: |y, t| y - t },
    Form {
        text: "(y - t)/(y·(1 - y))",
        latex: r"\frac{y - t}{y \cdot (1 - y)}",
        at: |y, t| (y - t) / (y * (1.0 - y)),
    },
    Form { text: "-t/y", latex: r"-\frac{t}{y}", at: |y, t| -t / y },
    Form { text: "1 - t/y", latex: r"1 - \frac{t}{y}", at: |y, t| 1.0 - t / y },
    Form { text: "sign(y - t)", latex: r"\operatorname{sign}(y - t)", at: |y, t| (y - t).signum() },
];

/// `f'` of an activation, none for softmax and where there is no short form that gives its slopes.
pub(super) fn slope(activation: &Activation) -> Option<Math> {
    if activation.is_softmax() {
        return None;
    }
    let z = [-3.1, -1.3, -0.4, 0.6, 1.7, 2.9];
    let (mut a, mut expected) = ([0.0; 6], [0.0; 6]);
    activation.values(&z, &mut a);
    activation.slopes(&z, &a, &mut expected);
    let holds = |at: &dyn Fn(f64, f64) -> f64| {
        z.iter().zip(&a).zip(&expected).all(|((&z, &a), &expected)| close(at(z, a), expected))
    };
    if let Some(form) = SLOPES.iter().find(|form| holds(&form.at)) {
        return Some(Math::pair(form.text, form.latex));
    }
    let derived = activation.formula().as_ref().and_then(derivative)?;
    holds(&|z, _| derived.evaluate(z)).then(|| Math::pair(derived.to_string(), derived.latex()))
}

/// `dl/dy` of a loss, a factor included; none where no short form gives its numbers.
///
/// The numbers are compared far away too, since Huber's loss is the squared error near the target.
pub(super) fn loss_derivative(loss: &Loss) -> Option<Math> {
    if loss.n_outputs(1) != 1 {
        return None;
    }
    let probes = [(0.2, 0.0), (0.2, 1.0), (0.8, 0.6), (40.0, 0.6), (1e6, 1.0)];
    let dy = probes.map(|(y, t)| loss.value_on_outputs(&[y], &[t]).1[0]);
    DERIVATIVES.iter().find_map(|form| {
        let at = probes.map(|(y, t)| (form.at)(y, t));
        let factor = rounded(dy[1] / at[1]);
        let holds = dy.iter().zip(at).all(|(dy, at)| close(factor * at, *dy));
        holds.then(|| times(factor, Math::pair(form.text, form.latex)))
    })
}

/// Loss and output activation are one: `dl/dz = factor·(y - t')`, where t' are the targets, or smoothed targets.
#[derive(Clone, Debug, PartialEq)]
pub struct Simplification {
    /// 1 for the cross-entropies and Poisson, 2 for the squared error, times the loss's scale.
    pub factor: f64,
    /// t', one row a sample: the targets themselves unless the loss smooths them.
    pub t: Matrix,
}

impl Simplification {
    /// The simplification of `loss` behind its link for targets `t`, if its derivatives at several z are such.
    ///
    /// From the outputs and derivatives at two z follows the factor, `(dz - dz')/(y - y')`, and from that
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
            let same = |p| implied(p).zip(&first).all(|(t, first)| (t - first).abs() <= 1e-12 * largest(p));
            if !(1..probes.len()).all(same) {
                return None;
            }
            let are_targets =
                first.len() == t.len() && first.iter().zip(t).all(|(first, t)| close(*first, *t));
            targets.extend_from_slice(if are_targets { t } else { &first });
        }
        Some(Simplification { factor: factor?, t: Matrix::new(t.n_rows, n_outputs, targets) })
    }

    /// `factor·(y - t)`, `y - t'` where targets are smoothed.
    pub(super) fn formula(&self, t: &Matrix) -> Math {
        times(self.factor, Math::of(if self.t == *t { "y - t" } else { "y - t'" }))
    }
}

/// `factor·(math)`, nothing more than the math where the factor is 1.
fn times(factor: f64, math: Math) -> Math {
    if factor == 1.0 {
        return math;
    }
    Math::pair(format!("{factor}·({})", math.text), format!(r"{factor} \cdot \left({}\right)", math.latex))
}

/// The quotient of two roundings, which is meant to be a short number.
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
    fn slopes_are_written_as_in_a_textbook() {
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
    fn derivatives_of_losses_are_written_where_they_hold() {
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
    fn the_simplification_is_found_where_it_holds() {
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
