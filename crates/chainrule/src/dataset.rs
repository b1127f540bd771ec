//! Datasets, checked and ready for training, and the trait through which the engine reads samples.

use crate::kernel::gather::gather;
use crate::{Error, Scalar};

/// Inputs `x`, targets `t` and optional sample weights. All numbers are finite.
///
/// `x` has shape `(n_samples, n_inputs)`, `t` has shape `(n_samples, n_targets)`, both row-major.
/// There is at least one sample, one input and one target.
///
/// ```
/// use chainrule::Dataset;
///
/// let data = Dataset::new(vec![0.0, 1.0, 2.0, 3.0], 2, vec![5.0, 6.0], 1)?.with_weights(vec![1.0, 0.5])?;
/// assert_eq!(data.n_samples(), 2);
/// assert_eq!(data.sample(1), (&[2.0, 3.0][..], &[6.0][..]));
///
/// let error = Dataset::new(vec![0.0, f64::NAN], 1, vec![5.0, 6.0], 1).unwrap_err();
/// assert!(error.to_string().starts_with("x is NaN in row 2, column 1"));
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset<T> {
    x: Vec<T>,
    n_inputs: usize,
    t: Vec<T>,
    n_targets: usize,
    weights: Option<Vec<T>>,
}

/// A source of samples from which the engine copies rows into tiles.
///
/// A tile contains a few samples, with the values of each column next to each other, so that one
/// vector instruction works on several samples. The source may store its rows in any way
/// (row-major, sparse, in a file).
pub trait DataSource<T: Scalar>: Send + Sync {
    /// Returns the number of samples.
    fn n_samples(&self) -> usize;
    /// Returns the number of inputs of a sample.
    fn n_inputs(&self) -> usize;
    /// Returns the number of targets of a sample.
    fn n_targets(&self) -> usize;

    /// Copies rows into a tile: with `n = rows.len()`, input j of `rows[s]` goes to `x[j·n + s]`,
    /// target k to `t[k·n + s]`, and the weight of the sample, 1 if there are no weights, to
    /// `weight[s]`.
    ///
    /// `x` (`n_inputs·n`), `t` (`n_targets·n`) and `weight` (`n`) are overwritten. All numbers must
    /// be finite, and weights at least 0.
    ///
    /// # Errors
    /// Returns [`Error::Unreadable`] if samples cannot be read, for example because the file has
    /// changed; the slices are then undefined.
    ///
    /// # Panics
    /// Panics if a row is out of range or a slice has the wrong length.
    fn gather(&self, rows: &[u32], x: &mut [T], t: &mut [T], weight: &mut [T]) -> Result<(), Error>;

    /// Copies the targets of rows into a tile, like [`gather`](DataSource::gather). All targets are
    /// checked once before training; a source that stores targets apart from inputs should not
    /// read the inputs for this.
    ///
    /// # Errors
    /// Returns the errors of [`gather`](DataSource::gather).
    ///
    /// # Panics
    /// Panics under the same conditions as [`gather`](DataSource::gather).
    fn gather_targets(&self, rows: &[u32], t: &mut [T]) -> Result<(), Error> {
        let mut x = vec![T::ZERO; self.n_inputs() * rows.len()];
        self.gather(rows, &mut x, t, &mut vec![T::ZERO; rows.len()])
    }

    /// Announces that the next batch consists of `rows`, so that a slow source can read them in
    /// the background. Does nothing by default.
    fn prefetch(&self, _rows: &[u32]) {}
}

