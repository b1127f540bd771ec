//! Parquet files with a flat schema, whose columns are decoded in parallel.

mod guard;
mod kind;
mod page;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use bytes::{Buf, Bytes};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use parquet::file::reader::{ChunkReader, Length, SerializedPageReader};

use self::guard::{damaged, guarded};
use self::kind::ParquetKind;
use super::cell::InitialFormats;
use super::chunks::{ChunkStream, Chunking, ColumnFormats, table};
use super::column::ColumnBuilder;
use super::{CellType, ReadOptions};
use crate::format::NumberFormat;
use crate::{Error, Problem, Table};

/// A reader of a Parquet file.
pub(super) struct ParquetReader {
    path: PathBuf,
    len: u64,
    metadata: ParquetMetaData,
    names: Vec<String>,
    /// Kinds of the columns and their indices among the leaves of the schema.
    kinds: Vec<(ParquetKind, usize)>,
    formats: InitialFormats,
}

impl ParquetReader {
    pub(super) fn open(path: &Path, options: &ReadOptions) -> Result<ParquetReader, Error> {
        let error = |problem| Error::new(path, problem);
        let opened = File::open(path).and_then(|file| file.metadata().map(|metadata| (file, metadata.len())));
        let (file, len) = opened.map_err(|reason| error(reason.into()))?;
        let metadata =
            guarded(|| Ok(ParquetMetaDataReader::new().parse_and_finish(&file)?)).map_err(error)?;
        let schema = metadata.file_metadata().schema_descr();
        let (mut names, mut kinds): (Vec<String>, Vec<(ParquetKind, usize)>) = (Vec::new(), Vec::new());
        for (leaf, column) in schema.columns().iter().enumerate() {
            let root = schema.get_column_root(leaf);
            let kind = ParquetKind::of(column, root);
            // A nested column has several leaves.
            let is_nested = matches!(kind, ParquetKind::Nested(_));
            if !(is_nested && names.last().is_some_and(|name| name == root.name())) {
                names.push(root.name().to_owned());
                kinds.push((kind, leaf));
            }
        }
        super::names::check_unique(&names).map_err(error)?;
        if names.is_empty() {
            return Err(error(damaged("no columns".to_owned())));
        }
        let groups = metadata.row_groups();
        if groups.iter().any(|group| group.num_rows() < 0 || group.columns().len() != schema.num_columns()) {
            return Err(error(damaged("the row groups contradict the schema".to_owned())));
        }
        if groups.iter().all(|group| group.num_rows() == 0) {
            return Err(error(Problem::NoRows));
        }
        let formats = InitialFormats::new(options, NumberFormat::default());
        Ok(ParquetReader { path: path.to_owned(), len, metadata, names, kinds, formats })
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// Reads all columns of all row groups.
    pub(super) fn whole(
        &self,
        chunking: Chunking,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Table, Error> {
        let format = |(name, (kind, _)): (&String, &(ParquetKind, usize))| {
            (name.clone(), self.formats.of(kind.cell_type()))
        };
        let types: ColumnFormats = self.names.iter().zip(&self.kinds).map(format).collect();
        let read_column = |i: usize| {
            let column = self.whole_column(i, ColumnBuilder::new(&types[i].1))?;
            // Integers beyond 2^53 are read as strings.
            let observed = column.observed_type();
            if column.is_mistyped() && observed == CellType::Strings {
                return self.whole_column(i, ColumnBuilder::new(&self.formats.of(observed)));
            }
            Ok(column)
        };
        let n = types.len();
        let next = AtomicUsize::new(0);
        let columns: Result<Vec<ColumnBuilder>, Error> = std::thread::scope(|scope| {
            let (sender, receiver) = std::sync::mpsc::channel();
            for _ in 0..chunking.threads_for(self.len).clamp(1, n) {
                let (sender, next, read_column) = (sender.clone(), &next, &read_column);
                scope.spawn(move || {
                    loop {
                        let i = next.fetch_add(1, Relaxed);
                        if i >= n || sender.send((i, guarded(|| read_column(i)))).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(sender);
            let mut columns: Vec<Option<Result<ColumnBuilder, Problem>>> = (0..n).map(|_| None).collect();
            for (done, (i, column)) in receiver.into_iter().enumerate() {
                columns[i] = Some(column);
                progress((done as u64 + 1) * self.len / n as u64, self.len);
            }
            let columns = columns.into_iter().zip(&self.names).map(|(column, name)| {
                column
                    .expect("every column has been read")
                    .map_err(|problem| Error::new(&self.path, problem).column(name))
            });
            columns.collect()
        });
        table(&self.path, &types, columns?, Vec::new(), 1)
    }

    /// Reads a column of all row groups.
    fn whole_column(&self, i: usize, mut column: ColumnBuilder) -> Result<ColumnBuilder, Problem> {
        let mut row = 0;
        for (group, rows) in self.metadata.row_groups().iter().enumerate() {
            let n = rows.num_rows() as u64;
            self.cursor(group, i)?.read(n, row, &mut column)?;
            row += n;
        }
        Ok(column)
    }

    /// Opens a reader of the given columns, which must exist.
    pub(super) fn rows(self, columns: ColumnFormats, chunking: Chunking) -> ParquetChunks {
        let fields = super::names::indices(&self.names);
        let index = |(name, _): &(String, _)| *fields.get(&**name).expect("the column exists");
        let indices = columns.iter().map(index).collect();
        ParquetChunks {
            file: self,
            columns,
            indices,
            chunking,
            group: 0,
            rest: 0,
            row: 0,
            cursors: Vec::new(),
        }
    }

    /// Returns a cursor at the beginning of a column in a row group.
    fn cursor(&self, group: usize, column: usize) -> Result<ColumnCursor, Problem> {
        let (kind, leaf) = &self.kinds[column];
        if let Some(problem) = kind.problem() {
            return Err(problem);
        }
        let group = &self.metadata.row_groups()[group];
        let chunk = group.column(*leaf);
        let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
        let range = (u64::try_from(start), u64::try_from(chunk.compressed_size()));
        let (Ok(start), Ok(len)) = range else { return Err(damaged("invalid column offset".to_owned())) };
        if start.checked_add(len).is_none_or(|end| end > self.len) {
            return Err(damaged("a column extends beyond the file".to_owned()));
        }
        let mut bytes = Vec::with_capacity(len as usize);
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(start))?;
        file.take(len).read_to_end(&mut bytes)?;
        let chunk_bytes = Arc::new(ColumnChunkBytes { start, bytes: bytes.into() });
        let pages = SerializedPageReader::new(chunk_bytes, chunk, group.num_rows() as usize, None)?;
        let descriptor = chunk.column_descr_ptr();
        let max_level = descriptor.max_def_level();
        let reader = get_column_reader(descriptor, Box::new(pages));
        Ok(ColumnCursor { kind: kind.clone(), max_level, reader })
    }
}

/// A reader of a Parquet file in chunks, row group by row group.
pub(super) struct ParquetChunks {
    file: ParquetReader,
    columns: ColumnFormats,
    /// Indices of the columns in the file.
    indices: Vec<usize>,
    chunking: Chunking,
    /// The next row group.
    group: usize,
    /// Number of remaining rows in the current row group.
    rest: u64,
    /// The next row.
    row: u64,
    /// Cursors of the columns in the current row group.
    cursors: Vec<ColumnCursor>,
}

impl ChunkStream for ParquetChunks {
    fn next(&mut self) -> Result<Option<Table>, Error> {
        while self.rest == 0 {
            let Some(group) = self.file.metadata.row_groups().get(self.group) else { return Ok(None) };
            self.rest = group.num_rows() as u64;
            let cursors = self.indices.iter().zip(&self.columns).map(|(index, (name, _))| {
                let error = |problem| Error::new(&self.file.path, problem).column(name);
                guarded(|| self.file.cursor(self.group, *index)).map_err(error)
            });
            self.cursors = cursors.collect::<Result<_, _>>()?;
            self.group += 1;
        }
        let (row, n) = (self.row, self.rest.min(self.chunking.rows as u64));
        self.rest -= n;
        self.row += n;
        let mut chunk: Vec<ColumnBuilder> =
            self.columns.iter().map(|(_, format)| ColumnBuilder::new(format)).collect();
        let tasks = self.cursors.iter_mut().zip(&mut chunk).zip(&self.columns);
        let mut tasks: Vec<ColumnTask> =
            tasks.map(|((cursor, column), (name, _))| ColumnTask { cursor, column, name }).collect();
        let per_thread = tasks.len().div_ceil(self.chunking.threads_for(self.file.len)).max(1);
        let path = &self.file.path;
        let read = |tasks: &mut [ColumnTask]| {
            tasks.iter_mut().try_for_each(|ColumnTask { cursor, column, name }| {
                let error = |problem| Error::new(path, problem).column(*name);
                guarded(|| cursor.read(n, 0, column)).map_err(error)
            })
        };
        let results: Vec<Result<(), Error>> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                tasks.chunks_mut(per_thread).map(|tasks| scope.spawn(|| read(tasks))).collect();
            threads.into_iter().map(|thread| thread.join().expect("panics are caught")).collect()
        });
        results.into_iter().collect::<Result<(), Error>>()?;
        table(path, &self.columns, chunk, Vec::new(), row + 1).map(Some)
    }

    fn done(&self) -> (u64, u64) {
        let groups = self.file.metadata.row_groups();
        (self.row, groups.iter().map(|group| group.num_rows() as u64).sum())
    }
}

/// A column of a chunk that is to be read.
struct ColumnTask<'a> {
    cursor: &'a mut ColumnCursor,
    column: &'a mut ColumnBuilder,
    name: &'a String,
}

/// A position in a column of a row group.
struct ColumnCursor {
    kind: ParquetKind,
    /// Definition level of a value that is not missing.
    max_level: i16,
    reader: ColumnReader,
}

impl ColumnCursor {
    /// Adds the next `n` cells to a column; the first one belongs to `row`.
    fn read(&mut self, n: u64, row: u64, column: &mut ColumnBuilder) -> Result<(), Problem> {
        let (kind, rows) = (&self.kind, RemainingRows { max_level: self.max_level, n, row });
        match &mut self.reader {
            ColumnReader::BoolColumnReader(reader) => {
                rows.read(reader, column, |column, value, row| column.push_boolean(*value, row))
            }
            ColumnReader::Int32ColumnReader(reader) => rows
                .read(reader, column, |column, value, row| kind.push_integer(column, i64::from(*value), row)),
            ColumnReader::Int64ColumnReader(reader) => {
                rows.read(reader, column, |column, value, row| kind.push_integer(column, *value, row))
            }
            ColumnReader::Int96ColumnReader(reader) => rows.read(reader, column, |column, value, row| {
                kind::push_int96(column, value, row);
                Ok(())
            }),
            ColumnReader::FloatColumnReader(reader) => rows.read(reader, column, |column, value, row| {
                column.push_number(f64::from(*value), row, || value.to_string());
                Ok(())
            }),
            ColumnReader::DoubleColumnReader(reader) => rows.read(reader, column, |column, value, row| {
                column.push_number(*value, row, || value.to_string());
                Ok(())
            }),
            ColumnReader::ByteArrayColumnReader(reader) => {
                rows.read(reader, column, |column, value, row| kind.push_bytes(column, value.data(), row))
            }
            ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                rows.read(reader, column, |column, value, row| kind.push_bytes(column, value.data(), row))
            }
        }
    }
}

/// The rows that are still to be read.
struct RemainingRows {
    /// Definition level of a value that is not missing.
    max_level: i16,
    n: u64,
    /// The next row.
    row: u64,
}

impl RemainingRows {
    /// Reads values in batches, which stay in the cache, and passes each to `push`.
    fn read<T: DataType>(
        mut self,
        reader: &mut ColumnReaderImpl<T>,
        column: &mut ColumnBuilder,
        mut push: impl FnMut(&mut ColumnBuilder, &T::T, u64) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        const BATCH_SIZE: u64 = 4096;
        let (mut values, mut levels) = (Vec::new(), Vec::new());
        while self.n > 0 {
            values.clear();
            levels.clear();
            let batch_size = self.n.min(BATCH_SIZE) as usize;
            let (n_read, ..) = reader.read_records(batch_size, Some(&mut levels), None, &mut values)?;
            if n_read == 0 {
                return Err(damaged("a column has fewer rows than the file".to_owned()));
            }
            column.reserve(n_read);
            let mut values = values.iter();
            for i in 0..n_read {
                let row = self.row + i as u64;
                if self.max_level > 0 && levels.get(i) != Some(&self.max_level) {
                    column.push_missing();
                } else {
                    let value = values.next().ok_or_else(|| damaged("a value is absent".to_owned()))?;
                    push(column, value, row)?;
                }
            }
            self.n -= n_read as u64;
            self.row += n_read as u64;
        }
        Ok(())
    }
}

/// The bytes of a column chunk.
struct ColumnChunkBytes {
    /// Offset in the file.
    start: u64,
    bytes: Bytes,
}

impl ColumnChunkBytes {
    /// Returns the bytes from an offset in the file to the end of the column chunk.
    fn rest(&self, start: u64) -> Result<Bytes, ParquetError> {
        let from = start.checked_sub(self.start).filter(|from| *from <= self.bytes.len() as u64);
        let from = from.ok_or_else(|| ParquetError::EOF("a page is outside its column".to_owned()))?;
        Ok(self.bytes.slice(from as usize..))
    }
}

impl Length for ColumnChunkBytes {
    fn len(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

impl ChunkReader for ColumnChunkBytes {
    type T = bytes::buf::Reader<Bytes>;

    /// Returns a reader that starts at a page header. The library reads page headers with this
    /// function and pages with [`Self::get_bytes`], unless it skips or peeks at pages, which it
    /// does only for columns of lists.
    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        let rest = self.rest(start)?;
        page::check(&rest).map_err(ParquetError::General)?;
        Ok(rest.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let rest = self.rest(start)?;
        if rest.len() < length {
            return Err(ParquetError::EOF("a page extends beyond its column".to_owned()));
        }
        Ok(rest.slice(..length))
    }
}

impl From<ParquetError> for Problem {
    fn from(error: ParquetError) -> Problem {
        damaged(error.to_string())
    }
}
