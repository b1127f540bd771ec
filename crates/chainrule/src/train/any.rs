//! A training run in either precision.

use super::history::{Epoch, History};
use super::observer::Observer;
use super::run::Ending;
use super::settings::Settings;
use super::step::Step;
use super::training::Training;
use crate::Error;
use crate::network::{Architecture, Network};

/// A training run in f32 or f64, with parameters as f64, which represents both exactly.
///
/// Programs that choose the precision at run time use this type. Where the precision is fixed,
/// [`Training`] is simpler.
pub enum AnyTraining {
    /// In 32 bits.
    F32(Training<f32>),
    /// In 64 bits.
    F64(Training<f64>),
}

impl From<Training<f32>> for AnyTraining {
    fn from(training: Training<f32>) -> AnyTraining {
        AnyTraining::F32(training)
    }
}

impl From<Training<f64>> for AnyTraining {
    fn from(training: Training<f64>) -> AnyTraining {
        AnyTraining::F64(training)
    }
}

impl AnyTraining {
    /// Returns the settings.
    pub fn settings(&self) -> &Settings {
        match self {
            AnyTraining::F32(training) => training.settings(),
            AnyTraining::F64(training) => training.settings(),
        }
    }

    /// Returns the epochs and the warnings.
    pub fn history(&self) -> &History {
        match self {
            AnyTraining::F32(training) => training.history(),
            AnyTraining::F64(training) => training.history(),
        }
    }

    /// Returns the architecture.
    pub fn architecture(&self) -> &Architecture {
        match self {
            AnyTraining::F32(training) => training.architecture(),
            AnyTraining::F64(training) => training.architecture(),
        }
    }

    /// Returns the current parameters.
    pub fn parameters(&self) -> Vec<f64> {
        match self {
            AnyTraining::F32(training) => {
                training.state().parameters.iter().copied().map(f64::from).collect()
            }
            AnyTraining::F64(training) => training.state().parameters.clone(),
        }
    }

    /// Returns the network with the current parameters.
    pub fn network(&self) -> Network<f64> {
        match self {
            AnyTraining::F32(training) => training.network().cast(),
            AnyTraining::F64(training) => training.network(),
        }
    }

    /// Returns the number of samples, including those held out of them for validation.
    pub fn n_samples(&self) -> usize {
        match self {
            AnyTraining::F32(training) => training.objective().n_samples(),
            AnyTraining::F64(training) => training.objective().n_samples(),
        }
    }

    /// Returns the number of steps per epoch.
    pub fn steps_per_epoch(&self) -> u64 {
        match self {
            AnyTraining::F32(training) => training.steps_per_epoch(),
            AnyTraining::F64(training) => training.steps_per_epoch(),
        }
    }

    /// Updates the parameters with the next batch; see [`Training::step`].
    ///
    /// # Errors
    /// Returns the errors of [`Training::step`].
    pub fn step(&mut self) -> Result<Step, Error> {
        match self {
            AnyTraining::F32(training) => training.step(),
            AnyTraining::F64(training) => training.step(),
        }
    }

    /// Trains until the end of the current epoch.
    ///
    /// # Errors
    /// Returns the errors of [`Training::epoch`].
    pub fn epoch(&mut self) -> Result<&Epoch, Error> {
        match self {
            AnyTraining::F32(training) => training.epoch(),
            AnyTraining::F64(training) => training.epoch(),
        }
    }

    /// Returns whether the run is finished; see [`Training::is_over`].
    pub fn is_over(&self) -> bool {
        match self {
            AnyTraining::F32(training) => training.is_over(),
            AnyTraining::F64(training) => training.is_over(),
        }
    }

    /// Computes the loss over all training samples at the current parameters.
    ///
    /// # Errors
    /// Returns the errors of [`Training::training_loss`].
    pub fn training_loss(&mut self) -> Result<f64, Error> {
        match self {
            AnyTraining::F32(training) => training.training_loss(),
            AnyTraining::F64(training) => training.training_loss(),
        }
    }

    /// Computes the loss over the validation set at the current parameters, if there is one.
    ///
    /// # Errors
    /// Returns the errors of [`Training::validation_loss`].
    pub fn validation_loss(&mut self) -> Result<Option<f64>, Error> {
        match self {
            AnyTraining::F32(training) => training.validation_loss(),
            AnyTraining::F64(training) => training.validation_loss(),
        }
    }

    /// Replaces the current parameters by those of the best epoch on the validation set, if there
    /// is one.
    pub fn restore_best(&mut self) {
        match self {
            AnyTraining::F32(training) => training.restore_best(),
            AnyTraining::F64(training) => training.restore_best(),
        }
    }

    /// Returns the number of threads that a step uses, at most.
    pub fn n_threads(&self) -> usize {
        match self {
            AnyTraining::F32(training) => training.n_threads(),
            AnyTraining::F64(training) => training.n_threads(),
        }
    }

    /// Trains until all epochs are completed, or early stopping or the observer ends the run; see
    /// [`Training::run`].
    ///
    /// # Errors
    /// Returns the errors of [`Training::run`].
    pub fn run(&mut self, observer: impl Observer<f32> + Observer<f64>) -> Result<Ending, Error> {
        match self {
            AnyTraining::F32(training) => training.run(observer),
            AnyTraining::F64(training) => training.run(observer),
        }
    }

    /// Computes the loss on the validation set if there is one, and on the training set otherwise.
    ///
    /// # Errors
    /// Returns [`Error::Unreadable`] if samples cannot be read.
    pub fn final_loss(&mut self) -> Result<f64, Error> {
        match self {
            AnyTraining::F32(training) => training.final_loss(),
            AnyTraining::F64(training) => training.final_loss(),
        }
    }
}
