//! `[train]`: the loss and the training settings.

use chainrule::metrics::Metric;
use chainrule::network::loss::Loss;
use chainrule::objective::Reduction;
use chainrule::train::optimizer::Optimizer;
use chainrule::train::penalty::{PenaltyDivisor, PenaltyTarget};
use chainrule::train::schedule::Schedule;
use chainrule::train::{
    Batch, Clip, Monitor, Penalty, Settings, Shuffle, Stopping, UnitTracking, ValidationSplit,
};

use crate::Error;
use crate::section::Section;
use crate::tree::Origin;

/// The loss, the training settings and the number of restarts.
#[derive(Clone, Debug)]
pub struct TrainPlan {
    /// Loss function.
    pub loss: Loss,
    /// Training settings of the engine.
    pub settings: Settings,
    /// Seed of a separate random stream for initialisation and training; by default they continue
    /// that of the data.
    pub seed: Option<u32>,
    /// Number of seeds to train from; the best result is kept.
    pub restarts: u32,
    pub(crate) origin: Origin,
}

impl TrainPlan {
    pub(crate) fn read(section: &Section<'_>) -> Result<TrainPlan, Error> {
        let purpose = "the loss function, for example \"cross_entropy\"";
        let loss =
            section.choice("loss")?.ok_or_else(|| section.missing("loss", purpose))?.make(Loss::new)?;
        let loss = match section.number("loss_scale")? {
            Some(scale) if scale.is_finite() && scale > 0.0 => loss.scaled(scale),
            Some(_) => return Err(section.refuse("loss_scale", ABOVE_0)),
            None => loss,
        };
        let deviance = section.word("loss_offset", &[("none", false), ("deviance", true)])?;
        let loss = if deviance { loss.as_deviance() } else { loss };
        let defaults = Settings::default();
        let counts = "a whole number of at least 1";
        let metrics = section.texts("metrics")?.unwrap_or_default();
        let metric = |name: &String| {
            Metric::new(name, &[])
                .map_err(|source| Error::Engine { origin: section.origin_of("metrics"), source })
        };
        let settings = Settings {
            epochs: section
                .whole("epochs", 1..=i64::MAX, counts)?
                .map_or(defaults.epochs, |epochs| epochs as u64),
            batch: batch(section)?,
            shuffle: section
                .word("shuffle", &[("each_epoch", Shuffle::EachEpoch), ("never", Shuffle::Never)])?,
            optimizer: section
                .choice("optimizer")?
                .map_or(Ok(defaults.optimizer), |choice| choice.make(Optimizer::new))?,
            learning_rate: above_0(section, "learning_rate")?.unwrap_or(defaults.learning_rate),
            schedule: section
                .choice("schedule")?
                .map_or(Ok(defaults.schedule), |choice| choice.make(Schedule::new))?,
            reduction: section.word("reduction", &[("mean", Reduction::Mean), ("sum", Reduction::Sum)])?,
            penalty: penalty(&section.section("penalty")?)?,
            clip: clip(&section.section("clip")?)?,
            validation_fraction: validation_fraction(section)?,
            validation_split: section.word(
                "validation_split",
                &[("random", ValidationSplit::Random), ("stratified", ValidationSplit::Stratified)],
            )?,
            metrics: metrics.iter().map(metric).collect::<Result<_, _>>()?,
            stopping: stopping(&section.section("stopping")?)?,
            track_dead_units: section.word(
                "track_dead_units",
                &[("each_epoch", UnitTracking::EachEpoch), ("never", UnitTracking::Never)],
            )?,
            seed: 0,
        };
        let seed = section.seed("seed")?;
        let restarts =
            section.whole("restarts", 1..=100_000, "a whole number from 1 to 100000")?.unwrap_or(1) as u32;
        section.finish()?;
        settings.check().map_err(|source| {
            let setting =
                if let chainrule::Error::Setting { setting, .. } = &source { setting.as_str() } else { "" };
            let origin = section.tree().and_then(|tree| tree.origin_of(setting));
            setting_error(origin.unwrap_or(section.origin()), source)
        })?;
        Ok(TrainPlan { loss, settings, seed, restarts, origin: section.origin().clone() })
    }
}

