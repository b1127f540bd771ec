//! CSV: the format is detected from the first records, then blocks of the file are parsed in
//! parallel.

mod detect;
mod field;
mod records;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use detect::Sample;
use records::{CsvLayout, count_lines};

use super::block::{BlockReader, MAX_RECORD_LEN, RecordBoundary};
use super::cell::{InitialFormats, ObservedTypes};
use super::chunks::{Chunking, ColumnFormats, TextReader};
use super::column::ColumnBuilder;
use super::interner::valid_text;
use super::source::{AtEnd, TextInput, Utf8Reader};
use super::{CellType, ReadOptions};
use crate::{Error, Problem, Table};

/// Number of bytes from which the format is detected.
const SAMPLE_SIZE: usize = 1 << 18;

/// A CSV file with a known format.
pub(super) struct CsvReader {
    input: TextInput,
    layout: CsvLayout,
    encoding: Option<String>,
    /// Formats of columns that are read for the first time.
    formats: InitialFormats,
    /// Types of the columns, inferred from the first records.
    inferred: Vec<CellType>,
    /// Offset of the first row in the decoded text.
    body: usize,
    /// Line of the first row.
    line: u64,
}

impl CsvReader {
    /// Detects the format from the beginning of the file.
    pub(super) fn open(input: TextInput, options: &ReadOptions) -> Result<CsvReader, Error> {
        let path = &input.path;
        let error = |problem| Error::new(path, problem);
        let given = options.delimiter;
        if let Some(delimiter) =
            given.filter(|byte| *byte != b'\t' && (!byte.is_ascii_punctuation() || b"\".+-".contains(byte)))
        {
            return Err(error(Problem::Delimiter { delimiter }));
        }
        let mut source = Utf8Reader::open(&input, options.encoding.as_deref())?;
        let (mut bytes, mut n_more) = (Vec::new(), SAMPLE_SIZE);
        let delimiter = loop {
            let end = source.fill(&mut bytes, n_more)?;
            if memchr::memchr(0, &bytes).is_some() {
                return Err(error(Problem::Binary));
            }
            let delimiter = given.unwrap_or_else(|| detect::delimiter(&bytes, options));
            if end == AtEnd::Yes || bytes.len() >= MAX_RECORD_LEN {
                break delimiter;
            }
            if let Some(end) = (RecordBoundary::Quoted { delimiter }).last_in(&bytes) {
                bytes.truncate(end);
                break delimiter;
            }
            n_more = bytes.len();
        };
        if bytes.contains(&b'\r') && !bytes.contains(&b'\n') {
            let found = "text with carriage returns as line endings";
            let remedy = "convert the line endings, for example with mac2unix";
            return Err(error(Problem::OtherFormat { found, remedy }));
        }
        let sample = Sample::new(&bytes, delimiter);
        let line = 1 + count_lines(&bytes[..sample.first]);
        let Some(first) = sample.records.first() else {
            // The file is empty, or the first record has invalid quotes.
            let Some(problem) = (sample.first < bytes.len())
                .then(|| field::record(&bytes, sample.first, delimiter).err())
                .flatten()
            else {
                return Err(error(Problem::Empty));
            };
            return Err(error(problem).line(line));
        };
        let formats = InitialFormats::new(options, detect::numbers(&sample.records, delimiter, options));
        let has_header = detect::is_header(first, &formats, options);
        let (names, body, rows) = if has_header {
            let names = names(first, source.encoding).map_err(|problem| error(problem).line(line))?;
            (names, sample.second, &sample.records[1..])
        } else {
            ((1..=first.len()).map(|i| format!("column{i}")).collect(), sample.first, &sample.records[..])
        };
        let inferred = (0..names.len()).map(|i| {
            let mut observed = ObservedTypes::default();
            rows.iter().filter_map(|row| row.get(i)).for_each(|cell| observed.add(formats.meaning(cell)));
            observed.cell_type()
        });
        Ok(CsvReader {
            encoding: options.encoding.clone(),
            inferred: inferred.collect(),
            formats: formats.clone(),
            body,
            line: 1 + count_lines(&bytes[..body]),
            layout: CsvLayout {
                path: path.clone(),
                delimiter,
                encoding: source.encoding,
                first: if has_header { "header" } else { "first row" },
                indices: vec![None; names.len()],
                names,
                formats: Vec::new(),
            },
            input,
        })
    }

