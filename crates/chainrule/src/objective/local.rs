//! The objective on the threads of this process.

use std::sync::Arc;

use super::batch::ChunkedBatch;
use super::gauss_newton::gauss_newton;
use super::sums::{Outputs, Reduction, Sums};
use super::tree::{SumTree, halves};
use super::{Evaluate, SymmetricMatrix, divide};
use crate::Error;
use crate::dataset::{DataSource, shortest};
use crate::kernel::gather::copy_columns;
use crate::kernel::pool::{self, MAX_THREADS, threads};
use crate::kernel::{Scalar, TILE, slices};
use crate::network::forward::{forward, forward_to_outputs};
use crate::network::loss::Loss;
use crate::network::predictor::{n_forward_threads, samples_per_task};
use crate::network::tile::Tile;
use crate::network::{Architecture, Dropout};

/// The objective of a loss over samples, evaluated on the threads of this process.
///
/// The bits of the results do not depend on the number of threads, since sums are added in the
/// order of [`SumTree`].
///
/// ```
/// use std::sync::Arc;
///
/// use chainrule::network::{Architecture, Layer, activation::Activation, loss::Loss};
/// use chainrule::objective::{Evaluate, Objective};
/// use chainrule::Dataset;
///
/// // One weight, no bias: l = (w·x - t)², so dl/dw = 2·x·(w·x - t).
/// let line = Architecture::new(1, vec![Layer::new(1, Activation::identity()).without_bias()])?;
/// let data = Arc::new(Dataset::new(vec![1.0, 2.0], 1, vec![3.0, 5.0], 1)?);
/// let mut objective = Objective::new(&line, &Loss::squared_error(), data)?;
/// let mut gradient = [0.0];
/// let sums = objective.sums(&[2.0], &[0, 1], Some(&mut gradient), None)?;
/// assert_eq!((sums.loss, sums.weight, gradient), (2.0, 2.0, [-6.0]));
/// # Ok::<(), chainrule::Error>(())
/// ```
pub struct Objective<T: Scalar> {
    architecture: Architecture,
    loss: Loss,
    data: Arc<dyn DataSource<T>>,
    /// One workspace for each thread used so far.
    workers: Vec<Worker<T>>,
    /// Sums of each task, if there are several.
    partials: Vec<Partial<T>>,
}

/// Workspace of a thread: one tile, and a gradient for each level of the tree of chunks, allocated
/// when it is first used.
struct Worker<T> {
    tile: Tile<T>,
    scratch: [Vec<T>; MAX_LEVELS],
}

/// Number of levels of additions in a tree of 64 chunks.
const MAX_LEVELS: usize = 6;

impl<T: Scalar> Worker<T> {
    fn new(architecture: &Architecture, n_targets: usize) -> Worker<T> {
        Worker { tile: Tile::new(architecture, n_targets), scratch: [const { Vec::new() }; MAX_LEVELS] }
    }
}

/// Sums over some chunks. `gradient` is empty until a gradient is requested, then has one entry per
/// parameter.
struct Partial<T> {
    sums: Result<Sums, Error>,
    gradient: Vec<T>,
}

impl<T: Scalar> Objective<T> {
    /// Returns the objective of `loss` over `data` for networks of this `architecture`.
    ///
    /// # Errors
    /// Returns an error if the inputs or targets do not match the architecture, if a target is
    /// outside the domain of the loss, with its position, or if targets cannot be read.
    pub fn new(
        architecture: &Architecture,
        loss: &Loss,
        data: Arc<dyn DataSource<T>>,
    ) -> Result<Objective<T>, Error> {
        if data.n_inputs() != architecture.n_inputs() {
            return Err(Error::InputWidth { expected: architecture.n_inputs(), got: data.n_inputs() });
        }
        let needed = loss.n_outputs(data.n_targets());
        if needed != architecture.n_outputs() {
            return Err(Error::OutputWidth {
                loss: loss.name(),
                targets: data.n_targets(),
                needed,
                got: architecture.n_outputs(),
            });
        }
        if u32::try_from(data.n_samples()).is_err() {
            return Err(Error::TooManySamples { got: data.n_samples() });
        }
        check_targets(loss, &*data)?;
        Ok(Objective::unchecked(architecture, loss, data))
    }

