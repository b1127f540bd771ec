//! What is written is read again as what it was, and appears only whole.

use std::io::Write;
use std::sync::{Arc, Mutex};

use ::parquet::file::metadata::{ParquetMetaDataReader, RowGroupMetaData};
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::{CellType, Column, ReadOptions, Stream, Strings, read};

const TEXTS: OutputColumn = OutputColumn::Strings { longest: None };

/// Where a test's stream keeps its bytes.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
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

fn piece(columns: &[(&str, Values)]) -> Table {
    Table::new(columns.iter().map(|(name, values)| Column::new(*name, values.clone())).collect())
}

/// The bytes of these pieces.
fn bytes(form: FileFormat, columns: &[(&str, OutputColumn)], pieces: &[Table]) -> Vec<u8> {
    let kept = Kept::default();
    let mut writer = Writer::open(Destination::Stream(Box::new(kept.clone())), form, columns).unwrap();
    pieces.iter().for_each(|piece| writer.write(piece).unwrap());
    writer.finish().unwrap();
    std::mem::take(&mut *kept.0.lock().unwrap())
}

/// Two pieces with what is awkward in them.
fn towns() -> ([(&'static str, OutputColumn); 3], [Table; 2]) {
    let columns = [
        ("town, name", OutputColumn::Strings { longest: Some(12) }),
        ("Höhe", OutputColumn::Numbers),
        ("n", TEXTS),
    ];
    let first = piece(&[
        (columns[0].0, texts(&[Some("Bern"), None, Some("Zürich\n\"See\"")])),
        (columns[1].0, Values::Numbers(vec![542.5, f64::NAN, 1e-9])),
        (columns[2].0, texts(&[Some("007"), Some("x, y"), Some(" ")])),
    ]);
    let second = piece(&[
        (columns[0].0, texts(&[Some("Bern")])),
        (columns[1].0, Values::Numbers(vec![-3e25])),
        (columns[2].0, texts(&[Some("\\")])),
    ]);
    (columns, [first, second])
}

#[test]
fn text_forms_write_what_is_expected() {
    let (columns, pieces) = towns();
    let csv = String::from_utf8(bytes(FileFormat::Csv, &columns, &pieces)).unwrap();
    assert_eq!(
        csv,
        "\"town, name\",Höhe,n\nBern,542.5,007\n,NaN,\"x, y\"\n\"Zürich\n\"\"See\"\"\",0.000000001, \n\
         Bern,-30000000000000000000000000,\\\n"
    );
    let lines = String::from_utf8(bytes(FileFormat::JsonLines, &columns, &pieces)).unwrap();
    assert_eq!(
        lines,
        "{\"town, name\":\"Bern\",\"Höhe\":542.5,\"n\":\"007\"}\n\
         {\"town, name\":\"\",\"Höhe\":null,\"n\":\"x, y\"}\n\
         {\"town, name\":\"Zürich\\n\\\"See\\\"\",\"Höhe\":1e-9,\"n\":\" \"}\n\
         {\"town, name\":\"Bern\",\"Höhe\":-3e+25,\"n\":\"\\\\\"}\n"
    );
}

#[test]
fn every_form_that_is_read_comes_back() {
    let (columns, pieces) = towns();
    let mut whole = pieces[0].clone();
    whole.append(pieces[1].clone());
    let folder = TempDir::new().unwrap();
    for (_, endings, form) in FileFormat::ALL.into_iter().filter(|(.., form)| *form != FileFormat::Numpy) {
        let path = folder.path().join(format!("t.{}", endings[0]));
        let mut writer = Writer::open(Destination::File(&path), form, &columns).unwrap();
        pieces.iter().for_each(|piece| writer.write(piece).unwrap());
        assert!(!path.exists(), "{form:?} is not whole yet");
        writer.finish().unwrap();
        let options = ReadOptions { texts: vec!["n".to_owned()], ..ReadOptions::default() };
        let read = read(&path, &options, &mut |_, _| {}).unwrap();
        assert_eq!(read.names().collect::<Vec<_>>(), whole.names().collect::<Vec<_>>());
        for (back, column) in read.columns.iter().zip(&whole.columns) {
            for row in 0..whole.n_rows() {
                // A text of a space alone is missing in every format.
                let expected = column.values.text(row).filter(|text| text != " ");
                assert_eq!(back.values.text(row), expected, "{form:?}, {}, row {row}", column.name);
            }
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o644);
        }
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3, "nothing is left beside the files");
}

#[test]
fn groups_of_rows_hold_all_of_them() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("t.parquet");
    let columns = [("x", OutputColumn::Numbers), ("class", TEXTS)];
    let mut writer = Writer::open(Destination::File(&path), FileFormat::Parquet, &columns).unwrap();
    let n = 30_000;
    for k in 0..5 {
        let values = Values::Numbers((0..n).map(|i| f64::from(k * n + i)).collect());
        let class = texts(&(0..n).map(|i| ["a", "b"].get(i as usize % 3).copied()).collect::<Vec<_>>());
        writer.write(&piece(&[("x", values), ("class", class)])).unwrap();
    }
    writer.finish().unwrap();
    let file = std::fs::File::open(&path).unwrap();
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&file).unwrap();
    let groups: Vec<i64> = metadata.row_groups().iter().map(RowGroupMetaData::num_rows).collect();
    assert_eq!(groups, [90_000, 60_000]);
    let wanted = [("x", CellType::Numbers), ("class", CellType::Strings)];
    let mut stream = Stream::open(&path, &ReadOptions::default(), &wanted).unwrap();
    let mut row = 0;
    while let Some(piece) = stream.next().unwrap() {
        for i in 0..piece.n_rows() {
            let class = ["a", "b"].get(row % n as usize % 3).map(|class| (*class).to_owned());
            assert_eq!(piece.columns[0].values.text(i), Some(row.to_string()));
            assert_eq!(piece.columns[1].values.text(i), class);
            row += 1;
        }
    }
    assert_eq!(row, 150_000);
}

