//! Copying table rows into the columns of a tile, and back.

// The loop nest in pseudo-code, with n the number of rows:
//
//     for s in 0..n:
//       for j in 0..n_columns:
//         tile[j*n + s] = values[rows[s]*n_columns + j]
//
// The code below deviates from it as follows:
//
// 1. Squares of WIDTH rows and WIDTH columns are transposed in registers, so that memory is read
//    and written in whole vectors. The outer loop runs over rows because the hardware prefetcher
//    follows reads along a row.
// 2. A square with a few columns would be mostly padding. Up to four columns of consecutive rows are
//    therefore copied by loops of a constant stride, which the compiler vectorises. For other rows,
//    one or two columns are copied by the plain loops, which are also used if n is not a multiple of
//    WIDTH, because there are no partial squares.
// 3. With three or four columns, a square stores only its first four columns (the constant C), so
//    that the compiler drops the shuffles that produce the others.

use fearless_simd::{Simd, dispatch};

use super::Scalar;
use super::level::level;
use super::scalar::{MAX_LANES, Vector};
use super::square::transposed;

/// Copies column j of row `rows[s]` of the row-major `values` to `tile[j·n + s]`, where n is the
/// number of rows; `tile` is overwritten.
///
/// # Panics
/// Panics if a row is out of range or the tile has the wrong length.
pub(crate) fn gather<T: Scalar>(values: &[T], n_columns: usize, rows: &[u32], tile: &mut [T]) {
    (T::kernels().gather)(values, n_columns, rows, tile);
}

/// Copies each column of a tile to a row of the row-major `values`, converted: sets
/// `values[s·n_rows + j]` to `tile[j·n + s]`, where the tile has n columns and `n_rows` rows.
///
/// `values` is overwritten. It may have fewer rows than the tile has columns, whose padding is then
/// not copied.
pub(crate) fn copy_columns<T: Copy, U>(tile: &[T], n: usize, values: &mut [U], convert: impl Fn(T) -> U) {
    let n_rows = tile.len() / n;
    if n_rows == 1 {
        // A loop over contiguous numbers is vectorised.
        for (value, &v) in values.iter_mut().zip(tile) {
            *value = convert(v);
        }
        return;
    }
    for (j, row) in tile.chunks_exact(n).enumerate() {
        for (value, &v) in values.iter_mut().skip(j).step_by(n_rows).zip(row) {
            *value = convert(v);
        }
    }
}

/// Implements [`gather`].
pub(super) fn gather_kernel<T: Scalar>(values: &[T], n_columns: usize, rows: &[u32], tile: &mut [T]) {
    assert_eq!(tile.len(), n_columns * rows.len(), "length of the tile");
    if n_columns <= 4
        && let Some(from) = first_of_consecutive(rows)
    {
        let values = &values[from * n_columns..][..tile.len()];
        dispatch!(level(), _simd => copy_consecutive(values, tile, rows.len()));
    } else if n_columns == 1 {
        for (to, &i) in tile.iter_mut().zip(rows) {
            *to = values[i as usize];
        }
    } else if n_columns == 2 || !rows.len().is_multiple_of(T::WIDTH) {
        for (j, column) in tile.chunks_exact_mut(rows.len()).enumerate() {
            for (to, &i) in column.iter_mut().zip(rows) {
                *to = values[i as usize * n_columns + j];
            }
        }
    } else if n_columns <= 4 {
        dispatch!(level(), simd => transpose_squares::<T, _, 4>(simd, values, n_columns, rows, tile));
    } else {
        dispatch!(level(), simd => transpose_squares::<T, _, MAX_LANES>(simd, values, n_columns, rows, tile));
    }
}

/// Returns the first row if each row is followed by the next one.
fn first_of_consecutive(rows: &[u32]) -> Option<usize> {
    let first = *rows.first()?;
    // There is no early exit because it would prevent vectorisation.
    let differences = rows.iter().zip(first..).fold(0, |differences, (row, next)| differences | (row ^ next));
    (differences == 0).then_some(first as usize)
}

