//! Report of a measurement session, with its JSON record.

use serde_json::{Map, Value, json};

use crate::peak::Peak;
use crate::row::WorkloadRow;

/// Results of a measurement session.
pub(crate) struct BenchReport {
    pub(crate) when: String,
    pub(crate) machine: Value,
    /// SIMD level of Chainrule's kernels.
    pub(crate) level: &'static str,
    pub(crate) peer_level: PeerLevel,
    /// Largest peak measured in the session.
    pub(crate) peak: Peak,
    pub(crate) rounds: u32,
    /// Number of Chainrule threads, if it was specified.
    pub(crate) threads: Option<usize>,
    pub(crate) seed: u32,
    pub(crate) rows: Vec<WorkloadRow>,
}

/// SIMD level of the peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PeerLevel {
    /// The level that each peer selects, which is the best one of the machine.
    Best,
    /// The level of Chainrule's kernels, to which the peers are limited by other means.
    Limited,
}

impl BenchReport {
    /// Returns all results for the record.
    pub(crate) fn to_json(&self) -> Value {
        let rows: Vec<_> = self.rows.iter().map(|row| row.to_json(self.level, self.peak)).collect();
        json!({
            "when": self.when,
            "machine": self.machine,
            "level": self.level,
            "peers_at_level": self.peer_level == PeerLevel::Limited,
            "peak": self.peak.to_json(),
            "rounds": self.rounds,
            "threads": self.threads,
            "seed": self.seed,
            "rows": rows,
        })
    }

    /// Returns a message for each peer whose final loss differs from that of Chainrule.
    pub(crate) fn loss_differences(&self) -> Vec<String> {
        self.rows.iter().flat_map(WorkloadRow::loss_differences).collect()
    }

    /// Returns the versions reported by the peers, without duplicates.
    pub(crate) fn versions(&self) -> Map<String, Value> {
        let versions =
            self.rows.iter().flat_map(|row| &row.peers).filter_map(|(_, m)| m.versions.as_object());
        versions.flatten().map(|(name, v)| (name.clone(), v.clone())).collect()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::peak::PeakRates;
    use crate::row::tests::row;

    pub(crate) fn report() -> BenchReport {
        BenchReport {
            when: "2026-01-02 03:04".to_owned(),
            machine: json!({"cores": 2, "processor": "Some", "best_level": "avx512"}),
            level: "avx512",
            peer_level: PeerLevel::Best,
            peak: Peak {
                one_core: PeakRates { f32: 1e11, f64: 5e10 },
                all_cores: PeakRates { f32: 2e11, f64: 1e11 },
            },
            rounds: 3,
            threads: None,
            seed: 0,
            rows: vec![row()],
        }
    }

    #[test]
    fn the_record_contains_every_run_of_every_variant_and_the_levels() {
        let record = report().to_json();
        let row = &record["rows"][0];
        assert_eq!(row["chainrule"]["seconds"], json!([0.02, 0.01, 0.03]));
        assert_eq!(row["chainrule"]["minimum"], json!(0.01));
        assert_eq!(row["peers"]["torch compile, 1 thread"]["median"], json!(0.2));
        assert_eq!(row["speedup_over_jax"], json!({"median": 5.0, "minimum": 8.0}));
        assert_eq!((&row["goal_over_jax"], &row["calibration"]["is_quiet"]), (&json!(4.0), &json!(true)));
        assert_eq!([&record["level"], &record["machine"]["best_level"]], ["avx512", "avx512"]);
        assert_eq!(record["peers_at_level"], false);
    }
}
