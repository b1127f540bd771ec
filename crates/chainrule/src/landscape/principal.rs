//! Principal directions: the few along which the rows of a table vary most.
//!
//! Block iteration with Rayleigh and Ritz's choice (Golub and Van Loan, Matrix Computations, 8.2) on the table's product with
//! itself, C = Σ_s d_s·d_sᵀ. A block of orthonormal vectors Q is multiplied by C; the eigenvectors of the small QᵀCQ are the
//! best that the block contains; and the products, made orthonormal, are the next block. What is wanted converges by the
//! ratio of the first eigenvalue beyond the block to its own. C is formed where there are more rows than columns, once for
//! all iterations; of a path through parameters, a few rows of many columns, it would be too large, and never is.

use crate::random::RandomState;

/// The vectors of a block: more than are ever wanted, so that the iteration is quick.
const BLOCK: usize = 16;

/// After so many iterations the directions differ little from others that explain as much.
const MAX_ITERATIONS: usize = 300;

/// The first `n` principal directions of a table of `n_rows` rows and the share of `Σ d²` along each.
///
/// `row(s, to)` overwrites `to` with row s, of `n_columns` entries, what is subtracted from it subtracted. Directions are
/// orthonormal, each with its entry of the largest magnitude above 0. Where rows do not vary in as many, the rest are any.
pub(super) fn principal(
    n_rows: usize,
    n_columns: usize,
    row: impl Fn(usize, &mut [f64]),
    n: usize,
) -> (Vec<Vec<f64>>, Vec<f64>) {
    let mut d = vec![0.0; n_columns];
    let mut total = 0.0;
    // The upper triangle of C by rows, each from the diagonal on.
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
        // Y = C·Q, by rows of C, or where it is not formed of the table.
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
        let (eigenvalues, turn) = eigen(small);
        (q, y) = (combine(&turn, &q), combine(&turn, &y));
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
    let share = |v: &f64| if total > 0.0 { (v / total).clamp(0.0, 1.0) } else { 0.0 };
    (q, values[..n].iter().map(share).collect())
}

/// `Σ x·y`, every eighth product in a sum of its own, so that they can be formed side by side.
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

/// `y ← y + factor·x`.
fn add(factor: f64, x: &[f64], y: &mut [f64]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y += factor * x);
}

/// Vector k of the result is `Σ_j turn_k[j]·vectors_j`.
fn combine(turn: &[Vec<f64>], vectors: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let combined = |turn: &Vec<f64>| {
        let mut sum = vec![0.0; vectors[0].len()];
        turn.iter().zip(vectors).for_each(|(factor, vector)| add(*factor, vector, &mut sum));
        sum
    };
    turn.iter().map(combined).collect()
}

/// Makes each vector orthogonal to those before it and of length 1; one that vanishes is drawn anew.
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
            // Where little is left, rounding is a good part of it: once more.
            let enough = dot(vector, vector) > 0.5;
            if normalise(vector) && enough {
                break;
            }
        }
    }
}

/// Makes the vector one of length 1; false, and the vector untouched, if it is too short for that.
fn normalise(vector: &mut [f64]) -> bool {
    let length = dot(vector, vector).sqrt();
    if !length.is_normal() {
        return false;
    }
    vector.iter_mut().for_each(|v| *v /= length);
    true
}

/// The eigenvalues of a symmetric matrix, the largest first, and the eigenvector of each, by Jacobi's rotations.
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
                // The tangent of the angle that makes a_pq vanish, the smaller of two.
                let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
                let tangent = 1.0_f64.copysign(theta) / (theta.abs() + (theta * theta + 1.0).sqrt());
                let cosine = 1.0 / (tangent * tangent + 1.0).sqrt();
                let sine = tangent * cosine;
                let turn = |x: &mut f64, y: &mut f64| {
                    (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
                };
                for row in &mut a {
                    let (before, rest) = row.split_at_mut(q);
                    turn(&mut before[p], &mut rest[0]);
                }
                for matrix in [&mut a, &mut v] {
                    let (before, rest) = matrix.split_at_mut(q);
                    before[p].iter_mut().zip(&mut rest[0]).for_each(|(x, y)| turn(x, y));
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

    /// A table whose row s is `scale_s` along unit vector s of a rotated frame: variances and directions known.
    #[test]
    fn directions_of_a_known_table_are_found() {
        let (n, scales) = (40, |s: usize| 10.0 / (s + 1) as f64);
        let mut frame: Vec<Vec<f64>> = vec![vec![0.0; n]; n];
        orthonormalise(&mut frame, &mut RandomState::new(3));
        let row = |s: usize, to: &mut [f64]| {
            to.fill(0.0);
            add(scales(s), &frame[s], to);
        };
        let (directions, shares) = principal(n, n, row, 3);
        let total: f64 = (0..n).map(|s| scales(s) * scales(s)).sum();
        for (k, direction) in directions.iter().enumerate() {
            assert!((dot(direction, &frame[k]).abs() - 1.0).abs() < 1e-12, "direction {k}");
            assert!((shares[k] - scales(k) * scales(k) / total).abs() < 1e-13, "share {k}");
        }
    }

    #[test]
    fn many_rows_have_the_directions_of_the_few_that_they_repeat() {
        // Each row three times: more rows than columns, and C three times as large.
        let (n, scales) = (21, |s: usize| 10.0 / (s + 1) as f64);
        let mut frame: Vec<Vec<f64>> = vec![vec![0.0; n]; n];
        orthonormalise(&mut frame, &mut RandomState::new(5));
        let row = |s: usize, to: &mut [f64]| {
            to.fill(0.0);
            add(scales(s % n), &frame[s % n], to);
        };
        let ((few, of_few), (many, of_many)) = (principal(n, n, row, 4), principal(3 * n, n, row, 4));
        for k in 0..4 {
            assert!((dot(&few[k], &many[k]) - 1.0).abs() < 1e-12, "direction {k}");
            assert!((of_few[k] - of_many[k]).abs() < 1e-13, "share {k}");
        }
    }

    #[test]
    fn rows_that_do_not_vary_have_directions_all_the_same() {
        let (directions, shares) = principal(5, 30, |_, to| to.fill(0.0), 2);
        assert_eq!(shares, [0.0, 0.0]);
        assert!(dot(&directions[0], &directions[1]).abs() < 1e-14);
        assert!((dot(&directions[1], &directions[1]) - 1.0).abs() < 1e-14);
    }

    #[test]
    fn eigenvectors_of_a_small_matrix() {
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
