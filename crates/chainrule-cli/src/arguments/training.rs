//! Options of `chainrule fit` for training settings, made from their registry.

use chainrule::train::{Flag, SETTINGS, Setting, SettingKind, Settings};
use chainrule_experiment::fit_default;
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, value_parser};

use super::headings::TRAINING;

/// Training settings given by options, as `train.KEY=VALUE` in TOML.
#[derive(Debug)]
pub(crate) struct TrainingFlags {
    pub(crate) sets: Vec<String>,
}

/// Returns the settings that have an option, with its name.
fn flags() -> impl Iterator<Item = (&'static Setting<Settings>, &'static str)> {
    SETTINGS.iter().filter_map(|setting| match setting.flag {
        Flag::None => None,
        Flag::Common(name) | Flag::Rare(name) => Some((setting, name)),
    })
}

impl Args for TrainingFlags {
    fn augment_args(command: Command) -> Command {
        flags().fold(command, |command, (setting, name)| command.arg(argument(setting, name)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for TrainingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let set = |(setting, name): (&'static Setting<Settings>, &'static str)| {
            Some(format!("train.{}={}", setting.name, given(setting, name, matches)?))
        };
        Ok(TrainingFlags { sets: flags().filter_map(set).collect() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn argument(setting: &'static Setting<Settings>, name: &'static str) -> Arg {
    let default =
        fit_default(setting.name).map_or_else(String::new, |default| format!(" [default: {default}]"));
    let mut summary = setting.summary.to_owned();
    if let Some(first) = summary.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let argument = Arg::new(name)
        .long(name)
        .help(summary + &default)
        .help_heading(TRAINING)
        .hide_short_help(matches!(setting.flag, Flag::Rare(_)));
    match setting.kind {
        SettingKind::Number(_) => argument.value_name("NUMBER").value_parser(value_parser!(f64)),
        SettingKind::Count(_) => argument.value_name("N").value_parser(value_parser!(u64)),
        SettingKind::Word(words) => {
            argument.value_name("WORD").value_parser(PossibleValuesParser::new(words))
        }
        SettingKind::CountOr(_) => argument.value_name("N"),
        _ => argument.value_name("NAME"),
    }
}

/// Returns the given value of an option as TOML, if there is one.
fn given(setting: &Setting<Settings>, name: &str, matches: &ArgMatches) -> Option<String> {
    match setting.kind {
        SettingKind::Number(_) => matches.get_one::<f64>(name).map(|v| format!("{v:?}")),
        SettingKind::Count(_) => matches.get_one::<u64>(name).map(u64::to_string),
        SettingKind::CountOr(_) => {
            let text = matches.get_one::<String>(name)?;
            Some(text.parse().map_or_else(|_| toml_text(text), |count: u64| count.to_string()))
        }
        _ => matches.get_one::<String>(name).map(|text| toml_text(text)),
    }
}

/// Quotes a text as TOML.
pub(crate) fn toml_text(text: &str) -> String {
    toml_edit::Value::from(text).to_string()
}
