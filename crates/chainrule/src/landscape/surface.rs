//! The loss over a plane of parameters, every point of a grid evaluated.

use super::axis::{GridAxis, coordinates, n_points};
use super::plane::Plane;
use crate::kernel::{Scalar, pool};
use crate::objective::{Objective, Reduction};

/// The loss over a grid of a plane of parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Surface {
    /// The grid, an axis for each direction of the plane.
    pub axes: Vec<GridAxis>,
    /// The loss at each point; along the first axis they follow each other, so that with two axes each row of this
    /// matrix (n_points of the second, n_points of the first) has one second coordinate. Where the loss is infinite or
    /// NaN it stays so.
    pub loss: Vec<f64>,
}

/// The loss of `objective` over `rows`, at every point of the grid of `axes` on `plane`.
///
/// Each value is what [`Objective::value`] gives there, to the last bit, whatever the number of threads, each of which
/// takes a point at a time. There is no penalty in it: weight decay and its kin belong to a training.
///
/// ```
/// use chainrule::landscape::{GridAxis, Plane, surface};
/// use chainrule::network::{Architecture, Layer, activation::Activation, loss::Loss};
/// use chainrule::objective::{Objective, Reduction};
/// use chainrule::Dataset;
///
/// // y = w·x + b at x = 1 for t = 2: the loss is (w + b - 2)².
/// let line = Architecture::new(1, vec![Layer::new(1, Activation::identity())])?;
/// let data = Dataset::new(vec![1.0], 1, vec![2.0], 1)?;
/// let objective = Objective::new(&line, &Loss::squared_error(), &data)?;
/// let plane = Plane::parameters(&line, &[0.0, 0.0], ["output.W[0][0]", "output.b[0]"])?;
/// let axes = [GridAxis::new(0.0, 2.0, 3)?, GridAxis::new(0.0, 1.0, 2)?];
/// let surface = surface(&objective, &[0], Reduction::Mean, &plane, &axes);
/// assert_eq!(surface.loss, [4.0, 1.0, 0.0, 1.0, 0.0, 1.0]);
/// assert_eq!(surface.at(3), [0.0, 1.0]);
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Panics
/// When the plane is not one of the objective's parameters, there is not an axis for each of its directions, or a row
/// is not in the data.
pub fn surface<T: Scalar>(
    objective: &Objective<'_, T>,
    rows: &[usize],
    reduction: Reduction,
    plane: &Plane,
    axes: &[GridAxis],
) -> Surface {
    assert_eq!(axes.len(), plane.n_dimensions(), "an axis for each direction of the plane");
    let architecture = objective.architecture();
    let mut loss = vec![0.0; n_points(axes)];
    let worker = || {
        // It finds again what was checked when the objective was made.
        let own =
            Objective::new(architecture, objective.loss(), objective.data()).expect("an objective again");
        (own, vec![T::ZERO; architecture.n_parameters()])
    };
    let mut workers: Vec<_> = (0..pool::threads().min(loss.len())).map(|_| worker()).collect();
    pool::run(&mut workers, &mut loss, &|(objective, parameters), k, loss: &mut f64| {
        plane.write_point(&coordinates(axes, k)[..axes.len()], parameters);
        *loss = objective.value(parameters, rows, reduction);
    });
    Surface { axes: axes.to_vec(), loss }
}

impl Surface {
    /// The coordinates on the plane of the value `loss[k]`.
    ///
    /// # Panics
    /// When there is no such value.
    pub fn at(&self, k: usize) -> Vec<f64> {
        assert!(k < self.loss.len(), "value {k} of {}", self.loss.len());
        coordinates(&self.axes, k)[..self.axes.len()].to_vec()
    }

    /// The place in `loss` of the lowest value and the value, the first of equals; none where all are NaN.
    pub fn lowest(&self) -> Option<(usize, f64)> {
        let numbers = self.loss.iter().copied().enumerate().filter(|(_, loss)| !loss.is_nan());
        numbers.min_by(|(_, a), (_, b)| a.total_cmp(b))
    }
}
