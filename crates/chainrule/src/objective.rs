//! The objective: a loss over samples as a function of the parameters, with its gradient.

use std::ops::Range;

use crate::Error;
use crate::dataset::{DataSource, shortest};
use crate::kernel::pool::{self, MAX_THREADS, threads};
use crate::kernel::{Scalar, slices};
use crate::network::backward::backward;
use crate::network::forward::{forward, forward_to_outputs};
use crate::network::loss::Loss;
use crate::network::tile::{TILE, Tile};
use crate::network::{Architecture, Dropout};

/// Loss and gradient at any parameters over any rows of the data, as unnormalised sums.
///
/// With sample weights w and losses l, [`Objective::sums`] computes `Σ w·l`, `Σ w` and `Σ w·∂l/∂p`.
/// For a mean, the division is done once, at the end. Training, solvers, gradient checks and loss
/// surfaces use this type.
///
/// **Order of summation.** The rows are split into chunks by a rule that depends only on the
/// numbers of rows and parameters ([`chunk_count`]). Within a chunk, tiles are added in order; the
/// sums of the chunks are added in a binary tree. The bits of the result therefore do not depend on
/// which thread computes which chunk.
///
/// ```
/// use chainrule::network::{Architecture, Layer, activation::Activation, loss::Loss};
/// use chainrule::{Dataset, Objective};
///
/// // One weight, no bias: l = (w·x - t)², so dl/dw = 2·x·(w·x - t).
/// let line = Architecture::new(1, vec![Layer::new(1, Activation::identity()).without_bias()])?;
/// let data = Dataset::new(vec![1.0, 2.0], 1, vec![3.0, 5.0], 1)?;
/// let mut objective = Objective::new(&line, &Loss::squared_error(), &data)?;
/// let mut gradient = [0.0];
/// let sums = objective.sums(&[2.0], &[0, 1], Some(&mut gradient), None);
/// assert_eq!((sums.loss, sums.weight, gradient), (2.0, 2.0, [-6.0]));
/// # Ok::<(), chainrule::Error>(())
/// ```
pub struct Objective<'a, T: Scalar> {
    architecture: Architecture,
    loss: Loss,
    data: &'a dyn DataSource<T>,
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
    sums: Sums,
    gradient: Vec<T>,
}

/// Sums over some rows. The mean loss is `loss / weight`.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Sums {
    /// `Σ w·l`.
    pub loss: f64,
    /// `Σ w`.
    pub weight: f64,
}

impl Sums {
    fn plus(self, other: Sums) -> Sums {
        Sums { loss: self.loss + other.loss, weight: self.weight + other.weight }
    }
}

/// Outputs (n, n_outputs), targets (n, n_targets) and weights (n) of some rows, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Outputs {
    /// Outputs y.
    pub y: Vec<f64>,
    /// Targets t.
    pub t: Vec<f64>,
    /// Sample weights.
    pub weight: Vec<f64>,
}

/// Reduction of the losses of a batch: sum or weighted mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// `Σ w·l`.
    Sum,
    /// `Σ w·l / Σ w`.
    Mean,
}

impl Reduction {
    /// Returns the number by which the sums are divided.
    pub fn divisor(self, sums: Sums) -> f64 {
        match self {
            Reduction::Sum => 1.0,
            Reduction::Mean => sums.weight,
        }
    }
}

