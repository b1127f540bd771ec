//! Conversion of the encoders of a member to ONNX nodes: from one tensor (n, 1) per column to the
//! network inputs (n, n_inputs).
//!
//! All steps except the final cast are in double precision, because the cells of a column can be
//! far from 0 and close to each other.

use std::f64::consts::{FRAC_PI_2, TAU};

use chainrule_table::{CellType, Encoding, Input, Scale};

use super::super::columns::{self, CategoryInputs, ExportColumn, InputType};
use super::builder::{Builder, ElementType, integer, integers, strings};
use crate::{Error, Member, Precision};

/// Name of the tensor of a column: numbers in double precision, or category codes.
pub(super) enum ColumnTensor {
    Numbers(String),
    Codes(String),
}

/// Adds the nodes that read a column, which are shared by all members.
pub(super) fn column_tensor(
    builder: &mut Builder,
    column: &ExportColumn,
    name: &str,
) -> Result<ColumnTensor, Error> {
    match &column.input_type {
        InputType::Number(_) | InputType::Date => {
            Ok(ColumnTensor::Numbers(builder.cast(name, ElementType::Double)))
        }
        InputType::Category(words) => {
            if words.iter().any(String::is_empty) {
                let reason = "its empty-string category is indistinguishable from a missing value; rename the \
                              category";
                return Err(Error::UnsupportedOnnxInput { column: column.name.clone(), reason });
            }
            // Some table readers convert the integer 3 to the string 3.0.
            let is_number = column.cell_type == CellType::Numbers;
            let decimal = |word: &String| {
                Some(format!("{word}.0")).filter(|_| is_number && word.parse::<i64>().is_ok())
            };
            let known = column.spellings.iter().cloned();
            let decimals = words.iter().enumerate().filter_map(|(k, word)| Some((decimal(word)?, k)));
            let decimals = decimals.filter(|(word, _)| !words.contains(word));
            let keys: Vec<(String, usize)> = known.chain(decimals).collect();
            let all = std::iter::once("").chain(keys.iter().map(|(word, _)| word.as_str()));
            let codes = keys.iter().map(|(_, k)| (k + columns::FIRST_CATEGORY) as i64);
            let codes = std::iter::once(columns::MISSING as i64).chain(codes).collect();
            let attributes = vec![
                strings("keys_strings", all),
                integers("values_int64s", codes),
                integer("default_int64", columns::OTHER as i64),
            ];
            let codes = builder.node_with("LabelEncoder", &[name], attributes);
            let flat = builder.tensor("flat", &[1], &[-1.0], ElementType::Int64);
            Ok(ColumnTensor::Codes(builder.node("Reshape", &[&codes, &flat])))
        }
    }
}

/// Adds the encoders of a member and returns the name of its inputs (n, n_inputs).
pub(super) fn encode(
    builder: &mut Builder,
    member: &Member,
    columns: &[ExportColumn],
    column_tensors: &[ColumnTensor],
    precision: Precision,
) -> String {
    let mut parts = Vec::new();
    for (input, _, c) in columns::inputs(member, columns) {
        match &column_tensors[c] {
            ColumnTensor::Numbers(cells) => {
                let missing = columns::missing_numbers(input, &columns[c].input_type, precision);
                numbers(builder, input, cells, &missing, &mut parts);
            }
            ColumnTensor::Codes(codes) => {
                let inputs =
                    CategoryInputs::new(input, &columns[c].input_type).expect("codes are categories");
                let shape = [inputs.len(), input.width()];
                let table =
                    builder.tensor("inputs of words", &shape, &inputs.matrix(input), ElementType::Double);
                parts.push(builder.node_with("Gather", &[&table, codes], vec![integer("axis", 0)]));
            }
        }
    }
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let x = builder.node_with("Concat", &parts, vec![integer("axis", 1)]);
    builder.cast(&x, ElementType::from(precision))
}

/// Adds the encoder of a number or date and appends the names of its inputs to `parts`.
fn numbers(
    builder: &mut Builder,
    input: &Input,
    cells: &str,
    missing_numbers: &[f64],
    parts: &mut Vec<String>,
) {
    let (Encoding::Number { scale, fill } | Encoding::Date { scale, fill, .. }) = &input.how else {
        unreachable!("`columns` checked that the members agree")
    };
    let mut missing = builder.node("IsNaN", &[cells]);
    for number in missing_numbers {
        let number = builder.number(*number, ElementType::Double);
        let equal = builder.node("Equal", &[cells, &number]);
        missing = builder.node("Or", &[&missing, &equal]);
    }
    let fill = builder.number(*fill, ElementType::Double);
    let v = builder.node("Where", &[&missing, &fill, cells]);
    parts.push(scaled(builder, &v, scale));
    if let Encoding::Date { parts: true, .. } = input.how {
        for period in [365.2425, 7.0, 1.0] {
            let (period, one) =
                (builder.number(period, ElementType::Double), builder.number(1.0, ElementType::Double));
            let n_periods = builder.node("Div", &[&v, &period]);
            let phase = builder.node_with("Mod", &[&n_periods, &one], vec![integer("fmod", 1)]);
            let tau = builder.number(TAU, ElementType::Double);
            let angle = builder.node("Mul", &[&phase, &tau]);
            // cos x is computed as sin(x + π/2) because some runtimes do not implement Cos in
            // double.
            let quarter = builder.number(FRAC_PI_2, ElementType::Double);
            let shifted = builder.node("Add", &[&angle, &quarter]);
            parts.push(builder.node("Sin", &[&angle]));
            parts.push(builder.node("Sin", &[&shifted]));
        }
    }
    if input.has_missing_indicator {
        parts.push(builder.cast(&missing, ElementType::Double));
    }
}

/// Adds the nodes of `u = (v - shift)/by` and, for a scale that clips outliers smoothly, of
/// `u/√(1 + (u/3)²)`.
fn scaled(builder: &mut Builder, v: &str, scale: &Scale) -> String {
    let (shift, by) =
        (builder.number(scale.shift, ElementType::Double), builder.number(scale.by, ElementType::Double));
    let shifted = builder.node("Sub", &[v, &shift]);
    let u = builder.node("Div", &[&shifted, &by]);
    if !scale.bent {
        return u;
    }
    let (three, one) = (builder.number(3.0, ElementType::Double), builder.number(1.0, ElementType::Double));
    let third = builder.node("Div", &[&u, &three]);
    let square = builder.node("Mul", &[&third, &third]);
    let sum = builder.node("Add", &[&square, &one]);
    let root = builder.node("Sqrt", &[&sum]);
    builder.node("Div", &[&u, &root])
}