/// Copies the columns, at most four, of the `n` rows of `values` to `tile`.
#[inline(always)]
fn copy_consecutive<T: Scalar>(values: &[T], tile: &mut [T], n: usize) {
    match tile.len() / n {
        1 => tile.copy_from_slice(values),
        2 => columns::<T, 2>(values, tile, n),
        3 => columns::<T, 3>(values, tile, n),
        _ => columns::<T, 4>(values, tile, n),
    }
}

/// Copies the `C` columns of `values` to `tile`.
#[inline(always)]
fn columns<T: Scalar, const C: usize>(values: &[T], tile: &mut [T], n: usize) {
    let rows = &values.as_chunks::<C>().0[..n];
    for (j, column) in tile.chunks_exact_mut(n).enumerate().take(C) {
        for (to, row) in column.iter_mut().zip(rows) {
            *to = row[j];
        }
    }
}

/// Transposes squares of as many rows and columns as a vector has lanes, and stores at most `C`
/// columns of each.
#[inline(always)]
fn transpose_squares<T: Scalar, S: Simd, const C: usize>(
    _: S,
    values: &[T],
    n_columns: usize,
    rows: &[u32],
    tile: &mut [T],
) {
    let n = rows.len();
    for (block, rows) in rows.chunks_exact(T::WIDTH).enumerate() {
        for first in (0..n_columns).step_by(T::WIDTH) {
            // Lanes beyond the last column contain the numbers after the row, if any; they are not
            // stored.
            let row = |k: usize| &values[rows[k] as usize * n_columns + first..];
            let square = if rows.iter().all(|&i| i as usize * n_columns + first + T::WIDTH <= values.len()) {
                transposed::<T::Vector<S>>(
                    #[inline(always)]
                    |k| T::Vector::<S>::load(row(k)),
                )
            } else {
                transposed::<T::Vector<S>>(
                    #[inline(always)]
                    |k| {
                        let row = row(k);
                        T::Vector::<S>::load_some(&row[..row.len().min(T::WIDTH)])
                    },
                )
            };
            let n_stored = (n_columns - first).min(T::WIDTH);
            for (j, column) in square[..C.min(T::WIDTH)].iter().enumerate() {
                if j < n_stored {
                    column.store(&mut tile[(first + j) * n + block * T::WIDTH..]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn assert_transposed<T: Scalar>(n_columns: usize, rows: &[u32]) {
        let values: Vec<T> = (0..50 * n_columns).map(|k| T::from_f64(k as f64)).collect();
        let mut tile = vec![T::ZERO; n_columns * rows.len()];
        gather(&values, n_columns, rows, &mut tile);
        for (s, &i) in rows.iter().enumerate() {
            for j in 0..n_columns {
                assert_eq!(tile[j * rows.len() + s], values[i as usize * n_columns + j]);
            }
        }
        if let Some((_, padded)) = tile.chunks_exact(rows.len()).next().and_then(<[T]>::split_last) {
            let mut back = vec![-1.0; padded.len() * n_columns];
            copy_columns(&tile, rows.len(), &mut back, T::to_f64);
            for (row, &i) in back.chunks_exact(n_columns).zip(rows) {
                let expected = &values[i as usize * n_columns..][..n_columns];
                assert!(row.iter().zip(expected).all(|(v, expected)| *v == expected.to_f64()));
            }
        }
    }

    proptest! {
        #[test]
        fn rows_become_columns(
            n_columns in 1..40_usize,
            rows in prop_oneof![
                prop::collection::vec(0..50_u32, 16),
                prop::collection::vec(0..50_u32, 1..70),
                (0..25_u32, 1..25_u32).prop_map(|(first, n)| (first..first + n).collect()),
            ],
        ) {
            assert_transposed::<f32>(n_columns, &rows);
            assert_transposed::<f64>(n_columns, &rows);
        }
    }
}
