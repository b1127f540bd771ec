//! A table gives the same inputs and targets in every file format and CSV dialect, and with its
//! columns in any order.

use std::io::Write as _;
use std::path::Path;

use chainrule_table::{
    Column, ColumnHints, ColumnKinds, Destination, EncoderOptions, Encoders, FileFormat, OutputColumn,
    ReadOptions, Stream, Table, TableWriter, Values, read,
};
use proptest::prelude::*;
use tempfile::TempDir;

/// The cells of a row: a number, a count, a boolean, a category, a date and the target.
type Row = (String, String, String, String, String, f64);

/// Cells of a table, as text; an empty text is a missing cell.
#[derive(Clone, Debug)]
struct Cells {
    columns: Vec<(&'static str, Vec<String>)>,
}

fn cells() -> impl Strategy<Value = Cells> {
    let number = prop_oneof![
        8 => (-1e4..1e4_f64).prop_map(|v| v.to_string()),
        2 => (-50..50_i32).prop_map(|v| v.to_string()),
        1 => Just(String::new()),
    ];
    let count = (0..2000_u32).prop_map(|n| n.to_string());
    let flag = prop_oneof![4 => Just("true"), 4 => Just("false"), 1 => Just("")].prop_map(str::to_owned);
    let town = prop_oneof![6 => "[A-E]", 2 => Just("São Tomé, \"x\"".to_owned()), 1 => Just("01".to_owned()), 1 => Just(String::new())];
    let day = (1..29_u32, 1..13_u32, 0..24_u32)
        .prop_map(|(day, month, hour)| format!("2023-{month:02}-{day:02}T{hour:02}:30:00"));
    let row = (number, count, flag, town, day, -1e3..1e3_f64);
    prop::collection::vec(row, 25..60).prop_map(|rows| {
        let column = |text: fn(&Row) -> String| rows.iter().map(text).collect();
        let columns = vec![
            ("x", column(|row| row.0.clone())),
            ("n", column(|row| row.1.clone())),
            ("flag", column(|row| row.2.clone())),
            ("town", column(|row| row.3.clone())),
            ("day", column(|row| row.4.clone())),
            ("y", column(|row| row.5.to_string())),
        ];
        Cells { columns }
    })
}

impl Cells {
    /// Writes the columns in the given order as CSV.
    fn csv(&self, order: &[usize], delimiter: &str, line_end: &str, quoted: bool) -> String {
        let field = |text: &str| {
            if quoted || text.contains(['"', ',', ';']) {
                format!("\"{}\"", text.replace('"', "\"\""))
            } else {
                text.to_owned()
            }
        };
        let n_rows = self.columns[0].1.len();
        let line = |cell: &dyn Fn(usize) -> String| {
            order.iter().map(|c| cell(*c)).collect::<Vec<_>>().join(delimiter) + line_end
        };
        let header = line(&|c| field(self.columns[c].0));
        let rows = (0..n_rows).map(|row| line(&|c| field(&self.columns[c].1[row])));
        header + &rows.collect::<String>()
    }

