//! Models to export: every activation, every kind of output, every encoding, and difficult names.

use chainrule::network::activation::{Activation, REGISTRY};
use chainrule::network::loss::Loss;
use chainrule::network::{Architecture, Layer, Network};
use chainrule::random::RandomState;
use chainrule_model::{Member, Model, Precision, Trained};
use chainrule_table::{
    Column, ColumnHints, ColumnKind, ColumnKinds, DateParts, EncoderOptions, Encoders, Scaling, Strings,
    Table, Target, Task, Values,
};

/// Target columns, task and output activation of each kind of output.
pub(crate) const OUTPUTS: [(&[&str], Task, &str); 4] = [
    (&["three"], Task::Classification, "softmax"),
    (&["two"], Task::Classification, "logistic"),
    (&["first", "second"], Task::Multilabel, "logistic"),
    (&["small", "large"], Task::Regression, "identity"),
];

/// Seconds since 1970, alone and with a target close to 0.
const FAR_TARGETS: [&[&str]; 2] = [&["arrival"], &["small", "arrival"]];

const N: i32 = 60;

fn strings(cell: impl Fn(i32) -> Option<&'static str>) -> Values {
    Values::Strings((0..N).map(cell).collect::<Strings>())
}

fn numbers(cell: impl Fn(i32) -> f64) -> Values {
    Values::Numbers((0..N).map(cell).collect())
}

/// Returns a pseudo-random number from -1 to 1.
fn noise(k: i32) -> f64 {
    f64::from(k * 7919 % 1009) / 504.5 - 1.0
}

/// Returns a table with columns of every kind, missing cells and every target.
pub(crate) fn table() -> Table {
    let word = |k: i32| ["oak", "elm", "ash \"white\"", "päär"][(k * k % 7 % 4) as usize];
    let rare = |k: i32| match k {
        50 => "yew",
        51 => "fir",
        _ => word(k),
    };
    Table::new(vec![
        Column::new("area", numbers(|k| noise(k) * 40.0)),
        Column::new("year", numbers(|k| if k % 9 == 4 { f64::NAN } else { f64::from(1990 + k * 13 % 31) })),
        Column::new(
            "built",
            Values::Dates(
                (0..N).map(|k| if k == 7 { f64::NAN } else { f64::from(k * 401) - 900.375 }).collect(),
            ),
        ),
        Column::new("garden", numbers(|k| f64::from(k / 3 % 2))),
        Column::new("sold", strings(|k| (k % 11 != 3).then_some(["no", "yes"][(k % 2) as usize]))),
        Column::new("tree", strings(|k| (k % 13 != 5).then_some(rare(k)))),
        Column::new("floor", numbers(|k| f64::from(k * 5 % 4))),
        Column::new("seconds", numbers(|k| 1.7e9 + f64::from(k * 17 % 59) * 1000.5)),
        Column::new("three", strings(|k| Some(["a", "b\"", "c*/é"][(k / 20) as usize]))),
        Column::new("two", strings(|k| Some(["left", "right"][(k / 7 % 2) as usize]))),
        Column::new("first", numbers(|k| f64::from(k % 2))),
        Column::new("second", strings(|k| Some(["out", "in"][(k / 5 % 2) as usize]))),
        Column::new("small", numbers(|k| noise(k + 3) * 0.01)),
        Column::new("large", numbers(|k| 1000.0 + 50.0 * noise(k + 5))),
        Column::new("arrival", numbers(|k| 1.7e9 + 300.0 * noise(k + 7))),
    ])
}

/// Returns the table with categories and missing values that did not occur in training.
pub(crate) fn unseen_table() -> Table {
    let mut table = table();
    for column in &mut table.columns {
        column.values = match (column.name.as_str(), &column.values) {
            ("sold", _) => strings(|k| Some(["no", "yes", "maybe"][(k % 3) as usize])),
            ("tree", _) => strings(|k| Some(["oak", "palm", "yew", "elm"][(k % 4) as usize])),
            ("floor", _) => numbers(|k| if k % 5 == 0 { f64::NAN } else { f64::from(k % 6) }),
            ("garden", _) => strings(|k| [None, Some("1.0"), Some("0"), Some("2")][(k % 4) as usize]),
            ("area", Values::Numbers(values)) => Values::Numbers(
                values.iter().enumerate().map(|(k, v)| if k % 6 == 0 { f64::NAN } else { *v }).collect(),
            ),
            (_, values) => values.clone(),
        }
    }
    table
}

