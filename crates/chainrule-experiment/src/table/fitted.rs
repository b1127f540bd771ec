//! Samples from a table that the encoders of a model encode.

use std::sync::Arc;

use chainrule::Dataset;
use chainrule_table::{Encoders, Stream, Table};

use super::remarks::Remark;
use super::usable::UsableRows;
use super::{TablePlan, TableSamples};
use crate::Error;

/// The encoders of a model.
#[derive(Clone, Debug)]
pub(crate) struct FittedTable {
    /// Encoders of one of the model's networks.
    pub(crate) encoders: Encoders,
    /// SHA-256 of the training samples, if the rows are to be split as they were for training. If
    /// the samples are others, or if there is none, no rows are held out.
    pub(crate) fingerprint: Option<String>,
}

impl TablePlan {
    /// Reads the table, with the formats of the columns that a model's encoders encode.
    pub(super) fn read_as(
        &self,
        encoders: &Encoders,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Arc<Table>, Error> {
        let formats = [encoders.formats(), encoders.target_formats()].concat();
        Ok(Arc::new(Stream::open(&self.file.path, &self.options, &formats)?.whole(progress)?))
    }

    /// Encodes all rows that have a target with a model's encoders.
    pub(super) fn all_samples(
        &self,
        table: &Arc<Table>,
        encoders: &Encoders,
        validation_fraction: Option<f64>,
    ) -> Result<(Arc<Dataset<f64>>, TableSamples), Error> {
        // The other table may lack the column of weights.
        let usable = UsableRows::select(table, &self.hints.targets, None, self.untargeted)?;
        let UsableRows { table, mut remarks, .. } = usable;
        let (x, _) = encoders.encode(&table);
        let t = encoders.target.encode(&table)?;
        let dataset = Dataset::new(x, encoders.n_inputs(), t, encoders.target.n_outputs());
        let dataset = Arc::new(dataset.map_err(|source| self.engine_error(source))?);
        if validation_fraction.is_some() || self.fold.is_some() {
            let text = "all rows are used for training, and none are held out for validation";
            remarks.insert(0, Remark { is_warning: false, text: text.to_owned() });
        }
        let samples = TableSamples {
            encoders: encoders.clone(),
            ignored: Vec::new(),
            rows: [(0..table.n_rows()).collect(), Vec::new()],
            training: dataset.clone(),
            validation: None,
            weight: None,
            remarks,
            table,
        };
        Ok((dataset, samples))
    }
}
