//! One column of a table as one or more inputs of a network: fitted on the rows of the training, applied to any.

use std::collections::HashMap;
use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use super::scale::{Scale, Scaling};
use crate::kind::yes_and_no;
use crate::{CellType, Column, ColumnKind, Error, MISSING, Problem, Table, Values};

/// A column with how it becomes inputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// The column's name.
    pub column: String,
    /// What is done with it.
    pub how: Encoding,
    /// Whether one more input says, by 1, that the cell is missing: where cells of the training were.
    pub says_missing: bool,
}

/// What is done with a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Encoding {
    /// A number, moved and scaled; a missing one is the median of the training.
    Number {
        /// What is done, and by what.
        scale: Scale,
        /// What a missing one is taken for.
        fill: f64,
    },
    /// A date as its days since 1970, as a number is; with `parts`, as places in the year, the week and the day as well.
    Date {
        /// What is done to the days, and by what.
        scale: Scale,
        /// What a missing one is taken for.
        fill: f64,
        /// Whether sine and cosine of the place in year, week and day are inputs too.
        parts: bool,
    },
    /// -1 for no, 1 for yes, 0 for what is missing or neither.
    Boolean {
        /// The cells that mean no and yes.
        words: [String; 2],
    },
    /// An input for each word, 1 where the cell is that word and else 0; one more for all other words, where the training had
    /// words too rare for one of their own.
    Category {
        /// The words, most frequent first.
        words: Vec<String>,
        /// The rare words of the training.
        rare: Vec<String>,
    },
}

/// A word that fewer rows of the training have is rare.
const RARE: usize = 5;
/// So many words have an input of their own at most.
const MAX_WORDS: usize = 64;
/// A column of more different words is refused.
pub(super) const MAX_CATEGORIES: usize = 10_000;

impl Encoding {
    /// What the column is, in a word.
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
    /// Fits the input of a column on the rows `rows` of its table.
    pub(super) fn fit(
        table: &Table,
        column: &Column,
        kind: ColumnKind,
        rows: &[usize],
        scaling: Scaling,
        date_parts: bool,
    ) -> Result<Input, Error> {
        let (how, says_missing) = match (kind, &column.values) {
            (ColumnKind::Number, Values::Numbers(values)) | (ColumnKind::Date, Values::Dates(values)) => {
                let present: Vec<f64> = rows.iter().map(|i| values[*i]).filter(|v| !v.is_nan()).collect();
                let (scale, fill) = Scale::fit(present.clone(), scaling);
                let how = match kind {
                    ColumnKind::Date => Encoding::Date { scale, fill, parts: date_parts },
                    _ => Encoding::Number { scale, fill },
                };
                (how, present.len() < rows.len())
            }
            (kind, values) => {
                let (words, n_missing) = words(values, rows);
                let how = if kind == ColumnKind::Boolean {
                    Encoding::Boolean { words: no_and_yes(words) }
                } else {
                    let n_words = words.len();
                    if n_words > MAX_CATEGORIES {
                        let problem = Problem::TooManyCategories { got: n_words, most: MAX_CATEGORIES };
                        return Err(Error::new(&table.path, problem).column(column.name.clone()));
                    }
                    kept(words)
                };
                (how, n_missing > 0)
            }
        };
        Ok(Input { column: column.name.clone(), how, says_missing })
    }

    /// How many inputs the column becomes.
    pub fn width(&self) -> usize {
        let own = match &self.how {
            Encoding::Number { .. } | Encoding::Boolean { .. } | Encoding::Date { parts: false, .. } => 1,
            Encoding::Date { parts: true, .. } => 7,
            Encoding::Category { words, rare } => words.len() + usize::from(!rare.is_empty()),
        };
        own + usize::from(self.says_missing)
    }

