//! The documentation of the training settings is made from their registry.

use chainrule::train::{SETTINGS, Setting, SettingKind, Settings};

#[test]
fn the_documentation_lists_all_settings_with_their_defaults() {
    let values = SETTINGS.iter().filter(|setting| !matches!(setting.kind, SettingKind::Table));
    let row = |setting: &Setting<Settings>| {
        let default = (setting.get)(&Settings::default()).replace('"', "");
        format!("/// | `{}` | {default} | {} |", setting.name, setting.summary)
    };
    let expected: Vec<String> = values.map(row).collect();
    let source = include_str!("../src/train/settings.rs");
    let listed: Vec<&str> = source.lines().filter(|line| line.starts_with("/// | `")).collect();
    assert_eq!(listed, expected, "expected:\n{}", expected.join("\n"));
}
