//! Tables do not depend on the sizes of blocks and chunks or on the number of threads.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType, DoubleType};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use tempfile::TempDir;

use super::chunks::Chunking;
use super::{CellType, ReadOptions, Stream, read_with};
use crate::ColumnKind;

/// Reads and streams a file with a column `x` of numbers and a column `t` of strings with several
/// chunkings, and checks that the results agree.
fn check_chunkings(path: &Path, (x, t): (&str, &str)) {
    let options = ReadOptions { kinds: vec![(t.to_owned(), ColumnKind::Category)], ..ReadOptions::default() };
    let read = |chunking| read_with(chunking, path, &options, &mut |_, _| {}).unwrap();
    let whole = read(Chunking { block: 1 << 20, rows: 1 << 20, threads: 1 });
    for (block, rows, threads) in [(1, 1, 1), (1, 3, 2), (7, 2, 3), (64, 5, 3), (300, 100, 2)] {
        let chunking = Chunking { block, rows, threads };
        assert_eq!(format!("{:?}", read(chunking)), format!("{whole:?}"), "{chunking:?}");
        let columns = [(t, CellType::Strings), (x, CellType::Numbers)];
        let mut stream = Stream::open_with(chunking, path, &options, &columns).unwrap();
        let mut row = 0;
        while let Some(chunk) = stream.next().unwrap() {
            for i in 0..chunk.n_rows() {
                for (column, (name, _)) in chunk.columns.iter().zip(columns) {
                    assert_eq!(
                        column.values.text(i),
                        whole.column(name).unwrap().values.text(row + i),
                        "{chunking:?}"
                    );
                }
            }
            row += chunk.n_rows();
        }
        assert_eq!(row, whole.n_rows(), "{chunking:?}");
    }
}

#[test]
fn json_lines() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("t.jsonl");
    let line = |i: u32| match i % 4 {
        0 => format!("{{\"x\": {i}.25, \"t\": \"a{}\"}}\n", i % 3),
        1 => "\n".to_owned(),
        2 => format!("{{\"t\": {i}}}\n"),
        _ => format!("{{\"late{i}\": null, \"x\": {i}}}\r\n"),
    };
    std::fs::write(&path, (0..60).map(line).collect::<Vec<String>>().concat()).unwrap();
    check_chunkings(&path, ("x", "t"));
}

#[test]
fn numpy() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("t.npy");
    for order in ["False", "True"] {
        let header = format!("{{'descr': '<i2', 'fortran_order': {order}, 'shape': (20, 3), }}");
        let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
        bytes.extend_from_slice(format!("{header:<117}\n").as_bytes());
        bytes.extend((0..60_i16).flat_map(|i| (i * 7 - 90).to_le_bytes()));
        std::fs::write(&path, bytes).unwrap();
        check_chunkings(&path, ("x3", "x1"));
    }
}

#[test]
fn parquet_row_groups() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("t.parquet");
    let schema = "message table { REQUIRED DOUBLE x; OPTIONAL BYTE_ARRAY t (STRING); REQUIRED DOUBLE z; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer = SerializedFileWriter::new(File::create(&path).unwrap(), schema, Arc::default()).unwrap();
    for n in [5_u8, 1, 12] {
        let mut group = writer.next_row_group().unwrap();
        while let Some(mut column) = group.next_column().unwrap() {
            if let parquet::column::writer::ColumnWriter::DoubleColumnWriter(_) = column.untyped() {
                let values: Vec<f64> = (0..n).map(f64::from).collect();
                column.typed::<DoubleType>().write_batch(&values, None, None).unwrap();
            } else {
                let levels: Vec<i16> = (0..n).map(|i| i16::from(i % 3 > 0)).collect();
                let texts: Vec<ByteArray> = (0..n)
                    .filter(|i| i % 3 > 0)
                    .map(|i| ByteArray::from(["a", "b"][usize::from(i) % 2]))
                    .collect();
                column.typed::<ByteArrayType>().write_batch(&texts, Some(&levels), None).unwrap();
            }
            column.close().unwrap();
        }
        group.close().unwrap();
    }
    writer.close().unwrap();
    check_chunkings(&path, ("z", "t"));
}
