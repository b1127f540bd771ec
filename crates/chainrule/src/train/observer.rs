//! Observers, which are called during training and can stop it.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use super::history::Epoch;
use super::step::Step;
use super::training::Training;
use crate::kernel::Scalar;

/// Callbacks at the start of training, after every step and after every epoch; returning `Break`
/// stops training.
pub trait Observer<T: Scalar> {
    /// Called at the start of [`Training::run`], before its first step.
    fn started(&mut self, _training: &Training<T>) {}

    /// Called after each step.
    fn stepped(&mut self, _training: &Training<T>, _step: &Step) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// Called after each epoch.
    fn finished_epoch(&mut self, _training: &Training<T>, _epoch: &Epoch) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// An observer that does nothing.
impl<T: Scalar> Observer<T> for () {}

/// Calls both observers; either can stop training.
impl<T: Scalar, A: Observer<T>, B: Observer<T>> Observer<T> for (A, B) {
    fn started(&mut self, training: &Training<T>) {
        self.0.started(training);
        self.1.started(training);
    }

    fn stepped(&mut self, training: &Training<T>, step: &Step) -> ControlFlow<()> {
        let first = self.0.stepped(training, step);
        let second = self.1.stepped(training, step);
        if first.is_break() { first } else { second }
    }

    fn finished_epoch(&mut self, training: &Training<T>, epoch: &Epoch) -> ControlFlow<()> {
        let first = self.0.finished_epoch(training, epoch);
        let second = self.1.finished_epoch(training, epoch);
        if first.is_break() { first } else { second }
    }
}

impl<T: Scalar, O: Observer<T> + ?Sized> Observer<T> for &mut O {
    fn started(&mut self, training: &Training<T>) {
        (**self).started(training);
    }

    fn stepped(&mut self, training: &Training<T>, step: &Step) -> ControlFlow<()> {
        (**self).stepped(training, step)
    }

    fn finished_epoch(&mut self, training: &Training<T>, epoch: &Epoch) -> ControlFlow<()> {
        (**self).finished_epoch(training, epoch)
    }
}

/// An observer that stops training after the current step if another thread has set the flag.
#[derive(Debug)]
pub struct Cancel<'a>(pub &'a AtomicBool);

impl<T: Scalar> Observer<T> for Cancel<'_> {
    fn stepped(&mut self, _training: &Training<T>, _step: &Step) -> ControlFlow<()> {
        if self.0.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// An observer that records the parameters at the start and after every k-th step: the path in
/// parameter space.
///
/// ```
/// # use std::sync::Arc;
/// # use chainrule::network::{Architecture, Layer, Network, activation::Activation, loss::Loss};
/// # use chainrule::random::RandomState;
/// # use chainrule::train::{Settings, Training};
/// # use chainrule::Dataset;
/// use chainrule::train::Recorder;
///
/// # let line = Architecture::new(1, vec![Layer::new(1, Activation::identity()).without_bias()])?;
/// # let network = Network::new(line, vec![0.0])?;
/// # let data = Dataset::new(vec![1.0, 2.0], 1, vec![3.0, 6.0], 1)?;
/// # let settings = Settings { epochs: 4, ..Settings::default() };
/// # let random = RandomState::new(0);
/// let mut recorder = Recorder::every(2);
/// Training::new(network, &Loss::squared_error(), Arc::new(data), settings, random)?.run(&mut recorder)?;
/// assert_eq!(recorder.steps, [0, 2, 4]);
/// assert_eq!(recorder.parameters[0], [0.0]);
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Recorder<T> {
    every: u64,
    /// Number of completed steps at each record.
    pub steps: Vec<u64>,
    /// Parameters at each record, in the layout of the architecture.
    pub parameters: Vec<Vec<T>>,
}

impl<T> Recorder<T> {
    /// Creates an observer that records the parameters at the start and after every `k`-th step.
    ///
    /// # Panics
    /// Panics if `k` is 0.
    pub fn every(k: u64) -> Recorder<T> {
        assert!(k > 0, "the recording interval must be at least 1");
        Recorder { every: k, steps: Vec::new(), parameters: Vec::new() }
    }
}

impl<T: Scalar> Recorder<T> {
    fn record(&mut self, training: &Training<T>) {
        self.steps.push(training.state().step);
        self.parameters.push(training.state().parameters.clone());
    }
}

impl<T: Scalar> Observer<T> for Recorder<T> {
    fn started(&mut self, training: &Training<T>) {
        if self.steps.is_empty() {
            self.record(training);
        }
    }

    fn stepped(&mut self, training: &Training<T>, _step: &Step) -> ControlFlow<()> {
        if training.state().step.is_multiple_of(self.every) {
            self.record(training);
        }
        ControlFlow::Continue(())
    }
}
