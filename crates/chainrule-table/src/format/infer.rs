//! Inference of the format of a column from its cells. Columns of plain numbers and of ISO 8601
//! dates are recognised by the readers; all others arrive here as strings.

use super::date::{AmbiguousDates, EightDigits};
use super::number::{is_code, plain};
use super::{CellFormat, ColumnFormat, ColumnNote, DateFormat, Marks, MissingTexts, NumberFormat, missing};
use crate::format::note::NoteReason;
use crate::kind::truth_value;
use crate::{CellType, ColumnKind, MISSING, Strings, Values};

/// What is known about a column before its cells are read.
#[derive(Clone, Debug, Default)]
pub(crate) struct InferenceOptions {
    /// Kind of the column, if specified.
    pub(crate) kind: Option<ColumnKind>,
    /// Specified notations of dates.
    pub(crate) dates: Vec<DateFormat>,
    /// Whether numbers have a decimal comma, if specified.
    pub(crate) decimal_comma: Option<bool>,
    /// Usual marks that count as missing in numbers and dates.
    pub(crate) marks: Marks,
    /// Usual marks that count as missing in text.
    pub(crate) text_marks: Marks,
    /// Whether the file format distinguishes numbers from strings.
    pub(crate) cells: CellOrigin,
    /// Additional texts that mark missing cells.
    pub(crate) texts: Vec<String>,
}

/// Whether a file format distinguishes numbers from strings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum CellOrigin {
    /// All cells are text.
    #[default]
    Text,
    /// Numbers and strings differ, and a missing cell is a null.
    Typed,
}

/// Minimum percentage of numbers or dates among the cells of a column of numbers or dates; the
/// others count as missing.
const MIN_PERCENT: usize = 95;

/// Maximum number of unreadable texts that are stored with a column as marks of missing cells.
const MAX_TEXTS: usize = 1000;

/// A column with its format and notes.
pub(crate) struct Interpreted {
    pub(crate) values: Values,
    pub(crate) format: ColumnFormat,
    pub(crate) notes: Vec<ColumnNote>,
}

/// Infers the format of a column that was read with the format `read_as`, and converts its cells.
///
/// A column of strings is a column of numbers or dates if at least 95 % of the cells that are not
/// missing follow one notation. Numbers that are padded with zeros or beyond 2^53 are text, unless
/// the kind of the column is specified.
///
/// `place` returns the place of a row, such as `line 7`.
pub(crate) fn interpret(
    values: Values,
    read_as: ColumnFormat,
    options: &InferenceOptions,
    place: &dyn Fn(usize) -> String,
) -> Interpreted {
    let strings = match values {
        Values::Strings(strings) => strings,
        Values::Numbers(numbers) if options.kind == Some(ColumnKind::Date) => Strings::from_numbers(&numbers),
        values => return Interpreted { values, format: read_as, notes: Vec::new() },
    };
    let column = TextColumn::new(strings, options, place);
    match options.kind {
        Some(ColumnKind::Category | ColumnKind::Boolean) => column.text(Vec::new()),
        kind => column.inferred(kind),
    }
}

/// A column of strings whose format is to be found.
struct TextColumn<'o> {
    strings: Strings,
    /// Number of cells of each word.
    counts: Vec<usize>,
    /// Number of cells that are neither missing nor a mark.
    n_present: usize,
    options: &'o InferenceOptions,
    place: &'o dyn Fn(usize) -> String,
}

