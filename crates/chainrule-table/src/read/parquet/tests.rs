//! Memory allocated for the pages of valid and damaged files.

use parquet::basic::{Compression, Type};
use parquet::data_type::DoubleType;
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type as Schema;
use tempfile::TempDir;

use super::*;
use crate::Values;
use crate::read::CellType;

/// Writes a file with one column of numbers.
fn write(path: &Path, values: &[f64], properties: WriterPropertiesBuilder) {
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

/// Reads the only column on this thread. Returns it with the maximum number of allocated bytes.
fn read(path: &Path) -> (Result<Values, Problem>, u64) {
    let file = ParquetReader::open(path, &ReadOptions::default()).unwrap();
    let n = file.metadata.row_groups()[0].num_rows() as u64;
    let mut values = None;
    let allocations = allocation_counter::measure(|| {
        let mut column = ColumnBuilder::new(&file.formats.of(CellType::Numbers));
        let result = guarded(|| file.cursor(0, 0)?.read(n, 0, &mut column));
        values = Some(result.map(|()| column.into_values()));
    });
    (values.expect("the column has been read"), allocations.bytes_max)
}

/// Encodes an integer in the Thrift compact protocol.
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
fn an_implausible_size_in_a_page_header_is_not_allocated() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("t.parquet");
    let properties = || {
        WriterProperties::builder()
            .set_compression(Compression::ZSTD(parquet::basic::ZstdLevel::default()))
            .set_data_page_row_count_limit(1000)
            .set_write_batch_size(1000)
    };
    // The header of the first page begins with its type, a byte, and its decompressed size. That of
    // a dictionary continues with its compressed size and its number of values.
    let damages: [(&str, WriterPropertiesBuilder, usize, u64); 3] = [
        ("decompressed size of 2147483647", properties().set_dictionary_enabled(false), 0, (1 << 31) - 1),
        ("decompressed size of 2147483647", properties(), 0, (1 << 31) - 1),
        ("states 2147483647 values", properties(), 2, (1 << 31) - 1),
    ];
    let values: Vec<f64> = (0..20_000).map(|i| f64::from(i % 100)).collect();
    for (expected, properties, n_skipped, size) in damages {
        write(&path, &values, properties);
        let (valid, usual) = read(&path);
        assert_eq!(valid.unwrap(), Values::Numbers(values.clone()));
        let mut bytes = std::fs::read(&path).unwrap();
        let mut at = 4 + 3;
        for k in 0..n_skipped {
            at += bytes[at..].iter().position(|byte| *byte < 128).unwrap() + 1;
            // The header of the next field, and that of the structure of a dictionary.
            at += 1 + k;
        }
        let end = at + bytes[at..].iter().position(|byte| *byte < 128).unwrap() + 1;
        bytes.splice(at..end, varint(size));
        std::fs::write(&path, &bytes).unwrap();
        let (damaged, allocated) = read(&path);
        let message = damaged.unwrap_err().to_string();
        assert!(message.contains(expected) && message.contains("damaged"), "{message}");
        assert!(allocated <= usual, "{allocated} bytes were allocated; for the valid file, {usual}");
    }
}

#[test]
fn highly_compressed_pages_are_read() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("t.parquet");
    let one_page = |compression| {
        WriterProperties::builder()
            .set_compression(compression)
            .set_dictionary_enabled(false)
            .set_data_page_size_limit(1 << 30)
            .set_data_page_row_count_limit(1 << 30)
    };
    // The first page is smaller than what is always allowed and compressed to a few kilobytes; the
    // second one is larger and compressed to a twentieth.
    let zstd = Compression::ZSTD(parquet::basic::ZstdLevel::default());
    for (n, compression) in [(4_000_000, zstd), (10_000_000, Compression::SNAPPY)] {
        let values = vec![0.0; n];
        write(&path, &values, one_page(compression));
        assert!(read(&path).0.unwrap() == Values::Numbers(values));
    }
}
