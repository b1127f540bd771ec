//! Detection of the format of a CSV file from its first records: the delimiter, whether there is a
//! header, and whether numbers have a decimal comma.

use super::field::{blank_line, record};
use crate::format::{Meaning, NumberFormat};
use crate::read::ReadOptions;
use crate::read::cell::InitialFormats;

/// Candidates for the delimiter; the last one wins ties.
const DELIMITERS: [u8; 4] = [b'|', b'\t', b';', b','];

/// Maximum number of records for detecting the delimiter.
const MAX_DELIMITER_RECORDS: usize = 64;
/// Maximum number of records for detecting everything else.
const MAX_RECORDS: usize = 1000;

/// The first records of a file.
pub(super) struct Sample {
    /// Fields of the records, without blank lines.
    pub(super) records: Vec<Vec<Vec<u8>>>,
    /// Offset of the second record, or of the end.
    pub(super) second: usize,
    /// Offset of the first record.
    pub(super) first: usize,
}

impl Sample {
    /// Parses the first records. Stops at invalid quotes, which are reported later by the parser.
    pub(super) fn new(bytes: &[u8], delimiter: u8) -> Sample {
        Sample::with_limit(bytes, delimiter, MAX_RECORDS)
    }

    fn with_limit(bytes: &[u8], delimiter: u8, n: usize) -> Sample {
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

/// Returns the delimiter with which the most records have as many fields as the first one, which
/// should have at least two. Ties, as for `1,5;2,5`, are resolved in favour of more numbers and
/// dates, then of more fields.
pub(super) fn delimiter(bytes: &[u8], options: &ReadOptions) -> u8 {
    let score = |delimiter: u8| {
        let records = Sample::with_limit(bytes, delimiter, MAX_DELIMITER_RECORDS).records;
        let n = records.first().map_or(0, Vec::len);
        let n_consistent = records.iter().filter(|fields| fields.len() == n).count();
        let formats = InitialFormats::new(options, numbers(&records, delimiter, options));
        let all: Vec<&Vec<u8>> = records.iter().flatten().collect();
        let n_values = all.iter().filter(|cell| formats.meaning(cell) != Meaning::Text).count();
        (n >= 2, n_consistent * 1000 / records.len().max(1), n_values * 1000 / all.len().max(1), n)
    };
    DELIMITERS.into_iter().max_by_key(|delimiter| score(*delimiter)).unwrap_or(b',')
}

/// Returns the notation of numbers. They have a decimal comma if there are numbers such as `1,5` and
/// none such as `1.5`, and the delimiter is not a comma.
pub(super) fn numbers(records: &[Vec<Vec<u8>>], delimiter: u8, options: &ReadOptions) -> NumberFormat {
    let any_with = |separator: u8| {
        let is_decimal = |cell: &Vec<u8>| {
            let digits = cell.strip_prefix(b"-").unwrap_or(cell);
            memchr::memchr_iter(separator, digits).count() == 1
                && digits.iter().all(|byte| *byte == separator || byte.is_ascii_digit())
                && digits.len() > 1
        };
        records.iter().flatten().any(is_decimal)
    };
    match options.decimal_comma {
        Some(true) => NumberFormat::decimal_comma(),
        None if delimiter != b',' && any_with(b',') && !any_with(b'.') => NumberFormat::decimal_comma(),
        Some(false) | None => NumberFormat::default(),
    }
}

/// Detects whether the first record is a header: at least one of its fields is neither a number nor
/// a date nor missing.
pub(super) fn is_header(record: &[Vec<u8>], formats: &InitialFormats, options: &ReadOptions) -> bool {
    options.header.unwrap_or_else(|| record.iter().any(|field| formats.meaning(field) == Meaning::Text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_consistent_across_lines() {
        for (text, expected) in [
            ("a,b\n1,2\n", b','),
            ("a;b\n1,5;2\n3,5;4\n", b';'),
            ("1,5;2,5\n3,5;4,5\n", b';'),
            ("a\tb c\n1\t2\n", b'\t'),
            ("a|b\n\"x|y\"|2\n", b'|'),
            ("\"a;b\";\"c\"\n\"1,2\";3\n", b';'),
            ("town,note\nBern,a;b\nRome,c;d\n", b','),
            ("a,b,c\n1,2,3\n1,2,3,4\n1,2\n", b','),
            ("x\n1\n2\n", b','),
            ("note\nwell, no\nyes\n", b';'),
            ("", b','),
        ] {
            let detected = delimiter(text.as_bytes(), &ReadOptions::default());
            if text.starts_with("note") {
                assert_ne!(detected, b',', "{text:?}");
            } else {
                assert_eq!(detected as char, expected as char, "{text:?}");
            }
        }
    }
}
