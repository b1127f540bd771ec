//! Formulas of activations as expression trees in z, which can be evaluated, printed and exported.

use std::f64::consts::SQRT_2;
use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::kernel::math;

/// An expression in the pre-activation z.
///
/// ```
/// use chainrule::network::activation::Formula;
///
/// let f = Formula::Z / (1.0 + (-Formula::Z).exp());
/// assert_eq!(f.to_string(), "z/(1 + exp(-z))");
/// assert_eq!(f.latex(), r"\frac{z}{1 + e^{-z}}");
/// assert_eq!(f.evaluate(0.0), 0.0);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Formula {
    /// The pre-activation z.
    Z,
    /// A constant.
    Number(f64),
    /// A named parameter and its value.
    Parameter(&'static str, f64),
    /// A function applied to an expression.
    Call(Call, Box<Formula>),
    /// A binary operation on two expressions.
    Join(Join, Box<Formula>, Box<Formula>),
    /// The first expression if z > 0, otherwise the second.
    Choice(Box<Formula>, Box<Formula>),
}

/// Functions of one argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// `-x`
    Negative,
    /// `x²`
    Square,
    /// `|x|`
    Abs,
    /// `e^x`
    Exp,
    /// `ln(1 + x)`
    Ln1p,
    /// `tanh x`
    Tanh,
    /// `erf x`
    Erf,
    /// `sin x`
    Sin,
}

/// Binary operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// `x + y`
    Sum,
    /// `x - y`
    Difference,
    /// `x·y`
    Product,
    /// `x/y`
    Quotient,
    /// `max(x, y)`
    Max,
    /// `min(x, y)`
    Min,
}

impl Formula {
    /// Creates a named parameter with a value.
    pub fn parameter(name: &'static str, value: f64) -> Formula {
        Formula::Parameter(name, value)
    }

    /// Creates the piecewise expression `above` if z > 0, otherwise `otherwise`.
    pub fn choice(above: Formula, otherwise: Formula) -> Formula {
        Formula::Choice(Box::new(above), Box::new(otherwise))
    }

    /// Creates `ln(1 + e^z)` in the form `max(z, 0) + ln(1 + e^-|z|)`, which does not overflow.
    pub fn softplus() -> Formula {
        Formula::Z.max(0.0) + (-Formula::Z.abs()).exp().ln_1p()
    }

    /// Returns `self²`.
    pub fn square(self) -> Formula {
        self.call(Call::Square)
    }

    /// Returns `|self|`.
    pub fn abs(self) -> Formula {
        self.call(Call::Abs)
    }

    /// Returns `e^self`.
    pub fn exp(self) -> Formula {
        self.call(Call::Exp)
    }

    /// Returns `ln(1 + self)`.
    pub fn ln_1p(self) -> Formula {
        self.call(Call::Ln1p)
    }

    /// Returns `tanh(self)`.
    pub fn tanh(self) -> Formula {
        self.call(Call::Tanh)
    }

    /// Returns `erf(self)`.
    pub fn erf(self) -> Formula {
        self.call(Call::Erf)
    }

    /// Returns `sin(self)`.
    pub fn sin(self) -> Formula {
        self.call(Call::Sin)
    }

    /// Returns `max(self, other)`.
    pub fn max(self, other: impl Into<Formula>) -> Formula {
        self.join(Join::Max, other)
    }

    /// Returns `min(self, other)`.
    pub fn min(self, other: impl Into<Formula>) -> Formula {
        self.join(Join::Min, other)
    }

    /// Evaluates the expression at `z`.
    pub fn evaluate(&self, z: f64) -> f64 {
        match self {
            Formula::Z => z,
            Formula::Number(v) | Formula::Parameter(_, v) => *v,
            Formula::Call(call, x) => call.evaluate(x.evaluate(z)),
            Formula::Join(join, x, y) => join.evaluate(x.evaluate(z), y.evaluate(z)),
            Formula::Choice(above, otherwise) => if z > 0.0 { above } else { otherwise }.evaluate(z),
        }
    }