    /// Returns the names of all columns.
    pub(super) fn names(&self) -> &[String] {
        &self.layout.names
    }

    /// Opens a reader of the given columns, which must exist.
    pub(super) fn rows(&self, columns: ColumnFormats, chunking: Chunking) -> Result<TextReader, Error> {
        let mut layout = self.layout.clone();
        let fields = super::names::indices(self.names());
        for (i, (name, format)) in columns.iter().enumerate() {
            let field = fields.get(&**name).expect("the caller has checked that the column exists");
            layout.indices[*field] = Some(i);
            layout.formats.push(format.clone());
        }
        let mut source = Utf8Reader::open(&self.input, self.encoding.as_deref())?;
        let (mut rest, mut end) = (Vec::new(), AtEnd::No);
        while rest.len() < self.body && end == AtEnd::No {
            end = source.fill(&mut rest, self.body)?;
        }
        if rest.len() < self.body {
            return Err(Error::new(&layout.path, Problem::Changed));
        }
        rest.drain(..self.body);
        let boundary = RecordBoundary::Quoted { delimiter: layout.delimiter };
        Ok(TextReader {
            blocks: BlockReader::new(source, boundary, chunking.block, rest, end),
            line: self.line,
            parse: Box::new(move |bytes| layout.parse(bytes)),
            columns,
            chunking,
            ready: VecDeque::new(),
        })
    }

    /// Reads all columns. Columns whose cells contradict the inferred type are read a second time.
    pub(super) fn whole(
        &self,
        chunking: Chunking,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Table, Error> {
        let error = |problem| Error::new(&self.layout.path, problem);
        let names = self.names().iter().cloned();
        let columns: ColumnFormats =
            names.zip(self.inferred.iter().map(|cell_type| self.formats.of(*cell_type))).collect();
        let first_pass = self.rows(columns.clone(), chunking)?;
        let len = first_pass.blocks.source().len;
        let mut whole = first_pass.whole(&mut |done| progress(done, len))?;
        if whole.lines.is_empty() {
            return Err(error(Problem::NoRows));
        }
        let mistyped: Vec<usize> = (0..columns.len()).filter(|i| whole.columns[*i].is_mistyped()).collect();
        if !mistyped.is_empty() {
            let observed_format = |i: &usize| self.formats.of(whole.columns[*i].observed_type());
            let again = mistyped.iter().map(|i| (columns[*i].0.clone(), observed_format(i))).collect();
            // The memory of the first pass is freed before the second pass.
            mistyped.iter().for_each(|i| whole.columns[*i].clear());
            let second = self.rows(again, chunking)?.whole(&mut |done| progress(len + done, 2 * len))?;
            if second.lines != whole.lines {
                return Err(error(Problem::Changed));
            }
            for (i, column) in mistyped.into_iter().zip(second.columns) {
                whole.columns[i] = column;
            }
        }
        if whole.columns.iter().any(ColumnBuilder::is_mistyped) {
            return Err(error(Problem::Changed));
        }
        super::chunks::table(&self.layout.path, &columns, whole.columns, whole.lines, 0)
    }
}

/// Returns the names of the columns from the fields of the header.
fn names(fields: &[Vec<u8>], encoding: &'static str) -> Result<Vec<String>, Problem> {
    let names = fields.iter().map(|field| Ok(valid_text(field)?.trim().to_owned()));
    let names =
        names.collect::<Result<Vec<String>, Problem>>().map_err(|problem| problem.in_encoding(encoding))?;
    if let Some(nameless) = names.iter().position(String::is_empty) {
        return Err(Problem::NamelessColumn { position: nameless + 1 });
    }
    super::names::check_unique(&names)?;
    Ok(names)
}
