//! Planes in high-dimensional spaces, and the projection of points onto them.

use super::axis::GridAxis;
use super::principal::{dot, principal};
use crate::kernel::Scalar;
use crate::{Error, dataset};

/// A plane in the space of parameters, inputs or activations, given by an origin and one to three
/// directions.
///
/// The point with the coordinates c is `origin + Σ_k c_k·direction_k`. One direction spans a line,
/// three span a three-dimensional space. The directions do not have to be orthogonal or normalised.
///
/// | constructor | origin | coordinates |
/// |---|---|---|
/// | [`Plane::parameters`] | trained parameters | values of two named parameters |
/// | [`Plane::trajectory`] | end of the optimisation path | two principal directions of the path |
/// | [`Plane::random`] | trained parameters | two random, filter-normalised directions |
/// | [`Plane::features`] | given point in input space | values of the chosen inputs |
/// | [`Plane::principal`] | mean of the rows | principal directions of the rows |
///
/// ```
/// use chainrule::landscape::Plane;
///
/// let plane = Plane::new(vec![1.0, 0.0, 5.0], vec![vec![0.0, 2.0, 0.0], vec![1.0, 1.0, 0.0]])?;
/// assert_eq!(plane.point(&[0.5, 3.0]), [4.0, 4.0, 5.0]);
/// let projected = plane.project(&[4.0, 4.0, 6.0]);
/// assert_eq!((projected.at, projected.distance), (vec![0.5, 3.0], 1.0));
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    origin: Vec<f64>,
    directions: Vec<Vec<f64>>,
    explained: Vec<f64>,
}

/// Orthogonal projection of a point onto a plane.
#[derive(Clone, Debug, PartialEq)]
pub struct Projected {
    /// Coordinates of the closest point of the plane.
    pub at: Vec<f64>,
    /// Euclidean distance of the point from the plane.
    pub distance: f64,
}

impl Plane {
    /// Creates the plane through `origin` along one to three `directions`, each of the same length
    /// as `origin`.
    ///
    /// # Errors
    /// Returns [`Error::DependentDirections`] if a direction is 0, not finite, or a linear
    /// combination of the others.
    ///
    /// # Panics
    /// Panics if there are no directions or more than three, or a direction has a different length.
    pub fn new(origin: Vec<f64>, directions: Vec<Vec<f64>>) -> Result<Plane, Error> {
        assert!((1..=3).contains(&directions.len()), "one to three directions, not {}", directions.len());
        assert!(
            directions.iter().all(|d| d.len() == origin.len()),
            "directions must have the length of the origin"
        );
        let plane = Plane { origin, directions, explained: Vec::new() };
        plane.check()?;
        Ok(plane)
    }

