//! Trained models, which predict classes or numbers.

use super::rows::Rows;
use super::standardizer::Standardizer;
use crate::dataset::n_rows;
use crate::metrics::{arg_max, is_class_1};
use crate::network::Network;
use crate::train::History;
use crate::{Error, Scalar};

/// A trained network with the scales of its inputs.
#[derive(Clone, Debug)]
pub(super) struct FittedNetwork<T> {
    pub(super) network: Network<T>,
    pub(super) history: History,
    pub(super) inputs: Standardizer,
}

impl<T: Scalar> FittedNetwork<T> {
    /// Computes the outputs for the inputs `x`, row-major.
    fn outputs<X: Rows<Number = T> + ?Sized>(&self, x: &X) -> Result<Vec<T>, Error> {
        let expected = self.network.architecture().n_inputs();
        if let Some(got) = x.n_columns().filter(|got| *got != expected) {
            return Err(Error::ColumnCount { what: "x", expected, got });
        }
        let x = x.values();
        n_rows("x", &x, expected)?;
        Ok(self.network.predict(&self.inputs.apply("x", &x)?))
    }
}

/// A trained classifier with labels of type `L`, created by [`Mlp::fit`](super::Mlp::fit).
///
/// ```
/// use chainrule::Mlp;
///
/// let model = Mlp::classifier().learning_rate(0.01).fit(&[-2.0, -1.0, 1.0, 2.0], &[3, 3, 7, 7])?;
/// assert_eq!(model.classes(), [3, 7]);
/// assert_eq!(model.predict(&[-3.0, 3.0])?, [3, 7]);
/// let p = model.predict_proba(&[-3.0])?;
/// assert!(p[0] > 0.9 && p[0] + p[1] == 1.0);
/// assert!(model.predict(&[f64::NAN]).is_err());
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct FittedClassifier<T, L> {
    pub(super) fitted: FittedNetwork<T>,
    pub(super) classes: Vec<L>,
}

impl<T: Scalar, L: Clone> FittedClassifier<T, L> {
    /// Returns the distinct labels of the training samples, in order.
    pub fn classes(&self) -> &[L] {
        &self.classes
    }

    /// Returns the label of the most probable class for each row of `x` (n, n_inputs).
    ///
    /// # Errors
    /// Returns an error if the number of columns differs from that in training, or a number is not
    /// finite.
    pub fn predict<X: Rows<Number = T> + ?Sized>(&self, x: &X) -> Result<Vec<L>, Error> {
        let y: Vec<f64> = self.fitted.outputs(x)?.into_iter().map(T::to_f64).collect();
        let class = |y: &[f64]| match y {
            [p] => usize::from(is_class_1(*p)),
            p => arg_max(p),
        };
        Ok(y.chunks_exact(self.n_outputs()).map(|y| self.classes[class(y)].clone()).collect())
    }

    /// Returns the probability of each class, in the order of [`classes`](Self::classes), for each
    /// row of `x`: shape (n, n_classes), row-major.
    ///
    /// # Errors
    /// Returns the errors of [`predict`](Self::predict).
    pub fn predict_proba<X: Rows<Number = T> + ?Sized>(&self, x: &X) -> Result<Vec<T>, Error> {
        let y = self.fitted.outputs(x)?;
        Ok(match self.n_outputs() {
            1 => y.into_iter().flat_map(|p| [T::ONE - p, p]).collect(),
            _ => y,
        })
    }

    /// Returns the network, whose inputs are standardised: `(x - mean)/deviation` with
    /// [`input_mean`](Self::input_mean) and [`input_deviation`](Self::input_deviation).
    ///
    /// For two classes, its single output is the probability of the second.
    pub fn network(&self) -> &Network<T> {
        &self.fitted.network
    }

    /// Returns the losses of each epoch.
    pub fn history(&self) -> &History {
        &self.fitted.history
    }

    /// Returns the mean of each input.
    pub fn input_mean(&self) -> &[f64] {
        &self.fitted.inputs.mean
    }

    /// Returns the standard deviation of each input; 0 for a constant input, which is replaced by 0.
    pub fn input_deviation(&self) -> &[f64] {
        &self.fitted.inputs.deviation
    }

    fn n_outputs(&self) -> usize {
        self.fitted.network.architecture().n_outputs()
    }
}

/// A trained regressor, created by [`Mlp::fit`](super::Mlp::fit).
#[derive(Clone, Debug)]
pub struct FittedRegressor<T> {
    pub(super) fitted: FittedNetwork<T>,
    pub(super) targets: Standardizer,
}

impl<T: Scalar> FittedRegressor<T> {
    /// Returns the predicted targets for each row of `x` (n, n_inputs): shape (n, n_targets),
    /// row-major, in the units of the training targets.
    ///
    /// # Errors
    /// Returns an error if the number of columns differs from that in training, or a number is not
    /// finite.
    pub fn predict<X: Rows<Number = T> + ?Sized>(&self, x: &X) -> Result<Vec<T>, Error> {
        let mut y = self.fitted.outputs(x)?;
        self.targets.undo(&mut y);
        Ok(y)
    }

    /// Returns the network. Its inputs are standardised, `(x - mean)/deviation` with
    /// [`input_mean`](Self::input_mean) and [`input_deviation`](Self::input_deviation), and so are
    /// its outputs: a prediction is `y·deviation + mean` with [`target_mean`](Self::target_mean) and
    /// [`target_deviation`](Self::target_deviation).
    pub fn network(&self) -> &Network<T> {
        &self.fitted.network
    }

    /// Returns the losses of each epoch, of the standardised targets.
    pub fn history(&self) -> &History {
        &self.fitted.history
    }

    /// Returns the mean of each input.
    pub fn input_mean(&self) -> &[f64] {
        &self.fitted.inputs.mean
    }

    /// Returns the standard deviation of each input; 0 for a constant input, which is replaced by 0.
    pub fn input_deviation(&self) -> &[f64] {
        &self.fitted.inputs.deviation
    }

    /// Returns the mean of each target.
    pub fn target_mean(&self) -> &[f64] {
        &self.targets.mean
    }

    /// Returns the standard deviation of each target, 0 for a constant target.
    pub fn target_deviation(&self) -> &[f64] {
        &self.targets.deviation
    }
}
