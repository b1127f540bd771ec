//! Options of the measurements.

use std::path::PathBuf;
use std::thread;

use clap::Args;

use crate::error::Error;
use crate::peer::Peer;
use crate::suite;
use crate::workload::Workload;

/// Options for generating the data of a workload.
#[derive(Args)]
pub(crate) struct ProblemOptions {
    /// Seed of the data and the initial weights
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u32,
    /// scikit-learn's digits as an NPY file [default: random data of the same shape]
    #[arg(long)]
    pub(crate) digits: Option<PathBuf>,
}

/// Options of a measurement.
#[derive(Args)]
pub(crate) struct MeasureOptions {
    /// Workloads [default: all workloads of the table]
    pub(crate) workloads: Vec<String>,
    /// Libraries to compare with
    #[arg(long, value_delimiter = ',')]
    pub(crate) peers: Vec<Peer>,
    /// Allow a SIMD level below the best one of the machine, because the peers are limited to the
    /// same level by other means
    #[arg(long, requires = "peers")]
    pub(crate) peers_at_level: bool,
    /// Python interpreter of an environment with the peers
    #[arg(long, default_value = "python3")]
    pub(crate) python: PathBuf,
    /// Number of measurements per program, of which the median is reported
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: u32,
    /// Number of Chainrule threads (CHAINRULE_THREADS) [default: chosen by the engine]
    #[arg(long)]
    pub(crate) threads: Option<usize>,
    #[command(flatten)]
    pub(crate) problem: ProblemOptions,
    /// Directory `benches` of the repository
    #[arg(long, default_value = "benches")]
    pub(crate) benches: PathBuf,
    /// Directory for the data of the peers
    #[arg(long, default_value = "target/bench-data")]
    pub(crate) data: PathBuf,
}

impl MeasureOptions {
    /// Returns the named workloads, or all workloads of the table if none is named.
    pub(crate) fn workloads(&self) -> Result<Vec<Workload>, Error> {
        if self.workloads.is_empty() {
            return Ok(suite::all());
        }
        self.workloads.iter().map(|name| suite::named(name)).collect()
    }

    /// Returns the number of Chainrule threads for `workload`, if it is specified.
    pub(crate) fn threads_for(&self, workload: &Workload) -> Option<usize> {
        workload.threads.or(self.threads)
    }

    /// Returns the number of Chainrule threads for `workload` to report.
    pub(crate) fn n_threads(&self, workload: &Workload) -> usize {
        self.threads_for(workload).unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from))
    }
}