/// Settings of a model.
#[derive(Clone)]
pub(crate) struct Recipe {
    pub(crate) inputs: Vec<&'static str>,
    pub(crate) output: usize,
    pub(crate) precision: Precision,
    pub(crate) activation: Activation,
    pub(crate) options: EncoderOptions,
    pub(crate) n_members: usize,
    pub(crate) hidden: Vec<usize>,
    /// Factor of the random weights.
    pub(crate) gain: f64,
    pub(crate) without_bias: Vec<usize>,
}

impl Recipe {
    pub(crate) fn new(output: usize, precision: Precision) -> Recipe {
        Recipe {
            inputs: vec!["area", "garden"],
            output,
            precision,
            activation: Activation::tanh(),
            options: EncoderOptions::default(),
            n_members: 1,
            hidden: vec![7, 5],
            gain: 1.0,
            without_bias: Vec::new(),
        }
    }

    /// Creates a model with random weights and encoders fitted on the table, on different rows for
    /// each member.
    pub(crate) fn make(&self, table: &Table) -> Model {
        self.make_for(table, OUTPUTS[self.output])
    }

    /// Creates a model of other targets.
    fn make_for(&self, table: &Table, (targets, task, output): (&[&str], Task, &str)) -> Model {
        let hints = ColumnHints {
            targets: targets.iter().map(|name| (*name).to_owned()).collect(),
            inputs: self.inputs.iter().map(|name| (*name).to_owned()).collect(),
            kinds: self
                .inputs
                .iter()
                .filter(|name| **name == "floor")
                .map(|name| ((*name).to_owned(), ColumnKind::Category))
                .collect(),
            ..ColumnHints::default()
        };
        let kinds = ColumnKinds::find(table, &hints).unwrap();
        let mut random = RandomState::new(11);
        let member = |k: usize| {
            let rows: Vec<usize> =
                (0..table.n_rows()).filter(|i| k == 0 || i % self.n_members != k).collect();
            let encoders =
                Encoders::fit(table, rows[..].into(), &kinds, &hints.targets, Some(task), self.options)
                    .unwrap();
            let n_outputs = encoders.target.n_outputs();
            let hidden = self.hidden.iter().map(|n| (*n, self.activation.clone()));
            let layers = hidden.chain([(n_outputs, Activation::new(output, &[]).unwrap())]);
            let layer = |(l, (n, activation))| {
                let layer = Layer::new(n, activation);
                if self.without_bias.contains(&l) { layer.without_bias() } else { layer }
            };
            let layers = layers.enumerate().map(layer).collect();
            let architecture = Architecture::new(encoders.n_inputs(), layers).unwrap();
            let (architecture, mut parameters) =
                Network::<f64>::initialize(architecture, &mut random).into_parts();
            // Biases are initialised to 0, so errors in them would go unnoticed.
            parameters
                .iter_mut()
                .enumerate()
                .for_each(|(i, p)| *p = self.gain * (*p + 0.2 * noise(i as i32 + 1)));
            if self.precision == Precision::F32 {
                parameters.iter_mut().for_each(|p| *p = f64::from(*p as f32));
            }
            Member { encoders, architecture, parameters }
        };
        let loss = Loss::squared_error();
        Model {
            members: (0..self.n_members).map(member).collect(),
            loss,
            precision: self.precision,
            trained: Trained::default(),
        }
    }
}

/// Returns models with every activation and every kind of output.
pub(crate) fn activations(precision: Precision) -> Vec<Model> {
    let all = REGISTRY.iter().flat_map(|entry| (0..OUTPUTS.len()).map(move |output| (entry.name, output)));
    let table = table();
    let make = |(name, output)| {
        Recipe { activation: Activation::new(name, &[]).unwrap(), ..Recipe::new(output, precision) }
            .make(&table)
    };
    all.map(make).collect()
}

