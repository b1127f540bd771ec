//! Loss surfaces: the loss over a grid on a plane in parameter space.

use super::axis::{GridAxis, coordinates, n_points};
use super::plane::Plane;
use crate::Error;
use crate::kernel::{Scalar, pool};
use crate::objective::{Evaluate, Reduction};

/// Loss over a grid on a plane in parameter space.
#[derive(Clone, Debug, PartialEq)]
pub struct Surface {
    /// Axes of the grid, one per direction of the plane.
    pub axes: Vec<GridAxis>,
    /// Loss at each point. The first axis varies fastest: with two axes this is a row-major matrix
    /// (n_points of the second axis, n_points of the first axis). Infinite and NaN losses are kept.
    pub loss: Vec<f64>,
}

/// Computes the loss of `objective` over `rows` at every point of the grid with these `axes` on
/// `plane`.
///
/// Each value is identical to that of [`Evaluate::value`] to the last bit, for any number of
/// threads; each thread evaluates one point at a time. Penalties such as weight decay are not
/// included, since they are part of the training settings.
///
/// ```
/// use std::sync::Arc;
///
/// use chainrule::landscape::{GridAxis, Plane, surface};
/// use chainrule::network::{Architecture, Layer, activation::Activation, loss::Loss};
/// use chainrule::objective::{Objective, Reduction};
/// use chainrule::Dataset;
///
/// // y = w·x + b at x = 1 for t = 2: the loss is (w + b - 2)².
/// let line = Architecture::new(1, vec![Layer::new(1, Activation::identity())])?;
/// let data = Dataset::new(vec![1.0], 1, vec![2.0], 1)?;
/// let mut objective = Objective::new(&line, &Loss::squared_error(), Arc::new(data))?;
/// let plane = Plane::parameters(&line, &[0.0, 0.0], ["output.W[0][0]", "output.b[0]"])?;
/// let axes = [GridAxis::new(0.0, 2.0, 3)?, GridAxis::new(0.0, 1.0, 2)?];
/// let surface = surface(&mut objective, &[0], Reduction::Mean, &plane, &axes)?;
/// assert_eq!(surface.loss, [4.0, 1.0, 0.0, 1.0, 0.0, 1.0]);
/// assert_eq!(surface.at(3), [0.0, 1.0]);
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// Returns [`Error::Unreadable`] if samples cannot be read.
///
/// # Panics
/// Panics if the plane is not in the parameter space of the objective, the number of axes differs
/// from the number of directions, or a row is out of range.
pub fn surface<T: Scalar>(
    objective: &mut dyn Evaluate<T>,
    rows: &[u32],
    reduction: Reduction,
    plane: &Plane,
    axes: &[GridAxis],
) -> Result<Surface, Error> {
    assert_eq!(axes.len(), plane.n_dimensions(), "one axis per direction of the plane");
    let n_parameters = objective.architecture().n_parameters();
    let mut loss = vec![Ok(0.0); n_points(axes)];
    let evaluate = |objective: &mut dyn Evaluate<T>, parameters: &mut [T], k| {
        plane.write_point(&coordinates(axes, k)[..axes.len()], parameters);
        objective.value(parameters, rows, reduction)
    };
    let n_threads = pool::threads().min(loss.len());
    let replicas: Option<Vec<_>> = (0..n_threads).map(|_| objective.replicate()).collect();
    if let Some(replicas) = replicas {
        let mut workers: Vec<_> =
            replicas.into_iter().map(|objective| (objective, vec![T::ZERO; n_parameters])).collect();
        pool::run(&mut workers, &mut loss, &|(objective, parameters), k, loss: &mut Result<f64, Error>| {
            *loss = evaluate(&mut **objective, parameters, k);
        });
    } else {
        let mut parameters = vec![T::ZERO; n_parameters];
        loss.iter_mut().enumerate().for_each(|(k, loss)| *loss = evaluate(objective, &mut parameters, k));
    }
    Ok(Surface { axes: axes.to_vec(), loss: loss.into_iter().collect::<Result<_, _>>()? })
}

impl Surface {
    /// Returns the coordinates of the value `loss[k]` on the plane.
    ///
    /// # Panics
    /// Panics if `k` is out of range.
    pub fn at(&self, k: usize) -> Vec<f64> {
        assert!(k < self.loss.len(), "value {k} is out of range for {} values", self.loss.len());
        coordinates(&self.axes, k)[..self.axes.len()].to_vec()
    }

    /// Returns the index of the lowest loss and its value, the first in case of ties; `None` if all
    /// values are NaN.
    pub fn lowest(&self) -> Option<(usize, f64)> {
        let numbers = self.loss.iter().copied().enumerate().filter(|(_, loss)| !loss.is_nan());
        numbers.min_by(|(_, a), (_, b)| a.total_cmp(b))
    }
}
