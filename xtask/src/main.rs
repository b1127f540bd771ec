//! The chores of the project, run as `cargo xtask <chore>`.

mod bench;
mod browser;
mod exports;
mod figures;
mod house;
mod neon;
mod packages;
mod step;
mod test;

use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The chores of the project.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    Bench(bench::Options),
    Figures(figures::Options),
    Test(test::Options),
}

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository's root");
    match Arguments::parse().chore {
        Chore::Bench(options) => bench::run(&options, root),
        Chore::Figures(options) => figures::run(&options, root),
        Chore::Test(options) => test::run(&options, root),
    }
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
