//! Arguments of `chainrule fit` as options of a fit.

use std::ffi::OsString;
use std::path::PathBuf;

use chainrule_experiment::{FitOptions, FitPlan, TableSource};

use crate::arguments::{FitArguments, toml_text as text};
use crate::error::Failure;

impl FitArguments {
    /// Returns the options that the arguments give.
    pub(super) fn options(&self) -> Result<FitOptions, Failure> {
        Ok(FitOptions {
            target: self.target.clone(),
            task: None,
            hidden: self.hidden()?,
            epochs: None,
            seed: self.seed,
            sets: self.sets()?,
            config: self.config.clone(),
            test: self.test.clone().map(TableSource::File),
            folds: self.folds.map(|k| k as usize),
            checkpoints: None,
            checkpoint_interval: self.checkpoint_interval,
            resume: self.resume.clone(),
        })
    }

    /// Returns the settings given by other arguments, as `KEY=VALUE` in TOML. The task is among
    /// them, because its former names are replaced where settings are read.
    fn sets(&self) -> Result<Vec<String>, Failure> {
        if let Some(former) = &self.preset {
            let scaling = if former == "plain" { "none" } else { former };
            return Err(Failure::Argument {
                argument: "--preset",
                value: former.clone(),
                allowed: format!("given as --scaling {scaling}, the current name of this option"),
            });
        }
        let mut sets = Vec::new();
        let mut set =
            |key: &str, value: Option<String>| sets.extend(value.map(|value| format!("{key}={value}")));
        let optional_text = |value: &Option<String>| value.as_deref().map(text);
        set("data.inputs", list(&self.inputs));
        set("data.ignore", list(&self.ignore));
        set("data.kinds", self.kinds()?);
        set("data.task", optional_text(&self.task));
        set("data.scaling", optional_text(&self.scaling));
        set("data.weight", optional_text(&self.weight));
        set("data.class_weight", optional_text(&self.class_weight));
        set("data.split", optional_text(&self.split));
        set("data.group", optional_text(&self.group));
        set("data.time", optional_text(&self.time));
        set("data.delimiter", optional_text(&self.reading.delimiter));
        set("data.header", optional_text(&self.reading.header));
        set("data.decimal", optional_text(&self.reading.decimal));
        set("data.encoding", optional_text(&self.reading.encoding));
        set("data.missing", list(&self.reading.missing));
        let texts: Vec<String> = self.missing_only.iter().filter(|text| !text.is_empty()).cloned().collect();
        set("data.missing_only", (!self.missing_only.is_empty()).then(|| toml_list(&texts)));
        set("data.date_format", list(&self.date_format));
        set("data.missing_targets", self.strict.then(|| text("error")));
        set("network.activation", optional_text(&self.activation));
        set("network.dropout", self.dropout.map(|v| format!("{v:?}")));
        sets.extend(self.training.sets.iter().cloned());
        sets.extend(self.set.iter().cloned());
        Ok(sets)
    }

    /// Adds the outputs and other options besides training to those of `[fit]` in the TOML file,
    /// which they override.
    pub(super) fn plan(&self, from_file: &FitPlan) -> FitPlan {
        let from_file = from_file.clone();
        FitPlan {
            output: self.output.clone().or(from_file.output),
            report: self.report.clone().or(from_file.report),
            test: self.test.clone().or(from_file.test),
            runs: self.runs.clone().or(from_file.runs),
            folds: self.folds.map(|k| k as usize).or(from_file.folds),
            checkpoint_interval: self.checkpoint_interval.or(from_file.checkpoint_interval),
        }
    }

    /// Returns the numbers of units in `--hidden 64,32`.
    fn hidden(&self) -> Result<Option<Vec<usize>>, Failure> {
        let Some(units) = self.hidden.as_deref() else { return Ok(None) };
        if units == "none" {
            return Ok(Some(Vec::new()));
        }
        let parsed = units.split(',').map(|units| units.trim().parse::<u32>().map(|n| n as usize));
        parsed.collect::<Result<_, _>>().map(Some).map_err(|_| Failure::Argument {
            argument: "--hidden",
            value: units.to_owned(),
            allowed: "numbers of units, like 64,64, or none".to_owned(),
        })
    }

    /// Returns `--kind size=category` as a TOML table of kinds by column.
    fn kinds(&self) -> Result<Option<String>, Failure> {
        let entry = |argument: &String| match argument.rsplit_once('=') {
            Some((column, kind)) => Ok(format!("{} = {}", text(column), text(kind))),
            None => Err(Failure::Argument {
                argument: "--kind",
                value: argument.clone(),
                allowed: "COLUMN=KIND, like size=category".to_owned(),
            }),
        };
        let entries = self.kind.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
        Ok((!entries.is_empty()).then(|| format!("{{ {} }}", entries.join(", "))))
    }
}

/// Returns the arguments that resume a fit, without `--resume` itself; settings and folds are in the checkpoints.
///
/// `--force` is among them, since the cancelled training has already written its files.
pub(super) fn resume_arguments(plan: &FitPlan) -> Vec<OsString> {
    let FitPlan { output, report, test, runs, folds: _, checkpoint_interval } = plan;
    let file = |path: &Option<PathBuf>| path.as_ref().map(|path| path.clone().into_os_string());
    let arguments = [
        ("--output", file(output)),
        ("--report", file(report)),
        ("--test", file(test)),
        ("--runs", file(runs)),
        ("--checkpoint-interval", checkpoint_interval.map(|interval| interval.to_string().into())),
    ];
    let arguments = arguments.into_iter().filter_map(|(flag, value)| Some([flag.into(), value?]));
    ["fit".into(), "--force".into()].into_iter().chain(arguments.flatten()).collect()
}

/// Returns a TOML list of texts; `None` if it is empty.
fn list(texts: &[String]) -> Option<String> {
    (!texts.is_empty()).then(|| toml_list(texts))
}

fn toml_list(texts: &[String]) -> String {
    format!("[{}]", texts.iter().map(|t| text(t)).collect::<Vec<_>>().join(", "))
}
