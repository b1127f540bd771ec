//! Symbols of points as paths of about the same visual area.

use std::fmt::Write;

use super::canvas::{number, stroke_attributes};
use crate::{Colour, Marker, Stroke, Symbol};

/// Returns a group with a symbol at each of these pixels.
pub(super) fn markers(pixels: &[[f64; 2]], marker: Marker) -> String {
    let (fill, stroke) = paint(marker);
    let opacity =
        if marker.opacity < 1.0 { format!(" opacity=\"{}\"", number(marker.opacity)) } else { String::new() };
    let mut out =
        format!("<g fill=\"{fill}\"{}{opacity}>\n", stroke.map(stroke_attributes).unwrap_or_default());
    let r = marker.size / 2.0;
    let outline = outline(marker.symbol, r);
    for [x, y] in pixels {
        let (x, y) = (number(*x), number(*y));
        let _ = match marker.symbol {
            Symbol::Circle | Symbol::Ring => {
                writeln!(out, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{}\"/>", number(r))
            }
            _ => writeln!(out, "<path d=\"M{x} {y}{outline}\"/>"),
        };
    }
    out.push_str("</g>\n");
    out
}

/// Returns the fill and the edge of a symbol.
fn paint(marker: Marker) -> (String, Option<Stroke>) {
    let edge = |colour: Colour, width: f64| Some(Stroke::new(colour).width(width));
    match marker.symbol {
        Symbol::Ring => ("none".to_owned(), edge(marker.colour, (marker.size / 7.0).clamp(1.2, 2.2))),
        _ => (marker.colour.css(), marker.edge.and_then(|e| edge(e, (marker.size / 8.0).clamp(0.6, 1.4)))),
    }
}

/// Returns the outline of a symbol of radius `r` as path commands relative to its centre.
fn outline(symbol: Symbol, r: f64) -> String {
    let points: Vec<[f64; 2]> = match symbol {
        Symbol::Circle | Symbol::Ring => return String::new(),
        Symbol::Square => polygon(4, r * 1.25, 45.0),
        Symbol::Diamond => polygon(4, r * 1.3, 0.0),
        Symbol::Triangle => polygon(3, r * 1.35, -90.0).into_iter().map(|[x, y]| [x, y + r * 0.2]).collect(),
        Symbol::Star => star(r * 1.4),
        Symbol::Plus => plus(r * 1.2, 0.0),
        Symbol::Cross => plus(r * 1.2, 45.0),
    };
    let mut d = String::new();
    let mut at = [0.0, 0.0];
    for (k, p) in points.iter().enumerate() {
        let _ =
            write!(d, "{}{} {}", if k == 0 { "m" } else { "l" }, number(p[0] - at[0]), number(p[1] - at[1]));
        at = *p;
    }
    d + "z"
}

/// Returns a regular polygon whose first corner is in the direction of `first` degrees.
fn polygon(n: u32, r: f64, first: f64) -> Vec<[f64; 2]> {
    (0..n).map(|k| polar(r, first + 360.0 * f64::from(k) / f64::from(n))).collect()
}

fn star(r: f64) -> Vec<[f64; 2]> {
    (0..10).map(|k| polar(if k % 2 == 0 { r } else { 0.42 * r }, -90.0 + 36.0 * f64::from(k))).collect()
}

/// Returns two crossing bars about a third as wide as long.
fn plus(r: f64, rotation: f64) -> Vec<[f64; 2]> {
    let h = 0.34 * r;
    let corners = [
        [h, -r],
        [h, -h],
        [r, -h],
        [r, h],
        [h, h],
        [h, r],
        [-h, r],
        [-h, h],
        [-r, h],
        [-r, -h],
        [-h, -h],
        [-h, -r],
    ];
    let (sin, cos) = f64::to_radians(rotation).sin_cos();
    corners.map(|[x, y]| [x * cos - y * sin, x * sin + y * cos]).to_vec()
}

fn polar(r: f64, degrees: f64) -> [f64; 2] {
    let (sin, cos) = degrees.to_radians().sin_cos();
    [r * cos, r * sin]
}
