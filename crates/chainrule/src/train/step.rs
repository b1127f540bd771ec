//! A training step: the loss and gradient of the next batch, then an update.

use super::batch::Batch;
use super::optimizer::UpdateStep;
use super::penalty::{self, Penalty, PenaltyDivisor, PenaltyTarget};
use super::schedule::{Clock, Schedule};
use super::training::Training;
use crate::Error;
use crate::kernel::Scalar;
use crate::network::{Dropout, Part};
use crate::objective::Reduction;
use crate::sum::sum;

/// Result of a training step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Step, counted from 1.
    pub step: u64,
    /// Loss of the batch before the update, including the penalty.
    pub loss: f64,
    /// Learning rate of the update.
    pub learning_rate: f64,
    /// Number of samples in the batch.
    pub rows: usize,
    /// Whether this is the last step of its epoch.
    pub ends_epoch: bool,
}

impl<T: Scalar> Training<T> {
    /// Updates the parameters with the next batch.
    ///
    /// # Errors
    /// Returns [`Error::Diverged`] if the loss or a parameter becomes infinite or NaN; see
    /// [`Training::run`]. Returns [`Error::Unreadable`] if samples cannot be read; the step can then
    /// be tried again.
    pub fn step(&mut self) -> Result<Step, Error> {
        if !self.settings.solver.uses_optimizer() {
            return self.solver_step();
        }
        let before = (self.state.place == 0).then(|| (self.state.random.clone(), self.state.running_loss));
        if self.state.place == 0 {
            self.begin_epoch();
        }
        let from = self.state.place;
        let to = self.state.order.len().min(from + self.batch_size());
        let ends_epoch = to == self.state.order.len();
        let learning_rate = self.learning_rate();

        if !ends_epoch {
            let next = to..self.state.order.len().min(to + self.batch_size());
            self.objective.prefetch(&self.state.order[next]);
        }
        let evaluated = self.evaluate(from, to);
        if let (Err(_), Some((random, running_loss))) = (&evaluated, before) {
            self.undo_begin_epoch(random, running_loss);
        }
        let (loss, weight) = evaluated?;
        if !loss.is_finite() {
            return Err(self.diverged(loss, learning_rate));
        }
        if from == 0 {
            self.state.finite.copy_from_slice(&self.state.parameters);
        }
        let gradient_norm = if ends_epoch { self.gradient_norms() } else { Vec::new() };

        if weight > 0.0 {
            self.update(to - from, learning_rate, loss);
        }
        self.state.running_loss += match self.settings.reduction {
            Reduction::Mean => loss * (to - from) as f64,
            Reduction::Sum => loss,
        };
        self.state.step += 1;
        self.state.place = to;
        if ends_epoch {
            let loss = match self.settings.reduction {
                Reduction::Mean => self.state.running_loss / to as f64,
                Reduction::Sum => self.state.running_loss,
            };
            self.finish_epoch(loss, learning_rate, gradient_norm)?;
        }
        Ok(Step { step: self.state.step, loss, learning_rate, rows: to - from, ends_epoch })
    }

    /// Returns the learning rate of the next step.
    pub fn learning_rate(&self) -> f64 {
        self.settings.learning_rate * self.factor(&self.settings.schedule)
    }

    /// Returns the factor of all penalties and of weight decay in the next step.
    pub fn penalty_factor(&self) -> f64 {
        self.factor(&self.settings.penalty_schedule)
    }

    /// Returns the factor of all dropout rates in the next step.
    pub fn dropout_factor(&self) -> f64 {
        self.factor(&self.settings.dropout_schedule)
    }

    /// Returns the factor of a schedule for the next step.
    fn factor(&self, schedule: &Schedule) -> f64 {
        let state = &self.state;
        let (now, ticks_per_epoch) = match schedule.clock() {
            Clock::Step => (state.step, self.steps_per_epoch()),
            Clock::Epoch => (state.epoch, 1),
            Clock::Samples => (state.samples, state.order.len() as u64),
        };
        schedule.factor(now, self.settings.epochs.saturating_mul(ticks_per_epoch), &state.schedule)
    }

    pub(super) fn batch_size(&self) -> usize {
        match self.settings.batch {
            Batch::Full => self.state.order.len(),
            Batch::Size(size) => size.min(self.state.order.len()),
        }
    }

