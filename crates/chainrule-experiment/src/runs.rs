//! Earlier runs: their settings and results, read from their run folders.

use std::path::{Path, PathBuf};

use crate::renames;
use crate::tree::{Tree, TreeValue, toml_value};

/// Training run of one network, read from its folder.
#[derive(Clone, Debug, PartialEq)]
pub struct PastRun {
    /// Path of the folder within the folder of runs: `three-rings-20261122-171500/logistic`.
    pub name: String,
    /// Fingerprint of the data, in hexadecimal, if known.
    pub data: Option<String>,
    /// Settings by their dotted keys: `train.learning_rate`, `0.05`.
    pub settings: Vec<(String, String)>,
    /// Number of epochs trained.
    pub epochs: u64,
    /// Duration of the epochs in seconds.
    pub seconds: f64,
    /// Loss of the last epoch.
    pub loss: f64,
    /// Lowest validation loss.
    pub validation_loss: Option<f64>,
    /// Metrics of the last epoch.
    pub metrics: Vec<(String, f64)>,
}

impl PastRun {
    /// Returns the value of a setting, if it is set.
    pub fn setting(&self, key: &str) -> Option<&str> {
        let key = renames::current_path(key);
        self.settings.iter().find(|(known, _)| *known == key).map(|(_, value)| value.as_str())
    }
}

/// Returns the runs in a folder of runs, sorted by name. Other folders and incomplete runs are
/// skipped.
pub fn past_runs(folder: &Path) -> Vec<PastRun> {
    let mut runs: Vec<PastRun> = folders(folder)
        .into_iter()
        .flat_map(|run| {
            let single = past_run(&run, folder);
            if single.is_some() { single.into_iter().collect() } else { variants(&run, folder) }
        })
        .collect();
    runs.sort_by(|a, b| a.name.cmp(&b.name));
    runs
}

/// Returns the keys of the settings that differ between runs.
pub fn differences(runs: &[PastRun]) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for (key, _) in runs.iter().flat_map(|run| &run.settings) {
        let first = runs[0].setting(key);
        if !keys.contains(key) && runs.iter().any(|run| run.setting(key) != first) {
            keys.push(key.clone());
        }
    }
    keys
}

fn variants(run: &Path, folder: &Path) -> Vec<PastRun> {
    folders(run).iter().filter_map(|variant| past_run(variant, folder)).collect()
}

/// Returns the folders in a folder, except hidden ones, which are unfinished runs.
fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let is_run = |path: &PathBuf| {
        path.is_dir() && !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
    };
    entries.map(|entry| entry.path()).filter(is_run).collect()
}

fn past_run(path: &Path, folder: &Path) -> Option<PastRun> {
    let settings = flat_settings(&std::fs::read_to_string(path.join("settings.toml")).ok()?)?;
    let json = |text: String| serde_json::from_str::<serde_json::Value>(&text).ok();
    let data = std::fs::read_to_string(path.join("data.json")).ok().and_then(json);
    let history = std::fs::read_to_string(path.join("history.jsonl")).ok()?;
    let epochs: Vec<serde_json::Value> =
        history.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let last = epochs.last()?;
    let validation = epochs.iter().filter_map(|epoch| epoch["validation_loss"].as_f64());
    let metrics = last["metrics"].as_object().into_iter().flatten();
    Some(PastRun {
        name: path.strip_prefix(folder).unwrap_or(path).to_string_lossy().into_owned(),
        data: data.and_then(|data| Some(data["fingerprint"].as_str()?.to_owned())),
        settings,
        epochs: last["epoch"].as_u64()?,
        seconds: epochs.iter().filter_map(|epoch| epoch["seconds"].as_f64()).sum(),
        loss: last["loss"].as_f64().unwrap_or(f64::NAN),
        validation_loss: validation.min_by(f64::total_cmp),
        metrics: metrics.map(|(name, value)| (name.clone(), value.as_f64().unwrap_or(f64::NAN))).collect(),
    })
}

/// Returns the settings in TOML text by their current dotted keys; `None` if the text is invalid.
pub(crate) fn flat_settings(text: &str) -> Option<Vec<(String, String)>> {
    let tree = Tree::parse(text, Path::new("settings.toml"), &mut Vec::new()).ok()?;
    let mut settings = Vec::new();
    flatten(&tree, "", &mut settings);
    Some(settings)
}

fn flatten(tree: &Tree, path: &str, settings: &mut Vec<(String, String)>) {
    for (key, node) in &tree.entries {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match &node.value {
            TreeValue::Table(table) => flatten(table, &path, settings),
            TreeValue::Text(text) => settings.push((path, text.clone())),
            _ => settings.push((path, toml_value(node).to_string().trim().to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn past_runs_are_read_from_their_folders() {
        let runs = tempfile::tempdir().unwrap();
        let write = |folder: &str, settings: &str, history: &str| {
            let folder = runs.path().join(folder);
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("settings.toml"), settings).unwrap();
            std::fs::write(folder.join("history.jsonl"), history).unwrap();
        };
        let epoch = |epoch: u32, loss: f64| {
            format!(
                "{{\"epoch\":{epoch},\"loss\":{loss},\"validation_loss\":{loss},\"metrics\":{{\"r2\":0.5}},\"seconds\":0.25}}\n"
            )
        };
        let history = epoch(1, 0.5) + &epoch(2, 0.25) + &epoch(3, 0.75);
        write("b", "[train]\nlearning_rate = 0.1\noptimizer = { name = \"adam\" }\n", &history);
        write("a/first", "[train]\nlearning_rate = 0.2\noptimizer = { name = \"adam\" }\n", &epoch(1, 0.5));
        write(".unfinished-x", "", &history);
        write("truncated", "[train", &history);
        std::fs::write(runs.path().join("b/data.json"), "{\"fingerprint\":\"0af3\"}").unwrap();
        let found = past_runs(runs.path());
        let names: Vec<&str> = found.iter().map(|run| run.name.as_str()).collect();
        assert_eq!(names, ["a/first", "b"]);
        let run = &found[1];
        assert_eq!((run.epochs, run.seconds, run.loss, run.validation_loss), (3, 0.75, 0.75, Some(0.25)));
        assert_eq!([&run.data, &found[0].data], [&Some("0af3".to_owned()), &None]);
        assert_eq!(run.setting("train.optimizer.name"), Some("adam"));
        assert_eq!(run.metrics, [("r2".to_owned(), 0.5)]);
        assert_eq!(differences(&found), ["train.learning_rate"]);
    }

    #[test]
    fn old_and_new_keys_of_settings_are_the_same() {
        let old = flat_settings("[train]\nwatch_units = \"never\"\n[data]\ntask = \"classes\"\n");
        let new = flat_settings("[train]\ntrack_dead_units = \"never\"\n[data]\ntask = \"classification\"\n");
        assert!(old.is_some());
        assert_eq!(old, new);
    }
}
