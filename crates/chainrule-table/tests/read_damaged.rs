//! Files with changed, deleted or inserted bytes result in a table or an error, never in a panic or
//! excessive memory use.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use chainrule_table::{CellType, ReadOptions, Stream, read};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

/// A deterministic random number generator.
struct FixedRandom(u64);

impl FixedRandom {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n.max(1)
    }
}

fn damage(bytes: &[u8], random: &mut FixedRandom) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len());
        match random.below(8) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..(at + random.below(9)).min(bytes.len()))),
            2 => bytes.insert(at, b"\",\n\0\r\xff{[(9"[random.below(10)]),
            3 if !bytes.is_empty() => bytes[at] = 0xff,
            _ if !bytes.is_empty() => bytes[at] ^= 1 << random.below(8),
            _ => {}
        }
    }
    bytes
}

/// Maximum number of bytes that the reading thread allocates for a file of a few kilobytes,
/// regardless of the sizes stated in the file. A block of text takes one MiB.
const MAX_ALLOCATED: u64 = 2 << 20;

fn check_damaged(name: &str, bytes: &[u8], n: usize) {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let options = ReadOptions::default();
    read(&path, &options, &mut |_, _| {}).expect("the undamaged file is valid");
    let mut random = FixedRandom(7);
    let mut n_errors = 0;
    for _ in 0..n {
        // Some file systems wait for the disk when a file is overwritten.
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, damage(bytes, &mut random)).unwrap();
        let mut table = None;
        let reading = allocation_counter::measure(|| table = Some(read(&path, &options, &mut |_, _| {})));
        let streaming = allocation_counter::measure(|| stream(&path));
        for allocated in [reading.bytes_max, streaming.bytes_max] {
            assert!(allocated <= MAX_ALLOCATED, "{allocated} bytes were allocated");
        }
        match table.expect("the file has been read") {
            Ok(table) => assert!(table.columns.iter().all(|column| column.values.len() == table.n_rows())),
            Err(error) => {
                n_errors += 1;
                assert!(error.to_string().contains(name), "{error}");
            }
        }
    }
    assert!(n_errors > n / 20, "only {n_errors} of {n} files were rejected");
}

fn stream(path: &Path) {
    let columns = [("x1", CellType::Numbers), ("t", CellType::Strings)];
    for columns in [&columns[..], &columns[..1]] {
        if let Ok(mut stream) = Stream::open(path, &ReadOptions::default(), columns) {
            while let Ok(Some(_)) = stream.next() {}
        }
    }
}

#[test]
fn damaged_csv() {
    let rows: Vec<String> =
        (0..30).map(|i| format!("{i}.5,\"a \"\"{}\"\"\",2024-01-{:02},\r\n", i % 3, i + 1)).collect();
    check_damaged("t.csv", format!("x1,t,\"when\",none\r\n{}", rows.concat()).as_bytes(), 2000);
}

#[test]
fn damaged_json_lines() {
    let rows: Vec<String> =
        (0..20).map(|i| format!("{{\"x1\": {i}.5, \"t\": \"a\\u00e9{i}\", \"n\": null}}\n")).collect();
    check_damaged("t.jsonl", rows.concat().as_bytes(), 1000);
}

#[test]
fn damaged_numpy() {
    let header = format!("{:<117}", "{'descr': '<f4', 'fortran_order': False, 'shape': (10, 3), }");
    let mut npy = format!("NUMPY\u{1}\0v\0{header}\n").into_bytes();
    npy.insert(0, 0x93);
    npy.extend((0..30_u8).flat_map(|i| f32::from(i).to_le_bytes()));
    check_damaged("t.npy", &npy, 1000);
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for name in ["x.npy", "t.npy"] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut zip, &npy).unwrap();
    }
    check_damaged("t.npz", &zip.finish().unwrap().into_inner(), 1000);
}

#[test]
fn damaged_parquet() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("t.parquet");
    let schema = "message table { REQUIRED DOUBLE x1; OPTIONAL BYTE_ARRAY t (STRING); }";
    for compression in [parquet::basic::Compression::SNAPPY, parquet::basic::Compression::UNCOMPRESSED] {
        let properties = Arc::new(WriterProperties::builder().set_compression(compression).build());
        let schema = Arc::new(parse_message_type(schema).unwrap());
        let mut writer = SerializedFileWriter::new(File::create(&path).unwrap(), schema, properties).unwrap();
        for _ in 0..2 {
            let mut group = writer.next_row_group().unwrap();
            let mut x = group.next_column().unwrap().unwrap();
            let values: Vec<f64> = (0..20).map(f64::from).collect();
            x.typed::<DoubleType>().write_batch(&values, None, None).unwrap();
            x.close().unwrap();
            let mut t = group.next_column().unwrap().unwrap();
            let texts: Vec<ByteArray> = (0..10).map(|i| ByteArray::from(["a", "b", "c"][i % 3])).collect();
            let levels: Vec<i16> = (0..20).map(|i| i % 2).collect();
            t.typed::<ByteArrayType>().write_batch(&texts, Some(&levels), None).unwrap();
            t.close().unwrap();
            group.close().unwrap();
        }
        writer.close().unwrap();
        check_damaged("t.parquet", &std::fs::read(&path).unwrap(), 1500);
    }
}
