//! Reading of files of all formats, and the errors for invalid files.

use std::path::PathBuf;

use chainrule_table::{CellType, Column, ColumnKind, ReadOptions, Stream, Table, Values, read};
use tempfile::TempDir;

fn file(name: &str, bytes: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn table_with(name: &str, bytes: impl AsRef<[u8]>, options: &ReadOptions) -> Result<Table, String> {
    let (folder, path) = file(name, bytes);
    let prefix = format!("{}/", folder.path().display());
    read(&path, options, &mut |_, _| {}).map_err(|error| error.to_string().replace(&prefix, ""))
}

fn table(name: &str, bytes: impl AsRef<[u8]>) -> Table {
    table_with(name, bytes, &ReadOptions::default()).unwrap()
}

fn error(name: &str, bytes: impl AsRef<[u8]>) -> String {
    table_with(name, bytes, &ReadOptions::default()).unwrap_err()
}

/// Formats a table as a row of names and types, and the rows of cells.
fn shown(table: &Table) -> Vec<String> {
    let cell_type = |values: &Values| match values {
        Values::Numbers(_) => "number",
        Values::Dates(_) => "date",
        Values::Strings(_) => "text",
    };
    let head = table.columns.iter().map(|column| format!("{}:{}", column.name, cell_type(&column.values)));
    let cell = |row| move |column: &Column| column.values.text(row).unwrap_or("-".to_owned());
    let rows =
        (0..table.n_rows()).map(|row| table.columns.iter().map(cell(row)).collect::<Vec<_>>().join(" "));
    std::iter::once(head.collect::<Vec<_>>().join(" ")).chain(rows).collect()
}

#[test]
fn csv_dialects_are_detected() {
    for text in [
        "age,town,born\n31,Bern,1970-01-02\n,Turin,\n",
        "age;town;born\r\n31;Bern;1970-01-02\r\nNA;Turin;?\r\n",
        "\u{feff}age\ttown\tborn\n31\tBern\t1970-01-02\nnull\t\"Turin\"\tnan",
        "\n age | town | born \n\"31\" | Bern |1970-01-02\n | Turin |n/a\n\n\n",
    ] {
        let table = table("t.csv", text);
        assert_eq!(shown(&table), ["age:number town:text born:date", "31 Bern 1", "- Turin -"], "{text:?}");
        assert_eq!(table.lines.len(), 2);
    }
}

#[test]
fn a_first_row_of_numbers_is_not_a_header() {
    let numbers = table("t.csv", "1,2.5\n3,4\n");
    assert_eq!(shown(&numbers), ["column1:number column2:number", "1 2.5", "3 4"]);
    assert_eq!(numbers.lines, [1, 2]);
    let options = ReadOptions { header: Some(false), ..ReadOptions::default() };
    let texts = table_with("t.csv", "a,b\n3,4\n", &options).unwrap();
    assert_eq!(shown(&texts), ["column1:text column2:text", "a b", "3 4"]);
    let options = ReadOptions { header: Some(true), ..ReadOptions::default() };
    assert_eq!(shown(&table_with("t.csv", "1,2\n3,4\n", &options).unwrap()), ["1:number 2:number", "3 4"]);
}

#[test]
fn decimal_commas_and_custom_missing_strings() {
    assert_eq!(shown(&table("t.csv", "x;y\n1,5;2\n-2,25;3\n")), ["x:number y:number", "1.5 2", "-2.25 3"]);
    let options = ReadOptions { missing: vec!["-99".into(), "none".into()], ..ReadOptions::default() };
    let read = table_with("t.csv", "x,y\n-99,none\n1,a\n", &options).unwrap();
    assert_eq!(shown(&read), ["x:number y:text", "- -", "1 a"]);
}

#[test]
fn text_that_is_not_a_number_is_a_string() {
    let text = "code,flag,hex,thousand,mixed\n007,true,0x1F,\"1,000\",1\n10,false,0x2,2,2024-01-01\n";
    let types = "code:text flag:text hex:text thousand:number mixed:text";
    assert_eq!(shown(&table("t.csv", text)), [types, "007 true 0x1F 1000 1", "10 false 0x2 2 2024-01-01"]);
    assert_eq!(shown(&table("t.csv", "x,y\n,1\nNA,2\n"))[0], "x:number y:number");
    let options = ReadOptions { kinds: vec![("id".into(), ColumnKind::Category)], ..ReadOptions::default() };
    assert_eq!(
        shown(&table_with("t.csv", "id,y\n1.50,1\n$5,2\n", &options).unwrap()),
        ["id:text y:number", "1.50 1", "$5 2"]
    );
}

#[test]
fn other_encodings() {
    let text = "town,n\nZürich,1\nGenève,2\n";
    let expected = ["town:text n:number", "Zürich 1", "Genève 2"];
    let units = || "\u{feff}".encode_utf16().chain(text.encode_utf16());
    assert_eq!(shown(&table("t.csv", units().flat_map(u16::to_le_bytes).collect::<Vec<u8>>())), expected);
    assert_eq!(shown(&table("t.csv", units().flat_map(u16::to_be_bytes).collect::<Vec<u8>>())), expected);
    let latin: Vec<u8> = text.chars().map(|c| c as u32 as u8).collect();
    let options = ReadOptions { encoding: Some("windows-1252".into()), ..ReadOptions::default() };
    assert_eq!(shown(&table_with("t.csv", &latin, &options).unwrap()), expected);
    assert_eq!(
        error("t.csv", &latin),
        "t.csv, line 2, column \"town\": this is not valid UTF-8 text; specify the encoding, for example \
         --encoding windows-1252"
    );
    let options = ReadOptions { encoding: Some("latin-x".into()), ..ReadOptions::default() };
    assert_eq!(
        table_with("t.csv", text, &options).unwrap_err(),
        "t.csv: unknown encoding \"latin-x\"; use a name of the WHATWG Encoding Standard, for example utf-8, \
         utf-16le, windows-1252 or shift_jis"
    );
}

#[test]
fn csv_errors_have_a_location() {
    let empty = "t.csv: the file is empty; a table requires at least one row, usually below a header with the \
                 column names";
    let ragged = "correct the row, or quote fields that contain the delimiter";
    let finite = "is not a finite number; correct it, or leave the cell empty if the value is missing";
    for (text, message) in [
        ("", empty.to_owned()),
        ("\n\n", empty.to_owned()),
        ("a,b\n", "t.csv: the table has columns but no rows; add at least one row".into()),
        ("a,b\n1,2\n1,2,3\n", format!("t.csv, line 3: this row has 3 fields, but the header has 2; {ragged}")),
        ("a,b\n\"1\n\",2\n\n1\n", format!("t.csv, line 5: this row has 1 field, but the header has 2; {ragged}")),
        ("1,2\n1,2,3\n", format!("t.csv, line 2: this row has 3 fields, but the first row has 2; {ragged}")),
        (
            "a,b\n1,2\n3,\"4\n",
            "t.csv, line 3: a quoted field begins here and is never closed; close it, and double every quote \
             inside it"
                .into(),
        ),
        (
            "a,b\n1,\"2\"x\n",
            "t.csv, line 2: a field that begins here continues after its closing quote; double every quote \
             inside a quoted field"
                .into(),
        ),
        ("a,b,a\n1,2,3\n", "t.csv, line 1: columns 1 and 3 are both called \"a\"; rename one of them".into()),
        (
            "a,,c\n1,2,3\n",
            "t.csv, line 1: column 2 has no name; name it in the header, or remove the column".into(),
        ),
        ("a\n1\ninf\n", format!("t.csv, line 3, column \"a\": \"inf\" {finite}")),
        ("a,b\n1,1e999\n", format!("t.csv, line 2, column \"b\": \"1e999\" {finite}")),
        (
            "a,b\n1,\0\n",
            "t.csv: this is not text: it contains a NUL byte; provide a CSV, Parquet, NPY, NPZ or JSON Lines \
             file, or specify --encoding utf-16le if it is UTF-16 text"
                .into(),
        ),
    ] {
        assert_eq!(error("t.csv", text), message, "{text:?}");
    }
    assert_eq!(
        error("t.csv", b"\x1f\x8bxx"),
        "t.csv: this is a gzip-compressed file, which cannot be read; decompress it first, for example with \
         gunzip"
    );
    assert!(error("t.csv", "a,b\r1,2\r").contains("carriage returns as line endings"));
    assert!(error("t.xlsx", b"PK\x03\x04xx").contains("save the sheet of the workbook as CSV"));
    assert_eq!(shown(&table("t.csv", "a\nword\ninf\n")), ["a:text", "word", "inf"]);
}

#[test]
fn progress_is_reported_a_few_times_and_reaches_the_total() {
    let (_folder, path) = file("t.csv", "x,t\n".to_owned() + &"1,a\n".repeat(1 << 20) + "1.5,\n007,c\n");
    let mut reports = Vec::new();
    let table = read(&path, &ReadOptions::default(), &mut |done, total| reports.push((done, total))).unwrap();
    assert_eq!(table.n_rows(), (1 << 20) + 2);
    assert!(matches!(table.columns[0].values, Values::Strings(_)));
    let len = path.metadata().unwrap().len();
    assert!(reports.len() <= 400 && reports.is_sorted());
    assert!(reports.contains(&(len, len)) && reports.last() == Some(&(2 * len, 2 * len)));
}

#[test]
fn invalid_options_are_errors() {
    let options = ReadOptions { delimiter: Some(b'"'), ..ReadOptions::default() };
    assert!(table_with("t.csv", "a\n1\n", &options).unwrap_err().contains("cannot be the delimiter"));
    let options = ReadOptions { kinds: vec![("idd".into(), ColumnKind::Date)], ..ReadOptions::default() };
    assert_eq!(
        table_with("t.csv", "id,b\n1,2\n", &options).unwrap_err(),
        "t.csv: there is no column \"idd\" (did you mean \"id\"?); the columns are: id, b"
    );
    let missing =
        read("/no/such.csv".as_ref(), &ReadOptions::default(), &mut |_, _| {}).unwrap_err().to_string();
    assert!(missing.starts_with("/no/such.csv: cannot be read: No such file"), "{missing}");
}

#[test]
fn a_stream_reads_only_the_requested_columns() {
    let (_folder, path) = file("t.csv", "id,junk,x\n01,a,1\n02,\"\n\",2\n");
    let columns = [("x", CellType::Numbers), ("id", CellType::Strings)];
    let mut stream = Stream::open(&path, &ReadOptions::default(), &columns).unwrap();
    assert_eq!(stream.names(), ["id", "junk", "x"]);
    let chunk = stream.next().unwrap().unwrap();
    assert_eq!(shown(&chunk), ["x:number id:text", "1 01", "2 02"]);
    assert_eq!(chunk.lines, [2, 3]);
    assert!(stream.next().unwrap().is_none());

    let error = |column| {
        let stream = Stream::open(&path, &ReadOptions::default(), &[column]);
        stream.and_then(|mut stream| stream.next()).unwrap_err().to_string()
    };
    assert!(error(("idd", CellType::Strings)).contains("did you mean \"id\"?"));
    let message = "line 2, column \"junk\": \"a\" is not a number, but this column must contain numbers; \
                   correct it, or leave the cell empty if the value is missing";
    assert!(error(("junk", CellType::Numbers)).ends_with(message));
    assert!(error(("x", CellType::Dates)).contains("\"1\" is not a date"));
}

#[test]
fn json_lines() {
    let text = "{\"x\": 1.5, \"t\": \"a\\u00e9\"}\n\n{\"when\": \"1970-01-02\", \"ok\": true, \"x\": null}\n{\"t\":\"7\"}";
    let read = table("t.jsonl", text);
    assert_eq!(shown(&read), ["x:number t:text when:date ok:text", "1.5 aé - -", "- - 1 true", "- 7 - -"]);
    assert_eq!(read.lines, [1, 3, 4]);
    assert_eq!(shown(&table("t.ndjson", "{\"x\":1.0}\n{\"x\":\"b\"}\n")), ["x:text", "1.0", "b"]);
    assert_eq!(
        error("t.jsonl", "{\"x\": 1}\n{\"x\": [1]}\n"),
        "t.jsonl, line 2, column \"x\": contains an array, but a cell must be a single number, date or string; \
         store the parts in separate columns"
    );
    assert_eq!(
        error("t.jsonl", "{\"x\": 1}\n{x}\n"),
        "t.jsonl, line 2: this line is not a valid JSON object (key must be a string at character 2); write one \
         object per line, for example {\"x\": 1.5}"
    );
    assert!(error("t.jsonl", "{\"x\": 1}\n[1]\n").contains("line 2: this line is not a valid JSON object"));
    assert!(error("t.jsonl", "{\"x\": 1, \"x\": 2}\n").contains("duplicate key"));
    assert!(error("t.jsonl", "{\"x\": 1e999}\n").contains("\"1e999\" is not a finite number"));
    assert!(error("t.jsonl", "\n\n").contains("the file is empty"));
    let sparse: String = (0..10_000).map(|i| format!("{{\"k{i}\": 1}}\n")).collect();
    assert_eq!(
        error("t.jsonl", &sparse),
        "t.jsonl: has 10000 different keys in 10000 lines, most of them absent in most lines; a table of them would \
         require 0.7 GiB; leave out the rare keys"
    );

    let (_folder, path) = file("t.jsonl", text);
    let mut stream = Stream::open(&path, &ReadOptions::default(), &[("x", CellType::Strings)]).unwrap();
    assert_eq!(shown(&stream.next().unwrap().unwrap()), ["x:text", "1.5", "-", "-"]);
}

/// Returns the bytes of an NPY file with the given type, order and shape.
fn npy(dtype: &str, order: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{dtype}', 'fortran_order': {order}, 'shape': {shape}, }}");
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    bytes.extend_from_slice(format!("{header:<117}\n").as_bytes());
    bytes.extend_from_slice(data);
    bytes
}

#[test]
fn numpy_arrays() {
    let floats: Vec<u8> =
        [1.0_f32, 2.0, f32::NAN, 4.0, 5.0, 6.0].iter().flat_map(|x| x.to_le_bytes()).collect();
    let rows = ["x1:number x2:number", "1 2", "- 4", "5 6"];
    assert_eq!(shown(&table("t.npy", npy("<f4", "False", "(3, 2)", &floats))), rows);
    let rows = ["x1:number x2:number", "1 4", "2 5", "- 6"];
    assert_eq!(shown(&table("t.npy", npy("<f4", "True", "(3, 2)", &floats))), rows);
    assert_eq!(shown(&table("t.npy", npy("|b1", "False", "(2,)", &[1, 0]))), ["x1:text", "true", "false"]);
    let big = npy(">i8", "False", "(1,)", &i64::MAX.to_be_bytes());
    assert_eq!(shown(&table("t.npy", &big)), ["x1:text", "9223372036854775807"]);
    let options = ReadOptions { kinds: vec![("x1".into(), ColumnKind::Number)], ..ReadOptions::default() };
    assert_eq!(shown(&table_with("t.npy", &big, &options).unwrap()), ["x1:number", "9223372036854776000"]);
    let infinite = npy("<f8", "False", "(1, 1)", &f64::INFINITY.to_le_bytes());
    assert_eq!(
        error("t.npy", infinite),
        "t.npy, row 1, column \"x1\": \"inf\" is not a finite number; correct it, or leave the cell empty if the \
         value is missing"
    );
    assert_eq!(
        error("t.npy", npy("<f4", "False", "(4, 2)", &floats)),
        "t.npy: this NumPy file is damaged or truncated (fewer elements than the header states); download or \
         write it again"
    );
    assert_eq!(
        error("t.npy", npy("|O", "False", "(1,)", &[])),
        "t.npy: elements of the NumPy type |O are unsupported; save arrays of booleans, integers or floats with \
         one or two dimensions"
    );
    assert!(error("t.npy", npy("<f4", "False", "(1, 1, 1)", &floats)).contains("arrays with 3 dimensions"));
    assert!(error("t.npy", npy("<f4", "False", "(0, 99999999999999)", &[])).contains("no rows"));
    assert!(error("t.npy", npy("<f8", "False", "(9999999999, 9999999999)", &[])).contains("fewer elements"));

    let (_folder, path) = file("t.npy", npy("<f4", "True", "(3, 2)", &floats));
    let mut stream = Stream::open(&path, &ReadOptions::default(), &[("x2", CellType::Numbers)]).unwrap();
    assert_eq!(shown(&stream.next().unwrap().unwrap()), ["x2:number", "4", "5", "6"]);
}

fn npz(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    use std::io::Write;
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in arrays {
        zip.start_file(format!("{name}.npy"), zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn archives_of_numpy_arrays() {
    let x = npy("|u1", "False", "(2, 2)", &[1, 2, 3, 4]);
    let bytes = npz(&[("X", x.clone()), ("y", npy("|i1", "False", "(2,)", &[5, 250]))]);
    assert_eq!(shown(&table("t.npz", &bytes)), ["X1:number X2:number y:number", "1 2 5", "3 4 -6"]);
    let (_folder, path) = file("t.npz", &bytes);
    let mut stream = Stream::open(&path, &ReadOptions::default(), &[("y", CellType::Strings)]).unwrap();
    assert_eq!(stream.names(), ["X1", "X2", "y"]);
    assert_eq!(shown(&stream.next().unwrap().unwrap()), ["y:text", "5", "-6"]);
    assert_eq!(
        error("t.npz", npz(&[("X", x.clone()), ("y", npy("|i1", "False", "(1,)", &[5]))])),
        "t.npz: the array \"y\" has 1 row, but \"X\" has 2; write arrays of equal length"
    );
    let duplicate = npz(&[("X", x), ("X1", npy("|i1", "False", "(2,)", &[5, 5]))]);
    assert!(error("t.npz", duplicate).contains("both called \"X1\""));
    assert!(error("t.npz", npz(&[])).contains("a ZIP archive without NumPy arrays"));
    assert!(error("t.npz", &bytes[..bytes.len() / 2]).contains("damaged or truncated"));
}
