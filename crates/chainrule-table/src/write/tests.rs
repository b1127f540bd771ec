//! Written tables are read back unchanged, and files appear only when complete.

use std::io::Write;
use std::sync::{Arc, Mutex};

use ::parquet::file::metadata::{ParquetMetaDataReader, RowGroupMetaData};
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::{CellType, Column, ColumnKind, ReadOptions, Stream, Strings, read};

const TEXTS: OutputColumn = OutputColumn::Strings { longest: None };

/// A stream whose bytes remain accessible to a test.
#[derive(Clone, Default)]
struct SharedBuffer(Arc<Mutex<Vec<u8>>>);

impl Write for SharedBuffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn texts(cells: &[Option<&str>]) -> Values {
    Values::Strings(cells.iter().copied().collect::<Strings>())
}

fn chunk(columns: &[(&str, Values)]) -> Table {
    Table::new(columns.iter().map(|(name, values)| Column::new(*name, values.clone())).collect())
}

/// Returns the bytes of a file with the given chunks.
fn bytes(format: FileFormat, columns: &[(&str, OutputColumn)], chunks: &[Table]) -> Vec<u8> {
    let buffer = SharedBuffer::default();
    let mut writer =
        TableWriter::open(Destination::Stream(Box::new(buffer.clone())), format, columns).unwrap();
    chunks.iter().for_each(|chunk| writer.write(chunk).unwrap());
    writer.finish().unwrap();
    std::mem::take(&mut *buffer.0.lock().unwrap())
}

