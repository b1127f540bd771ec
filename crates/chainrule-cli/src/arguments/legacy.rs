//! Former names of flags, and forms of arguments that clap does not accept.

use std::ffi::OsString;

use chainrule_experiment::renames::current_flags;

/// The flag that takes several numbers of units, separated by commas or spaces.
const HIDDEN: &str = "--hidden";

/// Rewrites the arguments of the process and returns notes about former names.
///
/// - `--out` and other former names become the current ones, with a note.
/// - `--learning_rate` becomes `--learning-rate`.
/// - `--hidden 64 32` becomes `--hidden 64,32`.
///
/// Arguments after `--` are not changed.
pub(crate) fn modernize(arguments: impl Iterator<Item = OsString>) -> (Vec<OsString>, Vec<String>) {
    let (arguments, notes) = current_flags(arguments.map(with_hyphens));
    let mut modern: Vec<OsString> = Vec::new();
    let mut arguments = arguments.into_iter().peekable();
    while let Some(argument) = arguments.next() {
        let (is_hidden, is_end) = (argument == HIDDEN, argument == "--");
        modern.push(argument);
        if is_hidden {
            modern.extend(units(&mut arguments));
        } else if is_end {
            modern.extend(arguments);
            break;
        }
    }
    (modern, notes)
}

/// Replaces underscores in the name of a flag.
fn with_hyphens(argument: OsString) -> OsString {
    let Some(text) = argument.to_str().filter(|text| text.starts_with("--")) else { return argument };
    let (flag, value) = text.split_at(text.find('=').unwrap_or(text.len()));
    format!("{}{value}", flag.replace('_', "-")).into()
}

/// Takes the values of `--hidden` and joins them with commas; `None` if the next argument is not a value.
fn units(arguments: &mut std::iter::Peekable<impl Iterator<Item = OsString>>) -> Option<OsString> {
    let mut units = arguments.next_if(|next| !next.to_string_lossy().starts_with('-'))?;
    let is_number = |text: &OsString| text.to_str().is_some_and(|text| text.parse::<u32>().is_ok());
    if is_number(&units) {
        while let Some(next) = arguments.next_if(is_number) {
            units.push(",");
            units.push(next);
        }
    }
    Some(units)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modern(line: &str) -> (String, Vec<String>) {
        let (arguments, notes) = modernize(line.split(' ').map(OsString::from));
        let arguments: Vec<&str> = arguments.iter().map(|argument| argument.to_str().unwrap()).collect();
        (arguments.join(" "), notes)
    }

    #[test]
    fn units_of_layers_may_be_separated_by_spaces() {
        for (line, expected) in [
            ("fit --hidden 64 32 data.csv", "fit --hidden 64,32 data.csv"),
            ("fit --hidden 64,32 data.csv", "fit --hidden 64,32 data.csv"),
            ("fit data.csv --hidden 64 32 16 --seed 1", "fit data.csv --hidden 64,32,16 --seed 1"),
            ("fit --hidden none 5", "fit --hidden none 5"),
            ("fit --hidden=64 32", "fit --hidden=64 32"),
            ("fit --hidden --seed 1", "fit --hidden --seed 1"),
            ("fit -- --hidden 64 32", "fit -- --hidden 64 32"),
        ] {
            assert_eq!(modern(line), (expected.to_owned(), Vec::new()));
        }
    }

    #[test]
    fn former_flags_become_present_ones_with_a_note() {
        let (line, notes) = modern("fit d.csv --out m.safetensors --learning_rate=0.1");
        assert_eq!(line, "fit d.csv --output m.safetensors --learning-rate=0.1");
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(notes[0].contains("--out") && notes[0].contains("--output"), "{notes:?}");
    }
}
