//! JSON Lines: an object on each line, whose keys are columns. A first pass finds the keys and what they hold, a second reads.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::block::{Cutter, Records};
use super::cell::{Cells, DecimalComma, Meaning, Seen};
use super::column::Part;
use super::pieces::{Pace, Piece, Text, Wanted, in_lines};
use super::source::{AtEnd, Origin, Source};
use super::{CellType, ReadOptions};
use crate::{Error, Problem, Table};

/// A file of which some or all keys are known.
pub(super) struct JsonLines {
    path: PathBuf,
    encoding: Option<String>,
    cells: Cells,
    /// The keys in the order in which they first appear.
    names: Vec<String>,
    /// What was seen under each.
    seen: Vec<Seen>,
}

impl JsonLines {
    /// Looks through the file until all keys `wanted` have appeared, or to the end if none is said.
    pub(super) fn open(
        path: &Path,
        options: &ReadOptions,
        wanted: Option<&[(&str, CellType)]>,
        pace: Pace,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<JsonLines, Error> {
        let mut file = JsonLines {
            path: path.to_owned(),
            encoding: options.encoding.clone(),
            cells: Cells::new(options, DecimalComma::No),
            names: Vec::new(),
            seen: Vec::new(),
        };
        let mut places = HashMap::new();
        let (mut cutter, mut line) = (file.cutter(pace)?, 1);
        let len = cutter.source().len;
        let n_threads = pace.threads_for(len);
        let (parse_path, cells) = (file.path.clone(), file.cells.clone());
        let parse = move |bytes: &[u8]| survey(&parse_path, &cells, bytes);
        loop {
            let before = line;
            in_lines(&mut cutter, &mut line, (4 * n_threads, n_threads), &parse, &mut |found, _, done| {
                for (name, seen) in found {
                    let place = *places.entry(name.clone()).or_insert(file.names.len());
                    if place == file.names.len() {
                        file.names.push(name);
                        file.seen.push(Seen::default());
                    }
                    file.seen[place].merge(seen);
                }
                progress(done, len);
                Ok(())
            })?;
            let enough =
                wanted.is_some_and(|wanted| wanted.iter().all(|(name, _)| places.contains_key(*name)));
            if line == before || (enough && !file.names.is_empty()) {
                break;
            }
        }
        if file.names.is_empty() {
            return Err(Error::new(path, Problem::Empty));
        }
        Ok(file)
    }

    /// The keys that have been found.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// The rows with these columns.
    pub(super) fn rows(&self, wanted: Wanted, pace: Pace) -> Result<Text, Error> {
        let keys = Keys {
            path: self.path.clone(),
            cells: self.cells.clone(),
            places: wanted.iter().enumerate().map(|(i, (name, _))| (name.clone(), i)).collect(),
            wants: wanted.iter().map(|(_, want)| *want).collect(),
        };
        let parse = Box::new(move |bytes: &[u8]| keys.parse(bytes));
        Ok(Text { cutter: self.cutter(pace)?, line: 1, parse, wanted, pace, ready: VecDeque::new() })
    }

    /// Reads all columns.
    pub(super) fn whole(
        &self,
        texts: &[String],
        pace: Pace,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Table, Error> {
        let want = |(name, seen): (&String, &Seen)| {
            (name.clone(), if texts.contains(name) { CellType::Strings } else { seen.want() })
        };
        let wanted: Wanted = self.names.iter().zip(&self.seen).map(want).collect();
        let rows = self.rows(wanted.clone(), pace)?;
        let len = rows.cutter.source().len;
        let whole = rows.whole(&mut |done| progress(len + done, 2 * len))?;
        super::pieces::table(&self.path, &wanted, whole.columns, whole.lines, 0)
    }

    fn cutter(&self, pace: Pace) -> Result<Cutter, Error> {
        let source = Source::open(&Origin::file(&self.path), self.encoding.as_deref())?;
        Ok(Cutter::new(source, Records::Lines, pace.block, Vec::new(), AtEnd::No))
    }
}

/// The keys of some lines with what is under them.
fn survey(path: &Path, cells: &Cells, bytes: &[u8]) -> Result<(Vec<(String, Seen)>, u64), Error> {
    let (mut found, mut places) = (Vec::new(), HashMap::new());
    let n_lines = objects(path, bytes, |line, object| {
        for (key, value) in object {
            let place = *places.entry(key.to_string()).or_insert(found.len());
            if place == found.len() {
                found.push((key.to_string(), Seen::default()));
            }
            let meaning = match Value::of(value) {
                Value::Null => Meaning::Missing,
                Value::Number(text) => cells.meaning(text.as_bytes()),
                Value::Boolean(_) => Meaning::Text,
                Value::Text(text) => match cells.meaning(text.as_bytes()) {
                    meaning @ (Meaning::Missing | Meaning::Date(_)) => meaning,
                    _ => Meaning::Text,
                },
                Value::Nested(what) => {
                    let problem = Problem::Nested { what: what.to_owned() };
                    return Err(Error::new(path, problem).line(line).column(key.clone()));
                }
            };
            found[place].1.note(meaning);
        }
        Ok(())
    })?;
    Ok((found, n_lines))
}

/// The columns that are read.
struct Keys {
    path: PathBuf,
    cells: Cells,
    places: HashMap<String, usize>,
    wants: Vec<CellType>,
}

impl Keys {
    fn parse(&self, bytes: &[u8]) -> Result<(Piece, u64), Error> {
        let mut columns: Vec<Part> = self.wants.iter().map(|want| Part::new(*want)).collect();
        let mut lines = Vec::new();
        let mut filled = vec![0; columns.len()];
        let n_lines = objects(&self.path, bytes, |line, object| {
            lines.push(line);
            for (key, value) in object {
                let Some(place) = self.places.get(&**key) else { continue };
                let error = |problem| Error::new(&self.path, problem).line(line).column(key.clone());
                if filled[*place] == lines.len() {
                    return Err(error(Problem::Json { reason: "a key stands in it twice".to_owned() }));
                }
                filled[*place] = lines.len();
                let column = &mut columns[*place];
                match Value::of(value) {
                    Value::Null => column.push_missing(),
                    Value::Number(text) => column.push(&self.cells, text.as_bytes(), line).map_err(error)?,
                    Value::Boolean(text) => {
                        column.push_text(&self.cells, text.as_bytes(), line).map_err(error)?
                    }
                    Value::Text(text) => {
                        column.push_text(&self.cells, text.as_bytes(), line).map_err(error)?
                    }
                    Value::Nested(what) => return Err(error(Problem::Nested { what: what.to_owned() })),
                }
            }
            for (column, filled) in columns.iter_mut().zip(&filled) {
                if *filled != lines.len() {
                    column.push_missing();
                }
            }
            Ok(())
        })?;
        Ok((Piece { columns, lines }, n_lines))
    }
}

/// Goes through the objects of some lines, each with its line, and says how many lines there are.
fn objects(
    path: &Path,
    bytes: &[u8],
    mut each: impl FnMut(u64, &[(Cow<str>, &RawValue)]) -> Result<(), Error>,
) -> Result<u64, Error> {
    let mut n_lines = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let error = |problem| Error::new(path, problem).line(n_lines);
        let text = super::words::readable(line).map_err(error)?.trim();
        if !text.is_empty() {
            let Object(object) = serde_json::from_str(text).map_err(|reason| {
                let reason = reason.to_string().replace(" at line 1 column ", " at character ");
                error(Problem::Json { reason })
            })?;
            each(n_lines, &object)?;
        }
        n_lines += 1;
    }
    Ok(n_lines)
}

/// What stands under a key.
enum Value<'a> {
    Null,
    /// As it is written.
    Number(&'a str),
    /// `true` or `false`.
    Boolean(&'a str),
    Text(Cow<'a, str>),
    /// What it is.
    Nested(&'static str),
}

impl<'a> Value<'a> {
    fn of(raw: &'a RawValue) -> Value<'a> {
        let text = raw.get();
        match text.as_bytes()[0] {
            b'n' => Value::Null,
            b't' | b'f' => Value::Boolean(text),
            b'[' => Value::Nested("a list"),
            b'{' => Value::Nested("an object"),
            b'"' => Value::Text(serde_json::from_str::<Key>(text).map_or(Cow::Borrowed(text), |key| key.0)),
            _ => Value::Number(text),
        }
    }
}

/// The keys and values of an object, each key as often as it stands there.
struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

/// A string, borrowed where it has no escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut entries = Vec::new();
                while let Some((key, value)) = map.next_entry::<Key, &RawValue>()? {
                    entries.push((key.0, value));
                }
                Ok(Object(entries))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Characters;
        impl<'de> Visitor<'de> for Characters {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Characters)
    }
}
