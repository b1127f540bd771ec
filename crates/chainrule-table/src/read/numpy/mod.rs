//! NumPy's arrays: NPY, whose rows are read in pieces, and NPZ, whose arrays are columns of one table.

mod header;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use header::{NpyHeader, damaged};
use zip::ZipArchive;

use super::column::Part;
use super::pieces::{Pace, Pieces, Wanted, table};
use super::{CellType, ReadOptions};
use crate::{Error, Problem, Table};

/// What is read of an array at once, at most.
const PIECE: u64 = 1 << 23;

/// What is turned into columns at once: about as much as the fastest cache holds.
const TILE: u64 = 1 << 15;

/// An NPY file.
pub(super) struct Npy {
    path: PathBuf,
    file: File,
    header: NpyHeader,
    names: Vec<String>,
    /// Where the numbers begin.
    start: u64,
    /// The next row.
    row: u64,
    /// The columns that are read, with their places in the array.
    wanted: Wanted,
    places: Vec<u64>,
    pace: Pace,
}

impl Npy {
    pub(super) fn open(path: &Path, pace: Pace) -> Result<Npy, Error> {
        let (mut file, len) = open(path)?;
        let header = NpyHeader::read(&mut file, len).map_err(|problem| Error::new(path, problem))?;
        let start = file.stream_position().map_err(|error| Error::new(path, error.into()))?;
        let (names, path) = (header.names("x", "x1"), path.to_owned());
        Ok(Npy { path, file, header, names, start, row: 0, wanted: Vec::new(), places: Vec::new(), pace })
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// The same file, of which these columns are read, which are there.
    pub(super) fn want(mut self, wanted: Wanted) -> Npy {
        let place =
            |name: &String| self.names.iter().position(|other| other == name).map(|place| place as u64);
        self.places = wanted.iter().map(|(name, _)| place(name).expect("the column is there")).collect();
        self.wanted = wanted;
        self
    }

    pub(super) fn whole(
        mut self,
        texts: &[String],
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Table, Error> {
        let wanted: Wanted = self.names.iter().map(|name| (name.clone(), kind(name, texts))).collect();
        let mut columns: Vec<Part> = wanted.iter().map(|(_, want)| Part::new(*want)).collect();
        self = self.want(wanted);
        columns.iter_mut().for_each(|column| column.reserve(self.header.rows as usize));
        while let Some((row, parts)) = self.piece()? {
            columns.iter_mut().zip(parts).for_each(|(column, part)| column.append(part, row));
            progress(self.row, self.header.rows);
        }
        table(&self.path, &self.wanted, columns, Vec::new(), 1)
    }

    /// The next rows, and which is the first of them.
    fn piece(&mut self) -> Result<Option<(u64, Vec<Part>)>, Error> {
        let NpyHeader { size, rows, columns, steps, .. } = self.header;
        let most = (PIECE / (columns.unwrap_or(1) * size)).clamp(1, self.pace.rows as u64);
        let (row, n) = (self.row, most.min(rows - self.row));
        if n == 0 {
            return Ok(None);
        }
        self.row += n;
        let mut parts: Vec<Part> = self.wanted.iter().map(|(_, want)| Part::new(*want)).collect();
        parts.iter_mut().for_each(|part| part.reserve(n as usize));
        if steps.1 == 1 {
            let bytes = self.bytes(row * steps.0 * size, n * steps.0 * size)?;
            // A few rows at a time, so that they stay in the core's cache from column to column.
            let few = (TILE / (steps.0 * size)).max(1);
            for (tile, bytes) in bytes.chunks((few * steps.0 * size) as usize).enumerate() {
                let (row, n) = (tile as u64 * few, bytes.len() as u64 / (steps.0 * size));
                for (part, place) in parts.iter_mut().zip(&self.places) {
                    fill(part, &self.header, bytes, *place, row..row + n);
                }
            }
        } else {
            for (part, place) in parts.iter_mut().zip(self.places.clone()) {
                let bytes = self.bytes((place * steps.1 + row) * size, n * size)?;
                fill(part, &self.header, &bytes, 0, 0..n);
            }
        }
        Ok(Some((row, parts)))
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

impl Pieces for Npy {
    fn next(&mut self) -> Result<Option<Table>, Error> {
        let Some((row, parts)) = self.piece()? else { return Ok(None) };
        table(&self.path, &self.wanted, parts, Vec::new(), row + 1).map(Some)
    }

    fn done(&self) -> (u64, u64) {
        (self.row, self.header.rows)
    }
}

/// Adds the numbers of some rows to a column, the first of which is `first` numbers from the bytes' beginning.
fn fill(part: &mut Part, header: &NpyHeader, bytes: &[u8], first: u64, rows: Range<u64>) {
    let (size, step) = (header.size as usize, header.steps.0 as usize);
    let mut at = first as usize * size;
    for row in rows {
        let bytes = &bytes[at..at + size];
        part.push_number(header.value(bytes), row, || header.text(bytes));
        at += step * size;
    }
}

/// An NPZ file. Its arrays are read as a whole, since each is compressed as a whole.
pub(super) struct Npz {
    path: PathBuf,
    archive: ZipArchive<File>,
    /// The arrays' places in the archive, their headers and their columns' names.
    arrays: Vec<(usize, NpyHeader, Vec<String>)>,
    names: Vec<String>,
}

impl Npz {
    pub(super) fn open(path: &Path) -> Result<Npz, Error> {
        let error = |problem| Error::new(path, problem);
        let (file, _) = open(path)?;
        let mut archive = ZipArchive::new(file).map_err(|reason| error(damaged(&reason.to_string())))?;
        let mut arrays: Vec<(usize, NpyHeader, Vec<String>)> = Vec::new();
        let mut first: Option<(String, u64)> = None;
        for place in 0..archive.len() {
            let broken = |reason: zip::result::ZipError| error(damaged(&reason.to_string()));
            let mut entry = archive.by_index(place).map_err(broken)?;
            let name = entry.name().map_err(broken)?.into_owned();
            let Some(name) = name.strip_suffix(".npy").map(str::to_owned) else { continue };
            // Nothing is compressed to less than a thousandth, whatever the archive says.
            let len = entry.size().min(entry.compressed_size().saturating_mul(1100));
            let header = NpyHeader::read(&mut entry, len).map_err(|problem| error(problem).column(&name))?;
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
            arrays.push((place, header, names));
        }
        let names: Vec<String> = arrays.iter().flat_map(|(.., names)| names.iter().cloned()).collect();
        if names.is_empty() {
            let remedy = "write arrays into it with numpy.savez, or unpack the table in it";
            return Err(error(Problem::OtherFormat { what: "a ZIP archive without NumPy arrays", remedy }));
        }
        super::unique(&names).map_err(error)?;
        Ok(Npz { path: path.to_owned(), archive, arrays, names })
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
        let wanted: Wanted =
            self.names.iter().map(|name| (name.clone(), kind(name, &options.texts))).collect();
        self.columns(&wanted, progress)
    }

    /// Reads these columns, which are there.
    pub(super) fn columns(
        &mut self,
        wanted: &Wanted,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Table, Error> {
        let mut columns: Vec<Part> = wanted.iter().map(|(_, want)| Part::new(*want)).collect();
        let total = self.arrays.len() as u64;
        for (done, (place, header, names)) in self.arrays.iter().enumerate() {
            let place_of = |name: &String| names.iter().position(|other| other == name);
            let places: Vec<Option<usize>> = wanted.iter().map(|(name, _)| place_of(name)).collect();
            if places.iter().any(Option::is_some) {
                let error = |reason: String| Error::new(&self.path, damaged(&reason)).column(&names[0]);
                let mut entry = self.archive.by_index(*place).map_err(|reason| error(reason.to_string()))?;
                let again = NpyHeader::read(&mut entry, u64::MAX);
                if again.is_err() {
                    return Err(Error::new(&self.path, Problem::Changed));
                }
                let len = header.rows * header.columns.unwrap_or(1) * header.size;
                let mut bytes = Vec::new();
                let read =
                    entry.take(len).read_to_end(&mut bytes).map_err(|reason| error(reason.to_string()))?;
                if (read as u64) < len {
                    return Err(error("it has fewer numbers than it says".to_owned()));
                }
                for (column, place) in columns.iter_mut().zip(places) {
                    if let Some(place) = place {
                        fill(column, header, &bytes, place as u64 * header.steps.1, 0..header.rows);
                    }
                }
            }
            progress(done as u64 + 1, total);
        }
        table(&self.path, wanted, columns, Vec::new(), 1)
    }
}

/// The rows of a table that is read already.
pub(super) struct Rows {
    pub(super) table: Table,
    pub(super) row: usize,
    pub(super) pace: Pace,
}

impl Pieces for Rows {
    fn next(&mut self) -> Result<Option<Table>, Error> {
        let end = self.table.n_rows().min(self.row + self.pace.rows);
        let rows: Vec<usize> = (self.row..end).collect();
        self.row = end;
        Ok((!rows.is_empty()).then(|| self.table.subset(&rows)))
    }

    fn done(&self) -> (u64, u64) {
        (self.row as u64, self.table.n_rows() as u64)
    }
}

fn kind(name: &String, texts: &[String]) -> CellType {
    if texts.contains(name) { CellType::Strings } else { CellType::Numbers }
}

fn open(path: &Path) -> Result<(File, u64), Error> {
    let opened = File::open(path).and_then(|file| file.metadata().map(|metadata| (file, metadata.len())));
    opened.map_err(|error| Error::new(path, error.into()))
}
