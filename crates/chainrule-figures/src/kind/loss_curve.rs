//! `loss-curve`: training and validation loss of all networks over epochs with the best epoch, and
//! the learning rate if it changes.

use chainrule::registry::{Entry, OptionKind, OptionSpec, Options};
use chainrule::train::Epoch;
use chainrule_experiment::Outcome;

use super::{Draw, Subject, option};
use crate::{Axis, Colour, Error, Figure, Marker, Panel, Series, Stroke, Symbol};

pub(super) const ENTRY: Entry<Draw> = Entry {
    name: "loss-curve",
    aliases: &[],
    summary: "training and validation loss over epochs, with the best epoch and the learning rate",
    options: &[option::VARIANT, SCALE, EPOCHS, option::X_RANGE, option::Y_RANGE],
    make: |_| draw,
};

const SCALE: OptionSpec = OptionSpec {
    name: "scale",
    kind: OptionKind::Choice(&["both", "linear", "log"]),
    summary: "scale of the loss axis: linear, logarithmic, or one panel for each",
};

const EPOCHS: OptionSpec = OptionSpec {
    name: "epochs",
    kind: OptionKind::Choice(&["linear", "log"]),
    summary: "scale of the epoch axis; logarithmic suits training runs of very different lengths",
};

/// Titles of the panels.
const LINEAR: &str = "Linear scale";
const LOGARITHMIC: &str = "Logarithmic scale";

fn draw(subject: &Subject<'_>, options: &Options) -> Result<Figure, Error> {
    let outcomes: Vec<&Outcome> =
        subject.selected(options)?.into_iter().filter(|outcome| !outcome.history.epochs.is_empty()).collect();
    let Some(first) = outcomes.first() else {
        return super::subject::unsuitable(
            ENTRY.name,
            subject.selected(options)?[0],
            "it has no training history; train it for at least one epoch",
        );
    };
    let positive = outcomes.iter().flat_map(|outcome| &outcome.history.epochs).all(|epoch| epoch.loss > 0.0);
    let x = || -> Result<Axis, Error> {
        let axis = Axis::new("epoch");
        let axis = if options.text(EPOCHS.name) == "log" { axis.log() } else { axis };
        let ends = option::range(options, "x_range")?;
        Ok(ends.map_or(axis.clone(), |[low, high]| axis.range(low, high)))
    };
    let mut losses = Vec::new();
    let name = if outcomes.iter().all(|outcome| outcome.loss == first.loss) { first.loss.name() } else { "" };
    let label = if name.is_empty() { "loss".to_owned() } else { format!("loss: {}", name.replace('_', " ")) };
    let y = Axis::new(label);
    let y = option::range(options, "y_range")?.map_or(y.clone(), |[low, high]| y.range(low, high));
    match options.text("scale") {
        "linear" => losses.push(curves(subject, &outcomes, x()?, y).titled(LINEAR)),
        "log" if positive => losses.push(curves(subject, &outcomes, x()?, y.log()).titled(LOGARITHMIC)),
        _ => {
            losses.push(curves(subject, &outcomes, x()?, y.clone()).titled(LINEAR));
            let low = y.range.is_none_or(|[low, _]| low > 0.0);
            if positive && low {
                let panel = curves(subject, &outcomes, x()?, y.log()).titled(LOGARITHMIC);
                losses.push(panel.legend(crate::Legend::Hidden));
            }
        }
    }
    let mut rows = vec![losses];
    let changes = |outcome: &&Outcome| {
        outcome.history.epochs.windows(2).any(|pair| pair[0].learning_rate != pair[1].learning_rate)
    };
    if outcomes.iter().any(changes) {
        let mut panel =
            Panel::new(x()?, Axis::new("learning rate")).sized(380.0, 110.0).titled("Learning rate");
        for (k, outcome) in outcomes.iter().enumerate() {
            panel = panel.with(over_epochs(&subject.title(outcome), outcome, k, |epoch| epoch.learning_rate));
        }
        rows.push(vec![panel]);
    }
    Ok(Figure::new("Training loss", rows)
        .caption("The loss of an epoch is the mean over its mini-batches, each evaluated before its update."))
}

fn curves(subject: &Subject<'_>, outcomes: &[&Outcome], x: Axis, y: Axis) -> Panel {
    let mut panel = Panel::new(x, y).sized(380.0, 280.0);
    for (k, outcome) in outcomes.iter().enumerate() {
        let title = subject.title(outcome);
        let name = |name: &str| if title.is_empty() { name.to_owned() } else { format!("{title}, {name}") };
        let validated = outcome.history.epochs.iter().any(|epoch| epoch.validation_loss.is_some());
        let training = if validated || title.is_empty() { name("training") } else { title.clone() };
        panel = panel.with(over_epochs(&training, outcome, k, |epoch| epoch.loss));
        if !validated {
            // The best epoch is not marked if it is the last one or the curve is flat.
            let last = outcome.history.epochs.last().map_or(f64::NAN, |epoch| epoch.loss);
            let best = best(outcome, k, name, |epoch| Some(epoch.loss));
            panel.series.extend(best.filter(|(loss, _)| *loss < 0.999 * last).map(|(_, series)| series));
            continue;
        }
        let mut validation =
            over_epochs(&name("validation"), outcome, k, |epoch| epoch.validation_loss.unwrap_or(f64::NAN));
        if let crate::Mark::Line { stroke, .. } = &mut validation.mark {
            *stroke = if outcomes.len() == 1 {
                Stroke::new(Colour::Palette(1))
            } else {
                Stroke::new(Colour::Palette(k)).dashed()
            };
        }
        panel = panel.with(validation);
        let best = best(outcome, k, name, |epoch| epoch.validation_loss);
        panel.series.extend(best.map(|(_, series)| series));
    }
    panel
}

/// Returns the lowest loss and a series that marks its epoch.
fn best(
    outcome: &Outcome,
    k: usize,
    name: impl Fn(&str) -> String,
    loss: impl Fn(&Epoch) -> Option<f64>,
) -> Option<(f64, Series)> {
    let losses = outcome.history.epochs.iter().filter_map(|epoch| Some((epoch.epoch, loss(epoch)?)));
    let (epoch, loss) = losses.min_by(|a, b| a.1.total_cmp(&b.1))?;
    let marker =
        Marker { edge: Some(Colour::Ink), ..Marker::new(Symbol::Star, Colour::Palette(k)).size(13.0) };
    let series =
        Series::points(name(&format!("best epoch ({epoch})")), vec![epoch as f64], vec![loss], marker);
    Some((loss, series))
}

fn over_epochs(name: &str, outcome: &Outcome, k: usize, value: impl Fn(&Epoch) -> f64) -> Series {
    let epochs = &outcome.history.epochs;
    let x = epochs.iter().map(|epoch| epoch.epoch as f64).collect();
    Series::line(name, x, epochs.iter().map(value).collect(), Colour::Palette(k))
}
