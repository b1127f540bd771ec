//! Derivatives of the outputs with respect to the parameters: the Jacobian, and its products with
//! vectors.

use super::backward::{backward, backward_per_sample};
use super::forward::forward;
use super::network::Network;
use super::tile::Tile;
use crate::kernel::accumulation::Accumulation;
use crate::kernel::{Scalar, TILE};

/// Computes the Jacobian `∂y_j/∂p_k` of the outputs of each sample with respect to the parameters,
/// without dropout.
///
/// `x` is (n, n_inputs), row-major. The result is (n, n_outputs, n_parameters), row-major, with 0
/// for frozen parameters. It takes a forward pass, and one backward pass per output.
///
/// ```
/// use chainrule::network::{Architecture, Layer, Network, activation::Activation, jacobian};
///
/// // y = w·x + b: ∂y/∂w = x and ∂y/∂b = 1.
/// let line = Architecture::new(1, vec![Layer::new(1, Activation::identity())])?;
/// let network = Network::new(line, vec![2.0, 1.0])?;
/// assert_eq!(jacobian(&network, &[3.0, -4.0]), [3.0, 1.0, -4.0, 1.0]);
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Panics
/// Panics if `x` does not consist of whole rows of inputs.
pub fn jacobian<T: Scalar>(network: &Network<T>, x: &[T]) -> Vec<T> {
    let (architecture, parameters) = (network.architecture(), network.parameters());
    let (n_outputs, n_parameters) = (architecture.n_outputs(), architecture.n_parameters());
    let stride = n_outputs * n_parameters;
    let mut tile = Tile::new(architecture, 0);
    let mut derivatives = vec![T::ZERO; n_parameters * TILE];
    let mut jacobian = vec![T::ZERO; n_rows(network, x) * stride];
    let rows = jacobian.chunks_mut((TILE * stride).max(1));
    for (x, jacobian) in x.chunks(TILE * architecture.n_inputs()).zip(rows) {
        tile.load_inputs(x, architecture.n_inputs());
        forward(architecture, parameters, &mut tile, None);
        for j in 0..n_outputs {
            tile.seed(architecture, |_, output| if output == j { T::ONE } else { T::ZERO });
            let n = tile.columns();
            backward_per_sample(architecture, parameters, &mut tile, &mut derivatives[..n_parameters * n]);
            for (s, sample) in jacobian.chunks_exact_mut(stride).enumerate() {
                let row = &mut sample[j * n_parameters..][..n_parameters];
                row.iter_mut().enumerate().for_each(|(p, v)| *v = derivatives[p * n + s]);
            }
        }
    }
    jacobian
}

/// Computes the product of a vector and the Jacobian, `Σ_s Σ_j dy_{s,j}·∂y_{s,j}/∂p`, which is the
/// gradient of any function of the outputs with the derivative `dy`.
///
/// `x` is (n, n_inputs) and `dy` (n, n_outputs), both row-major. The result has the layout of the
/// parameters, with 0 for frozen ones. Tiles of 64 samples are added in order.
///
/// # Panics
/// Panics if `x` does not consist of whole rows of inputs, or if `dy` does not have one row of
/// outputs per row of `x`.
pub fn vector_jacobian_product<T: Scalar>(network: &Network<T>, x: &[T], dy: &[T]) -> Vec<T> {
    let (architecture, parameters) = (network.architecture(), network.parameters());
    let (n_inputs, n_outputs) = (architecture.n_inputs(), architecture.n_outputs());
    let n = n_rows(network, x);
    assert_eq!(dy.len(), n * n_outputs, "dy must contain {n} rows of {n_outputs} derivatives");
    let mut tile = Tile::new(architecture, 0);
    let mut product = vec![T::ZERO; architecture.n_parameters()];
    for (x, dy) in x.chunks(TILE * n_inputs).zip(dy.chunks(TILE * n_outputs)) {
        tile.load_inputs(x, n_inputs);
        forward(architecture, parameters, &mut tile, None);
        tile.seed(architecture, |s, j| dy[s * n_outputs + j]);
        backward(architecture, parameters, &mut tile, None, Accumulation::Add, &mut product);
    }
    product
}

fn n_rows<T: Scalar>(network: &Network<T>, x: &[T]) -> usize {
    let n_inputs = network.architecture().n_inputs();
    let n = x.len() / n_inputs;
    assert_eq!(x.len(), n * n_inputs, "x must contain whole rows of {n_inputs} inputs");
    n
}
