//! Encoders: what turns the columns of a table into the inputs and targets of a network. Fitted on the rows of the training
//! alone, kept with the network, applied to every table that it is to predict.

mod input;
mod scale;
mod target;

use serde::{Deserialize, Serialize};

pub use input::{Encoding, Input};
pub use scale::{Scale, Scaling};
pub use target::{Target, TargetScaling, Task};

use crate::{CellType, ColumnKinds, Error, Table};

/// How columns become inputs.
///
/// | field | default | purpose |
/// |---|---|---|
/// | `scaling` | standard | how numbers, and dates as days, are moved and scaled |
/// | `target` | standard | how numbers that are predicted are scaled |
/// | `date_parts` | no | whether dates also become their place in the year, the week and the day |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table above says what each is")]
pub struct EncoderOptions {
    pub scaling: Scaling,
    pub target: TargetScaling,
    pub date_parts: DateParts,
}

/// Whether dates become their place in the year, the week and the day, besides their days since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DateParts {
    /// They do not.
    #[default]
    Never,
    /// They do.
    Always,
}

/// Encoders fitted on a table.
///
/// ```
/// use chainrule_table::{Column, EncoderOptions, Encoders, ColumnKinds, ColumnHints, Table, Task, Strings, Values};
///
/// let table = Table::new(vec![
///     Column::new("area", Values::Numbers(vec![50.0, 70.0, 90.0, f64::NAN])),
///     Column::new("town", Values::Strings(Strings::from_iter([Some("Bern"), Some("Turin"), Some("Bern"), Some("Lyon")]))),
///     Column::new("price", Values::Numbers(vec![1.0, 2.0, 3.0, 2.5])),
/// ]);
/// let said = ColumnHints { targets: vec!["price".to_owned()], ..ColumnHints::default() };
/// let kinds = ColumnKinds::find(&table, &said)?;
/// let encoders = Encoders::fit(&table, &[0, 1, 2], &kinds, &said.targets, Some(Task::Regression), EncoderOptions::default())?;
/// assert_eq!(encoders.input_names(), ["area", "town=Bern", "town=Turin"]);
/// let (x, unseen) = encoders.encode(&table);
/// assert_eq!(x[..3], [-1.224744871391589, 1.0, 0.0]);
/// // Lyon and a missing area were not among the three rows: no town, and the median.
/// assert_eq!((&x[9..], &unseen[..]), (&[0.0, 0.0, 0.0][..], &[("area", 1), ("town", 1)][..]));
/// # Ok::<(), chainrule_table::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Encoders {
    /// The columns that are predicted from, in the order of the inputs.
    pub inputs: Vec<Input>,
    /// The columns that are predicted.
    pub target: Target,
}

/// Rows that are encoded together, by one thread.
const ROWS: usize = 4096;

impl Encoders {
    /// Fits encoders on the rows `rows` of a table; the task of the targets is found where none is given.
    ///
    /// # Errors
    /// A column of too many categories, a target that does not suit the task, or that is missing or the same in all rows.
    pub fn fit(
        table: &Table,
        rows: &[usize],
        kinds: &ColumnKinds,
        targets: &[String],
        task: Option<Task>,
        options: EncoderOptions,
    ) -> Result<Encoders, Error> {
        let target = Target::fit(table, rows, targets, task, options.target)?;
        let parts = options.date_parts == DateParts::Always;
        let input = |(name, kind): &(String, crate::ColumnKind)| {
            Input::fit(table, table.column(name)?, *kind, rows, options.scaling, parts)
        };
        Ok(Encoders { inputs: kinds.inputs.iter().map(input).collect::<Result<_, _>>()?, target })
    }

    /// How many inputs a network has.
    pub fn n_inputs(&self) -> usize {
        self.inputs.iter().map(Input::width).sum()
    }

    /// What each input is called.
    pub fn input_names(&self) -> Vec<String> {
        self.inputs.iter().flat_map(Input::names).collect()
    }

    /// For each input: whether it is a number or a date of the table itself, and then on which scale; see [`Input::scales`].
    pub fn input_scales(&self) -> Vec<Option<(crate::ColumnKind, Scale)>> {
        self.inputs.iter().flat_map(Input::scales).collect()
    }

    /// The columns that are to be read, with what each is to be read as.
    pub fn wanted(&self) -> Vec<(&str, CellType)> {
        self.inputs.iter().map(|input| (input.column.as_str(), input.wants())).collect()
    }

    /// The inputs (n_rows, n_inputs), row-major, and for each column the number of cells of which the training had none
    /// like: new words, which become no word or the others, and missing ones, which become the median or none.
    ///
    /// # Panics
    /// When a column is not there, or holds something else than is [wanted](Encoders::wanted).
    pub fn encode(&self, table: &Table) -> (Vec<f64>, Vec<(&str, u64)>) {
        self.encode_some(table, table.n_rows(), |i| i)
    }

    /// As [`encode`](Encoders::encode), of the rows `rows` alone, in their order.
    ///
    /// # Panics
    /// As [`encode`](Encoders::encode), and when there is no such row.
    pub fn encode_rows(&self, table: &Table, rows: &[usize]) -> (Vec<f64>, Vec<(&str, u64)>) {
        self.encode_some(table, rows.len(), |i| rows[i])
    }

