//! Formulas as text and as LaTeX.

/// Formula as text and as LaTeX.
///
/// For most formulas of a trace, the LaTeX is derived from the text:
///
/// ```
/// use chainrule::trace::Math;
///
/// let dw = Math::from_text("dl/dW_2 = a_1ᵀ·dl/dz_2");
/// assert_eq!(
///     dw.latex,
///     r"\frac{\partial \ell}{\partial W_{2}} = a_{1}^{\mathsf{T}} \cdot \frac{\partial \ell}{\partial z_{2}}"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Math {
    /// Formula as Unicode text.
    pub text: String,
    /// Formula as LaTeX for math mode.
    pub latex: String,
}

impl Math {
    /// Creates a formula from `text` and derives its LaTeX. The text may contain names with indices
    /// (`z_2`), derivatives (`dl/dz_2`) and the symbols `· ∘ Σ ᵀ ² ← √ '`.
    pub fn from_text(text: impl Into<String>) -> Math {
        let text = text.into();
        Math { latex: latex(&text), text }
    }

    /// Creates a formula from its text and its LaTeX.
    pub fn with_latex(text: impl Into<String>, latex: impl Into<String>) -> Math {
        Math { text: text.into(), latex: latex.into() }
    }

    /// Appends `other` to the formula.
    pub fn then(self, other: &Math) -> Math {
        Math { text: self.text + &other.text, latex: self.latex + &other.latex }
    }
}

/// Converts text to LaTeX for math mode.
fn latex(text: &str) -> String {
    let mut latex = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let name = rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next().unwrap_or_default();
        if name.is_empty() {
            rest = &rest[c.len_utf8()..];
            latex += sign(c).unwrap_or(&c.to_string());
            continue;
        }
        rest = &rest[name.len()..];
        let below = rest.strip_prefix("/d").map(|below| {
            below.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next().unwrap_or_default()
        });
        match (name.strip_prefix('d'), below) {
            (Some(above), Some(below)) if !above.is_empty() && !below.is_empty() => {
                latex.extend([r"\frac{\partial ", &symbol(above), r"}{\partial ", &symbol(below), "}"]);
                rest = &rest["/d".len() + below.len()..];
            }
            _ => latex += &symbol(name),
        }
    }
    latex.replace("  ", " ")
}

/// Converts a name to LaTeX. The part after the first underscore is an index, and names of several
/// letters are set upright.
fn symbol(name: &str) -> String {
    let (letters, index) = name.split_once('_').map_or((name, ""), |(letters, index)| (letters, index));
    let letters = match letters {
        "l" => r"\ell".to_owned(),
        "ln" | "cos" | "sin" => format!(r"\{letters} "),
        _ if letters.len() > 1 && letters.starts_with(|c: char| c.is_ascii_alphabetic()) => {
            format!(r"\mathrm{{{letters}}}")
        }
        _ => letters.to_owned(),
    };
    if index.is_empty() { letters } else { format!("{letters}_{{{}}}", index.replace('_', r"\_")) }
}

/// Returns the LaTeX of a symbol, or `None` if LaTeX uses the same character.
pub(super) fn sign(c: char) -> Option<&'static str> {
    Some(match c {
        '·' => r" \cdot ",
        '∘' => r" \circ ",
        'Σ' => r"\sum ",
        'ᵀ' => r"^{\mathsf{T}}",
        '²' => "^2",
        '←' => r" \leftarrow ",
        '→' => r" \to ",
        '√' => r"\surd ",
        '\u{302}' => r"^{\wedge}",
        '[' => r"\left[",
        ']' => r"\right]",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::Math;

    #[test]
    fn latex_is_derived_from_the_text() {
        let cases = [
            ("z_1 = x·W_1 + b_1", r"z_{1} = x \cdot W_{1} + b_{1}"),
            ("da_1/dz_1 = f'(z_1)", r"\frac{\partial a_{1}}{\partial z_{1}} = f'(z_{1})"),
            ("dL/db_12", r"\frac{\partial L}{\partial b_{12}}"),
            ("p - rate·g", r"p - \mathrm{rate} \cdot g"),
            ("-t/y", "-t/y"),
            ("l = Σ w", r"\ell = \sum w"),
        ];
        for (text, latex) in cases {
            assert_eq!(Math::from_text(text).latex, latex, "{text}");
        }
    }
}
