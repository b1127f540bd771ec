//! `confusion`: how many samples of each class are taken for each.

use chainrule::registry::{Entry, Options};
use chainrule_experiment::Outcome;

use super::arrange::in_rows;
use super::parts::{classes, predicted};
use super::{Draw, Subject, option, unsuitable};
use crate::{Axis, ColourMap, ColourScale, Error, Figure, Mark, Panel, Series};

pub(super) const ENTRY: Entry<Draw> = Entry {
    name: "confusion",
    aliases: &[],
    summary: "how many samples of each class are taken for each",
    options: &[option::VARIANT],
    make: |_| draw,
};

fn draw(subject: &Subject<'_>, options: &Options) -> Result<Figure, Error> {
    let titled = |outcome: &Outcome| Ok(vec![panel(outcome)?.titled(subject.title(outcome))]);
    let (rows, which) = subject.rows_held_back(options, titled)?;
    let panels = rows.concat();
    Ok(Figure::new("Confusion", in_rows(&panels)).caption(which))
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
    // One scale for all networks: full where all samples of the largest class are.
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
