//! CSV: the way a file is written is found from its first lines, then blocks of it are parsed side by side.

mod detect;
mod field;
mod records;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use detect::Sample;
use records::{Layout, count_lines};

use super::block::{Cutter, LONGEST_RECORD, Records};
use super::cell::{Cells, Seen};
use super::pieces::{Pace, Text, Wanted, Whole};
use super::source::{AtEnd, Origin, Source};
use super::words::readable;
use super::{CellType, ReadOptions};
use crate::{Error, Problem, Table};

/// How much of a file is looked at first.
const SAMPLE: usize = 1 << 18;

/// A CSV of which it is known how it is written.
pub(super) struct Csv {
    origin: Origin,
    layout: Layout,
    encoding: Option<String>,
    /// What the columns seem to hold.
    guesses: Vec<CellType>,
    /// Where the rows begin in the decoded text, and at which line.
    body: usize,
    line: u64,
}

impl Csv {
    /// Looks at a file's beginning.
    pub(super) fn open(origin: Origin, options: &ReadOptions) -> Result<Csv, Error> {
        let path = &origin.path;
        let error = |problem| Error::new(path, problem);
        let given = options.delimiter;
        if let Some(delimiter) =
            given.filter(|sign| *sign != b'\t' && (!sign.is_ascii_punctuation() || b"\".+-".contains(sign)))
        {
            return Err(error(Problem::Delimiter { delimiter }));
        }
        let mut source = Source::open(&origin, options.encoding.as_deref())?;
        let (mut bytes, mut more) = (Vec::new(), SAMPLE);
        let delimiter = loop {
            let end = source.fill(&mut bytes, more)?;
            if memchr::memchr(0, &bytes).is_some() {
                return Err(error(Problem::Binary));
            }
            let delimiter = given.unwrap_or_else(|| detect::delimiter(&bytes, options));
            if end == AtEnd::Yes || bytes.len() >= LONGEST_RECORD {
                break delimiter;
            }
            if let Some(end) = (Records::Quoted { delimiter }).last_end(&bytes) {
                bytes.truncate(end);
                break delimiter;
            }
            more = bytes.len();
        };
        if bytes.contains(&b'\r') && !bytes.contains(&b'\n') {
            let remedy = "convert its line ends, with mac2unix or an editor";
            return Err(error(Problem::OtherFormat {
                what: "text whose lines end in a carriage return",
                remedy,
            }));
        }
        let sample = Sample::new(&bytes, delimiter);
        let line = 1 + count_lines(&bytes[..sample.first]);
        let Some(first) = sample.records.first() else {
            // There is nothing, or a first record whose quotes do not fit.
            let Some(problem) = (sample.first < bytes.len())
                .then(|| field::record(&bytes, sample.first, delimiter).err())
                .flatten()
            else {
                return Err(error(Problem::Empty));
            };
            return Err(error(problem).line(line));
        };
        let cells = Cells::new(options, detect::decimal_comma(&sample.records, delimiter, options));
        let has_header = detect::is_header(first, &cells, options);
        let (names, body, rows) = if has_header {
            let names = names(first, source.encoding).map_err(|problem| error(problem).line(line))?;
            (names, sample.second, &sample.records[1..])
        } else {
            ((1..=first.len()).map(|i| format!("column{i}")).collect(), sample.first, &sample.records[..])
        };
        let guesses = (0..names.len()).map(|i| {
            let mut seen = Seen::default();
            rows.iter().filter_map(|row| row.get(i)).for_each(|cell| seen.note(cells.meaning(cell)));
            if options.texts.contains(&names[i]) { CellType::Strings } else { seen.want() }
        });
        Ok(Csv {
            encoding: options.encoding.clone(),
            guesses: guesses.collect(),
            body,
            line: 1 + count_lines(&bytes[..body]),
            layout: Layout {
                path: path.clone(),
                delimiter,
                encoding: source.encoding,
                cells,
                first: if has_header { "header" } else { "first row" },
                places: vec![None; names.len()],
                names,
                wants: Vec::new(),
            },
            origin,
        })
    }

