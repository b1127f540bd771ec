//! A training step of a solver: the loss and gradient over all samples at a point that the solver
//! proposes.

use std::time::Instant;

use super::solver::{Method, Newton, SolverState, SolverStatus};
use super::step::Step;
use super::training::Training;
use crate::Error;
use crate::kernel::{Scalar, slices};

impl<T: Scalar> Training<T> {
    /// Evaluates the start, or the next point that the solver proposes.
    ///
    /// The parameters change only if the solver accepts the point, which ends an epoch. A solver
    /// that ends before it accepts a point also ends the first epoch, so that every run has one.
    pub(super) fn solver_step(&mut self) -> Result<Step, Error> {
        if self.solver_ending().is_some() {
            self.state.solver = None;
        }
        self.trial.resize(self.state.parameters.len(), T::ZERO);
        let status = match self.state.solver.take() {
            None => self.begin_solver()?,
            Some(mut solver) => {
                let status = self.continue_solver(&mut solver);
                self.state.solver = Some(solver);
                status?
            }
        };
        let solver = self.state.solver.as_ref().expect("the solver has begun");
        let (loss, step_length) = (solver.value(), solver.step_length());
        let ends_epoch = status == SolverStatus::Accepted || solver.ending.is_some() && self.state.epoch == 0;
        self.state.step += 1;
        if ends_epoch {
            self.gradient.copy_from_slice(solver.gradient());
            let gradient_norm = self.gradient_norms();
            self.finish_epoch(loss, step_length, gradient_norm)?;
            self.epoch_started = Instant::now();
        }
        let rows = self.state.order.len();
        Ok(Step { step: self.state.step, loss, learning_rate: step_length, rows, ends_epoch })
    }

    /// Evaluates the current parameters, from which the solver begins.
    fn begin_solver(&mut self) -> Result<SolverStatus, Error> {
        self.epoch_started = Instant::now();
        self.trial.copy_from_slice(&self.state.parameters);
        let (loss, _) = self.evaluate(0, self.state.order.len())?;
        if !loss.is_finite() || !slices::all_finite(&self.gradient) {
            return Err(self.diverged(loss, self.settings.learning_rate));
        }
        self.state.finite.copy_from_slice(&self.state.parameters);
        self.state.solver = Some(SolverState::new(&self.settings.solver, loss, &self.gradient));
        Ok(SolverStatus::Searching)
    }

    /// Evaluates the next point. If samples cannot be read, the step can be tried again.
    fn continue_solver(&mut self, solver: &mut SolverState<T>) -> Result<SolverStatus, Error> {
        if let Method::LevenbergMarquardt(_) = self.settings.solver.made {
            self.compute_gauss_newton()?;
        }
        solver.propose(&self.settings.solver, self.newton.as_mut(), &self.state.parameters, &mut self.trial);
        if solver.ending.is_some() {
            return Ok(SolverStatus::NoDecrease);
        }
        let (loss, _) = self.evaluate(0, self.state.order.len())?;
        let Training { settings, state, trial, gradient, newton, .. } = self;
        let status = solver.observe(&settings.solver, &mut state.parameters, trial, loss, gradient);
        if status == SolverStatus::Accepted {
            state.finite.copy_from_slice(&state.parameters);
            newton.iter_mut().for_each(|newton| newton.is_current = false);
        }
        Ok(status)
    }

    /// Computes the Gauss-Newton matrix of the loss, including an L2 penalty, at the current
    /// parameters, unless it is known.
    fn compute_gauss_newton(&mut self) -> Result<(), Error> {
        let penalty_factor = self.penalty_factor();
        let Training { settings, objective, state, newton, .. } = self;
        let newton = newton.get_or_insert_with(|| Newton::new(state.parameters.len()));
        if newton.is_current {
            return Ok(());
        }
        let (parameters, rows) = (&state.parameters, &state.order);
        let divisor = match newton.divisor {
            Some(divisor) => divisor,
            None => settings.reduction.divisor(objective.sums(parameters, rows, None, None)?),
        };
        newton.divisor = Some(divisor);
        objective.gauss_newton(parameters, rows, &mut newton.matrix)?;
        newton.matrix.scale(1.0 / divisor);
        let strength = settings.penalty.l2 * settings.penalty.factor(penalty_factor, divisor);
        for block in objective.architecture().trainable() {
            if strength > 0.0 && settings.penalty.includes(block.part) {
                let strength = strength * block.factors.decay;
                block.range.clone().for_each(|p| newton.matrix.add_to_diagonal(p, strength));
            }
        }
        newton.is_current = true;
        Ok(())
    }
}
