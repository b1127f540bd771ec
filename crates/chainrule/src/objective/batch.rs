//! The mathematics of a batch: forward pass, loss and backward pass of its samples, tile by tile.

use std::ops::Range;

use super::sums::Sums;
use super::tree::{SumTree, middle};
use crate::Error;
use crate::dataset::DataSource;
use crate::kernel::accumulation::Accumulation;
use crate::kernel::{Scalar, TILE, slices};
use crate::network::backward::backward;
use crate::network::forward::forward;
use crate::network::loss::Loss;
use crate::network::tile::Tile;
use crate::network::{Architecture, Dropout};

/// A batch with all inputs of its evaluation.
pub(super) struct ChunkedBatch<'b, T: Scalar> {
    pub(super) architecture: &'b Architecture,
    pub(super) loss: &'b Loss,
    pub(super) data: &'b dyn DataSource<T>,
    pub(super) parameters: &'b [T],
    pub(super) rows: &'b [u32],
    pub(super) tree: SumTree,
    pub(super) dropout: Option<Dropout>,
}

impl<T: Scalar> ChunkedBatch<'_, T> {
    /// Computes the sums over some chunks in a binary tree: those of the first half plus those of
    /// the second half. `scratch` has a gradient for each level below.
    pub(super) fn subtree(
        &self,
        tile: &mut Tile<T>,
        scratch: &mut [Vec<T>],
        chunks: Range<usize>,
        gradient: Option<&mut [T]>,
    ) -> Result<Sums, Error> {
        if chunks.len() == 1 {
            return self.chunk(
                tile,
                chunks.start,
                gradient.map(|gradient| (gradient, Accumulation::Overwrite)),
            );
        }
        let middle = middle(&chunks);
        let (first, second) = (chunks.start..middle, middle..chunks.end);
        let Some(gradient) = gradient else {
            let first = self.subtree(tile, scratch, first, None)?;
            return Ok(first.plus(self.subtree(tile, scratch, second, None)?));
        };
        let first = self.subtree(tile, scratch, first, Some(gradient))?;
        if second.len() == 1 && self.tree.rows(second.start).len() <= TILE {
            // The sums of a single tile can be added without a buffer in between.
            return Ok(first.plus(self.chunk(tile, second.start, Some((gradient, Accumulation::Add)))?));
        }
        let (more, scratch) = scratch.split_first_mut().expect("there is one gradient per level");
        more.resize(gradient.len(), T::ZERO);
        let second = self.subtree(tile, scratch, second, Some(more))?;
        slices::add(more, gradient);
        Ok(first.plus(second))
    }

    /// Computes the sums over one chunk, tile by tile. The gradient is overwritten, or the sums of
    /// the only tile are added to it.
    fn chunk(
        &self,
        tile: &mut Tile<T>,
        chunk: usize,
        mut gradient: Option<(&mut [T], Accumulation)>,
    ) -> Result<Sums, Error> {
        let architecture = self.architecture;
        let Range { start, end } = self.tree.rows(chunk);
        if let Some((gradient, Accumulation::Overwrite)) = &mut gradient {
            // The backward pass overwrites the trainable blocks only.
            if start == end || architecture.trainable().count() < architecture.blocks().len() {
                gradient.fill(T::ZERO);
            }
        }
        let mut sums = Sums::default();
        for first in (start..end).step_by(TILE) {
            tile.load(self.data, &self.rows[first..end.min(first + TILE)])?;
            forward(architecture, self.parameters, tile, self.dropout.map(|dropout| (dropout, first)));
            let (loss, weight) = tile.output_gradient(architecture, self.loss);
            sums = sums.plus(Sums { loss, weight });
            if let Some((gradient, accumulation)) = &mut gradient {
                backward(architecture, self.parameters, tile, self.dropout, *accumulation, gradient);
                *accumulation = Accumulation::Add;
            }
        }
        Ok(sums)
    }
}
