//! Encoders convert the columns of a table to the inputs and targets of a network. They are fitted
//! on the training rows only, stored with the network, and applied to every table it predicts.

mod input;
mod scale;
mod target;
mod training_rows;

use serde::{Deserialize, Serialize};

pub use input::{Encoding, Input};
pub use scale::{Scale, Scaling};
pub use target::{Target, TargetScaling, Task};
pub use training_rows::TrainingRows;

use crate::{Column, ColumnFormat, ColumnKinds, Error, Table};

/// Options of the encoders.
///
/// | field | default | purpose |
/// |---|---|---|
/// | `scaling` | standard | scaling of numbers, and of dates as days |
/// | `target` | standard | scaling of regression targets |
/// | `date_parts` | never | cyclical features of dates (year, week, day) |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are documented in the table above")]
pub struct EncoderOptions {
    pub scaling: Scaling,
    pub target: TargetScaling,
    pub date_parts: DateParts,
}

/// Whether dates have cyclical features (time of year, day of the week, time of day) in addition to
/// their days since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DateParts {
    /// Days only.
    #[default]
    Never,
    /// Days and cyclical features.
    Always,
}

/// Encoders fitted on a table.
///
/// ```
/// use chainrule_table::{
///     Column, ColumnHints, ColumnKinds, EncoderOptions, Encoders, Strings, Table, Task, Values,
/// };
///
/// let towns = [Some("Bern"), Some("Turin"), Some("Bern"), Some("Lyon")];
/// let table = Table::new(vec![
///     Column::new("area", Values::Numbers(vec![50.0, 70.0, 90.0, f64::NAN])),
///     Column::new("town", Values::Strings(Strings::from_iter(towns))),
///     Column::new("price", Values::Numbers(vec![1.0, 2.0, 3.0, 2.5])),
/// ]);
/// let hints = ColumnHints { targets: vec!["price".to_owned()], ..ColumnHints::default() };
/// let kinds = ColumnKinds::find(&table, &hints)?;
/// let options = EncoderOptions::default();
/// let encoders =
///     Encoders::fit(&table, [0, 1, 2][..].into(), &kinds, &hints.targets, Some(Task::Regression), options)?;
/// assert_eq!(encoders.input_names(), ["area", "town=Bern", "town=Turin"]);
/// let (x, unseen) = encoders.encode(&table);
/// assert_eq!(x[..3], [-1.224744871391589, 1.0, 0.0]);
/// // Lyon and missing areas do not occur in the three training rows: all towns are 0, and the area
/// // is the median.
/// assert_eq!((&x[9..], &unseen[..]), (&[0.0, 0.0, 0.0][..], &[("area", 1), ("town", 1)][..]));
/// # Ok::<(), chainrule_table::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Encoders {
    /// Encodings of the input columns, in the order of the inputs.
    pub inputs: Vec<Input>,
    /// Encoding of the target columns.
    pub target: Target,
    /// How the cells of the target columns are read; empty in models of earlier versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub target_formats: Vec<ColumnFormat>,
}

/// Number of rows encoded at a time by one thread.
const TILE_ROWS: usize = 4096;

impl Encoders {
    /// Fits encoders on the training rows of a table. Without a task, the task is inferred from the
    /// targets.
    ///
    /// # Errors
    /// Returns [`Problem::NoColumn`] if a column does not exist, [`Problem::TooManyCategories`] if
    /// a categorical column has too many distinct values, and the errors of [`Target::fit`].
    ///
    /// [`Problem::NoColumn`]: crate::Problem::NoColumn
    /// [`Problem::TooManyCategories`]: crate::Problem::TooManyCategories
    pub fn fit(
        table: &Table,
        training: TrainingRows<'_>,
        kinds: &ColumnKinds,
        targets: &[String],
        task: Option<Task>,
        options: EncoderOptions,
    ) -> Result<Encoders, Error> {
        let target = Target::fit(table, training, targets, task, options.target)?;
        let date_parts = options.date_parts == DateParts::Always;
        let columns = table.columns_named(kinds.inputs.iter().map(|(name, _)| name.as_str()))?;
        let input = |((_, kind), column): (&(String, crate::ColumnKind), &Column)| {
            Input::fit(table, column, *kind, training, options.scaling, date_parts)
        };
        let inputs = kinds.inputs.iter().zip(columns).map(input).collect::<Result<_, _>>()?;
        let target_formats = target.fitted_formats(table)?;
        Ok(Encoders { inputs, target, target_formats })
    }

