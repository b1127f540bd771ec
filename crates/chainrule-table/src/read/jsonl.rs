//! JSON Lines: one object per line, whose keys are the columns. A first pass finds the keys and the
//! types of their values, a second pass reads the values.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::ReadOptions;
use super::block::{BlockReader, RecordBoundary};
use super::cell::{InitialFormats, ObservedTypes};
use super::chunks::{Chunking, ColumnFormats, RowChunk, TextReader, parse_lines};
use super::column::ColumnBuilder;
use super::source::{AtEnd, TextInput, Utf8Reader};
use crate::format::{ColumnFormat, Meaning, NumberFormat};
use crate::{Error, Problem, Table};

/// Maximum size of all columns in relation to that of the file, in which absent keys take no space.
const MAX_EXPANSION: u64 = 1000;
/// Size of all columns in bytes that is always allowed.
const MIN_LIMIT: u64 = 64 << 20;
const BYTES_PER_CELL: u64 = 8;

/// A JSON Lines file, some or all of whose keys are known.
pub(super) struct JsonLinesReader {
    path: PathBuf,
    encoding: Option<String>,
    formats: InitialFormats,
    /// Keys in order of first appearance.
    names: Vec<String>,
    /// Types of the values of each key.
    observed: Vec<ObservedTypes>,
}

