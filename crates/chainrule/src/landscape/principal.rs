//! Principal directions of the rows of a table.
//!
//! Block power iteration (orthogonal iteration) with the Rayleigh-Ritz method (Golub and Van Loan,
//! Matrix Computations, 8.2) on the matrix C = Σ_s d_s·d_sᵀ. In each iteration, a block of
//! orthonormal vectors Q is multiplied by C, the eigenvectors of the small matrix QᵀCQ give the
//! best approximations within the block, and the orthonormalised products are the next block. An
//! eigenvector converges at the rate of the ratio of the first eigenvalue beyond the block to its
//! own eigenvalue. C is formed once, before the iterations, if there are more rows than columns.
//! For an optimisation path, with few rows and many columns, C would be too large and is not
//! formed.

use crate::random::RandomState;

/// Number of vectors in a block; larger than the number of requested directions, for faster
/// convergence.
const BLOCK: usize = 16;

/// Maximum number of iterations, after which unconverged directions explain nearly the same
/// variation.
const MAX_ITERATIONS: usize = 300;

/// Computes the first `n` principal directions of a table with `n_rows` rows, and the fraction of
/// `Σ d²` along each.
///
/// `row(s, to)` overwrites `to` with the `n_columns` entries of row s, relative to the origin. The
/// directions are orthonormal, with signs chosen such that the entry of largest magnitude is
/// positive. If the rows vary in fewer than `n` directions, the remaining ones are arbitrary.
pub(super) fn principal(
    n_rows: usize,
    n_columns: usize,
    row: impl Fn(usize, &mut [f64]),
    n: usize,
) -> (Vec<Vec<f64>>, Vec<f64>) {
    let mut d = vec![0.0; n_columns];
    let mut total = 0.0;
    // The upper triangle of C, row by row, each from the diagonal on.
    let mut c: Vec<Vec<f64>> =
        (0..if n_rows > n_columns { n_columns } else { 0 }).map(|i| vec![0.0; n_columns - i]).collect();
    for s in 0..n_rows {
        row(s, &mut d);
        total += dot(&d, &d);
        for (i, c) in c.iter_mut().enumerate() {
            add(d[i], &d[i..], c);
        }
    }
    let mut random = RandomState::new(0);
    let mut q = vec![vec![0.0; n_columns]; BLOCK.min(n_columns)];
    let mut values = vec![0.0; q.len()];
    orthonormalise(&mut q, &mut random);
    for _ in 0..MAX_ITERATIONS {
        // Y = C·Q, from the rows of C, or from the rows of the table if C is not formed.
        let mut y = vec![vec![0.0; n_columns]; q.len()];
        for (q, y) in q.iter().zip(&mut y) {
            for (i, c) in c.iter().enumerate() {
                y[i] += dot(c, &q[i..]);
                add(q[i], &c[1..], &mut y[i + 1..]);
            }
        }
        for s in 0..if c.is_empty() { n_rows } else { 0 } {
            row(s, &mut d);
            for (q, y) in q.iter().zip(&mut y) {
                add(dot(&d, q), &d, y);
            }
        }
        let small = q.iter().map(|q| y.iter().map(|y| dot(q, y)).collect()).collect();
        let (eigenvalues, eigenvectors) = eigen(small);
        (q, y) = (combine(&eigenvectors, &q), combine(&eigenvectors, &y));
        values = eigenvalues;
        let residual = |k: usize| {
            let mut rest = y[k].clone();
            add(-values[k], &q[k], &mut rest);
            dot(&rest, &rest).sqrt()
        };
        if (0..n).all(|k| residual(k) <= 1e-13 * values[0]) {
            break;
        }
        q = y;
        orthonormalise(&mut q, &mut random);
    }
    q.truncate(n);
    for q in &mut q {
        let largest =
            q.iter().fold(0.0, |largest: f64, v| if v.abs() > largest.abs() { *v } else { largest });
        q.iter_mut().for_each(|v| *v *= largest.signum());
    }
    let fraction = |v: &f64| if total > 0.0 { (v / total).clamp(0.0, 1.0) } else { 0.0 };
    (q, values[..n].iter().map(fraction).collect())
}

/// Computes `Σ x·y` with eight partial sums, so that the loop can be vectorised.
pub(super) fn dot(x: &[f64], y: &[f64]) -> f64 {
    let ((x, x_rest), (y, y_rest)) = (x.as_chunks::<8>(), y.as_chunks::<8>());
    let mut sums = [0.0; 8];
    for (x, y) in x.iter().zip(y) {
        for ((sum, x), y) in sums.iter_mut().zip(x).zip(y) {
            *sum += x * y;
        }
    }
    let rest: f64 = x_rest.iter().zip(y_rest).map(|(x, y)| x * y).sum();
    sums.iter().sum::<f64>() + rest
}

/// Computes `y ← y + factor·x`.
fn add(factor: f64, x: &[f64], y: &mut [f64]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y += factor * x);
}

/// Computes the linear combinations `Σ_j coefficients_k[j]·vectors_j` for each k.
fn combine(coefficients: &[Vec<f64>], vectors: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let combined = |coefficients: &Vec<f64>| {
        let mut sum = vec![0.0; vectors[0].len()];
        coefficients.iter().zip(vectors).for_each(|(factor, vector)| add(*factor, vector, &mut sum));
        sum
    };
    coefficients.iter().map(combined).collect()
}

