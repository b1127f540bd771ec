//! Results of evaluating an objective.

/// Sums over some rows. The mean loss is `loss / weight`.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Sums {
    /// `Σ w·l`.
    pub loss: f64,
    /// `Σ w`.
    pub weight: f64,
}

impl Sums {
    /// Adds the sums over other rows.
    #[must_use]
    pub fn plus(self, other: Sums) -> Sums {
        Sums { loss: self.loss + other.loss, weight: self.weight + other.weight }
    }
}

/// Outputs (n, n_outputs), targets (n, n_targets) and weights (n) of some rows, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Outputs {
    /// Outputs y.
    pub y: Vec<f64>,
    /// Targets t.
    pub t: Vec<f64>,
    /// Sample weights.
    pub weight: Vec<f64>,
}

/// Reduction of the losses of a batch: sum or weighted mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// `Σ w·l`.
    Sum,
    /// `Σ w·l / Σ w`.
    Mean,
}

impl Reduction {
    /// Returns the number by which the sums are divided.
    pub fn divisor(self, sums: Sums) -> f64 {
        match self {
            Reduction::Sum => 1.0,
            Reduction::Mean => sums.weight,
        }
    }
}
