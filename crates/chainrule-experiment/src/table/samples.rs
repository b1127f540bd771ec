//! Samples from the rows of a table, encoded and split into training rows and held-out rows.

use std::sync::Arc;

use chainrule::Dataset;
use chainrule::network::loss::Loss;
use chainrule::random::RandomState;
use chainrule_table::{
    Column, ColumnKinds, EncoderOptions, Encoders, Ignored, Split, Table, Target, TargetScaling, TrainingRows,
};

use super::plan::{ClassWeight, TablePlan};
use super::remarks::{Remark, column_remarks};
use super::split::{SplitPlan, split_warning};
use super::usable::UsableRows;
use crate::origin::Origin;
use crate::{Error, fingerprint};

/// The table that samples come from, with its encoders and its split.
#[derive(Clone, Debug)]
pub struct TableSamples {
    /// The whole table.
    pub table: Arc<Table>,
    /// Encoders, fitted on the training rows.
    pub encoders: Encoders,
    /// Columns that are not used, with the reason.
    pub ignored: Vec<(String, Ignored)>,
    /// Training rows and held-out rows.
    pub rows: [Vec<usize>; 2],
    /// Samples of the training rows.
    pub training: Arc<Dataset<f64>>,
    /// Samples of the held-out rows, if there are any.
    pub validation: Option<Arc<Dataset<f64>>>,
    /// Column of sample weights, if there is one, with the weight of every row of the table; class
    /// weights are not included.
    pub weight: Option<Column>,
    /// What was assumed, converted or left out.
    pub remarks: Vec<Remark>,
}

impl TablePlan {
    /// Returns the training samples. `validation_fraction` of the rows are held out, and `scaling`
    /// is the default scaling of regression targets.
    pub(crate) fn samples(
        &self,
        random: &mut RandomState,
        validation_fraction: Option<f64>,
        loss: &Loss,
        scaling: TargetScaling,
    ) -> Result<(Arc<Dataset<f64>>, TableSamples), Error> {
        let table = self.table(&mut |_, _| ())?;
        let mut split =
            |encoders| self.split_samples(&table, encoders, random, validation_fraction, loss, scaling);
        let Some(fitted) = &self.fitted else { return split(None) };
        if let Some(fingerprint) = &fitted.fingerprint
            && let Ok(samples) = split(Some(&fitted.encoders))
            && fingerprint::of_samples(&samples.0) == *fingerprint
        {
            return Ok(samples);
        }
        // Columns of a changed table can have other formats than in training.
        let is_read = fitted.fingerprint.is_none();
        let table = if is_read { table } else { self.read_as(&fitted.encoders, &mut |_, _| ())? };
        self.all_samples(&table, &fitted.encoders, validation_fraction)
    }

    /// Returns the training samples and the held-out ones, encoded by `encoders`, or else by
    /// encoders that are fitted to the training rows.
    fn split_samples(
        &self,
        table: &Arc<Table>,
        encoders: Option<&Encoders>,
        random: &mut RandomState,
        validation_fraction: Option<f64>,
        loss: &Loss,
        scaling: TargetScaling,
    ) -> Result<(Arc<Dataset<f64>>, TableSamples), Error> {
        let UsableRows { table, weights: row_weights, remarks } = self.usable(table)?.clone();
        let kinds = ColumnKinds::find(&table, &self.hints)?;
        let task = Some(self.task(&table, Some(loss))?);
        let all: Vec<usize> = (0..table.n_rows()).collect();
        // A stratified split requires the classes of all rows.
        let scaling = self.target_scaling.unwrap_or(scaling);
        let target = Target::fit(&table, all[..].into(), &self.hints.targets, task, scaling)?;
        let rows = self.rows(&table, &target, validation_fraction, random)?;
        let encoders = match encoders {
            Some(encoders) => encoders.clone(),
            None => Encoders::fit(
                &table,
                TrainingRows { rows: &rows[0], weights: row_weights.as_ref().map(|weights| &weights[..]) },
                &kinds,
                &self.hints.targets,
                task,
                EncoderOptions { target: scaling, ..self.encoders },
            )?,
        };
        let weights = self.weights(&table, row_weights.as_deref(), &encoders.target, &rows[0])?;
        let t = encoders.target.encode(&table)?;
        let n_outputs = encoders.target.n_outputs();
        let encode = |rows: &[usize]| {
            let (x, _) = encoders.encode_rows(&table, rows);
            let own = rows.iter().flat_map(|i| &t[i * n_outputs..][..n_outputs]).copied().collect();
            let dataset = Dataset::new(x, encoders.n_inputs(), own, n_outputs)?;
            match &weights {
                None => Ok(dataset),
                Some(weights) => dataset.with_weights(rows.iter().map(|i| weights[*i]).collect()),
            }
        };
        let encode = |rows: &[usize]| encode(rows).map(Arc::new).map_err(|source| self.engine_error(source));
        let dataset = encode(&rows[0])?;
        let validation = if rows[1].is_empty() { None } else { Some(encode(&rows[1])?) };
        let mut remarks = [column_remarks(&table, &encoders, &kinds, self.split.column()), remarks].concat();
        remarks.extend(split_warning(&self.split, self.fold, &rows, validation_fraction));
        let ignored = kinds.ignored;
        let weight = self.weight.as_deref().map(|name| table.column(name).cloned()).transpose()?;
        let training = dataset.clone();
        Ok((dataset, TableSamples { table, encoders, ignored, rows, training, validation, weight, remarks }))
    }