#[test]
fn an_npy_file_is_what_numpy_writes() {
    let columns = [("prediction", OutputColumn::Strings { longest: Some(3) }), ("p", OutputColumn::Numbers)];
    let pieces = [
        piece(&[("prediction", texts(&[Some("yes"), None])), ("p", Values::Numbers(vec![0.5, f64::NAN]))]),
        piece(&[("prediction", texts(&[Some("é")])), ("p", Values::Numbers(vec![-1.0]))]),
    ];
    let written = bytes(FileFormat::Numpy, &columns, &pieces);
    let text = "{'descr': [('prediction', '<U3'), ('p', '<f8')], 'fortran_order': False, 'shape': (3,), }";
    assert_eq!(written[..10], *b"\x93NUMPY\x01\0\x76\0");
    assert_eq!(written[10..128], *format!("{text:<117}\n").as_bytes());
    let letters = |word: &str| {
        let mut bytes: Vec<u8> = word.chars().flat_map(|letter| u32::from(letter).to_le_bytes()).collect();
        bytes.resize(12, 0);
        bytes
    };
    let rows = [("yes", 0.5), ("", f64::NAN), ("é", -1.0_f64)];
    let rows: Vec<u8> =
        rows.iter().flat_map(|(word, p)| [letters(word), p.to_le_bytes().to_vec()].concat()).collect();
    assert_eq!(written[128..], rows);
    // No rows, names beyond ASCII, and names too long for the first version.
    assert!(bytes(FileFormat::Numpy, &columns, &[])[10..128].ends_with(b" \n"));
    let names: Vec<String> = (0..3000).map(|k| format!("probability_{k}")).collect();
    let many: Vec<(&str, OutputColumn)> =
        names.iter().map(|name| (name.as_str(), OutputColumn::Numbers)).collect();
    for (columns, version) in [(&[("Höhe'", OutputColumn::Numbers)][..], 3), (&many, 2)] {
        let written = bytes(FileFormat::Numpy, columns, &[]);
        let len = u32::from_le_bytes(written[8..12].try_into().unwrap()) as usize;
        assert_eq!((written[6], written.len() % 64, written.len()), (version, 0, 12 + len));
    }
    let refused = Writer::open(Destination::File("p.npy".as_ref()), FileFormat::Numpy, &[("town", TEXTS)]);
    assert_eq!(
        refused.err().unwrap().to_string(),
        "p.npy, column \"town\": an NPY file begins with how long the texts of a column get, which is not known before all \
         are read; write .parquet or .csv instead, or leave the column out"
    );
}

#[test]
fn what_cannot_be_written_is_said_and_leaves_nothing() {
    let folder = TempDir::new().unwrap();
    let columns = [("x", OutputColumn::Numbers), ("x", OutputColumn::Numbers)];
    let path = folder.path().join("t.csv");
    let twice = Writer::open(Destination::File(&path), FileFormat::Csv, &columns).err().unwrap();
    assert!(
        twice.to_string().ends_with("columns 1 and 2 are both called \"x\"; rename one of them"),
        "{twice}"
    );
    for (.., form) in FileFormat::ALL {
        let nowhere = folder.path().join("none/t");
        let refused = Writer::open(Destination::File(&nowhere), form, &columns[..1]).err().unwrap();
        assert!(matches!(refused.problem, Problem::Unwritable(_)), "{refused}");
        let given_up = Writer::open(Destination::File(&path), form, &columns[..1]).unwrap();
        drop(given_up);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

proptest! {
    #[test]
    fn a_csv_is_what_the_csv_crate_writes(
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
        let written = bytes(FileFormat::Csv, &columns, &[piece(&table)]);
        prop_assert_eq!(&written, &expected.into_inner().unwrap());
    }

    #[test]
    fn json_lines_are_objects_with_the_cells(rows in prop::collection::vec((".{0,5}", any::<f64>()), 1..9)) {
        let words = texts(&rows.iter().map(|(word, _)| Some(word.as_str())).collect::<Vec<_>>());
        let numbers = Values::Numbers(rows.iter().map(|(_, v)| *v).collect());
        let columns = [("a\"", TEXTS), ("b", OutputColumn::Numbers)];
        let written = bytes(FileFormat::JsonLines, &columns, &[piece(&[("a\"", words), ("b", numbers)])]);
        let lines: Vec<&[u8]> = written.split_inclusive(|byte| *byte == b'\n').collect();
        prop_assert_eq!(lines.len(), rows.len());
        for (line, (word, v)) in lines.iter().zip(&rows) {
            let expected = serde_json::json!({ "a\"": word, "b": v });
            prop_assert_eq!(String::from_utf8_lossy(line), format!("{expected}\n"));
        }
    }
}
