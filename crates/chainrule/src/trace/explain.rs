//! Explanation of a trace: the sections on the forward pass, the loss and backpropagation.

use std::fmt;

use super::document::{Term, TraceDocument, TraceFormat, TraceLine, TraceSection};
use super::forms;
use super::math::Math;
use super::matrix::Matrix;
use super::{LayerTrace, Slope, Trace};
use crate::network::Learning;
use crate::objective::Reduction;

impl Trace {
    /// Returns the explained calculation, to be rendered in the given `format`.
    pub fn document(&self, format: TraceFormat) -> TraceDocument {
        document(self, format)
    }

    /// Returns the explained calculation as aligned text.
    pub fn to_text(&self) -> String {
        self.document(TraceFormat::default()).text()
    }

    /// Returns the explained calculation as Markdown.
    pub fn to_markdown(&self) -> String {
        self.document(TraceFormat::default()).markdown()
    }

    /// Returns the explained calculation as a complete LaTeX document.
    ///
    /// [`TraceDocument::latex_body`] returns it without the preamble.
    pub fn to_latex(&self) -> String {
        self.document(TraceFormat::default()).latex()
    }
}

/// Formats the trace like [`Trace::to_text`].
impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

/// Explains the trace in sentences, equations and tables.
fn document(trace: &Trace, format: TraceFormat) -> TraceDocument {
    let explainer = Explainer { trace, format };
    let n = trace.layers.len();
    let mut sections = vec![explainer.forward(), explainer.loss(), explainer.backward_output()];
    sections.extend((explainer.first_trained()..n - 1).rev().map(|l| explainer.backward_hidden(l)));
    if !explainer.is_single() {
        sections.push(explainer.batch_gradient());
    }
    sections.extend(trace.update.as_ref().map(|update| explainer.update(update)));
    let title = format!(
        "{}, {}: {}",
        trace.architecture.describe(),
        trace.loss.options().short(),
        explainer.sample_list(&trace.rows)
    );
    TraceDocument { format, title, sections }
}

/// A trace and its rendering options, with a method for each section.
pub(super) struct Explainer<'t> {
    pub(super) trace: &'t Trace,
    pub(super) format: TraceFormat,
}

