//! The option `rows`: the rows of a table that a figure shows, and the sentence of its caption that
//! names them.

use chainrule::registry::{OptionKind, OptionSpec, Options};
use chainrule_experiment::{Outcome, RowSet, Variant};

use super::Subject;

const SUMMARY: &str = "rows of a table to show; all rows if none are held out";

/// Option of figures that evaluate a network.
pub(super) const ROWS: OptionSpec =
    OptionSpec { name: "rows", kind: OptionKind::Choice(&["validation", "train", "all"]), summary: SUMMARY };

/// Option of figures of the data.
pub(super) const ALL_ROWS: OptionSpec =
    OptionSpec { name: "rows", kind: OptionKind::Choice(&["all", "validation", "train"]), summary: SUMMARY };

/// Returns the rows that the options select; `None` if the kind has no such option.
pub(super) fn selected(options: &Options) -> Option<RowSet> {
    options.iter().any(|(key, _)| key == ROWS.name).then(|| match options.text(ROWS.name) {
        "validation" => RowSet::Validation,
        "train" => RowSet::Training,
        _ => RowSet::All,
    })
}

/// Returns the outcomes with the samples of these rows.
pub(super) fn outcomes_on(rows: RowSet, subject: &Subject<'_>) -> Option<Vec<Outcome>> {
    let outcomes = subject.outcomes;
    outcomes
        .iter()
        .any(Outcome::has_held_out)
        .then(|| outcomes.iter().map(|outcome| outcome.with_rows(rows)).collect())
}

/// Returns a sentence that names the samples of a figure on these rows.
pub(super) fn sentence(rows: RowSet, subject: &Subject<'_>) -> String {
    let Some(first) = subject.outcomes.first() else { return String::new() };
    let variant = subject.experiment.variants.iter().find(|variant| variant.name == first.variant);
    let Some(from) = &first.samples.from_table else {
        let is_split = variant.is_some_and(|v| v.train.settings.validation_fraction.is_some());
        let text = if is_split { "Training and validation samples." } else { "Training samples." };
        return text.to_owned();
    };
    let [n_training, n_validation] = [from.rows[0].len(), from.rows[1].len()];
    // Each network of several can have rows of its own.
    let count = |n: usize| if subject.outcomes.len() == 1 { format!("{n} ") } else { String::new() };
    match (first.has_held_out(), rows) {
        (true, RowSet::Validation) => format!("Samples: the {}validation rows.", count(n_validation)),
        (true, RowSet::All) if subject.outcomes.len() == 1 => {
            let n = n_training + n_validation;
            format!("Samples: all {n} rows, of which {n_training} are training rows.")
        }
        (true, RowSet::All) => "Samples: all rows, including the training rows.".to_owned(),
        (false, _) if variant.is_some_and(Variant::is_of_model) => {
            format!("Samples: all {}rows of the table.", count(n_training))
        }
        _ => format!("Samples: the {}training rows.", count(n_training)),
    }
}
