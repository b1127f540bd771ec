//! Kinds of Parquet columns, derived from their physical and logical types, and conversion of their
//! values to cells.

use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical};
use parquet::data_type::Int96;
use parquet::schema::types::{ColumnDescriptor, Type};

use crate::Problem;
use crate::date;
use crate::read::CellType;
use crate::read::column::ColumnBuilder;

/// The kind of a column.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ParquetKind {
    /// Numbers.
    Number,
    /// Booleans, as the strings `false` and `true`.
    Boolean,
    /// Unsigned integers, with their number of bits.
    Unsigned(u32),
    /// Decimal numbers with the given scale: integers that are multiplied by 10^-scale.
    Decimal(i32),
    /// Dates.
    Date,
    /// Timestamps, with the number of nanoseconds in a unit.
    Timestamp(i64),
    /// Strings.
    Text,
    /// Several values per cell, with their description in the plural.
    Nested(&'static str),
    /// Unsupported values, with their description in the plural.
    Other(String),
}

const NANOSECONDS_PER_DAY: i64 = 86_400_000_000_000;

impl ParquetKind {
    /// Returns the kind of a leaf of the schema, whose top-level field is `root`.
    pub(super) fn of(column: &ColumnDescriptor, root: &Type) -> ParquetKind {
        if root.is_group() {
            let is_list = matches!(root.get_basic_info().converted_type(), ConvertedType::LIST);
            return ParquetKind::Nested(if is_list { "lists" } else { "groups of values" });
        }
        if column.max_rep_level() > 0 {
            return ParquetKind::Nested("lists");
        }
        let nanoseconds = |unit: &TimeUnit| match unit {
            TimeUnit::MILLIS => 1_000_000,
            TimeUnit::MICROS => 1000,
            TimeUnit::NANOS => 1,
        };
        let physical = column.physical_type();
        let is_bytes = matches!(physical, Physical::BYTE_ARRAY | Physical::FIXED_LEN_BYTE_ARRAY);
        match (column.logical_type_ref(), column.converted_type()) {
            (Some(LogicalType::Date), _) | (None, ConvertedType::DATE) => ParquetKind::Date,
            (Some(LogicalType::Timestamp(kind)), _) => ParquetKind::Timestamp(nanoseconds(&kind.unit)),
            (None, ConvertedType::TIMESTAMP_MILLIS) => ParquetKind::Timestamp(1_000_000),
            (None, ConvertedType::TIMESTAMP_MICROS) => ParquetKind::Timestamp(1000),
            (Some(LogicalType::Decimal(kind)), _) => ParquetKind::Decimal(kind.scale),
            (None, ConvertedType::DECIMAL) => ParquetKind::Decimal(column.type_scale()),
            (Some(LogicalType::Integer(kind)), _) if !kind.is_signed => {
                ParquetKind::Unsigned(if kind.bit_width > 32 { 64 } else { 32 })
            }
            (None, ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32) => {
                ParquetKind::Unsigned(32)
            }
            (None, ConvertedType::UINT_64) => ParquetKind::Unsigned(64),
            (Some(LogicalType::Time(_)), _)
            | (None, ConvertedType::TIME_MILLIS | ConvertedType::TIME_MICROS) => {
                ParquetKind::Other("times of day".to_owned())
            }
            (Some(LogicalType::String | LogicalType::Enum | LogicalType::Json), _) if is_bytes => {
                ParquetKind::Text
            }
            (Some(other @ (LogicalType::Uuid | LogicalType::Float16)), _) => {
                ParquetKind::Other(format!("values of the type {other:?}"))
            }
            _ if physical == Physical::BYTE_ARRAY => ParquetKind::Text,
            _ if physical == Physical::FIXED_LEN_BYTE_ARRAY => {
                ParquetKind::Other("fixed-length byte arrays".to_owned())
            }
            _ if physical == Physical::INT96 => ParquetKind::Timestamp(1),
            _ if physical == Physical::BOOLEAN => ParquetKind::Boolean,
            _ => ParquetKind::Number,
        }
    }

