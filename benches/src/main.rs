//! `chainrule-bench`: training speed of Chainrule compared with other libraries.
//!
//! `cargo xtask bench` builds and runs it.

mod calibration;
mod compare;
mod count;
mod error;
mod growth;
mod level;
mod machine;
mod npy;
mod one;
mod options;
mod page;
mod peak;
mod peer;
mod problem;
mod report;
mod row;
mod solvers;
mod suite;
mod table;
mod train;
mod workload;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::calibration::Calibration;
use crate::error::Error;
use crate::options::{MeasureOptions, ProblemOptions};
use crate::peak::Peak;
use crate::problem::TrainingProblem;
use crate::solvers::SolverOptions;
use crate::train::ProblemSource;
use crate::workload::{Workload, WorkloadPrecision};

/// Benchmarks of Chainrule and of other libraries
#[derive(Parser)]
#[command(name = "chainrule-bench")]
struct BenchArguments {
    #[command(subcommand)]
    command: BenchCommand,
}

#[derive(Subcommand)]
enum BenchCommand {
    /// List the workloads
    List,
    /// Write the data and the initial weights of a workload as NPY files
    Data {
        /// Workload
        workload: String,
        /// Output directory, created if it does not exist
        directory: PathBuf,
        #[command(flatten)]
        problem: ProblemOptions,
    },
    /// Train a workload twice and print the result of the second run as one line of JSON
    Train {
        /// Workload
        workload: String,
        /// Directory written by `data`, instead of generating the data from the seed
        #[arg(long)]
        data: Option<PathBuf>,
        #[command(flatten)]
        problem: ProblemOptions,
    },
    /// Train a small workload once, for tools that count instructions
    Once {
        /// Workload
        workload: String,
        /// Number of epochs
        #[arg(long)]
        epochs: u64,
    },
    /// Measure whether the machine is quiet enough for a record; the exit status is 1 if it is not
    QuietCheck,
    /// Measure the peak floating-point performance of the machine
    Peak,
    /// Measure the time of single-sample and batch predictions in f32 and f64
    One {
        /// Workload that defines the network
        #[arg(default_value = "sines")]
        workload: String,
    },
    /// Train workloads with Chainrule only and print a line for each: workload threads seconds
    /// final_loss sha256
    Ours(MeasureOptions),
    /// Compare Chainrule with other libraries, print a table and write a record
    Compare(MeasureOptions),
    /// Measure the time per epoch for growing numbers of samples and units, as CSV
    Growth(MeasureOptions),
    /// Compare the time of second-order training to a given loss with SciPy, scikit-learn and PyTorch
    Solvers(SolverOptions),
    /// Count the instructions of two small workloads under Callgrind
    Count(MeasureOptions),
}

fn main() -> ExitCode {
    match run(&BenchArguments::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(command: &BenchCommand) -> Result<ExitCode, Error> {
    chainrule::check_simd_from_env()?;
    match command {
        BenchCommand::List => {
            for workload in suite::all() {
                println!("{:11} {}", workload.name, workload.describe());
            }
        }
        BenchCommand::Data { workload, directory, problem } => {
            let workload = suite::named(workload)?;
            let (seed, digits) = (problem.seed, problem.digits.as_deref());
            match workload.precision {
                WorkloadPrecision::F32 => {
                    TrainingProblem::<f32>::generate(&workload, seed, digits)?.write(&workload, directory)?
                }
                WorkloadPrecision::F64 => {
                    TrainingProblem::<f64>::generate(&workload, seed, digits)?.write(&workload, directory)?
                }
            }
        }
        BenchCommand::Train { workload, data, problem } => {
            let source = match data {
                Some(directory) => ProblemSource::Files(directory),
                None => ProblemSource::Seed(problem.seed, problem.digits.as_deref()),
            };
            println!("{}", train::train(&suite::named(workload)?, &source)?.to_json());
        }
        BenchCommand::Once { workload, epochs } => {
            train::train_once(&Workload { epochs: *epochs, ..suite::named(workload)? })?;
        }
        BenchCommand::QuietCheck => {
            let calibration = Calibration::measure();
            println!("{calibration}");
            return Ok(if calibration.is_quiet() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        BenchCommand::Peak => println!("{}", Peak::measure().to_json()),
        BenchCommand::One { workload } => {
            let workload = suite::named(workload)?;
            for (precision, ns) in
                [("f32", one::measure::<f32>(&workload)?), ("f64", one::measure::<f64>(&workload)?)]
            {
                println!(
                    "{} {precision}: {:.0} ns per sample if each input depends on the previous output \
                     (latency), {:.0} ns for independent inputs (throughput)",
                    workload.name, ns.latency, ns.throughput
                );
                let n_threads = chainrule::threads();
                println!(
                    "{} {precision}: {:.1} ns per sample in a batch of {} on 1 thread, {:.1} ns with the \
                     default number of threads ({n_threads})",
                    workload.name,
                    ns.batch_on_one_thread,
                    one::BATCH,
                    ns.batch
                );
            }
        }
        BenchCommand::Ours(options) => compare::ours(options)?,
        BenchCommand::Compare(options) => return compare::compare(options),
        BenchCommand::Growth(options) => growth::growth(options)?,
        BenchCommand::Solvers(options) => solvers::solvers(options)?,
        BenchCommand::Count(options) => count::count(options)?,
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::BenchArguments;

    #[test]
    fn arguments_are_well_formed() {
        BenchArguments::command().debug_assert();
    }
}