    /// Creates the plane through the point `at` of the input space (or any other space) in which
    /// the one to three features with the indices `chosen` vary.
    ///
    /// The coordinates are the values of these features; all other features are fixed at their
    /// values in `at`.
    ///
    /// ```
    /// use chainrule::landscape::Plane;
    ///
    /// let slice = Plane::features(&[5.1, 3.5, 1.4, 0.2], &[2, 3])?; // an iris with variable petal size
    /// assert_eq!(slice.point(&[4.0, 1.0]), [5.1, 3.5, 4.0, 1.0]);
    /// let error = Plane::features(&[5.1, 3.5], &[1, 2]).unwrap_err();
    /// assert_eq!(error.to_string(), "the feature index (counted from 0) is 2, but must be at most 1");
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Error::Setting`] if a feature does not exist or is chosen twice, or if there are
    /// no chosen features or more than three.
    pub fn features(at: &[f64], chosen: &[usize]) -> Result<Plane, Error> {
        check_count("the number of chosen features", chosen.len(), 3)?;
        let refused = |feature: &usize, allowed: String| {
            Err(Error::Setting {
                setting: "the feature index (counted from 0)".to_owned(),
                value: feature.to_string(),
                allowed,
            })
        };
        for (k, feature) in chosen.iter().enumerate() {
            if *feature >= at.len() {
                return refused(feature, format!("at most {}", at.len().saturating_sub(1)));
            }
            if chosen[..k].contains(feature) {
                return refused(feature, "different from the other chosen features".to_owned());
            }
        }
        Ok(Plane::through(at.to_vec(), chosen))
    }

    /// Creates the plane through the mean of `rows` (n, n_columns), row-major, along their first
    /// `n` principal directions.
    ///
    /// The principal directions are orthonormal: the eigenvectors for the largest eigenvalues of
    /// the covariance matrix of the rows. Their signs are chosen such that the entry of largest
    /// magnitude is positive. [`explained`](Plane::explained) gives the fraction of the variance
    /// along each of them.
    ///
    /// ```
    /// use chainrule::landscape::Plane;
    ///
    /// // The rows are at ±5 along (3, 4)/5 from their mean (1, 1).
    /// let plane = Plane::principal(&[4.0, 5.0, -2.0, -3.0], 2, 1)?;
    /// assert_eq!(plane.origin(), [1.0, 1.0]);
    /// assert!((plane.directions()[0][0] - 0.6).abs() < 1e-12);
    /// assert!((plane.explained()[0] - 1.0).abs() < 1e-12);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Error::Setting`] if `n` is 0, above 3 or above the number of columns. If there are
    /// no rows, an incomplete row or a value that is not finite, returns the same errors as
    /// [`Dataset::new`](crate::Dataset::new).
    pub fn principal<T: Scalar>(rows: &[T], n_columns: usize, n: usize) -> Result<Plane, Error> {
        let n_rows = dataset::n_rows("the table", rows, n_columns)?;
        if n_rows == 0 {
            return Err(Error::NoSamples);
        }
        dataset::check_finite("the table", rows, n_columns)?;
        check_count("the number of principal directions", n, n_columns.min(3))?;
        let mut origin = vec![0.0; n_columns];
        for row in rows.chunks_exact(n_columns) {
            origin.iter_mut().zip(row).for_each(|(mean, v)| *mean += v.to_f64());
        }
        origin.iter_mut().for_each(|mean| *mean /= n_rows as f64);
        let row = |i: usize, to: &mut [f64]| {
            let row = &rows[i * n_columns..][..n_columns];
            to.iter_mut().zip(row).zip(&origin).for_each(|((to, v), mean)| *to = v.to_f64() - mean);
        };
        let (directions, explained) = principal(n_rows, n_columns, row, n);
        Ok(Plane { origin, directions, explained })
    }

    /// Creates the plane in which the entries `varied` of `origin` vary; the coordinates are their
    /// values.
    pub(super) fn through(mut origin: Vec<f64>, varied: &[usize]) -> Plane {
        let unit = |&i: &usize| {
            let mut direction = vec![0.0; origin.len()];
            direction[i] = 1.0;
            direction
        };
        let directions = varied.iter().map(unit).collect();
        varied.iter().for_each(|&i| origin[i] = 0.0);
        Plane { origin, directions, explained: Vec::new() }
    }

    /// Creates the plane through `origin` along principal directions; `explained` is the fraction
    /// of the variation along each of them.
    pub(super) fn along(origin: Vec<f64>, directions: Vec<Vec<f64>>, explained: Vec<f64>) -> Plane {
        Plane { origin, directions, explained }
    }

    /// Returns the point whose coordinates are all 0.
    pub fn origin(&self) -> &[f64] {
        &self.origin
    }

    /// Returns the directions, one to three.
    pub fn directions(&self) -> &[Vec<f64>] {
        &self.directions
    }

    /// Returns the number of directions: 1 for a line, 2 for a plane, 3 for a space.
    pub fn n_dimensions(&self) -> usize {
        self.directions.len()
    }

    /// Returns the fraction of the variation along each principal direction, from 0 to 1; empty for
    /// other directions.
    pub fn explained(&self) -> &[f64] {
        &self.explained
    }

