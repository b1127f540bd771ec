//! What a trace says of the update: the batch, the gradient as the optimizer was given it, each parameter.

use super::document::{Cell, Line, Section};
use super::explain::{Paper, alone, known, prose};
use super::math::Math;
use super::matrix::Matrix;
use super::update::Update;
use crate::network::{Block, Learning, Part};
use crate::train::Clip;
use crate::train::optimizer::{self, Optimizer};

impl Paper<'_> {
    /// The section on the update.
    pub(super) fn update(&self, update: &Update) -> Section {
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
                "Before it {} decays: `p ← p·(1 - rate·{})`.",
                update.penalised(),
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
                update.penalised(),
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
                additions.push(format!("each entry is clipped to at most {max} from 0"));
            }
            None => {}
        }
        let of = if update.is_of(&trace.rows) {
            "The batch of this step is the samples traced.".to_owned()
        } else {
            format!(
                "The batch of this step is {} of the data (counted from 1): `g` is its gradient, not that of {} above.",
                self.limited("sample", &update.batch),
                self.limited("sample", &trace.rows)
            )
        };
        said.push(of);
        if additions.is_empty() {
            if update.is_of(&trace.rows) {
                said.push("`g` is the gradient `dL/dp` of each parameter `p`, as above.".to_owned());
            }
        } else {
            said.push(format!("`g` is the gradient that the optimizer was given: {}.", additions.join("; ")));
        }
        said
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

    fn block_name(&self, block: &Block) -> String {
        let part = match block.part {
            Part::Weights => "W",
            Part::Bias => "b",
        };
        format!("{}.{part}", self.trace.architecture.layer_name(block.layer))
    }
}

/// What an optimizer does, as its registry says.
fn rule(optimizer: &Optimizer) -> &'static str {
    optimizer::REGISTRY.iter().find(|entry| entry.name == optimizer.name()).map_or("", |entry| entry.summary)
}
