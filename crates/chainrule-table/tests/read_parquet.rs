//! Parquet files: all supported and unsupported types of columns, and streaming across row groups.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chainrule_table::{CellType, Column, ReadOptions, Stream, Table, Values, read};
use parquet::basic::{Compression, ZstdLevel};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::{ByteArray, FixedLenByteArray, Int96};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use tempfile::TempDir;

const SCHEMA: &str = "message table {
    REQUIRED BOOLEAN flag; REQUIRED INT32 small; OPTIONAL INT64 big; REQUIRED FLOAT single; OPTIONAL DOUBLE double;
    REQUIRED INT32 day (DATE); REQUIRED INT64 moment (TIMESTAMP(MICROS, true)); OPTIONAL BYTE_ARRAY town (STRING);
    REQUIRED INT32 price (DECIMAL(9, 2)); REQUIRED FIXED_LEN_BYTE_ARRAY (5) debt (DECIMAL(11, 3)); REQUIRED INT96 old;
    REQUIRED INT32 natural (INTEGER(32, false));
}";

/// Writes a file with row groups of two rows.
fn write(path: &Path, schema: &str, n_groups: usize, compression: Compression) {
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = Arc::new(WriterProperties::builder().set_compression(compression).build());
    let mut writer = SerializedFileWriter::new(File::create(path).unwrap(), schema, properties).unwrap();
    for _ in 0..n_groups {
        let mut group = writer.next_row_group().unwrap();
        let mut leaf = 0;
        while let Some(mut column) = group.next_column().unwrap() {
            let levels = Some(&[1, 0][..]);
            match column.untyped() {
                ColumnWriter::BoolColumnWriter(w) => w.write_batch(&[true, false], None, None),
                ColumnWriter::Int32ColumnWriter(w) => {
                    let values = match leaf {
                        5 => [19_874, -1],
                        8 => [1999, -5],
                        11 => [-1, 1],
                        _ => [-7, 8],
                    };
                    w.write_batch(&values, None, None)
                }
                ColumnWriter::Int64ColumnWriter(w) if leaf == 2 => w.write_batch(&[i64::MAX], levels, None),
                ColumnWriter::Int64ColumnWriter(w) => {
                    w.write_batch(&[43_200_000_000, -1_000_000], None, None)
                }
                ColumnWriter::FloatColumnWriter(w) => w.write_batch(&[0.5, f32::NAN], None, None),
                ColumnWriter::DoubleColumnWriter(w) => w.write_batch(&[0.1], levels, None),
                ColumnWriter::ByteArrayColumnWriter(w) => {
                    w.write_batch(&[ByteArray::from("Bern")], levels, None)
                }
                ColumnWriter::FixedLenByteArrayColumnWriter(w) => {
                    let number = |n: i64| FixedLenByteArray::from(n.to_be_bytes()[3..].to_vec());
                    w.write_batch(&[number(1500), number(-1)], None, None)
                }
                ColumnWriter::Int96ColumnWriter(w) => {
                    let day = |julian| Int96::from(vec![0, 0, julian]);
                    w.write_batch(&[day(2_440_588), day(2_440_589)], None, None)
                }
            }
            .unwrap();
            column.close().unwrap();
            leaf += 1;
        }
        group.close().unwrap();
    }
    writer.close().unwrap();
}

fn file(schema: &str, n_groups: usize) -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("t.parquet");
    write(&path, schema, n_groups, Compression::SNAPPY);
    (folder, path)
}

fn cells(column: &Column, n: usize) -> Vec<String> {
    (0..n).map(|row| column.values.text(row).unwrap_or("-".to_owned())).collect()
}

#[test]
fn columns_of_all_types() {
    let (_folder, path) = file(SCHEMA, 2);
    let table = read(&path, &ReadOptions::default(), &mut |_, _| {}).unwrap();
    assert_eq!(table.n_rows(), 4);
    let kinds: Vec<(&str, char, String, String)> = table
        .columns
        .iter()
        .map(|column| {
            let kind = match column.values {
                Values::Numbers(_) => 'n',
                Values::Dates(_) => 'd',
                Values::Strings(_) => 't',
            };
            let cells = cells(column, 4);
            assert_eq!(cells[..2], cells[2..]);
            (column.name.as_str(), kind, cells[0].clone(), cells[1].clone())
        })
        .collect();
    let expected = [
        ("flag", 't', "true", "false"),
        ("small", 'n', "-7", "8"),
        ("big", 't', "9223372036854775807", "-"),
        ("single", 'n', "0.5", "-"),
        ("double", 'n', "0.1", "-"),
        ("day", 'd', "19874", "-1"),
        ("moment", 'd', "0.5", "-0.000011574074074038876"),
        ("town", 't', "Bern", "-"),
        ("price", 'n', "19.99", "-0.05"),
        ("debt", 'n', "1.5", "-0.001"),
        ("old", 'd', "0", "1"),
        ("natural", 'n', "4294967295", "1"),
    ];
    for ((name, kind, a, b), expected) in kinds.iter().zip(expected) {
        assert_eq!((*name, *kind), (expected.0, expected.1));
        assert_eq!((a.as_str(), b.as_str()), (expected.2, expected.3), "{name}");
    }
}

