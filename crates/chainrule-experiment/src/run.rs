//! Training of an experiment's networks: variants, restarts and folds side by side, with progress
//! and checkpoints.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use chainrule::metrics::Metric;
use chainrule::objective::n_threads;
use chainrule::train::{AnyTraining, Batch, BestRun, Ending, Epoch, Observer, Step, Training, side_by_side};
use chainrule::{Error as EngineError, Scalar};

use crate::Error;
use crate::checkpoint::Checkpoint;
use crate::checkpoints::{Checkpoints, RunCheckpoints};
use crate::experiment::{Experiment, Variant};
use crate::outcome::Outcome;
use crate::prepare::{PreparedTraining, TrainingData};

/// Receives the progress of training runs.
///
/// While several runs are trained side by side, all of them report to the same object, and
/// [`advance`](Progress::advance) and [`finish_epoch`](Progress::finish_epoch) are skipped for a
/// run that would have to wait for another one.
pub trait Progress: Send {
    /// Training of one variant starts, or of all `n_runs` variants and restarts under the name of
    /// the experiment, for `epochs` epochs in all.
    fn begin(&mut self, name: &str, n_runs: usize, epochs: u64);
    /// The runs have completed `epochs` epochs in all, including a fraction of the current ones,
    /// and one of them has reached this loss.
    fn advance(&mut self, epochs: f64, loss: f64);
    /// A run has finished an epoch.
    fn finish_epoch(&mut self, _epoch: &Epoch) {}
    /// A run has ended with this loss on the validation set, or on the training set if there is
    /// none.
    fn finish_run(&mut self, _loss: f64) {}
    /// A run will resume from a checkpoint. `_changed` has a line for each changed setting.
    fn resumed(&mut self, _from: &Checkpoint, _changed: &[String]) {}
    /// A checkpoint has been saved, or could not be saved because of an error.
    fn checkpoint_saved(&mut self, _error: Option<&std::io::Error>) {}
    /// All runs have ended.
    fn end(&mut self);
}

/// Ignores all progress.
impl Progress for () {
    fn begin(&mut self, _name: &str, _n_runs: usize, _epochs: u64) {}
    fn advance(&mut self, _epochs: f64, _loss: f64) {}
    fn end(&mut self) {}
}

/// A variant to train, with its samples and initial weights.
pub struct Job<'e> {
    /// The variant.
    pub variant: &'e Variant,
    /// What it was [prepared](Variant::prepare) to.
    pub prepared: PreparedTraining,
    /// Epochs after which the parameters are recorded.
    pub epochs: BTreeSet<u64>,
}

impl Experiment {
    /// Trains the networks of the experiment and records the parameters that its claims require.
    ///
    /// # Errors
    /// Returns the errors of [`Variant::prepare`].
    pub fn run(&self, progress: &mut dyn Progress, cancel: &AtomicBool) -> Result<Vec<Outcome>, Error> {
        self.run_recording(&|variant| self.epochs(&variant.name), progress, cancel, None)
    }

    /// Trains the networks of the experiment and records the parameters after the epochs that
    /// `epochs` returns for each variant; see [`run_all`].
    ///
    /// # Errors
    /// Returns the errors of [`Variant::prepare`] and [`run_all`].
    pub fn run_recording(
        &self,
        epochs: &dyn Fn(&Variant) -> BTreeSet<u64>,
        progress: &mut dyn Progress,
        cancel: &AtomicBool,
        checkpoints: Option<&mut Checkpoints>,
    ) -> Result<Vec<Outcome>, Error> {
        let job = |variant| Ok(Job { variant, prepared: variant.prepare()?, epochs: epochs(variant) });
        let jobs = self.variants.iter().map(job).collect::<Result<_, Error>>()?;
        run_all(&self.name, jobs, progress, cancel, checkpoints)
    }

    /// Returns the epochs after which the claims require the parameters of the variant called
    /// `variant`.
    pub fn epochs(&self, variant: &str) -> BTreeSet<u64> {
        self.claims.iter().flat_map(|claim| claim.epochs(variant)).collect()
    }
}

impl Variant {
    /// Trains the network and records the parameters after each of `epochs`.
    ///
    /// Divergence is not returned as an error but recorded in [`Outcome::ending`].
    ///
    /// # Errors
    /// Returns the errors of [`Variant::prepare`].
    pub fn run(
        &self,
        epochs: &BTreeSet<u64>,
        progress: &mut dyn Progress,
        cancel: &AtomicBool,
    ) -> Result<Outcome, Error> {
        self.run_prepared(self.prepare()?, epochs, progress, cancel, None)
    }

