//! How a CSV is written, from its first lines: the delimiter, whether there is a header, and whether numbers have a decimal comma.

use super::field::{blank_line, record};
use crate::read::ReadOptions;
use crate::read::cell::{Cells, DecimalComma, Meaning};

/// The delimiters that are looked for; the last is taken where none fits better.
const DELIMITERS: [u8; 4] = [b'|', b'\t', b';', b','];

/// How many records are looked at for the delimiter, and how many for the rest.
const FEW: usize = 64;
const MANY: usize = 1000;

/// Records of a file's beginning.
pub(super) struct Sample {
    /// The fields of the records, without blank lines.
    pub(super) records: Vec<Vec<Vec<u8>>>,
    /// Where the second record begins, or the end.
    pub(super) second: usize,
    /// Where the first record begins.
    pub(super) first: usize,
}

impl Sample {
    /// The first records, up to one whose quotes do not fit: that is for the reading itself to report.
    pub(super) fn new(bytes: &[u8], delimiter: u8) -> Sample {
        Sample::of(bytes, delimiter, MANY)
    }

    fn of(bytes: &[u8], delimiter: u8, n: usize) -> Sample {
        let mut sample = Sample { records: Vec::new(), second: bytes.len(), first: bytes.len() };
        let mut at = 0;
        while at < bytes.len() && sample.records.len() < n {
            if let Some(len) = blank_line(bytes, at) {
                at += len;
                continue;
            }
            if sample.records.is_empty() {
                sample.first = at;
            }
            let Ok((fields, next)) = record(bytes, at, delimiter) else { break };
            at = next;
            if sample.records.is_empty() {
                sample.second = at;
            }
            sample.records.push(fields);
        }
        sample
    }
}

/// The delimiter by which most records have as many fields as the first, at least two. Where several do, as in `1,5;2,5`, the one
/// that leaves more numbers and dates, then the one that makes more fields.
pub(super) fn delimiter(bytes: &[u8], options: &ReadOptions) -> u8 {
    let score = |delimiter: u8| {
        let records = Sample::of(bytes, delimiter, FEW).records;
        let n = records.first().map_or(0, Vec::len);
        let agreeing = records.iter().filter(|fields| fields.len() == n).count();
        let comma = decimal_comma(&records, delimiter, options);
        let cells = Cells::new(options, comma);
        let all: Vec<&Vec<u8>> = records.iter().flatten().collect();
        let plain = all.iter().filter(|cell| cells.meaning(cell) != Meaning::Text).count();
        (n >= 2, agreeing * 1000 / records.len().max(1), plain * 1000 / all.len().max(1), n)
    };
    DELIMITERS.into_iter().max_by_key(|delimiter| score(*delimiter)).unwrap_or(b',')
}

/// Numbers have a decimal comma if some are like `1,5` and none is like `1.5`; never where commas separate the fields.
pub(super) fn decimal_comma(records: &[Vec<Vec<u8>>], delimiter: u8, options: &ReadOptions) -> DecimalComma {
    let written_with = |sign: u8| {
        let is_one = |cell: &Vec<u8>| {
            let digits = cell.strip_prefix(b"-").unwrap_or(cell);
            memchr::memchr_iter(sign, digits).count() == 1
                && digits.iter().all(|byte| *byte == sign || byte.is_ascii_digit())
                && digits.len() > 1
        };
        records.iter().flatten().any(is_one)
    };
    match options.decimal_comma {
        Some(true) => DecimalComma::Yes,
        None if delimiter != b',' && written_with(b',') && !written_with(b'.') => DecimalComma::Yes,
        Some(false) | None => DecimalComma::No,
    }
}

/// The first record names the columns unless each of its fields is a number, a date or missing.
pub(super) fn is_header(record: &[Vec<u8>], cells: &Cells, options: &ReadOptions) -> bool {
    options.header.unwrap_or_else(|| record.iter().any(|field| cells.meaning(field) == Meaning::Text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_the_one_that_fits_all_lines() {
        for (text, expected) in [
            ("a,b\n1,2\n", b','),
            ("a;b\n1,5;2\n3,5;4\n", b';'),
            ("1,5;2,5\n3,5;4,5\n", b';'),
            ("a\tb c\n1\t2\n", b'\t'),
            ("a|b\n\"x|y\"|2\n", b'|'),
            ("\"a;b\";\"c\"\n\"1,2\";3\n", b';'),
            ("town,says\nBern,a;b\nRome,c;d\n", b','),
            ("a,b,c\n1,2,3\n1,2,3,4\n1,2\n", b','),
            ("x\n1\n2\n", b','),
            ("says\nwell, no\nyes\n", b';'),
            ("", b','),
        ] {
            let found = delimiter(text.as_bytes(), &ReadOptions::default());
            if text.starts_with("says") {
                assert_ne!(found, b',', "{text:?}");
            } else {
                assert_eq!(found as char, expected as char, "{text:?}");
            }
        }
    }
}
