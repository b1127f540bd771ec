//! Training settings, which are validated before training starts.

use super::batch::{Batch, Shuffle};
use super::clip::Clip;
use super::optimizer::Optimizer;
use super::penalty::{Penalty, PenaltyDivisor, PenaltyTarget};
use super::schedule::Schedule;
use super::setting::{Flag, Set, Setting, SettingKind, SettingValue, choice, none, word_of};
use super::solver::Solver;
use super::split::ValidationSplit;
use super::stopping::{Monitor, Stopping};
use crate::Error;
use crate::metrics::Metric;
use crate::objective::Reduction;
use crate::registry::NumberRange;

/// Training settings.
///
/// Training minimises `L(p) = loss over the batch + penalty(p)` by steps
/// `p ← p - update(∂L/∂p, rate)`.
///
/// | setting | default | purpose |
/// |---|---|---|
/// | `epochs` | 100 | maximum number of epochs, which are passes over the training samples |
/// | `batch` | full | mini-batch size, or "full" |
/// | `solver` | optimizer | solver: the optimizer, or a second-order method (`chainrule list solvers`) |
/// | `shuffle` | each_epoch | when mini-batches are shuffled: "each_epoch" or "never" |
/// | `optimizer` | sgd | update rule (`chainrule list optimizers`) |
/// | `learning_rate` | 0.01 | initial learning rate |
/// | `schedule` | constant | schedule of the learning rate (`chainrule list schedules`) |
/// | `penalty_schedule` | constant | schedule of all penalties and of weight decay |
/// | `dropout_schedule` | constant | schedule of the dropout rates of all layers |
/// | `reduction` | mean | reduction of the losses of a batch: "mean" or "sum" |
/// | `validation_fraction` | none | fraction of the samples held out for validation; 0 for none |
/// | `validation_split` | random | how samples are held out: "random" or "stratified" by class |
/// | `metrics` | none | metrics recorded after each epoch (`chainrule list metrics`) |
/// | `track_dead_units` | each_epoch | when dead and saturated units are counted: "each_epoch" or "never" |
/// | `penalty.l1` | 0 | l1·Σ abs(w) |
/// | `penalty.l2` | 0 | l2/2·Σw² |
/// | `penalty.decoupled` | 0 | weight decay: w ← w·(1 - learning_rate·decoupled) before each step |
/// | `penalty.divisor` | none | divisor of l1 and l2: "none" or "batch_weight", the total weight of the samples of a batch |
/// | `penalty.applies_to` | weights | parameters with penalties: "weights", or "all" for weights and biases |
/// | `clip.norm` | none | maximum norm of the gradient |
/// | `clip.value` | none | maximum absolute value of the elements of the gradient |
/// | `stopping.monitor` | validation_loss | monitored value: "validation_loss", "loss" or one of the metrics |
/// | `stopping.patience` | 10 | number of epochs without an improvement before training stops |
/// | `stopping.tol` | 0.0001 | smallest change that counts as an improvement |
///
/// ```
/// use chainrule::train::{Batch, Settings, optimizer::Optimizer};
///
/// let settings = Settings {
///     epochs: 20,
///     batch: Batch::Size(32),
///     optimizer: Optimizer::adam(),
///     learning_rate: 1e-3,
///     ..Settings::default()
/// };
/// assert!(settings.check().is_ok());
/// assert!(Settings { learning_rate: -1.0, ..settings }.check().is_err());
/// ```
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "documented in the table above, which a test compares with SETTINGS")]
pub struct Settings {
    pub epochs: u64,
    pub batch: Batch,
    pub shuffle: Shuffle,
    pub solver: Solver,
    pub optimizer: Optimizer,
    pub learning_rate: f64,
    pub schedule: Schedule,
    pub reduction: Reduction,
    pub penalty: Penalty,
    pub penalty_schedule: Schedule,
    pub dropout_schedule: Schedule,
    pub clip: Option<Clip>,
    pub validation_fraction: Option<f64>,
    pub validation_split: ValidationSplit,
    pub stopping: Option<Stopping>,
    pub metrics: Vec<Metric>,
    pub track_dead_units: UnitTracking,
    pub seed: u32,
}

