//! What was measured, as text for the terminal, as a record, and as the table of `README.md`.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::error::Error;
use crate::peak::Peak;
use crate::peer::{Answer, Peer, Variant};
use crate::workload::Workload;

const BEGIN: &str = "<!-- begin table -->";
const END: &str = "<!-- end table -->";

/// How far final losses may lie apart, as a share of ours.
const SAME_LOSS: f64 = 0.01;

/// One session.
pub(crate) struct Report {
    pub(crate) when: String,
    pub(crate) machine: Value,
    /// The greatest seen in the session.
    pub(crate) peak: Peak,
    pub(crate) rounds: u32,
    /// Our threads where they were given.
    pub(crate) threads: Option<usize>,
    pub(crate) seed: u32,
    pub(crate) rows: Vec<Row>,
}

/// One workload: ours and theirs.
pub(crate) struct Row {
    pub(crate) workload: Workload,
    pub(crate) ours: Measured,
    /// Every variant tried.
    pub(crate) peers: Vec<(Variant, Measured)>,
}

/// The runs of one program.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measured {
    pub(crate) seconds: Vec<f64>,
    /// Of the latest run.
    pub(crate) final_loss: f64,
    /// The versions it told.
    pub(crate) versions: Value,
}

impl Measured {
    pub(crate) fn add(&mut self, answer: &Answer) {
        self.seconds.push(answer.seconds);
        self.final_loss = answer.final_loss;
        self.versions = answer.said["versions"].clone();
    }

    /// The median of the seconds; of an even number of runs the mean of the middle two.
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

impl Row {
    /// Adds an answer of a peer.
    pub(crate) fn add(&mut self, variant: &Variant, answer: &Answer) {
        let place = self.peers.iter().position(|(v, _)| v == variant).unwrap_or_else(|| {
            self.peers.push((variant.clone(), Measured::default()));
            self.peers.len() - 1
        });
        self.peers[place].1.add(answer);
    }

    /// Of each peer the variant that was fastest in its first run: the one that is measured in all rounds.
    pub(crate) fn best(&self) -> Vec<(&Variant, &Measured)> {
        let mut best: Vec<(&Variant, &Measured)> = Vec::new();
        for (variant, measured) in &self.peers {
            match best.iter_mut().find(|(v, _)| v.peer == variant.peer) {
                Some(place) if measured.seconds[0] < place.1.seconds[0] => *place = (variant, measured),
                Some(_) => {}
                None => best.push((variant, measured)),
            }
        }
        best
    }

    pub(crate) fn best_variants(&self) -> Vec<Variant> {
        self.best().into_iter().map(|(variant, _)| variant.clone()).collect()
    }

    /// How many times as long the fastest peer takes, with its name.
    fn ratio(&self) -> Option<(f64, &Variant)> {
        let best = self.best();
        let fastest = best.iter().min_by(|a, b| a.1.median().total_cmp(&b.1.median()))?;
        Some((fastest.1.median() / self.ours.median(), fastest.0))
    }

    /// How many times as long JAX takes.
    fn ratio_to_jax(&self) -> Option<f64> {
        let best = self.best();
        let jax = best.iter().find(|(variant, _)| variant.peer == Peer::Jax)?;
        Some(jax.1.median() / self.ours.median())
    }

    /// `4.2 of 4: met`, JAX's ratio beside the goal.
    fn verdict(&self) -> String {
        match (self.workload.goal, self.ratio_to_jax()) {
            (Some(goal), Some(ratio)) => {
                format!("{ratio:.2} of {goal}: {}", if ratio >= goal { "met" } else { "missed" })
            }
            (Some(goal), None) => format!("{goal}, not measured"),
            (None, Some(ratio)) => format!("{ratio:.2}"),
            (None, None) => String::new(),
        }
    }

    fn share_of(&self, peak: Peak) -> f64 {
        self.workload.operations() / self.ours.median() / peak.of(self.workload.precision)
    }