impl JsonLinesReader {
    /// Scans the file until all requested keys have appeared, or to the end if no keys are given.
    pub(super) fn open(
        path: &Path,
        options: &ReadOptions,
        requested: Option<&ColumnFormats>,
        chunking: Chunking,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<JsonLinesReader, Error> {
        let mut file = JsonLinesReader {
            path: path.to_owned(),
            encoding: options.encoding.clone(),
            formats: InitialFormats::new(options, NumberFormat::default()),
            names: Vec::new(),
            observed: Vec::new(),
        };
        let mut indices = HashMap::new();
        let (mut blocks, mut line) = (file.blocks(chunking)?, 1);
        let len = blocks.source().len;
        let n_threads = chunking.threads_for(len);
        let (parse_path, formats) = (file.path.clone(), file.formats.clone());
        let parse = move |bytes: &[u8]| observe_keys(&parse_path, &formats, bytes);
        let counts = (4 * n_threads, n_threads);
        loop {
            let before = line;
            parse_lines(&mut blocks, &mut line, counts, &parse, &mut |keys, _, done| {
                for (name, observed) in keys {
                    let index = *indices.entry(name.clone()).or_insert(file.names.len());
                    if index == file.names.len() {
                        file.names.push(name);
                        file.observed.push(ObservedTypes::default());
                    }
                    file.observed[index].merge(observed);
                }
                progress(done, len);
                Ok(())
            })?;
            let all_found = requested
                .is_some_and(|requested| requested.iter().all(|(name, _)| indices.contains_key(name)));
            if line == before || (all_found && !file.names.is_empty()) {
                break;
            }
        }
        if file.names.is_empty() {
            return Err(Error::new(path, Problem::Empty));
        }
        let (n_columns, n_rows) = (file.names.len(), line - 1);
        let size = n_rows.saturating_mul(n_columns as u64).saturating_mul(BYTES_PER_CELL);
        if requested.is_none() && size > MIN_LIMIT.max(MAX_EXPANSION.saturating_mul(len)) {
            return Err(Error::new(
                path,
                Problem::Sparse { n_columns, n_rows, gibibytes: size as f64 / (1_u64 << 30) as f64 },
            ));
        }
        Ok(file)
    }

    /// Returns the keys that have been found.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// Opens a reader of the given columns.
    pub(super) fn rows(&self, columns: ColumnFormats, chunking: Chunking) -> Result<TextReader, Error> {
        let parser = ObjectParser {
            path: self.path.clone(),
            indices: columns.iter().enumerate().map(|(i, (name, _))| (name.clone(), i)).collect(),
            formats: columns.iter().map(|(_, format)| format.clone()).collect(),
        };
        let parse = Box::new(move |bytes: &[u8]| parser.parse(bytes));
        let blocks = self.blocks(chunking)?;
        Ok(TextReader { blocks, line: 1, parse, columns, chunking, ready: VecDeque::new() })
    }

    /// Reads all columns.
    pub(super) fn whole(
        &self,
        chunking: Chunking,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Table, Error> {
        let column = |(name, observed): (&String, &ObservedTypes)| {
            (name.clone(), self.formats.of(observed.cell_type()))
        };
        let columns: ColumnFormats = self.names.iter().zip(&self.observed).map(column).collect();
        let rows = self.rows(columns.clone(), chunking)?;
        let len = rows.blocks.source().len;
        let whole = rows.whole(&mut |done| progress(len + done, 2 * len))?;
        super::chunks::table(&self.path, &columns, whole.columns, whole.lines, 0)
    }

    fn blocks(&self, chunking: Chunking) -> Result<BlockReader, Error> {
        let source = Utf8Reader::open(&TextInput::file(&self.path), self.encoding.as_deref())?;
        Ok(BlockReader::new(source, RecordBoundary::Lines, chunking.block, Vec::new(), AtEnd::No))
    }
}

/// Keys with the types of their values.
type ObservedKeys = Vec<(String, ObservedTypes)>;

/// Collects the keys of a block with the types of their values. Returns them with the number of
/// lines.
fn observe_keys(path: &Path, formats: &InitialFormats, bytes: &[u8]) -> Result<(ObservedKeys, u64), Error> {
    let (mut keys, mut indices) = (Vec::new(), HashMap::new());
    let n_lines = for_each_object(path, bytes, |line, object| {
        for (key, value) in object {
            let index = *indices.entry(key.to_string()).or_insert(keys.len());
            if index == keys.len() {
                keys.push((key.to_string(), ObservedTypes::default()));
            }
            let meaning = match JsonValue::of(value) {
                JsonValue::Null => Meaning::Missing,
                JsonValue::Number(text) => formats.meaning(text.as_bytes()),
                JsonValue::Boolean(_) => Meaning::Text,
                JsonValue::Text(text) => match formats.meaning(text.as_bytes()) {
                    meaning @ (Meaning::Missing | Meaning::Mark | Meaning::Date(_)) => meaning,
                    _ => Meaning::Text,
                },
                JsonValue::Nested(found) => {
                    let problem = Problem::Nested { found: found.to_owned() };
                    return Err(Error::new(path, problem).line(line).column(key.clone()));
                }
            };
            keys[index].1.add(meaning);
        }
        Ok(())
    })?;
    Ok((keys, n_lines))
}

/// A parser of the columns that are read.
struct ObjectParser {
    path: PathBuf,
    indices: HashMap<String, usize>,
    formats: Vec<Arc<ColumnFormat>>,
}

impl ObjectParser {
    fn parse(&self, bytes: &[u8]) -> Result<(RowChunk, u64), Error> {
        let mut columns: Vec<ColumnBuilder> = self.formats.iter().map(ColumnBuilder::new).collect();
        let mut lines = Vec::new();
        // For each column, the number of rows up to the last one that has its key.
        let mut filled = vec![0; columns.len()];
        let n_lines = for_each_object(&self.path, bytes, |line, object| {
            lines.push(line);
            for (key, value) in object {
                let Some(index) = self.indices.get(&**key) else { continue };
                let error = |problem| Error::new(&self.path, problem).line(line).column(key.clone());
                if filled[*index] == lines.len() {
                    return Err(error(Problem::Json { reason: "duplicate key".to_owned() }));
                }
                filled[*index] = lines.len();
                let column = &mut columns[*index];
                match JsonValue::of(value) {
                    JsonValue::Null => column.push_missing(),
                    JsonValue::Number(text) => column.push(text.as_bytes(), line).map_err(error)?,
                    JsonValue::Boolean(text) => column.push_boolean(text == "true", line).map_err(error)?,
                    JsonValue::Text(text) => column.push(text.as_bytes(), line).map_err(error)?,
                    JsonValue::Nested(found) => {
                        return Err(error(Problem::Nested { found: found.to_owned() }));
                    }
                }
            }
            for (column, filled) in columns.iter_mut().zip(&filled) {
                if *filled != lines.len() {
                    column.push_missing();
                }
            }
            Ok(())
        })?;
        Ok((RowChunk { columns, lines }, n_lines))
    }
}

/// Parses the objects of a block and passes each to `each` with its line. Returns the number of
/// lines.
fn for_each_object(
    path: &Path,
    bytes: &[u8],
    mut each: impl FnMut(u64, &[(Cow<str>, &RawValue)]) -> Result<(), Error>,
) -> Result<u64, Error> {
    let mut n_lines = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let error = |problem| Error::new(path, problem).line(n_lines);
        let text = super::interner::valid_text(line).map_err(error)?.trim();
        if !text.is_empty() {
            let JsonObject(object) = serde_json::from_str(text).map_err(|reason| {
                let reason = reason.to_string().replace(" at line 1 column ", " at character ");
                error(Problem::Json { reason })
            })?;
            each(n_lines, &object)?;
        }
        n_lines += 1;
    }
    Ok(n_lines)
}

/// A JSON value.
enum JsonValue<'a> {
    Null,
    /// A number as text.
    Number(&'a str),
    /// `true` or `false`.
    Boolean(&'a str),
    Text(Cow<'a, str>),
    /// An array or object, with its description.
    Nested(&'static str),
}

impl<'a> JsonValue<'a> {
    fn of(raw: &'a RawValue) -> JsonValue<'a> {
        let text = raw.get();
        match text.as_bytes()[0] {
            b'n' => JsonValue::Null,
            b't' | b'f' => JsonValue::Boolean(text),
            b'[' => JsonValue::Nested("an array"),
            b'{' => JsonValue::Nested("an object"),
            b'"' => JsonValue::Text(
                serde_json::from_str::<JsonString>(text).map_or(Cow::Borrowed(text), |text| text.0),
            ),
            _ => JsonValue::Number(text),
        }
    }
}

/// The keys and values of an object, including duplicate keys.
struct JsonObject<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

/// A string, borrowed if it contains no escape sequences.
struct JsonString<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for JsonObject<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = JsonObject<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<JsonObject<'de>, A::Error> {
                let mut entries = Vec::new();
                while let Some((key, value)) = map.next_entry::<JsonString, &RawValue>()? {
                    entries.push((key.0, value));
                }
                Ok(JsonObject(entries))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

impl<'de> Deserialize<'de> for JsonString<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Characters;
        impl<'de> Visitor<'de> for Characters {
            type Value = JsonString<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<JsonString<'de>, E> {
                Ok(JsonString(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<JsonString<'de>, E> {
                Ok(JsonString(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Characters)
    }
}
