//! `chainrule reproduce`: compares every claim of the source documents with the result of a training.

use std::path::Path;
use std::sync::atomic::Ordering;

use chainrule_experiment::published::{Demonstration, DemonstrationResult};
use chainrule_experiment::{
    ClaimCounts, ClaimStatus, DEMONSTRATIONS_NAME, Experiment, JudgedDemonstration, Reproduction,
    ReproductionPlan,
};
use chainrule_figures::{
    PlotlyScript, ReportEntry, Subject, demonstrations_report, index, plotly_js, report,
};
use chainrule_table::write_whole;

use crate::arguments::ReproduceArguments;
use crate::error::Failure;
use crate::output::{TextColour, bold, out, outln};
use crate::progress::{Bar, cancelled_by_signal};
use crate::table;

/// Name of the copy of plotly.js that the reports share.
const PLOTLY_FILE: &str = "plotly.min.js";

/// Texts of the first column, with their colours.
const MATCHED: &str = "✓ matched";
const KNOWN_MISTAKE: &str = "! error in the document";
const SHOWN: &str = "· no claim";
const MISMATCH: &str = "✗ MISMATCH";
const COLOURS: [(&str, TextColour); 3] =
    [(MATCHED, TextColour::Green), (KNOWN_MISTAKE, TextColour::Yellow), (MISMATCH, TextColour::Red)];

pub(crate) fn run(arguments: &ReproduceArguments) -> Result<(), Failure> {
    let plan = ReproductionPlan::new(&arguments.names)?;
    if let Some(folder) = &arguments.report {
        std::fs::create_dir_all(folder)
            .map_err(|source| Failure::Unwritable { path: folder.clone(), source })?;
    }
    let cancel = cancelled_by_signal();
    let mut counts = ClaimCounts::default();
    let mut reports = Vec::new();
    for (k, experiment) in plan.experiments.iter().enumerate() {
        let prefix = format!("{} of {}: {}", k + 1, plan.experiments.len(), experiment.name);
        let outcomes = super::train(experiment, &mut Bar::with_prefix(prefix), &cancel)?;
        if cancel.load(Ordering::Relaxed) {
            return Err(Failure::Cancelled);
        }
        let reproduction = experiment.judge(&outcomes)?;
        counts += reproduction.counts();
        print_reproduction(experiment, &reproduction);
        if let Some(folder) = &arguments.report {
            let file = format!("{}.html", experiment.name);
            let subject = Subject { experiment, outcomes: &outcomes };
            write(&folder.join(&file), &report(&subject, PlotlyScript::File(PLOTLY_FILE))?)?;
            outln!("report: {}", folder.join(&file).display());
            reports.push(ReportEntry::new(file, reproduction.counts().to_string(), &subject)?);
        }
        outln!();
    }
    for experiment in &plan.without_claims {
        outln!("{0} has no claims to compare; train it with: chainrule run {0}", experiment.name);
    }
    if !plan.demonstrations.is_empty() {
        outln!("{DEMONSTRATIONS_NAME}: gradient check of two wrong published gradients");
        let mut checked = Vec::new();
        let mut demonstrated = ClaimCounts::default();
        for demonstration in plan.demonstrations {
            let result = demonstration.check()?;
            demonstrated += ClaimCounts::of([print_demonstration(demonstration, &result)]);
            checked.push((demonstration, result));
        }
        counts += demonstrated;
        if let Some(folder) = &arguments.report {
            let file = format!("{DEMONSTRATIONS_NAME}.html");
            write(&folder.join(&file), &demonstrations_report(&checked))?;
            reports.push(ReportEntry::of_demonstrations(file, demonstrated.to_string()));
        }
    }
    if let Some(folder) = &arguments.report {
        write(&folder.join(PLOTLY_FILE), plotly_js())?;
        write(&folder.join("index.html"), &index(&reports))?;
        outln!("reports: {}", folder.join("index.html").display());
    }
    outln!("\n{counts}");
    match counts.mismatched {
        0 => Ok(()),
        mismatched => Err(Failure::Mismatch(mismatched, counts.total())),
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    write_whole(path, text.as_bytes()).map_err(|source| Failure::Unwritable { path: path.to_owned(), source })
}

/// Prints the title of an experiment, its source document, and its claims.
fn print_reproduction(experiment: &Experiment, reproduction: &Reproduction) {
    outln!("{}: {}", bold(&experiment.name), experiment.title);
    if let Some(document) = &experiment.document {
        outln!("{}, \"{}\"", document.author, document.title);
    }
    let mut shown = table::new(&["", "claim of the document", "published", "measured"]);
    for claim in &reproduction.claims {
        let note = if claim.note.is_empty() { String::new() } else { format!("\n({})", claim.note) };
        let status = match claim.status {
            ClaimStatus::Matched => MATCHED,
            ClaimStatus::KnownMistake => KNOWN_MISTAKE,
            ClaimStatus::Shown => SHOWN,
            ClaimStatus::Mismatched => MISMATCH,
        };
        shown.add_row([status, &format!("{}{note}", claim.claim), &claim.published, &claim.measured]);
    }
    table::print_coloured(&shown, &COLOURS);
}

/// Prints the gradient check of a wrong published gradient and of ours.
fn print_demonstration(demonstration: &Demonstration, result: &DemonstrationResult) -> ClaimStatus {
    let status = JudgedDemonstration::new(demonstration, result).status;
    let mark = if status == ClaimStatus::Matched { "✓" } else { "✗" };
    outln!("\n{mark} {} ({})", demonstration.name, demonstration.experiment);
    outln!("{}", demonstration.mistake);
    out!("published gradient: {}", result.published);
    out!("our gradient: {}", result.ours);
    status
}