    /// Returns the objective for data that have been checked.
    pub(crate) fn unchecked(
        architecture: &Architecture,
        loss: &Loss,
        data: Arc<dyn DataSource<T>>,
    ) -> Objective<T> {
        Objective {
            architecture: architecture.clone(),
            loss: loss.clone(),
            workers: vec![Worker::new(architecture, data.n_targets())],
            data,
            partials: Vec::new(),
        }
    }

    /// Ensures that there is a workspace for each of `n_workers` threads.
    fn allocate_workers(&mut self, n_workers: usize) {
        while self.workers.len() < n_workers {
            self.workers.push(Worker::new(&self.architecture, self.data.n_targets()));
        }
    }

    fn evaluate(
        &mut self,
        parameters: &[T],
        rows: &[u32],
        gradient: Option<&mut [T]>,
        reduction: Option<Reduction>,
        dropout: Option<Dropout>,
    ) -> Result<Sums, Error> {
        let n_parameters = self.architecture.n_parameters();
        assert_eq!(parameters.len(), n_parameters, "number of parameters");
        let divisor = |sums| reduction.map_or(1.0, |reduction| reduction.divisor(sums));
        let tree = SumTree::new(rows.len(), n_parameters);
        let n_workers = self.n_threads(rows.len());
        self.allocate_workers(n_workers);
        let workers = &mut self.workers[..n_workers];
        let (architecture, loss, data) = (&self.architecture, &self.loss, &*self.data);
        let batch = ChunkedBatch { architecture, loss, data, parameters, rows, tree, dropout };
        if let [Worker { tile, scratch }] = workers {
            let mut gradient = gradient;
            let sums = batch.subtree(tile, scratch, 0..tree.n_chunks(), gradient.as_deref_mut())?;
            if let Some(gradient) = gradient {
                divide(divisor(sums), gradient);
            }
            return Ok(sums);
        }

        // The tasks are the lower parts of the tree, so that each worker adds up gradients from its
        // own cache.
        let n_tasks = tree.n_nodes(n_tasks_wanted(tree.n_chunks(), n_workers));
        while self.partials.len() < n_tasks {
            self.partials.push(Partial { sums: Ok(Sums::default()), gradient: Vec::new() });
        }
        let partials = &mut self.partials[..n_tasks];
        let with_gradient = gradient.is_some();
        pool::run(workers, partials, &|worker: &mut Worker<T>, task, partial: &mut Partial<T>| {
            let gradient = with_gradient.then(|| {
                partial.gradient.resize(n_parameters, T::ZERO);
                &mut partial.gradient[..]
            });
            let chunks = tree.chunks(n_tasks, task);
            partial.sums = batch.subtree(&mut worker.tile, &mut worker.scratch, chunks, gradient);
        });
        let sums = join(partials)?;
        if let Some(gradient) = gradient {
            // The entries are independent in the tree and the division, so each thread takes a
            // piece of them.
            let divisor = divisor(sums);
            let n_pieces = n_workers.min(n_tasks * n_parameters / MIN_ADDITIONS).max(1);
            let piece = n_parameters.div_ceil(n_pieces).next_multiple_of(JOIN_LEN);
            let mut rest = gradient.chunks_mut(piece);
            let mut pieces: [&mut [T]; MAX_THREADS] =
                std::array::from_fn(|_| rest.next().unwrap_or_default());
            let partials = &*partials;
            pool::each(n_pieces, &mut pieces[..n_pieces], &|k, gradient| {
                for (j, gradient) in gradient.chunks_mut(JOIN_LEN).enumerate() {
                    join_gradients(partials, k * piece + j * JOIN_LEN, gradient);
                    divide(divisor, gradient);
                }
            });
        }
        Ok(sums)
    }
}

impl<T: Scalar> Evaluate<T> for Objective<T> {
    fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    fn set_dropout(&mut self, rates: &[f64]) {
        self.architecture = self.architecture.with_dropout(rates).expect("the rates suit the architecture");
        // The buffers of a layer depend on whether it has dropout.
        self.workers = vec![Worker::new(&self.architecture, self.data.n_targets())];
    }

    fn loss(&self) -> &Loss {
        &self.loss
    }

    fn n_samples(&self) -> usize {
        self.data.n_samples()
    }

    fn n_targets(&self) -> usize {
        self.data.n_targets()
    }

    fn data(&self) -> Option<&Arc<dyn DataSource<T>>> {
        Some(&self.data)
    }

