//! The Gauss-Newton matrix over the samples of a source.

use crate::Error;
use crate::dataset::DataSource;
use crate::kernel::aligned::Aligned;
use crate::kernel::symmetric::{Factor, SymmetricMatrix};
use crate::kernel::{Scalar, TILE};
use crate::network::Architecture;
use crate::network::gauss_newton::{forward_for_factors, gauss_newton_factor};
use crate::network::loss::Loss;
use crate::network::tile::Tile;

/// Number of products that are summed in the precision of the network before they are added to the
/// matrix.
const N_FACTORS: usize = 8;

/// Sets `matrix` to the sum over `rows`. Tiles are added in order, and the outputs of a tile in
/// order.
pub(super) fn gauss_newton<T: Scalar>(
    architecture: &Architecture,
    loss: &Loss,
    data: &dyn DataSource<T>,
    parameters: &[T],
    rows: &[u32],
    tile: &mut Tile<T>,
    matrix: &mut SymmetricMatrix,
) -> Result<(), Error> {
    let curvature = loss.curvature(&architecture.output().activation);
    let curvature = curvature.expect("the loss has a curvature");
    let n_parameters = architecture.n_parameters();
    let n_products = rows.len().div_ceil(TILE) * architecture.n_outputs();
    let factor = |_| Factor { n: 0, v: Aligned::zeros(n_parameters * TILE) };
    let mut factors: Vec<Factor<T>> = (0..N_FACTORS.min(n_products)).map(factor).collect();
    let mut n_used = 0;
    matrix.clear();
    for rows in rows.chunks(TILE) {
        tile.load(data, rows)?;
        forward_for_factors(architecture, parameters, tile);
        for k in 0..architecture.n_outputs() {
            let Factor { n, v } = &mut factors[n_used];
            *n = tile.columns();
            let v = &mut v[..n_parameters * *n];
            gauss_newton_factor(architecture, parameters, curvature, loss.scale(), k, tile, v);
            n_used += 1;
            if n_used == factors.len() {
                matrix.add_products(&factors);
                n_used = 0;
            }
        }
    }
    if n_used > 0 {
        matrix.add_products(&factors[..n_used]);
    }
    Ok(())
}
