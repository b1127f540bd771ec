//! `confusion`: how many samples of each class are taken for each.

use chainrule::registry::{Entry, Options};
use chainrule_experiment::Outcome;

use super::parts::{classes, predicted};
use super::{Draw, Subject, option, unsuitable};
use crate::{Axis, ColourMap, ColourScale, Error, Figure, Mark, Panel, Series};

pub(super) const ENTRY: Entry<Draw> = Entry {
    name: "confusion",
    summary: "how many samples of each class are taken for each",
    options: &[option::VARIANT],
    make: |_| draw,
};

fn draw(subject: &Subject<'_>, options: &Options) -> Result<Figure, Error> {
    let rows = subject.rows(options, |outcome| Ok(vec![panel(outcome)?.titled(subject.title(outcome))]))?;
    let panels: Vec<Panel> = rows.into_iter().flatten().collect();
    let rows = panels.chunks(3).map(<[Panel]>::to_vec).collect();
    Ok(Figure::new("Confusion", rows).caption("All samples, those of the training among them."))
}

fn panel(outcome: &Outcome) -> Result<Panel, Error> {
    let Some(classes) = classes(outcome) else {
        return unsuitable(ENTRY.name, outcome, "its targets are no classes; \"residuals\" shows numbers");
    };
    let n = classes.names.len();
    let mut counts = vec![0.0; n * n];
    for (truth, said) in classes.of.iter().zip(predicted(outcome)) {
        counts[truth * n + said] += 1.0;
    }
    let mark = Mark::Matrix {
        n_columns: n,
        texts: counts.iter().map(|v| format!("{v}")).collect(),
        values: counts,
        colours: ColourScale::new(ColourMap::Blues),
    };
    let side = (70.0 * n as f64).clamp(170.0, 420.0);
    Ok(Panel::new(
        Axis::new("predicted").names(classes.names.clone()),
        Axis::new("true").names(classes.names),
    )
    .equal()
    .sized(side, side)
    .with(Series::new("", mark)))
}