impl<'o> TextColumn<'o> {
    fn new(
        strings: Strings,
        options: &'o InferenceOptions,
        place: &'o dyn Fn(usize) -> String,
    ) -> TextColumn<'o> {
        let mut counts = vec![0; strings.words.len()];
        strings.codes.iter().filter(|code| **code != MISSING).for_each(|code| counts[*code as usize] += 1);
        let mut column = TextColumn { strings, counts, n_present: 0, options, place };
        column.n_present = column.words().map(|(_, n)| n).sum();
        column
    }

    /// Returns the words that are not marks of missing numbers, with their cell counts.
    fn words(&self) -> impl Iterator<Item = (&str, usize)> + Clone {
        let words = self.strings.words.iter().map(String::as_str).zip(self.counts.iter().copied());
        words.filter(|(word, n)| *n > 0 && !self.is_mark(word))
    }

    /// Returns whether a word counts as missing in a column of numbers or dates.
    fn is_mark(&self, word: &str) -> bool {
        let is_mark = self.options.marks == Marks::All && missing::is_mark(word.as_bytes());
        let numbers = || self.options.texts.iter().filter_map(|text| plain(text.as_bytes()));
        is_mark || plain(word.as_bytes()).is_some_and(|value| numbers().any(|missing| missing == value))
    }

    /// Returns whether `n` cells are enough for a column of numbers or dates.
    fn are_enough(&self, n: usize) -> bool {
        n > 0 && 100 * n >= MIN_PERCENT * self.n_present
    }

    fn inferred(self, kind: Option<ColumnKind>) -> Interpreted {
        let is_boolean = || {
            let mut values = self.words().map(|(word, _)| truth_value(word));
            values.clone().all(|value| value.is_some())
                && values.clone().any(|value| value == Some(true))
                && values.any(|value| value == Some(false))
        };
        if self.n_present == 0 || kind.is_none() && is_boolean() {
            return self.text(Vec::new());
        }
        let (number, n_numbers) =
            if kind == Some(ColumnKind::Date) { (None, 0) } else { self.number_format() };
        if let Some(format) = number
            && self.are_enough(n_numbers)
        {
            let reason = |word: &str| match word.as_bytes() {
                text if !is_code(text) => None,
                [b'0', ..] => Some(NoteReason::Padded),
                _ => Some(NoteReason::LongIntegers),
            };
            let code = self.words().find_map(|(word, _)| reason(word));
            return match code {
                Some(found) if kind.is_none() => {
                    let note = self.note(found, |word| reason(word) == Some(found));
                    self.text(vec![note])
                }
                _ => self.converted(CellType::Numbers, CellFormat::Number(format.clone()), |word| {
                    format.parse(word.as_bytes()).filter(|value| value.is_finite())
                }),
            };
        }
        let (date, n_dates) =
            if kind == Some(ColumnKind::Number) { (None, 0) } else { self.date_format(kind) };
        match date {
            Some(Err(AmbiguousDates { patterns })) => {
                let note = self.note(NoteReason::AmbiguousDates(patterns), |_| true);
                return self.text(vec![note]);
            }
            Some(Ok(format)) if self.are_enough(n_dates) => {
                return self.converted(CellType::Dates, CellFormat::Date(format.clone()), |word| {
                    format.parse(word.as_bytes())
                });
            }
            _ => {}
        }
        let (cell_type, n) = if n_dates > n_numbers || kind == Some(ColumnKind::Date) {
            (CellType::Dates, n_dates)
        } else {
            (CellType::Numbers, n_numbers)
        };
        let mut notes = Vec::new();
        if 2 * n >= self.n_present || matches!(kind, Some(ColumnKind::Number | ColumnKind::Date)) {
            let number = self.number_format().0.unwrap_or_default();
            let date = self.date_format(kind).0.and_then(Result::ok).unwrap_or_default();
            notes.push(self.note(NoteReason::Mixed(cell_type), |word| match cell_type {
                CellType::Dates => date.parse(word.as_bytes()).is_none(),
                _ => number.parse(word.as_bytes()).is_none(),
            }));
        }
        self.text(notes)
    }

    /// Returns the notation that fits the most numbers, and the number of their cells.
    fn number_format(&self) -> (Option<NumberFormat>, usize) {
        let is_plain = |(word, _): &(&str, usize)| plain(word.as_bytes()).is_some();
        let n_plain = self.words().filter(is_plain).map(|(_, n)| n).sum();
        if self.are_enough(n_plain) && self.options.decimal_comma != Some(true) {
            return (Some(NumberFormat::default()), n_plain);
        }
        let decimals: &[char] = match self.options.decimal_comma {
            None => &['.', ','],
            Some(true) => &[','],
            Some(false) => &['.'],
        };
        let found = NumberFormat::find(&self.words(), decimals);
        found.map_or((None, 0), |(format, n)| (Some(format), n.max(n_plain)))
    }

    /// Returns the notation that fits the most dates, and the number of their cells.
    fn date_format(&self, kind: Option<ColumnKind>) -> (Option<Result<DateFormat, AmbiguousDates>>, usize) {
        for dates in &self.options.dates {
            let is_date = |(word, _): &(&str, usize)| dates.parse(word.as_bytes()).is_some();
            let n = self.words().filter(is_date).map(|(_, n)| n).sum();
            if self.are_enough(n) {
                return (Some(Ok(dates.clone())), n);
            }
        }
        let digits = match kind {
            Some(ColumnKind::Date) => EightDigits::AreDates,
            _ => EightDigits::AreNumbers,
        };
        match DateFormat::find(&self.words(), digits) {
            Ok(None) => (None, 0),
            Ok(Some((format, n))) => (Some(Ok(format)), n),
            Err(ambiguous) => (Some(Err(ambiguous)), 0),
        }
    }

    /// Returns a note on the cells whose words satisfy a condition.
    fn note(&self, reason: NoteReason, concerns: impl Fn(&str) -> bool) -> ColumnNote {
        let is_concerned: Vec<bool> =
            self.strings.words.iter().map(|word| !self.is_mark(word) && concerns(word)).collect();
        self.note_on(reason, &is_concerned)
    }

    fn note_on(&self, reason: NoteReason, is_concerned: &[bool]) -> ColumnNote {
        let cells = self.strings.codes.iter().enumerate();
        let cells = cells.filter(|(_, code)| is_concerned.get(**code as usize).copied().unwrap_or(false));
        let first = cells.take(ColumnNote::MAX_FIRST);
        let first =
            first.map(|(row, code)| ((self.place)(row), shortened(&self.strings.words[*code as usize])));
        let n_cells = self.counts.iter().zip(is_concerned).filter(|(_, is)| **is).map(|(n, _)| *n).sum();
        ColumnNote { reason, n_cells, first: first.collect() }
    }

    /// Returns the column as text.
    fn text(mut self, mut notes: Vec<ColumnNote>) -> Interpreted {
        let missing = MissingTexts { marks: self.options.text_marks, texts: self.options.texts.clone() };
        let is_missing: Vec<bool> =
            self.strings.words.iter().map(|word| missing.contains(word.as_bytes())).collect();
        if is_missing.contains(&true) {
            let note = self.note_on(NoteReason::Na, &is_missing);
            notes.extend((note.n_cells > 0).then_some(note));
            self.strings.remove_words(&is_missing);
        }
        let format = ColumnFormat { cells: CellFormat::Text, missing };
        Interpreted { values: Values::Strings(self.strings), format, notes }
    }

    /// Returns the column as numbers or dates. Words that are neither values nor marks become
    /// missing.
    fn converted(
        self,
        cell_type: CellType,
        cells: CellFormat,
        value: impl Fn(&str) -> Option<f64>,
    ) -> Interpreted {
        let is_mark: Vec<bool> = self.strings.words.iter().map(|word| self.is_mark(word)).collect();
        let values: Vec<Option<f64>> = self
            .strings
            .words
            .iter()
            .zip(&is_mark)
            .map(|(word, is_mark)| if *is_mark { None } else { value(word) })
            .collect();
        let is_other: Vec<bool> =
            values.iter().zip(&is_mark).map(|(value, is_mark)| value.is_none() && !is_mark).collect();
        let mut notes = Vec::new();
        if self.options.cells == CellOrigin::Typed {
            let is_value: Vec<bool> = values.iter().map(Option::is_some).collect();
            notes.push(self.note_on(NoteReason::InStrings(cell_type), &is_value));
        }
        for (reason, concerned) in
            [(NoteReason::Unreadable(cell_type), &is_other), (NoteReason::Mark, &is_mark)]
        {
            let note = self.note_on(reason, concerned);
            notes.extend((note.n_cells > 0).then_some(note));
        }
        let others = self.strings.words.iter().zip(&is_other).filter(|(_, is_other)| **is_other);
        let others = others.map(|(word, _)| word.clone()).take(MAX_TEXTS);
        let texts = self.options.texts.iter().cloned().chain(others).collect();
        let cell = |code: &u32| values.get(*code as usize).copied().flatten().unwrap_or(f64::NAN);
        let numbers: Vec<f64> = self.strings.codes.iter().map(cell).collect();
        let format = ColumnFormat { cells, missing: MissingTexts { marks: self.options.marks, texts } };
        let values =
            if cell_type == CellType::Dates { Values::Dates(numbers) } else { Values::Numbers(numbers) };
        Interpreted { values, format, notes }
    }
}

