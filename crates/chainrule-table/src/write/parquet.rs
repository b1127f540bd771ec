//! Parquet: optional columns of a flat schema, in row groups that are buffered until complete.

use std::io::{Error, Result};
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, ConvertedType, LogicalType, Repetition, Type as Physical, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnPath, Type, TypePtr};

use super::format::OutputColumn;
use super::sink::Sink;
use crate::{MISSING, Table, Values};

/// Number of rows from which a row group is written.
const GROUP_ROWS: usize = 1 << 16;
/// Size in bytes from which a row group is written.
const GROUP_BYTES: usize = 1 << 26;

/// A writer of a Parquet file.
pub(super) struct ParquetWriter {
    writer: SerializedFileWriter<Sink>,
    /// Columns of the buffered row group.
    columns: Vec<PendingColumn>,
    /// Number of buffered rows.
    n_rows: usize,
    /// Approximate size of the buffered rows in bytes.
    n_bytes: usize,
}

/// Buffered cells of a column.
struct PendingColumn {
    /// Definition levels: 1 for a value, 0 for a missing cell.
    levels: Vec<i16>,
    values: PendingValues,
}

/// Buffered values of a column, without missing cells.
enum PendingValues {
    Numbers(Vec<f64>),
    Strings(Vec<ByteArray>),
}

impl ParquetWriter {
    pub(super) fn new(sink: Sink, columns: &[(&str, OutputColumn)]) -> Result<ParquetWriter> {
        let fields = columns.iter().map(|(name, column)| field(name, *column).map(Arc::new));
        let fields = fields.collect::<std::result::Result<_, _>>().map_err(io_error)?;
        let schema = Type::group_type_builder("table").with_fields(fields).build().map_err(io_error)?;
        let mut properties = WriterProperties::builder()
            .set_created_by(concat!("chainrule version ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            // Numbers rarely repeat.
            .set_dictionary_enabled(false);
        for (name, _) in columns.iter().filter(|(_, column)| *column != OutputColumn::Numbers) {
            let path = ColumnPath::new(vec![(*name).to_owned()]);
            properties = properties.set_column_dictionary_enabled(path, true);
        }
        let writer = SerializedFileWriter::new(sink, TypePtr::new(schema), Arc::new(properties.build()));
        let empty = |(_, column): &(&str, OutputColumn)| {
            let values = match column {
                OutputColumn::Numbers => PendingValues::Numbers(Vec::new()),
                OutputColumn::Strings { .. } => PendingValues::Strings(Vec::new()),
            };
            PendingColumn { levels: Vec::new(), values }
        };
        let columns = columns.iter().map(empty).collect();
        Ok(ParquetWriter { writer: writer.map_err(io_error)?, columns, n_rows: 0, n_bytes: 0 })
    }

    /// Adds rows, and writes the row group if it is large enough.
    pub(super) fn append(&mut self, chunk: &Table) -> Result<()> {
        for (pending, column) in self.columns.iter_mut().zip(&chunk.columns) {
            self.n_bytes += pending.append(&column.values);
        }
        self.n_rows += chunk.n_rows();
        if self.n_rows >= GROUP_ROWS || self.n_bytes >= GROUP_BYTES {
            self.write_group().map_err(io_error)
        } else {
            Ok(())
        }
    }

    /// Writes the remaining rows and the footer.
    pub(super) fn finish(mut self) -> Result<Sink> {
        if self.n_rows > 0 {
            self.write_group().map_err(io_error)?;
        }
        self.writer.into_inner().map_err(io_error)
    }

    fn write_group(&mut self) -> std::result::Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        for PendingColumn { levels, values } in &mut self.columns {
            let mut column = group.next_column()?.expect("the schema has one leaf per column");
            match values {
                PendingValues::Numbers(values) => {
                    column.typed::<DoubleType>().write_batch(values, Some(levels), None)?;
                    values.clear();
                }
                PendingValues::Strings(values) => {
                    column.typed::<ByteArrayType>().write_batch(values, Some(levels), None)?;
                    values.clear();
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

impl PendingColumn {
    /// Adds the cells of a chunk and returns their approximate size in bytes.
    fn append(&mut self, values: &Values) -> usize {
        match (&mut self.values, values) {
            (PendingValues::Numbers(numbers), Values::Numbers(values)) => {
                self.levels.extend(values.iter().map(|v| i16::from(!v.is_nan())));
                numbers.extend(values.iter().filter(|v| !v.is_nan()));
                size_of_val(&values[..])
            }
            (PendingValues::Strings(strings), Values::Strings(texts)) => {
                // The cells are slices of one buffer with the distinct strings of the chunk.
                let all = Bytes::from(texts.words.concat());
                let mut start = 0;
                let word = |word: &String| {
                    start += word.len();
                    ByteArray::from(all.slice(start - word.len()..start))
                };
                let words: Vec<ByteArray> = texts.words.iter().map(word).collect();
                self.levels.extend(texts.codes.iter().map(|code| i16::from(*code != MISSING)));
                strings.extend(texts.codes.iter().filter_map(|code| words.get(*code as usize).cloned()));
                all.len() + texts.codes.len() * size_of::<ByteArray>()
            }
            _ => unreachable!("the types of the columns have been checked"),
        }
    }
}

/// Returns an optional column of the schema.
fn field(name: &str, column: OutputColumn) -> std::result::Result<Type, ParquetError> {
    let field = match column {
        OutputColumn::Numbers => Type::primitive_type_builder(name, Physical::DOUBLE),
        OutputColumn::Strings { .. } => Type::primitive_type_builder(name, Physical::BYTE_ARRAY)
            .with_logical_type(Some(LogicalType::String))
            .with_converted_type(ConvertedType::UTF8),
    };
    field.with_repetition(Repetition::OPTIONAL).build()
}

/// Extracts the I/O error from an error of the Parquet library, or wraps another error.
fn io_error(error: ParquetError) -> Error {
    match error {
        ParquetError::External(error) => match error.downcast::<Error>() {
            Ok(error) => *error,
            Err(error) => Error::other(error),
        },
        error => Error::other(error),
    }
}
