//! Parser of the label notation: plain text with formulas between dollar signs.
//!
//! Between two `$`, single letters are italic like variables in print, and `_` and `^` make the
//! next character, or a group in braces, a subscript or superscript: `$w_h$`, `$10^{-3}$`,
//! `logistic: $f(z) = 1 / (1 + e^{-z})$`. Names of several letters are upright (`$tanh(z)$`). Text
//! outside dollar signs is literal, so `leaky_relu` keeps its underscore; an unpaired `$` is a
//! dollar sign.

/// A run of text in one style.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TextRun {
    pub(crate) text: String,
    pub(crate) italic: bool,
    pub(crate) level: Level,
}

/// Vertical position of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Line,
    Below,
    Above,
}

impl Level {
    /// Returns the font size relative to that of the line.
    pub(crate) fn size(self) -> f64 {
        if self == Level::Line { 1.0 } else { 0.72 }
    }

    /// Returns the downward shift relative to the font size of the line.
    pub(crate) fn drop(self) -> f64 {
        match self {
            Level::Line => 0.0,
            Level::Below => 0.2,
            Level::Above => -0.38,
        }
    }
}

/// Parses a label into runs.
pub(crate) fn runs(label: &str) -> Vec<TextRun> {
    let mut runs = Vec::new();
    let parts: Vec<&str> = label.split('$').collect();
    // If the number of dollar signs is odd, the last one is literal.
    let n_formulas = (parts.len() - 1) / 2;
    for (k, part) in parts.iter().enumerate() {
        if k % 2 == 1 && k < 2 * n_formulas {
            formula(part, &mut runs);
        } else if k > 2 * n_formulas {
            push(&mut runs, &format!("${part}"), false, Level::Line);
        } else {
            push(&mut runs, part, false, Level::Line);
        }
    }
    runs
}

/// Renders a label as HTML for plotly.js and browsers.
pub(crate) fn html(label: &str) -> String {
    let mut out = String::new();
    for TextRun { text, italic, level } in runs(label) {
        let text = escape(&text);
        let text = if italic { format!("<i>{text}</i>") } else { text };
        out.push_str(&match level {
            Level::Line => text,
            Level::Below => format!("<sub>{text}</sub>"),
            Level::Above => format!("<sup>{text}</sup>"),
        });
    }
    out
}

/// Renders a label as escaped text without styles.
pub(crate) fn plain(label: &str) -> String {
    runs(label).iter().map(|r| escape(&r.text)).collect()
}

/// Escapes text for XML and HTML, and removes control characters, which are invalid in XML.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(' '),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// Adds the runs of a formula.
fn formula(text: &str, runs: &mut Vec<TextRun>) {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let level = match c {
            '_' => Level::Below,
            '^' => Level::Above,
            _ => Level::Line,
        };
        let (piece, after) = match level {
            Level::Line => rest.split_at(rest.find(['_', '^']).unwrap_or(rest.len())),
            _ => split_script(&rest[1..]),
        };
        letters(piece, level, runs);
        rest = after;
    }
}

/// Splits the text after `_` or `^` into the subscript or superscript and the rest.
fn split_script(text: &str) -> (&str, &str) {
    if let Some((inside, after)) = text.strip_prefix('{').and_then(|t| t.split_once('}')) {
        return (inside, after);
    }
    text.split_at(text.chars().next().map_or(0, char::len_utf8))
}

/// Adds a piece of a formula: single letters italic, everything else upright, hyphens as minus
/// signs.
fn letters(piece: &str, level: Level, runs: &mut Vec<TextRun>) {
    let chars: Vec<char> = piece.chars().map(|c| if c == '-' { '−' } else { c }).collect();
    for word in chars.chunk_by(|a, b| a.is_alphabetic() == b.is_alphabetic()) {
        let italic = word.len() == 1 && word[0].is_alphabetic();
        push(runs, &word.iter().collect::<String>(), italic, level);
    }
}

/// Adds a run, or extends the last one if it has the same style.
fn push(runs: &mut Vec<TextRun>, text: &str, italic: bool, level: Level) {
    match runs.last_mut() {
        _ if text.is_empty() => {}
        Some(last) if last.italic == italic && last.level == level => last.text.push_str(text),
        _ => runs.push(TextRun { text: text.to_owned(), italic, level }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_between_dollar_signs() {
        assert_eq!(
            html("loss of $w_h$ and $b_{out}$"),
            "loss of <i>w</i><sub><i>h</i></sub> and <i>b</i><sub>out</sub>"
        );
        assert_eq!(html("$10^{-3}$"), "10<sup>−3</sup>");
        assert_eq!(html("$x_1$ & $tanh(z)$"), "<i>x</i><sub>1</sub> &amp; tanh(<i>z</i>)");
    }

    #[test]
    fn text_outside_formulas_is_literal() {
        assert_eq!(html("leaky_relu"), "leaky_relu");
        assert_eq!(html("5 $ a day"), "5 $ a day");
        assert_eq!(html("$a$ for 5 $"), "<i>a</i> for 5 $");
        assert_eq!(html("$x_$"), "<i>x</i>");
        assert_eq!(html("<b>\u{1}"), "&lt;b&gt;");
    }
}
