//! A plane in a large space: a point of it, directions from there, and what lies on it or beside it.

use super::axis::GridAxis;
use super::principal::{dot, principal};
use crate::kernel::Scalar;
use crate::{Error, dataset};

/// A plane in the space of parameters, inputs or activations: a point and up to three directions.
///
/// The point with the coordinates c is `origin + Σ_k c_k·direction_k`. With one direction it is a line, with three a
/// space. Directions need be neither orthogonal nor of length 1.
///
/// | plane | through | coordinates |
/// |---|---|---|
/// | [`Plane::parameters`] | the trained parameters | the values of two named ones |
/// | [`Plane::trajectory`] | the end of a training's path | along the path's two principal directions |
/// | [`Plane::random`] | the trained parameters | along two random directions, scaled unit by unit |
/// | [`Plane::features`] | a given point of the inputs | the values of the chosen inputs |
/// | [`Plane::principal`] | the mean of some rows | along their principal directions |
///
/// ```
/// use chainrule::landscape::Plane;
///
/// let plane = Plane::new(vec![1.0, 0.0, 5.0], vec![vec![0.0, 2.0, 0.0], vec![1.0, 1.0, 0.0]])?;
/// assert_eq!(plane.point(&[0.5, 3.0]), [4.0, 4.0, 5.0]);
/// let seen = plane.project(&[4.0, 4.0, 6.0]);
/// assert_eq!((seen.at, seen.distance), (vec![0.5, 3.0], 1.0));
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    origin: Vec<f64>,
    directions: Vec<Vec<f64>>,
    explained: Vec<f64>,
}

/// Where a point is seen on a plane, and how far from the plane it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Projected {
    /// The coordinates of the plane's nearest point.
    pub at: Vec<f64>,
    /// The Euclidean distance from there to the point itself.
    pub distance: f64,
}

impl Plane {
    /// The plane through `origin` along each of `directions`, one to three, each as long as `origin`.
    ///
    /// # Errors
    /// [`Error::DependentDirections`] where one is 0 or a combination of the others, or not finite.
    ///
    /// # Panics
    /// When there is no direction or more than three, or one is of another length.
    pub fn new(origin: Vec<f64>, directions: Vec<Vec<f64>>) -> Result<Plane, Error> {
        assert!((1..=3).contains(&directions.len()), "one to three directions, not {}", directions.len());
        assert!(directions.iter().all(|d| d.len() == origin.len()), "directions as long as the origin");
        let plane = Plane { origin, directions, explained: Vec::new() };
        plane.check()?;
        Ok(plane)
    }

    /// The plane through the point `at` of the inputs (or of any space) in which the numbers `chosen`, one to three, vary.
    ///
    /// Coordinates are their values; all other numbers stay as in `at`.
    ///
    /// ```
    /// use chainrule::landscape::Plane;
    ///
    /// let slice = Plane::features(&[5.1, 3.5, 1.4, 0.2], &[2, 3])?; // an iris, its petals let vary
    /// assert_eq!(slice.point(&[4.0, 1.0]), [5.1, 3.5, 4.0, 1.0]);
    /// let error = Plane::features(&[5.1, 3.5], &[1, 2]).unwrap_err();
    /// assert_eq!(error.to_string(), "a chosen feature (counted from 0) is 2, but must be at most 1");
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Setting`] where a feature does not exist or is chosen twice, or none or more than three are chosen.
    pub fn features(at: &[f64], chosen: &[usize]) -> Result<Plane, Error> {
        check_count("the number of chosen features", chosen.len(), 3)?;
        let refused = |feature: &usize, allowed: String| {
            Err(Error::Setting {
                setting: "a chosen feature (counted from 0)".to_owned(),
                value: feature.to_string(),
                allowed,
            })
        };
        for (k, feature) in chosen.iter().enumerate() {
            if *feature >= at.len() {
                return refused(feature, format!("at most {}", at.len().saturating_sub(1)));
            }
            if chosen[..k].contains(feature) {
                return refused(feature, "another one than those before it".to_owned());
            }
        }
        Ok(Plane::through(at.to_vec(), chosen))
    }

    /// The plane through the mean of `rows` (n, n_columns), row-major, along their first `n` principal directions.
    ///
    /// These are the orthonormal directions in which the rows vary most, the eigenvectors of the largest eigenvalues of
    /// their covariance matrix; each has its largest entry above 0. [`explained`](Plane::explained) tells their shares.
    ///
    /// ```
    /// use chainrule::landscape::Plane;
    ///
    /// // Along (3, 4) the rows vary by 5 and -5 around (1, 1), across it not at all.
    /// let plane = Plane::principal(&[4.0, 5.0, -2.0, -3.0], 2, 1)?;
    /// assert_eq!(plane.origin(), [1.0, 1.0]);
    /// assert!((plane.directions()[0][0] - 0.6).abs() < 1e-12);
    /// assert!((plane.explained()[0] - 1.0).abs() < 1e-12);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Setting`] where `n` is 0, above 3 or above the number of columns; where the rows are none, not whole or
    /// not finite, as [`Dataset::new`](crate::Dataset::new).
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

