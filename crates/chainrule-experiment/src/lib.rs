//! Experiments: data, networks, training and the claims of a source document, defined in TOML.
//! Running an experiment trains its networks and writes a run folder.
//!
//! ```
//! use std::sync::atomic::AtomicBool;
//!
//! use chainrule_experiment::{Experiment, ClaimStatus};
//!
//! let experiment = Experiment::open("rbf-bias", &[])?;
//! let outcomes = experiment.run(&mut (), &AtomicBool::new(false))?;
//! for claim in &experiment.claims {
//!     assert_ne!(claim.judge(&outcomes)?.status, ClaimStatus::Mismatched, "{}", claim.text);
//! }
//! # Ok::<(), chainrule_experiment::Error>(())
//! ```

pub mod builtin;
mod checkpoint;
mod checkpoint_files;
mod checkpoint_interval;
mod checkpoints;
mod claim;
mod data;
mod error;
mod experiment;
mod figure;
mod fit;
mod fit_plan;
mod folder;
mod network;
mod origin;
mod outcome;
mod parse;
mod prepare;
pub mod published;
mod quantity;
pub mod renames;
mod run;
mod runs;
mod section;
mod table;
mod text_file;
mod train;
mod tree;

pub use chainrule_model::Precision;
pub use checkpoint::Checkpoint;
pub use checkpoint_interval::CheckpointInterval;
pub use checkpoints::Checkpoints;
pub use claim::{Claim, ClaimResult, ClaimStatus};
pub use data::{DataPlan, Samples};
pub use error::Error;
pub use experiment::{Experiment, SourceDocument, Variant};
pub use figure::FigurePlan;
pub use fit::{OpenedModel, ensemble, fit_default, scores};
pub use fit_plan::FitPlan;
pub use folder::RunFolder;
pub use network::NetworkPlan;
pub use origin::Origin;
pub use outcome::Outcome;
pub use prepare::PreparedTraining;
pub use run::{Job, Progress, run_all};
pub use runs::{PastRun, differences, past_runs};
pub use table::{Remark, TableSamples};
pub use train::TrainPlan;