    fn engine_error(&self, source: chainrule::Error) -> Error {
        Error::Engine { origin: Origin::file(&self.file.path), source }
    }

    /// Splits the rows into training rows and held-out rows.
    fn rows(
        &self,
        table: &Table,
        target: &Target,
        validation_fraction: Option<f64>,
        random: &mut RandomState,
    ) -> Result<[Vec<usize>; 2], Error> {
        let n = table.n_rows();
        let labels = class_labels(target, table)?;
        let split = match (&self.split, &labels) {
            (SplitPlan::Stratified, Some(labels)) => Split::Stratified(&labels.class_of_row, &labels.names),
            (SplitPlan::Stratified | SplitPlan::Random, _) => Split::Random,
            (SplitPlan::Group(name), _) => Split::Group(table.column(name)?),
            (SplitPlan::Time(name), _) => Split::Time(table.column(name)?),
        };
        if let Some([fold, n_folds]) = self.fold {
            return Ok(split.folds(table, n_folds, random)?.swap_remove(fold));
        }
        match validation_fraction {
            Some(fraction) => Ok(split.once(table, fraction, random)?),
            None => Ok([(0..n).collect(), Vec::new()]),
        }
    }

    /// Returns the weight of each row, with class weights computed from `rows`; `None` if all
    /// weights are equal.
    fn weights(
        &self,
        table: &Table,
        row_weights: Option<&Vec<f64>>,
        target: &Target,
        rows: &[usize],
    ) -> Result<Option<Vec<f64>>, Error> {
        let mut weights = row_weights.cloned();
        if self.class_weight == ClassWeight::Balanced {
            let Some(labels) = class_labels(target, table)? else {
                return Err(Error::Value {
                    origin: self.class_weight_origin.clone(),
                    key: "data.class_weight".to_owned(),
                    value: "balanced".to_owned(),
                    allowed: format!("used with a classification only; the task is {}", target.task().name()),
                });
            };
            let row_weights = weights.get_or_insert_with(|| vec![1.0; table.n_rows()]);
            let mut sums = vec![0.0; labels.names.len()];
            rows.iter().for_each(|i| sums[labels.class_of_row[*i]] += row_weights[*i]);
            let total: f64 = sums.iter().sum();
            let class_weights: Vec<f64> = sums
                .iter()
                .map(|sum| if *sum > 0.0 { total / (sums.len() as f64 * sum) } else { 0.0 })
                .collect();
            row_weights
                .iter_mut()
                .zip(&labels.class_of_row)
                .for_each(|(weight, class)| *weight *= class_weights[*class]);
        }
        Ok(weights)
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

/// Class labels of the rows of a table.
struct ClassLabels {
    class_of_row: Vec<usize>,
    names: Vec<String>,
}

/// Returns the class labels, if the task is classification.
fn class_labels(target: &Target, table: &Table) -> Result<Option<ClassLabels>, Error> {
    let Target::Classes { classes, .. } = target else { return Ok(None) };
    let t = target.encode(table)?;
    let class = |row: &[f64]| match row {
        [p] => *p as usize,
        several => several.iter().position(|t| *t == 1.0).unwrap_or(0),
    };
    let class_of_row = t.chunks_exact(target.n_outputs()).map(class).collect();
    Ok(Some(ClassLabels { class_of_row, names: classes.clone() }))
}
