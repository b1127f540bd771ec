//! Encoding of a column as one or more inputs of a network, fitted on the training rows.

use std::collections::HashMap;
use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use super::TrainingRows;
use super::scale::{Scale, Scaling};
use crate::kind::{are_truth_values, opposite_word, truth_spellings, truth_value};
use crate::{
    CellFormat, CellType, Column, ColumnFormat, ColumnKind, Error, MISSING, Marks, MissingTexts, Problem,
    Table, Values,
};

/// A column and its encoding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// Name of the column.
    pub column: String,
    /// Encoding of the column.
    pub how: Encoding,
    /// Whether there is an additional input that is 1 for missing cells. It is present if the
    /// column had missing cells in the training rows.
    #[serde(rename = "says_missing")]
    pub has_missing_indicator: bool,
    /// How the cells are read; `None` in models of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<ColumnFormat>,
}

/// The encoding of a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Encoding {
    /// A scaled number.
    Number {
        /// Scale fitted on the training rows.
        scale: Scale,
        /// Value used for missing cells: the median of the training rows.
        fill: f64,
    },
    /// A date as a scaled number of days since 1970, optionally with cyclical features.
    Date {
        /// Scale of the days, fitted on the training rows.
        scale: Scale,
        /// Days used for missing cells: the median of the training rows.
        fill: f64,
        /// Whether there are additional inputs with the sine and cosine of the time of year, the
        /// day of the week and the time of day.
        parts: bool,
    },
    /// -1 for false, 1 for true, 0 for missing or unknown values.
    Boolean {
        /// Words for false and true.
        words: [String; 2],
    },
    /// One-hot encoding: one input per category. If there are rare categories, an additional input
    /// is 1 for them and for unknown categories.
    Category {
        /// Categories with an input of their own, most frequent first.
        words: Vec<String>,
        /// Rare categories, which share an input.
        rare: Vec<String>,
    },
}

/// Minimum number of training rows for a category to have an input of its own.
const MIN_COUNT: usize = 5;
/// Maximum number of categories with an input of their own.
const MAX_WORDS: usize = 64;
/// Maximum number of categories of a column.
pub(super) const MAX_CATEGORIES: usize = 10_000;

impl Encoding {
    /// Returns the name of the column kind.
    pub fn name(&self) -> &'static str {
        match self {
            Encoding::Number { .. } => "number",
            Encoding::Date { .. } => "date",
            Encoding::Boolean { .. } => "boolean",
            Encoding::Category { .. } => "category",
        }
    }
}

impl Input {
    /// Fits the encoding of a column on the given rows of its table.
    pub(super) fn fit(
        table: &Table,
        column: &Column,
        kind: ColumnKind,
        training: TrainingRows<'_>,
        scaling: Scaling,
        date_parts: bool,
    ) -> Result<Input, Error> {
        let rows = training.rows;
        // Without scaling, 0 and 1 stay as they are.
        let kind = match (kind, &column.values) {
            (ColumnKind::Boolean, Values::Numbers(_)) if scaling == Scaling::None => ColumnKind::Number,
            (kind, _) => kind,
        };
        let mut format = column.format.clone();
        let (how, has_missing_indicator) = match (kind, &column.values) {
            (ColumnKind::Number, Values::Numbers(values)) | (ColumnKind::Date, Values::Dates(values)) => {
                let present_rows: Vec<usize> =
                    rows.iter().copied().filter(|i| !values[*i].is_nan()).collect();
                let present: Vec<f64> = present_rows.iter().map(|i| values[*i]).collect();
                let weights = training.weights_of(&present_rows);
                let (scale, fill) = Scale::fit(present.clone(), weights.as_deref(), scaling);
                let how = match kind {
                    ColumnKind::Date => Encoding::Date { scale, fill, parts: date_parts },
                    _ => Encoding::Number { scale, fill },
                };
                (how, present.len() < rows.len())
            }
            (kind, values) => {
                let (words, n_missing) = word_counts(values, rows);
                let how = if kind == ColumnKind::Boolean {
                    // Another table may have true and false instead of 0 and 1.
                    format.cells = CellFormat::Text;
                    Encoding::Boolean { words: false_and_true(words) }
                } else {
                    let n_words = words.len();
                    if n_words > MAX_CATEGORIES {
                        let problem = Problem::TooManyCategories { got: n_words, max: MAX_CATEGORIES };
                        return Err(Error::new(&table.path, problem).column(column.name.clone()));
                    }
                    category_encoding(words)
                };
                (how, n_missing > 0)
            }
        };
        Ok(Input { column: column.name.clone(), how, has_missing_indicator, format: Some(format) })
    }

