//! Description of a setting: name, type, range, default and help. The training settings are listed
//! in [`SETTINGS`](super::SETTINGS).

use crate::Error;
use crate::registry::{NumberRange, OptionValue, Options};

/// A setting by name, from which experiment files, command-line options and documentation are made.
/// `S` is the type whose field it describes.
#[derive(Debug)]
pub struct Setting<S: 'static> {
    /// Key in the `[train]` table of experiment files: `learning_rate`, `stopping.patience`.
    pub name: &'static str,
    /// Type and allowed values.
    pub kind: SettingKind,
    /// One-line description.
    pub summary: &'static str,
    /// A value in the notation of experiment files.
    pub example: &'static str,
    /// Option of `chainrule fit` that sets it.
    pub flag: Flag,
    /// Other setting that cannot be combined with this one, with the reason.
    pub excludes: Option<(&'static str, &'static str)>,
    /// Returns the value in the notation of experiment files.
    pub get: fn(&S) -> String,
    /// Function that sets the value; see [`Setting::apply`].
    pub(super) set: Set<S>,
}

/// Function that sets a value, which is of the kind and in its range.
#[derive(Debug)]
pub(super) enum Set<S: 'static> {
    /// For all values of the kind.
    Plain(fn(&mut S, &SettingValue)),
    /// For values that a registry checks.
    Checked(fn(&mut S, &SettingValue) -> Result<(), Error>),
}

impl<S> Setting<S> {
    /// Sets the value.
    ///
    /// # Errors
    /// Returns the errors of the registry that the value is from.
    ///
    /// # Panics
    /// Panics if the value is not of the setting's kind.
    pub fn apply(&self, settings: &mut S, value: &SettingValue) -> Result<(), Error> {
        match self.set {
            Set::Plain(set) => set(settings, value),
            Set::Checked(set) => set(settings, value)?,
        }
        Ok(())
    }
}

/// Type of a setting's value and the allowed values.
#[derive(Clone, Copy, Debug)]
pub enum SettingKind {
    /// A number within a range.
    Number(NumberRange),
    /// A whole number of at least this.
    Count(u64),
    /// A whole number of at least 1, or this word.
    CountOr(&'static str),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A name, which `set` checks.
    Name,
    /// A list of names, which `set` checks.
    Names,
    /// A choice from a registry: a name, or a name with options.
    Choice,
    /// A table of other settings, which is passed to `set` as [`SettingValue::Table`] before these
    /// if it exists, possibly without entries.
    Table,
}

/// Value of a setting.
#[derive(Clone, Debug, PartialEq)]
pub enum SettingValue {
    /// A number.
    Number(f64),
    /// A whole number.
    Count(u64),
    /// A word or a name.
    Text(String),
    /// Names.
    Names(Vec<String>),
    /// A name with options.
    Choice(String, Vec<(String, OptionValue)>),
    /// The existence of a table.
    Table,
}

/// Option of `chainrule fit` for a setting, without the leading dashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    /// None: the setting is changed by its key, with `--set`.
    None,
    /// An option that the short help shows.
    Common(&'static str),
    /// An option that only the long help shows.
    Rare(&'static str),
}

impl SettingKind {
    /// Describes the allowed values; the text can follow "must be".
    pub fn allowed(self) -> String {
        match self {
            SettingKind::Number(range) => range.text.to_owned(),
            SettingKind::Count(min) => format!("a whole number of at least {min}"),
            SettingKind::CountOr(word) => format!("\"{word}\" or a whole number of at least 1"),
            SettingKind::Word(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                format!("one of {}", words.join(", "))
            }
            SettingKind::Name => "a string in quotes".to_owned(),
            SettingKind::Names => "a string in quotes or a list of strings".to_owned(),
            SettingKind::Choice => "a name in quotes or a table with a name and options".to_owned(),
            SettingKind::Table => "a table".to_owned(),
        }
    }
}

impl SettingValue {
    /// Returns the number.
    ///
    /// # Panics
    /// Panics if the value is not a number, which is a bug in the setting's entry; the other methods
    /// panic accordingly.
    pub(super) fn number(&self) -> f64 {
        let SettingValue::Number(v) = self else { panic!("{self:?} is not a number") };
        *v
    }

    /// Returns the whole number.
    pub(super) fn count(&self) -> u64 {
        let SettingValue::Count(v) = self else { panic!("{self:?} is not a whole number") };
        *v
    }

    /// Returns the text.
    pub(super) fn text(&self) -> &str {
        let SettingValue::Text(v) = self else { panic!("{self:?} is not a text") };
        v
    }

    /// Returns the names.
    pub(super) fn names(&self) -> &[String] {
        let SettingValue::Names(v) = self else { panic!("{self:?} is not a list of names") };
        v
    }

    /// Returns the meaning of the word.
    pub(super) fn word<X: Copy>(&self, words: &[(&str, X)]) -> X {
        let word = self.text();
        words.iter().find(|(name, _)| *name == word).expect("the word is one of the kind").1
    }

    /// Returns what `new` makes of the name and the options.
    pub(super) fn choice<X>(
        &self,
        new: impl Fn(&str, &[(&str, OptionValue)]) -> Result<X, Error>,
    ) -> Result<X, Error> {
        let SettingValue::Choice(name, options) = self else { panic!("{self:?} is not a choice") };
        let options: Vec<_> = options.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
        new(name, &options)
    }
}

/// Returns the word with this meaning.
pub(super) fn word_of<X: PartialEq>(words: &[(&'static str, X)], meaning: &X) -> String {
    let found = words.iter().find(|(_, other)| other == meaning);
    format!("\"{}\"", found.expect("every meaning has a word").0)
}

/// Returns the name of a choice from a registry in the notation of experiment files.
pub(super) fn choice(options: &Options) -> String {
    format!("\"{}\"", options.name())
}

/// Returns the text for a setting without a value.
pub(super) fn none() -> String {
    "none".to_owned()
}
