//! Tasks of the project, run as `cargo xtask TASK`.

mod bench;
mod browser;
mod dependencies;
mod exports;
mod figures;
mod latex;
mod neon;
mod packages;
mod setup;
mod step;
mod style;
mod test;

use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Tasks of the project.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct TaskArguments {
    #[command(subcommand)]
    task: XTask,
}

#[derive(Subcommand)]
enum XTask {
    Bench(bench::BenchOptions),
    Figures(figures::FigureOptions),
    /// Install the programs that the test suite needs: Debian packages (by apt-get, as root) and Python packages
    Setup,
    Test(test::TestOptions),
}

fn main() -> ExitCode {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is in the root of the repository");
    match TaskArguments::parse().task {
        XTask::Bench(options) => bench::run(&options, root),
        XTask::Figures(options) => figures::run(&options, root),
        XTask::Setup => setup::run(root),
        XTask::Test(options) => test::run(&options, root),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::TaskArguments;

    #[test]
    fn arguments_are_well_formed() {
        TaskArguments::command().debug_assert();
    }
}