impl<T: Scalar> Dataset<T> {
    /// Creates a dataset from `x`, shape `(n, n_inputs)`, and `t`, shape `(n, n_targets)`, both
    /// row-major. n is inferred from the lengths.
    ///
    /// # Errors
    /// Returns [`Error::NoSamples`], [`Error::NoColumns`], [`Error::RaggedRows`] or
    /// [`Error::RowCount`] if the lengths do not match, and [`Error::NotFinite`] with the position
    /// of the first NaN or infinity.
    pub fn new(x: Vec<T>, n_inputs: usize, t: Vec<T>, n_targets: usize) -> Result<Dataset<T>, Error> {
        let expected = n_rows("x", &x, n_inputs)?;
        let got = n_rows("t", &t, n_targets)?;
        if got != expected {
            return Err(Error::RowCount { what: "t", expected, got });
        }
        if expected == 0 {
            return Err(Error::NoSamples);
        }
        check_finite("x", &x, n_inputs)?;
        check_finite("t", &t, n_targets)?;
        Ok(Dataset { x, n_inputs, t, n_targets, weights: None })
    }

    /// Creates a dataset with one-hot targets: column k of `t` is 1 if the class of the sample is
    /// k, else 0.
    ///
    /// `classes[i]`, from 0 to `n_classes - 1`, is the class of row i.
    ///
    /// # Errors
    /// Returns [`Error::ClassIndex`] if a class is too large, and the errors of [`Dataset::new`].
    ///
    /// ```
    /// let data = chainrule::Dataset::from_classes(vec![0.1, 0.2], 1, &[2, 0], 3)?;
    /// assert_eq!(data.t(), [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    pub fn from_classes(
        x: Vec<T>,
        n_inputs: usize,
        classes: &[usize],
        n_classes: usize,
    ) -> Result<Dataset<T>, Error> {
        if n_classes == 0 {
            return Err(Error::NoColumns { what: "t" });
        }
        let mut t = vec![T::ZERO; classes.len() * n_classes];
        for (i, (&class, row)) in classes.iter().zip(t.chunks_exact_mut(n_classes)).enumerate() {
            *row.get_mut(class).ok_or(Error::ClassIndex { row: i + 1, class, n_classes })? = T::ONE;
        }
        Dataset::new(x, n_inputs, t, n_classes)
    }

    /// Returns the same samples with non-negative weights, which replace any previous weights.
    ///
    /// A sample of weight 2 counts like two equal samples of weight 1.
    ///
    /// # Errors
    /// Returns [`Error::RowCount`] if there is not one weight per sample, and [`Error::NotFinite`]
    /// or [`Error::NegativeWeight`] for an invalid weight.
    pub fn with_weights(mut self, weights: Vec<T>) -> Result<Dataset<T>, Error> {
        if weights.len() != self.n_samples() {
            return Err(Error::RowCount { what: "weight", expected: self.n_samples(), got: weights.len() });
        }
        check_finite("weight", &weights, 1)?;
        if let Some(i) = weights.iter().position(|&w| w < T::ZERO) {
            return Err(Error::NegativeWeight { row: i + 1, value: shortest(weights[i]) });
        }
        self.weights = Some(weights);
        Ok(self)
    }

    /// Returns the number of samples, at least 1.
    pub fn n_samples(&self) -> usize {
        self.x.len() / self.n_inputs
    }

    /// Returns the number of inputs of a sample.
    pub fn n_inputs(&self) -> usize {
        self.n_inputs
    }

    /// Returns the number of targets of a sample.
    pub fn n_targets(&self) -> usize {
        self.n_targets
    }

    /// Returns all inputs, row-major.
    pub fn x(&self) -> &[T] {
        &self.x
    }

    /// Returns all targets, row-major.
    pub fn t(&self) -> &[T] {
        &self.t
    }

    /// Returns the sample weights, if there are any.
    pub fn weights(&self) -> Option<&[T]> {
        self.weights.as_deref()
    }

    /// Returns the inputs and targets of sample `i`, counted from 0.
    ///
    /// # Panics
    /// Panics if `i` is out of range.
    pub fn sample(&self, i: usize) -> (&[T], &[T]) {
        (row(&self.x, self.n_inputs, i), row(&self.t, self.n_targets, i))
    }

    /// Returns the samples `rows`, counted from 0, in that order. A row may occur more than once.
    ///
    /// # Panics
    /// Panics if `rows` is empty or a row is out of range.
    pub fn subset(&self, rows: &[usize]) -> Dataset<T> {
        assert!(!rows.is_empty(), "a dataset has at least one sample");
        let pick =
            |values: &[T], n_columns| rows.iter().flat_map(|&i| row(values, n_columns, i)).copied().collect();
        Dataset {
            x: pick(&self.x, self.n_inputs),
            t: pick(&self.t, self.n_targets),
            weights: self.weights.as_ref().map(|weights| pick(weights, 1)),
            ..*self
        }
    }

    /// Converts the dataset to another precision and rounds each number to it.
    ///
    /// # Errors
    /// Returns [`Error::TooLarge`] if a number would become infinite.
    pub fn cast<U: Scalar>(&self) -> Result<Dataset<U>, Error> {
        let (n_inputs, n_targets) = (self.n_inputs, self.n_targets);
        let weights = self.weights.as_ref().map(|weights| cast("weight", weights, 1)).transpose()?;
        Ok(Dataset {
            x: cast("x", &self.x, n_inputs)?,
            n_inputs,
            t: cast("t", &self.t, n_targets)?,
            n_targets,
            weights,
        })
    }
}

