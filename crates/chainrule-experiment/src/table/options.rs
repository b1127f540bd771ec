//! Options of `[data]` for reading a table.

use chainrule_table::{ColumnKind, DateFormat, ReadOptions, read, read_csv};

use crate::Error;
use crate::builtin::InputFile;
use crate::section::Section;
use crate::tree::TreeValue;

/// Returns the names of all columns of the file in `[data]`, whose other keys may be incomplete.
pub(crate) fn column_names(section: &Section<'_>, file: &InputFile) -> Result<Vec<String>, Error> {
    let options = read_options(section)?;
    let table = match file.built_in {
        Some(bytes) => read_csv(&file.path, bytes, &options)?,
        // Columns of JSON Lines may first appear in any line, so the whole file is read.
        None => read(&file.path, &options, &mut |_, _| ())?,
    };
    Ok(table.names().map(str::to_owned).collect())
}

/// Reads the options for reading a table, except the kinds of its columns.
pub(super) fn read_options(section: &Section<'_>) -> Result<ReadOptions, Error> {
    let delimiter = match section.text("delimiter")?.as_deref() {
        None => None,
        Some("tab" | "\t") => Some(b'\t'),
        Some(text) if text.len() == 1 && text.is_ascii() => Some(text.as_bytes()[0]),
        Some(_) => return Err(section.refuse("delimiter", "one ASCII character or \"tab\"")),
    };
    let detected = |key, [no, yes]: [&'static str; 2]| {
        section.word(key, &[("auto", None), (no, Some(false)), (yes, Some(true))])
    };
    let (missing, missing_only) = (section.texts("missing")?, section.texts("missing_only")?);
    let has_only = missing_only.is_some();
    if missing.is_some() && has_only {
        let reason = "missing values are either added to the usual ones or replace them";
        return Err(section.conflict("missing_only", "missing", reason));
    }
    let date = |pattern: &String| {
        let refused = |example| {
            section.refuse("date_format", &format!("a pattern with day, month and year, like \"{example}\""))
        };
        DateFormat::new(pattern).map_err(refused)
    };
    let dates = section.texts("date_format")?.unwrap_or_default();
    let dates = dates.iter().map(date).collect::<Result<_, _>>()?;
    Ok(ReadOptions {
        delimiter,
        header: detected("header", ["absent", "present"])?,
        decimal_comma: detected("decimal", ["point", "comma"])?,
        encoding: section.text("encoding")?,
        missing: missing.or(missing_only).unwrap_or_default(),
        missing_only: has_only,
        kinds: Vec::new(),
        dates,
    })
}

/// Reads `kinds = { size = "category" }`.
pub(super) fn kinds(section: &Section<'_>) -> Result<Vec<(String, ColumnKind)>, Error> {
    let kinds = section.section("kinds")?;
    let mut columns = Vec::new();
    for (name, node) in kinds.tree().into_iter().flat_map(|tree| &tree.entries) {
        let kind = match &node.value {
            TreeValue::Text(word) => {
                ColumnKind::ALL.iter().find(|(known, _)| known == word).map(|(_, kind)| *kind)
            }
            _ => None,
        };
        let allowed = "one of \"number\", \"boolean\", \"category\", \"date\"";
        columns.push((name.clone(), kind.ok_or_else(|| kinds.refuse(name, allowed))?));
    }
    Ok(columns)
}