    /// Trains the network prepared by [`prepare`](Variant::prepare), with checkpoints if they are
    /// given; see [`run_all`].
    ///
    /// # Errors
    /// Returns the errors of [`run_all`].
    pub fn run_prepared(
        &self,
        prepared: PreparedTraining,
        epochs: &BTreeSet<u64>,
        progress: &mut dyn Progress,
        cancel: &AtomicBool,
        checkpoints: Option<&mut Checkpoints>,
    ) -> Result<Outcome, Error> {
        let job = Job { variant: self, prepared, epochs: epochs.clone() };
        let outcomes = run_all(&self.name, vec![job], progress, cancel, checkpoints)?;
        Ok(outcomes.into_iter().next().expect("the first run is started even if it is cancelled"))
    }
}

/// Trains all variants with their restarts [side by side](side_by_side) and returns their outcomes
/// in order. Each outcome has the same bits as if its variant were trained alone.
///
/// With `checkpoints`, each run saves checkpoints, and resumes from an earlier one if that is set.
/// When `cancel` is set, each run saves a checkpoint and ends; its outcome has the weights of the
/// best epoch, if there is one. Variants of which no run has started have no outcome.
///
/// Divergence is not returned as an error but recorded in [`Outcome::ending`]. `name` is that of
/// several runs in the reports to `progress`.
///
/// # Errors
/// Returns an error if training cannot resume from a checkpoint, a sample is out of range in f32,
/// or samples cannot be read.
pub fn run_all(
    name: &str,
    jobs: Vec<Job<'_>>,
    progress: &mut dyn Progress,
    cancel: &AtomicBool,
    checkpoints: Option<&mut Checkpoints>,
) -> Result<Vec<Outcome>, Error> {
    let mut variants = Vec::new();
    for job in jobs {
        variants.push(VariantRuns::new(job, checkpoints.as_deref(), progress)?);
    }
    let runs: Vec<(&VariantRuns<'_>, usize)> =
        variants.iter().flat_map(|variant| (0..variant.restarts.len()).map(move |k| (variant, k))).collect();
    let begun = runs.iter().map(|(variant, k)| variant.resumed_epochs(*k)).sum();
    let epochs = runs.iter().map(|(variant, _)| variant.n_epochs()).sum();
    let name = if runs.len() == 1 { &variants[0].job.variant.name } else { name };
    progress.begin(name, runs.len(), epochs);
    let shared = Shared {
        progress: Mutex::new((progress, begun)),
        cancel,
        failed: AtomicBool::new(false),
        checkpoints: checkpoints.map(Mutex::new),
    };
    let n_threads_each = variants.iter().map(VariantRuns::n_threads).max().unwrap_or(1);
    let results = side_by_side(runs.len(), n_threads_each, |i| {
        let (variant, k) = runs[i];
        // One run is started in any case, so that there is an outcome.
        if (i > 0 && cancel.load(Ordering::Relaxed)) || shared.failed.load(Ordering::Relaxed) {
            return variant.finish(None);
        }
        let result = variant.run(k, &shared);
        shared.failed.fetch_or(result.is_err(), Ordering::Relaxed);
        result
    });
    shared.progress.into_inner().unwrap_or_else(PoisonError::into_inner).0.end();
    results.into_iter().collect::<Result<(), Error>>()?;
    Ok(variants.into_iter().filter_map(VariantRuns::into_outcome).collect())
}

/// What the runs share.
struct Shared<'w> {
    /// Progress, and the number of epochs that all runs have completed.
    progress: Mutex<(&'w mut dyn Progress, f64)>,
    cancel: &'w AtomicBool,
    /// Whether a run has failed, so that no other needs to be started.
    failed: AtomicBool,
    checkpoints: Option<Mutex<&'w mut Checkpoints>>,
}

/// The training runs of a variant.
struct VariantRuns<'e> {
    job: Job<'e>,
    /// Settings, for checkpoints.
    settings: String,
    restarts: Vec<Option<u32>>,
    /// Checkpoint from which each restart resumes, if any.
    resume_points: Vec<Option<Checkpoint>>,
    state: Mutex<RunsState>,
}

/// Results of the runs that have ended.
struct RunsState {
    /// Number of runs that have not ended.
    n_left: usize,
    /// Start of the first run.
    began: Option<Instant>,
    /// Samples in the precision of training, while there are runs left.
    data: Option<Arc<TrainingData>>,
    best: BestRun<FinishedRun>,
    /// Position and final loss of each restart.
    losses: Vec<(usize, f64)>,
    outcome: Option<Outcome>,
}

struct FinishedRun {
    training: AnyTraining,
    ending: Result<Ending, EngineError>,
    trajectory: Vec<(u64, Vec<f64>)>,
}

