//! Compact storage of animations, whose frames repeat the grids of their marks.
//!
//! Grids are stored in one byte per point and restored by `unpack.js`:
//!
//! - Numbers: 0 to 254 for the range from `low` to `high`, 255 for a number that is not finite.
//! - Decision regions: `class·levels + level`, where the level is the probability of the most
//!   probable class between 1/n and 1. All classes share the codes of the first one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::Grid;
use crate::colour::winner;

/// How the numbers of a mark are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Storage {
    /// In full, or in single precision for grids.
    Exact,
    /// As described above; coordinates in single precision.
    Bytes,
}

/// Encodes the numbers of a grid between two ends.
pub(super) fn bytes(grid: &Grid, [low, high]: [f64; 2]) -> Value {
    let byte = |v: &f64| {
        if v.is_finite() { (254.0 * ((v - low) / (high - low)).clamp(0.0, 1.0)).round() as u8 } else { 255 }
    };
    let bytes: Vec<u8> = grid.values.iter().map(byte).collect();
    json!({ "bytes": STANDARD.encode(bytes), "row": grid.n_x, "low": low, "high": high })
}

/// Encodes decision regions, with a value for each class; `None` if there are too many classes for
/// one byte.
pub(super) fn class_codes(probabilities: &[Grid]) -> Option<Vec<Value>> {
    let n = probabilities.len();
    let levels = 256 / n;
    if levels < 3 {
        return None;
    }
    let grid = &probabilities[0];
    let code = |p: usize| {
        let (class, confidence) = winner(probabilities, (p % grid.n_x) as f64, (p / grid.n_x) as f64);
        (class * levels) as u8 + (confidence * (levels - 1) as f64).round() as u8
    };
    let codes: Vec<u8> = (0..grid.values.len()).map(code).collect();
    let mut values: Vec<Value> = (0..n).map(|class| json!({ "of_class": class })).collect();
    values[0]["codes"] = STANDARD.encode(codes).into();
    values[0]["levels"] = levels.into();
    values[0]["classes"] = n.into();
    values[0]["row"] = grid.n_x.into();
    Some(values)
}

/// Removes from the traces of all frames what is the same in every frame and in the figure;
/// plotly.js keeps the properties that a frame does not contain.
pub(super) fn drop_constants(data: &[Value], frames: &mut [Value]) {
    let Some(first) = frames.first() else { return };
    let indices: Vec<usize> = first["traces"].as_array().into_iter().flatten().map(index).collect();
    for (position, trace) in indices.into_iter().enumerate() {
        let Some(own) = data[trace].as_object() else { continue };
        for (key, value) in own {
            // The classes of a region share their codes, so each must be present.
            let is_required = key == "type" || key == "z";
            if !is_required && frames.iter().all(|frame| frame["data"][position].get(key) == Some(value)) {
                for frame in frames.iter_mut() {
                    frame["data"][position].as_object_mut().and_then(|trace| trace.remove(key));
                }
            }
        }
    }
}

fn index(value: &Value) -> usize {
    value.as_u64().map_or(0, |index| index as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &Value) -> Vec<u8> {
        STANDARD.decode(text.as_str().unwrap()).unwrap()
    }

    #[test]
    fn numbers_are_bytes_between_the_ends() {
        let grid =
            Grid { x: [0.0, 1.0], y: [0.0, 1.0], n_x: 4, n_y: 1, values: vec![-1.0, 0.0, f64::NAN, 9.0] };
        assert_eq!(decoded(&bytes(&grid, [-1.0, 1.0])["bytes"]), [0, 127, 255, 254]);
    }

    #[test]
    fn codes_contain_the_class_and_its_probability() {
        let grid = |values: Vec<f64>| Grid { x: [0.0, 1.0], y: [0.0, 1.0], n_x: 3, n_y: 1, values };
        let codes = class_codes(&[grid(vec![1.0, 0.4, 0.0]), grid(vec![0.0, 0.6, 1.0])]).unwrap();
        assert_eq!(decoded(&codes[0]["codes"]), [127, 128 + 25, 255]);
        assert_eq!((&codes[0]["levels"], &codes[1]["of_class"]), (&json!(128), &json!(1)));
        assert!(class_codes(&vec![grid(vec![0.01; 3]); 100]).is_none());
    }

    #[test]
    fn frames_keep_only_what_changes() {
        let data = [json!({ "type": "scatter", "x": [1], "line": { "width": 1 } })];
        let frame = |x: i32| json!({ "data": [{ "type": "scatter", "x": [x], "line": { "width": 1 } }], "traces": [0] });
        let mut frames = [frame(1), frame(2)];
        drop_constants(&data, &mut frames);
        assert_eq!(frames[0]["data"][0], json!({ "type": "scatter", "x": [1] }));
    }
}
