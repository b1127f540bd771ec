//! The order in which the sums of a batch are added.

use std::ops::Range;

use crate::kernel::TILE;

/// The fixed order in which the sums of a batch are added.
///
/// The rows of a batch are split into chunks, and each chunk into tiles of at most 64 rows. Within
/// a chunk, the sums of the tiles are added in order. The sums of the chunks are added in a binary
/// tree: those of the first half (rounded up) plus those of the second half, and so on down to
/// single chunks. Chunks and tree depend only on the numbers of rows and parameters, so the bits of
/// the result do not depend on which thread or machine computes which chunk.
///
/// The nodes of a level of the tree are cut off as tasks for several threads. To spread a batch over
/// n machines, choose a level with at least n nodes ([`SumTree::n_nodes`]), give each machine a
/// contiguous part of the nodes ([`SumTree::nodes`]), and let it compute the sums of each node in
/// the tree below it. The sums of the nodes are then added with [`SumTree::join`].
///
/// ```
/// use chainrule::objective::SumTree;
///
/// let tree = SumTree::new(1000, 50);
/// assert_eq!(tree.n_chunks(), 16);
/// assert_eq!(tree.rows(0), 0..48);
/// // Three machines take the four nodes of the third level, each with four chunks.
/// let n_nodes = tree.n_nodes(3);
/// assert_eq!(n_nodes, 4);
/// assert_eq!([0, 1, 2].map(|k| tree.nodes(n_nodes, 3, k)), [0..1, 1..2, 2..4]);
/// assert_eq!(tree.chunks(n_nodes, 1), 4..8);
/// assert_eq!(SumTree::join(&["a", "b", "c", "d"].map(str::to_owned), &|a, b| format!("({a}+{b})")), "((a+b)+(c+d))");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SumTree {
    n_rows: usize,
    n_chunks: usize,
}

/// Number of rows that fill whole vectors in either precision.
const GROUP: usize = 16;

impl SumTree {
    /// Returns the order for a batch of `n_rows` and a network of `n_parameters`.
    ///
    /// There are from 1 to 64 chunks, each of about 64 rows or more. With more than 16,384
    /// parameters, a chunk has 256 rows or more, so that adding its gradient takes a small part of
    /// the time (but there are at least two chunks for more than 64 rows), and all gradients
    /// together have at most 2^24 entries.
    pub fn new(n_rows: usize, n_parameters: usize) -> SumTree {
        let n_tiles = n_rows.div_ceil(TILE);
        let wanted = if n_parameters > 16_384 { (n_tiles / 4).max(n_tiles.min(2)) } else { n_tiles };
        let n_chunks = wanted.min((1 << 24) / n_parameters.max(1)).clamp(1, 64);
        SumTree { n_rows, n_chunks }
    }

    /// Returns the number of chunks.
    pub fn n_chunks(self) -> usize {
        self.n_chunks
    }

    /// Returns the positions in the batch of the rows of a chunk.
    ///
    /// Chunks of at most 64 rows begin at multiples of 16, larger ones at multiples of 64. Their
    /// sizes are as even as that allows.
    pub fn rows(self, chunk: usize) -> Range<usize> {
        let n = self.n_rows;
        // If there are as many chunks as tiles, each chunk is one tile, and all have about the same
        // number of rows. Otherwise a chunk consists of full tiles.
        let group = if self.n_chunks == n.div_ceil(TILE) { GROUP } else { TILE };
        let begin = |chunk: usize| n.min(chunk * n.div_ceil(group) / self.n_chunks * group);
        begin(chunk)..begin(chunk + 1)
    }

    /// Returns the number of nodes of the highest level of the tree that has at least `n_wanted`
    /// nodes, or of the lowest level on which every node has a chunk; a power of two.
    pub fn n_nodes(self, n_wanted: usize) -> usize {
        let max = 1 << self.n_chunks.ilog2();
        n_wanted.next_power_of_two().min(max)
    }

    /// Returns the chunks below node `node` of the level of the tree that has `n_nodes` nodes.
    pub fn chunks(self, n_nodes: usize, node: usize) -> Range<usize> {
        let (mut below, mut nodes) = (0..self.n_chunks, n_nodes);
        while nodes > 1 {
            nodes /= 2;
            let middle = middle(&below);
            below = if (node / nodes).is_multiple_of(2) { below.start..middle } else { middle..below.end };
        }
        below
    }

    /// Returns the nodes of participant `k` of `n_participants` on the level that has `n_nodes`
    /// nodes; empty if there are fewer nodes than participants and others take them.
    pub fn nodes(self, n_nodes: usize, n_participants: usize, k: usize) -> Range<usize> {
        k * n_nodes / n_participants..(k + 1) * n_nodes / n_participants
    }

    /// Adds the results of all nodes of a level in the upper part of the tree.
    ///
    /// # Panics
    /// Panics if there are no results.
    pub fn join<S: Clone>(results: &[S], add: &impl Fn(S, S) -> S) -> S {
        halves(results).map_or_else(
            || results[0].clone(),
            |(first, second)| add(SumTree::join(first, add), SumTree::join(second, add)),
        )
    }
}

/// Returns the start of the second half of two or more chunks.
pub(super) fn middle(chunks: &Range<usize>) -> usize {
    chunks.start + chunks.len().div_ceil(2)
}

/// Splits a slice into halves, or returns none for a single element.
pub(super) fn halves<P>(all: &[P]) -> Option<(&[P], &[P])> {
    (all.len() > 1).then(|| all.split_at(all.len().div_ceil(2)))
}
