//! What a source document claims, and whether it came out.

use crate::Error;
use crate::experiment::Experiment;
use crate::quantity::Quantity;
use crate::run::Outcome;
use crate::section::Section;
use crate::tree::Origin;

/// One claim of a source document about one number of a run.
#[derive(Clone, Debug)]
pub struct Claim {
    /// What the document says, in a line.
    pub text: String,
    /// Something to add: what it means, or what is wrong with it.
    pub note: String,
    /// The variant it is about; empty for an experiment of one network.
    variant: String,
    quantity: Quantity,
    /// The epochs after which the quantity is taken; empty: at the end.
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
    /// The document's digits are mistaken; these come out.
    Mistaken { claimed: String, found: String },
    /// Less than the number.
    Below(f64),
    /// More than the number.
    Above(f64),
    /// Less than the same quantity of another variant.
    LessThan(String),
    /// Nothing is claimed: shown beside the others.
    Shown,
}

/// What came of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimResult {
    /// What is claimed.
    pub claimed: String,
    /// What came out.
    pub found: String,
    /// Whether the one is the other.
    pub mark: ClaimStatus,
}

/// Whether a claim came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimStatus {
    /// As claimed.
    Matched,
    /// Not as claimed, and known to be so: the document is mistaken.
    KnownMistake,
    /// Nothing is claimed: a number to be seen beside the others.
    Shown,
    /// Not as it should be.
    Mismatched,
}

impl Claim {
    pub(crate) fn read(section: &Section<'_>) -> Result<Claim, Error> {
        let text = section.text("text")?.ok_or_else(|| section.missing("text", "what the document says"))?;
        let note = section.text("note")?.unwrap_or_default();
        let variant = section.text("variant")?.unwrap_or_default();
        let quantity = Quantity::read(section)?;
        let epochs = "a whole number of epochs of at least 0, or a list of them";
        let at = section.numbers("at")?.unwrap_or_default();
        if at.iter().any(|v| *v < 0.0 || v.fract() != 0.0) {
            return Err(section.refuse("at", epochs));
        }
        let any_order = section.word("order", &[("given", false), ("any", true)])?;
        let published = section.texts("published")?;
        let (found, below, above) =
            (section.text("found")?, section.number("below")?, section.number("above")?);
        let less_than = section.text("less_than")?;
        let expected = match (published, found, below, above, less_than) {
            (Some(claimed), Some(found), None, None, None) => {
                Expected::Mistaken { claimed: claimed.join(", "), found }
            }
            (Some(digits), None, None, None, None) if any_order => Expected::AnyOrder(digits),
            (Some(digits), None, None, None, None) => Expected::Digits(digits),
            (None, None, Some(bound), None, None) => Expected::Below(bound),
            (None, None, None, Some(bound), None) => Expected::Above(bound),
            (None, None, None, None, Some(other)) => Expected::LessThan(other),
            (None, None, None, None, None) => Expected::Shown,
            _ => {
                let allowed =
                    "said one way: published (with found, where it is mistaken), below, above or less_than";
                return Err(section.refuse("text", allowed));
            }
        };
        section.finish()?;
        let at = at.into_iter().map(|epoch| epoch as u64).collect();
        Ok(Claim { text, note, variant, quantity, at, expected, origin: section.origin().clone() })
    }

    /// Whether the claim is about something that the experiment has.
    pub(crate) fn check(&self, experiment: &Experiment) -> Result<(), Error> {
        self.variants().try_for_each(|name| experiment.variant(name).map(|_| ()))
    }

    /// The variants that the claim is about, one or two.
    pub(crate) fn variants(&self) -> impl Iterator<Item = &str> {
        let other = if let Expected::LessThan(other) = &self.expected { Some(other.as_str()) } else { None };
        std::iter::once(self.variant.as_str()).chain(other)
    }

    /// The epochs after which this claim needs the parameters of the variant called `variant`.
    pub(crate) fn epochs<'c>(&'c self, variant: &str) -> impl Iterator<Item = u64> + 'c {
        let concerned = self.variant == variant
            || matches!(&self.expected, Expected::LessThan(other) if other == variant);
        self.at.iter().copied().filter(move |_| concerned)
    }

    /// The variant that the claim is about.
    pub fn variant(&self) -> &str {
        &self.variant
    }

    /// Holds the claim against what came out.
    ///
    /// # Errors
    /// A quantity that the runs do not have: a parameter or layer of no such name.
    ///
    /// # Panics
    /// When `outcomes` lacks a variant of the experiment.
    pub fn judge(&self, outcomes: &[Outcome]) -> Result<ClaimResult, Error> {
        let of = |variant: &str| {
            outcomes.iter().find(|outcome| outcome.variant == variant).expect("every variant ran")
        };
        let values = |variant: &str| -> Result<Vec<f64>, Error> {
            let outcome = of(variant);
            let at: Vec<Option<u64>> =
                if self.at.is_empty() { vec![None] } else { self.at.iter().copied().map(Some).collect() };
            at.into_iter().map(|epoch| self.quantity.measure(outcome, epoch, &self.origin)).collect()
        };
        let found = values(&self.variant)?;
        let plain = |values: &[f64]| values.iter().map(|v| number(*v)).collect::<Vec<_>>().join(", ");
        let digits = |digits: &[String]| {
            let shown: Vec<String> = found.iter().zip(digits).map(|(v, digits)| like(*v, digits)).collect();
            (digits.join(", "), shown)
        };
        let verdict = |claimed: String, found: String, holds: bool| {
            let mark = if holds { ClaimStatus::Matched } else { ClaimStatus::Mismatched };
            ClaimResult { claimed, found, mark }
        };
        Ok(match &self.expected {
            Expected::Digits(published) => {
                let (claimed, shown) = digits(published);
                let holds = shown == *published && found.len() == published.len();
                verdict(claimed, shown.join(", "), holds)
            }
            Expected::AnyOrder(published) => {
                let (claimed, mut shown) = digits(published);
                let in_order = shown.join(", ");
                let mut sorted = published.clone();
                sorted.sort();
                shown.sort();
                verdict(claimed + " in either order", in_order, shown == sorted)
            }
            Expected::Mistaken { claimed, found: known } => {
                let shown = like(found[0], known);
                let mark = if shown == *known { ClaimStatus::KnownMistake } else { ClaimStatus::Mismatched };
                ClaimResult { claimed: claimed.clone(), found: shown, mark }
            }
            Expected::Below(bound) => {
                verdict(format!("below {bound}"), plain(&found), found.iter().all(|v| v < bound))
            }
            Expected::Above(bound) => {
                verdict(format!("above {bound}"), plain(&found), found.iter().all(|v| v > bound))
            }
            Expected::LessThan(other) => {
                let theirs = values(other)?;
                let holds = found.iter().zip(&theirs).all(|(ours, theirs)| ours < theirs);
                verdict(
                    format!("less than {other}"),
                    format!("{} against {}", plain(&found), plain(&theirs)),
                    holds,
                )
            }
            Expected::Shown => {
                ClaimResult { claimed: "-".to_owned(), found: plain(&found), mark: ClaimStatus::Shown }
            }
        })
    }
}

/// A number with as many decimals as `digits` has.
fn like(v: f64, digits: &str) -> String {
    let decimals = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let shown = format!("{v:.decimals$}");
    // -0.00 is 0.00.
    if shown.trim_start_matches('-').chars().all(|c| c == '0' || c == '.') {
        shown.trim_start_matches('-').to_owned()
    } else {
        shown
    }
}

/// A number as a reader wants it: whole ones whole, others to four significant digits.
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
