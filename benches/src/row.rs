//! Row of the table: the measured times of Chainrule and of its peers for one workload.

use serde_json::{Map, Value, json};

use crate::calibration::Calibration;
use crate::peak::Peak;
use crate::peer::{Peer, PeerAnswer, PeerVariant};
use crate::workload::Workload;

/// Maximum difference between final losses, relative to that of Chainrule.
const LOSS_TOLERANCE: f64 = 0.01;

/// Results of one workload.
pub(crate) struct WorkloadRow {
    pub(crate) workload: Workload,
    /// Calibration before the measurement, if there was one.
    pub(crate) calibration: Option<Calibration>,
    pub(crate) chainrule: Measured,
    /// Every measured variant of a peer.
    pub(crate) peers: Vec<(PeerVariant, Measured)>,
}

/// Runs of one program.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measured {
    pub(crate) seconds: Vec<f64>,
    /// Final loss of the latest run.
    pub(crate) final_loss: f64,
    /// Versions reported by the program.
    pub(crate) versions: Value,
}

/// Speedup of Chainrule over a peer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Speedup {
    /// Ratio of the median times.
    pub(crate) median: f64,
    /// Ratio of the minimum times.
    pub(crate) minimum: f64,
}

impl Measured {
    pub(crate) fn add(&mut self, answer: &PeerAnswer) {
        self.seconds.push(answer.seconds);
        self.final_loss = answer.final_loss;
        self.versions = answer.fields["versions"].clone();
    }

    /// Returns the median of the seconds; for an even number of runs, the mean of the middle two.
    pub(crate) fn median(&self) -> f64 {
        let mut seconds = self.seconds.clone();
        seconds.sort_by(f64::total_cmp);
        let n = seconds.len();
        f64::midpoint(seconds[(n - 1) / 2], seconds[n / 2])
    }

    pub(crate) fn minimum(&self) -> f64 {
        self.seconds.iter().copied().fold(f64::INFINITY, f64::min)
    }

    fn to_json(&self) -> Value {
        json!({
            "seconds": self.seconds,
            "median": self.median(),
            "minimum": self.minimum(),
            "final_loss": self.final_loss,
            "versions": self.versions,
        })
    }
}

impl WorkloadRow {
    /// Adds a run of a peer.
    pub(crate) fn add(&mut self, variant: &PeerVariant, answer: &PeerAnswer) {
        let index = self.peers.iter().position(|(v, _)| v == variant).unwrap_or_else(|| {
            self.peers.push((variant.clone(), Measured::default()));
            self.peers.len() - 1
        });
        self.peers[index].1.add(answer);
    }

    /// Returns whether other load may have disturbed the measurement.
    pub(crate) fn is_noisy(&self) -> bool {
        self.calibration.is_some_and(|calibration| !calibration.is_quiet())
    }

    /// Returns the variant of each peer that was fastest in its first run, which is the one that is
    /// measured in all rounds.
    pub(crate) fn best(&self) -> Vec<(&PeerVariant, &Measured)> {
        let mut best: Vec<(&PeerVariant, &Measured)> = Vec::new();
        for (variant, measured) in &self.peers {
            match best.iter_mut().find(|(v, _)| v.peer == variant.peer) {
                Some(entry) if measured.seconds[0] < entry.1.seconds[0] => *entry = (variant, measured),
                Some(_) => {}
                None => best.push((variant, measured)),
            }
        }
        best
    }

    pub(crate) fn best_variants(&self) -> Vec<PeerVariant> {
        self.best().into_iter().map(|(variant, _)| variant.clone()).collect()
    }

    /// Returns the best variant of `peer`, if it was measured.
    pub(crate) fn best_of(&self, peer: Peer) -> Option<&Measured> {
        self.best().into_iter().find(|(variant, _)| variant.peer == peer).map(|(_, measured)| measured)
    }

    /// Returns the fastest peer other than JAX.
    pub(crate) fn best_other_peer(&self) -> Option<(&PeerVariant, &Measured)> {
        let others = self.best().into_iter().filter(|(variant, _)| variant.peer != Peer::Jax);
        others.min_by(|a, b| a.1.median().total_cmp(&b.1.median()))
    }

    /// Returns the speedup of Chainrule over a peer.
    pub(crate) fn speedup_over(&self, peer: &Measured) -> Speedup {
        Speedup {
            median: peer.median() / self.chainrule.median(),
            minimum: peer.minimum() / self.chainrule.minimum(),
        }
    }

    /// Returns the goals at a SIMD level with the speedups by medians: `3 met, torch 50 missed`.
    /// The goal over PyTorch is not in the text if PyTorch was not measured.
    pub(crate) fn verdict(&self, level: &str) -> String {
        let Some(goals) = self.workload.goals else { return String::new() };
        let verdict = |name: &str, goal: f64, peer| match self.best_of(peer) {
            Some(peer) if self.speedup_over(peer).median >= goal => format!("{name}{goal} met"),
            Some(_) => format!("{name}{goal} missed"),
            None => format!("{name}{goal}"),
        };
        let jax = goals.over_jax(level).map(|goal| verdict("", goal, Peer::Jax));
        let torch = goals.torch.filter(|_| self.best_of(Peer::Torch).is_some());
        let torch = torch.map(|goal| verdict("torch ", goal, Peer::Torch));
        jax.into_iter().chain(torch).collect::<Vec<_>>().join(", ")
    }