    /// The plane in which the entries `varied` of `origin` vary: coordinates are their values.
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

    /// The plane through `origin` along principal directions with these shares.
    pub(super) fn along(origin: Vec<f64>, directions: Vec<Vec<f64>>, explained: Vec<f64>) -> Plane {
        Plane { origin, directions, explained }
    }

    /// The point whose coordinates are all 0.
    pub fn origin(&self) -> &[f64] {
        &self.origin
    }

    /// The directions, one to three.
    pub fn directions(&self) -> &[Vec<f64>] {
        &self.directions
    }

    /// How many directions it has: 1 for a line, 2 for a plane, 3 for a space.
    pub fn n_dimensions(&self) -> usize {
        self.directions.len()
    }

    /// For principal directions the share of all variation that lies along each, from 0 to 1; else nothing.
    pub fn explained(&self) -> &[f64] {
        &self.explained
    }

    /// The point with the coordinates `at`.
    ///
    /// # Panics
    /// When there are not as many coordinates as directions.
    pub fn point(&self, at: &[f64]) -> Vec<f64> {
        let mut point = vec![0.0; self.origin.len()];
        self.write_point(at, &mut point);
        point
    }

    /// As [`Plane::point`], but written to `point`, which is overwritten; the sums are rounded to its precision.
    pub(super) fn write_point<T: Scalar>(&self, at: &[f64], point: &mut [T]) {
        assert_eq!(at.len(), self.directions.len(), "a coordinate for each direction of the plane");
        assert_eq!(point.len(), self.origin.len(), "a point of the plane's space");
        let entry = |i: usize| {
            let along = at.iter().zip(&self.directions);
            along.fold(self.origin[i], |sum, (c, direction)| sum + c * direction[i])
        };
        if let ([c, d], [first, second]) = (at, &self.directions[..]) {
            // What `entry` does, but in vectors: it is done for every parameter at every point of a surface.
            let entries = self.origin.iter().zip(first).zip(second);
            let sums = entries.map(|((origin, first), second)| origin + c * first + d * second);
            point.iter_mut().zip(sums).for_each(|(to, sum)| *to = T::from_f64(sum));
        } else {
            point.iter_mut().enumerate().for_each(|(i, to)| *to = T::from_f64(entry(i)));
        }
    }

    /// Where `point` is seen on the plane, at the foot of its perpendicular, and how far from the plane it is.
    ///
    /// With the directions as rows of D and `δ = point - origin`, the coordinates solve `(D·Dᵀ)·c = D·δ`.
    ///
    /// # Panics
    /// When `point` is not as long as the plane's origin.
    pub fn project<T: Scalar>(&self, point: &[T]) -> Projected {
        assert_eq!(point.len(), self.origin.len(), "a point of the plane's space");
        let mut rest: Vec<f64> = point.iter().zip(&self.origin).map(|(p, o)| p.to_f64() - o).collect();
        let products = self.directions.iter().map(|direction| dot(direction, &rest)).collect();
        let at = solve(self.gram(), products);
        for (c, direction) in at.iter().zip(&self.directions) {
            rest.iter_mut().zip(direction).for_each(|(rest, d)| *rest -= c * d);
        }
        Projected { at, distance: dot(&rest, &rest).sqrt() }
    }

    /// Where each of `points` is seen on the plane: for one of parameters, the path of a training.
    ///
    /// # Panics
    /// As [`Plane::project`].
    pub fn path<T: Scalar>(&self, points: &[Vec<T>]) -> Vec<Projected> {
        points.iter().map(|point| self.project(point)).collect()
    }

