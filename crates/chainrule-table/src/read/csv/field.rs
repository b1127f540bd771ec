//! One field of a CSV: where it ends and what its text is.

use memchr::{memchr, memchr_iter, memchr2};

use crate::Problem;

/// A field's text, without the quotes or the spaces around it.
pub(super) struct Field<'a> {
    pub(super) text: &'a [u8],
    /// Where the next field or record begins.
    pub(super) next: usize,
    pub(super) end: End,
    /// The line ends within its quotes.
    pub(super) n_lines: u64,
}

/// What stands behind a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Another field.
    Delimiter,
    /// Another record, or nothing at all.
    Record,
}

impl<'a> Field<'a> {
    /// The field that begins at `start`; `unescaped` holds its text where quotes stand in it.
    pub(super) fn at(
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
        let (text, end_of, next) = if bytes.get(end) == Some(&delimiter) {
            (text, End::Delimiter, end + 1)
        } else {
            (text.strip_suffix(b"\r").unwrap_or(text), End::Record, (end + 1).min(bytes.len()))
        };
        let len = text.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
        Ok(Field { text: &text[..len], next, end: end_of, n_lines: 0 })
    }

    /// The field whose text begins at `start`, behind a quote.
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
            [] | [b'\r'] => (End::Record, bytes.len()),
            [b'\n', ..] => (End::Record, after + 1),
            [b'\r', b'\n', ..] => (End::Record, after + 2),
            [byte, ..] if *byte == delimiter => (End::Delimiter, after + 1),
            _ => return Err(Problem::AfterQuote),
        };
        Ok(Field { text, next, end, n_lines })
    }
}

/// The length of a blank line that begins at `start`, with its end.
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

/// The fields of the record that begins at `start`, which is not blank, and where the next one begins.
pub(super) fn record(bytes: &[u8], start: usize, delimiter: u8) -> Result<(Vec<Vec<u8>>, usize), Problem> {
    let (mut fields, mut at, mut unescaped) = (Vec::new(), start, Vec::new());
    loop {
        let field = Field::at(bytes, at, delimiter, &mut unescaped)?;
        at = field.next;
        let end = field.end;
        fields.push(field.text.to_vec());
        if end == End::Record {
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
    fn fields_lose_spaces_quotes_and_carriage_returns() {
        for text in ["a, b c ,d", "a,b c,d\n", "a,b c,d\r\n", " \"a\" ,\"b c\" , \"d\"\r\n", "a,\"b c\",d\r"]
        {
            assert_eq!(fields(text), ["a", "b c", "d"], "{text:?}");
        }
        assert_eq!(fields("\"a \"\"b\"\"\",\"\",5\" pipe"), ["a \"b\"", "", "5\" pipe"]);
        assert_eq!(fields("\"a\nb\", \" c \""), ["a\nb", " c "]);
        assert_eq!(fields(",\n"), ["", ""]);
    }

    #[test]
    fn quotes_that_do_not_fit_are_errors() {
        assert!(matches!(record(b"a,\"b", 0, b','), Err(Problem::OpenQuote)));
        assert!(matches!(record(b"a,\"b\"c,d", 0, b','), Err(Problem::AfterQuote)));
    }
}
