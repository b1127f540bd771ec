//! The derivative of an activation's formula, by the rules of differentiation, for the text to show.

use crate::network::activation::{Call, Formula, Join};

/// The derivative by z; none where a rule is missing (of `|x|`, max and min there are only those of z itself).
///
/// Terms that vanish and factors of 1 are left out; beyond that nothing is simplified.
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
    fn agrees_with_the_slope_of_every_activation_but_the_sine() {
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
                let got = slope.evaluate(z[0]);
                assert!((got - expected[0]).abs() < 1e-12, "{}' = {slope} at {}: {got}", entry.name, z[0]);
            }
        }
    }

    #[test]
    fn nothing_superfluous_is_written() {
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