    /// Returns a column whose scale cannot be used, because it divides by 0 or is not finite. There
    /// is none after a fit, but there may be one in a file.
    pub fn unusable_scale(&self) -> Option<&str> {
        let is_usable = |shift: f64, by: f64| shift.is_finite() && by.is_finite() && by != 0.0;
        let input = self.inputs.iter().find(|input| match &input.how {
            Encoding::Number { scale, fill } | Encoding::Date { scale, fill, .. } => {
                !is_usable(scale.shift, scale.by) || !fill.is_finite()
            }
            Encoding::Boolean { .. } | Encoding::Category { .. } => false,
        });
        let target = match &self.target {
            Target::Numbers { columns, scales } => {
                let mut scaled = columns.iter().zip(scales);
                scaled.find(|(_, [mean, deviation])| !is_usable(*mean, *deviation)).map(|(column, _)| column)
            }
            Target::Classes { .. } | Target::Labels { .. } => None,
        };
        input.map(|input| input.column.as_str()).or(target.map(String::as_str))
    }

    /// Returns the number of inputs of the network.
    pub fn n_inputs(&self) -> usize {
        self.inputs.iter().map(Input::width).sum()
    }

    /// Returns the names of the inputs.
    pub fn input_names(&self) -> Vec<String> {
        self.inputs.iter().flat_map(Input::names).collect()
    }

    /// Returns the kind and the scale of each input that is a number or a date of the table; see
    /// [`Input::scales`].
    pub fn input_scales(&self) -> Vec<Option<(crate::ColumnKind, Scale)>> {
        self.inputs.iter().flat_map(Input::scales).collect()
    }

    /// Returns the input columns and the formats to read them with.
    pub fn formats(&self) -> Vec<(&str, ColumnFormat)> {
        self.inputs.iter().map(|input| (input.column.as_str(), input.format())).collect()
    }

    /// Returns the target columns and the formats to read them with.
    pub fn target_formats(&self) -> Vec<(&str, ColumnFormat)> {
        let columns = self.target.columns().iter().map(String::as_str);
        if self.target_formats.len() == self.target.columns().len() {
            return columns.zip(self.target_formats.iter().cloned()).collect();
        }
        columns.zip(self.target.former_formats()).collect()
    }

    /// Returns the inputs (n_rows, n_inputs), row-major, and for each column the number of cells
    /// without a counterpart in the training rows, if there are any: unknown categories, encoded as
    /// rare ones or as all zeros, and missing cells in a column without a missing indicator,
    /// encoded as the median or as all zeros.
    ///
    /// # Panics
    /// Panics if a column does not exist or was not read with its format in
    /// [`formats`](Encoders::formats).
    pub fn encode(&self, table: &Table) -> (Vec<f64>, Vec<(&str, u64)>) {
        self.encode_by(table, table.n_rows(), |i| i)
    }

    /// Encodes like [`encode`](Encoders::encode), but only the given rows, in the given order.
    ///
    /// # Panics
    /// Panics like [`encode`](Encoders::encode), and if a row is out of range.
    pub fn encode_rows(&self, table: &Table, rows: &[usize]) -> (Vec<f64>, Vec<(&str, u64)>) {
        self.encode_by(table, rows.len(), |i| rows[i])
    }