/// Orthonormalises the vectors in order; a vector that vanishes is replaced with a random one.
fn orthonormalise(vectors: &mut [Vec<f64>], random: &mut RandomState) {
    for k in 0..vectors.len() {
        let (before, rest) = vectors.split_at_mut(k);
        let vector = &mut rest[0];
        loop {
            if !normalise(vector) {
                vector.fill_with(|| random.uniform(-1.0, 1.0));
                normalise(vector);
            }
            for before in &*before {
                add(-dot(before, vector), before, vector);
            }
            // A small remainder is dominated by rounding errors, so it is orthogonalised again.
            let accurate = dot(vector, vector) > 0.5;
            if normalise(vector) && accurate {
                break;
            }
        }
    }
}

/// Scales the vector to length 1; returns false and leaves it unchanged if its norm is not a normal
/// number.
fn normalise(vector: &mut [f64]) -> bool {
    let length = dot(vector, vector).sqrt();
    if !length.is_normal() {
        return false;
    }
    vector.iter_mut().for_each(|v| *v /= length);
    true
}

/// Computes the eigenvalues of a symmetric matrix in descending order, with their eigenvectors, by
/// Jacobi rotations.
fn eigen(mut a: Vec<Vec<f64>>) -> (Vec<f64>, Vec<Vec<f64>>) {
    let n = a.len();
    // Row k becomes eigenvector k.
    let mut v: Vec<Vec<f64>> =
        (0..n).map(|i| (0..n).map(|j| if i == j { 1.0 } else { 0.0 }).collect()).collect();
    for _sweep in 0..60 {
        let square = |keep: fn(usize, usize) -> bool| -> f64 {
            (0..n)
                .flat_map(|i| (0..n).map(move |j| (i, j)))
                .filter(|&(i, j)| keep(i, j))
                .map(|(i, j)| a[i][j] * a[i][j])
                .sum()
        };
        if square(|i, j| i < j) <= 1e-34 * square(|i, j| i == j) {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                if a[p][q] == 0.0 {
                    continue;
                }
                // The tangent of the smaller of the two rotation angles that make a_pq vanish.
                let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
                let tangent = 1.0_f64.copysign(theta) / (theta.abs() + (theta * theta + 1.0).sqrt());
                let cosine = 1.0 / (tangent * tangent + 1.0).sqrt();
                let sine = tangent * cosine;
                let rotate = |x: &mut f64, y: &mut f64| {
                    (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
                };
                for row in &mut a {
                    let (before, rest) = row.split_at_mut(q);
                    rotate(&mut before[p], &mut rest[0]);
                }
                for matrix in [&mut a, &mut v] {
                    let (before, rest) = matrix.split_at_mut(q);
                    before[p].iter_mut().zip(&mut rest[0]).for_each(|(x, y)| rotate(x, y));
                }
            }
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| a[j][j].total_cmp(&a[i][i]));
    order.into_iter().map(|k| (a[k][k], std::mem::take(&mut v[k]))).unzip()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Row s of the table is `scale_s` times the unit vector s of a rotated frame, so that the
    /// result is known.
    #[test]
    fn directions_of_a_known_table_are_found() {
        let (n, scales) = (40, |s: usize| 10.0 / (s + 1) as f64);
        let mut frame: Vec<Vec<f64>> = vec![vec![0.0; n]; n];
        orthonormalise(&mut frame, &mut RandomState::new(3));
        let row = |s: usize, to: &mut [f64]| {
            to.fill(0.0);
            add(scales(s), &frame[s], to);
        };
        let (directions, explained) = principal(n, n, row, 3);
        let total: f64 = (0..n).map(|s| scales(s) * scales(s)).sum();
        for (k, direction) in directions.iter().enumerate() {
            assert!((dot(direction, &frame[k]).abs() - 1.0).abs() < 1e-12, "direction {k}");
            assert!((explained[k] - scales(k) * scales(k) / total).abs() < 1e-13, "explained fraction {k}");
        }
    }

    #[test]
    fn repeating_rows_does_not_change_the_directions() {
        // Repeating each row three times gives more rows than columns, so that C is formed.
        let (n, scales) = (21, |s: usize| 10.0 / (s + 1) as f64);
        let mut frame: Vec<Vec<f64>> = vec![vec![0.0; n]; n];
        orthonormalise(&mut frame, &mut RandomState::new(5));
        let row = |s: usize, to: &mut [f64]| {
            to.fill(0.0);
            add(scales(s % n), &frame[s % n], to);
        };
        let (once, explained_once) = principal(n, n, row, 4);
        let (repeated, explained_repeated) = principal(3 * n, n, row, 4);
        for k in 0..4 {
            assert!((dot(&once[k], &repeated[k]) - 1.0).abs() < 1e-12, "direction {k}");
            assert!((explained_once[k] - explained_repeated[k]).abs() < 1e-13, "explained fraction {k}");
        }
    }

    #[test]
    fn constant_rows_still_have_orthonormal_directions() {
        let (directions, explained) = principal(5, 30, |_, to| to.fill(0.0), 2);
        assert_eq!(explained, [0.0, 0.0]);
        assert!(dot(&directions[0], &directions[1]).abs() < 1e-14);
        assert!((dot(&directions[1], &directions[1]) - 1.0).abs() < 1e-14);
    }

    #[test]
    fn eigenvectors_of_a_small_matrix_are_found() {
        let a = vec![vec![2.0, -1.0, 0.0], vec![-1.0, 2.0, -1.0], vec![0.0, -1.0, 2.0]];
        let (values, vectors) = eigen(a.clone());
        for (k, expected) in [2.0 + 2f64.sqrt(), 2.0, 2.0 - 2f64.sqrt()].into_iter().enumerate() {
            assert!((values[k] - expected).abs() < 1e-14);
            for (i, a) in a.iter().enumerate() {
                assert!((dot(a, &vectors[k]) - values[k] * vectors[k][i]).abs() < 1e-14);
            }
        }
    }
}
