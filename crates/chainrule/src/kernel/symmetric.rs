//! Symmetric matrices: sums of products `V·Vᵀ`, and the Cholesky factorization.

// The loop nests in pseudo-code, where v[i] is a row of n numbers:
//
//     for i in 0..order:                       for j in 0..order:
//       for j in 0..=i:                          for i in j..order:
//         for s in 0..n:                           for k in 0..j:
//           g[i][j] += v[i][s] * v[j][s]             l[i][j] -= l[i][k] * l[j][k]
//                                                  l[i][j] /= sqrt(l[j][j])
//
// The code below deviates from them as follows:
//
// 1. The columns are stored in blocks of BLOCK: block J has the rows from the first one of its
//    diagonal block on, each with the numbers of its columns. A block of V·Vᵀ is then the weight
//    gradient of a dense layer whose inputs and derivatives are rows of V, and the sum over k of a
//    block of L is that of a layer whose inputs and derivatives are rows of earlier blocks of L.
//    Both use the kernel of `gradient`.
// 2. Sums over s in the precision of V, over a fixed number of products, are added to the matrix,
//    which is always in f64. The sum over k is computed first and then subtracted.
// 3. RowTask are divided among the threads. Each number is computed by one thread, in one order.

use super::accumulation::Accumulation;
use super::aligned::Aligned;
use super::gradient::{gradients, room_for};
use super::pool::{self, threads};
use super::{Scalar, TILE};
use crate::sum::dot;

/// Number of columns of a block, and the length of the sums over k.
const BLOCK: usize = TILE;

/// Maximum number of rows that a thread processes at a time.
const MAX_ROWS: usize = 256;

/// Number of multiply-adds that justify another thread.
const MIN_OPERATIONS: usize = 1_000_000;

/// A symmetric matrix in f64, of which the lower triangle is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct SymmetricMatrix {
    order: usize,
    /// Blocks of columns, each (order - first column, width), row-major.
    blocks: Vec<Vec<f64>>,
}

impl SymmetricMatrix {
    /// Returns the zero matrix with `order` rows and columns.
    pub fn zeros(order: usize) -> SymmetricMatrix {
        let block = |first| vec![0.0; (order - first) * width(order, first)];
        SymmetricMatrix { order, blocks: (0..order).step_by(BLOCK).map(block).collect() }
    }

    /// Returns the number of bytes of a matrix with `order` rows and columns.
    pub fn n_bytes(order: usize) -> usize {
        let block = |first| (order - first) * width(order, first) * size_of::<f64>();
        (0..order).step_by(BLOCK).map(block).sum()
    }

    /// Returns the number of rows and columns.
    pub fn order(&self) -> usize {
        self.order
    }

    /// Returns the number in row `i` and column `j`.
    ///
    /// # Panics
    /// Panics if an index is out of range.
    pub fn get(&self, i: usize, j: usize) -> f64 {
        let (block, place) = self.place(i.max(j), i.min(j));
        self.blocks[block][place]
    }

    /// Adds `v` to the number in row and column `i` of the diagonal.
    ///
    /// # Panics
    /// Panics if the index is out of range.
    pub fn add_to_diagonal(&mut self, i: usize, v: f64) {
        let (block, place) = self.place(i, i);
        self.blocks[block][place] += v;
    }

    /// Sets all numbers to 0.
    pub fn clear(&mut self) {
        self.blocks.iter_mut().for_each(|block| block.fill(0.0));
    }

    /// Multiplies all numbers by `factor`.
    pub fn scale(&mut self, factor: f64) {
        self.blocks.iter_mut().flatten().for_each(|v| *v *= factor);
    }

