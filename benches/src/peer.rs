//! Programs to measure: Chainrule and its peers, each run as a process that prints JSON.

use std::path::Path;
use std::process::Command;
use std::{env, thread};

use clap::ValueEnum;
use serde_json::Value;

use crate::error::Error;

/// Library to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Peer {
    /// NumPy, with hand-written backpropagation
    Numpy,
    /// PyTorch, eager and compiled
    Torch,
    /// JAX, with the whole run in one `jit`
    Jax,
    /// scikit-learn's `MLPClassifier` and `MLPRegressor`
    Sklearn,
}

/// Peer with a mode of execution and a number of threads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PeerVariant {
    pub(crate) peer: Peer,
    /// Mode of execution: `eager` or `compile` for PyTorch, otherwise `plain`.
    pub(crate) mode: &'static str,
    pub(crate) threads: usize,
}

/// Result printed by a program.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PeerAnswer {
    pub(crate) seconds: f64,
    pub(crate) final_loss: f64,
    /// All printed fields, including the versions of the peer.
    pub(crate) fields: Value,
}

impl Peer {
    pub(crate) const ALL: [Peer; 4] = [Peer::Numpy, Peer::Torch, Peer::Jax, Peer::Sklearn];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Peer::Numpy => "numpy",
            Peer::Torch => "torch",
            Peer::Jax => "jax",
            Peer::Sklearn => "sklearn",
        }
    }

    /// Returns all variants: every mode with one thread and with all cores.
    pub(crate) fn variants(self) -> Vec<PeerVariant> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let modes: &[&str] = if self == Peer::Torch { &["eager", "compile"] } else { &["plain"] };
        let threads = if cores == 1 { vec![1] } else { vec![1, cores] };
        let in_mode = |mode| threads.iter().map(move |&threads| PeerVariant { peer: self, mode, threads });
        modes.iter().flat_map(|mode| in_mode(mode)).collect()
    }
}

impl PeerVariant {
    /// Returns the name with mode and threads: `torch compile, 2 threads`.
    pub(crate) fn name(&self) -> String {
        let mode = if self.mode == "plain" { String::new() } else { format!(" {}", self.mode) };
        let plural = if self.threads == 1 { "" } else { "s" };
        format!("{}{mode}, {} thread{plural}", self.peer.name(), self.threads)
    }

    /// Trains the problem in the directory `data` with the script of the peer in `scripts`.
    pub(crate) fn run(&self, python: &Path, scripts: &Path, data: &Path) -> Result<PeerAnswer, Error> {
        let mut command = Command::new(python);
        command.arg(scripts.join(format!("{}_peer.py", self.peer.name()))).arg(data);
        command.args(["--mode", self.mode, "--threads", &self.threads.to_string()]);
        answer(self.name(), command)
    }
}

/// Trains the problem of the workload `name` in the directory `data` with Chainrule in a separate
/// process.
pub(crate) fn run_chainrule(name: &str, data: &Path, threads: Option<usize>) -> Result<PeerAnswer, Error> {
    let program = "chainrule".to_owned();
    let executable =
        env::current_exe().map_err(|source| Error::Start { program: program.clone(), source })?;
    let mut command = Command::new(executable);
    command.arg("train").arg(name).arg("--data").arg(data);
    if let Some(threads) = threads {
        command.env("CHAINRULE_THREADS", threads.to_string());
    }
    answer(program, command)
}

/// Runs the command and parses the last line of its output as JSON.
fn answer(program: String, mut command: Command) -> Result<PeerAnswer, Error> {
    let output = command.output().map_err(|source| Error::Start { program: program.clone(), source })?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let last: Vec<&str> = stderr.lines().rev().take(3).collect();
        let stderr = last.into_iter().rev().collect::<Vec<_>>().join(" / ");
        return Err(Error::Program { program, stderr });
    }
    parse(&program, &String::from_utf8_lossy(&output.stdout))
}

fn parse(program: &str, printed: &str) -> Result<PeerAnswer, Error> {
    let fields: Value =
        printed.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
    let number = |key| fields[key].as_f64().ok_or(Error::Answer { program: program.to_owned(), key });
    Ok(PeerAnswer { seconds: number("seconds")?, final_loss: number("final_loss")?, fields: fields.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_parsed_as_json() {
        let answer = parse("p", "a warning\n{\"seconds\": 0.5, \"final_loss\": 2, \"more\": 1}\n").unwrap();
        assert_eq!((answer.seconds, answer.final_loss, &answer.fields["more"]), (0.5, 2.0, &1.into()));
        let error = |printed| parse("p", printed).unwrap_err().to_string();
        assert_eq!(error(""), "p did not print a line of JSON with the key \"seconds\"");
        assert_eq!(
            error("{\"seconds\": 1, \"final_loss\": null}"),
            "p did not print a line of JSON with the key \"final_loss\""
        );
    }

    #[test]
    fn torch_has_an_eager_and_a_compiled_mode_and_the_others_one_mode() {
        let modes = |peer: Peer| {
            let mut modes: Vec<_> = peer.variants().iter().map(|variant| variant.mode).collect();
            modes.dedup();
            modes
        };
        assert_eq!(modes(Peer::Torch), ["eager", "compile"]);
        assert_eq!(modes(Peer::Jax), ["plain"]);
        assert_eq!(Peer::Torch.variants()[0].name(), "torch eager, 1 thread");
    }
}
