//! Conversion of activation formulas to expressions of C or Rust, and tracking of the functions
//! they call.

use std::collections::BTreeSet;

use chainrule::network::activation::{Call, Formula, Join};

use super::language::{Language, Width};
use super::mathematics;
use super::options::Libm;
use crate::Precision;

/// Converts formulas to expressions and records the functions that they call.
pub(super) struct ExpressionWriter<'p> {
    pub(super) language: Language<'p>,
    /// Precision of the network.
    pub(super) precision: Precision,
    called: BTreeSet<(Width, &'static str)>,
}

impl<'p> ExpressionWriter<'p> {
    pub(super) fn new(language: Language<'p>, precision: Precision) -> ExpressionWriter<'p> {
        ExpressionWriter { language, precision, called: BTreeSet::new() }
    }

    /// Returns the type of the numbers of the network.
    pub(super) fn real(&self) -> &'static str {
        self.language.number_type(self.precision, Width::Model)
    }

    /// Returns the type of numbers of a width.
    pub(super) fn number_type(&self, width: Width) -> &'static str {
        self.language.number_type(self.precision, width)
    }

    /// Returns a literal in the precision of the model, with the fewest digits that represent it
    /// exactly.
    pub(super) fn literal(&self, v: f64) -> String {
        mathematics::literal(v, self.precision, self.language)
    }

    /// Returns the name under which the mathematical function `name` is called, and records the
    /// call.
    pub(super) fn function(&mut self, width: Width, name: &'static str) -> String {
        let precision = if width == Width::Double { Precision::F64 } else { self.precision };
        if let Language::C { libm: Libm::System, .. } = self.language
            && let Some(function) = mathematics::libm_name(name, precision)
        {
            return function;
        }
        self.called.insert((width, name));
        mathematics::function_prefix(self.language, width) + name
    }

    /// Returns the definitions of the functions called so far.
    pub(super) fn definitions(&self) -> String {
        mathematics::definitions(self.language, self.precision, &self.called)
    }

    /// Returns whether functions of `<math.h>` may be called.
    pub(super) fn uses_libm(&self) -> bool {
        matches!(self.language, Language::C { libm: Libm::System, .. })
    }

    /// Converts the formula of `f(z)` to an expression in `z`.
    pub(super) fn expression(&mut self, formula: &Formula) -> String {
        match formula {
            Formula::Z => "z".to_owned(),
            Formula::Number(v) | Formula::Parameter(_, v) => self.literal(*v),
            Formula::Call(Call::Negative, x) => format!("-{}", self.operand(x, ATOM)),
            Formula::Call(call, x) => {
                let name = match call {
                    Call::Negative => unreachable!("negation is matched above"),
                    Call::Square => "square",
                    Call::Abs => "abs",
                    Call::Exp => "exp",
                    Call::Ln1p => "ln_1p",
                    Call::Tanh => "tanh",
                    Call::Erf => "erf",
                    Call::Sin => "sin",
                };
                let x = self.expression(x);
                format!("{}({x})", self.function(Width::Model, name))
            }
            Formula::Join(join, x, y) => {
                let operator = match join {
                    Join::Sum => ('+', SUM, PRODUCT),
                    Join::Difference => ('-', SUM, PRODUCT),
                    Join::Product => ('*', PRODUCT, ATOM),
                    Join::Quotient => ('/', PRODUCT, ATOM),
                    Join::Max | Join::Min => {
                        let name = if *join == Join::Max { "max" } else { "min" };
                        let (x, y) = (self.expression(x), self.expression(y));
                        return format!("{}({x}, {y})", self.function(Width::Model, name));
                    }
                };
                let (sign, left, right) = operator;
                format!("{} {sign} {}", self.operand(x, left), self.operand(y, right))
            }
            Formula::Choice(above, otherwise) => {
                let (above, otherwise) = (self.expression(above), self.expression(otherwise));
                match self.language {
                    Language::C { .. } => format!("z > 0 ? {above} : {otherwise}"),
                    Language::Rust => format!("if z > 0.0 {{ {above} }} else {{ {otherwise} }}"),
                }
            }
        }
    }

    /// Converts an operand, in parentheses if its precedence is lower than `min_precedence`.
    fn operand(&mut self, x: &Formula, min_precedence: u8) -> String {
        let text = self.expression(x);
        if precedence(x) < min_precedence { format!("({text})") } else { text }
    }
}

const CHOICE: u8 = 0;
const SUM: u8 = 1;
const PRODUCT: u8 = 2;
const ATOM: u8 = 3;

fn precedence(x: &Formula) -> u8 {
    match x {
        Formula::Choice(..) => CHOICE,
        Formula::Join(Join::Sum | Join::Difference, ..) | Formula::Call(Call::Negative, _) => SUM,
        Formula::Number(v) | Formula::Parameter(_, v) if *v < 0.0 => SUM,
        Formula::Join(Join::Product | Join::Quotient, ..) => PRODUCT,
        _ => ATOM,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_keep_the_order_of_operations() {
        let z = || Formula::Z;
        let mut c = ExpressionWriter::new(Language::C { prefix: "p", libm: Libm::System }, Precision::F32);
        assert_eq!(c.expression(&(1.0 / (1.0 + (-z()).exp()))), "1.0f / (1.0f + expf(-z))");
        assert_eq!(c.expression(&(1.0 - (z() - 0.1))), "1.0f - (z - 0.1f)");
        assert_eq!(c.expression(&(z() / (z() * -2.0))), "z / (z * (-2.0f))");
        assert_eq!(c.expression(&z().max(0.0)), "p_max(z, 0.0f)");
        let choice = Formula::choice(z(), Formula::parameter("slope", 0.1) * z());
        assert_eq!(c.expression(&(choice.clone() + 1.0)), "(z > 0 ? z : 0.1f * z) + 1.0f");
        let mut rust = ExpressionWriter::new(Language::Rust, Precision::F64);
        assert_eq!(rust.expression(&choice), "if z > 0.0 { z } else { 0.1 * z }");
        assert_eq!(rust.expression(&(-z().square())), "-square(z)");
    }
}
