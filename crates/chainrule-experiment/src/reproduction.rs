//! Reproduction of source documents: experiments are trained and their claims compared with the
//! results.

use std::fmt;
use std::ops::AddAssign;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use crate::Error;
use crate::builtin;
use crate::claim::ClaimStatus;
use crate::experiment::Experiment;
use crate::outcome::Outcome;
use crate::published::{DEMONSTRATIONS, Demonstration, DemonstrationResult};
use crate::run::Progress;

/// The name that selects the demonstrations of wrong gradients.
pub const DEMONSTRATIONS_NAME: &str = "demonstrations";

/// What is reproduced: experiments with claims, and demonstrations of wrong gradients.
///
/// ```
/// use std::sync::atomic::AtomicBool;
///
/// use chainrule_experiment::ReproductionPlan;
///
/// let plan = ReproductionPlan::new(&["rbf-bias".to_owned()])?;
/// let reproduced = plan.run(&mut (), &AtomicBool::new(false))?.expect("it is not cancelled");
/// assert_eq!((reproduced.experiments.len(), reproduced.counts.mismatched), (1, 0));
/// # Ok::<(), chainrule_experiment::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ReproductionPlan {
    /// Experiments with claims.
    pub experiments: Vec<Experiment>,
    /// Selected experiments that have no claims.
    pub without_claims: Vec<Experiment>,
    /// Demonstrations of wrong gradients.
    pub demonstrations: &'static [Demonstration],
}

/// Results of all experiments and demonstrations of a plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reproduced {
    /// Claims of each experiment.
    pub experiments: Vec<Reproduction>,
    /// Demonstrations.
    pub demonstrations: Vec<JudgedDemonstration>,
    /// Number of claims and demonstrations by result.
    pub counts: ClaimCounts,
}

/// The claims of an experiment, compared with its results.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reproduction {
    /// Name of the experiment.
    pub experiment: String,
    /// Title of the experiment.
    pub title: String,
    /// Claims, in the order of the experiment.
    pub claims: Vec<JudgedClaim>,
}

/// A claim, compared with the results.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JudgedClaim {
    /// The claim in one line.
    pub claim: String,
    /// Comment on the claim; may be empty.
    pub note: String,
    /// Variant that the claim concerns; empty if the experiment has a single network.
    pub variant: String,
    /// Outcome of the comparison.
    pub status: ClaimStatus,
    /// Published value.
    pub published: String,
    /// Measured value.
    pub measured: String,
}

/// The result of a demonstration.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JudgedDemonstration {
    /// Name.
    pub name: &'static str,
    /// Experiment with the network and data of the gradient.
    pub experiment: &'static str,
    /// The published formula and its mistake.
    pub mistake: &'static str,
    /// Whether the published gradient failed the gradient check and ours passed.
    pub status: ClaimStatus,
}

/// Number of claims by result; claims that are only reported are not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClaimCounts {
    /// Claims that were reproduced.
    pub matched: usize,
    /// Known mistakes of a document.
    pub known_mistakes: usize,
    /// Claims that were not reproduced.
    pub mismatched: usize,
}

impl ReproductionPlan {
    /// Selects experiments by name, and the demonstrations by [`DEMONSTRATIONS_NAME`]. Without
    /// names, these are the demonstrations and all built-in experiments with a source document and
    /// claims.
    ///
    /// # Errors
    /// Returns the errors of [`Experiment::open`].
    pub fn new(names: &[String]) -> Result<ReproductionPlan, Error> {
        let all = names.is_empty();
        let names = if all { builtin::names() } else { names.to_vec() };
        let opened = names.iter().filter(|name| *name != DEMONSTRATIONS_NAME);
        let opened = opened.map(|name| Experiment::open(name, &[])).collect::<Result<Vec<_>, _>>()?;
        let (mut experiments, mut without_claims): (Vec<_>, Vec<_>) =
            opened.into_iter().partition(|experiment| !experiment.claims.is_empty());
        if all {
            experiments.retain(|experiment| experiment.document.is_some());
            without_claims.clear();
        }
        let has_demonstrations = all || names.iter().any(|name| name == DEMONSTRATIONS_NAME);
        let demonstrations = if has_demonstrations { DEMONSTRATIONS } else { &[] };
        Ok(ReproductionPlan { experiments, without_claims, demonstrations })
    }

