//! An activation's formula as an expression of C or Rust, and the functions that the expressions of a file call.

use std::collections::BTreeSet;

use chainrule::network::activation::{Call, Formula, Join};

use super::Libm;
use super::mathematics;
use crate::Precision;

/// A language, with what differs in it from export to export.
#[derive(Clone, Copy)]
pub(super) enum Language<'p> {
    C { prefix: &'p str, libm: Libm },
    Rust,
}

/// Writes expressions of a language, and remembers what they call.
pub(super) struct Writer<'p> {
    pub(super) language: Language<'p>,
    /// What the network calculates with.
    pub(super) precision: Precision,
    called: BTreeSet<(Width, &'static str)>,
}

/// What a function calculates with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Width {
    /// The model's precision.
    Own,
    /// Double: that of the encoders in every export, for a column's cells may be far from 0 and close to each other.
    Wide,
}

impl<'p> Writer<'p> {
    pub(super) fn new(language: Language<'p>, precision: Precision) -> Writer<'p> {
        Writer { language, precision, called: BTreeSet::new() }
    }

    /// The type of the network's numbers.
    pub(super) fn real(&self) -> &'static str {
        match (self.language, self.precision) {
            (Language::C { .. }, Precision::F32) => "float",
            (Language::C { .. }, Precision::F64) => "double",
            (Language::Rust, Precision::F32) => "f32",
            (Language::Rust, Precision::F64) => "f64",
        }
    }

    /// A number in the model's precision, in the fewest digits that give it again.
    pub(super) fn literal(&self, v: f64) -> String {
        mathematics::literal(v, self.precision, self.language)
    }

    /// How `name` is called, in the model's precision or in double.
    pub(super) fn function(&mut self, width: Width, name: &'static str) -> String {
        let precision = if width == Width::Wide { Precision::F64 } else { self.precision };
        if let Language::C { libm: Libm::System, .. } = self.language
            && let Some(function) = mathematics::of_libm(name, precision)
        {
            return function;
        }
        self.called.insert((width, name));
        mathematics::names(self.language, width) + name
    }

    /// The functions called so far, for the head of the file.
    pub(super) fn definitions(&self) -> String {
        mathematics::definitions(self.language, self.precision, &self.called)
    }

    /// Whether anything of `<math.h>` may be called.
    pub(super) fn uses_libm(&self) -> bool {
        matches!(self.language, Language::C { libm: Libm::System, .. })
    }

    /// `f(z)` as an expression in `z`.
    pub(super) fn expression(&mut self, formula: &Formula) -> String {
        match formula {
            Formula::Z => "z".to_owned(),
            Formula::Number(v) | Formula::Parameter(_, v) => self.literal(*v),
            Formula::Call(Call::Negative, x) => format!("-{}", self.held(x, ATOM)),
            Formula::Call(call, x) => {
                let name = match call {
                    Call::Negative => unreachable!("it is an operator"),
                    Call::Square => "square",
                    Call::Abs => "abs",
                    Call::Exp => "exp",
                    Call::Ln1p => "ln_1p",
                    Call::Tanh => "tanh",
                    Call::Erf => "erf",
                    Call::Sin => "sin",
                };
                let x = self.expression(x);
                format!("{}({x})", self.function(Width::Own, name))
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
                        return format!("{}({x}, {y})", self.function(Width::Own, name));
                    }
                };
                let (sign, left, right) = operator;
                format!("{} {sign} {}", self.held(x, left), self.held(y, right))
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

    /// An operand, in parentheses unless it holds together at least as tightly as `least`.
    fn held(&mut self, x: &Formula, least: u8) -> String {
        let text = self.expression(x);
        if tightness(x) < least { format!("({text})") } else { text }
    }
}

const CHOICE: u8 = 0;
const SUM: u8 = 1;
const PRODUCT: u8 = 2;
const ATOM: u8 = 3;

fn tightness(x: &Formula) -> u8 {
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
        let mut c = Writer::new(Language::C { prefix: "p", libm: Libm::System }, Precision::F32);
        assert_eq!(c.expression(&(1.0 / (1.0 + (-z()).exp()))), "1.0f / (1.0f + expf(-z))");
        assert_eq!(c.expression(&(1.0 - (z() - 0.1))), "1.0f - (z - 0.1f)");
        assert_eq!(c.expression(&(z() / (z() * -2.0))), "z / (z * (-2.0f))");
        assert_eq!(c.expression(&z().max(0.0)), "p_max(z, 0.0f)");
        let choice = Formula::choice(z(), Formula::parameter("slope", 0.1) * z());
        assert_eq!(c.expression(&(choice.clone() + 1.0)), "(z > 0 ? z : 0.1f * z) + 1.0f");
        let mut rust = Writer::new(Language::Rust, Precision::F64);
        assert_eq!(rust.expression(&choice), "if z > 0.0 { z } else { 0.1 * z }");
        assert_eq!(rust.expression(&(-z().square())), "-square(z)");
    }
}
