//! `chainrule-bench`: what Chainrule's speed is, beside that of others. `cargo xtask bench` builds and calls it.

mod compare;
mod count;
mod error;
mod growth;
mod machine;
mod npy;
mod one;
mod peak;
mod peer;
mod problem;
mod report;
mod train;
mod workload;

use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

use clap::{Args, Parser, Subcommand};

use crate::error::Error;
use crate::peak::Peak;
use crate::peer::Peer;
use crate::problem::Problem;
use crate::train::Source;
use crate::workload::{Precision, Workload};

/// Workloads, measurements and peers.
#[derive(Parser)]
#[command(name = "chainrule-bench")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Lists the workloads.
    List,
    /// Writes a workload's data and starting weights as NPY files.
    Data {
        /// The workload.
        workload: String,
        /// The directory, made if need be.
        directory: PathBuf,
        #[command(flatten)]
        draw: Draw,
    },
    /// Trains a workload twice and prints one line of JSON about the second run.
    Train {
        /// The workload.
        workload: String,
        /// A directory that `data` wrote, instead of drawing.
        #[arg(long)]
        data: Option<PathBuf>,
        #[command(flatten)]
        draw: Draw,
    },
    /// Trains a small workload once, for tools that count instructions.
    Once {
        /// The workload.
        workload: String,
        /// How many epochs.
        #[arg(long)]
        epochs: u64,
    },
    /// Measures the machine's peak.
    Peak,
    /// Measures how long the prediction of one sample takes, in f32 and in f64.
    One {
        /// The workload whose network predicts.
        #[arg(default_value = "sines")]
        workload: String,
    },
    /// Trains workloads and prints a line for each: workload threads seconds final_loss sha256.
    Ours(Choice),
    /// Ours and theirs in turn: a table, and a record.
    Compare(Choice),
    /// Seconds over samples and over width, as CSV.
    Growth(Choice),
    /// Counts the instructions of two small workloads under Callgrind.
    Count(Choice),
}

/// What a problem is drawn from.
#[derive(Args)]
struct Draw {
    /// The seed of data and weights.
    #[arg(long, default_value_t = 0)]
    seed: u32,
    /// scikit-learn's digits as an NPY file; without it numbers of the same shape stand in.
    #[arg(long)]
    digits: Option<PathBuf>,
}

/// What is measured, how, and where files lie.
#[derive(Args)]
struct Choice {
    /// The workloads; all of the table where none is named.
    workloads: Vec<String>,
    /// Those to measure beside us.
    #[arg(long, value_delimiter = ',')]
    peers: Vec<Peer>,
    /// The Python that has the peers.
    #[arg(long, default_value = "python3")]
    python: PathBuf,
    /// How often each is measured; medians count.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Our threads (CHAINRULE_THREADS); the engine's own choice where not given.
    #[arg(long)]
    threads: Option<usize>,
    #[command(flatten)]
    draw: Draw,
    /// The project's directory `benches`.
    #[arg(long, default_value = "benches")]
    benches: PathBuf,
    /// Where data for peers are written.
    #[arg(long, default_value = "target/bench-data")]
    data: PathBuf,
}

impl Choice {
    /// The workloads named, else all of the table.
    fn workloads(&self) -> Result<Vec<Workload>, Error> {
        if self.workloads.is_empty() {
            return Ok(workload::all());
        }
        self.workloads.iter().map(|name| workload::named(name)).collect()
    }

    /// Our threads, as lines and records tell.
    fn n_threads(&self) -> usize {
        self.threads.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from))
    }
}

fn main() -> ExitCode {
    match run(&Arguments::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(command: &Command) -> Result<ExitCode, Error> {
    match command {
        Command::List => {
            for workload in workload::all() {
                println!("{:11} {}", workload.name, workload.describe());
            }
        }
        Command::Data { workload, directory, draw } => {
            let workload = workload::named(workload)?;
            let (seed, digits) = (draw.seed, draw.digits.as_deref());
            match workload.precision {
                Precision::F32 => {
                    Problem::<f32>::draw(&workload, seed, digits)?.write(&workload, directory)?
                }
                Precision::F64 => {
                    Problem::<f64>::draw(&workload, seed, digits)?.write(&workload, directory)?
                }
            }
        }
        Command::Train { workload, data, draw } => {
            let source = match data {
                Some(directory) => Source::Files(directory),
                None => Source::Seed(draw.seed, draw.digits.as_deref()),
            };
            println!("{}", train::train(&workload::named(workload)?, &source)?.to_json());
        }
        Command::Once { workload, epochs } => {
            train::train_once(&Workload { epochs: *epochs, ..workload::named(workload)? })?;
        }
        Command::Peak => println!("{}", Peak::measure().to_json()),
        Command::One { workload } => {
            let workload = workload::named(workload)?;
            for (precision, ns) in
                [("f32", one::measure::<f32>(&workload)?), ("f64", one::measure::<f64>(&workload)?)]
            {
                println!(
                    "{} {precision}: {:.0} ns a sample when each input waits for the outputs before, {:.0} ns when none does",
                    workload.name, ns.latency, ns.throughput
                );
            }
        }
        Command::Ours(choice) => compare::ours(choice)?,
        Command::Compare(choice) => return compare::compare(choice),
        Command::Growth(choice) => growth::growth(choice)?,
        Command::Count(choice) => count::count(choice)?,
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Arguments;

    #[test]
    fn the_arguments_are_well_formed() {
        Arguments::command().debug_assert();
    }
}