/// When dead and saturated units are counted. Counting takes a forward pass over up to 256 samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitTracking {
    /// At the end of each epoch.
    EachEpoch,
    /// Never; the history contains zeros.
    Never,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            epochs: 100,
            batch: Batch::Full,
            shuffle: Shuffle::EachEpoch,
            solver: Solver::optimizer(),
            optimizer: Optimizer::sgd(),
            learning_rate: 0.01,
            schedule: Schedule::constant(),
            reduction: Reduction::Mean,
            penalty: Penalty::default(),
            penalty_schedule: Schedule::constant(),
            dropout_schedule: Schedule::constant(),
            clip: None,
            validation_fraction: None,
            validation_split: ValidationSplit::Random,
            stopping: None,
            metrics: Vec::new(),
            track_dead_units: UnitTracking::EachEpoch,
            seed: 0,
        }
    }
}

impl Settings {
    /// Checks that all settings are in range.
    ///
    /// # Errors
    /// Returns [`Error::Setting`] or [`Error::OptionRange`] for the first setting that is out of
    /// range.
    pub fn check(&self) -> Result<(), Error> {
        let (rate, fraction) = (self.learning_rate, self.validation_fraction.unwrap_or(0.5));
        let schedule = |schedule: &Schedule| schedule.name().to_owned();
        let timed = "a schedule that depends on time only";
        let rules = [
            (self.epochs > 0, "epochs", self.epochs.to_string(), "at least 1"),
            (
                self.batch != Batch::Size(0),
                "batch",
                format!("{:?}", self.batch),
                "\"full\" or a whole number of at least 1",
            ),
            (rate.is_finite() && rate > 0.0, "learning_rate", rate.to_string(), "a number above 0"),
            (
                fraction > 0.0 && fraction < 1.0,
                "validation_fraction",
                format!("{fraction:?}"),
                "a number between 0 and 1",
            ),
            (
                self.stopping.is_some() || !self.schedule.needs_stopping(),
                "schedule",
                schedule(&self.schedule),
                "another schedule, since it depends on early stopping, which is not set (set stopping)",
            ),
            (
                !self.penalty_schedule.follows_loss(),
                "penalty_schedule",
                schedule(&self.penalty_schedule),
                timed,
            ),
            (
                !self.dropout_schedule.follows_loss(),
                "dropout_schedule",
                schedule(&self.dropout_schedule),
                timed,
            ),
        ];
        for (is_valid, setting, value, allowed) in rules {
            if !is_valid {
                let (setting, allowed) = (setting.to_owned(), allowed.to_owned());
                return Err(Error::Setting { setting, value, allowed });
            }
        }
        self.penalty.check()?;
        self.clip.map_or(Ok(()), |clip| clip.check())?;
        self.stopping.as_ref().map_or(Ok(()), |stopping| stopping.check(&self.metrics))
    }
}

