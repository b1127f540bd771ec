//! `chainrule figure`: draws one figure as SVG, PNG, GIF, HTML or JSON.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use chainrule::registry::OptionValue;
use chainrule_experiment::ModelRows;
use chainrule_figures::{Figure, Subject, animated_svg, draw, gif, html, kind, png, svg};
use chainrule_table::{date, write_whole};

use crate::arguments::FigureArguments;
use crate::error::Failure;
use crate::output::outln;
use crate::progress::{Bar, ItemBar, cancelled_by_signal};

/// File extensions of the output formats.
const EXTENSIONS: [&str; 5] = ["svg", "png", "gif", "html", "json"];

pub(crate) fn run(arguments: &FigureArguments) -> Result<(), Failure> {
    let given = arguments.options.iter().map(|text| option(text)).collect::<Result<Vec<_>, _>>()?;
    let given: Vec<(&str, OptionValue)> = given.iter().map(|(key, value)| (*key, value.clone())).collect();
    kind::check(&arguments.kind, &given)?;
    let model = arguments.source.model(ModelRows::AsTrained)?;
    let experiment = match &model {
        Some(opened) => opened.experiment.clone(),
        None => arguments.source.open(ModelRows::AsTrained)?,
    };
    let default = || PathBuf::from(format!("{}-{}.svg", experiment.name, arguments.kind));
    let path = arguments.output.clone().unwrap_or_else(default);
    let extension = extension(&path)?;
    if arguments.source.is_model() {
        super::refuse_same_files(&[(&path, "--output")], &[(&*arguments.source.name, "the model")])?;
    }

    let cancel = cancelled_by_signal();
    let outcomes = match model {
        // A model is already trained.
        Some(opened) => vec![experiment.variants[0].initial_outcome(opened.history)?],
        None => super::train(&experiment, &mut Bar::new(), &cancel)?,
    };
    if cancel.load(Ordering::Relaxed) {
        return Err(Failure::Cancelled);
    }
    let subject = Subject { experiment: &experiment, outcomes: &outcomes };
    let figure = draw(&arguments.kind, &given, &subject)?;
    if figure.frames.is_empty() && given.contains(&("animate", "yes".into())) {
        let allowed = "no for a model, which contains only its final parameters; give an experiment instead";
        return Err(Failure::Argument {
            argument: "animate",
            value: "yes".to_owned(),
            allowed: allowed.to_owned(),
        });
    }
    write(&path, extension, &figure, arguments.scale)?;
    outln!("written to {}", path.display());
    Ok(())
}

/// Parses `x_range=-10,10`: a number, a list of numbers or dates (days since 1970), or text.
fn option(text: &str) -> Result<(&str, OptionValue), Failure> {
    let Some((key, value)) = text.split_once('=').filter(|(key, _)| !key.is_empty()) else {
        let allowed = "KEY=VALUE: `x_range=-10,10`, `x=w_h`".to_owned();
        return Err(Failure::Argument { argument: "the option", value: text.to_owned(), allowed });
    };
    let number = |text: &str| text.trim().parse().ok();
    // Ranges of date axes.
    let number_or_date = |text: &str| number(text).or_else(|| date::parse(text.trim().as_bytes()));
    let list = value.trim_start_matches('[').trim_end_matches(']');
    let numbers: Option<Vec<f64>> = list.split(',').map(number_or_date).collect();
    let value = match numbers {
        Some(numbers) if numbers.len() > 1 => OptionValue::List(numbers),
        _ => number(list).map_or_else(|| OptionValue::Text(value.to_owned()), OptionValue::Number),
    };
    Ok((key, value))
}

fn extension(path: &Path) -> Result<&'static str, Failure> {
    let got = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    EXTENSIONS.into_iter().find(|extension| *extension == got).ok_or_else(|| Failure::Argument {
        argument: "--output",
        value: path.display().to_string(),
        allowed: format!("a file with one of the extensions .{}", EXTENSIONS.join(", .")),
    })
}

fn write(path: &Path, extension: &str, figure: &Figure, scale: f64) -> Result<(), Failure> {
    let bytes = match extension {
        "svg" if figure.frames.is_empty() => svg(figure)?.into_bytes(),
        "svg" => animated_svg(figure)?.into_bytes(),
        "png" => png(figure, scale)?,
        "gif" => {
            let mut bar = ItemBar::new("frames");
            gif(figure, scale, |n_done| bar.show(n_done, figure.frames.len()))?
        }
        "html" => html(figure)?.into_bytes(),
        _ => figure.to_json().into_bytes(),
    };
    write_whole(path, &bytes).map_err(|source| Failure::Unwritable { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_numbers_lists_dates_or_texts() {
        let value = |text| option(text).unwrap().1;
        assert_eq!(value("resolution=40"), OptionValue::Number(40.0));
        assert_eq!(value("x_range=-1,2.5"), OptionValue::List(vec![-1.0, 2.5]));
        assert_eq!(value("x_range=[2024-05-30, 2024-05-31]"), OptionValue::List(vec![19_873.0, 19_874.0]));
        assert_eq!(value("x=petal_length"), OptionValue::Text("petal_length".to_owned()));
        assert_eq!(value("x=a,b"), OptionValue::Text("a,b".to_owned()));
    }
}
