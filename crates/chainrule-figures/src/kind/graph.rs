//! `graph`: the forward and backward pass of one sample as a computational graph, with the value of
//! each quantity and the derivative of the loss with respect to it.

use chainrule::network::Part;
use chainrule::objective::Objective;
use chainrule::registry::{Entry, NumberRange, OptionKind, OptionSpec, Options};
use chainrule::trace::{LayerTrace, Slope, Trace};
use chainrule_experiment::Outcome;

use super::diagram::{INPUT, short_number};
use super::series::input;
use super::subject::unsuitable;
use super::{Draw, Subject, option};
use crate::font::{self, Weight};
use crate::{
    Anchor, Axis, Change, Colour, Edge, Error, Figure, Frame, LabelSide, Mark, Node, Note, Panel, Series,
    Stroke,
};

pub(super) const ENTRY: Entry<Draw> = Entry {
    name: "graph",
    aliases: &[],
    summary: "computational graph of one sample: activations of the forward pass and derivatives of the backward pass",
    options: &[option::VARIANT, SAMPLE, EPOCH, ANIMATE],
    make: |_| draw,
};

const SAMPLE: OptionSpec = OptionSpec {
    name: "sample",
    kind: OptionKind::Number(1.0, NumberRange::COUNT),
    summary: "number of the sample, counted from 1",
};

const EPOCH: OptionSpec = OptionSpec {
    name: "epoch",
    kind: OptionKind::Number(
        LAST_EPOCH,
        NumberRange { text: "a whole number of at least -1", test: |v| v >= LAST_EPOCH && v.fract() == 0.0 },
    ),
    summary: "epoch after which the parameters are shown: 0 for the initial ones, -1 for the last ones",
};

/// The value of the option for the last epoch, whatever its number.
const LAST_EPOCH: f64 = -1.0;

const ANIMATE: OptionSpec = OptionSpec {
    summary: "show the passes step by step as an animation: with a slider in HTML, as a loop in SVG and GIF",
    ..option::ANIMATE
};

/// Maximum numbers of units of a layer and of layers, above which the numbers do not fit.
const MAX_UNITS: usize = 4;
const MAX_LAYERS: usize = 3;

/// Colour of derivatives, and fills of the nodes that a step computes.
const DERIVATIVE: Colour = Colour::Palette(1);
const FORWARD_FILL: Colour = Colour::Rgb([0xcc, 0xe4, 0xf4]);
const BACKWARD_FILL: Colour = Colour::Rgb([0xfb, 0xdd, 0xc8]);

/// Distances in pixels: between the columns of z and a, between the outputs and the loss, and
/// around the graph.
const ACTIVATION_GAP: f64 = 96.0;
const LOSS_GAP: f64 = 130.0;
const MARGIN: f64 = 30.0;
/// Height of a node with its notes, and of the names above the columns.
const NODE_HEIGHT: f64 = 86.0;
const HEADER: f64 = 44.0;

