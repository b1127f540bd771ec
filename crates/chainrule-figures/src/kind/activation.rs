//! `activation`: each activation of the networks with its slope; softmax by the derivative of its first output.

use chainrule::network::activation::Activation;
use chainrule::registry::{Entry, OptionKind, OptionSpec, Options};

use super::arrange::under_one_legend;
use super::parts::{line, spaced};
use super::{Draw, Subject, option};
use crate::{Axis, Colour, ColourMap, ColourScale, Error, Figure, Grid, Legend, Mark, Panel, Series, Stroke};

pub(super) const ENTRY: Entry<Draw> = Entry {
    name: "activation",
    aliases: &[],
    summary: "each activation of the networks and its slope; of softmax the derivative as a surface",
    options: &[option::VARIANT, OF, option::X_RANGE],
    make: |_| draw,
};

const OF: OptionSpec = OptionSpec {
    name: "of",
    kind: OptionKind::Choice(&["networks", "all"]),
    summary: "the activations of the networks, or all that there are",
};

fn draw(subject: &Subject<'_>, options: &Options) -> Result<Figure, Error> {
    let mut shown: Vec<Activation> = if options.text(OF.name) == "all" {
        Activation::names().filter_map(|(name, _)| Activation::new(name, &[]).ok()).collect()
    } else {
        let layers = subject.chosen(options)?.into_iter().flat_map(|outcome| outcome.architecture.layers());
        layers.map(|layer| layer.activation.clone()).collect()
    };
    let mut known: Vec<Activation> = Vec::new();
    shown.retain(|activation| {
        let is_new = !known.contains(activation);
        known.push(activation.clone());
        is_new
    });
    // What is a surface comes after the curves.
    shown.sort_by_key(Activation::is_softmax);
    let range = option::range(options, "x_range")?.unwrap_or([-5.0, 5.0]);
    let panels = shown.iter().map(|activation| panel(activation, range)).collect();
    Ok(Figure::new("Activations and their slopes", under_one_legend(panels)))
}

fn panel(activation: &Activation, range: [f64; 2]) -> Panel {
    if activation.is_softmax() {
        return softmax(range);
    }
    let z = spaced(range, 601);
    let (mut a, mut slope) = (vec![0.0; z.len()], vec![0.0; z.len()]);
    activation.values(&z, &mut a);
    activation.slopes(&z, &a, &mut slope);
    let title = match activation.formula() {
        Some(formula) => format!("{}: {formula}", activation.options().short()),
        None => activation.name().to_owned(),
    };
    Panel::new(Axis::new("$z$").range(range[0], range[1]), Axis::new(""))
        .sized(290.0, 220.0)
        .titled(title)
        .with(Series::line("$a = f(z)$", z.clone(), a, Colour::Palette(0)))
        .with(Series::new("slope $f'(z)$", line(z, slope, Stroke::new(Colour::Palette(1)).dashed())))
}

/// `∂a₁/∂z₁ = a₁·(1 - a₁)` over both logits of two classes.
fn softmax(range: [f64; 2]) -> Panel {
    let derivative = |z1: f64, z2: f64| {
        let mut a = [0.0; 2];
        Activation::softmax().apply(2, &[z1, z2], &mut a);
        a[0] * (1.0 - a[0])
    };
    let surface = Mark::Surface {
        grid: Grid::of(range, range, 60, 60, derivative),
        colours: ColourScale::new(ColourMap::Viridis),
        lines: None,
    };
    Panel::new(Axis::new("$z_1$"), Axis::new("$z_2$"))
        .sized(290.0, 240.0)
        .titled("softmax of two: $∂a_1/∂z_1$")
        .in_space(Axis::new(""), 30.0, -50.0)
        .legend(Legend::Hidden)
        .with(Series::new("", surface))
}
