//! Values of the named parts of a training state, with checked access.

use std::collections::BTreeMap;

use crate::Error;
use crate::kernel::Scalar;

/// Values of one part of a training state. Scalars are vectors of length 1.
#[derive(Clone, Debug, PartialEq)]
pub enum StateValues {
    /// Numbers in f64, which represents f32 exactly.
    Numbers(Vec<f64>),
    /// Counts, indices and words of the random number generator.
    Integers(Vec<u64>),
}

/// All parts of a training state by name: `parameters`, `optimizer.0`, `random.key`.
///
/// See [`TrainingState::to_named`](super::TrainingState::to_named) and
/// [`TrainingState::from_named`](super::TrainingState::from_named).
pub type NamedState = BTreeMap<String, StateValues>;

/// Access to the parts of a state by name and type.
pub(super) struct Parts<'n>(pub(super) &'n NamedState);

impl Parts<'_> {
    /// Returns whether there is a part called `name`.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn numbers(&self, name: &str) -> Result<&[f64], Error> {
        match self.0.get(name) {
            Some(StateValues::Numbers(values)) => Ok(values),
            _ => Err(Error::MissingState { name: name.to_owned() }),
        }
    }

    pub(super) fn integers(&self, name: &str) -> Result<&[u64], Error> {
        match self.0.get(name) {
            Some(StateValues::Integers(values)) => Ok(values),
            _ => Err(Error::MissingState { name: name.to_owned() }),
        }
    }

    pub(super) fn number(&self, name: &str) -> Result<f64, Error> {
        let [number] = *self.numbers(name)? else {
            return Err(Error::MissingState { name: name.to_owned() });
        };
        Ok(number)
    }

    pub(super) fn integer(&self, name: &str) -> Result<u64, Error> {
        let [integer] = *self.integers(name)? else {
            return Err(Error::MissingState { name: name.to_owned() });
        };
        Ok(integer)
    }

    pub(super) fn exact<T: Scalar>(&self, name: &str) -> Result<Vec<T>, Error> {
        Ok(self.numbers(name)?.iter().map(|v| T::from_f64(*v)).collect())
    }

    pub(super) fn u32s(&self, name: &str) -> Result<Vec<u32>, Error> {
        let word = |v: &u64| u32::try_from(*v).map_err(|_| Error::MissingState { name: name.to_owned() });
        self.integers(name)?.iter().map(word).collect()
    }
}