    /// What the inputs are called: `age`, `town=Bern`, `town=(others)`, `age=(missing)`.
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
        names.extend(self.says_missing.then(|| format!("{column}=(missing)")));
        names
    }

    /// For each of the inputs, in the order of [`names`](Input::names): whether it is the number or the date itself, and then on
    /// which scale; none for words, places in the year and the like, which have no unit.
    pub fn scales(&self) -> Vec<Option<(ColumnKind, Scale)>> {
        let mut scales = vec![None; self.width()];
        match self.how {
            Encoding::Number { scale, .. } => scales[0] = Some((ColumnKind::Number, scale)),
            Encoding::Date { scale, .. } => scales[0] = Some((ColumnKind::Date, scale)),
            Encoding::Boolean { .. } | Encoding::Category { .. } => {}
        }
        scales
    }

    /// What the column is to be read as.
    pub fn wants(&self) -> CellType {
        match self.how {
            Encoding::Number { .. } => CellType::Numbers,
            Encoding::Date { .. } => CellType::Dates,
            Encoding::Boolean { .. } | Encoding::Category { .. } => CellType::Strings,
        }
    }

    /// Writes the inputs of some rows into the rows of `x`, which are `stride` long and hold zeros, from their place `place` on;
    /// says how many cells were such as the training had none: new words, or missing where none was.
    ///
    /// # Panics
    /// When the column holds something else than [`wants`](Input::wants).
    pub(super) fn encode(
        &self,
        cells: &Cells<'_>,
        rows: impl Iterator<Item = usize>,
        x: &mut [f64],
        place: usize,
        stride: usize,
    ) -> u64 {
        let says = place + self.width() - 1;
        let mut n_unseen = 0;
        for (i, row) in rows.zip(x.chunks_exact_mut(stride)) {
            match self.put(cells, i, &mut row[place..]) {
                Found::Known => {}
                Found::Missing if self.says_missing => row[says] = 1.0,
                Found::Missing | Found::Unseen => n_unseen += 1,
            }
        }
        n_unseen
    }

    /// Writes the inputs of one cell, but for that which says that it is missing.
    fn put(&self, cells: &Cells<'_>, i: usize, row: &mut [f64]) -> Found {
        match (&self.how, cells) {
            (
                Encoding::Number { scale, fill } | Encoding::Date { scale, fill, .. },
                Cells::Numbers(values),
            ) => {
                let missing = values[i].is_nan();
                let v = if missing { *fill } else { values[i] };
                row[0] = scale.apply(v);
                if let Encoding::Date { parts: true, .. } = self.how {
                    for (k, period) in [365.2425, 7.0, 1.0].into_iter().enumerate() {
                        (row[1 + 2 * k], row[2 + 2 * k]) = (TAU * (v / period).fract()).sin_cos();
                    }
                }
                if missing { Found::Missing } else { Found::Known }
            }
            (Encoding::Boolean { .. }, Cells::Words { codes, known }) => match codes.get(i, known) {
                Some(Word::Known(k)) => {
                    row[0] = if k == 1 { 1.0 } else { -1.0 };
                    Found::Known
                }
                Some(_) => Found::Unseen,
                None => Found::Missing,
            },
            (Encoding::Category { words, rare }, Cells::Words { codes, known }) => {
                match codes.get(i, known) {
                    Some(Word::Known(k)) => {
                        row[k.min(words.len())] = 1.0;
                        Found::Known
                    }
                    Some(Word::New) => {
                        if !rare.is_empty() {
                            row[words.len()] = 1.0;
                        }
                        Found::Unseen
                    }
                    None => Found::Missing,
                }
            }
            _ => panic!("a column is read as it is wanted"),
        }
    }

    /// A column's cells as they are encoded.
    pub(super) fn cells<'t>(&self, values: &'t Values) -> Cells<'t> {
        let all: Vec<&String> = match &self.how {
            Encoding::Number { .. } | Encoding::Date { .. } => match values {
                Values::Numbers(values) | Values::Dates(values) => return Cells::Numbers(values),
                Values::Strings(_) => panic!("a column is read as it is wanted"),
            },
            Encoding::Boolean { words } => words.iter().collect(),
            Encoding::Category { words, rare } => words.iter().chain(rare).collect(),
        };
        let places: HashMap<&str, usize> =
            all.iter().enumerate().map(|(k, word)| (word.as_str(), k)).collect();
        let find = |word: &str| match places.get(word) {
            Some(k) => Word::Known(*k),
            // Numbers as words: 1.0 is 1.
            None => match word.parse::<f64>().ok().and_then(|v| places.get(v.to_string().as_str())) {
                Some(k) => Word::Known(*k),
                None => Word::New,
            },
        };
        match values {
            Values::Strings(texts) => Cells::Words {
                codes: Codes::Strings(&texts.codes),
                known: texts.words.iter().map(|word| find(word)).collect(),
            },
            Values::Numbers(values) | Values::Dates(values) => {
                let mut known = Vec::new();
                let mut codes = HashMap::new();
                let code = |v: &f64| {
                    if v.is_nan() {
                        return MISSING;
                    }
                    *codes.entry(v.to_bits()).or_insert_with(|| {
                        known.push(find(&v.to_string()));
                        known.len() as u32 - 1
                    })
                };
                let codes = values.iter().map(code).collect();
                Cells::Words { codes: Codes::Own(codes), known }
            }
        }
    }
}

