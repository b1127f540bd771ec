//! Numbers on a regular grid.

use serde::{Deserialize, Serialize};

use crate::numbers;

/// Numbers at the points of a regular grid.
///
/// `values[j * n_x + i]` is the number at the i-th of `n_x` points along `x` and the j-th of `n_y`
/// points along `y`, both including the ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grid {
    /// Range along x.
    pub x: [f64; 2],
    /// Range along y.
    pub y: [f64; 2],
    /// Number of points along x.
    pub n_x: usize,
    /// Number of points along y; if 1, the values apply to the whole range of `y`.
    pub n_y: usize,
    /// The `n_x · n_y` numbers.
    #[serde(with = "numbers")]
    pub values: Vec<f64>,
}

impl Grid {
    /// Evaluates `f(x, y)` at the points of a grid.
    ///
    /// ```
    /// let grid = chainrule_figures::Grid::of([0.0, 2.0], [0.0, 1.0], 3, 2, |x, y| x + 10.0 * y);
    /// assert_eq!(grid.values, [0.0, 1.0, 2.0, 10.0, 11.0, 12.0]);
    /// ```
    pub fn of(x: [f64; 2], y: [f64; 2], n_x: usize, n_y: usize, f: impl Fn(f64, f64) -> f64) -> Grid {
        let mut grid = Grid { x, y, n_x, n_y, values: Vec::with_capacity(n_x * n_y) };
        for j in 0..n_y {
            for i in 0..n_x {
                grid.values.push(f(grid.x_at(i as f64), grid.y_at(j as f64)));
            }
        }
        grid
    }

    /// Returns the x coordinate at index `i`, which may be fractional.
    pub fn x_at(&self, i: f64) -> f64 {
        along(self.x, self.n_x, i)
    }

    /// Returns the y coordinate at index `j`, which may be fractional.
    pub fn y_at(&self, j: f64) -> f64 {
        along(self.y, self.n_y, j)
    }

    /// Interpolates the value at the index (i, j) bilinearly; indices are clamped to the grid.
    pub(crate) fn value_at(&self, i: f64, j: f64) -> f64 {
        let i = i.clamp(0.0, (self.n_x - 1) as f64);
        let j = j.clamp(0.0, (self.n_y - 1) as f64);
        let (i0, j0) = (i as usize, j as usize);
        let (i1, j1) = ((i0 + 1).min(self.n_x - 1), (j0 + 1).min(self.n_y - 1));
        let (u, v) = (i - i0 as f64, j - j0 as f64);
        let at = |i: usize, j: usize| self.values[j * self.n_x + i];
        (1.0 - v) * ((1.0 - u) * at(i0, j0) + u * at(i1, j0)) + v * ((1.0 - u) * at(i0, j1) + u * at(i1, j1))
    }

    /// Returns the fractional index (i, j) of a point (x, y).
    pub(crate) fn index(&self, x: f64, y: f64) -> [f64; 2] {
        let index = |v: f64, [low, high]: [f64; 2], n: usize| (v - low) / (high - low) * (n - 1) as f64;
        [index(x, self.x, self.n_x), index(y, self.y, self.n_y)]
    }
}

/// Returns the i-th of n evenly spaced points between two ends.
fn along([low, high]: [f64; 2], n: usize, i: f64) -> f64 {
    if n < 2 { f64::midpoint(low, high) } else { low + (high - low) * i / (n - 1) as f64 }
}
