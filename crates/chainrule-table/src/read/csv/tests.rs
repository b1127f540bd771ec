//! CSV files in many dialects are read correctly for any block size and number of threads.

use std::io::Write;

use proptest::prelude::*;
use tempfile::NamedTempFile;

use crate::read::chunks::Chunking;
use crate::read::{ReadOptions, Stream, read_with};
use crate::{ColumnKind, Error, Table, Values};

/// The CSV dialect of a file.
#[derive(Clone, Debug)]
struct Dialect {
    delimiter: u8,
    line_end: &'static str,
    quoted: bool,
    spaces: usize,
    last_line_end: bool,
}

fn dialect() -> impl Strategy<Value = Dialect> {
    let line_ends = prop_oneof![Just("\n"), Just("\r\n"), Just("\n\n")];
    (prop::sample::select(b",;\t|".to_vec()), line_ends, any::<bool>(), 0..3_usize, any::<bool>()).prop_map(
        |(delimiter, line_end, quoted, spaces, last_line_end)| Dialect {
            delimiter,
            line_end,
            quoted,
            spaces,
            last_line_end,
        },
    )
}

impl Dialect {
    fn field(&self, cell: &str) -> String {
        let special = cell.contains(['"', '\n', '\r', ',', ';', '\t', '|']) || cell.trim() != cell;
        let space = " ".repeat(self.spaces);
        if special || self.quoted {
            format!("{space}\"{}\"{space}", cell.replace('"', "\"\""))
        } else {
            format!("{space}{cell}{space}")
        }
    }

    fn file(&self, header: &[String], rows: &[Vec<String>]) -> String {
        let line = |cells: &[String]| {
            let fields: Vec<String> = cells.iter().map(|cell| self.field(cell)).collect();
            fields.join(&char::from(self.delimiter).to_string())
        };
        let lines: Vec<String> =
            std::iter::once(header).chain(rows.iter().map(Vec::as_slice)).map(line).collect();
        lines.join(self.line_end) + if self.last_line_end { self.line_end } else { "" }
    }

    fn options(&self) -> ReadOptions {
        ReadOptions {
            delimiter: Some(self.delimiter),
            header: Some(true),
            decimal_comma: Some(false),
            ..ReadOptions::default()
        }
    }
}

fn cells() -> impl Strategy<Value = Vec<Vec<String>>> {
    let number = prop_oneof![
        any::<i16>().prop_map(|n| n.to_string()),
        (-1e3..1e3_f64).prop_map(|x| format!("{x:.6}")),
        (-1.0..1.0_f64).prop_map(|x| format!("{x:.18e}")),
        Just("NA".to_owned()),
        Just(String::new()),
    ];
    let date = (0..28_u32, 0..24_u32).prop_map(|(day, hour)| format!("2024-02-{:02}T{hour:02}:30", day + 1));
    let text = prop_oneof![
        "[a-c]{1,3}",
        "[a-c\", ;|\n\t\u{e9}]{0,8}",
        Just("007".to_owned()),
        number.clone(),
        date.clone()
    ];
    let row = (number.clone(), number, date, text.clone(), text);
    let rows = prop::collection::vec(row, 1..40);
    rows.prop_map(|rows| rows.into_iter().map(|(a, b, c, d, e)| vec![a, b, c, d, e]).collect())
}

fn chunking(block: usize, threads: usize) -> Chunking {
    Chunking { block, rows: 7, threads }
}

fn file(text: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::with_suffix(".csv").unwrap();
    file.write_all(text).unwrap();
    file
}

fn read(chunking: Chunking, file: &NamedTempFile, options: &ReadOptions) -> Result<Table, Error> {
    read_with(chunking, file.path(), options, &mut |_, _| {})
}