/// All training settings except the seed of the dropout masks, in display order.
///
/// Experiment files, command-line options and documentation are made from this list. To add a
/// setting, add its field to [`Settings`], its default and its entry here.
pub static SETTINGS: &[Setting<Settings>] = &[
    Setting {
        get: |settings| settings.epochs.to_string(),
        set: Set::Plain(|settings, value| settings.epochs = value.count()),
        flag: Flag::Common("epochs"),
        ..entry(
            "epochs",
            SettingKind::Count(1),
            "maximum number of epochs, which are passes over the training samples",
            "150",
        )
    },
    Setting {
        get: |settings| match settings.batch {
            Batch::Full => "\"full\"".to_owned(),
            Batch::Size(size) => size.to_string(),
        },
        set: Set::Plain(|settings, value| {
            settings.batch = match value {
                SettingValue::Count(size) => Batch::Size(*size as usize),
                _ => Batch::Full,
            }
        }),
        flag: Flag::Rare("batch"),
        ..entry("batch", SettingKind::CountOr("full"), "mini-batch size, or \"full\"", "32")
    },
    Setting {
        get: |settings| choice(settings.solver.options()),
        set: Set::Checked(|settings, value| value.choice(Solver::new).map(|new| settings.solver = new)),
        flag: Flag::Rare("solver"),
        ..entry(
            "solver",
            SettingKind::Choice,
            "solver: the optimizer, or a second-order method (`chainrule list solvers`)",
            "\"optimizer\"",
        )
    },
    Setting {
        get: |settings| word_of(&SHUFFLES, &settings.shuffle),
        set: Set::Plain(|settings, value| settings.shuffle = value.word(&SHUFFLES)),
        ..entry(
            "shuffle",
            SettingKind::Word(&names(&SHUFFLES)),
            "when mini-batches are shuffled: \"each_epoch\" or \"never\"",
            "\"each_epoch\"",
        )
    },
    Setting {
        get: |settings| choice(settings.optimizer.options()),
        set: Set::Checked(|settings, value| value.choice(Optimizer::new).map(|new| settings.optimizer = new)),
        flag: Flag::Rare("optimizer"),
        ..entry(
            "optimizer",
            SettingKind::Choice,
            "update rule (`chainrule list optimizers`)",
            "{ name = \"adam\", beta1 = 0.9 }",
        )
    },
    Setting {
        get: |settings| settings.learning_rate.to_string(),
        set: Set::Plain(|settings, value| settings.learning_rate = value.number()),
        flag: Flag::Common("learning-rate"),
        ..entry("learning_rate", SettingKind::Number(NumberRange::POSITIVE), "initial learning rate", "0.01")
    },
    Setting {
        get: |settings| choice(settings.schedule.options()),
        set: Set::Checked(|settings, value| value.choice(Schedule::new).map(|new| settings.schedule = new)),
        flag: Flag::Rare("schedule"),
        ..entry(
            "schedule",
            SettingKind::Choice,
            "schedule of the learning rate (`chainrule list schedules`)",
            "{ name = \"cosine\", end = 0.1 }",
        )
    },
    Setting {
        get: |settings| choice(settings.penalty_schedule.options()),
        set: Set::Checked(|settings, value| {
            value.choice(Schedule::new).map(|new| settings.penalty_schedule = new)
        }),
        ..entry(
            "penalty_schedule",
            SettingKind::Choice,
            "schedule of all penalties and of weight decay",
            "\"constant\"",
        )
    },
    Setting {
        get: |settings| choice(settings.dropout_schedule.options()),
        set: Set::Checked(|settings, value| {
            value.choice(Schedule::new).map(|new| settings.dropout_schedule = new)
        }),
        ..entry(
            "dropout_schedule",
            SettingKind::Choice,
            "schedule of the dropout rates of all layers",
            "\"constant\"",
        )
    },
    Setting {
        get: |settings| word_of(&REDUCTIONS, &settings.reduction),
        set: Set::Plain(|settings, value| settings.reduction = value.word(&REDUCTIONS)),
        ..entry(
            "reduction",
            SettingKind::Word(&names(&REDUCTIONS)),
            "reduction of the losses of a batch: \"mean\" or \"sum\"",
            "\"mean\"",
        )
    },
    Setting {
        get: |settings| settings.validation_fraction.map_or_else(none, |fraction| fraction.to_string()),
        set: Set::Plain(|settings, value| {
            settings.validation_fraction = Some(value.number()).filter(|fraction| *fraction > 0.0)
        }),
        flag: Flag::Common("validation"),
        ..entry(
            "validation_fraction",
            SettingKind::Number(NumberRange::BELOW_ONE),
            "fraction of the samples held out for validation; 0 for none",
            "0.2",
        )
    },
    Setting {
        get: |settings| word_of(&SPLITS, &settings.validation_split),
        set: Set::Plain(|settings, value| settings.validation_split = value.word(&SPLITS)),
        ..entry(
            "validation_split",
            SettingKind::Word(&names(&SPLITS)),
            "how samples are held out: \"random\" or \"stratified\" by class",
            "\"random\"",
        )
    },
    Setting {
        get: |settings| {
            let names: Vec<&str> = settings.metrics.iter().map(Metric::name).collect();
            if names.is_empty() { none() } else { format!("{names:?}") }
        },
        set: Set::Checked(|settings, value| {
            let metrics = value.names().iter().map(|name| Metric::new(name, &[]));
            metrics.collect::<Result<_, _>>().map(|metrics| settings.metrics = metrics)
        }),
        ..entry(
            "metrics",
            SettingKind::Names,
            "metrics recorded after each epoch (`chainrule list metrics`)",
            "[\"accuracy\"]",
        )
    },
    Setting {
        get: |settings| word_of(&UNIT_TRACKINGS, &settings.track_dead_units),
        set: Set::Plain(|settings, value| settings.track_dead_units = value.word(&UNIT_TRACKINGS)),
        ..entry(
            "track_dead_units",
            SettingKind::Word(&names(&UNIT_TRACKINGS)),
            "when dead and saturated units are counted: \"each_epoch\" or \"never\"",
            "\"each_epoch\"",
        )
    },
    entry("penalty", SettingKind::Table, "penalties on the parameters, part of the loss", ""),
    Setting {
        get: |settings| settings.penalty.l1.to_string(),
        set: Set::Plain(|settings, value| settings.penalty.l1 = value.number()),
        ..entry("penalty.l1", SettingKind::Number(NumberRange::NON_NEGATIVE), "l1·Σ abs(w)", "0.0")
    },
    Setting {
        get: |settings| settings.penalty.l2.to_string(),
        set: Set::Plain(|settings, value| settings.penalty.l2 = value.number()),
        ..entry("penalty.l2", SettingKind::Number(NumberRange::NON_NEGATIVE), "l2/2·Σw²", "1e-4")
    },
    Setting {
        get: |settings| settings.penalty.decoupled.to_string(),
        set: Set::Plain(|settings, value| settings.penalty.decoupled = value.number()),
        ..entry(
            "penalty.decoupled",
            SettingKind::Number(NumberRange::NON_NEGATIVE),
            "weight decay: w ← w·(1 - learning_rate·decoupled) before each step",
            "0.0",
        )
    },
    Setting {
        get: |settings| word_of(&DIVISORS, &settings.penalty.divisor),
        set: Set::Plain(|settings, value| settings.penalty.divisor = value.word(&DIVISORS)),
        ..entry(
            "penalty.divisor",
            SettingKind::Word(&names(&DIVISORS)),
            "divisor of l1 and l2: \"none\" or \"batch_weight\", the total weight of the samples of a batch",
            "\"none\"",
        )
    },
    Setting {
        get: |settings| word_of(&TARGETS, &settings.penalty.applies_to),
        set: Set::Plain(|settings, value| settings.penalty.applies_to = value.word(&TARGETS)),
        ..entry(
            "penalty.applies_to",
            SettingKind::Word(&names(&TARGETS)),
            "parameters with penalties: \"weights\", or \"all\" for weights and biases",
            "\"weights\"",
        )
    },
    entry("clip", SettingKind::Table, "gradient clipping; without this table there is none", ""),
    Setting {
        get: |settings| match settings.clip {
            Some(Clip::Norm(max)) => max.to_string(),
            _ => none(),
        },
        set: Set::Plain(|settings, value| settings.clip = Some(Clip::Norm(value.number()))),
        ..entry(
            "clip.norm",
            SettingKind::Number(NumberRange::POSITIVE),
            "maximum norm of the gradient",
            "5.0",
        )
    },
    Setting {
        get: |settings| match settings.clip {
            Some(Clip::Value(max)) => max.to_string(),
            _ => none(),
        },
        set: Set::Plain(|settings, value| settings.clip = Some(Clip::Value(value.number()))),
        excludes: Some(("clip.norm", "a gradient is clipped either by value or by norm")),
        ..entry(
            "clip.value",
            SettingKind::Number(NumberRange::POSITIVE),
            "maximum absolute value of the elements of the gradient",
            "1.0",
        )
    },
    Setting {
        set: Set::Plain(|settings, _| settings.stopping = Some(settings.stopping.take().unwrap_or_default())),
        ..entry("stopping", SettingKind::Table, "early stopping; without this table there is none", "")
    },
    Setting {
        get: |settings| match settings.stopping.clone().unwrap_or_default().monitor {
            Monitor::Loss => "\"loss\"".to_owned(),
            Monitor::ValidationLoss => "\"validation_loss\"".to_owned(),
            Monitor::Metric(name) => format!("\"{name}\""),
        },
        set: Set::Checked(|settings, value| {
            settings.stopping.get_or_insert_default().monitor = match value.text() {
                "validation_loss" => Monitor::ValidationLoss,
                "loss" => Monitor::Loss,
                name => Monitor::Metric(Metric::new(name, &[])?.name()),
            };
            Ok(())
        }),
        ..entry(
            "stopping.monitor",
            SettingKind::Name,
            "monitored value: \"validation_loss\", \"loss\" or one of the metrics",
            "\"validation_loss\"",
        )
    },
    Setting {
        get: |settings| settings.stopping.clone().unwrap_or_default().patience.to_string(),
        set: Set::Plain(|settings, value| settings.stopping.get_or_insert_default().patience = value.count()),
        flag: Flag::Rare("patience"),
        ..entry(
            "stopping.patience",
            SettingKind::Count(0),
            "number of epochs without an improvement before training stops",
            "30",
        )
    },
    Setting {
        get: |settings| settings.stopping.clone().unwrap_or_default().tol.to_string(),
        set: Set::Plain(|settings, value| settings.stopping.get_or_insert_default().tol = value.number()),
        ..entry(
            "stopping.tol",
            SettingKind::Number(NumberRange::NON_NEGATIVE),
            "smallest change that counts as an improvement",
            "1e-4",
        )
    },
];

