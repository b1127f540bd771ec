//! The objective: a loss over samples as a function of the parameters, with its gradient.

use std::ops::Range;

use crate::Error;
use crate::dataset::DataSource;
use crate::kernel::pool::{self, MAX_THREADS, threads};
use crate::kernel::{Scalar, slices};
use crate::network::backward::backward;
use crate::network::forward::{forward, forward_to_outputs};
use crate::network::loss::Loss;
use crate::network::tile::{TILE, Tile};
use crate::network::{Architecture, Dropout};

/// Value and gradient of a loss at any parameters over any rows of the data, as sums that are not yet divided.
///
/// With the samples' weights w and losses l, [`Objective::sums`] gives `Σ w·l`, `Σ w` and `Σ w·∂l/∂p`; a mean divides
/// once, at the end. Training, solvers, gradient checks and loss surfaces all stand on this.
///
/// **One order of sums.** The rows are cut into chunks, by a rule that knows only the number of rows and of parameters
/// ([`chunk_count`]). Within a chunk tiles are added in order; the chunks' sums meet in one binary tree.
/// So the bits of the result do not depend on who computes which chunk.
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
    /// A workspace for each thread that has taken part.
    workers: Vec<Worker<T>>,
    /// The sums of each task, where there are several.
    partials: Vec<Partial<T>>,
}

/// A thread's workspace: one tile, and a gradient for each level of the tree of chunks, once it was asked for.
struct Worker<T> {
    tile: Tile<T>,
    room: [Vec<T>; MAX_LEVELS],
}

/// A tree of 64 chunks has so many levels of additions.
const MAX_LEVELS: usize = 6;

impl<T: Scalar> Worker<T> {
    fn new(architecture: &Architecture, n_targets: usize) -> Worker<T> {
        Worker { tile: Tile::new(architecture, n_targets), room: [const { Vec::new() }; MAX_LEVELS] }
    }
}

/// The sums over some chunks; the gradient is as long as the parameters once one was asked for.
struct Partial<T> {
    sums: Sums,
    gradient: Vec<T>,
}

/// The sums over some rows: divide the first by the second for the mean.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Sums {
    /// `Σ w·l`.
    pub loss: f64,
    /// `Σ w`.
    pub weight: f64,
}

impl Sums {
    fn plus(self, more: Sums) -> Sums {
        Sums { loss: self.loss + more.loss, weight: self.weight + more.weight }
    }
}

/// Outputs (n, n_outputs), targets (n, n_targets) and weights (n) of some rows, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Outputs {
    /// The outputs y.
    pub y: Vec<f64>,
    /// The targets t.
    pub t: Vec<f64>,
    /// The samples' weights.
    pub weight: Vec<f64>,
}

/// Whether the loss of a batch is the sum or the weighted mean of its samples' losses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// `Σ w·l`.
    Sum,
    /// `Σ w·l / Σ w`.
    Mean,
}

impl Reduction {
    /// What the sums are divided by.
    pub fn divisor(self, sums: Sums) -> f64 {
        match self {
            Reduction::Sum => 1.0,
            Reduction::Mean => sums.weight,
        }
    }
}

impl<'a, T: Scalar> Objective<'a, T> {
    /// The objective of `loss` over `data` for networks of this `architecture`.
    ///
    /// # Errors
    /// Inputs or targets that do not fit the architecture, or a target outside the loss's domain, with its place.
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

    /// The network's shape.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// The loss.
    pub fn loss(&self) -> &Loss {
        &self.loss
    }

