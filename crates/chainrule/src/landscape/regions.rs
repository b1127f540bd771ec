//! Decision regions: outputs and predicted classes of a network over a line, plane or space of
//! inputs.

use super::axis::{GridAxis, coordinates, n_points};
use super::plane::Plane;
use crate::kernel::Scalar;
use crate::metrics::{OutputKind, arg_max, is_class_1};
use crate::network::Network;

/// Outputs of a network over a grid of inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Regions<T> {
    /// Axes of the grid, one per direction of the plane.
    pub axes: Vec<GridAxis>,
    /// Inputs (n, n_inputs), row-major; the first axis varies fastest.
    pub x: Vec<T>,
    /// Outputs (n, n_outputs), row-major.
    pub y: Vec<T>,
    /// Interpretation of the outputs.
    pub task: OutputKind,
    /// Number of outputs per point.
    pub n_outputs: usize,
}

/// Computes the outputs of `network` at every point of the grid with these `axes` on a plane in
/// input space.
///
/// For a network with one input, use the line [`Plane::features`]`(&[0.0], &[0])`, and for one with
/// two inputs the plane `Plane::features(&[0.0, 0.0], &[0, 1])`. For more inputs, use a slice in
/// which two inputs vary and the others are fixed, or [`Plane::principal`] of the data; most
/// samples are then not in the plane, and [`Plane::project`] gives their distances.
///
/// ```
/// use chainrule::landscape::{GridAxis, Plane, regions};
/// use chainrule::network::{Architecture, Layer, Network, activation::Activation};
///
/// let architecture = Architecture::new(2, vec![Layer::new(1, Activation::logistic())])?;
/// let network = Network::new(architecture, vec![1.0, 1.0, -1.0])?; // class 1 where x₁ + x₂ >= 1
/// let axes = [GridAxis::new(0.0, 1.0, 2)?, GridAxis::new(0.0, 1.0, 2)?];
/// let regions = regions(&network, &Plane::features(&[0.0, 0.0], &[0, 1])?, &axes);
/// assert_eq!(regions.x, [0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0]);
/// assert_eq!(regions.classes(), Some(vec![0, 1, 1, 1]));
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Panics
/// Panics if the plane is not in the network's input space, or the number of axes differs from the
/// number of directions.
pub fn regions<T: Scalar>(network: &Network<T>, plane: &Plane, axes: &[GridAxis]) -> Regions<T> {
    assert_eq!(axes.len(), plane.n_dimensions(), "one axis per direction of the plane");
    let architecture = network.architecture();
    let n_inputs = architecture.n_inputs();
    let mut x = vec![T::ZERO; n_points(axes) * n_inputs];
    for (k, x) in x.chunks_exact_mut(n_inputs).enumerate() {
        plane.write_point(&coordinates(axes, k)[..axes.len()], x);
    }
    Regions {
        axes: axes.to_vec(),
        y: network.predict(&x),
        x,
        task: OutputKind::of(&architecture.output().activation),
        n_outputs: architecture.n_outputs(),
    }
}

impl<T: Scalar> Regions<T> {
    /// Returns the predicted class at each point: for one probability, class 1 if it is at least
    /// 0.5; for several exclusive classes, the most probable one. Returns `None` for regression and
    /// multilabel outputs.
    pub fn classes(&self) -> Option<Vec<usize>> {
        let class: fn(&[f64]) -> usize = match (self.task, self.n_outputs) {
            (OutputKind::Categorical, _) => arg_max,
            (OutputKind::Binary, 1) => |p| usize::from(is_class_1(p[0])),
            _ => return None,
        };
        let y: Vec<f64> = self.y.iter().map(|y| y.to_f64()).collect();
        Some(y.chunks_exact(self.n_outputs).map(class).collect())
    }
}