impl Explainer<'_> {
    fn forward(&self) -> TraceSection {
        let trace = self.trace;
        let (unweighted, n) = (trace.weight.iter().all(|w| *w == 1.0), trace.rows.len());
        let mut lines = Vec::new();
        if n > 1 {
            lines.push(prose(format!(
                "The rows of `x`, `z`, `a`, `y` and `t` correspond to {}, in this order (samples are \
                 counted from 1). Biases are added to every row.",
                self.sample_list(&trace.rows)
            )));
        }
        lines.push(known("x", &trace.x));
        if !unweighted {
            lines.push(prose("Sample weights:"));
            lines.push(known("w", &Matrix::column_vector(&trace.weight)));
        }
        for (l, layer) in trace.layers.iter().enumerate() {
            lines.extend(self.forward_layer(l, layer));
        }
        TraceSection { title: "Forward pass".to_owned(), lines }
    }

    fn forward_layer(&self, l: usize, layer: &LayerTrace) -> Vec<TraceLine> {
        let (inputs, z, a, at) = (Self::inputs(l), format!("z_{}", l + 1), self.activations(l), l + 1);
        let weights = if layer.layer.weights == Learning::Frozen { " Its weights are frozen." } else { "" };
        let bias = match layer.layer.bias {
            Some(Learning::Trainable) => "",
            Some(Learning::Frozen) => " Its bias is frozen.",
            None => " It has no bias.",
        };
        let (n_inputs, n_units) = (counted(layer.w.n_rows, "input"), counted(layer.w.n_columns, "unit"));
        let description = format!(
            "Layer {}: {n_inputs}, {n_units}, {} activation.{weights}{bias}",
            layer.name,
            layer.layer.activation.options().short()
        );
        let mut terms = vec![term("=", &inputs, &layer.a_prev), term("·", &format!("W_{at}"), &layer.w)];
        let plus_b = if layer.b.is_some() { format!(" + b_{at}") } else { String::new() };
        if let Some(b) = &layer.b {
            terms.push(term("+", &format!("b_{at}"), &Matrix::row_vector(b)));
        }
        terms.push(term("=", &z, &layer.z));
        let mut lines = vec![prose(description), equation(&format!("{z} = {inputs}·W_{at}{plus_b}"), terms)];
        let f = layer.layer.activation.formula().map(|f| Math::with_latex(f.to_string(), f.latex()));
        match f {
            Some(f) => lines.push(formula(Math::from_text(format!("f_{at}(z) = ")).then(&f))),
            None if layer.layer.activation.is_softmax() => lines.push(formula(Math::with_latex(
                format!("f_{at}(z)_k = exp(z_k)/(Σ_j exp(z_j))"),
                format!(r"f_{{{at}}}(z)_k = \frac{{e^{{z_k}}}}{{\sum_j e^{{z_j}}}}"),
            ))),
            None => {}
        }
        lines.push(equation(&format!("{a} = f_{at}({z})"), vec![term("=", &a, &layer.a)]));
        lines
    }

    fn loss(&self) -> TraceSection {
        let trace = self.trace;
        let letter = self.letter();
        let mut lines = vec![prose(format!(
            "The loss function is {}.{}",
            trace.loss.options().short(),
            if self.is_single() {
                ""
            } else {
                " `l` is the loss of a single sample, and `L` is the loss of all traced samples."
            }
        ))];
        lines.push(known("t", &trace.t));
        let [text, latex] = trace.loss.formula();
        let adjustments = trace.loss.to_string().replacen(&trace.loss.options().to_string(), "", 1);
        let formula = Math::from_text(format!("{letter} = ")).then(&Math::with_latex(text, latex));
        let formula = if adjustments.is_empty() {
            formula
        } else {
            formula.then(&Math::with_latex(&*adjustments, format!(r"\text{{{adjustments}}}")))
        };
        let losses = Matrix::column_vector(&trace.losses);
        lines.push(TraceLine::Equation { formula, terms: vec![term("=", letter, &losses)] });
        if !self.is_single() {
            let (factor, w) = (self.reciprocal(), if self.is_weighted() { "w·" } else { "" });
            let mut terms = vec![term("=", "L", &Matrix::row_vector(&[trace.total]))];
            if trace.divisor != 1.0 {
                let sum = Matrix::row_vector(&[trace.total * trace.divisor]);
                terms.insert(
                    0,
                    term("=", factor.trim_end_matches('·'), &Matrix::row_vector(&[1.0 / trace.divisor])),
                );
                terms.insert(1, term("·", &format!("Σ {w}l"), &sum));
            }
            lines.push(equation(&format!("L = {factor}Σ {w}l"), terms));
            if trace.divisor == 0.0 {
                lines.push(prose("The sample weights sum to 0, so the mean is undefined."));
            }
        }
        TraceSection { title: "Loss".to_owned(), lines }
    }

    fn backward_output(&self) -> TraceSection {
        let trace = self.trace;
        let (layer, at, letter) = (trace.output(), trace.layers.len(), self.letter());
        let (dz, dy, slope) = (format!("d{letter}/dz_{at}"), format!("d{letter}/dy"), format!("dy/dz_{at}"));
        let dy_form = forms::loss_derivative(&trace.loss);
        let formula = match dy_form {
            Some(form) => Math::from_text(format!("{dy} = ")).then(&form),
            None => Math::from_text(&*dy),
        };
        let mut lines = vec![
            prose(format!(
                "By the chain rule, the derivative of the loss with respect to the pre-activations \
                 `z_{at}` is the product of `{dy}` and `{slope}`."
            )),
            TraceLine::Equation { formula, terms: vec![term("=", &dy, &trace.dy)] },
        ];
        lines.extend(self.slope(trace.layers.len() - 1, &slope));
        lines.extend(self.chain_rule_product(layer, [&dy, &slope, &dz], &trace.dy));

        let (loss, output) = (trace.loss.name(), layer.layer.activation.name());
        match &trace.simplification {
            Some(simplification) => {
                let product = format!("For {output} outputs with the {loss} loss, this product simplifies");
                let t = if simplification.t == trace.t { "t" } else { "t'" };
                if t == "t'" {
                    lines.push(prose(format!(
                        "{product} to the equation below, in which `t'` are the smoothed targets:"
                    )));
                    lines.push(known(t, &simplification.t));
                } else {
                    lines.push(prose(format!("{product} to:")));
                }
                let mut terms = vec![term("=", "y", trace.y()), term("-", t, &simplification.t)];
                if simplification.factor != 1.0 {
                    let factor = Matrix::row_vector(&[simplification.factor]);
                    let difference = trace.y().zip(&simplification.t, |y, t| y - t);
                    terms = vec![term("=", "", &factor), term("·", &format!("y - {t}"), &difference)];
                }
                terms.push(term("=", &dz, &layer.dz));
                let formula = Math::from_text(format!("{dz} = ")).then(&simplification.formula(&trace.t));
                lines.push(TraceLine::Equation { formula, terms });
                let product = layer.slope.backward(&trace.dy);
                let agree = |(p, dz): (&f64, &f64)| (p - dz).abs() <= 1e-9 * dz.abs().max(1e-3);
                if !product.values.iter().zip(&layer.dz.values).all(agree) {
                    lines.push(prose(
                        "The two factors are inaccurate here, since an output is so close to its limit \
                         that f64 cannot resolve the difference. The simplified form is accurate and is \
                         used from here on.",
                    ));
                }
            }
            None if !trace.loss.implies(&layer.layer.activation) => lines.push(prose(format!(
                "For {output} outputs with the {loss} loss, the factor `{slope}` does not cancel. Where it \
                 is close to 0, the gradient is small and learning is slow."
            ))),
            None => {}
        }
        lines.extend(self.parameters(trace.layers.len() - 1));
        TraceSection { title: "Backward pass: layer output".to_owned(), lines }
    }

    fn backward_hidden(&self, l: usize) -> TraceSection {
        let (layer, next, letter, at) =
            (&self.trace.layers[l], &self.trace.layers[l + 1], self.letter(), l + 1);
        let (da, dz, slope) =
            (format!("d{letter}/da_{at}"), format!("d{letter}/dz_{at}"), format!("da_{at}/dz_{at}"));
        let next_dz = format!("d{letter}/dz_{}", at + 1);
        let w = format!("W_{}ᵀ", at + 1);
        let mut lines = vec![
            prose(format!(
                "Each activation of layer {} is an input to every unit of layer {}. The derivative of the \
                 loss with respect to an activation is therefore a sum over these units, weighted by \
                 `W_{}`.",
                layer.name,
                next.name,
                at + 1
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
        lines.extend(self.chain_rule_product(layer, [&da, &slope, &dz], &layer.da));
        lines.extend(self.parameters(l));
        TraceSection { title: format!("Backward pass: layer {}", layer.name), lines }
    }

    /// Returns the formula and the numbers of `da/dz`; for softmax only the formula of the
    /// Jacobian.
    fn slope(&self, l: usize, name: &str) -> Vec<TraceLine> {
        let (layer, at) = (&self.trace.layers[l], l + 1);
        match &layer.slope {
            Slope::Elementwise(slope) => {
                let form = forms::slope(&layer.layer.activation);
                let form = form.map(|form| formula(Math::from_text(format!("f_{at}'(z) = ")).then(&form)));
                let numbers = equation(&format!("{name} = f_{at}'(z_{at})"), vec![term("=", name, slope)]);
                form.into_iter().chain([numbers]).collect()
            }
            Slope::Jacobian(_) => vec![
                prose(format!(
                    "With softmax, each output depends on all pre-activations of the layer, so `{name}` is \
                     a Jacobian matrix for each sample, with one row per output and one column per \
                     pre-activation. In its entries, `[k = j]` is 1 if `k = j` and 0 otherwise:"
                )),
                formula(Math::with_latex(
                    format!("dy_k/dz_j = y_k·([k = j] - y_j)   (z = z_{at})"),
                    format!(
                        r"\frac{{\partial y_k}}{{\partial z_j}} = y_k \cdot ([k = j] - y_j) \quad (z = z_{{{at}}})"
                    ),
                )),
            ],
        }
    }

    /// Returns the equation `dz = da ∘ slope`; for a Jacobian, one matrix product per sample.
    fn chain_rule_product(
        &self,
        layer: &LayerTrace,
        [da, slope, dz]: [&str; 3],
        factor: &Matrix,
    ) -> Vec<TraceLine> {
        let product = layer.slope.backward(factor);
        match &layer.slope {
            Slope::Elementwise(slopes) => vec![equation(
                &format!("{dz} = {da} ∘ {slope}"),
                vec![term("=", da, factor), term("∘", slope, slopes), term("=", dz, &product)],
            )],
            Slope::Jacobian(jacobians) => self.each_sample(|s| {
                let row = |matrix: &Matrix| Matrix::row_vector(matrix.row(s));
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

    /// Returns the equations of `dl/dW` and `dl/db` for each sample.
    fn parameters(&self, l: usize) -> Vec<TraceLine> {
        let (layer, at, letter, inputs) = (&self.trace.layers[l], l + 1, self.letter(), Self::inputs(l));
        let (dw, db, dz) =
            (format!("d{letter}/dW_{at}"), format!("d{letter}/db_{at}"), format!("d{letter}/dz_{at}"));
        let mut lines = Vec::new();
        if layer.layer.weights == Learning::Frozen {
            lines.push(prose(format!(
                "`W_{at}` is frozen, so it is not updated and its derivative is not needed."
            )));
        } else {
            lines.push(prose(format!(
                "`z_{at}` is linear in `W_{at}`, with the inputs of the layer as coefficients:"
            )));
            let dz_dw = format!("dz_{at}/dW_{at}");
            lines.push(equation(&format!("{dz_dw} = {inputs}"), vec![term("=", &dz_dw, &layer.a_prev)]));
            lines.extend(self.each_sample(|s| {
                let terms = vec![
                    term("=", &format!("{inputs}ᵀ"), &Matrix::column_vector(layer.a_prev.row(s))),
                    term("·", &dz, &Matrix::row_vector(layer.dz.row(s))),
                    term("=", &dw, &layer.dw_per_sample[s]),
                ];
                equation(&format!("{dw} = {inputs}ᵀ·{dz}"), terms)
            }));
        }
        match layer.layer.bias {
            None => lines.push(prose(format!("Layer {} has no bias.", layer.name))),
            Some(Learning::Frozen) => {
                lines.push(prose(format!("`b_{at}` is frozen, so it is not updated.")));
            }
            Some(Learning::Trainable) => {
                lines.push(equation(&format!("{db} = {dz}"), vec![term("=", &db, &layer.dz)]));
            }
        }
        if l == self.first_trained() && l > 0 {
            lines.push(prose("No earlier layer is trainable, so the backward pass ends here."));
        }
        lines
    }

    fn batch_gradient(&self) -> TraceSection {
        let trace = self.trace;
        let factor = self.reciprocal();
        let reduction = match trace.reduction {
            Reduction::Mean => "mean",
            Reduction::Sum => "sum",
        };
        let mut lines = vec![prose(format!(
            "The gradient of `L` is the {}{reduction} of the gradients of all samples. A single matrix \
             product computes it, since each entry of `aᵀ·dl/dz` is a sum over the samples.",
            if self.is_weighted() { "weighted " } else { "" },
        ))];
        for (l, layer) in trace.layers.iter().enumerate().skip(self.first_trained()).rev() {
            let (at, inputs) = (l + 1, Self::inputs(l));
            let dz = if self.is_weighted() { format!("(w ∘ dl/dz_{at})") } else { format!("dl/dz_{at}") };
            let weighted = layer.dz.scaled_rows(&trace.weight);
            let mut leading = Vec::new();
            if trace.divisor != 1.0 {
                let reciprocal = Matrix::row_vector(&[1.0 / trace.divisor]);
                leading.push(term("=", factor.trim_end_matches('·'), &reciprocal));
            }
            let operator = if leading.is_empty() { "=" } else { "·" };
            if layer.layer.weights == Learning::Trainable {
                let dw = format!("dL/dW_{at}");
                let mut terms = leading.clone();
                terms.push(term(operator, &format!("{inputs}ᵀ"), &layer.a_prev.transposed()));
                terms.push(term("·", &dz, &weighted));
                terms.push(term("=", &dw, &layer.dw));
                lines.push(equation(&format!("{dw} = {factor}{inputs}ᵀ·{dz}"), terms));
            }
            if let (Some(Learning::Trainable), Some(db)) = (layer.layer.bias, &layer.db) {
                let name = format!("dL/db_{at}");
                let mut terms = leading;
                terms.push(term(operator, &format!("Σ {dz}"), &Matrix::row_vector(&weighted.column_sums())));
                terms.push(term("=", &name, &Matrix::row_vector(db)));
                lines.push(equation(&format!("{name} = {factor}Σ {dz}"), terms));
            }
        }
        TraceSection { title: "Gradient of the batch".to_owned(), lines }
    }

    /// Returns one line per sample, up to the limit of the format, preceded by the sample's number
    /// if there are several samples.
    fn each_sample(&self, line: impl Fn(usize) -> TraceLine) -> Vec<TraceLine> {
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
                "The calculation is the same for the remaining {}.",
                counted(rows.len() - self.format.limit, "sample")
            )));
        }
        lines
    }

    /// Returns whether there is only one sample and its loss equals L.
    fn is_single(&self) -> bool {
        self.trace.rows.len() == 1 && self.trace.weight[0] == self.trace.divisor
    }

    /// Returns the symbol of a sample's loss.
    fn letter(&self) -> &'static str {
        if self.is_single() { "L" } else { "l" }
    }

    fn is_weighted(&self) -> bool {
        self.trace.weight.iter().any(|w| *w != 1.0)
    }

    /// Returns the factor of the sum over samples: `1/n·`, or an empty string if L is a sum.
    fn reciprocal(&self) -> String {
        match self.trace.reduction {
            Reduction::Sum => String::new(),
            Reduction::Mean if self.is_weighted() => "1/Σw·".to_owned(),
            Reduction::Mean => format!("1/{}·", self.trace.rows.len()),
        }
    }

    /// Returns the symbol of the activations of layer l.
    fn activations(&self, l: usize) -> String {
        if l + 1 == self.trace.layers.len() { "y".to_owned() } else { format!("a_{}", l + 1) }
    }

    /// Returns the symbol of the inputs of layer l.
    fn inputs(l: usize) -> String {
        if l == 0 { "x".to_owned() } else { format!("a_{l}") }
    }

    /// Lists the samples by number, up to the limit of the format: `samples 1, 4 and 3 more`.
    pub(super) fn sample_list(&self, rows: &[u32]) -> String {
        let shown = listed("sample", &rows[..rows.len().min(self.format.limit)]);
        let more = rows.len().saturating_sub(self.format.limit);
        if more == 0 { shown } else { format!("{shown} and {more} more") }
    }

    /// Returns the index of the first trainable layer, or of the last layer if none is trainable.
    fn first_trained(&self) -> usize {
        self.trace
            .architecture
            .trainable()
            .map(|block| block.layer)
            .next()
            .unwrap_or(self.trace.layers.len() - 1)
    }
}

/// Formats row indices as numbers counted from 1: `samples 1, 4`.
fn listed(noun: &str, rows: &[u32]) -> String {
    let numbers = rows.iter().map(|row| (row + 1).to_string()).collect::<Vec<_>>().join(", ");
    if rows.len() == 1 { format!("{noun} {numbers}") } else { format!("{noun}s {numbers}") }
}

/// Formats a count with its noun: `1 unit`, `2 units`.
fn counted(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

pub(super) fn prose(sentence: impl Into<String>) -> TraceLine {
    TraceLine::Prose(sentence.into())
}

pub(super) fn formula(formula: Math) -> TraceLine {
    TraceLine::Equation { formula, terms: Vec::new() }
}

pub(super) fn equation(formula: &str, terms: Vec<Term>) -> TraceLine {
    TraceLine::Equation { formula: Math::from_text(formula), terms }
}

pub(super) fn known(name: &str, values: &Matrix) -> TraceLine {
    equation(name, vec![term("=", name, values)])
}

pub(super) fn term(operator: &'static str, name: &str, values: &Matrix) -> Term {
    Term { operator, name: Math::from_text(name), values: values.clone() }
}
