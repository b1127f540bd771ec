//! `[[figure]]`: a figure of an experiment's report. The kinds are defined by the figures crate.

use chainrule::registry::OptionValue;

use crate::Error;
use crate::origin::Origin;
use crate::section::Section;

/// A figure of an experiment's report, with its kind and options as they were written.
#[derive(Clone, Debug, PartialEq)]
pub struct FigurePlan {
    /// Kind: `regions`.
    pub kind: String,
    /// Options of the kind.
    pub options: Vec<(String, OptionValue)>,
    /// Location in the file.
    pub origin: Origin,
}

impl FigurePlan {
    pub(crate) fn read(section: &Section<'_>) -> Result<FigurePlan, Error> {
        let purpose = "the kind of figure (see `chainrule list figures`)";
        let kind = section.text("kind")?.ok_or_else(|| section.missing("kind", purpose))?;
        Ok(FigurePlan { kind, options: section.options("kind")?, origin: section.origin().clone() })
    }
}
