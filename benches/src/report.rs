//! Report of a measurement: text for the terminal, a JSON record, and the table of `README.md`.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::error::Error;
use crate::peak::Peak;
use crate::peer::{Peer, PeerAnswer, PeerVariant};
use crate::workload::Workload;

const BEGIN: &str = "<!-- begin table -->";
const END: &str = "<!-- end table -->";

/// Maximum difference between final losses, relative to that of Chainrule.
const LOSS_TOLERANCE: f64 = 0.01;

/// Results of a measurement session.
pub(crate) struct BenchReport {
    pub(crate) when: String,
    pub(crate) machine: Value,
    /// Largest peak measured in the session.
    pub(crate) peak: Peak,
    pub(crate) rounds: u32,
    /// Number of Chainrule threads, if it was specified.
    pub(crate) threads: Option<usize>,
    pub(crate) seed: u32,
    pub(crate) rows: Vec<WorkloadRow>,
}

/// Results of one workload.
pub(crate) struct WorkloadRow {
    pub(crate) workload: Workload,
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

    fn to_json(&self) -> Value {
        json!({"seconds": self.seconds, "median": self.median(), "final_loss": self.final_loss, "versions": self.versions})
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

    /// Returns the speedup over the fastest peer, and that peer.
    fn ratio(&self) -> Option<(f64, &PeerVariant)> {
        let best = self.best();
        let fastest = best.iter().min_by(|a, b| a.1.median().total_cmp(&b.1.median()))?;
        Some((fastest.1.median() / self.chainrule.median(), fastest.0))
    }

    /// Returns the speedup over JAX.
    fn ratio_to_jax(&self) -> Option<f64> {
        let best = self.best();
        let jax = best.iter().find(|(variant, _)| variant.peer == Peer::Jax)?;
        Some(jax.1.median() / self.chainrule.median())
    }

    /// Returns the speedup over JAX with the goal: `4.20 (goal 4, met)`.
    fn verdict(&self) -> String {
        match (self.workload.goal, self.ratio_to_jax()) {
            (Some(goal), Some(ratio)) => {
                format!("{ratio:.2} (goal {goal}, {})", if ratio >= goal { "met" } else { "missed" })
            }
            (Some(goal), None) => format!("not measured (goal {goal})"),
            (None, Some(ratio)) => format!("{ratio:.2}"),
            (None, None) => String::new(),
        }
    }

    fn fraction_of(&self, peak: Peak) -> f64 {
        self.workload.operations() / self.chainrule.median() / peak.in_precision(self.workload.precision)
    }

    /// Returns the cells of the table row, with the seconds and final losses of the given peers.
    fn cells(&self, peers: &[Peer], peak: Peak) -> Vec<String> {
        let ratio =
            self.ratio().map_or_else(String::new, |(ratio, peer)| format!("{ratio:.2} ({})", peer.name()));
        let best = self.best();
        let measured = |peer: &Peer| {
            best.iter().find(|(variant, _)| variant.peer == *peer).map(|(_, measured)| *measured)
        };
        let mut cells = vec![self.workload.name.clone(), seconds(self.chainrule.median())];
        cells.extend(peers.iter().map(|peer| measured(peer).map_or("-".to_owned(), |m| seconds(m.median()))));
        cells.extend([ratio, self.verdict(), format!("{:.1} %", 100.0 * self.fraction_of(peak))]);
        let losses = [Some(&self.chainrule)].into_iter().chain(peers.iter().map(measured));
        let losses: Vec<String> =
            losses.map(|m| m.map_or("-".to_owned(), |m| four_digits(m.final_loss))).collect();
        cells.push(losses.join(" / "));
        cells
    }
}

impl BenchReport {
    /// Renders the table as aligned text, followed by the peak.
    pub(crate) fn to_text(&self) -> String {
        let table = self.table();
        let widths: Vec<usize> = (0..table[0].len())
            .map(|column| table.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
            .collect();
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}"));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
        };
        table.iter().map(line).collect::<String>() + &self.describe_peak() + ".\n"
    }