    /// Returns whether the numbers of the column are used as they are.
    pub fn is_unchanged(&self) -> bool {
        match &self.how {
            Encoding::Number { scale, .. } | Encoding::Date { scale, .. } => {
                scale.shift == 0.0 && scale.by == 1.0 && !scale.bent
            }
            Encoding::Boolean { .. } | Encoding::Category { .. } => false,
        }
    }

    /// Returns the number of inputs.
    pub fn width(&self) -> usize {
        let n_values = match &self.how {
            Encoding::Number { .. } | Encoding::Boolean { .. } | Encoding::Date { parts: false, .. } => 1,
            Encoding::Date { parts: true, .. } => 7,
            Encoding::Category { words, rare } => words.len() + usize::from(!rare.is_empty()),
        };
        n_values + usize::from(self.has_missing_indicator)
    }

    /// Returns the names of the inputs, for example `age`, `town=Bern`, `town=(others)` and
    /// `age=(missing)`.
    pub fn names(&self) -> Vec<String> {
        let column = &self.column;
        let mut names = match &self.how {
            Encoding::Number { .. } | Encoding::Boolean { .. } | Encoding::Date { parts: false, .. } => {
                vec![column.clone()]
            }
            Encoding::Date { parts: true, .. } => [
                "",
                " (year, sine)",
                " (year, cosine)",
                " (week, sine)",
                " (week, cosine)",
                " (day, sine)",
                " (day, cosine)",
            ]
            .map(|part| format!("{column}{part}"))
            .to_vec(),
            Encoding::Category { words, rare } => {
                let others = (!rare.is_empty()).then(|| format!("{column}=(others)"));
                words.iter().map(|word| format!("{column}={word}")).chain(others).collect()
            }
        };
        names.extend(self.has_missing_indicator.then(|| format!("{column}=(missing)")));
        names
    }

    /// Returns the kind and the scale of each input that is the number or the date itself, in the
    /// order of [`names`](Input::names); `None` for inputs without a unit, such as categories and
    /// cyclical features.
    pub fn scales(&self) -> Vec<Option<(ColumnKind, Scale)>> {
        let mut scales = vec![None; self.width()];
        match self.how {
            Encoding::Number { scale, .. } => scales[0] = Some((ColumnKind::Number, scale)),
            Encoding::Date { scale, .. } => scales[0] = Some((ColumnKind::Date, scale)),
            Encoding::Boolean { .. } | Encoding::Category { .. } => {}
        }
        scales
    }

    /// Returns the format to read the column with.
    pub fn format(&self) -> ColumnFormat {
        self.format.clone().unwrap_or_else(|| match &self.how {
            Encoding::Number { .. } => CellType::Numbers.into(),
            Encoding::Date { .. } => CellType::Dates.into(),
            Encoding::Boolean { words } => former_text_format(words),
            Encoding::Category { words, rare } => former_format(words.iter().chain(rare)),
        })
    }

    /// Returns the numbers that mark missing cells, such as -999.
    pub fn missing_numbers(&self) -> Vec<f64> {
        self.format.iter().flat_map(|format| format.missing.numbers()).collect()
    }

    /// Returns the words that the encoding matches, each with its index among its categories: the
    /// categories themselves, and for words for true and false also their other spellings.
    pub fn spellings(&self) -> Vec<(String, usize)> {
        let words: Vec<&String> = match &self.how {
            Encoding::Number { .. } | Encoding::Date { .. } => Vec::new(),
            Encoding::Boolean { words } => words.iter().collect(),
            Encoding::Category { words, .. } => words.iter().collect(),
        };
        let own = words.iter().enumerate().map(|(k, word)| ((*word).clone(), k));
        let is_boolean = matches!(self.how, Encoding::Boolean { .. });
        let has_spellings = is_boolean && are_truth_values(words.iter().map(|word| word.as_str()));
        let others = if has_spellings { truth_spellings() } else { Vec::new() };
        let others = others.into_iter().map(|(word, value)| (word, usize::from(value)));
        let others = others.filter(|(word, _)| !words.contains(&word));
        own.chain(others).collect()
    }

    /// Writes the inputs of the given rows to the rows of `x`, which have length `stride` and
    /// contain zeros, starting at column `first`. Returns the number of cells without a counterpart
    /// in the training rows: unknown categories, and missing cells if no training cell was missing.
    ///
    /// # Panics
    /// Panics if the cells were not read with the [`format`](Input::format).
    pub(super) fn encode(
        &self,
        cells: &InputCells<'_>,
        rows: impl Iterator<Item = usize>,
        x: &mut [f64],
        first: usize,
        stride: usize,
    ) -> u64 {
        let indicator = first + self.width() - 1;
        let mut n_unseen = 0;
        for (i, row) in rows.zip(x.chunks_exact_mut(stride)) {
            match self.encode_cell(cells, i, &mut row[first..]) {
                CellStatus::Known => {}
                CellStatus::Missing if self.has_missing_indicator => row[indicator] = 1.0,
                CellStatus::Missing | CellStatus::Unseen => n_unseen += 1,
            }
        }
        n_unseen
    }

