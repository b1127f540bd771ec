//! The products of a dense layer over one tile of samples.
//!
//! A tile holds `n` samples side by side: unit j of sample s lies at `j·n + s`. A weight is then one number against
//! `n` neighbouring samples, whatever the layer's width, and only the weights' gradient needs a sum along them.
//! [`plain`] says the same products as a reader would write them, and a property test holds the two together.

use super::Scalar;

/// `z_j = b_j + Σ_i a_i·W_ij` for each sample; `z` (n_out, n) is overwritten.
///
/// `a` is (n_in, n), `w` is (n_in, n_out) row-major, `b` is (n_out), none for a layer without bias.
pub(crate) fn forward<T: Scalar>(n: usize, a: &[T], w: &[T], b: Option<&[T]>, z: &mut [T]) {
    let n_out = z.len() / n;
    for (j, z_j) in z.chunks_exact_mut(n).enumerate() {
        z_j.fill(b.map_or(T::ZERO, |b| b[j]));
        for (a_i, w_i) in a.chunks_exact(n).zip(w.chunks_exact(n_out)) {
            add_scaled(w_i[j], a_i, z_j);
        }
    }
}

/// `da_i = Σ_j dz_j·W_ij` for each sample; `da` (n_in, n) is overwritten.
pub(crate) fn input_gradient<T: Scalar>(n: usize, w: &[T], dz: &[T], da: &mut [T]) {
    let n_out = dz.len() / n;
    for (da_i, w_i) in da.chunks_exact_mut(n).zip(w.chunks_exact(n_out)) {
        da_i.fill(T::ZERO);
        for (&w_ij, dz_j) in w_i.iter().zip(dz.chunks_exact(n)) {
            add_scaled(w_ij, dz_j, da_i);
        }
    }
}

/// `dW_ij += Σ_s a_i·dz_j`, summed over the tile's samples; `dw` (n_in, n_out) is added to.
pub(crate) fn weight_gradient<T: Scalar>(n: usize, a: &[T], dz: &[T], dw: &mut [T]) {
    let n_out = dz.len() / n;
    for (a_i, dw_i) in a.chunks_exact(n).zip(dw.chunks_exact_mut(n_out)) {
        for (dz_j, dw_ij) in dz.chunks_exact(n).zip(dw_i) {
            *dw_ij += dot(a_i, dz_j);
        }
    }
}

/// `db_j += Σ_s dz_j`, summed over the tile's samples; `db` (n_out) is added to.
pub(crate) fn bias_gradient<T: Scalar>(n: usize, dz: &[T], db: &mut [T]) {
    for (dz_j, db_j) in dz.chunks_exact(n).zip(db) {
        *db_j += sum(dz_j);
    }
}

/// `y += c·x`.
fn add_scaled<T: Scalar>(c: T, x: &[T], y: &mut [T]) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y = c.mul_add(x, *y);
    }
}

/// Partial sums that run side by side: one order of addition whatever the vector's width.
const PARTIALS: usize = 16;

/// `Σ x·y` in a fixed order: sixteen partial sums, then a binary tree over them.
fn dot<T: Scalar>(x: &[T], y: &[T]) -> T {
    let mut partial = [T::ZERO; PARTIALS];
    let (x_whole, x_tail) = x.as_chunks::<PARTIALS>();
    let (y_whole, y_tail) = y.as_chunks::<PARTIALS>();
    for (x, y) in x_whole.iter().zip(y_whole) {
        for k in 0..PARTIALS {
            partial[k] = x[k].mul_add(y[k], partial[k]);
        }
    }
    for ((p, &x), &y) in partial.iter_mut().zip(x_tail).zip(y_tail) {
        *p = x.mul_add(y, *p);
    }
    tree(partial)
}

/// `Σ x` in the order of [`dot`].
fn sum<T: Scalar>(x: &[T]) -> T {
    let mut partial = [T::ZERO; PARTIALS];
    for x in x.chunks(PARTIALS) {
        for (p, &x) in partial.iter_mut().zip(x) {
            *p += x;
        }
    }
    tree(partial)
}

fn tree<T: Scalar>(mut partial: [T; PARTIALS]) -> T {
    let mut width = PARTIALS / 2;
    while width > 0 {
        for k in 0..width {
            let upper = partial[k + width];
            partial[k] += upper;
        }
        width /= 2;
    }
    partial[0]
}