    /// Returns the point with the coordinates `at`.
    ///
    /// # Panics
    /// Panics if the number of coordinates differs from the number of directions.
    pub fn point(&self, at: &[f64]) -> Vec<f64> {
        let mut point = vec![0.0; self.origin.len()];
        self.write_point(at, &mut point);
        point
    }

    /// Writes the point with the coordinates `at` to `point`, rounded to its precision; see
    /// [`Plane::point`].
    pub(super) fn write_point<T: Scalar>(&self, at: &[f64], point: &mut [T]) {
        assert_eq!(at.len(), self.directions.len(), "one coordinate per direction of the plane");
        assert_eq!(point.len(), self.origin.len(), "the point must have the dimension of the plane's space");
        let entry = |i: usize| {
            let along = at.iter().zip(&self.directions);
            along.fold(self.origin[i], |sum, (c, direction)| sum + c * direction[i])
        };
        if let ([c, d], [first, second]) = (at, &self.directions[..]) {
            // Same as `entry`, but vectorised: this loop runs over all parameters at every point of
            // a surface.
            let entries = self.origin.iter().zip(first).zip(second);
            let sums = entries.map(|((origin, first), second)| origin + c * first + d * second);
            point.iter_mut().zip(sums).for_each(|(to, sum)| *to = T::from_f64(sum));
        } else {
            point.iter_mut().enumerate().for_each(|(i, to)| *to = T::from_f64(entry(i)));
        }
    }

    /// Projects `point` orthogonally onto the plane.
    ///
    /// With the directions as rows of D and `δ = point - origin`, the coordinates c solve
    /// `(D·Dᵀ)·c = D·δ`.
    ///
    /// # Panics
    /// Panics if `point` and the origin have different lengths.
    pub fn project<T: Scalar>(&self, point: &[T]) -> Projected {
        assert_eq!(point.len(), self.origin.len(), "the point must have the dimension of the plane's space");
        let mut rest: Vec<f64> = point.iter().zip(&self.origin).map(|(p, o)| p.to_f64() - o).collect();
        let products = self.directions.iter().map(|direction| dot(direction, &rest)).collect();
        let at = solve(self.gram(), products);
        for (c, direction) in at.iter().zip(&self.directions) {
            rest.iter_mut().zip(direction).for_each(|(rest, d)| *rest -= c * d);
        }
        Projected { at, distance: dot(&rest, &rest).sqrt() }
    }

    /// Projects each of `points` onto the plane, for example recorded parameters to get the
    /// optimisation path.
    ///
    /// # Panics
    /// Panics if a point and the origin have different lengths.
    pub fn path<T: Scalar>(&self, points: &[Vec<T>]) -> Vec<Projected> {
        points.iter().map(|point| self.project(point)).collect()
    }

    /// Returns, for each direction, an axis of `n` points that covers the whole `path`, with a
    /// margin of a tenth of its extent at both ends.
    ///
    /// If the path has no extent along a direction, the axis has half the length of the path's
    /// largest extent, or the length 1.
    ///
    /// # Errors
    /// Returns [`Error::Setting`] if `n` is less than 2, or the path is empty or not finite.
    pub fn around(&self, path: &[Projected], n: usize) -> Result<Vec<GridAxis>, Error> {
        let ends: Vec<[f64; 2]> = (0..self.directions.len())
            .map(|k| {
                let at = path.iter().map(|projected| projected.at[k]);
                at.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], c| [low.min(c), high.max(c)])
            })
            .collect();
        let max_extent = ends.iter().map(|[low, high]| high - low).fold(0.0, f64::max);
        let default_extent = if max_extent > 0.0 { 0.5 * max_extent } else { 1.0 };
        let axis = |&[low, high]: &[f64; 2]| {
            let margin = if high == low { default_extent / 2.0 } else { (high - low) / 10.0 };
            GridAxis::new(low - margin, high + margin, n)
        };
        ends.iter().map(axis).collect()
    }

    /// Computes the Gram matrix `D·Dᵀ` of the directions.
    fn gram(&self) -> Vec<Vec<f64>> {
        self.directions.iter().map(|a| self.directions.iter().map(|b| dot(a, b)).collect()).collect()
    }

    /// Checks that no direction is nearly a linear combination of the previous ones.
    pub(super) fn check(&self) -> Result<(), Error> {
        let gram = self.gram();
        let (squares, mut reduced) = (gram.clone(), gram);
        for k in 0..reduced.len() {
            // The squared norm of the part of direction k that is orthogonal to the previous
            // directions; the bound corresponds to an angle of 1e-5.
            let orthogonal = reduced[k][k];
            let independent = orthogonal > 1e-10 * squares[k][k] && orthogonal.is_finite();
            if !independent {
                return Err(Error::DependentDirections { n_directions: squares.len() });
            }
            eliminate(&mut reduced, k);
        }
        Ok(())
    }
}