    /// Computes the loss, including the penalty, and the total weight of the batch `from..to` of
    /// the epoch's order at the current parameters, or at the trial point of a solver, and stores the
    /// gradient in `self.gradient`.
    ///
    /// The loss is `L = (Σ w·l)/divisor + penalty`; with [`PenaltyDivisor::BatchWeight`], the
    /// penalty is divided by the divisor as well.
    pub(super) fn evaluate(&mut self, from: usize, to: usize) -> Result<(f64, f64), Error> {
        let (penalty_factor, dropout_factor) = (self.penalty_factor(), self.dropout_factor());
        let Training { settings, objective, state, gradient, trial, .. } = self;
        let parameters = if settings.solver.uses_optimizer() { &state.parameters } else { &*trial };
        let has_dropout = objective.architecture().layers().iter().any(|layer| layer.dropout > 0.0);
        let dropout = Dropout { seed: settings.seed, step: state.step, factor: dropout_factor };
        let dropout = (has_dropout && dropout_factor > 0.0).then_some(dropout);
        let rows = &state.order[from..to];
        let sums = objective.reduced(parameters, rows, gradient, settings.reduction, dropout)?;
        if sums.weight == 0.0 {
            return Ok((0.0, 0.0));
        }
        let divisor = settings.reduction.divisor(sums);
        let mut loss = sums.loss / divisor;
        if settings.penalty.adds_to_loss() {
            let factor = settings.penalty.factor(penalty_factor, divisor);
            for block in objective.architecture().trainable() {
                if settings.penalty.includes(block.part) {
                    let range = block.range.clone();
                    let (w, dw) = (&parameters[range.clone()], &mut gradient[range]);
                    loss += settings.penalty.add(factor * block.factors.decay, w, dw);
                }
            }
        }
        Ok((loss, sums.weight))
    }

    /// Updates the trainable parameters after a batch of `n_rows` with this loss: gradient clipping, then
    /// decoupled weight decay `p ← p·(1 - rate·decay)` of the penalised parameters, then the
    /// optimizer's update, with the factors of each block.
    fn update(&mut self, n_rows: usize, learning_rate: f64, loss: f64) {
        let penalty_factor = self.penalty_factor();
        let Training { settings, objective, state, gradient, trainable, .. } = self;
        let architecture = objective.architecture();
        if let Some(clip) = settings.clip {
            clip.apply(gradient, trainable);
        }
        state.updates += 1;
        let loss_increased = loss > state.last_loss;
        state.last_loss = loss;
        let n_threads = objective.n_threads(n_rows);
        let strength = penalty_factor * (settings.penalty.decoupled + settings.optimizer.decay());
        for block in architecture.trainable() {
            let (rate, decay) = (learning_rate * block.factors.rate, strength * block.factors.decay);
            if decay > 0.0 && settings.penalty.includes(block.part) {
                penalty::decay(rate, decay, &mut state.parameters[block.range.clone()]);
            }
        }
        // Neighbouring blocks with the same learning rate are updated together.
        let mut blocks = architecture.trainable().peekable();
        while let Some(block) = blocks.next() {
            let (mut range, rate_factor) = (block.range.clone(), block.factors.rate);
            while let Some(next) =
                blocks.next_if(|next| next.range.start == range.end && next.factors.rate == rate_factor)
            {
                range.end = next.range.end;
            }
            settings.optimizer.update_on(
                n_threads,
                UpdateStep { rate: learning_rate * rate_factor, number: state.updates, loss_increased },
                range,
                &mut state.parameters,
                gradient,
                &mut state.slots,
            );
        }
    }

    /// Computes the Euclidean norm of the gradient with respect to the parameters of each layer.
    pub(super) fn gradient_norms(&self) -> Vec<f64> {
        let mut squares = vec![0.0; self.architecture().layers().len()];
        for block in self.architecture().trainable() {
            squares[block.layer] += sum(&self.gradient[block.range.clone()], |g| g * g);
        }
        squares.into_iter().map(f64::sqrt).collect()
    }
}

impl Penalty {
    /// Returns the factor of the penalty in a loss that is divided by `divisor`.
    pub(super) fn factor(&self, penalty_factor: f64, divisor: f64) -> f64 {
        match self.divisor {
            PenaltyDivisor::BatchWeight => penalty_factor / divisor,
            PenaltyDivisor::None => penalty_factor,
        }
    }

    /// Returns whether the penalty applies to this part of a layer; by default only to the weights.
    pub(super) fn includes(&self, part: Part) -> bool {
        part == Part::Weights || self.applies_to == PenaltyTarget::All
    }
}
