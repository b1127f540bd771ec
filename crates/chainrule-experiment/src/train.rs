//! `[train]`: the loss and the training settings.

use chainrule::network::loss::Loss;
use chainrule::train::{SETTINGS, Setting, SettingKind, SettingValue, Settings};

use crate::Error;
use crate::origin::Origin;
use crate::section::Section;

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
        let settings = settings(section)?;
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

/// Reads the settings of the engine, which are listed in [`SETTINGS`].
fn settings(section: &Section<'_>) -> Result<Settings, Error> {
    let mut settings = Settings::default();
    let mut tables: Vec<(&str, Section<'_>)> = Vec::new();
    for setting in SETTINGS {
        let (table, key) = setting.name.rsplit_once('.').unwrap_or(("", setting.name));
        if let SettingKind::Table = setting.kind {
            let table = section.section(key)?;
            if table.is_written() {
                set(&table, key, setting, &SettingValue::Table, &mut settings)?;
            }
            tables.push((key, table));
            continue;
        }
        let of = tables.iter().find(|(name, _)| *name == table).map_or(section, |(_, table)| table);
        let Some(value) = of.setting(key, setting.kind)? else { continue };
        if let Some((other, reason)) = setting.excludes {
            let other = other.rsplit('.').next().unwrap_or_default();
            if of.has(other) {
                return Err(of.conflict(key, other, reason));
            }
        }
        set(of, key, setting, &value, &mut settings)?;
    }
    tables.iter().try_for_each(|(_, table)| table.finish())?;
    Ok(settings)
}

/// Sets one of the settings, and adds the origin to an error of the engine.
fn set(
    section: &Section<'_>,
    key: &str,
    setting: &Setting<Settings>,
    value: &SettingValue,
    settings: &mut Settings,
) -> Result<(), Error> {
    setting.apply(settings, value).map_err(|source| Error::Engine { origin: section.origin_of(key), source })
}

const ABOVE_0: &str = "a number above 0";
