//! Plan of the products of a dense layer: which blocks, panels and copies are used for which shape.
//!
//! None of these choices changes the bits of a result, except [`NARROW`], which determines the order
//! of the sums of a weight gradient and must not be changed. The ratios are those of a whole training
//! run, in which the choice was made, and are recorded in `benches/record/2026-11-30-*.md`.
//!
//! | product | shape | level | plan | reason |
//! |---|---|---|---|---|
//! | all | | AVX-512: 32 registers of 16 lanes | blocks of 6 sums x 4 vectors, 6 x 3, 8 x 2, 8 x 1 | 24 accumulators, 4 vectors and a weight take 29 registers |
//! | all | | AVX2: 16 registers of 8 lanes, 2 a vector | 6 sums x 1 vector | 12 accumulators, 2 registers of x and a weight take 15 registers; 3 x 2 take 17: tabular 1.95, mnist 1.76 |
//! | all | f64 | AVX2, NEON | 4 sums x 1 vector | the compiler loads all weights first, and with 6 sums it then keeps accumulators in memory: digits-f64 1.39, tabular-f64 1.22, chains-f64 1.10 |
//! | all | | NEON: 32 registers of 4 lanes, 4 a vector | 6 sums x 1 vector | 24 accumulators, 4 registers of x and a weight take 29 registers; not measured |
//! | all | remaining sums | AVX2, NEON | 4 x 1, 2 x 2, 1 x 4 | a single sum of one vector leaves two accumulators and waits for each addition |
//! | forward, input gradient | at most [`FEW_TERMS`] terms | AVX2, NEON | 3 sums x 2 vectors | most of the work is the start of a block, and fewer numbers are broadcast: gaussians 1.04 |
//! | forward, input gradient | at most [`FUSED_TERMS`] terms | all | the activation, or its derivative, is applied in the register | gaussians 1.13, restarts 1.10 (AVX-512); with up to four terms in a loop that was not unrolled, gaussians 0.93 and chains 0.98 |
//! | forward, input gradient | at least [`MIN_TERMS`] terms and [`MIN_SUMS`] sums | AVX2, NEON | one vector of columns copied into a panel of [`PANEL_TERMS`] terms | rows a tile apart share few sets of the cache: tabular 1.09, mnist 1.11 |
//! | forward | at least [`MIN_TERMS`] inputs and [`MIN_PACKED`] units | all | weights packed in blocks of [`PACKED_TERMS`] x [`PACKED_SUMS`] | consecutive weights of a unit are on different pages: width-1024 1.07 (AVX-512), 1.18 (AVX2); with 256 units 0.91 (AVX2) |
//! | weight gradient | both sides above [`NARROW`] | all | panels of [`PANEL`] vectors of units, transposed | the sum runs over the samples |
//! | weight gradient | a side of at most [`NARROW`] | all | dot products along the samples | a transposed copy would leave most lanes idle |

/// Largest number of vectors of columns that stay in registers together, and of a panel of transposed
/// output units.
pub(super) const PANEL: usize = 4;

/// Largest number of terms of sums that are computed in blocks of 3 x 2 if a vector takes several
/// registers.
pub(super) const FEW_TERMS: usize = 4;

/// Largest number of terms of sums to which an activation, or its derivative, is applied in the
/// register.
pub(super) const FUSED_TERMS: usize = 2;

/// Minimum number of terms of a product whose rows are copied into panels or whose weights are
/// packed.
pub(super) const MIN_TERMS: usize = 96;

/// Minimum number of sums of a product whose rows are copied into panels.
pub(super) const MIN_SUMS: usize = 24;

/// Maximum number of terms of a panel.
pub(super) const PANEL_TERMS: usize = 256;

/// Minimum number of units of a layer whose weights are packed for the forward product.
pub(super) const MIN_PACKED: usize = 768;

/// Maximum number of terms of a packed block.
pub(super) const PACKED_TERMS: usize = 256;

/// Maximum number of sums of a packed block, a multiple of 6 and of 16.
pub(super) const PACKED_SUMS: usize = 48;

/// Largest number of units of a narrow side of a layer.
pub(super) const NARROW: usize = 8;