fn draw(subject: &Subject<'_>, options: &Options) -> Result<Figure, Error> {
    let row = options.number(SAMPLE.name) as u32 - 1;
    let (mut rows, mut refused) = (Vec::new(), None);
    // Steps of each network; the longest passes determine the number of frames.
    let mut steps: Vec<Vec<(String, Mark)>> = Vec::new();
    let graph = |outcome: &Outcome| {
        let graph = Graph::new(outcome, row)?;
        Ok((graph.panel(), graph.steps()))
    };
    for outcome in subject.selected(options)? {
        match at_epoch(outcome, options.number(EPOCH.name)).and_then(|outcome| graph(&outcome)) {
            Ok((panel, own_steps)) => {
                rows.push(vec![panel.titled(subject.title(outcome))]);
                steps.push(own_steps);
            }
            Err(error @ Error::Unsuitable { .. }) => refused = refused.or(Some(error)),
            Err(error) => return Err(error),
        }
    }
    if let Some(error) = refused.filter(|_| rows.is_empty()) {
        return Err(error);
    }
    let epoch = match options.number(EPOCH.name) {
        LAST_EPOCH => String::new(),
        epoch => format!(", epoch {epoch}"),
    };
    let title = format!("Computational graph of sample {}{epoch}", row + 1);
    let mut figure = Figure::new(title, rows).caption(
        "Below a node and on a line: the value, with inputs as encoded for the network, and in orange the derivative of \
         the loss L with respect to it. × is the derivative of the activation.",
    );
    if option::is_animated(options) {
        let longest = steps.iter().max_by_key(|steps| steps.len()).map_or(&[][..], |steps| steps);
        figure.frames = (0..longest.len())
            .map(|f| {
                let change = |(panel, steps): (usize, &Vec<(String, Mark)>)| {
                    let mark = steps[f.min(steps.len() - 1)].1.clone();
                    Change { panel, series: 0, mark }
                };
                Frame { label: longest[f].0.clone(), changes: steps.iter().enumerate().map(change).collect() }
            })
            .collect();
    }
    Ok(figure)
}

/// Returns the outcome with the parameters after `epoch`.
fn at_epoch(outcome: &Outcome, epoch: f64) -> Result<Outcome, Error> {
    let mut outcome = outcome.clone();
    if epoch == LAST_EPOCH {
        return Ok(outcome);
    }
    let recorded = outcome.trajectory().iter().find(|(known, _)| *known as f64 == epoch);
    let Some(parameters) = recorded.map(|(_, parameters)| parameters.clone()) else {
        let known: Vec<String> = outcome.trajectory().iter().map(|(epoch, _)| epoch.to_string()).collect();
        let reason = match &known[..] {
            [first, second, .., last] => {
                format!(
                    "its parameters after epoch {epoch} are not recorded, only {first}, {second}, ... {last}"
                )
            }
            few => format!("its parameters after epoch {epoch} are not recorded, only {}", few.join(", ")),
        };
        return unsuitable(ENTRY.name, &outcome, reason);
    };
    outcome.parameters = parameters;
    Ok(outcome)
}

/// A step of the passes, in their order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Pass {
    Inputs,
    /// Forward pass of a layer.
    Forward(usize),
    Loss,
    /// Backward pass, counted from the last layer.
    Backward(usize),
    /// All numbers, without a highlighted step.
    Complete,
}

/// The graph of one sample and the positions of its columns.
struct Graph<'o> {
    outcome: &'o Outcome,
    trace: Trace,
    /// Position of the inputs, and of z and a of each layer.
    inputs_x: f64,
    layers_x: Vec<[f64; 2]>,
    loss_x: f64,
    /// Distance of the nodes of a column, and vertical position of their middle.
    spacing: f64,
    middle: f64,
    size: [f64; 2],
}

