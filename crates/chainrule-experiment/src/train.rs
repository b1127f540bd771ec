//! `[train]`: the loss and the settings of the training.

use chainrule::metrics::Metric;
use chainrule::network::loss::Loss;
use chainrule::objective::Reduction;
use chainrule::train::optimizer::Optimizer;
use chainrule::train::penalty::{PenaltyDivisor, PenaltyTarget};
use chainrule::train::schedule::Schedule;
use chainrule::train::{Batch, Clip, Monitor, Penalty, Settings, Shuffle, Stopping, UnitTracking};

use crate::Error;
use crate::section::Section;
use crate::tree::Origin;

/// The loss and the settings, and how often the training is started anew.
#[derive(Clone, Debug)]
pub struct TrainPlan {
    /// What the training lowers.
    pub loss: Loss,
    /// How.
    pub settings: Settings,
    /// The seed of a stream of its own for weights and training; none: the data's stream goes on.
    pub seed: Option<u32>,
    /// How many seeds are tried, the best kept.
    pub restarts: u32,
    pub(crate) origin: Origin,
}

impl TrainPlan {
    pub(crate) fn read(section: &Section<'_>) -> Result<TrainPlan, Error> {
        let purpose = "what the training lowers: \"cross_entropy\", say";
        let loss =
            section.choice("loss")?.ok_or_else(|| section.missing("loss", purpose))?.make(Loss::new)?;
        let loss = match section.number("loss_scale")? {
            Some(scale) if scale.is_finite() && scale > 0.0 => loss.scaled(scale),
            Some(_) => return Err(section.refuse("loss_scale", "a number above 0")),
            None => loss,
        };
        let perfect = section.word("loss_offset", &[("none", false), ("perfect", true)])?;
        let loss = if perfect { loss.as_deviance() } else { loss };
        let plain = Settings::default();
        let counts = "a whole number of at least 1";
        let metrics = section.texts("metrics")?.unwrap_or_default();
        let metric = |name: &String| {
            Metric::new(name, &[])
                .map_err(|source| Error::Engine { origin: section.origin_of("metrics"), source })
        };
        let settings = Settings {
            epochs: section
                .whole("epochs", 1..=i64::MAX, counts)?
                .map_or(plain.epochs, |epochs| epochs as u64),
            batch: batch(section)?,
            shuffle: section
                .word("shuffle", &[("each_epoch", Shuffle::EachEpoch), ("never", Shuffle::Never)])?,
            optimizer: section
                .choice("optimizer")?
                .map_or(Ok(plain.optimizer), |choice| choice.make(Optimizer::new))?,
            learning_rate: above_0(section, "learning_rate")?.unwrap_or(plain.learning_rate),
            schedule: section
                .choice("schedule")?
                .map_or(Ok(plain.schedule), |choice| choice.make(Schedule::new))?,
            reduction: section.word("reduction", &[("mean", Reduction::Mean), ("sum", Reduction::Sum)])?,
            penalty: penalty(&section.section("penalty")?)?,
            clip: clip(&section.section("clip")?)?,
            validation_fraction: fraction(section)?,
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
            let written = section.tree().and_then(|tree| tree.origin_of(setting));
            Error::Engine { origin: written.unwrap_or(section.origin()).clone(), source }
        })?;
        Ok(TrainPlan { loss, settings, seed, restarts, origin: section.origin().clone() })
    }
}

fn above_0(section: &Section<'_>, key: &'static str) -> Result<Option<f64>, Error> {
    match section.number(key)? {
        Some(v) if !v.is_finite() || v <= 0.0 => Err(section.refuse(key, "a number above 0")),
        number => Ok(number),
    }
}

fn batch(section: &Section<'_>) -> Result<Batch, Error> {
    let allowed = "\"full\" or a whole number of at least 1";
    if section.holds_text("batch") {
        return match section.text("batch")?.as_deref() {
            Some("full") => Ok(Batch::Full),
            _ => Err(section.refuse("batch", allowed)),
        };
    }
    Ok(section.whole("batch", 1..=i64::MAX, allowed)?.map_or(Batch::Full, |size| Batch::Size(size as usize)))
}

fn fraction(section: &Section<'_>) -> Result<Option<f64>, Error> {
    match section.number("validation_fraction")? {
        Some(share) if !(share > 0.0 && share < 1.0) => {
            Err(section.refuse("validation_fraction", "a number between 0 and 1"))
        }
        share => Ok(share),
    }
}

fn penalty(section: &Section<'_>) -> Result<Penalty, Error> {
    let at_least_0 = |key| match section.number(key)? {
        Some(v) if !v.is_finite() || v < 0.0 => Err(section.refuse(key, "a number of at least 0")),
        number => Ok(number.unwrap_or(0.0)),
    };
    let penalty = Penalty {
        l1: at_least_0("l1")?,
        l2: at_least_0("l2")?,
        decoupled: at_least_0("decoupled")?,
        divisor: section.word(
            "share",
            &[("constant", PenaltyDivisor::None), ("per_weight", PenaltyDivisor::BatchWeight)],
        )?,
        applies_to: section
            .word("on", &[("weights", PenaltyTarget::Weights), ("all", PenaltyTarget::All)])?,
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
            Err(section.refuse("value", "left out beside \"norm\": a gradient is clipped one way"))
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
        return Err(section.refuse("tol", "a number of at least 0"));
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
