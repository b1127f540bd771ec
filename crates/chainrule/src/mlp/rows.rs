//! Numbers in rows, one row per sample.

use std::borrow::Cow;

use crate::{Error, Scalar};

/// Numbers in rows, one row per sample: slices, vectors and arrays in row-major order, and, with the
/// feature `ndarray`, one- and two-dimensional arrays of that crate in any memory layout.
///
/// ```
/// # #[cfg(feature = "ndarray")] {
/// use chainrule::Mlp;
/// use ndarray::{array, Array1};
///
/// let x = array![[0.0, 1.0], [1.0, 1.0], [2.0, 3.0], [3.0, 2.0]];
/// let model = Mlp::classifier().learning_rate(0.01).fit(&x, &array![0, 0, 1, 1])?;
/// let y = Array1::from(model.predict(&x)?);
/// assert_eq!(y, array![0, 0, 1, 1]);
/// # }
/// # Ok::<(), chainrule::Error>(())
/// ```
pub trait Rows {
    /// f32 or f64.
    type Number: Scalar;

    /// Returns the number of columns, or `None` if it does not follow from the type.
    fn n_columns(&self) -> Option<usize>;

    /// Returns all numbers, row-major.
    fn values(&self) -> Cow<'_, [Self::Number]>;
}

impl<T: Scalar> Rows for [T] {
    type Number = T;

    fn n_columns(&self) -> Option<usize> {
        None
    }

    fn values(&self) -> Cow<'_, [T]> {
        Cow::Borrowed(self)
    }
}

impl<T: Scalar, const N: usize> Rows for [T; N] {
    type Number = T;

    fn n_columns(&self) -> Option<usize> {
        None
    }

    fn values(&self) -> Cow<'_, [T]> {
        Cow::Borrowed(self)
    }
}

impl<T: Scalar> Rows for Vec<T> {
    type Number = T;

    fn n_columns(&self) -> Option<usize> {
        None
    }

    fn values(&self) -> Cow<'_, [T]> {
        Cow::Borrowed(self)
    }
}

#[cfg(feature = "ndarray")]
impl<T: Scalar, S: ndarray::Data<Elem = T>> Rows for ndarray::ArrayBase<S, ndarray::Ix2> {
    type Number = T;

    fn n_columns(&self) -> Option<usize> {
        Some(self.ncols())
    }

    fn values(&self) -> Cow<'_, [T]> {
        match self.as_slice() {
            Some(values) => Cow::Borrowed(values),
            None => Cow::Owned(self.iter().copied().collect()),
        }
    }
}

/// A single column.
#[cfg(feature = "ndarray")]
impl<T: Scalar, S: ndarray::Data<Elem = T>> Rows for ndarray::ArrayBase<S, ndarray::Ix1> {
    type Number = T;

    fn n_columns(&self) -> Option<usize> {
        Some(1)
    }

    fn values(&self) -> Cow<'_, [T]> {
        match self.as_slice() {
            Some(values) => Cow::Borrowed(values),
            None => Cow::Owned(self.iter().copied().collect()),
        }
    }
}

/// Returns the number of inputs of each of `n_rows` samples with the inputs `x`, whose type may
/// determine the number of columns.
///
/// # Errors
/// Returns an error if there are no samples or inputs, or the inputs do not form this number of
/// rows.
pub(super) fn n_inputs<T>(x: &[T], n_columns: Option<usize>, n_rows: usize) -> Result<usize, Error> {
    if n_rows == 0 {
        return Err(Error::NoSamples);
    }
    let n_values = x.len();
    match n_columns {
        Some(n_columns) => {
            let expected = crate::dataset::n_rows("x", x, n_columns)?;
            if expected == n_rows {
                Ok(n_columns)
            } else {
                Err(Error::RowCount { what: "t", expected, got: n_rows })
            }
        }
        None if n_values == 0 => Err(Error::NoColumns { what: "x" }),
        None if !n_values.is_multiple_of(n_rows) => Err(Error::UnequalRows { n_values, n_rows }),
        None => Ok(n_values / n_rows),
    }
}
