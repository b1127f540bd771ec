//! NumPy arrays: NPY files, which are read in chunks, and NPZ files, whose arrays are the columns
//! of one table.

mod arrays;
mod header;
mod limits;

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use arrays::{NumberArray, read_arrays};
use header::{Element, FEWER_ELEMENTS, NpyHeader, damaged};
use limits::{check_memory, check_size};
use zip::ZipArchive;

use super::cell::InitialFormats;
use super::chunks::{ChunkStream, Chunking, ColumnFormats, table};
use super::column::ColumnBuilder;
use super::{CellType, ReadOptions};
use crate::format::{ColumnFormat, NumberFormat};
use crate::{Error, Problem, Table};

/// Maximum number of bytes of an array that are read at a time.
const CHUNK_BYTES: u64 = 1 << 23;

/// Number of bytes that are converted to columns at a time: about the size of the L1 cache.
const TILE_BYTES: u64 = 1 << 15;

/// A reader of an NPY file.
pub(super) struct NpyReader {
    path: PathBuf,
    file: File,
    header: NpyHeader,
    names: Vec<String>,
    /// Offset of the first element in the file.
    start: u64,
    /// The next row.
    row: u64,
    /// Columns to read.
    columns: ColumnFormats,
    /// Indices of these columns in the array.
    indices: Vec<u64>,
    chunking: Chunking,
}

impl NpyReader {
    pub(super) fn open(path: &Path, chunking: Chunking) -> Result<NpyReader, Error> {
        let (mut file, len) = open(path)?;
        let header = NpyHeader::read(&mut file, len).map_err(|problem| Error::new(path, problem))?;
        let start = file.stream_position().map_err(|error| Error::new(path, error.into()))?;
        let (names, path) = (header.names("x", "x1"), path.to_owned());
        let (columns, indices) = (Vec::new(), Vec::new());
        Ok(NpyReader { path, file, header, names, start, row: 0, columns, indices, chunking })
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// Sets the columns to read, which must exist.
    pub(super) fn select(mut self, columns: ColumnFormats) -> NpyReader {
        let indices = super::names::indices(&self.names);
        let index =
            |name: &String| indices.get(&**name).expect("the caller has checked that the column exists");
        self.indices = columns.iter().map(|(name, _)| *index(name) as u64).collect();
        self.columns = columns;
        self
    }

    pub(super) fn whole(
        mut self,
        options: &ReadOptions,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Table, Error> {
        let formats = InitialFormats::new(options, NumberFormat::default());
        let mut types: ColumnFormats =
            self.names.iter().map(|name| (name.clone(), formats.of(self.header.cell_type()))).collect();
        loop {
            let mut columns = builders(&types);
            self = self.select(types);
            self.row = 0;
            columns.iter_mut().for_each(|column| column.reserve(self.header.rows as usize));
            while let Some((row, chunk)) = self.next_chunk()? {
                columns.iter_mut().zip(chunk).for_each(|(column, next)| column.append(next, row));
                progress(self.row, self.header.rows);
            }
            let Some(corrected) = corrected(&self.columns, &columns, &formats) else {
                return table(&self.path, &self.columns, columns, Vec::new(), 1);
            };
            types = corrected;
        }
    }

    /// Reads the next chunk and returns it with its first row.
    fn next_chunk(&mut self) -> Result<Option<(u64, Vec<ColumnBuilder>)>, Error> {
        let NpyHeader { size, rows, columns, strides, .. } = self.header;
        let max_rows = (CHUNK_BYTES / (columns.unwrap_or(1) * size)).clamp(1, self.chunking.rows as u64);
        let (row, n) = (self.row, max_rows.min(rows - self.row));
        if n == 0 {
            return Ok(None);
        }
        self.row += n;
        let mut chunk = builders(&self.columns);
        let path = self.path.clone();
        let error = |problem| Error::new(&path, problem);
        chunk.iter_mut().for_each(|column| column.reserve(n as usize));
        if strides.1 == 1 {
            let bytes = self.bytes(row * strides.0 * size, n * strides.0 * size)?;
            // The rows of a tile stay in the cache while all columns are filled.
            let tile_rows = (TILE_BYTES / (strides.0 * size)).max(1);
            for (tile, bytes) in bytes.chunks((tile_rows * strides.0 * size) as usize).enumerate() {
                let (row, n) = (tile as u64 * tile_rows, bytes.len() as u64 / (strides.0 * size));
                for (column, index) in chunk.iter_mut().zip(&self.indices) {
                    push_rows(column, &self.header, bytes, *index, row..row + n).map_err(error)?;
                }
            }
        } else {
            for (column, index) in chunk.iter_mut().zip(self.indices.clone()) {
                let bytes = self.bytes((index * strides.1 + row) * size, n * size)?;
                push_rows(column, &self.header, &bytes, 0, 0..n).map_err(error)?;
            }
        }
        Ok(Some((row, chunk)))
    }

    fn bytes(&mut self, from: u64, n: u64) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::with_capacity(n as usize);
        let read = self.file.seek(SeekFrom::Start(self.start + from));
        let read = read.and_then(|_| self.file.by_ref().take(n).read_to_end(&mut bytes));
        match read {
            Ok(read) if read as u64 == n => Ok(bytes),
            Ok(_) => Err(Error::new(&self.path, Problem::Changed)),
            Err(error) => Err(Error::new(&self.path, error.into())),
        }
    }
}

impl ChunkStream for NpyReader {
    fn next(&mut self) -> Result<Option<Table>, Error> {
        let Some((row, chunk)) = self.next_chunk()? else { return Ok(None) };
        table(&self.path, &self.columns, chunk, Vec::new(), row + 1).map(Some)
    }

