//! Table of a report, as text for the terminal and as Markdown for `README.md`.

use crate::peer::Peer;
use crate::report::{BenchReport, PeerLevel};
use crate::row::{Measured, WorkloadRow};

/// Renders the cell of one column in a row.
type RowCell<'c> = &'c dyn Fn(&WorkloadRow) -> String;

/// Explanation of the asterisk.
const NOISY: &str = "* Other load on the machine may have affected this row: the calibration before it was \
                     not quiet.";

/// Renders the table as aligned text, followed by the peak.
pub(crate) fn to_text(report: &BenchReport) -> String {
    let table = cells(report);
    let widths: Vec<usize> = (0..table[0].len())
        .map(|column| table.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    let noisy = if is_noisy(report) { format!("{NOISY}\n") } else { String::new() };
    format!(
        "{}{noisy}Pairs are median / minimum. SIMD level {}. {}.\n",
        table.iter().map(line).collect::<String>(),
        report.level,
        peak(report)
    )
}

/// Renders the table for `README.md`, followed by the machine and the versions.
pub(crate) fn to_markdown(report: &BenchReport) -> String {
    let line = |row: &Vec<String>| format!("| {} |\n", row.join(" | "));
    let table = cells(report);
    let rule = format!("|{}\n", "---|".repeat(table[0].len()));
    let [processor, best_level, system, rustc, commit] =
        ["processor", "best_level", "system", "rustc", "commit"]
            .map(|fact| report.machine[fact].as_str().unwrap_or("unknown"));
    let versions: Vec<String> = report
        .versions()
        .into_iter()
        .map(|(name, v)| format!("{name} {}", v.as_str().unwrap_or("unknown")))
        .collect();
    let threads = report
        .threads
        .map_or("number of threads chosen by the engine".to_owned(), |n| format!("threads: {n}"));
    let peer_level = match report.peer_level {
        PeerLevel::Best => "",
        PeerLevel::Limited => ", to which the peers are limited too",
    };
    let cores = &report.machine["cores"];
    let workloads: Vec<String> = report
        .rows
        .iter()
        .map(|row| format!("- {}: {}", row.workload.name, row.workload.describe()))
        .collect();
    // A backslash keeps the asterisk from starting a list.
    let noisy = if is_noisy(report) { format!("\n\\{NOISY}\n") } else { String::new() };
    format!(
        "{}{rule}{}{noisy}\nMeasured {}, {} rounds, seed {}, {threads}. SIMD level: {}{peer_level}; best level \
         of the machine: {best_level}. Machine: {cores} cores, {processor}, {system}. Compiler: {rustc}. \
         Commit: {commit}. {}. Peers: {}.\n\n{}\n",
        line(&table[0]),
        table[1..].iter().map(line).collect::<String>(),
        report.when,
        report.rounds,
        report.seed,
        report.level,
        peak(report),
        versions.join(", "),
        workloads.join("\n"),
    )
}

/// Returns the head and the rows. Columns of programs that were not measured are left out.
fn cells(report: &BenchReport) -> Vec<Vec<String>> {
    let has_jax = report.rows.iter().any(|row| row.best_of(Peer::Jax).is_some());
    let has_others = report.rows.iter().any(|row| row.best_other_peer().is_some());
    let columns: [(&str, bool, RowCell<'_>); 8] = [
        ("workload", true, &|row| format!("{}{}", row.workload.name, if row.is_noisy() { "*" } else { "" })),
        ("Chainrule (s)", true, &|row| times(&row.chainrule)),
        ("JAX (s)", has_jax, &|row| row.best_of(Peer::Jax).map_or("-".to_owned(), times)),
        ("speedup", has_jax, &|row| row.best_of(Peer::Jax).map_or("-".to_owned(), |jax| speedups(row, jax))),
        ("goal", has_jax, &|row| row.verdict(report.level)),
        ("over best other peer", has_others, &|row| {
            row.best_other_peer().map_or("-".to_owned(), |(variant, peer)| {
                format!("{:.2} ({})", row.speedup_over(peer).median, variant.name())
            })
        }),
        ("of peak", true, &|row| format!("{:.1} %", 100.0 * row.fraction_of(report.peak))),
        (if has_jax { "final loss: Chainrule, JAX" } else { "final loss" }, true, &|row| {
            let programs = [Some(&row.chainrule), row.best_of(Peer::Jax)].into_iter().flatten();
            programs.map(|program| four_digits(program.final_loss)).collect::<Vec<_>>().join(", ")
        }),
    ];
    let shown = || columns.iter().filter(|(_, is_shown, _)| *is_shown);
    let head = shown().map(|(name, _, _)| (*name).to_owned()).collect();
    let rows = report.rows.iter().map(|row| shown().map(|(_, _, cell)| cell(row)).collect());
    [head].into_iter().chain(rows).collect()
}

fn is_noisy(report: &BenchReport) -> bool {
    report.rows.iter().any(WorkloadRow::is_noisy)
}

fn peak(report: &BenchReport) -> String {
    let giga = |v: f64| format!("{:.0}", v / 1e9);
    let (all, one) = (report.peak.all_cores, report.peak.one_core);
    format!(
        "Peak of a multiply-add loop at this level: {} GFLOP/s in f32 and {} GFLOP/s in f64 on all cores, {} and \
         {} on one core",
        giga(all.f32),
        giga(all.f64),
        giga(one.f32),
        giga(one.f64),
    )
}

/// Formats the median and the minimum: `0.333 / 0.328`.
fn times(measured: &Measured) -> String {
    format!("{} / {}", seconds(measured.median()), seconds(measured.minimum()))
}

fn speedups(row: &WorkloadRow, peer: &Measured) -> String {
    let speedup = row.speedup_over(peer);
    format!("{:.2} / {:.2}", speedup.median, speedup.minimum)
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
    use crate::calibration::Calibration;
    use crate::report::tests::report;

    #[test]
    fn rows_contain_medians_minima_speedups_the_goal_and_losses() {
        let table = cells(&report());
        let expected = [
            ("workload", "sines"),
            ("Chainrule (s)", "0.02000 / 0.01000"),
            ("JAX (s)", "0.100 / 0.08000"),
            ("speedup", "5.00 / 8.00"),
            ("goal", "4 met"),
            ("over best other peer", "10.00 (torch compile, 1 thread)"),
        ];
        for (column, (head, cell)) in expected.into_iter().enumerate() {
            assert_eq!((&*table[0][column], &*table[1][column]), (head, cell));
        }
        assert_eq!(table[1].last().unwrap(), "0.5000, 0.5020");
    }

    #[test]
    fn columns_of_programs_that_were_not_measured_are_left_out() {
        let mut report = report();
        report.rows[0].peers.clear();
        assert_eq!(cells(&report)[0], ["workload", "Chainrule (s)", "of peak", "final loss"]);
    }

    #[test]
    fn an_asterisk_marks_a_noisy_row() {
        let mut report = report();
        assert!(!to_markdown(&report).contains('*') && !to_text(&report).contains('*'));
        report.rows[0].calibration = Some(Calibration { one_core: 0.5, all_cores: 0.02 });
        let markdown = to_markdown(&report);
        assert!(markdown.contains("| sines* | 0.02000 / 0.01000 |"), "{markdown}");
        assert!(markdown.contains("\n\\* Other load") && to_text(&report).contains("\n* Other load"));
    }

    #[test]
    fn the_text_below_the_table_states_levels_and_versions() {
        let mut report = report();
        let markdown = to_markdown(&report);
        assert!(markdown.contains("SIMD level: avx512; best level of the machine: avx512."), "{markdown}");
        assert!(markdown.contains("Peers: jax 1.0."), "{markdown}");
        (report.level, report.peer_level) = ("avx2", PeerLevel::Limited);
        let markdown = to_markdown(&report);
        assert!(
            markdown.contains("SIMD level: avx2, to which the peers are limited too; best"),
            "{markdown}"
        );
    }

    #[test]
    fn losses_have_four_significant_digits() {
        let texts = [0.000_146_04, 0.0307, 12.5, 0.0, f64::NAN].map(four_digits);
        assert_eq!(texts, ["0.0001460", "0.03070", "12.50", "0.0000", "NaN"]);
    }
}