    /// Renders the table for `README.md`, followed by the machine and the versions.
    pub(crate) fn to_markdown(&self) -> String {
        let line = |row: &Vec<String>| format!("| {} |\n", row.join(" | "));
        let table = self.table();
        let rule = format!("|{}\n", "---|".repeat(table[0].len()));
        let [processor, vectors, system, rustc, commit] =
            ["processor", "vectors", "system", "rustc", "commit"]
                .map(|fact| self.machine[fact].as_str().unwrap_or("unknown"));
        let versions: Vec<String> = self
            .versions()
            .into_iter()
            .map(|(name, v)| format!("{name} {}", v.as_str().unwrap_or("unknown")))
            .collect();
        let threads = self
            .threads
            .map_or("number of threads chosen by the engine".to_owned(), |n| format!("threads: {n}"));
        let cores = &self.machine["cores"];
        let workloads: Vec<String> = self
            .rows
            .iter()
            .map(|row| format!("- {}: {}", row.workload.name, row.workload.describe()))
            .collect();
        format!(
            "{}{rule}{}\nMeasured {}, medians of {} rounds, seed {}, {threads}. Machine: {cores} cores, \
             {processor}, SIMD level {vectors}, {system}. Compiler: {rustc}. Commit: {commit}. {}. Peers: \
             {}.\n\n{}\n",
            line(&table[0]),
            table[1..].iter().map(line).collect::<String>(),
            self.when,
            self.rounds,
            self.seed,
            self.describe_peak(),
            versions.join(", "),
            workloads.join("\n"),
        )
    }

    /// Returns all results for the record.
    pub(crate) fn to_json(&self) -> Value {
        let row = |row: &WorkloadRow| {
            let peers: Map<String, Value> =
                row.peers.iter().map(|(variant, measured)| (variant.name(), measured.to_json())).collect();
            json!({
                "workload": row.workload.to_json(),
                "n_samples": row.workload.n_samples,
                "operations": row.workload.operations(),
                "chainrule": row.chainrule.to_json(),
                "peers": peers,
                "ratio_to_best_peer": row.ratio().map(|(ratio, _)| ratio),
                "ratio_to_jax": row.ratio_to_jax(),
                "goal": row.workload.goal,
                "share_of_peak": row.fraction_of(self.peak),
            })
        };
        json!({
            "when": self.when,
            "machine": self.machine,
            "peak": self.peak.to_json(),
            "rounds": self.rounds,
            "threads": self.threads,
            "seed": self.seed,
            "rows": self.rows.iter().map(row).collect::<Vec<_>>(),
        })
    }

    /// Returns a message for each peer whose final loss differs from that of Chainrule.
    pub(crate) fn loss_differences(&self) -> Vec<String> {
        let mut messages = Vec::new();
        for row in &self.rows {
            for (variant, measured) in &row.peers {
                let (chainrule, peer) = (row.chainrule.final_loss, measured.final_loss);
                // The comparison is false for NaN, which must be reported too.
                let agrees = (peer - chainrule).abs() <= LOSS_TOLERANCE * chainrule.abs();
                if !agrees {
                    let (name, variant) = (&row.workload.name, variant.name());
                    messages.push(format!(
                        "{name}: the final loss of {variant} is {peer}, but that of chainrule is {chainrule}"
                    ));
                }
            }
        }
        messages
    }

    fn table(&self) -> Vec<Vec<String>> {
        let all = [Peer::Numpy, Peer::Torch, Peer::Jax, Peer::Sklearn];
        let is_measured =
            |peer: &Peer| self.rows.iter().any(|row| row.best().iter().any(|(v, _)| v.peer == *peer));
        let peers: Vec<Peer> = all.into_iter().filter(is_measured).collect();
        let mut head = vec!["workload".to_owned(), "chainrule (s)".to_owned()];
        head.extend(peers.iter().map(|peer| format!("{} (s)", peer.name())));
        head.extend(
            ["speedup over the best peer", "speedup over JAX", "fraction of peak"].map(str::to_owned),
        );
        head.push(
            [String::from("final loss: chainrule")]
                .into_iter()
                .chain(peers.iter().map(|peer| peer.name().to_owned()))
                .collect::<Vec<_>>()
                .join(" / "),
        );
        let rows = self.rows.iter().map(|row| row.cells(&peers, self.peak));
        [head].into_iter().chain(rows).collect()
    }

    /// Returns the versions reported by the peers, without duplicates.
    fn versions(&self) -> Map<String, Value> {
        let versions =
            self.rows.iter().flat_map(|row| &row.peers).filter_map(|(_, m)| m.versions.as_object());
        versions.flatten().map(|(name, v)| (name.clone(), v.clone())).collect()
    }

    fn describe_peak(&self) -> String {
        let giga = |v: f64| format!("{:.0}", v / 1e9);
        format!(
            "Peak of a multiply-add loop on all cores: {} GFLOP/s in f32, {} GFLOP/s in f64",
            giga(self.peak.f32),
            giga(self.peak.f64)
        )
    }
}

/// Writes a file and creates its directory if necessary.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Error> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).map_err(Error::file(directory))?;
    }
    fs::write(path, text).map_err(Error::file(path))
}