impl<'e> VariantRuns<'e> {
    /// Finds the checkpoints from which the runs of a variant resume.
    fn new(
        job: Job<'e>,
        checkpoints: Option<&Checkpoints>,
        progress: &mut dyn Progress,
    ) -> Result<VariantRuns<'e>, Error> {
        let (settings, restarts) = (job.variant.settings(), job.variant.restarts());
        let fingerprint = job.prepared.samples.fingerprint();
        let mut resume_points = Vec::new();
        for restart in &restarts {
            let from = match checkpoints {
                Some(all) => all.resume_point(&job.variant.name, *restart, &settings, fingerprint)?,
                None => None,
            };
            if let Some(from) = &from {
                let changes: Vec<String> = from.changed(&settings).iter().map(ToString::to_string).collect();
                progress.resumed(from, &changes);
            }
            resume_points.push(from);
        }
        let state = RunsState {
            n_left: restarts.len(),
            began: None,
            data: None,
            best: BestRun::default(),
            losses: Vec::new(),
            outcome: None,
        };
        Ok(VariantRuns { job, settings, restarts, resume_points, state: Mutex::new(state) })
    }

    fn n_epochs(&self) -> u64 {
        self.job.variant.train.settings.epochs
    }

    /// Returns the number of epochs that run `k` had completed when its checkpoint was saved.
    fn resumed_epochs(&self, k: usize) -> f64 {
        self.resume_points[k].as_ref().map_or(0.0, |from| from.epoch() as f64)
    }

    /// Returns the number of threads that a run could use alone.
    fn n_threads(&self) -> usize {
        let n_samples = self.job.prepared.samples.dataset.n_samples();
        let n_rows = match self.job.variant.train.settings.batch {
            Batch::Full => n_samples,
            Batch::Size(size) => size.min(n_samples),
        };
        n_threads(n_rows, self.job.prepared.architecture.n_parameters())
    }

    /// Returns the samples in the precision of training, converted for the first run.
    fn data(&self) -> Result<Arc<TrainingData>, Error> {
        let mut state = lock(&self.state);
        state.began.get_or_insert_with(Instant::now);
        if let Some(data) = &state.data {
            return Ok(data.clone());
        }
        let data = Arc::new(TrainingData::new(self.job.variant, &self.job.prepared.samples)?);
        state.data = Some(data.clone());
        Ok(data)
    }

    /// Trains run `k` to its end.
    fn run(&self, k: usize, shared: &Shared<'_>) -> Result<(), Error> {
        let Job { variant, prepared, epochs } = &self.job;
        let locate = |error| variant.locate(error);
        let mut training = prepared.start(variant, &*self.data()?, self.restarts[k])?;
        let mut trajectory = Vec::new();
        if let Some(from) = &self.resume_points[k] {
            trajectory = from.trajectory(prepared.architecture.n_parameters())?;
            match &mut training {
                AnyTraining::F32(training) => from.restore(training)?,
                AnyTraining::F64(training) => from.restore(training)?,
            }
        }
        let saved = shared.checkpoints.as_ref().map(|all| {
            let fingerprint = prepared.samples.fingerprint();
            lock(all).begin(&variant.name, self.restarts[k], &self.settings, fingerprint)
        });
        let reported = self.resumed_epochs(k);
        let mut observer = RunObserver { shared, epochs, saved, reported, trajectory };
        let ending = training.run(&mut observer);
        let trajectory = observer.trajectory;
        let loss = match &ending {
            Ok(ending) => {
                if *ending == Ending::Cancelled {
                    training.restore_best();
                }
                training.final_loss().map_err(locate)?
            }
            Err(EngineError::Diverged { .. }) => f64::INFINITY,
            Err(error) => return Err(locate(error.clone())),
        };
        let mut progress = lock(&shared.progress);
        progress.1 += self.n_epochs() as f64 - observer.reported;
        let done = progress.1;
        progress.0.finish_run(loss);
        progress.0.advance(done, loss);
        drop(progress);
        self.finish(Some((k, loss, FinishedRun { training, ending, trajectory })))
    }

    /// Counts a run as ended. After the last one, the best becomes the outcome, and the samples of
    /// the others are dropped.
    fn finish(&self, run: Option<(usize, f64, FinishedRun)>) -> Result<(), Error> {
        let mut state = lock(&self.state);
        if let Some((k, loss, run)) = run {
            state.losses.push((k, if loss.is_nan() { f64::INFINITY } else { loss }));
            state.best.offer(k, loss, run);
        }
        state.n_left -= 1;
        if state.n_left > 0 {
            return Ok(());
        }
        state.data = None;
        let Some((_, best)) = std::mem::take(&mut state.best).into_best() else { return Ok(()) };
        let FinishedRun { mut training, ending, trajectory } = best;
        let Job { variant, prepared, .. } = &self.job;
        let mut restarts = Vec::new();
        if self.restarts.len() > 1 {
            state.losses.sort_unstable_by_key(|(k, _)| *k);
            let seed = |k: usize| self.restarts[k].expect("several restarts have seeds");
            restarts = state.losses.iter().map(|(k, loss)| (seed(*k), *loss)).collect();
        }
        let locate = |error| variant.locate(error);
        let final_loss =
            (training.training_loss().map_err(locate)?, training.validation_loss().map_err(locate)?);
        let elapsed = state.began.map_or(0.0, |began| began.elapsed().as_secs_f64());
        let epochs = training.history().epochs.iter().map(|epoch| epoch.seconds);
        state.outcome = Some(Outcome {
            variant: variant.name.clone(),
            loss: variant.train.loss.clone(),
            reduction: variant.train.settings.reduction,
            precision: variant.precision,
            parameters: training.parameters(),
            snapshots: trajectory,
            names: prepared.names.clone(),
            history: training.history().clone(),
            ending,
            restarts,
            final_loss,
            metric_names: variant.train.settings.metrics.iter().map(Metric::name).collect(),
            seconds: elapsed.max(epochs.sum()),
            architecture: prepared.architecture.clone(),
            samples: prepared.samples.clone(),
        });
        Ok(())
    }

    fn into_outcome(self) -> Option<Outcome> {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).outcome
    }
}

