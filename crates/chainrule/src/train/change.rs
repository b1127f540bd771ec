//! Changes of a training run between two steps: settings, dropout rates, parameters and data.

use std::sync::Arc;

use super::schedule::ScheduleState;
use super::settings::{Settings, UnitTracking};
use super::split::{all_rows, sorted, split};
use super::stopping::StoppingState;
use super::training::{Training, check_settings};
use super::units::UnitTracker;
use crate::Error;
use crate::dataset::DataSource;
use crate::kernel::Scalar;
use crate::metrics::Metric;
use crate::objective::Objective;

impl<T: Scalar> Training<T> {
    /// Changes the settings from the next step on.
    ///
    /// An optimizer of another kind starts with fresh state and counts its updates from 1; one of
    /// the same kind with other options keeps its state. A new learning rate schedule and another
    /// monitored value of early stopping also start with fresh state, and so does a solver after any
    /// change. Within an epoch, a new batch
    /// size applies to the rest of its rows.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use chainrule::network::{Architecture, Layer, Network, activation::Activation, loss::Loss};
    /// # use chainrule::random::RandomState;
    /// # use chainrule::Dataset;
    /// use chainrule::train::{Settings, Training, optimizer::Optimizer};
    ///
    /// # let line = Architecture::new(1, vec![Layer::new(1, Activation::identity())])?;
    /// # let network = Network::new(line, vec![0.0, 0.0])?;
    /// # let data = Arc::new(Dataset::new(vec![1.0, 2.0], 1, vec![3.0, 5.0], 1)?);
    /// # let settings = Settings { learning_rate: 0.1, ..Settings::default() };
    /// # let random = RandomState::new(0);
    /// let mut training = Training::new(network, &Loss::squared_error(), data, settings, random)?;
    /// training.epoch()?;
    /// let settings = training.settings().clone();
    /// training.change(Settings { learning_rate: 0.01, optimizer: Optimizer::adam(), ..settings })?;
    /// assert_eq!(training.epoch()?.learning_rate, 0.01);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of [`Training::new`] for the settings, and [`Error::Setting`] if the
    /// recorded metrics or the validation fraction differ from the current ones. The training run
    /// is then unchanged.
    pub fn change(&mut self, settings: Settings) -> Result<(), Error> {
        check_settings(
            &settings,
            self.objective.architecture(),
            self.objective.loss(),
            self.objective.n_targets(),
            self.validation.is_some(),
        )?;
        let names = |settings: &Settings| settings.metrics.iter().map(Metric::name).collect::<Vec<_>>();
        let fixed = [
            ("metrics", names(&settings).join(", "), names(&self.settings).join(", ")),
            (
                "validation_fraction",
                format!("{:?}", settings.validation_fraction.unwrap_or_default()),
                format!("{:?}", self.settings.validation_fraction.unwrap_or_default()),
            ),
        ];
        for (setting, value, current) in fixed {
            if value != current {
                return Err(Error::Setting {
                    setting: setting.to_owned(),
                    value: if value.is_empty() { "empty".to_owned() } else { value },
                    allowed: "the same during the whole training run".to_owned(),
                });
            }
        }
        let (old, new) = (&self.settings.optimizer, &settings.optimizer);
        if old.name() != new.name() || old.n_slots() != new.n_slots() {
            self.state.slots = new.slots(self.state.parameters.len());
            self.state.updates = 0;
            self.state.last_loss = f64::INFINITY;
        }
        if self.settings.schedule != settings.schedule {
            self.state.schedule = ScheduleState::default();
        }
        let monitor =
            |settings: &Settings| settings.stopping.as_ref().map(|stopping| stopping.monitor.clone());
        if monitor(&self.settings) != monitor(&settings) {
            self.state.stopping = StoppingState::default();
            self.state.best = None;
        }
        self.settings = settings;
        self.track_units();
        self.restart_solver();
        Ok(())
    }

