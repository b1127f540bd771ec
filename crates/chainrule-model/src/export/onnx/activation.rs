//! Activations as nodes of an ONNX graph: the operator where there is one for just that function, else the formula.

use chainrule::network::activation::{Activation, Call, Formula, Join};

use super::builder::{Builder, Element, integer};
use chainrule::kernel::math::coefficients::ERF_64;

/// `a = f(z)`.
pub(super) fn activation(
    builder: &mut Builder,
    activation: &Activation,
    z: &str,
    element: Element,
) -> String {
    match (activation.name(), activation.formula()) {
        ("softmax", _) => builder.node_with("Softmax", &[z], vec![integer("axis", 1)]),
        ("logistic", _) => builder.node("Sigmoid", &[z]),
        ("relu", _) => builder.node("Relu", &[z]),
        (_, Some(formula)) => walk(builder, &formula, z, element),
        (_, None) => unreachable!("custom activations are refused before"),
    }
}

fn walk(builder: &mut Builder, formula: &Formula, z: &str, element: Element) -> String {
    match formula {
        Formula::Z => z.to_owned(),
        Formula::Number(v) | Formula::Parameter(_, v) => builder.number(*v, element),
        Formula::Call(call, x) => {
            let x = walk(builder, x, z, element);
            match call {
                Call::Negative => builder.node("Neg", &[&x]),
                Call::Square => builder.node("Mul", &[&x, &x]),
                Call::Abs => builder.node("Abs", &[&x]),
                Call::Exp => builder.node("Exp", &[&x]),
                Call::Tanh => builder.node("Tanh", &[&x]),
                Call::Sin => builder.node("Sin", &[&x]),
                Call::Ln1p => ln_1p(builder, &x, element),
                // The runtimes have the error function in single precision alone.
                Call::Erf if element == Element::Float => builder.node("Erf", &[&x]),
                Call::Erf => erf(builder, &x, element),
            }
        }
        Formula::Join(join, x, y) => {
            let (x, y) = (walk(builder, x, z, element), walk(builder, y, z, element));
            let operator = match join {
                Join::Sum => "Add",
                Join::Difference => "Sub",
                Join::Product => "Mul",
                Join::Quotient => "Div",
                Join::Max => "Max",
                Join::Min => "Min",
            };
            builder.node(operator, &[&x, &y])
        }
        Formula::Choice(above, otherwise) => {
            let (above, otherwise) = (walk(builder, above, z, element), walk(builder, otherwise, z, element));
            let zero = builder.number(0.0, element);
            let positive = builder.node("Greater", &[z, &zero]);
            builder.node("Where", &[&positive, &above, &otherwise])
        }
    }
}

/// `ln(1 + x)` without the operator that ONNX lacks: with `u = 1 + x` rounded, `ln u·x/(u - 1)`, or x where u is 1 (Kahan).
fn ln_1p(builder: &mut Builder, x: &str, element: Element) -> String {
    let one = builder.number(1.0, element);
    let u = builder.node("Add", &[x, &one]);
    let rounded = builder.node("Sub", &[&u, &one]);
    let zero = builder.number(0.0, element);
    let nothing = builder.node("Equal", &[&rounded, &zero]);
    let divisor = builder.node("Where", &[&nothing, &one, &rounded]);
    let ln = builder.node("Log", &[&u]);
    let share = builder.node("Div", &[x, &divisor]);
    let product = builder.node("Mul", &[&ln, &share]);
    builder.node("Where", &[&nothing, x, &product])
}

/// `erf x` in double: `1 - e^(-u·(1 + p(u)))` for `u = |x|`, with the sign of x, as the engine has it.
fn erf(builder: &mut Builder, x: &str, element: Element) -> String {
    let most = builder.number(6.0, element);
    let one = builder.number(1.0, element);
    let size = builder.node("Abs", &[x]);
    let u = builder.node("Min", &[&size, &most]);
    let (last, rest) = ERF_64.split_last().expect("a polynomial has a term");
    let mut p = builder.number(*last, element);
    for c in rest.iter().rev() {
        let product = builder.node("Mul", &[&p, &u]);
        let c = builder.number(*c, element);
        p = builder.node("Add", &[&product, &c]);
    }
    let factor = builder.node("Add", &[&p, &one]);
    let exponent = builder.node("Mul", &[&u, &factor]);
    let negative = builder.node("Neg", &[&exponent]);
    let exp = builder.node("Exp", &[&negative]);
    let y = builder.node("Sub", &[&one, &exp]);
    let sign = builder.node("Sign", &[x]);
    builder.node("Mul", &[&y, &sign])
}