    /// The cells of the table: seconds and losses for each of these peers.
    fn cells(&self, peers: &[Peer], peak: Peak) -> Vec<String> {
        let ratio =
            self.ratio().map_or_else(String::new, |(ratio, by)| format!("{ratio:.2} ({})", by.name()));
        let best = self.best();
        let of = |peer: &Peer| {
            best.iter().find(|(variant, _)| variant.peer == *peer).map(|(_, measured)| *measured)
        };
        let mut cells = vec![self.workload.name.clone(), seconds(self.ours.median())];
        cells.extend(peers.iter().map(|peer| of(peer).map_or("-".to_owned(), |m| seconds(m.median()))));
        cells.extend([ratio, self.verdict(), format!("{:.1} %", 100.0 * self.share_of(peak))]);
        let losses = [Some(&self.ours)].into_iter().chain(peers.iter().map(of));
        let losses: Vec<String> =
            losses.map(|m| m.map_or("-".to_owned(), |m| four_digits(m.final_loss))).collect();
        cells.push(losses.join(" / "));
        cells
    }
}

impl Report {
    /// The table with columns side by side, and the peak.
    pub(crate) fn to_text(&self) -> String {
        let table = self.table();
        let widths: Vec<usize> = (0..table[0].len())
            .map(|column| table.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
            .collect();
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}"));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
        };
        table.iter().map(line).collect::<String>() + &self.peak_in_words() + "\n"
    }

    /// The table for `README.md`, with the machine and the versions.
    pub(crate) fn to_markdown(&self) -> String {
        let line = |row: &Vec<String>| format!("| {} |\n", row.join(" | "));
        let table = self.table();
        let rule = format!("|{}\n", "---|".repeat(table[0].len()));
        let facts = ["processor", "vectors", "system", "rustc", "commit"]
            .map(|fact| format!("{fact} {}", self.machine[fact].as_str().unwrap_or("unknown")));
        let versions: Vec<String> = self
            .versions()
            .into_iter()
            .map(|(name, v)| format!("{name} {}", v.as_str().unwrap_or("unknown")))
            .collect();
        let threads = self
            .threads
            .map_or("as many threads as the engine chooses".to_owned(), |n| format!("threads: {n}"));
        let cores = &self.machine["cores"];
        let settings: Vec<String> = self
            .rows
            .iter()
            .map(|row| format!("- {}: {}", row.workload.name, row.workload.describe()))
            .collect();
        format!(
            "{}{rule}{}\nMeasured {}, medians of {} rounds, seed {}, {threads}. Machine: {cores} cores, {}. {}. \
             Peers: {}.\n\n{}\n",
            line(&table[0]),
            table[1..].iter().map(line).collect::<String>(),
            self.when,
            self.rounds,
            self.seed,
            facts.join(", "),
            self.peak_in_words(),
            versions.join(", "),
            settings.join("\n"),
        )
    }

