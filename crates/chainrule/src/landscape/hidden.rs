//! What a hidden layer makes of the samples: its activations as points of a space, and the boundaries drawn there.

use super::plane::{Plane, Projected};
use super::principal::dot;
use crate::Error;
use crate::kernel::Scalar;
use crate::metrics::OutputKind;
use crate::network::forward::forward;
use crate::network::tile::{TILE, Tile};
use crate::network::{Architecture, Network};
use crate::registry::nearest;

/// Samples in the space of a hidden layer, as far as it can be drawn: one to three dimensions.
///
/// A layer of few units is drawn as it is, its units' activations the coordinates. Of a layer of more units the plane
/// of the samples' principal directions is drawn, and what is known of it is in [`plane`](Hidden::plane).
///
/// ```
/// use chainrule::landscape::Hidden;
/// use chainrule::network::{Architecture, Layer, Network, activation::Activation};
///
/// // The exclusive or: the hidden units or(x) and and(x) make its classes separable by a line.
/// let layers = vec![Layer::new(2, Activation::relu()), Layer::new(1, Activation::logistic())];
/// let architecture = Architecture::new(2, layers)?;
/// let network = Network::new(architecture, vec![1.0, 1.0, 1.0, 1.0, 0.0, -1.0, 2.0, -4.0, -1.0])?;
/// let x = [0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0];
/// let hidden = Hidden::new(&network, "hidden", &x, 2)?;
/// assert_eq!(hidden.points[1].at, [1.0, 0.0]);
/// assert_eq!(hidden.points[3].at, [2.0, 1.0]);
/// // 2·h₁ - 4·h₂ - 1 = 0 has the class 1 on its positive side.
/// let boundary = &hidden.boundaries[0];
/// assert_eq!((&boundary.w[..], boundary.b), (&[2.0, -4.0][..], -1.0));
/// assert_eq!(hidden.points.iter().map(|p| boundary.side(&p.at) > 0.0).collect::<Vec<_>>(), [false, true, true, false]);
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Hidden {
    /// The layer, counted from 0.
    pub layer: usize,
    /// The plane that is drawn, in the space of the layer's units.
    pub plane: Plane,
    /// Each sample on it; the distance is 0 where all units are drawn.
    pub points: Vec<Projected>,
    /// The next layer's boundaries in the plane's coordinates.
    pub boundaries: Vec<Boundary>,
}

/// A boundary `w·h + b = 0` through the activations h of a layer, or through the coordinates of a plane in their space.
#[derive(Clone, Debug, PartialEq)]
pub struct Boundary {
    /// The unit of the next layer whose side is the positive one.
    pub unit: usize,
    /// The unit whose side is the negative one; none where it is the side on which `unit` is below 0.
    pub against: Option<usize>,
    /// The normal: a coefficient for each unit, or coordinate.
    pub w: Vec<f64>,
    /// The constant.
    pub b: f64,
}

impl Hidden {
    /// The inputs `x` (n, n_inputs) as the hidden layer called `layer` sees them, in at most `n_dimensions`, from 1 to 3.
    ///
    /// # Errors
    /// [`Error::UnknownLayer`] with the nearest name, [`Error::Setting`] where `n_dimensions` is 0 or above 3; and where
    /// principal directions are needed, those of [`Plane::principal`].
    ///
    /// # Panics
    /// When the length of `x` is no multiple of the number of inputs.
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

    /// Where other inputs `x` (n, n_inputs) lie among the samples: the image of a curve or of a grid's lines.
    ///
    /// `network` is to be the one that the samples went through.
    ///
    /// # Panics
    /// When the length of `x` is no multiple of the number of inputs, or the network is of another shape.
    pub fn image<T: Scalar>(&self, network: &Network<T>, x: &[T]) -> Vec<Projected> {
        let n_units = self.plane.origin().len();
        through(network, self.layer, x).chunks_exact(n_units).map(|a| self.plane.project(a)).collect()
    }
}

/// The activations (n, n_units), row-major, of the hidden layer called `layer` for inputs `x` (n, n_inputs) row-major.
///
/// Layers are called as [`Architecture::layer_name`] says.
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
/// [`Error::UnknownLayer`] with the nearest name.
///
/// # Panics
/// When the length of `x` is no multiple of the number of inputs.
pub fn activations<T: Scalar>(network: &Network<T>, layer: &str, x: &[T]) -> Result<Vec<T>, Error> {
    Ok(through(network, find(network.architecture(), layer)?, x))
}

