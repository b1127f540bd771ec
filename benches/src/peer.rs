//! The programs that are measured: ourselves and the peers, each a process of its own that answers in JSON.

use std::path::Path;
use std::process::Command;
use std::{env, thread};

use clap::ValueEnum;
use serde_json::Value;

use crate::error::Error;
use crate::workload::Workload;

/// Whom we are measured beside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Peer {
    /// Backpropagation by hand in NumPy.
    Numpy,
    /// PyTorch, eager and compiled.
    Torch,
    /// JAX, the whole run in one `jit`.
    Jax,
    /// scikit-learn's `MLPClassifier` and `MLPRegressor`.
    Sklearn,
}

/// A peer with settings that may be its best.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variant {
    pub(crate) peer: Peer,
    /// How it runs, where there are several ways: `eager`, `compile`.
    pub(crate) mode: &'static str,
    pub(crate) threads: usize,
}

/// One answer of a program.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) seconds: f64,
    pub(crate) final_loss: f64,
    /// Everything it said, the versions of peers among it.
    pub(crate) said: Value,
}

impl Peer {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Peer::Numpy => "numpy",
            Peer::Torch => "torch",
            Peer::Jax => "jax",
            Peer::Sklearn => "sklearn",
        }
    }

    /// Its settings to choose from: one thread and all cores, and every mode.
    pub(crate) fn variants(self) -> Vec<Variant> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let modes: &[&str] = if self == Peer::Torch { &["eager", "compile"] } else { &["plain"] };
        let threads = if cores == 1 { vec![1] } else { vec![1, cores] };
        let with = |mode| threads.iter().map(move |&threads| Variant { peer: self, mode, threads });
        modes.iter().flat_map(|mode| with(mode)).collect()
    }
}

impl Variant {
    /// `torch compile, 2 threads`.
    pub(crate) fn name(&self) -> String {
        let mode = if self.mode == "plain" { String::new() } else { format!(" {}", self.mode) };
        let plural = if self.threads == 1 { "" } else { "s" };
        format!("{}{mode}, {} thread{plural}", self.peer.name(), self.threads)
    }

    /// Trains the problem in `data` by the script of the peer in `scripts`.
    pub(crate) fn run(&self, python: &Path, scripts: &Path, data: &Path) -> Result<Answer, Error> {
        let mut command = Command::new(python);
        command.arg(scripts.join(format!("{}_peer.py", self.peer.name()))).arg(data);
        command.args(["--mode", self.mode, "--threads", &self.threads.to_string()]);
        answer(self.name(), command)
    }
}

/// Trains `workload` with the problem in `data` by a process of our own.
pub(crate) fn run_ours(workload: &Workload, data: &Path, threads: Option<usize>) -> Result<Answer, Error> {
    let program = "chainrule".to_owned();
    let ourselves = env::current_exe().map_err(|source| Error::Start { program: program.clone(), source })?;
    let mut command = Command::new(ourselves);
    command.arg("train").arg(&workload.name).arg("--data").arg(data);
    if let Some(threads) = threads {
        command.env("CHAINRULE_THREADS", threads.to_string());
    }
    answer(program, command)
}

/// Runs the command and reads the JSON in the last line of what it prints.
fn answer(program: String, mut command: Command) -> Result<Answer, Error> {
    let output = command.output().map_err(|source| Error::Start { program: program.clone(), source })?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let last: Vec<&str> = stderr.lines().rev().take(3).collect();
        let stderr = last.into_iter().rev().collect::<Vec<_>>().join(" / ");
        return Err(Error::Program { program, stderr });
    }
    parse(&program, &String::from_utf8_lossy(&output.stdout))
}

fn parse(program: &str, printed: &str) -> Result<Answer, Error> {
    let said: Value =
        printed.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
    let number = |key| said[key].as_f64().ok_or(Error::Answer { program: program.to_owned(), key });
    Ok(Answer { seconds: number("seconds")?, final_loss: number("final_loss")?, said: said.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_the_answer() {
        let answer = parse("p", "a warning\n{\"seconds\": 0.5, \"final_loss\": 2, \"more\": 1}\n").unwrap();
        assert_eq!((answer.seconds, answer.final_loss, &answer.said["more"]), (0.5, 2.0, &1.into()));
        let fault = |printed| parse("p", printed).unwrap_err().to_string();
        assert_eq!(fault(""), "p printed no line of JSON with a \"seconds\"");
        assert_eq!(
            fault("{\"seconds\": 1, \"final_loss\": null}"),
            "p printed no line of JSON with a \"final_loss\""
        );
    }

    #[test]
    fn torch_is_tried_eager_and_compiled_the_others_in_one_way() {
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