    /// Adds `Σ V·Vᵀ` over all `products`.
    pub(crate) fn add_products<T: Scalar>(&mut self, products: &[Factor<T>]) {
        let order = self.order;
        let n_operations: usize = products.iter().map(|factor| factor.n * order * order / 2).sum();
        let mut tasks: Vec<RowTask<'_>> = Vec::new();
        for (k, block) in self.blocks.iter_mut().enumerate() {
            let first = k * BLOCK;
            tasks.extend(row_tasks(first, width(order, first), block));
        }
        let n_workers = n_threads(n_operations).min(tasks.len());
        let mut workers: Vec<Workspace<T>> = (0..n_workers).map(|_| Workspace::new(&tasks)).collect();
        pool::run(&mut workers, &mut tasks, &|workspace: &mut Workspace<T>, _, rows| {
            let (first, width) = (rows.first_column, rows.width);
            let n_rows = rows.numbers.len() / width;
            let sums = &mut workspace.sums[..rows.numbers.len()];
            let mut accumulation = Accumulation::Overwrite;
            for Factor { n, v } in products {
                let (a, dz) = (&v[rows.first_row * n..][..n_rows * n], &v[first * n..][..width * n]);
                gradients(*n, a, dz, &mut workspace.scratch, accumulation, [sums, &mut []]);
                accumulation = Accumulation::Add;
            }
            rows.numbers.iter_mut().zip(sums).for_each(|(number, sum)| *number += sum.to_f64());
        });
    }

    /// Returns the block of column `j` and the place of row `i` in it, which must not be above the
    /// diagonal.
    fn place(&self, i: usize, j: usize) -> (usize, usize) {
        let (block, first) = (j / BLOCK, j / BLOCK * BLOCK);
        (block, (i - first) * width(self.order, first) + j - first)
    }
}

/// A matrix V (order, n), row-major, of a product `V·Vᵀ`. `n` is a multiple of the vector width, at
/// most 64.
#[derive(Debug)]
pub(crate) struct Factor<T> {
    pub(crate) n: usize,
    pub(crate) v: Aligned<T>,
}

/// The Cholesky factor L of a symmetric matrix `A = L·Lᵀ`.
#[derive(Clone, Debug)]
pub(crate) struct Cholesky {
    lower: SymmetricMatrix,
}

impl Cholesky {
    /// Allocates the factor of a matrix with `order` rows and columns.
    pub(crate) fn new(order: usize) -> Cholesky {
        Cholesky { lower: SymmetricMatrix::zeros(order) }
    }

    /// Factorizes `matrix + damping·I`. Returns whether it is positive definite; otherwise the
    /// factor is undefined.
    #[must_use]
    pub(crate) fn factorize(&mut self, matrix: &SymmetricMatrix, damping: f64) -> bool {
        let order = matrix.order;
        assert_eq!(self.lower.order, order, "number of rows");
        for (to, from) in self.lower.blocks.iter_mut().zip(&matrix.blocks) {
            to.copy_from_slice(from);
        }
        (0..order).for_each(|i| self.lower.add_to_diagonal(i, damping));
        for k in 0..self.lower.blocks.len() {
            let (before, rest) = self.lower.blocks.split_at_mut(k);
            let (first, block) = (k * BLOCK, &mut rest[0]);
            let width = width(order, first);
            subtract_products(before, first, width, block);
            let (diagonal, below) = block.split_at_mut(width * width);
            if !factorize_diagonal(width, diagonal) {
                return false;
            }
            let mut tasks: Vec<RowTask<'_>> = row_tasks(first, width, below).collect();
            pool::each(
                n_threads(below_operations(order, first)),
                &mut tasks,
                &|_, rows: &mut RowTask<'_>| {
                    for row in rows.numbers.chunks_exact_mut(width) {
                        divide_by_transposed(diagonal, row);
                    }
                },
            );
        }
        true
    }

    /// Replaces `b` by the solution x of `L·Lᵀ·x = b`.
    pub(crate) fn solve(&self, b: &mut [f64]) {
        let order = self.lower.order;
        assert_eq!(b.len(), order, "number of rows");
        for (k, block) in self.lower.blocks.iter().enumerate() {
            let first = k * BLOCK;
            let (diagonal, below) = block.split_at(width(order, first).pow(2));
            let (b, b_below) = b[first..].split_at_mut(width(order, first));
            divide_by_transposed(diagonal, b);
            for (row, b_below) in below.chunks_exact(b.len()).zip(b_below) {
                *b_below -= dot(row, b);
            }
        }
        for (k, block) in self.lower.blocks.iter().enumerate().rev() {
            let first = k * BLOCK;
            let width = width(order, first);
            let (diagonal, below) = block.split_at(width * width);
            let (x, x_below) = b[first..].split_at_mut(width);
            for (row, &x_below) in below.chunks_exact(width).zip(&*x_below) {
                subtract(x_below, row, x);
            }
            for i in (0..width).rev() {
                let row = &diagonal[i * width..];
                x[i] /= row[i];
                let (x_above, x_i) = x.split_at_mut(i);
                subtract(x_i[0], &row[..i], x_above);
            }
        }
    }
}

