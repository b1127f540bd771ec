//! Hidden representations: the activations of a hidden layer as points in space, and the decision
//! boundaries there.

use super::plane::{Plane, Projected};
use super::principal::dot;
use crate::Error;
use crate::kernel::{Scalar, TILE};
use crate::metrics::OutputKind;
use crate::network::forward::forward;
use crate::network::tile::Tile;
use crate::network::{Architecture, Network};
use crate::registry::nearest;

/// Hidden representation of samples in one to three dimensions.
///
/// If the layer has few enough units, their activations are the coordinates. Otherwise the
/// activations are projected onto their principal directions, given by [`plane`](Hidden::plane).
///
/// ```
/// use chainrule::landscape::Hidden;
/// use chainrule::network::{Architecture, Layer, Network, activation::Activation};
///
/// // XOR: the hidden units OR and AND make the classes linearly separable.
/// let layers = vec![Layer::new(2, Activation::relu()), Layer::new(1, Activation::logistic())];
/// let architecture = Architecture::new(2, layers)?;
/// let network = Network::new(architecture, vec![1.0, 1.0, 1.0, 1.0, 0.0, -1.0, 2.0, -4.0, -1.0])?;
/// let x = [0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0];
/// let hidden = Hidden::new(&network, "hidden", &x, 2)?;
/// assert_eq!(hidden.points[1].at, [1.0, 0.0]);
/// assert_eq!(hidden.points[3].at, [2.0, 1.0]);
/// // Class 1 is on the positive side of 2·h₁ - 4·h₂ - 1 = 0.
/// let boundary = &hidden.boundaries[0];
/// assert_eq!((&boundary.w[..], boundary.b), (&[2.0, -4.0][..], -1.0));
/// assert_eq!(hidden.points.iter().map(|p| boundary.side(&p.at) > 0.0).collect::<Vec<_>>(), [false, true, true, false]);
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Hidden {
    /// Index of the layer, counted from 0.
    pub layer: usize,
    /// Plane in the space of the layer's activations.
    pub plane: Plane,
    /// Projection of each sample onto the plane; the distance is 0 if every unit is a coordinate.
    pub points: Vec<Projected>,
    /// Boundaries of the next layer in the coordinates of the plane.
    pub boundaries: Vec<Boundary>,
}

/// A boundary `w·h + b = 0` in the space of a layer's activations h, or in the coordinates of a
/// plane in that space.
#[derive(Clone, Debug, PartialEq)]
pub struct Boundary {
    /// Unit of the next layer on the positive side of the boundary.
    pub unit: usize,
    /// Unit on the negative side, if the boundary separates two units.
    pub against: Option<usize>,
    /// Normal vector: one coefficient per unit or coordinate.
    pub w: Vec<f64>,
    /// Constant term.
    pub b: f64,
}

impl Hidden {
    /// Computes the representation of the inputs `x` (n, n_inputs) in the hidden layer called
    /// `layer`, in at most `n_dimensions` dimensions, from 1 to 3.
    ///
    /// # Errors
    /// Returns [`Error::UnknownLayer`] with the most similar name if the network has no such hidden
    /// layer, and [`Error::Setting`] if `n_dimensions` is 0 or above 3. If principal directions are
    /// required, also returns the errors of [`Plane::principal`].
    ///
    /// # Panics
    /// Panics if the length of `x` is not a multiple of the number of inputs.
    pub fn new<T: Scalar>(
        network: &Network<T>,
        layer: &str,
        x: &[T],
        n_dimensions: usize,
    ) -> Result<Hidden, Error> {
        let architecture = network.architecture();
        let l = find(architecture, layer)?;
        let n_units = architecture.layers()[l].n_units;
        let a = activations(network, layer, x)?;
        let plane = if (1..=3).contains(&n_dimensions) && n_units <= n_dimensions {
            Plane::through(vec![0.0; n_units], &(0..n_units).collect::<Vec<_>>())
        } else {
            Plane::principal(&a, n_units, n_dimensions)?
        };
        let points = a.chunks_exact(n_units).map(|a| plane.project(a)).collect();
        let boundaries = boundaries(network, layer)?.iter().map(|boundary| boundary.on(&plane)).collect();
        Ok(Hidden { layer: l, plane, points, boundaries })
    }

    /// Projects the representation of other inputs `x` (n, n_inputs) onto the plane, for example
    /// the image of a curve or of grid lines.
    ///
    /// `network` must be the network passed to [`Hidden::new`].
    ///
    /// # Panics
    /// Panics if the length of `x` is not a multiple of the number of inputs, or the network has a
    /// different shape.
    pub fn image<T: Scalar>(&self, network: &Network<T>, x: &[T]) -> Vec<Projected> {
        let n_units = self.plane.origin().len();
        layer_activations(network, self.layer, x)
            .chunks_exact(n_units)
            .map(|a| self.plane.project(a))
            .collect()
    }
}

