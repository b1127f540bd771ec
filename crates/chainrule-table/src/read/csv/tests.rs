//! Tables written as CSV in many ways are read as what they are, wherever the blocks begin and however many threads there are.

use std::io::Write;

use proptest::prelude::*;
use tempfile::NamedTempFile;

use crate::read::pieces::Pace;
use crate::read::{CellType, ReadOptions, Stream, read_at};
use crate::{Error, Table, Values};

/// How a table is written.
#[derive(Clone, Debug)]
struct Writing {
    delimiter: u8,
    line_end: &'static str,
    quoted: bool,
    spaces: usize,
    last_line_end: bool,
}

fn writing() -> impl Strategy<Value = Writing> {
    let line_ends = prop_oneof![Just("\n"), Just("\r\n"), Just("\n\n")];
    (prop::sample::select(b",;\t|".to_vec()), line_ends, any::<bool>(), 0..3_usize, any::<bool>()).prop_map(
        |(delimiter, line_end, quoted, spaces, last_line_end)| Writing {
            delimiter,
            line_end,
            quoted,
            spaces,
            last_line_end,
        },
    )
}

impl Writing {
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

fn at(block: usize, threads: usize) -> Pace {
    Pace { block, rows: 7, threads }
}

fn file(text: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::with_suffix(".csv").unwrap();
    file.write_all(text).unwrap();
    file
}

fn read(pace: Pace, file: &NamedTempFile, options: &ReadOptions) -> Result<Table, Error> {
    read_at(pace, file.path(), options, &mut |_, _| {})
}

fn missing(cell: &str) -> bool {
    matches!(cell.trim_matches([' ', '\t']), "" | "NA")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_written_is_read(rows in cells(), writing in writing(), block in 1..300_usize, threads in 1..4_usize) {
        let header: Vec<String> = ["n", "m \"x\"", "d", "t", "u"].map(str::to_owned).to_vec();
        let text = writing.file(&header, &rows);
        let file = file(text.as_bytes());
        let table = read(at(block, threads), &file, &writing.options()).unwrap();

        // The plain reader says what the fields are and where the records begin.
        let mut reader = csv::ReaderBuilder::new().delimiter(writing.delimiter).has_headers(false)
            .trim(csv::Trim::None).from_reader(text.as_bytes());
        if writing.spaces == 0 {
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
                    Values::Numbers(values) if missing(cell) => prop_assert!(values[row].is_nan()),
                    Values::Numbers(values) => prop_assert_eq!(values[row], cell.trim().parse::<f64>().unwrap()),
                    Values::Dates(values) => {
                        prop_assert_eq!(values[row].is_nan(), missing(cell));
                    }
                    Values::Strings(texts) => prop_assert_eq!(texts.get(row), Some(cell.as_str()).filter(|c| !missing(c))),
                }
            }
        }
        prop_assert!(matches!(table.columns[0].values, Values::Numbers(_)));
        prop_assert!(matches!(table.columns[2].values, Values::Dates(_)));
        // A row's line is where its first field's text stands.
        let lines: Vec<&str> = text.split('\n').collect();
        for (row, line) in table.lines.iter().enumerate() {
            let start = lines[*line as usize - 1].trim_start();
            prop_assert!(start.trim_start_matches('"').starts_with(rows[row][0].as_str()));
        }
    }

    #[test]
    fn pieces_are_the_whole_however_it_is_cut(rows in cells(), writing in writing(), block in 1..300_usize, threads in 1..4_usize) {
        let header: Vec<String> = ["n", "m", "d", "t", "u"].map(str::to_owned).to_vec();
        let file = file(writing.file(&header, &rows).as_bytes());
        let options = ReadOptions { texts: vec!["u".to_owned()], ..writing.options() };
        let whole = read(at(1 << 20, 1), &file, &options).unwrap();
        prop_assert_eq!(format!("{:?}", read(at(block, threads), &file, &options).unwrap()), format!("{whole:?}"));
        let wanted = [("u", CellType::Strings), ("n", CellType::Numbers), ("d", CellType::Dates)];
        let mut stream = Stream::open_at(at(block, threads), file.path(), &options, &wanted).unwrap();
        prop_assert_eq!(stream.names(), &header[..]);
        let mut row = 0;
        while let Some(piece) = stream.next().unwrap() {
            prop_assert!(piece.n_rows() > 0);
            prop_assert_eq!(&piece.lines[..], &whole.lines[row..row + piece.n_rows()]);
            for (column, (name, _)) in piece.columns.iter().zip(&wanted) {
                prop_assert_eq!(&column.name, name);
                let all = &whole.column(name).unwrap().values;
                for i in 0..piece.n_rows() {
                    prop_assert_eq!(column.values.text(i), all.text(row + i));
                }
            }
            row += piece.n_rows();
        }
        prop_assert_eq!(row, whole.n_rows());
    }

    #[test]
    fn errors_are_the_same_however_it_is_cut(mut text in "[ab1,\"\n]{1,60}", block in 1..20_usize, threads in 1..4_usize) {
        text.insert_str(0, "x,y\n");
        let file = file(text.as_bytes());
        let options = ReadOptions { header: Some(true), delimiter: Some(b','), ..ReadOptions::default() };
        let whole = read(at(1 << 20, 1), &file, &options);
        let cut = read(at(block, threads), &file, &options);
        match (whole, cut) {
            (Ok(whole), Ok(cut)) => prop_assert_eq!(format!("{whole:?}"), format!("{cut:?}")),
            (whole, cut) => prop_assert_eq!(
                whole.map(|_| ()).map_err(|e| e.to_string()),
                cut.map(|_| ()).map_err(|e| e.to_string())
            ),
        }
    }
}

/// The columns whose later cells contradict the first are read again, all at once.
#[test]
fn late_contradictions_change_a_columns_kind() {
    let mut text = "n,t,d,later,code,when\n".to_owned();
    for _ in 0..2000 {
        text += "1,2,2024-01-01,,7,\n";
    }
    text += "1,two,2024-01-02,2024-05-05,007,5\n";
    let file = file(text.as_bytes());
    for threads in 1..4 {
        let table = read(at(500, threads), &file, &ReadOptions::default()).unwrap();
        let cell = |name: &str, row| table.column(name).unwrap().values.text(row).unwrap_or_default();
        assert_eq!(["n", "t", "code", "when"].map(|name| cell(name, 2000)), ["1", "two", "007", "5"]);
        assert_eq!([cell("t", 0), cell("later", 0), cell("code", 0)], ["2", "", "7"]);
        assert!(matches!(table.column("later").unwrap().values, Values::Dates(_)));
        assert_eq!(table.lines[2000], 2002);
    }
}
