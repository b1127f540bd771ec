//! Small f64 matrix with the operations required by a trace.

/// Row-major matrix.
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
    /// Number of rows.
    pub n_rows: usize,
    /// Number of columns.
    pub n_columns: usize,
    /// Entries in row-major order.
    pub values: Vec<f64>,
}

impl Matrix {
    /// Creates a matrix from its entries in row-major order.
    ///
    /// # Panics
    /// Panics if the number of values is not `n_rows·n_columns`.
    pub fn new(n_rows: usize, n_columns: usize, values: Vec<f64>) -> Matrix {
        assert_eq!(
            values.len(),
            n_rows * n_columns,
            "number of values for the shape ({n_rows}, {n_columns})"
        );
        Matrix { n_rows, n_columns, values }
    }

    /// Creates a matrix with one row.
    pub fn row_vector(values: &[f64]) -> Matrix {
        Matrix::new(1, values.len(), values.to_vec())
    }

    /// Creates a matrix with one column.
    pub fn column_vector(values: &[f64]) -> Matrix {
        Matrix::new(values.len(), 1, values.to_vec())
    }

    /// Returns row `i`.
    ///
    /// # Panics
    /// Panics if `i` is out of range.
    pub fn row(&self, i: usize) -> &[f64] {
        &self.values[i * self.n_columns..(i + 1) * self.n_columns]
    }

    /// Returns an iterator over the rows.
    pub fn rows(&self) -> impl Iterator<Item = &[f64]> {
        (0..self.n_rows).map(|i| self.row(i))
    }

    /// Returns the matrix product `self·other`, with the terms of each entry added in order.
    ///
    /// # Panics
    /// Panics if the number of columns of `self` is not the number of rows of `other`.
    pub fn times(&self, other: &Matrix) -> Matrix {
        assert_eq!(self.n_columns, other.n_rows, "inner dimensions of a matrix product");
        let entry = |row: &[f64], j: usize| row.iter().zip(other.rows()).map(|(v, other)| v * other[j]).sum();
        let values = self.rows().flat_map(|row| (0..other.n_columns).map(move |j| entry(row, j))).collect();
        Matrix::new(self.n_rows, other.n_columns, values)
    }

    /// Returns the transpose.
    pub fn transposed(&self) -> Matrix {
        let values = (0..self.n_columns).flat_map(|j| self.rows().map(move |row| row[j])).collect();
        Matrix::new(self.n_columns, self.n_rows, values)
    }

    /// Applies `f` to each pair of corresponding entries.
    ///
    /// # Panics
    /// Panics if the shapes differ.
    pub fn zip(&self, other: &Matrix, f: impl Fn(f64, f64) -> f64) -> Matrix {
        assert_eq!(
            (self.n_rows, self.n_columns),
            (other.n_rows, other.n_columns),
            "shapes of the two matrices"
        );
        let values = self.values.iter().zip(&other.values).map(|(v, other)| f(*v, *other)).collect();
        Matrix::new(self.n_rows, self.n_columns, values)
    }

    /// Applies `f` to each entry.
    pub fn map(&self, f: impl Fn(f64) -> f64) -> Matrix {
        Matrix::new(self.n_rows, self.n_columns, self.values.iter().map(|v| f(*v)).collect())
    }

    /// Multiplies each row by its factor.
    ///
    /// # Panics
    /// Panics if the number of factors is not the number of rows.
    pub fn scaled_rows(&self, factors: &[f64]) -> Matrix {
        assert_eq!(factors.len(), self.n_rows, "one factor per row");
        let scaled = self.rows().zip(factors).flat_map(|(row, factor)| row.iter().map(move |v| factor * v));
        Matrix::new(self.n_rows, self.n_columns, scaled.collect())
    }

    /// Returns the sum of each column.
    pub fn column_sums(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.n_columns];
        self.rows().for_each(|row| sums.iter_mut().zip(row).for_each(|(sum, v)| *sum += v));
        sums
    }
}
