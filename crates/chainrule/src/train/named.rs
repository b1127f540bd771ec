//! A training state as named vectors, from which checkpoints are made: a new part of the state is
//! added here only.

use super::schedule::ScheduleState;
use super::solver::SolverState;
use super::state::{Best, TrainingState};
use super::state_values::{NamedState, Parts, StateValues};
use super::stopping::StoppingState;
use crate::Error;
use crate::kernel::Scalar;
use crate::random::{GeneratorState, RandomState};

/// Prefix of the names of the optimizer's state vectors.
const OPTIMIZER: &str = "optimizer.";

impl<T: Scalar> TrainingState<T> {
    /// Returns all parts of the state by name. Parts that do not exist, such as the best epoch
    /// without a validation set, are left out.
    pub fn to_named(&self) -> NamedState {
        let exact = |v: &[T]| StateValues::Numbers(v.iter().map(|v| v.to_f64()).collect());
        let number = |v: f64| StateValues::Numbers(vec![v]);
        let integer = |v: u64| StateValues::Integers(vec![v]);
        let random = self.random.state();
        let mut named: NamedState = [
            ("parameters", exact(&self.parameters)),
            ("finite", exact(&self.finite)),
            ("updates", integer(self.updates)),
            ("last_loss", number(self.last_loss)),
            ("step", integer(self.step)),
            ("epoch", integer(self.epoch)),
            ("samples", integer(self.samples)),
            ("order", StateValues::Integers(self.order.iter().map(|row| u64::from(*row)).collect())),
            ("place", integer(self.place as u64)),
            ("running_loss", number(self.running_loss)),
            ("schedule.factor", number(self.schedule.factor)),
            ("schedule.best", number(self.schedule.best)),
            ("schedule.wait", integer(self.schedule.wait)),
            ("stopping.best", number(self.stopping.best)),
            ("stopping.wait", integer(self.stopping.wait)),
            ("random.key", StateValues::Integers(random.key.iter().map(|word| u64::from(*word)).collect())),
            ("random.position", integer(random.pos as u64)),
            ("random.has_gauss", integer(u64::from(random.has_gauss))),
            ("random.gauss", number(random.cached_gaussian)),
        ]
        .map(|(name, values)| (name.to_owned(), values))
        .into();
        for (k, slot) in self.slots.iter().enumerate() {
            named.insert(format!("{OPTIMIZER}{k}"), exact(slot));
        }
        if let Some(solver) = &self.solver {
            named.extend(solver.to_named());
        }
        if let Some(best) = &self.best {
            named.insert("best.epoch".to_owned(), integer(best.epoch));
            named.insert("best.parameters".to_owned(), exact(&best.parameters));
        }
        named
    }

    /// Returns the state with these parts. Names that are not known are ignored.
    ///
    /// # Errors
    /// Returns [`Error::MissingState`] if a part is missing or has the wrong type or length, and
    /// [`Error::RandomPosition`] if the position of the random number generator is out of range.
    /// Whether the parts fit a training run is checked by
    /// [`Training::restore`](super::Training::restore).
    pub fn from_named(named: &NamedState) -> Result<TrainingState<T>, Error> {
        let parts = Parts(named);
        let random = GeneratorState {
            key: parts
                .u32s("random.key")?
                .try_into()
                .map_err(|_| Error::MissingState { name: "random.key".to_owned() })?,
            pos: parts.integer("random.position")? as usize,
            has_gauss: parts.integer("random.has_gauss")? == 1,
            cached_gaussian: parts.number("random.gauss")?,
        };
        let best = if named.contains_key("best.epoch") {
            let (epoch, parameters) = (parts.integer("best.epoch")?, parts.exact("best.parameters")?);
            Some(Best { epoch, parameters })
        } else {
            None
        };
        let slots = (0..).map(|k| format!("{OPTIMIZER}{k}")).take_while(|name| named.contains_key(name));
        Ok(TrainingState {
            parameters: parts.exact("parameters")?,
            slots: slots.map(|name| parts.exact(&name)).collect::<Result<_, _>>()?,
            updates: parts.integer("updates")?,
            // Checkpoints of earlier versions do not contain it. It is used by irprop+ only.
            last_loss: if parts.has("last_loss") { parts.number("last_loss")? } else { f64::INFINITY },
            step: parts.integer("step")?,
            epoch: parts.integer("epoch")?,
            samples: parts.integer("samples")?,
            schedule: ScheduleState {
                factor: parts.number("schedule.factor")?,
                best: parts.number("schedule.best")?,
                wait: parts.integer("schedule.wait")?,
            },
            random: RandomState::from_state(random)?,
            order: parts.u32s("order")?,
            place: parts.integer("place")? as usize,
            running_loss: parts.number("running_loss")?,
            stopping: StoppingState {
                best: parts.number("stopping.best")?,
                wait: parts.integer("stopping.wait")?,
            },
            best,
            solver: SolverState::from_named(&parts)?,
            finite: parts.exact("finite")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::Dataset;
    use crate::network::activation::Activation;
    use crate::network::loss::Loss;
    use crate::network::{Architecture, Layer, Network};
    use crate::train::optimizer::Optimizer;
    use crate::train::{Batch, Settings, Stopping, Training};

    fn state<T: Scalar>() -> TrainingState<T> {
        let x: Vec<T> = (0..20).map(|i| T::from_f64(f64::from(i) / 7.0)).collect();
        let data = Arc::new(Dataset::new(x.clone(), 1, x, 1).expect("finite samples"));
        let line = Architecture::new(1, vec![Layer::new(1, Activation::identity())]).expect("a network");
        let settings = Settings {
            batch: Batch::Size(3),
            optimizer: Optimizer::adam(),
            validation_fraction: Some(0.2),
            stopping: Some(Stopping::on_validation_loss(3)),
            ..Settings::default()
        };
        let mut random = RandomState::new(3);
        random.standard_normal();
        let network = Network::initialize(line, &mut random);
        let mut training =
            Training::new(network, &Loss::squared_error(), data, settings, random).expect("valid settings");
        training.epoch().expect("a finite loss");
        training.step().expect("a finite loss");
        training.state().clone()
    }

    #[test]
    fn named_parts_give_the_state_back_and_none_is_optional() {
        fn check<T: Scalar>() {
            let state = state::<T>();
            assert!(state.best.is_some() && state.slots.len() == 2);
            let named = state.to_named();
            assert_eq!(TrainingState::from_named(&named).as_ref(), Ok(&state));
            for name in named.keys() {
                let mut fewer = named.clone();
                fewer.remove(name);
                match TrainingState::<T>::from_named(&fewer) {
                    Err(Error::MissingState { name: missing }) => assert_eq!(&missing, name),
                    // The number of optimizer vectors and the best epoch are checked by `restore`.
                    Ok(other) => {
                        assert_ne!(other, state);
                        assert!(
                            name.starts_with("optimizer") || ["best.epoch", "last_loss"].contains(&&name[..])
                        );
                    }
                    Err(error) => panic!("{error}"),
                }
                let mut wrong = named.clone();
                wrong.insert(name.clone(), StateValues::Integers(vec![u64::MAX; 2]));
                assert_ne!(TrainingState::<T>::from_named(&wrong).as_ref(), Ok(&state), "{name}");
            }
        }
        check::<f32>();
        check::<f64>();
    }
}