/// Subtracts `Σ_k l_ik·l_jk` over the columns k of all blocks before that of column `first`.
fn subtract_products(before: &[Vec<f64>], first: usize, width: usize, block: &mut [f64]) {
    if before.is_empty() {
        return;
    }
    let n_operations = first * block.len();
    let mut tasks: Vec<RowTask<'_>> = row_tasks(first, width, block).collect();
    let n_workers = n_threads(n_operations).min(tasks.len());
    let mut workers: Vec<Workspace<f64>> = (0..n_workers).map(|_| Workspace::new(&tasks)).collect();
    pool::run(&mut workers, &mut tasks, &|workspace: &mut Workspace<f64>, _, rows| {
        let n_rows = rows.numbers.len() / width;
        let sums = &mut workspace.sums[..rows.numbers.len()];
        let mut accumulation = Accumulation::Overwrite;
        for (k, l) in before.iter().enumerate() {
            let row = |row: usize| &l[(row - k * BLOCK) * BLOCK..];
            let (a, dz) = (&row(rows.first_row)[..n_rows * BLOCK], &row(first)[..width * BLOCK]);
            gradients(BLOCK, a, dz, &mut workspace.scratch, accumulation, [sums, &mut []]);
            accumulation = Accumulation::Add;
        }
        rows.numbers.iter_mut().zip(sums).for_each(|(number, sum)| *number -= *sum);
    });
}

/// Factorizes a diagonal block in place. Numbers above the diagonal are left unchanged.
fn factorize_diagonal(width: usize, block: &mut [f64]) -> bool {
    for i in 0..width {
        let (above, row) = block.split_at_mut(i * width);
        let row = &mut row[..=i];
        let (row_before, pivot) = row.split_at_mut(i);
        divide_by_transposed_rows(above.chunks_exact(width), row_before);
        let square = pivot[0] - dot(row_before, row_before);
        if !(square > 0.0 && square.is_finite()) {
            return false;
        }
        pivot[0] = square.sqrt();
    }
    true
}

/// Replaces `b` by the solution x of `x·Lᵀ = b`, or of `L·x = b`, with the factor L of a diagonal
/// block.
fn divide_by_transposed(diagonal: &[f64], b: &mut [f64]) {
    divide_by_transposed_rows(diagonal.chunks_exact(b.len()), b);
}

fn divide_by_transposed_rows<'l>(rows: impl Iterator<Item = &'l [f64]>, b: &mut [f64]) {
    for (j, row) in rows.enumerate() {
        b[j] = (b[j] - dot(&b[..j], &row[..j])) / row[j];
    }
}

/// Subtracts `factor·v` from `from`.
fn subtract(factor: f64, v: &[f64], from: &mut [f64]) {
    from.iter_mut().zip(v).for_each(|(from, v)| *from -= factor * v);
}

/// RowTask of a block of columns that one thread processes.
struct RowTask<'m> {
    first_column: usize,
    width: usize,
    first_row: usize,
    numbers: &'m mut [f64],
}

/// Divides the last rows of a block of columns into tasks.
fn row_tasks(first_column: usize, width: usize, numbers: &mut [f64]) -> impl Iterator<Item = RowTask<'_>> {
    numbers.chunks_mut(MAX_ROWS * width).enumerate().map(move |(k, numbers)| {
        let first_row = first_column + k * MAX_ROWS;
        RowTask { first_column, width, first_row, numbers }
    })
}

/// Buffers of a thread for the products of some rows.
struct Workspace<T> {
    scratch: Vec<T>,
    sums: Vec<T>,
}

