//! Files of every format, and of every kind of damage: what comes of them, and the sentences.

use std::path::PathBuf;

use chainrule_table::{CellType, Column, ReadOptions, Stream, Table, Values, read};
use tempfile::TempDir;

fn file(name: &str, bytes: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn table_with(name: &str, bytes: impl AsRef<[u8]>, options: &ReadOptions) -> Result<Table, String> {
    let (folder, path) = file(name, bytes);
    let place = format!("{}/", folder.path().display());
    read(&path, options, &mut |_, _| {}).map_err(|error| error.to_string().replace(&place, ""))
}

fn table(name: &str, bytes: impl AsRef<[u8]>) -> Table {
    table_with(name, bytes, &ReadOptions::default()).unwrap()
}

fn error(name: &str, bytes: impl AsRef<[u8]>) -> String {
    table_with(name, bytes, &ReadOptions::default()).unwrap_err()
}

/// A table's cells, row by row, with its columns' kinds.
fn shown(table: &Table) -> Vec<String> {
    let kind = |values: &Values| match values {
        Values::Numbers(_) => "number",
        Values::Dates(_) => "date",
        Values::Strings(_) => "text",
    };
    let head = table.columns.iter().map(|column| format!("{}:{}", column.name, kind(&column.values)));
    let cell = |row| move |column: &Column| column.values.text(row).unwrap_or("-".to_owned());
    let rows =
        (0..table.n_rows()).map(|row| table.columns.iter().map(cell(row)).collect::<Vec<_>>().join(" "));
    std::iter::once(head.collect::<Vec<_>>().join(" ")).chain(rows).collect()
}

#[test]
fn csv_is_found_as_it_is_written() {
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
fn a_header_is_missing_where_all_of_the_first_line_are_numbers() {
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
fn decimal_commas_and_own_missing_texts() {
    assert_eq!(shown(&table("t.csv", "x;y\n1,5;2\n-2,25;3\n")), ["x:number y:number", "1.5 2", "-2.25 3"]);
    let options = ReadOptions { missing: vec!["-99".into(), "none".into()], ..ReadOptions::default() };
    let read = table_with("t.csv", "x,y\n-99,none\n1,a\n", &options).unwrap();
    assert_eq!(shown(&read), ["x:number y:text", "- -", "1 a"]);
}

#[test]
fn what_is_no_number_is_text() {
    let text = "code,flag,hex,thousand,mixed\n007,true,0x1F,\"1,000\",1\n10,false,0x2,2,2024-01-01\n";
    let kinds = "code:text flag:text hex:text thousand:text mixed:text";
    assert_eq!(shown(&table("t.csv", text)), [kinds, "007 true 0x1F 1,000 1", "10 false 0x2 2 2024-01-01"]);
    assert_eq!(shown(&table("t.csv", "x,y\n,1\nNA,2\n"))[0], "x:number y:number");
    let options = ReadOptions { texts: vec!["id".into()], ..ReadOptions::default() };
    assert_eq!(
        shown(&table_with("t.csv", "id,y\n1.50,1\n", &options).unwrap()),
        ["id:text y:number", "1.50 1"]
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
        "t.csv, line 2, column \"town\": this is no text in UTF-8; say in which encoding it is, for example --encoding windows-1252"
    );
    let options = ReadOptions { encoding: Some("latin-x".into()), ..ReadOptions::default() };
    assert_eq!(
        table_with("t.csv", text, &options).unwrap_err(),
        "t.csv: there is no encoding called \"latin-x\"; use its name on the web, such as utf-8, utf-16le, windows-1252 or shift_jis"
    );
}

#[test]
fn what_is_wrong_with_a_csv_is_said_with_its_place() {
    let empty = "t.csv: the file is empty; a table has at least one row, and mostly a first line with the columns' names";
    let quote = "write a quote inside a field as two quotes";
    let wide = "mend the row, or put quotes around a field that contains the delimiter";
    let finite = "is no finite number; fill it in, or leave it empty if it is missing";
    for (text, sentence) in [
        ("", empty.to_owned()),
        ("\n\n", empty.to_owned()),
        ("a,b\n", "t.csv: there are columns but no rows; a table has at least one row".into()),
        ("a,b\n1,2\n1,2,3\n", format!("t.csv, line 3: this row has 3 fields where the header has 2; {wide}")),
        ("a,b\n\"1\n\",2\n\n1\n", format!("t.csv, line 5: this row has 1 field where the header has 2; {wide}")),
        ("1,2\n1,2,3\n", format!("t.csv, line 2: this row has 3 fields where the first row has 2; {wide}")),
        (
            "a,b\n1,2\n3,\"4\n",
            format!("t.csv, line 3: the quote that opens here is never closed; close it, and {quote}"),
        ),
        (
            "a,b\n1,\"2\"x\n",
            format!("t.csv, line 2: a field that begins here goes on after its closing quote; {quote}"),
        ),
        ("a,b,a\n1,2,3\n", "t.csv, line 1: columns 1 and 3 are both called \"a\"; rename one of them".into()),
        (
            "a,,c\n1,2,3\n",
            "t.csv, line 1: column 2 has no name while others have one; name it in the header, or remove it".into(),
        ),
        ("a\n1\ninf\n", format!("t.csv, line 3, column \"a\": \"inf\" {finite}")),
        ("a,b\n1,1e999\n", format!("t.csv, line 2, column \"b\": \"1e999\" {finite}")),
        (
            "a,b\n1,\0\n",
            "t.csv: this is no text, it holds a NUL byte; give a CSV, Parquet, NPY, NPZ or JSON Lines file, and --encoding utf-16le if it is text of two bytes a letter".into(),
        ),
    ] {
        assert_eq!(error("t.csv", text), sentence, "{text:?}");
    }
    assert_eq!(
        error("t.csv", b"\x1f\x8bxx"),
        "t.csv: it is compressed with gzip, no table; decompress it first, with gunzip"
    );
    assert!(error("t.csv", "a,b\r1,2\r").contains("lines end in a carriage return"));
    assert!(error("t.xlsx", b"PK\x03\x04xx").contains("save the workbook's sheet as CSV"));
    assert_eq!(shown(&table("t.csv", "a\nword\ninf\n")), ["a:text", "word", "inf"]);
}

#[test]
fn progress_is_told_a_few_times_and_to_the_end() {
    let (_folder, path) = file("t.csv", "x,t\n".to_owned() + &"1,a\n".repeat(1 << 20) + "1.5,\nb,c\n");
    let mut told = Vec::new();
    let table = read(&path, &ReadOptions::default(), &mut |done, total| told.push((done, total))).unwrap();
    assert_eq!(table.n_rows(), (1 << 20) + 2);
    assert!(matches!(table.columns[0].values, Values::Strings(_)));
    let len = path.metadata().unwrap().len();
    assert!(told.len() <= 400 && told.is_sorted());
    assert!(told.contains(&(len, len)) && told.last() == Some(&(2 * len, 2 * len)));
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let options = ReadOptions { delimiter: Some(b'"'), ..ReadOptions::default() };
    assert!(table_with("t.csv", "a\n1\n", &options).unwrap_err().contains("cannot separate fields"));
    let options = ReadOptions { texts: vec!["idd".into()], ..ReadOptions::default() };
    assert_eq!(
        table_with("t.csv", "id,b\n1,2\n", &options).unwrap_err(),
        "t.csv, column \"idd\": there is no such column (did you mean \"id\"?); there are: id, b"
    );
    let missing =
        read("/no/such.csv".as_ref(), &ReadOptions::default(), &mut |_, _| {}).unwrap_err().to_string();
    assert!(missing.starts_with("/no/such.csv: it cannot be read: No such file"), "{missing}");
}

#[test]
fn a_stream_reads_what_is_wanted_and_nothing_else() {
    let (_folder, path) = file("t.csv", "id,junk,x\n01,a,1\n02,\"\n\",2\n");
    let wanted = [("x", CellType::Numbers), ("id", CellType::Strings)];
    let mut stream = Stream::open(&path, &ReadOptions::default(), &wanted).unwrap();
    assert_eq!(stream.names(), ["id", "junk", "x"]);
    let piece = stream.next().unwrap().unwrap();
    assert_eq!(shown(&piece), ["x:number id:text", "1 01", "2 02"]);
    assert_eq!(piece.lines, [2, 3]);
    assert!(stream.next().unwrap().is_none());

    let said = |wanted| {
        let stream = Stream::open(&path, &ReadOptions::default(), &[wanted]);
        stream.and_then(|mut stream| stream.next()).unwrap_err().to_string()
    };
    assert!(said(("idd", CellType::Strings)).contains("did you mean \"id\"?"));
    let kind = "line 2, column \"junk\": \"a\" is no number, as the column holds elsewhere; mend it, or leave it empty if it is missing";
    assert!(said(("junk", CellType::Numbers)).ends_with(kind));
    assert!(said(("x", CellType::Dates)).contains("\"1\" is no date"));
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
        "t.jsonl, line 2, column \"x\": it holds a list, and a cell is one number, date or text; write its parts as columns of their own"
    );
    assert_eq!(
        error("t.jsonl", "{\"x\": 1}\n{x}\n"),
        "t.jsonl, line 2: this line is no JSON object (key must be a string at character 2); write one object on each line, like {\"x\": 1.5}"
    );
    assert!(error("t.jsonl", "{\"x\": 1}\n[1]\n").contains("line 2: this line is no JSON object"));
    assert!(error("t.jsonl", "{\"x\": 1, \"x\": 2}\n").contains("a key stands in it twice"));
    assert!(error("t.jsonl", "{\"x\": 1e999}\n").contains("\"1e999\" is no finite number"));
    assert!(error("t.jsonl", "\n\n").contains("the file is empty"));

    let (_folder, path) = file("t.jsonl", text);
    let mut stream = Stream::open(&path, &ReadOptions::default(), &[("x", CellType::Strings)]).unwrap();
    assert_eq!(shown(&stream.next().unwrap().unwrap()), ["x:text", "1.5", "-", "-"]);
}

/// An NPY file of this kind and shape.
fn npy(kind: &str, order: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{kind}', 'fortran_order': {order}, 'shape': {shape}, }}");
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
    assert_eq!(shown(&table("t.npy", npy("|b1", "False", "(2,)", &[1, 0]))), ["x1:number", "1", "0"]);
    let big = npy(">i8", "False", "(1,)", &i64::MAX.to_be_bytes());
    let options = ReadOptions { texts: vec!["x1".into()], ..ReadOptions::default() };
    assert_eq!(shown(&table_with("t.npy", &big, &options).unwrap()), ["x1:text", "9223372036854775807"]);
    let infinite = npy("<f8", "False", "(1, 1)", &f64::INFINITY.to_le_bytes());
    assert_eq!(
        error("t.npy", infinite),
        "t.npy, row 1, column \"x1\": \"inf\" is no finite number; fill it in, or leave it empty if it is missing"
    );
    assert_eq!(
        error("t.npy", npy("<f4", "False", "(4, 2)", &floats)),
        "t.npy: this NumPy file is damaged or cut short (it has fewer numbers than it says); fetch or write it again"
    );
    assert_eq!(
        error("t.npy", npy("|O", "False", "(1,)", &[])),
        "t.npy: it holds numbers of NumPy's kind |O, which is neither number, date nor text; save arrays of one or two axes, of booleans, integers or floats"
    );
    assert!(error("t.npy", npy("<f4", "False", "(1, 1, 1)", &floats)).contains("an array of 3 axes"));
    assert!(error("t.npy", npy("<f4", "False", "(0, 99999999999999)", &[])).contains("no rows"));
    assert!(error("t.npy", npy("<f8", "False", "(9999999999, 9999999999)", &[])).contains("fewer numbers"));

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
        "t.npz: the array \"y\" has 1 row where \"X\" has 2; write arrays of one length"
    );
    let twice = npz(&[("X", x), ("X1", npy("|i1", "False", "(2,)", &[5, 5]))]);
    assert!(error("t.npz", twice).contains("both called \"X1\""));
    assert!(error("t.npz", npz(&[])).contains("a ZIP archive without NumPy arrays"));
    assert!(error("t.npz", &bytes[..bytes.len() / 2]).contains("damaged or cut short"));
}
