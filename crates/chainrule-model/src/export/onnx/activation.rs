//! Conversion of activations to ONNX nodes: the matching operator if there is one, otherwise the
//! formula.

use chainrule::network::activation::{Activation, Call, Formula, Join};

use super::builder::{Builder, ElementType, integer};
use chainrule::kernel::math::coefficients::ERF_64;

/// Adds the nodes of `a = f(z)` and returns the name of a.
pub(super) fn activation(
    builder: &mut Builder,
    activation: &Activation,
    z: &str,
    element: ElementType,
) -> String {
    match (activation.name(), activation.formula()) {
        ("softmax", _) => builder.node_with("Softmax", &[z], vec![integer("axis", 1)]),
        ("logistic", _) => builder.node("Sigmoid", &[z]),
        ("relu", _) => builder.node("Relu", &[z]),
        (_, Some(formula)) => formula_nodes(builder, &formula, z, element),
        (_, None) => unreachable!("`export` refuses custom activations"),
    }
}

fn formula_nodes(builder: &mut Builder, formula: &Formula, z: &str, element: ElementType) -> String {
    match formula {
        Formula::Z => z.to_owned(),
        Formula::Number(v) | Formula::Parameter(_, v) => builder.number(*v, element),
        Formula::Call(call, x) => {
            let x = formula_nodes(builder, x, z, element);
            match call {
                Call::Negative => builder.node("Neg", &[&x]),
                Call::Square => builder.node("Mul", &[&x, &x]),
                Call::Abs => builder.node("Abs", &[&x]),
                Call::Exp => builder.node("Exp", &[&x]),
                Call::Tanh => builder.node("Tanh", &[&x]),
                Call::Sin => builder.node("Sin", &[&x]),
                Call::Ln1p => ln_1p(builder, &x, element),
                // Runtimes implement Erf only in single precision.
                Call::Erf if element == ElementType::Float => builder.node("Erf", &[&x]),
                Call::Erf => erf(builder, &x, element),
            }
        }
        Formula::Join(join, x, y) => {
            let (x, y) = (formula_nodes(builder, x, z, element), formula_nodes(builder, y, z, element));
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
            let (above, otherwise) =
                (formula_nodes(builder, above, z, element), formula_nodes(builder, otherwise, z, element));
            let zero = builder.number(0.0, element);
            let positive = builder.node("Greater", &[z, &zero]);
            builder.node("Where", &[&positive, &above, &otherwise])
        }
    }
}

/// Adds the nodes of `ln(1 + x)`, for which ONNX has no operator: `ln u·x/(u - 1)` with `u = 1 + x`
/// rounded, or x if u is 1 (Kahan).
fn ln_1p(builder: &mut Builder, x: &str, element: ElementType) -> String {
    let one = builder.number(1.0, element);
    let u = builder.node("Add", &[x, &one]);
    let rounded = builder.node("Sub", &[&u, &one]);
    let zero = builder.number(0.0, element);
    let is_zero = builder.node("Equal", &[&rounded, &zero]);
    let divisor = builder.node("Where", &[&is_zero, &one, &rounded]);
    let ln = builder.node("Log", &[&u]);
    let ratio = builder.node("Div", &[x, &divisor]);
    let product = builder.node("Mul", &[&ln, &ratio]);
    builder.node("Where", &[&is_zero, x, &product])
}

/// Adds the nodes of `erf x` in double precision: `1 - e^(-u·(1 + p(u)))` for `u = |x|`, with the
/// sign of x, as in the engine.
fn erf(builder: &mut Builder, x: &str, element: ElementType) -> String {
    let max = builder.number(6.0, element);
    let one = builder.number(1.0, element);
    let magnitude = builder.node("Abs", &[x]);
    let u = builder.node("Min", &[&magnitude, &max]);
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