/// Returns two chunks with special characters, missing cells and extreme numbers.
fn towns() -> ([(&'static str, OutputColumn); 3], [Table; 2]) {
    let columns = [
        ("town, name", OutputColumn::Strings { longest: Some(12) }),
        ("Höhe", OutputColumn::Numbers),
        ("n", TEXTS),
    ];
    let first = chunk(&[
        (columns[0].0, texts(&[Some("Bern"), None, Some("Zürich\n\"See\"")])),
        (columns[1].0, Values::Numbers(vec![542.5, f64::NAN, 1e-9])),
        (columns[2].0, texts(&[Some("007"), Some("x, y"), Some(" ")])),
    ]);
    let second = chunk(&[
        (columns[0].0, texts(&[Some("Bern")])),
        (columns[1].0, Values::Numbers(vec![-3e25])),
        (columns[2].0, texts(&[Some("\\")])),
    ]);
    (columns, [first, second])
}

#[test]
fn text_formats_have_the_expected_bytes() {
    let (columns, chunks) = towns();
    let csv = String::from_utf8(bytes(FileFormat::Csv, &columns, &chunks)).unwrap();
    assert_eq!(
        csv,
        "\"town, name\",Höhe,n\nBern,542.5,007\n,NaN,\"x, y\"\n\"Zürich\n\"\"See\"\"\",0.000000001, \n\
         Bern,-30000000000000000000000000,\\\n"
    );
    let lines = String::from_utf8(bytes(FileFormat::JsonLines, &columns, &chunks)).unwrap();
    assert_eq!(
        lines,
        "{\"town, name\":\"Bern\",\"Höhe\":542.5,\"n\":\"007\"}\n\
         {\"town, name\":\"\",\"Höhe\":null,\"n\":\"x, y\"}\n\
         {\"town, name\":\"Zürich\\n\\\"See\\\"\",\"Höhe\":1e-9,\"n\":\" \"}\n\
         {\"town, name\":\"Bern\",\"Höhe\":-3e+25,\"n\":\"\\\\\"}\n"
    );
}

#[test]
fn formats_survive_a_round_trip() {
    let (columns, chunks) = towns();
    let mut whole = chunks[0].clone();
    whole.append(chunks[1].clone());
    let folder = TempDir::new().unwrap();
    let formats = FileFormat::ALL.into_iter().filter(|(.., format)| *format != FileFormat::Numpy);
    for (_, extensions, format) in formats {
        let path = folder.path().join(format!("t.{}", extensions[0]));
        let mut writer = TableWriter::open(Destination::File(&path), format, &columns).unwrap();
        chunks.iter().for_each(|chunk| writer.write(chunk).unwrap());
        assert!(!path.exists(), "the {format:?} file is not complete yet");
        writer.finish().unwrap();
        let options =
            ReadOptions { kinds: vec![("n".to_owned(), ColumnKind::Category)], ..ReadOptions::default() };
        let read = read(&path, &options, &mut |_, _| {}).unwrap();
        assert_eq!(read.names().collect::<Vec<_>>(), whole.names().collect::<Vec<_>>());
        for (back, column) in read.columns.iter().zip(&whole.columns) {
            for row in 0..whole.n_rows() {
                // A single space is read as a missing cell in every format.
                let expected = column.values.text(row).filter(|text| text != " ");
                assert_eq!(back.values.text(row), expected, "{format:?}, {}, row {row}", column.name);
            }
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o644);
        }
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3, "no temporary files are left");
}

#[test]
fn row_groups_contain_all_rows() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("t.parquet");
    let columns = [("x", OutputColumn::Numbers), ("class", TEXTS)];
    let mut writer = TableWriter::open(Destination::File(&path), FileFormat::Parquet, &columns).unwrap();
    let n = 30_000;
    for k in 0..5 {
        let values = Values::Numbers((0..n).map(|i| f64::from(k * n + i)).collect());
        let class = texts(&(0..n).map(|i| ["a", "b"].get(i as usize % 3).copied()).collect::<Vec<_>>());
        writer.write(&chunk(&[("x", values), ("class", class)])).unwrap();
    }
    writer.finish().unwrap();
    let file = std::fs::File::open(&path).unwrap();
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&file).unwrap();
    let groups: Vec<i64> = metadata.row_groups().iter().map(RowGroupMetaData::num_rows).collect();
    assert_eq!(groups, [90_000, 60_000]);
    let columns = [("x", CellType::Numbers), ("class", CellType::Strings)];
    let mut stream = Stream::open(&path, &ReadOptions::default(), &columns).unwrap();
    let mut row = 0;
    while let Some(chunk) = stream.next().unwrap() {
        for i in 0..chunk.n_rows() {
            let class = ["a", "b"].get(row % n as usize % 3).map(|class| (*class).to_owned());
            assert_eq!(chunk.columns[0].values.text(i), Some(row.to_string()));
            assert_eq!(chunk.columns[1].values.text(i), class);
            row += 1;
        }
    }
    assert_eq!(row, 150_000);
}

#[test]
fn an_npy_file_has_the_expected_bytes() {
    let columns = [("prediction", OutputColumn::Strings { longest: Some(3) }), ("p", OutputColumn::Numbers)];
    let chunks = [
        chunk(&[("prediction", texts(&[Some("yes"), None])), ("p", Values::Numbers(vec![0.5, f64::NAN]))]),
        chunk(&[("prediction", texts(&[Some("é")])), ("p", Values::Numbers(vec![-1.0]))]),
    ];
    let written = bytes(FileFormat::Numpy, &columns, &chunks);
    let text = "{'descr': [('prediction', '<U3'), ('p', '<f8')], 'fortran_order': False, 'shape': (3,), }";
    assert_eq!(written[..10], *b"\x93NUMPY\x01\0\x76\0");
    assert_eq!(written[10..128], *format!("{text:<117}\n").as_bytes());
    let utf32 = |text: &str| {
        let mut bytes: Vec<u8> = text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
        bytes.resize(12, 0);
        bytes
    };
    let rows = [("yes", 0.5), ("", f64::NAN), ("é", -1.0_f64)];
    let rows: Vec<u8> =
        rows.iter().flat_map(|(text, p)| [utf32(text), p.to_le_bytes().to_vec()].concat()).collect();
    assert_eq!(written[128..], rows);
    // No rows, non-ASCII names, and a header too long for version 1.
    assert!(bytes(FileFormat::Numpy, &columns, &[])[10..128].ends_with(b" \n"));
    let names: Vec<String> = (0..3000).map(|k| format!("probability_{k}")).collect();
    let many: Vec<(&str, OutputColumn)> =
        names.iter().map(|name| (name.as_str(), OutputColumn::Numbers)).collect();
    for (columns, version) in [(&[("Höhe'", OutputColumn::Numbers)][..], 3), (&many, 2)] {
        let written = bytes(FileFormat::Numpy, columns, &[]);
        let len = u32::from_le_bytes(written[8..12].try_into().unwrap()) as usize;
        assert_eq!((written[6], written.len() % 64, written.len()), (version, 0, 12 + len));
    }
    let error = TableWriter::open(Destination::File("p.npy".as_ref()), FileFormat::Numpy, &[("town", TEXTS)]);
    assert_eq!(
        error.err().unwrap().to_string(),
        "p.npy, column \"town\": an NPY file stores strings with a fixed width, which is unknown until all rows \
         have been read; write .parquet or .csv instead, or leave the column out"
    );
}

