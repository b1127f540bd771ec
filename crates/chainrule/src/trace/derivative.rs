//! Symbolic differentiation of an activation's formula.

use crate::network::activation::{Call, Formula, Join};

/// Returns the derivative with respect to z, or `None` if a rule is missing. Of the functions with
/// kinks, only `|z|`, `max(z, 0)` and `min(z, 0)` have a rule.
///
/// Terms of 0 and factors of 1 are omitted; there is no other simplification.
pub(super) fn derivative(f: &Formula) -> Option<Formula> {
    Some(match f {
        Formula::Z => Formula::Number(1.0),
        Formula::Number(_) | Formula::Parameter(..) => Formula::Number(0.0),
        Formula::Call(call, x) => {
            let (x, dx) = ((**x).clone(), derivative(x)?);
            let outer = match call {
                Call::Negative => Formula::Number(-1.0),
                Call::Square => 2.0 * x,
                Call::Abs if x == Formula::Z => Formula::choice(1.0.into(), Formula::Number(-1.0)),
                Call::Exp => x.exp(),
                Call::Ln1p => return Some(over(dx, 1.0 + x)),
                Call::Tanh => 1.0 - x.tanh().square(),
                Call::Erf => std::f64::consts::FRAC_2_SQRT_PI * (-x.square()).exp(),
                Call::Abs | Call::Sin => return None,
            };
            times(outer, dx)
        }
        Formula::Join(join, x, y) => {
            let (dx, dy) = (derivative(x)?, derivative(y)?);
            let (x, y) = ((**x).clone(), (**y).clone());
            let at_zero = x == Formula::Z && y == Formula::Number(0.0);
            match join {
                Join::Sum => plus(dx, dy),
                Join::Difference => minus(dx, dy),
                Join::Product => plus(times(dx, y), times(x, dy)),
                Join::Quotient if is(&dy, 0.0) => over(dx, y),
                Join::Quotient => over(minus(times(dx, y.clone()), times(x, dy)), y.square()),
                Join::Max if at_zero => Formula::choice(dx, dy),
                Join::Min if at_zero => Formula::choice(dy, dx),
                Join::Max | Join::Min => return None,
            }
        }
        Formula::Choice(above, otherwise) => Formula::choice(derivative(above)?, derivative(otherwise)?),
    })
}

fn is(f: &Formula, v: f64) -> bool {
    *f == Formula::Number(v)
}

fn plus(x: Formula, y: Formula) -> Formula {
    match (is(&x, 0.0), is(&y, 0.0)) {
        (true, _) => y,
        (_, true) => x,
        _ => x + y,
    }
}

fn minus(x: Formula, y: Formula) -> Formula {
    match (is(&x, 0.0), is(&y, 0.0)) {
        (true, _) => times(Formula::Number(-1.0), y),
        (_, true) => x,
        _ => match y {
            Formula::Call(Call::Negative, y) => x + *y,
            y => x - y,
        },
    }
}

fn times(x: Formula, y: Formula) -> Formula {
    match (&x, &y) {
        (_, Formula::Call(Call::Negative, y)) => -times(x, (**y).clone()),
        (Formula::Number(0.0), _) | (_, Formula::Number(0.0)) => Formula::Number(0.0),
        (Formula::Number(1.0), _) => y,
        (_, Formula::Number(1.0)) => x,
        (Formula::Number(a), Formula::Number(b)) => Formula::Number(a * b),
        (Formula::Number(-1.0), _) => -y,
        (_, Formula::Number(-1.0)) => -x,
        _ => x * y,
    }
}

fn over(x: Formula, y: Formula) -> Formula {
    if is(&x, 0.0) { x } else { x / y }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::activation::{Activation, REGISTRY};

    #[test]
    fn derivatives_agree_with_the_slopes_of_all_activations_except_sine() {
        for entry in REGISTRY {
            let activation = Activation::new(entry.name, &[]).unwrap();
            let Some(slope) = derivative(&activation.formula().unwrap()) else {
                assert_eq!(entry.name, "sine");
                continue;
            };
            for k in -20..=20 {
                let z = [f64::from(k) * 0.3 + 0.05];
                let (mut a, mut expected) = ([0.0], [0.0]);
                activation.values(&z, &mut a);
                activation.slopes(&z, &a, &mut expected);
                let actual = slope.evaluate(z[0]);
                assert!(
                    (actual - expected[0]).abs() < 1e-12,
                    "{}' = {slope} at {}: {actual}",
                    entry.name,
                    z[0]
                );
            }
        }
    }

    #[test]
    fn derivatives_have_no_redundant_terms_or_factors() {
        let text = |name| {
            let formula = Activation::new(name, &[]).unwrap().formula().unwrap();
            derivative(&formula).unwrap().to_string()
        };
        assert_eq!(text("identity"), "1");
        assert_eq!(text("tanh"), "1 - tanh(z)²");
        assert_eq!(text("relu"), "z > 0 ? 1 : 0");
        assert_eq!(text("leaky_relu"), "z > 0 ? 1 : slope");
        assert_eq!(text("elu"), "z > 0 ? 1 : alpha·exp(z)");
        assert_eq!(text("silu"), "(1 + exp(-z) + z·exp(-z))/(1 + exp(-z))²");
    }
}