/// Computes the activations (n, n_units), row-major, of the hidden layer called `layer` for the
/// row-major inputs `x` (n, n_inputs).
///
/// Layers are named as in [`Architecture::layer_name`].
///
/// ```
/// use chainrule::landscape::activations;
/// use chainrule::network::{Architecture, Layer, Network, activation::Activation};
///
/// let layers = vec![Layer::new(2, Activation::relu()).without_bias(), Layer::new(1, Activation::identity())];
/// let network = Network::new(Architecture::new(1, layers)?, vec![1.0, -2.0, 1.0, 1.0, 0.0])?;
/// assert_eq!(activations(&network, "hidden", &[3.0, -1.0])?, [3.0, 0.0, 0.0, 2.0]);
/// let error = activations(&network, "hidden2", &[3.0]).unwrap_err();
/// assert!(error.to_string().contains("did you mean \"hidden\"?"));
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// Returns [`Error::UnknownLayer`] with the most similar name if the network has no such hidden
/// layer.
///
/// # Panics
/// Panics if the length of `x` is not a multiple of the number of inputs.
pub fn activations<T: Scalar>(network: &Network<T>, layer: &str, x: &[T]) -> Result<Vec<T>, Error> {
    Ok(layer_activations(network, find(network.architecture(), layer)?, x))
}

/// Returns the boundaries of the next layer in the space of the activations h of the hidden layer
/// called `layer`.
///
/// With the pre-activations `z = h·W + b` of the next layer, the boundaries are
///
/// - `z_j = 0` for each unit j of a hidden layer: the kink of relu, the centre of logistic and
///   tanh;
/// - `z_k = 0` for each logistic output, at a probability of 0.5;
/// - `z_j - z_k = 0` for each pair of classes j < k of a softmax output; a third class may be more
///   probable there;
/// - none for regression outputs.
///
/// # Errors
/// Returns [`Error::UnknownLayer`] with the most similar name if the network has no such hidden
/// layer.
pub fn boundaries<T: Scalar>(network: &Network<T>, layer: &str) -> Result<Vec<Boundary>, Error> {
    let architecture = network.architecture();
    let next = find(architecture, layer)? + 1;
    let n_out = architecture.layers()[next].n_units;
    let (w, b) =
        (architecture.weights(next, network.parameters()), architecture.bias(next, network.parameters()));
    let unit_boundary = |j: usize| Boundary {
        unit: j,
        against: None,
        w: w[j..].iter().step_by(n_out).map(|w| w.to_f64()).collect(),
        b: b.map_or(0.0, |b| b[j].to_f64()),
    };
    let of_units: Vec<Boundary> = (0..n_out).map(unit_boundary).collect();
    let last = next + 1 == architecture.layers().len();
    Ok(match OutputKind::of(&architecture.output().activation) {
        OutputKind::Categorical if last => pairs(&of_units),
        OutputKind::Real if last => Vec::new(),
        _ => of_units,
    })
}

impl Boundary {
    /// Computes `w·h + b`, which is positive on the side of `unit` and negative on the other side.
    ///
    /// # Panics
    /// Panics if `h` and `w` have different lengths.
    pub fn side(&self, h: &[f64]) -> f64 {
        assert_eq!(h.len(), self.w.len(), "one coordinate per coefficient");
        dot(&self.w, h) + self.b
    }

    /// Returns the intersection of the boundary with a plane, in the coordinates of the plane:
    /// `w'_k = w·direction_k`, `b' = w·origin + b`.
    ///
    /// # Panics
    /// Panics if the plane is in a space of a different dimension.
    pub fn on(&self, plane: &Plane) -> Boundary {
        Boundary {
            w: plane.directions().iter().map(|direction| dot(direction, &self.w)).collect(),
            b: self.side(plane.origin()),
            ..*self
        }
    }
}

/// Returns the boundary at which both units are equal, for each pair of units.
fn pairs(of_units: &[Boundary]) -> Vec<Boundary> {
    let pair = |j: usize, k: usize| Boundary {
        unit: j,
        against: Some(k),
        w: of_units[j].w.iter().zip(&of_units[k].w).map(|(w_j, w_k)| w_j - w_k).collect(),
        b: of_units[j].b - of_units[k].b,
    };
    (0..of_units.len())
        .flat_map(|j| (j + 1..of_units.len()).map(move |k| (j, k)))
        .map(|(j, k)| pair(j, k))
        .collect()
}

/// Computes the activations (n, n_units) of layer `l` for inputs `x` (n, n_inputs).
fn layer_activations<T: Scalar>(network: &Network<T>, l: usize, x: &[T]) -> Vec<T> {
    let architecture = network.architecture();
    let (n_inputs, n_units) = (architecture.n_inputs(), architecture.layers()[l].n_units);
    assert_eq!(x.len() % n_inputs, 0, "x must contain whole rows of {n_inputs} inputs");
    let mut tile = Tile::new(architecture, 0);
    let mut rows = Vec::with_capacity(x.len() / n_inputs * n_units);
    for x in x.chunks(n_inputs * TILE) {
        tile.load_inputs(x, n_inputs);
        forward(architecture, network.parameters(), &mut tile, None);
        let (n, a) = (tile.columns(), tile.a(l));
        rows.extend((0..x.len() / n_inputs * n_units).map(|i| a[i % n_units * n + i / n_units]));
    }
    rows
}

/// Returns the index of the hidden layer called `name`.
fn find(architecture: &Architecture, name: &str) -> Result<usize, Error> {
    let names: Vec<String> =
        (0..architecture.layers().len() - 1).map(|l| architecture.layer_name(l)).collect();
    names.iter().position(|layer| layer == name).ok_or_else(|| Error::UnknownLayer {
        name: name.to_owned(),
        nearest: nearest(name, names.iter().map(String::as_str)).map(str::to_owned),
        choices: names,
    })
}
