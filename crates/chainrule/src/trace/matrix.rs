//! A small matrix of f64, with the few operations that the chain rule on paper needs.

/// A matrix, row-major.
///
/// ```
/// use chainrule::trace::Matrix;
///
/// let column = Matrix::new(2, 1, vec![1.0, 2.0]);
/// let row = Matrix::new(1, 2, vec![3.0, 4.0]);
/// assert_eq!(column.times(&row), Matrix::new(2, 2, vec![3.0, 4.0, 6.0, 8.0]));
/// assert_eq!(column.transposed(), Matrix::new(1, 2, vec![1.0, 2.0]));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    /// How many rows.
    pub n_rows: usize,
    /// How many columns.
    pub n_columns: usize,
    /// All entries, row after row.
    pub values: Vec<f64>,
}

impl Matrix {
    /// The matrix of `values`, row after row.
    ///
    /// # Panics
    /// When there are not `n_rows·n_columns` values.
    pub fn new(n_rows: usize, n_columns: usize, values: Vec<f64>) -> Matrix {
        assert_eq!(values.len(), n_rows * n_columns, "the values of a matrix ({n_rows}, {n_columns})");
        Matrix { n_rows, n_columns, values }
    }

    /// The matrix with one row.
    pub fn row_of(values: &[f64]) -> Matrix {
        Matrix::new(1, values.len(), values.to_vec())
    }

    /// The matrix with one column.
    pub fn column_of(values: &[f64]) -> Matrix {
        Matrix::new(values.len(), 1, values.to_vec())
    }

    /// Row `i`.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn row(&self, i: usize) -> &[f64] {
        &self.values[i * self.n_columns..(i + 1) * self.n_columns]
    }

    /// All rows, in order.
    pub fn rows(&self) -> impl Iterator<Item = &[f64]> {
        (0..self.n_rows).map(|i| self.row(i))
    }

    /// `self·other`, the matrix product, each entry summed in order.
    ///
    /// # Panics
    /// When `other` does not have as many rows as this has columns.
    pub fn times(&self, other: &Matrix) -> Matrix {
        assert_eq!(self.n_columns, other.n_rows, "the inner dimension of a product");
        let entry = |row: &[f64], j: usize| row.iter().zip(other.rows()).map(|(v, other)| v * other[j]).sum();
        let values = self.rows().flat_map(|row| (0..other.n_columns).map(move |j| entry(row, j))).collect();
        Matrix::new(self.n_rows, other.n_columns, values)
    }

    /// The transpose.
    pub fn transposed(&self) -> Matrix {
        let values = (0..self.n_columns).flat_map(|j| self.rows().map(move |row| row[j])).collect();
        Matrix::new(self.n_columns, self.n_rows, values)
    }

    /// `f` of each entry and that of `other` at the same place.
    ///
    /// # Panics
    /// When the shapes differ.
    pub fn zip(&self, other: &Matrix, f: impl Fn(f64, f64) -> f64) -> Matrix {
        assert_eq!((self.n_rows, self.n_columns), (other.n_rows, other.n_columns), "two matrices' shapes");
        let values = self.values.iter().zip(&other.values).map(|(v, other)| f(*v, *other)).collect();
        Matrix::new(self.n_rows, self.n_columns, values)
    }

    /// `f` of each entry.
    pub fn map(&self, f: impl Fn(f64) -> f64) -> Matrix {
        Matrix::new(self.n_rows, self.n_columns, self.values.iter().map(|v| f(*v)).collect())
    }

    /// Each row times its own factor.
    ///
    /// # Panics
    /// When there is not one factor a row.
    pub fn scaled_rows(&self, factors: &[f64]) -> Matrix {
        assert_eq!(factors.len(), self.n_rows, "a factor for each row");
        let scaled = self.rows().zip(factors).flat_map(|(row, factor)| row.iter().map(move |v| factor * v));
        Matrix::new(self.n_rows, self.n_columns, scaled.collect())
    }

    /// The sum of all rows.
    pub fn column_sums(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.n_columns];
        self.rows().for_each(|row| sums.iter_mut().zip(row).for_each(|(sum, v)| *sum += v));
        sums
    }
}