    fn encode_some(
        &self,
        table: &Table,
        n_rows: usize,
        row: impl Fn(usize) -> usize + Sync,
    ) -> (Vec<f64>, Vec<(&str, u64)>) {
        let stride = self.n_inputs();
        let mut x = vec![0.0; n_rows * stride];
        let cells: Vec<_> = self
            .inputs
            .iter()
            .map(|input| input.cells(&table.column(&input.column).expect("a column that is wanted").values))
            .collect();
        let encode = |from: usize, x: &mut [f64]| {
            let mut place = 0;
            let mut counts = Vec::with_capacity(self.inputs.len());
            for (input, cells) in self.inputs.iter().zip(&cells) {
                counts.push(input.encode(cells, (from..n_rows).map(&row), x, place, stride));
                place += input.width();
            }
            counts
        };
        let n_threads = chainrule::threads().min(n_rows.div_ceil(ROWS)).max(1);
        let per_thread = n_rows.div_ceil(n_threads * ROWS).max(1) * ROWS;
        let counts: Vec<Vec<u64>> = std::thread::scope(|scope| {
            let parts = x.chunks_mut(per_thread * stride.max(1)).enumerate();
            let running: Vec<_> = parts
                .map(|(part, x)| {
                    let encode = &encode;
                    scope.spawn(move || {
                        // Rows whose inputs stay in the cache while all columns are written.
                        let pieces = x.chunks_mut(ROWS * stride).enumerate();
                        let counts = pieces.map(|(piece, x)| encode(part * per_thread + piece * ROWS, x));
                        counts
                            .reduce(|a, b| a.iter().zip(b).map(|(a, b)| a + b).collect())
                            .unwrap_or_default()
                    })
                })
                .collect();
            running.into_iter().map(|thread| thread.join().expect("encoding does not panic")).collect()
        });
        let total = |k: usize| counts.iter().map(|counts| counts[k]).sum::<u64>();
        let names = self.inputs.iter().enumerate().map(|(k, input)| (input.column.as_str(), total(k)));
        (x, names.filter(|(_, n)| *n > 0).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Column, ColumnHints, ColumnKind, Strings, Values};

    #[test]
    fn some_rows_are_encoded_as_among_all() {
        // More rows than one thread takes at once.
        let n = 3 * ROWS + 5;
        let number = |i: usize| if i.is_multiple_of(7) { f64::NAN } else { (i * i % 101) as f64 };
        let table = Table::new(vec![
            Column::new("a", Values::Numbers((0..n).map(number).collect())),
            Column::new("w", Values::Strings((0..n).map(|i| Some(["x", "y", "z"][i % 3])).collect())),
            Column::new("t", Values::Numbers((0..n).map(|i| i as f64).collect())),
        ]);
        let said = ColumnHints { targets: vec!["t".to_owned()], ..ColumnHints::default() };
        let kinds = ColumnKinds::find(&table, &said).unwrap();
        let some: Vec<usize> = (0..n).rev().step_by(2).collect();
        let options = EncoderOptions::default();
        let encoders = Encoders::fit(&table, &some, &kinds, &said.targets, None, options).unwrap();
        let ((all, _), (part, _)) = (encoders.encode(&table), encoders.encode_rows(&table, &some));
        let width = encoders.n_inputs();
        assert_eq!((width, part.len()), (5, some.len() * width));
        for (row, i) in part.chunks(width).zip(&some) {
            assert_eq!(row, &all[i * width..][..width]);
        }
    }

    #[test]
    fn the_number_of_a_column_has_a_scale_and_what_is_made_of_it_has_none() {
        let towns = ["Bern", "Turin", "Bern", "Turin"].map(Some);
        let table = Table::new(vec![
            Column::new("town", Values::Strings(Strings::from_iter(towns))),
            Column::new("day", Values::Dates(vec![0.0, 10.0, f64::NAN, 20.0])),
            Column::new("area", Values::Numbers(vec![1.0, 2.0, 3.0, 6.0])),
            Column::new("price", Values::Numbers(vec![1.5, 2.5, 3.0, 4.0])),
        ]);
        let said = ColumnHints { targets: vec!["price".to_owned()], ..ColumnHints::default() };
        let said = ColumnHints { kinds: vec![("town".to_owned(), ColumnKind::Category)], ..said };
        let kinds = ColumnKinds::find(&table, &said).unwrap();
        let options = EncoderOptions {
            scaling: Scaling::MinMax,
            date_parts: DateParts::Always,
            ..EncoderOptions::default()
        };
        let encoders =
            Encoders::fit(&table, &[0, 1, 2, 3], &kinds, &said.targets, Some(Task::Regression), options)
                .unwrap();
        let (names, scales) = (encoders.input_names(), encoders.input_scales());
        assert_eq!(names.len(), scales.len());
        let scale = |shift, by| Scale { shift, by, bent: false };
        let of: Vec<_> =
            names.iter().zip(scales).filter_map(|(name, scale)| Some((&name[..], scale?))).collect();
        assert_eq!(
            of,
            [("day", (ColumnKind::Date, scale(0.0, 20.0))), ("area", (ColumnKind::Number, scale(1.0, 5.0)))]
        );
    }
}
