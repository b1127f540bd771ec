//! Writer of SVG elements: lines, areas, text with subscripts, and clipped groups.

use std::fmt::Write;

use crate::font::{self, Weight};
use crate::markup::{self, Level};
use crate::rect::Rect;
use crate::{Anchor, Colour, Dash, Fill, Stroke};

/// How text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Letters {
    /// As text elements, which can be selected and searched.
    Text,
    /// As outlines of the embedded font, which do not depend on installed fonts.
    Outlines,
}

/// An SVG document under construction.
pub(super) struct Canvas {
    letters: Letters,
    out: String,
    prefix: String,
    n_clips: usize,
}

/// Style of text, which is vertically centred at its point.
#[derive(Clone, Copy)]
pub(super) struct TextStyle {
    pub(super) size: f64,
    pub(super) colour: Colour,
    pub(super) anchor: Anchor,
    pub(super) weight: Weight,
    /// Clockwise rotation in degrees.
    pub(super) rotation: f64,
    /// Whether letters have an outline in the background colour, for text over lines.
    pub(super) halo: bool,
}

impl Default for TextStyle {
    fn default() -> TextStyle {
        TextStyle {
            size: 11.0,
            colour: Colour::Ink,
            anchor: Anchor::Middle,
            weight: Weight::Regular,
            rotation: 0.0,
            halo: false,
        }
    }
}

/// Distance from the middle of a line of text down to its baseline, relative to the font size.
const BASELINE: f64 = 0.36;

impl Canvas {
    pub(super) fn new(prefix: String, letters: Letters) -> Canvas {
        Canvas { letters, out: String::new(), prefix, n_clips: 0 }
    }

    pub(super) fn into_string(self) -> String {
        self.out
    }

    /// Appends SVG source.
    pub(super) fn raw(&mut self, elements: &str) {
        self.out.push_str(elements);
    }

    /// Draws the elements written by `content`, clipped to a rectangle.
    pub(super) fn clipped(&mut self, to: Rect, content: impl FnOnce(&mut Canvas)) {
        let id = format!("{}c{}", self.prefix, self.n_clips);
        self.n_clips += 1;
        let _ = write!(
            self.out,
            "<clipPath id=\"{id}\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/></clipPath>\n<g clip-path=\"url(#{id})\">\n",
            number(to.x),
            number(to.y),
            number(to.width),
            number(to.height)
        );
        content(self);
        self.raw("</g>\n");
    }

    /// Draws several polylines as one path.
    pub(super) fn lines(&mut self, lines: &[Vec<[f64; 2]>], stroke: Stroke) {
        let d: String = lines.iter().filter(|l| l.len() > 1).map(|l| path(l)).collect();
        if !d.is_empty() {
            let _ = writeln!(self.out, "<path d=\"{d}\" fill=\"none\"{}/>", stroke_attributes(stroke));
        }
    }

    /// Draws a line segment.
    pub(super) fn line(&mut self, from: [f64; 2], to: [f64; 2], stroke: Stroke) {
        self.lines(&[vec![from, to]], stroke);
    }

    /// Draws several filled polygons as one path.
    pub(super) fn polygons(&mut self, polygons: &[Vec<[f64; 2]>], fill: Fill) {
        let d: String = polygons.iter().filter(|l| l.len() > 2).map(|l| path(l) + "z").collect();
        if !d.is_empty() {
            let _ = writeln!(
                self.out,
                "<path d=\"{d}\" fill=\"{}\"{}/>",
                fill.colour.css(),
                opacity(fill.opacity)
            );
        }
    }

    /// Draws a rectangle with an optional fill and border.
    pub(super) fn rect(&mut self, rect: Rect, fill: Option<Fill>, stroke: Option<Stroke>) {
        let fill = fill.map_or("fill=\"none\"".to_owned(), |f| {
            format!(
                "fill=\"{}\"{}",
                f.colour.css(),
                if f.opacity < 1.0 {
                    format!(" fill-opacity=\"{}\"", number(f.opacity))
                } else {
                    String::new()
                }
            )
        });
        let _ = writeln!(
            self.out,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" {fill}{}/>",
            number(rect.x),
            number(rect.y),
            number(rect.width),
            number(rect.height),
            stroke.map(stroke_attributes).unwrap_or_default()
        );
    }

    /// Draws an image, given as a data URI.
    pub(super) fn image(&mut self, rect: Rect, uri: &str) {
        let _ = writeln!(
            self.out,
            "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" href=\"{uri}\"/>",
            number(rect.x),
            number(rect.y),
            number(rect.width),
            number(rect.height)
        );
    }

