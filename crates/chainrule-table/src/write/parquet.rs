//! Parquet: optional columns of a flat schema, in groups of rows that are held until they are whole.

use std::io::{Error, Result};
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, ConvertedType, LogicalType, Repetition, Type as Physical, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnPath, Type, TypePtr};

use super::{OutputColumn, Sink};
use crate::{MISSING, Table, Values};

/// So many rows make a group, or so many bytes where rows are long.
const ROWS: usize = 1 << 16;
const BYTES: usize = 1 << 26;

/// A Parquet file.
pub(super) struct Parquet {
    writer: SerializedFileWriter<Sink>,
    /// The columns of the group that is not written yet.
    columns: Vec<Pending>,
    n_rows: usize,
    /// About how many bytes they are.
    n_bytes: usize,
}

/// Cells that are not written yet.
struct Pending {
    /// 1 where a cell is there, 0 where it is missing.
    levels: Vec<i16>,
    cells: Cells,
}

enum Cells {
    Numbers(Vec<f64>),
    Strings(Vec<ByteArray>),
}

impl Parquet {
    pub(super) fn new(sink: Sink, columns: &[(&str, OutputColumn)]) -> Result<Parquet> {
        let fields = columns.iter().map(|(name, holds)| field(name, *holds).map(Arc::new));
        let fields = fields.collect::<std::result::Result<_, _>>().map_err(failed)?;
        let schema = Type::group_type_builder("table").with_fields(fields).build().map_err(failed)?;
        let mut properties = WriterProperties::builder()
            .set_created_by(concat!("chainrule version ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            // Hardly a number comes twice.
            .set_dictionary_enabled(false);
        for (name, _) in columns.iter().filter(|(_, holds)| *holds != OutputColumn::Numbers) {
            let path = ColumnPath::new(vec![(*name).to_owned()]);
            properties = properties.set_column_dictionary_enabled(path, true);
        }
        let writer = SerializedFileWriter::new(sink, TypePtr::new(schema), Arc::new(properties.build()));
        let empty = |(_, holds): &(&str, OutputColumn)| match holds {
            OutputColumn::Numbers => Pending { levels: Vec::new(), cells: Cells::Numbers(Vec::new()) },
            OutputColumn::Strings { .. } => Pending { levels: Vec::new(), cells: Cells::Strings(Vec::new()) },
        };
        let columns = columns.iter().map(empty).collect();
        Ok(Parquet { writer: writer.map_err(failed)?, columns, n_rows: 0, n_bytes: 0 })
    }

    /// Adds rows; writes a group once there are enough.
    pub(super) fn append(&mut self, piece: &Table) -> Result<()> {
        for (pending, column) in self.columns.iter_mut().zip(&piece.columns) {
            self.n_bytes += pending.append(&column.values);
        }
        self.n_rows += piece.n_rows();
        if self.n_rows >= ROWS || self.n_bytes >= BYTES { self.write_group().map_err(failed) } else { Ok(()) }
    }

    /// Writes the rows that are left, and what the file ends with.
    pub(super) fn finish(mut self) -> Result<Sink> {
        if self.n_rows > 0 {
            self.write_group().map_err(failed)?;
        }
        self.writer.into_inner().map_err(failed)
    }

    fn write_group(&mut self) -> std::result::Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        for Pending { levels, cells } in &mut self.columns {
            let mut column = group.next_column()?.expect("a column of the schema");
            match cells {
                Cells::Numbers(values) => {
                    column.typed::<DoubleType>().write_batch(values, Some(levels), None)?;
                    values.clear();
                }
                Cells::Strings(texts) => {
                    column.typed::<ByteArrayType>().write_batch(texts, Some(levels), None)?;
                    texts.clear();
                }
            }
            levels.clear();
            column.close()?;
        }
        group.close()?;
        (self.n_rows, self.n_bytes) = (0, 0);
        Ok(())
    }
}

impl Pending {
    /// Adds the cells of a piece; says about how many bytes they are.
    fn append(&mut self, values: &Values) -> usize {
        match (&mut self.cells, values) {
            (Cells::Numbers(numbers), Values::Numbers(values)) => {
                self.levels.extend(values.iter().map(|v| i16::from(!v.is_nan())));
                numbers.extend(values.iter().filter(|v| !v.is_nan()));
                size_of_val(&values[..])
            }
            (Cells::Strings(cells), Values::Strings(texts)) => {
                // One buffer for the words of a piece, of which each cell is a part.
                let all = Bytes::from(texts.words.concat());
                let mut start = 0;
                let word = |word: &String| {
                    start += word.len();
                    ByteArray::from(all.slice(start - word.len()..start))
                };
                let words: Vec<ByteArray> = texts.words.iter().map(word).collect();
                self.levels.extend(texts.codes.iter().map(|code| i16::from(*code != MISSING)));
                cells.extend(texts.codes.iter().filter_map(|code| words.get(*code as usize).cloned()));
                all.len() + texts.codes.len() * size_of::<ByteArray>()
            }
            _ => unreachable!("the columns that were said"),
        }
    }
}

/// A column of the schema, of which any cell may be missing.
fn field(name: &str, holds: OutputColumn) -> std::result::Result<Type, ParquetError> {
    let field = match holds {
        OutputColumn::Numbers => Type::primitive_type_builder(name, Physical::DOUBLE),
        OutputColumn::Strings { .. } => Type::primitive_type_builder(name, Physical::BYTE_ARRAY)
            .with_logical_type(Some(LogicalType::String))
            .with_converted_type(ConvertedType::UTF8),
    };
    field.with_repetition(Repetition::OPTIONAL).build()
}

/// What the system says, where it is that.
fn failed(error: ParquetError) -> Error {
    match error {
        ParquetError::External(error) => match error.downcast::<Error>() {
            Ok(error) => *error,
            Err(error) => Error::other(error),
        },
        error => Error::other(error),
    }
}
