//! What a network says everywhere: its outputs over a line or a plane of inputs, and the class predicted there.

use super::axis::{GridAxis, coordinates, n_points};
use super::plane::Plane;
use crate::kernel::Scalar;
use crate::metrics::{OutputKind, arg_max, holds};
use crate::network::Network;

/// A network's outputs over a grid of inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Regions<T> {
    /// The grid, an axis for each direction of the plane.
    pub axes: Vec<GridAxis>,
    /// The inputs (n, n_inputs), row-major; along the first axis points follow each other.
    pub x: Vec<T>,
    /// The outputs (n, n_outputs), row-major.
    pub y: Vec<T>,
    /// What the outputs mean.
    pub task: OutputKind,
    /// How many outputs each point has.
    pub n_outputs: usize,
}

/// The outputs of `network` at every point of the grid of `axes` on a plane of its inputs.
///
/// Networks of one input take the line [`Plane::features`]`(&[0.0], &[0])`, of two inputs the plane
/// `Plane::features(&[0.0, 0.0], &[0, 1])`. Of more inputs, take a slice through two of them, the others held, or
/// [`Plane::principal`] of the data: samples are then not on the plane but beside it, and
/// [`Plane::project`] tells how far.
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
/// When the plane is not one of the network's inputs, or there is not an axis for each of its directions.
pub fn regions<T: Scalar>(network: &Network<T>, plane: &Plane, axes: &[GridAxis]) -> Regions<T> {
    assert_eq!(axes.len(), plane.n_dimensions(), "an axis for each direction of the plane");
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
    /// The class predicted at each point: of one probability 1 from 0.5 on, of several exclusive classes the most
    /// probable. None where the outputs are numbers or several labels.
    pub fn classes(&self) -> Option<Vec<usize>> {
        let class: fn(&[f64]) -> usize = match (self.task, self.n_outputs) {
            (OutputKind::Categorical, _) => arg_max,
            (OutputKind::Binary, 1) => |p| usize::from(holds(p[0])),
            _ => return None,
        };
        let y: Vec<f64> = self.y.iter().map(|y| y.to_f64()).collect();
        Some(y.chunks_exact(self.n_outputs).map(class).collect())
    }
}