/// The boundaries that the next layer draws through the activations h of the hidden layer called `layer`.
///
/// With `z = h·W + b` of the next layer they are
///
/// - `z_j = 0` for each unit j where it is a hidden layer: where relu begins and the curves of logistic and tanh units
///   have their middle;
/// - `z_k = 0` for each logistic output, the probability of 0.5;
/// - `z_j - z_k = 0` for each pair of classes j < k behind softmax, of which neither needs be the most probable there;
/// - none where outputs are numbers and not probabilities.
///
/// # Errors
/// [`Error::UnknownLayer`] with the nearest name.
pub fn boundaries<T: Scalar>(network: &Network<T>, layer: &str) -> Result<Vec<Boundary>, Error> {
    let architecture = network.architecture();
    let next = find(architecture, layer)? + 1;
    let n_out = architecture.layers()[next].n_units;
    let (w, b) =
        (architecture.weights(next, network.parameters()), architecture.bias(next, network.parameters()));
    let single = |j: usize| Boundary {
        unit: j,
        against: None,
        w: w[j..].iter().step_by(n_out).map(|w| w.to_f64()).collect(),
        b: b.map_or(0.0, |b| b[j].to_f64()),
    };
    let singles: Vec<Boundary> = (0..n_out).map(single).collect();
    let last = next + 1 == architecture.layers().len();
    Ok(match OutputKind::of(&architecture.output().activation) {
        OutputKind::Categorical if last => pairs(&singles),
        OutputKind::Real if last => Vec::new(),
        _ => singles,
    })
}

impl Boundary {
    /// `w·h + b`: above 0 on the side of `unit`, below 0 on the other one.
    ///
    /// # Panics
    /// When `h` is not as long as `w`.
    pub fn side(&self, h: &[f64]) -> f64 {
        assert_eq!(h.len(), self.w.len(), "a coordinate for each coefficient");
        dot(&self.w, h) + self.b
    }

    /// The same boundary where it cuts a plane, in the plane's coordinates: `w'_k = w·direction_k`, `b' = w·origin + b`.
    ///
    /// # Panics
    /// When the plane is not one of the boundary's space.
    pub fn on(&self, plane: &Plane) -> Boundary {
        Boundary {
            w: plane.directions().iter().map(|direction| dot(direction, &self.w)).collect(),
            b: self.side(plane.origin()),
            ..*self
        }
    }
}

/// For each pair of units the boundary at which they are equal.
fn pairs(singles: &[Boundary]) -> Vec<Boundary> {
    let pair = |j: usize, k: usize| Boundary {
        unit: j,
        against: Some(k),
        w: singles[j].w.iter().zip(&singles[k].w).map(|(w_j, w_k)| w_j - w_k).collect(),
        b: singles[j].b - singles[k].b,
    };
    (0..singles.len())
        .flat_map(|j| (j + 1..singles.len()).map(move |k| (j, k)))
        .map(|(j, k)| pair(j, k))
        .collect()
}

/// Layer `l`'s activations (n, n_units) for inputs `x` (n, n_inputs).
fn through<T: Scalar>(network: &Network<T>, l: usize, x: &[T]) -> Vec<T> {
    let architecture = network.architecture();
    let (n_inputs, n_units) = (architecture.n_inputs(), architecture.layers()[l].n_units);
    assert_eq!(x.len() % n_inputs, 0, "x must hold whole rows of {n_inputs} inputs");
    let mut tile = Tile::new(architecture, 0);
    let mut rows = Vec::with_capacity(x.len() / n_inputs * n_units);
    for x in x.chunks(n_inputs * TILE) {
        tile.load_inputs(x, n_inputs);
        forward(architecture, network.parameters(), &mut tile, None);
        let (n, a) = (tile.columns(), tile.a(l));
        rows.extend((0..x.len() / n_inputs * n_units).map(|place| a[place % n_units * n + place / n_units]));
    }
    rows
}

/// The hidden layer called `name`.
fn find(architecture: &Architecture, name: &str) -> Result<usize, Error> {
    let names: Vec<String> =
        (0..architecture.layers().len() - 1).map(|l| architecture.layer_name(l)).collect();
    names.iter().position(|layer| layer == name).ok_or_else(|| Error::UnknownLayer {
        name: name.to_owned(),
        nearest: nearest(name, names.iter().map(String::as_str)).map(str::to_owned),
        choices: names,
    })
}