#[test]
fn all_types_can_be_read_as_strings_with_any_compression() {
    for compression in
        [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::ZSTD(ZstdLevel::default())]
    {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("no-extension");
        write(&path, SCHEMA, 1, compression);
        let names = ["big", "small", "day", "moment", "price", "debt", "single", "flag", "natural"];
        let columns: Vec<(&str, CellType)> = names.iter().map(|name| (*name, CellType::Strings)).collect();
        let mut stream = Stream::open(&path, &ReadOptions::default(), &columns).unwrap();
        assert_eq!(stream.names().len(), 12);
        let chunk = stream.next().unwrap().unwrap();
        let rows: Vec<Vec<String>> = chunk.columns.iter().map(|column| cells(column, 2)).collect();
        assert_eq!(
            rows,
            [
                ["9223372036854775807", "-"],
                ["-7", "8"],
                ["2024-05-31", "1969-12-31"],
                ["1970-01-01T12:00:00", "1969-12-31T23:59:59"],
                ["19.99", "-0.05"],
                ["1.500", "-0.001"],
                ["0.5", "-"],
                ["true", "false"],
                ["4294967295", "1"],
            ]
        );
        assert!(stream.next().unwrap().is_none());
    }
}

#[test]
fn a_stream_reads_all_row_groups() {
    let (_folder, path) = file(SCHEMA, 3);
    let mut stream = Stream::open(&path, &ReadOptions::default(), &[("small", CellType::Numbers)]).unwrap();
    let mut rows = Vec::new();
    while let Some(chunk) = stream.next().unwrap() {
        rows.extend(cells(&chunk.columns[0], chunk.n_rows()));
    }
    assert_eq!(rows, ["-7", "8", "-7", "8", "-7", "8"]);
    let error = |column| {
        let stream = Stream::open(&path, &ReadOptions::default(), &[column]);
        stream.and_then(|mut stream| stream.next()).unwrap_err().to_string()
    };
    assert!(error(("smal", CellType::Numbers)).contains("did you mean \"small\"?"));
    assert!(error(("town", CellType::Numbers)).contains("row 1, column \"town\": \"Bern\" is not a number"));
    assert!(error(("day", CellType::Numbers)).contains("\"2024-05-31\" is not a number"));
}

#[test]
fn invalid_and_unsupported_columns_are_errors() {
    let error = |schema: &str, write: &dyn Fn(&mut ColumnWriter)| {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("t.parquet");
        let schema = Arc::new(parse_message_type(schema).unwrap());
        let file = File::create(&path).unwrap();
        let mut writer = SerializedFileWriter::new(file, schema, Arc::default()).unwrap();
        let mut group = writer.next_row_group().unwrap();
        while let Some(mut column) = group.next_column().unwrap() {
            write(column.untyped());
            column.close().unwrap();
        }
        group.close().unwrap();
        writer.close().unwrap();
        let result: Result<Table, _> = read(&path, &ReadOptions::default(), &mut |_, _| {});
        result.unwrap_err().to_string().replace(&format!("{}/", folder.path().display()), "")
    };
    let double = |value: f64| {
        move |column: &mut ColumnWriter| match column {
            ColumnWriter::DoubleColumnWriter(w) => drop(w.write_batch(&[1.0, value], None, None).unwrap()),
            _ => unreachable!(),
        }
    };
    assert_eq!(
        error("message table { REQUIRED DOUBLE x; }", &double(f64::INFINITY)),
        "t.parquet, row 2, column \"x\": \"inf\" is not a finite number; correct it, or leave the cell empty if \
         the value is missing"
    );
    assert_eq!(
        error(
            "message table { REQUIRED group point { REQUIRED DOUBLE x; REQUIRED DOUBLE y; } }",
            &double(1.0)
        ),
        "t.parquet, column \"point\": contains groups of values, but a cell must be a single number, date or \
         string; store the parts in separate columns"
    );
    let repeated = |column: &mut ColumnWriter| match column {
        ColumnWriter::DoubleColumnWriter(w) => drop(w.write_batch(&[1.0], Some(&[1]), Some(&[0])).unwrap()),
        _ => unreachable!(),
    };
    assert!(error("message table { REPEATED DOUBLE x; }", &repeated).contains("contains lists"));
    assert!(error("message table { REQUIRED DOUBLE x; }", &|_| {}).contains("columns but no rows"));
}