impl<T: Scalar> DataSource<T> for Dataset<T> {
    fn n_samples(&self) -> usize {
        self.n_samples()
    }

    fn n_inputs(&self) -> usize {
        self.n_inputs
    }

    fn n_targets(&self) -> usize {
        self.n_targets
    }

    fn gather(&self, rows: &[u32], x: &mut [T], t: &mut [T], weight: &mut [T]) -> Result<(), Error> {
        assert_eq!(weight.len(), rows.len(), "length of the weights");
        gather(&self.x, self.n_inputs, rows, x);
        gather(&self.t, self.n_targets, rows, t);
        weight.fill(T::ONE);
        if let Some(weights) = &self.weights {
            gather(weights, 1, rows, weight);
        }
        Ok(())
    }

    fn gather_targets(&self, rows: &[u32], t: &mut [T]) -> Result<(), Error> {
        gather(&self.t, self.n_targets, rows, t);
        Ok(())
    }
}

fn row<T>(values: &[T], n_columns: usize, i: usize) -> &[T] {
    &values[i * n_columns..(i + 1) * n_columns]
}

pub(crate) fn n_rows<T>(what: &'static str, values: &[T], n_columns: usize) -> Result<usize, Error> {
    if n_columns == 0 {
        return Err(Error::NoColumns { what });
    }
    if !values.len().is_multiple_of(n_columns) {
        return Err(Error::RaggedRows { what, n_values: values.len(), n_columns });
    }
    Ok(values.len() / n_columns)
}

/// Returns the f64 parsed from the shortest decimal form of `v`, so that errors show 0.1 for an f32
/// of 0.1.
pub(crate) fn shortest<T: Scalar>(v: T) -> f64 {
    v.to_string().parse().expect("the decimal form of a number")
}

pub(crate) fn check_finite<T: Scalar>(
    what: &'static str,
    values: &[T],
    n_columns: usize,
) -> Result<(), Error> {
    values.iter().position(|v| !v.is_finite()).map_or(Ok(()), |i| {
        let (row, column) = (i / n_columns + 1, i % n_columns + 1);
        Err(Error::NotFinite { what, row, column, value: values[i].to_f64() })
    })
}