/// Returns models with every scaling, with and without date parts, on columns of every kind;
/// ensembles; and layers without biases.
pub(crate) fn encoders(precision: Precision) -> Vec<Model> {
    let table = table();
    let inputs = vec!["area", "year", "built", "garden", "sold", "tree", "floor", "seconds"];
    let scalings = [Scaling::None, Scaling::Standard, Scaling::Robust, Scaling::MinMax];
    let mut models = Vec::new();
    for (k, scaling) in scalings.into_iter().enumerate() {
        let date_parts = if k % 2 == 0 { DateParts::Always } else { DateParts::Never };
        // Unscaled years and days would saturate the network.
        let inputs = if scaling == Scaling::None { vec!["area", "sold", "tree"] } else { inputs.clone() };
        let options = EncoderOptions { scaling, date_parts, ..EncoderOptions::default() };
        models.push(Recipe { inputs, options, ..Recipe::new(k, precision) }.make(&table));
    }
    for output in 0..OUTPUTS.len() {
        let options = EncoderOptions {
            scaling: Scaling::Robust,
            date_parts: DateParts::Always,
            ..EncoderOptions::default()
        };
        let recipe = Recipe {
            inputs: inputs.clone(),
            options,
            n_members: 3,
            without_bias: vec![1],
            ..Recipe::new(output, precision)
        };
        models.push(recipe.make(&table));
    }
    models
}

/// Returns models of targets far from 0 compared with their standard deviation: networks, ensembles
/// whose members scale the targets differently, and a date.
pub(crate) fn far_targets(precision: Precision) -> Vec<Model> {
    let mut table = table();
    let mut models = Vec::new();
    for targets in FAR_TARGETS {
        for n_members in [1, 3] {
            let recipe = Recipe { n_members, ..Recipe::new(3, precision) };
            let mut model = recipe.make_for(&table, (targets, Task::Regression, "identity"));
            for (k, member) in model.members.iter_mut().enumerate() {
                let Target::Numbers { scales, .. } = &mut member.encoders.target else { unreachable!() };
                for [mean, deviation] in scales {
                    *mean -= 0.25 * *deviation * k as f64;
                    *deviation *= (k + 1) as f64;
                }
            }
            models.push(model);
        }
    }
    // Within one hour of a day.
    let date = Values::Dates((0..N).map(|k| 20054.3125 + noise(k) / 48.0).collect());
    table.columns.push(Column::new("date", date));
    models.push(Recipe::new(3, precision).make_for(&table, (&["date"], Task::Regression, "identity")));
    models
}

/// Returns networks with zero, one and four hidden layers, activations with non-default options,
/// and activations saturated by very large weights.
pub(crate) fn unusual(precision: Precision) -> Vec<Model> {
    let table = table();
    let mut recipes = Vec::new();
    for output in 0..OUTPUTS.len() {
        for hidden in [vec![], vec![3], vec![4, 9, 1, 3]] {
            recipes.push(Recipe { hidden, without_bias: vec![0], ..Recipe::new(output, precision) });
        }
    }
    for (name, option, value) in [("leaky_relu", "slope", 0.3), ("elu", "alpha", 1.7)] {
        let activation = Activation::new(name, &[(option, value.into())]).unwrap();
        recipes.push(Recipe { activation, ..Recipe::new(3, precision) });
    }
    for name in ["logistic", "tanh", "elu", "selu", "gelu", "silu", "mish", "softplus", "softsign", "rbf"] {
        let activation = Activation::new(name, &[]).unwrap();
        recipes.push(Recipe { activation, gain: 40.0, hidden: vec![6], ..Recipe::new(1, precision) });
    }
    recipes.iter().map(|recipe| recipe.make(&table)).collect()
}

/// Returns a table with names that are difficult to express as identifiers, and a model of it.
pub(crate) fn hostile() -> (Table, Model) {
    let names = [
        "double",
        "fn",
        "floor area",
        "floor-area",
        "*/ int x; /*",
        "\"quoted\"\\",
        "年齢",
        "größe??/",
        "x\ny\\\n",
        "prediction",
        "predict",
        "N_OUTPUTS",
        "self",
        "1st",
        "\u{202e}turned",
        "Some",
        "W0",
        "Clone",
        "int8_t",
        "k",
        "errno",
        "x",
        "probability",
    ];
    let words = ["a b", "a-b", "*/", "\"", "\\", "年", "1", "missing", "other", "{}", "a\nb"];
    let mut columns: Vec<Column> = names
        .iter()
        .enumerate()
        .map(|(c, name)| {
            let values = if c % 2 == 0 {
                numbers(|k| noise(k + c as i32))
            } else {
                Values::Strings(
                    (0..N).map(|k| Some(words[(k as usize * (c + 1) + c) % words.len()])).collect(),
                )
            };
            Column::new(*name, values)
        })
        .collect();
    columns.push(table().columns.into_iter().find(|column| column.name == "three").unwrap());
    let table = Table::new(columns);
    let model = Recipe { inputs: names.to_vec(), ..Recipe::new(0, Precision::F32) }.make(&table);
    (table, model)
}