    /// For each direction an axis of `n` points that shows all of `path`, with a tenth of its length beyond either end.
    ///
    /// Where the path does not move along a direction, the axis is half as long as the path's longest side, or 1.
    ///
    /// # Errors
    /// [`Error::Setting`] where `n` is less than 2, or the path is empty or not finite.
    pub fn around(&self, path: &[Projected], n: usize) -> Result<Vec<GridAxis>, Error> {
        let ends: Vec<[f64; 2]> = (0..self.directions.len())
            .map(|k| {
                let at = path.iter().map(|projected| projected.at[k]);
                at.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], c| [low.min(c), high.max(c)])
            })
            .collect();
        let longest = ends.iter().map(|[low, high]| high - low).fold(0.0, f64::max);
        let least = if longest > 0.0 { 0.5 * longest } else { 1.0 };
        let axis = |&[low, high]: &[f64; 2]| {
            let margin = if high == low { least / 2.0 } else { (high - low) / 10.0 };
            GridAxis::new(low - margin, high + margin, n)
        };
        ends.iter().map(axis).collect()
    }

    /// `D·Dᵀ`, the products of each direction with each.
    fn gram(&self) -> Vec<Vec<f64>> {
        self.directions.iter().map(|a| self.directions.iter().map(|b| dot(a, b)).collect()).collect()
    }

    /// Refuses directions of which one is nearly a combination of those before it.
    pub(super) fn check(&self) -> Result<(), Error> {
        let gram = self.gram();
        let (squares, mut reduced) = (gram.clone(), gram);
        for k in 0..reduced.len() {
            // What is left of direction k's square across those before it: an angle of 1e-5, or none.
            let across = reduced[k][k];
            let apart = across > 1e-10 * squares[k][k] && across.is_finite();
            if !apart {
                return Err(Error::DependentDirections { n_directions: squares.len() });
            }
            eliminate(&mut reduced, k);
        }
        Ok(())
    }
}

/// Solves `matrix·c = right` for a symmetric positive matrix, by Gauss's elimination.
fn solve(mut matrix: Vec<Vec<f64>>, right: Vec<f64>) -> Vec<f64> {
    let n = right.len();
    matrix.iter_mut().zip(right).for_each(|(row, right)| row.push(right));
    (0..n).for_each(|k| eliminate(&mut matrix, k));
    let mut c = vec![0.0; n];
    for k in (0..n).rev() {
        let known: f64 = (k + 1..n).map(|j| matrix[k][j] * c[j]).sum();
        c[k] = (matrix[k][n] - known) / matrix[k][k];
    }
    c
}

/// Takes multiples of row `k` off the rows below, so that they begin with one more 0.
fn eliminate(matrix: &mut [Vec<f64>], k: usize) {
    let (above, below) = matrix.split_at_mut(k + 1);
    let pivot = &above[k];
    for row in below {
        let factor = row[k] / pivot[k];
        row.iter_mut().zip(pivot).for_each(|(v, p)| *v -= factor * p);
    }
}

/// Refuses a count of 0 or above `most`.
fn check_count(setting: &str, got: usize, most: usize) -> Result<(), Error> {
    if (1..=most).contains(&got) {
        return Ok(());
    }
    let allowed = if most == 1 { "1".to_owned() } else { format!("from 1 to {most}") };
    Err(Error::Setting { setting: setting.to_owned(), value: got.to_string(), allowed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_of_the_plane_is_found_again() {
        let directions = vec![vec![1.0, 2.0, 0.5, 0.0], vec![0.0, 1.0, -1.0, 3.0], vec![2.0, 0.0, 0.0, 1.0]];
        let plane = Plane::new(vec![1.0, -1.0, 2.0, 0.0], directions).unwrap();
        let seen = plane.project(&plane.point(&[0.25, -3.0, 1.5]));
        for (got, expected) in seen.at.iter().zip([0.25, -3.0, 1.5]) {
            assert!((got - expected).abs() < 1e-13, "{:?}", seen.at);
        }
        assert!(seen.distance < 1e-13);
    }

    #[test]
    fn directions_on_one_line_are_no_plane() {
        let bad = [
            vec![vec![1.0, 2.0], vec![-2.0, -4.0]],
            vec![vec![1.0, 2.0], vec![0.0, 0.0]],
            vec![vec![f64::NAN, 1.0], vec![1.0, 0.0]],
        ];
        for directions in bad {
            let error = Plane::new(vec![0.0; 2], directions).unwrap_err();
            assert_eq!(error, Error::DependentDirections { n_directions: 2 });
        }
    }

    #[test]
    fn a_path_is_shown_with_a_margin() {
        let plane = Plane::features(&[0.0, 0.0], &[0, 1]).unwrap();
        let axes = plane.around(&plane.path(&[vec![1.0, 7.0], vec![11.0, 7.0]]), 3).unwrap();
        assert_eq!(axes[0].range(), [0.0, 12.0]);
        assert_eq!(axes[1].range(), [4.5, 9.5]);
        assert!(plane.around(&[], 3).is_err());
    }
}
