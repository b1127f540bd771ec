//! The arguments of `chainrule fit` as settings of an experiment.

use std::path::PathBuf;

use chainrule_experiment::FitPlan;

use crate::arguments::table::{Fit, Preset};
use crate::error::Failure;

impl Fit {
    /// The arguments as settings.
    pub(super) fn sets(&self) -> Result<Vec<String>, Failure> {
        let mut sets = Vec::new();
        let mut set =
            |key: &str, value: Option<String>| sets.extend(value.map(|value| format!("{key}={value}")));
        // A file named on the command line is found from here, one in a TOML file from there.
        let absolute = |path: &PathBuf| {
            text(&std::path::absolute(path).unwrap_or_else(|_| path.clone()).to_string_lossy())
        };
        set("data.table", self.data.as_ref().map(absolute));
        set("data.target", list(&self.target));
        set("data.inputs", list(&self.inputs));
        set("data.ignore", list(&self.ignore));
        set("data.kinds", self.kinds()?);
        set("data.task", self.task.map(|task| text(&format!("{task:?}").to_lowercase())));
        set(
            "data.scaling",
            self.preset.map(|preset| {
                text(match preset {
                    Preset::Plain => "none",
                    Preset::Standard => "standard",
                    Preset::Robust => "robust",
                })
            }),
        );
        set("data.weight", self.weight.as_deref().map(text));
        set("data.class_weight", self.class_weight.map(|_| text("balanced")));
        set("data.split", self.split.map(|split| text(&format!("{split:?}").to_lowercase())));
        set("data.group", self.group.as_deref().map(text));
        set("data.time", self.time.as_deref().map(text));
        set("data.seed", self.seed.map(|v| v.to_string()));
        set("data.delimiter", self.reading.delimiter.as_deref().map(text));
        set("data.header", self.reading.header.map(|v| text(&format!("{v:?}").to_lowercase())));
        set("data.decimal", self.reading.decimal.map(|v| text(&format!("{v:?}").to_lowercase())));
        set("data.encoding", self.reading.encoding.as_deref().map(text));
        set("data.missing", list(&self.reading.missing));
        set("network.hidden", self.hidden()?);
        set("network.activation", self.activation.as_deref().map(text));
        set("network.dropout", self.dropout.map(|v| format!("{v:?}")));
        set("train.validation_fraction", self.validation.map(|v| format!("{v:?}")));
        set("train.epochs", self.epochs.map(|v| v.to_string()));
        set("train.batch", self.batch.map(|v| v.to_string()));
        set("train.learning_rate", self.learning_rate.map(|v| format!("{v:?}")));
        set("train.stopping.patience", self.patience.map(|v| v.to_string()));
        sets.extend(self.set.iter().cloned());
        Ok(sets)
    }

    /// What is done besides training: as the arguments say, and where they do not, `[fit]`.
    pub(super) fn plan(&self, sets: &[String]) -> Result<FitPlan, Failure> {
        let said = FitPlan::open(self.config.as_deref(), sets)?;
        Ok(FitPlan {
            out: self.out.clone().or(said.out),
            report: self.report.clone().or(said.report),
            test: self.test.clone().or(said.test),
            runs: self.runs.clone().or(said.runs),
            folds: self.folds.map(|k| k as usize).or(said.folds),
            checkpoint: self.checkpoint.or(said.checkpoint),
        })
    }

    /// `--hidden 64,32` as a list of widths.
    fn hidden(&self) -> Result<Option<String>, Failure> {
        let Some(widths) = self.hidden.as_deref() else { return Ok(None) };
        if widths == "none" {
            return Ok(Some("[]".to_owned()));
        }
        if widths.split(',').all(|width| width.trim().parse::<u32>().is_ok()) {
            return Ok(Some(format!("[{widths}]")));
        }
        Err(Failure::Argument {
            argument: "--hidden",
            value: widths.to_owned(),
            allowed: "numbers of units, like 64,64, or none".to_owned(),
        })
    }

    /// `--kind size=category` as a table.
    fn kinds(&self) -> Result<Option<String>, Failure> {
        let kind = |said: &String| match said.rsplit_once('=') {
            Some((column, kind)) => Ok(format!("{} = {}", text(column), text(kind))),
            None => Err(Failure::Argument {
                argument: "--kind",
                value: said.clone(),
                allowed: "COLUMN=KIND, like size=category".to_owned(),
            }),
        };
        let kinds = self.kind.iter().map(kind).collect::<Result<Vec<_>, _>>()?;
        Ok((!kinds.is_empty()).then(|| format!("{{ {} }}", kinds.join(", "))))
    }
}

/// The arguments that go on with a training, but for where it goes on from; its settings are there, and its folds.
pub(super) fn again(plan: &FitPlan) -> Vec<String> {
    let FitPlan { out, report, test, runs, folds: _, checkpoint } = plan;
    let file = |path: &Option<PathBuf>| path.as_ref().map(|path| path.to_string_lossy().into_owned());
    let said = [
        ("--out", file(out)),
        ("--report", file(report)),
        ("--test", file(test)),
        ("--runs", file(runs)),
        ("--checkpoint", checkpoint.map(|every| every.to_string())),
    ];
    let said = said.into_iter().filter_map(|(flag, value)| Some([flag.to_owned(), value?]));
    std::iter::once("fit".to_owned()).chain(said.flatten()).collect()
}

/// Text as TOML has it.
fn text(text: &str) -> String {
    toml_edit::Value::from(text).to_string()
}

/// A list of texts as TOML has it; nothing where it is empty.
fn list(texts: &[String]) -> Option<String> {
    (!texts.is_empty()).then(|| format!("[{}]", texts.iter().map(|t| text(t)).collect::<Vec<_>>().join(", ")))
}
