//! `activation`: activation functions with their derivatives; for softmax, a derivative of the
//! first output.

use chainrule::network::activation::Activation;
use chainrule::registry::{Entry, OptionKind, OptionSpec, Options};

use super::arrange::with_shared_legend;
use super::axis::linspace;
use super::series::line;
use super::{Draw, Subject, option};
use crate::{Axis, Colour, ColourMap, ColourScale, Error, Figure, Grid, Legend, Mark, Panel, Series, Stroke};

pub(super) const ENTRY: Entry<Draw> = Entry {
    name: "activation",
    aliases: &[],
    summary: "activation functions and their derivatives; for softmax, a surface of the derivative",
    options: &[option::VARIANT, OF, option::X_RANGE],
    make: |_| draw,
};

const OF: OptionSpec = OptionSpec {
    name: "of",
    kind: OptionKind::Choice(&["networks", "all"]),
    summary: "activation functions to show: those of the networks, or all",
};

fn draw(subject: &Subject<'_>, options: &Options) -> Result<Figure, Error> {
    let mut activations: Vec<Activation> = if options.text(OF.name) == "all" {
        Activation::names().filter_map(|(name, _)| Activation::new(name, &[]).ok()).collect()
    } else {
        let layers = subject.selected(options)?.into_iter().flat_map(|outcome| outcome.architecture.layers());
        layers.map(|layer| layer.activation.clone()).collect()
    };
    let mut known: Vec<Activation> = Vec::new();
    activations.retain(|activation| {
        let is_new = !known.contains(activation);
        known.push(activation.clone());
        is_new
    });
    // Surfaces come after curves.
    activations.sort_by_key(Activation::is_softmax);
    let range = option::range(options, "x_range")?.unwrap_or([-5.0, 5.0]);
    let panels = activations.iter().map(|activation| panel(activation, range)).collect();
    Ok(Figure::new("Activation functions and derivatives", with_shared_legend(panels)))
}

fn panel(activation: &Activation, range: [f64; 2]) -> Panel {
    if activation.is_softmax() {
        return softmax(range);
    }
    let z = linspace(range, 601);
    let (mut a, mut derivative) = (vec![0.0; z.len()], vec![0.0; z.len()]);
    activation.values(&z, &mut a);
    activation.slopes(&z, &a, &mut derivative);
    let title = match activation.formula() {
        Some(formula) => format!("{}: {formula}", activation.options().short()),
        None => activation.name().to_owned(),
    };
    Panel::new(Axis::new("$z$").range(range[0], range[1]), Axis::new(""))
        .sized(290.0, 220.0)
        .titled(title)
        .with(Series::line("$a = f(z)$", z.clone(), a, Colour::Palette(0)))
        .with(Series::new(
            "derivative $f'(z)$",
            line(z, derivative, Stroke::new(Colour::Palette(1)).dashed()),
        ))
}

/// Shows `∂a₁/∂z₁ = a₁·(1 - a₁)` over the logits of two classes.
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
        .titled("softmax of two logits: $∂a_1/∂z_1$")
        .in_space(Axis::new(""), 30.0, -50.0)
        .legend(Legend::Hidden)
        .with(Series::new("", surface))
}