impl Graph<'_> {
    fn new(outcome: &Outcome, row: u32) -> Result<Graph<'_>, Error> {
        let architecture = &outcome.architecture;
        let widths: Vec<usize> = architecture.layers().iter().map(|layer| layer.n_units).collect();
        if architecture.n_inputs() > MAX_UNITS
            || widths.len() > MAX_LAYERS
            || widths.iter().any(|n| *n > MAX_UNITS)
        {
            let reason = format!(
                "only networks of at most {MAX_LAYERS} layers with at most {MAX_UNITS} inputs and units each can be read as \
                 a graph; use `chainrule trace` for others"
            );
            return unsuitable(ENTRY.name, outcome, reason);
        }
        let objective = Objective::new(architecture, &outcome.loss, outcome.samples.dataset.clone())?;
        let trace = Trace::new(&objective, &outcome.parameters, &[row], outcome.reduction)?;
        let names =
            (0..architecture.n_inputs()).map(|i| font::width(&input(outcome, i), 12.5, Weight::Regular));
        let inputs_x = MARGIN + names.fold(0.0, f64::max);
        let (mut x, mut layers_x) = (inputs_x, Vec::new());
        for n in &widths {
            // Numbers on the lines to n units are at 1/(n + 1) of their length.
            let z = x + (52.0 * (*n as f64 + 1.0)).max(160.0);
            layers_x.push([z, z + ACTIVATION_GAP]);
            x = z + ACTIVATION_GAP;
        }
        let most = widths.iter().copied().max().unwrap_or(1) as f64;
        let spacing = (26.0 * (most + 1.0)).max(NODE_HEIGHT);
        let has_bias = |l: usize| usize::from(architecture.block(l, Part::Bias).is_some());
        let above = (0..=widths.len()).map(|l| if l == 0 { architecture.n_inputs() } else { widths[l - 1] });
        // The targets are one node above the loss.
        let top = above.clone().max().unwrap_or(1).max(3) as f64 - 1.0;
        let biases = (0..=widths.len()).map(|l| if l < widths.len() { 2 * has_bias(l) } else { 0 });
        let bottom = above.zip(biases).map(|(n, bias)| n + bias).max().unwrap_or(1) as f64 - 1.0;
        let middle = HEADER + MARGIN + 0.5 * top * spacing;
        let loss_x = x + LOSS_GAP;
        let loss_name = font::width(outcome.loss.name(), 11.5, Weight::Regular);
        let size = [
            loss_x + MARGIN.max(0.5 * loss_name + 6.0),
            middle + 0.5 * bottom * spacing + 0.5 * NODE_HEIGHT + 10.0,
        ];
        Ok(Graph { outcome, trace, inputs_x, layers_x, loss_x, spacing, middle, size })
    }

    fn n_layers(&self) -> usize {
        self.trace.layers.len()
    }

    /// Draws the complete graph with the names of its columns. One unit of the axes is one pixel; y
    /// increases downwards.
    fn panel(&self) -> Panel {
        let [width, height] = self.size;
        let mut panel = Panel::new(Axis::new("").range(0.0, width), Axis::new("").range(height, 0.0))
            .bare()
            .sized(width, height)
            .with(Series::new("", self.network(Pass::Complete)));
        let mut header = |x: f64, line: f64, text: String| {
            let mark = Mark::Text { at: [x, line], text, anchor: Anchor::Middle, colour: Colour::Muted };
            panel.series.push(Series::new("", mark));
        };
        header(self.inputs_x, 12.0, "inputs".to_owned());
        for (layer, [z, a]) in self.trace.layers.iter().zip(&self.layers_x) {
            header(f64::midpoint(*z, *a), 12.0, format!("{}: {}", layer.name, layer.layer.activation.name()));
        }
        header(self.loss_x, 12.0, self.outcome.loss.name().to_owned());
        panel
    }

    /// Returns the marks of the steps with their labels.
    fn steps(&self) -> Vec<(String, Mark)> {
        let n = self.n_layers();
        let passes = [Pass::Inputs].into_iter().chain((0..n).map(Pass::Forward)).chain([Pass::Loss]);
        let step = |pass: Pass| {
            let label = match pass {
                Pass::Inputs => "inputs".to_owned(),
                Pass::Forward(l) => format!("forward: {}", self.trace.layers[l].name),
                Pass::Loss | Pass::Complete => "loss".to_owned(),
                Pass::Backward(k) => format!("backward: {}", self.trace.layers[n - 1 - k].name),
            };
            (label, self.network(pass))
        };
        passes.chain((0..n).map(Pass::Backward)).map(step).collect()
    }

    /// Draws the graph after a step, without the numbers that later steps compute.
    fn network(&self, pass: Pass) -> Mark {
        let mut drawing = Drawing { pass, nodes: Vec::new(), edges: Vec::new() };
        let (architecture, n) = (&self.outcome.architecture, self.n_layers());
        let y = |i: usize, n: usize| self.middle + self.spacing * (i as f64 - 0.5 * (n as f64 - 1.0));
        let n_inputs = architecture.n_inputs();
        let mut sources: Vec<usize> = (0..n_inputs)
            .map(|i| {
                let name = input(self.outcome, i);
                let side = if name.starts_with('$') { LabelSide::Inside } else { LabelSide::Left };
                let at = [self.inputs_x, y(i, n_inputs)];
                drawing.node(
                    Node { at, label: name, side, ..Node::default() },
                    Pass::Inputs,
                    self.trace.x.row(0)[i],
                    None,
                )
            })
            .collect();
        for (l, (layer, [z_x, a_x])) in self.trace.layers.iter().zip(&self.layers_x).enumerate() {
            let (forward, backward) = (Pass::Forward(l), Pass::Backward(n - 1 - l));
            let n_units = layer.layer.n_units;
            let numbered = |letter: &str, j: usize| {
                if n_units == 1 { format!("${letter}$") } else { format!("${letter}_{}$", j + 1) }
            };
            let output = if l + 1 == n { "y" } else { "a" };
            let mut place = |x: f64, letter: &str, j: usize, v: f64, d: f64| {
                let node = Node { at: [x, y(j, n_units)], label: numbered(letter, j), ..Node::default() };
                drawing.node(node, forward, v, Some((backward, d)))
            };
            let z: Vec<usize> =
                (0..n_units).map(|j| place(*z_x, "z", j, layer.z.row(0)[j], layer.dz.row(0)[j])).collect();
            let a: Vec<usize> =
                (0..n_units).map(|j| place(*a_x, output, j, layer.a.row(0)[j], layer.da.row(0)[j])).collect();
            if layer.b.is_some() {
                let source_x = if l == 0 { self.inputs_x } else { self.layers_x[l - 1][1] };
                let at = [source_x, y(sources.len(), sources.len())];
                drawing.nodes.push(Node { at, label: "1".to_owned(), colour: INPUT, ..Node::default() });
                sources.push(drawing.nodes.len() - 1);
            }
            for (i, source) in sources.iter().enumerate() {
                for (j, target) in z.iter().enumerate() {
                    let (w, dw) = parameter(layer, i, j);
                    let name = self.parameter_name(l, i, j);
                    drawing.edge(
                        [*source, *target],
                        [forward, backward],
                        &name,
                        w,
                        &[Some(short_number(w, 3)), Some(short_number(dw, 3))],
                    );
                }
            }
            drawing.activation(layer, &z, &a, [forward, backward]);
            sources = a;
        }
        let targets = self.trace.t.row(0).iter().map(|t| short_number(*t, 3)).collect::<Vec<_>>().join(", ");
        let at = [self.loss_x, self.middle - self.spacing];
        let note = Note { text: targets, colour: Colour::Ink };
        drawing.nodes.push(Node {
            at,
            label: "$t$".to_owned(),
            colour: INPUT,
            notes: vec![note],
            ..Node::default()
        });
        let t = drawing.nodes.len() - 1;
        let node = Node { at: [self.loss_x, self.middle], label: "$L$".to_owned(), ..Node::default() };
        let loss = drawing.node(node, Pass::Loss, self.trace.losses[0], Some((Pass::Backward(0), 1.0)));
        for (k, source) in sources.iter().enumerate() {
            drawing.edge(
                [*source, loss],
                [Pass::Loss, Pass::Backward(0)],
                "dL/dy",
                self.trace.dy.row(0)[k],
                &[],
            );
        }
        drawing.edge([t, loss], [Pass::Loss, Pass::Loss], "t", self.trace.t.row(0)[0], &[]);
        Mark::Network { nodes: drawing.nodes, edges: drawing.edges, largest: None }
    }

    fn parameter_name(&self, l: usize, i: usize, j: usize) -> String {
        let architecture = &self.outcome.architecture;
        let is_bias = i == architecture.n_in(l);
        let block = architecture.block(l, if is_bias { Part::Bias } else { Part::Weights });
        let index = |start: usize, n_out: usize| start + j + if is_bias { 0 } else { i * n_out };
        block.map_or_else(String::new, |block| {
            architecture.parameter_name(index(block.range.start, block.n_out))
        })
    }
}

