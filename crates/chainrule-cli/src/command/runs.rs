//! `chainrule runs`: the runs that are there, beside each other.

use chainrule_experiment::{PastRun, differences, past_runs};

use super::fit::number;
use crate::arguments::Runs;
use crate::error::Failure;
use crate::progress::duration;
use crate::table;

/// What the samples are filtered by: the beginning of their sum.
const DATA: &str = "data.fingerprint";

pub(crate) fn run(arguments: &Runs) -> Result<(), Failure> {
    if !arguments.folder.is_dir() {
        let source = std::io::ErrorKind::NotFound.into();
        return Err(Failure::Unreadable { path: arguments.folder.clone(), source });
    }
    let filters = arguments.filters.iter().map(|text| filter(text)).collect::<Result<Vec<_>, _>>()?;
    let mut runs = past_runs(&arguments.folder);
    runs.retain(|run| {
        run.name.contains(arguments.name.as_deref().unwrap_or(""))
            && filters.iter().all(|(key, value)| match *key {
                DATA => run.data.as_ref().is_some_and(|data| data.starts_with(value)),
                key => run.setting(key) == Some(value),
            })
    });
    if runs.is_empty() {
        anstream::println!("no such runs in {}", arguments.folder.display());
        return Ok(());
    }
    if arguments.best {
        let last = |run: &PastRun| run.validation_loss.unwrap_or(run.loss);
        runs.sort_by(|a, b| last(a).total_cmp(&last(b)));
    }
    let keys = differences(&runs);
    let beside = if keys.len() <= BESIDE { &keys[..] } else { &[] };
    let mut metrics: Vec<&str> = Vec::new();
    for (name, _) in runs.iter().flat_map(|run| &run.metrics) {
        if !metrics.contains(&name.as_str()) {
            metrics.push(name);
        }
    }
    let header = [&["", "run", "data", "epochs", "time", "loss", "best validation"], &metrics[..]].concat();
    let header: Vec<&str> = header.into_iter().chain(beside.iter().map(String::as_str)).collect();
    let mut shown = table::new(&header);
    for (k, run) in runs.iter().enumerate() {
        let metric =
            |name: &&str| run.metrics.iter().find(|(known, _)| known == name).map_or(f64::NAN, |(_, v)| *v);
        let numbers =
            [run.loss, run.validation_loss.unwrap_or(f64::NAN)].into_iter().chain(metrics.iter().map(metric));
        let data = run.data.as_ref().map_or("-", |data| data.get(..8).unwrap_or(data)).to_owned();
        let cells =
            [(k + 1).to_string(), run.name.clone(), data, run.epochs.to_string(), duration(run.seconds)];
        let settings = beside.iter().map(|key| run.setting(key).unwrap_or("").to_owned());
        shown.add_row(cells.into_iter().chain(numbers.map(number)).chain(settings));
    }
    anstream::println!("{shown}");
    if beside.len() < keys.len() {
        settings(&runs, &keys);
    }
    Ok(())
}

/// So many settings are shown beside the runs, more of them below, and there of so many runs.
const BESIDE: usize = 4;
const BELOW: usize = 8;

/// The settings in which runs differ, each with its value in each run.
fn settings(runs: &[PastRun], keys: &[String]) {
    if runs.len() > BELOW {
        let n = keys.len();
        anstream::println!(
            "They differ in {n} settings, too many to be shown of {} runs; NAME and --where choose from them.",
            runs.len()
        );
        return;
    }
    let header: Vec<String> = (1..=runs.len()).map(|k| k.to_string()).collect();
    let header: Vec<&str> = std::iter::once("setting").chain(header.iter().map(String::as_str)).collect();
    let mut shown = table::new(&header);
    for key in keys {
        let values = runs.iter().map(|run| run.setting(key).unwrap_or("-"));
        shown.add_row(std::iter::once(key.as_str()).chain(values));
    }
    anstream::println!("\n{shown}");
}

/// `train.optimizer=adam`.
fn filter(text: &str) -> Result<(&str, &str), Failure> {
    text.split_once('=').ok_or_else(|| Failure::Argument {
        argument: "--where",
        value: text.to_owned(),
        allowed: "KEY=VALUE, like train.learning_rate=0.01".to_owned(),
    })
}