/// Reports the progress of a run, records parameters and saves checkpoints.
struct RunObserver<'r, 'w> {
    shared: &'r Shared<'w>,
    /// Epochs after which the parameters are recorded.
    epochs: &'r BTreeSet<u64>,
    saved: Option<RunCheckpoints>,
    /// Completed epochs that have been added to those of all runs.
    reported: f64,
    /// Recorded parameters.
    trajectory: Vec<(u64, Vec<f64>)>,
}

/// Number of steps between two progress reports within an epoch.
const REPORT_INTERVAL: u64 = 64;

impl RunObserver<'_, '_> {
    /// Records the current parameters if the epoch is among the requested ones and not recorded
    /// yet.
    fn record<T: Scalar>(&mut self, training: &Training<T>) {
        let state = training.state();
        let is_new = self.trajectory.last().is_none_or(|(epoch, _)| *epoch < state.epoch);
        if self.epochs.contains(&state.epoch) && is_new {
            let exact = state.parameters.iter().map(|p| p.to_f64()).collect();
            self.trajectory.push((state.epoch, exact));
        }
    }

    /// Saves a checkpoint if it is due or training is cancelled.
    fn save<T: Scalar>(&mut self, training: &Training<T>, ends_epoch: bool) -> ControlFlow<()> {
        let cancelled = self.shared.cancel.load(Ordering::Relaxed);
        if let (Some(saved), Some(all)) = (&mut self.saved, &self.shared.checkpoints)
            && (cancelled || saved.is_due(training, ends_epoch))
            && let Some(written) = saved.save(all, training, &self.trajectory)
        {
            lock(&self.shared.progress).0.checkpoint_saved(written.err().as_ref());
        }
        if cancelled { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl<T: Scalar> Observer<T> for RunObserver<'_, '_> {
    fn started(&mut self, training: &Training<T>) {
        // If training resumes within an epoch, the parameters are not those of a completed epoch.
        if training.state().place == 0 {
            self.record(training);
        }
    }

    fn stepped(&mut self, training: &Training<T>, step: &Step) -> ControlFlow<()> {
        if (step.ends_epoch || step.step.is_multiple_of(REPORT_INTERVAL))
            && let Ok(mut progress) = self.shared.progress.try_lock()
        {
            let epochs = step.step as f64 / training.steps_per_epoch() as f64;
            progress.1 += epochs - self.reported;
            self.reported = epochs;
            let all = progress.1;
            progress.0.advance(all, step.loss);
        }
        // At the end of an epoch, the checkpoint is saved after the parameters have been recorded.
        if step.ends_epoch { ControlFlow::Continue(()) } else { self.save(training, false) }
    }

    fn finished_epoch(&mut self, training: &Training<T>, epoch: &Epoch) -> ControlFlow<()> {
        if let Ok(mut progress) = self.shared.progress.try_lock() {
            progress.0.finish_epoch(epoch);
        }
        self.record(training);
        self.save(training, true)
    }
}

/// Locks a value that a panic in another run has not left half written.
fn lock<V: ?Sized>(value: &Mutex<V>) -> MutexGuard<'_, V> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}