    /// The names of all columns.
    pub(super) fn names(&self) -> &[String] {
        &self.layout.names
    }

    /// The rows with these columns, which are there.
    pub(super) fn rows(&self, wanted: Wanted, pace: Pace) -> Result<Text, Error> {
        let mut layout = self.layout.clone();
        for (i, (name, want)) in wanted.iter().enumerate() {
            let place = layout.names.iter().position(|other| other == name);
            layout.places[place.expect("the column is there")] = Some(i);
            layout.wants.push(*want);
        }
        let mut source = Source::open(&self.origin, self.encoding.as_deref())?;
        let (mut rest, mut end) = (Vec::new(), AtEnd::No);
        while rest.len() < self.body && end == AtEnd::No {
            end = source.fill(&mut rest, self.body)?;
        }
        if rest.len() < self.body {
            return Err(Error::new(&layout.path, Problem::Changed));
        }
        rest.drain(..self.body);
        let records = Records::Quoted { delimiter: layout.delimiter };
        Ok(Text {
            cutter: Cutter::new(source, records, pace.block, rest, end),
            line: self.line,
            parse: Box::new(move |bytes| layout.parse(bytes)),
            wanted,
            pace,
            ready: VecDeque::new(),
        })
    }

    /// Reads all columns. One that turns out to be something else than its first cells say is read again as what it is.
    pub(super) fn whole(&self, pace: Pace, progress: &mut dyn FnMut(u64, u64)) -> Result<Table, Error> {
        let error = |problem| Error::new(&self.layout.path, problem);
        let names = self.names().iter().cloned();
        let wanted: Wanted = names.zip(self.guesses.iter().copied()).collect();
        let first_pass = self.rows(wanted.clone(), pace)?;
        let len = first_pass.cutter.source().len;
        let mut whole = first_pass.whole(&mut |done| progress(done, len))?;
        if whole.lines.is_empty() {
            return Err(error(Problem::NoRows));
        }
        let again: Vec<usize> = (0..wanted.len()).filter(|i| whole.columns[*i].misjudged()).collect();
        if !again.is_empty() {
            let pass = again.iter().map(|i| (wanted[*i].0.clone(), whole.columns[*i].seen.want())).collect();
            // What is misjudged is let go before it is read again.
            again.iter().for_each(|i| whole.columns[*i].clear());
            let second = self.rows(pass, pace)?.whole(&mut |done| progress(len + done, 2 * len))?;
            if second.lines != whole.lines {
                return Err(error(Problem::Changed));
            }
            for (i, column) in again.into_iter().zip(second.columns) {
                whole.columns[i] = column;
            }
        }
        self.table(wanted, whole)
    }

    fn table(&self, mut wanted: Wanted, whole: Whole) -> Result<Table, Error> {
        if whole.columns.iter().any(super::column::Part::misjudged) {
            return Err(Error::new(&self.layout.path, Problem::Changed));
        }
        wanted.iter_mut().zip(&whole.columns).for_each(|((_, want), part)| *want = part.want());
        super::pieces::table(&self.layout.path, &wanted, whole.columns, whole.lines, 0)
    }
}

/// The columns' names from the header's fields.
fn names(fields: &[Vec<u8>], encoding: &'static str) -> Result<Vec<String>, Problem> {
    let names = fields.iter().map(|field| Ok(readable(field)?.trim().to_owned()));
    let names =
        names.collect::<Result<Vec<String>, Problem>>().map_err(|problem| problem.in_encoding(encoding))?;
    if let Some(nameless) = names.iter().position(String::is_empty) {
        return Err(Problem::NamelessColumn { position: nameless + 1 });
    }
    super::unique(&names)?;
    Ok(names)
}