    /// Changes the dropout rates from the next step on, one rate for each layer of the
    /// architecture.
    ///
    /// # Errors
    /// Returns the errors of
    /// [`Architecture::with_dropout`](crate::network::Architecture::with_dropout).
    pub fn set_dropout(&mut self, rates: &[f64]) -> Result<(), Error> {
        let architecture = self.architecture().with_dropout(rates)?;
        self.settings.solver.check(&self.settings, &architecture, self.objective.loss())?;
        self.objective.set_dropout(rates);
        if let Some(validation) = &mut self.validation {
            validation.objective.set_dropout(rates);
        }
        Ok(())
    }

    /// Replaces the parameters, in the layout of the architecture. The state of the optimizer
    /// remains.
    ///
    /// # Errors
    /// Returns [`Error::ParameterCount`] if the number of parameters is not that of the
    /// architecture, and [`Error::ParameterNotFinite`] if one of them is not finite.
    pub fn set_parameters(&mut self, parameters: &[T]) -> Result<(), Error> {
        let (expected, got) = (self.state.parameters.len(), parameters.len());
        if expected != got {
            return Err(Error::ParameterCount { expected, got });
        }
        self.check_finite(parameters)?;
        self.state.parameters.copy_from_slice(parameters);
        self.state.finite.copy_from_slice(parameters);
        self.restart_solver();
        Ok(())
    }

    /// Continues on other training data, with the same network, optimizer state, random stream and
    /// history: further batches of a stream (`partial_fit` in scikit-learn), or new measurements.
    /// The number of samples may differ.
    ///
    /// A new epoch starts. If the settings have a validation fraction, a new validation set is split
    /// off, and early stopping starts again with it; a separate validation set remains.
    ///
    /// # Errors
    /// Returns the errors of [`Training::new`] for the data. The training run is then unchanged.
    pub fn continue_on(&mut self, data: Arc<dyn DataSource<T>>) -> Result<(), Error> {
        let (architecture, loss) = (self.objective.architecture(), self.objective.loss());
        if data.n_targets() != self.objective.n_targets() {
            return Err(Error::Setting {
                setting: "the number of targets".to_owned(),
                value: data.n_targets().to_string(),
                allowed: format!("{}, as in the previous data", self.objective.n_targets()),
            });
        }
        let objective = Box::new(Objective::new(architecture, loss, data.clone())?);
        let n = data.n_samples();
        let mut order = all_rows(n);
        if let Some(validation) = self.validation.as_mut().filter(|validation| validation.split_off) {
            let fraction = self.settings.validation_fraction.expect("a validation set was split off");
            let mut random = self.state.random.clone();
            (validation.rows, order) = split(&*data, self.settings.validation_split, fraction, &mut random)?;
            validation.objective = Box::new(Objective::unchecked(architecture, loss, data));
            (self.state.random, self.state.best) = (random, None);
            self.state.stopping = StoppingState::default();
        }
        self.objective = objective;
        self.rows = sorted(&order);
        (self.state.order, self.state.place, self.state.running_loss) = (order, 0, 0.0);
        self.track_units();
        self.restart_solver();
        Ok(())
    }

    /// Lets the solver begin again with the next step, since its state is that of another function
    /// or point.
    pub(super) fn restart_solver(&mut self) {
        (self.state.solver, self.newton) = (None, None);
    }

    /// Selects the samples on which dead units are counted, if they are.
    pub(super) fn track_units(&mut self) {
        let architecture = self.objective.architecture();
        let tracks =
            self.settings.track_dead_units == UnitTracking::EachEpoch && architecture.layers().len() > 1;
        self.unit_tracker = tracks.then(|| UnitTracker::new(architecture, &self.rows));
    }

    /// Checks that parameters are finite.
    pub(super) fn check_finite(&self, parameters: &[T]) -> Result<(), Error> {
        match parameters.iter().position(|p| !p.is_finite()) {
            None => Ok(()),
            Some(k) => {
                let name = self.architecture().parameter_name(k);
                Err(Error::ParameterNotFinite { name, value: parameters[k].to_f64() })
            }
        }
    }
}
