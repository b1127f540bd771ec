//! Parquet: the columns of a flat schema, decoded side by side.

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

use self::guard::guarded;
use self::kind::ParquetKind;
use super::ReadOptions;
use super::cell::{Cells, DecimalComma};
use super::column::Part;
use super::pieces::{Pace, Pieces, Wanted, table};
use crate::{Error, Problem, Table};

/// A Parquet file.
pub(super) struct Parquet {
    path: PathBuf,
    len: u64,
    metadata: ParquetMetaData,
    names: Vec<String>,
    /// What the columns hold and their places among the leaves of the schema.
    kinds: Vec<(ParquetKind, usize)>,
    cells: Cells,
}

impl Parquet {
    pub(super) fn open(path: &Path, options: &ReadOptions) -> Result<Parquet, Error> {
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
            let nested = matches!(kind, ParquetKind::Nested(_));
            if !(nested && names.last().is_some_and(|name| name == root.name())) {
                names.push(root.name().to_owned());
                kinds.push((kind, leaf));
            }
        }
        super::unique(&names).map_err(error)?;
        if names.is_empty() {
            return Err(error(damaged("it has no columns".to_owned())));
        }
        let groups = metadata.row_groups();
        if groups.iter().any(|group| group.num_rows() < 0 || group.columns().len() != schema.num_columns()) {
            return Err(error(damaged("its groups of rows contradict its schema".to_owned())));
        }
        if groups.iter().all(|group| group.num_rows() == 0) {
            return Err(error(Problem::NoRows));
        }
        let cells = Cells::new(options, DecimalComma::No);
        Ok(Parquet { path: path.to_owned(), len, metadata, names, kinds, cells })
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// Reads all columns, each of them through all groups of rows.
    pub(super) fn whole(
        &self,
        texts: &[String],
        pace: Pace,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Table, Error> {
        let want = |(name, (kind, _)): (&String, &(ParquetKind, usize))| {
            (name.clone(), if texts.contains(name) { super::CellType::Strings } else { kind.want() })
        };
        let wanted: Wanted = self.names.iter().zip(&self.kinds).map(want).collect();
        let column = |i: usize| {
            let mut part = Part::new(wanted[i].1);
            let mut row = 0;
            for group in 0..self.metadata.row_groups().len() {
                let n = self.metadata.row_groups()[group].num_rows() as u64;
                self.cursor(group, i)?.read(&self.cells, n, row, &mut part)?;
                row += n;
            }
            Ok(part)
        };
        let n = wanted.len();
        let next = AtomicUsize::new(0);
        let columns: Result<Vec<Part>, Error> = std::thread::scope(|scope| {
            let (sender, receiver) = std::sync::mpsc::channel();
            for _ in 0..pace.threads_for(self.len).clamp(1, n) {
                let (sender, next, column) = (sender.clone(), &next, &column);
                scope.spawn(move || {
                    loop {
                        let i = next.fetch_add(1, Relaxed);
                        if i >= n || sender.send((i, guarded(|| column(i)))).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(sender);
            let mut columns: Vec<Option<Result<Part, Problem>>> = (0..n).map(|_| None).collect();
            for (done, (i, column)) in receiver.into_iter().enumerate() {
                columns[i] = Some(column);
                progress((done as u64 + 1) * self.len / n as u64, self.len);
            }
            let columns = columns.into_iter().zip(&self.names).map(|(column, name)| {
                column
                    .expect("each column is read")
                    .map_err(|problem| Error::new(&self.path, problem).column(name))
            });
            columns.collect()
        });
        table(&self.path, &wanted, columns?, Vec::new(), 1)
    }

    /// The rows with these columns, which are there.
    pub(super) fn rows(self, wanted: Wanted, pace: Pace) -> Rows {
        let place = |name: &String| self.names.iter().position(|other| other == name);
        let places = wanted.iter().map(|(name, _)| place(name).expect("the column is there")).collect();
        Rows { file: self, wanted, places, pace, group: 0, left: 0, row: 0, cursors: Vec::new() }
    }

    /// Goes to the beginning of a column in a group of rows.
    fn cursor(&self, group: usize, column: usize) -> Result<Cursor, Problem> {
        let (kind, leaf) = &self.kinds[column];
        if let Some(problem) = kind.problem() {
            return Err(problem);
        }
        let group = &self.metadata.row_groups()[group];
        let chunk = group.column(*leaf);
        let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
        let range = (u64::try_from(start), u64::try_from(chunk.compressed_size()));
        let (Ok(start), Ok(len)) = range else { return Err(damaged("a column lies nowhere".to_owned())) };
        if start.checked_add(len).is_none_or(|end| end > self.len) {
            return Err(damaged("a column ends behind the file".to_owned()));
        }
        let mut bytes = Vec::with_capacity(len as usize);
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(start))?;
        file.take(len).read_to_end(&mut bytes)?;
        let chunk_bytes = Arc::new(Chunk { start, bytes: bytes.into() });
        let pages = SerializedPageReader::new(chunk_bytes, chunk, group.num_rows() as usize, None)?;
        let descriptor = chunk.column_descr_ptr();
        let max_level = descriptor.max_def_level();
        let reader = get_column_reader(descriptor, Box::new(pages));
        Ok(Cursor { kind: kind.clone(), max_level, reader })
    }
}

/// The rows of a Parquet file, from group to group.
pub(super) struct Rows {
    file: Parquet,
    wanted: Wanted,
    places: Vec<usize>,
    pace: Pace,
    /// The next group.
    group: usize,
    /// The rows that are left in the one before.
    left: u64,
    row: u64,
    cursors: Vec<Cursor>,
}

impl Pieces for Rows {
    fn next(&mut self) -> Result<Option<Table>, Error> {
        while self.left == 0 {
            let Some(group) = self.file.metadata.row_groups().get(self.group) else { return Ok(None) };
            self.left = group.num_rows() as u64;
            let cursors = self.places.iter().zip(&self.wanted).map(|(place, (name, _))| {
                let error = |problem| Error::new(&self.file.path, problem).column(name);
                guarded(|| self.file.cursor(self.group, *place)).map_err(error)
            });
            self.cursors = cursors.collect::<Result<_, _>>()?;
            self.group += 1;
        }
        let (row, n) = (self.row, self.left.min(self.pace.rows as u64));
        self.left -= n;
        self.row += n;
        let mut parts: Vec<Part> = self.wanted.iter().map(|(_, want)| Part::new(*want)).collect();
        let work = self.cursors.iter_mut().zip(&mut parts).zip(&self.wanted);
        let mut work: Vec<Task> =
            work.map(|((cursor, part), (name, _))| Task { cursor, part, name }).collect();
        let share = work.len().div_ceil(self.pace.threads_for(self.file.len)).max(1);
        let (path, cells) = (&self.file.path, &self.file.cells);
        let read = |work: &mut [Task]| {
            work.iter_mut().try_for_each(|Task { cursor, part, name }| {
                let error = |problem| Error::new(path, problem).column(*name);
                guarded(|| cursor.read(cells, n, 0, part)).map_err(error)
            })
        };
        let results: Vec<Result<(), Error>> = std::thread::scope(|scope| {
            let threads: Vec<_> = work.chunks_mut(share).map(|work| scope.spawn(|| read(work))).collect();
            threads.into_iter().map(|thread| thread.join().expect("the reading is guarded")).collect()
        });
        results.into_iter().collect::<Result<(), Error>>()?;
        table(path, &self.wanted, parts, Vec::new(), row + 1).map(Some)
    }

    fn done(&self) -> (u64, u64) {
        let groups = self.file.metadata.row_groups();
        (self.row, groups.iter().map(|group| group.num_rows() as u64).sum())
    }
}

/// A column of which some rows are to be read.
struct Task<'a> {
    cursor: &'a mut Cursor,
    part: &'a mut Part,
    name: &'a String,
}

/// A place in a column.
struct Cursor {
    kind: ParquetKind,
    /// The level of a value that is not missing.
    max_level: i16,
    reader: ColumnReader,
}

impl Cursor {
    /// Adds the next `n` cells to a column; the first is that of `row`.
    fn read(&mut self, cells: &Cells, n: u64, row: u64, part: &mut Part) -> Result<(), Problem> {
        let (kind, rows) = (&self.kind, Rest { max_level: self.max_level, n, row });
        match &mut self.reader {
            ColumnReader::BoolColumnReader(reader) => {
                rows.read(reader, part, |part, value, row| kind.integer(part, i64::from(*value), row))
            }
            ColumnReader::Int32ColumnReader(reader) => {
                rows.read(reader, part, |part, value, row| kind.integer(part, i64::from(*value), row))
            }
            ColumnReader::Int64ColumnReader(reader) => {
                rows.read(reader, part, |part, value, row| kind.integer(part, *value, row))
            }
            ColumnReader::Int96ColumnReader(reader) => rows.read(reader, part, |part, value, row| {
                kind::int96(part, value, row);
                Ok(())
            }),
            ColumnReader::FloatColumnReader(reader) => rows.read(reader, part, |part, value, row| {
                part.push_number(f64::from(*value), row, || value.to_string());
                Ok(())
            }),
            ColumnReader::DoubleColumnReader(reader) => rows.read(reader, part, |part, value, row| {
                part.push_number(*value, row, || value.to_string());
                Ok(())
            }),
            ColumnReader::ByteArrayColumnReader(reader) => {
                rows.read(reader, part, |part, value, row| kind.bytes(part, cells, value.data(), row))
            }
            ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                rows.read(reader, part, |part, value, row| kind.bytes(part, cells, value.data(), row))
            }
        }
    }
}

/// Cells that are to be read.
struct Rest {
    max_level: i16,
    n: u64,
    row: u64,
}

impl Rest {
    /// Reads a few thousand values at a time, which stay in the core's cache, and pushes each.
    fn read<T: DataType>(
        mut self,
        reader: &mut ColumnReaderImpl<T>,
        part: &mut Part,
        mut push: impl FnMut(&mut Part, &T::T, u64) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        const FEW: u64 = 4096;
        let (mut values, mut levels) = (Vec::new(), Vec::new());
        while self.n > 0 {
            values.clear();
            levels.clear();
            let few = self.n.min(FEW) as usize;
            let (read, ..) = reader.read_records(few, Some(&mut levels), None, &mut values)?;
            if read == 0 {
                return Err(damaged("a column has fewer rows than the file".to_owned()));
            }
            part.reserve(read);
            let mut values = values.iter();
            for i in 0..read {
                let row = self.row + i as u64;
                if self.max_level > 0 && levels.get(i) != Some(&self.max_level) {
                    part.push_missing();
                } else {
                    let value = values.next().ok_or_else(|| damaged("a value is not there".to_owned()))?;
                    push(part, value, row)?;
                }
            }
            self.n -= read as u64;
            self.row += read as u64;
        }
        Ok(())
    }
}

/// A stretch of the file.
struct Chunk {
    start: u64,
    bytes: Bytes,
}

impl Chunk {
    /// The bytes from a place in the file on.
    fn rest(&self, start: u64) -> Result<Bytes, ParquetError> {
        let from = start.checked_sub(self.start).filter(|from| *from <= self.bytes.len() as u64);
        let from = from.ok_or_else(|| ParquetError::EOF("a page lies outside its column".to_owned()))?;
        Ok(self.bytes.slice(from as usize..))
    }
}

impl Length for Chunk {
    fn len(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

impl ChunkReader for Chunk {
    type T = bytes::buf::Reader<Bytes>;

    /// From the beginning of a page's header on: it is read with this and the page with [`Self::get_bytes`], as long as no page
    /// is passed over or looked at beforehand, which only columns of lists need.
    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        let rest = self.rest(start)?;
        page::check(&rest).map_err(ParquetError::General)?;
        Ok(rest.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let rest = self.rest(start)?;
        if rest.len() < length {
            return Err(ParquetError::EOF("a page ends behind its column".to_owned()));
        }
        Ok(rest.slice(..length))
    }
}

impl From<ParquetError> for Problem {
    fn from(error: ParquetError) -> Problem {
        damaged(error.to_string())
    }
}

fn damaged(reason: String) -> Problem {
    Problem::Corrupt { format: "Parquet", reason }
}