#[test]
fn a_failed_write_returns_an_error_and_leaves_no_file() {
    let folder = TempDir::new().unwrap();
    let columns = [("x", OutputColumn::Numbers), ("x", OutputColumn::Numbers)];
    let path = folder.path().join("t.csv");
    let error = TableWriter::open(Destination::File(&path), FileFormat::Csv, &columns).err().unwrap();
    assert!(
        error.to_string().ends_with("columns 1 and 2 are both called \"x\"; rename one of them"),
        "{error}"
    );
    for (.., format) in FileFormat::ALL {
        let no_folder = folder.path().join("none/t");
        let error = TableWriter::open(Destination::File(&no_folder), format, &columns[..1]).err().unwrap();
        assert!(matches!(error.problem, Problem::Unwritable(_)), "{error}");
        let unfinished = TableWriter::open(Destination::File(&path), format, &columns[..1]).unwrap();
        drop(unfinished);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

proptest! {
    #[test]
    fn csv_files_are_identical_to_those_of_the_csv_crate(
        rows in prop::collection::vec(prop::collection::vec("[a,\"\r\n é\t'#]{0,6}", 3), 0..9),
        n_columns in 1..=3_usize,
    ) {
        let names = ["a,b", "\"", "ü"];
        let columns: Vec<(&str, OutputColumn)> = names[..n_columns].iter().map(|name| (*name, TEXTS)).collect();
        let cells = |k: usize| texts(&rows.iter().map(|row| Some(row[k].as_str())).collect::<Vec<_>>());
        let table: Vec<(&str, Values)> = (0..n_columns).map(|k| (names[k], cells(k))).collect();
        let mut expected = ::csv::Writer::from_writer(Vec::new());
        expected.write_record(&names[..n_columns]).unwrap();
        rows.iter().for_each(|row| expected.write_record(&row[..n_columns]).unwrap());
        let written = bytes(FileFormat::Csv, &columns, &[chunk(&table)]);
        prop_assert_eq!(&written, &expected.into_inner().unwrap());
    }

    #[test]
    fn json_lines_are_identical_to_those_of_serde_json(rows in prop::collection::vec((".{0,5}", any::<f64>()), 1..9)) {
        let words = texts(&rows.iter().map(|(word, _)| Some(word.as_str())).collect::<Vec<_>>());
        let numbers = Values::Numbers(rows.iter().map(|(_, v)| *v).collect());
        let columns = [("a\"", TEXTS), ("b", OutputColumn::Numbers)];
        let written = bytes(FileFormat::JsonLines, &columns, &[chunk(&[("a\"", words), ("b", numbers)])]);
        let lines: Vec<&[u8]> = written.split_inclusive(|byte| *byte == b'\n').collect();
        prop_assert_eq!(lines.len(), rows.len());
        for (line, (word, v)) in lines.iter().zip(&rows) {
            let expected = serde_json::json!({ "a\"": word, "b": v });
            prop_assert_eq!(String::from_utf8_lossy(line), format!("{expected}\n"));
        }
    }
}