    /// Returns the fraction of the peak of as many cores as the workload uses.
    pub(crate) fn fraction_of(&self, peak: Peak) -> f64 {
        let peak = peak.with_threads(self.workload.threads).in_precision(self.workload.precision);
        self.workload.operations() / self.chainrule.median() / peak
    }

    /// Returns a message for each peer whose final loss differs from that of Chainrule.
    pub(crate) fn loss_differences(&self) -> Vec<String> {
        let chainrule = self.chainrule.final_loss;
        // The comparison is false for NaN, which must be reported too.
        let agrees =
            |peer: &Measured| (peer.final_loss - chainrule).abs() <= LOSS_TOLERANCE * chainrule.abs();
        let differing = self.peers.iter().filter(|(_, measured)| !agrees(measured));
        let message = |(variant, measured): &(PeerVariant, Measured)| {
            format!(
                "{}: the final loss of {} is {}, but that of chainrule is {chainrule}",
                self.workload.name,
                variant.name(),
                measured.final_loss
            )
        };
        differing.map(message).collect()
    }

    /// Returns all results for the record.
    pub(crate) fn to_json(&self, level: &str, peak: Peak) -> Value {
        let peers: Map<String, Value> =
            self.peers.iter().map(|(variant, measured)| (variant.name(), measured.to_json())).collect();
        let over_jax = self.best_of(Peer::Jax).map(|jax| self.speedup_over(jax));
        let over_other = self.best_other_peer().map(|(_, peer)| self.speedup_over(peer));
        json!({
            "workload": self.workload.to_json(),
            "n_samples": self.workload.n_samples,
            "operations": self.workload.operations(),
            "calibration": self.calibration.map(Calibration::to_json),
            "chainrule": self.chainrule.to_json(),
            "peers": peers,
            "speedup_over_jax": over_jax.map(Speedup::to_json),
            "speedup_over_best_other_peer": over_other.map(Speedup::to_json),
            "goal_over_jax": self.workload.goals.and_then(|goals| goals.over_jax(level)),
            "goal_over_torch": self.workload.goals.and_then(|goals| goals.torch),
            "fraction_of_peak": self.fraction_of(peak),
        })
    }
}

impl Speedup {
    fn to_json(self) -> Value {
        json!({"median": self.median, "minimum": self.minimum})
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::suite::named;

    pub(crate) fn measured(seconds: &[f64], final_loss: f64) -> Measured {
        Measured { seconds: seconds.to_vec(), final_loss, versions: json!({"jax": "1.0"}) }
    }

    /// A row of `sines` with PyTorch in two variants and JAX, on a quiet machine.
    pub(crate) fn row() -> WorkloadRow {
        let variant = |peer: Peer, i: usize| peer.variants()[i].clone();
        WorkloadRow {
            workload: named("sines").unwrap(),
            calibration: Some(Calibration { one_core: 0.01, all_cores: 0.02 }),
            chainrule: measured(&[0.02, 0.01, 0.03], 0.5),
            peers: vec![
                (variant(Peer::Torch, 0), measured(&[0.4], 0.5)),
                (PeerVariant { mode: "compile", ..variant(Peer::Torch, 0) }, measured(&[0.3, 0.2, 0.1], 0.5)),
                (variant(Peer::Jax, 0), measured(&[0.1, 0.08, 0.1], 0.502)),
            ],
        }
    }

    #[test]
    fn speedups_are_ratios_of_medians_and_of_minima() {
        let row = row();
        assert_eq!(row.speedup_over(row.best_of(Peer::Jax).unwrap()), Speedup { median: 5.0, minimum: 8.0 });
        let (variant, torch) = row.best_other_peer().unwrap();
        assert_eq!((variant.mode, row.speedup_over(torch).median), ("compile", 10.0));
    }

    #[test]
    fn a_goal_is_met_by_the_medians_at_its_level() {
        let mut row = row();
        assert_eq!([row.verdict("avx512"), row.verdict("portable")], ["4 met", ""]);
        row.chainrule.seconds = vec![0.01, 0.026, 0.027];
        assert_eq!([row.verdict("avx512"), row.verdict("avx2")], ["4 missed", "3.5 met"]);
        row.workload.goals = named("folds").unwrap().goals;
        assert_eq!(row.verdict("avx2"), "4 missed, torch 50 missed");
        row.peers.clear();
        assert_eq!(row.verdict("avx2"), "4");
    }

    #[test]
    fn single_threaded_workloads_are_compared_with_the_peak_of_one_core() {
        let mut row = row();
        let rates = |f32| crate::peak::PeakRates { f32, f64: f32 };
        let peak = Peak { one_core: rates(1e9), all_cores: rates(4e9) };
        let fraction = row.fraction_of(peak);
        row.workload.threads = Some(1);
        assert_eq!(row.fraction_of(peak), 4.0 * fraction);
    }

    #[test]
    fn losses_that_differ_by_more_than_one_percent_are_reported() {
        let mut row = row();
        assert!(row.loss_differences().is_empty());
        for loss in [0.506, 0.494, f64::NAN] {
            row.peers[2].1.final_loss = loss;
            assert_eq!(row.loss_differences().len(), 1, "{loss}");
        }
    }
}