    /// Returns the expression in LaTeX math mode.
    pub fn latex(&self) -> String {
        match self {
            Formula::Z => "z".to_owned(),
            Formula::Number(SQRT_2) => r"\sqrt{2}".to_owned(),
            Formula::Number(v) => v.to_string(),
            Formula::Parameter(name @ ("alpha" | "beta" | "lambda"), _) => format!(r"\{name}"),
            Formula::Parameter(name, _) => format!(r"\mathrm{{{}}}", name.replace('_', r"\_")),
            Formula::Call(call, x) => match call {
                Call::Negative => format!("-{}", x.latex_operand(PRODUCT)),
                Call::Square => format!("{}^2", x.latex_operand(ATOM)),
                Call::Abs => format!(r"\left|{}\right|", x.latex()),
                Call::Exp => format!("e^{{{}}}", x.latex()),
                Call::Ln1p => format!(r"\ln\left(1 + {}\right)", x.latex_operand(PRODUCT)),
                Call::Tanh => format!(r"\tanh\left({}\right)", x.latex()),
                Call::Erf => format!(r"\operatorname{{erf}}\left({}\right)", x.latex()),
                Call::Sin => format!(r"\sin\left({}\right)", x.latex()),
            },
            Formula::Join(join, x, y) => match join {
                Join::Sum => format!("{} + {}", x.latex_operand(SUM), y.latex_operand(PRODUCT)),
                Join::Difference => format!("{} - {}", x.latex_operand(SUM), y.latex_operand(PRODUCT)),
                Join::Product => format!(r"{} \cdot {}", x.latex_operand(PRODUCT), y.latex_operand(PRODUCT)),
                Join::Quotient => format!(r"\frac{{{}}}{{{}}}", x.latex(), y.latex()),
                Join::Max => format!(r"\max\left({}, {}\right)", x.latex(), y.latex()),
                Join::Min => format!(r"\min\left({}, {}\right)", x.latex(), y.latex()),
            },
            Formula::Choice(above, otherwise) => format!(
                r"\begin{{cases}} {} & z > 0 \\ {} & \text{{otherwise}} \end{{cases}}",
                above.latex(),
                otherwise.latex()
            ),
        }
    }

    fn call(self, call: Call) -> Formula {
        Formula::Call(call, Box::new(self))
    }

    fn join(self, join: Join, other: impl Into<Formula>) -> Formula {
        Formula::Join(join, Box::new(self), Box::new(other.into()))
    }

    /// Returns the precedence of the outermost operator when printed.
    fn precedence(&self) -> u8 {
        match self {
            Formula::Choice(..) => CHOICE,
            Formula::Join(Join::Sum | Join::Difference, ..) | Formula::Call(Call::Negative, _) => SUM,
            Formula::Number(v) if *v < 0.0 => SUM,
            Formula::Join(Join::Product | Join::Quotient, ..) => PRODUCT,
            _ => ATOM,
        }
    }

    /// Returns the expression in LaTeX, in parentheses if its precedence is below `min_precedence`.
    fn latex_operand(&self, min_precedence: u8) -> String {
        // A power as the base of a power requires parentheses.
        let power = matches!(self, Formula::Call(Call::Square | Call::Exp, _)) && min_precedence == ATOM;
        if self.precedence() < min_precedence || power {
            format!(r"\left({}\right)", self.latex())
        } else {
            self.latex()
        }
    }
}

/// Writes the expression as text, such as `z > 0 ? z : slope·z`.
impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Formula::Z => f.write_str("z"),
            Formula::Number(SQRT_2) => f.write_str("√2"),
            Formula::Number(v) => write!(f, "{v}"),
            Formula::Parameter(name, _) => f.write_str(name),
            Formula::Call(call, x) => match call {
                Call::Negative => write!(f, "-{}", Operand(x, PRODUCT)),
                Call::Square => write!(f, "{}²", Operand(x, ATOM)),
                Call::Abs => write!(f, "|{x}|"),
                Call::Exp => write!(f, "exp({x})"),
                Call::Ln1p => write!(f, "ln(1 + {})", Operand(x, PRODUCT)),
                Call::Tanh => write!(f, "tanh({x})"),
                Call::Erf => write!(f, "erf({x})"),
                Call::Sin => write!(f, "sin({x})"),
            },
            Formula::Join(join, x, y) => match join {
                Join::Sum => write!(f, "{} + {}", Operand(x, SUM), Operand(y, PRODUCT)),
                Join::Difference => write!(f, "{} - {}", Operand(x, SUM), Operand(y, PRODUCT)),
                Join::Product => write!(f, "{}·{}", Operand(x, PRODUCT), Operand(y, PRODUCT)),
                Join::Quotient => write!(f, "{}/{}", Operand(x, PRODUCT), Operand(y, ATOM)),
                Join::Max => write!(f, "max({x}, {y})"),
                Join::Min => write!(f, "min({x}, {y})"),
            },
            Formula::Choice(above, otherwise) => write!(f, "z > 0 ? {above} : {otherwise}"),
        }
    }
}

impl Call {
    /// Evaluates the function at `x`.
    pub fn evaluate(self, x: f64) -> f64 {
        match self {
            Call::Negative => -x,
            Call::Square => x * x,
            Call::Abs => x.abs(),
            Call::Exp => math::exp(x),
            Call::Ln1p => math::ln_1p(x),
            Call::Tanh => math::tanh(x),
            Call::Erf => math::erf(x),
            Call::Sin => math::sin(x),
        }
    }
}

impl Join {
    /// Evaluates the operation on `x` and `y`.
    pub fn evaluate(self, x: f64, y: f64) -> f64 {
        match self {
            Join::Sum => x + y,
            Join::Difference => x - y,
            Join::Product => x * y,
            Join::Quotient => x / y,
            Join::Max => math::at_least(x, y),
            Join::Min => math::at_most(x, y),
        }
    }
}

impl From<f64> for Formula {
    fn from(v: f64) -> Formula {
        Formula::Number(v)
    }
}

