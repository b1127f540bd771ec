//! What only the published experiments need: quantities of their claims, and demonstrations that two
//! published gradients are wrong.

mod demonstration;
mod quantities;

pub use demonstration::{DEMONSTRATIONS, Demonstration, DemonstrationResult};
pub use quantities::collapsed;
pub(crate) use quantities::{collapse_difference, swapped_guarded_loss};
