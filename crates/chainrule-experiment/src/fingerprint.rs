//! Fingerprints, which identify samples and tables.

use chainrule::Dataset;
use chainrule_model::sha256;
use chainrule_table::{Column, Table, Values};

/// Computes the SHA-256 of the inputs and targets, in hexadecimal.
pub(crate) fn of_samples(samples: &Dataset<f64>) -> String {
    let pieces = [samples.x(), samples.t()].into_iter().flat_map(|numbers| numbers.chunks(4096));
    sha256(pieces.map(|piece| piece.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>()))
}

/// Computes the SHA-256 of the column names and cells of a table.
pub(crate) fn of_table(table: &Table) -> String {
    let cells = |column: &Column| match &column.values {
        Values::Numbers(values) | Values::Dates(values) => {
            values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>()
        }
        Values::Strings(texts) => {
            let codes = texts.codes.iter().flat_map(|code| code.to_le_bytes());
            texts.words.iter().flat_map(|word| word.bytes().chain([0])).chain(codes).collect()
        }
    };
    sha256(table.columns.iter().flat_map(|column| [column.name.clone().into_bytes(), cells(column)]))
}
