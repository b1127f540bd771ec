//! Ours and theirs, in turn, in one session.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jiff::Zoned;

use crate::error::Error;
use crate::machine;
use crate::peak::Peak;
use crate::peer::{Answer, Peer, Variant, run_ours};
use crate::problem::Problem;
use crate::report::{self, Measured, Report, Row};
use crate::train::{self, Source};
use crate::workload::{Data, Precision, Workload};
use crate::{Choice, workload};

/// Trains the workloads and prints a line for each.
pub(crate) fn ours(choice: &Choice) -> Result<(), Error> {
    for workload in choice.workloads()? {
        say_of_digits(choice, &workload);
        let source = Source::Seed(choice.draw.seed, choice.draw.digits.as_deref());
        println!("{}", train::train(&workload, &source)?.line(&workload, choice.n_threads()));
    }
    Ok(())
}

/// Measures the workloads, prints a table and writes a record; the table of `README.md` too where the run had all
/// workloads with JAX, which the goals are about. Fails where final losses differ.
pub(crate) fn compare(choice: &Choice) -> Result<ExitCode, Error> {
    let workloads = choice.workloads()?;
    let mut report = Report {
        when: Zoned::now().strftime("%Y-%m-%d %H:%M").to_string(),
        machine: machine::facts(&choice.benches),
        peak: Peak::default(),
        rounds: choice.rounds,
        threads: choice.threads,
        seed: choice.draw.seed,
        rows: Vec::new(),
    };
    for workload in &workloads {
        report.rows.push(measure(choice, workload, &mut report.peak)?);
    }
    print!("{}", report.to_text());
    let record = choice
        .benches
        .join("record")
        .join(format!("{}.json", report.when.replace(' ', "-").replace(':', "")));
    report::write(&record, &format!("{:#}\n", report.to_json()))?;
    println!("record: {}", record.display());
    if workload::all().iter().all(|all| workloads.contains(all)) && choice.peers.contains(&Peer::Jax) {
        report::put_into(&choice.benches.join("README.md"), &report.to_markdown())?;
    }
    let faults = report.disagreements();
    faults.iter().for_each(|fault| println!("{fault}"));
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Ours and each peer by turns, `rounds` times. The first round tries every variant of a peer, the others its best.
pub(crate) fn measure(choice: &Choice, workload: &Workload, peak: &mut Peak) -> Result<Row, Error> {
    say_of_digits(choice, workload);
    let data = write_data(choice, workload)?;
    let scripts = choice.benches.join("peers");
    let mut row = Row { workload: workload.clone(), ours: Measured::default(), peers: Vec::new() };
    let mut variants: Vec<Variant> = choice.peers.iter().flat_map(|peer| peer.variants()).collect();
    for _ in 0..choice.rounds {
        *peak = peak.or(Peak::measure());
        row.ours.add(&told("chainrule", workload, run_ours(workload, &data, choice.threads))?);
        for variant in &variants {
            // A peer that fails has said so; the others go on.
            if let Ok(answer) = told(&variant.name(), workload, variant.run(&choice.python, &scripts, &data))
            {
                row.add(variant, &answer);
            }
        }
        variants = row.best_variants();
    }
    fs::remove_dir_all(&data).map_err(Error::file(&data))?;
    Ok(row)
}

/// The same, said on the standard error output: measuring takes a while.
fn told(program: &str, workload: &Workload, answer: Result<Answer, Error>) -> Result<Answer, Error> {
    match &answer {
        Ok(Answer { seconds, final_loss, .. }) => {
            eprintln!("{:12} {program:26} {seconds:10.5} s, loss {final_loss:.6}", workload.name);
        }
        Err(error) => eprintln!("{:12} {error}", workload.name),
    }
    answer
}

fn write_data(choice: &Choice, workload: &Workload) -> Result<PathBuf, Error> {
    let directory = choice.data.join(&workload.name);
    let (seed, digits): (u32, Option<&Path>) = (choice.draw.seed, choice.draw.digits.as_deref());
    match workload.precision {
        Precision::F32 => Problem::<f32>::draw(workload, seed, digits)?.write(workload, &directory)?,
        Precision::F64 => Problem::<f64>::draw(workload, seed, digits)?.write(workload, &directory)?,
    }
    Ok(directory)
}

fn say_of_digits(choice: &Choice, workload: &Workload) {
    if workload.data == Data::Digits && choice.draw.digits.is_none() {
        eprintln!(
            "{}: scikit-learn's digits are not at hand (--peers sklearn brings them); random numbers of their shape stand in",
            workload.name
        );
    }
}
