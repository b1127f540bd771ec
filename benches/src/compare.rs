//! Comparison of Chainrule with its peers, measured alternately.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chainrule::kernel::simd_level;
use chrono::Local;

use crate::calibration::Calibration;
use crate::error::Error;
use crate::level;
use crate::machine;
use crate::options::MeasureOptions;
use crate::page;
use crate::peak::Peak;
use crate::peer::{Peer, PeerAnswer, PeerVariant, run_chainrule};
use crate::problem::TrainingProblem;
use crate::report::{BenchReport, PeerLevel};
use crate::row::{Measured, WorkloadRow};
use crate::suite;
use crate::table;
use crate::train::{self, ProblemSource};
use crate::workload::{Workload, WorkloadData, WorkloadPrecision};

/// Trains the workloads with Chainrule and prints a line for each.
pub(crate) fn ours(options: &MeasureOptions) -> Result<(), Error> {
    for workload in options.workloads()? {
        warn_if_digits_are_missing(options, &workload);
        let source = ProblemSource::Seed(options.problem.seed, options.problem.digits.as_deref());
        // 0 restores the default.
        chainrule::set_threads(options.threads_for(&workload).unwrap_or(0));
        println!("{}", train::train(&workload, &source)?.line(&workload, options.n_threads(&workload)));
    }
    Ok(())
}

