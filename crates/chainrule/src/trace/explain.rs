//! What a trace says, section by section, as one would explain backpropagation on paper.

use super::document::{Cell, Document, Format, Line, Section, Term};
use super::forms;
use super::math::Math;
use super::matrix::Matrix;
use super::update::Update;
use super::{LayerTrace, Slope, Trace};
use crate::network::{Block, Learning, Part};
use crate::objective::Reduction;
use crate::train::Clip;
use crate::train::optimizer::{self, Optimizer};

/// The trace laid out for reading.
pub(super) fn document(trace: &Trace, format: Format) -> Document {
    let paper = Paper { trace, format };
    let n = trace.layers.len();
    let mut sections = vec![paper.forward(), paper.loss(), paper.backward_output()];
    sections.extend((paper.first_trained()..n - 1).rev().map(|l| paper.backward_hidden(l)));
    if !paper.is_single() {
        sections.push(paper.over_the_batch());
    }
    sections.extend(trace.update.as_ref().map(|update| paper.update(update)));
    let title =
        format!("{}, {}: {}", trace.architecture.describe(), trace.loss, listed("sample", &trace.rows));
    Document { format, title, sections }
}

/// The trace and the way it is put down.
struct Paper<'t> {
    trace: &'t Trace,
    format: Format,
}

