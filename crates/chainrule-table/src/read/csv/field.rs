//! Parsing of a field of a CSV file.

use memchr::{memchr, memchr_iter, memchr2};

use crate::Problem;

/// A field.
pub(super) struct Field<'a> {
    /// Text without the quotes or the surrounding spaces.
    pub(super) text: &'a [u8],
    /// Offset of the next field or record.
    pub(super) next: usize,
    pub(super) end: FieldEnd,
    /// Number of line ends within the quotes.
    pub(super) n_lines: u64,
}

/// The terminator of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldEnd {
    /// A delimiter, followed by another field.
    Delimiter,
    /// The end of the record.
    Record,
}

impl<'a> Field<'a> {
    /// Parses the field that begins at `start`. `unescaped` is the buffer for the text of a field
    /// that contains escaped quotes.
    pub(super) fn parse(
        bytes: &'a [u8],
        start: usize,
        delimiter: u8,
        unescaped: &'a mut Vec<u8>,
    ) -> Result<Field<'a>, Problem> {
        let start = start + spaces(&bytes[start..]);
        if bytes.get(start) == Some(&b'"') {
            return Field::quoted(bytes, start + 1, delimiter, unescaped);
        }
        let end = memchr2(delimiter, b'\n', &bytes[start..]).map_or(bytes.len(), |len| start + len);
        let text = &bytes[start..end];
        let (text, terminator, next) = if bytes.get(end) == Some(&delimiter) {
            (text, FieldEnd::Delimiter, end + 1)
        } else {
            (text.strip_suffix(b"\r").unwrap_or(text), FieldEnd::Record, (end + 1).min(bytes.len()))
        };
        let len = text.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
        Ok(Field { text: &text[..len], next, end: terminator, n_lines: 0 })
    }

    /// Parses the quoted field whose text begins at `start`, after the opening quote.
    fn quoted(
        bytes: &'a [u8],
        start: usize,
        delimiter: u8,
        unescaped: &'a mut Vec<u8>,
    ) -> Result<Field<'a>, Problem> {
        unescaped.clear();
        let mut from = start;
        let close = loop {
            let quote = from + memchr(b'"', &bytes[from..]).ok_or(Problem::OpenQuote)?;
            if bytes.get(quote + 1) != Some(&b'"') {
                break quote;
            }
            unescaped.extend_from_slice(&bytes[from..=quote]);
            from = quote + 2;
        };
        let text = if from == start {
            &bytes[start..close]
        } else {
            unescaped.extend_from_slice(&bytes[from..close]);
            &unescaped[..]
        };
        let n_lines = memchr_iter(b'\n', &bytes[start..close]).count() as u64;
        let after = close + 1 + spaces(&bytes[close + 1..]);
        let (end, next) = match &bytes[after..] {
            [] | [b'\r'] => (FieldEnd::Record, bytes.len()),
            [b'\n', ..] => (FieldEnd::Record, after + 1),
            [b'\r', b'\n', ..] => (FieldEnd::Record, after + 2),
            [byte, ..] if *byte == delimiter => (FieldEnd::Delimiter, after + 1),
            _ => return Err(Problem::AfterQuote),
        };
        Ok(Field { text, next, end, n_lines })
    }
}

/// Returns the length of the blank line at `start` with its line end; `None` if the line is not
/// blank.
pub(super) fn blank_line(bytes: &[u8], start: usize) -> Option<usize> {
    if !matches!(bytes[start], b' ' | b'\r' | b'\n') {
        return None;
    }
    let n = spaces(&bytes[start..]);
    match &bytes[start + n..] {
        [] => Some(n),
        [b'\n', ..] | [b'\r'] => Some(n + 1),
        [b'\r', b'\n', ..] => Some(n + 2),
        _ => None,
    }
}

fn spaces(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| *byte != b' ').unwrap_or(bytes.len())
}

/// Parses the record at `start`, which is not blank. Returns its fields and the offset of the next
/// record.
pub(super) fn record(bytes: &[u8], start: usize, delimiter: u8) -> Result<(Vec<Vec<u8>>, usize), Problem> {
    let (mut fields, mut at, mut unescaped) = (Vec::new(), start, Vec::new());
    loop {
        let field = Field::parse(bytes, at, delimiter, &mut unescaped)?;
        at = field.next;
        let end = field.end;
        fields.push(field.text.to_vec());
        if end == FieldEnd::Record {
            return Ok((fields, at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Vec<String> {
        let (fields, next) = record(text.as_bytes(), 0, b',').unwrap();
        assert_eq!(next, text.len());
        fields.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect()
    }

    #[test]
    fn spaces_quotes_and_carriage_returns_are_stripped() {
        for text in ["a, b c ,d", "a,b c,d\n", "a,b c,d\r\n", " \"a\" ,\"b c\" , \"d\"\r\n", "a,\"b c\",d\r"]
        {
            assert_eq!(fields(text), ["a", "b c", "d"], "{text:?}");
        }
        assert_eq!(fields("\"a \"\"b\"\"\",\"\",5\" pipe"), ["a \"b\"", "", "5\" pipe"]);
        assert_eq!(fields("\"a\nb\", \" c \""), ["a\nb", " c "]);
        assert_eq!(fields(",\n"), ["", ""]);
    }

    #[test]
    fn invalid_quotes_are_errors() {
        assert!(matches!(record(b"a,\"b", 0, b','), Err(Problem::OpenQuote)));
        assert!(matches!(record(b"a,\"b\"c,d", 0, b','), Err(Problem::AfterQuote)));
    }
}
