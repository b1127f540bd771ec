//! `[[figure]]`: a picture that the experiment asks for. What kinds there are, the drawing crate knows.

use chainrule::registry::OptionValue;

use crate::Error;
use crate::section::Section;
use crate::tree::Origin;

/// A figure that an experiment asks for: its kind and options as they were written.
#[derive(Clone, Debug, PartialEq)]
pub struct FigurePlan {
    /// The kind: `regions`.
    pub kind: String,
    /// The options of the kind.
    pub options: Vec<(String, OptionValue)>,
    /// Where it is written.
    pub origin: Origin,
}

impl FigurePlan {
    pub(crate) fn read(section: &Section<'_>) -> Result<FigurePlan, Error> {
        let purpose = "what the figure shows (chainrule list figures)";
        let kind = section.text("kind")?.ok_or_else(|| section.missing("kind", purpose))?;
        Ok(FigurePlan { kind, options: section.options("kind")?, origin: section.origin().clone() })
    }
}
