//! Rows of a table turned into columns of a tile.

use fearless_simd::{Simd, dispatch};

use super::Scalar;
use super::level::level;
use super::vector::{MAX_LANES, Vector};

/// Column j of row `rows[s]` of the row-major `values` to `tile[j·n + s]`, n the number of rows; `tile` is overwritten.
///
/// # Panics
/// When a row is not in `values`, or the tile's length is not that of the rows.
pub(crate) fn gather<T: Scalar>(values: &[T], n_columns: usize, rows: &[usize], tile: &mut [T]) {
    (T::kernels().gather)(values, n_columns, rows, tile);
}

/// [`gather`] itself.
pub(super) fn gather_kernel<T: Scalar>(values: &[T], n_columns: usize, rows: &[usize], tile: &mut [T]) {
    assert_eq!(tile.len(), n_columns * rows.len(), "the tile's length");
    if n_columns == 1 {
        for (to, &i) in tile.iter_mut().zip(rows) {
            *to = values[i];
        }
    } else if n_columns == 2 || !rows.len().is_multiple_of(T::WIDTH) {
        for (j, column) in tile.chunks_exact_mut(rows.len()).enumerate() {
            for (to, &i) in column.iter_mut().zip(rows) {
                *to = values[i * n_columns + j];
            }
        }
    } else if n_columns <= 4 {
        dispatch!(level(), simd => squares::<T, _, 4>(simd, values, n_columns, rows, tile));
    } else {
        dispatch!(level(), simd => squares::<T, _, MAX_LANES>(simd, values, n_columns, rows, tile));
    }
}

/// As many rows and columns at a time as a vector has lanes, turned round in registers; at most `C` columns count.
#[inline(always)]
fn squares<T: Scalar, S: Simd, const C: usize>(
    _: S,
    values: &[T],
    n_columns: usize,
    rows: &[usize],
    tile: &mut [T],
) {
    let n = rows.len();
    // Row by row through memory, as far as may be: the processor then fetches ahead.
    for (place, rows) in rows.chunks_exact(T::WIDTH).enumerate() {
        for first in (0..n_columns).step_by(T::WIDTH) {
            // Lanes beyond the last column hold what follows the row, if anything does; nobody looks at them.
            let row = |k: usize| &values[rows[k] * n_columns + first..];
            let square = if rows.iter().all(|&i| i * n_columns + first + T::WIDTH <= values.len()) {
                T::Vector::<S>::transposed(
                    #[inline(always)]
                    |k| T::Vector::<S>::load(row(k)),
                )
            } else {
                T::Vector::<S>::transposed(
                    #[inline(always)]
                    |k| {
                        let row = row(k);
                        T::Vector::<S>::load_some(&row[..row.len().min(T::WIDTH)])
                    },
                )
            };
            let columns = (n_columns - first).min(T::WIDTH);
            for (j, column) in square[..C.min(T::WIDTH)].iter().enumerate() {
                if j < columns {
                    column.store(&mut tile[(first + j) * n + place * T::WIDTH..]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn every_number_finds_its_place<T: Scalar>(n_columns: usize, rows: &[usize]) {
        let values: Vec<T> = (0..50 * n_columns).map(|k| T::from_f64(k as f64)).collect();
        let mut tile = vec![T::ZERO; n_columns * rows.len()];
        gather(&values, n_columns, rows, &mut tile);
        for (s, &i) in rows.iter().enumerate() {
            for j in 0..n_columns {
                assert_eq!(tile[j * rows.len() + s], values[i * n_columns + j]);
            }
        }
    }

    proptest! {
        #[test]
        fn rows_become_columns(
            n_columns in 1..40_usize,
            rows in prop_oneof![prop::collection::vec(0..50_usize, 16), prop::collection::vec(0..50_usize, 1..70)],
        ) {
            every_number_finds_its_place::<f32>(n_columns, &rows);
            every_number_finds_its_place::<f64>(n_columns, &rows);
        }
    }
}
