//! Instruction counts under Callgrind, which are not affected by other load on the machine.

use std::env;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::process::Command;

use chrono::Local;

use crate::error::Error;
use crate::machine;
use crate::options::MeasureOptions;

/// Workloads to count, with a number of epochs that takes a few seconds under Callgrind.
const COUNTED: [(&str, u64); 2] = [("sines", 50), ("digits", 2)];

/// Counts the instructions of each workload, prints them and appends them to
/// `record/instructions.csv`.
///
/// The digits workload always uses random data here, so that no Python is required. Prints a
/// message if Valgrind is not installed.
pub(crate) fn count(options: &MeasureOptions) -> Result<(), Error> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("skipped: valgrind is not installed");
        return Ok(());
    }
    let commit = machine::facts(&options.benches)["commit"].as_str().unwrap_or_default().to_owned();
    let path = options.benches.join("record/instructions.csv");
    let mut file = OpenOptions::new().append(true).create(true).open(&path).map_err(Error::file(&path))?;
    if file.metadata().is_ok_and(|metadata| metadata.len() == 0) {
        writeln!(file, "date,commit,workload,epochs,instructions").map_err(Error::file(&path))?;
    }
    for (workload, epochs) in COUNTED {
        let instructions = instructions(workload, epochs)?;
        println!("{workload} {epochs} epochs {instructions} instructions");
        let date = Local::now().format("%Y-%m-%d");
        writeln!(file, "{date},{commit},{workload},{epochs},{instructions}").map_err(Error::file(&path))?;
    }
    Ok(())
}

/// Returns the number of instructions of a single-threaded training run of `workload`, without data
/// generation and initialisation.
fn instructions(workload: &str, epochs: u64) -> Result<u64, Error> {
    let program = "valgrind".to_owned();
    let executable =
        env::current_exe().map_err(|source| Error::Start { program: program.clone(), source })?;
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=*::counted*"]);
    command.arg(executable).args(["once", workload, "--epochs", &epochs.to_string()]);
    // Valgrind does not support AVX-512. With several threads, spinning while waiting would be
    // counted.
    command.env("CHAINRULE_SIMD", "avx2").env("CHAINRULE_THREADS", "1");
    let output = command.output().map_err(|source| Error::Start { program: program.clone(), source })?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    collected(&stderr)
        .filter(|&n| n > 0 && output.status.success())
        .ok_or_else(|| Error::Program { program, stderr: stderr.into_owned() })
}

/// Returns the number after `Collected :` in the output of Callgrind.
fn collected(stderr: &str) -> Option<u64> {
    let line = stderr.lines().find(|line| line.contains("Collected :"))?;
    line.split_once("Collected :")?.1.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_parsed_from_the_output_of_callgrind() {
        let stderr = "==7== Events    : Ir\n==7== Collected : 123456\n==7== \n==7== I   refs:      123,456\n";
        assert_eq!(collected(stderr), Some(123_456));
        assert_eq!(collected("==7== nothing"), None);
    }
}