impl Paper<'_> {
    fn forward(&self) -> Section {
        let trace = self.trace;
        let (w_are_1, n) = (trace.weight.iter().all(|w| *w == 1.0), trace.rows.len());
        let mut lines = Vec::new();
        if n > 1 {
            let all = trace.rows.iter().map(|row| (row + 1).to_string()).collect::<Vec<_>>().join(", ");
            lines.push(prose(format!(
                "Each row of x, z, a, y and t is one sample, in this order: {all} (counted from 1). A bias is added to each row."
            )));
        }
        lines.push(known("x", &trace.x));
        if !w_are_1 {
            lines.push(prose("The samples' weights:"));
            lines.push(known("w", &Matrix::column_of(&trace.weight)));
        }
        for (l, layer) in trace.layers.iter().enumerate() {
            lines.extend(self.forward_layer(l, layer));
        }
        Section { title: "Forward".to_owned(), lines }
    }

    fn forward_layer(&self, l: usize, layer: &LayerTrace) -> Vec<Line> {
        let (before, z, a, at) = (self.a(l, Before), format!("z_{}", l + 1), self.a(l, Itself), l + 1);
        let mut said = format!(
            "Layer {}: {} inputs, {} units, {}.",
            layer.name, layer.w.n_rows, layer.w.n_columns, layer.layer.activation
        );
        let frozen: Vec<&str> = [
            (layer.layer.weights == Learning::Frozen).then_some("weights"),
            (layer.layer.bias == Some(Learning::Frozen)).then_some("bias"),
        ]
        .into_iter()
        .flatten()
        .collect();
        if !frozen.is_empty() {
            said += &format!(" Frozen: its {}.", frozen.join(" and its "));
        }
        if layer.b.is_none() {
            said += " It has no bias.";
        }
        let mut terms = vec![term("=", &before, &layer.a_prev), term("·", &format!("W_{at}"), &layer.w)];
        let mut sum = format!("{z} = {before}·W_{at}");
        if let Some(b) = &layer.b {
            sum += &format!(" + b_{at}");
            terms.push(term("+", &format!("b_{at}"), &Matrix::row_of(b)));
        }
        terms.push(term("=", &z, &layer.z));
        let mut lines = vec![prose(said), equation(&sum, terms)];
        let f = layer.layer.activation.formula().map(|f| Math::pair(f.to_string(), f.latex()));
        match f {
            Some(f) => lines.push(alone(Math::of(format!("f_{at}(z) = ")).then(f))),
            None if layer.layer.activation.is_softmax() => lines.push(alone(Math::pair(
                format!("f_{at}(z)_k = exp(z_k)/(Σ_j exp(z_j))"),
                format!(r"f_{{{at}}}(z)_k = \frac{{e^{{z_k}}}}{{\sum_j e^{{z_j}}}}"),
            ))),
            None => {}
        }
        lines.push(equation(&format!("{a} = f_{at}({z})"), vec![term("=", &a, &layer.a)]));
        lines
    }

    fn loss(&self) -> Section {
        let trace = self.trace;
        let letter = self.letter();
        let mut lines = vec![prose(format!(
            "The loss is {}.{}",
            trace.loss,
            if self.is_single() {
                ""
            } else {
                " Each sample has a loss l of its own; L is that of all of them."
            }
        ))];
        lines.push(known("t", &trace.t));
        let [text, latex] = trace.loss.formula();
        let reported = trace.loss.to_string().replacen(&trace.loss.options().to_string(), "", 1);
        let formula = Math::of(format!("{letter} = ")).then(Math::pair(text, latex));
        let formula = formula.then(Math::pair(
            &*reported,
            if reported.is_empty() { String::new() } else { format!(r"\text{{{reported}}}") },
        ));
        let losses = Matrix::column_of(&trace.losses);
        lines.push(Line::Equation { formula, terms: vec![term("=", letter, &losses)] });
        if !self.is_single() {
            let (factor, w) = (self.reciprocal(), if self.weighs() { "w·" } else { "" });
            let mut terms = vec![term("=", "L", &Matrix::row_of(&[trace.total]))];
            if trace.divisor != 1.0 {
                let sum = Matrix::row_of(&[trace.total * trace.divisor]);
                terms.insert(0, term("=", "1", &Matrix::row_of(&[1.0 / trace.divisor])));
                terms.insert(1, term("·", "Σ", &sum));
            }
            lines.push(equation(&format!("L = {factor}Σ {w}l"), terms));
            if trace.divisor == 0.0 {
                lines.push(prose("Together the samples weigh 0: they have no mean."));
            }
        }
        Section { title: "Loss".to_owned(), lines }
    }

    fn backward_output(&self) -> Section {
        let trace = self.trace;
        let (layer, at, letter) = (trace.output(), trace.layers.len(), self.letter());
        let (dz, dy, slope) = (format!("d{letter}/dz_{at}"), format!("d{letter}/dy"), format!("dy/dz_{at}"));
        let dy_form = forms::loss_derivative(&trace.loss);
        let formula = match dy_form {
            Some(form) => Math::of(format!("{dy} = ")).then(form),
            None => Math::of(&*dy),
        };
        let mut lines = vec![
            prose(
                "How the loss changes with the outputs, and the outputs with z; the product of the two is how the loss changes with z.",
            ),
            Line::Equation { formula, terms: vec![term("=", &dy, &trace.dy)] },
        ];
        lines.extend(self.slope(trace.layers.len() - 1, &slope));
        lines.extend(self.pulled_back(layer, [&dy, &slope, &dz], &trace.dy));

        let (loss, output) = (trace.loss.name(), layer.layer.activation.name());
        match &trace.simplification {
            Some(simplification) => {
                lines.push(prose(format!("Together, {loss} behind {output} is one function of z_{at}, and its derivative is simply:")));
                let t = if simplification.t == trace.t { "t" } else { "t'" };
                if t == "t'" {
                    lines.push(prose("(t' are the targets as the loss smooths them)"));
                    lines.push(known(t, &simplification.t));
                }
                let mut terms = vec![term("=", "y", trace.y()), term("-", t, &simplification.t)];
                if simplification.factor != 1.0 {
                    let factor = Matrix::row_of(&[simplification.factor]);
                    let difference = trace.y().zip(&simplification.t, |y, t| y - t);
                    terms = vec![term("=", "", &factor), term("·", &format!("y - {t}"), &difference)];
                }
                terms.push(term("=", &dz, &layer.dz));
                let formula = Math::of(format!("{dz} = ")).then(simplification.formula(&trace.t));
                lines.push(Line::Equation { formula, terms });
                let product = layer.slope.pull_back(&trace.dy);
                let agree = |(p, dz): (&f64, &f64)| (p - dz).abs() <= 1e-9 * dz.abs().max(1e-3);
                if !product.values.iter().zip(&layer.dz.values).all(agree) {
                    lines.push(prose(
                        "Here the factors alone have lost their digits, since an output is too near its bound for f64; the simple form has not, and it is what goes back.",
                    ));
                }
            }
            None if !trace.loss.implies(&layer.layer.activation) => lines.push(prose(format!(
                "{loss} does not cancel against {output}: the factor {slope} stays, and where it is small the layer learns slowly."
            ))),
            None => {}
        }
        lines.extend(self.parameters(trace.layers.len() - 1));
        Section { title: "Backward: the output layer".to_owned(), lines }
    }

    fn backward_hidden(&self, l: usize) -> Section {
        let (layer, next, letter, at) =
            (&self.trace.layers[l], &self.trace.layers[l + 1], self.letter(), l + 1);
        let (da, dz, slope) =
            (format!("d{letter}/da_{at}"), format!("d{letter}/dz_{at}"), format!("da_{at}/dz_{at}"));
        let next_dz = format!("d{letter}/dz_{}", at + 1);
        let w = format!("W_{}ᵀ", at + 1);
        let mut lines = vec![
            prose(format!(
                "Each activation changes the loss through all units that it feeds: back through the weights of layer {}.",
                next.name
            )),
            equation(
                &format!("{da} = {next_dz}·{w}"),
                vec![
                    term("=", &next_dz, &next.dz),
                    term("·", &w, &next.w.transposed()),
                    term("=", &da, &layer.da),
                ],
            ),
        ];
        lines.extend(self.slope(l, &slope));
        lines.extend(self.pulled_back(layer, [&da, &slope, &dz], &layer.da));
        lines.extend(self.parameters(l));
        Section { title: format!("Backward: layer {}", layer.name), lines }
    }

    /// `da/dz`: the formula of f', and the numbers; of softmax each sample's matrix.
    fn slope(&self, l: usize, name: &str) -> Vec<Line> {
        let (layer, at) = (&self.trace.layers[l], l + 1);
        match &layer.slope {
            Slope::Elementwise(slope) => {
                let form = forms::slope(&layer.layer.activation);
                let form = form.map(|form| alone(Math::of(format!("f_{at}'(z) = ")).then(form)));
                let numbers = equation(&format!("{name} = f_{at}'(z_{at})"), vec![term("=", name, slope)]);
                form.into_iter().chain([numbers]).collect()
            }
            Slope::Jacobian(_) => vec![
                prose(
                    "Softmax couples the units: each output changes with every z, and dy/dz is a matrix for each sample, with one row an output and one column a z.",
                ),
                alone(Math::pair(
                    format!("dy_k/dz_j = y_k·([k = j] - y_j)   (z is z_{at})"),
                    format!(
                        r"\frac{{\partial y_k}}{{\partial z_j}} = y_k \cdot ([k = j] - y_j) \quad (z = z_{{{at}}})"
                    ),
                )),
            ],
        }
    }

    /// The product of two factors with its numbers, sample by sample where the second is a matrix for each.
    fn pulled_back(&self, layer: &LayerTrace, [da, slope, dz]: [&str; 3], factor: &Matrix) -> Vec<Line> {
        let product = layer.slope.pull_back(factor);
        match &layer.slope {
            Slope::Elementwise(slopes) => vec![equation(
                &format!("{dz} = {da} ∘ {slope}"),
                vec![term("=", da, factor), term("∘", slope, slopes), term("=", dz, &product)],
            )],
            Slope::Jacobian(jacobians) => self.each_sample(|s| {
                let row = |matrix: &Matrix| Matrix::row_of(matrix.row(s));
                equation(
                    &format!("{dz} = {da}·{slope}"),
                    vec![
                        term("=", da, &row(factor)),
                        term("·", slope, &jacobians[s]),
                        term("=", dz, &row(&product)),
                    ],
                )
            }),
        }
    }

    /// `dl/dW` and `dl/db` of each sample.
    fn parameters(&self, l: usize) -> Vec<Line> {
        let (layer, at, letter, before) = (&self.trace.layers[l], l + 1, self.letter(), self.a(l, Before));
        let (dw, db, dz) =
            (format!("d{letter}/dW_{at}"), format!("d{letter}/db_{at}"), format!("d{letter}/dz_{at}"));
        let mut lines = Vec::new();
        if layer.layer.weights == Learning::Frozen {
            lines.push(prose(format!(
                "W_{at} is frozen: training leaves it as it is, and no derivative by it is needed."
            )));
        } else {
            lines.push(prose(format!(
                "What a weight changes is what went into it: dz_{at}/dW_{at} is {before}."
            )));
            let dz_dw = format!("dz_{at}/dW_{at}");
            lines.push(equation(&format!("{dz_dw} = {before}"), vec![term("=", &dz_dw, &layer.a_prev)]));
            lines.extend(self.each_sample(|s| {
                let terms = vec![
                    term("=", &format!("{before}ᵀ"), &Matrix::column_of(layer.a_prev.row(s))),
                    term("·", &dz, &Matrix::row_of(layer.dz.row(s))),
                    term("=", &dw, &layer.dw_of_samples[s]),
                ];
                equation(&format!("{dw} = {before}ᵀ·{dz}"), terms)
            }));
        }
        match layer.layer.bias {
            None => lines.push(prose(format!("Layer {} has no bias.", layer.name))),
            Some(Learning::Frozen) => {
                lines.push(prose(format!("b_{at} is frozen: training leaves it as it is.")))
            }
            Some(Learning::Trainable) => {
                lines.push(equation(&format!("{db} = {dz}"), vec![term("=", &db, &layer.dz)]));
            }
        }
        if l == self.first_trained() && l > 0 {
            lines.push(prose("Nothing before this layer is trained: the backward pass ends here."));
        }
        lines
    }

    fn over_the_batch(&self) -> Section {
        let trace = self.trace;
        let (factor, n) = (self.reciprocal(), trace.rows.len());
        let what = match trace.reduction {
            Reduction::Mean => "mean",
            Reduction::Sum => "sum",
        };
        let mut lines = vec![prose(format!(
            "The gradient is the {what} over {n} samples{}. One matrix product does it: each entry of aᵀ·dz is a sum over the samples.",
            if self.weighs() { ", each with its weight w" } else { "" }
        ))];
        for (l, layer) in trace.layers.iter().enumerate().skip(self.first_trained()).rev() {
            let (at, before) = (l + 1, self.a(l, Before));
            let dz = if self.weighs() { format!("(w ∘ dl/dz_{at})") } else { format!("dl/dz_{at}") };
            let weighted = layer.dz.scaled_rows(&trace.weight);
            let mut start = Vec::new();
            if trace.divisor != 1.0 {
                start.push(term("=", factor.trim_end_matches('·'), &Matrix::row_of(&[1.0 / trace.divisor])));
            }
            let then = if start.is_empty() { "=" } else { "·" };
            if layer.layer.weights == Learning::Trainable {
                let dw = format!("dL/dW_{at}");
                let mut terms = start.clone();
                terms.push(term(then, &format!("{before}ᵀ"), &layer.a_prev.transposed()));
                terms.push(term("·", &dz, &weighted));
                terms.push(term("=", &dw, &layer.dw));
                lines.push(equation(&format!("{dw} = {factor}{before}ᵀ·{dz}"), terms));
            }
            if let (Some(Learning::Trainable), Some(db)) = (layer.layer.bias, &layer.db) {
                let name = format!("dL/db_{at}");
                let mut terms = start;
                terms.push(term(then, &format!("Σ {dz}"), &Matrix::row_of(&weighted.column_sums())));
                terms.push(term("=", &name, &Matrix::row_of(db)));
                lines.push(equation(&format!("{name} = {factor}Σ {dz}"), terms));
            }
        }
        Section { title: "Over the batch".to_owned(), lines }
    }

    fn update(&self, update: &Update) -> Section {
        let trace = self.trace;
        let mut lines = vec![prose(format!("Step {}: {}.", update.step, update.optimizer))];
        let rate = Matrix::row_of(&[update.learning_rate]);
        lines.push(known("rate", &rate));
        lines.extend(self.what_the_gradient_is(update).into_iter().map(prose));
        if !update.happened {
            lines.push(prose("The batch weighs nothing: there is no update."));
            return Section { title: "Update".to_owned(), lines };
        }
        if update.is_plain() {
            lines.push(alone(Math::of("p' = p - rate·g")));
        } else {
            lines.push(prose(format!(
                "The rule of {}: {}.",
                update.optimizer.name(),
                rule(&update.optimizer)
            )));
        }
        if update.decay() > 0.0 && update.optimizer.decay() == 0.0 {
            lines.push(prose(format!(
                "Before it {} decays: p ← p·(1 - rate·{}).",
                self.penalised(update),
                update.decay()
            )));
        }
        lines.push(self.table(update));
        let trained = trace.architecture.trainable().map(|block| block.range.len()).sum::<usize>();
        if trained > self.format.parameters {
            lines.push(prose(format!("Shown are {} of {trained} parameters.", self.format.parameters)));
        }
        let frozen = trace.architecture.blocks().iter().filter(|block| block.learning == Learning::Frozen);
        let frozen: Vec<String> = frozen.map(|block| self.block_name(block)).collect();
        if !frozen.is_empty() {
            lines.push(prose(format!("Frozen, and as before: {}.", frozen.join(", "))));
        }
        Section { title: "Update".to_owned(), lines }
    }

    /// Of which samples the gradient g is, and what was done to it before the optimizer got it.
    fn what_the_gradient_is(&self, update: &Update) -> Vec<String> {
        let trace = self.trace;
        let mut said = Vec::new();
        let drops = trace.architecture.layers().iter().any(|layer| layer.dropout > 0.0);
        let mut additions = Vec::new();
        if update.penalty.l1 > 0.0 || update.penalty.l2 > 0.0 {
            let Update { penalty, .. } = update;
            additions.push(format!(
                "the penalty on {} is in it (l1 = {}, l2 = {})",
                self.penalised(update),
                penalty.l1,
                penalty.l2
            ));
        }
        if drops {
            additions
                .push("the step dropped some activations (dropout), which the pass above did not".to_owned());
        }
        match update.clip {
            Some(Clip::Norm(max)) => additions.push(format!("it is clipped to a norm of at most {max}")),
            Some(Clip::Value(max)) => {
                additions.push(format!("each entry is clipped to at most {max} from 0"))
            }
            None => {}
        }
        let of = if update.is_of(&trace.rows) {
            "The batch of this step is the samples traced.".to_owned()
        } else {
            format!(
                "The batch of this step is {} of the data (counted from 1): g is its gradient, not that of {} above.",
                self.limited("sample", &update.batch),
                self.limited("sample", &trace.rows)
            )
        };
        said.push(of);
        if additions.is_empty() {
            if update.is_of(&trace.rows) {
                said.push("g is the gradient dL/dp of each parameter p, as above.".to_owned());
            }
        } else {
            said.push(format!("g is the gradient that the optimizer was given: {}.", additions.join("; ")));
        }
        said
    }

    fn penalised(&self, update: &Update) -> &'static str {
        match update.penalty.on {
            crate::train::penalty::On::Weights => "each weight",
            crate::train::penalty::On::All => "each parameter",
        }
    }

    /// Each trained parameter before, its gradient, and after; where that is all, as a calculation.
    fn table(&self, update: &Update) -> Line {
        let plain = update.is_plain();
        let word = |word: &str| Cell::Word(word.to_owned());
        let row = |index: usize| {
            let name = Cell::Word(self.trace.architecture.parameter_name(index));
            let [p, g, after] =
                [&update.before, &update.gradient, &update.after].map(|v| Cell::Number(v[index]));
            if plain {
                let rate = Cell::Number(update.learning_rate);
                vec![name, p, word("-"), rate, word("·"), g, word("="), after]
            } else {
                vec![name, p, g, after]
            }
        };
        let header =
            if plain { &["", "p", "", "rate", "", "g", "", "p'"][..] } else { &["", "p", "g", "p'"][..] };
        let trained = self.trace.architecture.trainable().flat_map(|block| block.range.clone());
        Line::Table {
            header: header.iter().map(|name| Math::of(*name)).collect(),
            rows: trained.take(self.format.parameters).map(row).collect(),
        }
    }

    /// A line for each sample with its number before it, as many as the format allows; a single sample's alone.
    fn each_sample(&self, line: impl Fn(usize) -> Line) -> Vec<Line> {
        let rows = &self.trace.rows;
        let mut lines = Vec::new();
        for (s, row) in rows.iter().enumerate().take(self.format.limit) {
            if rows.len() > 1 {
                lines.push(prose(format!("Sample {}:", row + 1)));
            }
            lines.push(line(s));
        }
        if rows.len() > self.format.limit {
            lines.push(prose(format!(
                "... and likewise for the other {} samples.",
                rows.len() - self.format.limit
            )));
        }
        lines
    }

    /// Whether the loss of the only sample is L itself.
    fn is_single(&self) -> bool {
        self.trace.rows.len() == 1 && self.trace.weight[0] == self.trace.divisor
    }

    /// The letter of a sample's loss.
    fn letter(&self) -> &'static str {
        if self.is_single() { "L" } else { "l" }
    }

    fn weighs(&self) -> bool {
        self.trace.weight.iter().any(|w| *w != 1.0)
    }

    /// What a sum is multiplied by: `1/n·`, or nothing.
    fn reciprocal(&self) -> String {
        match self.trace.reduction {
            Reduction::Sum => String::new(),
            Reduction::Mean if self.weighs() => "1/Σw·".to_owned(),
            Reduction::Mean => format!("1/{}·", self.trace.rows.len()),
        }
    }

    /// The first layer that training changes; the last where none is.
    fn first_trained(&self) -> usize {
        self.trace
            .architecture
            .trainable()
            .map(|block| block.layer)
            .next()
            .unwrap_or(self.trace.layers.len() - 1)
    }

    /// The name of layer l's activations, or of what goes into it.
    fn a(&self, l: usize, which: Which) -> String {
        match which {
            Before if l == 0 => "x".to_owned(),
            Before => format!("a_{l}"),
            Itself if l + 1 == self.trace.layers.len() => "y".to_owned(),
            Itself => format!("a_{}", l + 1),
        }
    }

    fn block_name(&self, block: &Block) -> String {
        let part = match block.part {
            Part::Weights => "W",
            Part::Bias => "b",
        };
        format!("{}.{part}", self.trace.architecture.layer_name(block.layer))
    }

    /// The samples by number, as many as the format allows.
    fn limited(&self, what: &str, rows: &[usize]) -> String {
        let said = listed(what, &rows[..rows.len().min(self.format.limit)]);
        let more = rows.len().saturating_sub(self.format.limit);
        if more == 0 { said } else { format!("{said} and {more} more") }
    }
}

/// A layer's activations, or those that go into it.
enum Which {
    Before,
    Itself,
}
use Which::{Before, Itself};

/// `samples 1, 4`.
fn listed(what: &str, rows: &[usize]) -> String {
    let numbers = rows.iter().map(|row| (row + 1).to_string()).collect::<Vec<_>>().join(", ");
    if rows.len() == 1 { format!("{what} {numbers}") } else { format!("{what}s {numbers}") }
}

/// What an optimizer does, as its registry says.
fn rule(optimizer: &Optimizer) -> &'static str {
    optimizer::REGISTRY.iter().find(|entry| entry.name == optimizer.name()).map_or("", |entry| entry.summary)
}

fn prose(sentence: impl Into<String>) -> Line {
    Line::Prose(sentence.into())
}

fn alone(formula: Math) -> Line {
    Line::Equation { formula, terms: Vec::new() }
}

fn equation(formula: &str, terms: Vec<Term>) -> Line {
    Line::Equation { formula: Math::of(formula), terms }
}

fn known(name: &str, values: &Matrix) -> Line {
    equation(name, vec![term("=", name, values)])
}

fn term(operator: &'static str, name: &str, values: &Matrix) -> Term {
    Term { operator, name: Math::of(name), values: values.clone() }
}
