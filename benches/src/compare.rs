//! Comparison of Chainrule with its peers, measured alternately.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::Local;

use crate::error::Error;
use crate::machine;
use crate::options::MeasureOptions;
use crate::peak::Peak;
use crate::peer::{Peer, PeerAnswer, PeerVariant, run_chainrule};
use crate::problem::TrainingProblem;
use crate::report::{self, BenchReport, Measured, WorkloadRow};
use crate::train::{self, ProblemSource};
use crate::workload;
use crate::workload::{Workload, WorkloadData, WorkloadPrecision};

/// Trains the workloads with Chainrule and prints a line for each.
pub(crate) fn ours(options: &MeasureOptions) -> Result<(), Error> {
    for workload in options.workloads()? {
        warn_if_digits_are_missing(options, &workload);
        let source = ProblemSource::Seed(options.problem.seed, options.problem.digits.as_deref());
        println!("{}", train::train(&workload, &source)?.line(&workload, options.n_threads()));
    }
    Ok(())
}

/// Measures the workloads, prints a table and writes a record. Also updates the table of
/// `README.md` if all workloads were measured with JAX, to which the goals refer. Fails if final
/// losses differ.
pub(crate) fn compare(options: &MeasureOptions) -> Result<ExitCode, Error> {
    let workloads = options.workloads()?;
    let mut report = BenchReport {
        when: Local::now().format("%Y-%m-%d %H:%M").to_string(),
        machine: machine::facts(&options.benches),
        peak: Peak::default(),
        rounds: options.rounds,
        threads: options.threads,
        seed: options.problem.seed,
        rows: Vec::new(),
    };
    for workload in &workloads {
        report.rows.push(measure(options, workload, &mut report.peak)?);
    }
    print!("{}", report.to_text());
    let record = options
        .benches
        .join("record")
        .join(format!("{}.json", report.when.replace(' ', "-").replace(':', "")));
    report::write(&record, &format!("{:#}\n", report.to_json()))?;
    println!("record: {}", record.display());
    let is_complete = workload::all().iter().all(|workload| workloads.contains(workload));
    if is_complete && options.peers.contains(&Peer::Jax) {
        report::replace_table(&options.benches.join("README.md"), &report.to_markdown())?;
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
    let mut row =
        WorkloadRow { workload: workload.clone(), chainrule: Measured::default(), peers: Vec::new() };
    let mut variants: Vec<PeerVariant> = options.peers.iter().flat_map(|peer| peer.variants()).collect();
    for _ in 0..options.rounds {
        *peak = peak.max(Peak::measure());
        row.chainrule.add(&logged("chainrule", workload, run_chainrule(workload, &data, options.threads))?);
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
