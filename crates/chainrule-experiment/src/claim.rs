//! The claims of a source document, and their comparison with the results of a run.

use serde::Serialize;

use crate::Error;
use crate::origin::Origin;
use crate::outcome::Outcome;
use crate::quantity::Quantity;
use crate::section::Section;

/// A claim of a source document about a quantity of a run.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The claim in one line.
    pub text: String,
    /// Comment on the claim, for example on a mistake in the document.
    pub note: String,
    /// Variant that the claim concerns; empty if the experiment has a single network.
    variant: String,
    quantity: Quantity,
    /// Epochs after which the quantity is measured; empty for the end of training.
    at: Vec<u64>,
    expected: Expected,
    origin: Origin,
}

#[derive(Clone, Debug)]
enum Expected {
    /// These digits, in the order of `at`.
    Digits(Vec<String>),
    /// These digits, in any order.
    AnyOrder(Vec<String>),
    /// Wrong digits in the document, and the actual digits.
    Mistaken { claimed: String, actual: String },
    /// Less than a number.
    Below(f64),
    /// More than a number.
    Above(f64),
    /// Less than the same quantity of another variant.
    LessThan(String),
    /// No claim: the quantity is only reported.
    Shown,
}

/// Comparison of a claim with the results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimResult {
    /// Claimed value.
    pub claimed: String,
    /// Actual value.
    pub actual: String,
    /// Outcome of the comparison.
    pub status: ClaimStatus,
}

/// Outcome of the comparison of a claim with the results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimStatus {
    /// The claim is reproduced.
    Matched,
    /// The claim is a known mistake of the document, and the result is the known actual value.
    KnownMistake,
    /// Nothing is claimed; the quantity is only reported.
    Shown,
    /// The claim is not reproduced.
    Mismatched,
}

impl Claim {
    pub(crate) fn read(section: &Section<'_>) -> Result<Claim, Error> {
        let text = section.text("text")?.ok_or_else(|| section.missing("text", "the claim in one line"))?;
        let note = section.text("note")?.unwrap_or_default();
        let variant = section.text("variant")?.unwrap_or_default();
        let quantity = Quantity::read(section)?;
        let epochs = "an epoch, a whole number of at least 0, or a list of epochs";
        let at = section.numbers("at")?.unwrap_or_default();
        if at.iter().any(|v| *v < 0.0 || v.fract() != 0.0) {
            return Err(section.refuse("at", epochs));
        }
        let any_order = section.word("order", &[("given", false), ("any", true)])?;
        let published = section.texts("published")?;
        let (actual, below, above) =
            (section.text("actual")?, section.number("below")?, section.number("above")?);
        let less_than = section.text("less_than")?;
        let expected = match (published, actual, below, above, less_than) {
            (Some(claimed), Some(actual), None, None, None) => {
                Expected::Mistaken { claimed: claimed.join(", "), actual }
            }
            (Some(digits), None, None, None, None) if any_order => Expected::AnyOrder(digits),
            (Some(digits), None, None, None, None) => Expected::Digits(digits),
            (None, None, Some(bound), None, None) => Expected::Below(bound),
            (None, None, None, Some(bound), None) => Expected::Above(bound),
            (None, None, None, None, Some(other)) => Expected::LessThan(other),
            (None, None, None, None, None) => Expected::Shown,
            (None, Some(_), ..) => {
                return Err(section.misplaced("actual", "requires \"published\", the mistaken digits"));
            }
            _ => {
                let problem =
                    "has several of the keys \"published\", \"below\", \"above\" and \"less_than\"; keep one";
                return Err(Error::Misplaced {
                    origin: section.origin().clone(),
                    key: "the claim".to_owned(),
                    problem: problem.to_owned(),
                });
            }
        };
        section.finish()?;
        let at = at.into_iter().map(|epoch| epoch as u64).collect();
        Ok(Claim { text, note, variant, quantity, at, expected, origin: section.origin().clone() })
    }

    /// Returns the variants that the claim concerns, one or two.
    pub(crate) fn variants(&self) -> impl Iterator<Item = &str> {
        let other = if let Expected::LessThan(other) = &self.expected { Some(other.as_str()) } else { None };
        std::iter::once(self.variant.as_str()).chain(other)
    }