impl<T: Scalar> Workspace<T> {
    /// Allocates buffers for the largest of the tasks.
    fn new(tasks: &[RowTask<'_>]) -> Workspace<T> {
        let n_sums = tasks.iter().map(|rows| rows.numbers.len()).max().unwrap_or(0);
        Workspace { scratch: vec![T::ZERO; room_for::<T>(BLOCK)], sums: vec![T::ZERO; n_sums] }
    }
}

/// Returns the number of columns of the block that begins with column `first`.
fn width(order: usize, first: usize) -> usize {
    BLOCK.min(order - first)
}

fn below_operations(order: usize, first: usize) -> usize {
    (order - first) * BLOCK * BLOCK / 2
}

fn n_threads(n_operations: usize) -> usize {
    threads().min(n_operations / MIN_OPERATIONS).max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::random::RandomState;

    /// Draws factors of `order` rows with different numbers of columns.
    fn factors<T: Scalar>(order: usize, n_factors: usize, seed: u32) -> Vec<Factor<T>> {
        let mut random = RandomState::new(seed);
        let mut factor = |k: usize| {
            let n = T::WIDTH * (1 + k % (TILE / T::WIDTH));
            let mut v = Aligned::zeros(order * n);
            v.iter_mut().for_each(|v| *v = T::from_f64(random.standard_normal()));
            Factor { n, v }
        };
        (0..n_factors).map(&mut factor).collect()
    }

    fn check<T: Scalar>(order: usize, n_factors: usize, seed: u32, tolerance: f64) {
        let factors = factors::<T>(order, n_factors, seed);
        let mut matrix = SymmetricMatrix::zeros(order);
        matrix.add_products(&factors[..n_factors / 2]);
        matrix.add_products(&factors[n_factors / 2..]);
        for i in 0..order {
            for j in 0..order {
                let product = |Factor { n, v }: &Factor<T>| dot(&v[i * n..][..*n], &v[j * n..][..*n]);
                let expected: f64 = factors.iter().map(product).sum();
                let got = matrix.get(i, j);
                assert!((got - expected).abs() <= tolerance * 1e3, "({i}, {j}): {got} {expected}");
            }
        }
        let mut cholesky = Cholesky::new(order);
        assert!(cholesky.factorize(&matrix, 2.0));
        let x: Vec<f64> = (0..order).map(|i| (i % 7) as f64 - 3.0).collect();
        let product = |i: usize| (0..order).map(|j| matrix.get(i, j) * x[j]).sum::<f64>() + 2.0 * x[i];
        let mut b: Vec<f64> = (0..order).map(product).collect();
        cholesky.solve(&mut b);
        for (got, expected) in b.iter().zip(&x) {
            assert!((got - expected).abs() < 1e-9, "{got} {expected}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn products_and_solutions_agree_with_plain_sums(order in 1usize..=200, n_factors in 2usize..6, seed: u32) {
            check::<f32>(order, n_factors, seed, 1e-6);
            check::<f64>(order, n_factors, seed, 1e-14);
        }
    }

    #[test]
    fn a_large_matrix_has_the_same_bits_on_any_number_of_threads() {
        // Several tasks and enough operations for several threads.
        let order = 600;
        let factors = factors::<f64>(order, 5, 7);
        let results = [1, 3].map(|n_threads| {
            crate::set_threads(n_threads);
            let mut matrix = SymmetricMatrix::zeros(order);
            matrix.add_products(&factors);
            let mut cholesky = Cholesky::new(order);
            assert!(cholesky.factorize(&matrix, 1.0));
            crate::set_threads(0);
            (matrix, cholesky.lower)
        });
        assert_eq!(results[0], results[1]);
    }

    #[test]
    fn matrices_that_are_not_positive_definite_are_reported() {
        for (order, entry) in [(1, -1.0), (70, 0.0), (70, f64::NAN), (3, f64::INFINITY)] {
            let mut matrix = SymmetricMatrix::zeros(order);
            (0..order).for_each(|i| matrix.add_to_diagonal(i, if i + 1 == order { entry } else { 1.0 }));
            assert!(!Cholesky::new(order).factorize(&matrix, 0.0), "{order}, {entry}");
        }
    }

    #[test]
    fn the_size_is_that_of_the_stored_numbers() {
        for order in [1, 64, 65, 300] {
            let matrix = SymmetricMatrix::zeros(order);
            let n_numbers: usize = matrix.blocks.iter().map(Vec::len).sum();
            assert_eq!(SymmetricMatrix::n_bytes(order), 8 * n_numbers);
        }
    }
}