impl<'a, T: Scalar> Objective<'a, T> {
    /// Returns the objective of `loss` over `data` for networks of this `architecture`.
    ///
    /// # Errors
    /// Returns an error if the inputs or targets do not match the architecture, or if a target is
    /// outside the domain of the loss, with its position.
    pub fn new(
        architecture: &Architecture,
        loss: &Loss,
        data: &'a dyn DataSource<T>,
    ) -> Result<Objective<'a, T>, Error> {
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
        check_targets(loss, data)?;
        Ok(Objective {
            architecture: architecture.clone(),
            loss: loss.clone(),
            data,
            workers: vec![Worker::new(architecture, data.n_targets())],
            partials: Vec::new(),
        })
    }

    /// Returns the architecture of the networks.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// Returns the loss.
    pub fn loss(&self) -> &Loss {
        &self.loss
    }

    /// Returns the data.
    pub fn data(&self) -> &'a dyn DataSource<T> {
        self.data
    }

    /// Computes `Σ w·l` and `Σ w` over `rows` at `parameters`.
    ///
    /// `gradient`, if given, is overwritten with `Σ w·∂l/∂p` (0 for frozen parameters). With
    /// `dropout`, activations are dropped as in that training step.
    ///
    /// # Panics
    /// Panics if `parameters` or `gradient` does not have one entry per parameter of the
    /// architecture, or if a row is out of range.
    pub fn sums(
        &mut self,
        parameters: &[T],
        rows: &[usize],
        gradient: Option<&mut [T]>,
        dropout: Option<Dropout>,
    ) -> Sums {
        self.evaluate(parameters, rows, gradient, None, dropout)
    }

    /// Computes [`sums`](Objective::sums), but with the gradient of the reduced loss: `gradient` is
    /// divided by the divisor of `reduction`, unless that is 0. The returned sums are not divided.
    ///
    /// # Panics
    /// Panics under the same conditions as [`Objective::sums`].
    pub fn reduced(
        &mut self,
        parameters: &[T],
        rows: &[usize],
        gradient: &mut [T],
        reduction: Reduction,
        dropout: Option<Dropout>,
    ) -> Sums {
        self.evaluate(parameters, rows, Some(gradient), Some(reduction), dropout)
    }

    fn evaluate(
        &mut self,
        parameters: &[T],
        rows: &[usize],
        gradient: Option<&mut [T]>,
        reduction: Option<Reduction>,
        dropout: Option<Dropout>,
    ) -> Sums {
        let n_parameters = self.architecture.n_parameters();
        assert_eq!(parameters.len(), n_parameters, "number of parameters");
        let divisor = |sums| reduction.map_or(1.0, |reduction| reduction.divisor(sums));
        let n_chunks = chunk_count(rows.len(), n_parameters);
        let n_workers = self.n_threads(rows.len());
        while self.workers.len() < n_workers {
            self.workers.push(Worker::new(&self.architecture, self.data.n_targets()));
        }
        let workers = &mut self.workers[..n_workers];
        let (architecture, loss, data) = (&self.architecture, &self.loss, self.data);
        let batch = ChunkedBatch { architecture, loss, data, parameters, rows, n_chunks, dropout };
        if let [worker] = workers {
            let mut gradient = gradient;
            let sums =
                batch.subtree(&mut worker.tile, &mut worker.scratch, 0..n_chunks, gradient.as_deref_mut());
            if let Some(gradient) = gradient {
                divide(divisor(sums), gradient);
            }
            return sums;
        }

        // The tasks are the lower parts of the tree, so that each worker adds up gradients from its
        // own cache.
        let n_tasks = task_count(n_chunks, n_workers);
        while self.partials.len() < n_tasks {
            self.partials.push(Partial { sums: Sums::default(), gradient: Vec::new() });
        }
        let partials = &mut self.partials[..n_tasks];
        let with_gradient = gradient.is_some();
        pool::run(workers, partials, &|worker: &mut Worker<T>, task, partial: &mut Partial<T>| {
            let gradient = with_gradient.then(|| {
                partial.gradient.resize(n_parameters, T::ZERO);
                &mut partial.gradient[..]
            });
            let chunks = task_chunks(n_chunks, n_tasks, task);
            partial.sums = batch.subtree(&mut worker.tile, &mut worker.scratch, chunks, gradient);
        });
        let sums = join(partials);
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
        sums
    }

    /// Returns the number of threads for a batch of `n_rows`: as many as the amount of work
    /// justifies. Handing part of the work to another thread, and moving parameters and gradients
    /// between caches, costs about as much as evaluating a batch in which the number of parameters
    /// times the number of rows is 300,000 (`benches/README.md`).
    pub(crate) fn n_threads(&self, n_rows: usize) -> usize {
        let n_parameters = self.architecture.n_parameters();
        let worthwhile = n_rows * n_parameters / 300_000;
        threads().min(chunk_count(n_rows, n_parameters)).min(worthwhile).max(1)
    }

    /// Computes the outputs of `rows` at `parameters` and returns them with targets and weights,
    /// row-major, for metrics.
    ///
    /// # Panics
    /// Panics under the same conditions as [`Objective::sums`].
    pub fn outputs(&mut self, parameters: &[T], rows: &[usize]) -> Outputs {
        let (n_outputs, n_targets) = (self.architecture.n_outputs(), self.data.n_targets());
        let mut outputs = Outputs { y: Vec::new(), t: Vec::new(), weight: Vec::new() };
        for rows in rows.chunks(TILE) {
            self.workers[0].tile.load(self.data, rows);
            forward_to_outputs(&self.architecture, parameters, &mut self.workers[0].tile);
            let n = self.workers[0].tile.columns();
            let (y, t) =
                (self.workers[0].tile.a(self.architecture.layers().len() - 1), self.workers[0].tile.t());
            for s in 0..rows.len() {
                outputs.y.extend((0..n_outputs).map(|k| y[k * n + s].to_f64()));
                outputs.t.extend((0..n_targets).map(|k| t[k * n + s].to_f64()));
            }
            outputs.weight.extend(self.workers[0].tile.weight().iter().map(|w| w.to_f64()));
        }
        outputs
    }

    /// Computes the reduced loss over `rows` at `parameters`.
    ///
    /// # Panics
    /// Panics under the same conditions as [`Objective::sums`].
    pub fn value(&mut self, parameters: &[T], rows: &[usize], reduction: Reduction) -> f64 {
        let sums = self.sums(parameters, rows, None, None);
        sums.loss / reduction.divisor(sums)
    }
}

