//! `chainrule reproduce`: every claim of the source documents beside what came out.

use std::path::Path;

use chainrule_experiment::demonstration::{DEMONSTRATIONS, Demonstration};
use chainrule_experiment::{ClaimResult, ClaimStatus, Experiment, builtin};
use chainrule_figures::{Subject, index, report};
use chainrule_model::write_whole;
use comfy_table::{Cell, Color, Table};

use crate::arguments::Reproduce;
use crate::error::Failure;
use crate::progress::{Bar, cancelled_by_ctrl_c};
use crate::table;

/// The name that stands for the wrong gradients.
const DEMONSTRATIONS_NAME: &str = "demonstrations";

pub(crate) fn run(arguments: &Reproduce) -> Result<(), Failure> {
    let all = arguments.names.is_empty();
    let asked: Vec<String> = if all { builtin::names() } else { arguments.names.clone() };
    let experiments = asked.iter().filter(|name| *name != DEMONSTRATIONS_NAME);
    let experiments: Vec<Experiment> =
        experiments.map(|name| Experiment::open(name, &[])).collect::<Result<_, _>>()?;
    let cancel = cancelled_by_ctrl_c();
    let mut tally = Tally::default();
    let mut bar = Bar::new();
    let mut reports = Vec::new();
    if let Some(folder) = &arguments.report {
        std::fs::create_dir_all(folder)
            .map_err(|source| Failure::Unwritable { path: folder.clone(), source })?;
    }
    let reproduces =
        |experiment: &&Experiment| !experiment.claims.is_empty() && (!all || experiment.document.is_some());
    for experiment in experiments.iter().filter(reproduces) {
        let outcomes = super::train(experiment, &mut bar, &cancel)?;
        if cancel.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(Failure::Cancelled);
        }
        let before = tally;
        let mut table = table::new(&["", "the document says", "claimed", "came out"]);
        for claim in &experiment.claims {
            let verdict = claim.judge(&outcomes)?;
            let note = if claim.note.is_empty() { String::new() } else { format!("\n({})", claim.note) };
            add(&mut table, &format!("{}{note}", claim.text), &verdict);
            tally.count(verdict.mark);
        }
        heading(experiment);
        anstream::println!("{table}");
        if let Some(folder) = &arguments.report {
            let file = format!("{}.html", experiment.name);
            let page = report(&Subject { experiment, outcomes: &outcomes })?;
            write(&folder.join(&file), &page)?;
            anstream::println!("report: {}", folder.join(&file).display());
            reports.push((file, experiment.title.clone(), tally.since(before)));
        }
        anstream::println!();
    }
    for experiment in experiments.iter().filter(|experiment| !all && experiment.claims.is_empty()) {
        anstream::println!(
            "{} reproduces no document: it claims nothing. Train it with: chainrule run {0}\n",
            experiment.name
        );
    }
    if all || asked.iter().any(|name| name == DEMONSTRATIONS_NAME) {
        anstream::println!("demonstrations: two published gradients under the gradient check");
        for demonstration in DEMONSTRATIONS {
            tally.count(demonstrate(demonstration)?);
        }
    }
    if let Some(folder) = &arguments.report {
        write(&folder.join("index.html"), &index(&reports))?;
        anstream::println!("reports: {}", folder.join("index.html").display());
    }
    tally.report()
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    write_whole(path, text.as_bytes()).map_err(|source| Failure::Unwritable { path: path.to_owned(), source })
}

/// Title and document of an experiment.
fn heading(experiment: &Experiment) {
    let bold = anstyle::Style::new().bold();
    anstream::println!("{bold}{}{bold:#}: {}", experiment.name, experiment.title);
    if let Some(document) = &experiment.document {
        anstream::println!("{}, \"{}\"", document.author, document.title);
    }
}

fn add(table: &mut Table, text: &str, verdict: &ClaimResult) {
    let (mark, colour) = match verdict.mark {
        ClaimStatus::Matched => ("✓ matched", Color::Green),
        ClaimStatus::KnownMistake => ("! document errs", Color::Yellow),
        ClaimStatus::Shown => ("· shown", Color::Reset),
        ClaimStatus::Mismatched => ("✗ MISMATCH", Color::Red),
    };
    table.add_row([
        Cell::new(mark).fg(colour),
        Cell::new(text),
        Cell::new(&verdict.claimed),
        Cell::new(&verdict.found),
    ]);
}

fn demonstrate(demonstration: &Demonstration) -> Result<ClaimStatus, Failure> {
    let checked = demonstration.check()?;
    let held = checked.holds();
    anstream::println!(
        "\n{} {} ({})",
        if held { "✓" } else { "✗" },
        demonstration.name,
        demonstration.experiment
    );
    anstream::println!("{}", demonstration.mistake);
    anstream::print!("as published: {}", checked.published);
    anstream::print!("ours: {}", checked.ours);
    Ok(if held { ClaimStatus::Matched } else { ClaimStatus::Mismatched })
}

/// How many claims came out.
#[derive(Clone, Copy, Default)]
struct Tally {
    matched: usize,
    mistakes: usize,
    mismatched: usize,
}

impl Tally {
    fn count(&mut self, mark: ClaimStatus) {
        match mark {
            ClaimStatus::Matched => self.matched += 1,
            ClaimStatus::KnownMistake => self.mistakes += 1,
            ClaimStatus::Shown => {}
            ClaimStatus::Mismatched => self.mismatched += 1,
        }
    }

    /// What has been counted since.
    fn since(&self, before: Tally) -> String {
        let matched = self.matched - before.matched;
        let mistakes = self.mistakes - before.mistakes;
        let mismatched = self.mismatched - before.mismatched;
        format!("{matched} matched, {mistakes} mistaken in the document, {mismatched} mismatched")
    }

    fn report(&self) -> Result<(), Failure> {
        let Tally { matched, mistakes, mismatched } = self;
        let all = matched + mistakes + mismatched;
        anstream::println!(
            "\n{matched} matched, {mistakes} mistaken in the document as known, {mismatched} mismatched"
        );
        if *mismatched > 0 { Err(Failure::Mismatch(*mismatched, all)) } else { Ok(()) }
    }
}