impl Neg for Formula {
    type Output = Formula;
    fn neg(self) -> Formula {
        self.call(Call::Negative)
    }
}

impl<R: Into<Formula>> Add<R> for Formula {
    type Output = Formula;
    fn add(self, other: R) -> Formula {
        self.join(Join::Sum, other)
    }
}

impl<R: Into<Formula>> Sub<R> for Formula {
    type Output = Formula;
    fn sub(self, other: R) -> Formula {
        self.join(Join::Difference, other)
    }
}

impl<R: Into<Formula>> Mul<R> for Formula {
    type Output = Formula;
    fn mul(self, other: R) -> Formula {
        self.join(Join::Product, other)
    }
}

impl<R: Into<Formula>> Div<R> for Formula {
    type Output = Formula;
    fn div(self, other: R) -> Formula {
        self.join(Join::Quotient, other)
    }
}

impl Add<Formula> for f64 {
    type Output = Formula;
    fn add(self, other: Formula) -> Formula {
        Formula::from(self) + other
    }
}

impl Sub<Formula> for f64 {
    type Output = Formula;
    fn sub(self, other: Formula) -> Formula {
        Formula::from(self) - other
    }
}

impl Mul<Formula> for f64 {
    type Output = Formula;
    fn mul(self, other: Formula) -> Formula {
        Formula::from(self) * other
    }
}

impl Div<Formula> for f64 {
    type Output = Formula;
    fn div(self, other: Formula) -> Formula {
        Formula::from(self) / other
    }
}

// Precedence levels for printing, from the loosest to the tightest.
const CHOICE: u8 = 0;
const SUM: u8 = 1;
const PRODUCT: u8 = 2;
const ATOM: u8 = 3;

/// An operand as text, in parentheses if its precedence is below the given minimum.
struct Operand<'a>(&'a Formula, u8);

impl fmt::Display for Operand<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.precedence() < self.1 { write!(f, "({})", self.0) } else { write!(f, "{}", self.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_latex_have_the_parentheses_that_precedence_requires() {
        let z = || Formula::Z;
        let cases = [
            ((z() + 1.0) * 2.0, "(z + 1)·2", r"\left(z + 1\right) \cdot 2"),
            (1.0 - (z() - 2.0), "1 - (z - 2)", r"1 - \left(z - 2\right)"),
            (1.0 + (z() - 2.0), "1 + (z - 2)", r"1 + \left(z - 2\right)"),
            (1.0 + -z(), "1 + (-z)", r"1 + \left(-z\right)"),
            (z() / (2.0 * z()), "z/(2·z)", r"\frac{z}{2 \cdot z}"),
            (z() / 2.0 / 3.0, "z/2/3", r"\frac{\frac{z}{2}}{3}"),
            ((-z()).square(), "(-z)²", r"\left(-z\right)^2"),
            (-z().square(), "-z²", "-z^2"),
            (z().exp().square(), "exp(z)²", r"\left(e^{z}\right)^2"),
            (-(z() + 1.0), "-(z + 1)", r"-\left(z + 1\right)"),
            (Formula::Number(-2.0) * z(), "(-2)·z", r"\left(-2\right) \cdot z"),
            (z().min(1.0).max(-1.0), "max(min(z, 1), -1)", r"\max\left(\min\left(z, 1\right), -1\right)"),
            (
                Formula::choice(z(), Formula::parameter("alpha", 0.5) * z()),
                "z > 0 ? z : alpha·z",
                r"\begin{cases} z & z > 0 \\ \alpha \cdot z & \text{otherwise} \end{cases}",
            ),
        ];
        for (formula, text, latex) in cases {
            assert_eq!(formula.to_string(), text);
            assert_eq!(formula.latex(), latex);
        }
    }

    #[test]
    fn evaluates_every_function_and_operation() {
        let z = || Formula::Z;
        let at = 0.75_f64;
        let cases = [
            (-z() + 1.0, 1.0 - at),
            (2.0 - z(), 2.0 - at),
            (z() - 2.0, at - 2.0),
            (3.0 * z() / 4.0, 3.0 * at / 4.0),
            (1.0 / z().square(), 1.0 / (at * at)),
            ((-z()).abs(), at),
            (z().exp(), at.exp()),
            (z().ln_1p(), at.ln_1p()),
            (z().tanh(), at.tanh()),
            (z().sin(), at.sin()),
            (z().erf(), 0.711_155_633_653_515_1),
            (z().max(1.0), 1.0),
            (z().min(0.5), 0.5),
            (Formula::choice(5.0.into(), 7.0.into()), 5.0),
            (Formula::parameter("alpha", 0.25), 0.25),
        ];
        for (formula, expected) in cases {
            let got = formula.evaluate(at);
            assert!(
                (got - expected).abs() <= 4.0 * f64::EPSILON * expected.abs(),
                "{formula} is {got}, expected {expected}"
            );
        }
        assert_eq!(Formula::choice(5.0.into(), 7.0.into()).evaluate(0.0), 7.0);
    }
}