    /// Returns the epochs after which the claim requires the parameters of the variant called
    /// `variant`.
    pub(crate) fn epochs<'c>(&'c self, variant: &str) -> impl Iterator<Item = u64> + 'c {
        let is_concerned = self.variant == variant
            || matches!(&self.expected, Expected::LessThan(other) if other == variant);
        self.at.iter().copied().filter(move |_| is_concerned)
    }

    /// Returns the variant that the claim concerns.
    pub fn variant(&self) -> &str {
        &self.variant
    }

    /// Compares the claim with the results.
    ///
    /// # Errors
    /// Returns an error if the networks do not have the quantity, because no parameter or layer has
    /// its name.
    ///
    /// # Panics
    /// Panics if `outcomes` lacks a variant that the claim concerns.
    pub fn judge(&self, outcomes: &[Outcome]) -> Result<ClaimResult, Error> {
        let values = |variant: &str| -> Result<Vec<f64>, Error> {
            let outcome = outcomes.iter().find(|outcome| outcome.variant == variant);
            let outcome = outcome.expect("there is an outcome for each variant");
            let at: Vec<Option<u64>> =
                if self.at.is_empty() { vec![None] } else { self.at.iter().copied().map(Some).collect() };
            at.into_iter().map(|epoch| self.quantity.measure(outcome, epoch, &self.origin)).collect()
        };
        let measured = values(&self.variant)?;
        let plain = |values: &[f64]| values.iter().map(|v| number(*v)).collect::<Vec<_>>().join(", ");
        let digits = |digits: &[String]| {
            let shown: Vec<String> =
                measured.iter().zip(digits).map(|(v, digits)| like(*v, digits)).collect();
            (digits.join(", "), shown)
        };
        let result = |claimed: String, actual: String, matches: bool| {
            let status = if matches { ClaimStatus::Matched } else { ClaimStatus::Mismatched };
            ClaimResult { claimed, actual, status }
        };
        Ok(match &self.expected {
            Expected::Digits(published) => {
                let (claimed, shown) = digits(published);
                let matches = shown == *published && measured.len() == published.len();
                result(claimed, shown.join(", "), matches)
            }
            Expected::AnyOrder(published) => {
                let (claimed, mut shown) = digits(published);
                let in_order = shown.join(", ");
                let mut sorted = published.clone();
                sorted.sort();
                shown.sort();
                result(claimed + " in any order", in_order, shown == sorted)
            }
            Expected::Mistaken { claimed, actual } => {
                let shown = like(measured[0], actual);
                let status =
                    if shown == *actual { ClaimStatus::KnownMistake } else { ClaimStatus::Mismatched };
                ClaimResult { claimed: claimed.clone(), actual: shown, status }
            }
            Expected::Below(bound) => {
                result(format!("below {bound}"), plain(&measured), measured.iter().all(|v| v < bound))
            }
            Expected::Above(bound) => {
                result(format!("above {bound}"), plain(&measured), measured.iter().all(|v| v > bound))
            }
            Expected::LessThan(other) => {
                let theirs = values(other)?;
                let matches = measured.iter().zip(&theirs).all(|(ours, theirs)| ours < theirs);
                result(
                    format!("less than {other}"),
                    format!("{} against {}", plain(&measured), plain(&theirs)),
                    matches,
                )
            }
            Expected::Shown => {
                ClaimResult { claimed: "-".to_owned(), actual: plain(&measured), status: ClaimStatus::Shown }
            }
        })
    }
}

/// Formats a number with as many decimals as `digits` has.
fn like(v: f64, digits: &str) -> String {
    let decimals = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let shown = format!("{v:.decimals$}");
    // -0.00 is shown as 0.00.
    if shown.trim_start_matches('-').chars().all(|c| c == '0' || c == '.') {
        shown.trim_start_matches('-').to_owned()
    } else {
        shown
    }
}

/// Formats a number: an integer without decimals, others with four significant digits.
fn number(v: f64) -> String {
    if v.fract() == 0.0 && v.abs() < 1e9 {
        format!("{v}")
    } else if v.abs() >= 1e-3 && v.abs() < 1e6 {
        let decimals = (3 - v.abs().log10().floor() as i32).max(0) as usize;
        format!("{v:.decimals$}")
    } else {
        format!("{v:.3e}")
    }
}