/// Returns the number of chunks of a batch: from 1 to 64, each of about 64 rows or more.
///
/// With many parameters, a chunk has 256 rows or more, so that adding its gradient takes a small
/// part of the time (but there are at least two chunks for more than 64 rows), and all gradients
/// together have at most 2^24 entries.
///
/// Chunks of at most 64 rows begin at multiples of 16, larger ones at multiples of 64. Their sizes
/// are as even as that allows.
pub fn chunk_count(n_rows: usize, n_parameters: usize) -> usize {
    let n_tiles = n_rows.div_ceil(TILE);
    let wanted = if n_parameters > 16_384 { (n_tiles / 4).max(n_tiles.min(2)) } else { n_tiles };
    wanted.min((1 << 24) / n_parameters.max(1)).clamp(1, 64)
}

/// Number of rows that fill whole vectors in either precision.
const GROUP: usize = 16;

/// Returns the number of tasks, a power of two, into which the tree of chunks is cut for several
/// workers: eight for each worker, so that slow ones do not delay the others, or one for each
/// worker if there are few chunks.
fn task_count(n_chunks: usize, n_workers: usize) -> usize {
    let wanted = if n_chunks >= 8 * n_workers { 8 * n_workers } else { n_workers };
    let max = n_chunks.next_power_of_two() / if n_chunks.is_power_of_two() { 1 } else { 2 };
    wanted.next_power_of_two().min(max)
}

/// Returns the chunks below node `task` of the level of the tree that has `n_tasks` nodes.
fn task_chunks(n_chunks: usize, n_tasks: usize, task: usize) -> Range<usize> {
    let (mut below, mut nodes) = (0..n_chunks, n_tasks);
    while nodes > 1 {
        nodes /= 2;
        let middle = middle(&below);
        below = if (task / nodes).is_multiple_of(2) { below.start..middle } else { middle..below.end };
    }
    below
}

/// Returns the start of the second half of two or more chunks.
fn middle(chunks: &Range<usize>) -> usize {
    chunks.start + chunks.len().div_ceil(2)
}

