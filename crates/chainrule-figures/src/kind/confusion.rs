//! `confusion`: the confusion matrix.

use chainrule::registry::{Entry, Options};
use chainrule_experiment::Outcome;

use super::arrange::in_rows;
use super::series::predicted;
use super::subject::classes_for;
use super::{Draw, Subject, option, rows};
use crate::{Axis, ColourMap, ColourScale, Error, Figure, Mark, Panel, Series};

pub(super) const ENTRY: Entry<Draw> = Entry {
    name: "confusion",
    aliases: &[],
    summary: "confusion matrix: number of samples per true and predicted class",
    options: &[option::VARIANT, rows::ROWS],
    make: |_| draw,
};

fn draw(subject: &Subject<'_>, options: &Options) -> Result<Figure, Error> {
    let titled = |outcome: &Outcome| Ok(vec![panel(outcome)?.titled(subject.title(outcome))]);
    let panels = subject.rows(options, titled)?.concat();
    Ok(Figure::new("Confusion matrix", in_rows(&panels)))
}

fn panel(outcome: &Outcome) -> Result<Panel, Error> {
    let classes = classes_for(ENTRY.name, outcome)?;
    let n = classes.names.len();
    let mut counts = vec![0.0; n * n];
    for (label, predicted) in classes.labels.iter().zip(predicted(outcome)) {
        counts[label * n + predicted] += 1.0;
    }
    // The same colour scale for all networks: up to the size of the largest class.
    let largest = counts.chunks_exact(n).map(|row| row.iter().sum::<f64>()).fold(1.0, f64::max);
    let mark = Mark::Matrix {
        n_columns: n,
        texts: counts.iter().map(|v| format!("{v}")).collect(),
        values: counts,
        colours: ColourScale { range: Some([0.0, largest]), ..ColourScale::new(ColourMap::Blues) },
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