    /// Everything, for the record.
    pub(crate) fn to_json(&self) -> Value {
        let row = |row: &Row| {
            let peers: Map<String, Value> =
                row.peers.iter().map(|(variant, measured)| (variant.name(), measured.to_json())).collect();
            json!({
                "workload": row.workload.to_json(),
                "n_samples": row.workload.n_samples,
                "operations": row.workload.operations(),
                "chainrule": row.ours.to_json(),
                "peers": peers,
                "ratio_to_best_peer": row.ratio().map(|(ratio, _)| ratio),
                "ratio_to_jax": row.ratio_to_jax(),
                "goal": row.workload.goal,
                "share_of_peak": row.share_of(self.peak),
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

    /// A line for each peer whose final loss is not ours.
    pub(crate) fn disagreements(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for row in &self.rows {
            for (variant, measured) in &row.peers {
                let (ours, theirs) = (row.ours.final_loss, measured.final_loss);
                // Written so that a NaN is a fault.
                let same = (theirs - ours).abs() <= SAME_LOSS * ours.abs();
                if !same {
                    let (name, peer) = (&row.workload.name, variant.name());
                    faults.push(format!(
                        "{name}: the final loss is {ours}, but {theirs} by {peer}: not the same work"
                    ));
                }
            }
        }
        faults
    }

    fn table(&self) -> Vec<Vec<String>> {
        let all = [Peer::Numpy, Peer::Torch, Peer::Jax, Peer::Sklearn];
        let asked = |peer: &Peer| self.rows.iter().any(|row| row.best().iter().any(|(v, _)| v.peer == *peer));
        let peers: Vec<Peer> = all.into_iter().filter(asked).collect();
        let mut head = vec!["workload".to_owned(), "chainrule s".to_owned()];
        head.extend(peers.iter().map(|peer| format!("{} s", peer.name())));
        head.extend(["times the best peer's speed", "times JAX's speed, goal", "of peak"].map(str::to_owned));
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

    /// The versions that peers told, each once.
    fn versions(&self) -> Map<String, Value> {
        let told = self.rows.iter().flat_map(|row| &row.peers).filter_map(|(_, m)| m.versions.as_object());
        told.flatten().map(|(name, v)| (name.clone(), v.clone())).collect()
    }

    fn peak_in_words(&self) -> String {
        let billions = |v: f64| format!("{:.0}", v / 1e9);
        format!(
            "Peak of all cores by a multiply-add loop: {} GFLOP/s in f32, {} in f64",
            billions(self.peak.f32),
            billions(self.peak.f64)
        )
    }
}

/// Writes a file, its directory made if need be.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Error> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).map_err(Error::file(directory))?;
    }
    fs::write(path, text).map_err(Error::file(path))
}

/// Puts the table between the markers of the page at `path`.
pub(crate) fn put_into(path: &Path, table: &str) -> Result<(), Error> {
    let page = fs::read_to_string(path).map_err(Error::file(path))?;
    let parts = page.split_once(BEGIN).and_then(|(head, rest)| Some((head, rest.split_once(END)?.1)));
    let Some((head, tail)) = parts else {
        return Err(Error::Markers { path: path.to_owned(), begin: BEGIN, end: END });
    };
    write(path, &format!("{head}{BEGIN}\n\n{table}\n{END}{tail}"))
}

/// A loss to four significant digits.
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

    fn report() -> Report {
        let variant = |peer: Peer, i: usize| peer.variants()[i].clone();
        let row = Row {
            workload: named("sines").unwrap(),
            ours: measured(&[0.02, 0.01, 0.03], 0.5),
            peers: vec![
                (variant(Peer::Torch, 0), measured(&[0.4], 0.5)),
                (Variant { mode: "compile", ..variant(Peer::Torch, 0) }, measured(&[0.3, 0.2, 0.1], 0.5)),
                (variant(Peer::Jax, 0), measured(&[0.1, 0.1, 0.1], 0.502)),
            ],
        };
        Report {
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
    fn a_row_has_medians_the_best_variants_ratios_and_losses() {
        let table = report().table();
        assert_eq!(table[0][..4], ["workload", "chainrule s", "torch s", "jax s"]);
        let [name, ours, torch, jax, best, goal, _, losses] = &table[1][..] else { panic!("{table:?}") };
        assert_eq!([name, ours, torch, jax], ["sines", "0.02000", "0.200", "0.100"]);
        assert_eq!(
            [best, goal, losses],
            ["5.00 (jax, 1 thread)", "5.00 of 4: met", "0.5000 / 0.5000 / 0.5020"]
        );
    }

    #[test]
    fn a_loss_has_four_digits_however_small() {
        let texts = [0.000_146_04, 0.0307, 12.5, 0.0, f64::NAN].map(four_digits);
        assert_eq!(texts, ["0.0001460", "0.03070", "12.50", "0.0000", "NaN"]);
    }

    #[test]
    fn losses_further_apart_than_a_hundredth_are_a_fault() {
        let mut report = report();
        assert!(report.disagreements().is_empty());
        for theirs in [0.506, 0.494, f64::NAN] {
            report.rows[0].peers[2].1.final_loss = theirs;
            assert_eq!(report.disagreements().len(), 1, "{theirs}");
        }
    }

    #[test]
    fn the_record_has_every_run_of_every_variant() {
        let record = report().to_json();
        let row = &record["rows"][0];
        assert_eq!(row["chainrule"]["seconds"], json!([0.02, 0.01, 0.03]));
        assert_eq!(row["peers"]["torch compile, 1 thread"]["median"], json!(0.2));
        assert_eq!(row["ratio_to_jax"], json!(5.0));
        assert_eq!(record["machine"]["processor"], "Some");
    }

    #[test]
    fn the_table_replaces_what_stands_between_the_markers() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("README.md");
        fs::write(&path, format!("head\n{BEGIN}\nold\n{END}\ntail\n")).unwrap();
        put_into(&path, &report().to_markdown()).unwrap();
        let page = fs::read_to_string(&path).unwrap();
        assert!(page.starts_with("head\n") && page.ends_with("\ntail\n") && !page.contains("old"));
        assert!(page.contains("| sines | 0.02000 |") && page.contains("Peers: jax 1.0."), "{page}");
        fs::write(&path, "no markers").unwrap();
        assert!(put_into(&path, "").unwrap_err().to_string().contains("has no lines"));
    }
}
