//! Start and end of an epoch: shuffling the samples, and recording the results in the history.

use std::time::Instant;

use super::batch::{Batch, Shuffle};
use super::history::{Epoch, Warning};
use super::state::Best;
use super::training::Training;
use crate::Error;
use crate::kernel::{Scalar, slices};
use crate::metrics::{MetricInput, OutputKind};
use crate::random::RandomState;

impl<T: Scalar> Training<T> {
    pub(super) fn begin_epoch(&mut self) {
        self.epoch_started = Instant::now();
        self.state.running_loss = 0.0;
        if self.settings.shuffle == Shuffle::EachEpoch && self.settings.batch != Batch::Full {
            self.state.random.shuffle(&mut self.state.order);
        }
    }

    /// Restores the state before [`begin_epoch`](Training::begin_epoch), since the first batch could
    /// not be read: the random number generator, and the order of the rows before its shuffle.
    pub(super) fn undo_begin_epoch(&mut self, random: RandomState, running_loss: f64) {
        let shuffled = std::mem::replace(&mut self.state.random, random) != self.state.random;
        self.state.running_loss = running_loss;
        if shuffled {
            let mut places: Vec<usize> = (0..self.state.order.len()).collect();
            self.state.random.clone().shuffle(&mut places);
            let order = self.state.order.clone();
            places.iter().zip(order).for_each(|(place, row)| self.state.order[*place] = row);
        }
    }

    /// Records an epoch with this training loss.
    pub(super) fn finish_epoch(
        &mut self,
        loss: f64,
        learning_rate: f64,
        gradient_norm: Vec<f64>,
    ) -> Result<(), Error> {
        if !slices::all_finite(&self.state.parameters) {
            return Err(self.diverged(f64::NAN, learning_rate));
        }
        let n = self.state.order.len();
        self.state.epoch += 1;
        self.state.samples += n as u64;
        self.state.place = 0;
        let validation_loss = self.validation_loss()?;
        let (dead, saturated) = self.count_units()?;
        let metrics = self.metrics()?;
        let epoch = Epoch {
            epoch: self.state.epoch,
            loss,
            validation_loss,
            metrics,
            learning_rate,
            gradient_norm,
            dead,
            saturated,
            seconds: self.epoch_started.elapsed().as_secs_f64(),
        };
        self.settings.schedule.observe(&mut self.state.schedule, validation_loss.unwrap_or(loss));
        if let Some(stopping) = &self.settings.stopping {
            let cost = stopping.cost(&epoch, &self.settings.metrics);
            let (is_best, is_exceeded) = stopping.observe(&mut self.state.stopping, cost);
            let (schedule, base_rate) = (&self.settings.schedule, self.settings.learning_rate);
            if is_exceeded && schedule.reduce(&mut self.state.schedule, base_rate) {
                self.state.stopping.wait = 0;
            }
            if is_best && self.validation.is_some() {
                let (epoch, parameters) = (epoch.epoch, self.state.parameters.clone());
                self.state.best = Some(Best { epoch, parameters });
            }
        }
        self.history.epochs.push(epoch);
        Ok(())
    }

    /// Computes the metrics selected in the settings, on the validation set if there is one.
    fn metrics(&mut self) -> Result<Vec<f64>, Error> {
        if self.settings.metrics.is_empty() {
            return Ok(Vec::new());
        }
        let outputs = match &mut self.validation {
            Some(validation) => validation.objective.outputs(&self.state.parameters, &validation.rows)?,
            None => self.objective.outputs(&self.state.parameters, &self.state.order)?,
        };
        let predictions = MetricInput {
            task: OutputKind::of(&self.objective.architecture().output().activation),
            y: &outputs.y,
            t: &outputs.t,
            weight: Some(&outputs.weight),
            n_outputs: self.objective.architecture().n_outputs(),
        };
        Ok(self.settings.metrics.iter().map(|metric| metric.value(&predictions)).collect())
    }

    /// Returns the fractions of dead and of saturated units for each hidden layer. Adds a warning
    /// if the number of dead units in a layer has increased by at least a tenth of the layer since
    /// the last warning.
    fn count_units(&mut self) -> Result<(Vec<f64>, Vec<f64>), Error> {
        let n_hidden = self.objective.architecture().layers().len() - 1;
        let Some(tracker) = &self.unit_tracker else {
            return Ok((vec![0.0; n_hidden], vec![0.0; n_hidden]));
        };
        let counts = tracker.count(&mut *self.objective, &self.state.parameters)?;
        let architecture = self.objective.architecture();
        let (mut dead, mut saturated) = (Vec::new(), Vec::new());
        for (l, units) in counts.into_iter().enumerate() {
            let layer = architecture.layer_name(l);
            let last_warning = self.history.warnings.iter().rev().find_map(|warning| match warning {
                Warning::DeadUnits { layer: warned, dead, .. } if *warned == layer => Some(*dead),
                Warning::DeadUnits { .. } => None,
            });
            let n_warned = last_warning.unwrap_or(0);
            if units.n_dead > n_warned && (units.n_dead - n_warned) * 10 >= units.n_units {
                let (epoch, dead, of) = (self.state.epoch, units.n_dead, units.n_units);
                self.history.warnings.push(Warning::DeadUnits { epoch, layer, dead, of });
            }
            dead.push(units.n_dead as f64 / units.n_units as f64);
            saturated.push(units.n_saturated as f64 / units.n_units as f64);
        }
        Ok((dead, saturated))
    }

    /// Restores the last finite parameters and returns the error.
    pub(super) fn diverged(&mut self, loss: f64, learning_rate: f64) -> Error {
        let finite = self.state.finite.clone();
        self.state.parameters.copy_from_slice(&finite);
        Error::Diverged { epoch: self.state.epoch + 1, step: self.state.step + 1, loss, learning_rate }
    }
}