    fn done(&self) -> (u64, u64) {
        (self.row, self.header.rows)
    }
}

/// Adds the elements of the given rows to a column. The first one is the `first` element of the
/// bytes.
fn push_rows(
    column: &mut ColumnBuilder,
    header: &NpyHeader,
    bytes: &[u8],
    first: u64,
    rows: Range<u64>,
) -> Result<(), Problem> {
    let (size, stride) = (header.size as usize, header.strides.0 as usize);
    let mut at = first as usize * size;
    for row in rows {
        let bytes = &bytes[at..at + size];
        match header.element(bytes) {
            Element::Boolean(value) => column.push_boolean(value, row)?,
            Element::Integer(value) => column.push_integer(value, row, || value.to_string()),
            Element::Float(value) => column.push_number(value, row, || header.text(bytes)),
        }
        at += stride * size;
    }
    Ok(())
}

/// Returns the formats with which to read the columns again because some contain integers beyond
/// 2^53, which are read as strings; `None` if there are none.
fn corrected(
    types: &ColumnFormats,
    columns: &[ColumnBuilder],
    formats: &InitialFormats,
) -> Option<ColumnFormats> {
    let is_long =
        |column: &ColumnBuilder| column.is_mistyped() && column.observed_type() == CellType::Strings;
    columns.iter().any(is_long).then(|| {
        let format = |((name, format), column): (&(String, Arc<ColumnFormat>), &ColumnBuilder)| {
            (name.clone(), if is_long(column) { formats.of(CellType::Strings) } else { format.clone() })
        };
        types.iter().zip(columns).map(format).collect()
    })
}

/// A reader of an NPZ file. Arrays are read as a whole, as each is compressed as a whole.
pub(super) struct NpzReader {
    path: PathBuf,
    archive: ZipArchive<File>,
    /// Index in the archive, header and column names of each array.
    arrays: Vec<(usize, NpyHeader, Vec<String>)>,
    names: Vec<String>,
}

impl NpzReader {
    pub(super) fn open(path: &Path) -> Result<NpzReader, Error> {
        let error = |problem| Error::new(path, problem);
        let (file, file_len) = open(path)?;
        let mut archive = ZipArchive::new(file).map_err(|reason| error(damaged(&reason.to_string())))?;
        let mut arrays: Vec<(usize, NpyHeader, Vec<String>)> = Vec::new();
        let mut first: Option<(String, u64)> = None;
        let (mut total_compressed, mut total_memory) = (0_u64, 0_u64);
        for index in 0..archive.len() {
            let corrupt = |reason: zip::result::ZipError| error(damaged(&reason.to_string()));
            let mut entry = archive.by_index(index).map_err(corrupt)?;
            let compressed = entry.compressed_size();
            total_compressed = total_compressed.saturating_add(compressed);
            if total_compressed > file_len {
                return Err(error(damaged("its entries overlap or extend beyond the file")));
            }
            let name = entry.name().map_err(corrupt)?.into_owned();
            let Some(name) = name.strip_suffix(".npy").map(str::to_owned) else { continue };
            // The compression ratio of deflate is below 1100, whatever the archive states.
            let len = entry.size().min(compressed.saturating_mul(1100));
            let array_error = |problem| error(problem).column(&name);
            let header = NpyHeader::read(&mut entry, len).map_err(array_error)?;
            check_size(header.n_bytes(), compressed).map_err(array_error)?;
            total_memory = total_memory.saturating_add(header.memory());
            check_memory(total_memory, file_len).map_err(error)?;
            let (other, other_rows) = first.get_or_insert((name.clone(), header.rows));
            if *other_rows != header.rows {
                return Err(error(Problem::Lengths {
                    name,
                    rows: header.rows as usize,
                    other: other.clone(),
                    other_rows: *other_rows as usize,
                }));
            }
            let names = header.names(&name, &name);
            arrays.push((index, header, names));
        }
        let names: Vec<String> = arrays.iter().flat_map(|(.., names)| names.iter().cloned()).collect();
        if names.is_empty() {
            let found = "a ZIP archive without NumPy arrays";
            let remedy = "write arrays to it with numpy.savez, or unpack the table in it";
            return Err(error(Problem::OtherFormat { found, remedy }));
        }
        super::names::check_unique(&names).map_err(error)?;
        Ok(NpzReader { path: path.to_owned(), archive, arrays, names })
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// Reads all columns.
    pub(super) fn whole(
        &mut self,
        options: &ReadOptions,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Table, Error> {
        let formats = InitialFormats::new(options, NumberFormat::default());
        let arrays =
            self.arrays.iter().flat_map(|(_, header, names)| names.iter().map(move |name| (header, name)));
        let mut types: ColumnFormats =
            arrays.map(|(header, name)| (name.clone(), formats.of(header.cell_type()))).collect();
        loop {
            let columns = self.builders_of(&types, progress)?;
            let Some(corrected) = corrected(&types, &columns, &formats) else {
                return table(&self.path, &types, columns, Vec::new(), 1);
            };
            types = corrected;
        }
    }

    /// Reads the given columns, which must exist.
    pub(super) fn columns(
        &mut self,
        types: &ColumnFormats,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Table, Error> {
        let columns = self.builders_of(types, progress)?;
        table(&self.path, types, columns, Vec::new(), 1)
    }

    /// Reads the given columns into builders.
    fn builders_of(
        &mut self,
        types: &ColumnFormats,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Vec<ColumnBuilder>, Error> {
        let mut columns = builders(types);
        let requested: HashMap<&str, usize> =
            types.iter().enumerate().map(|(i, (name, _))| (name.as_str(), i)).collect();
        let total = self.arrays.len() as u64;
        for (done, (array, header, names)) in self.arrays.iter().enumerate() {
            // Indices of the columns in the array, and among those that are read.
            let indices = names.iter().enumerate();
            let indices: Vec<(usize, usize)> =
                indices.filter_map(|(i, name)| Some((i, *requested.get(&**name)?))).collect();
            if !indices.is_empty() {
                let error = |reason: String| Error::new(&self.path, damaged(&reason)).column(&names[0]);
                let mut entry = self.archive.by_index(*array).map_err(|reason| error(reason.to_string()))?;
                let again = NpyHeader::read(&mut entry, u64::MAX);
                if again.is_err() {
                    return Err(Error::new(&self.path, Problem::Changed));
                }
                let len = header.n_bytes();
                let mut bytes = Vec::new();
                let read =
                    entry.take(len).read_to_end(&mut bytes).map_err(|reason| error(reason.to_string()))?;
                if (read as u64) < len {
                    return Err(error(FEWER_ELEMENTS.to_owned()));
                }
                for (i, column) in indices {
                    let first = i as u64 * header.strides.1;
                    push_rows(&mut columns[column], header, &bytes, first, 0..header.rows)
                        .map_err(|problem| Error::new(&self.path, problem).column(&names[0]))?;
                }
            }
            progress(done as u64 + 1, total);
        }
        Ok(columns)
    }
}

/// The chunks of a table in memory.
pub(super) struct TableChunks {
    pub(super) table: Table,
    /// The next row.
    pub(super) row: usize,
    pub(super) chunking: Chunking,
}

impl ChunkStream for TableChunks {
    fn next(&mut self) -> Result<Option<Table>, Error> {
        let end = self.table.n_rows().min(self.row + self.chunking.rows);
        let rows: Vec<usize> = (self.row..end).collect();
        self.row = end;
        Ok((!rows.is_empty()).then(|| self.table.subset(&rows)))
    }

    fn done(&self) -> (u64, u64) {
        (self.row as u64, self.table.n_rows() as u64)
    }
}

fn builders(types: &ColumnFormats) -> Vec<ColumnBuilder> {
    types.iter().map(|(_, format)| ColumnBuilder::new(format)).collect()
}

fn open(path: &Path) -> Result<(File, u64), Error> {
    let opened = File::open(path).and_then(|file| file.metadata().map(|metadata| (file, metadata.len())));
    opened.map_err(|error| Error::new(path, error.into()))
}