    /// The data.
    pub fn data(&self) -> &'a dyn DataSource<T> {
        self.data
    }

    /// `Σ w·l` and `Σ w` over `rows` at `parameters`; where `gradient` is given it is overwritten with `Σ w·∂l/∂p`
    /// (0 where a part is frozen). With `dropout`, activations are dropped as in that training step.
    ///
    /// # Panics
    /// When `parameters` or `gradient` do not have the architecture's length, or a row is not in the data.
    pub fn sums(
        &mut self,
        parameters: &[T],
        rows: &[usize],
        gradient: Option<&mut [T]>,
        dropout: Option<Dropout>,
    ) -> Sums {
        self.evaluate(parameters, rows, gradient, None, dropout)
    }

    /// As [`sums`](Objective::sums), but `gradient` becomes that of the reduced loss: each sum divided by `reduction`'s
    /// divisor, unless that is 0.
    ///
    /// # Panics
    /// As [`Objective::sums`].
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
        assert_eq!(parameters.len(), n_parameters, "the parameters' length");
        let divisor = |sums| reduction.map_or(1.0, |reduction| reduction.divisor(sums));
        let chunks = chunk_count(rows.len(), n_parameters);
        let n_workers = self.n_threads(rows.len());
        while self.workers.len() < n_workers {
            self.workers.push(Worker::new(&self.architecture, self.data.n_targets()));
        }
        let workers = &mut self.workers[..n_workers];
        let (architecture, loss, data) = (&self.architecture, &self.loss, self.data);
        let batch = Batch { architecture, loss, data, parameters, rows, chunks, dropout };
        if let [worker] = workers {
            let mut gradient = gradient;
            let sums = batch.subtree(&mut worker.tile, &mut worker.room, 0..chunks, gradient.as_deref_mut());
            if let Some(gradient) = gradient {
                divide(divisor(sums), gradient);
            }
            return sums;
        }

        // The tree's lower parts are the workers' tasks: what a worker has summed up itself is in its own cache.
        let n_tasks = task_count(chunks, n_workers);
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
            let chunks = task_chunks(chunks, n_tasks, task);
            partial.sums = batch.subtree(&mut worker.tile, &mut worker.room, chunks, gradient);
        });
        let sums = join(partials);
        if let Some(gradient) = gradient {
            // Each entry goes its own way through the tree and the division, so that threads take a piece each.
            let divisor = divisor(sums);
            let n_pieces = n_workers.min(n_tasks * n_parameters / WORTH_A_THREAD).max(1);
            let piece = n_parameters.div_ceil(n_pieces).next_multiple_of(JOINED);
            let mut rest = gradient.chunks_mut(piece);
            let mut pieces: [&mut [T]; MAX_THREADS] =
                std::array::from_fn(|_| rest.next().unwrap_or_default());
            let partials = &*partials;
            pool::each(n_pieces, &mut pieces[..n_pieces], &|k, gradient| {
                for (j, gradient) in gradient.chunks_mut(JOINED).enumerate() {
                    join_gradients(partials, k * piece + j * JOINED, gradient);
                    divide(divisor, gradient);
                }
            });
        }
        sums
    }

    /// How many threads a batch of `n_rows` is shared by: as many as pay for the work. Handing over some of it, and the
    /// parameters and gradients that go from cache to cache, cost what some 300,000 parameters times rows do
    /// (`benches/README.md`).
    pub(crate) fn n_threads(&self, n_rows: usize) -> usize {
        let n_parameters = self.architecture.n_parameters();
        let paid_for = n_rows * n_parameters / 300_000;
        threads().min(chunk_count(n_rows, n_parameters)).min(paid_for).max(1)
    }

    /// Outputs, targets and weights of `rows` at `parameters`, row-major, for metrics.
    ///
    /// # Panics
    /// As [`Objective::sums`].
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

    /// The loss over `rows` at `parameters`, reduced.
    ///
    /// # Panics
    /// As [`Objective::sums`].
    pub fn value(&mut self, parameters: &[T], rows: &[usize], reduction: Reduction) -> f64 {
        let sums = self.sums(parameters, rows, None, None);
        sums.loss / reduction.divisor(sums)
    }
}

/// How many chunks a batch is cut into: at least one, at most 64, of some 64 rows or more each. Where parameters are many a
/// chunk has 256 rows or more, so that adding its gradient stays a small part of computing it (two chunks at least,
/// if there are more than 64 rows), and all gradients together have at most 2^24 entries.
///
/// Chunks of at most 64 rows begin at multiples of 16, larger ones at multiples of 64, as even as that allows.
pub fn chunk_count(n_rows: usize, n_parameters: usize) -> usize {
    let tiles = n_rows.div_ceil(TILE);
    let wanted = if n_parameters > 16_384 { (tiles / 4).max(tiles.min(2)) } else { tiles };
    wanted.min((1 << 24) / n_parameters.max(1)).clamp(1, 64)
}

/// Rows that make whole vectors in either precision.
const GROUP: usize = 16;

/// Into how many tasks, a power of two, the tree of chunks is cut for several workers: eight for each, that slow ones do
/// not delay the others, or where there are few chunks one.
fn task_count(chunks: usize, n_workers: usize) -> usize {
    let wanted = if chunks >= 8 * n_workers { 8 * n_workers } else { n_workers };
    let most = chunks.next_power_of_two() / if chunks.is_power_of_two() { 1 } else { 2 };
    wanted.next_power_of_two().min(most)
}

