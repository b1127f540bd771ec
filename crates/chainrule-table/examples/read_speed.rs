//! Measures how fast tables of 1,000,000 rows and 29 columns are read:
//! `cargo run --release -p chainrule-table --example read_speed DIR [FILTER]`.
//!
//! Only files whose names contain FILTER are measured. Missing files are created in DIR. Each file
//! is read six times, and the median of the last five runs is reported, so the file is in the page
//! cache.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use chainrule_table::{CellType, ReadOptions, Stream};
use parquet::basic::Compression;
use parquet::data_type::{DoubleType, FloatType};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

const ROWS: usize = 1_000_000;
const COLUMNS: usize = 29;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("usage: read_speed DIR [FILTER]")?);
    println!("{} threads; {ROWS} rows of {COLUMNS} columns", chainrule::threads());
    let filter = std::env::args().nth(2).unwrap_or_default();
    for (name, create) in FILES.into_iter().filter(|(name, _)| name.contains(&filter)) {
        let path = folder.join(name);
        if !path.exists() {
            create(&path)?;
        }
        let bytes = path.metadata()?.len();
        report(name, "read", bytes, || {
            let table = chainrule_table::read(&path, &ReadOptions::default(), &mut |_, _| {})?;
            Ok(table.n_rows())
        })?;
        let names: Vec<String> = (1..=COLUMNS).map(|i| format!("x{i}")).collect();
        let columns: Vec<(&str, CellType)> =
            names.iter().map(|name| (name.as_str(), CellType::Numbers)).collect();
        report(name, "stream", bytes, || {
            let mut stream = Stream::open(&path, &ReadOptions::default(), &columns)?;
            let mut n_rows = 0;
            while let Some(chunk) = stream.next()? {
                n_rows += chunk.n_rows();
            }
            Ok(n_rows)
        })?;
    }
    Ok(())
}

type CreateFile = fn(&Path) -> Result<(), Box<dyn Error>>;

const FILES: [(&str, CreateFile); 5] = [
    ("six-decimals.csv", |path| csv(path, |value| format!("{value:.6}"))),
    ("eighteen-digits.csv", |path| {
        csv(path, |value| {
            let text = format!("{value:.18e}");
            let (mantissa, exponent) = text.split_once('e').expect("written with an exponent");
            let exponent: i32 = exponent.parse().expect("the exponent is an integer");
            format!("{mantissa}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
        })
    }),
    ("float.parquet", |path| parquet_file(path, "FLOAT")),
    ("double.parquet", |path| parquet_file(path, "DOUBLE")),
    ("float.npy", npy),
];

fn report(
    name: &str,
    method: &str,
    bytes: u64,
    read: impl Fn() -> Result<usize, chainrule_table::Error>,
) -> Result<(), Box<dyn Error>> {
    let mut seconds = Vec::new();
    for _ in 0..6 {
        let start = Instant::now();
        assert_eq!(read()?, ROWS);
        seconds.push(start.elapsed().as_secs_f64());
    }
    let last = &mut seconds[1..];
    last.sort_by(f64::total_cmp);
    let median = last[2];
    println!(
        "{name:<20} {method:<7} {:4} MB  {median:.3} s  {:5.0} MB/s  {:4.1} ns/cell",
        bytes / 1_000_000,
        bytes as f64 / median / 1e6,
        median / (ROWS * COLUMNS) as f64 * 1e9
    );
    Ok(())
}

/// Returns a deterministic generator of uniform numbers between -4 and 4.
fn values() -> impl FnMut() -> f64 {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64 * 8.0 - 4.0
    }
}

fn csv(path: &Path, write: impl Fn(f64) -> String) -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(File::create(path)?);
    let names: Vec<String> = (1..=COLUMNS).map(|i| format!("x{i}")).collect();
    writeln!(out, "{}", names.join(","))?;
    let mut next = values();
    for _ in 0..ROWS {
        for column in 1..=COLUMNS {
            let end = if column == COLUMNS { "\n" } else { "," };
            write!(out, "{}{end}", write(next()))?;
        }
    }
    Ok(out.flush()?)
}

fn parquet_file(path: &Path, kind: &str) -> Result<(), Box<dyn Error>> {
    let fields: Vec<String> = (1..=COLUMNS).map(|i| format!("REQUIRED {kind} x{i};")).collect();
    let fields = fields.concat();
    let schema = Arc::new(parse_message_type(&format!("message table {{ {fields} }}"))?);
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut writer = SerializedFileWriter::new(File::create(path)?, schema, Arc::new(properties))?;
    let mut group = writer.next_row_group()?;
    let mut next = values();
    while let Some(mut column) = group.next_column()? {
        let values: Vec<f64> = (0..ROWS).map(|_| next()).collect();
        if kind == "FLOAT" {
            let values: Vec<f32> = values.iter().map(|value| *value as f32).collect();
            column.typed::<FloatType>().write_batch(&values, None, None)?;
        } else {
            column.typed::<DoubleType>().write_batch(&values, None, None)?;
        }
        column.close()?;
    }
    group.close()?;
    writer.close()?;
    Ok(())
}

fn npy(path: &Path) -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(File::create(path)?);
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({ROWS}, {COLUMNS}), }}");
    out.write_all(b"\x93NUMPY\x01\x00\x76\x00")?;
    writeln!(out, "{header:<117}")?;
    let mut next = values();
    for _ in 0..ROWS * COLUMNS {
        out.write_all(&(next() as f32).to_le_bytes())?;
    }
    Ok(out.flush()?)
}
