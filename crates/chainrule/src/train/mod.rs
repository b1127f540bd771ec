//! Training: the loop, optimizers, schedules, stopping, history.

pub mod optimizer;
pub mod schedule;
