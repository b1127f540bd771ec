//! Instructions counted under Callgrind: a benchmark that noise cannot move.

use std::env;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::process::Command;

use jiff::Zoned;

use crate::error::Error;
use crate::{Choice, machine};

/// What is counted: the workload, and as many epochs as take seconds under Callgrind.
const COUNTED: [(&str, u64); 2] = [("sines", 50), ("digits", 2)];

/// Counts the instructions of each training, prints them and appends them to `record/instructions.csv`.
///
/// Digits are always the stand-ins here, so that the count needs no Python. Without valgrind it says so.
pub(crate) fn count(choice: &Choice) -> Result<(), Error> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("skipped: valgrind is not installed");
        return Ok(());
    }
    let commit = machine::facts(&choice.benches)["commit"].as_str().unwrap_or_default().to_owned();
    let path = choice.benches.join("record/instructions.csv");
    let mut file = OpenOptions::new().append(true).create(true).open(&path).map_err(Error::file(&path))?;
    if file.metadata().is_ok_and(|metadata| metadata.len() == 0) {
        writeln!(file, "date,commit,workload,epochs,instructions").map_err(Error::file(&path))?;
    }
    for (workload, epochs) in COUNTED {
        let instructions = instructions(workload, epochs)?;
        println!("{workload} {epochs} epochs {instructions} instructions");
        let date = Zoned::now().strftime("%Y-%m-%d");
        writeln!(file, "{date},{commit},{workload},{epochs},{instructions}").map_err(Error::file(&path))?;
    }
    Ok(())
}

/// The instructions of one training of `workload` by one thread, data and start not counted.
fn instructions(workload: &str, epochs: u64) -> Result<u64, Error> {
    let program = "valgrind".to_owned();
    let ourselves = env::current_exe().map_err(|source| Error::Start { program: program.clone(), source })?;
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=*::counted*"]);
    command.arg(ourselves).args(["once", workload, "--epochs", &epochs.to_string()]);
    // Valgrind knows no AVX-512; one thread, so that none waits in a loop that is counted.
    command.env("CHAINRULE_SIMD", "avx2").env("CHAINRULE_THREADS", "1");
    let output = command.output().map_err(|source| Error::Start { program: program.clone(), source })?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    collected(&stderr)
        .filter(|&n| n > 0 && output.status.success())
        .ok_or_else(|| Error::Program { program, stderr: stderr.into_owned() })
}

/// The number behind `Collected :` in what Callgrind says at the end.
fn collected(stderr: &str) -> Option<u64> {
    let line = stderr.lines().find(|line| line.contains("Collected :"))?;
    line.split_once("Collected :")?.1.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_read_from_callgrinds_last_lines() {
        let stderr = "==7== Events    : Ir\n==7== Collected : 123456\n==7== \n==7== I   refs:      123,456\n";
        assert_eq!(collected(stderr), Some(123_456));
        assert_eq!(collected("==7== nothing"), None);
    }
}