    fn sums(
        &mut self,
        parameters: &[T],
        rows: &[u32],
        gradient: Option<&mut [T]>,
        dropout: Option<Dropout>,
    ) -> Result<Sums, Error> {
        self.evaluate(parameters, rows, gradient, None, dropout)
    }

    fn reduced(
        &mut self,
        parameters: &[T],
        rows: &[u32],
        gradient: &mut [T],
        reduction: Reduction,
        dropout: Option<Dropout>,
    ) -> Result<Sums, Error> {
        self.evaluate(parameters, rows, Some(gradient), Some(reduction), dropout)
    }

    fn outputs(&mut self, parameters: &[T], rows: &[u32]) -> Result<Outputs, Error> {
        let (n_outputs, n_targets) = (self.architecture.n_outputs(), self.data.n_targets());
        let n = rows.len();
        let (mut y, mut t, mut weight) = (vec![0.0; n * n_outputs], vec![0.0; n * n_targets], vec![0.0; n]);
        let n_workers = n_forward_threads(n, self.architecture.n_parameters());
        self.allocate_workers(n_workers);
        let n_rows = samples_per_task(n, n_workers);
        let values = y
            .chunks_mut(n_rows * n_outputs)
            .zip(t.chunks_mut(n_rows * n_targets))
            .zip(weight.chunks_mut(n_rows))
            .map(|((y, t), weight)| OutputsOfRows { y, t, weight, result: Ok(()) });
        let mut tasks: Vec<OutputsOfRows> = values.collect();
        let (architecture, data) = (&self.architecture, &*self.data);
        pool::run(&mut self.workers[..n_workers], &mut tasks, &|worker: &mut Worker<T>, k, task| {
            let rows = &rows[k * n_rows..][..task.weight.len()];
            task.result = task.compute(architecture, parameters, data, rows, &mut worker.tile);
        });
        tasks.into_iter().try_for_each(|task| task.result)?;
        Ok(Outputs { y, t, weight })
    }

    fn max_slopes(&mut self, parameters: &[T], rows: &[u32]) -> Result<Vec<Vec<f64>>, Error> {
        let layers = self.architecture.layers();
        let hidden = &layers[..layers.len() - 1];
        let mut max: Vec<Vec<f64>> = hidden.iter().map(|layer| vec![0.0; layer.n_units]).collect();
        let widest = hidden.iter().map(|layer| layer.n_units).max().unwrap_or(0);
        let mut slopes = vec![T::ZERO; widest * TILE];
        let tile = &mut self.workers[0].tile;
        for rows in rows.chunks(TILE) {
            tile.load(&*self.data, rows)?;
            forward(&self.architecture, parameters, tile, None);
            for (l, max) in max.iter_mut().enumerate() {
                let n = tile.columns();
                let slopes = &mut slopes[..max.len() * n];
                hidden[l].activation.slopes(tile.z(l), tile.a(l), slopes);
                for (max, slopes) in max.iter_mut().zip(slopes.chunks_exact(n)) {
                    *max = slopes.iter().fold(*max, |max, slope| max.max(slope.to_f64().abs()));
                }
            }
        }
        Ok(max)
    }

    fn gauss_newton(
        &mut self,
        parameters: &[T],
        rows: &[u32],
        matrix: &mut SymmetricMatrix,
    ) -> Result<(), Error> {
        assert_eq!(parameters.len(), self.architecture.n_parameters(), "number of parameters");
        assert_eq!(matrix.order(), parameters.len(), "order of the matrix");
        let (tile, data) = (&mut self.workers[0].tile, &*self.data);
        gauss_newton(&self.architecture, &self.loss, data, parameters, rows, tile, matrix)
    }

    fn n_threads(&self, n_rows: usize) -> usize {
        n_threads(n_rows, self.architecture.n_parameters())
    }

    fn prefetch(&self, rows: &[u32]) {
        self.data.prefetch(rows);
    }

    fn replicate(&self) -> Option<Box<dyn Evaluate<T>>> {
        Some(Box::new(Objective::unchecked(&self.architecture, &self.loss, self.data.clone())))
    }
}