/// The slow, obvious twins: the same products in f64, one sample and one sum at a time.
#[cfg(test)]
pub(crate) mod plain {
    /// `z = a·W + b`, with a (n_samples, n_in), W (n_in, n_out), all row-major.
    pub(crate) fn forward(a: &[f64], w: &[f64], b: &[f64], n_in: usize) -> Vec<f64> {
        let mut z = Vec::new();
        for a in a.chunks(n_in) {
            for j in 0..b.len() {
                z.push(b[j] + (0..n_in).map(|i| a[i] * w[i * b.len() + j]).sum::<f64>());
            }
        }
        z
    }

    /// `A·B`, with A (n, k) and B (k, m) row-major.
    pub(crate) fn product(a: &[f64], b: &[f64], k: usize, m: usize) -> Vec<f64> {
        forward(a, b, &vec![0.0; m], k)
    }

    /// `Aᵀ`, with A row-major of `width` columns.
    pub(crate) fn transposed(a: &[f64], width: usize) -> Vec<f64> {
        (0..width).flat_map(|j| a.chunks(width).map(move |row| row[j])).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `|fast - plain| <= 4·eps·terms·Σ|terms|`, where the caller gives the magnitude `Σ|terms|` element by element.
    fn close<T: Scalar>(fast: &[T], plain: &[f64], terms: usize, magnitude: &[f64]) {
        assert_eq!(fast.len(), plain.len());
        for ((fast, plain), magnitude) in fast.iter().zip(plain).zip(magnitude) {
            let bound = 4.0 * T::EPSILON * terms as f64 * magnitude;
            assert!((fast.to_f64() - plain).abs() <= bound, "{fast} against {plain}, bound {bound:e}");
        }
    }

    fn magnitudes(v: &[f64]) -> Vec<f64> {
        v.iter().map(|v| v.abs()).collect()
    }

    fn twins<T: Scalar>(n: usize, n_in: usize, n_out: usize, seed: u64) {
        // Numbers of mixed size and sign, exact in f32 so that both precisions see the same.
        let mut x = seed | 1;
        let mut draw = |count: usize| -> Vec<f64> {
            let next = |_| {
                x = x.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                f64::from(((x >> 40) as i32 - (1 << 23)) as f32 / (1 << 21) as f32)
            };
            (0..count).map(next).collect()
        };
        let (a, w, b, dz) = (draw(n * n_in), draw(n_in * n_out), draw(n_out), draw(n * n_out));
        let narrow = |v: &[f64]| -> Vec<T> { v.iter().map(|&v| T::from_f64(v)).collect() };
        let tile = |v: &[f64], width: usize| narrow(&plain::transposed(v, width));

        let mut z = vec![T::ZERO; n * n_out];
        forward(n, &tile(&a, n_in), &narrow(&w), Some(&narrow(&b)), &mut z);
        let expected = plain::transposed(&plain::forward(&a, &w, &b, n_in), n_out);
        let size = plain::forward(&magnitudes(&a), &magnitudes(&w), &magnitudes(&b), n_in);
        close(&z, &expected, n_in + 1, &plain::transposed(&size, n_out));

        let mut da = vec![T::ZERO; n * n_in];
        input_gradient(n, &narrow(&w), &tile(&dz, n_out), &mut da);
        let w_t = plain::transposed(&w, n_out);
        let expected = plain::transposed(&plain::product(&dz, &w_t, n_out, n_in), n_in);
        let size = plain::product(&magnitudes(&dz), &magnitudes(&w_t), n_out, n_in);
        close(&da, &expected, n_out, &plain::transposed(&size, n_in));

        let mut dw = vec![T::ZERO; n_in * n_out];
        weight_gradient(n, &tile(&a, n_in), &tile(&dz, n_out), &mut dw);
        let a_t = plain::transposed(&a, n_in);
        let size = plain::product(&magnitudes(&a_t), &magnitudes(&dz), n, n_out);
        close(&dw, &plain::product(&a_t, &dz, n, n_out), n, &size);

        let mut db = vec![T::ZERO; n_out];
        bias_gradient(n, &tile(&dz, n_out), &mut db);
        let ones = vec![1.0; n];
        let size = plain::product(&ones, &magnitudes(&dz), n, n_out);
        close(&db, &plain::product(&ones, &dz, n, n_out), n, &size);
    }

    proptest! {
        #[test]
        fn the_tile_products_agree_with_the_plain_ones(
            n in 1usize..=65, n_in in 1usize..=20, n_out in 1usize..=20, seed: u64
        ) {
            twins::<f32>(n, n_in, n_out, seed);
            twins::<f64>(n, n_in, n_out, seed);
        }
    }
}
