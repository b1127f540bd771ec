//! Colours, strokes and numbers as plotly.js reads them.

use base64::Engine;
use serde_json::{Value, json};

use crate::scale::bounds;
use crate::{Colour, ColourMap, Dash, Scale, Symbol};

/// A colour: as it is, or the name that `figures.js` replaces by the reader's.
pub(super) fn colour(colour: Colour, opacity: f64) -> String {
    let name = match colour {
        Colour::Ink => "@ink",
        Colour::Paper => "@paper",
        Colour::Muted => "@muted",
        Colour::Palette(_) | Colour::Rgb(_) => {
            let [r, g, b] = colour.rgb();
            return format!("rgba({r},{g},{b},{opacity})");
        }
    };
    format!("{name}/{opacity}")
}

/// The reader's paper with a part of a colour in it.
pub(super) fn mixed(colour: Colour, part: f64) -> String {
    let [r, g, b] = colour.rgb();
    format!("@mix/{r},{g},{b}/{part}")
}

/// A colour map as stops.
pub(super) fn stops(map: ColourMap) -> Value {
    let stop = |k: u32| {
        let part = f64::from(k) / 32.0;
        let [r, g, b] = map.at(part);
        json!([part, format!("rgb({r},{g},{b})")])
    };
    (0..=32).map(stop).collect()
}

pub(super) fn dash(dash: Dash) -> &'static str {
    match dash {
        Dash::Solid => "solid",
        Dash::Dashed => "dash",
        Dash::Dotted => "dot",
    }
}

/// The name of a symbol in a flat panel.
pub(super) fn symbol(symbol: Symbol) -> &'static str {
    match symbol {
        Symbol::Circle => "circle",
        Symbol::Ring => "circle-open",
        Symbol::Square => "square",
        Symbol::Triangle => "triangle-up",
        Symbol::Diamond => "diamond",
        Symbol::Plus => "cross",
        Symbol::Cross => "x",
        Symbol::Star => "star",
    }
}

/// The name of the most similar symbol that there is in space.
pub(super) fn symbol_in_space(symbol: Symbol) -> &'static str {
    match symbol {
        Symbol::Circle => "circle",
        Symbol::Ring => "circle-open",
        Symbol::Square => "square",
        Symbol::Triangle | Symbol::Diamond | Symbol::Star => "diamond",
        Symbol::Plus => "cross",
        Symbol::Cross => "x",
    }
}

/// Numbers in single precision as plotly.js reads them without parsing each; of a table with the length of a row.
pub(super) fn packed(values: impl Iterator<Item = f64>, row: Option<usize>) -> Value {
    let bytes: Vec<u8> = values.flat_map(|v| (v as f32).to_le_bytes()).collect();
    let n = bytes.len() / 4;
    let data = base64::engine::general_purpose::STANDARD.encode(bytes);
    match row {
        Some(row) => json!({ "dtype": "f4", "bdata": data, "shape": format!("{}, {row}", n / row) }),
        None => json!({ "dtype": "f4", "bdata": data }),
    }
}

/// Coordinates as [`packed`], in double precision where single would be seen as steps: far from 0 and close together, as
/// dates are.
pub(super) fn coordinates(values: &[f64]) -> Value {
    let [low, high] = bounds(values.iter().copied(), Scale::Linear).unwrap_or([0.0, 0.0]);
    if low.abs().max(high.abs()) < 1e3 * (high - low) || low == high {
        return packed(values.iter().copied(), None);
    }
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    json!({ "dtype": "f8", "bdata": base64::engine::general_purpose::STANDARD.encode(bytes) })
}

/// Numbers one by one, where what is not finite leaves a gap.
pub(super) fn numbers(values: &[f64]) -> Value {
    values.iter().map(|v| if v.is_finite() { json!(v) } else { Value::Null }).collect()
}