    /// Encodes `n_rows` rows, the i-th of which is row `row(i)` of the table.
    fn encode_by(
        &self,
        table: &Table,
        n_rows: usize,
        row: impl Fn(usize) -> usize + Sync,
    ) -> (Vec<f64>, Vec<(&str, u64)>) {
        let stride = self.n_inputs();
        let mut x = vec![0.0; n_rows * stride];
        let columns = table.columns_named(self.inputs.iter().map(|input| input.column.as_str()));
        let columns = columns.expect("the table has all input columns");
        let cells: Vec<_> =
            self.inputs.iter().zip(columns).map(|(input, column)| input.cells(&column.values)).collect();
        let encode = |from: usize, x: &mut [f64]| {
            let mut first = 0;
            let mut counts = Vec::with_capacity(self.inputs.len());
            for (input, cells) in self.inputs.iter().zip(&cells) {
                counts.push(input.encode(cells, (from..n_rows).map(&row), x, first, stride));
                first += input.width();
            }
            counts
        };
        let n_threads = chainrule::threads().min(n_rows.div_ceil(TILE_ROWS)).max(1);
        let per_thread = n_rows.div_ceil(n_threads * TILE_ROWS).max(1) * TILE_ROWS;
        let counts: Vec<Vec<u64>> = std::thread::scope(|scope| {
            let parts = x.chunks_mut(per_thread * stride.max(1)).enumerate();
            let threads: Vec<_> = parts
                .map(|(part, x)| {
                    let encode = &encode;
                    scope.spawn(move || {
                        // The inputs of a tile stay in the cache while all columns are written.
                        let tiles = x.chunks_mut(TILE_ROWS * stride).enumerate();
                        let counts = tiles.map(|(tile, x)| encode(part * per_thread + tile * TILE_ROWS, x));
                        counts
                            .reduce(|a, b| a.iter().zip(b).map(|(a, b)| a + b).collect())
                            .unwrap_or_default()
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().expect("encoding does not panic")).collect()
        });
        let total = |k: usize| counts.iter().map(|counts| counts[k]).sum::<u64>();
        let names = self.inputs.iter().enumerate().map(|(k, input)| (input.column.as_str(), total(k)));
        (x, names.filter(|(_, n)| *n > 0).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ColumnHints, ColumnKind, Strings, Values};

    #[test]
    fn encode_rows_agrees_with_encode() {
        // More rows than one tile.
        let n = 3 * TILE_ROWS + 5;
        let number = |i: usize| if i.is_multiple_of(7) { f64::NAN } else { (i * i % 101) as f64 };
        let table = Table::new(vec![
            Column::new("a", Values::Numbers((0..n).map(number).collect())),
            Column::new("w", Values::Strings((0..n).map(|i| Some(["x", "y", "z"][i % 3])).collect())),
            Column::new("t", Values::Numbers((0..n).map(|i| i as f64).collect())),
        ]);
        let hints = ColumnHints { targets: vec!["t".to_owned()], ..ColumnHints::default() };
        let kinds = ColumnKinds::find(&table, &hints).unwrap();
        let rows: Vec<usize> = (0..n).rev().step_by(2).collect();
        let options = EncoderOptions::default();
        let encoders = Encoders::fit(&table, rows[..].into(), &kinds, &hints.targets, None, options).unwrap();
        let ((all, _), (subset, _)) = (encoders.encode(&table), encoders.encode_rows(&table, &rows));
        let width = encoders.n_inputs();
        assert_eq!((width, subset.len()), (5, rows.len() * width));
        for (row, i) in subset.chunks(width).zip(&rows) {
            assert_eq!(row, &all[i * width..][..width]);
        }
    }

    #[test]
    fn numbers_and_days_have_a_scale_and_derived_inputs_have_none() {
        let towns = ["Bern", "Turin", "Bern", "Turin"].map(Some);
        let table = Table::new(vec![
            Column::new("town", Values::Strings(Strings::from_iter(towns))),
            Column::new("day", Values::Dates(vec![0.0, 10.0, f64::NAN, 20.0])),
            Column::new("area", Values::Numbers(vec![1.0, 2.0, 3.0, 6.0])),
            Column::new("price", Values::Numbers(vec![1.5, 2.5, 3.0, 4.0])),
        ]);
        let hints = ColumnHints { targets: vec!["price".to_owned()], ..ColumnHints::default() };
        let hints = ColumnHints { kinds: vec![("town".to_owned(), ColumnKind::Category)], ..hints };
        let kinds = ColumnKinds::find(&table, &hints).unwrap();
        let options = EncoderOptions {
            scaling: Scaling::MinMax,
            date_parts: DateParts::Always,
            ..EncoderOptions::default()
        };
        let encoders = Encoders::fit(
            &table,
            [0, 1, 2, 3][..].into(),
            &kinds,
            &hints.targets,
            Some(Task::Regression),
            options,
        )
        .unwrap();
        let (names, scales) = (encoders.input_names(), encoders.input_scales());
        assert_eq!(names.len(), scales.len());
        let scale = |shift, by| Scale { shift, by, bent: false };
        let scaled: Vec<_> =
            names.iter().zip(scales).filter_map(|(name, scale)| Some((&name[..], scale?))).collect();
        assert_eq!(
            scaled,
            [("day", (ColumnKind::Date, scale(0.0, 20.0))), ("area", (ColumnKind::Number, scale(1.0, 5.0)))]
        );
    }
}
