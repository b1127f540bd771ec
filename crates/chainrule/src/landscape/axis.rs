//! Grids whose points are evenly spaced along each axis.

use crate::Error;

/// Evenly spaced values of one coordinate, including both ends of the range.
///
/// ```
/// use chainrule::landscape::GridAxis;
///
/// let axis = GridAxis::new(-10.0, 10.0, 5)?;
/// assert_eq!(axis.values(), [-10.0, -5.0, 0.0, 5.0, 10.0]);
/// let error = GridAxis::new(3.0, 3.0, 5).unwrap_err();
/// assert!(error.to_string().starts_with("the range of a grid is 3..3, but must be"));
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GridAxis {
    from: f64,
    to: f64,
    n: usize,
}

impl GridAxis {
    /// Creates an axis of `n` points, the first at `from` and the last at `to`.
    ///
    /// # Errors
    /// Returns [`Error::Setting`] if there are fewer than 2 points, or the range is empty, reversed
    /// or not finite.
    pub fn new(from: f64, to: f64, n: usize) -> Result<GridAxis, Error> {
        if !(from < to && (to - from).is_finite()) {
            return Err(Error::Setting {
                setting: "the range of a grid".to_owned(),
                value: format!("{from}..{to}"),
                allowed: "two finite numbers, the smaller one first".to_owned(),
            });
        }
        if n < 2 {
            return Err(Error::Setting {
                setting: "the number of points along an axis of a grid".to_owned(),
                value: n.to_string(),
                allowed: "at least 2, for the two ends of its range".to_owned(),
            });
        }
        Ok(GridAxis { from, to, n })
    }

    /// Returns the first and the last value.
    pub fn range(&self) -> [f64; 2] {
        [self.from, self.to]
    }

    /// Returns the number of points, at least 2.
    pub fn n_points(&self) -> usize {
        self.n
    }

    /// Returns point `i`, counted from 0: `from + (to - from)·i/(n - 1)`.
    ///
    /// # Panics
    /// Panics if `i` is out of range.
    pub fn value(&self, i: usize) -> f64 {
        assert!(i < self.n, "point {i} is out of range for an axis of {} points", self.n);
        if i + 1 == self.n {
            return self.to;
        }
        self.from + (self.to - self.from) * i as f64 / (self.n - 1) as f64
    }

    /// Returns all points.
    pub fn values(&self) -> Vec<f64> {
        (0..self.n).map(|i| self.value(i)).collect()
    }
}

/// Returns the number of points of the grid with these axes.
pub(super) fn n_points(axes: &[GridAxis]) -> usize {
    axes.iter().map(GridAxis::n_points).product()
}

/// Returns the coordinates of point `k` of the grid, with one entry per axis and zeros after them;
/// the first axis varies fastest.
pub(super) fn coordinates(axes: &[GridAxis], k: usize) -> [f64; 3] {
    let (mut at, mut rest) = ([0.0; 3], k);
    for (c, axis) in at.iter_mut().zip(axes) {
        *c = axis.value(rest % axis.n);
        rest /= axis.n;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_and_the_middle_are_exact() {
        let axis = GridAxis::new(-0.1, 0.3, 7).unwrap();
        assert_eq!((axis.value(0), axis.value(6)), (-0.1, 0.3));
        assert_eq!(GridAxis::new(-3.0, 3.0, 201).unwrap().value(100), 0.0);
    }

    #[test]
    fn the_first_axis_varies_fastest() {
        let axes = [GridAxis::new(0.0, 1.0, 2).unwrap(), GridAxis::new(5.0, 7.0, 3).unwrap()];
        assert_eq!(n_points(&axes), 6);
        assert_eq!(coordinates(&axes, 0), [0.0, 5.0, 0.0]);
        assert_eq!(coordinates(&axes, 1), [1.0, 5.0, 0.0]);
        assert_eq!(coordinates(&axes, 4), [0.0, 7.0, 0.0]);
    }

    #[test]
    fn invalid_ranges_are_rejected() {
        for (from, to) in [(1.0, 0.0), (f64::NAN, 1.0), (0.0, f64::INFINITY), (-1e308, 1e308)] {
            assert!(GridAxis::new(from, to, 3).is_err(), "{from}..{to}");
        }
        let error = GridAxis::new(0.0, 1.0, 1).unwrap_err().to_string();
        assert_eq!(
            error,
            "the number of points along an axis of a grid is 1, but must be at least 2, for the two ends of \
             its range"
        );
    }
}
