//! `chainrule runs`: lists previous runs and the settings in which they differ.

use chainrule_experiment::{Named, PastRun, differences, past_runs};
use serde_json::{Map, Value, json};

use super::json;
use crate::arguments::RunsArguments;
use crate::error::Failure;
use crate::output::outln;
use crate::progress::duration;
use crate::table::{self, number};

/// The filter by data, whose value is the beginning of a fingerprint.
const DATA: &str = "data.fingerprint";

/// Maximum number of differing settings that are columns of the list; more are shown in a separate
/// table, for at most [`MAX_RUN_COLUMNS`] runs.
const MAX_SETTING_COLUMNS: usize = 4;
const MAX_RUN_COLUMNS: usize = 8;

/// Number of characters of a fingerprint that are shown.
const FINGERPRINT: usize = 8;

pub(crate) fn run(arguments: &RunsArguments) -> Result<(), Failure> {
    if !arguments.folder.is_dir() {
        let source = std::io::ErrorKind::NotFound.into();
        return Err(Failure::Unreadable { path: arguments.folder.clone(), source });
    }
    let filters = arguments.filters.iter().map(|text| filter(text)).collect::<Result<Vec<_>, _>>()?;
    let name = arguments.name.as_deref().unwrap_or_default().to_string_lossy();
    let mut runs = past_runs(&arguments.folder);
    runs.retain(|run| {
        run.name.contains(&*name)
            && filters.iter().all(|(key, value)| match *key {
                DATA => run.data.as_ref().is_some_and(|data| data.starts_with(value)),
                key => run.setting(key) == Some(value),
            })
    });
    if arguments.best {
        let loss = |run: &PastRun| run.validation_loss.unwrap_or(run.loss);
        runs.sort_by(|a, b| loss(a).total_cmp(&loss(b)));
    }
    if arguments.json {
        json::print(&runs.iter().map(to_json).collect::<Vec<_>>());
    } else if runs.is_empty() {
        outln!("no matching runs in {}", arguments.folder.display());
    } else {
        print(&runs);
    }
    Ok(())
}

fn to_json(run: &PastRun) -> Value {
    let settings = run.settings.iter().map(|(key, value)| (key.clone(), json!(value)));
    json!({
        "name": run.name,
        "fingerprint": run.data,
        "epochs": run.epochs,
        "seconds": run.seconds,
        "loss": run.loss,
        "validation_loss": run.validation_loss,
        "metrics": Named(run.metrics.clone()),
        "settings": settings.collect::<Map<_, _>>(),
    })
}

fn print(runs: &[PastRun]) {
    let keys = differences(runs);
    let columns = if keys.len() <= MAX_SETTING_COLUMNS { &keys[..] } else { &[] };
    let mut metrics: Vec<&str> = Vec::new();
    for (name, _) in runs.iter().flat_map(|run| &run.metrics) {
        if !metrics.contains(&name.as_str()) {
            metrics.push(name);
        }
    }
    let header =
        [&["", "run", "data", "epochs", "time", "loss", "best validation loss"], &metrics[..]].concat();
    let header: Vec<&str> = header.into_iter().chain(columns.iter().map(String::as_str)).collect();
    let mut shown = table::new(&header);
    for (k, run) in runs.iter().enumerate() {
        let metric =
            |name: &&str| run.metrics.iter().find(|(known, _)| known == name).map_or(f64::NAN, |(_, v)| *v);
        let numbers =
            [run.loss, run.validation_loss.unwrap_or(f64::NAN)].into_iter().chain(metrics.iter().map(metric));
        let data = run.data.as_ref().map_or("-", |data| data.get(..FINGERPRINT).unwrap_or(data)).to_owned();
        let cells =
            [(k + 1).to_string(), run.name.clone(), data, run.epochs.to_string(), duration(run.seconds)];
        let settings = columns.iter().map(|key| run.setting(key).unwrap_or("").to_owned());
        shown.add_row(cells.into_iter().chain(numbers.map(number)).chain(settings));
    }
    table::print(&shown);
    if columns.len() < keys.len() {
        print_settings(runs, &keys);
    }
}

/// Prints the settings in which runs differ: one row per setting, one column per run.
fn print_settings(runs: &[PastRun], keys: &[String]) {
    if runs.len() > MAX_RUN_COLUMNS {
        outln!(
            "The {} runs differ in {} settings, too many to show; select fewer runs with NAME or --where, or use --json.",
            runs.len(),
            keys.len()
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
    outln!();
    table::print(&shown);
}

/// Splits `train.optimizer=adam` into key and value.
fn filter(text: &str) -> Result<(&str, &str), Failure> {
    text.split_once('=').ok_or_else(|| Failure::Argument {
        argument: "--where",
        value: text.to_owned(),
        allowed: "KEY=VALUE, like train.learning_rate=0.01".to_owned(),
    })
}