/// Measures the workloads, prints a table and writes a record. Also updates the table of the SIMD
/// level in `README.md` if all workloads were measured with JAX, to which the goals refer. Fails
/// if final losses differ.
pub(crate) fn compare(options: &MeasureOptions) -> Result<ExitCode, Error> {
    check_peer_level(options)?;
    let workloads = options.workloads()?;
    let mut report = BenchReport {
        when: Local::now().format("%Y-%m-%d %H:%M").to_string(),
        machine: machine::facts(&options.benches),
        level: simd_level(),
        peer_level: if options.peers_at_level { PeerLevel::Limited } else { PeerLevel::Best },
        peak: Peak::default(),
        rounds: options.rounds,
        threads: options.threads,
        seed: options.problem.seed,
        rows: Vec::new(),
    };
    for workload in &workloads {
        let calibration = Some(Calibration::before(&workload.name));
        let row = measure(options, workload, &mut report.peak)?;
        report.rows.push(WorkloadRow { calibration, ..row });
    }
    print!("{}", table::to_text(&report));
    let record = options
        .benches
        .join("record")
        .join(format!("{}.json", report.when.replace(' ', "-").replace(':', "")));
    page::write(&record, &format!("{:#}\n", report.to_json()))?;
    println!("record: {}", record.display());
    let is_complete = suite::all().iter().all(|workload| workloads.contains(workload));
    if is_complete && options.peers.contains(&Peer::Jax) {
        let path = options.benches.join("README.md");
        page::replace_table(&path, report.level, &table::to_markdown(&report))?;
    }
    let messages = report.loss_differences();
    messages.iter().for_each(|message| println!("{message}"));
    Ok(if messages.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Measures Chainrule and each peer alternately, `rounds` times. The first round measures every
/// variant of a peer, and the other rounds the fastest one.
pub(crate) fn measure(
    options: &MeasureOptions,
    workload: &Workload,
    peak: &mut Peak,
) -> Result<WorkloadRow, Error> {
    warn_if_digits_are_missing(options, workload);
    let data = write_data(options, workload)?;
    let scripts = options.benches.join("peers");
    let mut row = WorkloadRow {
        workload: workload.clone(),
        calibration: None,
        chainrule: Measured::default(),
        peers: Vec::new(),
    };
    let mut variants: Vec<PeerVariant> =
        options.peers.iter().flat_map(|&peer| workload.variants(peer)).collect();
    for _ in 0..options.rounds {
        *peak = peak.max(Peak::measure());
        let threads = options.threads_for(workload);
        let answer = logged("chainrule", workload, run_chainrule(&workload.name, &data, threads))?;
        check_level(&workload.name, &answer, simd_level())?;
        row.chainrule.add(&answer);
        for variant in &variants {
            // The error of a failed peer has been logged; the other peers are still measured.
            if let Ok(answer) =
                logged(&variant.name(), workload, variant.run(&options.python, &scripts, &data))
            {
                row.add(variant, &answer);
            }
        }
        variants = row.best_variants();
    }
    fs::remove_dir_all(&data).map_err(Error::file(&data))?;
    Ok(row)
}

/// Checks that peers, if there are any, run at the SIMD level of Chainrule's kernels: at the best
/// level of the machine unless the options state that they are limited.
pub(crate) fn check_peer_level(options: &MeasureOptions) -> Result<(), Error> {
    check_levels(options, simd_level(), level::best())
}

fn check_levels(options: &MeasureOptions, level: &'static str, best: &'static str) -> Result<(), Error> {
    if level == best || options.peers.is_empty() || options.peers_at_level {
        return Ok(());
    }
    Err(Error::PeersAtLevel { level, best })
}

/// Checks that Chainrule was trained at the SIMD level of the other rows.
fn check_level(workload: &str, answer: &PeerAnswer, expected: &'static str) -> Result<(), Error> {
    match answer.fields["level"].as_str() {
        Some(got) if got == expected => Ok(()),
        Some(got) => Err(Error::Level { workload: workload.to_owned(), expected, got: got.to_owned() }),
        None => Err(Error::Answer { program: "chainrule".to_owned(), key: "level" }),
    }
}

/// Logs the result of a program to standard error as a progress message.
fn logged(
    program: &str,
    workload: &Workload,
    answer: Result<PeerAnswer, Error>,
) -> Result<PeerAnswer, Error> {
    match &answer {
        Ok(PeerAnswer { seconds, final_loss, .. }) => {
            eprintln!("{:12} {program:26} {seconds:10.5} s, loss {final_loss:.6}", workload.name);
        }
        Err(error) => eprintln!("{:12} {error}", workload.name),
    }
    answer
}

fn write_data(options: &MeasureOptions, workload: &Workload) -> Result<PathBuf, Error> {
    let directory = options.data.join(&workload.name);
    let (seed, digits): (u32, Option<&Path>) = (options.problem.seed, options.problem.digits.as_deref());
    match workload.precision {
        WorkloadPrecision::F32 => {
            TrainingProblem::<f32>::generate(workload, seed, digits)?.write(workload, &directory)?
        }
        WorkloadPrecision::F64 => {
            TrainingProblem::<f64>::generate(workload, seed, digits)?.write(workload, &directory)?
        }
    }
    Ok(directory)
}

fn warn_if_digits_are_missing(options: &MeasureOptions, workload: &Workload) {
    if workload.data == WorkloadData::Digits && options.problem.digits.is_none() {
        eprintln!(
            "{}: using random data, since scikit-learn's digits are not available (install them with \
             --peers sklearn)",
            workload.name
        );
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::json;

    use super::*;

    #[derive(Parser)]
    struct MeasureLine {
        #[command(flatten)]
        options: MeasureOptions,
    }

    #[test]
    fn peers_are_not_compared_with_a_lower_level_unless_they_are_limited_too() {
        let check = |line: &str, level| {
            let line = MeasureLine::try_parse_from(line.split(' ')).unwrap();
            check_levels(&line.options, level, "avx512").map_err(|error| error.to_string())
        };
        for line in ["bench", "bench sines", "bench --peers jax --peers-at-level"] {
            assert_eq!(check(line, "avx2"), Ok(()), "{line}");
        }
        assert_eq!(check("bench --peers jax", "avx512"), Ok(()));
        let error = check("bench --peers jax", "avx2").unwrap_err();
        assert!(error.starts_with("CHAINRULE_SIMD selects the level avx2, but"), "{error}");
        assert!(MeasureLine::try_parse_from(["bench", "--peers-at-level"]).is_err());
    }

    #[test]
    fn a_row_of_another_level_is_an_error() {
        let answer = |fields| PeerAnswer { seconds: 1.0, final_loss: 0.5, fields };
        let check = |fields| check_level("sines", &answer(fields), "avx2").map_err(|error| error.to_string());
        assert_eq!(check(json!({"level": "avx2"})), Ok(()));
        let error = check(json!({"level": "avx512"})).unwrap_err();
        assert!(error.starts_with("sines was trained at the SIMD level avx512, but"), "{error}");
        assert!(check(json!({})).unwrap_err().ends_with("the key \"level\""));
    }
}