    /// Draws a label in the label notation.
    pub(super) fn text(&mut self, at: [f64; 2], label: &str, style: TextStyle) {
        let halo = if style.halo {
            let paper = Colour::Paper.css();
            format!(" paint-order=\"stroke\" stroke=\"{paper}\" stroke-width=\"4\" stroke-linejoin=\"round\"")
        } else {
            String::new()
        };
        match self.letters {
            Letters::Text => self.text_element(at, label, style, &halo),
            Letters::Outlines => self.outlined_text(at, label, style, &halo),
        }
    }

    fn outlined_text(&mut self, [x, y]: [f64; 2], label: &str, style: TextStyle, halo: &str) {
        let width = font::width(label, style.size, style.weight);
        let start = match style.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => -0.5 * width,
            Anchor::End => -width,
        };
        let path = font::outlines(label, style.size, style.weight, [start, BASELINE * style.size]);
        let _ = writeln!(
            self.out,
            "<path id=\"{}\" transform=\"translate({} {}) rotate({})\" d=\"{path}\" fill=\"{}\"{halo}/>",
            markup::plain(label),
            number(x),
            number(y),
            number(style.rotation),
            style.colour.css()
        );
    }

    fn text_element(&mut self, [x, y]: [f64; 2], label: &str, style: TextStyle, halo: &str) {
        let anchor = match style.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        // Rotated text is shifted in its own coordinate system.
        let drop = BASELINE * style.size;
        let position = if style.rotation == 0.0 {
            format!("x=\"{}\" y=\"{}\"", number(x), number(y + drop))
        } else {
            let rotation = number(style.rotation);
            format!(
                "y=\"{}\" transform=\"translate({} {}) rotate({rotation})\"",
                number(drop),
                number(x),
                number(y)
            )
        };
        let weight = if style.weight == Weight::Bold { " font-weight=\"bold\"" } else { "" };
        let _ = write!(
            self.out,
            "<text {position} font-size=\"{}\" text-anchor=\"{anchor}\" fill=\"{}\"{weight}{halo}>",
            number(style.size),
            style.colour.css()
        );
        let mut current_drop = 0.0;
        for run in markup::runs(label) {
            let drop = run.level.drop() * style.size;
            let mut attributes = String::new();
            if run.italic {
                attributes.push_str(" font-style=\"italic\"");
            }
            if run.level != Level::Line {
                attributes.push_str(&format!(" font-size=\"{}\"", number(style.size * run.level.size())));
            }
            if drop != current_drop {
                attributes.push_str(&format!(" dy=\"{}\"", number(drop - current_drop)));
                current_drop = drop;
            }
            let text = markup::escape(&run.text);
            match &attributes[..] {
                "" => self.out.push_str(&text),
                attributes => self.out.push_str(&format!("<tspan{attributes}>{text}</tspan>")),
            }
        }
        self.out.push_str("</text>\n");
    }
}

/// Formats a number with at most two decimals.
pub(super) fn number(v: f64) -> String {
    let text = format!("{v:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Formats the attributes of a stroke.
pub(super) fn stroke_attributes(stroke: Stroke) -> String {
    let w = stroke.width;
    let dash = match stroke.dash {
        Dash::Solid => String::new(),
        Dash::Dashed => format!(" stroke-dasharray=\"{} {}\"", number(3.0 * w + 1.5), number(2.0 * w + 1.0)),
        Dash::Dotted => format!(" stroke-dasharray=\"{} {}\"", number(w), number(2.0 * w)),
    };
    format!(
        " stroke=\"{}\" stroke-width=\"{}\" stroke-linejoin=\"round\"{dash}{}",
        stroke.colour.css(),
        number(w),
        opacity(stroke.opacity)
    )
}

fn opacity(v: f64) -> String {
    if v >= 1.0 { String::new() } else { format!(" opacity=\"{}\"", number(v)) }
}

/// Formats a path through points, rounded to tenths of a pixel.
fn path(points: &[[f64; 2]]) -> String {
    let mut d = String::with_capacity(points.len() * 10);
    for (k, [x, y]) in points.iter().enumerate() {
        let tenth = |v: f64| number((v * 10.0).round() / 10.0);
        let _ = write!(d, "{}{} {}", if k == 0 { "M" } else { "L" }, tenth(*x), tenth(*y));
    }
    d
}