    /// Writes the inputs of one cell, except the missing indicator.
    fn encode_cell(&self, cells: &InputCells<'_>, i: usize, row: &mut [f64]) -> CellStatus {
        match (&self.how, cells) {
            (
                Encoding::Number { scale, fill } | Encoding::Date { scale, fill, .. },
                InputCells::Numbers(values),
            ) => {
                let missing = values[i].is_nan();
                let v = if missing { *fill } else { values[i] };
                row[0] = scale.apply(v);
                if let Encoding::Date { parts: true, .. } = self.how {
                    for (k, period) in [365.2425, 7.0, 1.0].into_iter().enumerate() {
                        (row[1 + 2 * k], row[2 + 2 * k]) = (TAU * (v / period).fract()).sin_cos();
                    }
                }
                if missing { CellStatus::Missing } else { CellStatus::Known }
            }
            (Encoding::Boolean { .. }, InputCells::Categories { codes, categories }) => {
                match codes.get(i, categories) {
                    Some(CategoryMatch::Known(k)) => {
                        row[0] = if k == 1 { 1.0 } else { -1.0 };
                        CellStatus::Known
                    }
                    Some(_) => CellStatus::Unseen,
                    None => CellStatus::Missing,
                }
            }
            (Encoding::Category { words, rare }, InputCells::Categories { codes, categories }) => {
                match codes.get(i, categories) {
                    Some(CategoryMatch::Known(k)) => {
                        row[k.min(words.len())] = 1.0;
                        CellStatus::Known
                    }
                    Some(CategoryMatch::Unknown) => {
                        if !rare.is_empty() {
                            row[words.len()] = 1.0;
                        }
                        CellStatus::Unseen
                    }
                    None => CellStatus::Missing,
                }
            }
            _ => panic!("the column was read with the cell type of the input"),
        }
    }

    /// Prepares the cells of a column for encoding.
    pub(super) fn cells<'t>(&self, values: &'t Values) -> InputCells<'t> {
        let categories: Vec<&String> = match &self.how {
            Encoding::Number { .. } | Encoding::Date { .. } => match values {
                Values::Numbers(values) | Values::Dates(values) => return InputCells::Numbers(values),
                Values::Strings(_) => panic!("the column was read with the cell type of the input"),
            },
            Encoding::Boolean { words } => words.iter().collect(),
            Encoding::Category { words, rare } => words.iter().chain(rare).collect(),
        };
        let indices: HashMap<&str, usize> =
            categories.iter().enumerate().map(|(k, word)| (word.as_str(), k)).collect();
        let is_boolean = matches!(self.how, Encoding::Boolean { .. })
            && are_truth_values(categories.iter().map(|word| word.as_str()));
        let find = |word: &str| match indices.get(word) {
            Some(k) => CategoryMatch::Known(*k),
            // True and false match in any spelling.
            None => match truth_value(word).filter(|_| is_boolean) {
                Some(value) => CategoryMatch::Known(usize::from(value)),
                None => CategoryMatch::Unknown,
            },
        };
        match values {
            Values::Strings(texts) => InputCells::Categories {
                codes: CategoryCodes::Borrowed(&texts.codes),
                categories: texts.words.iter().map(|word| find(word)).collect(),
            },
            Values::Numbers(values) | Values::Dates(values) => {
                let mut categories = Vec::new();
                let mut codes = HashMap::new();
                let code = |v: &f64| {
                    if v.is_nan() {
                        return MISSING;
                    }
                    *codes.entry(v.to_bits()).or_insert_with(|| {
                        categories.push(find(&(v + 0.0).to_string()));
                        categories.len() as u32 - 1
                    })
                };
                let codes = values.iter().map(code).collect();
                InputCells::Categories { codes: CategoryCodes::Owned(codes), categories }
            }
        }
    }
}

/// The relation of a cell to the training rows.
enum CellStatus {
    Known,
    Missing,
    Unseen,
}

/// The cells of a column: numbers, or codes of strings with the category of each code.
pub(super) enum InputCells<'t> {
    Numbers(&'t [f64]),
    Categories { codes: CategoryCodes<'t>, categories: Vec<CategoryMatch> },
}

/// The codes of strings: those of the table, or new ones for numbers used as categories.
pub(super) enum CategoryCodes<'t> {
    Borrowed(&'t [u32]),
    Owned(Vec<u32>),
}

/// A category: its index among those of the training rows, or unknown.
#[derive(Clone, Copy)]
pub(super) enum CategoryMatch {
    Known(usize),
    Unknown,
}

impl CategoryCodes<'_> {
    fn get(&self, i: usize, categories: &[CategoryMatch]) -> Option<CategoryMatch> {
        let code = match self {
            CategoryCodes::Borrowed(codes) => codes[i],
            CategoryCodes::Owned(codes) => codes[i],
        };
        (code != MISSING).then(|| categories[code as usize])
    }
}

