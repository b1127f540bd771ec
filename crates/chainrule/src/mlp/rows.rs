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

/// Inputs and their number per sample.
pub(super) type Inputs<'x, T> = (Cow<'x, [T]>, usize);

/// Returns the inputs of `n_rows` samples.
///
/// # Errors
/// Returns an error if there are no samples or inputs, or the inputs do not form this number of
/// rows.
pub(super) fn inputs<X: Rows + ?Sized>(x: &X, n_rows: usize) -> Result<Inputs<'_, X::Number>, Error> {
    let values = x.values();
    if n_rows == 0 {
        return Err(Error::NoSamples);
    }
    let n_values = values.len();
    let n_inputs = match x.n_columns() {
        Some(n_inputs) => {
            let expected = crate::dataset::n_rows("x", &values, n_inputs)?;
            if expected != n_rows {
                return Err(Error::RowCount { what: "t", expected, got: n_rows });
            }
            n_inputs
        }
        None if n_values == 0 => return Err(Error::NoColumns { what: "x" }),
        None if !n_values.is_multiple_of(n_rows) => return Err(Error::UnequalRows { n_values, n_rows }),
        None => n_values / n_rows,
    };
    Ok((values, n_inputs))
}