/// Returns a parameter and the derivative of the sample's loss; source `n_in` is the bias.
fn parameter(layer: &LayerTrace, i: usize, j: usize) -> (f64, f64) {
    match &layer.b {
        Some(b) if i == layer.w.n_rows => (b[j], layer.dz.row(0)[j]),
        _ => (layer.w.row(i)[j], layer.dw_per_sample[0].row(i)[j]),
    }
}

/// Nodes and edges of a graph after a step.
struct Drawing {
    pass: Pass,
    nodes: Vec<Node>,
    edges: Vec<Edge>,
}

impl Drawing {
    /// Adds a node with its value, computed by `forward`, and its derivative, and returns its
    /// index.
    fn node(&mut self, node: Node, forward: Pass, value: f64, derivative: Option<(Pass, f64)>) -> usize {
        let after = |pass: Pass, text: String| if self.pass >= pass { text } else { String::new() };
        let mut notes = vec![Note { text: after(forward, short_number(value, 3)), colour: Colour::Ink }];
        if let Some((backward, derivative)) = derivative {
            notes.push(Note { text: after(backward, short_number(derivative, 3)), colour: DERIVATIVE });
        }
        let colour = match self.pass {
            pass if pass == forward => FORWARD_FILL,
            pass if derivative.is_some_and(|(backward, _)| pass == backward) => BACKWARD_FILL,
            _ if forward == Pass::Inputs => INPUT,
            _ => Colour::Paper,
        };
        self.nodes.push(Node { colour, notes, ..node });
        self.nodes.len() - 1
    }

