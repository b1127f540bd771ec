//! The formula of an activation as a small expression in z.

/// An expression in z.
#[derive(Clone, Debug, PartialEq)]
pub enum Formula {
    /// The pre-activation itself.
    Z,
    /// The hyperbolic tangent of an expression.
    Tanh(Box<Formula>),
}

impl Formula {
    /// `tanh(self)`.
    pub fn tanh(self) -> Formula {
        Formula::Tanh(Box::new(self))
    }
}
