//! How much is allocated for the pages of a file, sound or damaged.

use parquet::basic::{Compression, Type};
use parquet::data_type::DoubleType;
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type as Schema;
use tempfile::TempDir;

use super::*;
use crate::Values;
use crate::read::CellType;

/// A file of one column of these numbers.
fn file(path: &Path, values: &[f64], properties: WriterPropertiesBuilder) {
    let x = Schema::primitive_type_builder("x", Type::DOUBLE)
        .with_repetition(parquet::basic::Repetition::REQUIRED)
        .build()
        .unwrap();
    let schema = Schema::group_type_builder("table").with_fields(vec![Arc::new(x)]).build().unwrap();
    let file = File::create(path).unwrap();
    let mut writer = SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties.build())).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<DoubleType>().write_batch(values, None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
}

/// Reads the only column on this thread, whose allocations are counted.
fn read(path: &Path) -> (Result<Values, Problem>, u64) {
    let file = Parquet::open(path, &ReadOptions::default()).unwrap();
    let n = file.metadata.row_groups()[0].num_rows() as u64;
    let mut values = None;
    let counted = allocation_counter::measure(|| {
        let mut part = Part::new(CellType::Numbers);
        let read = guarded(|| file.cursor(0, 0)?.read(&file.cells, n, 0, &mut part));
        values = Some(read.map(|()| part.into_values()));
    });
    (values.expect("it is read"), counted.bytes_max)
}

/// The bytes of a number in Thrift's compact form.
fn varint(n: u64) -> Vec<u8> {
    let mut n = 2 * n;
    let mut bytes = Vec::new();
    while n > 127 {
        bytes.push(n as u8 | 128);
        n >>= 7;
    }
    bytes.push(n as u8);
    bytes
}

#[test]
fn a_damaged_page_gets_no_room_for_what_it_claims() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("t.parquet");
    let properties = || {
        WriterProperties::builder()
            .set_compression(Compression::ZSTD(parquet::basic::ZstdLevel::default()))
            .set_data_page_row_count_limit(1000)
            .set_write_batch_size(1000)
    };
    // The header of the first page begins with its kind, a byte, and its length; that of a dictionary goes on with what it is
    // compressed to, and how many values there are.
    let damages: [(&str, WriterPropertiesBuilder, usize, u64); 3] = [
        ("claims to become 2147483647", properties().set_dictionary_enabled(false), 0, (1 << 31) - 1),
        ("claims to become 2147483647", properties(), 0, (1 << 31) - 1),
        ("claims to have 2147483647 values", properties(), 2, (1 << 31) - 1),
    ];
    let values: Vec<f64> = (0..20_000).map(|i| f64::from(i % 100)).collect();
    for (said, properties, skipped, claim) in damages {
        file(&path, &values, properties);
        let (sound, usual) = read(&path);
        assert_eq!(sound.unwrap(), Values::Numbers(values.clone()));
        let mut bytes = std::fs::read(&path).unwrap();
        let mut at = 4 + 3;
        for k in 0..skipped {
            at += bytes[at..].iter().position(|byte| *byte < 128).unwrap() + 1;
            // What begins the next field, and the dictionary's structure.
            at += 1 + k;
        }
        let end = at + bytes[at..].iter().position(|byte| *byte < 128).unwrap() + 1;
        bytes.splice(at..end, varint(claim));
        std::fs::write(&path, &bytes).unwrap();
        let (damaged, allocated) = read(&path);
        let sentence = damaged.unwrap_err().to_string();
        assert!(sentence.contains(said) && sentence.contains("damaged"), "{sentence}");
        assert!(allocated <= usual, "{allocated} bytes where {usual} are usual");
    }
}

#[test]
fn pages_that_are_compressed_well_are_read() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("t.parquet");
    let one_page = |compression| {
        WriterProperties::builder()
            .set_compression(compression)
            .set_dictionary_enabled(false)
            .set_data_page_size_limit(1 << 30)
            .set_data_page_row_count_limit(1 << 30)
    };
    // To a few kilobytes, below what is always allowed, and to a twentieth, above it.
    let zstd = Compression::ZSTD(parquet::basic::ZstdLevel::default());
    for (n, compression) in [(4_000_000, zstd), (10_000_000, Compression::SNAPPY)] {
        let values = vec![0.0; n];
        file(&path, &values, one_page(compression));
        assert!(read(&path).0.unwrap() == Values::Numbers(values));
    }
}