    /// Adds an edge, with a note that is always visible and one that the backward pass computes.
    fn edge(
        &mut self,
        [from, to]: [usize; 2],
        [forward, backward]: [Pass; 2],
        name: &str,
        weight: f64,
        notes: &[Option<String>],
    ) {
        let stroke = match self.pass {
            pass if pass == forward => Stroke::new(Colour::Palette(0)).width(2.4),
            pass if pass == backward => Stroke::new(DERIVATIVE).width(2.4),
            _ => Stroke::new(Colour::Muted).width(1.1),
        };
        let is_computed = [true, self.pass >= backward];
        let notes = notes.iter().zip([Colour::Ink, DERIVATIVE]).zip(is_computed).map(
            |((text, colour), is_computed)| Note {
                text: text.clone().filter(|_| is_computed).unwrap_or_default(),
                colour,
            },
        );
        let notes = notes.collect();
        self.edges.push(Edge { from, to, weight, name: name.to_owned(), stroke: Some(stroke), notes });
    }

    /// Adds the edges from z to a: one for each unit with its f'(z) or, for softmax, one for each
    /// entry of the Jacobian.
    fn activation(&mut self, layer: &LayerTrace, z: &[usize], a: &[usize], passes: [Pass; 2]) {
        match &layer.slope {
            Slope::Elementwise(slope) => {
                for (j, (z, a)) in z.iter().zip(a).enumerate() {
                    let slope = slope.row(0)[j];
                    let note = Some(format!("×{}", short_number(slope, 3)));
                    self.edge([*z, *a], passes, "f'(z)", slope, &[None, note]);
                }
            }
            Slope::Jacobian(jacobians) => {
                for (j, z) in z.iter().enumerate() {
                    for (k, a) in a.iter().enumerate() {
                        self.edge([*z, *a], passes, "da/dz", jacobians[0].row(k)[j], &[]);
                    }
                }
            }
        }
    }
}