/// Shortens a text for a message.
fn shortened(text: &str) -> String {
    const MAX_SHOWN: usize = 40;
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(kind: Option<ColumnKind>) -> InferenceOptions {
        InferenceOptions { kind, text_marks: Marks::Na, ..InferenceOptions::default() }
    }

    fn interpreted(cells: &[&str], kind: Option<ColumnKind>) -> Interpreted {
        let strings = cells.iter().map(|cell| Some(*cell).filter(|cell| !cell.is_empty())).collect();
        let place = |row| format!("row {row}");
        interpret(Values::Strings(strings), ColumnFormat::text(Vec::new()), &options(kind), &place)
    }

    /// `n` numbers, followed by other cells.
    fn numbers_and(n: usize, others: &[&str]) -> Vec<String> {
        (0..n).map(|i| format!("{i}.5")).chain(others.iter().map(|cell| (*cell).to_owned())).collect()
    }

    fn read(cells: &[String], kind: Option<ColumnKind>) -> Interpreted {
        interpreted(&cells.iter().map(String::as_str).collect::<Vec<_>>(), kind)
    }

    #[test]
    fn a_few_other_texts_in_a_column_of_numbers_are_missing() {
        let found = read(&numbers_and(38, &["1O.5", "-", "x"]), None);
        assert_eq!(found.values.n_missing(), 3);
        let reasons: Vec<_> = found.notes.iter().map(|note| (note.reason, note.n_cells)).collect();
        assert_eq!(reasons, [(NoteReason::Unreadable(CellType::Numbers), 2), (NoteReason::Mark, 1)]);
        assert_eq!(
            found.notes[0].first,
            [("row 38".to_owned(), "1O.5".to_owned()), ("row 40".to_owned(), "x".to_owned())]
        );
        assert_eq!(found.format.missing.texts, ["1O.5", "x"]);
        // Less than 95 %.
        let found = read(&numbers_and(37, &["1O.5", "x"]), None);
        assert!(matches!(found.values, Values::Strings(_)));
        assert_eq!(found.notes[0].reason, NoteReason::Mixed(CellType::Numbers));
    }

    #[test]
    fn numbers_that_may_be_identifiers_are_text_unless_specified() {
        for (cells, reason) in [
            (["01", "2", "30"], NoteReason::Padded),
            (["9007199254740993", "2", "30"], NoteReason::LongIntegers),
        ] {
            let found = interpreted(&cells, None);
            assert!(matches!(found.values, Values::Strings(_)));
            assert_eq!(found.notes[0].reason, reason);
            assert!(matches!(interpreted(&cells, Some(ColumnKind::Number)).values, Values::Numbers(_)));
        }
    }

    #[test]
    fn marks_are_missing_in_numbers_and_kept_in_text() {
        let found = interpreted(&["a", "none", "NA", ""], None);
        assert_eq!(
            found.values,
            Values::Strings([Some("a"), Some("none"), None, None].into_iter().collect())
        );
        assert_eq!(found.notes[0].reason, NoteReason::Na);
        // A column of marks alone is text.
        let found = interpreted(&["-", "none"], None);
        assert_eq!(found.values.n_missing(), 0);
        let found = interpreted(&["1,5", "none", "\\N"], None);
        assert!(matches!(&found.values, Values::Numbers(v) if v[0] == 1.5 && v[1].is_nan() && v[2].is_nan()));
    }

    #[test]
    fn booleans_are_text() {
        let found = interpreted(&["true", "TRUE", "F", "no", "1"], None);
        assert!(matches!(found.values, Values::Strings(_)) && found.notes.is_empty());
    }

    #[test]
    fn dates_are_found_or_specified() {
        let found = interpreted(&["31.12.2022", "NaT", "1.1.2023 12:00"], None);
        assert!(matches!(&found.values, Values::Dates(v) if v[0] == 19_357.0 && v[1].is_nan()));
        let found = interpreted(&["01/02/2022"], None);
        assert!(matches!(found.notes[0].reason, NoteReason::AmbiguousDates(_)));
        let numbers = Values::Numbers(vec![20_220_131.0, f64::NAN]);
        let found = interpret(numbers, ColumnFormat::default(), &options(Some(ColumnKind::Date)), &|row| {
            row.to_string()
        });
        assert!(matches!(&found.values, Values::Dates(v) if v[0] == 19_023.0 && v[1].is_nan()));
    }
}