/// Adds the sums of all tasks in the upper part of the tree.
fn join<T>(partials: &[Partial<T>]) -> Sums {
    halves(partials).map_or(partials[0].sums, |(first, second)| join(first).plus(join(second)))
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

/// Splits a slice into halves, or returns none for a single element.
fn halves<P>(all: &[P]) -> Option<(&[P], &[P])> {
    (all.len() > 1).then(|| all.split_at(all.len().div_ceil(2)))
}

/// Divides the gradient by `divisor`, unless that is 0.
fn divide<T: Scalar>(divisor: f64, gradient: &mut [T]) {
    if divisor != 1.0 && divisor != 0.0 {
        slices::divide(T::from_f64(divisor), gradient);
    }
}

/// A batch that is split into chunks, with all inputs of its evaluation.
struct ChunkedBatch<'b, T: Scalar> {
    architecture: &'b Architecture,
    loss: &'b Loss,
    data: &'b dyn DataSource<T>,
    parameters: &'b [T],
    rows: &'b [usize],
    n_chunks: usize,
    dropout: Option<Dropout>,
}

impl<T: Scalar> ChunkedBatch<'_, T> {
    /// Computes the sums over some chunks in a binary tree: those of the first half plus those of
    /// the second half.
    fn subtree(
        &self,
        tile: &mut Tile<T>,
        scratch: &mut [Vec<T>],
        chunks: Range<usize>,
        gradient: Option<&mut [T]>,
    ) -> Sums {
        if chunks.len() == 1 {
            return self.chunk(tile, chunks.start, gradient);
        }
        let middle = middle(&chunks);
        let (first, second) = (chunks.start..middle, middle..chunks.end);
        let Some(gradient) = gradient else {
            let first = self.subtree(tile, scratch, first, None);
            return first.plus(self.subtree(tile, scratch, second, None));
        };
        let first = self.subtree(tile, scratch, first, Some(gradient));
        let (more, scratch) = scratch.split_first_mut().expect("there is one gradient per level");
        more.resize(gradient.len(), T::ZERO);
        let second = self.subtree(tile, scratch, second, Some(more));
        slices::add(more, gradient);
        first.plus(second)
    }

    /// Computes the sums over one chunk, tile by tile.
    fn chunk(&self, tile: &mut Tile<T>, chunk: usize, mut gradient: Option<&mut [T]>) -> Sums {
        let architecture = self.architecture;
        if let Some(gradient) = gradient.as_deref_mut() {
            gradient.fill(T::ZERO);
        }
        let mut sums = Sums::default();
        let n = self.rows.len();
        // If there are as many chunks as tiles, each chunk is one tile, and all have about the same
        // number of rows. Otherwise a chunk consists of full tiles.
        let group = if self.n_chunks == n.div_ceil(TILE) { GROUP } else { TILE };
        let begin = |chunk: usize| n.min(chunk * n.div_ceil(group) / self.n_chunks * group);
        let (begin, end) = (begin(chunk), begin(chunk + 1));
        for first in (begin..end).step_by(TILE) {
            let rows = &self.rows[first..end.min(first + TILE)];
            tile.load(self.data, rows);
            forward(architecture, self.parameters, tile, self.dropout.map(|dropout| (dropout, first)));
            let (loss, weight) = tile.output_gradient(architecture, self.loss);
            sums = sums.plus(Sums { loss, weight });
            if let Some(gradient) = gradient.as_deref_mut() {
                backward(architecture, self.parameters, tile, self.dropout, gradient);
            }
        }
        sums
    }
}

/// Returns an error for the first target that the loss does not accept.
fn check_targets<T: Scalar>(loss: &Loss, data: &dyn DataSource<T>) -> Result<(), Error> {
    let domain = loss.domain();
    let (mut x, mut t) = (vec![T::ZERO; data.n_inputs()], vec![T::ZERO; data.n_targets()]);
    let mut exact = vec![0.0; data.n_targets()];
    for row in 0..data.n_samples() {
        data.gather(&[row], &mut x, &mut t, &mut [T::ZERO]);
        exact.iter_mut().zip(&t).for_each(|(exact, t)| *exact = t.to_f64());
        if let Some(column) = (domain.fault)(&exact) {
            return Err(Error::TargetDomain {
                loss: loss.name(),
                row: row + 1,
                column: column + 1,
                value: shortest(t[column]),
                allowed: domain.text,
            });
        }
    }
    Ok(())
}
