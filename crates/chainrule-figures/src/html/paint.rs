//! Colours, strokes, symbols and numbers in the format of plotly.js.

use base64::Engine;
use serde_json::{Value, json};

use crate::scale::bounds;
use crate::{AxisScale, Colour, ColourMap, Dash, Stroke, Symbol};

/// Formats a colour; theme colours as names that `figures.js` replaces.
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

/// Formats the mixture of the background colour with a fraction of another colour.
pub(super) fn mixed(colour: Colour, fraction: f64) -> String {
    let [r, g, b] = colour.rgb();
    format!("@mix/{r},{g},{b}/{fraction}")
}

/// Converts a colour map to colour stops.
pub(super) fn stops(map: ColourMap) -> Value {
    let stop = |k: u32| {
        let fraction = f64::from(k) / 32.0;
        let [r, g, b] = map.at(fraction);
        json!([fraction, format!("rgb({r},{g},{b})")])
    };
    (0..=32).map(stop).collect()
}

fn dash(dash: Dash) -> &'static str {
    match dash {
        Dash::Solid => "solid",
        Dash::Dashed => "dash",
        Dash::Dotted => "dot",
    }
}

/// Returns the name of a symbol in 2-D panels.
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

/// Returns the name of the most similar symbol in 3-D panels.
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

/// Encodes numbers as a typed array in single precision; `row` is the row length of a matrix.
pub(super) fn packed(values: impl Iterator<Item = f64>, row: Option<usize>) -> Value {
    let bytes: Vec<u8> = values.flat_map(|v| (v as f32).to_le_bytes()).collect();
    let n = bytes.len() / 4;
    let data = base64::engine::general_purpose::STANDARD.encode(bytes);
    match row {
        Some(row) => json!({ "dtype": "f4", "bdata": data, "shape": format!("{}, {row}", n / row) }),
        None => json!({ "dtype": "f4", "bdata": data }),
    }
}

/// Encodes coordinates like [`packed`], but in double precision if single precision would produce
/// visible steps, as for dates, whose distance is small compared with their magnitude.
pub(super) fn coordinates(values: &[f64]) -> Value {
    let [low, high] = bounds(values.iter().copied(), AxisScale::Linear).unwrap_or([0.0, 0.0]);
    if low.abs().max(high.abs()) < 1e3 * (high - low) || low == high {
        return packed(values.iter().copied(), None);
    }
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    json!({ "dtype": "f8", "bdata": base64::engine::general_purpose::STANDARD.encode(bytes) })
}

/// Encodes numbers as an array in which numbers that are not finite become gaps.
pub(super) fn numbers(values: &[f64]) -> Value {
    values.iter().map(|v| if v.is_finite() { json!(v) } else { Value::Null }).collect()
}

/// Returns the trace of a line, in 3-D panels if it has z coordinates.
pub(super) fn line(x: &[f64], y: &[f64], z: &[f64], stroke: Stroke) -> Value {
    let mut trace = json!({
        "type": "scatter", "mode": "lines", "x": numbers(x), "y": numbers(y),
        "line": { "color": colour(stroke.colour, stroke.opacity), "width": stroke.width, "dash": dash(stroke.dash) },
    });
    if !z.is_empty() {
        trace["type"] = "scatter3d".into();
        trace["z"] = numbers(z);
        trace["line"]["width"] = (2.0 * stroke.width).into();
        // plotly.js draws transparent lines white in 3-D panels.
        trace["line"]["color"] = mixed(stroke.colour, stroke.opacity).into();
    }
    trace
}