/// Replaces the table between the markers of the page at `path`.
pub(crate) fn replace_table(path: &Path, table: &str) -> Result<(), Error> {
    let page = fs::read_to_string(path).map_err(Error::file(path))?;
    let parts = page.split_once(BEGIN).and_then(|(head, rest)| Some((head, rest.split_once(END)?.1)));
    let Some((head, tail)) = parts else {
        return Err(Error::Markers { path: path.to_owned(), begin: BEGIN, end: END });
    };
    write(path, &format!("{head}{BEGIN}\n\n{table}\n{END}{tail}"))
}

/// Formats a loss with four significant digits.
fn four_digits(loss: f64) -> String {
    let decimals = if loss > 0.0 { (3.0 - loss.log10().floor()).clamp(0.0, 12.0) as usize } else { 4 };
    format!("{loss:.decimals$}")
}

fn seconds(seconds: f64) -> String {
    if seconds < 0.1 { format!("{seconds:.5}") } else { format!("{seconds:.3}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::named;

    fn measured(seconds: &[f64], final_loss: f64) -> Measured {
        Measured { seconds: seconds.to_vec(), final_loss, versions: json!({"jax": "1.0"}) }
    }

    fn report() -> BenchReport {
        let variant = |peer: Peer, i: usize| peer.variants()[i].clone();
        let row = WorkloadRow {
            workload: named("sines").unwrap(),
            chainrule: measured(&[0.02, 0.01, 0.03], 0.5),
            peers: vec![
                (variant(Peer::Torch, 0), measured(&[0.4], 0.5)),
                (PeerVariant { mode: "compile", ..variant(Peer::Torch, 0) }, measured(&[0.3, 0.2, 0.1], 0.5)),
                (variant(Peer::Jax, 0), measured(&[0.1, 0.1, 0.1], 0.502)),
            ],
        };
        BenchReport {
            when: "2026-01-02 03:04".to_owned(),
            machine: json!({"cores": 2, "processor": "Some"}),
            peak: Peak { f32: 2e11, f64: 1e11 },
            rounds: 3,
            threads: None,
            seed: 0,
            rows: vec![row],
        }
    }

    #[test]
    fn rows_contain_medians_ratios_of_the_best_variants_and_losses() {
        let table = report().table();
        assert_eq!(table[0][..4], ["workload", "chainrule (s)", "torch (s)", "jax (s)"]);
        let [name, chainrule, torch, jax, best, goal, _, losses] = &table[1][..] else { panic!("{table:?}") };
        assert_eq!([name, chainrule, torch, jax], ["sines", "0.02000", "0.200", "0.100"]);
        assert_eq!(
            [best, goal, losses],
            ["5.00 (jax, 1 thread)", "5.00 (goal 4, met)", "0.5000 / 0.5000 / 0.5020"]
        );
    }

    #[test]
    fn losses_have_four_significant_digits() {
        let texts = [0.000_146_04, 0.0307, 12.5, 0.0, f64::NAN].map(four_digits);
        assert_eq!(texts, ["0.0001460", "0.03070", "12.50", "0.0000", "NaN"]);
    }

    #[test]
    fn losses_that_differ_by_more_than_one_percent_are_reported() {
        let mut report = report();
        assert!(report.loss_differences().is_empty());
        for loss in [0.506, 0.494, f64::NAN] {
            report.rows[0].peers[2].1.final_loss = loss;
            assert_eq!(report.loss_differences().len(), 1, "{loss}");
        }
    }

    #[test]
    fn the_record_contains_every_run_of_every_variant() {
        let record = report().to_json();
        let row = &record["rows"][0];
        assert_eq!(row["chainrule"]["seconds"], json!([0.02, 0.01, 0.03]));
        assert_eq!(row["peers"]["torch compile, 1 thread"]["median"], json!(0.2));
        assert_eq!(row["ratio_to_jax"], json!(5.0));
        assert_eq!(record["machine"]["processor"], "Some");
    }

    #[test]
    fn the_table_between_the_markers_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("README.md");
        fs::write(&path, format!("head\n{BEGIN}\nold\n{END}\ntail\n")).unwrap();
        replace_table(&path, &report().to_markdown()).unwrap();
        let page = fs::read_to_string(&path).unwrap();
        assert!(page.starts_with("head\n") && page.ends_with("\ntail\n") && !page.contains("old"));
        assert!(page.contains("| sines | 0.02000 |") && page.contains("Peers: jax 1.0."), "{page}");
        fs::write(&path, "no markers").unwrap();
        assert!(replace_table(&path, "").unwrap_err().to_string().contains("does not contain the lines"));
    }
}