/// Adds the origin to an error of the engine, and the section to the setting that it concerns.
pub(crate) fn setting_error(origin: &Origin, source: chainrule::Error) -> Error {
    let origin = origin.clone();
    match source {
        chainrule::Error::Setting { setting, value, allowed } => {
            Error::Value { origin, key: format!("train.{setting}"), value, allowed }
        }
        source => Error::Engine { origin, source },
    }
}

const ABOVE_0: &str = "a number above 0";
const AT_LEAST_0: &str = "a number of at least 0";

fn above_0(section: &Section<'_>, key: &'static str) -> Result<Option<f64>, Error> {
    match section.number(key)? {
        Some(v) if !v.is_finite() || v <= 0.0 => Err(section.refuse(key, ABOVE_0)),
        number => Ok(number),
    }
}

fn batch(section: &Section<'_>) -> Result<Batch, Error> {
    let allowed = "\"full\" or a whole number of at least 1";
    if section.is_text("batch") {
        return match section.text("batch")?.as_deref() {
            Some("full") => Ok(Batch::Full),
            _ => Err(section.refuse("batch", allowed)),
        };
    }
    Ok(section.whole("batch", 1..=i64::MAX, allowed)?.map_or(Batch::Full, |size| Batch::Size(size as usize)))
}

fn validation_fraction(section: &Section<'_>) -> Result<Option<f64>, Error> {
    match section.number("validation_fraction")? {
        Some(0.0) => Ok(None),
        Some(fraction) if !(fraction > 0.0 && fraction < 1.0) => {
            Err(section.refuse("validation_fraction", "at least 0 and below 1"))
        }
        fraction => Ok(fraction),
    }
}

fn penalty(section: &Section<'_>) -> Result<Penalty, Error> {
    let at_least_0 = |key| match section.number(key)? {
        Some(v) if !v.is_finite() || v < 0.0 => Err(section.refuse(key, AT_LEAST_0)),
        number => Ok(number.unwrap_or(0.0)),
    };
    let penalty = Penalty {
        l1: at_least_0("l1")?,
        l2: at_least_0("l2")?,
        decoupled: at_least_0("decoupled")?,
        divisor: section.word(
            "divisor",
            &[("none", PenaltyDivisor::None), ("batch_weight", PenaltyDivisor::BatchWeight)],
        )?,
        applies_to: section
            .word("applies_to", &[("weights", PenaltyTarget::Weights), ("all", PenaltyTarget::All)])?,
    };
    section.finish()?;
    Ok(penalty)
}

fn clip(section: &Section<'_>) -> Result<Option<Clip>, Error> {
    let (norm, value) = (above_0(section, "norm")?, above_0(section, "value")?);
    section.finish()?;
    match (norm, value) {
        (Some(norm), None) => Ok(Some(Clip::Norm(norm))),
        (None, Some(value)) => Ok(Some(Clip::Value(value))),
        (None, None) => Ok(None),
        (Some(_), Some(_)) => {
            Err(section.conflict("value", "norm", "a gradient is clipped either by value or by norm"))
        }
    }
}

fn stopping(section: &Section<'_>) -> Result<Option<Stopping>, Error> {
    let monitor = section.text("monitor")?;
    let patience = section.whole("patience", 0..=i64::MAX, "a whole number of at least 0")?;
    let tol = section.number("tol")?.unwrap_or(1e-4);
    section.finish()?;
    if !section.is_written() {
        return Ok(None);
    }
    if !tol.is_finite() || tol < 0.0 {
        return Err(section.refuse("tol", AT_LEAST_0));
    }
    let monitor = match monitor.as_deref() {
        None | Some("validation_loss") => Monitor::ValidationLoss,
        Some("loss") => Monitor::Loss,
        Some(name) => match Metric::new(name, &[]) {
            Ok(metric) => Monitor::Metric(metric.name()),
            Err(source) => return Err(Error::Engine { origin: section.origin_of("monitor"), source }),
        },
    };
    Ok(Some(Stopping { monitor, patience: patience.unwrap_or(10) as u64, tol }))
}
