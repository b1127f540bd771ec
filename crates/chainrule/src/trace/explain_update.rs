//! Explanation of the parameter update: the batch, the gradient and each parameter.

use super::document::{Cell, TraceLine, TraceSection};
use super::explain::{Explainer, formula, known, prose};
use super::math::Math;
use super::matrix::Matrix;
use super::update::Update;
use crate::network::{Block, BlockFactors, Learning, Part};
use crate::registry::find;
use crate::train::{Clip, optimizer, solver};

impl Explainer<'_> {
    /// Returns the section on the update.
    pub(super) fn update(&self, update: &Update) -> TraceSection {
        let trace = self.trace;
        let uses_optimizer = update.solver.uses_optimizer();
        let method = if uses_optimizer {
            format!("Optimizer: {}", update.optimizer)
        } else {
            format!("Solver: {}", update.solver)
        };
        let mut lines = vec![prose(format!("Training step {}. {method}.", update.step))];
        if uses_optimizer || update.solver.name() == "lbfgs" {
            let rate = Matrix::row_vector(&[update.learning_rate]);
            lines.push(known(if uses_optimizer { "rate" } else { "α" }, &rate));
        }
        lines.extend(self.describe_gradient(update).into_iter().map(prose));
        if !update.happened {
            let reason = if uses_optimizer {
                "The sample weights of the batch sum to 0, so there is no update."
            } else {
                "The solver ended without accepting another point, so there is no update."
            };
            lines.push(prose(reason));
            return TraceSection { title: "Update".to_owned(), lines };
        }
        if update.is_plain() {
            lines.push(formula(Math::from_text("p' = p - rate·g")));
        } else {
            lines.push(prose(format!(
                "Update rule of {}: {}.",
                if uses_optimizer { update.optimizer.name() } else { update.solver.name() },
                rule(update)
            )));
        }
        if update.decay() > 0.0 && update.optimizer.decay() == 0.0 {
            lines.push(prose(format!(
                "Weight decay is applied to {} beforehand: `p ← p·(1 - rate·{})`.",
                update.penalised(),
                update.decay()
            )));
        }
        lines.extend(self.describe_factors(update).into_iter().map(prose));
        lines.push(self.table(update));
        let trained = trace.architecture.trainable().map(|block| block.range.len()).sum::<usize>();
        if trained > self.format.parameters {
            lines.push(prose(format!(
                "Only {} of {trained} trainable parameters are shown.",
                self.format.parameters
            )));
        }
        let frozen = trace.architecture.blocks().iter().filter(|block| block.learning == Learning::Frozen);
        let frozen: Vec<String> = frozen.map(|block| self.block_name(block)).collect();
        if !frozen.is_empty() {
            lines.push(prose(format!("Frozen parameters, which are not updated: {}.", frozen.join(", "))));
        }
        TraceSection { title: "Update".to_owned(), lines }
    }

    /// Describes the gradient g: its batch, and its changes before the optimizer step.
    fn describe_gradient(&self, update: &Update) -> Vec<String> {
        let trace = self.trace;
        let mut sentences = Vec::new();
        let has_dropout = trace.architecture.layers().iter().any(|layer| layer.dropout > 0.0);
        let mut changes = Vec::new();
        if update.penalty.l1 > 0.0 || update.penalty.l2 > 0.0 {
            let Update { penalty, .. } = update;
            changes.push(format!(
                "It includes the penalty on {} (l1 = {}, l2 = {}).",
                update.penalised(),
                penalty.l1,
                penalty.l2
            ));
        }
        if has_dropout {
            changes.push("It was computed with dropout, unlike the pass above.".to_owned());
        }
        match update.clip {
            Some(Clip::Norm(max)) => changes.push(format!("Its norm is clipped to at most {max}.")),
            Some(Clip::Value(max)) => {
                changes.push(format!("Its entries are clipped to at most {max} in absolute value."));
            }
            None => {}
        }
        let batch = if update.has_batch(&trace.rows) {
            "The batch of this step consists of the samples traced above.".to_owned()
        } else {
            format!(
                "The batch of this step consists of {} of the data (counted from 1), so `g` is the \
                 gradient of that batch and not of {} alone.",
                self.sample_list(&update.batch),
                self.sample_list(&trace.rows)
            )
        };
        sentences.push(batch);
        if changes.is_empty() {
            if update.has_batch(&trace.rows) {
                sentences.push(
                    "`g` is the derivative `dL/dp` for each parameter `p`, as computed above.".to_owned(),
                );
            }
        } else {
            sentences.push(format!("`g` is the gradient passed to the optimizer. {}", changes.join(" ")));
        }
        sentences
    }

    /// Describes the factors of the learning rate and of penalties that are not 1.
    fn describe_factors(&self, update: &Update) -> Vec<String> {
        let mut sentences = Vec::new();
        let decays = update.decay() > 0.0 || update.penalty.l1 > 0.0 || update.penalty.l2 > 0.0;
        if update.penalty_factor != 1.0 && decays {
            sentences.push(format!(
                "The strength of penalties and weight decay is multiplied by {} in this step.",
                update.penalty_factor
            ));
        }
        for block in self.trace.architecture.trainable() {
            let (name, BlockFactors { rate, decay }) = (self.block_name(block), block.factors);
            if rate != 1.0 {
                sentences.push(format!("The learning rate of {name} is multiplied by {rate}."));
            }
            if decay != 1.0 && decays {
                sentences.push(format!("The strength of penalties on {name} is multiplied by {decay}."));
            }
        }
        sentences
    }

    /// Returns the table of each trained parameter before the update, its gradient, and its value
    /// after the update. If the update is plain gradient descent, each row is the whole
    /// calculation.
    fn table(&self, update: &Update) -> TraceLine {
        let plain = update.is_plain();
        let word = |word: &str| Cell::Word(word.to_owned());
        let row = |(factor, index): (f64, usize)| {
            let name = Cell::Word(self.trace.architecture.parameter_name(index));
            let [p, g, after] =
                [&update.before, &update.gradient, &update.after].map(|v| Cell::Number(v[index]));
            if plain {
                let rate = Cell::Number(factor * update.learning_rate);
                vec![name, p, word("-"), rate, word("·"), g, word("="), after]
            } else {
                vec![name, p, g, after]
            }
        };
        let header =
            if plain { &["", "p", "", "rate", "", "g", "", "p'"][..] } else { &["", "p", "g", "p'"][..] };
        let blocks = self.trace.architecture.trainable();
        let trained = blocks.flat_map(|block| block.range.clone().map(|index| (block.factors.rate, index)));
        TraceLine::Table {
            header: header.iter().map(|name| Math::from_text(*name)).collect(),
            rows: trained.take(self.format.parameters).map(row).collect(),
        }
    }

    fn block_name(&self, block: &Block) -> String {
        let part = match block.part {
            Part::Weights => "W",
            Part::Bias => "b",
        };
        format!("{}.{part}", self.trace.architecture.layer_name(block.layer))
    }
}

/// Returns the update rule of the optimizer or solver, which is its summary in the registry.
fn rule(update: &Update) -> &'static str {
    if update.solver.uses_optimizer() {
        find(optimizer::REGISTRY, update.optimizer.name()).map_or("", |entry| entry.summary)
    } else {
        find(solver::REGISTRY, update.solver.name()).map_or("", |entry| entry.summary)
    }
}