/// Returns the number of threads on which an [`Objective`] evaluates a batch of `n_rows` with a
/// network of `n_parameters`: as many as the amount of work justifies.
///
/// Handing part of the work to another thread, and moving parameters and gradients between caches,
/// costs about as much as evaluating a batch in which the number of parameters times the number of
/// rows is 80,000 on one machine and 300,000 on another (`benches/README.md`).
pub fn n_threads(n_rows: usize, n_parameters: usize) -> usize {
    let worthwhile = n_rows.saturating_mul(n_parameters) / 150_000;
    threads().min(SumTree::new(n_rows, n_parameters).n_chunks()).min(worthwhile).max(1)
}

/// Returns the number of tasks for several workers: eight for each worker, so that slow ones do not
/// delay the others, or one for each worker if there are few chunks.
fn n_tasks_wanted(n_chunks: usize, n_workers: usize) -> usize {
    if n_chunks >= 8 * n_workers { 8 * n_workers } else { n_workers }
}

/// The part of [`Outputs`] that one task computes, for some of the rows.
struct OutputsOfRows<'o> {
    y: &'o mut [f64],
    t: &'o mut [f64],
    weight: &'o mut [f64],
    result: Result<(), Error>,
}

impl OutputsOfRows<'_> {
    /// Computes the outputs of `rows` tile by tile, and copies them with targets and weights.
    fn compute<T: Scalar>(
        &mut self,
        architecture: &Architecture,
        parameters: &[T],
        data: &dyn DataSource<T>,
        rows: &[u32],
        tile: &mut Tile<T>,
    ) -> Result<(), Error> {
        let y = self.y.chunks_mut(TILE * architecture.n_outputs());
        let t = self.t.chunks_mut(TILE * data.n_targets());
        let weight = self.weight.chunks_mut(TILE);
        for (((rows, y), t), weight) in rows.chunks(TILE).zip(y).zip(t).zip(weight) {
            tile.load(data, rows)?;
            forward_to_outputs(architecture, parameters, tile);
            let n = tile.columns();
            copy_columns(tile.a(architecture.layers().len() - 1), n, y, T::to_f64);
            copy_columns(tile.t(), n, t, T::to_f64);
            copy_columns(tile.weight(), rows.len(), weight, T::to_f64);
        }
        Ok(())
    }
}

/// Adds the sums of all tasks in the upper part of the tree.
fn join<T>(partials: &[Partial<T>]) -> Result<Sums, Error> {
    halves(partials)
        .map_or_else(|| partials[0].sums.clone(), |(first, second)| Ok(join(first)?.plus(join(second)?)))
}

/// Number of additions of gradient entries that justify another thread.
const MIN_ADDITIONS: usize = 1 << 12;

/// Number of gradient entries that are added at a time.
const JOIN_LEN: usize = 512;

/// Sets `gradient` to the sum of the tasks' gradients, added in the same tree, for at most
/// [`JOIN_LEN`] entries from entry `from` on.
fn join_gradients<T: Scalar>(partials: &[Partial<T>], from: usize, gradient: &mut [T]) {
    let Some((first, second)) = halves(partials) else {
        gradient.copy_from_slice(&partials[0].gradient[from..][..gradient.len()]);
        return;
    };
    join_gradients(first, from, gradient);
    if let [only] = second {
        slices::add(&only.gradient[from..][..gradient.len()], gradient);
    } else {
        let mut more = [T::ZERO; JOIN_LEN];
        let more = &mut more[..gradient.len()];
        join_gradients(second, from, more);
        slices::add(more, gradient);
    }
}

/// Returns an error for the first target that the loss does not accept.
fn check_targets<T: Scalar>(loss: &Loss, data: &dyn DataSource<T>) -> Result<(), Error> {
    let domain = loss.domain();
    let (n, n_targets) = (data.n_samples(), data.n_targets());
    let mut t = vec![T::ZERO; TILE * n_targets];
    let mut exact = vec![0.0; n_targets];
    for first in (0..n).step_by(TILE) {
        let rows: Vec<u32> = (first..n.min(first + TILE)).map(|row| row as u32).collect();
        let t = &mut t[..rows.len() * n_targets];
        data.gather_targets(&rows, t)?;
        for s in 0..rows.len() {
            exact.iter_mut().enumerate().for_each(|(k, exact)| *exact = t[k * rows.len() + s].to_f64());
            if let Some(column) = (domain.fault)(&exact) {
                return Err(Error::TargetDomain {
                    loss: loss.name(),
                    row: first + s + 1,
                    column: column + 1,
                    value: shortest(t[column * rows.len() + s]),
                    allowed: domain.text,
                });
            }
        }
    }
    Ok(())
}