const SHUFFLES: [(&str, Shuffle); 2] = [("each_epoch", Shuffle::EachEpoch), ("never", Shuffle::Never)];
const REDUCTIONS: [(&str, Reduction); 2] = [("mean", Reduction::Mean), ("sum", Reduction::Sum)];
const SPLITS: [(&str, ValidationSplit); 2] =
    [("random", ValidationSplit::Random), ("stratified", ValidationSplit::Stratified)];
const UNIT_TRACKINGS: [(&str, UnitTracking); 2] =
    [("each_epoch", UnitTracking::EachEpoch), ("never", UnitTracking::Never)];
const DIVISORS: [(&str, PenaltyDivisor); 2] =
    [("none", PenaltyDivisor::None), ("batch_weight", PenaltyDivisor::BatchWeight)];
const TARGETS: [(&str, PenaltyTarget); 2] =
    [("weights", PenaltyTarget::Weights), ("all", PenaltyTarget::All)];

/// Returns the words of a list of words with their meanings.
const fn names<X: Copy, const N: usize>(words: &[(&'static str, X); N]) -> [&'static str; N] {
    let mut names = [""; N];
    let mut k = 0;
    while k < N {
        names[k] = words[k].0;
        k += 1;
    }
    names
}

/// Returns an entry without an option of `chainrule fit`.
const fn entry(
    name: &'static str,
    kind: SettingKind,
    summary: &'static str,
    example: &'static str,
) -> Setting<Settings> {
    Setting {
        name,
        kind,
        summary,
        example,
        flag: Flag::None,
        excludes: None,
        get: |_| String::new(),
        set: Set::Plain(|_, _| ()),
    }
}
