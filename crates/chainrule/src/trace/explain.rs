//! What a trace says, section by section, as one would explain backpropagation on paper.

use super::document::{Document, Format, Line, Section, Term};
use super::forms;
use super::math::Math;
use super::matrix::Matrix;
use super::{LayerTrace, Slope, Trace};
use crate::network::Learning;
use crate::objective::Reduction;

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
    let title = format!(
        "{}, {}: {}",
        trace.architecture.describe(),
        trace.loss.options().short(),
        paper.limited("sample", &trace.rows)
    );
    Document { format, title, sections }
}

/// The trace and the way it is put down.
pub(super) struct Paper<'t> {
    pub(super) trace: &'t Trace,
    pub(super) format: Format,
}

impl Paper<'_> {
    fn forward(&self) -> Section {
        let trace = self.trace;
        let (w_are_1, n) = (trace.weight.iter().all(|w| *w == 1.0), trace.rows.len());
        let mut lines = Vec::new();
        if n > 1 {
            lines.push(prose(format!(
                "Each row of `x`, `z`, `a`, `y` and `t` is one sample, in this order: {} (counted from 1). A bias is added \
                 to each row.",
                self.limited("sample", &trace.rows)
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
        let (before, z, a, at) = (Self::inputs(l), format!("z_{}", l + 1), self.activations(l), l + 1);
        let weights = if layer.layer.weights == Learning::Frozen { " Its weights are frozen." } else { "" };
        let bias = match layer.layer.bias {
            Some(Learning::Trainable) => "",
            Some(Learning::Frozen) => " Its bias is frozen.",
            None => " It has no bias.",
        };
        let (inputs, units) = (counted(layer.w.n_rows, "input"), counted(layer.w.n_columns, "unit"));
        let said = format!(
            "Layer {}: {inputs}, {units}, {}.{weights}{bias}",
            layer.name,
            layer.layer.activation.options().short()
        );
        let mut terms = vec![term("=", &before, &layer.a_prev), term("·", &format!("W_{at}"), &layer.w)];
        let plus_b = if layer.b.is_some() { format!(" + b_{at}") } else { String::new() };
        if let Some(b) = &layer.b {
            terms.push(term("+", &format!("b_{at}"), &Matrix::row_of(b)));
        }
        terms.push(term("=", &z, &layer.z));
        let mut lines = vec![prose(said), equation(&format!("{z} = {before}·W_{at}{plus_b}"), terms)];
        let f = layer.layer.activation.formula().map(|f| Math::pair(f.to_string(), f.latex()));
        match f {
            Some(f) => lines.push(alone(Math::of(format!("f_{at}(z) = ")).then(&f))),
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
            trace.loss.options().short(),
            if self.is_single() {
                ""
            } else {
                " Each sample has a loss `l` of its own; `L` is that of all of them."
            }
        ))];
        lines.push(known("t", &trace.t));
        let [text, latex] = trace.loss.formula();
        let reported = trace.loss.to_string().replacen(&trace.loss.options().to_string(), "", 1);
        let formula = Math::of(format!("{letter} = ")).then(&Math::pair(text, latex));
        let formula = if reported.is_empty() {
            formula
        } else {
            formula.then(&Math::pair(&*reported, format!(r"\text{{{reported}}}")))
        };
        let losses = Matrix::column_of(&trace.losses);
        lines.push(Line::Equation { formula, terms: vec![term("=", letter, &losses)] });
        if !self.is_single() {
            let (factor, w) = (self.reciprocal(), if self.weighs() { "w·" } else { "" });
            let mut terms = vec![term("=", "L", &Matrix::row_of(&[trace.total]))];
            if trace.divisor != 1.0 {
                let sum = Matrix::row_of(&[trace.total * trace.divisor]);
                terms.insert(
                    0,
                    term("=", factor.trim_end_matches('·'), &Matrix::row_of(&[1.0 / trace.divisor])),
                );
                terms.insert(1, term("·", &format!("Σ {w}l"), &sum));
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
            Some(form) => Math::of(format!("{dy} = ")).then(&form),
            None => Math::of(&*dy),
        };
        let mut lines = vec![
            prose(
                "How the loss changes with the outputs, and the outputs with `z`; the product of the two is how the loss changes with `z`.",
            ),
            Line::Equation { formula, terms: vec![term("=", &dy, &trace.dy)] },
        ];
        lines.extend(self.slope(trace.layers.len() - 1, &slope));
        lines.extend(self.pulled_back(layer, [&dy, &slope, &dz], &trace.dy));

        let (loss, output) = (trace.loss.name(), layer.layer.activation.name());
        match &trace.simplification {
            Some(simplification) => {
                lines.push(prose(format!("Together, {loss} behind {output} is one function of `z_{at}`, and its derivative is simply:")));
                let t = if simplification.t == trace.t { "t" } else { "t'" };
                if t == "t'" {
                    lines.push(prose("(`t'` are the targets as the loss smooths them)"));
                    lines.push(known(t, &simplification.t));
                }
                let mut terms = vec![term("=", "y", trace.y()), term("-", t, &simplification.t)];
                if simplification.factor != 1.0 {
                    let factor = Matrix::row_of(&[simplification.factor]);
                    let difference = trace.y().zip(&simplification.t, |y, t| y - t);
                    terms = vec![term("=", "", &factor), term("·", &format!("y - {t}"), &difference)];
                }
                terms.push(term("=", &dz, &layer.dz));
                let formula = Math::of(format!("{dz} = ")).then(&simplification.formula(&trace.t));
                lines.push(Line::Equation { formula, terms });
                let product = layer.slope.backward(&trace.dy);
                let agree = |(p, dz): (&f64, &f64)| (p - dz).abs() <= 1e-9 * dz.abs().max(1e-3);
                if !product.values.iter().zip(&layer.dz.values).all(agree) {
                    lines.push(prose(
                        "Here the factors alone have lost their digits, since an output is too near its bound for f64; the simple form has not, and it is what goes back.",
                    ));
                }
            }
            None if !trace.loss.implies(&layer.layer.activation) => lines.push(prose(format!(
                "{loss} does not cancel against {output}: the factor `{slope}` stays, and where it is small the layer learns slowly."
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
                let form = form.map(|form| alone(Math::of(format!("f_{at}'(z) = ")).then(&form)));
                let numbers = equation(&format!("{name} = f_{at}'(z_{at})"), vec![term("=", name, slope)]);
                form.into_iter().chain([numbers]).collect()
            }
            Slope::Jacobian(_) => vec![
                prose(
                    "Softmax couples the units: each output changes with every `z`, and `dy/dz` is a matrix for each sample, with one row an output and one column a `z`.",
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
        let product = layer.slope.backward(factor);
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
        let (layer, at, letter, before) = (&self.trace.layers[l], l + 1, self.letter(), Self::inputs(l));
        let (dw, db, dz) =
            (format!("d{letter}/dW_{at}"), format!("d{letter}/db_{at}"), format!("d{letter}/dz_{at}"));
        let mut lines = Vec::new();
        if layer.layer.weights == Learning::Frozen {
            lines.push(prose(format!(
                "`W_{at}` is frozen: training leaves it as it is, and no derivative by it is needed."
            )));
        } else {
            lines.push(prose(format!(
                "What a weight changes is what went into it: `dz_{at}/dW_{at}` is `{before}`."
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
                lines.push(prose(format!("`b_{at}` is frozen: training leaves it as it is.")));
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
            "The gradient is the {what} over {n} samples{}. One matrix product does it: each entry of `aᵀ·dz` is a sum over the samples.",
            if self.weighs() { ", each with its weight `w`" } else { "" }
        ))];
        for (l, layer) in trace.layers.iter().enumerate().skip(self.first_trained()).rev() {
            let (at, before) = (l + 1, Self::inputs(l));
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

    /// The name of layer l's activations.
    fn activations(&self, l: usize) -> String {
        if l + 1 == self.trace.layers.len() { "y".to_owned() } else { format!("a_{}", l + 1) }
    }

    /// The name of what goes into layer l.
    fn inputs(l: usize) -> String {
        if l == 0 { "x".to_owned() } else { format!("a_{l}") }
    }

    /// The samples by number, as many as the format allows.
    pub(super) fn limited(&self, what: &str, rows: &[usize]) -> String {
        let said = listed(what, &rows[..rows.len().min(self.format.limit)]);
        let more = rows.len().saturating_sub(self.format.limit);
        if more == 0 { said } else { format!("{said} and {more} more") }
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
}

/// `samples 1, 4`.
fn listed(what: &str, rows: &[usize]) -> String {
    let numbers = rows.iter().map(|row| (row + 1).to_string()).collect::<Vec<_>>().join(", ");
    if rows.len() == 1 { format!("{what} {numbers}") } else { format!("{what}s {numbers}") }
}

/// `1 unit`, `2 units`.
fn counted(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

pub(super) fn prose(sentence: impl Into<String>) -> Line {
    Line::Prose(sentence.into())
}

pub(super) fn alone(formula: Math) -> Line {
    Line::Equation { formula, terms: Vec::new() }
}

pub(super) fn equation(formula: &str, terms: Vec<Term>) -> Line {
    Line::Equation { formula: Math::of(formula), terms }
}

pub(super) fn known(name: &str, values: &Matrix) -> Line {
    equation(name, vec![term("=", name, values)])
}

pub(super) fn term(operator: &'static str, name: &str, values: &Matrix) -> Term {
    Term { operator, name: Math::of(name), values: values.clone() }
}