/// What became of a cell.
enum Found {
    Known,
    Missing,
    Unseen,
}

/// A column's cells: numbers, or codes of words with what each word is to the encoder.
pub(super) enum Cells<'t> {
    Numbers(&'t [f64]),
    Words { codes: Codes<'t>, known: Vec<Word> },
}

/// Codes of words, those of the table or made for numbers that are words.
pub(super) enum Codes<'t> {
    Strings(&'t [u32]),
    Own(Vec<u32>),
}

/// A word: its place among those of the training, or new.
#[derive(Clone, Copy)]
pub(super) enum Word {
    Known(usize),
    New,
}

impl Codes<'_> {
    fn get(&self, i: usize, known: &[Word]) -> Option<Word> {
        let code = match self {
            Codes::Strings(codes) => codes[i],
            Codes::Own(codes) => codes[i],
        };
        (code != MISSING).then(|| known[code as usize])
    }
}

/// The distinct words of some rows with how many have them, and how many cells are missing.
fn words(values: &Values, rows: &[usize]) -> (Vec<(String, usize)>, usize) {
    let mut n_missing = 0;
    let mut count: Vec<(String, usize)> = match values {
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
    count.retain(|(_, n)| *n > 0);
    // Most frequent first, and an order that nothing else decides.
    count.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    (count, n_missing)
}

/// The words that mean no and yes: by meaning, or else in their order.
fn no_and_yes(words: Vec<(String, usize)>) -> [String; 2] {
    let mut words: Vec<String> = words.into_iter().map(|(word, _)| word).collect();
    words.sort();
    if let Some([no, yes]) = yes_and_no(&words) {
        return [no.to_owned(), yes.to_owned()];
    }
    let mut words = words.into_iter();
    match (words.next(), words.next()) {
        (Some(no), Some(yes)) => [no, yes],
        // One of the two is not among the rows of the training.
        (Some(word), None) if word == "1" => ["0".to_owned(), word],
        (Some(word), None) => [word, "1".to_owned()],
        _ => ["0".to_owned(), "1".to_owned()],
    }
}

/// The words that have an input of their own, and the rare ones.
fn kept(mut words: Vec<(String, usize)>) -> Encoding {
    let frequent = words.iter().take(MAX_WORDS).take_while(|(_, n)| *n >= RARE).count();
    // One rare word would share its input with nobody; and where all are rare, the table is small.
    let n = if words.len() <= frequent + 1 || frequent == 0 { words.len().min(MAX_WORDS) } else { frequent };
    let rare = words.split_off(n).into_iter().map(|(word, _)| word).collect();
    Encoding::Category { words: words.into_iter().map(|(word, _)| word).collect(), rare }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn words_are_kept_while_they_are_frequent() {
        let words =
            |counts: &[usize]| counts.iter().enumerate().map(|(k, n)| (format!("w{k}"), *n)).collect();
        let n = |counts: &[usize]| match kept(words(counts)) {
            Encoding::Category { words, rare } => (words.len(), rare.len()),
            _ => unreachable!(),
        };
        assert_eq!(n(&[50, 20, 3, 2, 1]), (2, 3));
        assert_eq!(n(&[50, 20, 3]), (3, 0));
        assert_eq!(n(&[2, 1, 1]), (3, 0));
        assert_eq!(n(&[9; 100]), (64, 36));
    }
}