    /// Returns the type of the cells in a table.
    pub(super) fn cell_type(&self) -> CellType {
        match self {
            ParquetKind::Date | ParquetKind::Timestamp(_) => CellType::Dates,
            ParquetKind::Text | ParquetKind::Boolean => CellType::Strings,
            _ => CellType::Numbers,
        }
    }

    /// Returns why a column cannot be read; `None` if it can.
    pub(super) fn problem(&self) -> Option<Problem> {
        match self {
            ParquetKind::Nested(found) => Some(Problem::Nested { found: (*found).to_owned() }),
            ParquetKind::Other(found) => Some(Problem::Unsupported {
                found: found.clone(),
                remedy: "convert the column before writing the file, or leave it out",
            }),
            _ => None,
        }
    }

    /// Adds an integer to a column.
    pub(super) fn push_integer(
        &self,
        column: &mut ColumnBuilder,
        value: i64,
        row: u64,
    ) -> Result<(), Problem> {
        match self {
            ParquetKind::Date => push_date(column, value, 0, row),
            ParquetKind::Timestamp(unit) => {
                let per_day = NANOSECONDS_PER_DAY / unit;
                push_date(column, value.div_euclid(per_day), value.rem_euclid(per_day) * unit, row);
            }
            ParquetKind::Decimal(scale) => return push_decimal(column, i128::from(value), *scale, row),
            ParquetKind::Unsigned(bits) => {
                let value = if *bits == 32 { u64::from(value as u32) } else { value as u64 };
                column.push_integer(value.into(), row, || value.to_string());
            }
            _ => column.push_integer(value.into(), row, || value.to_string()),
        }
        Ok(())
    }

    /// Adds a string, or a decimal number given as big-endian bytes, to a column.
    pub(super) fn push_bytes(
        &self,
        column: &mut ColumnBuilder,
        bytes: &[u8],
        row: u64,
    ) -> Result<(), Problem> {
        let ParquetKind::Decimal(scale) = self else { return column.push(bytes, row) };
        let is_negative = bytes.first().is_some_and(|byte| *byte >= 128);
        let mut extended = [if is_negative { 255 } else { 0 }; 16];
        let Some(from) = 16_usize.checked_sub(bytes.len()) else {
            let found = "decimal numbers of more than 38 digits".to_owned();
            return Err(Problem::Unsupported { found, remedy: "write them as floats" });
        };
        extended[from..].copy_from_slice(bytes);
        push_decimal(column, i128::from_be_bytes(extended), *scale, row)
    }
}

/// Adds a legacy INT96 timestamp to a column: the nanoseconds of the day and the Julian day.
pub(super) fn push_int96(column: &mut ColumnBuilder, value: &Int96, row: u64) {
    const JULIAN_DAY_OF_1970: i64 = 2_440_588;
    let [low, high, julian] = *value.data() else { unreachable!("INT96 has three 32-bit words") };
    let nanoseconds = (i64::from(high) << 32 | i64::from(low)).clamp(0, NANOSECONDS_PER_DAY - 1);
    push_date(column, i64::from(julian) - JULIAN_DAY_OF_1970, nanoseconds, row);
}

fn push_date(column: &mut ColumnBuilder, days: i64, nanoseconds: i64, row: u64) {
    let value = days as f64 + nanoseconds as f64 / NANOSECONDS_PER_DAY as f64;
    column.push_date(value, row, || date::write(days, nanoseconds as u64));
}

/// Adds the number nearest to digits·10^-scale to a column.
fn push_decimal(column: &mut ColumnBuilder, digits: i128, scale: i32, row: u64) -> Result<(), Problem> {
    let number = format!("{digits}e{}", -i64::from(scale));
    let value =
        fast_float2::parse(&number).map_err(|_| super::damaged(format!("{number} is not a number")))?;
    column.push_number(value, row, || match usize::try_from(scale) {
        Ok(scale @ 1..) => {
            let (sign, digits) =
                (if digits < 0 { "-" } else { "" }, format!("{:0>1$}", digits.unsigned_abs(), scale + 1));
            let (whole, rest) = digits.split_at(digits.len() - scale);
            format!("{sign}{whole}.{rest}")
        }
        _ => value.to_string(),
    });
    Ok(())
}
