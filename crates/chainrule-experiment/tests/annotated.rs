//! The annotated experiment contains every key that an experiment file can have.
//!
//! The training settings of the file are generated from their registry. With the environment
//! variable `INSTA_UPDATE=always`, which also updates the snapshots of lists and help texts, the
//! test writes them instead of comparing them.

use chainrule::train::{SETTINGS, Setting, SettingKind, Settings};
use chainrule_experiment::{Error, Experiment, builtin};

/// Returns the keys of a table, as listed in the error about an unknown key.
fn keys_of(path: &str) -> Vec<String> {
    let set = match path {
        "data, table" => "data={ table = \"t.csv\", target = \"t\", zzz = 1 }".to_owned(),
        path => format!("{path}zzz=1"),
    };
    match Experiment::open("annotated", std::slice::from_ref(&set)) {
        Err(Error::UnknownKey { choices, .. }) => choices,
        other => panic!("{set}: {other:?}"),
    }
}

#[test]
fn every_key_is_in_the_annotated_experiment() {
    let text = builtin::text("annotated").expect("a built-in experiment");
    let tables = [
        "",
        "data.",
        "data, table",
        "network.",
        "network.hidden.0.",
        "network.output.",
        "train.",
        "train.penalty.",
        "train.clip.",
        "train.stopping.",
    ];
    let mut count = 0;
    for table in tables {
        for key in keys_of(table) {
            let named = text.lines().any(|line| {
                let line = line.trim_start_matches("# ").trim_start_matches('[');
                line.strip_prefix(key.as_str()).is_some_and(|rest| rest.starts_with([' ', ']']))
                    || line.contains(&format!(".{key}]"))
            });
            assert!(named, "annotated.toml does not contain the key \"{key}\" of [{table}]");
            count += 1;
        }
    }
    assert!(count > 65, "only {count} keys were checked");
}

#[test]
fn keys_of_documents_claims_and_fits_are_in_the_annotated_experiment() {
    let text = builtin::text("annotated").expect("a built-in experiment");
    for key in ["author", "title", "url", "licence"] {
        assert!(text.contains(&format!("# {key} = ")), "{key}");
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("file.toml");
    let tables = [
        ("[[claim]]\ntext = \"x\"\nquantity = \"output\"\nof = [1, 2]\nzzz = 1\n", 14),
        ("[fit]\nzzz = 1\n", 6),
    ];
    for (table, n_keys) in tables {
        let network = "[data]\ngenerator = \"moons\"\n[train]\nloss = \"huber\"\n";
        std::fs::write(&file, format!("{network}{table}")).expect("a file");
        let refused = Experiment::open(file.to_str().expect("a path in UTF-8"), &[]);
        let Err(Error::UnknownKey { choices, .. }) = refused else { panic!("{refused:?}") };
        assert!(choices.len() >= n_keys, "{choices:?}");
        for key in choices {
            assert!(
                text.lines().any(|line| line.trim_start_matches("# ").starts_with(&format!("{key} = "))),
                "{key}"
            );
        }
    }
}

/// Returns the lines of a training setting: its key, an example, its description and its default.
fn lines(setting: &Setting<Settings>) -> String {
    const COLUMN: usize = 33;
    let (table, key) = setting.name.rsplit_once('.').unwrap_or(("", setting.name));
    if let SettingKind::Table = setting.kind {
        let mut summary = setting.summary.to_owned();
        summary[..1].make_ascii_uppercase();
        return format!("\n# {summary}.\n[train.{}]\n", setting.name);
    }
    let default = match (table, (setting.get)(&Settings::default())) {
        // A table with such a default does nothing unless it exists.
        ("clip", _) => String::new(),
        (_, default) if default == "none" => "; default: none".to_owned(),
        (_, default) => format!("; default {default}"),
    };
    // Of two keys that exclude each other, one is commented out.
    let comment = if setting.excludes.is_some() { "# " } else { "" };
    let mut line = format!("{comment}{key} = {}", setting.example);
    let mut text = String::new();
    line = format!("{line:COLUMN$}#");
    if line.len() > COLUMN + 1 {
        line.insert(line.len() - 1, ' ');
    }
    for word in format!("{}{default}", setting.summary).split(' ') {
        if line.chars().count() + 1 + word.chars().count() > 100 {
            text.push_str(&(line + "\n"));
            line = format!("{:COLUMN$}#", "#");
        }
        line.push(' ');
        line.push_str(word);
    }
    text + &line + "\n"
}

#[test]
fn training_settings_are_annotated_as_their_registry_describes_them() {
    let text = builtin::text("annotated").expect("a built-in experiment");
    let first = lines(&SETTINGS[0]);
    let start = text.find(first.split('=').next().expect("a key")).expect("the first setting");
    let end = start + text[start..].find("\n# Settings of `chainrule fit --config`").expect("the next table");
    let expected: String = SETTINGS.iter().map(lines).collect();
    if std::env::var_os("INSTA_UPDATE").is_some_and(|update| update == "always") {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../experiments/annotated.toml");
        std::fs::write(path, [&text[..start], &expected, &text[end..]].concat()).expect("a file");
    } else {
        assert_eq!(text[start..end], expected, "update annotated.toml with INSTA_UPDATE=always");
    }
}