/// The chunks below the tree's node `task` of the level that has `n_tasks` nodes.
fn task_chunks(chunks: usize, n_tasks: usize, task: usize) -> Range<usize> {
    let (mut below, mut nodes) = (0..chunks, n_tasks);
    while nodes > 1 {
        nodes /= 2;
        let middle = middle(&below);
        below = if (task / nodes).is_multiple_of(2) { below.start..middle } else { middle..below.end };
    }
    below
}

/// Where the second half begins, of two chunks or more.
fn middle(chunks: &Range<usize>) -> usize {
    chunks.start + chunks.len().div_ceil(2)
}

/// The sums over all tasks, in the upper part of the tree.
fn join<T>(partials: &[Partial<T>]) -> Sums {
    halves(partials).map_or(partials[0].sums, |(first, second)| join(first).plus(join(second)))
}

/// So many additions of entries are worth a thread.
const WORTH_A_THREAD: usize = 1 << 12;

/// So many entries of the gradients are added at a time.
const JOINED: usize = 512;

/// `gradient ← Σ` of the tasks' gradients from entry `from` on, at most [`JOINED`] of them, in the same tree.
fn join_gradients<T: Scalar>(partials: &[Partial<T>], from: usize, gradient: &mut [T]) {
    let Some((first, second)) = halves(partials) else {
        gradient.copy_from_slice(&partials[0].gradient[from..][..gradient.len()]);
        return;
    };
    join_gradients(first, from, gradient);
    if let [only] = second {
        slices::add(&only.gradient[from..][..gradient.len()], gradient);
    } else {
        let mut more = [T::ZERO; JOINED];
        let more = &mut more[..gradient.len()];
        join_gradients(second, from, more);
        slices::add(more, gradient);
    }
}

/// The first half and the second, of two or more.
fn halves<P>(all: &[P]) -> Option<(&[P], &[P])> {
    (all.len() > 1).then(|| all.split_at(all.len().div_ceil(2)))
}

/// Divides the gradient, unless by 0.
fn divide<T: Scalar>(divisor: f64, gradient: &mut [T]) {
    if divisor != 1.0 && divisor != 0.0 {
        slices::divide(T::from_f64(divisor), gradient);
    }
}

/// One evaluation under way: what is evaluated, on which rows, cut into how many chunks.
struct Batch<'b, T: Scalar> {
    architecture: &'b Architecture,
    loss: &'b Loss,
    data: &'b dyn DataSource<T>,
    parameters: &'b [T],
    rows: &'b [usize],
    chunks: usize,
    dropout: Option<Dropout>,
}

impl<T: Scalar> Batch<'_, T> {
    /// The sums over some chunks: those of the first half and those of the second half, in a binary tree.
    fn subtree(
        &self,
        tile: &mut Tile<T>,
        room: &mut [Vec<T>],
        chunks: Range<usize>,
        gradient: Option<&mut [T]>,
    ) -> Sums {
        if chunks.len() == 1 {
            return self.chunk(tile, chunks.start, gradient);
        }
        let middle = middle(&chunks);
        let (first, second) = (chunks.start..middle, middle..chunks.end);
        let Some(gradient) = gradient else {
            let first = self.subtree(tile, room, first, None);
            return first.plus(self.subtree(tile, room, second, None));
        };
        let first = self.subtree(tile, room, first, Some(gradient));
        let (more, room) = room.split_first_mut().expect("room for each level");
        more.resize(gradient.len(), T::ZERO);
        let second = self.subtree(tile, room, second, Some(more));
        slices::add(more, gradient);
        first.plus(second)
    }

    /// The sums over one chunk, tile after tile.
    fn chunk(&self, tile: &mut Tile<T>, chunk: usize, mut gradient: Option<&mut [T]>) -> Sums {
        let architecture = self.architecture;
        if let Some(gradient) = gradient.as_deref_mut() {
            gradient.fill(T::ZERO);
        }
        let mut sums = Sums::default();
        let n = self.rows.len();
        // With as many chunks as tiles each is one tile, all about as full; else a chunk is some full tiles.
        let group = if self.chunks == n.div_ceil(TILE) { GROUP } else { TILE };
        let begin = |chunk: usize| n.min(chunk * n.div_ceil(group) / self.chunks * group);
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

/// Refuses the first target that the loss does not accept.
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
                value: exact[column],
                allowed: domain.text,
            });
        }
    }
    Ok(())
}
