//! Experiments: data, networks, training and the claims of a source document, defined in TOML.
//! Running an experiment trains its networks and writes a run folder.
//!
//! The workflows of the command are calls with serialisable results: [`fit`](fit()) trains a model
//! on a table, [`evaluate_model`] evaluates it on another one, [`Experiment::run`] trains the
//! networks of an experiment, and [`ReproductionPlan::run`] compares the claims of source documents
//! with the results.
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
mod columns;
mod data;
mod error;
mod evaluation;
mod experiment;
mod figure;
mod fingerprint;
mod fit;
mod folder;
mod inline;
mod model;
mod named;
mod network;
mod number;
mod origin;
mod outcome;
mod outcome_summary;
mod parse;
mod prepare;
pub mod published;
mod quantity;
pub mod renames;
mod reproduction;
mod run;
mod runs;
mod section;
mod table;
mod table_source;
mod text_file;
mod train;
mod tree;

pub use chainrule_model::Precision;
pub use checkpoint::Checkpoint;
pub use checkpoint_interval::CheckpointInterval;
pub use checkpoints::Checkpoints;
pub use claim::{Claim, ClaimResult, ClaimStatus};
pub use columns::{InputSummary, ScaleSummary, TargetSummary, describe_encoding};
pub use data::{DataPlan, Samples};
pub use error::Error;
pub use evaluation::{ClassSummary, Evaluated, EvaluationSummary, evaluate_model};
pub use experiment::{Experiment, SourceDocument, Variant};
pub use figure::FigurePlan;
pub use fit::{
    AssessmentStep, Comparison, FitOptions, FitPlan, FitProgress, FitSummary, Fitted, FoldMetrics,
    IgnoredColumn, ImportanceSummary, MetricValue, OpenedFit, PlanSummary, PreparedFit, ReferencePredictor,
    RowCounts, ScoreTable, Scores, Spread, TableSummary, TrainedFit, TrainingSummary, fit, fit_default,
};
pub use folder::RunFolder;
pub use model::{ModelRows, OpenedModel, ensemble, scores};
pub use named::Named;
pub use network::NetworkPlan;
pub use number::format_number;
pub use origin::Origin;
pub use outcome::{Outcome, RowSet};
pub use outcome_summary::OutcomeSummary;
pub use prepare::PreparedTraining;
pub use reproduction::{
    ClaimCounts, DEMONSTRATIONS_NAME, JudgedClaim, JudgedDemonstration, Reproduced, Reproduction,
    ReproductionPlan,
};
pub use run::{Job, Progress, run_all};
pub use runs::{PastRun, differences, past_runs};
pub use table::{Remark, TableSamples};
pub use table_source::{TableProgress, TableSource};
pub use train::TrainPlan;