fn is_missing(cell: &str) -> bool {
    matches!(cell.trim(), "" | "NA")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_written_table_is_read_back(rows in cells(), dialect in dialect(), block in 1..300_usize, threads in 1..4_usize) {
        let header: Vec<String> = ["n", "m \"x\"", "d", "t", "u"].map(str::to_owned).to_vec();
        let text = dialect.file(&header, &rows);
        let file = file(text.as_bytes());
        let table = read(chunking(block, threads), &file, &dialect.options()).unwrap();

        // The csv crate is the reference for fields and records.
        let mut reader = csv::ReaderBuilder::new().delimiter(dialect.delimiter).has_headers(false)
            .trim(csv::Trim::None).from_reader(text.as_bytes());
        if dialect.spaces == 0 {
            let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
            prop_assert_eq!(records.len(), table.n_rows() + 1);
            for (record, row) in records[1..].iter().zip(&rows) {
                prop_assert!(record.iter().eq(row.iter().map(String::as_str)));
            }
        }

        prop_assert_eq!(table.n_rows(), rows.len());
        prop_assert!(table.names().eq(header.iter().map(String::as_str)));
        for (i, column) in table.columns.iter().enumerate() {
            for (row, cells) in rows.iter().enumerate() {
                let cell = &cells[i];
                match &column.values {
                    Values::Numbers(values) if is_missing(cell) => prop_assert!(values[row].is_nan()),
                    Values::Numbers(values) => prop_assert_eq!(values[row], cell.trim().parse::<f64>().unwrap()),
                    Values::Dates(values) => {
                        prop_assert_eq!(values[row].is_nan(), is_missing(cell));
                    }
                    Values::Strings(texts) => prop_assert_eq!(texts.get(row), Some(cell.trim()).filter(|c| !is_missing(c))),
                }
            }
        }
        prop_assert!(matches!(table.columns[0].values, Values::Numbers(_)));
        prop_assert!(matches!(table.columns[2].values, Values::Dates(_)));
        // The line of a row contains the text of its first field.
        let lines: Vec<&str> = text.split('\n').collect();
        for (row, line) in table.lines.iter().enumerate() {
            let start = lines[*line as usize - 1].trim_start();
            prop_assert!(start.trim_start_matches('"').starts_with(rows[row][0].as_str()));
        }
    }

    #[test]
    fn tables_and_streams_do_not_depend_on_the_chunking(rows in cells(), dialect in dialect(), block in 1..300_usize, threads in 1..4_usize) {
        let header: Vec<String> = ["n", "m", "d", "t", "u"].map(str::to_owned).to_vec();
        let file = file(dialect.file(&header, &rows).as_bytes());
        let options = ReadOptions { kinds: vec![("u".to_owned(), ColumnKind::Category)], ..dialect.options() };
        let whole = read(chunking(1 << 20, 1), &file, &options).unwrap();
        prop_assert_eq!(format!("{:?}", read(chunking(block, threads), &file, &options).unwrap()), format!("{whole:?}"));
        // The format of a column reads the same cells again.
        let columns = ["u", "n", "d", "t", "m"].map(|name| (name, whole.column(name).unwrap().format.clone()));
        let mut stream = Stream::open_with(chunking(block, threads), file.path(), &options, &columns).unwrap();
        prop_assert_eq!(stream.names(), &header[..]);
        let mut row = 0;
        while let Some(chunk) = stream.next().unwrap() {
            prop_assert!(chunk.n_rows() > 0);
            prop_assert_eq!(&chunk.lines[..], &whole.lines[row..row + chunk.n_rows()]);
            for (column, (name, _)) in chunk.columns.iter().zip(&columns) {
                prop_assert_eq!(&column.name, name);
                let all = &whole.column(name).unwrap().values;
                for i in 0..chunk.n_rows() {
                    prop_assert_eq!(column.values.text(i), all.text(row + i));
                }
            }
            row += chunk.n_rows();
        }
        prop_assert_eq!(row, whole.n_rows());
    }

    #[test]
    fn errors_do_not_depend_on_the_chunking(mut text in "[ab1,\"\n]{1,60}", block in 1..20_usize, threads in 1..4_usize) {
        text.insert_str(0, "x,y\n");
        let file = file(text.as_bytes());
        let options = ReadOptions { header: Some(true), delimiter: Some(b','), ..ReadOptions::default() };
        let whole = read(chunking(1 << 20, 1), &file, &options);
        let chunked = read(chunking(block, threads), &file, &options);
        match (whole, chunked) {
            (Ok(whole), Ok(chunked)) => prop_assert_eq!(format!("{whole:?}"), format!("{chunked:?}")),
            (whole, chunked) => prop_assert_eq!(
                whole.map(|_| ()).map_err(|e| e.to_string()),
                chunked.map(|_| ()).map_err(|e| e.to_string())
            ),
        }
    }
}

/// Columns whose later cells contradict the first ones are all read again in a second pass.
#[test]
fn late_contradictions_change_the_type_of_a_column() {
    let mut text = "n,t,d,later,code,when\n".to_owned();
    for _ in 0..2000 {
        text += "1,2,2024-01-01,,7,\n";
    }
    text += "1,two,2024-01-02,2024-05-05,007,5\n";
    let file = file(text.as_bytes());
    for threads in 1..4 {
        let table = read(chunking(500, threads), &file, &ReadOptions::default()).unwrap();
        let cell = |name: &str, row| table.column(name).unwrap().values.text(row).unwrap_or_default();
        assert_eq!(["n", "t", "code", "when"].map(|name| cell(name, 2000)), ["1", "", "007", "5"]);
        assert_eq!([cell("t", 0), cell("later", 0), cell("code", 0)], ["2", "", "7"]);
        let note = table.column("t").unwrap().notes[0].text("t");
        assert_eq!(note, "1 cell is not a number and counts as missing: \"two\" (line 2002)");
        assert!(matches!(table.column("later").unwrap().values, Values::Dates(_)));
        assert_eq!(table.lines[2000], 2002);
    }
}
