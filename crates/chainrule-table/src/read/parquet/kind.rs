//! What the columns of a Parquet file hold, by their physical and logical types, and how a value becomes a cell.

use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical};
use parquet::data_type::Int96;
use parquet::schema::types::{ColumnDescriptor, Type};

use crate::Problem;
use crate::date;
use crate::read::CellType;
use crate::read::cell::Cells;
use crate::read::column::Part;

/// What a column holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ParquetKind {
    /// Numbers, and booleans as 0 and 1.
    Number,
    /// Whole numbers without a sign, of so many bits.
    Unsigned(u32),
    /// Whole numbers of 10^-scale.
    Decimal(i32),
    /// Days.
    Day,
    /// Moments, so many nanoseconds each from the next.
    Moment(i64),
    /// Texts.
    Text,
    /// Several values in a cell: what they are.
    Nested(&'static str),
    /// Something else, by its name.
    Other(String),
}

const NANOSECONDS_A_DAY: i64 = 86_400_000_000_000;

impl ParquetKind {
    /// What a leaf of the schema holds, which lies below `root`.
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
            (Some(LogicalType::Date), _) | (None, ConvertedType::DATE) => ParquetKind::Day,
            (Some(LogicalType::Timestamp(kind)), _) => ParquetKind::Moment(nanoseconds(&kind.unit)),
            (None, ConvertedType::TIMESTAMP_MILLIS) => ParquetKind::Moment(1_000_000),
            (None, ConvertedType::TIMESTAMP_MICROS) => ParquetKind::Moment(1000),
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
                ParquetKind::Other("bytes of fixed length".to_owned())
            }
            _ if physical == Physical::INT96 => ParquetKind::Moment(1),
            _ => ParquetKind::Number,
        }
    }

    /// What a table has of it.
    pub(super) fn want(&self) -> CellType {
        match self {
            ParquetKind::Day | ParquetKind::Moment(_) => CellType::Dates,
            ParquetKind::Text => CellType::Strings,
            _ => CellType::Numbers,
        }
    }

    /// Why it can be no column.
    pub(super) fn problem(&self) -> Option<Problem> {
        match self {
            ParquetKind::Nested(what) => Some(Problem::Nested { what: (*what).to_owned() }),
            ParquetKind::Other(kind) => Some(Problem::Unsupported {
                kind: kind.clone(),
                remedy: "convert the column before the file is written, or leave it out",
            }),
            _ => None,
        }
    }

    /// Adds a whole number.
    pub(super) fn integer(&self, part: &mut Part, value: i64, row: u64) -> Result<(), Problem> {
        match self {
            ParquetKind::Day => day(part, value, 0, row),
            ParquetKind::Moment(unit) => {
                let a_day = NANOSECONDS_A_DAY / unit;
                day(part, value.div_euclid(a_day), value.rem_euclid(a_day) * unit, row);
            }
            ParquetKind::Decimal(scale) => return decimal(part, i128::from(value), *scale, row),
            ParquetKind::Unsigned(bits) => {
                let value = if *bits == 32 { u64::from(value as u32) } else { value as u64 };
                part.push_number(value as f64, row, || value.to_string());
            }
            _ => part.push_number(value as f64, row, || value.to_string()),
        }
        Ok(())
    }

    /// Adds a text, or a decimal number as whose bytes, the highest first, are given.
    pub(super) fn bytes(
        &self,
        part: &mut Part,
        cells: &Cells,
        bytes: &[u8],
        row: u64,
    ) -> Result<(), Problem> {
        let ParquetKind::Decimal(scale) = self else { return part.push(cells, bytes, row) };
        let negative = bytes.first().is_some_and(|byte| *byte >= 128);
        let mut sixteen = [if negative { 255 } else { 0 }; 16];
        let Some(from) = 16_usize.checked_sub(bytes.len()) else {
            let kind = "decimal numbers of more than 38 digits".to_owned();
            return Err(Problem::Unsupported { kind, remedy: "write them as floats" });
        };
        sixteen[from..].copy_from_slice(bytes);
        decimal(part, i128::from_be_bytes(sixteen), *scale, row)
    }
}

/// Adds a moment of the old kind: nanoseconds of a day, and the day as astronomers count them.
pub(super) fn int96(part: &mut Part, value: &Int96, row: u64) {
    const JULIAN_DAY_OF_1970: i64 = 2_440_588;
    let [low, high, julian] = *value.data() else { unreachable!("three numbers of 32 bits") };
    let nanoseconds = (i64::from(high) << 32 | i64::from(low)).clamp(0, NANOSECONDS_A_DAY - 1);
    day(part, i64::from(julian) - JULIAN_DAY_OF_1970, nanoseconds, row);
}

fn day(part: &mut Part, days: i64, nanoseconds: i64, row: u64) {
    let value = days as f64 + nanoseconds as f64 / NANOSECONDS_A_DAY as f64;
    part.push_date(value, row, || date::write(days, nanoseconds as u64));
}

/// Adds the number that is nearest to digits·10^-scale.
fn decimal(part: &mut Part, digits: i128, scale: i32, row: u64) -> Result<(), Problem> {
    let number = format!("{digits}e{}", -i64::from(scale));
    let value = fast_float2::parse(&number).map_err(|_| super::damaged(format!("{number} is no number")))?;
    part.push_number(value, row, || match usize::try_from(scale) {
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