    /// Writes the columns with the writer of tables: numbers as numbers, all else as strings.
    fn write(&self, path: &Path, format: FileFormat) {
        let is_number = |name: &str| matches!(name, "x" | "n" | "y");
        let columns: Vec<(&str, OutputColumn)> = self
            .columns
            .iter()
            .map(|(name, _)| {
                (
                    *name,
                    if is_number(name) {
                        OutputColumn::Numbers
                    } else {
                        OutputColumn::Strings { longest: None }
                    },
                )
            })
            .collect();
        let values = |(name, cells): &(&'static str, Vec<String>)| {
            let values = if is_number(name) {
                Values::Numbers(cells.iter().map(|cell| cell.parse().unwrap_or(f64::NAN)).collect())
            } else {
                Values::Strings(
                    cells.iter().map(|cell| Some(cell.as_str()).filter(|cell| !cell.is_empty())).collect(),
                )
            };
            Column::new(*name, values)
        };
        let mut writer = TableWriter::open(Destination::File(path), format, &columns).unwrap();
        writer.write(&Table::new(self.columns.iter().map(values).collect())).unwrap();
        writer.finish().unwrap();
    }
}

/// Reads a table and returns its encoders with the bits of the inputs and targets.
fn encoded(path: &Path) -> (Encoders, Vec<u64>) {
    let table = read(path, &ReadOptions::default(), &mut |_, _| {}).unwrap();
    let hints = ColumnHints { targets: vec!["y".to_owned()], ..ColumnHints::default() };
    let kinds = ColumnKinds::find(&table, &hints).unwrap();
    let rows: Vec<usize> = (0..table.n_rows()).step_by(2).chain([1]).collect();
    let encoders =
        Encoders::fit(&table, rows[..].into(), &kinds, &hints.targets, None, EncoderOptions::default())
            .unwrap();
    let bits = bits(&encoders, &table);
    (encoders, bits)
}

fn bits(encoders: &Encoders, table: &Table) -> Vec<u64> {
    let (x, t) = (encoders.encode(table).0, encoders.target.encode(table).unwrap());
    x.iter().chain(&t).map(|v| v.to_bits()).collect()
}

/// Returns an NPZ archive of one-dimensional arrays: 64-bit floats, 64-bit integers and booleans.
fn npz(arrays: &[(&str, &str, Vec<u8>)], n_rows: usize) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, kind, bytes) in arrays {
        archive.start_file(format!("{name}.npy"), zip::write::SimpleFileOptions::default()).unwrap();
        let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({n_rows},), }}");
        archive.write_all(b"\x93NUMPY\x01\x00\x76\x00").unwrap();
        archive.write_all(format!("{header:<117}\n").as_bytes()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn inputs_do_not_depend_on_the_file(cells in cells(), seed in any::<u32>()) {
        let folder = TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name);
        let in_order: Vec<usize> = (0..cells.columns.len()).collect();
        for (k, (delimiter, line_end, quoted)) in
            [(",", "\n", false), (";", "\r\n", false), ("\t", "\n", true), ("|", "\n", false)].into_iter().enumerate()
        {
            std::fs::write(path(&format!("{k}.csv")), cells.csv(&in_order, delimiter, line_end, quoted)).unwrap();
        }
        cells.write(&path("t.jsonl"), FileFormat::JsonLines);
        cells.write(&path("t.parquet"), FileFormat::Parquet);
        let files = ["0.csv", "1.csv", "2.csv", "3.csv", "t.jsonl", "t.parquet"];
        let (encoders, expected) = encoded(&path("0.csv"));
        for file in files {
            let (other, bits) = encoded(&path(file));
            let columns = |encoders: &Encoders| {
                encoders.inputs.iter().map(|input| (input.column.clone(), input.how.clone())).collect::<Vec<_>>()
            };
            prop_assert_eq!(columns(&other), columns(&encoders), "{}", file);
            prop_assert_eq!(&bits, &expected, "{}", file);
        }
        // Columns in another order, read with the formats of the model.
        let mut order = in_order;
        order.sort_by_key(|c| (seed >> (4 * c)) & 15);
        std::fs::write(path("shuffled.csv"), cells.csv(&order, ",", "\n", false)).unwrap();
        let formats = [encoders.formats(), encoders.target_formats()].concat();
        for file in files.into_iter().chain(["shuffled.csv"]) {
            let stream = Stream::open(&path(file), &ReadOptions::default(), &formats).unwrap();
            let table = stream.whole(&mut |_, _| {}).unwrap();
            prop_assert_eq!(bits(&encoders, &table), &expected[..], "{}", file);
        }
    }

    #[test]
    fn arrays_give_the_same_inputs_as_text(
        rows in prop::collection::vec((-1e4..1e4_f64, -(1_i64 << 52)..1 << 52, any::<bool>(), -1e3..1e3_f64), 25..60)
    ) {
        let folder = TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name);
        let lines = rows.iter().map(|(x, n, flag, y)| format!("{x},{n},{},{y}\n", if *flag { "True" } else { "False" }));
        std::fs::write(path("t.csv"), "x,n,flag,y\n".to_owned() + &lines.collect::<String>()).unwrap();
        let floats = |value: fn(&(f64, i64, bool, f64)) -> f64| rows.iter().flat_map(|row| value(row).to_le_bytes()).collect();
        let arrays = [
            ("x", "<f8", floats(|row| row.0)),
            ("n", "<i8", rows.iter().flat_map(|row| row.1.to_le_bytes()).collect()),
            ("flag", "|b1", rows.iter().map(|row| u8::from(row.2)).collect()),
            ("y", "<f8", floats(|row| row.3)),
        ];
        std::fs::write(path("t.npz"), npz(&arrays, rows.len())).unwrap();
        let (from_text, bits) = encoded(&path("t.csv"));
        let (from_arrays, others) = encoded(&path("t.npz"));
        prop_assert_eq!(bits, others);
        // A model trained on one reads the other.
        let formats = [from_text.formats(), from_text.target_formats()].concat();
        let table = Stream::open(&path("t.npz"), &ReadOptions::default(), &formats).unwrap().whole(&mut |_, _| {}).unwrap();
        prop_assert_eq!(from_text.encode(&table).0, from_arrays.encode(&read(&path("t.npz"), &ReadOptions::default(), &mut |_, _| {}).unwrap()).0);
    }
}