/// Solves `matrix·c = right` for a symmetric positive definite matrix by Gaussian elimination.
fn solve(mut matrix: Vec<Vec<f64>>, right: Vec<f64>) -> Vec<f64> {
    let n = right.len();
    matrix.iter_mut().zip(right).for_each(|(row, right)| row.push(right));
    (0..n).for_each(|k| eliminate(&mut matrix, k));
    let mut c = vec![0.0; n];
    for k in (0..n).rev() {
        let sum: f64 = (k + 1..n).map(|j| matrix[k][j] * c[j]).sum();
        c[k] = (matrix[k][n] - sum) / matrix[k][k];
    }
    c
}

/// Subtracts multiples of row `k` from the rows below to eliminate their column `k`.
fn eliminate(matrix: &mut [Vec<f64>], k: usize) {
    let (above, below) = matrix.split_at_mut(k + 1);
    let pivot = &above[k];
    for row in below {
        let factor = row[k] / pivot[k];
        row.iter_mut().zip(pivot).for_each(|(v, p)| *v -= factor * p);
    }
}

/// Checks that a count is between 1 and `max`.
fn check_count(setting: &str, got: usize, max: usize) -> Result<(), Error> {
    if (1..=max).contains(&got) {
        return Ok(());
    }
    let allowed = if max == 1 { "1".to_owned() } else { format!("from 1 to {max}") };
    Err(Error::Setting { setting: setting.to_owned(), value: got.to_string(), allowed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn projecting_a_point_of_the_plane_gives_its_coordinates() {
        let directions = vec![vec![1.0, 2.0, 0.5, 0.0], vec![0.0, 1.0, -1.0, 3.0], vec![2.0, 0.0, 0.0, 1.0]];
        let plane = Plane::new(vec![1.0, -1.0, 2.0, 0.0], directions).unwrap();
        let projected = plane.project(&plane.point(&[0.25, -3.0, 1.5]));
        for (got, expected) in projected.at.iter().zip([0.25, -3.0, 1.5]) {
            assert!((got - expected).abs() < 1e-13, "{:?}", projected.at);
        }
        assert!(projected.distance < 1e-13);
    }

    #[test]
    fn dependent_directions_are_rejected() {
        let dependent = [
            vec![vec![1.0, 2.0], vec![-2.0, -4.0]],
            vec![vec![1.0, 2.0], vec![0.0, 0.0]],
            vec![vec![f64::NAN, 1.0], vec![1.0, 0.0]],
        ];
        for directions in dependent {
            let error = Plane::new(vec![0.0; 2], directions).unwrap_err();
            assert_eq!(error, Error::DependentDirections { n_directions: 2 });
        }
    }

    #[test]
    fn axes_around_a_path_have_a_margin() {
        let plane = Plane::features(&[0.0, 0.0], &[0, 1]).unwrap();
        let axes = plane.around(&plane.path(&[vec![1.0, 7.0], vec![11.0, 7.0]]), 3).unwrap();
        assert_eq!(axes[0].range(), [0.0, 12.0]);
        assert_eq!(axes[1].range(), [4.5, 9.5]);
        assert!(plane.around(&[], 3).is_err());
    }
}
