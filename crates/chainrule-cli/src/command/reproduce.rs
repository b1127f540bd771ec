//! `chainrule reproduce`: compares every claim of the source documents with the result of a training.

use std::path::Path;
use std::sync::atomic::Ordering;

use chainrule_experiment::published::{DEMONSTRATIONS, Demonstration};
use chainrule_experiment::{ClaimStatus, Experiment, builtin};
use chainrule_figures::{Subject, index, report};
use chainrule_table::write_whole;

use crate::arguments::ReproduceArguments;
use crate::error::Failure;
use crate::output::{TextColour, bold, out, outln};
use crate::progress::{Bar, cancelled_by_signal};
use crate::table;

/// The argument that selects the wrong gradients.
const DEMONSTRATIONS_NAME: &str = "demonstrations";

/// Texts of the first column, with their colours.
const MATCHED: &str = "✓ matched";
const KNOWN_MISTAKE: &str = "! error in the document";
const SHOWN: &str = "· no claim";
const MISMATCH: &str = "✗ MISMATCH";
const COLOURS: [(&str, TextColour); 3] =
    [(MATCHED, TextColour::Green), (KNOWN_MISTAKE, TextColour::Yellow), (MISMATCH, TextColour::Red)];

pub(crate) fn run(arguments: &ReproduceArguments) -> Result<(), Failure> {
    let all = arguments.names.is_empty();
    let names: Vec<String> = if all { builtin::names() } else { arguments.names.clone() };
    let experiments = names.iter().filter(|name| *name != DEMONSTRATIONS_NAME);
    let experiments: Vec<Experiment> =
        experiments.map(|name| Experiment::open(name, &[])).collect::<Result<_, _>>()?;
    let (with_claims, without): (Vec<&Experiment>, Vec<&Experiment>) =
        experiments.iter().partition(|experiment| !experiment.claims.is_empty());
    let selected: Vec<&Experiment> =
        with_claims.into_iter().filter(|experiment| !all || experiment.document.is_some()).collect();
    if let Some(folder) = &arguments.report {
        std::fs::create_dir_all(folder)
            .map_err(|source| Failure::Unwritable { path: folder.clone(), source })?;
    }
    let cancel = cancelled_by_signal();
    let mut tally = Tally::default();
    let mut reports = Vec::new();
    for (k, experiment) in selected.iter().enumerate() {
        let mut bar = Bar::with_prefix(format!("{} of {}: {}", k + 1, selected.len(), experiment.name));
        let outcomes = super::train(experiment, &mut bar, &cancel)?;
        if cancel.load(Ordering::Relaxed) {
            return Err(Failure::Cancelled);
        }
        let before = tally;
        let mut shown = table::new(&["", "claim of the document", "published", "measured"]);
        for claim in &experiment.claims {
            let result = claim.judge(&outcomes)?;
            let note = if claim.note.is_empty() { String::new() } else { format!("\n({})", claim.note) };
            let status = match result.status {
                ClaimStatus::Matched => MATCHED,
                ClaimStatus::KnownMistake => KNOWN_MISTAKE,
                ClaimStatus::Shown => SHOWN,
                ClaimStatus::Mismatched => MISMATCH,
            };
            shown.add_row([status, &format!("{}{note}", claim.text), &result.claimed, &result.actual]);
            tally.count(result.status);
        }
        print_heading(experiment);
        table::print_coloured(&shown, &COLOURS);
        if let Some(folder) = &arguments.report {
            let file = format!("{}.html", experiment.name);
            let page = report(&Subject { experiment, outcomes: &outcomes })?;
            write(&folder.join(&file), &page)?;
            outln!("report: {}", folder.join(&file).display());
            reports.push((file, experiment.title.clone(), tally.since(before).summary()));
        }
        outln!();
    }
    for experiment in without.iter().filter(|_| !all) {
        outln!("{0} has no claims to compare; train it with: chainrule run {0}", experiment.name);
    }
    if all || names.iter().any(|name| name == DEMONSTRATIONS_NAME) {
        outln!("{DEMONSTRATIONS_NAME}: gradient check of two wrong published gradients");
        for demonstration in DEMONSTRATIONS {
            tally.count(demonstrate(demonstration)?);
        }
    }
    if let Some(folder) = &arguments.report {
        write(&folder.join("index.html"), &index(&reports))?;
        outln!("reports: {}", folder.join("index.html").display());
    }
    outln!("\n{}", tally.summary());
    match tally.mismatched {
        0 => Ok(()),
        mismatched => Err(Failure::Mismatch(mismatched, tally.matched + tally.mistakes + mismatched)),
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    write_whole(path, text.as_bytes()).map_err(|source| Failure::Unwritable { path: path.to_owned(), source })
}

/// Prints the title of an experiment and its source document.
fn print_heading(experiment: &Experiment) {
    outln!("{}: {}", bold(&experiment.name), experiment.title);
    if let Some(document) = &experiment.document {
        outln!("{}, \"{}\"", document.author, document.title);
    }
}

/// Prints the gradient check of a wrong published gradient and of ours.
fn demonstrate(demonstration: &Demonstration) -> Result<ClaimStatus, Failure> {
    let result = demonstration.check()?;
    let (mark, status) =
        if result.passed() { ("✓", ClaimStatus::Matched) } else { ("✗", ClaimStatus::Mismatched) };
    outln!("\n{mark} {} ({})", demonstration.name, demonstration.experiment);
    outln!("{}", demonstration.mistake);
    out!("published gradient: {}", result.published);
    out!("our gradient: {}", result.ours);
    Ok(status)
}

/// Number of claims by result.
#[derive(Clone, Copy, Default)]
struct Tally {
    matched: usize,
    mistakes: usize,
    mismatched: usize,
}

impl Tally {
    fn count(&mut self, status: ClaimStatus) {
        match status {
            ClaimStatus::Matched => self.matched += 1,
            ClaimStatus::KnownMistake => self.mistakes += 1,
            ClaimStatus::Shown => {}
            ClaimStatus::Mismatched => self.mismatched += 1,
        }
    }

    /// Returns what was counted after `before`.
    fn since(self, before: Tally) -> Tally {
        Tally {
            matched: self.matched - before.matched,
            mistakes: self.mistakes - before.mistakes,
            mismatched: self.mismatched - before.mismatched,
        }
    }

    fn summary(self) -> String {
        let Tally { matched, mistakes, mismatched } = self;
        let plural = if mistakes == 1 { "" } else { "s" };
        format!("{matched} matched, {mistakes} known mistake{plural} of a document, {mismatched} mismatched")
    }
}
