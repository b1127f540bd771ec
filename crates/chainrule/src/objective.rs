//! The objective: a loss over samples as a function of the parameters, with its gradient.

use crate::Error;
use crate::dataset::Gather;
use crate::kernel::Scalar;
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
/// **One order of sums.** The rows are cut into chunks of whole tiles, by a rule that knows only the number of rows and
/// of parameters ([`chunk_count`]). Within a chunk tiles are added in order; the chunks' sums meet in one binary tree.
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
    data: &'a dyn Gather<T>,
    tile: Tile<T>,
    /// One gradient for each level of the tree of sums below the first.
    levels: Vec<Vec<T>>,
}

/// The sums over some rows: divide the first by the second for the mean.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Sums {
    /// `Σ w·l`.
    pub loss: f64,
    /// `Σ w`.
    pub weight: f64,
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
        data: &'a dyn Gather<T>,
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
        let tile = Tile::new(architecture, data.n_targets());
        Ok(Objective {
            architecture: architecture.clone(),
            loss: loss.clone(),
            data,
            tile,
            levels: Vec::new(),
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
    pub fn data(&self) -> &'a dyn Gather<T> {
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
        let n_parameters = self.architecture.n_parameters();
        assert_eq!(parameters.len(), n_parameters, "the parameters' length");
        let chunks = chunk_count(rows.len(), n_parameters);
        // Taken out while the tree is walked, so that a level and the tile can be borrowed side by side.
        let mut levels = std::mem::take(&mut self.levels);
        if gradient.is_some() && levels.len() < depth(chunks) {
            // Never fewer: after a short last batch the next epoch's first needs all of them again.
            levels.resize_with(depth(chunks), || vec![T::ZERO; n_parameters]);
        }
        let mut batch = Batch { objective: self, parameters, rows, chunks, dropout };
        let sums = batch.tree(0, chunks, gradient, &mut levels);
        self.levels = levels;
        sums
    }

    /// Outputs, targets and weights of `rows` at `parameters`, row-major, for metrics.
    ///
    /// # Panics
    /// As [`Objective::sums`].
    pub fn outputs(&mut self, parameters: &[T], rows: &[usize]) -> Outputs {
        let (n_outputs, n_targets) = (self.architecture.n_outputs(), self.data.n_targets());
        let mut outputs = Outputs { y: Vec::new(), t: Vec::new(), weight: Vec::new() };
        for rows in rows.chunks(TILE) {
            self.tile.load(self.data, rows);
            forward_to_outputs(&self.architecture, parameters, &mut self.tile);
            let n = self.tile.columns();
            let (y, t) = (self.tile.a(self.architecture.layers().len() - 1), self.tile.t());
            for s in 0..rows.len() {
                outputs.y.extend((0..n_outputs).map(|k| y[k * n + s].to_f64()));
                outputs.t.extend((0..n_targets).map(|k| t[k * n + s].to_f64()));
            }
            outputs.weight.extend(self.tile.weight().iter().map(|w| w.to_f64()));
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

/// How many chunks a batch is cut into: at least one, at most 64, each of whole tiles. A chunk has at least one tile
/// of 64 rows, or four tiles where parameters are many, so that adding a chunk's gradient stays a small part of
/// computing it.
pub fn chunk_count(n_rows: usize, n_parameters: usize) -> usize {
    let least_tiles = if n_parameters > 16_384 { 4 } else { 1 };
    (n_rows.div_ceil(TILE) / least_tiles).clamp(1, 64)
}

/// The levels of a binary tree over `chunks` leaves, the first not counted.
fn depth(chunks: usize) -> usize {
    chunks.next_power_of_two().trailing_zeros() as usize
}

/// One evaluation under way: what is evaluated, on which rows, cut into how many chunks.
struct Batch<'o, 'a, T: Scalar> {
    objective: &'o mut Objective<'a, T>,
    parameters: &'o [T],
    rows: &'o [usize],
    chunks: usize,
    dropout: Option<Dropout>,
}

impl<T: Scalar> Batch<'_, '_, T> {
    /// The sums over chunks `from..to`: the first half's, then the second half's added to it.
    fn tree(
        &mut self,
        from: usize,
        to: usize,
        mut gradient: Option<&mut [T]>,
        levels: &mut [Vec<T>],
    ) -> Sums {
        if to - from == 1 {
            return self.chunk(from, gradient);
        }
        let middle = from + (to - from).div_ceil(2);
        let first = self.tree(from, middle, gradient.as_deref_mut(), levels);
        let second = match gradient {
            None => self.tree(middle, to, None, levels),
            Some(gradient) => {
                let (level, deeper) = levels.split_first_mut().expect("a level for each depth of the tree");
                let second = self.tree(middle, to, Some(level), deeper);
                for (g, &more) in gradient.iter_mut().zip(level.iter()) {
                    *g += more;
                }
                second
            }
        };
        Sums { loss: first.loss + second.loss, weight: first.weight + second.weight }
    }

    /// The sums over one chunk, tile after tile.
    fn chunk(&mut self, chunk: usize, mut gradient: Option<&mut [T]>) -> Sums {
        let Objective { architecture, loss, data, tile, .. } = &mut *self.objective;
        if let Some(gradient) = gradient.as_deref_mut() {
            gradient.fill(T::ZERO);
        }
        let n_tiles = self.rows.len().div_ceil(TILE);
        let mut sums = Sums::default();
        for k in chunk * n_tiles / self.chunks..(chunk + 1) * n_tiles / self.chunks {
            let first = k * TILE;
            let rows = &self.rows[first..self.rows.len().min(first + TILE)];
            tile.load(*data, rows);
            forward(architecture, self.parameters, tile, self.dropout.map(|dropout| (dropout, first)));
            let (loss, weight) = tile.lose(architecture, loss);
            sums = Sums { loss: sums.loss + loss, weight: sums.weight + weight };
            if let Some(gradient) = gradient.as_deref_mut() {
                backward(architecture, self.parameters, tile, self.dropout, gradient);
            }
        }
        sums
    }
}

/// Refuses the first target that the loss does not accept.
fn check_targets<T: Scalar>(loss: &Loss, data: &dyn Gather<T>) -> Result<(), Error> {
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