/// Counts the rows of each category and the missing cells among the given rows.
fn word_counts(values: &Values, rows: &[usize]) -> (Vec<(String, usize)>, usize) {
    let mut n_missing = 0;
    let mut categories: Vec<(String, usize)> = match values {
        Values::Strings(texts) => {
            let mut counts = vec![0; texts.words.len()];
            for i in rows {
                match texts.codes[*i] {
                    MISSING => n_missing += 1,
                    code => counts[code as usize] += 1,
                }
            }
            texts.words.iter().cloned().zip(counts).collect()
        }
        Values::Numbers(values) | Values::Dates(values) => {
            let mut counts: HashMap<u64, usize> = HashMap::new();
            for i in rows {
                match values[*i] {
                    v if v.is_nan() => n_missing += 1,
                    v => *counts.entry(v.to_bits()).or_default() += 1,
                }
            }
            counts.into_iter().map(|(bits, n)| (f64::from_bits(bits).to_string(), n)).collect()
        }
    };
    categories.retain(|(_, n)| *n > 0);
    // Most frequent first, with ties in alphabetical order to be deterministic.
    categories.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    (categories, n_missing)
}

/// Returns the words for false and true, given all words with the most frequent first: for truth
/// values the most frequent spelling of each, for other words the first two in alphabetical order.
fn false_and_true(words: Vec<(String, usize)>) -> [String; 2] {
    let mut words: Vec<String> = words.into_iter().map(|(word, _)| word).collect();
    let spelling = |value| words.iter().find(|word| truth_value(word) == Some(value)).cloned();
    match [spelling(false), spelling(true)] {
        [Some(no), Some(yes)] => return [no, yes],
        // Only one of the two values occurs in the training rows.
        [Some(no), None] if words.len() == 1 => return [no.clone(), opposite_word(&no)],
        [None, Some(yes)] if words.len() == 1 => return [opposite_word(&yes), yes],
        _ => {}
    }
    words.sort();
    let mut words = words.into_iter();
    match (words.next(), words.next()) {
        (Some(no), Some(yes)) => [no, yes],
        (Some(word), None) => [word, "1".to_owned()],
        _ => ["0".to_owned(), "1".to_owned()],
    }
}

/// Returns the format of a column of categories for a model that does not store one: numbers if all
/// categories are numbers, otherwise text.
pub(super) fn former_format<'w>(words: impl Iterator<Item = &'w String> + Clone) -> ColumnFormat {
    let is_number = |word: &String| word.parse::<f64>().is_ok_and(|v| v.to_string() == *word);
    if words.clone().all(is_number) && words.clone().next().is_some() {
        return CellType::Numbers.into();
    }
    former_text_format(words)
}

/// Returns the format of text for a model that does not store one, with the marks of missing cells
/// that were usual in earlier versions.
fn former_text_format<'w>(words: impl IntoIterator<Item = &'w String>) -> ColumnFormat {
    let words: Vec<&String> = words.into_iter().collect();
    let marks = ["?", "n/a", "N/A", "null", "NULL", "Null", "na", "Na", "nan", "NAN"];
    let texts = marks.map(str::to_owned).into_iter().filter(|mark| !words.contains(&mark)).collect();
    ColumnFormat { cells: CellFormat::Text, missing: MissingTexts { marks: Marks::Na, texts } }
}

/// Divides categories into those with an input of their own and rare ones.
fn category_encoding(mut words: Vec<(String, usize)>) -> Encoding {
    let n_frequent = words.iter().take(MAX_WORDS).take_while(|(_, n)| *n >= MIN_COUNT).count();
    // A single rare category need not share an input, and if all are rare, the table is small.
    let keep_rare = words.len() <= n_frequent + 1 || n_frequent == 0;
    let n_own = if keep_rare { words.len().min(MAX_WORDS) } else { n_frequent };
    let rare = words.split_off(n_own).into_iter().map(|(word, _)| word).collect();
    Encoding::Category { words: words.into_iter().map(|(word, _)| word).collect(), rare }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequent_categories_have_inputs_of_their_own() {
        let words =
            |counts: &[usize]| counts.iter().enumerate().map(|(k, n)| (format!("w{k}"), *n)).collect();
        let n = |counts: &[usize]| match category_encoding(words(counts)) {
            Encoding::Category { words, rare } => (words.len(), rare.len()),
            _ => unreachable!(),
        };
        assert_eq!(n(&[50, 20, 3, 2, 1]), (2, 3));
        assert_eq!(n(&[50, 20, 3]), (3, 0));
        assert_eq!(n(&[2, 1, 1]), (3, 0));
        assert_eq!(n(&[9; 100]), (64, 36));
    }
}