fn cast<T: Scalar, U: Scalar>(what: &'static str, values: &[T], n_columns: usize) -> Result<Vec<U>, Error> {
    let rounded: Vec<U> = values.iter().map(|v| U::from_f64(v.to_f64())).collect();
    rounded.iter().position(|v| !v.is_finite()).map_or(Ok(()), |i| {
        let (row, column) = (i / n_columns + 1, i % n_columns + 1);
        Err(Error::TooLarge { what, row, column, value: shortest(values[i]), precision: U::NAME })
    })?;
    Ok(rounded)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A sparse source: the nonzero entries of each row as (column, value), with the target in the
    /// last column.
    struct Sparse {
        rows: Vec<Vec<(usize, f32)>>,
        n_inputs: usize,
    }

    impl DataSource<f32> for Sparse {
        fn n_samples(&self) -> usize {
            self.rows.len()
        }

        fn n_inputs(&self) -> usize {
            self.n_inputs
        }

        fn n_targets(&self) -> usize {
            1
        }

        fn gather(
            &self,
            rows: &[u32],
            x: &mut [f32],
            t: &mut [f32],
            weight: &mut [f32],
        ) -> Result<(), Error> {
            x.fill(0.0);
            t.fill(0.0);
            weight.fill(1.0);
            for (s, &i) in rows.iter().enumerate() {
                for &(j, value) in &self.rows[i as usize] {
                    if j < self.n_inputs {
                        x[j * rows.len() + s] = value;
                    } else {
                        t[s] = value;
                    }
                }
            }
            Ok(())
        }
    }

    fn tile(data: &dyn DataSource<f32>, rows: &[u32]) -> [Vec<f32>; 3] {
        // Filled with NaN, so that a missing entry is detected.
        let [mut x, mut t, mut weight] =
            [data.n_inputs(), data.n_targets(), 1].map(|n_columns| vec![f32::NAN; n_columns * rows.len()]);
        data.gather(rows, &mut x, &mut t, &mut weight).unwrap();
        [x, t, weight]
    }

    proptest! {
        #[test]
        fn sparse_and_dense_sources_give_the_same_tile(
            n_inputs in 1usize..40,
            n_samples in 1usize..10,
            rows in prop::collection::vec(0u32..1000, 1..20),
        ) {
            let rows: Vec<u32> = rows.iter().map(|i| i % n_samples as u32).collect();
            let value = |i: usize, j: usize| if (i + 2 * j).is_multiple_of(3) { 0.0 } else { (100 * i + j) as f32 };
            let x = (0..n_samples).flat_map(|i| (0..n_inputs).map(move |j| value(i, j))).collect();
            let t = (0..n_samples).map(|i| value(i, n_inputs)).collect();
            let dense = Dataset::new(x, n_inputs, t, 1).unwrap();
            let nonzero = |i| (0..=n_inputs).map(|j| (j, value(i, j))).filter(|(_, v)| *v != 0.0).collect();
            let sparse = Sparse { rows: (0..n_samples).map(nonzero).collect(), n_inputs };
            prop_assert_eq!(sparse.n_samples(), dense.n_samples());
            prop_assert_eq!(tile(&sparse, &rows), tile(&dense, &rows));
        }
    }

    fn small() -> Dataset<f64> {
        Dataset::new(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2, vec![-1.0, -2.0, -3.0], 1).unwrap()
    }

    #[test]
    fn a_tile_has_contiguous_columns_and_the_weights() {
        let data = small().with_weights(vec![0.5, 0.25, 2.0]).unwrap().cast().unwrap();
        let [x, t, weight] = tile(&data, &[2, 0]);
        assert_eq!(x, [5.0, 1.0, 6.0, 2.0]);
        assert_eq!(t, [-3.0, -1.0]);
        assert_eq!(weight, [2.0, 0.5]);
    }

    #[test]
    fn a_subset_takes_rows_with_their_weights() {
        let data = small().with_weights(vec![0.5, 0.25, 2.0]).unwrap().subset(&[1, 1, 0]);
        let expected =
            Dataset::new(vec![3.0, 4.0, 3.0, 4.0, 1.0, 2.0], 2, vec![-2.0, -2.0, -1.0], 1).unwrap();
        assert_eq!(data, expected.with_weights(vec![0.25, 0.25, 0.5]).unwrap());
        assert_eq!(small().subset(&[2]).weights(), None);
    }

    #[test]
    fn a_cast_rounds_to_the_precision() {
        let data = Dataset::new(vec![0.1, 2.0], 1, vec![1.0, 0.0], 1).unwrap();
        let single = data.cast::<f32>().unwrap();
        assert_eq!(single.x(), [0.1f32, 2.0]);
        assert_eq!(single.cast::<f64>().unwrap().x(), [f64::from(0.1f32), 2.0]);
    }

    #[test]
    fn errors_show_numbers_in_the_precision_of_the_data() {
        let error = Dataset::new(vec![1.0_f32], 1, vec![1.0], 1).unwrap().with_weights(vec![-0.1]);
        assert!(error.unwrap_err().to_string().contains(" -0.1,"));
        assert_eq!(shortest(0.1_f32), 0.1);
        assert!(shortest(f32::NAN).is_nan() && shortest(f64::INFINITY) == f64::INFINITY);
    }

    #[test]
    fn errors_contain_the_position() {
        let new = |x: &[f64], n_inputs, t: &[f64], n_targets| {
            Dataset::new(x.to_vec(), n_inputs, t.to_vec(), n_targets).unwrap_err().to_string()
        };
        insta::assert_snapshot!(new(&[], 2, &[], 1), @"the dataset has no samples; at least one row is required");
        insta::assert_snapshot!(new(&[1.0], 0, &[1.0], 1), @"x has no columns; at least one is required");
        insta::assert_snapshot!(new(&[1.0], 1, &[1.0], 0), @"t has no columns; at least one is required");
        insta::assert_snapshot!(new(&[1.0; 7], 2, &[1.0], 1), @"x has 7 values, which is not a multiple of its 2 columns; check the number of columns");
        insta::assert_snapshot!(new(&[1.0; 6], 2, &[1.0; 4], 1), @"t has 4 rows, but x has 3; the numbers of rows must match");
        insta::assert_snapshot!(new(&[1.0, 2.0, 3.0, f64::INFINITY], 2, &[1.0; 2], 1), @"x is inf in row 2, column 2 (both counted from 1); replace it with a finite number, or remove the row");
        insta::assert_snapshot!(new(&[1.0; 2], 1, &[f64::NAN, 1.0], 1), @"t is NaN in row 1, column 1 (both counted from 1); replace it with a finite number, or remove the row");

        let weighted = |weights: &[f64]| small().with_weights(weights.to_vec()).unwrap_err().to_string();
        insta::assert_snapshot!(weighted(&[1.0; 2]), @"weight has 2 rows, but x has 3; the numbers of rows must match");
        insta::assert_snapshot!(weighted(&[1.0, -0.5, 1.0]), @"the weight of row 2 (counted from 1) is -0.5, but must be at least 0; a weight of 0 excludes the row");
        insta::assert_snapshot!(weighted(&[1.0, 1.0, f64::NAN]), @"weight is NaN in row 3, column 1 (both counted from 1); replace it with a finite number, or remove the row");

        let classes = |classes: &[usize], n_classes| {
            Dataset::from_classes(vec![0.0; 2], 1, classes, n_classes).unwrap_err().to_string()
        };
        insta::assert_snapshot!(classes(&[0, 3], 3), @"the class of row 2 (counted from 1) is 3, but with 3 classes it must be at most 2 (classes are counted from 0); correct it, or increase the number of classes");
        insta::assert_snapshot!(classes(&[0, 1, 1], 2), @"t has 3 rows, but x has 2; the numbers of rows must match");
        insta::assert_snapshot!(classes(&[0, 0], 0), @"t has no columns; at least one is required");

        let large = Dataset::new(vec![0.0, 1e300], 2, vec![1.0], 1).unwrap().cast::<f32>().unwrap_err();
        insta::assert_snapshot!(large, @"x is 1e300 in row 1, column 2 (both counted from 1), which is too large for f32; scale the column, or use f64");
    }
}