    /// Trains all experiments and compares their claims, and checks the demonstrations. Returns
    /// `None` if it is cancelled.
    ///
    /// # Errors
    /// Returns the errors of [`Experiment::run`], [`Experiment::judge`] and
    /// [`Demonstration::check`].
    pub fn run(&self, progress: &mut dyn Progress, cancel: &AtomicBool) -> Result<Option<Reproduced>, Error> {
        let mut reproduced = Reproduced {
            experiments: Vec::new(),
            demonstrations: Vec::new(),
            counts: ClaimCounts::default(),
        };
        for experiment in &self.experiments {
            let outcomes = experiment.run(progress, cancel)?;
            if cancel.load(Ordering::Relaxed) {
                return Ok(None);
            }
            let reproduction = experiment.judge(&outcomes)?;
            reproduced.counts += reproduction.counts();
            reproduced.experiments.push(reproduction);
        }
        for demonstration in self.demonstrations {
            let judged = JudgedDemonstration::new(demonstration, &demonstration.check()?);
            reproduced.counts += ClaimCounts::of([judged.status]);
            reproduced.demonstrations.push(judged);
        }
        Ok(Some(reproduced))
    }
}

impl Experiment {
    /// Compares all claims with the outcomes of the experiment, which must have recorded the
    /// parameters after [the epochs](Experiment::epochs) that the claims require.
    ///
    /// # Errors
    /// Returns the errors of [`Claim::judge`](crate::Claim::judge).
    ///
    /// # Panics
    /// Panics if there is not an outcome for each variant.
    pub fn judge(&self, outcomes: &[Outcome]) -> Result<Reproduction, Error> {
        let judged = self.claims.iter().map(|claim| {
            let result = claim.judge(outcomes)?;
            Ok(JudgedClaim {
                claim: claim.text.clone(),
                note: claim.note.clone(),
                variant: claim.variant().to_owned(),
                status: result.status,
                published: result.claimed,
                measured: result.actual,
            })
        });
        let claims = judged.collect::<Result<_, Error>>()?;
        Ok(Reproduction { experiment: self.name.clone(), title: self.title.clone(), claims })
    }
}

impl Reproduction {
    /// Counts the claims by result.
    pub fn counts(&self) -> ClaimCounts {
        ClaimCounts::of(self.claims.iter().map(|claim| claim.status))
    }
}

impl JudgedDemonstration {
    /// Judges the gradient checks of a demonstration.
    pub fn new(demonstration: &Demonstration, result: &DemonstrationResult) -> JudgedDemonstration {
        JudgedDemonstration {
            name: demonstration.name,
            experiment: demonstration.experiment,
            mistake: demonstration.mistake,
            status: if result.passed() { ClaimStatus::Matched } else { ClaimStatus::Mismatched },
        }
    }
}

impl ClaimCounts {
    /// Counts results.
    pub fn of(results: impl IntoIterator<Item = ClaimStatus>) -> ClaimCounts {
        let mut counts = ClaimCounts::default();
        for status in results {
            match status {
                ClaimStatus::Matched => counts.matched += 1,
                ClaimStatus::KnownMistake => counts.known_mistakes += 1,
                ClaimStatus::Shown => {}
                ClaimStatus::Mismatched => counts.mismatched += 1,
            }
        }
        counts
    }

    /// Returns the number of all counted claims.
    pub fn total(self) -> usize {
        self.matched + self.known_mistakes + self.mismatched
    }
}

impl AddAssign for ClaimCounts {
    fn add_assign(&mut self, other: ClaimCounts) {
        self.matched += other.matched;
        self.known_mistakes += other.known_mistakes;
        self.mismatched += other.mismatched;
    }
}

impl fmt::Display for ClaimCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ClaimCounts { matched, known_mistakes, mismatched } = self;
        let plural = if *known_mistakes == 1 { "" } else { "s" };
        write!(
            f,
            "{matched} matched, {known_mistakes} known mistake{plural} of a document, {mismatched} mismatched"
        )
    }
}
